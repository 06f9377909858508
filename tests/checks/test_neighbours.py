"""The cell search against brute force, and its two implementations against each other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.checks import neighbours


def brute(places, half, step, own, matters, extra):
    found = np.zeros(len(places), bool)
    for i in range(len(places)):
        for j in range(i):
            limit = int(half[i]) + int(half[j]) + extra
            apart = sum((int(a) - int(b)) ** 2 for a, b in zip(places[i], places[j], strict=True))
            found[i] |= bool(own[i] and matters[step[i], step[j]] and apart < limit * limit)
    return found


@st.composite
def scenes(draw):
    seed = draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    n = draw(st.integers(1, 60))
    spread = draw(st.sampled_from([3, 40, 5_000, 100_000, 10**9]))
    flat = draw(st.booleans())
    places = random.integers(-spread, spread + 1, (n, 3))
    if flat:
        places[:, 2] = 7
    half = random.choice(draw(st.sampled_from([[0], [10], [3, 2_000], [20_000, 1]])), n)
    step = random.integers(0, 3, n).astype(np.uint16)
    own = random.random(n) < draw(st.sampled_from([0.0, 0.5, 1.0]))
    matters = random.random((3, 3)) < 0.7
    return places.astype(np.int64), half.astype(np.int64), step, own, matters, draw(st.sampled_from([0, 1, 11]))


@settings(max_examples=300, deadline=None)
@given(scenes())
def test_both_searches_agree_with_brute_force(scene):
    expected = brute(*scene)
    assert np.array_equal(neighbours.crowded_plain(*scene), expected)
    assert np.array_equal(neighbours._compiled(*scene), expected)


@pytest.mark.parametrize("count", [200, neighbours.COMPILED_FROM + 5])
def test_the_front_gives_the_same_on_both_sides_of_the_break_even(count):
    random = np.random.default_rng(count)
    places = random.integers(0, 3_000 * int(count**0.5), (count, 3))
    places[:, 2] = 0
    half, step = np.full(count, 1_000, np.int64), np.zeros(count, np.uint16)
    own, matters = np.ones(count, bool), np.ones((1, 1), bool)
    found = neighbours.crowded(places, half, step, own, matters, extra=0)
    assert 0 < found.sum() < count
    assert np.array_equal(found, neighbours.crowded_plain(places, half, step, own, matters, 0))


def test_nothing_is_found_where_nothing_is_judged():
    none = np.zeros((0, 3), np.int64)
    empty = np.zeros(0, np.int64)
    assert not len(
        neighbours.crowded(none, empty, empty.astype(np.uint16), empty.astype(bool), np.ones((1, 1), bool), extra=5)
    )
