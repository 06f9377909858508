"""Pictures of a job: its toolpath, and what the written sample will show, drawn from the same rows as the files."""

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from lasercam.errors import UsageError
from lasercam.model.commanded import feed_speeds_nm_s
from lasercam.model.recipe import Recipe
from lasercam.model.toolpath import NM_PER_UM, Toolpath
from lasercam.pipeline.load import LoadedJob
from lasercam.pipeline.progress import SILENT, Progress
from lasercam.pipeline.shown_steps import shown_steps
from lasercam.pipeline.timing import timed_blocks
from lasercam.preview.contact_sheet import draw_contact_sheet
from lasercam.preview.dose_colours import DoseColours
from lasercam.preview.emission import Simulation, recipe_effects, simulate_emission
from lasercam.preview.emission_figure import draw_view
from lasercam.preview.registration_figure import draw_registration
from lasercam.preview.toolpath_figure import draw_toolpath
from lasercam.preview.views import render_view, render_views
from lasercam.process.optics import spot_radius_um
from lasercam.process.path_dose import dose_radius_um


def draw_pictures(loaded: LoadedJob, toolpath: Toolpath, folder: Path, progress: Progress = SILENT) -> list[Path]:
    """All pictures of a build: steps as PNG and SVG, registrations, emission views after steps, a contact sheet.

    Returns:
        The files written.
    """
    written: list[Path] = []
    steps = list(dict.fromkeys((s.step, s.step_name) for s in toolpath.header.sections))
    views = views_of(loaded, toolpath)
    with progress.task("drawing", 2 * len(steps) + len(loaded.registrations) + (1 if views else 0)) as advance:
        for step, name in steps:
            png, svg = (folder / f"toolpath-{step + 1:02d}-{_safe(name)}.{suffix}" for suffix in ("png", "svg"))
            size = loaded.document.sample.size
            with png.open("wb") as pixels, svg.open("wb") as lines:
                draw_toolpath(toolpath, pixels, fmt="png", sample_size_um=size, step=step, also=((lines, "svg"),))
            written += [png, svg]
            advance(2)
        for step, registered in loaded.registrations.items():
            png = folder / f"registration-{step + 1:02d}-{_safe(registered.document.step)}.png"
            with png.open("wb") as pixels:
                draw_registration(registered.document, pixels)
            written.append(png)
            advance(1)
        if views:
            written += _draw_emission(loaded, toolpath, views, folder)
            advance(1)
    return written


def _draw_emission(loaded: LoadedJob, toolpath: Toolpath, views: Sequence[str], folder: Path) -> list[Path]:
    simulation = simulate(loaded, toolpath)
    table = render_views(simulation, views)
    written = []
    for (step, rows), row in zip(shown_steps(loaded, toolpath).items(), table, strict=True):
        for view in row:
            path = folder / f"emission-{step + 1:02d}-{_safe(rows.name)}-{_safe(view.name)}.png"
            with path.open("wb") as out:
                draw_view(view, out, job=toolpath.header.job)
            written.append(path)
    sheet = folder / "emission.png"
    with sheet.open("wb") as out:
        draw_contact_sheet(table, out, job=toolpath.header.job)
    return [*written, sheet]


def draw_one(
    loaded: LoadedJob,
    toolpath: Toolpath,
    view: str,
    step: int | None,
    fmt: str,
    out: BinaryIO,
    layer: int | None = None,
) -> None:
    """One picture.

    Args:
        loaded: the job.
        toolpath: its rows.
        view: `toolpath`, `dose` (along its lines), `all` (every emission view after every step), or an emission view
            such as `uv+lp645`.
        step: number of the step, from 1; None = all for a toolpath, the last for an emission view.
        fmt: png, svg or pdf; emission views are png.
        out: where the bytes go.
        layer: only this layer, 0 = shallowest.

    Raises:
        UsageError: no such view, step, layer or format.
    """
    if view in ("toolpath", "dose"):
        if fmt not in ("png", "svg", "pdf"):
            raise UsageError(f"a toolpath is drawn as .png, .svg or .pdf, not .{fmt}")
        size = loaded.document.sample.size
        index = None if step is None else step - 1
        dress = None if view == "toolpath" else dose_colours(loaded, toolpath)
        draw_toolpath(toolpath, out, fmt=fmt, sample_size_um=size, step=index, layer=layer, dress=dress)  # type: ignore[arg-type]
        return
    if view == "registration":
        _draw_registration(loaded, step, fmt, out)
        return
    if fmt != "png":
        raise UsageError(f"emission views are pictures of pixels: name a .png file, not .{fmt}")
    simulation = simulate(loaded, toolpath, layer=layer)
    if view == "all":
        table = render_views(simulation, views_of(loaded, toolpath) or ("daylight", "uv"))
        draw_contact_sheet(table, out, job=toolpath.header.job)
        return
    shown = list(shown_steps(loaded, toolpath))
    if step is not None and step - 1 not in shown:
        allowed = ", ".join(str(i + 1) for i in shown)
        raise UsageError(f"step {step} changes nothing that can be seen; steps that do: {allowed}")
    chosen = len(shown) - 1 if step is None else shown.index(step - 1)
    draw_view(render_view(simulation, view)[chosen], out, job=toolpath.header.job)


def _draw_registration(loaded: LoadedJob, step: int | None, fmt: str, out: BinaryIO) -> None:
    """What is left at the marks of a remount; of the last one where none is said."""
    if fmt not in ("png", "svg", "pdf"):
        raise UsageError(f"a registration is drawn as .png, .svg or .pdf, not .{fmt}")
    there = sorted(loaded.registrations)
    if not there or (step is not None and step - 1 not in there):
        listed = ", ".join(str(i + 1) for i in there) or "none"
        which = "no step" if step is None else f"step {step} not"
        raise UsageError(f"{which} is registered; steps that are: {listed} (see `lasercam register`)")
    found = loaded.registrations[there[-1] if step is None else step - 1]
    draw_registration(found.document, out, fmt=fmt)  # type: ignore[arg-type]


def dose_colours(loaded: LoadedJob, toolpath: Toolpath) -> DoseColours:
    """Colours of lines by their predicted dose."""
    recipes = toolpath.header.recipes
    machines = [loaded.machines[section.step] for section in toolpath.header.sections]
    radius = np.array([dose_radius_um(recipe)[0] for recipe in recipes.recipes])
    speeds = [feed_speeds_nm_s(recipes, machine) / NM_PER_UM for machine in machines]
    return DoseColours(partial(timed_blocks, toolpath, machines, radius), speeds, radius)


def simulate(loaded: LoadedJob, toolpath: Toolpath, *, layer: int | None = None) -> Simulation:
    """What the sample shows after every step."""
    widths = [written_width_um(recipe) for recipe in toolpath.header.recipes.recipes]
    effects = recipe_effects(toolpath, loaded.processes, widths)
    return simulate_emission(list(shown_steps(loaded, toolpath).values()), effects, layer=layer)


def written_width_um(recipe: Recipe) -> float:
    """Width a recipe is drawn with: the supplied spot's 1/e² diameter, else the unaberrated focus of the objective.

    Source: F01, w0 = λ / (π NA), where no spot radius is supplied; the true width follows energy and speed.
    """
    if "spot_radius" in recipe.values:
        return 2.0 * recipe.values["spot_radius"].value
    return 2.0 * spot_radius_um(recipe.values["wavelength"].value, recipe.values["na"].value, 1.0)


def views_of(loaded: LoadedJob, toolpath: Toolpath) -> tuple[str, ...]:
    """Emission views worth drawing: daylight, UV, and the filter of every `read` step; none where nothing emits."""
    used = {recipe.process for recipe in toolpath.header.recipes.recipes}
    if not any(loaded.processes[name].outcome.emission for name in used):
        return ()
    filters = [s.read.filter for s in loaded.document.steps if s.read is not None and s.read.filter]
    return ("daylight", "uv", *dict.fromkeys(f"uv+{f}" for f in filters))


def _safe(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:40] or "step"
