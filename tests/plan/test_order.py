from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lasercam.plan.nearest import walk_compiled, walk_plain
from lasercam.plan.order import COMPILE_FROM, Order, as_given, nearest_walk, order_features

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


@settings(max_examples=400)
@given(features())
def test_plain_and_compiled_walks_agree_to_the_bit(case: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    plain, compiled = walk_plain(*case), walk_compiled(*case)
    assert plain[0].tolist() == compiled[0].tolist()
    assert plain[1].tolist() == compiled[1].tolist()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", ["cloud", "lattice", "line", "far", "twins", "hatch"])
def test_the_walks_agree_on_larger_tiles(kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    starts = {
        "cloud": lambda: rng.uniform(0, 1000, (700, 3)),
        "lattice": lambda: np.array(list(product(range(26), range(26), [0])), float) * rng.choice([0.1, 1.0, 7.3]),
        "line": lambda: np.column_stack([rng.permutation(700) * 0.1, np.zeros(700), np.zeros(700)]),
        "far": lambda: rng.integers(0, 30, (700, 3)) * 0.1 + 1e8,
        "twins": lambda: np.repeat(rng.integers(0, 9, (350, 3)).astype(float), 2, axis=0),
        "hatch": lambda: np.column_stack([np.zeros(500), rng.permutation(500) * 0.7, np.zeros(500)]),
    }[kind]()
    ends = starts + ([50.0, 0.0, 0.0] if kind == "hatch" else 0.0)
    position = rng.uniform(-2000, 2000, 3)
    assert [a.tolist() for a in walk_plain(starts, ends, position)] == [
        a.tolist() for a in walk_compiled(starts, ends, position)
    ]


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
    # A sweep taken at once is within 5 % of its smallest step everywhere; its entry may cost one crossing.
    span = float(np.linalg.norm(np.ptp(np.vstack((starts, ends, position[None])), axis=0)))
    assert found <= walk * 1.05 + span + 1e-9


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


def test_a_large_cloud_uses_the_compiled_walk_and_visits_all() -> None:
    rng = np.random.default_rng(3)
    points = rng.uniform(0, 1e3, (COMPILE_FROM + 10, 3))
    assert is_permutation(order_features(points, points, ORIGIN, is_simple=True), len(points))
