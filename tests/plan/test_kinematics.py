from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.model.recipe import RecipeTable
from lasercam.model.toolpath import RowKind
from lasercam.plan.kinematics import TimeTables, row_seconds, time_tables
from tests.support import builders

K = RowKind


def tables(**changes: object) -> TimeTables:
    made = TimeTables(
        np.array([400.0, 0.0]), np.array([1.0, 0.25]), np.array([2e4, 1e4, 5e3]), np.array([1e5, 1e5, 5e4]), 0.0, 0.0
    )
    return replace(made, **changes)


def seconds(kind: RowKind, delta_um: tuple[float, float, float], made: TimeTables, recipe: int = 0) -> float:
    end = np.rint(np.array([delta_um]) * 10_000).astype(np.int64)
    found = row_seconds(
        np.zeros((1, 3), np.int64), end, np.array([kind], np.uint8), np.array([recipe], np.uint16), made
    )
    assert found.shape == (1,)
    return float(found[0])


def integrated(delta_um: tuple[float, float, float], made: TimeTables, steps: int = 4000) -> float:
    """Rest to rest by brute force: at each place the highest speed from which one can still have come and stop."""
    delta = np.abs(np.array(delta_um))
    length = float(np.linalg.norm(delta))
    moving = delta > 0
    # The largest speed and acceleration along the path at which no axis exceeds its own.
    speed = min(made.max_speed_um_s[moving] * length / delta[moving])
    acceleration = min(made.acceleration_um_s2[moving] * length / delta[moving])
    # Even in √s near the ends, where speeds change fastest.
    half = (np.arange(steps + 1) / steps) ** 2 * length / 2
    v = np.minimum(speed, np.sqrt(2 * acceleration * half))
    return 2 * sum(2 * (b - a) / (v0 + v1) for (a, b), (v0, v1) in zip(pairwise(half), pairwise(v), strict=True))


LENGTHS = st.sampled_from([0.0, 1.0]).flatmap(lambda s: st.floats(-1e5, 1e5).map(lambda v: round(v * s, 3)))


@settings(max_examples=60)
@given(st.tuples(LENGTHS, LENGTHS, LENGTHS).filter(any))
def test_travel_takes_as_long_as_its_trapezoid(delta: tuple[float, float, float]) -> None:
    made = tables()
    assert seconds(K.JUMP, delta, made) == pytest.approx(integrated(delta, made), rel=2e-3)
    assert seconds(K.DOT, delta, made) == pytest.approx(seconds(K.JUMP, delta, made) + 1.0)


def test_short_travel_never_reaches_its_speed_and_long_travel_does() -> None:
    made = tables()
    assert seconds(K.JUMP, (1.0, 0, 0), made) == pytest.approx(2 * (1.0 / 1e5) ** 0.5)
    ramp = 2e4**2 / 1e5
    assert seconds(K.JUMP, (ramp, 0, 0), made) == pytest.approx(2 * 2e4 / 1e5)
    assert seconds(K.JUMP, (ramp + 2e4, 0, 0), made) == pytest.approx(2 * 2e4 / 1e5 + 1.0)
    assert seconds(K.JUMP, (0, 0, 100_000.0), made) > seconds(K.JUMP, (100_000.0, 0, 0), made), "z is slower"
    assert seconds(K.JUMP, (0, 0, 0), made) == 0.0


@pytest.mark.parametrize("kind", [K.LINE, K.LEAD, K.SHOTS])
def test_rows_at_speed_take_length_over_speed(kind: RowKind) -> None:
    assert seconds(kind, (30.0, 40.0, 0.0), tables()) == pytest.approx(50.0 / 400.0)
    assert seconds(kind, (3e8, 4e8, 0.0), tables(), recipe=1) == 0.0, "refused by a check, and no division by zero"


def test_dots_wait_and_open() -> None:
    made = tables(settle_s=0.2, overhead_s=0.003)
    assert seconds(K.DOT, (0, 0, 0), made) == pytest.approx(1.203)
    assert seconds(K.DOT, (0, 0, 0), made, recipe=1) == pytest.approx(0.453)


def test_tables_come_from_recipes_and_machine() -> None:
    trigger = {"output": 1, "width": "1 ms", "max_pulses": 1000, "source": "example value"}
    machine = builders.machine(trigger=trigger)
    recipes = (
        builders.line_recipe(250.0),
        builders.dot_recipe(0.5),
        builders.dot_recipe(pulses=5),  # 0.5 ms at 10 kHz: the trigger is longer
        builders.dot_recipe(pulses=200),
    )
    made = time_tables(RecipeTable(recipes, {}, {}), machine)
    assert made.speed_um_s.tolist() == [250.0, 0.0, 0.0, 0.0]
    assert made.open_s[1:].tolist() == [0.5, 0.001, 0.02]
    assert made.max_speed_um_s.tolist() == [2e4] * 3
    assert made.acceleration_um_s2.tolist() == [1e5] * 3
    assert (made.settle_s, made.overhead_s) == (0.0, 0.003)


@given(st.integers(0, 30), st.integers(0, 2**32 - 1))
def test_many_rows_take_what_each_takes(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    starts, ends = rng.integers(-(10**9), 10**9, (2, count, 3))
    kind, recipe = rng.integers(0, 5, count).astype(np.uint8), rng.integers(0, 2, count).astype(np.uint16)
    together = row_seconds(starts, ends, kind, recipe, tables())
    apart = [row_seconds(*(a[i : i + 1] for a in (starts, ends, kind, recipe)), tables())[0] for i in range(count)]
    assert together.tolist() == apart
    assert np.all(np.isfinite(together) & (together >= 0))
