"""Features by writing field: each goes to the field it fits, and lines that fit none are cut where fields meet."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import PatternError
from lasercam.model.feature import FeatureBlock
from lasercam.model.field import FieldGrid, Stitches
from lasercam.model.frame import Frame
from lasercam.model.machine import TICKS_PER_UM, Machine
from lasercam.model.stage import WritingField
from lasercam.model.toolpath import RowKind
from lasercam.plan.motion import SLANTED_STEPS, MotionTables
from lasercam.plan.rows import Rows

Ticks = NDArray[np.int64]
FloatArray = NDArray[np.float64]
Cell = tuple[int, int]


def field_grid(machine: Machine, frame: Frame) -> FieldGrid | None:
    """The fields of a machine over a sample; None where its axes reach everything.

    Raises:
        PatternError: a field smaller than the machine's increment.
    """
    field = machine.field
    if field is None:
        return None
    inc = frame.increment_ticks
    pitch = [int((size - 2 * field.guard) * TICKS_PER_UM / inc + 1e-9) * inc for size in field.size]
    if min(pitch) < inc:
        raise PatternError(f"a field of {min(field.size):g} µm is smaller than the machine's increment")
    reach = [int(size * TICKS_PER_UM / 2 / inc + 1e-9) * inc for size in field.size]
    corner = frame.ticks(np.zeros((1, 3)))[0]
    middle = [int(corner[axis]) + pitch[axis] // 2 // inc * inc for axis in (0, 1)]
    return FieldGrid((middle[0], middle[1]), (pitch[0], pitch[1]), (reach[0], reach[1]))


def fields_of(machine: Machine, frame: Frame, tables: MotionTables) -> "Fields | None":
    """The fields of a job file; None where the axes reach everything."""
    grid = field_grid(machine, frame)
    if grid is None or machine.field is None:
        return None
    play = [axis.backlash.overshoot for axis in machine.axis_list[:2] if axis.backlash is not None]
    return Fields(machine.field, frame, grid, tables, max(play, default=0.0))


@dataclass(frozen=True, eq=False)
class FieldPiece:
    """Features of one field.

    Attributes:
        cell: the field.
        block: its features, pieces of cut lines among them.
        origin: int64 (P,), which feature of the tile each comes from.
    """

    cell: Cell
    block: FeatureBlock
    origin: Ticks


class Fields:
    """Takes the tiles of a job file field by field, and remembers what it had to cut."""

    def __init__(
        self, field: WritingField, frame: Frame, grid: FieldGrid, tables: MotionTables, overshoot_um: float
    ) -> None:
        self._field = field
        self._frame = frame
        self._grid = grid
        speed = tables.speed_um_s
        slowest = float(tables.acceleration_um_s2[:2].min())
        run_um = np.maximum(speed**2 / (2.0 * slowest), speed * tables.min_segment_s)
        run_um += tables.gate.open_ticks / TICKS_PER_UM
        steps = np.maximum(np.ceil(run_um * TICKS_PER_UM / frame.increment_ticks), SLANTED_STEPS) + 1
        steps += np.ceil(overshoot_um * TICKS_PER_UM / frame.increment_ticks)
        self._run_ticks: Ticks = (steps * frame.increment_ticks).astype(np.int64)
        self._here: Cell = (0, 0)
        self._standing: Cell | None = None
        self.stitches: dict[int, Stitches] = {}

    def pieces(
        self, block: FeatureBlock, recipe: NDArray[np.uint16], part: NDArray[np.uint16], *, as_given: bool
    ) -> Iterator[FieldPiece]:
        """The features of a tile by field, rows of fields there and back, beginning at the nearer end.

        With `as_given`, features keep their order, and fields are visited as often as that takes.

        Raises:
            PatternError: a line fits no field and may not be cut, or its run-ups do not fit the guard.
        """
        cells, is_whole = self._homes(block, recipe)
        origin = np.arange(len(block), dtype=np.int64)
        if not is_whole.all():
            cut, cut_cells, cut_origin = self._cut(block, np.flatnonzero(~is_whole), recipe, part)
            block = _joined(block.take(is_whole), cut)
            cells = np.concatenate((cells[is_whole], cut_cells))
            origin = np.concatenate((origin[is_whole], cut_origin))
        for cell, chosen in _runs(cells, np.argsort(origin, kind="stable")) if as_given else self._toured(cells):
            self._here = cell
            yield FieldPiece(cell, block.take(chosen), origin[chosen])

    def coarse_move(self, cell: Cell, position: Ticks) -> Rows | None:
        """The JUMP to the middle of a field, at the height where the stage is; None when it stands there."""
        end = position.copy()
        end[:2] = self._grid.middles_ticks(np.array([cell]))[0]
        if cell == self._standing or np.array_equal(end, position):
            self._standing = cell
            return None
        self._standing = cell
        nothing = np.zeros(1, np.uint16)
        kind, count = np.full(1, RowKind.JUMP, np.uint8), np.zeros(1, np.uint32)
        return Rows(position[None, :].copy(), end[None, :], kind, count, nothing, nothing.copy())

    def _homes(self, block: FeatureBlock, recipe: NDArray[np.uint16]) -> tuple[Ticks, NDArray[np.bool_]]:
        """The field each feature lies in (P, 2), and whether it fits there with its run-ups."""
        ticks = self._frame.ticks(block.xyz_um)[:, :2]
        if block.all_dots:
            return self._grid.cells(ticks), np.ones(len(block), np.bool_)
        low = np.minimum.reduceat(ticks, block.offsets[:-1], axis=0)
        high = np.maximum.reduceat(ticks, block.offsets[:-1], axis=0)
        is_dot = block.vertex_counts == 1
        cells = self._grid.cells((low + high) // 2)
        room = np.where(is_dot, 0, self._run_ticks[recipe])[:, None]
        away = np.maximum(high - self._grid.middles_ticks(cells), self._grid.middles_ticks(cells) - low) + room
        return cells, is_dot | np.all(away <= np.array(self._grid.reach_ticks), axis=1)

    def _toured(self, cells: Ticks) -> Iterator[tuple[Cell, Ticks]]:
        """Fields in the order they are visited, with the features (indices) of each."""
        if not len(cells):
            return
        low, high = cells.min(axis=0), cells.max(axis=0)
        from_top = abs(int(high[1]) - self._here[1]) < abs(int(low[1]) - self._here[1])
        from_right = abs(int(high[0]) - self._here[0]) < abs(int(low[0]) - self._here[0])
        row = high[1] - cells[:, 1] if from_top else cells[:, 1] - low[1]
        column = high[0] - cells[:, 0] if from_right else cells[:, 0] - low[0]
        _, number = np.unique(row, return_inverse=True)  # rows without a feature turn nothing round
        column = np.where(number % 2 == 0, column, int(high[0]) - int(low[0]) - column)
        order = np.lexsort((column, row))
        for cell, chosen in _runs(cells, order):
            yield cell, np.sort(chosen)

    def _cut(
        self, block: FeatureBlock, long: Ticks, recipe: NDArray[np.uint16], part: NDArray[np.uint16]
    ) -> tuple[FeatureBlock, Ticks, Ticks]:
        """Pieces of the lines (indices) that fit no field: block, fields (K, 2), and the line each comes from (K,)."""
        self._refuse(block, long, recipe)
        lines = block.take(long)
        xyz, line, cell = _pieces(lines, self._frame, self._grid)
        breaks = np.flatnonzero((np.diff(line) != 0) | np.any(np.diff(cell, axis=0) != 0, axis=1)) + 1
        first = np.concatenate(([0], breaks)).astype(np.int64)  # piece i: segments first[i] to first[i + 1]
        stop = np.append(first[1:], len(line))
        counts = stop - first + 1
        offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        piece = np.repeat(np.arange(len(first)), counts)
        at = np.arange(offsets[-1]) - offsets[:-1][piece]
        segment = first[piece] + at - (at == counts[piece] - 1)
        vertices = np.where((at == counts[piece] - 1)[:, None], xyz[segment, 1], xyz[segment, 0])
        home = line[first]
        self._remember(part[long], home, xyz[first, 0])
        made = FeatureBlock(np.ascontiguousarray(vertices), offsets, lines.part[home], lines.variant[home])
        return made, cell[first], long[home]

    def _refuse(self, block: FeatureBlock, long: Ticks, recipe: NDArray[np.uint16]) -> None:
        size = " × ".join(f"{v:g}" for v in self._field.size)
        first = int(long[0])
        vertices = block.xyz_um[block.offsets[first] : block.offsets[first + 1]]
        x, y, depth = vertices[0].tolist()
        where = f"the first begins at x {x:.4f}, y {y:.4f}, depth {depth:.4f} µm"
        if self._field.stitch == "refuse":
            span = " × ".join(f"{v:.4g}" for v in np.ptp(vertices[:, :2], axis=0).tolist())
            raise PatternError(
                f"{len(long):,} line(s) do not fit a field of {size} µm; {where} and spans {span} µm, run-ups of"
                f" {self._run_ticks[recipe[first]] / TICKS_PER_UM:g} µm not counted. Let the machine's `field` say"
                " `stitch: cut`, or write shorter lines."
            )
        run_um = float(self._run_ticks[recipe[long]].max()) / TICKS_PER_UM
        if run_um > self._field.guard + 1e-9:
            raise PatternError(
                f"{len(long):,} line(s) must be cut where fields of {size} µm meet, and their run-ups (and approaches)"
                f" of up to {run_um:g} µm do not fit the guard of {self._field.guard:g} µm; {where}. Raise the guard to"
                f" {run_um:g} µm (at most {min(self._field.size) / 4:g} µm), or write slower."
            )

    def _remember(self, part: NDArray[np.uint16], home: Ticks, start_um: FloatArray) -> None:
        """Count cuts: every piece of a line after its first."""
        cut = np.flatnonzero(np.diff(home, prepend=-1) == 0)
        for one in np.unique(part[home[cut]]).tolist():
            mine = cut[part[home[cut]] == one]
            x, y, depth = start_um[mine[0]].tolist()
            old = self.stitches.get(one, Stitches(one, 0, 0, (x, y, depth)))
            lines = old.lines + len(np.unique(home[mine]))
            self.stitches[one] = Stitches(one, lines, old.cuts + len(mine), old.first_um)


def _runs(cells: Ticks, order: Ticks) -> Iterator[tuple[Cell, Ticks]]:
    """Features in the given order, cut where the field changes."""
    turns = np.flatnonzero(np.any(np.diff(cells[order], axis=0) != 0, axis=1)) + 1
    for chosen in np.split(order, turns):
        x, y = cells[chosen[0]].tolist()
        yield (x, y), chosen.astype(np.int64)


def _pieces(lines: FeatureBlock, frame: Frame, grid: FieldGrid) -> tuple[FloatArray, Ticks, Ticks]:
    """Straight pieces that each lie in one field: ends (S, 2, 3), line (S,), field (S, 2), in writing order."""
    n = lines.vertex_counts - 1
    line = np.repeat(np.arange(len(lines)), n)
    first = np.arange(len(line)) + line
    start, end = lines.xyz_um[first], lines.xyz_um[first + 1]
    owner, share = [np.arange(len(line))], [np.zeros(len(line))]
    for axis in (0, 1):
        corner = grid.middle_ticks[axis] - grid.pitch_ticks[axis] // 2 - frame.origin_ticks[axis]
        a, b = ((frame.travel_um(p)[:, axis] * TICKS_PER_UM - corner) / grid.pitch_ticks[axis] for p in (start, end))
        low = np.floor(np.minimum(a, b)).astype(np.int64) + 1
        count = np.maximum(np.ceil(np.maximum(a, b)).astype(np.int64) - low, 0)
        crossing = np.repeat(np.arange(len(line)), count)
        border = low[crossing] + np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        owner.append(crossing)
        share.append((border - a[crossing]) / (b - a)[crossing])
    segment, at = np.concatenate(owner), np.concatenate(share)
    order = np.lexsort((at, segment))
    segment, at = segment[order], at[order]
    begin = start[segment] * (1.0 - at)[:, None] + end[segment] * at[:, None]
    begin, segment = _distinct(begin, segment, frame, end)
    last = np.append(segment[1:] != segment[:-1], True)
    stop = np.where(last[:, None], end[segment], np.roll(begin, -1, axis=0))
    cell = grid.cells(frame.ticks((begin + stop) * 0.5))
    return np.stack((begin, stop), axis=1), line[segment], cell


def _distinct(begin: FloatArray, segment: Ticks, frame: Frame, end: FloatArray) -> tuple[FloatArray, Ticks]:
    """Begins of pieces (S, 3) without those that the increment does not tell from their neighbours on the segment."""
    ticks = frame.ticks(begin)
    is_first = np.append(True, segment[1:] != segment[:-1])
    same = np.append(False, np.all(ticks[1:] == ticks[:-1], axis=1))
    same |= np.all(ticks == frame.ticks(end)[segment], axis=1)
    kept = is_first | ~same
    return begin[kept], segment[kept]


def _joined(first: FeatureBlock, last: FeatureBlock) -> FeatureBlock:
    return FeatureBlock(
        np.concatenate((first.xyz_um, last.xyz_um)),
        np.concatenate((first.offsets, last.offsets[1:] + first.offsets[-1])),
        np.concatenate((first.part, last.part)),
        np.concatenate((first.variant, last.variant)),
    )
