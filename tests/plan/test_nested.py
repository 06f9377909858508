"""Inner before outer, against a plain reading of the rule."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.geometry.nesting import closed_lines, inside_pairs
from lasercam.model.feature import FeatureBlock, polylines
from lasercam.plan.nested import inner_before_outer
from lasercam.plan.order import Order, order_features
from tests.plan.test_planner import Source, columns, planner, selection, step, table
from tests.support import builders

ORIGIN = np.zeros(3)


def drawing(*shapes: np.ndarray) -> FeatureBlock:
    return polylines(np.vstack(shapes), np.concatenate(([0], np.cumsum([len(s) for s in shapes]))))


def box(x: float, y: float, size: float) -> np.ndarray:
    return np.array([(x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y)], float)


def ends(block: FeatureBlock) -> tuple[np.ndarray, np.ndarray]:
    return block.xyz_um[block.offsets[:-1]], block.xyz_um[block.offsets[1:] - 1]


def test_only_lines_that_return_go_round_something() -> None:
    block = drawing(box(0, 0, 5), np.array([(1.0, 1.0)]), np.array([(0.0, 0), (9, 9), (0, 0)]), box(0, 0, 5)[:-1])
    assert closed_lines(block.xyz_um[:, :2], block.offsets).tolist() == [True, False, False, False]


def test_what_is_inside_and_what_merely_touches_or_equals() -> None:
    block = drawing(
        box(0, 0, 10),  # 0
        box(2, 2, 3),  # 1: inside 0
        np.array([(3.0, 3.0)]),  # 2: a dot inside both
        np.array([(1.0, 1.0), (8.0, 1.0)]),  # 3: a line inside 0
        np.array([(8.0, 8.0), (12.0, 8.0)]),  # 4: a line across
        box(8, 8, 4),  # 5: across
        box(0, 0, 10),  # 6: equals 0
        np.array([(0.0, 5.0), (5.0, 5.0)]),  # 7: touches the outline from within
    )
    outer, inner, area = inside_pairs(block.xyz_um[:, :2].copy(), block.offsets)
    assert sorted(zip(outer.tolist(), inner.tolist(), strict=True)) == sorted(
        [(0, 1), (0, 2), (0, 3), (0, 7), (1, 2), (6, 1), (6, 2), (6, 3), (6, 7)]
    )
    assert area.tolist() == [100, 9, 0, 0, 0, 16, 100, 0]


def test_lines_that_cross_themselves_are_read_by_even_and_odd_crossings() -> None:
    bow = np.array([(0.0, 0), (10, 10), (10, 0), (0, 10), (0, 0)])
    block = drawing(bow, np.array([(8.0, 5.0)]), np.array([(5.0, 8.0)]))
    outer, inner, _ = inside_pairs(block.xyz_um[:, :2].copy(), block.offsets)
    assert (outer.tolist(), inner.tolist()) == ([0], [1])


@st.composite
def drawings(draw: st.DrawFn) -> FeatureBlock:
    shapes = []
    for _ in range(draw(st.integers(1, 25))):
        x, y, size = (draw(st.integers(0, top)) for top in (30, 30, 25))
        shapes.append(
            box(x, y, size + 1) if draw(st.booleans()) else np.array([(x, y), (x + size, y + 1.0)])[: 1 + size % 2]
        )
    return drawing(*shapes)


@settings(max_examples=150, deadline=None)
@given(drawings())
def test_nothing_is_written_after_what_goes_round_it(block: FeatureBlock) -> None:
    starts, lasts = ends(block)
    order = order_features(starts, lasts, ORIGIN, is_simple=False)
    found = inner_before_outer(order, block, starts, lasts)
    assert sorted(found.index.tolist()) == list(range(len(block)))
    assert {int(i): bool(r) for i, r in zip(found.index, found.reverse, strict=True)} == {
        int(i): bool(r) for i, r in zip(order.index, order.reverse, strict=True)
    }
    rank = np.argsort(found.index)
    regions = [
        shapely.Polygon(block.xyz_um[a:b, :2]) if b - a == 5 else None
        for a, b in zip(block.offsets[:-1], block.offsets[1:], strict=True)
    ]
    for outer, region in enumerate(regions):
        for inner in range(len(block)):
            xy = block.xyz_um[block.offsets[inner] : block.offsets[inner + 1], :2]
            other = regions[inner]
            shape = other or (shapely.Point(xy[0]) if len(xy) == 1 else shapely.LineString(xy))
            if region is not None and region.contains(shape) and not (other is not None and region.equals(other)):
                assert rank[inner] < rank[outer]


def test_the_detour_is_small_where_only_a_few_lines_are_nested() -> None:
    rng = np.random.default_rng(1)
    shapes = []
    for x in range(12):
        for y in range(12):
            shapes.append(box(20 * x, 20 * y, 10))
            shapes += [box(20 * x + 2 + 3 * k, 20 * y + 3 + float(rng.random()), 2) for k in range(2)]
    block = drawing(*shapes)
    starts, lasts = ends(block)
    order = order_features(starts, lasts, ORIGIN, is_simple=False)
    found = inner_before_outer(order, block, starts, lasts)
    assert found.travel(starts, lasts, ORIGIN) < 1.35 * order.travel(starts, lasts, ORIGIN)


def test_an_order_that_already_keeps_the_rule_is_left_alone() -> None:
    block = drawing(box(0, 0, 10), box(2, 2, 3))
    starts, lasts = ends(block)
    good = Order(np.array([1, 0]), np.zeros(2, bool))
    assert inner_before_outer(good, block, starts, lasts).index.tolist() == [1, 0]
    bad = Order(np.array([0, 1]), np.zeros(2, bool))
    assert inner_before_outer(bad, block, starts, lasts).index.tolist() == [1, 0]


@pytest.mark.parametrize("wish", [False, True])
def test_a_step_may_wish_for_it_across_patterns(wish: bool) -> None:
    frame, hole = Source([drawing(box(0, 0, 100))]), Source([drawing(box(40, 40, 10))])
    recipes = table(builders.line_recipe())
    path = planner(
        {"frame": frame, "hole": hole}, step(selection("frame"), selection("hole"), inner_first=wish), recipes=recipes
    ).toolpath()
    found = columns(path)
    lit = found["part"][found["kind"] == 1]
    assert lit.tolist() == ([2] * 4 + [0] * 4 if wish else [0] * 4 + [2] * 4)
