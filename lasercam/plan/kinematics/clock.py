"""Times rows as they stream by: blocks go in, and come back when nothing that follows can change them."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.model.timing import END_MARKS, TimedBlock, row_marks_um
from lasercam.model.toolpath import ToolpathBlock
from lasercam.plan.kinematics.bench import Bench
from lasercam.plan.kinematics.columns import Columns, columns_of, standing_seconds
from lasercam.plan.kinematics.model import MotionModel
from lasercam.plan.kinematics.solver import Entry, solve

COMPILED_FROM_ROWS = 16_000
"""Rows from which compiled code pays: plain Python takes some 15 µs a row, loading the compiled kernels 0.5 s."""


@dataclass(eq=False)
class _Waiting:
    """A block of which the first `filled` rows are timed."""

    timed: TimedBlock
    filled: int = 0


class Clock:
    """Times the rows of one job file, which begins and ends at standstill.

    Memory is bounded by the look-ahead: rows wait only until the machine could have stopped behind them.
    """

    def __init__(self, model: MotionModel, *, shares: bool = True, compiled: bool | None = None) -> None:
        """A clock at the beginning of a file.

        Args:
            model: of machine and recipes.
            shares: whether rows are timed one by one; else `add` gives nothing back, and only `total_s` counts.
            compiled: for tests; by default it depends on the number of rows.
        """
        self._model = model
        self._shares = shares
        self._compiled = compiled
        self._rows: Columns | None = None
        self._marks: NDArray[np.float64] = np.zeros((0, 2 * END_MARKS))
        self._entry = Entry()
        self._bench = Bench()
        self._waiting: deque[_Waiting] = deque()
        self.total_s = 0.0

    def add(self, block: ToolpathBlock) -> list[TimedBlock]:
        """Rows that are settled now.

        Args:
            block: follows the rows before it.
        """
        if not len(block):
            return []
        rows = columns_of(block, self._model)
        marks = self._marks[:0]
        if self._shares:
            length = rows.length
            marks = row_marks_um(length, self._model.near_um[block.recipe])
            blank = TimedBlock(block, length, np.full(len(block), np.nan), marks, np.full(marks.shape, np.nan))
            self._waiting.append(_Waiting(blank))
        if self._rows is None and self._model.stops_after_travel and not rows.feeds.any():
            self._stand(rows)
        else:
            self._marks = marks if self._rows is None else np.concatenate((self._marks, marks))
            self._rows = rows if self._rows is None else self._rows.followed_by(rows)
            self._advance(closes=False)
        return self._done()

    def finish(self) -> list[TimedBlock]:
        """The rest: the file ends at standstill."""
        if self._rows is not None:
            self._advance(closes=True)
        self._entry = Entry()
        return self._done()

    def _stand(self, rows: Columns) -> None:
        seconds = standing_seconds(rows, self._model)
        self.total_s += float(seconds.sum())
        self._entry = Entry(was_lit=0)
        if self._shares:
            self._fill(seconds, None)

    def _advance(self, *, closes: bool) -> None:
        rows = self._rows
        if rows is None:
            return
        # Once loaded, compiled code is faster for any number of rows.
        wanted = self._bench.is_compiled or len(rows) >= COMPILED_FROM_ROWS
        self._bench.is_compiled = wanted if self._compiled is None else self._compiled
        marks = self._marks if self._shares else None
        solution = solve(rows, marks, self._model, self._entry, self._bench, closes=closes)
        self.total_s += solution.total_s
        self._entry = solution.entry
        self._rows = rows.behind(solution.rows) if solution.rows < len(rows) else None
        if solution.seconds is not None:
            self._marks = self._marks[solution.rows :]
            self._fill(solution.seconds, solution.marks_s)

    def _fill(self, seconds: NDArray[np.float64], marks_s: NDArray[np.float64] | None) -> None:
        """Times of the next rows, into the blocks they belong to."""
        done = 0
        for waiting in self._waiting:
            here = waiting.filled
            n = min(len(waiting.timed.seconds) - here, len(seconds) - done)
            waiting.timed.seconds[here : here + n] = seconds[done : done + n]
            if marks_s is not None:
                waiting.timed.marks_s[here : here + n] = marks_s[done : done + n]
            waiting.filled += n
            done += n

    def _done(self) -> list[TimedBlock]:
        ready = []
        while self._waiting and self._waiting[0].filled == len(self._waiting[0].timed.block):
            ready.append(self._waiting.popleft().timed)
        return ready


def row_seconds(blocks: Iterable[ToolpathBlock], model: MotionModel) -> NDArray[np.float64]:
    """float64 (N,), s of every row of one job file."""
    clock = Clock(model)
    timed = [one for block in blocks for one in clock.add(block)] + clock.finish()
    return np.concatenate([one.seconds for one in timed]) if timed else np.zeros(0)
