"""Points in any order brought into that of writing: deepest first, and by tiles within a depth."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from math import ceil, sqrt
from pathlib import Path
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

MAX_IN_MEMORY = 4_000_000
"""Points held in memory, 160 MB while they are sorted; more are sorted on disk."""
WINDOW = 131_072
"""Rows of each sorted run that are looked at together while runs are merged."""
POINTS_PER_TILE = 4_096
"""Points that a tile of the plane holds on average."""

Rows = NDArray[np.float64]


class OrderedPoints:
    """Points sorted once, read as often as needed.

    Attributes:
        count: how many there are.
        low: float64 (3,), smallest x, y, z.
        high: float64 (3,), largest.
    """

    def __init__(self, pieces: Iterable[Rows]) -> None:
        """Take rows (N, 4) of x, y, z, variant, in any order, and sort them."""
        self._folder: Path | None = None
        self._runs: list[Rows] = []
        self.count = 0
        self.low, self.high = np.full(3, np.inf), np.full(3, -np.inf)
        for piece in pieces:
            self.low = np.minimum(self.low, piece[:, :3].min(axis=0))
            self.high = np.maximum(self.high, piece[:, :3].max(axis=0))
            self.count += len(piece)
            self._runs.append(piece)
            if self.count > MAX_IN_MEMORY:
                self._spill()
        self._set_tiles()
        if self.count > MAX_IN_MEMORY:
            for run in self._runs:
                run[:] = self._sorted(np.array(run))
        elif self._runs:
            self._runs = [self._sorted(np.concatenate(self._runs))]

    def rows(self, max_rows: int) -> Iterator[Rows]:
        """All rows in order, at most `max_rows` at a time."""
        if len(self._runs) == 1:
            merged: Iterable[Rows] = self._runs
        else:
            merged = self._merged()
        for piece in merged:
            for start in range(0, len(piece), max_rows):
                yield np.array(piece[start : start + max_rows])

    def _spill(self) -> None:
        """Move runs that are still in memory to disk."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="lasercam-points-"))
            finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        for i, run in enumerate(self._runs):
            if not isinstance(run, np.memmap):
                path = self._folder / f"{i:06d}.npy"
                held = np.lib.format.open_memmap(path, mode="w+", dtype=np.float64, shape=run.shape)
                held[:] = run
                self._runs[i] = held

    def _set_tiles(self) -> None:
        size = np.maximum(self.high[:2] - self.low[:2], 0.0) if self.count else np.zeros(2)
        share = min(1.0, POINTS_PER_TILE / max(self.count, 1))
        # On a line or a single place one of the sides is nothing.
        edge = sqrt(float(size[0] * size[1]) * share) or float(size.max()) * share or 1.0
        self._edge = edge
        self._columns = ceil(float(size[0]) / edge) + 1

    def _keys(self, rows: Rows) -> tuple[Rows, NDArray[np.int64]]:
        """What rows are ordered by: height above the deepest, and tile."""
        column, row = (np.floor((rows[:, axis] - self.low[axis]) / self._edge).astype(np.int64) for axis in (0, 1))
        return -rows[:, 2], row * self._columns + column

    def _sorted(self, rows: Rows) -> Rows:
        height, tile = self._keys(rows)
        # Everything takes part, so that the order does not depend on the file's.
        return rows[np.lexsort((rows[:, 3], rows[:, 0], rows[:, 1], tile, height))]

    def _merged(self) -> Iterator[Rows]:
        """Sorted runs as one: rows up to the lowest last row of all windows are complete and may go."""
        at = [0] * len(self._runs)
        while True:
            open_runs = [i for i, run in enumerate(self._runs) if at[i] < len(run)]
            if not open_runs:
                return
            windows = {i: np.array(self._runs[i][at[i] : at[i] + WINDOW]) for i in open_runs}
            keys = {i: self._keys(window) for i, window in windows.items()}
            unfinished = [i for i in open_runs if at[i] + len(windows[i]) < len(self._runs[i])]
            bound = min(((float(keys[i][0][-1]), int(keys[i][1][-1])) for i in unfinished), default=None)
            taken = []
            for i in open_runs:
                height, tile = keys[i]
                count = len(height)
                if bound is not None:
                    # Rows equal to the bound may follow in the window's own run, so they wait, unless all are equal.
                    before = (height < bound[0]) | ((height == bound[0]) & (tile < bound[1]))
                    count = int(np.count_nonzero(before))
                taken.append(windows[i][:count])
                at[i] += count
            rows = np.concatenate(taken)
            if len(rows):
                yield self._sorted(rows)
            elif bound is not None:
                yield self._one_tile(at, bound)

    def _one_tile(self, at: list[int], bound: tuple[float, int]) -> Rows:
        """All rows of a tile that is larger than a window, together."""
        taken = []
        for i, run in enumerate(self._runs):
            while at[i] < len(run):
                window = np.array(run[at[i] : at[i] + WINDOW])
                height, tile = self._keys(window)
                count = int(np.count_nonzero((height == bound[0]) & (tile == bound[1])))
                taken.append(window[:count])
                at[i] += count
                if count < len(window):
                    break
        return self._sorted(np.concatenate(taken))
