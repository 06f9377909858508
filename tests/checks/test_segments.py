"""Exact distances and shared stretches against sampling and an independent library."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.checks.exposures import Items
from lasercam.checks.segments import near_pairs, separation, shared_stretch


def items(segments, *, are_dots=False):
    ends = np.asarray(segments, np.int64).reshape(-1, 2, 3)
    n = len(ends)
    start = np.ascontiguousarray(ends[:, 0])
    short = np.zeros(n, np.uint16)
    return Items(start, start if are_dots else np.ascontiguousarray(ends[:, 1]), np.arange(n), short, short, short)


coordinate = st.integers(-1_000, 1_000)
segment = st.tuples(*[st.tuples(coordinate, coordinate, st.integers(-3, 3))] * 2)


@settings(max_examples=200, deadline=None)
@given(segment, segment)
def test_separation_is_never_above_any_sampled_distance_and_close_to_the_least(a, b):
    first, second = items([a]), items([b])
    found = separation(first, np.array([0]), second, np.array([0]))[0]
    t = np.linspace(0, 1, 401)
    p = np.array(a[0]) + t[:, None] * (np.array(a[1]) - np.array(a[0]))
    q = np.array(b[0]) + t[:, None] * (np.array(b[1]) - np.array(b[0]))
    sampled = np.sqrt(((p[:, None] - q[None]) ** 2).sum(axis=2)).min()
    step = (np.linalg.norm(p[1] - p[0]) + np.linalg.norm(q[1] - q[0])) / 2
    assert found <= sampled + 1e-6
    assert found >= sampled - step - 1e-6


@settings(max_examples=200, deadline=None)
@given(segment, segment)
def test_separation_in_a_plane_is_that_of_shapely(a, b):
    flat = [[(*p[:2], 0) for p in s] for s in (a, b)]
    found = separation(items([flat[0]]), np.array([0]), items([flat[1]]), np.array([0]))[0]
    lines = [shapely.LineString([p[:2] for p in s]) for s in flat]
    assert found == pytest.approx(lines[0].distance(lines[1]), abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.lists(segment, min_size=1, max_size=25), st.lists(segment, min_size=1, max_size=25), st.integers(1, 400))
def test_near_pairs_are_all_pairs_that_are_near(left, right, distance):
    a, b = items(left), items(right)
    found = {(int(i), int(j)) for x, y in near_pairs(a, b, distance) for i, j in zip(x, y, strict=True)}
    index = np.indices((len(left), len(right))).reshape(2, -1)
    apart = separation(a, index[0], b, index[1])
    clear = np.abs(apart - distance) > 1e-6
    expected = {(int(i), int(j)) for i, j, d in zip(*index, apart, strict=True) if d < distance}
    sure = {(int(i), int(j)) for i, j, c in zip(*index, clear, strict=True) if c}
    assert found & sure == expected & sure


def test_near_pairs_work_for_many_depths_at_once():
    stack = [((0, 0, 1_000 * k), (500, 0, 1_000 * k)) for k in range(100)]
    found = [pair for x, y in near_pairs(items(stack), items(stack), 11) for pair in zip(x, y, strict=True)]
    assert sorted(found) == [(k, k) for k in range(100)]


@pytest.mark.parametrize(
    ("other", "stretch"),
    [
        (((300, 0, 0), (2_000, 0, 0)), (300, 1_000)),
        (((2_000, 5, 0), (300, 5, 0)), (300, 1_000)),
        (((1_000, 0, 0), (2_000, 0, 0)), None),
        (((0, 11, 0), (1_000, 11, 0)), None),
        (((500, -500, 0), (500, 500, 0)), None),
        (((0, 0, 11), (1_000, 0, 11)), None),
        (((0, 0, 0), (1_000, 20, 0)), None),
        (((-50, 0, 0), (2_000, 0, 0)), (0, 1_000)),
    ],
)
def test_lines_share_a_stretch_only_where_one_runs_on_the_other(other, stretch):
    line = items([((0, 0, 0), (1_000, 0, 0))])
    first, last = shared_stretch(line, np.array([0]), items([other]), np.array([0]), 10)
    assert (last[0] < first[0]) if stretch is None else (first[0], last[0]) == pytest.approx(stretch)
