"""Fills on top of fills: what shows of each."""

from collections.abc import Sequence

import numpy as np

from lasercam.geometry.area import Area


def visible_areas(areas: Sequence[tuple[int, Area]]) -> tuple[list[tuple[int, Area]], int]:
    """What shows of each area when later ones are painted over earlier ones.

    Args:
        areas: key and area, in painting order.

    Returns:
        Keys with what shows of their areas, disjoint, in painting order, hidden ones left out; and how many lost
        something.
    """
    import shapely

    if len(areas) < 2:
        return list(areas), 0
    shapes = np.array([area.geometry for _, area in areas], dtype=object)
    lower, upper = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    above = upper > lower
    lower, upper = lower[above], upper[above]
    real = ~shapely.touches(shapes[lower], shapes[upper])
    lower, upper = lower[real], upper[real]
    order = np.lexsort((upper, lower))
    lower, upper = lower[order], upper[order]
    covered, first = np.unique(lower, return_index=True)
    found = dict(enumerate(areas))
    for index, covers in zip(covered.tolist(), np.split(upper, first[1:]), strict=True):
        key, area = areas[index]
        left = area.difference(Area.union_of([areas[j][1] for j in covers.tolist()]))
        if left.is_empty:
            del found[index]
        else:
            found[index] = (key, left)
    return list(found.values()), len(covered)
