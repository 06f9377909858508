"""A frame goes there and back, whatever the sample's lie: shifted, turned, shrunken, tilted, bent."""

import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.errors import GeometryError
from lasercam.geometry.attitude import attitude
from lasercam.model.frame import LEVEL, Frame, frame_from
from lasercam.model.surface import Surface

PLACES = st.tuples(st.floats(-20_000, 20_000), st.floats(-20_000, 20_000), st.floats(0, 3_000))


def bent(rise: float = 1.0) -> Surface:
    """A surface of 30 by 20 mm with a bump."""
    x, y = np.linspace(-15_000, 15_000, 7), np.linspace(-10_000, 10_000, 5)
    return Surface(x, y, rise * np.cos(x[None, :] / 9_000) * np.sin(y[:, None] / 7_000 + 1))


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    increment = draw(st.sampled_from([1, 10, 10_000]))
    origin = draw(st.tuples(*[st.integers(-(10**6), 10**6)] * 3))
    scale = draw(st.tuples(*[st.floats(0.9, 1.1)] * 3))
    slopes = draw(st.tuples(*[st.floats(-0.15, 0.15)] * 2))
    matrix = attitude(draw(st.floats(-720, 720)), scale, slopes) if draw(st.booleans()) else LEVEL
    shift = draw(st.tuples(*[st.floats(-100, 100)] * 3))
    surface = draw(st.sampled_from([None, bent(), bent(-20.0)]))
    x, y, z = (v * increment for v in origin)
    return Frame((x, y, z), draw(st.floats(0.3, 1.2)), increment, matrix, shift, surface)


@given(frames(), st.lists(PLACES, min_size=1, max_size=9))
def test_there_and_back_is_within_half_an_increment(frame: Frame, places: list[tuple[float, ...]]) -> None:
    xyz = np.array(places)
    ticks = frame.ticks(xyz)
    assert np.all((ticks - np.array(frame.origin_ticks)) % frame.increment_ticks == 0)
    back = frame.sample_um(ticks)
    half_um = frame.increment_ticks / 20_000
    # What half an increment along each controller axis can be in the sample, plus floating point over 30 mm.
    inverse = np.abs(np.linalg.inv(np.array(frame.matrix)))
    reach = inverse.sum(axis=1) * half_um + 1e-9
    assert np.all(np.abs(back[:, :2] - xyz[:, :2]) <= reach[:2])
    assert np.all(np.abs(back[:, 2] - xyz[:, 2]) * 10_000 <= frame.depth_slack_ticks + 1e-3)
    # Written again at the place read back, it is the same place.
    assert np.array_equal(frame.ticks(back), ticks)


@given(frames(), st.lists(st.tuples(*[st.integers(-(10**5), 10**5)] * 3), min_size=1, max_size=9))
def test_every_programmable_place_is_met_exactly(frame: Frame, steps: list[tuple[int, ...]]) -> None:
    ticks = np.array(steps, np.int64) * frame.increment_ticks + np.array(frame.origin_ticks)
    assert np.array_equal(frame.ticks(frame.sample_um(ticks)), ticks)


@given(st.tuples(*[st.integers(-(10**9), 10**9)] * 2), st.integers(0, 10**7))
def test_quarter_turns_are_exact(place: tuple[int, int], depth: int) -> None:
    x, y = place
    sample = np.array([[x, y, depth]]) / 10_000.0
    for turns, (u, v) in enumerate([(x, y), (-y, x), (-x, -y), (y, -x)]):
        frame = Frame((0, 0, 0), 1.0, 1, attitude(90.0 * turns))
        assert frame.ticks(sample).tolist() == [[u, v, -depth]]
        assert frame.sample_ticks(np.array([[u, v, -depth]])).tolist() == [[x, y, depth]]


@given(st.floats(-0.15, 0.15), st.floats(-0.15, 0.15), st.floats(0.9, 1.1), st.floats(0, 360))
def test_a_tilt_is_rigid_and_shows_the_slopes_that_were_measured(a: float, b: float, scale: float, turn: float) -> None:
    matrix = np.array(attitude(turn, (scale,) * 3, (a, b)))
    assert matrix[2, :2] == pytest.approx([a, b], abs=1e-15)
    assert matrix.T @ matrix == pytest.approx(np.eye(3) * scale**2, abs=1e-12)
    assert np.linalg.det(matrix) == pytest.approx(scale**3)


def test_depth_counts_below_the_true_local_surface() -> None:
    surface = Surface(np.array([0.0, 10.0]), np.array([0.0, 20.0]), np.array([[0.0, 1.0], [2.0, 5.0]]))
    frame = Frame((0, 0, 0), 1 / 1.5, 1, surface=surface)
    # Bilinear by hand, in fractions: (x, y) = (2.5, 5), so u = v = 1/4.
    u = v = Fraction(1, 4)
    height = (1 - v) * ((1 - u) * 0 + u * 1) + v * ((1 - u) * 2 + u * 5)
    (ticks,) = frame.ticks(np.array([[2.5, 5.0, 30.0]])).tolist()
    assert ticks == [25_000, 50_000, round((height - 20) * 10_000)]
    assert frame.sample_ticks(np.array([ticks])).tolist() == [[25_000, 50_000, 300_000]]
    corners = frame.ticks(np.array([[0, 0, 0], [10, 0, 0], [0, 20, 0], [10, 20, 0]], float))
    assert corners[:, 2].tolist() == [0, 10_000, 20_000, 50_000]


@given(st.integers(1, 60), st.sampled_from([100, 1_000, 5_000, 10_000]))
def test_equal_depths_stay_equal_on_a_tilted_sample(level: int, step: int) -> None:
    depth = level * step / 100  # what people write: whole and half µm, tens, hundreds
    frame = Frame((0, 0, 0), 1 / 1.52, 100, attitude(3.0, slopes=(0.011, -0.007)), surface=bent(0.4))
    x, y = np.meshgrid(np.linspace(-9_000, 9_000, 31), np.linspace(-9_000, 9_000, 29))
    ticks = frame.ticks(np.column_stack((x.ravel(), y.ravel(), np.full(x.size, depth))))
    assert len(np.unique(ticks[:, 2])) > 100
    assert np.unique(frame.sample_ticks(ticks)[:, 2]).tolist() == [round(depth * 10_000)]


@given(frames())
def test_facts_say_everything(frame: Frame) -> None:
    assert frame_from(json.loads(json.dumps(frame.facts()))) == frame


def test_a_level_frame_moves_and_scales_only() -> None:
    frame = Frame((500, -70, 30), 1 / 1.5, 10)
    assert frame.is_plain
    assert frame.is_level
    assert set(frame.facts()) == {"origin_ticks", "index_ratio", "increment_ticks"}
    assert frame.ticks(np.array([[1.0, 2.0, 3.0]])).tolist() == [[10_500, 19_930, 30 - 20_000]]
    assert frame.sample_um(np.array([[10_500, 19_930, 30 - 20_000]])) == pytest.approx(np.array([[1.0, 2.0, 3.0]]))


@pytest.mark.parametrize("matrix", [attitude(30.0), attitude(0.0, (0.5, 2.0, 1.0))])
def test_turning_and_shrinking_keep_a_level_sample_level(matrix: object) -> None:
    assert Frame((0, 0, 0), 1.0, 1, matrix).is_level
    assert not Frame((0, 0, 0), 1.0, 1, attitude(0.0, slopes=(1e-6, 0.0))).is_level


@pytest.mark.parametrize(
    ("x", "y", "heights", "said"),
    [
        ([0.0], [0.0, 1.0], [[1.0], [1.0]], "two or more"),
        ([0.0, 0.0], [0.0, 1.0], [[1.0, 1.0], [1.0, 1.0]], "rising"),
        ([0.0, 1.0], [0.0, 1.0], [[1.0, np.nan], [1.0, 1.0]], "finite"),
        ([0.0, 1.0], [0.0, 1.0], [[1.0, 1.0]], "one finite height"),
    ],
)
def test_a_surface_is_a_full_grid(x: list[float], y: list[float], heights: list[list[float]], said: str) -> None:
    with pytest.raises(GeometryError, match=said):
        Surface(np.array(x), np.array(y), np.array(heights))


def test_a_flattening_matrix_is_refused() -> None:
    flat = Frame((0, 0, 0), 1.0, 1, ((1.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)))
    with pytest.raises(GeometryError, match="flattens"):
        flat.sample_um(np.zeros((1, 3), np.int64))
