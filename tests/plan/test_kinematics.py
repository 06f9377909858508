"""The path planner's model against brute force and closed forms."""

from collections.abc import Sequence
from math import cos, hypot, pi, radians, sin, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.model.recipe import RecipeTable
from lasercam.model.toolpath import RowKind
from lasercam.plan.kinematics.clock import row_seconds
from lasercam.plan.kinematics.model import motion_model
from tests.support import builders
from tests.support.motion import ACCELERATION, SPEED, TOLERANCE, clocked, line, model, polygon

K = RowKind


# Brute force: speed limits sampled along the path, integrated backwards and forwards.


def brute_force(
    lengths: Sequence[float], tops: Sequence[float], corners: Sequence[float], acceleration: float, steps: int = 3000
) -> float:
    """Seconds from rest to rest through pieces with top speeds and most speeds at their inner ends."""
    at = np.concatenate([np.linspace(0, size, steps + 1)[(0 if i == 0 else 1) :] for i, size in enumerate(lengths)])
    step = np.concatenate([np.full(steps, size / steps) for size in lengths])
    del at
    limit = np.concatenate([np.full(steps, top) for top in tops])
    limit = np.minimum(np.append(limit, tops[-1]), np.insert(limit, 0, tops[0]))
    limit[0] = limit[-1] = 0.0
    for i, most in enumerate(corners):
        limit[(i + 1) * steps] = min(limit[(i + 1) * steps], most)
    square = limit**2
    for i in range(len(step) - 1, -1, -1):
        square[i] = min(square[i], square[i + 1] + 2 * acceleration * step[i])
    for i in range(len(step)):
        square[i + 1] = min(square[i + 1], square[i] + 2 * acceleration * step[i])
    v = np.sqrt(square)
    return float(np.sum(2 * step / (v[1:] + v[:-1])))


WAYS = st.sampled_from([0.0, 1.0]).flatmap(lambda s: st.floats(-2e4, 2e4).map(lambda v: round(v * s, 2)))
LENGTHS = st.lists(st.floats(5.0, 400.0).map(lambda v: round(v, 1)), min_size=1, max_size=5)


@settings(max_examples=25)
@given(LENGTHS, st.lists(st.sampled_from([0.0, 30.0, 60.0, 90.0, -45.0, 120.0]), min_size=5, max_size=5))
def test_junction_deviation_is_what_brute_force_finds(lengths: list[float], turns: list[float]) -> None:
    """At a corner an arc that leaves it by δ has the radius δ s / (1 − s), s = sin of half the inner angle."""
    direction, place, points, corners = 0.0, (0.0, 0.0), [(0.0, 0.0)], []
    for i, size in enumerate(lengths):
        place = (place[0] + size * cos(radians(direction)), place[1] + size * sin(radians(direction)))
        points.append(place)
        if i + 1 < len(lengths):
            half = sin((pi - abs(radians(turns[i]))) / 2)
            unit = np.array([cos(radians(direction + turns[i])), sin(radians(direction + turns[i]))])
            unit -= (cos(radians(direction)), sin(radians(direction)))
            # Sideways acceleration points along the difference of directions; the weaker axis decides.
            share = np.abs(unit / max(hypot(*unit), 1e-12)).max() or 1.0
            bend = ACCELERATION / share
            corners.append(sqrt(bend * TOLERANCE * half / (1 - half)) if half < 1 - 1e-9 else 1e9)
            direction += turns[i]
    # Equal axes: along a direction the larger component decides, so lines at an angle may accelerate faster.
    deltas = np.diff(np.array(points), axis=0)
    share = np.abs(deltas).max(axis=1) / np.hypot(*deltas.T)
    found = row_seconds([line(points)], model("junction_deviation"))
    if np.allclose(share, share[0]):
        wanted = brute_force(lengths, [SPEED] * len(lengths), corners, ACCELERATION / share[0])
        assert found.sum() == pytest.approx(wanted, rel=2e-3)
    else:
        slow = brute_force(lengths, [SPEED] * len(lengths), corners, ACCELERATION / share.max())
        fast = brute_force(lengths, [SPEED] * len(lengths), corners, ACCELERATION / share.min())
        assert fast * (1 - 2e-3) <= found.sum() <= slow * (1 + 2e-3)


@settings(max_examples=25)
@given(LENGTHS)
def test_full_speed_knows_no_corners_and_exact_stop_knows_nothing_else(lengths: list[float]) -> None:
    points = [(0.0, 0.0)]
    for i, size in enumerate(lengths):
        points.append((points[-1][0] + (size if i % 2 == 0 else 0.0), points[-1][1] + (size if i % 2 else 0.0)))
    full = row_seconds([line(points)], model("full_speed")).sum()
    assert full == pytest.approx(brute_force([sum(lengths)], [SPEED], [], ACCELERATION), rel=2e-3)
    stopping = row_seconds([line(points)], model("exact_stop")).sum()
    assert stopping == pytest.approx(sum(brute_force([size], [SPEED], [], ACCELERATION) for size in lengths), rel=2e-3)


@pytest.mark.parametrize("angle", [30.0, 90.0, 150.0])
def test_a_rounded_corner_is_the_arc_within_the_tolerance(angle: float) -> None:
    """Two long lines: radius r = T s / (1 − s), taken at √(√3/2 a r); the arc is shorter than its corner."""
    half = (180.0 - angle) / 2
    s = sin(radians(half))
    radius = TOLERANCE * s / (1 - s)
    corner = sqrt(sqrt(3) / 2 * ACCELERATION * radius)
    trimmed = radius / np.tan(radians(half))
    size = 2_000.0
    rotation = radians(angle)
    # Lines at ±angle/2 to the x axis; accelerations along them are those of the larger component.
    a, b = (cos(-rotation / 2), sin(-rotation / 2)), (cos(rotation / 2), sin(rotation / 2))
    points = [(0.0, 0.0), (size * a[0], size * a[1]), (size * (a[0] + b[0]), size * (a[1] + b[1]))]
    along = ACCELERATION / max(abs(a[0]), abs(a[1]))
    ramp = (SPEED**2 - min(corner, SPEED) ** 2) / (2 * along)
    line_s = SPEED / along + (SPEED - corner) / along + (size - trimmed - SPEED**2 / (2 * along) - ramp) / SPEED
    expected = 2 * line_s + radius * rotation / corner
    found = row_seconds([line(points)], model("rounded", cycle_time="1 ns"))
    assert corner < SPEED
    assert found.sum() == pytest.approx(expected, rel=1e-3)
    assert found[1] == pytest.approx(found[2], rel=1e-6), "both lines get half of the arc"


def test_lines_that_turn_back_stop() -> None:
    there_and_back = [(0.0, 0.0), (200.0, 0.0), (0.0, 1.0)]
    one_way = brute_force([200.0], [SPEED], [], ACCELERATION)
    assert row_seconds([line(there_and_back)], model()).sum() == pytest.approx(2 * one_way, rel=1e-3)


def test_rows_cut_for_a_slow_gate_are_joined_within_the_increment_and_no_farther() -> None:
    straight = brute_force([158.0], [SPEED], [], ACCELERATION)
    cut = line([(2.0 * i, 0.0005 * (i % 2)) for i in range(80)])
    assert row_seconds([cut], model(slow_gate=True)).sum() == pytest.approx(straight, rel=5e-3)
    wavy = line([(2.0 * i, 0.2 * (i % 2)) for i in range(80)])
    assert row_seconds([wavy], model(slow_gate=True)).sum() > 2 * straight


def test_rows_are_not_joined_where_the_gate_is_instant() -> None:
    short = [line([(0.5 * i, 0.0) for i in range(400)], leads=150.0)]
    joined, alone = (row_seconds(short, model(cycle_time="1 ms", slow_gate=slow)) for slow in (True, False))
    assert 0.5 / joined[200] == pytest.approx(SPEED)
    assert 0.5 / alone[200] == pytest.approx(0.5 / 0.00102), "one row per servo period"


def test_a_curve_keeps_its_speed_from_the_gate_on_unless_its_first_chord_is_too_short() -> None:
    """The chord that carries the gate's command cannot vanish in blends: half of it must last a servo period."""

    def share(n: int, radius: float) -> np.ndarray:
        (timed,) = clocked([line(polygon(n, radius), leads=150.0)], model(cycle_time="1 ms"))
        lit = timed.block.kind == K.LINE
        return np.asarray(timed.length_um[lit] / timed.seconds[lit] / SPEED)

    assert share(200, 500.0).min() > 0.99  # 15.7 µm, 3.1 ms
    assert share(3_140, 500.0)[0] < 0.25  # 1 µm


# Standstill: travel, dots, servo periods.


@settings(max_examples=60)
@given(
    st.tuples(*[st.sampled_from([0.0, 1.0]).flatmap(lambda s: st.floats(-2e4, 2e4).map(lambda v: round(v * s, 2)))] * 3)
)
def test_travel_takes_as_long_as_its_trapezoid(delta: tuple[float, float, float]) -> None:
    made = model()
    size = sqrt(sum(d * d for d in delta))
    seconds = row_seconds([builders.rows([(K.JUMP, delta)])], made)[0]
    if size == 0:
        assert seconds == 0
        return
    share = max(abs(d) for d in delta) / size
    assert seconds == pytest.approx(brute_force([size], [2e4 / share], [], ACCELERATION / share), rel=2e-3)
    dot = row_seconds([builders.rows([(K.DOT, delta)], recipe=1)], made)[0]
    assert dot == pytest.approx(seconds + 0.25 + 0.003), "exposure, and the gate's overhead"


def test_dots_wait_for_the_machine() -> None:
    trigger = {"output": 1, "width": "1 ms", "max_pulses": 1000, "source": "example value"}
    controller = {**builders.machine().controller.model_dump(), "settle_time": "20 ms"}
    recipes = (builders.dot_recipe(pulses=5), builders.dot_recipe(pulses=200), builders.dot_recipe(0.1))
    table = RecipeTable(recipes, {}, {})
    plain = motion_model(table, builders.machine(trigger=trigger, controller=controller))
    assert plain.stand_s.tolist() == pytest.approx([0.001 + 0.023, 0.02 + 0.023, 0.1 + 0.023])
    controller["planner"] = {"dot_overhead": "5 ms"}
    assert motion_model(table, builders.machine(controller=controller)).stand_s[2] == pytest.approx(0.125)


def test_motion_between_standstills_lasts_whole_servo_periods() -> None:
    made = model(cycle_time="1 ms")
    for block in (builders.rows([(K.JUMP, (123.4, 5.6, 0))]), line([(0, 0), (77.7, 0)], leads=130.0)):
        exact = row_seconds([block], model(cycle_time="1 ns"))
        cycles = row_seconds([block], made)
        assert cycles.sum() * 1000 == pytest.approx(round(cycles.sum() * 1000), abs=1e-6)
        assert exact.sum() <= cycles.sum() <= exact.sum() + 2 * 0.001


def test_dots_alone_take_the_same_as_dots_among_lines() -> None:
    rng = np.random.default_rng(3)
    dots = [(K.DOT, tuple(rng.uniform(0, 500, 3)), 1) for _ in range(40)]
    for corners in ("rounded", "exact_stop"):
        made = model(corners, cycle_time="1 ms")
        alone = row_seconds([builders.rows(dots)], made)
        lines = [(K.JUMP, (0.0, 0.0, 0.0)), (K.LINE, (50.0, 0.0, 0.0)), (K.JUMP, (0.0, 0.0, 0.0))]
        among = row_seconds([builders.rows([*lines, *dots])], made)
        assert among[3:] == pytest.approx(alone, rel=1e-9)


# Look-ahead, evenness, jerk.


@pytest.mark.parametrize("depth", [5, 15, 50])
def test_the_stage_is_never_faster_than_it_can_stop_within_the_look_ahead(depth: int) -> None:
    block = line([(2.0 * i, 3.0 * (i % 2)) for i in range(300)])
    free = row_seconds([block], model("full_speed"))
    seen = row_seconds([block], model("full_speed", look_ahead=depth))
    size = hypot(2.0, 3.0)
    share = 3.0 / size
    # The rest of a line, and then the lines that are planned.
    most = sqrt(2 * ACCELERATION / share * (depth + 1) * size)
    assert (size / seen[1:]).max() <= most * (1 + 1e-6)
    assert (size / seen[1:]).max() > 0.9 * min(most, SPEED)
    assert seen.sum() >= free.sum()


def test_short_pieces_change_speed_evenly_where_the_controller_does() -> None:
    block = line([(0.0, 0.0), (30.0, 0.0)], leads=20.0)
    made = model(speed=1000.0)
    assert row_seconds([block], made)[1] == pytest.approx(1000 / ACCELERATION + (20 - 5) / 1000)
    even = row_seconds([block], model(speed=1000.0, even_below="100 ms", cycle_time="1 ns"))
    assert even[1] == pytest.approx(2 * 20 / 1000), "from rest to speed over the whole run-up"


@pytest.mark.parametrize("size", [0.5, 20.0, 4_000.0])
def test_jerk_rounds_the_profile(size: float) -> None:
    jerk = 1e6
    found = row_seconds([line([(0.0, 0.0), (size, 0.0)])], model(jerk="1000 mm/s^3", speed=2_000.0)).sum()
    # Brute force: the best symmetric profile, by integrating jerk in four equal or three trapezoidal phases.
    if size == 4_000.0:  # speed is not reached by the whole acceleration: v < a²/j
        wanted = 2 * 2 * sqrt(2_000.0 / jerk) + (size - 2 * 2_000.0 * sqrt(2_000.0 / jerk)) / 2_000.0
    else:
        wanted = 4 * (size / (2 * jerk)) ** (1 / 3)
    assert found == pytest.approx(wanted, rel=1e-6)
    assert found > row_seconds([line([(0.0, 0.0), (size, 0.0)])], model(speed=2_000.0)).sum()


def test_much_jerk_is_none() -> None:
    block = line([(0, 0), (50, 0), (50, 80), (140, 80)], leads=150.0)
    plain = row_seconds([block], model("junction_deviation")).sum()
    assert row_seconds([block], model("junction_deviation", jerk="1e9 mm/s^3")).sum() == pytest.approx(plain, rel=1e-3)
    assert row_seconds([block], model("junction_deviation", jerk="500 mm/s^3")).sum() > 1.1 * plain
