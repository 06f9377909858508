"""Which rows the motion was on, told from the place where it was stopped."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from lasercam.model.commanded import commanded_kind
from lasercam.model.file_control import Place
from lasercam.model.toolpath import TICKS_PER_UM, RowKind
from lasercam.run.program import NumberedRows
from lasercam.run.row_ranges import RowRanges
from lasercam.run.stop import Bounds


def stopped_within(
    rows: Iterable[NumberedRows], place: Place, bounds: Bounds, tolerance_um: float, *, dark_from: int
) -> Bounds:
    """Narrower bounds: the motion was under way on one of the rows, dark ones included, that lead through a place.

    Only where everything the controller said is trusted, that is, when the operator stopped a healthy run. A single
    row with the beam on, the place clear of both its ends, is partly exposed.

    Args:
        rows: of the file.
        place: where the motion stopped, coordinates of the file, µm.
        bounds: without that knowledge.
        tolerance_um: how far a place may be from its row.
        dark_from: rows from this one to `bounds.done` are dark, and may be under way.
    """
    number, start, end, kind = _between(rows, dark_from, bounds.begun)
    at = np.array(place)
    along = end - start
    length2 = (along**2).sum(axis=1)
    share = np.clip(((at - start) * along).sum(axis=1) / np.where(length2 > 0, length2, 1.0), 0.0, 1.0)
    away = np.linalg.norm(at - start - share[:, None] * along, axis=1)
    through = np.flatnonzero(away <= tolerance_um)
    if not len(through):
        return bounds
    first, last = int(through[0]), int(through[-1])
    done, begun = max(bounds.done, int(number[first])), min(bounds.begun, int(number[last]) + 1)
    lit = (kind != RowKind.JUMP) & (commanded_kind(kind) != RowKind.LEAD)
    on = first + np.flatnonzero(lit[first : last + 1])
    if len(on) == 1 and kind[on[0]] != RowKind.DOT:
        row = int(on[0])
        ends = min(float(np.linalg.norm(at - start[row])), float(np.linalg.norm(at - end[row])))
        if ends > tolerance_um:
            return Bounds(done, begun, RowRanges.of((int(number[row]), int(number[row]) + 1)))
    return Bounds(done, max(done, begun), RowRanges())


def _between(
    rows: Iterable[NumberedRows], from_row: int, to_row: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.uint8]]:
    """Rows from one to another: numbers, starts and ends in µm, kinds."""
    number, start, end, kind = [np.empty(0, np.int64)], [np.empty((0, 3))], [np.empty((0, 3))], [np.empty(0, np.uint8)]
    for piece in rows:
        inside = (piece.number >= from_row) & (piece.number < to_row)
        if inside.any():
            number.append(piece.number[inside])
            start.append(piece.block.start_ticks[inside] / TICKS_PER_UM)
            end.append(piece.block.end_ticks[inside] / TICKS_PER_UM)
            kind.append(piece.block.kind[inside])
    return np.concatenate(number), np.concatenate(start), np.concatenate(end), np.concatenate(kind)
