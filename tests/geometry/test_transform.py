import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.errors import GeometryError
from lasercam.geometry.polylines import Polylines
from lasercam.geometry.transform import (
    array_offsets,
    compose,
    cos_sin,
    identity,
    invert,
    mirror_x,
    mirror_y,
    rotation,
    scaling,
    translation,
)
from tests.geometry.strategies import points


def apply(matrix, point):
    return Polylines.from_list([[point]]).transform(matrix).xy_um[0]


@given(st.integers(-1000, 1000))
def test_quarter_turns_are_exact(quarters):
    expected = [(1, 0), (0, 1), (-1, 0), (0, -1)][quarters % 4]
    assert cos_sin(quarters * 90.0) == expected


@given(st.floats(-1e4, 1e4))
def test_cos_sin_agree_with_math(angle):
    cosine, sine = cos_sin(angle)
    assert cosine == pytest.approx(math.cos(math.radians(angle)), abs=1e-11)
    assert sine == pytest.approx(math.sin(math.radians(angle)), abs=1e-11)


@given(points, points, st.floats(-720, 720))
def test_rotation_keeps_its_centre_and_distances(point, centre, angle):
    matrix = rotation(angle, centre)
    np.testing.assert_allclose(apply(matrix, centre), centre, atol=1e-11)
    offset = complex(*point) - complex(*centre)
    turned = offset * complex(math.cos(math.radians(angle)), math.sin(math.radians(angle))) + complex(*centre)
    np.testing.assert_allclose(apply(matrix, point), [turned.real, turned.imag], atol=1e-10)
    np.testing.assert_allclose(apply(compose(matrix, invert(matrix)), point), point, atol=1e-10)


def test_mirrors_scaling_translation():
    assert apply(mirror_x(10.0), (3, 4)).tolist() == [17, 4]
    assert apply(mirror_y(-1.0), (3, 4)).tolist() == [3, -6]
    assert apply(scaling(2.0, -3.0, (1, 1)), (3, 4)).tolist() == [5, -8]
    assert apply(translation(1, 2), (3, 4)).tolist() == [4, 6]
    assert apply(identity(), (3, 4)).tolist() == [3, 4]


def test_compose_runs_left_to_right():
    assert apply(compose(translation(1, 0), rotation(90)), (0, 0)).tolist() == [0, 1]
    assert apply(compose(rotation(90), translation(1, 0)), (0, 0)).tolist() == [1, 0]


def test_array_offsets():
    assert array_offsets(2, 2, (10, 0), (1, 20)).tolist() == [[0, 0], [10, 0], [1, 20], [11, 20]]
    assert array_offsets(3, 2, (1, 0), (0, 1), serpentine=True).tolist() == [
        [0, 0], [1, 0], [2, 0], [2, 1], [1, 1], [0, 1]
    ]  # fmt: skip
    assert array_offsets(1, 1, (0, 0)).tolist() == [[0, 0]]
    last = array_offsets(100_000, 1, (0.1, 0.0))[-1, 0]
    assert last == 99_999 * 0.1


@pytest.mark.parametrize(
    "arguments",
    [
        (0, 1, (1, 0)),
        (1.5, 1, (1, 0)),
        (True, 1, (1, 0)),
        (2, 1, (0, 0)),
        (2, 2, (1, 0), (2, 0)),
        (2, 2, (1, 0)),
        (2, 1, (np.nan, 0)),
        (100_000, 101, (1, 0), (0, 1)),
        (1000, 1, (1e7, 0)),
    ],
)
def test_array_offsets_refuse(arguments):
    with pytest.raises(GeometryError):
        array_offsets(*arguments)


def test_refusals():
    for call in (
        lambda: rotation(np.nan),
        lambda: rotation(1.0, (np.inf, 0)),
        lambda: translation(np.nan, 0),
        lambda: scaling(0.0, 1.0),
        lambda: invert(np.zeros((2, 3))),
        lambda: compose(np.zeros((3, 3))),
    ):
        with pytest.raises(GeometryError):
            call()
