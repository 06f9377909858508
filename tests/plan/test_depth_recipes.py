"""Members of recipes by depth: which features get which, at plan level, with features laid by hand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lasercam.errors import InputError, Location, PatternError
from lasercam.geometry.placement import Placed
from lasercam.model.confidence import Confidence, Valued
from lasercam.model.feature import FeatureBlock, Parts, dots
from lasercam.model.frame import Frame
from lasercam.model.job import CompensationText, Step
from lasercam.model.recipe import Recipe, RecipeTable
from lasercam.model.toolpath import Toolpath
from lasercam.plan import depth_survey
from lasercam.plan.compensation import Law
from lasercam.plan.depth_recipes import DepthRecipes
from lasercam.plan.depth_survey import Wanted, surveys
from lasercam.plan.planner import PlacedPattern, PlannedStep, Planner
from lasercam.plan.select import Selection
from lasercam.process.depth_energy import DepthEnergies
from tests.plan.test_recipes import process
from tests.support import builders

HILL = ((0.0, 40.0), (100.0, 60.0), (200.0, 40.0), (300.0, 80.0))
"""Up by 0.2 µJ/µm, down by as much, up by 0.4."""
MACHINE = builders.machine()


def law(tolerance: float, points: Sequence[tuple[float, float]] = HILL, reference: float | None = None) -> Law:
    depth, energy = np.array(points, np.float64).T.copy()
    text = CompensationText(file="t.csv", reference_depth=reference, tolerance=tolerance, source="a test")
    return Law(text, DepthEnergies("t.csv", depth, energy))


def recipe(name: str, energy_uj: float = 50.0, member: int = 0, size: int = 1) -> Recipe:
    trust = Confidence.STATED
    values = {"pulse_energy": Valued(energy_uj, trust, "x"), "family_size": Valued(float(size), trust, "x")}
    laser = replace(builders.LASER, pulse_energy_uj=energy_uj)
    lines = builders.line_recipe(name=name, member=member, laser=laser, values=values)
    return replace(lines, exposure_ns=1_000_000)


def table(*families: Sequence[Recipe]) -> RecipeTable:
    first, recipes = {}, []
    for family in families:
        first[family[0].name] = len(recipes)
        recipes += family
    return RecipeTable(tuple(recipes), first, {f[0].name: len(f) for f in families})


@dataclass
class Source:
    """A source that yields ready blocks."""

    blocks: Sequence[FeatureBlock]
    parts: Parts = field(default_factory=lambda: Parts(("a", "b"), {}))

    def features(self, max_rows: int = 65_536) -> Iterator[FeatureBlock]:
        yield from self.blocks

    def area(self) -> None:
        return None


def planes(*depths: float, variant: Sequence[int] = (0,), part: int = 0) -> list[FeatureBlock]:
    """A dot at each depth for each variant, the deepest first."""
    some = np.array(variant, np.uint16)
    return [
        dots(np.column_stack((np.arange(len(some)) * 10.0, np.zeros(len(some)), np.full(len(some), z))), part, some)
        for z in sorted(depths, reverse=True)
    ]


def line(*vertices: tuple[float, float, float]) -> FeatureBlock:
    zero = np.zeros(1, np.uint16)
    return FeatureBlock(np.array(vertices, np.float64), np.array([0, len(vertices)], np.int64), zero, zero.copy())


def expanded(
    recipes: RecipeTable,
    laws: dict[str, Law],
    blocks: Sequence[FeatureBlock],
    first: Sequence[int] = (0, 0),
    family: Sequence[int] = (1, 1),
    shifts: Sequence[float] = (0.0,),
) -> tuple[RecipeTable, Selection]:
    """Table and selection after every depth was seen."""
    selection = Selection("p", np.array(first, np.int64), np.array(family, np.int64))
    wanted = {recipes.first[name]: Wanted(name, one.bends_um) for name, one in laws.items()}
    (survey,) = surveys([selection], blocks, shifts, wanted)
    keys = {wanted[index].name: found for index, found in survey.keys.items()}
    keys = {name: keys.get(name, np.zeros(0, np.int64)) for name in laws}
    every = {one.process: process(one.process) for one in recipes.recipes}
    made = DepthRecipes(recipes, laws, keys, dict.fromkeys(laws, MACHINE), every, lambda *_: Location("job", 1, 1))
    return made.table, made.selection(selection, survey.keys)


def chosen(recipes: RecipeTable, selection: Selection, block: FeatureBlock, shift: float = 0.0) -> list[float]:
    return [recipes[i].laser.pulse_energy_uj for i in selection.members(block, shift).tolist()]


def test_both_sides_of_a_hill_share_their_energy() -> None:
    """50 and 150 µm want 50 µJ, 100 and 250 µm 60: labels name the span, and no two are alike."""
    recipes, selection = expanded(table([recipe("r")]), {"r": law(0.0)}, planes(50, 100, 150, 250))
    found = [(r.label, r.laser.pulse_energy_uj) for r in recipes.recipes]
    assert found == [("r[100-250 um]", 60), ("r[50-150 um]", 50)]
    assert [chosen(recipes, selection, b) for b in planes(50, 100, 150, 250)] == [[60], [50], [60], [50]]


def test_copies_at_other_depths_get_the_energy_of_their_depth() -> None:
    """A plane at 50 µm of the pattern, on copies at 0, 50 and 150 µm: 50, 60 and 40 µJ at 50, 100 and 200 µm."""
    recipes, selection = expanded(table([recipe("r")]), {"r": law(0.0)}, planes(50), shifts=(0, 50, 150))
    assert [chosen(recipes, selection, *planes(50), shift=s) for s in (0, 50, 150)] == [[50], [60], [40]]


def toolpath(blocks: Sequence[FeatureBlock], one: Law, shifts: Sequence[float], order: str = "planned") -> Toolpath:
    recipes, selection = expanded(table([recipe("r")]), {"r": one}, blocks, shifts=shifts)
    copies = tuple(Placed(np.eye(2), np.array([300.0 * i, 0.0, s])) for i, s in enumerate(shifts))
    text = Step.model_validate({"name": "s", "write": {"p": "r"}, "order": order})
    step = PlannedStep(0, text, MACHINE, Frame((0, 0, 0), 1.0, 1), None, (selection,))
    patterns = {"p": PlacedPattern(Source(blocks), copies, 0)}
    return Planner("j", patterns, (), recipes, [step], {}).toolpath()


def rows(path: Toolpath) -> list[tuple[float, float]]:
    """Depth in µm and energy in µJ of every exposure, in order."""
    found = []
    for block in path.blocks():
        for z, i in zip(block.end_ticks[block.exposes, 2].tolist(), block.recipe[block.exposes].tolist(), strict=True):
            found.append((-z / 10_000, path.header.recipes[i].laser.pulse_energy_uj))
    return found


@pytest.mark.parametrize("order", ["planned", "by_setup", "as_given"])
def test_the_toolpath_has_the_energy_of_every_copy(order: str) -> None:
    """Planes at 50 and 100 µm on copies at 0, 50 and 200 µm: 50, 100, 100, 150, 250 and 300 µm deep."""
    found = rows(toolpath(planes(50, 100), law(0.0), (0, 50, 200), order))
    assert sorted(found) == [(50, 50), (100, 60), (100, 60), (150, 50), (250, 60), (300, 80)]
    if order == "planned":
        assert [z for z, _ in found] == sorted((z for z, _ in found), reverse=True)


def test_set_ups_run_from_deep_to_shallow() -> None:
    """Above the table's bend energies fall with depth, and still the deepest comes first, once for all it writes."""
    found = rows(toolpath(planes(*range(110, 200, 20)), law(0.05), (0.0,), "by_setup"))
    assert [z for z, _ in found] == sorted((z for z, _ in found), reverse=True)
    energies = [e for _, e in found]
    assert len(set(energies)) == 1 + sum(a != b for a, b in pairwise(energies))


LEVEL_LINES = [line((0, 0, 60), (9, 0, 60)), line((0, 9, 5), (9, 9, 5))]


@pytest.mark.parametrize("blocks", [planes(*range(0, 300, 7)), LEVEL_LINES])
def test_one_stream_gives_what_a_stream_for_each_set_up_gives(
    blocks: list[FeatureBlock], monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = toolpath(blocks, law(0.02), (0, 0, 1.5))
    monkeypatch.setattr(Selection, "has_one_member_per_depth", False)
    assert toolpath(blocks, law(0.02), (0, 0, 1.5)).header.digest == quick.header.digest


@given(
    points=st.lists(
        st.tuples(st.integers(0, 400), st.floats(1.0, 150.0)), min_size=2, max_size=6, unique_by=lambda p: p[0]
    ),
    shares=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=12),
    tolerance=st.sampled_from([0.0, 0.01, 0.1, 0.5]),
)
def test_every_energy_is_within_the_tolerance_of_the_table(
    points: list[tuple[int, float]], shares: list[float], tolerance: float
) -> None:
    points.sort()
    low, high = points[0][0], points[-1][0]
    depths = [round(low + (high - low) * share, 4) for share in shares]
    path = toolpath(planes(*set(depths)), law(tolerance, points), (0.0,))
    for depth, energy in rows(path):
        wanted = float(np.interp(depth, *zip(*points, strict=True)))
        assert abs(energy - wanted) <= tolerance * wanted + 1e-6
    labels = [r.label for r in path.header.recipes.recipes]
    assert len(set(labels)) == len(labels)


def test_levels_are_as_few_as_the_tolerance_allows() -> None:
    """1 to 100 µJ within 50 %: [1, 3], then (3, 9], (9, 27], (27, 81], (81, 100] at most: five."""
    depths = np.linspace(1.0, 100.0, 2_000)
    recipes, _ = expanded(table([recipe("r")]), {"r": law(0.5, ((1, 1), (100, 100)))}, planes(*depths))
    assert len(recipes) == 5


def test_a_level_line_has_one_energy_and_a_slanted_one_only_within_its_level() -> None:
    """From 210 to 220 µm 44 to 48 µJ are wanted: one level at 10 %, two at 1 %."""
    slanted = line((0, 0, 210), (100, 0, 220))
    recipes, selection = expanded(table([recipe("r")]), {"r": law(0.1)}, [slanted])
    assert chosen(recipes, selection, slanted) == pytest.approx([2 * 44 * 48 / 92])
    recipes, selection = expanded(table([recipe("r")]), {"r": law(0.01)}, [slanted])
    with pytest.raises(PatternError, match=r"1 line\(s\) of pattern 'p'.*from 210 µm to 220 µm.*'r'.*larger tolerance"):
        selection.members(slanted, 0.0)


@given(
    spans=st.lists(st.tuples(st.integers(0, 30_000), st.integers(0, 3_000)), min_size=1, max_size=8),
    tolerance=st.sampled_from([0.02, 0.1, 0.3]),
)
def test_a_line_has_one_energy_within_the_tolerance_all_along_or_none(
    spans: list[tuple[int, int]], tolerance: float
) -> None:
    """Looked up at a hundred depths of each line; in hundredths of a µm."""
    lines = [line((0, 0, a / 100), (50, 0, min(a + b, 30_000) / 100)) for a, b in spans]
    recipes, selection = expanded(table([recipe("r")]), {"r": law(tolerance)}, lines)
    for one in lines:
        depths = np.linspace(one.xyz_um[0, 2], one.xyz_um[1, 2], 100)
        wanted = np.interp(depths, *zip(*HILL, strict=True))
        try:
            (energy,) = chosen(recipes, selection, one)
        except PatternError:
            assert wanted.max() - wanted.min() > 0, "a level line is never refused"
            continue
        assert np.all(np.abs(energy - wanted) <= tolerance * wanted + 1e-6)


def test_a_line_over_a_hill_is_refused_though_its_ends_agree() -> None:
    over = line((0, 0, 50), (100, 0, 150))
    recipes, selection = expanded(table([recipe("r")]), {"r": law(0.05)}, [over])
    with pytest.raises(PatternError, match="different energies on the way"):
        selection.members(over, 0.0)
    recipes, selection = expanded(table([recipe("r")]), {"r": law(0.1)}, [over])
    assert chosen(recipes, selection, over) == pytest.approx([2 * 50 * 60 / 110])


def test_a_line_that_dips_between_its_ends_counts_with_its_deepest_vertex() -> None:
    dips = line((0, 0, 10), (50, 0, 90), (100, 0, 10))
    _, selection = expanded(table([recipe("r")]), {"r": law(0.05)}, [dips])
    with pytest.raises(PatternError, match="from 10 µm to 90 µm"):
        selection.members(dips, 0.0)


def test_families_of_energies_have_levels_of_their_own() -> None:
    """Energies of 50 and 100 µJ at 0 µm, where the table has 40: times 1.5 at 100 µm and times 1.25 at 50 µm."""
    family = [recipe("r", 50.0, 0, 2), recipe("r", 100.0, 1, 2)]
    blocks = [*planes(100, variant=(0, 1)), *planes(50, variant=(1,))]
    recipes, selection = expanded(table(family), {"r": law(0.0, reference=0.0)}, blocks, family=(2, 2))
    assert [(r.label, r.laser.pulse_energy_uj) for r in recipes.recipes] == [
        ("r[0, 100 um]", 75), ("r[1, 100 um]", 150), ("r[1, 50 um]", 125),
    ]  # fmt: skip
    assert chosen(recipes, selection, blocks[0]) == [75, 150]
    assert [r.member for r in recipes.recipes] == [0, 1, 2]


def test_other_recipes_keep_their_members_beside() -> None:
    """Part b has a plain family behind the compensated recipe; its indices move, its members do not."""
    plain = [recipe("q", 10.0, 0, 2), recipe("q", 20.0, 1, 2)]
    blocks = [*planes(100, 50), *planes(50, variant=(0, 1), part=1)]
    recipes, selection = expanded(table([recipe("r")], plain), {"r": law(0.0)}, blocks, (0, 1), (1, 2))
    assert (recipes.first, recipes.sizes) == ({"r": 0, "q": 2}, {"r": 2, "q": 2})
    assert [chosen(recipes, selection, b) for b in blocks] == [[60], [50], [10, 20]]
    assert selection.recipes() == [0, 1, 2, 3]


def test_a_variant_that_is_not_there_is_refused_at_once() -> None:
    family = [recipe("r", 50.0, 0, 2), recipe("r", 100.0, 1, 2)]
    with pytest.raises(PatternError, match="asks for variant 2 of a recipe with 2 members"):
        expanded(table(family), {"r": law(0.0, reference=0.0)}, planes(50, variant=(2,)), family=(2, 2))


def test_above_the_surface_there_is_no_energy() -> None:
    with pytest.raises(PatternError, match=r"lies up to 5 µm above the surface.*'r'"):
        expanded(table([recipe("r")]), {"r": law(0.0)}, planes(10), shifts=(-15.0,))


def test_outside_the_table_the_depth_is_named() -> None:
    with pytest.raises(InputError, match=r"recipe 'r': 't.csv' holds energies from 0 µm to 300 µm .* 301 µm is asked"):
        expanded(table([recipe("r")]), {"r": law(0.0)}, planes(301))


def test_too_many_depths_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(depth_survey, "MOST_DEPTHS", 10)
    expanded(table([recipe("r")]), {"r": law(0.5)}, planes(*range(1, 11)))
    with pytest.raises(PatternError, match="more than 10 different depths"):
        expanded(table([recipe("r")]), {"r": law(0.5)}, planes(*range(1, 12)))


def test_more_members_than_a_table_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lasercam.plan.depth_recipes.MAX_RECIPES", 3)
    with pytest.raises(InputError, match=r"there are 4 recipes or more; a table holds at most 3.*"):
        expanded(table([recipe("r")]), {"r": law(0.0)}, planes(10, 20, 30, 40))


def test_a_source_that_changes_its_mind_is_found_out() -> None:
    _, selection = expanded(table([recipe("r")]), {"r": law(0.0)}, planes(50))
    with pytest.raises(PatternError, match="other features at a second reading"):
        selection.members(planes(60)[0], 0.0)


def test_what_lines_pass_is_found_among_many() -> None:
    bends = np.arange(0.0, 100.0, 10.0)
    least: NDArray[np.float64] = np.array([5.0, 55.0, 12.0, 40.0])
    most = np.array([25.0, 60.0, 18.0, 50.0])
    assert depth_survey._within(bends, least, most).tolist() == [10, 20]
