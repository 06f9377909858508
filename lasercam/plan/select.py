"""Which features a step writes with which recipe: part references resolved against what patterns offer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import InputError, Location, PatternError, Problem, name_problem
from lasercam.model.feature import ALL_PARTS, FeatureBlock, Parts
from lasercam.model.job import Step
from lasercam.model.recipe import RecipeTable
from lasercam.plan.depth_members import DepthMembers, depth_spans_um

NO_RECIPE = -1


@dataclass(frozen=True, eq=False)
class Selection:
    """What one step takes from one pattern.

    Attributes:
        pattern: its name.
        first_recipe: int64 (atoms,), index of the first member of the recipe for each atom; NO_RECIPE = not written.
        family: int64 (atoms,), members of that recipe as it is written, which features' variants pick from.
        by_depth: for recipes whose energy follows the depth, which member writes where; by their first member.
    """

    pattern: str
    first_recipe: NDArray[np.int64]
    family: NDArray[np.int64]
    by_depth: Mapping[int, DepthMembers] = field(default_factory=dict)

    def recipes(self) -> list[int]:
        """Every recipe index the selection can use, rising."""
        taken = self.first_recipe != NO_RECIPE
        spans = set(zip(self.first_recipe[taken].tolist(), self.family[taken].tolist(), strict=True))
        plain = {i for first, size in spans if first not in self.by_depth for i in range(first, first + size)}
        return sorted(plain.union(*(members.recipe.tolist() for members in self.by_depth.values())))

    @property
    def has_one_member_per_depth(self) -> bool:
        """Whether the depth of a feature alone says what it is written with."""
        taken = self.first_recipe != NO_RECIPE
        firsts = set(self.first_recipe[taken].tolist())
        return len(firsts) == 1 and firsts <= set(self.by_depth) and bool(np.all(self.family[taken] == 1))

    def variants(self, block: FeatureBlock) -> NDArray[np.int64]:
        """int64 (P,), the family member that each feature asks for; 0 where its recipe has one only.

        Raises:
            PatternError: a feature asks for a member that the family does not have.
        """
        size = self.family[block.part]
        variant = block.variant.astype(np.int64)
        beyond = (variant >= size) & (size > 1)
        if np.any(beyond):
            raise PatternError(
                f"pattern '{self.pattern}' asks for variant {int(variant[beyond].max())} of a recipe with"
                f" {int(size[beyond].min())} members (the first is variant 0)"
            )
        return np.where(size > 1, variant, 0)

    def members(self, block: FeatureBlock, shift_um: float) -> NDArray[np.int64]:
        """int64 (P,), index of the recipe of each feature, all of whose parts are taken.

        Args:
            block: in the pattern's frame.
            shift_um: how much deeper than there the copy lies.

        Raises:
            PatternError: see `variants`; or a line reaches through depths that are written with different energies.
        """
        variant = self.variants(block)
        recipe = self.first_recipe[block.part] + variant
        if not self.by_depth:
            return np.asarray(recipe, np.int64)
        least, most = depth_spans_um(block)
        for first, by_depth in self.by_depth.items():
            mine = np.flatnonzero(self.first_recipe[block.part] == first)
            if len(mine):
                shallow = least[mine] + shift_um
                deep = shallow if most is least else most[mine] + shift_um
                recipe[mine] = by_depth.recipes(variant[mine], shallow, deep, self.pattern)
        return np.asarray(recipe, np.int64)


def select_parts(
    step: Step,
    step_index: int,
    parts: Mapping[str, Parts],
    recipes: RecipeTable,
    locate: Callable[..., Location],
) -> list[Selection]:
    """The step's selections, in the order of the job's patterns.

    Raises:
        InputError: an unknown pattern, part or recipe, a glob that matches nothing, or a part taken twice.
    """
    first = {name: np.full(len(p.atoms), NO_RECIPE, np.int64) for name, p in parts.items()}
    family = {name: np.ones(len(p.atoms), np.int64) for name, p in parts.items()}
    taken_by: dict[tuple[str, int], str] = {}
    problems: list[Problem] = []
    for reference, recipe in step.exposures.items():
        place = locate("steps", step_index, step.verb, reference, key=True)
        if recipe not in recipes.first:
            at = locate("steps", step_index, step.verb, reference)
            problems.append(name_problem("recipe", recipe, list(recipes.first), at))
            continue
        matches = _matches(reference, parts)
        if not matches:
            problems.append(_no_match(reference, parts, place))
        for pattern, atom in matches:
            if (pattern, atom) in taken_by:
                twice = f"{pattern}.{parts[pattern].atoms[atom]}"
                other = taken_by[pattern, atom]
                message = f"'{reference}' and '{other}' both take {twice} in step '{step.name}'"
                problems.append(Problem(message, place, "A part is exposed once per step."))
                break
            taken_by[pattern, atom] = reference
            first[pattern][atom], family[pattern][atom] = recipes.first[recipe], recipes.sizes[recipe]
    if problems:
        raise InputError(problems)
    return [Selection(n, first[n], family[n]) for n in parts if np.any(first[n] != NO_RECIPE)]


def _matches(reference: str, parts: Mapping[str, Parts]) -> list[tuple[str, int]]:
    """(pattern, atom) pairs a reference stands for; pattern names may hold no dot, part names may."""
    pattern_glob, _, part_glob = reference.partition(".")
    found: dict[tuple[str, int], None] = {}
    for name, offered in parts.items():
        if name == pattern_glob or fnmatchcase(name, pattern_glob):
            for atom in offered.select(part_glob or ALL_PARTS):
                found[name, atom] = None
    return list(found)


def _no_match(reference: str, parts: Mapping[str, Parts], place: Location) -> Problem:
    pattern, _, part = reference.partition(".")
    if pattern in parts:
        return name_problem(f"part of '{pattern}'", part, list(parts[pattern].names), place)
    if any(c in pattern for c in "*?["):
        return Problem(f"'{reference}' matches no part of any pattern", place)
    return name_problem("pattern", pattern, list(parts), place)
