"""Shapes for property tests."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from lasercam.geometry.area import Area
from lasercam.geometry.polylines import Polylines

coordinates = st.floats(-50.0, 50.0, allow_nan=False).map(lambda x: round(x, 3))
grid_coordinates = st.integers(-8, 8).map(float)
points = st.tuples(coordinates, coordinates)
grid_points = st.tuples(grid_coordinates, grid_coordinates)
rings = st.lists(st.one_of(points, grid_points), min_size=3, max_size=12).map(np.array)
grid_rings = st.lists(grid_points, min_size=3, max_size=12).map(np.array)
fill_rules = st.sampled_from(["nonzero", "evenodd"])
many_rings = st.lists(st.one_of(rings, grid_rings), min_size=1, max_size=4).map(Polylines.from_list)
areas = st.builds(Area.from_rings, many_rings, fill_rules).filter(lambda area: area.area_um2 > 1e-3)


def square(x: float, y: float, side: float) -> Area:
    return Area.from_rectangles([[x, y]], [[x + side, y + side]])
