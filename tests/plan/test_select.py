from typing import Any

import pytest

from lasercam.errors import InputError, Location
from lasercam.model.feature import Parts, parts
from lasercam.model.job import Step
from lasercam.model.recipe import Recipe, RecipeTable
from lasercam.plan.select import NO_RECIPE, Selection, select_parts
from tests.support import builders

OFFERED = {
    "label": parts(["finder", "data"], dark=["finder", "data"]),
    "px1": parts(["a.red", "b.red", "a.blue"]),
    "px2": parts(["a.red"]),
}


def table(**sizes: int) -> RecipeTable:
    recipes: list[Recipe] = []
    first = {}
    for name, size in sizes.items():
        first[name] = len(recipes)
        recipes += [builders.dot_recipe(name=name, member=i) for i in range(size)]
    return RecipeTable(tuple(recipes), first, sizes)


def at(*path: str | int, key: bool = False) -> Location:
    return Location("f", len(path) + 10 * key, 1)


def select(exposures: dict[str, str], offered: dict[str, Parts] = OFFERED, **sizes: int) -> dict[str, Any]:
    step = Step.model_validate({"name": "s", "write": exposures})
    found = select_parts(step, 3, offered, table(**(sizes or {"one": 1, "family": 5, "last": 1})), at)
    return {s.pattern: (s.first_recipe.tolist(), s.family.tolist()) for s in found}


def test_atoms_carry_the_recipe_of_what_they_are_named_by() -> None:
    assert select({"label.finder": "last", "label.data": "family"}) == {"label": ([6, 1], [1, 5])}
    assert select({"label.dark": "one"}) == {"label": ([0, 0], [1, 1])}
    assert select({"label": "one"}) == {"label": ([0, 0], [1, 1])}
    assert select({"px*.*.red": "one"}) == {"px1": ([0, 0, NO_RECIPE], [1, 1, 1]), "px2": ([0], [1])}
    assert select({"px1.a.*": "one"}) == {"px1": ([0, NO_RECIPE, 0], [1, 1, 1])}
    assert list(select({"*": "one"})) == ["label", "px1", "px2"]


def test_selections_come_in_the_order_of_the_patterns() -> None:
    assert list(select({"px2": "one", "label.data": "one"})) == ["label", "px2"]


@pytest.mark.parametrize(
    ("exposures", "says"),
    [
        ({"lable.data": "one"}, "unknown pattern 'lable'; did you mean 'label'?"),
        ({"label.dat": "one"}, "unknown part of 'label' 'dat'; did you mean 'data'?"),
        ({"label.a*": "one"}, "unknown part of 'label' 'a*'"),
        ({"pix*.red": "one"}, "'pix*.red' matches no part of any pattern"),
        ({"label.data": "once"}, "unknown recipe 'once'; did you mean 'one'?"),
        ({"label.data": "one", "label.dark": "last"}, "'label.dark' and 'label.data' both take label.data in step 's'"),
        ({"label": "one", "*.finder": "one"}, "both take label.finder"),
    ],
)
def test_what_leads_nowhere_or_twice_is_refused(exposures: dict[str, str], says: str) -> None:
    with pytest.raises(InputError) as caught:
        select(exposures)
    assert says in str(caught.value)
    assert all(p.location is not None and p.location.line in (4, 14) for p in caught.value.problems)


def test_all_problems_come_at_once() -> None:
    with pytest.raises(InputError) as caught:
        select({"nothing": "one", "label.nothing": "one", "label.data": "none"})
    assert len(caught.value.problems) == 3


def test_the_recipes_of_a_selection_are_those_of_its_families() -> None:
    step = Step.model_validate({"name": "s", "write": {"label.data": "family", "label.finder": "last"}})
    (selection,) = select_parts(step, 0, OFFERED, table(one=1, family=5, last=1), at)
    assert selection.recipes() == [1, 2, 3, 4, 5, 6]


def test_many_parts_with_one_large_family_are_counted_once() -> None:
    import numpy as np

    many = 60_000
    selection = Selection("p", np.zeros(many, np.int64), np.full(many, 60_000, np.int64))
    assert selection.recipes() == list(range(60_000))
