"""Fills on top of fills, and areas that stay whole when coordinates round."""

from collections.abc import Sequence
from typing import Any

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
    if not len(lower):
        return list(areas), 0
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


def polygons_of(geometry: Any) -> Area:
    """The polygons of any shapely geometry; lines and points enclose nothing and are left out."""
    import shapely

    parts = shapely.get_parts(shapely.get_parts(np.atleast_1d(geometry)))
    return Area(shapely.multipolygons(parts[(shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)]))


def moved_area(area: Area, x_um: float, y_um: float) -> Area:
    """The area moved; where rounding makes its outline touch itself, it is divided there."""
    import shapely

    moved = shapely.transform(area.geometry, lambda xy: xy + np.array([x_um, y_um]))
    return Area(moved) if shapely.is_valid(moved) else polygons_of(shapely.make_valid(moved))
