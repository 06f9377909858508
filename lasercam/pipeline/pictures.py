"""Pictures of a job: its toolpath, and what the written sample will show, drawn from the same rows as the files."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast, get_args

import numpy as np

from lasercam.errors import UsageError, shorten
from lasercam.model.commanded import feed_speeds_nm_s
from lasercam.model.recipe import Recipe
from lasercam.model.toolpath import NM_PER_UM, Toolpath
from lasercam.pipeline.level_effects import level_effects
from lasercam.pipeline.load import LoadedJob
from lasercam.pipeline.progress import SILENT, Progress
from lasercam.pipeline.shown_steps import shown_steps
from lasercam.pipeline.stored_patterns import stored_patterns
from lasercam.pipeline.time_budget import open_seconds, time_budget
from lasercam.pipeline.timing import timed_blocks
from lasercam.preview.canvas import Format, Sheet, book
from lasercam.preview.contact_sheet import draw_contact_sheet
from lasercam.preview.depths import Layer
from lasercam.preview.dose_colours import DoseColours
from lasercam.preview.emission import Simulation, recipe_effects, simulate_emission
from lasercam.preview.emission_colours import Response
from lasercam.preview.emission_figure import draw_view
from lasercam.preview.neighbour_colours import NEIGHBOUR_SPACINGS, NeighbourColours, extent_and_spacing
from lasercam.preview.order_colours import OrderColours
from lasercam.preview.registration_figure import draw_registration
from lasercam.preview.time_budget import TimeBudget
from lasercam.preview.time_figure import draw_time
from lasercam.preview.toolpath_figure import Dress, draw_layers, draw_toolpath
from lasercam.preview.view_names import UV_NM, read_view
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


def draw_budget(budget: TimeBudget, folder: Path) -> Path:
    """Where the time goes, as a drawing."""
    path = folder / "time.svg"
    with path.open("wb") as out:
        draw_time(budget, out, fmt="svg")
    return path


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
    *,
    response: Response = "radiance",
    false_colour: bool = False,
) -> None:
    """One picture.

    Args:
        loaded: the job.
        toolpath: its rows.
        view: `toolpath`, `dose`, `order`, `neighbours` (rows in other colours), `time`, `registration`, an emission
            view such as `uv+lp645`, `sheet` (every emission view after every step), or several emission views with
            commas between them, as a sheet.
        step: number of the step, from 1; None = all for a toolpath, the last for an emission view.
        fmt: png, svg or pdf.
        out: where the bytes go.
        layer: only this layer, 0 = shallowest.
        response: what brightness means in emission views.
        false_colour: emission views in colours that can be told apart.

    Raises:
        UsageError: no such view, step, layer or format.
    """
    form = _format(fmt)
    if view in DRESSES:
        size, index = loaded.document.sample.size, None if step is None else step - 1
        dress = DRESSES[view](loaded, toolpath, index)
        draw_toolpath(toolpath, out, fmt=form, sample_size_um=size, step=index, layer=layer, dress=dress)
    elif view == "registration":
        _draw_registration(loaded, step, form, out)
    elif view == "time":
        draw_time(time_budget(loaded, toolpath), out, fmt=form)
    elif view in ("sheet", "all") or "," in view:
        names = [name.strip() for name in view.split(",")] if "," in view else views_of(loaded, toolpath)
        for name in names:
            if name in (*DRESSES, "time", "registration", "sheet"):
                raise UsageError(f"only emission views are put on one sheet; draw '{name}' by itself")
            read_view(name)  # refused before the sample is simulated
        simulation = simulate(loaded, toolpath, layer=layer)
        table = render_views(simulation, names or ("daylight", "uv"), response=response, false_colour=false_colour)
        chosen = slice(None) if step is None else slice(i := _shown_at(loaded, toolpath, step), i + 1)
        draw_contact_sheet(table[chosen], out, job=toolpath.header.job, fmt=form)
    else:
        if not re.match(r"daylight|uv|ex\d", view):
            raise UsageError(f"there is no view '{shorten(view)}'; views are {', '.join(DRESSES)}, {_OTHER_VIEWS}")
        read_view(view)
        at = -1 if step is None else _shown_at(loaded, toolpath, step)
        simulation = simulate(loaded, toolpath, layer=layer)
        shown = render_view(simulation, view, response=response, false_colour=false_colour)[at]
        draw_view(shown, out, job=toolpath.header.job, fmt=form)


_OTHER_VIEWS = (
    "time, registration, sheet, daylight, uv, uv+lp645 (long-pass), uv+sp600 (short-pass), uv+bp600-630 (band-pass),"
    " or several of these with commas between them"
)


def draw_layers_to(
    loaded: LoadedJob, toolpath: Toolpath, view: str, step: int | None, output: Path, folder: Path
) -> list[Path]:
    """Every layer on a page of its own: pages of one PDF, or numbered files beside `output`.

    Args:
        loaded: the job.
        toolpath: its rows.
        view: `toolpath`, `dose`, `order` or `neighbours`.
        step: number of the step, from 1; None = all.
        output: what the file is to be called; `layers.png` becomes `layers-001.png`, …
        folder: where files are written.

    Returns:
        The files written, in `folder`.

    Raises:
        UsageError: no such view, step or format.
    """
    form = _format(output.suffix.removeprefix(".").lower())
    if view not in DRESSES:
        raise UsageError(f"pages by layer are drawn of {', '.join(DRESSES)}, not of '{shorten(view)}'")
    index = None if step is None else step - 1
    size, dress = loaded.document.sample.size, DRESSES[view](loaded, toolpath, index)
    if form == "pdf":
        path = folder / output.name
        with path.open("wb") as out, book(out) as add:
            draw_layers(toolpath, lambda *_: add, sample_size_um=size, step=index, dress=dress)
        return [path]
    written: list[Path] = []

    def numbered(number: int, total: int, _: Layer) -> Callable[[Sheet], None]:
        digits = max(3, len(str(total)))
        path = folder / f"{output.stem}-{number:0{digits}d}{output.suffix}"
        written.append(path)
        return partial(_save_to, path, form)

    draw_layers(toolpath, numbered, sample_size_um=size, step=index, dress=dress)
    return written


def _save_to(path: Path, form: Format, page: Sheet) -> None:
    with path.open("wb") as out:
        page.save(out, form)


def _format(fmt: str) -> Format:
    if fmt not in get_args(Format):
        raise UsageError(f"pictures are drawn as .png, .svg or .pdf, not .{shorten(fmt)}")
    return cast("Format", fmt)


def _shown_at(loaded: LoadedJob, toolpath: Toolpath, step: int) -> int:
    """Where a step stands among those that change what can be seen."""
    shown = list(shown_steps(loaded, toolpath))
    if step - 1 not in shown:
        allowed = ", ".join(str(i + 1) for i in shown)
        raise UsageError(f"step {step} changes nothing that can be seen; steps that do: {allowed}")
    return shown.index(step - 1)


def _draw_registration(loaded: LoadedJob, step: int | None, fmt: Format, out: BinaryIO) -> None:
    """What is left at the marks of a remount; of the last one where none is said."""
    there = sorted(loaded.registrations)
    if not there or (step is not None and step - 1 not in there):
        listed = ", ".join(str(i + 1) for i in there) or "none"
        which = "no step" if step is None else f"step {step} not"
        raise UsageError(f"{which} is registered; steps that are: {listed} (see `lasercam register`)")
    found = loaded.registrations[there[-1] if step is None else step - 1]
    draw_registration(found.document, out, fmt=fmt)


def dose_colours(loaded: LoadedJob, toolpath: Toolpath) -> DoseColours:
    """Colours of lines by their predicted dose."""
    recipes = toolpath.header.recipes
    machines = [loaded.machines[section.step] for section in toolpath.header.sections]
    radius = np.array([dose_radius_um(recipe)[0] for recipe in recipes.recipes])
    speeds = [feed_speeds_nm_s(recipes, machine) / NM_PER_UM for machine in machines]
    return DoseColours(partial(timed_blocks, toolpath, machines, radius), speeds, radius)


def neighbour_colours(loaded: LoadedJob, toolpath: Toolpath, step: int | None) -> NeighbourColours:
    """Colours of exposures by the time since one nearby; nearby is what the step's `cooling` says, else a guess."""
    recipes, sections = toolpath.header.recipes, toolpath.header.sections
    chosen = tuple(s for s in sections if step is None or s.step == step)
    wishes = [loaded.document.steps[s.step].cooling for s in chosen]
    wished = max((wish.distance for wish in wishes if wish is not None), default=None)
    box, guess = extent_and_spacing(toolpath, chosen)
    distance = wished if wished is not None else NEIGHBOUR_SPACINGS * guess
    machines = [loaded.machines[section.step] for section in sections]
    timed = partial(timed_blocks, toolpath, machines, np.zeros(len(recipes)))
    return NeighbourColours(timed, open_seconds(toolpath), box, distance)


DRESSES: Mapping[str, Callable[[LoadedJob, Toolpath, int | None], Dress | None]] = {
    "toolpath": lambda *_: None,
    "dose": lambda loaded, toolpath, _: dose_colours(loaded, toolpath),
    "order": lambda _, toolpath, __: OrderColours(toolpath),
    "neighbours": neighbour_colours,
}
"""Views of a toolpath's rows, by what colours them."""


def simulate(loaded: LoadedJob, toolpath: Toolpath, *, layer: int | None = None) -> Simulation:
    """What the sample shows after every step."""
    widths = [written_width_um(recipe) for recipe in toolpath.header.recipes.recipes]
    effects = level_effects(loaded, toolpath, recipe_effects(toolpath, loaded.processes, widths))
    return simulate_emission(list(shown_steps(loaded, toolpath).values()), effects, layer=layer)


def written_width_um(recipe: Recipe) -> float:
    """Width a recipe is drawn with: the supplied spot's 1/e² diameter, else the unaberrated focus of the objective.

    Source: F01, w0 = λ / (π NA), where no spot radius is supplied; the true width follows energy and speed.
    """
    if "spot_radius" in recipe.values:
        return 2.0 * recipe.values["spot_radius"].value
    return 2.0 * spot_radius_um(recipe.values["wavelength"].value, recipe.values["na"].value, 1.0)


def views_of(loaded: LoadedJob, toolpath: Toolpath) -> tuple[str, ...]:
    """Emission views worth drawing: daylight, the light of the `read` steps (else UV), and that behind their filters.

    None where nothing emits.
    """
    used = {recipe.process for recipe in toolpath.header.recipes.recipes}
    told = any(source.level_emissions for source in stored_patterns(loaded).values())
    if not told and not any(loaded.processes[name].outcome.emission for name in used):
        return ()
    reads = [s.read for s in loaded.document.steps if s.read is not None]
    lights = dict.fromkeys(_light(read.excitation) for read in reads) or {"uv": None}
    filtered = [f"{_light(read.excitation)}+{read.filter}" for read in reads if read.filter]
    return ("daylight", *lights, *dict.fromkeys(filtered))


def _light(excitation_nm: float) -> str:
    """How views call an excitation."""
    return "uv" if excitation_nm == UV_NM or not 100 <= excitation_nm < 10_000 else f"ex{excitation_nm:.0f}"


def _safe(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:40] or "step"
