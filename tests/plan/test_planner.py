import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.errors import PatternError
from lasercam.geometry.area import Area
from lasercam.geometry.placement import Placed, copies
from lasercam.model.feature import FeatureBlock, Parts, dots, polylines, tiles
from lasercam.model.frame import Frame
from lasercam.model.job import Placement, Step
from lasercam.model.machine import Machine
from lasercam.model.recipe import LaserSettings, PassKind, Recipe, RecipeTable
from lasercam.model.sample import Sample
from lasercam.model.surface import Surface
from lasercam.model.toolpath import MAX_BLOCK_ROWS, PartInfo, RowKind, Toolpath
from lasercam.plan import pieces as pieces_module
from lasercam.plan.frames import frame_of
from lasercam.plan.kept_rows import KeptRows
from lasercam.plan.kinematics.clock import row_seconds
from lasercam.plan.kinematics.model import motion_model
from lasercam.plan.planner import PlacedPattern, PlannedStep, Planner
from lasercam.plan.select import Selection
from tests.support import builders

ONE = Frame((0, 0, 0), 1.0, 1)
MACHINE = builders.machine()


@dataclass
class Source:
    """A source that yields ready blocks and counts how often it is read."""

    blocks: Sequence[FeatureBlock]
    parts: Parts = field(default_factory=lambda: Parts(("a", "b"), {}))
    reads: int = 0

    def features(self, max_rows: int = 65_536) -> Iterator[FeatureBlock]:
        self.reads += 1
        for block in self.blocks:
            yield from tiles(block, max_rows)

    def area(self) -> None:
        return None


def laser(energy: float) -> LaserSettings:
    return replace(builders.LASER, pulse_energy_uj=energy)


def table(*recipes: Recipe) -> RecipeTable:
    return RecipeTable(recipes, {r.label: i for i, r in enumerate(recipes)}, {r.label: 1 for r in recipes})


ENERGIES = table(*(builders.dot_recipe(0.01, name=f"e{i}", laser=laser(10.0 + i)) for i in range(4)))


def placed(x: float = 0.0, y: float = 0.0, depth: float = 0.0) -> Placed:
    return Placed(np.eye(2), np.array([x, y, depth]))


def selection(pattern: str, first: Sequence[int] = (0, 0), family: Sequence[int] | None = None) -> Selection:
    return Selection(pattern, np.array(first, np.int64), np.array(family or [1] * len(first), np.int64))


def step(
    *selections: Selection, index: int = 0, frame: Frame = ONE, machine: Machine = MACHINE, **keys: Any
) -> PlannedStep:
    text = Step.model_validate({"name": f"step {index}", "write": {"p": "r"}, **keys})
    return PlannedStep(index, text, machine, frame, None, selections)


def planner(
    patterns: dict[str, PlacedPattern | Source], *steps: PlannedStep, recipes: RecipeTable = ENERGIES, **changes: Any
) -> Planner:
    ready, infos = {}, []
    for name, pattern in patterns.items():
        source = pattern.source if isinstance(pattern, PlacedPattern) else pattern
        where = pattern.copies if isinstance(pattern, PlacedPattern) else (placed(),)
        ready[name] = PlacedPattern(source, where, len(infos))
        infos += [PartInfo(f"{name}.{atom}", 1) for atom in source.parts.atoms]
    made = Planner("job", ready, tuple(infos), recipes, steps, {})
    return replace(made, **changes)


def columns(path: Toolpath) -> dict[str, np.ndarray]:
    names = ("start_ticks", "end_ticks", "kind", "count", "recipe", "part")
    blocks = list(path.blocks())
    found = {name: np.concatenate([getattr(b, name) for b in blocks]) for name in names}
    found["section"] = np.concatenate([np.full(len(b), b.section) for b in blocks])
    return found


def listed(path: Toolpath) -> list[tuple[int, int, int, int, int]]:
    """x, y, depth in µm, recipe, section of every dot."""
    found = columns(path)
    assert set(found["kind"].tolist()) == {RowKind.DOT}
    x, y, z = found["end_ticks"].T // 10_000
    return list(zip(*(c.tolist() for c in (x, y, -z, found["recipe"], found["section"])), strict=True))


def grid(n: int, depth: float, part: int = 0, variant: int = 0) -> FeatureBlock:
    return dots(np.array([(x, y, depth) for y in range(n) for x in range(n)], float), part, variant)


def stack(*depths: float, n: int = 2) -> Source:
    return Source([grid(n, depth) for depth in sorted(depths, reverse=True)])


def test_deep_before_shallow_across_patterns_copies_and_setups() -> None:
    low = PlacedPattern(stack(0, 10, 20), (placed(0, 0, 5), placed(50, 0, 5)), 0)
    high = PlacedPattern(stack(0, 7, 18), (placed(0, 50),), 0)
    found = listed(planner({"low": low, "high": high}, step(selection("low"), selection("high", (1, 1)))).toolpath())
    depths = [d for _, _, d, _, _ in found]
    assert depths == sorted(depths, reverse=True)
    assert len(found) == 4 * (3 * 2 + 3)
    # Within a depth: copy after copy, each set-up once.
    at_25 = [x // 50 for x, _, d, _, _ in found if d == 25]
    assert at_25 == [0] * 4 + [1] * 4


def test_a_block_of_several_depths_is_still_written_deep_first() -> None:
    rng = np.random.default_rng(2)
    cloud = dots(np.column_stack([rng.integers(0, 50, (300, 2)), rng.integers(0, 9, 300)]).astype(float))
    other = PlacedPattern(stack(2, 4, 6), (placed(100),), 0)
    found = listed(planner({"cloud": Source([cloud]), "q": other}, step(selection("cloud"), selection("q"))).toolpath())
    depths = [d for _, _, d, _, _ in found]
    assert depths == sorted(depths, reverse=True)
    assert sorted(f[:3] for f in found if f[0] < 100) == sorted(map(tuple, cloud.xyz_um.astype(int).tolist()))


def test_lines_count_with_their_deepest_vertex() -> None:
    slanted = FeatureBlock(
        np.array([[0, 0, 0], [9, 0, 50], [0, 9, 40], [9, 9, 40]], float),
        np.array([0, 2, 4]), np.zeros(2, np.uint16), np.zeros(2, np.uint16),
    )  # fmt: skip
    path = planner({"p": Source([slanted])}, step(selection("p")), recipes=table(builders.line_recipe())).toolpath()
    found = columns(path)
    line = found["kind"] == RowKind.LINE
    deepest = -np.minimum(found["start_ticks"], found["end_ticks"])[line, 2] // 10_000
    assert deepest.tolist() == [50, 40]


def test_a_source_that_breaks_its_promise_is_refused() -> None:
    wrong = Source([grid(2, 0.0), grid(2, 10.0)])
    with pytest.raises(PatternError, match=r"'p' lists features at a depth of 10 µm after shallower ones at 0 µm"):
        planner({"p": wrong}, step(selection("p"))).toolpath()
    found = listed(planner({"p": wrong}, step(selection("p"), order="as_given")).toolpath())
    assert [d for _, _, d, _, _ in found] == [0] * 4 + [10] * 4


def mixed() -> Source:
    """Two depths, in each four set-ups in turn."""
    xyz = np.array([(x, 0, 0) for x in range(8)], float)
    variant = np.array([3, 1, 2, 0] * 2, np.uint16)
    return Source([dots(xyz + np.array([0, 0, 10.0]), 0, variant), dots(xyz, 0, variant)])


@pytest.mark.parametrize(
    ("order", "setups"),
    [
        ("planned", [(10, 0), (10, 1), (10, 2), (10, 3), (0, 0), (0, 1), (0, 2), (0, 3)]),
        ("by_setup", [(10, 0), (0, 0), (10, 1), (0, 1), (10, 2), (0, 2), (10, 3), (0, 3)]),
        ("as_given", [(d, r) for d in (10, 0) for _ in range(2) for r in (3, 1, 2, 0)]),
    ],
)
def test_sections_are_cut_where_the_setup_changes(order: str, setups: list[tuple[int, int]]) -> None:
    path = planner({"p": mixed()}, step(selection("p", (0, 0), (4, 4)), order=order)).toolpath()
    found = listed(path)
    runs = [found[0][2:4]]
    for _, _, depth, recipe, _ in found:
        if (depth, recipe) != runs[-1]:
            runs.append((depth, recipe))
    assert runs == setups
    sections = path.header.sections
    for row in found:
        assert sections[row[4]].laser == ENERGIES[row[3]].laser
    lasers = [s.laser for s in sections]
    assert all(a != b for a, b in pairwise(lasers)), "a section ends only at a change"
    if order == "by_setup":
        assert len(sections) == 4, "every set-up once"
    if order == "as_given":
        assert [x for x, *_ in found] == list(range(8)) * 2


def test_pulse_counts_are_setups_too_and_equal_setups_of_several_recipes_are_one() -> None:
    recipes = table(
        builders.dot_recipe(0.01, name="a"),
        builders.dot_recipe(0.02, name="b"),
        builders.dot_recipe(pulses=5, name="c"),
        builders.dot_recipe(pulses=6, name="d"),
    )
    path = planner({"p": mixed()}, step(selection("p", (0, 0), (4, 4)), order="by_setup"), recipes=recipes).toolpath()
    found = columns(path)
    per_section = [sorted(set(found["recipe"][found["section"] == s].tolist())) for s in range(3)]
    assert per_section == [[0, 1], [2], [3]]
    assert found["count"].tolist() == np.array([0, 0, 5, 6])[found["recipe"]].tolist()


def test_variants_pick_members_and_single_recipes_ignore_them() -> None:
    recipe_of = {f[:2]: f[3] for f in listed(planner({"p": mixed()}, step(selection("p", (0, 0), (4, 4)))).toolpath())}
    assert [recipe_of[x, 0] for x in range(8)] == [3, 1, 2, 0] * 2
    found = listed(planner({"p": mixed()}, step(selection("p", (2, 2)))).toolpath())
    assert {f[3] for f in found} == {2}
    with pytest.raises(PatternError, match="asks for variant 3 of a recipe with 3 members"):
        planner({"p": mixed()}, step(selection("p", (0, 0), (3, 3)))).toolpath()


def test_only_chosen_atoms_are_written_and_keep_their_part() -> None:
    both = Source([FeatureBlock.take(grid(2, 1.0, 1), np.array([0, 1])), grid(2, 0.0, 0)])
    path = planner({"first": stack(0), "p": both}, step(selection("p", (-1, 3)))).toolpath()
    found = columns(path)
    assert (found["part"].tolist(), found["recipe"].tolist()) == ([3, 3], [3, 3])
    assert path.header.parts[3].name == "p.b"


def test_a_step_that_writes_nothing_is_refused_by_name() -> None:
    with pytest.raises(PatternError, match="writes nothing"):
        planner({"p": stack(0)}).toolpath()
    far = Area.from_rectangles([[900.0, 900.0]], [[901.0, 901.0]])
    clipped = PlacedPattern(stack(0), (Placed(np.eye(2), np.zeros(3), (far,)),), 0)
    good = step(selection("q"))
    for order in ("planned", "by_setup", "as_given"):
        empty = step(selection("p"), index=1, order=order)
        with pytest.raises(PatternError, match="step 'step 1' writes nothing"):
            planner({"p": clipped, "q": stack(0)}, good, empty).toolpath()


def cases() -> dict[str, Planner]:
    hatch = polylines(np.array([[v, w] for w in range(9) for v in (0.0, 30.0)]), np.arange(0, 19, 2), 5.0)
    recipes = table(*ENERGIES.recipes, builders.line_recipe(name="line"))
    array = Placement.model_validate({"type": "x", "array": {"counts": [3, 2], "pitch": ["50 um", "40 um"]}})
    return {
        "mixed": planner({"p": mixed()}, step(selection("p", (0, 0), (4, 4)))),
        "hatch": planner(
            {"h": PlacedPattern(Source([hatch]), tuple(copies(array)), 0), "p": stack(0, 9)},
            step(selection("h", (4, 4)), selection("p"), frame=Frame((500, -70, 30), 1 / 1.5, 10)),
            step(selection("h", (4, 4)), index=3, frame=Frame((0, 0, 0), 1 / 1.5, 10), repeat=3, over="step 0"),
            recipes=recipes,
        ),
        "large": planner({"p": Source([grid(300, 3.0)])}, step(selection("p"))),
    }


@pytest.mark.parametrize("name", cases())
def test_rows_chain_and_sums_are_those_of_the_rows(name: str) -> None:
    path = cases()[name].toolpath()
    header = path.header
    row = 0
    for section in header.sections:
        blocks = list(path.section_blocks(section.index))
        assert section.first_row == blocks[0].first_row == row
        assert all(len(b) == MAX_BLOCK_ROWS for b in blocks[:-1])
        assert all(0 < len(b) <= MAX_BLOCK_ROWS for b in blocks)
        for block in blocks:
            assert block.first_row == row
            row += len(block)
        starts = np.concatenate([b.start_ticks for b in blocks])
        ends = np.concatenate([b.end_ticks for b in blocks])
        assert starts[0].tolist() == list(section.frame.origin_ticks)
        assert np.array_equal(starts[1:], ends[:-1]), "rows chain across tiles and blocks"
        assert np.all((ends - np.array(section.frame.origin_ticks)) % section.frame.increment_ticks == 0)
        own = np.vstack((ends, starts[1:]))
        assert section.low_ticks == tuple(own.min(axis=0).tolist())
        assert section.high_ticks == tuple(own.max(axis=0).tolist())
        assert section.n_rows == len(ends)
        assert section.n_exposures == sum(int(b.exposes.sum()) for b in blocks)
        seconds = row_seconds(blocks, motion_model(header.recipes, MACHINE)).sum()
        assert section.duration_s == pytest.approx(seconds * section.repeat)
        assert section.pass_kind is PassKind.WRITE
    assert row == header.n_rows
    assert [s.index for s in header.sections] == list(range(len(header.sections)))


@pytest.mark.parametrize("name", cases())
def test_a_toolpath_can_be_read_again_and_made_again(name: str) -> None:
    path, again = cases()[name].toolpath(), cases()[name].toolpath()
    assert path.header.digest == again.header.digest
    assert path.header.sections == again.header.sections
    first, second, third = columns(path), columns(path), columns(again)
    for key, column in first.items():
        assert np.array_equal(column, second[key])
        assert np.array_equal(column, third[key])
    two = path.blocks(), path.blocks()
    assert all(a.first_row == b.first_row for a, b in zip(*two, strict=True)), "readings do not disturb each other"


def base(
    xyz: tuple[tuple[float, float, float], ...] = ((0, 0, 5), (9, 0, 5), (0, 9, 0)),
    recipes: RecipeTable = ENERGIES,
    **keys: Any,
) -> Planner:
    blocks = [dots(np.array([v], float)) for v in xyz]
    frame = keys.pop("frame", ONE)
    chosen = selection("p", keys.pop("first", (0, 0)))
    return planner({"p": Source(blocks)}, step(chosen, frame=frame, **keys), recipes=recipes)


def recipes_with(**changes: Any) -> RecipeTable:
    return table(replace(ENERGIES[0], **changes), *ENERGIES.recipes[1:])


CHANGES: list[Callable[[], Planner]] = [
    base,
    lambda: base(((0, 0, 5), (9.0001, 0, 5), (0, 9, 0))),
    lambda: base(((0, 0, 5), (9, 0, 5), (0, 9, 0.0001))),
    lambda: base(((9, 0, 5), (0, 0, 5), (0, 9, 0)), order="as_given"),
    lambda: base(name="renamed"),
    lambda: base(repeat=2),
    lambda: base(first=(1, 1)),
    lambda: base(frame=Frame((1, 0, 0), 1.0, 1)),
    lambda: base(frame=Frame((0, 0, 0), 1.0 + 1e-12, 1)),
    lambda: base(frame=Frame((0, 0, 0), 1.0, 10)),
    lambda: base(frame=replace(ONE, shift_um=(0.0, 1e-12, 0.0))),
    lambda: base(frame=replace(ONE, matrix=((1.0, 0.0, 0.0), (0.0, 1.0, 1e-15), (0.0, 0.0, 1.0)))),
    lambda: base(frame=replace(ONE, surface=Surface(np.array([0.0, 9]), np.array([0.0, 9]), np.zeros((2, 2))))),
    lambda: base(frame=replace(ONE, surface=Surface(np.array([0.0, 9]), np.array([0.0, 9]), np.full((2, 2), 1e-12)))),
    lambda: base(machine=builders.machine(field={"size": ["1 mm", "1 mm"], "source": "example value"})),
    lambda: base(machine=builders.machine(field={"size": ["1 mm", "1.2 mm"], "source": "example value"})),
    lambda: base(recipes=recipes_with(exposure_ns=10_000_001)),
    lambda: base(recipes=recipes_with(speed_nm_s=1)),
    lambda: base(recipes=recipes_with(pitch_ticks=1)),
    lambda: base(recipes=recipes_with(pulses=1)),
    lambda: base(recipes=recipes_with(name="other")),
    lambda: base(recipes=recipes_with(process="other")),
    lambda: base(recipes=recipes_with(laser=laser(10.0000001))),
    lambda: replace(base(), job="other"),
    lambda: replace(base(), parts=(PartInfo("p.other", 1), PartInfo("p.b", 1))),
    lambda: replace(base(), steps=(replace(base().steps[0], index=1, over=("x",)),)),
    lambda: replace(base(), steps=(*base().steps, replace(base().steps[0], index=1))),
]  # fmt: skip


def test_every_change_changes_the_digest() -> None:
    digests = [make().toolpath().header.digest for make in CHANGES]
    assert len(set(digests)) == len(CHANGES)
    assert digests == [make().toolpath().header.digest for make in CHANGES]


FEATURES = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(0, 3), st.integers(0, 1), st.integers(0, 3)),
    min_size=1,
    max_size=40,
    unique_by=lambda f: f[:3],
)


@settings(max_examples=60)
@given(FEATURES, st.sampled_from(["planned", "by_setup", "as_given"]), st.integers(1, 50), st.integers(1, 3))
def test_every_feature_is_written_exactly_once(
    features: list[tuple[int, int, int, int, int]], order: str, tile: int, n_copies: int
) -> None:
    features = sorted(features, key=lambda f: -f[2])
    data = np.array(features)
    block = dots(data[:, :3].astype(float), data[:, 3].astype(np.uint16), data[:, 4].astype(np.uint16))
    where = tuple(placed(100.0 * i) for i in range(n_copies))
    pattern = PlacedPattern(Source(list(tiles(block, tile))), where, 0)
    chosen = selection("p", (0, 1), (4, 1))
    path = planner({"p": pattern}, step(chosen, order=order)).toolpath()
    expected = [
        (x + 100 * i, y, z, variant if part == 0 else 1) for x, y, z, part, variant in features for i in range(n_copies)
    ]
    found = listed(path)
    assert sorted(f[:4] for f in found) == sorted(expected)
    if order == "planned":
        depths = [f[2] for f in found]
        assert depths == sorted(depths, reverse=True)


def test_groups_too_large_to_hold_change_nothing_but_the_order_of_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    def made() -> Toolpath:
        blocks = [b for depth in (9.0, 4.0) for b in tiles(dots(np.array([(x, 0, depth) for x in range(12)]),
                  variant=np.arange(12, dtype=np.uint16) % 4), 3)]  # fmt: skip
        pattern = PlacedPattern(Source(blocks), (placed(), placed(100)), 0)
        return planner({"p": pattern}, step(selection("p", (0, 0), (4, 4)))).toolpath()

    roomy = listed(made())
    monkeypatch.setattr(pieces_module, "MAX_GROUP", 2)
    monkeypatch.setattr(pieces_module, "MAX_KEPT", 2)
    tight = listed(made())
    assert [f[2:] for f in tight] == [f[2:] for f in roomy]
    assert sorted(tight) == sorted(roomy)


def test_a_source_is_read_once_however_many_copies_setups_and_readings() -> None:
    source = mixed()
    pattern = PlacedPattern(source, tuple(placed(100.0 * i) for i in range(20)), 0)
    path = planner({"p": pattern}, step(selection("p", (0, 0), (4, 4)))).toolpath()
    assert source.reads == 1
    list(path.blocks())
    assert source.reads == 1


def test_rows_are_made_again_where_they_could_not_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn() -> tuple[Source, Toolpath]:
        source = mixed()
        pattern = PlacedPattern(source, (placed(),), 0)
        return source, planner({"p": pattern}, step(selection("p", (0, 0), (4, 4)))).toolpath()

    kept = drawn()[1]
    monkeypatch.setattr(KeptRows, "is_whole", False)
    source, path = drawn()
    assert source.reads == 1
    assert listed(path) == listed(kept)
    assert source.reads == 2


def test_frames_stand_on_the_increment() -> None:
    sample = Sample.model_validate(
        {
            "id": "a",
            "material": "other",
            "size": ["1 mm"] * 3,
            "refractive_index": 1.5,
            "origin": ["1.26 um", 0.0, -3.0],
        }
    )
    machine: Machine = builders.machine("grbl")
    assert frame_of(sample, machine) == Frame((10_000, 0, -30_000), 1 / 1.5, 10_000)
    fine = builders.machine(work_origin=["1 mm", "2 mm", "3 mm"])
    assert frame_of(sample.model_copy(update={"origin": None}), fine).origin_ticks == (10**7, 2 * 10**7, 3 * 10**7)


@pytest.mark.scale
def test_two_million_dots_stream_through_bounded_memory() -> None:
    class Large(Source):
        def features(self, max_rows: int = 65_536) -> Iterator[FeatureBlock]:
            for layer in range(8, 0, -1):
                for row in range(0, 500, 125):
                    x, y = np.meshgrid(np.arange(500.0), np.arange(row, row + 125.0))
                    yield dots(np.column_stack([x.ravel(), y.ravel(), np.full(x.size, layer * 10.0)]))

    made = planner({"p": PlacedPattern(Large([]), (placed(),), 0)}, step(selection("p")))
    tracemalloc.start()
    path = made.toolpath()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert path.header.n_rows == 2_000_000
    assert peak < 80e6, "the rows alone are 114 MB, the features 64 MB, and none of them are kept"


def test_what_areas_leave_keeps_its_own_recipe_and_part() -> None:
    recipes = table(*(builders.dot_recipe(0.01 * (i + 1), name=f"r{i}") for i in range(6)))
    block = dots(np.array([(x, 0.0, 0.0) for x in range(6)]), np.arange(6) % 2, np.arange(6, dtype=np.uint16))  # type: ignore[arg-type]
    right = Area.from_rectangles([[2.5, -1.0]], [[9.0, 1.0]])
    for order in ("planned", "as_given"):
        pattern = PlacedPattern(Source([block]), (Placed(np.eye(2), np.zeros(3), (right,)),), 0)
        path = planner({"p": pattern}, step(selection("p", (0, 0), (6, 6)), order=order), recipes=recipes).toolpath()
        found = columns(path)
        x = found["end_ticks"][:, 0] // 10_000
        assert sorted(x.tolist()) == [3, 4, 5]
        assert found["recipe"].tolist() == x.tolist()
        assert found["part"].tolist() == (x % 2).tolist()
