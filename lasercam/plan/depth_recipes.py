"""Recipes whose energy follows the depth, made into members: as few energies as the tolerance allows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lasercam.errors import InputError, Location, ParameterError, Problem
from lasercam.model.confidence import Confidence, Valued, worst
from lasercam.model.machine import Machine
from lasercam.model.process_window import Process
from lasercam.model.recipe import MAX_RECIPES, DepthLevel, Recipe, RecipeTable
from lasercam.model.toolpath import TICKS_PER_UM
from lasercam.plan.compensation import Law
from lasercam.plan.depth_members import SPAN_TICKS, DepthMembers, FloatArray, IntArray
from lasercam.plan.select import NO_RECIPE, Selection
from lasercam.process.depth_energy import refuse_outside
from lasercam.process.energy_levels import energy_levels
from lasercam.process.window import confidence_of, position
from lasercam.units import ENERGY, format_quantity

Locate = Callable[..., Location]
_Group = tuple[object, ...]


@dataclass(frozen=True, eq=False)
class _Levels:
    """Energies of one law and one energy at the reference: the same for every recipe that shares both.

    Attributes:
        ticks: int64 (D,), rising: depths at which anything is written.
        wanted_uj: float64 (D,).
        level: int64 (D,), index into `energy_uj`.
        energy_uj: float64 (L,).
    """

    ticks: IntArray
    wanted_uj: FloatArray
    level: IntArray
    energy_uj: FloatArray


class DepthRecipes:
    """The table of a job's recipes with a member for each energy that a depth asks for.

    Args:
        table: every recipe as it is written; those with a law hold one member per variant.
        laws: of recipes whose energy follows the depth, by name.
        keys: int64 arrays, rising, by name: `depth_keys` of everything that is written with it.
        machines: of each recipe's steps, by name.
        processes: windows by id.
        locate: places in the job file.

    Attributes:
        table: the new table.

    Raises:
        InputError: a depth outside a law, an energy that the machine does not give, or too many members.
    """

    def __init__(
        self,
        table: RecipeTable,
        laws: Mapping[str, Law],
        keys: Mapping[str, IntArray],
        machines: Mapping[str, Machine],
        processes: Mapping[str, Process],
        locate: Locate,
    ) -> None:
        self._old, self._laws, self._keys = table, laws, keys
        self._machines, self._processes, self._locate = machines, processes, locate
        self._ticks = self._grouped()
        self._levels: dict[_Group, _Levels] = {}
        self._recipe: dict[str, IntArray] = {}  # by name, aligned with its keys
        self._spare: dict[str, IntArray] = {}
        recipes: list[Recipe] = []
        first: dict[str, int] = {}
        sizes: dict[str, int] = {}
        for name, start in table.first.items():
            first[name] = len(recipes)
            written = table.recipes[start : start + table.sizes[name]]
            recipes.extend(self._members(name, written, len(recipes)) if name in laws else written)
            sizes[name] = len(recipes) - first[name]
            self._refuse_many(name, len(recipes))
        self.table = RecipeTable(tuple(recipes), first, sizes)

    def selection(self, old: Selection, keys: Mapping[int, IntArray]) -> Selection:
        """A selection of the old table as one of the new table.

        Args:
            old: what a step takes from a pattern.
            keys: `depth_keys` of its features, by the index of the first member in the old table.
        """
        names = {index: name for name, index in self._old.first.items()}
        new_first = np.array(
            [NO_RECIPE if i == NO_RECIPE else self.table.first[names[i]] for i in old.first_recipe.tolist()], np.int64
        )
        by_depth = {}
        for index, mine in keys.items():
            name = names[index]
            recipe = self._recipe[name][np.searchsorted(self._keys[name], mine)]
            by_depth[self.table.first[name]] = DepthMembers(name, mine, recipe, self._spare[name])
        return replace(old, first_recipe=new_first, by_depth=by_depth)

    def _refuse_many(self, name: str, count: int) -> None:
        if count > MAX_RECIPES:
            text = f"with recipe '{name}' there are {count:,} recipes or more; a table holds at most {MAX_RECIPES:,}"
            raise InputError(Problem(text, self._place(name, "tolerance"), "Allow a larger tolerance."))

    def _place(self, name: str, key: str = "") -> Location:
        return self._locate("recipes", name, "compensation", *([key] if key else []))

    def _members(self, name: str, written: Sequence[Recipe], start: int) -> list[Recipe]:
        """Members of one recipe, variant by variant, from the deepest level to the shallowest.

        Set-ups are numbered in the order of the table, so that `order: by_setup` begins with what lies deepest, too.
        """
        members: list[Recipe] = []
        recipe, spare = [np.zeros(0, np.int64)], []
        for variant, ticks in enumerate(_by_variant(self._keys[name], len(written))):
            base = written[variant]
            spare.append(start + len(members))
            if not len(ticks):  # Nobody asks for it; another finding says so.
                members.append(replace(base, member=variant))
                continue
            levels = self._shared(name, base)
            at = np.searchsorted(levels.ticks, ticks)
            level, wanted = levels.level[at], levels.wanted_uj[at]
            by_level = np.split(np.argsort(level, kind="stable"), np.flatnonzero(np.diff(np.sort(level))) + 1)
            self._refuse_many(name, start + len(members) + len(by_level))
            recipe.append(np.zeros(len(ticks), np.int64))
            for mine in sorted(by_level, key=lambda index: -int(index[-1])):
                recipe[-1][mine] = start + len(members)
                energy = float(levels.energy_uj[level[mine[0]]])
                depths = ticks[mine] / TICKS_PER_UM
                members.append(self._member(base, len(members), variant, depths, wanted[mine], energy))
        self._recipe[name], self._spare[name] = np.concatenate(recipe), np.array(spare, np.int64)
        return members

    def _shared(self, name: str, base: Recipe) -> _Levels:
        """The levels of a recipe's variant, found over the depths of all recipes that share them.

        A rewrite of some of the depths is so written with the very energies of its first pass.
        """
        law, key = self._laws[name], self._group(name, base)
        if key in self._levels:
            return self._levels[key]
        ticks = np.unique(np.concatenate(self._ticks[key]))
        machine = self._machines[name]
        setting = machine.laser.pulse_energy
        try:
            depths = ticks / TICKS_PER_UM
            wanted = law.energies_uj(base.laser.pulse_energy_uj, depths)
            if setting is not None:
                refuse_outside(depths, wanted, setting.min, setting.max, f"machine {machine.machine}")
            found = energy_levels(wanted, law.text.tolerance, setting.step if setting is not None else None)
        except ParameterError as error:
            raise InputError(Problem(f"recipe '{name}': {error}", self._place(name))) from error
        self._levels[key] = _Levels(ticks, wanted, found.level, found.energy_uj)
        return self._levels[key]

    def _group(self, name: str, base: Recipe) -> _Group:
        law = self._laws[name]
        reference = 0.0 if law.text.is_absolute else base.laser.pulse_energy_uj
        return (*law.key, reference, self._machines[name].machine)

    def _grouped(self) -> dict[_Group, list[IntArray]]:
        """Depths of all variants of all recipes, by what they share levels with."""
        found: dict[_Group, list[IntArray]] = {}
        for name in self._laws:
            start, keys = self._old.first[name], self._keys[name]
            for variant, mine in enumerate(_by_variant(keys, self._old.sizes[name])):
                found.setdefault(self._group(name, self._old[start + variant]), []).append(mine)
        return found

    def _member(
        self, base: Recipe, member: int, variant: int, depth_um: FloatArray, wanted_uj: FloatArray, energy_uj: float
    ) -> Recipe:
        law = self._laws[base.name]
        level = DepthLevel(variant, float(depth_um.min()), float(depth_um.max()))
        low, high = (format_quantity(float(v), ENERGY) for v in (wanted_uj.min(), wanted_uj.max()))
        asked = low if low == high else f"{low} to {high}"
        source = f"{asked} wanted by {law.words}; within {law.text.tolerance:.3g} of it"
        value = Valued(energy_uj, self._confidence(base, energy_uj), source)
        return replace(
            base,
            member=member,
            laser=replace(base.laser, pulse_energy_uj=energy_uj),
            values={**base.values, "pulse_energy": value},
            level=level,
        )

    def _confidence(self, base: Recipe, energy_uj: float) -> Confidence:
        """No better than the author's word for the law, and what the source says about such an energy."""
        window = self._processes[base.process].parameters.get("pulse_energy")
        trust = [Confidence.SUPPLIED]
        if not self._laws[base.name].text.is_absolute:
            trust.append(base.values["pulse_energy"].confidence)
        if window is not None and window.same_as_first_pass:
            trust.append(base.values["pulse_energy"].confidence)
        elif window is not None and position(window, energy_uj) != "unbounded":
            trust.append(confidence_of(window, energy_uj))
        return worst(trust)


def _by_variant(keys: IntArray, variants: int) -> list[IntArray]:
    """Depths in ticks, rising, of each variant."""
    bounds = np.searchsorted(keys, np.arange(variants + 1) * SPAN_TICKS).tolist()
    return [keys[bounds[v] : bounds[v + 1]] - v * SPAN_TICKS for v in range(variants)]
