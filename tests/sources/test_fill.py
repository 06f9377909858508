"""Filling areas: common rows of touching areas, every kind of fill, keys that are read."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lasercam.errors import LasercamError, PatternError
from lasercam.geometry.area import Area
from lasercam.sources.fill import FillKeys, fill_area

SQUARE = Area.from_rectangles([(0.0, 0.0)], [(10.0, 10.0)])
EVERY = [
    {"fill": "hatch", "hatch_pitch": 1.0},
    {"fill": "hatch", "hatch_pitch": 0.7, "hatch_angle": 30.0},
    {"fill": "crosshatch", "hatch_pitch": 1.0, "hatch_angle": 10.0},
    {"fill": "contour", "hatch_pitch": 1.0},
    {"fill": "spiral", "hatch_pitch": 1.0},
    {"fill": "dots", "dot_pitch": 1.0},
]


def keys(**given_keys: object) -> FillKeys:
    return FillKeys.model_validate(given_keys)


def test_hatch_rows_are_half_a_pitch_off_the_anchor() -> None:
    filled = fill_area(SQUARE, keys(fill="hatch", hatch_pitch="2.5 um"))
    assert sorted(set(filled.xy_um[:, 1].tolist())) == [1.25, 3.75, 6.25, 8.75]
    moved = fill_area(SQUARE, keys(fill="hatch", hatch_pitch="2.5 um"), anchor=(0.0, 1.0))
    assert sorted(set(moved.xy_um[:, 1].tolist())) == [2.25, 4.75, 7.25, 9.75]


def test_dots_stand_on_a_square_grid() -> None:
    filled = fill_area(SQUARE, keys(fill="dots", dot_pitch="2.5 um"))
    assert filled.is_dot.all()
    centres = [1.25, 3.75, 6.25, 8.75]
    assert sorted(map(tuple, filled.xy_um.tolist())) == [(x, y) for x in centres for y in centres]


@pytest.mark.parametrize("given_keys", EVERY)
@pytest.mark.parametrize("inset", [0.0, 1.3])
def test_fills_stay_inside_by_the_inset(given_keys: dict[str, object], inset: float) -> None:
    ring = SQUARE.difference(Area.from_rectangles([(4.0, 4.0)], [(6.0, 6.0)]))
    filled = fill_area(ring, keys(**given_keys, inset=inset))
    assert len(filled)
    assert ring.contains(filled.xy_um, within_um=1e-9).all()
    distance = shapely.distance(shapely.boundary(ring.geometry), shapely.points(filled.xy_um))
    # GEOS rounds corners of an offset with polygons, up to 1 % of the distance inside the arc.
    assert distance.min() >= inset * 0.98 - 1e-9


@pytest.mark.parametrize("given_keys", EVERY)
def test_fills_reach_everywhere(given_keys: dict[str, object]) -> None:
    filled = fill_area(SQUARE, keys(**given_keys))
    start, end, _ = filled.segments()
    steps = np.linspace(0, 1, 50)[:, None, None]
    points = filled.xy_um if filled.is_dot.all() else (start + (end - start) * steps).reshape(-1, 2)
    grid = np.stack(np.meshgrid(np.linspace(1, 9, 15), np.linspace(1, 9, 15)), axis=-1).reshape(-1, 2)
    nearest = np.sqrt(((grid[:, None] - points[None]) ** 2).sum(axis=2)).min(axis=1)
    assert nearest.max() < 1.01  # rings leave up to a pitch free in the middle


@given(
    pitch=st.floats(0.3, 3.0), angle=st.floats(-180, 180), cut=st.floats(1.0, 9.0),
    fill=st.sampled_from(["hatch", "dots"]),
)  # fmt: skip
def test_touching_areas_share_rows_and_write_nothing_twice(pitch: float, angle: float, cut: float, fill: str) -> None:
    low = Area.from_rectangles([(0.0, 0.0)], [(10.0, cut)])
    high = Area.from_rectangles([(0.0, cut)], [(10.0, 10.0)])
    how = keys(fill=fill, hatch_pitch=pitch, hatch_angle=angle) if fill == "hatch" else keys(fill=fill, dot_pitch=pitch)
    whole, below, above = (fill_area(area, how) for area in (SQUARE, low, high))
    if fill == "dots":
        apart = sorted(map(tuple, np.concatenate([below.xy_um, above.xy_um]).tolist()))
        assert apart == sorted(map(tuple, whole.xy_um.tolist()))
    else:
        total = below.lengths_um().sum() + above.lengths_um().sum()
        # Ends shorter than a tick are left out of every row.
        assert total == pytest.approx(whole.lengths_um().sum(), abs=1e-3 + 2e-4 * len(whole))


def test_none_and_empty_areas_give_nothing() -> None:
    assert len(fill_area(SQUARE, keys(fill="none"))) == 0
    assert len(fill_area(SQUARE, FillKeys())) == 0
    assert all(len(fill_area(Area.empty(), keys(**how))) == 0 for how in EVERY)
    assert all(len(fill_area(SQUARE, keys(**how, inset=6.0))) == 0 for how in EVERY)


@pytest.mark.parametrize("fill", ["hatch", "crosshatch", "contour", "spiral", "dots"])
def test_a_fill_needs_its_pitch(fill: str) -> None:
    with pytest.raises(ValidationError, match=f"fill: {fill} needs the key"):
        keys(fill=fill)


@pytest.mark.parametrize(
    "given_keys",
    [
        {"fill": "none", "hatch_pitch": 1.0},
        {"hatch_angle": 1.0},
        {"fill": "hatch", "hatch_pitch": 1.0, "dot_pitch": 1.0},
        {"fill": "contour", "hatch_pitch": 1.0, "hatch_angle": 0.0},
        {"fill": "dots", "dot_pitch": 1.0, "hatch_pitch": 1.0},
    ],
)
def test_keys_nobody_reads_are_refused(given_keys: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="means nothing with fill"):
        keys(**given_keys)


@pytest.mark.parametrize("pitch", [1e-6, 1e-12, 5e-324])
@pytest.mark.parametrize("fill", ["hatch", "crosshatch", "contour", "spiral", "dots"])
def test_absurd_pitches_are_refused(fill: str, pitch: float) -> None:
    key = "dot_pitch" if fill == "dots" else "hatch_pitch"
    with pytest.raises(PatternError, match="at most"):
        fill_area(SQUARE, keys(fill=fill, **{key: pitch}))


def test_more_dots_than_fit_are_refused() -> None:
    with pytest.raises(LasercamError, match="apart would fill"):
        fill_area(SQUARE, keys(fill="dots", dot_pitch=0.001))
