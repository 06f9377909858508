"""Times rows as they stream by: blocks go in, and come back when nothing that follows can change them."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.model.timing import TimedBlock
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

    block: ToolpathBlock
    near_um: NDArray[np.float64]
    times: NDArray[np.float64]
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
        self._near: NDArray[np.float64] = np.zeros(0)
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
        near = np.zeros(0)
        if self._shares:
            near = np.minimum(self._model.near_um[block.recipe], 0.5 * rows.length)
            self._waiting.append(_Waiting(block, near, np.full((3, len(block)), np.nan)))
        if self._rows is None and self._model.stops_after_travel and not rows.feeds.any():
            self._stand(rows)
        else:
            self._near = near if self._rows is None else np.concatenate((self._near, near))
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
            self._fill(np.stack((seconds, np.full(len(seconds), np.nan), np.full(len(seconds), np.nan))))

    def _advance(self, *, closes: bool) -> None:
        rows = self._rows
        if rows is None:
            return
        self._bench.is_compiled = len(rows) >= COMPILED_FROM_ROWS if self._compiled is None else self._compiled
        solution = solve(
            rows, self._near if self._shares else None, self._model, self._entry, self._bench, closes=closes
        )
        self.total_s += solution.total_s
        self._entry = solution.entry
        self._rows = rows.behind(solution.rows) if solution.rows < len(rows) else None
        if solution.times is not None:
            self._near = self._near[solution.rows :]
            self._fill(solution.times)

    def _fill(self, times: NDArray[np.float64]) -> None:
        """Times (3, N) of the next rows, into the blocks they belong to."""
        done = 0
        for waiting in self._waiting:
            n = min(waiting.times.shape[1] - waiting.filled, times.shape[1] - done)
            waiting.times[:, waiting.filled : waiting.filled + n] = times[:, done : done + n]
            waiting.filled += n
            done += n

    def _done(self) -> list[TimedBlock]:
        ready = []
        while self._waiting and self._waiting[0].filled == len(self._waiting[0].block):
            one = self._waiting.popleft()
            ready.append(TimedBlock(one.block, one.times[0], one.times[1], one.times[2], one.near_um))
        return ready


def row_seconds(blocks: Iterable[ToolpathBlock], model: MotionModel) -> NDArray[np.float64]:
    """float64 (N,), s of every row of one job file."""
    clock = Clock(model)
    timed = [one for block in blocks for one in clock.add(block)] + clock.finish()
    return np.concatenate([one.seconds for one in timed]) if timed else np.zeros(0)
