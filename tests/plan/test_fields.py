"""Writing fields: every feature lies in one, cut lines are whole together, and nothing leaves its field."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.checks.fields import Fields as FieldCheck
from lasercam.errors import PatternError
from lasercam.geometry.attitude import attitude
from lasercam.geometry.placement import Placed
from lasercam.model.feature import FeatureBlock, Parts, dots, tiles
from lasercam.model.frame import Frame
from lasercam.model.job import Step
from lasercam.model.machine import Machine
from lasercam.model.recipe import RecipeTable
from lasercam.model.toolpath import PartInfo, RowKind, Toolpath
from lasercam.plan.fields import field_grid
from lasercam.plan.planner import PlacedPattern, PlannedStep, Planner
from lasercam.plan.select import Selection
from tests.checks.situation import context, judge
from tests.support import builders

PLACE = st.tuples(st.floats(-400, 400), st.floats(-400, 400), st.sampled_from([5.0, 20.0]))
FEATURES = st.lists(st.lists(PLACE, min_size=1, max_size=4), min_size=1, max_size=12)
Features = list[list[tuple[float, float, float]]]
SLOW = builders.line_recipe(100.0)


class Given:
    """A source of one ready block."""

    parts = Parts(("all",), {})

    def __init__(self, block: FeatureBlock) -> None:
        self._block = block

    def features(self, max_rows: int = 65_536) -> Iterator[FeatureBlock]:
        yield from tiles(self._block, max_rows)

    def area(self) -> None:
        return None


def machine(**field: Any) -> Machine:
    given_ = {"size": ["100 um", "80 um"], "guard": "10 um", "source": "example value", **field}
    return builders.machine(field=given_)


def block_of(features: Features) -> FeatureBlock:
    offsets = np.cumsum([0, *map(len, features)])
    n = len(features)
    points = np.array([p for f in features for p in f], float)
    return FeatureBlock(points, offsets, np.zeros(n, np.uint16), np.zeros(n, np.uint16))


PLAIN = Frame((0, 0, 0), 1.0, 10)


def planned(block: FeatureBlock, profile: Machine, frame: Frame = PLAIN, order: str = "planned") -> Toolpath:
    pattern = PlacedPattern(Given(block), (Placed(np.eye(2), np.zeros(3)),), 0)
    selection = Selection("p", np.zeros(1, np.int64), np.ones(1, np.int64))
    text = Step.model_validate({"name": "one", "write": {"p": "lines"}, "order": order})
    table = RecipeTable((SLOW,), {"lines": 0}, {"lines": 1})
    step = PlannedStep(0, text, profile, frame, None, (selection,))
    return Planner("job", {"p": pattern}, (PartInfo("p.all", 1),), table, [step], {}).toolpath()


def written(path: Toolpath) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    blocks = list(path.blocks())
    return tuple(np.concatenate([getattr(b, c) for b in blocks]) for c in ("start_ticks", "end_ticks", "kind"))


@settings(deadline=None)
@given(FEATURES, st.sampled_from([attitude(), attitude(33.0), attitude(-120.0, slopes=(0.01, -0.02))]))
def test_everything_is_written_once_inside_fields(
    features: list[list[tuple[float, float, float]]], matrix: Any
) -> None:
    frame = Frame((1230, -450, 70), 1 / 1.5, 10, matrix)
    block = block_of(sorted(features, key=lambda f: -max(p[2] for p in f)))
    if any(len({tuple(t) for t in frame.ticks(np.array(f)).tolist()}) < len(f) for f in features if len(f) > 1):
        return  # a vertex repeated on the increment
    path = planned(block, machine(stitch="cut"), frame)
    start, end, kind = written(path)
    check = FieldCheck()
    situation = context(list(path.blocks()), [SLOW], sections=lambda _: path.header.sections)
    assert not [f for f in judge(check, situation) if f.code == "E_FIELD"]
    assert (kind == RowKind.DOT).sum() == sum(len(f) == 1 for f in features)
    # Lengths add up: nothing is lost and nothing is exposed twice; each end is right to half an increment per axis.
    drawn = np.sqrt(((end - start)[kind == RowKind.LINE] ** 2).sum(axis=1)).sum() / 10_000
    wanted = sum(float(np.linalg.norm(np.diff(frame.travel_um(np.array(f)), axis=0), axis=1).sum()) for f in features)
    pieces = int((kind == RowKind.LINE).sum())
    assert drawn == pytest.approx(wanted, abs=2e-3 * (pieces + 1))
    # Every written vertex lies on a wanted line.
    for a, b in zip(start[kind == RowKind.LINE], end[kind == RowKind.LINE], strict=True):
        middle = (a + b) / 2 / 10_000 - np.array(frame.origin_ticks) / 10_000
        assert min(distance(middle, frame.travel_um(np.array(f))) for f in features if len(f) > 1) < 2e-3
    cuts = sum(s.cuts for s in path.header.stitches)
    runs = int(((kind[:-1] == RowKind.LEAD) & (kind[1:] == RowKind.LINE)).sum())
    assert runs == sum(len(f) > 1 for f in features) + cuts


def distance(point: np.ndarray, line: np.ndarray) -> float:
    a, way = line[:-1], np.diff(line, axis=0)
    share = np.clip(((point - a) * way).sum(axis=1) / (way * way).sum(axis=1), 0, 1)
    return float(np.linalg.norm(a + way * share[:, None] - point, axis=1).min())


def test_fields_are_visited_there_and_back_and_only_once_per_plane() -> None:
    x, y = np.meshgrid(np.arange(0.0, 320, 8), np.arange(0.0, 240, 6))
    grid = dots(np.column_stack((x.ravel(), y.ravel(), np.full(x.size, 5.0))))
    path = planned(grid, machine())
    _, end, kind = written(path)
    middles = end[kind == RowKind.JUMP][:, :2] // 10_000
    assert middles[:5].tolist() == [[40, 30], [120, 30], [200, 30], [280, 30], [280, 90]]
    assert len(np.unique(middles, axis=0)) == len(middles) == 16
    assert path.header.sections[0].field == field_grid(machine(), Frame((0, 0, 0), 1.0, 10))
    assert not path.header.stitches


def test_as_given_keeps_the_order_and_moves_as_often_as_that_takes() -> None:
    places = np.array([[10.0, 10, 5], [110, 10, 5], [12, 10, 5], [13, 10, 5]])
    _, end, kind = written(planned(dots(places), machine(), order="as_given"))
    assert end[kind == RowKind.DOT][:, 0].tolist() == [100_000, 1_100_000, 120_000, 130_000]
    assert (kind == RowKind.JUMP).sum() == 3


def test_lines_that_just_reach_out_stay_whole() -> None:
    path = planned(block_of([[(60, 20, 5), (85, 20, 5)]]), machine())  # over the rim at x 80, within the guard
    _, _, kind = written(path)
    assert (kind == RowKind.LINE).sum() == 1


def test_long_lines_are_refused_unless_they_may_be_cut() -> None:
    long = block_of([[(5, 20, 5), (205, 20, 5)]])
    with pytest.raises(PatternError, match=r"1 line\(s\) do not fit a field of 100 × 80 µm.*200 × 0 µm.*stitch: cut"):
        planned(long, machine())
    path = planned(long, machine(stitch="cut"))
    start, end, kind = written(path)
    lines = np.column_stack((start[kind == RowKind.LINE, 0], end[kind == RowKind.LINE, 0])) // 10_000
    assert lines.tolist() == [[5, 80], [80, 160], [205, 160]]
    (stitches,) = path.header.stitches
    assert (stitches.lines, stitches.cuts, stitches.first_um) == (1, 2, (80.0, 20.0, 5.0))
    findings = judge(FieldCheck(), context(list(path.blocks()), [SLOW]))
    assert not findings, "without a field in the section nothing is judged"


def test_run_ups_must_fit_the_guard() -> None:
    with pytest.raises(PatternError, match=r"run-ups \(and approaches\) of up to 0\.\d+ µm .* guard of 0 µm"):
        planned(block_of([[(5, 20, 5), (205, 20, 5)]]), machine(stitch="cut", guard="0 um"))


def test_a_guard_leaves_room() -> None:
    with pytest.raises(ValueError, match="at most 20 µm is allowed"):
        machine(guard="21 um")
