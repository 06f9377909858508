"""Rows with their times and doses, as the segments that a page draws."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.model.frame import Frame
from lasercam.model.timing import TimedBlock
from lasercam.model.toolpath import RowKind, Toolpath, ToolpathBlock, ToolpathHeader
from lasercam.preview.depths import DepthTally, Layer
from lasercam.preview.dose_colours import EDGES
from lasercam.preview.html.columns import Column, Segments, joined, space_quantum_um, time_quantum_s
from lasercam.preview.html.thinning import Thinning
from lasercam.process.path_dose import LineDose, line_dose

FloatArray = NDArray[np.float64]

MOST_SPLIT_ROWS = 50_000
"""Rows up to which lines are cut where their dose changes class; above it a line shows its highest dose throughout."""

_DOSE_UNIT = 1000.0


@dataclass(frozen=True)
class Grid:
    """What whole numbers of a scene mean.

    Attributes:
        origin_um: where coordinates are counted from: the least x, y and depth.
        high_um: the largest.
        quantum_um, quantum_s: one step.
        total_s: time of the whole job.
    """

    origin_um: tuple[float, float, float]
    high_um: tuple[float, float, float]
    quantum_um: float
    quantum_s: float
    total_s: float

    def steps(self, places_um: FloatArray) -> tuple[Column, Column, Column]:
        """Places (N, 3) in steps: three columns."""
        steps = np.rint((places_um - np.array(self.origin_um)) / self.quantum_um).astype(np.int32)
        x, y, z = (np.ascontiguousarray(steps[:, axis]) for axis in range(3))
        return x, y, z


@dataclass(frozen=True, eq=False)
class Gathered:
    """All that is drawn, and what was seen of the rest on the way.

    Attributes:
        segments: to be drawn.
        layers: of all exposures, shallowest first.
        n_drawn: rows the segments are of.
        section_s: time of each section, s.
        splits: whether lines are cut where their dose changes.
    """

    segments: Segments
    layers: tuple[Layer, ...]
    n_drawn: int
    section_s: tuple[float, ...]
    splits: bool


def scene_grid(header: ToolpathHeader) -> Grid:
    """A grid that holds all rows of a toolpath."""
    boxes = [section.frame.extent_um(section.low_ticks, section.high_ticks) for section in header.sections]
    low = np.min([box[0] for box in boxes], axis=0)
    high = np.max([box[1] for box in boxes], axis=0)
    total_s = sum(section.duration_s for section in header.sections)
    (x, y, z), (far_x, far_y, far_z) = low.tolist(), high.tolist()
    # Rows of a tilted or bent sample may leave the box of its corners by a little: half the numbers are kept free.
    quantum = space_quantum_um(2.0 * float((high - low).max()))
    return Grid((x, y, z), (far_x, far_y, far_z), quantum, time_quantum_s(2.0 * total_s), total_s)


def gather(
    header: ToolpathHeader,
    timed: Iterable[TimedBlock],
    speeds_um_s: Sequence[FloatArray],
    radius_um: FloatArray,
    thinning: Thinning,
    grid: Grid,
) -> Gathered:
    """Everything drawn of a toolpath.

    Args:
        header: of the toolpath.
        timed: all its rows with their times.
        speeds_um_s: (R,) of each section: programmed speeds.
        radius_um: (R,), radius of the spot that doses are averaged over.
        thinning: which rows are drawn.
        grid: of the scene.
    """
    tally, pieces, n_drawn = DepthTally(), list[Segments](), 0
    seconds = [0.0] * len(header.sections)
    splits = header.n_rows <= MOST_SPLIT_ROWS
    now_s = 0.0
    for one in timed:
        block = one.block
        if not len(block):
            continue
        frame = header.sections[block.section].frame
        _count_depths(tally, block, frame)
        begin = now_s + np.concatenate(([0.0], np.cumsum(one.seconds)))
        chosen = np.flatnonzero(thinning.keeps(block))
        if len(chosen):
            dose = line_dose(one, speeds_um_s[block.section], radius_um)
            cuts = _cut(one, dose, chosen) if splits else _uncut(dose, chosen)
            pieces.append(_drawn(one, frame, begin, cuts, grid))
            n_drawn += len(chosen)
        seconds[block.section] += float(begin[-1]) - now_s
        now_s = float(begin[-1])
    return Gathered(joined(pieces), tally.layers(), n_drawn, tuple(seconds), splits)


@dataclass(frozen=True, eq=False)
class _Cuts:
    """Pieces of the rows of a block.

    Attributes:
        row: int64 (N,), of the block.
        first, last: float64 (N,), shares of the row's way where the piece begins and ends.
        first_s, last_s: float64 (N,), shares of its time.
        dose: float64 (N,), relative; 0 = not a line.
    """

    row: NDArray[np.int64]
    first: FloatArray
    last: FloatArray
    first_s: FloatArray
    last_s: FloatArray
    dose: FloatArray


def _uncut(dose: LineDose, chosen: NDArray[np.int64]) -> _Cuts:
    """Whole rows; lines with their highest dose."""
    highest = _line_doses(dose, int(chosen[-1]) + 1)[chosen]
    none, whole = np.zeros(len(chosen)), np.ones(len(chosen))
    return _Cuts(chosen, none, whole, none, whole, highest)


def _line_doses(dose: LineDose, n_rows: int) -> FloatArray:
    """float64, highest dose of each row; 1 for lines as programmed, 0 for what is no line."""
    found = np.zeros(max(n_rows, int(dose.line.max(initial=-1)) + 1))
    found[dose.line] = 1.0
    if len(dose.row):
        found[dose.row] = dose.dose.max(axis=1)
    return found


def _cut(timed: TimedBlock, dose: LineDose, chosen: NDArray[np.int64]) -> _Cuts:
    """Rows cut where their dose goes from one class to another."""
    is_off = np.isin(dose.row, chosen)
    off = dose.row[is_off]
    whole = _uncut(dose, chosen)
    if not len(off):
        return whole
    place, value = dose.place_um[is_off], dose.piece_dose[is_off]
    spent = np.concatenate((np.zeros((len(off), 1)), timed.marks_s[off], timed.seconds[off][:, None]), axis=1)
    size = np.diff(place, axis=1)
    at, piece = np.nonzero(size > 1e-9)
    step = np.searchsorted(EDGES, value[at, piece], side="right")
    begins = np.ones(len(at), np.bool_)
    begins[1:] = (at[1:] != at[:-1]) | (step[1:] != step[:-1])
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(at)) - 1
    length, total_s = place[:, -1], spent[:, -1]
    row = at[first]
    weight = np.add.reduceat(size[at, piece], first)
    mean = np.add.reduceat(size[at, piece] * value[at, piece], first) / weight
    cuts = _Cuts(
        off[row],
        place[row, piece[first]] / length[row],
        place[row, piece[last] + 1] / length[row],
        spent[row, piece[first]] / total_s[row],
        spent[row, piece[last] + 1] / total_s[row],
        mean,
    )
    is_even = ~np.isin(whole.row, off)
    order = np.argsort(np.concatenate((whole.row[is_even], cuts.row)), kind="stable")
    return _Cuts(
        *(
            np.concatenate((getattr(whole, name)[is_even], getattr(cuts, name)))[order]
            for name in ("row", "first", "last", "first_s", "last_s", "dose")
        )
    )


def _drawn(timed: TimedBlock, frame: Frame, begin_s: FloatArray, cuts: _Cuts, grid: Grid) -> Segments:
    block, row = timed.block, cuts.row
    start, end = frame.sample_um(block.start_ticks[row]), frame.sample_um(block.end_ticks[row])
    way, lasts = end - start, timed.seconds[row]
    from_x, from_y, from_z = grid.steps(start + cuts.first[:, None] * way)
    # The end itself, not the start and the whole way: dots of one place must stay at one place.
    to_x, to_y, to_z = grid.steps(np.where((cuts.last == 1.0)[:, None], end, start + cuts.last[:, None] * way))
    began = np.rint((begin_s[row] + cuts.first_s * lasts) / grid.quantum_s).astype(np.int32)
    ended = np.rint((begin_s[row] + cuts.last_s * lasts) / grid.quantum_s).astype(np.int32)
    return Segments(
        from_x, from_y, from_z, to_x, to_y, to_z,
        began,
        ended - began,
        (block.first_row + row).astype(np.int32),
        block.kind_at_sample[row].astype(np.int32),
        block.recipe[row].astype(np.int32),
        block.part[row].astype(np.int32),
        np.full(len(row), block.section, np.int32),
        block.count[row].astype(np.int32),
        np.rint(cuts.dose * _DOSE_UNIT).astype(np.int32),
    )  # fmt: skip


def _count_depths(tally: DepthTally, block: ToolpathBlock, frame: Frame) -> None:
    lit = block.exposes
    if not lit.any():
        return
    if lit.all() and bool((block.kind == RowKind.DOT).all()):
        tally.add(frame.sample_um(block.end_ticks)[:, 2])
        return
    first = frame.sample_um(block.exposed_from()[lit])[:, 2]
    tally.add(0.5 * (first + frame.sample_um(block.end_ticks[lit])[:, 2]))


def row_places_um(toolpath: Toolpath, rows: Iterable[int]) -> dict[int, tuple[float, float, float]]:
    """Where some rows end, in the sample's frame, µm; rows that do not exist are left out."""
    wanted = sorted(set(rows))
    if not wanted:
        return {}
    found: dict[int, tuple[float, float, float]] = {}
    for block in toolpath.blocks(wanted[0]):
        here = [row - block.first_row for row in _within(wanted, block)]
        if here:
            frame = toolpath.header.sections[block.section].frame
            for row, (x, y, z) in zip(here, frame.sample_um(block.end_ticks[here]).tolist(), strict=True):
                found[block.first_row + row] = x, y, z
        if block.first_row + len(block) > wanted[-1]:
            break
    return found


def _within(rows: Sequence[int], block: ToolpathBlock) -> Iterator[int]:
    return (row for row in rows if block.first_row <= row < block.first_row + len(block))
