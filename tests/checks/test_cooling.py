from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.checks.cooling import Cooling
from lasercam.checks.cooling_pairs import shortest_waits, squared_distance
from lasercam.model.finding import Finding
from lasercam.model.toolpath import RowKind, ToolpathBlock
from lasercam.plan.kinematics.clock import row_seconds
from lasercam.plan.kinematics.model import motion_model
from tests.checks.situation import context, job, judge
from tests.support import builders

MACHINE = builders.machine()
FAST = builders.dot_recipe(0.01)
LINE = builders.line_recipe(400.0)


def written(distance: str = "5 um", time: str = "100 ms", **step: Any) -> Any:
    cooling = {"distance": distance, "time": time}
    return job(steps=[{"name": "slowly", "write": {"pattern": "dots"}, "cooling": cooling, **step}])


def found(*blocks: ToolpathBlock, repeat: int = 1, **options: Any) -> list[Finding]:
    options.setdefault("written", written())
    recipes = options.pop("recipes", [FAST, LINE])
    made = context(blocks, recipes, sections=lambda made: tuple(replace(s, repeat=repeat) for s in made), **options)
    return judge(Cooling(), made)


def seconds(*blocks: ToolpathBlock) -> np.ndarray:
    return row_seconds(blocks, motion_model(builders.header([FAST, LINE], blocks).recipes, MACHINE))


def dots_at(places: list[tuple[float, ...]], **options: Any) -> ToolpathBlock:
    full = [(*p, 0.0)[:3] if len(p) == 2 else p for p in places]
    return builders.rows([(RowKind.DOT, p) for p in full], start_um=full[0], **options)


def test_steps_without_the_wish_are_not_judged() -> None:
    made = context([dots_at([(0, 0), (1, 0)])], [FAST], written=job())
    assert judge(Cooling(), made) == []


def test_neighbours_right_after_each_other_are_too_soon_with_their_arithmetic() -> None:
    block = dots_at([(0, 0), (3, 0), (9, 0), (50, 0)])
    (finding,) = found(block)
    assert finding.code == "E_COOLING"
    assert finding.on == "steps.slowly"
    wait = seconds(block)[1] - 0.01  # travel, settling and gate before the second dot opens
    assert finding.value == pytest.approx(wait)
    assert (finding.limit, finding.unit, finding.count, finding.first_row) == (0.1, "s", 1, 1)
    assert "rows 0 and 1, 3 µm and" in finding.message
    assert "1 exposures begin less than 100 ms after one nearer than 5 µm" in finding.message
    assert finding.location is not None
    assert finding.location.line == 4
    assert "Wish for at most" in finding.hint


def test_the_time_that_the_hint_offers_is_accepted_and_little_more_is_not() -> None:
    block = dots_at([(0, 0), (3, 0), (9, 0), (50, 0)])
    (finding,) = found(block)
    offered = finding.hint.split("at most ")[1].split(",")[0].replace("µ", "u")
    assert found(block, written=written(time=offered)) == []
    more = f"{finding.value * 1.01:.6g} s"
    assert len(found(block, written=written(time=more))) == 1


def test_what_lies_the_distance_apart_is_no_neighbour() -> None:
    assert found(dots_at([(0, 0), (5, 0), (10, 0)])) == []
    assert len(found(dots_at([(0, 0), (4.9, 0)]))) == 1
    assert found(dots_at([(0, 0, 0), (0, 0, 4)])) == [], "4 µm of stage are 6 µm in the glass of n = 1.5"
    assert len(found(dots_at([(0, 0, 0), (0, 0, 3)]))) == 1


def test_enough_other_features_in_between_let_a_place_cool() -> None:
    away = [(1_000.0 + 20 * i, 0.0) for i in range(12)]
    assert found(dots_at([(0, 0), *away, (3, 0)])) == []
    (finding,) = found(dots_at([(0, 0), *away[:1], (3, 0)]), written=written(time="1 s"))
    assert finding.count == 1


def test_blocks_follow_each_other_without_forgetting() -> None:
    one = dots_at([(0, 0), (100, 0)])
    two = builders.rows([(RowKind.DOT, (3, 0, 0)), (RowKind.DOT, (103, 0, 0))], start_um=(100, 0, 0), first_row=2)
    (finding,) = found(one, two, written=written(time="1 s"))
    assert finding.count == 2
    together = seconds(one, two)
    assert finding.value == pytest.approx(min(together[1:3].sum(), together[2:].sum()) - 0.01)


def line_rows(*lines: tuple[float, float, float, float], first_row: int = 0) -> ToolpathBlock:
    """Jump, run-up, line, run-out for each horizontal line."""
    listed: list[tuple[RowKind, tuple[float, float, float], int]] = []
    for x0, y0, x1, y1 in lines:
        ends = ((RowKind.JUMP, x0 - 1), (RowKind.LEAD, x0))
        listed += [(kind, (x, y0, 0.0), 1) for kind, x in ends]
        listed += [(RowKind.LINE, ((x0 + x1) / 2, y0, 0.0), 1), (RowKind.LINE, (x1, y1, 0.0), 1)]
        listed += [(RowKind.LEAD, (x1 + 1, y1, 0.0), 1)]
    return builders.rows(listed, first_row=first_row)


def test_lines_are_compared_from_edge_to_edge_and_never_with_themselves() -> None:
    assert found(line_rows((0, 0, 200, 0))) == [], "one line of two segments"
    assert found(line_rows((0, 0, 200, 0), (0, 5, 200, 5))) == []
    both = line_rows((0, 0, 200, 0), (100, 4, 300, 4))
    (finding,) = found(both, written=written(time="1 s"))
    assert "4 µm" in finding.message
    assert finding.count == 2, "both segments of the second line"
    times = seconds(both)
    assert finding.value == pytest.approx(times[4:7].sum()), (
        "from the end of the first line to the beginning of the second"
    )


def test_a_line_cut_by_a_block_is_still_one_line() -> None:
    whole = line_rows((0, 0, 200, 0))
    halves = [
        ToolpathBlock(0, first, *(np.ascontiguousarray(a[rows]) for a in whole.arrays))
        for first, rows in ((0, slice(0, 3)), (3, slice(3, 5)))
    ]
    assert found(*halves) == []


def test_shots_of_one_run_are_neighbours_where_they_are_near() -> None:
    run = [(RowKind.JUMP, (-5, 0, 0), 1), (RowKind.LEAD, (0, 0, 0), 1), (RowKind.SHOTS, (40, 0, 0), 1),
           (RowKind.LEAD, (45, 0, 0), 1)]  # fmt: skip
    (finding,) = found(builders.rows(run, count=11))
    assert "shots of row 2, 4 µm" in finding.message
    assert finding.value == pytest.approx(0.01), "4 µm at 400 µm/s"
    assert finding.count == 10
    assert found(builders.rows(run, count=9)) == [], "5 µm apart"
    assert found(builders.rows(run, count=11), written=written(time="9 ms")) == []


def test_a_repeated_section_begins_again_right_after_its_end() -> None:
    apart = dots_at([(0, 0), (100, 0), (200, 0), (3, 0)])
    loose = written(time="60 ms")
    assert found(apart, written=loose) == []
    (finding,) = found(apart, repeat=3, written=loose)
    assert finding.value == pytest.approx(seconds(apart)[0] - 0.01), "the first dot follows its neighbour, the last"
    assert finding.first_row == 0


def test_an_order_that_the_job_fixes_is_named_in_the_hint() -> None:
    (finding,) = found(dots_at([(0, 0), (3, 0)]), written=written(order="as_given"))
    assert "as_given" in finding.hint


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40), st.sampled_from([0.5, 3.0, 20.0]), st.sampled_from([0.1, 2.0, 50.0]))
def test_waits_are_those_of_brute_force(seed: int, count: int, distance: float, time: float) -> None:
    rng = np.random.default_rng(seed)
    starts = rng.uniform(-10, 10, (count, 3))
    length = np.where(rng.random((count, 1)) < 0.5, 0.0, rng.uniform(0, 15, (count, 1)))
    segments = np.hstack((starts, starts + rng.normal(size=(count, 3)) * length))
    begin = np.cumsum(rng.uniform(0, 1, count))
    end = begin + np.minimum(np.diff(begin, append=np.inf), rng.uniform(0, 1, count))
    feature = np.cumsum(rng.random(count) < 0.7)
    judged_from = int(rng.integers(0, count))
    wait, after = shortest_waits(segments, feature, begin, end, judged_from, distance, time)
    for i in range(count):
        expected = np.inf
        for j in range(i):
            near = sampled_distance(segments[i], segments[j])
            if abs(near - distance) < 1e-3:
                return  # too near the limit for sampling to tell
            if i >= judged_from and feature[i] != feature[j] and near < distance and begin[i] - end[j] < time:
                expected = min(expected, begin[i] - end[j])
        assert wait[i] == expected
        assert (after[i] >= 0) == np.isfinite(expected)


def sampled_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Distance of two segments: golden section over one (a convex function), projection on the other."""

    def to_b(share: float) -> float:
        point = a[:3] + share * (a[3:] - a[:3])
        way = b[3:] - b[:3]
        t = np.clip((point - b[:3]) @ way / max(way @ way, 1e-300), 0, 1)
        return float(np.linalg.norm(point - b[:3] - t * way))

    low, high, ratio = 0.0, 1.0, (np.sqrt(5) - 1) / 2
    for _ in range(60):
        one, two = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, two) if to_b(one) < to_b(two) else (one, high)
    return min(to_b((low + high) / 2), to_b(0.0), to_b(1.0))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(-4, 4), min_size=12, max_size=12))
def test_distances_of_segments_are_exact(values: list[int]) -> None:
    a, b = np.array(values, float).reshape(2, 6)
    assert np.sqrt(squared_distance(a, b)) == pytest.approx(sampled_distance(a, b), abs=1e-6)
