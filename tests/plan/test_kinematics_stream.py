"""Rows timed as they stream by: the same however they are cut, compiled or not, and marked along their way."""

from math import ceil, cos, pi, sin

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.model.recipe import RecipeTable
from lasercam.model.timing import END_MARKS, row_marks_um
from lasercam.model.toolpath import RowKind, ToolpathBlock
from lasercam.plan.kinematics.clock import Clock, row_seconds
from lasercam.plan.kinematics.model import motion_model
from tests.support import builders
from tests.support.motion import ACCELERATION, SPEED, clocked, line, machine, model, split

K = RowKind


# Rows, marks, streams.

MODELS = {
    "linuxcnc": {"cycle_time": "1 ms", "even_below": "10 ms", "look_ahead": 50},
    "grbl": {"corners": "junction_deviation", "look_ahead": 15},
    "full": {"corners": "full_speed", "look_ahead": 20},
    "stop": {"corners": "exact_stop"},
    "jerky": {"corners": "junction_deviation", "jerk": "2000 mm/s^3", "look_ahead": 10},
}


def scribble(seed: int, n: int = 300) -> ToolpathBlock:
    rng = np.random.default_rng(seed)
    listed, place = [], np.zeros(3)
    while len(listed) < n:
        kind = rng.choice(["dot", "line", "curve"])
        place = place + rng.uniform(-200, 200, 3) * (1, 1, 0.1)
        if kind == "dot":
            listed.append((K.DOT, tuple(place), 1))
            continue
        points = int(rng.integers(1, 4)) if kind == "line" else int(rng.integers(20, 120))
        angle = rng.uniform(0, 2 * pi)
        listed.append((K.JUMP, tuple(place)))
        place = place + 5 * np.array([cos(angle), sin(angle), 0])
        listed.append((K.LEAD, tuple(place)))
        for _ in range(points):
            angle += rng.normal(0, 0.5 if kind == "line" else 0.1)
            place = place + rng.uniform(0.5, 30) * np.array([cos(angle), sin(angle), 0])
            listed.append((K.LINE, tuple(place)))
    return builders.rows(listed)


@pytest.mark.parametrize("name", MODELS)
def test_however_rows_are_cut_into_blocks_they_take_the_same(name: str) -> None:
    made, block = model(**MODELS[name]), scribble(7)
    whole = np.concatenate([t.seconds for t in clocked([block], made)])
    rng = np.random.default_rng(5)
    for cuts in (range(0, len(block), 3), rng.integers(0, len(block), 4).tolist(), [1, len(block) - 1]):
        pieces = split(block, list(cuts))
        timed = clocked(pieces, made)
        assert [t.block.first_row for t in timed] == [p.first_row for p in pieces]
        assert np.concatenate([t.seconds for t in timed]) == pytest.approx(whole, rel=1e-7, abs=1e-9)
        clock = Clock(made, shares=False)
        for piece in pieces:
            assert clock.add(piece) == []
        clock.finish()
        assert clock.total_s == pytest.approx(whole.sum(), rel=1e-9)


def test_a_line_without_end_waits_for_no_more_than_the_look_ahead() -> None:
    made = model("junction_deviation", look_ahead=30)
    clock = Clock(made)
    waiting, longest = 0, 0
    for piece in split(line([(10.0 * i, 8.0 * (i % 2)) for i in range(3_000)]), range(0, 3_000, 100)):
        waiting += len(piece) - sum(len(t.block) for t in clock.add(piece))
        longest = max(longest, waiting)
    clock.finish()
    assert longest <= 200, "the block that is not settled, and the one before"


@pytest.mark.parametrize("name", MODELS)
def test_compiled_code_and_plain_python_agree_to_the_last_bit(name: str) -> None:
    made, block = model(**MODELS[name]), scribble(11)
    plain, fast = (clocked([block], made, compiled=compiled) for compiled in (False, True))
    assert len(plain) == len(fast) == 1
    assert plain[0].seconds.tolist() == fast[0].seconds.tolist()
    assert np.array_equal(plain[0].marks_s, fast[0].marks_s, equal_nan=True)


@settings(max_examples=15)
@given(st.sampled_from([n for n in MODELS if n != "jerky"]), st.integers(0, 10_000))
def test_marks_lie_in_order_between_beginning_and_end(name: str, seed: int) -> None:
    made, block = model(**MODELS[name]), scribble(seed, 120)
    for timed in clocked([block], made):
        feeds = ~np.isin(timed.block.kind, (K.JUMP, K.DOT))
        times = np.column_stack((np.zeros(feeds.sum()), timed.marks_s[feeds], timed.seconds[feeds]))
        assert np.all(np.diff(times, axis=1) >= -1e-9)
        assert np.all(timed.seconds[feeds] >= timed.length_um[feeds] / SPEED * (1 - 0.12)), "arcs cut corners, a little"
        assert np.all(timed.marks_um >= 0)
        assert np.all(timed.marks_um <= timed.length_um[:, None] + 1e-9)


def test_marks_are_where_they_are_said_to_be() -> None:
    marks = row_marks_um(np.array([1000.0, 6.0]), np.array([2.0, 2.0]))
    assert marks.shape == (2, 2 * END_MARKS)
    assert marks[0].tolist() == [2, 4, 8, 16, 32, 64, 128, 872, 936, 968, 984, 992, 996, 998]
    assert marks[1].tolist() == [2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4]
    block = line([(0.0, 0.0), (1000.0, 0.0)])
    timed = clocked([block], model())[0]
    ramp = np.sqrt(2 * timed.marks_um[1, :6] / ACCELERATION)
    assert timed.marks_s[1, :6] == pytest.approx(ramp)
    assert timed.seconds[1] - timed.marks_s[1, -6:] == pytest.approx(ramp[::-1])


def test_a_row_without_a_speed_takes_no_time_and_does_no_harm() -> None:
    recipes = (builders.line_recipe(SPEED), builders.dot_recipe(0.25))
    made = motion_model(RecipeTable(recipes, {}, {}), machine())
    block = builders.rows([(K.JUMP, (9.0, 0, 0)), (K.LINE, (50.0, 0, 0), 1), (K.LINE, (90.0, 0, 0), 0)])
    found = row_seconds([block], made)
    assert found[1] == 0
    assert np.all(np.isfinite(found))
    assert found[2] > 0


def test_servo_periods_are_counted_once_over_a_long_run() -> None:
    made = model(cycle_time="1 ms", look_ahead=10)
    block = line([(30.0 * i, 20.0 * (i % 2)) for i in range(400)], leads=150.0)
    whole = row_seconds([block], made).sum()
    cut = row_seconds(split(block, range(0, 400, 37)), made).sum()
    assert cut == pytest.approx(whole, abs=1e-6)
    assert ceil(whole * 1000 - 0.01) == pytest.approx(whole * 1000, abs=0.02)
