import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.errors import ParameterError
from lasercam.preview.coverage import PixelGrid, choose_pixel_um, paint, pixel_grid


def painted(grid: PixelGrid, start, end, width, engine="numpy"):
    mask = np.zeros(grid.shape, np.float32)
    start, end = np.atleast_2d(np.asarray(start, float)), np.atleast_2d(np.asarray(end, float))
    paint(mask, grid, start, end, np.broadcast_to(np.asarray(width, float), len(start)).copy(), engine=engine)
    return mask


UNIT = PixelGrid((0.0, 0.0), 1.0, (60, 80))
coordinate = st.floats(-20.0, 100.0)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(coordinate, coordinate, coordinate, coordinate, st.floats(0.01, 12.0)), min_size=1, max_size=12),
    st.booleans(),
)
def test_both_engines_give_the_same_bits(strokes, dots):
    table = np.array(strokes)
    start, end = table[:, :2].copy(), table[:, 2:4].copy()
    if dots:
        end[::2] = start[::2]
        end[1::2, 0] = start[1::2, 0]
    masks = [painted(UNIT, start, end, table[:, 4], engine) for engine in ("numpy", "numba")]
    assert np.array_equal(*masks)
    assert masks[0].min() >= 0.0
    assert masks[0].max() <= 1.0


@pytest.mark.parametrize("width", [0.2, 0.7, 1.0, 3.3, 8.0])
@pytest.mark.parametrize("y", [30.0, 30.5, 30.21])
def test_a_line_covers_its_area(width, y):
    mask = painted(UNIT, (20.0, y), (60.0, y), width)
    assert mask[:, 40].sum() == pytest.approx(width, rel=1e-5)


@pytest.mark.parametrize("width", [0.1, 0.4, 0.99, 1.0, 1.5, 5.0, 9.7])
def test_dots_cover_their_area_wherever_they_fall(width):
    at = np.random.default_rng(1).uniform(20.0, 40.0, (400, 2))
    area = np.mean([painted(UNIT, one, one, width).sum() for one in at])
    assert area == pytest.approx(np.pi * width**2 / 4, rel=0.04)


@pytest.mark.parametrize("pitch", [0.15, 0.5, 1.0, 2.0, 3.7])
def test_touching_hatch_lines_leave_no_seam(pitch):
    y = np.arange(10.0, 50.0, pitch) + 0.123
    mask = painted(UNIT, np.stack((np.full_like(y, 5), y), 1), np.stack((np.full_like(y, 75), y), 1), pitch)
    assert mask[13:46, 10:70].min() > 0.999


def test_lines_apart_leave_the_gap_dark():
    y = np.arange(10.0, 50.0, 8.0)
    mask = painted(UNIT, np.stack((np.full_like(y, 5), y), 1), np.stack((np.full_like(y, 75), y), 1), 2.0)
    assert mask[14, 40] == 0.0
    assert mask[10, 40] == 1.0


@pytest.mark.parametrize("angle", [0.0, 0.3, np.pi / 4, 1.2, np.pi / 2])
def test_coverage_of_a_stroke_is_its_area_at_any_angle(angle):
    middle, half = np.array([40.0, 30.0]), 15.0 * np.array([np.cos(angle), np.sin(angle)])
    mask = painted(UNIT, middle - half, middle + half, 6.0, "numba")
    assert mask.sum() == pytest.approx(30.0 * 6.0 + np.pi * 9.0, rel=0.02)


def test_pixels_are_fine_enough_for_modules_and_coarse_enough_for_memory():
    assert choose_pixel_um((500.0, 300.0), smallest_um=20.0) == 500 / 800
    assert choose_pixel_um((4000.0, 300.0), smallest_um=20.0) == 2.5
    assert choose_pixel_um((20_000.0, 300.0), smallest_um=41.0) == 10.0
    assert choose_pixel_um((20_000.0, 300.0), smallest_um=30.0) == 7.5
    assert choose_pixel_um((20_000.0, 300.0), smallest_um=1.0) == pytest.approx(20_000 / 3_000)
    assert choose_pixel_um((500.0, 300.0), finest_um=0.5) == 0.5
    assert choose_pixel_um((500.0, 300.0), finest_um=50.0) == 500 / 800
    assert choose_pixel_um((5000.0, 300.0), finest_um=0.5) == 2.5


@pytest.mark.parametrize("bad", [(0.0, 0.0), (np.nan, 1.0), (np.inf, 1.0)])
def test_pictures_without_size_are_refused(bad):
    with pytest.raises(ParameterError):
        choose_pixel_um(bad)
    with pytest.raises(ParameterError):
        pixel_grid((0.0, 0.0), bad, 1.0)


def test_a_picture_too_large_is_refused():
    with pytest.raises(ParameterError, match="larger pixels"):
        pixel_grid((0.0, 0.0), (1e5, 1e5), 1.0)
