"""A picture of a toolpath: where the beam is on, with which recipe, and how it travels in the dark."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from math import isfinite
from typing import BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import ParameterError, UsageError
from lasercam.model.toolpath import EXPOSING_KINDS, RowKind, Section, Toolpath
from lasercam.preview.canvas import Box, Format, Sheet
from lasercam.preview.depths import Layer, choose_layer
from lasercam.preview.palette import ColourGroup, colour_groups
from lasercam.preview.toolpath_counts import Splat, splat_block, splat_rows
from lasercam.preview.toolpath_drawing import draw_scene, plot_pixels
from lasercam.preview.toolpath_scene import RECIPE_HEADING, Marks, Scene
from lasercam.preview.toolpath_survey import DrawnRows, Survey, drawn_rows, survey

RASTER_FROM_ROWS = 100_000
"""Rows from which a picture of counts says more than, and draws faster than, lines on top of each other."""

LAYER_BUDGET_BYTES = 256 * 2**20
"""Counts of layers held at a time; more layers than fit take several readings of the rows."""

MOST_PAGES = 1_000
"""Layers that are drawn on pages of their own."""


class Dress(Protocol):
    """What rows are coloured by.

    Attributes:
        n_colours: rows drawn have a `recipe` below this.
        heading: of the legend.
        shows_travel: whether dark travel matters as much as exposures.
    """

    n_colours: int
    heading: str
    shows_travel: bool

    @property
    def note(self) -> str:
        """A sentence for the caption; asked when all rows were read."""
        ...

    @property
    def marks(self) -> Sequence[Marks]:
        """What must be seen however many rows there are; asked when all rows were read."""
        ...

    def labels(self) -> Sequence[tuple[float, float, str]]:
        """Places (x, y), µm, to point at and what to write there; asked when all rows were read."""
        ...

    def rows(self, sections: tuple[Section, ...]) -> Iterator[DrawnRows]:
        """Rows of some sections in the sample's frame, block by block; `recipe` is what colours them."""
        ...

    def groups(self, uses: NDArray[np.int64]) -> tuple[tuple[ColourGroup, ...], NDArray[np.intp]]:
        """Colours for the legend, and intp (n_colours,) the group of each; called when all rows were read once.

        Args:
            uses: int64 (n_colours, kinds), rows that expose.
        """
        ...


class _ByRecipe:
    """Every recipe has its colour."""

    heading = RECIPE_HEADING
    note = ""
    marks = ()
    shows_travel = False

    def __init__(self, toolpath: Toolpath) -> None:
        self._toolpath = toolpath
        self.n_colours = len(toolpath.header.recipes)

    def rows(self, sections: tuple[Section, ...]) -> Iterator[DrawnRows]:
        return drawn_rows(self._toolpath, sections)

    def labels(self) -> Sequence[tuple[float, float, str]]:
        return ()

    def groups(self, uses: NDArray[np.int64]) -> tuple[tuple[ColourGroup, ...], NDArray[np.intp]]:
        return colour_groups(self._toolpath.header.recipes.recipes, uses)


def draw_toolpath(
    toolpath: Toolpath,
    out: BinaryIO,
    *,
    fmt: Format,
    sample_size_um: tuple[float, float] | tuple[float, float, float],
    step: int | None = None,
    section: int | None = None,
    layer: int | None = None,
    title: str | None = None,
    dress: Dress | None = None,
    also: Sequence[tuple[BinaryIO, Format]] = (),
) -> None:
    """Write a picture of a toolpath, or of one step or section of it; the same toolpath gives the same bytes.

    Beam-on rows have the colour of their recipe (or what `dress` gives them), travel is faint, run-ups are thin and
    dashed. From RASTER_FROM_ROWS rows on, rows are counted per pixel and the counts are shown; memory then depends on
    the picture, not on the rows.

    Args:
        toolpath: what to draw.
        out: where the bytes go.
        fmt: png, svg or pdf.
        sample_size_um: width and height of the sample (a thickness may follow), µm.
        step: index of the job's step; None = all.
        section: index of the section; None = all of the step.
        layer: only exposures of this layer, 0 = shallowest; None = all layers on top of each other.
        title: instead of the job's name.
        dress: what rows are coloured by; None = recipes.
        also: further places for the same picture in other formats; rows are read once for all.

    Raises:
        UsageError: there is no such step, section or layer, or nothing in it.
        ParameterError: a sample without size.
    """
    sections = _chosen(toolpath, step, section)
    dress = _ByRecipe(toolpath) if dress is None else dress
    scene, kept = _seen(toolpath, sections, dress, sample_size_um)
    if layer is not None:
        scene = replace(scene, layer=choose_layer(scene.survey.layers, layer), labels=())
    counts = None if kept is not None else partial(_counts, scene, dress)
    draw_scene(
        scene, kept, counts, [partial(Sheet.save, out=one, fmt=kind) for one, kind in ((out, fmt), *also)], title
    )


def draw_layers(
    toolpath: Toolpath,
    page_of: Callable[[int, int, Layer], Callable[[Sheet], None]],
    *,
    sample_size_um: tuple[float, float] | tuple[float, float, float],
    step: int | None = None,
    title: str | None = None,
    dress: Dress | None = None,
) -> int:
    """Draw every layer on a page of its own, shallowest first, all to one scale.

    Rows are read once while they fit, else once for every LAYER_BUDGET_BYTES of counts.

    Args:
        toolpath: what to draw.
        page_of: called with the number of a page (from 1), how many there are and the layer: what takes the page.
        sample_size_um: as draw_toolpath has it.
        step: index of the job's step; None = all.
        title: instead of the job's name.
        dress: what rows are coloured by; None = recipes.

    Returns:
        How many pages.

    Raises:
        UsageError: there is no such step, nothing in it, or more layers than MOST_PAGES.
    """
    sections = _chosen(toolpath, step, None)
    dress = _ByRecipe(toolpath) if dress is None else dress
    scene, kept = _seen(toolpath, sections, dress, sample_size_um)
    layers = scene.survey.layers
    if len(layers) > MOST_PAGES:
        raise UsageError(
            f"there are {len(layers):,} layers; at most {MOST_PAGES:,} are drawn on pages of their own. Name a step, or"
            " one layer"
        )
    pixels = plot_pixels(scene)
    batch = max(1, LAYER_BUDGET_BYTES // (4 * (len(scene.groups) + 2) * pixels[0] * pixels[1]))
    for first in range(0, len(layers), batch):
        some = layers[first : first + batch]
        counts = None if kept is not None else _layer_counts(scene, dress, some, pixels)
        for index, layer in enumerate(some):
            take = page_of(first + index + 1, len(layers), layer)
            mine = None if counts is None else _ready(counts[index])
            draw_scene(replace(scene, layer=layer, labels=()), kept, mine, [take], title)
    return len(layers)


def _ready(splat: Splat) -> Callable[[tuple[int, int]], NDArray[np.uint32]]:
    """Counts that were made with those of other layers."""
    return lambda _: splat.finish()


def _layer_counts(scene: Scene, dress: Dress, layers: Sequence[Layer], pixels: tuple[int, int]) -> list[Splat]:
    """Rows counted by layer, in one reading."""
    n = len(scene.groups)
    splats = [Splat(scene.view, pixels, n + 2) for _ in layers]
    for block in dress.rows(scene.sections):
        if not len(block.kind):
            continue
        low, high = float(block.end_um[:, 2].min()), float(block.end_um[:, 2].max())
        low, high = min(low, float(block.start_um[:, 2].min())), max(high, float(block.start_um[:, 2].max()))
        for layer, splat in zip(layers, splats, strict=True):
            if layer.overlaps(low, high):
                splat_block(block.in_layer(layer), splat, scene.group_of, n)
    return splats


def _seen(
    toolpath: Toolpath,
    sections: tuple[Section, ...],
    dress: Dress,
    sample_size_um: tuple[float, float] | tuple[float, float, float],
) -> tuple[Scene, list[DrawnRows] | None]:
    """What there is to draw, and its rows where they are few."""
    if len(sample_size_um) < 2 or not all(isfinite(v) and v > 0 for v in sample_size_um):
        raise ParameterError(f"a sample needs a width and a height above 0 µm; found {sample_size_um}")
    is_raster = sum(s.n_rows for s in sections) > RASTER_FROM_ROWS
    # Few rows are read once and kept; many are read again.
    kept = None if is_raster else list(dress.rows(sections))
    seen = survey(iter(kept) if kept is not None else dress.rows(sections), dress.n_colours)
    if not seen.uses.sum():
        raise UsageError("there are no rows to draw in this step or section")
    groups, group_of = dress.groups(np.where(np.isin(np.arange(len(RowKind)), EXPOSING_KINDS), seen.uses, 0))
    scene = Scene(
        toolpath,
        sections,
        seen,
        None,
        groups,
        group_of,
        _view(seen),
        (float(sample_size_um[0]), float(sample_size_um[1])),
        is_raster,
        dress.heading,
        dress.note,
        tuple(dress.marks),
        tuple(dress.labels()),
        dress.shows_travel,
    )
    return scene, kept


def _chosen(toolpath: Toolpath, step: int | None, section: int | None) -> tuple[Section, ...]:
    every = toolpath.header.sections
    chosen = tuple(s for s in every if (step is None or s.step == step) and (section is None or s.index == section))
    if not chosen:
        # People count steps from 1, as file names and the command line do.
        if section is None:
            listed = ", ".join(dict.fromkeys(f"step {s.step + 1} ({s.step_name})" for s in every[:24]))
            asked = "it" if step is None else f"step {step + 1}"
        else:
            listed = ", ".join(f"section {s.index} in step {s.step + 1}" for s in every[:24])
            asked = f"section {section}" + ("" if step is None else f" of step {step + 1}")
        raise UsageError(f"the toolpath has nothing in {asked}; there are: {listed or 'no sections'}")
    return chosen


def _view(seen: Survey) -> Box:
    """What is exposed, with room for dimensions and the scale bar; a thin pattern gets a view a quarter as wide."""
    (x0, y0), (x1, y1) = seen.low_um, seen.high_um
    long = max(x1 - x0, y1 - y0) or 10.0
    width, height = max(x1 - x0, 0.25 * long), max(y1 - y0, 0.25 * long)
    x, y = 0.5 * (x0 + x1), 0.5 * (y0 + y1)
    pad = 0.07 * max(width, height)
    return x - width / 2 - pad, y - height / 2 - 1.7 * pad, x + width / 2 + 1.3 * pad, y + height / 2 + 1.2 * pad


def _counts(scene: Scene, dress: Dress, pixels: tuple[int, int]) -> NDArray[np.uint32]:
    n = len(scene.groups)
    splat = Splat(scene.view, pixels, n + 2)
    return splat_rows(dress.rows(scene.sections), splat, scene.group_of, scene.layer, n)
