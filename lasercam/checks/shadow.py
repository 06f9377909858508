"""How much of a cone of light meets what is already written: a map of coverage per depth, read and filled in time.

A map is a pyramid: cells at its base hold the share of their area that is written, each level above the mean of four
cells. The part of a cone's cross-section that is written is the mean over the cells inside its circle, on the level
where the circle is a few cells wide. So an exposure costs about as much at any depth, and memory does not grow with
the pattern. One source runs as plain Python and compiled.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

COMPILED_FROM: Final = 2_000
"""Dots, or cells along lines, from which the compiled loop pays for its start-up."""
MOST_PLANES: Final = 64
"""Maps that are kept; more depths than that share maps."""
MOST_CELLS: Final = 4_194_304
"""Cells of all maps together, 8 bytes each; a third more above the base."""
_FEWEST_BITS, _MOST_BITS = 3, 10  # a map is 8 to 1024 cells wide


@dataclass(frozen=True, eq=False)
class Maps:
    """Written area by depth.

    Attributes:
        depth_um: float64 (P,), rising; one map each.
        coverage: float64 (P, C), 0 to 1; all levels of each pyramid one after the other, the base first.
        box: float64 (P, 4), lowest and highest x and y that are written, µm; the low ones above the high while empty.
        low_um: float64 (2,), corner of the maps.
        cell_um: width of a cell at the base.
        bits: the base is 2^bits cells wide.
    """

    depth_um: NDArray[np.float64]
    coverage: NDArray[np.float64]
    box: NDArray[np.float64]
    low_um: NDArray[np.float64]
    cell_um: float
    bits: int


def empty_maps(
    depths_um: NDArray[np.float64], low_um: NDArray[np.float64], high_um: NDArray[np.float64], widest_um: float
) -> Maps:
    """Maps in which nothing is written.

    Args:
        depths_um: float64 (N,), all depths that occur, N ≥ 1; or the two ends of a range with more than can be told.
        low_um, high_um: float64 (2,), box around everything.
        widest_um: radius of the widest feature: a cell holds its whole width.
    """
    depth = np.unique(depths_um)
    if len(depth) > MOST_PLANES:
        half = (depth[-1] - depth[0]) / MOST_PLANES / 2.0
        depth = np.linspace(depth[0] + half, depth[-1] - half, MOST_PLANES)
    size_um = max(float((high_um - low_um).max()), 1e-3)
    allowed = int(math.log2(MOST_CELLS // len(depth))) // 2
    needed = math.ceil(math.log2(max(size_um / (2.0 * widest_um), 1.0)))
    bits = min(max(needed, _FEWEST_BITS), allowed, _MOST_BITS)
    cell_um = max(size_um * (1.0 + 1e-9) / 2**bits, 2.0 * widest_um)
    cells = sum(4**b for b in range(bits + 1))
    box = np.tile(np.array([np.inf, np.inf, -np.inf, -np.inf]), (len(depth), 1))
    return Maps(depth, np.zeros((len(depth), cells)), box, np.array(low_um, np.float64), cell_um, bits)


@dataclass(frozen=True, eq=False)
class Light:
    """Exposures in the order they happen, in µm of the sample's frame.

    Attributes:
        start_um, end_um: float64 (N, 3), x, y, depth; equal for a dot.
        area_um2: float64 (N,), what each writes; 0 where it only touches what is there.
        radius_um: float64 (N,), of the focus.
        slope: float64 (N,), tangent of the cone's half-angle.
        is_judged: bool (N,), whether its cone is looked at.
    """

    start_um: NDArray[np.float64]
    end_um: NDArray[np.float64]
    area_um2: NDArray[np.float64]
    radius_um: NDArray[np.float64]
    slope: NDArray[np.float64]
    is_judged: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Blocked:
    """Of each exposure's cone, at its worst place.

    Attributes:
        share: float64 (N,), 0 to 1, of the light that meets something written, all depths together.
        plane: int64 (N,), the depth with the largest share; −1 where there is none.
        plane_share: float64 (N,), there.
    """

    share: NDArray[np.float64]
    plane: NDArray[np.int64]
    plane_share: NDArray[np.float64]


def cast_shadows(maps: Maps, light: Light) -> Blocked:
    """Look at each exposure's cone, then enter the exposure into the maps, in order; the maps are changed."""
    n = len(light.area_um2)
    found = Blocked(np.zeros(n), np.full(n, -1, np.int64), np.zeros(n))
    steps = n + float(np.abs(light.end_um - light.start_um)[:, :2].sum()) / maps.cell_um
    kernel = _compiled() if steps >= COMPILED_FROM or _compiled.cache_info().currsize else _cast
    kernel(
        light.start_um, light.end_um, light.area_um2, light.radius_um, light.slope, light.is_judged,
        maps.depth_um, maps.coverage, maps.box, maps.low_um[0], maps.low_um[1], maps.cell_um, maps.bits,
        found.share, found.plane, found.plane_share,
    )  # fmt: skip
    return found


@cache
def _compiled() -> Callable[..., None]:
    import numba

    kernel: Any = numba.njit(cache=True, nogil=True, error_model="numpy")(_cast)
    loop: Callable[..., None] = kernel
    return loop


def _cast(
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    area: NDArray[np.float64],
    radius: NDArray[np.float64],
    slope: NDArray[np.float64],
    judged: NDArray[np.bool_],
    depth: NDArray[np.float64],
    coverage: NDArray[np.float64],
    box: NDArray[np.float64],
    x_low: float,
    y_low: float,
    cell: float,
    bits: int,
    share: NDArray[np.float64],
    plane: NDArray[np.int64],
    plane_share: NDArray[np.float64],
) -> None:
    planes = len(depth)
    for i in range(len(area)):
        dx, dy, dz = end[i, 0] - start[i, 0], end[i, 1] - start[i, 1], end[i, 2] - start[i, 2]
        length = math.sqrt(dx * dx + dy * dy)
        w, t = radius[i], slope[i]
        bottom = max(start[i, 2], end[i, 2])
        x_least, x_most = min(start[i, 0], end[i, 0]), max(start[i, 0], end[i, 0])
        y_least, y_most = min(start[i, 1], end[i, 1]), max(start[i, 1], end[i, 1])
        narrowest = -1.0
        if judged[i]:
            for p in range(planes):
                away = (bottom - depth[p]) * t
                if away <= w:
                    break  # closer than the focus is long: a neighbour, not above it
                circle = math.sqrt(w * w + away * away)
                if (
                    box[p, 0] <= x_most + circle
                    and box[p, 2] >= x_least - circle
                    and box[p, 1] <= y_most + circle
                    and box[p, 3] >= y_least - circle
                ):
                    narrowest = circle  # planes go down, so the last one is the narrowest
        if narrowest > 0.0:
            points = max(1, math.ceil(length / (2.0 * narrowest)))
            for k in range(points):
                f = (k + 0.5) / points
                x, y, z = start[i, 0] + f * dx, start[i, 1] + f * dy, start[i, 2] + f * dz
                clear, most, where = 1.0, 0.0, -1
                for p in range(planes):
                    away = (z - depth[p]) * t
                    if away <= w:
                        break
                    circle = math.sqrt(w * w + away * away)
                    if box[p, 0] > x + circle or box[p, 2] < x - circle:
                        continue
                    if box[p, 1] > y + circle or box[p, 3] < y - circle:
                        continue
                    # The level on which the circle is 2 to 4 cells in radius, or the finest.
                    level, offset, wide = 0, 0, cell
                    while level < bits and circle > 4.0 * wide:
                        offset += 1 << (2 * (bits - level))
                        level += 1
                        wide *= 2.0
                    side = 1 << (bits - level)
                    reach = max(circle, 0.75 * wide)  # at least the cell around the point
                    first_x, last_x = math.floor((x - reach - x_low) / wide), math.floor((x + reach - x_low) / wide)
                    first_y, last_y = math.floor((y - reach - y_low) / wide), math.floor((y + reach - y_low) / wide)
                    total, cells = 0.0, 0
                    for cy in range(first_y, last_y + 1):
                        gap_y = y_low + (cy + 0.5) * wide - y
                        for cx in range(first_x, last_x + 1):
                            gap_x = x_low + (cx + 0.5) * wide - x
                            if gap_x * gap_x + gap_y * gap_y <= reach * reach:
                                cells += 1
                                if 0 <= cx < side and 0 <= cy < side:
                                    total += coverage[p, offset + cy * side + cx]
                    met = total / cells
                    clear *= 1.0 - met
                    if met > most:
                        most, where = met, p
                if 1.0 - clear > share[i]:
                    share[i], plane[i], plane_share[i] = 1.0 - clear, where, most
        if area[i] > 0.0:
            pieces = max(1, math.ceil(length / cell))
            side = 1 << bits
            for k in range(pieces):
                f = (k + 0.5) / pieces
                x, y, z = start[i, 0] + f * dx, start[i, 1] + f * dy, start[i, 2] + f * dz
                p = 0
                while p + 1 < planes and abs(depth[p + 1] - z) < abs(depth[p] - z):
                    p += 1
                box[p, 0], box[p, 2] = min(box[p, 0], x - radius[i]), max(box[p, 2], x + radius[i])
                box[p, 1], box[p, 3] = min(box[p, 1], y - radius[i]), max(box[p, 3], y + radius[i])
                cx = min(max(int((x - x_low) / cell), 0), side - 1)
                cy = min(max(int((y - y_low) / cell), 0), side - 1)
                old = coverage[p, cy * side + cx]
                more = min(1.0 - old, area[i] / pieces / (cell * cell))
                offset = 0
                for level in range(bits + 1):
                    coverage[p, offset + (cy >> level) * (side >> level) + (cx >> level)] += more
                    offset += 1 << (2 * (bits - level))
                    more *= 0.25
