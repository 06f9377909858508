"""How long after the last exposure nearby each exposure begins: a grid of places that remember their last exposure.

A place is a square of the picture plane. It holds when and how deep it was last exposed, and by which feature. An
exposure looks at all places within the neighbour distance, and only at those whose last exposure lies within that
distance in depth too. Memory is that of the grid, however many rows there are.
"""

from collections.abc import Callable
from functools import cache
from math import ceil, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_CELLS = 12_000_000
"""Places of a grid: some 290 MB."""
COMPILED_FROM_SAMPLES = 20_000
_CELLS_PER_DISTANCE = 2.0


class NeighbourGrid:
    """Remembers the last exposure of every place of a box."""

    def __init__(self, low_um: tuple[float, float], high_um: tuple[float, float], distance_um: float) -> None:
        """An empty grid.

        Args:
            low_um, high_um: corners of everything exposed.
            distance_um: exposures nearer than this are neighbours, > 0.
        """
        width, height = (max(high - low, 0.0) for low, high in zip(low_um, high_um, strict=True))
        cell = max(distance_um / _CELLS_PER_DISTANCE, sqrt(max(width, 1e-9) * max(height, 1e-9) / MOST_CELLS))
        self.cell_um = max(cell, max(width, height) / MOST_CELLS)
        self.distance_um = distance_um
        self._low = np.array(low_um)
        shape = (int(height / self.cell_um) + 1, int(width / self.cell_um) + 1)
        self._time = np.full(shape, -np.inf)
        self._place = np.zeros((*shape, 3), np.float32)
        self._feature = np.full(shape, -1, np.int32)

    def gaps(
        self,
        start_um: NDArray[np.float64],
        end_um: NDArray[np.float64],
        begin_s: NDArray[np.float64],
        end_s: NDArray[np.float64],
        feature: NDArray[np.int64],
        *,
        compiled: bool | None = None,
    ) -> NDArray[np.float64]:
        """Shortest time since a neighbour's end, float64 (N,), s; infinite where there is none yet.

        Args:
            start_um, end_um: float64 (N, 3), in the order of writing; equal for dots.
            begin_s, end_s: float64 (N,), beam on and off, on one clock for all calls.
            feature: int64 (N,); exposures of one feature are no neighbours of each other.
            compiled: for tests; by default it depends on the amount of work.
        """
        found = np.full(len(feature), np.inf)
        if compiled is None:
            way = np.sqrt(((end_um - start_um)[:, :2] ** 2).sum(axis=1))
            samples = len(feature) + float(way.sum()) / self.cell_um
            compiled = samples > COMPILED_FROM_SAMPLES or bool(_compiled.cache_info().currsize)
        kernel = _compiled() if compiled else _gap_loops
        with np.errstate(invalid="ignore"):
            kernel(
                np.ascontiguousarray(start_um - [*self._low, 0.0]),
                np.ascontiguousarray(end_um - [*self._low, 0.0]),
                begin_s, end_s, feature.astype(np.int32), found,
                self._time, self._place, self._feature, self.cell_um, self.distance_um,
            )  # fmt: skip
        return found


def _gap_loops(
    start: Any, end: Any, begin_s: Any, end_s: Any, feature: Any, found: Any,
    time: Any, place: Any, owner: Any, cell: float, distance: float,
) -> None:  # fmt: skip
    """Exposure by exposure, sample by sample; the grid is changed in place."""
    rows, columns = time.shape
    reach = ceil(distance / cell)
    near = distance * distance * (1.0 + 1e-6)
    for i in range(len(found)):
        dx, dy, dz = end[i, 0] - start[i, 0], end[i, 1] - start[i, 1], end[i, 2] - start[i, 2]
        pieces = ceil(sqrt(dx * dx + dy * dy) / cell)
        shortest = np.inf
        for k in range(pieces + 1):
            share = k / pieces if pieces > 0 else 1.0
            x, y, z = start[i, 0] + share * dx, start[i, 1] + share * dy, start[i, 2] + share * dz
            now = begin_s[i] + share * (end_s[i] - begin_s[i]) if pieces > 0 else begin_s[i]
            column, row = min(max(int(x / cell), 0), columns - 1), min(max(int(y / cell), 0), rows - 1)
            for r in range(max(row - reach, 0), min(row + reach + 1, rows)):
                for c in range(max(column - reach, 0), min(column + reach + 1, columns)):
                    gap = now - time[r, c]
                    if gap >= shortest or owner[r, c] == feature[i]:
                        continue
                    ex, ey, ez = x - place[r, c, 0], y - place[r, c, 1], z - place[r, c, 2]
                    if ex * ex + ey * ey + ez * ez <= near:
                        shortest = gap
            time[row, column] = now if pieces > 0 else end_s[i]
            place[row, column, 0] = x
            place[row, column, 1] = y
            place[row, column, 2] = z
            owner[row, column] = feature[i]
        found[i] = max(shortest, 0.0)


@cache
def _compiled() -> Callable[..., None]:
    """The loops as machine code, kept on disk between runs."""
    import numba

    kernel: Callable[..., None] = numba.njit(cache=True, nogil=True)(_gap_loops)
    return kernel
