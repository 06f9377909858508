"""What the written sample shows after every step, computed from exposures and process outcomes alone."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import GeometryError, ParameterError
from lasercam.model.confidence import Confidence
from lasercam.model.process_outcome import Outcome
from lasercam.model.process_window import Process
from lasercam.model.recipe import PassKind
from lasercam.model.toolpath import Toolpath
from lasercam.preview.coverage import COMPILED_FROM_STROKES, Engine, PixelGrid, choose_pixel_um, paint, pixel_grid
from lasercam.preview.depths import DepthTally, Layer, choose_layer
from lasercam.preview.emitters import Change, Emitter, Treatment, changes, trusted
from lasercam.preview.exposed_rows import ExposedRows, strokes, toolpath_rows

Image = NDArray[np.float32]

MASK_BUDGET_BYTES = 512 * 2**20
"""Coverage masks held at a time; more layers than fit are simulated in several readings of the rows."""

_BOUNDS_FINEST_UM = math.inf
"""While only bounds are wanted, a run of shots is as good as a stroke."""


@dataclass(frozen=True)
class RecipeEffect:
    """What a recipe's exposures do to the sample.

    Attributes:
        process: id of the process.
        outcome: its emission, effect and visibility.
        width_um: width of the written line or diameter of the dot, µm.
    """

    process: str
    outcome: Outcome
    width_um: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.width_um) and self.width_um > 0):
            raise ParameterError(f"process '{self.process}': a written width must be above 0 µm; found {self.width_um}")


def _nothing() -> Iterator[ExposedRows]:
    """The exposures of a furnace."""
    return iter(())


@dataclass(frozen=True)
class StepRows:
    """A step of the job and its exposures, readable again and again.

    Attributes:
        name: the step's name.
        rows: makes the exposures.
        erases: its exposures take away what is there, whatever their processes otherwise do.
        treats: what it does to every emission instead of exposing anything: a furnace, moisture.
    """

    name: str
    rows: Callable[[], Iterator[ExposedRows]] = field(default=_nothing, repr=False)
    erases: bool = False
    treats: Treatment | None = field(default=None, repr=False)


@dataclass(frozen=True, eq=False)
class SampleState:
    """What there is after a step; all images float32 (rows, columns), row 0 = lowest y.

    Attributes:
        step: name of the step.
        radiance: per emitter, relative radiance seen from above, ≥ 0.
        marks: share of the pixel ever written, 0 to 1, by whether it shows in daylight (None: not stated).
    """

    step: str
    radiance: Mapping[Emitter, Image]
    marks: Mapping[bool | None, Image]


@dataclass(frozen=True, eq=False)
class Simulation:
    """States of the sample after each step of a job.

    Attributes:
        grid: where the pixels lie.
        states: one per step, in order.
        emitters: everything that can glow, with the confidence of its peak and of its width and radiance.
        layers: depths at which anything is written, shallowest first.
        layer: the only one shown; None = all, added up.
        notes: what a reader of the pictures must know.
    """

    grid: PixelGrid
    states: tuple[SampleState, ...]
    emitters: Mapping[Emitter, tuple[Confidence, Confidence]]
    layers: tuple[Layer, ...]
    layer: Layer | None
    notes: tuple[str, ...] = ()


def toolpath_steps(toolpath: Toolpath) -> tuple[StepRows, ...]:
    """The steps of a planned toolpath that expose anything, in the order they run."""
    names: dict[int, tuple[str, bool]] = {}
    for section in toolpath.header.sections:
        names.setdefault(section.step, (section.step_name, section.pass_kind is PassKind.ERASE))
    return tuple(StepRows(name, partial(toolpath_rows, toolpath, step), off) for step, (name, off) in names.items())


def recipe_effects(
    toolpath: Toolpath, processes: Mapping[str, Process], feature_width_um: Sequence[float]
) -> tuple[RecipeEffect, ...]:
    """What every recipe of a toolpath does.

    Args:
        toolpath: whose recipe table is meant.
        processes: windows by id, all that the recipes name.
        feature_width_um: written width per recipe of the table, µm.

    Raises:
        ParameterError: not one width per recipe, a width that is not positive, or a process that is missing.
    """
    recipes = toolpath.header.recipes.recipes
    if len(feature_width_um) != len(recipes):
        raise ParameterError(f"{len(recipes)} recipes need as many written widths; found {len(feature_width_um)}")
    for recipe in recipes:
        if recipe.process not in processes:
            raise ParameterError(f"recipe '{recipe.label}' names the process '{recipe.process}', which is not given")
    return tuple(
        RecipeEffect(recipe.process, processes[recipe.process].outcome, float(width))
        for recipe, width in zip(recipes, feature_width_um, strict=True)
    )


def simulate_emission(
    steps: Sequence[StepRows],
    effects: Sequence[RecipeEffect],
    *,
    pixel_um: float | None = None,
    smallest_um: float | None = None,
    margin_um: float | None = None,
    max_px: int = 2_000,
    layer: int | None = None,
    box_um: tuple[tuple[float, float], tuple[float, float]] | None = None,
) -> Simulation:
    """The sample after every step, seen from above.

    Per emitter and layer, with m the share of a pixel that a pass has written, w the largest share any pass before
    it has written, and r the radiance of the line: a pass that `adds` leaves max(old, m r); one that `replaces`
    leaves (1 − m / w) of everything old, nothing where m ≥ w, and adds m r of its own; one that `removes` leaves
    (1 − m / w) of everything old. Inside a feature w is 1; at its soft edge the rule lets a pass that follows the
    same lines act on all that glows there. Layers do not act on each other; their light adds up.

    Args:
        steps: exposures of each step, in the order they run.
        effects: per recipe index.
        pixel_um: edge of a pixel, µm; chosen when None.
        smallest_um: edge of the smallest module to be told apart, µm.
        margin_um: empty sample around the exposures, µm; 6 % of the longer side, or four modules, when None.
        max_px: pixels on the long side when `pixel_um` is None.
        layer: the only layer to look at, 0 = shallowest.
        box_um: lower-left and upper-right corner of the only part of the sample that is shown, µm; without margin.

    A step that `treats` changes the emissions that are there, wherever they are, and writes nothing.

    Raises:
        GeometryError: nothing is exposed at all.
        ParameterError: a recipe index without effect, or a picture too large.
        UsageError: there is no such layer.
    """
    if not effects:
        raise ParameterError("no recipe has an effect; there is nothing to simulate")
    widths = np.array([effect.width_um for effect in effects])
    low, high, tally, used_by_step = _survey(steps, widths)
    used = set().union(*used_by_step)
    layers = tally.layers()
    shown = layers if layer is None else (choose_layer(layers, layer),)
    long_um = float(max(high - low))
    margin = margin_um if margin_um is not None else max(0.06 * long_um, 4.0 * (smallest_um or 0.0))
    low, high = (low - margin, high + margin) if box_um is None else (np.array(box_um[0]), np.array(box_um[1]))
    box = (float(high[0] - low[0]), float(high[1] - low[1]))
    finest = float(widths[sorted(used)].min()) / 4.0
    pixel = pixel_um or choose_pixel_um(box, smallest_um=smallest_um, max_px=max_px, finest_um=finest)
    grid = pixel_grid((float(low[0]), float(low[1])), (float(high[0]), float(high[1])), pixel)

    names = list(dict.fromkeys(effects[i].process for i in sorted(used)))
    outcomes = {effect.process: effect.outcome for effect in reversed(effects)}
    made = changes(
        [step.treats for step in steps],
        [
            [(name, _acting(outcomes[name], step)) for name in sorted({effects[i].process for i in there})]
            for step, there in zip(steps, used_by_step, strict=True)
        ],
    )
    totals = [SampleState(step.name, {}, {}) for step in steps]
    per_layer = 4 * grid.shape[0] * grid.shape[1] * len(steps) * len(names)
    batch = max(1, MASK_BUDGET_BYTES // per_layer)
    for begin in range(0, len(shown), batch):
        masks = _masks(steps, effects, widths, names, shown[begin : begin + batch], grid)
        for index in range(len(shown[begin : begin + batch])):
            state = SampleState("", {}, {})
            for number, step in enumerate(steps):
                if step.treats is not None:
                    state = _treated(state, made[number])
                for process, name in enumerate(names):
                    mask = masks.pop((index, number, process), None)
                    if mask is not None:
                        state = _exposed(state, mask, _acting(outcomes[name], step))
                totals[number] = _added(totals[number], state)
    return Simulation(
        grid,
        tuple(totals),
        trusted((outcomes[name] for name in names), made),
        layers,
        None if layer is None else shown[0],
        (
            *_notes(names, outcomes, pixel, smallest_um),
            *dict.fromkeys(treated.note for change in made for treated, _ in change.values() if treated.note),
        ),
    )


def _acting(outcome: Outcome, step: StepRows) -> Outcome:
    """What a process does in a step: a pass that erases takes away."""
    return outcome.model_copy(update={"effect": "removes"}) if step.erases else outcome


def _treated(state: SampleState, change: Change) -> SampleState:
    """One layer after a step without a beam."""
    radiance: dict[Emitter, Image] = {}
    for emitter, image in state.radiance.items():
        treated, factor = change[emitter]
        if treated.emitter is not None:
            light = image * np.float32(factor)
            there = radiance.get(treated.emitter)
            radiance[treated.emitter] = light if there is None else there + light
    return SampleState(state.step, radiance, state.marks)


def _survey(
    steps: Sequence[StepRows], widths: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], DepthTally, list[set[int]]]:
    """Corners of what is written, its depths, and by step the recipes it is written with."""
    low, high = np.full(2, np.inf), np.full(2, -np.inf)
    tally, used = DepthTally(), np.zeros((len(steps), len(widths)), bool)
    for number, step in enumerate(steps):
        for rows in step.rows():
            if len(rows) and int(rows.recipe.max()) >= len(widths):
                raise ParameterError(f"a row uses recipe {int(rows.recipe.max())}; only {len(widths)} have an effect")
            for stroke in strokes(rows, _BOUNDS_FINEST_UM):
                recipes = np.flatnonzero(np.bincount(stroke.recipe))
                half = widths[recipes[0] if len(recipes) == 1 else stroke.recipe] / 2.0
                for point in stroke.ends:
                    for axis in (0, 1):
                        low[axis] = min(low[axis], (point[:, axis] - half).min())
                        high[axis] = max(high[axis], (point[:, axis] + half).max())
                tally.add(stroke.depth_um)
                used[number, recipes] = True
    if not used.any():
        raise GeometryError("no row exposes anything, so there is nothing to see")
    return low, high, tally, [set(np.flatnonzero(row).tolist()) for row in used]


def _masks(
    steps: Sequence[StepRows],
    effects: Sequence[RecipeEffect],
    widths: NDArray[np.float64],
    names: Sequence[str],
    layers: Sequence[Layer],
    grid: PixelGrid,
) -> dict[tuple[int, int, int], Image]:
    """Coverage by (layer, step, process)."""
    process_of = np.array([names.index(e.process) if e.process in names else 0 for e in effects])
    masks: dict[tuple[int, int, int], Image] = {}
    # A single piece of the rows may look small where all of them together are not.
    engine: Engine = "numba" if sum(layer.exposures for layer in layers) > COMPILED_FROM_STROKES else "auto"
    for number, step in enumerate(steps):
        for rows in step.rows():
            for stroke in strokes(rows, grid.pixel_um / 2.0):
                depth = stroke.depth_um
                process = process_of[stroke.recipe]
                span = float(depth.min()), float(depth.max())
                for index, layer in enumerate(layers):
                    if not layer.overlaps(*span):
                        continue
                    inside = layer.holds(depth)
                    for one in np.flatnonzero(np.bincount(process[inside])).tolist():
                        if (index, number, one) not in masks:
                            masks[index, number, one] = np.zeros(grid.shape, np.float32)
                        drawn = stroke.of(inside & (process == one))
                        paint(
                            masks[index, number, one], grid, drawn.start_um, drawn.end_um, widths[drawn.recipe],
                            engine=engine,
                        )  # fmt: skip
    return masks


def _exposed(state: SampleState, mask: Image, outcome: Outcome) -> SampleState:
    """One layer after a pass of one process."""
    radiance, marks = dict(state.radiance), dict(state.marks)
    seen = outcome.daylight_visible
    if radiance and outcome.effect in ("replaces", "removes"):
        # What a pixel shows comes from its written share alone. A pass over it covers that share first: a rewrite
        # lands on what was written, so the soft edge of a line must not keep a ghost of its old colour.
        written = np.maximum.reduce(list(state.marks.values()))
        hit = np.divide(mask, written, out=np.ones_like(mask), where=written > mask)
        left: Image = np.subtract(np.float32(1.0), hit, dtype=np.float32)
        radiance = {emitter: np.multiply(image, left) for emitter, image in radiance.items()}
    marks[seen] = np.maximum(marks[seen], mask) if seen in marks else mask
    if outcome.effect in ("adds", "replaces"):
        for line in outcome.emission:
            emitter = Emitter(line.peak, line.fwhm, line.phase)
            new = mask * np.float32(line.radiance)
            old = radiance.get(emitter)
            if old is not None:
                new = np.maximum(old, new) if outcome.effect == "adds" else old + new
            radiance[emitter] = new
    return SampleState(state.step, radiance, marks)


def _added(total: SampleState, layer: SampleState) -> SampleState:
    """Light of one more layer; marks hide each other, so they never add up to more than one."""
    radiance, marks = dict(total.radiance), dict(total.marks)
    for emitter, image in layer.radiance.items():
        radiance[emitter] = radiance[emitter] + image if emitter in radiance else image
    for seen, image in layer.marks.items():
        marks[seen] = np.minimum(marks[seen] + image, np.float32(1.0)) if seen in marks else image
    return SampleState(total.step, radiance, marks)


def _notes(
    names: Sequence[str], outcomes: Mapping[str, Outcome], pixel_um: float, smallest_um: float | None
) -> tuple[str, ...]:
    notes = [
        f"no emission is stated for {name}"
        for name in names
        if not outcomes[name].emission and outcomes[name].effect in ("adds", "replaces")
    ]
    if smallest_um is not None and smallest_um / pixel_um < 4.0 - 1e-9:
        notes.append(f"only {smallest_um / pixel_um:.2g} pixels per smallest module")
    return tuple(notes)
