"""A picture of a toolpath: where the beam is on, with which recipe, and how it travels in the dark."""

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import ParameterError, UsageError
from lasercam.model.toolpath import EXPOSING_KINDS, RowKind, Section, Toolpath
from lasercam.preview.canvas import GREY, INK, Box, Format, Plot, Sheet, sheet
from lasercam.preview.depths import choose_layer
from lasercam.preview.palette import ColourGroup, colour_groups, counted, duration, length, round_length
from lasercam.preview.toolpath_counts import SHORTEST_TRAVEL_PX, Splat, blended, splat_rows
from lasercam.preview.toolpath_legend import LEGEND_WIDTH_IN, draw_legend, legend_height_in
from lasercam.preview.toolpath_scene import BOX_DASHES, LEAD_COLOUR, LEAD_DASHES, TRAVEL_COLOUR, Marks, Scene
from lasercam.preview.toolpath_survey import DrawnRows, Survey, drawn_rows, survey

RASTER_FROM_ROWS = 100_000
"""Rows from which a picture of counts says more than, and draws faster than, lines on top of each other."""

_DPI = 200
_MARKS_ACROSS = 60
_PLOT_IN = 6.2
_LEAST_PLOT_IN = 4.0
_LEAST_BODY_IN = 2.6
_LEFT_IN, _RIGHT_IN, _GUTTER_IN = 0.85, 0.25, 0.3
_HEAD_IN, _FOOT_IN = 0.95, 1.35


class Dress(Protocol):
    """What rows are coloured by.

    Attributes:
        n_colours: rows drawn have a `recipe` below this.
        heading: of the legend.
        note: a sentence for the caption; empty when there is nothing to say.
        marks: what is pointed out, known when all rows were read once.
    """

    n_colours: int
    heading: str

    @property
    def note(self) -> str:
        """See above."""
        ...

    @property
    def marks(self) -> Sequence[Marks]:
        """See above."""
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

    heading = "Recipe"
    note = ""
    marks = ()

    def __init__(self, toolpath: Toolpath) -> None:
        self._toolpath = toolpath
        self.n_colours = len(toolpath.header.recipes)

    def rows(self, sections: tuple[Section, ...]) -> Iterator[DrawnRows]:
        return drawn_rows(self._toolpath, sections)

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
    if len(sample_size_um) < 2 or not all(isfinite(v) and v > 0 for v in sample_size_um):
        raise ParameterError(f"a sample needs a width and a height above 0 µm; found {sample_size_um}")
    sections = _chosen(toolpath, step, section)
    n_rows = sum(s.n_rows for s in sections)
    is_raster = n_rows > RASTER_FROM_ROWS
    dress = _ByRecipe(toolpath) if dress is None else dress
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
        None if layer is None else choose_layer(seen.layers, layer),
        groups,
        group_of,
        _view(seen),
        (float(sample_size_um[0]), float(sample_size_um[1])),
        is_raster,
        dress.heading,
        dress.note,
    )
    _draw(scene, kept, dress, ((out, fmt), *also), title)


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


def _draw(
    scene: Scene,
    kept: list[DrawnRows] | None,
    dress: Dress,
    outputs: Sequence[tuple[BinaryIO, Format]],
    title: str | None,
) -> None:
    left, bottom, right, top = scene.view
    aspect = (top - bottom) / (right - left)
    plot_w = _PLOT_IN if aspect <= 1.1 else _PLOT_IN * 1.1 / aspect
    plot_h = plot_w * aspect
    legend_x = _LEFT_IN + max(plot_w, _LEAST_PLOT_IN) + _GUTTER_IN
    with sheet(1.0, 1.0) as ruler:
        body = max(plot_h, legend_height_in(ruler, scene), _LEAST_BODY_IN)
    with sheet(legend_x + LEGEND_WIDTH_IN + _RIGHT_IN, _HEAD_IN + body + _FOOT_IN, dpi=_DPI) as page:
        ceiling = page.height_in - _HEAD_IN
        _heading(page, scene, title)
        plot = page.plot((_LEFT_IN, ceiling - plot_h, plot_w, plot_h), scene.view)
        plot.axis_titles("x (µm)", "y (µm)", n_ticks=6 if plot_w > 3 else 3)
        _surroundings(plot, scene)
        pixels = (round(plot_h * _DPI), round(plot_w * _DPI))
        if kept is None:
            _draw_counts(plot, scene, dress, pixels)
        else:
            _draw_vectors(plot, scene, kept, plot_w * plot_h)
        _draw_marks(plot, scene, dress.marks)
        _dimensions(plot, scene)
        draw_legend(page, scene, legend_x, ceiling)
        _caption(page, scene, pixels)
        for out, fmt in outputs:
            page.save(out, fmt)


def _heading(page: Sheet, scene: Scene, title: str | None) -> None:
    right, top = page.width_in - _RIGHT_IN, page.height_in
    name = title if title is not None else scene.toolpath.header.job
    page.text(_LEFT_IN, top - 0.45, page.fitted(name, right - _LEFT_IN, 14, bold=True), size=14, bold=True)
    steps = list(dict.fromkeys(f"{s.step_name} ({s.pass_kind.value})" for s in scene.sections))
    n_rows, n_exposures = (sum(getattr(s, key) for s in scene.sections) for key in ("n_rows", "n_exposures"))
    seconds = sum(s.duration_s * s.repeat for s in scene.sections)
    counts = f"{counted(n_rows, 'row')}  ·  {counted(n_exposures, 'exposure')}"
    facts = f"{counts}  ·  {duration(seconds)}"
    words = ("Step: " if len(steps) == 1 else f"{len(steps)} steps: ") + ", ".join(steps)
    free = right - _LEFT_IN - page.text_width_in(facts, 9) - 0.3
    page.text(_LEFT_IN, top - 0.70, page.fitted(words, free, 9), size=9, colour=GREY)
    page.text(right, top - 0.70, facts, size=9, colour=GREY, at="right")


def _surroundings(plot: Plot, scene: Scene) -> None:
    """The sample where it is in view, and what is off it."""
    width, height = scene.sample_um
    left, bottom, right, top = scene.view
    on = (max(left, 0.0), max(bottom, 0.0), min(right, width), min(top, height))
    if left < 0 or bottom < 0 or right > width or top > height:
        plot.fill(scene.view, "#ececec", level=0.2)
        if on[0] < on[2] and on[1] < on[3]:
            plot.fill(on, "white", level=0.3)
        plot.frame((0.0, 0.0, width, height), INK, width=1.4)
    if scene.has_extent:
        plot.frame(scene.box, GREY, width=0.7, dashes=BOX_DASHES, level=1.2)


def _dimensions(plot: Plot, scene: Scene) -> None:
    left, bottom, right, top = scene.view
    x0, y0, x1, y1 = scene.box
    pad = 0.058 * max(right - left, top - bottom)
    if x1 > x0:
        plot.label(0.5 * (x0 + x1), y1 + 0.2 * pad, length(x1 - x0), at="bottom", colour=GREY)
    if y1 > y0:
        plot.label(x1 + 0.55 * pad, 0.5 * (y0 + y1), length(y1 - y0), turned=True, colour=GREY)
    bar = round_length(0.25 * (right - left))
    x, y = left + 0.035 * (right - left), bottom + 0.035 * (top - bottom)
    plot.bar((x, x + bar), y)
    plot.label(x + bar + 0.015 * max(right - left, 0.6 * (top - bottom)), y, length(bar), at="left")


def _draw_vectors(plot: Plot, scene: Scene, kept: list[DrawnRows], area_in2: float) -> None:
    blocks = [block.in_layer(scene.layer) for block in kept]
    blocks = [block for block in blocks if len(block.kind)]
    if not blocks:
        return
    start = np.concatenate([b.start_um for b in blocks])[:, :2]
    end = np.concatenate([b.end_um for b in blocks])[:, :2]
    kind = np.concatenate([b.kind for b in blocks])
    group = scene.group_of[np.concatenate([b.recipe for b in blocks])]
    travel, lead = (kind == RowKind.JUMP) | (kind == RowKind.DOT), kind == RowKind.LEAD
    n_lines = int(np.isin(kind, (RowKind.LINE, RowKind.SHOTS)).sum())
    width = 1.1 if n_lines <= 2_000 else 0.7 if n_lines <= 20_000 else 0.4
    plot.lines(start[travel], end[travel], TRAVEL_COLOUR, width=0.4, alpha=0.45, level=1.0)
    plot.lines(start[lead], end[lead], LEAD_COLOUR, width=0.45, dashes=LEAD_DASHES, level=1.5)
    n_dots = max(int((kind == RowKind.DOT).sum()), 1)
    size = float(np.clip(0.55 * 72.0 * (area_in2 / n_dots) ** 0.5, 0.7, 5.0))
    for index, one in enumerate(scene.groups):
        mine = group == index
        is_line, is_run = mine & (kind == RowKind.LINE), mine & (kind == RowKind.SHOTS)
        plot.lines(start[is_line], end[is_line], one.colour, width=width, dashes=one.dashes)
        plot.lines(start[is_run], end[is_run], one.colour, width=width, dashes=(0.8, 0.8))
        plot.dots(end[mine & (kind == RowKind.DOT)], one.colour, size=size, hollow=one.is_hollow)


def _draw_marks(plot: Plot, scene: Scene, marks: Sequence[Marks]) -> None:
    for one in marks:
        places = one.places_um
        if scene.layer is not None:
            places = places[scene.layer.holds(places[:, 2])]
        # One mark per cell: more would melt into a bar.
        cell_um = (scene.view[2] - scene.view[0]) / _MARKS_ACROSS
        _, chosen = np.unique(np.floor(places[:, :2] / cell_um), axis=0, return_index=True)
        plot.marks(places[chosen, :2], one.colour, one.shape)


def _draw_counts(plot: Plot, scene: Scene, dress: Dress, pixels: tuple[int, int]) -> None:
    n = len(scene.groups)
    splat = Splat(scene.view, pixels, n + 2)
    counts = splat_rows(dress.rows(scene.sections), splat, scene.group_of, scene.layer, n)
    plot.image(blended(counts, [g.colour for g in scene.groups] + [TRAVEL_COLOUR, LEAD_COLOUR], n), scene.view)


def _caption(page: Sheet, scene: Scene, pixels: tuple[int, int]) -> None:
    rows = sum(s.n_rows for s in scene.sections)
    left, _, right, _ = scene.view
    if scene.is_raster:
        pixel = f"{(right - left) / pixels[1]:,.3g} µm"
        how = (
            f"Drawn as counts: {rows:,} rows on {pixels[1]} × {pixels[0]} pixels of {pixel}; stronger colour = more "
            "exposures per pixel (logarithmic), colours mixed where recipes share a pixel; travel shorter than "
            f"{SHORTEST_TRAVEL_PX:g} pixels is left out."
        )
    else:
        how = f"Drawn line by line: {counted(rows, 'row')}; stroke widths are not written widths."
    if scene.layer is not None:
        how += f" Only the layer at {scene.layer.title} is shown."
    if scene.note:
        how = f"{scene.note} {how}"
    repeats = sorted({s.repeat for s in scene.sections if s.repeat > 1})
    if repeats:
        how += f" Run {' or '.join(f'{n} times' for n in repeats)}; drawn once, the time counts all runs."
    y = 0.74
    for line in page.wrapped(how, page.width_in - _RIGHT_IN - _LEFT_IN, 7.5)[:5]:
        page.text(_LEFT_IN, y, line, size=7.5, colour=GREY)
        y -= 0.16
    page.text(
        _LEFT_IN, y, f"Toolpath {scene.toolpath.header.digest[:16]}  ·  x to the right, y up as the laser sees it",
        size=6.5, colour=GREY,
    )  # fmt: skip
