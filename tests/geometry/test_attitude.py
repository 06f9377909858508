"""Matrices of a sample's lie: exact turns, planes through heights."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.errors import GeometryError
from lasercam.geometry.attitude import attitude, cos_sin, plane_through


@given(st.floats(-1e6, 1e6))
def test_turns_are_rounded_correctly(angle: float) -> None:
    cosine, sine = cos_sin(angle)
    rest = math.radians(float(Fraction(angle) % 360))
    assert cosine == pytest.approx(math.cos(rest), abs=3e-15)
    assert sine == pytest.approx(math.sin(rest), abs=3e-15)
    # A rounded pair lies on the circle to within the roundings of its two squares.
    assert abs(Fraction(cosine) ** 2 + Fraction(sine) ** 2 - 1) <= Fraction(3, 2**53)


@pytest.mark.parametrize(
    ("angle", "expected"),
    [
        (0.0, (1, 0)),
        (30.0, (math.sqrt(0.75), 0.5)),
        (90.0, (0, 1)),
        (450.0, (0, 1)),
        (-90.0, (0, -1)),
        (180.0, (-1, 0)),
    ],
)
def test_turns_that_are_known(angle: float, expected: tuple[float, float]) -> None:
    assert cos_sin(angle) == expected


@given(
    st.lists(st.tuples(*[st.integers(-1000, 1000)] * 2), min_size=3, max_size=3, unique=True),
    st.tuples(*[st.integers(-50, 50)] * 3),
)
def test_three_heights_give_their_plane(places: list[tuple[int, int]], plane: tuple[int, int, int]) -> None:
    (x0, y0), (x1, y1), (x2, y2) = places
    area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
    x, y = np.array(places, float).T
    heights = plane[0] + plane[1] * x + plane[2] * y
    if abs(area) < 500:  # nearly in one line: refused or badly determined
        return
    found = plane_through(x, y, heights)
    assert found == pytest.approx(plane, abs=1e-6)


def test_more_heights_give_the_nearest_plane() -> None:
    rng = np.random.default_rng(3)
    x, y, h = rng.normal(size=(3, 40))
    design = np.column_stack((np.ones(40), x, y))
    assert plane_through(x, y, h) == pytest.approx(np.linalg.lstsq(design, h, rcond=None)[0], abs=1e-12)


def test_places_in_one_line_are_refused() -> None:
    line = np.array([0.0, 1.0, 2.0, 5.0])
    with pytest.raises(GeometryError, match="one line"):
        plane_through(line, 2 * line + 1, line)


def test_impossible_samples_are_refused() -> None:
    with pytest.raises(GeometryError, match="no sample"):
        attitude(slopes=(0.9, 0.9))
    with pytest.raises(GeometryError, match="above zero"):
        attitude(scale=(1.0, 0.0, 1.0))
