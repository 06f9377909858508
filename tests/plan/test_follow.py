"""Lines keep to a bent surface, and nothing is written where it was not measured."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.errors import PatternError
from lasercam.model.feature import FeatureBlock, dots
from lasercam.model.surface import Surface
from lasercam.plan.follow import follow_surface

GRID = st.lists(st.lists(st.floats(-8, 8), min_size=5, max_size=5), min_size=4, max_size=4)
PLACE = st.tuples(st.floats(0, 400), st.floats(0, 300), st.floats(0, 50))
X, Y = np.arange(5) * 100.0, np.arange(4) * 100.0


def lines(features: list[list[tuple[float, float, float]]]) -> FeatureBlock:
    offsets = np.cumsum([0, *map(len, features)])
    n = len(features)
    points = np.array([p for feature in features for p in feature], float)
    return FeatureBlock(points, offsets, np.arange(n, dtype=np.uint16), np.zeros(n, np.uint16))


@given(GRID, st.lists(st.lists(PLACE, min_size=1, max_size=4), min_size=1, max_size=6), st.sampled_from([0.05, 0.5]))
def test_pieces_keep_to_the_surface(
    heights: list[list[float]], features: list[list[tuple[float, float, float]]], tolerance: float
) -> None:
    surface = Surface(X, Y, np.array(heights))
    block = lines(features)
    made = follow_surface(block, surface, tolerance)
    assert len(made) == len(block)
    assert np.array_equal(made.part, block.part)
    for i, feature in enumerate(features):
        points = made.xyz_um[made.offsets[i] : made.offsets[i + 1]]
        assert points[0].tolist() == list(feature[0])
        assert points[-1].tolist() == list(feature[-1])
        given_ = iter(points.tolist())
        assert all(any(p == list(vertex) for p in given_) for vertex in feature), "no vertex is lost or moved"
        share = np.linspace(0, 1, 33)[:, None]
        for a, b in pairwise(points):
            along = a + (b - a) * share
            bent = surface.heights_um(along[:, 0], along[:, 1])
            chord = bent[0] + (bent[-1] - bent[0]) * share[:, 0]
            assert np.abs(bent - chord).max() <= tolerance + 1e-9


def test_lines_stay_whole_where_the_surface_is_plain() -> None:
    x, y = np.meshgrid(X, Y)
    surface = Surface(X, Y, 0.01 * x - 0.02 * y)
    block = lines([[(0, 0, 10), (400, 300, 10)], [(1, 1, 1)]])
    assert follow_surface(block, surface, 0.1) is block


def test_a_ridge_is_followed_where_it_is() -> None:
    heights = np.zeros((4, 5))
    heights[:, 2] = 3.0
    made = follow_surface(lines([[(0, 150, 10), (400, 150, 10)]]), Surface(X, Y, heights), 0.1)
    assert made.xyz_um[:, 0].tolist() == [0, 100, 200, 300, 400]


@pytest.mark.parametrize("block", [dots(np.array([[1.0, 1, 1], [400.5, 20, 1]])), lines([[(1, 1, 1), (400.5, 20, 1)]])])
def test_places_that_were_not_measured_are_refused(block: FeatureBlock) -> None:
    surface = Surface(X, Y, np.zeros((4, 5)))
    with pytest.raises(PatternError, match=r"x 400\.5000, y 20\.0000 µm\. .* nearest place is x 400\.0000, y 20\.0000"):
        follow_surface(block, surface, 0.1)
