"""How rooms meet: what a source, a pass, a check and a dialect promise."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, ClassVar, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import InputError, Location, Problem, shorten
from lasercam.model.exposure import ExposureBlock
from lasercam.model.feature import FeatureBlock, Parts
from lasercam.model.finding import CodeInfo, Finding
from lasercam.model.job import JobDocument, Placement
from lasercam.model.machine import Machine
from lasercam.model.process_window import Process
from lasercam.model.recipe import PassKind, Recipe
from lasercam.model.timing import PathClock
from lasercam.model.toolpath import ToolpathBlock, ToolpathHeader

MAX_TILE_ROWS = 32_768


class AssetReader(Protocol):
    """Gives a source the bytes it is made from, and sees to it that a build keeps them."""

    def __call__(self, reference: str, load: Callable[[], bytes] | None = None) -> bytes:
        """Bytes of a file in the job's folder; raises InputError.

        With `load`, of something that is not the job's but decides what is written, such as an installed font: it is
        loaded once, kept with the build under `reference`, and taken from there when the build is verified.
        """
        ...


def _nothing_private(reference: str) -> bytes:
    raise InputError(Problem(f"'{shorten(reference)}' cannot be read here: this job has no folder"))


@dataclass(frozen=True)
class SourceContext:
    """What a source may use beside its own keys.

    Attributes:
        name: the pattern's name in the job.
        asset: bytes of a file the job names, or of something installed that the result depends on.
        locate: place in the job file of one of the pattern's keys, for messages.
        seed: for everything random.
        child: makes a pattern that is written inside this one: its path below this pattern's keys, and its keys;
            raises InputError. None where nothing can be nested.
        private: bytes of a file in the job's folder that must never be kept with a build: keys, and what is written
            encrypted only. To be called inside the `load` of an asset; raises InputError.
    """

    name: str
    asset: AssetReader
    locate: Callable[..., Location]
    seed: int = 0
    child: "Callable[[tuple[str, ...], Mapping[str, Any]], tuple[Placement, PatternSource]] | None" = None
    private: Callable[[str], bytes] = _nothing_private


@runtime_checkable
class PatternSource(Protocol):
    """Makes features of one type of pattern, in the pattern's own frame (origin at its lower-left corner).

    `depth` of the features is relative to the pattern's shallowest plane. Blocks come deepest first: no block
    holds a feature deeper than the shallowest of the block before it, and each is compact in space, so that
    neighbours meet in few blocks. The same source yields the same blocks every time.
    """

    @property
    def parts(self) -> Parts:
        """Names recipes can attach to."""
        ...

    def features(self, max_rows: int = MAX_TILE_ROWS) -> Iterator[FeatureBlock]:
        """All features, in spatial tiles of at most `max_rows`."""
        ...

    def area(self) -> Any | None:
        """The covered area (lasercam.geometry.area.Area), for `inside` and `outside`; None when it has none."""
        ...


@runtime_checkable
class LaysOutFamilies(Protocol):
    """A source whose features ask for members of a recipe family by several indices, as an experiment grid does."""

    @property
    def family_shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Members along each axis of the family (the first varies slowest), by atomic part.

        The job is refused unless the recipe of such a part has a family of that shape, or a single member.
        """
        ...


@dataclass(frozen=True)
class PartExposure:
    """One step that writes one atomic part.

    Attributes:
        step: the step's name.
        kind: what the pass means.
        part: the atom.
        members: the recipe's family; a feature's variant picks from it, the first where there is one only.
        axes: keys of the family's axes with more than one member, the first varies slowest.
    """

    step: str
    kind: PassKind
    part: str
    members: tuple[Recipe, ...]
    axes: tuple[str, ...]


@dataclass(frozen=True)
class PatternUse:
    """How a job writes one pattern, for files that tell about it.

    Attributes:
        exposures: in the order of the steps.
        to_sample: for each copy of the pattern: float64 (N, 3), µm, from the pattern's frame to the sample's.
    """

    exposures: tuple[PartExposure, ...]
    to_sample: tuple[Callable[[NDArray[np.float64]], NDArray[np.float64]], ...]


@runtime_checkable
class OffersFiles(Protocol):
    """A source that hands out files beside the job files: a table to fill in, a map of marks."""

    def extra_files(self, use: PatternUse) -> Mapping[str, bytes]:
        """Contents by file name, such as `results.csv`; `build` writes and hashes them as `PATTERN.results.csv`."""
        ...


@dataclass(frozen=True, eq=False)
class CodeSquare:
    """A machine-readable code that a pattern carries, so that pictures of it can be read back.

    Attributes:
        name: which code of the pattern; empty where it carries one.
        payload: what a reader must find.
        corners_um: float64 (4, 2), lower-left, lower-right, upper-right and upper-left corner of the symbol without
            its quiet zone, in the pattern's frame.
        modules: modules along a side.
        error_correction: its level, L, M, Q or H.
        parts: atoms that its modules are written with.
        border_parts: atoms that its quiet zone is written with.
        dots_per_module: dots along a side of a data module; None where modules are no dots.
        solid_finder: whether finder patterns are closed where data modules are separate dots; None where they are
            meant to be as bright as the data.
    """

    name: str
    payload: bytes
    corners_um: NDArray[np.float64]
    modules: int
    error_correction: str
    parts: tuple[str, ...]
    border_parts: tuple[str, ...] = ()
    dots_per_module: int | None = None
    solid_finder: bool | None = None


@runtime_checkable
class CarriesCodes(Protocol):
    """A source whose pattern a camera is meant to read; every code is read back from simulated views."""

    @property
    def code_squares(self) -> tuple[CodeSquare, ...]:
        """The codes it carries."""
        ...


@runtime_checkable
class CarriesMarks(Protocol):
    """A source whose pattern a sample can be found again by."""

    @property
    def mark_places_um(self) -> Mapping[str, tuple[float, float, float]]:
        """Where each mark is met, by its name: x, y and depth in the pattern's frame."""
        ...


P = TypeVar("P", bound=Placement, contravariant=True)


class SourceType(Protocol[P]):
    """A kind of pattern: its keys and how they become a source. Registered under `lasercam.sources`."""

    Keys: ClassVar[type[Placement]]
    """The keys it reads, placement included."""
    summary: ClassVar[str]
    """One line for `lasercam list patterns`."""

    def __call__(self, keys: P, context: SourceContext) -> PatternSource:
        """The source; raises InputError or PatternError when the keys cannot be made."""
        ...


class Pass(Protocol):
    """Toolpath to toolpath, pure."""

    def __call__(self, blocks: Iterator[ToolpathBlock]) -> Iterator[ToolpathBlock]:
        """New blocks; the old ones are not changed."""
        ...


@dataclass(frozen=True)
class CheckContext:
    """What a check may look at beside the rows.

    Attributes:
        header: sections, recipes, parts.
        machines: profile of each section, by section index.
        job: the job as written.
        processes: windows by id, all that the job names.
        locate: place in the job file of a path such as ("recipes", "dual", "speed").
        blocks: makes all rows again, for checks that need another look.
        clock: a clock for the rows of a section, given how far the ends of rows reach, per recipe (R,), µm.
        shared: what the checks of one judgement work out once for all of them, by name.
    """

    header: ToolpathHeader
    machines: tuple[Machine, ...]
    job: JobDocument
    processes: Mapping[str, Process]
    locate: Callable[..., Location]
    blocks: Callable[[], Iterator[ToolpathBlock]]
    clock: Callable[[int, NDArray[np.float64]], PathClock]
    shared: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)


class Check(Protocol):
    """Judges one toolpath; a new one is made for every judgement. Registered under `lasercam.checks`."""

    codes: ClassVar[tuple[CodeInfo, ...]]
    """Every code it can report."""

    def begin(self, context: CheckContext) -> None:
        """Look at header, recipes and machine; nothing is reported yet."""
        ...

    def block(self, block: ToolpathBlock) -> None:
        """Look at rows, in order."""
        ...

    def end(self) -> Iterable[Finding]:
        """Everything found, once per rule and part."""
        ...


@dataclass(frozen=True)
class ProgramHeader:
    """What one job file is: a section of a toolpath for one machine.

    Attributes:
        toolpath: the whole header; `toolpath.sections[section]` is the one written here.
        section: its index.
        machine: the profile.
        title: lines of text for the file's head; the encoder makes them safe for its comments.
    """

    toolpath: ToolpathHeader
    section: int
    machine: Machine
    title: tuple[str, ...] = ()


class Encoder(Protocol):
    """Writes one job file; owns all modal state."""

    def begin(self) -> bytes:
        """Head of the file: units, modes, beam off."""
        ...

    def block(self, block: ToolpathBlock) -> bytes | memoryview:
        """Rows of the section, in order; what is given back never changes."""
        ...

    def end(self) -> bytes:
        """Beam off, end of program."""
        ...


COMPANION_NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}(\.[A-Za-z0-9_-]{1,16}){0,2}"
"""What a file beside a job file may be called: never a path, never hidden."""


@runtime_checkable
class OffersCompanions(Protocol):
    """An encoder whose job file names other files that the controller needs, such as trajectories."""

    def companions(self) -> Mapping[str, bytes]:
        """Contents by name (COMPANION_NAME), asked once, after `end`; small, and as few as can be."""
        ...


@runtime_checkable
class ReadsCompanions(Protocol):
    """A dialect whose reader needs the files that a job file names."""

    def reader_with(
        self, stream: BinaryIO, machine: Machine, companion: Callable[[str], bytes]
    ) -> Iterator[ExposureBlock]:
        """As Dialect.reader; `companion` gives the content of a file by name, or raises RereadError."""
        ...


class Dialect(Protocol):
    """A controller's language. Registered under `lasercam.dialects`; stateless."""

    summary: ClassVar[str]
    """One line for `lasercam list dialects`."""
    explanation: ClassVar[str]
    """What `lasercam explain DIALECT` prints: what is emitted, what the controller does, what is proven."""
    suffix: ClassVar[str]
    """File name suffix, with the dot."""
    codes: ClassVar[tuple[CodeInfo, ...]]
    """Codes `judge` can report."""

    def judge(self, header: ToolpathHeader, section: int, machine: Machine) -> Iterable[Finding]:
        """What this controller cannot time, count, name or reach."""
        ...

    def encoder(self, program: ProgramHeader) -> Encoder:
        """A fresh encoder for one job file."""
        ...

    def reader(self, stream: BinaryIO, machine: Machine) -> Iterator[ExposureBlock]:
        """Exposures of a job file, from the controller's manual; raises RereadError.

        Shares no code with the encoder; `machine` tells only what the controller's own settings would.
        """
        ...
