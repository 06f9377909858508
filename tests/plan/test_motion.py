from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.errors import PatternError
from lasercam.model.feature import FeatureBlock, dots
from lasercam.model.frame import Frame
from lasercam.model.recipe import RecipeTable
from lasercam.model.toolpath import MAX_BLOCK_ROWS, RowKind
from lasercam.plan.gating import GateTables
from lasercam.plan.motion import MotionTables, make_rows, motion_tables, run_up_ticks, to_ticks
from lasercam.plan.order import Order, as_given
from lasercam.plan.rows import Rows, full_blocks
from lasercam.process.focus import stage_travel_um
from tests.support import builders

K = RowKind
SPEEDS = np.array([400.0, 0.5, 2e4])
INSTANT = GateTables(SPEEDS * 0, SPEEDS * 0, SPEEDS, 0.0, 0.0)
TABLES = MotionTables(np.array([0, 7, 9], np.uint32), SPEEDS, np.array([1e5, 1e5, 5e4]), 0.0, INSTANT, None)


def lines(features: list[list[tuple[float, float, float]]]) -> FeatureBlock:
    xyz = np.array([v for f in features for v in f], float).reshape(-1, 3)
    offsets = np.concatenate(([0], np.cumsum([len(f) for f in features]))).astype(np.int64)
    zeros = np.zeros(len(features), np.uint16)
    return FeatureBlock(xyz, offsets, zeros, zeros.copy())


@dataclass
class Case:
    block: FeatureBlock
    recipe: np.ndarray
    part: np.ndarray
    order: Order
    frame: Frame
    position: np.ndarray
    tables: MotionTables = TABLES

    def rows(self) -> Rows:
        return make_rows(self.block, self.recipe, self.part, self.order, self.position, self.frame, self.tables)


VERTEX = st.tuples(*[st.integers(-500, 500).map(lambda v: v * 0.37)] * 3)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    increment = draw(st.sampled_from([1, 10, 25, 10_000]))
    origin = tuple(v * increment for v in draw(st.tuples(*[st.integers(-1000, 1000)] * 3)))
    frame = Frame(origin, draw(st.sampled_from([1.0, 1 / 1.52])), increment)
    vertices = st.lists(VERTEX, min_size=1, max_size=draw(st.sampled_from([1, 2, 6])))
    features = draw(st.lists(vertices, min_size=1, max_size=8))
    block = lines(features)
    n = len(block)
    order = Order(
        np.array(draw(st.permutations(range(n))), np.int64),
        np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n))),
    )
    recipe = np.array(draw(st.lists(st.integers(0, 2), min_size=n, max_size=n)), np.uint16)
    position = np.array(origin) + np.array(draw(st.tuples(*[st.integers(-9, 9)] * 3))) * increment
    return Case(block, recipe, np.arange(n, dtype=np.uint16) + 3, order, frame, position.astype(np.int64))


def wanted(case: Case) -> list[tuple[int, list[list[int]]]]:
    """What must be exposed, feature by feature in order: its number and its vertices as ticks, repeats left out."""
    found = []
    for index, reverse in zip(case.order.index.tolist(), case.order.reverse.tolist(), strict=True):
        first, last = case.block.offsets[index : index + 2]
        ticks = to_ticks(case.block.xyz_um[first:last], case.frame).tolist()
        kept = [v for i, v in enumerate(ticks) if i == 0 or v != ticks[i - 1]]
        found.append((index, kept[::-1] if reverse else kept))
    return found


@settings(max_examples=400)
@given(cases())
def test_rows_write_every_segment_once_and_nothing_else(case: Case) -> None:
    features = wanted(case)
    if any(len(v) == 1 and case.block.vertex_counts[i] > 1 for i, v in features):
        with pytest.raises(PatternError, match="shorter than the machine's increment"):
            case.rows()
        return
    rows = case.rows()
    starts, ends, kind = rows.start_ticks, rows.end_ticks, rows.kind
    assert starts[0].tolist() == case.position.tolist()
    assert starts[1:].tolist() == ends[:-1].tolist(), "each row starts where the one before ended"
    assert np.all((ends - np.array(case.frame.origin_ticks)) % case.frame.increment_ticks == 0)
    moves = kind != K.DOT
    assert not np.any(np.all(starts[moves] == ends[moves], axis=1)), "no row without length"
    assert set(kind.tolist()) <= {K.JUMP, K.LEAD, K.LINE, K.DOT}

    at = 0
    for index, vertices in features:
        recipe, part = int(case.recipe[index]), index + 3
        if len(vertices) == 1:
            assert (kind[at], ends[at].tolist()) == (K.DOT, vertices[0])
            assert rows.count[at] == case.tables.pulses[recipe]
            taken = slice(at, at + 1)
        else:
            if kind[at] == K.JUMP:
                assert (rows.recipe[at], rows.part[at], rows.count[at]) == (0, 0, 0)
                at += 1
            n = len(vertices)
            taken = slice(at, at + n + 1)
            assert kind[taken].tolist() == [K.LEAD, *[K.LINE] * (n - 1), K.LEAD]
            assert ends[at : at + n].tolist() == vertices
            assert not rows.count[taken].any()
            for lead, line in ((at, at + 1), (at + n, at + n - 1)):
                check_lead(ends[lead] - starts[lead], ends[line] - starts[line], SPEEDS[recipe], case)
        assert set(rows.recipe[taken].tolist()) == {recipe}
        assert set(rows.part[taken].tolist()) == {part}
        at = taken.stop
    assert at == len(rows)


def check_lead(lead: np.ndarray, line: np.ndarray, speed: float, case: Case) -> None:
    """Long enough to reach the speed on every axis, and along the line but for less than an increment."""
    unit = line / np.linalg.norm(line)
    moving = np.abs(unit) > 0
    acceleration = min(case.tables.acceleration_um_s2[moving] / np.abs(unit[moving]))
    needed = speed**2 / (2 * acceleration) * 10_000
    assert np.linalg.norm(lead) >= max(needed, case.frame.increment_ticks) * (1 - 1e-9)
    least = 20 if np.count_nonzero(np.abs(unit) > 1e-12) > 1 else 1  # a slanted one keeps its direction by its length
    ideal = unit * np.ceil(max(needed / case.frame.increment_ticks, least) * (1 - 1e-12)) * case.frame.increment_ticks
    assert np.all(np.abs(lead - ideal) <= case.frame.increment_ticks)
    assert np.all((np.abs(lead) + 1e-3 >= np.abs(ideal)) & (lead * line >= 0)), "never shorter, never backwards"


def test_dots_are_one_row_each() -> None:
    frame = Frame((100, 200, 300), 1.0, 10)
    block = dots(np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    recipe = np.array([0, 1, 2], np.uint16)
    order = Order(np.array([2, 0, 1]), np.zeros(3, bool))
    rows = make_rows(block, recipe, recipe, order, np.zeros(3, np.int64), frame, TABLES)
    assert rows.kind.tolist() == [K.DOT] * 3
    assert rows.end_ticks.tolist() == [[40_100, 50_200, -59_700], *[[10_100, 20_200, -29_700]] * 2]
    assert rows.start_ticks.tolist() == [[0, 0, 0], *rows.end_ticks[:-1].tolist()]
    assert rows.count.tolist() == [9, 0, 7]


@given(st.floats(0, 5e3), st.floats(1.0, 3.0), st.sampled_from([1, 10, 10_000]))
def test_depth_is_divided_by_the_index(depth: float, index: float, increment: int) -> None:
    frame = Frame((0, 0, 0), 1.0 / index, increment)
    (ticks,) = to_ticks(np.array([[0.0, 0.0, depth]]), frame).tolist()
    assert abs(-ticks[2] / 10_000 - float(stage_travel_um(depth, index))) <= increment / 20_000 + 1e-9
    assert ticks[2] % increment == 0
    assert abs(frame.sample_um(np.array([ticks]))[0, 2] - depth) <= increment / 20_000 * index + 1e-9


@given(st.lists(st.tuples(*[st.floats(-1e9, 1e9)] * 3), min_size=1, max_size=6), st.sampled_from([1, 7, 10, 10_000]))
def test_rounding_is_to_the_nearest_increment(points: list[tuple[float, float, float]], increment: int) -> None:
    ticks = to_ticks(np.array(points), Frame((0, 0, 0), 1.0, increment))
    wanted_ticks = np.array(points) * [1e4, 1e4, -1e4]
    assert np.all(ticks % increment == 0)
    assert np.all(np.abs(ticks - wanted_ticks) <= increment / 2 + np.abs(wanted_ticks) * 1e-15 + 1e-6)


def test_a_line_that_would_vanish_is_refused_with_its_place() -> None:
    block = lines([[(0, 0, 0), (1, 0, 0)], [(5, 6, 7), (5.0004, 6, 7)]])
    nothing = np.zeros(2, np.uint16)
    with pytest.raises(PatternError, match=r"1 line\(s\) .* increment of 0.001 µm .* x 5.000, y 6.000, depth 7.000"):
        make_rows(block, nothing, nothing, as_given(2), np.zeros(3, np.int64), Frame((0, 0, 0), 1.0, 10), TABLES)


@pytest.mark.parametrize("speed", [1e9, 1e14])
def test_a_speed_that_no_stage_reaches_is_refused_not_overflowed(speed: float) -> None:
    tables = MotionTables(np.zeros(1, np.uint32), np.array([speed]), np.array([1.0, 1.0, 1.0]), 0.0, INSTANT, None)
    ends = np.array([[0, 0, 0]]), np.array([[10_000, 0, 0]])
    with pytest.raises(PatternError, match="needs a run-up"):
        run_up_ticks(*ends, np.zeros(1, np.uint16), Frame((0, 0, 0), 1.0, 10), tables)


def test_run_ups_last_at_least_the_shortest_segment_of_the_controller() -> None:
    tables = MotionTables(np.zeros(1, np.uint32), np.array([400.0]), np.array([1e9] * 3), 0.01, INSTANT, None)
    ends = np.array([[0, 0, 0]]), np.array([[30_000, 40_000, 0]])
    (run,) = run_up_ticks(*ends, np.zeros(1, np.uint16), Frame((0, 0, 0), 1.0, 10), tables)
    assert run.tolist() == [24_000, 32_000, 0]


def test_tables_come_from_recipes_and_machine() -> None:
    controller = {**builders.machine().controller.model_dump(), "min_segment_time": 0.5}
    made = motion_tables(
        RecipeTable((builders.line_recipe(250.5), builders.dot_recipe(pulses=8)), {}, {}),
        builders.machine(controller=controller),
    )
    assert (made.speed_um_s.tolist(), made.pulses.tolist()) == ([250.5, 0.0], [0, 8])
    assert (made.acceleration_um_s2.tolist(), made.min_segment_s) == ([1e5] * 3, 0.5)


def numbered(first: int, count: int) -> Rows:
    number = np.arange(first, first + count)
    xyz = np.repeat(number[:, None], 3, axis=1)
    small = (number % 60_000).astype(np.uint16)
    return Rows(xyz, xyz + 1, (number % 5).astype(np.uint8), number.astype(np.uint32), small, small)


@given(st.lists(st.sampled_from([1, 2, 1000, 65_535, 65_536, 65_537, 150_000]), max_size=6))
def test_blocks_are_full_but_for_the_last(sizes: list[int]) -> None:
    firsts = np.concatenate(([0], np.cumsum(sizes))).astype(int).tolist()
    blocks = list(full_blocks(numbered(f, n) for f, n in zip(firsts, sizes, strict=False)))
    assert all(len(b) == MAX_BLOCK_ROWS for b in blocks[:-1])
    assert sum(map(len, blocks)) == sum(sizes)
    assert all(0 < len(b) <= MAX_BLOCK_ROWS for b in blocks)
    at = 0
    for block in blocks:
        want: Any = numbered(at, len(block))
        for name in ("start_ticks", "end_ticks", "kind", "count", "recipe", "part"):
            assert np.array_equal(getattr(block, name), getattr(want, name))
            assert getattr(block, name).flags.c_contiguous
        at += len(block)


@pytest.mark.parametrize("angle_deg", [0.3, 5.0, 30.0, 45.0, 77.0, 89.0, 131.0])
def test_a_slanted_run_up_meets_its_line_almost_straight(angle_deg: float) -> None:
    """On a coarse grid a run-up of one increment would come from 45 degrees, whatever the line's direction."""
    angle = np.radians(angle_deg)
    start = np.array([[0, 0, 0]], np.int64)
    end = np.rint(np.array([[np.cos(angle), np.sin(angle), 0.0]]) * 1_000).astype(np.int64) * 10_000
    frame = Frame((0, 0, 0), 1.0, 10_000)
    tables = MotionTables(np.zeros(1, np.uint32), np.array([400.0]), np.full(3, 1e5), 0.0, INSTANT, None)
    (run,) = run_up_ticks(start, end, np.zeros(1, np.uint16), frame, tables).tolist()
    turned = np.arctan2(run[1], run[0]) - np.arctan2(end[0, 1], end[0, 0])
    assert abs(np.degrees(turned)) < 4.1


def servo_tables(speed: float, *, cycle_s: float = 0.001) -> MotionTables:
    column = np.zeros(1, np.uint32), np.array([speed]), np.full(3, 1e5)
    return MotionTables(*column, 0.0016, INSTANT, None, cycle_s)


@pytest.mark.parametrize("angle_deg", [0.3, 5.0, 30.0, 77.0, 131.0])
def test_a_run_up_on_a_coarse_grid_is_straight_enough_not_to_be_blended(angle_deg: float) -> None:
    """What LinuxCNC calls tangent: the change of direction in a servo period costs a tenth of the acceleration."""
    angle = np.radians(angle_deg)
    end = np.rint(np.array([[np.cos(angle), np.sin(angle), 0.0]]) * 1_000).astype(np.int64) * 10_000
    tables = servo_tables(400.0)
    start, none, frame = np.zeros((1, 3), np.int64), np.zeros(1, np.uint16), Frame((0, 0, 0), 1.0, 2_500)
    (run,) = run_up_ticks(start, end, none, frame, tables).astype(float)
    kink = np.abs(run / np.linalg.norm(run) - end[0] / np.linalg.norm(end[0])).max()
    assert (400.0 / 0.001 + 1.5e5) * kink / 1e5 < 0.1


def test_run_outs_behind_many_rows_are_as_fine_as_those() -> None:
    chords = [(3.0 * i, 0.1 * (i % 2), 0.0) for i in range(6)]
    nothing = np.zeros(2, np.uint16)
    block = lines([chords, [(0, 50, 0), (20, 50, 0)]])

    def rows(tables: MotionTables) -> Rows:
        return make_rows(
            block, nothing, nothing, as_given(2), np.zeros(3, np.int64), Frame((0, 0, 0), 1.0, 10), tables
        )  # fmt: skip

    made = rows(servo_tables(1_500.0))
    kinds = "".join(K(k).name[1] for k in made.kind.tolist())  # jUmp, lEad, lIne
    # v²/2a is 11.25 µm: four pieces of 3 µm; one where the line is a single row.
    assert kinds == "UE" + "I" * 5 + "EEEE" + "UEIE"
    steps = (made.end_ticks - made.start_ticks)[7:11]
    assert np.all(steps == steps[0]), "one straight line"
    share = steps[0, 0] / np.linalg.norm(steps[0])
    assert np.linalg.norm(steps.sum(axis=0)) >= 112_500 * share, "the slower axis decides"
    plain = rows(servo_tables(1_500.0, cycle_s=0.0))
    assert "".join(K(k).name[1] for k in plain.kind.tolist()) == "UE" + "I" * 5 + "E" + "UEIE"
    exposed = [r.end_ticks[r.kind == K.LINE].tolist() for r in (made, plain)]
    assert exposed[0] == exposed[1], "what is written does not depend on the run-out"
