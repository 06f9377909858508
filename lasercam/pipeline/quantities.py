"""Derived quantities of every recipe of a job, as reports print them."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from lasercam.checks.material import SURFACE_MATERIALS
from lasercam.model.confidence import Confidence, Valued
from lasercam.model.machine import Machine
from lasercam.model.toolpath import Toolpath
from lasercam.pipeline.load import LoadedJob
from lasercam.process.derived import Derived, Surroundings, derive

_PITCHES = ("hatch_pitch", "layer_pitch")


@lru_cache(maxsize=1)
def derived_quantities(loaded: LoadedJob, toolpath: Toolpath) -> tuple[tuple[Derived, ...], ...]:
    """Derived quantities of each recipe of the toolpath, in the table's order; runbook and manifest share them."""
    sample = loaded.document.sample
    index = Valued(sample.refractive_index, Confidence.SUPPLIED, "sample")
    is_bulk = sample.material not in SURFACE_MATERIALS and sample.material != "other"
    around = {
        name: Surroundings(machine, index, is_bulk, _pitches(loaded, name)) for name, machine in _machines(loaded)
    }
    return tuple(derive(recipe, around[recipe.name]) for recipe in toolpath.header.recipes.recipes)


def derived_by_recipe(loaded: LoadedJob, toolpath: Toolpath) -> dict[str, dict[str, Any]]:
    """Derived quantities as data, by label of the recipe."""
    recipes = toolpath.header.recipes.recipes
    return {r.label: derived_data(d) for r, d in zip(recipes, derived_quantities(loaded, toolpath), strict=True)}


def derived_data(quantities: tuple[Derived, ...]) -> dict[str, Any]:
    """Derived quantities as data: numbers in named units, or what they need."""
    return {
        d.name: {
            "value": None if d.value is None else d.value.value,
            "unit": d.dimension.unit,
            "confidence": Confidence.UNKNOWN.value if d.value is None else d.value.confidence.value,
            "formula": d.formula,
            **({"needs": list(d.needs)} if d.value is None else {}),
            **({"note": d.note} if d.note else {}),
        }
        for d in quantities
    }


def _machines(loaded: LoadedJob) -> Iterator[tuple[str, Machine]]:
    """Recipes with the machine of the first step that uses them; all have the same optics."""
    seen: set[str] = set()
    for step, machine in zip(loaded.document.steps, loaded.machines, strict=True):
        for recipe in step.exposures.values():
            if recipe not in seen:
                seen.add(recipe)
                yield recipe, machine


def _pitches(loaded: LoadedJob, recipe: str) -> dict[str, Valued]:
    """Pitches of everything a recipe writes; left out where its patterns have different ones or none."""
    found: dict[str, dict[float, str]] = {key: {} for key in _PITCHES}
    for step in loaded.document.steps:
        for part, used in step.exposures.items():
            if used != recipe:
                continue
            for name, pattern in loaded.patterns.items():
                if fnmatchcase(name, part.split(".")[0]):
                    for key in _PITCHES:
                        pitch = getattr(pattern.placement, key, None)
                        if isinstance(pitch, float):
                            found[key][pitch] = f"patterns.{name}.{key}"
    return {
        key: Valued(next(iter(values)), Confidence.SUPPLIED, next(iter(values.values())))
        for key, values in found.items()
        if len(values) == 1
    }
