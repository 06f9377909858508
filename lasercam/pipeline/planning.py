"""Planning: the toolpath of a loaded job, and what a plan needs to know of it."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from lasercam.errors import GeometryError, InputError, PatternError, Problem
from lasercam.geometry.placement import Placed, copies
from lasercam.model.feature import FeatureBlock, Parts
from lasercam.model.frame import Frame
from lasercam.model.protocols import LaysOutFamilies, PartExposure, PatternUse
from lasercam.model.recipe import RecipeTable
from lasercam.model.toolpath import PartInfo, Toolpath
from lasercam.pipeline.compensation import at_their_depths
from lasercam.pipeline.families import part_uses, refuse_misfit
from lasercam.pipeline.load import LoadedJob, input_hashes
from lasercam.plan.frames import frame_of
from lasercam.plan.planner import PlacedPattern, PlannedStep, Planner
from lasercam.plan.recipes import build_recipe_table
from lasercam.plan.select import select_parts

MAX_PARTS = 65_535


def plan_job(loaded: LoadedJob) -> Toolpath:
    """The toolpath of a loaded job.

    Raises:
        InputError: recipes or parts that do not resolve, patterns that cannot be placed or written.
    """
    planner = _planner(loaded)
    _check_families(loaded, planner)
    try:
        toolpath = planner.toolpath()
    except (PatternError, GeometryError) as error:
        raise InputError(Problem(str(error), loaded.locate("patterns", key=True))) from error
    return toolpath


def _check_families(loaded: LoadedJob, planner: Planner) -> None:
    """Refuse recipes whose family has not the shape that a pattern's features count in."""
    for use in part_uses(planner.steps, {n: p.source.parts for n, p in loaded.patterns.items()}, planner.recipes):
        source = loaded.patterns[use.pattern].source
        if isinstance(source, LaysOutFamilies):
            refuse_misfit(use, source.family_shapes, loaded.locate)


def pattern_uses(loaded: LoadedJob) -> Mapping[str, PatternUse]:
    """How every pattern is written, by name; those that no step writes are left out."""
    planner = _planner(loaded)
    exposures: dict[str, list[PartExposure]] = {}
    for use in part_uses(planner.steps, {n: p.source.parts for n, p in loaded.patterns.items()}, planner.recipes):
        exposures.setdefault(use.pattern, []).append(use.exposure)
    return {
        name: PatternUse(tuple(used), tuple(placed.points_um for placed in planner.patterns[name].copies))
        for name, used in exposures.items()
    }


def pattern_features(loaded: LoadedJob, name: str) -> Iterator[FeatureBlock]:
    """Features of a pattern in the sample's frame, copy by copy, cut by the areas it keeps inside or outside of.

    Raises:
        InputError: the pattern cannot be placed or made.
    """
    try:
        for placed in _copies(name, loaded):
            for block in loaded.patterns[name].source.features():
                features, _ = placed.place(block)
                if len(features):
                    yield features
    except (PatternError, GeometryError) as error:
        raise InputError(Problem(f"pattern '{name}': {error}", loaded.locate("patterns", name, key=True))) from error


def _planner(loaded: LoadedJob) -> Planner:
    job = loaded.document
    beam_steps = [(i, s) for i, s in enumerate(job.steps) if s.pass_kind is not None]
    if not beam_steps:
        raise InputError(Problem("no step writes anything", loaded.locate("steps", key=True), "Add a `write` step."))
    recipes = recipe_table(loaded)
    offered: dict[str, Parts] = {name: p.source.parts for name, p in loaded.patterns.items()}
    parts, first_part = _number_parts(loaded, offered)
    frames = {i: step_frame(loaded, i) for i, _ in beam_steps}
    steps = [
        PlannedStep(
            i,
            step,
            loaded.machines[i],
            frames[i],
            (step.over or None) if step.write is not None else ("*",),
            tuple(select_parts(step, i, offered, recipes, loaded.locate)),
        )
        for i, step in beam_steps
    ]
    taken = {selection.pattern for step in steps for selection in step.selections}
    patterns = {
        name: PlacedPattern(p.source, tuple(_copies(name, loaded)), first_part[name])
        for name, p in loaded.patterns.items()
        if name in taken
    }
    recipes, steps = at_their_depths(job, recipes, steps, patterns, loaded.processes, loaded.tables, loaded.locate)
    return Planner(job.job, patterns, parts, recipes, steps, input_hashes(loaded))


def recipe_table(loaded: LoadedJob) -> RecipeTable:
    """Every exposure of the job; InputError for recipes that do not resolve."""
    beam_steps = [(i, s) for i, s in enumerate(loaded.document.steps) if s.pass_kind is not None]
    used = [(recipe, loaded.machines[i]) for i, step in beam_steps for recipe in step.exposures.values()]
    return build_recipe_table(loaded.document, used, loaded.processes, loaded.locate, loaded.tables)


def step_frame(loaded: LoadedJob, step: int) -> Frame:
    """Where the sample lies on the machine of a step."""
    try:
        nominal = frame_of(loaded.document.sample, loaded.machines[step], loaded.heights)
    except PatternError as error:
        raise InputError(Problem(str(error), loaded.locate("sample", "placement"))) from error
    registered = loaded.registered(step)
    return nominal if registered is None else registered.frame(nominal)


def _number_parts(loaded: LoadedJob, offered: Mapping[str, Parts]) -> tuple[tuple[PartInfo, ...], dict[str, int]]:
    infos: list[PartInfo] = []
    first: dict[str, int] = {}
    for name, parts in offered.items():
        first[name] = len(infos)
        line = loaded.locate("patterns", name, key=True).line
        infos.extend(PartInfo(f"{name}.{atom}", line) for atom in parts.atoms)
    if len(infos) > MAX_PARTS:
        text = f"all patterns together have {len(infos):,} parts; at most {MAX_PARTS:,} are allowed"
        raise InputError(Problem(text, loaded.locate("patterns", key=True)))
    return tuple(infos), first


def _copies(name: str, loaded: LoadedJob) -> Iterator[Placed]:
    placement = loaded.patterns[name].placement
    inside = tuple(_area(other, name, "inside", loaded) for other in placement.inside)
    outside = tuple(_area(other, name, "outside", loaded) for other in placement.outside)
    return copies(placement, inside, outside)


def _area(other: str, name: str, key: str, loaded: LoadedJob) -> Any:
    """The area of another pattern on the sample, all its copies together."""
    from lasercam.geometry.area import Area

    pattern = loaded.patterns[other]
    area = pattern.source.area()
    if area is None:
        message = f"pattern '{other}' covers no area, so nothing can lie {key} it"
        raise InputError(Problem(message, loaded.locate("patterns", name, key)))
    frames = (np.column_stack((placed.matrix, placed.shift_um[:2])) for placed in copies(pattern.placement))
    return Area.union_of(area.transform(frame) for frame in frames)
