"""The interactive preview of a job: its scene, from the same rows as the files, and the page that shows it."""

from collections.abc import Iterable
from typing import Any, BinaryIO

import numpy as np

from lasercam.errors import shorten
from lasercam.model.commanded import feed_speeds_nm_s
from lasercam.model.finding import Finding
from lasercam.model.toolpath import NM_PER_UM, Toolpath
from lasercam.pipeline.load import LoadedJob
from lasercam.pipeline.pictures import views_of, written_width_um
from lasercam.pipeline.progress import SILENT, Progress
from lasercam.pipeline.quantities import derived_quantities
from lasercam.pipeline.stages import exposed_parts
from lasercam.pipeline.timing import timed_blocks
from lasercam.preview.html.glow import Pair, glow_tables, says
from lasercam.preview.html.page import write_page
from lasercam.preview.html.scene import (
    MOST_TOLD_RECIPES,
    RecipeFacts,
    Scene,
    finding_facts,
    place_facts,
    scene,
    summary_facts,
    toolpath_facts,
)
from lasercam.preview.html.segments import gather, row_places_um, scene_grid
from lasercam.preview.html.thinning import MOST_ROWS, choose_thinning
from lasercam.process.campaign import Stage, stages
from lasercam.process.path_dose import dose_radius_um

MOST_PAIRS = 20_000
"""Pairs of part and recipe whose emission a page holds; more are refused to it, and it says so."""

_MOST_STATES = 12
_MOST_PARTS = 3


def write_interactive(
    loaded: LoadedJob,
    toolpath: Toolpath,
    findings: Iterable[Finding],
    out: BinaryIO,
    *,
    most_rows: int = MOST_ROWS,
    progress: Progress = SILENT,
) -> str:
    """The page of a job.

    Args:
        loaded: the job.
        toolpath: its rows.
        findings: of the verdict over them.
        out: where the bytes go.
        most_rows: drawn; of more, one in so many, evenly.
        progress: shown meanwhile.

    Returns:
        How many of the rows are drawn, in a sentence.
    """
    with progress.task("drawing", toolpath.header.n_rows) as advance:
        made = job_scene(loaded, toolpath, findings, most_rows=most_rows)
        advance(toolpath.header.n_rows)
    write_page(made, out)
    return str(made.facts["note"])


def job_scene(
    loaded: LoadedJob, toolpath: Toolpath, findings: Iterable[Finding] | None, *, most_rows: int = MOST_ROWS
) -> Scene:
    """The scene of a job; without findings where they are None, to be told later."""
    header = toolpath.header
    recipes = header.recipes.recipes
    machines = [loaded.machines[section.step] for section in header.sections]
    radius = np.array([dose_radius_um(recipe)[0] for recipe in recipes])
    speeds = [feed_speeds_nm_s(header.recipes, machine) / NM_PER_UM for machine in machines]
    thinning = choose_thinning(header, toolpath.blocks(), most_rows)
    grid = scene_grid(header)
    timed = timed_blocks(toolpath, machines, radius, range(len(header.sections)))
    gathered = gather(header, timed, speeds, radius, thinning, grid)
    sample = loaded.document.sample
    facts = {
        "job": loaded.document.job,
        "title": loaded.document.title,
        "sample": f"{sample.id}: {sample.material}",
        **toolpath_facts(header, gathered, grid, thinning, _recipes(loaded, toolpath), machines),
        **_steps(loaded, toolpath),
        "place": place_facts(
            sample.size, [(z.name, z.low, z.high) for z in sample.keep_out], header.sections, machines
        ),
        "findings": None if findings is None else found_facts(toolpath, findings),
    }
    return scene(facts, gathered.segments)


def found_facts(toolpath: Toolpath, findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings with the places of their first rows."""
    told = list(findings)
    places = row_places_um(toolpath, (f.first_row for f in told if f.first_row is not None))
    return finding_facts(told, toolpath.header, places)


def judged_facts(made: Scene, toolpath: Toolpath, findings: Iterable[Finding]) -> dict[str, Any]:
    """What a scene that was made without findings is told of them later."""
    facts = {**made.facts, "findings": found_facts(toolpath, findings)}
    return {"findings": facts["findings"], "summary": summary_facts(facts), "digest": facts["digest"]}


def _recipes(loaded: LoadedJob, toolpath: Toolpath) -> list[RecipeFacts]:
    recipes = toolpath.header.recipes.recipes
    lines = {name: loaded.locate("recipes", name, key=True).line for name in {r.name for r in recipes}}
    derived = derived_quantities(loaded, toolpath) if len(recipes) <= MOST_TOLD_RECIPES else ((),) * len(recipes)
    return [
        RecipeFacts(lines[recipe.name], written_width_um(recipe), tuple((d.name, d.shown) for d in told if d.value))
        for recipe, told in zip(recipes, derived, strict=True)
    ]


def _steps(loaded: LoadedJob, toolpath: Toolpath) -> dict[str, Any]:
    """Every step of the job, what the sample is after it, and the colours in which it glows then."""
    exposed = exposed_parts(toolpath)
    after = stages(loaded.document.steps, exposed, loaded.processes)
    of_part = {part.name: index for index, part in enumerate(toolpath.header.parts)}
    of_recipe = {recipe.label: index for index, recipe in enumerate(toolpath.header.recipes.recipes)}
    pairs = list(
        dict.fromkeys(
            Pair(of_part[one.part], of_recipe[one.recipe], one.part, one.recipe)
            for step in exposed.values()
            for one in step
        )
    )
    views = [view for view in views_of(loaded, toolpath) if view != "daylight"]
    too_many = len(pairs) > MOST_PAIRS
    glow = [] if too_many else glow_tables(after, pairs, views)
    steps = []
    for index, (step, stage) in enumerate(zip(loaded.document.steps, after, strict=True)):
        states = _states(stage)
        steps.append(
            {
                "name": step.name,
                "verb": step.verb,
                "line": loaded.locate("steps", index).line,
                "states": states[:_MOST_STATES],
                "more_states": max(0, len(states) - _MOST_STATES),
                "notes": list(stage.notes),
            }
        )
    refused = f"{len(pairs):,} pairs of part and recipe are more than the {MOST_PAIRS:,} whose emission a page holds"
    return {
        "steps": steps,
        "pairs": [[p.part, p.recipe] for p in pairs] if glow else [],
        "glow": glow,
        "glow_note": refused if too_many else "",
    }


def _states(stage: Stage) -> list[str]:
    """What features are after a step, in words; parts that are alike together."""
    alike: dict[str, list[str]] = {}
    for f in stage.features:
        parts = alike.setdefault(says(f), [])
        if f.part not in parts:
            parts.append(f.part)
    return [
        ", ".join(shorten(p) for p in parts[:_MOST_PARTS])
        + (f" and {len(parts) - _MOST_PARTS} more" if len(parts) > _MOST_PARTS else "")
        + f": {words}"
        for words, parts in alike.items()
    ]
