"""Areas from shapes: their measure against formulas, their combination against membership, their fill inside."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lasercam.errors import LasercamError
from lasercam.sources.areas import Areas
from tests.support.sources import joined, make

RECTANGLE = {"shape": "rectangle", "centre": [50.0, 30.0], "size": [100.0, 60.0]}


def areas(*shapes: dict[str, Any], **keys: object) -> Areas:
    return make(Areas, {"type": "areas", "outline": "fill" not in keys, "shapes": list(shapes), **keys})


@pytest.mark.parametrize(
    ("shape", "measure"),
    [
        (RECTANGLE, 6000.0),
        ({"shape": "circle", "centre": [0.0, 0.0], "diameter": 80.0}, math.pi * 40.0**2),
        ({"shape": "ellipse", "centre": [5.0, 0.0], "size": [80.0, 20.0], "rotate": 33.0}, math.pi * 40.0 * 10.0),
        (
            {"shape": "ring", "centre": [0.0, 9.0], "inner_diameter": 60.0, "outer_diameter": 80.0},
            math.pi * (40.0**2 - 30.0**2),
        ),
        ({"shape": "polygon", "corners": [[0.0, 0.0], [30.0, 0.0], [0.0, 40.0]]}, 600.0),
        ({"shape": "combination", "shapes": [RECTANGLE, {**RECTANGLE, "centre": [100.0, 30.0]}]}, 9000.0),
    ],
)
def test_shapes_are_as_large_as_their_formula(shape: dict[str, Any], measure: float) -> None:
    assert areas(shape, tolerance=1e-4).area().area_um2 == pytest.approx(measure, rel=1e-4)


def test_curves_keep_their_tolerance() -> None:
    for tolerance in (1.0, 0.1, 0.001):
        rings = areas({"shape": "circle", "centre": [7.0, 9.0], "diameter": 200.0}, tolerance=tolerance).area().rings()
        start, end, _ = rings.segments()
        middle = np.hypot(*((start + end) / 2.0 - (7.0, 9.0)).T)
        assert (100.0 - middle).max() <= tolerance * (1.0 + 1e-6)
        assert (100.0 - middle).max() > tolerance / 4.0, "no more corners than needed"
        assert np.hypot(*(start - (7.0, 9.0)).T) == pytest.approx(100.0)


ROUND = st.fixed_dictionaries(
    {
        "shape": st.just("circle"),
        "centre": st.tuples(st.floats(0, 100), st.floats(0, 100)),
        "diameter": st.floats(20, 120),
        "combine": st.sampled_from(["union", "difference", "intersection"]),
    }
)


@given(shapes=st.lists(ROUND, min_size=1, max_size=5))
def test_combinations_hold_the_points_that_membership_says(shapes: list[dict[str, Any]]) -> None:
    shapes[0]["combine"] = "union"
    points = np.stack(np.meshgrid(np.linspace(-50, 150, 41), np.linspace(-50, 150, 41)), axis=-1).reshape(-1, 2)
    expected = np.zeros(len(points), bool)
    clear = np.ones(len(points), bool)
    for shape in shapes:
        away = np.hypot(*(points - np.array(shape["centre"])).T) - shape["diameter"] / 2.0
        clear &= np.abs(away) > 0.05
        inside = away < 0.0
        if shape["combine"] == "union":
            expected = expected | inside
        elif shape["combine"] == "difference":
            expected = expected & ~inside
        else:
            expected = expected & inside
        if not expected.any():
            return  # nothing may be left, which is refused
    found = areas(*shapes).area().contains(points)
    assert np.array_equal(found[clear], expected[clear])


def test_combinations_nest() -> None:
    hole = {"shape": "combination", "combine": "difference", "shapes": [
        {**RECTANGLE, "size": [40.0, 40.0]}, {**RECTANGLE, "size": [20.0, 20.0], "combine": "difference"},
    ]}  # fmt: skip
    assert areas(RECTANGLE, hole).area().area_um2 == pytest.approx(6000.0 - 1600.0 + 400.0)


def test_shapes_turn_about_their_centre() -> None:
    turned = areas({**RECTANGLE, "rotate": 90.0}).area()
    assert turned.bounds_um() == pytest.approx((20.0, -20.0, 80.0, 80.0))


def directions(source: Areas, depth: float) -> set[float]:
    """Directions of the lines at a depth, degrees from 0 to below 180."""
    block = joined(source.features())
    at = block.take(block.xyz_um[block.offsets[:-1], 2] == depth)
    run = at.xyz_um[at.offsets[1:] - 1] - at.xyz_um[at.offsets[:-1]]
    return {round(float(a), 6) % 180.0 for a in np.degrees(np.arctan2(run[:, 1], run[:, 0])) % 180.0}


def test_the_hatch_turns_from_layer_to_layer() -> None:
    source = areas(
        RECTANGLE, fill="crosshatch", hatch_pitch=7.0, hatch_angle=10.0, layers=3, layer_pitch=20.0, layer_rotation=25.0
    )
    assert [directions(source, z) for z in (0.0, 20.0, 40.0)] == [{10.0, 100.0}, {35.0, 125.0}, {60.0, 150.0}]


def test_layers_pick_members_and_come_deepest_first() -> None:
    source = areas(RECTANGLE, fill="hatch", hatch_pitch=7.0, outline=True, layers=3, layer_pitch=20.0, vary="layer")
    block = joined(source.features())
    depth = block.xyz_um[block.offsets[:-1], 2]
    assert np.array_equal(block.variant, depth / 20.0)
    assert (np.diff(depth) <= 0).all()
    outlines = block.take(block.part == source.parts.atoms.index("outline"))
    assert len(outlines) == 3
    assert outlines.vertex_counts.tolist() == [5, 5, 5]


@pytest.mark.parametrize("fill", ["hatch", "crosshatch", "contour", "spiral", "dots"])
def test_every_fill_stays_inside_and_leaves_no_gap(fill: str) -> None:
    import shapely

    pitch = {"dot_pitch": 6.0} if fill == "dots" else {"hatch_pitch": 6.0}
    source = areas(RECTANGLE, {"shape": "circle", "centre": [50.0, 60.0], "diameter": 50.0}, fill=fill, **pitch)
    block = joined(source.features())
    area = source.area()
    assert area.contains(block.xyz_um[:, :2], within_um=1e-6).all()
    pieces = [block.xyz_um[a:b, :2] for a, b in zip(block.offsets[:-1], block.offsets[1:], strict=True)]
    written = shapely.union_all([shapely.Point(p[0]) if len(p) == 1 else shapely.LineString(p) for p in pieces])
    assert area.geometry.difference(written.buffer(6.0)).area < 1e-3 * area.area_um2


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([{**RECTANGLE, "combine": "difference"}], "shape 1 .rectangle.: combine: difference needs a shape before it"),
        ([RECTANGLE, {**RECTANGLE, "combine": "difference"}], "nothing is left after the difference with shape 2"),
        ([RECTANGLE, {**RECTANGLE, "centre": [900.0, 0.0], "combine": "intersection"}], "nothing is left"),
        ([{"shape": "polygon", "corners": [[0.0, 0.0], [9.0, 9.0], [0.0, 0.0]]}], "shape 1 .polygon. encloses nothing"),
        ([{"shape": "circle", "centre": [0.0, 0.0], "diameter": 1e9}], "corners; at most"),
    ],
)
def test_shapes_that_make_nothing_are_refused(shapes: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(LasercamError, match=message):
        areas(*shapes, tolerance=1e-6)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"fill": "none"}, "writes nothing"),
        ({"fill": "contour", "hatch_pitch": 3.0, "outline": True}, "first contour lies on the outline"),
        ({"layers": 2}, "need the key 'layer_pitch'"),
        ({"layer_pitch": 2.0}, "means nothing for a single layer"),
        ({"layers": 2, "layer_pitch": 2.0, "layer_rotation": 5.0}, "means nothing with fill: none"),
        ({"fill": "hatch"}, "needs the key 'hatch_pitch'"),
    ],
)
def test_keys_that_mean_nothing_are_refused(keys: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        areas(RECTANGLE, **keys)


def test_a_fill_that_writes_nothing_is_refused() -> None:
    with pytest.raises(LasercamError, match="leaves the area empty"):
        list(areas(RECTANGLE, fill="hatch", hatch_pitch=1.0, inset=40.0).features())


def test_a_ring_has_a_hole() -> None:
    with pytest.raises(ValidationError, match="inner_diameter must be below"):
        areas({"shape": "ring", "centre": [0.0, 0.0], "inner_diameter": 80.0, "outer_diameter": 80.0})
