"""Puts a scene of a toolpath on a sheet: plot, dimensions, legend, caption."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from lasercam.model.toolpath import RowKind
from lasercam.preview.canvas import GREY, INK, Plot, Sheet, sheet
from lasercam.preview.palette import counted, duration, length, round_length
from lasercam.preview.toolpath_counts import SHORTEST_TRAVEL_PX, blended
from lasercam.preview.toolpath_legend import LEGEND_WIDTH_IN, draw_legend, legend_height_in
from lasercam.preview.toolpath_scene import BOX_DASHES, LEAD_COLOUR, LEAD_DASHES, TRAVEL_COLOUR, Scene
from lasercam.preview.toolpath_survey import DrawnRows

DPI = 200
_MARKS_ACROSS = 60
_PLOT_IN = 6.2
_LEAST_PLOT_IN = 4.0
_LEAST_BODY_IN = 2.6
_LEFT_IN, _RIGHT_IN, _GUTTER_IN = 0.85, 0.25, 0.3
_HEAD_IN, _FOOT_IN = 0.95, 1.35


def _plot_in(scene: Scene) -> tuple[float, float]:
    """Width and height of the plot, in."""
    left, bottom, right, top = scene.view
    aspect = (top - bottom) / (right - left)
    width = _PLOT_IN if aspect <= 1.1 else _PLOT_IN * 1.1 / aspect
    return width, width * aspect


def plot_pixels(scene: Scene) -> tuple[int, int]:
    """Rows and columns of a plot of counts."""
    width, height = _plot_in(scene)
    return round(height * DPI), round(width * DPI)


def draw_scene(
    scene: Scene,
    kept: list[DrawnRows] | None,
    counts: Callable[[tuple[int, int]], NDArray[np.uint32]] | None,
    outputs: Sequence[Callable[[Sheet], None]],
    title: str | None,
) -> None:
    """Draw a scene and hand it to all outputs.

    Args:
        scene: what is drawn.
        kept: its rows, or None where there are too many for lines.
        counts: makes counts per pixel for a plot of so many pixels (rows, columns) where there are.
        outputs: take the finished sheet.
        title: instead of the job's name.
    """
    plot_w, plot_h = _plot_in(scene)
    legend_x = _LEFT_IN + max(plot_w, _LEAST_PLOT_IN) + _GUTTER_IN
    with sheet(1.0, 1.0) as ruler:
        body = max(plot_h, legend_height_in(ruler, scene), _LEAST_BODY_IN)
    with sheet(legend_x + LEGEND_WIDTH_IN + _RIGHT_IN, _HEAD_IN + body + _FOOT_IN, dpi=DPI) as page:
        ceiling = page.height_in - _HEAD_IN
        _heading(page, scene, title)
        plot = page.plot((_LEFT_IN, ceiling - plot_h, plot_w, plot_h), scene.view)
        plot.axis_titles("x (µm)", "y (µm)", n_ticks=6 if plot_w > 3 else 3)
        _surroundings(plot, scene)
        pixels = plot_pixels(scene)
        if counts is not None:
            travel = INK if scene.shows_travel else TRAVEL_COLOUR
            colours = [g.colour for g in scene.groups] + [travel, LEAD_COLOUR]
            counted_px = counts(pixels)
            plot.image(blended(counted_px, colours, len(scene.groups)), scene.view)
            _number_counts(plot, scene, counted_px)
        elif kept is not None:
            _draw_vectors(plot, scene, kept, plot_w * plot_h)
        _draw_marks(plot, scene)
        _dimensions(plot, scene)
        _, bottom, _, top = scene.view
        for x, y, words in scene.labels:
            plot.cross(x, y, INK)
            plot.label(x, y - 0.012 * (top - bottom), words, at="top", size=7.0)
        draw_legend(page, scene, legend_x, ceiling)
        _caption(page, scene, pixels)
        for take in outputs:
            take(page)


def _heading(page: Sheet, scene: Scene, title: str | None) -> None:
    right, top = page.width_in - _RIGHT_IN, page.height_in
    name = title if title is not None else scene.toolpath.header.job
    page.text(_LEFT_IN, top - 0.45, page.fitted(name, right - _LEFT_IN, 14, bold=True), size=14, bold=True)
    steps = list(dict.fromkeys(f"{s.step_name} ({s.pass_kind.value})" for s in scene.sections))
    n_rows, n_exposures = (sum(getattr(s, key) for s in scene.sections) for key in ("n_rows", "n_exposures"))
    seconds = sum(s.duration_s for s in scene.sections)
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
    if scene.shows_travel:
        plot.lines(start[travel], end[travel], INK, width=0.5, alpha=0.8, level=1.0)
    else:
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
    lit = ~travel & ~lead | (kind == RowKind.DOT)
    begins = np.where((kind == RowKind.DOT)[:, None], end, start)
    _number_vectors(plot, scene, begins[lit], end[lit], group[lit])


def _draw_marks(plot: Plot, scene: Scene) -> None:
    for one in scene.marks:
        places = one.places_um
        if scene.layer is not None:
            places = places[scene.layer.holds(places[:, 2])]
        # One mark per cell: more would melt into a bar.
        cell_um = (scene.view[2] - scene.view[0]) / _MARKS_ACROSS
        _, chosen = np.unique(np.floor(places[:, :2] / cell_um), axis=0, return_index=True)
        plot.marks(places[chosen, :2], one.colour, one.shape)


def _number_vectors(
    plot: Plot, scene: Scene, start: NDArray[np.float64], end: NDArray[np.float64], group: NDArray[np.intp]
) -> None:
    """The number of each recipe at one of its exposures, for who cannot tell its colour."""
    if not scene.is_numbered:
        return
    middle = 0.5 * (start + end)
    place = np.round(middle[:, 0], 3) + 1j * np.round(middle[:, 1], 3)
    for index in range(len(scene.groups)):
        mine = np.flatnonzero(group == index)
        # What a later recipe is drawn over would be numbered wrongly.
        seen = mine[~np.isin(place[mine], place[group > index])]
        if len(mine):
            row = _one_of(seen if len(seen) else mine, index, len(scene.groups))
            _number(plot, scene, index, *middle[row].tolist())


def _number_counts(plot: Plot, scene: Scene, counts: NDArray[np.uint32]) -> None:
    """The same where rows are counted per pixel."""
    if not scene.is_numbered:
        return
    left, bottom, right, top = scene.view
    n_rows, n_columns = counts.shape[1:]
    n = len(scene.groups)
    # Where recipes share a pixel alike, the later one is written last.
    most = n - 1 - counts[n - 1 :: -1].argmax(axis=0)
    for index in range(n):
        there = np.flatnonzero(counts[index])
        seen = np.flatnonzero((counts[index] > 0) & (most == index))
        if len(there):
            row, column = divmod(_one_of(seen if len(seen) else there, index, n), n_columns)
            x = left + (column + 0.5) / n_columns * (right - left)
            _number(plot, scene, index, x, bottom + (row + 0.5) / n_rows * (top - bottom))


def _one_of(candidates: NDArray[np.intp], index: int, n: int) -> int:
    """A different place for each of n recipes, in the middle of them all rather than at their ends."""
    return int(candidates[int((index + 0.5) / n * len(candidates))])


def _number(plot: Plot, scene: Scene, index: int, x: float, y: float) -> None:
    _, bottom, _, top = scene.view
    plot.label(x, y - 0.008 * (top - bottom), str(index + 1), size=6.5, at="top")


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
