"""Links to hardware: what a transport, a streamed controller and a laser promise."""

from typing import ClassVar, Literal, Protocol, TypeVar, runtime_checkable

from lasercam.model.laser import Laser
from lasercam.model.laser_control import AdapterKeys, LaserState, LaserTargets


class Transport(Protocol):
    """A byte link to a controller; lines end in a line feed, with or without a carriage return before it.

    Whoever waits does so in `read_line`, so that a simulated link can let its time pass there.
    """

    def write(self, data: bytes) -> None:
        """Hand bytes over, all of them; raises LinkError when the link is gone or blocks."""
        ...

    def read_line(self, timeout_s: float) -> bytes | None:
        """One line without its end; None when none came in that time; raises LinkError when the link is gone."""
        ...

    def now_s(self) -> float:
        """Clock of this link, s, never falling: real time, or the compressed time of a simulation."""
        ...

    def close(self) -> None:
        """Let go of the link; doing so again does no harm."""
        ...


@runtime_checkable
class StreamedByLines(Protocol):
    """A dialect whose job files are fed to the controller line by line, each answered, as GRBL wants them."""

    is_streamed: ClassVar[Literal[True]]
    """Always so; other dialects lack it: their controllers load whole files."""


class LaserAdapter(Protocol):
    """A link to one laser. Whoever uses it sees to it that the output is closed at every exit.

    Every method raises LinkError when the laser cannot be reached, refuses, or answers what cannot be understood.
    """

    @property
    def keys(self) -> AdapterKeys:
        """As the machine profile gives them."""
        ...

    def read(self) -> LaserState:
        """What the laser does now."""
        ...

    def set_targets(self, targets: LaserTargets) -> None:
        """Ask for divider and attenuator; the laser may take a while to get there."""
        ...

    def open_output(self) -> None:
        """Ask for light. May return before there is any."""
        ...

    def close_output(self) -> None:
        """Ask for darkness. May return before it is dark; asking again does no harm."""
        ...


K = TypeVar("K", bound=AdapterKeys, contravariant=True)


class LaserAdapterType(Protocol[K]):
    """A kind of link. Registered under `lasercam.lasers`."""

    Keys: ClassVar[type[AdapterKeys]]
    """The keys it reads, under `laser: adapter:` of a machine profile."""
    summary: ClassVar[str]
    """One line for lists."""
    explanation: ClassVar[str]
    """What is sent, what is read, and what is proven."""
    reads_back: ClassVar[bool]
    """Whether the laser says what it does; where it does not, nothing is ever confirmed."""

    def __call__(self, keys: K, laser: Laser) -> LaserAdapter:
        """The link; nothing is sent yet. Raises InputError when the keys cannot be used."""
        ...
