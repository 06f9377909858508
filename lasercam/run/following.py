"""What a controller has done of a file that it runs by itself, told from the lines that it reports."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lasercam.run.faults import FaultError
from lasercam.run.program import Program, numbered_exposures

AGE_S: Final = 0.1
"""A report may be older than its arrival: controllers renew them every 1 to 20 ms, links add some."""
FASTER: Final = 1.01
"""Motion may run ahead of the programmed speeds by so much: rounding of feeds, clocks that differ."""
SHORTEST_S: Final = 0.001
"""No exposure at standstill takes less: outputs are switched by servo or task cycles of 1 ms or more."""
_RECORD: Final = np.dtype([("line", "i8"), ("row", "i8"), ("least_s", "f8"), ("part", "i4"), ("recipe", "i4")])


@dataclass(frozen=True, eq=False)
class ExposureTable:
    """Everything that a file exposes, in order.

    Attributes:
        line: int64 (N,), rising: line of the file.
        row: int64 (N,), rising: row of the toolpath.
        least_s: float64 (N + 1,), what the exposures before each take at least, s; the last is for all.
        part, recipe: int32 (N,).
    """

    line: NDArray[np.int64]
    row: NDArray[np.int64]
    least_s: NDArray[np.float64]
    part: NDArray[np.int32]
    recipe: NDArray[np.int32]


def exposure_table(program: Program) -> ExposureTable:
    """What a file exposes, proven against its rows on the way.

    Raises:
        RefusedError: file and rows do not belong together.
        RereadError: the controller would refuse the file.
    """
    found = np.fromiter(
        (
            (e.line, e.row, max(e.beam_on_s, SHORTEST_S) if e.is_dot else e.beam_on_s, e.part, e.recipe)
            for e in numbered_exposures(program)
        ),
        _RECORD,
    )
    least_s = np.concatenate(([0.0], np.cumsum(found["least_s"])))
    columns = (np.ascontiguousarray(found[name]) for name in ("line", "row", "part", "recipe"))
    line, row, part, recipe = columns
    return ExposureTable(line, row, least_s, part, recipe)


class Following:
    """Bounds on the rows of one file while a controller runs it.

    A row is over when a later line is under way and its own time has passed; it can have begun as soon as what lies
    between the line under way and it takes no longer than the time since.

    Args:
        table: of the file.
        first_row, end_row: rows of the toolpath that it is about.
        now_s: when it was started.
    """

    def __init__(self, table: ExposureTable, first_row: int, end_row: int, now_s: float) -> None:
        self._table, self._first, self._end = table, first_row, end_row
        self._started_s = self._entered_s = self._seen_s = now_s
        self._line = 0
        self.over = first_row
        """Rows below are over."""

    @property
    def line(self) -> int:
        """The line under way, as last reported; 0 = none yet."""
        return self._line

    @property
    def now(self) -> int:
        """Index in the table of what is exposed now, or next; its length when nothing is left."""
        return int(np.searchsorted(self._table.line, self._line))

    @property
    def dark_from(self) -> int:
        """First row behind the last exposure that is over: dark ones may lead from there to the next exposure."""
        at = int(np.searchsorted(self._table.row, self.over))
        return int(self._table.row[at - 1]) + 1 if at else self._first

    def saw(self, line: int, now_s: float) -> None:
        """A report.

        Args:
            line: under way; 0 = not known.
            now_s: when it came.

        Raises:
            FaultError: the file is run again, or backwards.
        """
        if line and line < self._line:
            raise FaultError(
                "line", f"the controller reports line {line} after line {self._line}: somebody has started it anew"
            )
        if line > self._line:
            # It began after the report before: that is when time starts to count for what follows.
            self._line, self._entered_s = line, self._seen_s
        self._seen_s = now_s
        # A number that is ahead of the motion is not believed: LinuxCNC may name a line that it has only read.
        passed_s = (now_s - self._started_s) * FASTER
        timed = max(0, int(np.searchsorted(self._table.least_s, passed_s, side="right")) - 1)
        self.over = max(self.over, self._row_at(min(self.now, timed)))

    def begun_by(self, now_s: float, last_line: int | None) -> int:
        """Rows from this one on cannot have begun until then, as long as the controller keeps to its speeds.

        Args:
            now_s: until when.
            last_line: see `begun_at_most`.
        """
        table, at = self._table, self.now
        if at == len(table.line):
            return self._end
        reach = table.least_s[at] + self._passed(self._entered_s, now_s)
        last = int(np.searchsorted(table.least_s[:-1], reach, side="right")) - 1
        return min(self.begun_at_most(last_line), int(table.row[last]) + 1)

    def begun_at_most(self, last_line: int | None) -> int:
        """Rows from this one on cannot have begun, however long nothing is heard.

        Args:
            last_line: no line behind it can have begun; None = not known.
        """
        if last_line is None:
            return self._end
        count = int(np.searchsorted(self._table.line, last_line, side="right"))
        return int(self._table.row[count - 1]) + 1 if count else self._first

    def lacks_s(self, now_s: float) -> float:
        """How much too early it would be for the file to be at its end; 0 = late enough."""
        left_s = self._table.least_s[-1] - self._table.least_s[self.now]
        return max(0.0, float(left_s) - self._passed(self._entered_s, now_s))

    def _row_at(self, index: int) -> int:
        return int(self._table.row[index]) if index < len(self._table.row) else self._end

    @staticmethod
    def _passed(since_s: float, now_s: float) -> float:
        return (now_s - since_s + AGE_S) * FASTER
