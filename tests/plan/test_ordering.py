"""Tiles of a section: lattices by themselves, the rest plane by plane, searched once."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from lasercam.errors import PatternError
from lasercam.model.feature import FeatureBlock, dots, polylines, tiles
from lasercam.model.job import Step
from lasercam.plan import ordering
from lasercam.plan.order import Order
from lasercam.plan.ordering import SectionOrder
from lasercam.plan.planner import PlacedPattern
from tests.plan.test_planner import Source, columns, placed, planner, selection, step

HERE = np.zeros(3)


@dataclass(frozen=True, eq=False)
class Tile:
    depth_um: float
    setup_rank: int
    block: FeatureBlock
    recipe: np.ndarray
    part: np.ndarray


def ready(block: FeatureBlock, depth_um: float = 0.0, setup_rank: int = 0) -> Tile:
    number = np.arange(len(block), dtype=np.uint16)
    return Tile(depth_um, setup_rank, block, number, number)


def wish(**keys: Any) -> Step:
    return Step.model_validate({"name": "s", "write": {"p": "r"}, **keys})


def cloud(count: int, seed: int = 0, depth: float = 0.0) -> FeatureBlock:
    xy = np.random.default_rng(seed).uniform(0, 1_000, (count, 2))
    return dots(np.column_stack((xy, np.full(count, depth))))


def lattice(n: int, x: float = 0.0) -> FeatureBlock:
    column, row = np.meshgrid(np.arange(n), np.arange(n))
    return dots(np.column_stack((x + column.ravel() * 2.0, row.ravel() * 2.0, np.zeros(n * n))))


def pieces(wished: Step, *given: Tile) -> list[np.ndarray]:
    """Places in the order of writing, plane by plane."""
    section = SectionOrder(wished, lambda: HERE)
    found = []
    for plane in section.planes(given):
        index = np.concatenate([order.index for order in section.orders(plane.block)])
        assert plane.recipe.tolist() == plane.part.tolist()
        found.append(plane.block.xyz_um[index])
    return found


def written(*given: Tile, **keys: Any) -> np.ndarray:
    return np.vstack(pieces(wish(**keys), *given))


def way(places: np.ndarray) -> float:
    return float(np.sqrt((np.diff(places, axis=0) ** 2).sum(axis=1)).sum())


def test_tiles_of_a_plane_are_ordered_as_one() -> None:
    whole = cloud(4_000)
    cut = [ready(t) for t in tiles(whole, 500)]
    together = written(*cut)
    assert together.tolist() == written(ready(whole)).tolist()
    one_by_one = np.vstack([written(t) for t in cut])
    assert way(together) < 0.6 * way(one_by_one), "each tile reached everywhere"


def test_planes_and_setups_are_never_mixed() -> None:
    order = [(9.0, 0), (9.0, 1), (4.0, 1), (4.0, 0)]
    given = [ready(cloud(400, seed, depth), depth, rank) for seed, (depth, rank) in enumerate(order) for _ in range(2)]
    found = written(*given)
    assert found[:, 2].tolist() == [9.0] * 1_600 + [4.0] * 1_600
    first = {tuple(p) for p in given[0].block.xyz_um.tolist()}
    assert {tuple(p) for p in found[:800].tolist()} == first


def test_large_lattices_are_swept_by_themselves_and_small_ones_wait_for_their_plane() -> None:
    large, loose = ready(lattice(40)), ready(cloud(50))
    assert [len(p) for p in pieces(wish(), loose, large)] == [1_600, 50], "the lattice does not wait"
    cells = [ready(lattice(10, x)) for x in (0.0, 20.0, 40.0)]
    together = written(*cells)
    assert way(together) == pytest.approx(2.0 * 299), "three cells of one lattice are one lattice"


def test_a_plane_of_more_features_than_fit_is_ordered_in_several_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "MAX_PLANE", 1_000)
    given = [ready(t) for t in tiles(cloud(2_500), 500)]
    found = pieces(wish(), *given)
    assert [len(p) for p in found] == [1_000, 1_000, 500]
    assert sorted(np.vstack(found).tolist()) == sorted(cloud(2_500).xyz_um.tolist())


def test_huge_sections_are_searched_up_to_a_budget_and_quickly_beyond(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "MAX_SEARCHED", 2_000)
    budgets: list[tuple[int, int | None]] = []
    original = ordering.order_features

    def noted(starts: np.ndarray, *rest: Any, **options: Any) -> Order:
        budgets.append((len(starts), options["kicks"]))
        return original(starts, *rest, **options)

    monkeypatch.setattr(ordering, "order_features", noted)
    given = [ready(cloud(500, seed, depth), depth) for depth in (3.0, 2.0, 1.0) for seed in (0, 1)]
    assert len(written(*given)) == 3_000
    assert budgets == [(1_000, None), (1_000, None), (500, 0), (500, 0)]


def test_rows_are_swept_where_wished_and_refused_where_there_are_none() -> None:
    full = lattice(30).xyz_um
    sparse = dots(full[np.random.default_rng(1).random(len(full)) < 0.4])
    short = written(ready(sparse))
    rows = written(ready(sparse), travel="rows")
    assert any(np.all(np.diff(rows[:, axis]) >= 0) for axis in (0, 1)), "row after row, or column after column"
    assert not any(np.all(np.diff(short[:, axis]) >= 0) for axis in (0, 1))
    assert way(short) < way(rows)
    with pytest.raises(PatternError, match="wishes `travel: rows`, but its dots of one depth form no rows"):
        written(ready(cloud(100)), travel="rows")
    star = polylines(np.array([(0.0, 0), (5, 5), (9, 0), (9, 7)]), np.array([0, 2, 4]))
    with pytest.raises(PatternError, match="lines of one depth run in several directions"):
        written(ready(star), travel="rows")


def test_what_needs_the_whole_plane_is_refused_where_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "MAX_PLANE", 100)
    given = [ready(cloud(60, seed)) for seed in (0, 1)]
    with pytest.raises(PatternError, match=r"has `inner_first`, which looks at all .* more than 100"):
        written(*given, inner_first=True)


def test_features_as_given_pass_unchanged() -> None:
    given = [ready(cloud(30, seed)) for seed in (0, 1)]
    found = written(*given, order="as_given")
    assert found.tolist() == np.vstack([t.block.xyz_um for t in given]).tolist()


def test_copies_of_a_dot_are_swept_like_a_lattice() -> None:
    many = tuple(placed(3.0 * x, 3.0 * y) for x in range(20) for y in range(20))
    source = Source([dots(np.zeros((1, 3)))])
    found = columns(planner({"p": PlacedPattern(source, many, 0)}, step(selection("p"))).toolpath())
    places = found["end_ticks"] / 10_000
    assert way(places) == pytest.approx(3.0 * 399)


def test_closed_lines_in_several_writing_fields_are_refused() -> None:
    section = SectionOrder(wish(inner_first=True), lambda: HERE)
    (plane,) = section.planes([ready(cloud(30))])
    with pytest.raises(PatternError, match="lie in several writing fields"):
        list(section.orders(plane.block.take(np.arange(10))))


def test_large_planes_come_in_pieces_that_make_up_the_whole() -> None:
    section = SectionOrder(wish(), lambda: HERE)
    (plane,) = section.planes([ready(t) for t in tiles(cloud(70_000), 32_768)])
    orders = list(section.orders(plane.block))
    assert [len(o.index) for o in orders] == [65_536, 70_000 - 65_536]
    assert sorted(np.concatenate([o.index for o in orders]).tolist()) == list(range(70_000))
