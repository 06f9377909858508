"""Each job file is complete in itself: it begins with the move to its field and approaches its first place."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from lasercam.model.field import FieldGrid
from lasercam.model.machine import Machine
from lasercam.model.toolpath import RowKind
from lasercam.plan.approach import Approach
from lasercam.plan.rows import Rows

Ticks = NDArray[np.int64]


class FileStarts:
    """Puts before the first rows of a file what an earlier file has done for them: the stage may have moved since."""

    def __init__(self, machine: Machine, increment_ticks: int, grid: FieldGrid | None) -> None:
        self._machine = machine
        self._increment_ticks = increment_ticks
        self._grid = grid
        self._middle: Ticks | None = None

    @property
    def max_rows(self) -> int | None:
        """Rows that a file may be given, so that what is put before them has room."""
        most = self._machine.controller.max_file_rows
        if most is None:
            return None
        has_play = any(axis.backlash is not None for axis in self._machine.axis_list)
        return most - int(has_play) - int(self._grid is not None)

    def begun(self, pieces: Iterable[Rows]) -> Iterator[Rows]:
        """Rows of one file with what they need before them."""
        approach = Approach(self._machine, self._increment_ticks)
        for number, piece in enumerate(pieces):
            rows = self._in_field(piece, is_first=number == 0)
            yield approach.approached(rows)

    def _in_field(self, rows: Rows, *, is_first: bool) -> Rows:
        """The rows, with the coarse move to the field they begin in where an earlier file made it."""
        if self._grid is None or not len(rows):
            return rows
        coarse = np.flatnonzero((rows.kind == RowKind.JUMP) & self._grid.is_middle(rows.end_ticks))
        stands = self._middle
        if len(coarse):
            self._middle = rows.end_ticks[coarse[-1], :2]
        is_late = is_first and stands is not None and not (len(coarse) and coarse[0] == 0)
        return _moved_first(rows, stands) if is_late and stands is not None else rows


def _moved_first(rows: Rows, middle: Ticks) -> Rows:
    """The rows after a JUMP to the middle of a field, at the height where they begin."""
    start, end = rows.start_ticks.copy(), rows.start_ticks[:1].copy()
    end[0, :2] = middle
    start[0] = end[0]
    nothing = np.zeros(1, np.uint16)
    return Rows(
        np.concatenate((rows.start_ticks[:1], start)),
        np.concatenate((end, rows.end_ticks)),
        np.concatenate((np.full(1, RowKind.JUMP, np.uint8), rows.kind)),
        np.concatenate((np.zeros(1, np.uint32), rows.count)),
        np.concatenate((nothing, rows.recipe)),
        np.concatenate((nothing, rows.part)),
    )
