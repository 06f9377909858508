"""What the beam touches, in the sample's own ticks: the common ground of all geometric checks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from lasercam.model.frame import Frame
from lasercam.model.recipe import PassKind
from lasercam.model.toolpath import RowKind, Section, ToolpathBlock

MAX_ITEMS = 131_072
"""Most dots or lines of one tile; a row of many shots becomes several tiles."""

_MOST_PLANES = 16
"""Changes of height within a block up to which it is cut into planes; a block with more is taken as a cloud."""
_COARSE_TICKS = 1_000


@dataclass(frozen=True, eq=False)
class Items:
    """Dots (start and end are one array) or straight lines, in toolpath order.

    Attributes:
        start, end: int64 (N, 3), ticks in the sample's frame: x, y, depth downwards.
        row: int64 (N,), row of the toolpath.
        recipe, part: uint16 (N,), as the row says.
        step: uint16 (N,), index into the list `steps` gives.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    row: NDArray[np.int64]
    recipe: NDArray[np.uint16]
    part: NDArray[np.uint16]
    step: NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.row)

    @property
    def are_dots(self) -> bool:
        """Whether these are dots."""
        return self.start is self.end

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> "Items":
        """The chosen items (mask or indices), in the given order."""
        start = self.start[chosen]
        end = start if self.are_dots else self.end[chosen]
        return Items(start, end, self.row[chosen], self.recipe[chosen], self.part[chosen], self.step[chosen])

    def meets(self, low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[np.bool_]:
        """bool (N,), items whose own box reaches into a box given by its corners (3,)."""
        inside = np.ones(len(self), np.bool_)
        for axis in range(3):
            a, b = self.start[:, axis], self.end[:, axis]
            least, most = (a, a) if self.are_dots else (np.minimum(a, b), np.maximum(a, b))
            inside &= (most >= low[axis]) & (least <= high[axis])
        return inside

    def box(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Corners (3,) of the box around all items; there must be one."""
        low, high = corners(self.start)
        if self.are_dots:
            return low, high
        end_low, end_high = corners(self.end)
        return np.minimum(low, end_low), np.maximum(high, end_high)


def corners(places: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Lowest and highest of each coordinate, int64 (3,) each, of at least one place (N, 3)."""
    # Column by column: reducing rows of three numbers is ten times slower.
    columns = [places[:, axis] for axis in range(3)]
    return np.array([c.min() for c in columns]), np.array([c.max() for c in columns])


def join(pieces: Sequence[Items], *, are_dots: bool) -> Items:
    """Several items as one, in the given order."""
    kept = [p for p in pieces if len(p)]
    if len(kept) == 1:
        return kept[0]
    if not kept:
        none, short = np.zeros(0, np.int64), np.zeros(0, np.uint16)
        corner = np.zeros((0, 3), np.int64)
        return Items(corner, corner if are_dots else corner.copy(), none, short, short, short)
    start = np.concatenate([p.start for p in kept])
    return Items(
        start,
        start if are_dots else np.concatenate([p.end for p in kept]),
        np.concatenate([p.row for p in kept]),
        np.concatenate([p.recipe for p in kept]),
        np.concatenate([p.part for p in kept]),
        np.concatenate([p.step for p in kept]),
    )


@dataclass(frozen=True, eq=False)
class Tile:
    """Exposures of one stretch of a toolpath, all of one step; dots or lines or both."""

    dots: Items
    lines: Items
    step: int

    def __len__(self) -> int:
        return len(self.dots) + len(self.lines)

    def box(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Corners (3,) of the box around everything in it."""
        boxes = [items.box() for items in (self.dots, self.lines) if len(items)]
        if len(boxes) == 1:
            return boxes[0]
        return np.min([b[0] for b in boxes], axis=0), np.max([b[1] for b in boxes], axis=0)

    def within(self, low: NDArray[np.int64], high: NDArray[np.int64]) -> "Tile":
        """What of it reaches into a box."""
        return Tile(self.dots.take(self.dots.meets(low, high)), self.lines.take(self.lines.meets(low, high)), self.step)


@dataclass(frozen=True)
class Steps:
    """Steps of a toolpath in the order they run.

    Attributes:
        of_section: index of the step of each section.
        names: their names.
        pass_kinds: write, rewrite or erase.
        over: names of earlier steps each may touch; None = none.
    """

    of_section: tuple[int, ...]
    names: tuple[str, ...]
    pass_kinds: tuple[PassKind, ...]
    over: tuple[tuple[str, ...] | None, ...]

    def __len__(self) -> int:
        return len(self.names)

    def may_touch(self) -> NDArray[np.bool_]:
        """bool (S, S): [later, earlier] = the later step is allowed to expose what the earlier one has written.

        Never within one step.
        """
        allowed = np.zeros((len(self), len(self)), np.bool_)
        for later in range(len(self)):
            for earlier in range(later):
                over = self.over[later] or ()
                named = "*" in over or self.names[earlier] in over
                allowed[later, earlier] = named or self.pass_kinds[later] is not PassKind.WRITE
        return allowed


def steps(sections: Sequence[Section]) -> Steps:
    """The steps of these sections; sections that belong to one step share its index."""
    index: dict[int, int] = {}
    for section in sections:
        index.setdefault(section.step, len(index))
    firsts = {index[s.step]: s for s in reversed(sections)}
    ordered = [firsts[i] for i in range(len(index))]
    return Steps(
        tuple(index[s.step] for s in sections),
        tuple(s.step_name for s in ordered),
        tuple(s.pass_kind for s in ordered),
        tuple(s.over for s in ordered),
    )


def same_place_ticks(sections: Sequence[Section]) -> int:
    """Distance up to which two exposures are at the same place: the coarsest increment, or more between frames.

    On grids coarser than 0.1 µm neighbouring grid points are different places, so it stays just below the increment.
    """
    increments = [s.frame.increment_ticks for s in sections] or [1]
    coarsest = max(increments)
    return met_again_ticks(sections) if coarsest <= _COARSE_TICKS else coarsest - 1


def have_one_lattice(sections: Sequence[Section]) -> bool:
    """Whether all sections round the same place of the sample alike; they do not before and behind a registration."""
    return len({s.frame.lattice for s in sections}) <= 1


def met_again_ticks(sections: Sequence[Section]) -> int:
    """Distance up to which a later step meets a place that an earlier one wrote: the coarsest increment.

    Steps in different frames each round on a grid of their own, so that what is meant to be one place may lie as far
    apart as both roundings reach.
    """
    coarsest = max((s.frame.increment_ticks for s in sections), default=1)
    alike = coarsest if coarsest <= _COARSE_TICKS else coarsest - 1
    if have_one_lattice(sections):
        return alike
    return max(alike, ceil(2.0 * max(s.frame.rounding_reach_ticks for s in sections)))


def tiles(block: ToolpathBlock, frame: Frame, step: int) -> Iterator[Tile]:
    """Everything a block exposes, in order, in tiles of at most MAX_ITEMS, plane by plane where planes are few."""
    nothing = join((), are_dots=True)
    no_lines = join((), are_dots=False)
    if len(block) and bool((block.kind == RowKind.DOT).all()):
        places = frame.sample_ticks(block.end_ticks)
        if bool((places[:, 2] == places[0, 2]).all()):
            # Dots of one plane, as most blocks of arrays are: nothing needs to be picked out.
            row = np.arange(block.first_row, block.first_row + len(block))
            of_step = np.full(len(block), step, np.uint16)
            yield Tile(Items(places, places, row, block.recipe, block.part, of_step), no_lines, step)
            return
    for rows in _planes(block, frame):
        kind = block.kind[rows]
        dot, line = rows[kind == RowKind.DOT], rows[kind != RowKind.DOT]
        end = frame.sample_ticks(block.end_ticks[dot])
        dots = _items(block, dot, end, end, step) if len(dot) else nothing
        lines = no_lines
        if len(line):
            starts = frame.sample_ticks(block.start_ticks[line])
            lines = _items(block, line, starts, frame.sample_ticks(block.end_ticks[line]), step)
        yield Tile(dots, lines, step)
    for items in _shots(block, np.flatnonzero(block.kind == RowKind.SHOTS), frame, step):
        yield Tile(items, no_lines, step)


def _planes(block: ToolpathBlock, frame: Frame) -> list[NDArray[np.intp]]:
    """Rows of dots and lines, cut where the height changes.

    A block that leads from one layer to the next would otherwise span the whole pattern, and everything in it would
    seem to be its neighbour.
    """
    exposing = np.flatnonzero(np.isin(block.kind, (RowKind.DOT, RowKind.LINE, RowKind.CLOSING)))
    ends = block.end_ticks[exposing]
    height = ends[:, 2] if frame.is_level else frame.sample_ticks(ends)[:, 2]
    cuts = np.flatnonzero(np.diff(height)) + 1
    pieces = np.split(exposing, cuts) if len(cuts) <= _MOST_PLANES else [exposing]
    return [piece for piece in pieces if len(piece)]


def _items(
    block: ToolpathBlock, index: NDArray[np.intp], start: NDArray[np.int64], end: NDArray[np.int64], step: int
) -> Items:
    row = index.astype(np.int64) + block.first_row
    return Items(start, end, row, block.recipe[index], block.part[index], np.full(len(index), step, np.uint16))


def _shots(block: ToolpathBlock, index: NDArray[np.intp], frame: Frame, step: int) -> Iterator[Items]:
    """Runs of single shots as dots; a long run is cut."""
    if not len(index):
        return
    counts = np.maximum(block.count[index].astype(np.int64), 1)
    ends = np.cumsum(counts)
    for low in range(0, int(ends[-1]), MAX_ITEMS):
        shot = np.arange(low, min(low + MAX_ITEMS, int(ends[-1])), dtype=np.int64)
        run = np.searchsorted(ends, shot, side="right")
        number, last = shot - (ends[run] - counts[run]), np.maximum(counts[run] - 1, 1)
        which = index[run]
        start = block.start_ticks[which]
        travel = (block.end_ticks[which] - start) * (number / last)[:, None]
        place = frame.sample_ticks(start + np.rint(travel).astype(np.int64))
        yield _items(block, which, place, place, step)
