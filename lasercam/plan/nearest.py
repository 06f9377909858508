"""The nearest-neighbour walk over reversible features: a plain implementation and a compiled one, same result."""

from collections.abc import Callable
from functools import cache
from math import ceil, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

_Walk = tuple[NDArray[np.int64], NDArray[np.bool_]]


def walk_plain(starts: NDArray[np.float64], ends: NDArray[np.float64], position: NDArray[np.float64]) -> _Walk:
    """Order and reversal by brute force, for small tiles and as the oracle: O(P²) in NumPy.

    Args:
        starts, ends: float64 (P, 3).
        position: float64 (3,).
    """
    count = len(starts)
    index = np.empty(count, np.int64)
    reverse = np.zeros(count, np.bool_)
    open_ = np.ones(count, np.bool_)
    here = position
    for step in range(count):
        to_start = ((starts - here) ** 2).sum(axis=1)
        to_end = ((ends - here) ** 2).sum(axis=1)
        nearer = np.where(open_, np.minimum(to_start, to_end), np.inf)
        chosen = int(np.argmin(nearer))
        index[step], reverse[step] = chosen, to_end[chosen] < to_start[chosen]
        open_[chosen] = False
        here = starts[chosen] if reverse[step] else ends[chosen]
    return index, reverse


def walk_compiled(starts: NDArray[np.float64], ends: NDArray[np.float64], position: NDArray[np.float64]) -> _Walk:
    """The same walk over a grid of cells, compiled: about O(P).

    Args:
        starts, ends: float64 (P, 3).
        position: float64 (3,).
    """
    points = np.ascontiguousarray(np.concatenate((starts, ends)))
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    width, height = (float(v) for v in high - low)
    area = max(width, 1e-9) * max(height, 1e-9)
    size = max(sqrt(area / len(points)) * 1.5, max(width, height) / 4096.0, 1e-9)
    shape = (max(1, min(8192, ceil(width / size))), max(1, min(8192, ceil(height / size))))
    column = np.minimum(((points[:, 0] - low[0]) / size).astype(np.int64), shape[0] - 1)
    row = np.minimum(((points[:, 1] - low[1]) / size).astype(np.int64), shape[1] - 1)
    cell = row * shape[0] + column
    listed = np.argsort(cell, kind="stable").astype(np.int64)
    first = np.searchsorted(cell[listed], np.arange(shape[0] * shape[1] + 1)).astype(np.int64)
    index, reverse = _kernel()(points, position, listed, first, float(low[0]), float(low[1]), size, shape[0], shape[1])
    return index, reverse


@cache
def _kernel() -> Callable[..., Any]:
    """Compile (or load from the cache) on first use."""
    from numba import njit

    @njit(cache=True)
    def walk(points, position, listed, first, x0, y0, size, nx, ny):  # type: ignore[no-untyped-def]
        total = points.shape[0]
        count = total // 2
        index = np.empty(count, np.int64)
        reverse = np.zeros(count, np.bool_)
        is_open = np.ones(count, np.bool_)
        left = np.empty(nx * ny, np.int64)  # open points per cell, swapped to the front of its list
        place = np.empty(total, np.int64)
        for c in range(nx * ny):
            left[c] = first[c + 1] - first[c]
            for k in range(first[c], first[c + 1]):
                place[listed[k]] = k
        cell_of = np.empty(total, np.int64)
        for c in range(nx * ny):
            for k in range(first[c], first[c + 1]):
                cell_of[listed[k]] = c
        hx, hy, hz = position[0], position[1], position[2]
        slack = 1e-12 * (abs(x0) + abs(y0) + (nx + ny) * size)
        for step in range(count):
            cx = min(max(int((hx - x0) / size), 0), nx - 1)
            cy = min(max(int((hy - y0) / size), 0), ny - 1)
            best = np.inf
            chosen = -1
            ring = 0
            while ring <= max(nx, ny):
                # Beyond this ring nothing can be nearer than the distance to its border.
                for iy in range(cy - ring, cy + ring + 1):
                    if iy < 0 or iy >= ny:
                        continue
                    step_x = 1 if (iy == cy - ring or iy == cy + ring) else max(2 * ring, 1)
                    for ix in range(cx - ring, cx + ring + 1, step_x):
                        if ix < 0 or ix >= nx:
                            continue
                        c = iy * nx + ix
                        for k in range(first[c], first[c] + left[c]):
                            p = listed[k]
                            dx, dy, dz = points[p, 0] - hx, points[p, 1] - hy, points[p, 2] - hz
                            d = dx * dx + dy * dy + dz * dz
                            f, g = p % count, chosen % count
                            if d < best or (d == best and (f < g or (f == g and p < chosen))):
                                best = d
                                chosen = p
                if chosen >= 0:
                    border_x = min(hx - (x0 + (cx - ring) * size), x0 + (cx + ring + 1) * size - hx)
                    border_y = min(hy - (y0 + (cy - ring) * size), y0 + (cy + ring + 1) * size - hy)
                    # Less what rounding may have moved a point across a cell's border.
                    border = min(border_x, border_y) - slack
                    if border > 0 and border * border > best:
                        break
                ring += 1
            f = chosen % count
            index[step] = f
            reverse[step] = chosen >= count
            is_open[f] = False
            for p in (f, f + count):
                c = cell_of[p]
                last = first[c] + left[c] - 1
                other = listed[last]
                listed[place[p]], listed[last] = other, p
                place[other], place[p] = place[p], last
                left[c] -= 1
            out = f if reverse[step] else f + count
            hx, hy, hz = points[out, 0], points[out, 1], points[out, 2]
        return index, reverse

    return walk
