"""Links to hardware: what a transport, a streamed controller and a laser promise."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import ClassVar, Literal, Protocol, TypeVar, runtime_checkable

from lasercam.model.file_control import FileEnding, FileLinkKeys, FileStatus
from lasercam.model.laser import Laser
from lasercam.model.laser_control import AdapterKeys, LaserState, LaserTargets
from lasercam.model.machine import Machine


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


@runtime_checkable
class LoadedByHand(Protocol):
    """A dialect that knows what a person does at the controller where no link takes its files there."""

    loading: ClassVar[str]
    """Where the file goes, how it is started, what to watch and how to stop; sentences."""


class FileLink(Protocol):
    """A link to a controller that runs whole job files by itself.

    Whoever starts a file sees to it that `cut` is called at every exit after that.
    Every method but `cut` raises LinkError when the controller cannot be reached, refuses, or answers what cannot be
    understood.
    """

    @property
    def keys(self) -> FileLinkKeys:
        """As the machine profile gives them."""
        ...

    def now_s(self) -> float:
        """Clock of this link, s, never falling."""
        ...

    @property
    def last_line(self) -> int | None:
        """No line of the file behind this one can have begun, whatever happens to the link.

        None: the controller goes on by itself once it is started. 0: nothing has begun.
        """
        ...

    def problems(self) -> Iterable[str]:
        """Why nothing may start now: emergency stop, not homed, busy, overrides, …; empty when all is well."""
        ...

    def questions(self) -> Iterable[str]:
        """What the controller cannot say and a person must confirm before anything starts."""
        ...

    def hand_over(self, path: Path, companions: Mapping[str, bytes]) -> None:
        """The controller holds the file, byte for byte, and has opened it; nothing moves.

        Args:
            path: of the job file on this computer.
            companions: files that it names, by name.
        """
        ...

    def start(self) -> None:
        """Run the file that was handed over. May return before anything moves."""
        ...

    def status(self, wait_s: float) -> FileStatus:
        """What the controller does now, after at most about `wait_s`."""
        ...

    def cut(self) -> FileEnding:
        """The beam is off and the motion stopped when this returns, or the ending says that nobody knows.

        Never raises a LasercamError; tries again over a new connection where the old one is gone.
        """
        ...

    def close(self) -> None:
        """Let go of the link; doing so again does no harm."""
        ...


F = TypeVar("F", bound=FileLinkKeys, contravariant=True)


class FileLinkType(Protocol[F]):
    """A kind of link to controllers that run whole files. Registered under `lasercam.controllers`."""

    Keys: ClassVar[type[FileLinkKeys]]
    """The keys it reads, under `controller: link:` of a machine profile."""
    summary: ClassVar[str]
    """One line for lists."""
    explanation: ClassVar[str]
    """What is sent, what is read, and what is proven."""
    dialects: ClassVar[tuple[str, ...]]
    """Dialects whose files it can hand over."""

    def __call__(self, keys: F, machine: Machine) -> FileLink:
        """The link, connected; nothing moves. Raises InputError or LinkError."""
        ...


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
