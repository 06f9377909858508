"""How it is written: ordered rows in integer ticks, in sections that share a set-up.

A tick is 0.1 nm. Coordinates are those the controller is given: x and y of the sample's frame plus the sample's
place on the stage, z = minus the stage travel below the surface. Times are whole ns, speeds whole nm/s.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import GeometryError
from lasercam.model.field import FieldGrid, Stitches
from lasercam.model.frame import Frame
from lasercam.model.machine import TICKS_PER_UM as TICKS_PER_UM
from lasercam.model.recipe import LaserSettings, PassKind, RecipeTable

TICKS_PER_MM = 10_000_000
NS_PER_S = 1_000_000_000
NM_PER_UM = 1_000
MAX_BLOCK_ROWS = 32_768


class RowKind(IntEnum):
    """What a row does. The beam is on while moving only in LINE; a DOT travels dark and fires on arrival."""

    JUMP = 0
    """Dark travel at the machine's rapid speed."""
    LINE = 1
    """Beam on from start to end at the recipe's speed."""
    DOT = 2
    """Dark travel to the end, then the recipe's exposure (or `count` pulses) at standstill."""
    SHOTS = 3
    """`count` single shots at equal distances from start to end, both ends included, fired by position."""
    LEAD = 4
    """Dark travel at the recipe's speed: run-up before a LINE, run-out behind it."""
    OPENING = 5
    """Dark travel at the recipe's speed while a slow gate opens: commanded open, the beam not yet through."""
    CLOSING = 6
    """The end of a LINE while a slow gate closes: commanded closed, the beam still on."""


EXPOSING_KINDS = (RowKind.LINE, RowKind.DOT, RowKind.SHOTS, RowKind.CLOSING)
"""Kinds of rows in which the beam reaches the sample."""
FEED_KINDS = (RowKind.LINE, RowKind.LEAD, RowKind.OPENING, RowKind.CLOSING, RowKind.SHOTS)
"""Kinds of rows that run at the recipe's speed."""


_AT_SAMPLE = np.array([0, 1, 2, 3, 4, RowKind.LEAD, RowKind.LINE], np.uint8)


@dataclass(frozen=True, eq=False)
class ToolpathBlock:
    """Ordered rows of one section.

    Attributes:
        section: index into the header's sections.
        first_row: number of the first row in the whole toolpath.
        start_ticks, end_ticks: int64 (N, 3); each row starts where the one before it ended.
        kind: uint8 (N,), RowKind.
        count: uint32 (N,), pulses of a DOT (0 when it is timed), shots of a SHOTS run, else 0.
        recipe: uint16 (N,), index into the recipe table; of the line it serves for a LEAD, 0 for a JUMP.
        part: uint16 (N,), index into the header's parts; 0 for a JUMP.
    """

    section: int
    first_row: int
    start_ticks: NDArray[np.int64]
    end_ticks: NDArray[np.int64]
    kind: NDArray[np.uint8]
    count: NDArray[np.uint32]
    recipe: NDArray[np.uint16]
    part: NDArray[np.uint16]

    def __post_init__(self) -> None:
        n = len(self.kind)
        if self.start_ticks.shape != (n, 3) or self.end_ticks.shape != (n, 3):
            raise GeometryError(f"{n} rows need starts and ends of shape ({n}, 3)")
        if not len(self.count) == len(self.recipe) == len(self.part) == n:
            raise GeometryError(f"{n} rows need as many counts, recipes and parts")
        for array in self.arrays:
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """All columns, in the order they are hashed."""
        return self.start_ticks, self.end_ticks, self.kind, self.count, self.recipe, self.part

    @property
    def exposes(self) -> NDArray[np.bool_]:
        """bool (N,), rows in which the beam reaches the sample."""
        exposes: NDArray[np.bool_] = self.kind == EXPOSING_KINDS[0]
        for kind in EXPOSING_KINDS[1:]:  # faster than np.isin by far
            exposes |= self.kind == kind
        return exposes

    @property
    def n_exposures(self) -> int:
        """Lines, dots and single shots; the end of a line while its gate closes counts with the line."""
        whole = (self.kind == RowKind.LINE) | (self.kind == RowKind.DOT)
        shots = self.count[self.kind == RowKind.SHOTS]
        return int(np.count_nonzero(whole)) + int(shots.sum(dtype=np.int64))

    @property
    def kind_at_sample(self) -> NDArray[np.uint8]:
        """uint8 (N,), JUMP, LINE, DOT, SHOTS or LEAD: a gate that opens is still dark, one that closes still open."""
        return _AT_SAMPLE[self.kind]

    def exposed_from(self) -> NDArray[np.int64]:
        """int64 (N, 3), where each row's beam starts: a DOT fires at its end, whatever its travel."""
        return np.where((self.kind == RowKind.DOT)[:, None], self.end_ticks, self.start_ticks)


@dataclass(frozen=True)
class PartInfo:
    """A part as rows refer to it.

    Attributes:
        name: `pattern.atom`.
        line: line of the pattern in the job file.
    """

    name: str
    line: int


@dataclass(frozen=True)
class Section:
    """Rows that share a set-up; operator stops, files and resumption happen between sections.

    Attributes:
        index: its number.
        step: index of the job's step.
        step_name: the step's name.
        pass_kind: write, rewrite or erase.
        over: names of the earlier steps whose exposures this one may touch; None = it may touch none.
        laser: what must be set at the source.
        frame: from sample to controller.
        first_row, n_rows: its rows in the toolpath.
        n_exposures: lines, dots and single shots.
        low_ticks, high_ticks: corners of the box of all its rows, run-ups included.
        duration_s: estimated time with acceleration, exposures and all repeats included.
        repeat: how many times the operator runs it; more than once is a wanted repeat.
        field: writing fields its rows are grouped by; None where the axes reach everything.
        recipes: indices of the recipes it uses, rising; they share what is set by hand, and `laser` is the first row's.
    """

    index: int
    step: int
    step_name: str
    pass_kind: PassKind
    over: tuple[str, ...] | None
    laser: LaserSettings
    frame: Frame
    first_row: int = 0
    n_rows: int = 0
    n_exposures: int = 0
    low_ticks: tuple[int, int, int] = (0, 0, 0)
    high_ticks: tuple[int, int, int] = (0, 0, 0)
    duration_s: float = 0.0
    repeat: int = 1
    recipes: tuple[int, ...] = ()
    field: FieldGrid | None = None


@dataclass(frozen=True)
class ToolpathHeader:
    """Everything about a toolpath but its rows.

    Attributes:
        job: the job's name.
        sections: in the order they run.
        recipes: what rows' `recipe` points into.
        parts: what rows' `part` points into.
        hashes: SHA-256 of every input: job, machine, processes, assets, seed.
        digest: SHA-256 over header facts and all rows; the identity of what is written.
        n_rows: all rows.
        rounding_um: largest shift of any vertex by the one rounding to the machine's increment: x, y, depth.
        stitches: lines that were cut where writing fields meet, by part.
    """

    job: str
    sections: tuple[Section, ...]
    recipes: RecipeTable
    parts: tuple[PartInfo, ...]
    hashes: Mapping[str, str]
    digest: str
    n_rows: int
    rounding_um: tuple[float, float, float] = (0.0, 0.0, 0.0)
    stitches: tuple[Stitches, ...] = ()


@dataclass(frozen=True, eq=False)
class Toolpath:
    """A header and its rows, read as often as wanted: deterministic and lazy.

    Attributes:
        header: what it is.
        stream: yields all blocks from the first row on.
    """

    header: ToolpathHeader
    stream: Callable[[], Iterator[ToolpathBlock]] = field(repr=False)

    def blocks(self, first_row: int = 0) -> Iterator[ToolpathBlock]:
        """Blocks from the one that holds `first_row` on."""
        for block in self.stream():
            if block.first_row + len(block) > first_row:
                yield block

    def section_blocks(self, section: int) -> Iterator[ToolpathBlock]:
        """Blocks of one section."""
        return (block for block in self.stream() if block.section == section)
