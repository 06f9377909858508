"""How the levels of stored data look in emission views: as the lab says of them, where their process does not."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from lasercam.model.confidence import Confidence
from lasercam.model.process_outcome import EmissionLine
from lasercam.model.toolpath import Toolpath
from lasercam.pipeline.load import LoadedJob
from lasercam.pipeline.planning import pattern_uses
from lasercam.pipeline.stored_patterns import stored_patterns
from lasercam.pipeline.written_pages import NO_LEVEL, planned_level
from lasercam.preview.emission import RecipeEffect
from lasercam.sources.payload.keys import LevelEmission


def level_effects(loaded: LoadedJob, toolpath: Toolpath, effects: Sequence[RecipeEffect]) -> tuple[RecipeEffect, ...]:
    """The effects of recipes, those of stored levels with the emission that the job's `levels` give.

    A recipe that writes several levels, or another pattern too, keeps the emission of its process; so do all where a
    furnace follows, since nobody says what that makes of a level.
    """
    said = _levels_by_recipe(loaded)
    if not said or any(step.heat is not None or step.soak is not None for step in loaded.document.steps):
        return tuple(effects)
    found = list(effects)
    for index, recipe in enumerate(toolpath.header.recipes.recipes):
        levels = said.get(recipe.label, set())
        if len(levels) != 1:
            continue
        pattern, level = next(iter(levels))
        emission = stored_patterns(loaded)[pattern].level_emissions[level] if level >= 0 else None
        if emission is not None:
            found[index] = _with_emission(found[index], f"{pattern}, level {level}", emission)
    return tuple(found)


def _levels_by_recipe(loaded: LoadedJob) -> dict[str, set[tuple[str, int]]]:
    """By label of a recipe, the patterns and levels that it writes; level -1 of patterns that store nothing."""
    stored = {name for name, source in stored_patterns(loaded).items() if source.level_emissions}
    found: dict[str, set[tuple[str, int]]] = defaultdict(set)
    if not stored:
        return found
    for name, use in pattern_uses(loaded).items():
        for exposure in use.exposures:
            level = planned_level(exposure.part) if name in stored else -1
            if level == NO_LEVEL:
                continue
            many = len(exposure.members) > 1 and level >= 0
            for recipe in exposure.members[level : level + 1] if many else exposure.members:
                found[recipe.label].add((name, level))
    return found


def _with_emission(effect: RecipeEffect, name: str, emission: LevelEmission) -> RecipeEffect:
    line = EmissionLine(
        phase=name, peak=emission.peak, fwhm=emission.fwhm, radiance=emission.radiance,
        confidence=Confidence.SUPPLIED, shape_confidence=Confidence.SUPPLIED,
    )  # fmt: skip
    acts = effect.outcome.effect if effect.outcome.effect in ("adds", "replaces") else "adds"
    outcome = effect.outcome.model_copy(update={"emission": (line,), "effect": acts})
    return replace(effect, process=f"{effect.process} ({name})", outcome=outcome)
