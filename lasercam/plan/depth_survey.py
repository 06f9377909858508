"""At which depths recipes are needed: every feature looked at once, and only distinct depths kept."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import PatternError
from lasercam.model.feature import FeatureBlock
from lasercam.model.toolpath import TICKS_PER_UM
from lasercam.plan.depth_members import FloatArray, IntArray, depth_keys, depth_spans_um
from lasercam.plan.select import Selection
from lasercam.units import LENGTH, format_quantity

MOST_DEPTHS = 1_000_000
"""Distinct depths (times family members asked for there) of one recipe in one step and pattern that are kept."""


@dataclass(frozen=True)
class Wanted:
    """A recipe whose energy follows the depth.

    Attributes:
        name: as the job calls it.
        bends_um: float64 (B,), rising: depths at which energy may turn round between two others.
    """

    name: str
    bends_um: FloatArray


class DepthSurvey:
    """Collects the depths of one selection's features, by recipe and by the family member they ask for.

    Args:
        selection: what a step takes from a pattern.
        wanted: the recipes that matter, by the index of their first member.
    """

    def __init__(self, selection: Selection, wanted: Mapping[int, Wanted]) -> None:
        self._selection = selection
        taken = set(selection.first_recipe.tolist())
        self._wanted = {first: recipe for first, recipe in wanted.items() if first in taken}
        self.keys: dict[int, IntArray] = {first: np.zeros(0, np.int64) for first in self._wanted}

    def add(self, block: FeatureBlock, shifts_um: Iterable[float]) -> None:
        """Note the features of a block on copies that lie so much deeper.

        Raises:
            PatternError: a family member that is not there, features above the surface, or too many depths.
        """
        for first, recipe in self._wanted.items():
            mine = self._selection.first_recipe[block.part] == first
            if not mine.any():
                continue
            some = block if mine.all() else block.take(mine)
            variant = self._selection.variants(some)
            least, most = depth_spans_um(some)
            for shift in shifts_um:
                self._note(first, recipe, variant, least + shift, most + shift if most is not least else None)

    def _note(
        self, first: int, recipe: Wanted, variant: IntArray, least_um: FloatArray, most_um: FloatArray | None
    ) -> None:
        if np.rint(float(least_um.min()) * TICKS_PER_UM) < 0:
            above = format_quantity(-float(least_um.min()), LENGTH)
            raise PatternError(
                f"pattern '{self._selection.pattern}' lies up to {above} above the surface, where the compensation of "
                f"recipe '{recipe.name}' has no energy; write it with a recipe of its own"
            )
        self._keep(first, recipe, depth_keys(variant, least_um))
        if most_um is None:
            return
        self._keep(first, recipe, depth_keys(variant, most_um))
        slanted = np.flatnonzero(most_um > least_um)
        for v in np.unique(variant[slanted]).tolist():
            mine = slanted[variant[slanted] == v]
            passed = _within(recipe.bends_um, least_um[mine], most_um[mine])
            self._keep(first, recipe, depth_keys(np.full(len(passed), v, np.int64), passed))

    def _keep(self, first: int, recipe: Wanted, keys: IntArray) -> None:
        if not len(keys):
            return
        new = keys[:1] if keys.min() == keys.max() else np.unique(keys)
        known = self.keys[first]
        if len(known):
            new = new[known[np.minimum(np.searchsorted(known, new), len(known) - 1)] != new]
        if not len(new):
            return
        self.keys[first] = np.union1d(known, new)
        if len(self.keys[first]) > MOST_DEPTHS:
            raise PatternError(
                f"pattern '{self._selection.pattern}' has more than {MOST_DEPTHS:,} different depths, each of which "
                f"the compensation of recipe '{recipe.name}' would look up; lay its features in planes, or share "
                "them out over several patterns"
            )


def _within(bends_um: FloatArray, least_um: FloatArray, most_um: FloatArray) -> NDArray[np.float64]:
    """The bends that lie inside any of some spans (P,)."""
    low, high = np.searchsorted(bends_um, least_um, side="right"), np.searchsorted(bends_um, most_um, side="left")
    opened = np.bincount(low[high > low], minlength=len(bends_um) + 1)
    closed = np.bincount(high[high > low], minlength=len(bends_um) + 1)
    return np.asarray(bends_um[np.cumsum(opened - closed)[:-1] > 0], np.float64)


def surveys(
    selections: Sequence[Selection],
    blocks: Iterable[FeatureBlock],
    shifts_um: Sequence[float],
    wanted: Mapping[int, Wanted],
) -> list[DepthSurvey]:
    """One survey for each selection of a pattern, from one reading of its features.

    Raises:
        PatternError: see `DepthSurvey.add`.
    """
    found = [DepthSurvey(selection, wanted) for selection in selections]
    asked = [survey for survey in found if survey.keys]
    for block in blocks if asked else ():
        for survey in asked:
            survey.add(block, shifts_um)
    return found
