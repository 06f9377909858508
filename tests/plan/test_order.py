from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lasercam.plan.nearest import nearest_walk, turned_round
from lasercam.plan.order import COMPILE_FROM, SWEEP_SHARE, Order, as_given, order_features, shortest_path
from lasercam.plan.sweep import find_sweep

ORIGIN = np.zeros(3)
# Few different values make ties, duplicates and rows; wild ones make rounding.
COORDINATES = st.one_of(
    st.integers(0, 3).map(float),
    st.integers(0, 40).map(lambda v: v * 0.1),
    st.floats(-1e4, 1e4),
    st.sampled_from([-1e9, 1e9, 1e-9, 0.30000000000000004, 0.3]),
)


@st.composite
def features(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    count = draw(st.integers(1, 40))
    values = draw(
        st.sampled_from([st.integers(0, 3).map(float), st.integers(0, 40).map(lambda v: v * 0.1), COORDINATES])
    )
    starts = draw(arrays(np.float64, (count, 3), elements=values))
    if draw(st.booleans()):
        starts[:, 2] = 0.0
    ends = starts.copy() if draw(st.booleans()) else draw(arrays(np.float64, (count, 3), elements=values))
    return starts, ends, draw(arrays(np.float64, 3, elements=values))


def is_permutation(order: Order, count: int) -> bool:
    return sorted(order.index.tolist()) == list(range(count)) and len(order.reverse) == count


def test_every_step_of_the_walk_goes_to_the_nearest_end() -> None:
    rng = np.random.default_rng(1)
    starts, ends = rng.uniform(0, 100, (2, 120, 3))
    order, here, left = nearest_walk(starts, ends, ORIGIN), ORIGIN, set(range(120))
    for index, reverse in zip(order.index.tolist(), order.reverse.tolist(), strict=True):
        best = min(min(np.sum((p[i] - here) ** 2) for p in (starts, ends)) for i in left)
        enter, leave = (ends, starts) if reverse else (starts, ends)
        assert np.isclose(np.sum((enter[index] - here) ** 2), best)
        here = leave[index]
        left.remove(index)


@settings(max_examples=200)
@given(features(), st.booleans())
def test_every_feature_is_visited_once_and_always_in_the_same_order(
    case: tuple[np.ndarray, np.ndarray, np.ndarray], simple: bool
) -> None:
    starts, ends, position = case
    order = order_features(starts, ends, position, is_simple=simple)
    assert is_permutation(order, len(starts))
    again = order_features(starts.copy(), ends.copy(), position.copy(), is_simple=simple)
    assert (order.index.tolist(), order.reverse.tolist()) == (again.index.tolist(), again.reverse.tolist())
    assert not np.any(order.reverse[np.all(starts == ends, axis=1)[order.index]]), "a dot has no direction"


@settings(max_examples=100)
@given(features())
def test_no_order_travels_further_than_the_nearest_walk(case: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    starts, ends, position = case
    walk = nearest_walk(starts, ends, position).travel(starts, ends, position)
    found = order_features(starts, ends, position, is_simple=True).travel(starts, ends, position)
    # A sweep may be a tenth longer than the path; its entry may cost one crossing.
    span = float(np.linalg.norm(np.ptp(np.vstack((starts, ends, position[None])), axis=0)))
    assert found <= walk * SWEEP_SHARE + span + 1e-9


@pytest.mark.parametrize("corner", [(0, 0), (1, 0), (0, 1), (1, 1)])
@pytest.mark.parametrize(("nx", "ny"), [(1, 5), (5, 1), (7, 4), (20, 30), (2, 2)])
@pytest.mark.parametrize("shuffled", [False, True])
def test_grids_are_swept_from_any_corner_without_detours(
    nx: int, ny: int, corner: tuple[int, int], shuffled: bool
) -> None:
    points = np.array([(x * 3.0, y * 3.0, 50.0) for y in range(ny) for x in range(nx)])
    if shuffled:
        points = np.random.default_rng(nx * ny).permutation(points)
    position = np.array([corner[0] * (nx - 1) * 3.0, corner[1] * (ny - 1) * 3.0, 50.0])
    order = order_features(points, points, position, is_simple=True)
    assert order.travel(points, points, position) == pytest.approx(3.0 * (nx * ny - 1)), "every step is one pitch"


@pytest.mark.parametrize("angle_deg", [0.0, 30.0, 90.0, 217.0])
@pytest.mark.parametrize("from_top", [False, True])
def test_hatches_are_swept_there_and_back(angle_deg: float, from_top: bool) -> None:
    a = np.radians(angle_deg)
    turn = np.array([[np.cos(a), np.sin(a), 0], [-np.sin(a), np.cos(a), 0], [0, 0, 1]])
    n = 40
    starts = np.array([(0.0, i * 2.0, 10.0) for i in range(n)]) @ turn
    ends = np.array([(100.0, i * 2.0, 10.0) for i in range(n)]) @ turn
    position = starts[-1] if from_top else starts[0]
    order = order_features(starts, ends, position, is_simple=True)
    assert order.travel(starts, ends, position) == pytest.approx(2.0 * (n - 1))
    assert order.reverse.tolist() in ([False, True] * (n // 2), [True, False] * (n // 2))


@settings(max_examples=60)
@given(st.integers(2, 3), st.integers(1, 2), st.floats(0.5, 3.0), st.data())
def test_small_grids_come_near_the_shortest_of_all_orders(nx: int, ny: int, pitch: float, data: st.DataObject) -> None:
    points = np.array([(x * 1.0, y * pitch, 0.0) for y in range(ny) for x in range(nx)])
    position = data.draw(st.sampled_from([points[0], points[-1], points[nx - 1]]))
    found = order_features(points, points, position, is_simple=True).travel(points, points, position)
    best = min(
        Order(np.array(p), np.zeros(len(p), bool)).travel(points, points, position)
        for p in permutations(range(len(points)))
    )
    assert found <= 1.5 * best + 1e-9


def test_nothing_and_one() -> None:
    none = np.zeros((0, 3))
    assert len(order_features(none, none, ORIGIN, is_simple=True).index) == 0
    starts, ends = np.array([[10.0, 0, 0]]), np.array([[1.0, 0, 0]])
    assert order_features(starts, ends, ORIGIN, is_simple=True).reverse.tolist() == [True]
    assert order_features(ends, starts, ORIGIN, is_simple=True).reverse.tolist() == [False]
    assert as_given(3).index.tolist() == [0, 1, 2]


def turned(points: np.ndarray, angle_deg: float) -> np.ndarray:
    a = np.radians(angle_deg)
    return points @ np.array([[np.cos(a), np.sin(a), 0], [-np.sin(a), np.cos(a), 0], [0, 0, 1]])


def lattice(nx: int, ny: int, pitch: float, *, hexagonal: bool) -> np.ndarray:
    column, row = np.meshgrid(np.arange(nx), np.arange(ny))
    x = (column + 0.5 * (row % 2) * hexagonal) * pitch
    y = row * pitch * (np.sqrt(3) / 2 if hexagonal else 1.0)
    return np.column_stack((x.ravel(), y.ravel(), np.full(nx * ny, 40.0)))


@pytest.mark.parametrize("hexagonal", [False, True])
@pytest.mark.parametrize("angle_deg", [0.0, 12.3, 90.0, 200.0])
@pytest.mark.parametrize("shuffled", [False, True])
def test_lattices_are_swept_however_they_lie_and_are_listed(hexagonal: bool, angle_deg: float, shuffled: bool) -> None:
    points = turned(lattice(40, 30, 0.7, hexagonal=hexagonal), angle_deg) + np.array([4_000.0, -9_000.0, 0.0])
    if shuffled:
        points = np.random.default_rng(5).permutation(points)
    sweep = find_sweep(points, points, points[0])
    assert sweep is not None
    assert sweep.is_regular
    order = order_features(points, points, points[0], is_simple=True)
    assert order.index.tolist() == sweep.order.index.tolist()
    assert order.travel(points, points, points[order.index[0]]) < 0.7 * len(points) * 1.02


@pytest.mark.parametrize("angle_deg", [0.0, 33.0])
def test_lattices_with_few_holes_are_swept_and_with_many_are_not(angle_deg: float) -> None:
    rng = np.random.default_rng(2)
    full = turned(lattice(60, 60, 2.0, hexagonal=False), angle_deg)
    for holes, is_swept in ((0.08, True), (0.5, False)):
        points = full[rng.random(len(full)) > holes]
        start = points[0]
        order = order_features(points, points, start, is_simple=True)
        sweep, path = find_sweep(points, points, start), shortest_path(points, points, start)
        assert sweep is not None
        assert (order.index.tolist() == sweep.order.index.tolist()) is is_swept
        if not is_swept:
            swept, found = sweep.order.travel(points, points, start), path.travel(points, points, start)
            assert found < 0.7 * swept
            assert order.travel(points, points, start) == found


def test_few_features_are_within_a_tenth_of_the_shortest_of_all_orders() -> None:
    rng = np.random.default_rng(9)
    ratios = []
    for _ in range(20):
        points = rng.uniform(0, 100, (7, 3))
        points[:, 2] = 0.0
        best = min(Order(np.array(p), np.zeros(7, bool)).travel(points, points, ORIGIN) for p in permutations(range(7)))
        ratios.append(order_features(points, points, ORIGIN, is_simple=True).travel(points, points, ORIGIN) / best)
    assert min(ratios) > 1 - 1e-12
    assert np.mean(ratios) < 1.1


@settings(max_examples=60)
@given(features())
def test_turning_stretches_round_never_lengthens_the_way(case: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    starts, ends, position = case
    walk = nearest_walk(starts, ends, position)
    better = turned_round(walk, starts, ends, position)
    assert is_permutation(better, len(starts))
    before = walk.travel(starts, ends, position)
    assert better.travel(starts, ends, position) <= before * (1 + 1e-9) + 1e-9


@settings(max_examples=60)
@given(features(), st.booleans())
def test_lines_that_keep_their_direction_are_never_reversed(
    case: tuple[np.ndarray, np.ndarray, np.ndarray], simple: bool
) -> None:
    starts, ends, position = case
    order = order_features(starts, ends, position, is_simple=simple, keep_direction=True)
    assert is_permutation(order, len(starts))
    assert not order.reverse.any()


@pytest.mark.parametrize("keep_direction", [False, True])
def test_many_lines_keep_their_direction_where_asked_and_save_way_where_not(keep_direction: bool) -> None:
    rng = np.random.default_rng(4)
    starts = np.column_stack((rng.uniform(0, 1e3, (2 * COMPILE_FROM, 2)), np.zeros(2 * COMPILE_FROM)))
    ends = starts + np.column_stack((rng.normal(0, 30, (2 * COMPILE_FROM, 2)), np.zeros(2 * COMPILE_FROM)))
    order = order_features(starts, ends, ORIGIN, is_simple=True, keep_direction=keep_direction)
    assert is_permutation(order, len(starts))
    assert bool(order.reverse.any()) is not keep_direction
    given = as_given(len(starts)).travel(starts, ends, ORIGIN)
    walk = nearest_walk(starts, ends, ORIGIN, keep_direction=keep_direction).travel(starts, ends, ORIGIN)
    found = order.travel(starts, ends, ORIGIN)
    assert found < 0.85 * walk < given


def test_lines_that_rise_are_turned_by_their_true_distances() -> None:
    rng = np.random.default_rng(6)
    count = COMPILE_FROM + 50
    starts = np.column_stack((rng.uniform(0, 50, (count, 2)), np.zeros(count)))
    ends = starts + np.array([0.0, 0.0, 400.0])  # pillars, seen from above without length
    order = order_features(starts, ends, ORIGIN, is_simple=True)
    assert is_permutation(order, count)
    assert order.reverse.tolist() == [i % 2 == 1 for i in range(count)], "up, then down the next one"
