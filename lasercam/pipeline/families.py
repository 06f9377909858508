"""Recipe families held against the features that pick their members: shapes must fit, and no member may be left."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from lasercam.errors import InputError, Location, Problem
from lasercam.model.feature import Parts
from lasercam.model.protocols import PartExposure
from lasercam.model.recipe import PassKind, Recipe, RecipeTable
from lasercam.model.toolpath import RowKind, Toolpath
from lasercam.plan.planner import PlannedStep
from lasercam.plan.recipes import FAMILY_KEYS
from lasercam.plan.select import NO_RECIPE


@dataclass(frozen=True)
class PartUse:
    """One atomic part in one step.

    Attributes:
        pattern: its pattern's name.
        step: index of the step in the job.
        recipe: name of the recipe.
        exposure: what the source is told about it.
        sizes: members along each axis of the recipe's family; () for a single member.
        levels: where the energy follows the depth, members of one and the same variant at several depths; () where
            every variant has one energy.
    """

    pattern: str
    step: int
    recipe: str
    exposure: PartExposure
    sizes: tuple[int, ...]
    levels: tuple[Recipe, ...] = ()


def part_uses(steps: Sequence[PlannedStep], parts: Mapping[str, Parts], recipes: RecipeTable) -> Iterator[PartUse]:
    """Every atomic part that a step writes, in the order of the steps."""
    names = {first: name for name, first in recipes.first.items()}
    for step in steps:
        for selection in step.selections:
            for atom, first in zip(parts[selection.pattern].atoms, selection.first_recipe.tolist(), strict=True):
                if first == NO_RECIPE:
                    continue
                name = names[first]
                members = recipes.recipes[first : first + recipes.sizes[name]]
                by_depth = selection.by_depth.get(first)
                levels: tuple[Recipe, ...] = ()
                if by_depth is not None:
                    # A family counts as it is written; at one depth each of its members has one energy.
                    variants = by_depth.family(len(by_depth.spare))
                    members = tuple(recipes[indices[0]] for indices in variants)
                    levels = next((tuple(recipes[i] for i in ids) for ids in variants if len(ids) > 1), ())
                axes = family_axes(members)
                kind = step.step.pass_kind or PassKind.WRITE
                exposure = PartExposure(step.step.name, kind, atom, members, tuple(axes))
                yield PartUse(selection.pattern, step.index, name, exposure, tuple(axes.values()), levels)


def family_axes(members: Sequence[Recipe]) -> dict[str, int]:
    """Keys that differ between the members of a family and how many values each has, slowest first.

    A value that is listed twice makes members that nothing tells apart; such a family has no axes.
    """
    values = {
        key: {m.values[key].value for m in members if key in m.values and key not in m.solved} for key in FAMILY_KEYS
    }
    axes = {key: len(found) for key, found in values.items() if len(found) > 1}
    return axes if prod(axes.values()) == len(members) else {}


def refuse_misfit(use: PartUse, shapes: Mapping[str, tuple[int, ...]], locate: Callable[..., Location]) -> None:
    """Refuse a family whose axes are not those that the part's features count along.

    Raises:
        InputError: the numbers of members differ, or their order does; or a member has several energies by depth.
    """
    members = use.exposure.members
    if use.exposure.part not in shapes:
        return
    if use.levels:
        first, last = use.levels[0].label, use.levels[-1].label
        message = (
            f"'{use.pattern}.{use.exposure.part}' lies at several depths, and the compensation of recipe "
            f"'{use.recipe}' gives one member several energies there, such as '{first}' and '{last}': its table of "
            "results could not say which"
        )
        hint = "Give each depth a pattern of its own, or allow a larger tolerance."
        raise InputError(Problem(message, locate("recipes", use.recipe, "compensation"), hint))
    if len(members) == 1:
        return
    wanted = tuple(n for n in shapes[use.exposure.part] if n > 1)
    if use.sizes == wanted:
        return
    asked = " × ".join(str(n) for n in wanted) or "1"
    axes = ", ".join(f"{n} of {key}" for key, n in zip(use.exposure.axes, use.sizes, strict=True))
    found = axes or f"{len(members)} members, some of them with the same values"
    part = f"{use.pattern}.{use.exposure.part}"
    raise InputError(
        Problem(
            f"the shape of '{part}' asks for a family of {asked}, and recipe '{use.recipe}' has {found}",
            locate("patterns", use.pattern, "shape"),
            "Give as many values of each parameter as the shape says; families count in the order "
            f"{', '.join(FAMILY_KEYS)}, the first varies slowest.",
        )
    )


def unused_members(toolpath: Toolpath) -> dict[str, list[int]]:
    """Members of recipe families that no feature uses at any depth, by recipe name; those used in full are left out."""
    recipes = toolpath.header.recipes
    used = np.zeros(len(recipes), np.bool_)
    if len(recipes) > len(recipes.first):
        for block in toolpath.blocks():
            used[block.recipe[block.kind != RowKind.JUMP]] = True
            if used.all():
                break
    left = {}
    for name, first in recipes.first.items():
        mine = range(first, first + recipes.sizes[name])
        variants = {recipes[i].variant for i in mine}
        if len(variants) > 1:
            left[name] = sorted(variants - {recipes[i].variant for i in mine if used[i]})
    return {name: members for name, members in left.items() if members}


def written_size(recipes: RecipeTable, name: str) -> int:
    """Members of a recipe as it is written, however many energies its depths ask for."""
    first = recipes.first[name]
    return len({recipes[i].variant for i in range(first, first + recipes.sizes[name])})
