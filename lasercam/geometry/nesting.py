"""Which features lie inside which closed lines."""

import numpy as np
from numpy.typing import NDArray

FEWEST_VERTICES = 4
"""A closed line has three corners at least, and the first one again."""


def closed_lines(xy_um: NDArray[np.float64], offsets: NDArray[np.int64]) -> NDArray[np.bool_]:
    """bool (P,), lines that end where they begin and go round something.

    Args:
        xy_um: float64 (M, 2), vertices.
        offsets: int64 (P+1,), vertices of feature i are `offsets[i]:offsets[i+1]`.
    """
    first, last = xy_um[offsets[:-1]], xy_um[offsets[1:] - 1]
    return np.asarray((np.diff(offsets) >= FEWEST_VERTICES) & np.all(first == last, axis=1))


def inside_pairs(
    xy_um: NDArray[np.float64], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Pairs (closed line, feature inside it), by even and odd crossings where a line crosses itself.

    A feature is inside when all of it is, its outline at most touching. Of two equal lines neither is inside.

    Args:
        xy_um: float64 (M, 2).
        offsets: int64 (P+1,).

    Returns:
        intp (K,) and intp (K,), indices of features; float64 (P,), the area each closed line goes round, 0 for others.
    """
    import shapely

    area = np.zeros(len(offsets) - 1)
    closed = np.flatnonzero(closed_lines(xy_um, offsets))
    none = np.zeros(0, np.intp)
    if not len(closed):
        return none, none, area
    feature = np.repeat(np.arange(len(area)), np.diff(offsets))
    around = np.isin(feature, closed)
    rings = shapely.linearrings(xy_um[around], indices=np.searchsorted(closed, feature[around]))
    regions = shapely.polygons(rings)
    broken = ~shapely.is_valid(regions)
    regions[broken] = shapely.make_valid(regions[broken])
    area[closed] = shapely.area(regions)
    shapes = np.empty(len(area), object)
    is_dot = np.diff(offsets) == 1
    shapes[is_dot] = shapely.points(xy_um[offsets[:-1][is_dot]])
    lines = np.flatnonzero(~is_dot)
    drawn = np.isin(feature, lines)
    shapes[lines] = shapely.linestrings(xy_um[drawn], indices=np.searchsorted(lines, feature[drawn]))
    region, inner = shapely.STRtree(shapes).query(regions, predicate="contains")
    outer = closed[region]
    smaller = (inner != outer) & (area[inner] < area[outer])
    return outer[smaller], inner[smaller], area
