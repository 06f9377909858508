"""Rounds keep their distance, and rows made in rounds are as far apart in time as the step wishes."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.checks.cooling import Cooling
from lasercam.errors import PatternError
from lasercam.model.feature import FeatureBlock, dots, polylines
from lasercam.model.finding import Finding
from lasercam.model.protocols import CheckContext
from lasercam.model.toolpath import RowKind, Toolpath
from lasercam.pipeline.timing import clocks
from lasercam.plan import cooling as cooling_module
from lasercam.plan import ordering as ordering_module
from lasercam.plan.cooling import interleaved
from lasercam.plan.rounds import share_out
from tests.checks.situation import job, judge
from tests.plan.test_planner import MACHINE, Source, planner, selection, step, table
from tests.support import builders

DOT = table(builders.dot_recipe(0.01))
LINE = table(builders.line_recipe(2_000.0))


def random_dots(count: int, size: float, seed: int = 0) -> FeatureBlock:
    xy = np.random.default_rng(seed).uniform(0, size, (count, 2))
    return dots(np.column_stack((xy, np.zeros(count))))


def square(n: int, pitch: float) -> FeatureBlock:
    column, row = np.meshgrid(np.arange(n), np.arange(n))
    return dots(np.column_stack((column.ravel() * pitch, row.ravel() * pitch, np.zeros(n * n))))


def hatch(n: int, pitch: float, length: float) -> FeatureBlock:
    y = np.repeat(np.arange(n) * pitch, 2)
    return polylines(np.column_stack((np.tile([0.0, length], n), y)), np.arange(0, 2 * n + 1, 2))


def rounds(block: FeatureBlock, distance: float, order: np.ndarray | None = None) -> np.ndarray:
    feature, first, segments = cooling_module._segments(block)
    chosen = np.arange(len(block)) if order is None else order
    return np.asarray(share_out(segments, feature, first, chosen, distance))


def clearance(block: FeatureBlock, a: int, b: int) -> float:
    """Distance of two features by shapely."""
    import shapely

    shapes = []
    for i in (a, b):
        xy = block.xyz_um[block.offsets[i] : block.offsets[i + 1], :2]
        shapes.append(shapely.Point(xy[0]) if len(xy) == 1 else shapely.LineString(xy))
    return float(shapely.distance(*shapes))


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40), st.sampled_from([0.7, 4.0, 30.0]))
def test_features_of_one_round_keep_the_distance(seed: int, count: int, distance: float) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 5, count)
    offsets = np.concatenate(([0], np.cumsum(counts)))
    block = polylines(rng.uniform(0, 40, (offsets[-1], 2)), offsets)
    chosen = rounds(block, distance, rng.permutation(count))
    assert sorted(set(chosen.tolist())) == list(range(int(chosen.max()) + 1))
    for a, b in combinations(range(count), 2):
        if chosen[a] == chosen[b]:
            assert clearance(block, a, b) >= distance - 1e-9


@pytest.mark.parametrize(("distance", "fewest"), [(0.9, 1), (1.2, 2), (1.9, 4), (2.9, 9)])
def test_lattices_need_no_more_rounds_than_their_coarse_cells(distance: float, fewest: int) -> None:
    chosen = rounds(square(30, 1.0), distance)
    assert int(chosen.max()) + 1 == fewest
    filled = np.bincount(chosen)
    assert filled.max() <= 1.5 * filled.min()


def test_crowded_rounds_hand_features_over_to_empty_ones() -> None:
    block = random_dots(3_000, 300.0)
    filled = np.bincount(rounds(block, 8.0))
    assert filled.min() > 0.5 * filled.mean()


def plan(block: FeatureBlock, time: str, distance: str = "5 um", **options: Any) -> Toolpath:
    recipes = options.pop("recipes", DOT)
    wish = {"distance": distance, "time": time}
    return planner({"p": Source([block])}, step(selection("p"), cooling=wish, **options), recipes=recipes).toolpath()


def judged(path: Toolpath, time: str, distance: str = "5 um") -> list[Finding]:
    wish = {"distance": distance, "time": time}
    document = job(steps=[{"name": "step 0", "write": {"pattern": "dots"}, "cooling": wish}])
    machines = (MACHINE,) * len(path.header.sections)
    context = CheckContext(
        path.header, machines, document, {}, lambda *_: None, path.blocks, clocks(path.header, machines)
    )
    return judge(Cooling(), context)


CASES = {
    "lattice": (square(40, 2.0), DOT),
    "cloud": (random_dots(1_500, 150.0), DOT),
    "hatch": (hatch(60, 2.0, 300.0), LINE),
    "strokes": (
        polylines(
            np.random.default_rng(3).uniform(0, 400, (300, 1, 2)).repeat(2, axis=1).reshape(-1, 2)
            + np.tile([[0.0, 0.0], [15.0, 3.0]], (300, 1)),
            np.arange(0, 601, 2),
        ),
        LINE,
    ),
}


@pytest.mark.parametrize("kind", sorted(CASES))
def test_interleaving_reaches_times_that_no_short_path_does(kind: str) -> None:
    block, recipes = CASES[kind]
    at_once = planner({"p": Source([block])}, step(selection("p")), recipes=recipes).toolpath()
    (near,) = judged(at_once, "100 s")
    (best,) = judged(plan(block, "100 s", recipes=recipes), "100 s")
    assert near.value is not None
    assert best.value is not None
    total = sum(s.duration_s for s in at_once.header.sections)
    assert best.value > 20 * near.value, "neighbours follow each other at once on a short path"
    assert best.value > 0.05 * total
    reached = f"{best.value * 0.999:.6g} s"
    assert judged(plan(block, reached, recipes=recipes), reached) == []
    assert len(judged(at_once, reached)) == 1


def test_every_feature_is_still_written_once() -> None:
    block = random_dots(700, 80.0)
    path = plan(block, "10 ms")
    ends = np.vstack([b.end_ticks[b.kind == RowKind.DOT] for b in path.blocks()])
    wanted = np.rint(block.xyz_um * 10_000).astype(int)
    assert sorted(ends.tolist()) == sorted(wanted.tolist())


def test_lines_go_there_and_back_unless_they_keep_their_direction() -> None:
    block = hatch(40, 2.0, 100.0)
    starts, ends = block.xyz_um[::2], block.xyz_um[1::2]
    free = interleaved(block, starts, ends, 5.0, keep_direction=False)
    kept = interleaved(block, starts, ends, 5.0, keep_direction=True)
    assert free.index.tolist() == kept.index.tolist()
    assert 0 < int(free.reverse.sum()) < len(block)
    assert not kept.reverse.any()
    y = starts[free.index, 1]
    assert np.all(np.diff(y[:13]) == 6.0), "every third line in the first round"


def test_too_many_neighbours_and_too_long_lines_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = dots(np.zeros((5_000, 3)))
    with pytest.raises(PatternError, match="more than 4,096 features lie within 1 µm"):
        plan(crowd, "1 s", "1 um")
    with pytest.raises(PatternError, match=r"cooling looks at lines every half .* Raise the distance to"):
        plan(hatch(100, 10.0, 3e6), "1 s", "10 nm", recipes=LINE)
    monkeypatch.setattr(ordering_module, "MAX_PLANE", 100)
    with pytest.raises(PatternError, match="has `cooling`, which looks at all features of one depth"):
        plan(random_dots(300, 100.0), "1 s")
