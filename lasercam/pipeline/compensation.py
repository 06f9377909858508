"""Energies that follow the depth: tables read with the job, and recipes given a member for each energy in use."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from lasercam.errors import GeometryError, InputError, Location, PatternError, Problem
from lasercam.model.job import JobDocument
from lasercam.model.process_window import Process
from lasercam.model.recipe import RecipeTable
from lasercam.pipeline.inputs import Inputs
from lasercam.plan.compensation import Tables
from lasercam.plan.depth_members import IntArray
from lasercam.plan.depth_recipes import DepthRecipes
from lasercam.plan.depth_survey import DepthSurvey, Wanted, surveys
from lasercam.plan.planner import PlacedPattern, PlannedStep
from lasercam.plan.recipes import recipe_laws
from lasercam.process.depth_energy import read_depth_energies
from lasercam.schema.tree import Tree


def read_tables(job: JobDocument, tree: Tree, inputs: Inputs) -> Tables:
    """Every table of energies that a recipe names, by file; a build keeps them.

    Raises:
        InputError: no such file, or no such table in it.
    """
    tables = {}
    for name, recipe in job.recipes.items():
        file = recipe.compensation.file if recipe.compensation is not None else None
        if file is not None and file not in tables:
            place = tree.at(("recipes", name, "compensation", "file"))
            tables[file] = read_depth_energies(inputs.read("asset", file, place).content, file)
    return tables


def at_their_depths(
    job: JobDocument,
    recipes: RecipeTable,
    steps: list[PlannedStep],
    patterns: Mapping[str, PlacedPattern],
    processes: Mapping[str, Process],
    tables: Tables,
    locate: Callable[..., Location],
) -> tuple[RecipeTable, list[PlannedStep]]:
    """Recipes and steps with a member for each energy that some depth asks for; as they are where none follows depth.

    Every pattern that is written with such a recipe is read once more, to know its depths.

    Raises:
        InputError: features whose depth has no energy, or energies that the machine does not give.
    """
    laws = recipe_laws(job, recipes.first, tables)
    if not laws:
        return recipes, steps
    wanted = {recipes.first[name]: Wanted(name, law.bends_um) for name, law in laws.items()}
    try:
        found = _survey(steps, patterns, wanted)
    except (PatternError, GeometryError) as error:
        raise InputError(Problem(str(error), locate("patterns", key=True))) from error
    keys: dict[str, IntArray] = {name: np.zeros(0, np.int64) for name in laws}
    for survey in found.values():
        for first, mine in survey.keys.items():
            keys[wanted[first].name] = np.union1d(keys[wanted[first].name], mine)
    machines = {name: step.machine for step in steps for name in step.step.exposures.values()}
    by_depth = DepthRecipes(recipes, laws, keys, machines, processes, locate)
    selected = []
    for step in steps:
        own = (by_depth.selection(s, found[step.index, s.pattern].keys) for s in step.selections)
        selected.append(replace(step, selections=tuple(own)))
    return by_depth.table, selected


def _survey(
    steps: list[PlannedStep], patterns: Mapping[str, PlacedPattern], wanted: Mapping[int, Wanted]
) -> dict[tuple[int, str], DepthSurvey]:
    """The depths of every step's selections, by step and pattern; each pattern is read once."""
    found = {}
    for name, pattern in patterns.items():
        mine = [(step.index, s) for step in steps for s in step.selections if s.pattern == name]
        shifts = sorted({float(placed.shift_um[2]) for placed in pattern.copies})
        several = surveys([selection for _, selection in mine], pattern.source.features(), shifts, wanted)
        found.update({(index, name): survey for (index, _), survey in zip(mine, several, strict=True)})
    return found
