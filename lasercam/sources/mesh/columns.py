"""Where a surface crosses the columns of a grid: one result, in NumPy and compiled.

Every edge of the projected mesh asks for the grid rows from its lower end up to, but not including, its upper end,
and for the columns left of it. Both are functions of the edge alone, so that triangles that share an edge agree about
it: no column slips between them or meets both, and the signed crossings of a closed mesh cancel in every column.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lasercam.geometry.polylines import ramp

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Engine = Literal["auto", "numpy", "numba"]

COMPILED_FROM = 50_000
"""Triangles and crossings, together, from which loading the compiled kernel (about half a second) pays."""
_PAIRS_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Grid:
    """Points of a regular grid; columns run along z.

    Attributes:
        first_um: x, y, z of the first point, µm.
        pitch_um: distance of points along x, y, z, µm.
        counts: points along x, y, z.
    """

    first_um: tuple[float, float, float]
    pitch_um: tuple[float, float, float]
    counts: tuple[int, int, int]

    def turned(self, axes: tuple[int, int, int]) -> "Grid":
        """The grid with axes in another order: its columns run along `axes[2]`."""
        x, y, z = axes
        first, pitch, counts = self.first_um, self.pitch_um, self.counts
        return Grid((first[x], first[y], first[z]), (pitch[x], pitch[y], pitch[z]), (counts[x], counts[y], counts[z]))

    def slab(self, first: int, stop: int) -> "Grid":
        """Layers `first` to `stop - 1`."""
        x, y, z = self.first_um
        nx, ny, _ = self.counts
        return Grid((x, y, z + first * self.pitch_um[2]), self.pitch_um, (nx, ny, stop - first))


@dataclass(frozen=True, eq=False)
class Crossings:
    """Crossings of the surface, collected on a grid.

    Attributes:
        steps: int32 (layers, rows, columns). Signed: the sum of the directions of the crossings whose last point
            above (at smaller z) it is. Unsigned: 1 where the surface passes the point within half a pitch along z.
        sums: int32 (rows, columns), signed crossings of each column that were kept.
        touched: bool (rows, columns), columns with a crossing in `sums`.
    """

    steps: NDArray[np.int32]
    sums: NDArray[np.int32]
    touched: NDArray[np.bool_]


def cross(
    triangles: FloatArray,
    grid: Grid,
    *,
    signed: bool,
    above: bool = True,
    below: bool = True,
    engine: Engine = "auto",
) -> Crossings:
    """The crossings of triangles with the columns of a grid.

    Args:
        triangles: float64 (F, 3, 3), corners in µm.
        grid: where columns and points lie.
        signed: see `Crossings.steps`.
        above: whether crossings above the first point's share of its column are kept (in `sums` only); not where
            another slab lies above and has them.
        below: whether crossings below the last point's share are kept, for that point; not where another slab lies
            below.
        engine: `auto` compiles where it pays; the result does not depend on it.
    """
    nx, ny, nz = grid.counts
    steps = np.zeros((nz, ny, nx), np.int32)
    sums = np.zeros((ny, nx), np.int32)
    touched = np.zeros((ny, nx), np.bool_)
    flat = np.ascontiguousarray(triangles, dtype=np.float64).reshape(-1, 9)
    numbers = np.array([*grid.first_um, *grid.pitch_um])
    flags = np.array([signed, above, below])
    if engine == "numba" or (engine == "auto" and _work(flat, grid) >= COMPILED_FROM):
        _kernel()(flat, numbers, flags, steps, sums, touched)
    else:
        for first in range(0, len(flat), _PAIRS_AT_ONCE // 8):
            _plain(flat[first : first + _PAIRS_AT_ONCE // 8], numbers, flags, steps, sums, touched)
    return Crossings(steps, sums, touched)


def _work(flat: FloatArray, grid: Grid) -> float:
    wide = np.ptp(flat[:, 0::3], axis=1) / grid.pitch_um[0]
    high = np.ptp(flat[:, 1::3], axis=1) / grid.pitch_um[1]
    return len(flat) + float((np.minimum(wide, grid.counts[0]) * np.minimum(high, grid.counts[1])).sum()) / 2.0


def _plain(
    flat: FloatArray,
    numbers: FloatArray,
    flags: NDArray[np.bool_],
    steps: NDArray[np.int32],
    sums: NDArray[np.int32],
    touched: NDArray[np.bool_],
) -> None:
    x0, y0, z0, px, py, pz = numbers
    signed, above, below = flags
    nz, ny, nx = steps.shape
    corner = flat.reshape(-1, 3, 3)
    bottom, top = corner[:, :, 1].min(axis=1), corner[:, :, 1].max(axis=1)
    first = np.clip(np.ceil((bottom - y0) / py), 0, ny).astype(np.int64)
    stop = np.clip(np.ceil((top - y0) / py), 0, ny).astype(np.int64)
    count = np.maximum(stop - first, 0)
    owner = np.repeat(np.arange(len(corner)), count)
    row = first[owner] + ramp(count)
    y = y0 + row * py
    up, down = np.zeros(len(owner), np.int64), np.zeros(len(owner), np.int64)
    for e in range(3):
        a, b = corner[owner, e], corner[owner, (e + 1) % 3]
        rising = a[:, 1] < b[:, 1]
        low, high = np.where(rising[:, None], a, b), np.where(rising[:, None], b, a)
        r0 = np.ceil((low[:, 1] - y0) / py)
        r1 = np.ceil((high[:, 1] - y0) / py)
        hit = (row >= r0) & (row < r1)
        with np.errstate(divide="ignore", invalid="ignore"):
            x = low[:, 0] + (y - low[:, 1]) * (high[:, 0] - low[:, 0]) / (high[:, 1] - low[:, 1])
        x = np.maximum(np.minimum(x, np.maximum(low[:, 0], high[:, 0])), np.minimum(low[:, 0], high[:, 0]))
        column = np.clip(np.ceil((np.where(hit, x, 0.0) - x0) / px), 0, nx).astype(np.int64)
        up = np.where(hit & rising, column, up)
        down = np.where(hit & ~rising, column, down)
    width = np.abs(up - down)
    pair = np.repeat(np.arange(len(owner)), width)
    column = np.minimum(up, down)[pair] + ramp(width)
    tri, row = corner[owner[pair]], row[pair]
    sign = np.where(up > down, 1, -1)[pair]
    e1, e2 = tri[:, 1] - tri[:, 0], tri[:, 2] - tri[:, 0]
    normal_x = e1[:, 1] * e2[:, 2] - e1[:, 2] * e2[:, 1]
    normal_y = e1[:, 2] * e2[:, 0] - e1[:, 0] * e2[:, 2]
    normal_z = e1[:, 0] * e2[:, 1] - e1[:, 1] * e2[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        gx, gy = -normal_x / normal_z, -normal_y / normal_z
        z = tri[:, 0, 2] + ((x0 + column * px - tri[:, 0, 0]) * gx + (y0 + row * py - tri[:, 0, 1]) * gy)
    lowest, highest = tri[:, :, 2].min(axis=1), tri[:, :, 2].max(axis=1)
    z = np.where(np.isfinite(z), np.minimum(np.maximum(z, lowest), highest), lowest)
    layer = np.ceil((z - z0) / pz) - 1.0 if signed else np.floor((z - z0) / pz + 0.5)
    keep = (above | (layer >= 0)) & (below | (layer < nz))
    row, column, sign = row[keep], column[keep], sign[keep]
    layer = np.clip(layer[keep], -1, nz - 1).astype(np.int64)
    np.add.at(sums, (row, column), sign)
    touched[row, column] = True
    inside = layer >= 0
    where = (layer[inside], row[inside], column[inside])
    if signed:
        np.add.at(steps, where, sign[inside])
    else:
        steps[where] = 1


def _cross(  # pragma: no cover - runs compiled; proven equal to _plain
    flat: FloatArray,
    numbers: FloatArray,
    flags: NDArray[np.bool_],
    steps: NDArray[np.int32],
    sums: NDArray[np.int32],
    touched: NDArray[np.bool_],
) -> None:
    x0, y0, z0, px, py, pz = numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]
    signed, above, below = flags[0], flags[1], flags[2]
    nz, ny, nx = steps.shape
    for t in range(len(flat)):
        f = flat[t]
        bottom = min(f[1], min(f[4], f[7]))
        top = max(f[1], max(f[4], f[7]))
        first = int(min(max(np.ceil((bottom - y0) / py), 0.0), float(ny)))
        stop = int(min(max(np.ceil((top - y0) / py), 0.0), float(ny)))
        if stop <= first:
            continue
        ax, ay, az = f[3] - f[0], f[4] - f[1], f[5] - f[2]
        bx, by, bz = f[6] - f[0], f[7] - f[1], f[8] - f[2]
        normal_x = ay * bz - az * by
        normal_y = az * bx - ax * bz
        normal_z = ax * by - ay * bx
        steep = normal_z == 0.0
        gx = 0.0 if steep else -normal_x / normal_z
        gy = 0.0 if steep else -normal_y / normal_z
        lowest = min(f[2], min(f[5], f[8]))
        highest = max(f[2], max(f[5], f[8]))
        for row in range(first, stop):
            y = y0 + row * py
            up = 0
            down = 0
            for e in range(3):
                p, q = 3 * e, 3 * ((e + 1) % 3)
                rising = f[p + 1] < f[q + 1]
                if not rising:
                    p, q = q, p
                xl, yl, xh, yh = f[p], f[p + 1], f[q], f[q + 1]
                if row < np.ceil((yl - y0) / py) or row >= np.ceil((yh - y0) / py):
                    continue
                x = xl + (y - yl) * (xh - xl) / (yh - yl)
                x = max(min(x, max(xl, xh)), min(xl, xh))
                column = int(min(max(np.ceil((x - x0) / px), 0.0), float(nx)))
                if rising:
                    up = column
                else:
                    down = column
            sign = 1 if up > down else -1
            for column in range(min(up, down), max(up, down)):
                z = lowest
                if not steep:
                    z = f[2] + ((x0 + column * px - f[0]) * gx + (y - f[1]) * gy)
                    z = min(max(z, lowest), highest) if np.isfinite(z) else lowest
                place = np.ceil((z - z0) / pz) - 1.0 if signed else np.floor((z - z0) / pz + 0.5)
                if (place < 0.0 and not above) or (place >= nz and not below):
                    continue
                layer = int(min(max(place, -1.0), float(nz - 1)))
                sums[row, column] += sign
                touched[row, column] = True
                if layer >= 0:
                    if signed:
                        steps[layer, row, column] += sign
                    else:
                        steps[layer, row, column] = 1


@functools.cache
def _kernel() -> Callable[..., Any]:
    import numba

    signature = "(float64[:,::1], float64[::1], boolean[::1], int32[:,:,::1], int32[:,::1], boolean[:,::1])"
    compiled: Callable[..., Any] = numba.njit(signature, cache=True)(_cross)
    return compiled
