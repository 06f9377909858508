"""A picture of a toolpath: where the beam is on, with which recipe, and how it travels in the dark."""

from dataclasses import dataclass
from math import isfinite
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import ParameterError, UsageError
from lasercam.model.toolpath import EXPOSING_KINDS, RowKind, Section, Toolpath
from lasercam.preview.canvas import GREY, INK, Box, Format, Plot, Sheet, sheet
from lasercam.preview.depths import Layer, choose_layer
from lasercam.preview.palette import ColourGroup, colour_groups, duration, length, round_length
from lasercam.preview.toolpath_counts import SHORTEST_TRAVEL_PX, Splat, blended, splat_rows
from lasercam.preview.toolpath_survey import DrawnRows, Survey, drawn_rows, survey

RASTER_FROM_ROWS = 100_000
"""Rows from which a picture of counts says more than, and draws faster than, lines on top of each other."""

_DPI = 200
_WIDTH_IN = 10.0
_PLOT_IN = 6.2
_LEFT_IN, _COLUMN_IN, _RIGHT_IN = 0.85, 7.35, 9.75
_LEAST_BODY_IN = 2.6
_TRAVEL, _LEAD = "#9a9a9a", "#555555"
_DASHES = (3.0, 2.0)


@dataclass(frozen=True, eq=False)
class _Scene:
    """Everything the parts of the figure need."""

    toolpath: Toolpath
    sections: tuple[Section, ...]
    survey: Survey
    layer: Layer | None
    groups: tuple[ColourGroup, ...]
    group_of: NDArray[np.intp]
    view: Box
    sample_um: tuple[float, float]
    is_raster: bool

    @property
    def box(self) -> Box:
        """What is exposed: left, bottom, right, top."""
        return (*self.survey.low_um, *self.survey.high_um)

    def count(self, *kinds: RowKind) -> int:
        """Rows of some kinds."""
        return int(self.survey.uses[:, [int(k) for k in kinds]].sum())


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
) -> None:
    """Write a picture of a toolpath, or of one step or section of it; the same toolpath gives the same bytes.

    Beam-on rows have the colour of their recipe, travel is faint, run-ups are thin and dashed. From RASTER_FROM_ROWS
    rows on, rows are counted per pixel and the counts are shown; memory then depends on the picture, not on the rows.

    Args:
        toolpath: what to draw.
        out: where the bytes go.
        fmt: png, svg or pdf.
        sample_size_um: width and height of the sample (a thickness may follow), µm.
        step: index of the job's step; None = all.
        section: index of the section; None = all of the step.
        layer: only exposures of this layer, 0 = shallowest; None = all layers on top of each other.
        title: instead of the job's name.

    Raises:
        UsageError: there is no such step, section or layer, or nothing in it.
        ParameterError: a sample without size.
    """
    if len(sample_size_um) < 2 or not all(isfinite(v) and v > 0 for v in sample_size_um):
        raise ParameterError(f"a sample needs a width and a height above 0 µm; found {sample_size_um}")
    sections = _chosen(toolpath, step, section)
    n_rows = sum(s.n_rows for s in sections)
    is_raster = n_rows > RASTER_FROM_ROWS
    # Few rows are read once and kept; many are read again.
    kept = None if is_raster else list(drawn_rows(toolpath, sections))
    seen = survey(iter(kept) if kept is not None else drawn_rows(toolpath, sections), len(toolpath.header.recipes))
    if not seen.uses.sum():
        raise UsageError("there are no rows to draw in this step or section")
    groups, group_of = colour_groups(
        toolpath.header.recipes.recipes, np.where(np.isin(np.arange(len(RowKind)), EXPOSING_KINDS), seen.uses, 0)
    )
    scene = _Scene(
        toolpath,
        sections,
        seen,
        None if layer is None else choose_layer(seen.layers, layer),
        groups,
        group_of,
        _view(seen),
        (float(sample_size_um[0]), float(sample_size_um[1])),
        is_raster,
    )
    _draw(scene, kept, out, fmt, title)


def _chosen(toolpath: Toolpath, step: int | None, section: int | None) -> tuple[Section, ...]:
    every = toolpath.header.sections
    chosen = tuple(s for s in every if (step is None or s.step == step) and (section is None or s.index == section))
    if not chosen:
        listed = ", ".join(f"section {s.index} in step {s.step} ({s.step_name})" for s in every[:12])
        asked = " and ".join(f"{n} {v}" for n, v in (("step", step), ("section", section)) if v is not None)
        raise UsageError(f"the toolpath has nothing in {asked or 'it'}; there are: {listed or 'no sections'}")
    return chosen


def _view(seen: Survey) -> Box:
    """What is exposed, with room for dimensions and the scale bar; a thin pattern gets a view a quarter as wide."""
    (x0, y0), (x1, y1) = seen.low_um, seen.high_um
    long = max(x1 - x0, y1 - y0) or 10.0
    width, height = max(x1 - x0, 0.25 * long), max(y1 - y0, 0.25 * long)
    x, y = 0.5 * (x0 + x1), 0.5 * (y0 + y1)
    pad = 0.07 * max(width, height)
    return x - width / 2 - pad, y - height / 2 - 1.7 * pad, x + width / 2 + 1.3 * pad, y + height / 2 + 1.2 * pad


def _draw(scene: _Scene, kept: list[DrawnRows] | None, out: BinaryIO, fmt: Format, title: str | None) -> None:
    left, bottom, right, top = scene.view
    aspect = (top - bottom) / (right - left)
    plot_w = _PLOT_IN if aspect <= 1.1 else _PLOT_IN * 1.1 / aspect
    plot_h = plot_w * aspect
    body = max(plot_h, _column_height(scene), _LEAST_BODY_IN)
    with sheet(_WIDTH_IN, 0.95 + body + 1.25, dpi=_DPI) as page:
        ceiling = page.height_in - 0.95
        _heading(page, scene, title)
        plot = page.plot((_LEFT_IN, ceiling - plot_h, plot_w, plot_h), scene.view)
        plot.axes.set_xlabel("x (µm)", fontsize=8, color=GREY)
        plot.axes.set_ylabel("y (µm)", fontsize=8, color=GREY)
        plot.axes.locator_params(nbins=6 if plot_w > 3 else 4)
        plot.axes.ticklabel_format(style="plain")
        _surroundings(plot, scene)
        pixels = (round(plot_h * _DPI), round(plot_w * _DPI))
        if kept is None:
            _draw_counts(plot, scene, pixels)
        else:
            _draw_vectors(plot, scene, kept, plot_w * plot_h)
        _dimensions(plot, scene)
        _column(page, scene, ceiling)
        _caption(page, scene, pixels)
        page.save(out, fmt)


def _heading(page: Sheet, scene: _Scene, title: str | None) -> None:
    width = _RIGHT_IN - _LEFT_IN
    top = page.height_in
    name = title if title is not None else scene.toolpath.header.job
    page.text(_LEFT_IN, top - 0.45, page.fitted(name, width, 14, bold=True), size=14, bold=True)
    steps = list(dict.fromkeys(f"{s.step_name} ({s.pass_kind.value})" for s in scene.sections))
    rows = sum(s.n_rows for s in scene.sections)
    exposures = scene.count(*EXPOSING_KINDS)
    seconds = sum(s.duration_s * s.repeat for s in scene.sections)
    facts = f"{rows:,} rows  ·  {exposures:,} exposures  ·  {duration(seconds)}"
    words = ("Step: " if len(steps) == 1 else f"{len(steps)} steps: ") + ", ".join(steps)
    free = width - page.text_width_in(facts, 9) - 0.3
    page.text(_LEFT_IN, top - 0.70, page.fitted(words, free, 9), size=9, colour=GREY)
    page.text(_RIGHT_IN, top - 0.70, facts, size=9, colour=GREY, at="right")


def _surroundings(plot: Plot, scene: _Scene) -> None:
    """The sample where it is in view, and what is off it."""
    width, height = scene.sample_um
    left, bottom, right, top = scene.view
    on = (max(left, 0.0), max(bottom, 0.0), min(right, width), min(top, height))
    if left < 0 or bottom < 0 or right > width or top > height:
        plot.fill(scene.view, "#ececec", level=0.2)
        if on[0] < on[2] and on[1] < on[3]:
            plot.fill(on, "white", level=0.3)
        plot.frame((0.0, 0.0, width, height), INK, width=1.4)
    plot.frame(scene.box, GREY, width=0.7, dashes=(5.0, 3.0))


def _dimensions(plot: Plot, scene: _Scene) -> None:
    left, bottom, right, top = scene.view
    x0, y0, x1, y1 = scene.box
    pad = 0.07 * max(right - left, top - bottom) / 1.2
    plot.label(0.5 * (x0 + x1), y1 + 0.2 * pad, length(x1 - x0), at="bottom", colour=GREY)
    plot.label(x1 + 0.55 * pad, 0.5 * (y0 + y1), length(y1 - y0), turned=True, colour=GREY)
    bar = round_length(0.25 * (right - left))
    x, y = left + 0.035 * (right - left), bottom + 0.035 * (top - bottom)
    ends = np.array([[x, y]]), np.array([[x + bar, y]])
    plot.axes.plot([x, x + bar], [y, y], color=INK, linewidth=2.5, solid_capstyle="butt", zorder=6.0)
    plot.label(float(ends[1][0, 0]) + 0.012 * (right - left), y, length(bar), at="left")


def _draw_vectors(plot: Plot, scene: _Scene, kept: list[DrawnRows], area_in2: float) -> None:
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
    plot.lines(start[travel], end[travel], _TRAVEL, width=0.4, alpha=0.45, level=1.0)
    plot.lines(start[lead], end[lead], _LEAD, width=0.45, dashes=_DASHES, level=1.5)
    n_dots = max(int((kind == RowKind.DOT).sum()), 1)
    size = float(np.clip(0.55 * 72.0 * (area_in2 / n_dots) ** 0.5, 0.7, 5.0))
    for index, one in enumerate(scene.groups):
        mine = group == index
        is_line, is_run = mine & (kind == RowKind.LINE), mine & (kind == RowKind.SHOTS)
        plot.lines(start[is_line], end[is_line], one.colour, width=width)
        plot.lines(start[is_run], end[is_run], one.colour, width=width, dashes=(0.8, 0.8))
        plot.dots(end[mine & (kind == RowKind.DOT)], one.colour, size=size)


def _draw_counts(plot: Plot, scene: _Scene, pixels: tuple[int, int]) -> None:
    n = len(scene.groups)
    splat = Splat(scene.view, pixels, n + 2)
    counts = splat_rows(drawn_rows(scene.toolpath, scene.sections), splat, scene.group_of, scene.layer, n)
    plot.image(blended(counts, [g.colour for g in scene.groups] + [_TRAVEL, _LEAD], n), scene.view)


def _column_height(scene: _Scene) -> float:
    entries = sum(0.24 + 0.15 * len(g.details) + 0.08 for g in scene.groups)
    depth = 1.45 if len(scene.survey.layers) > 1 else 0.45 if scene.survey.layers else 0.0
    return 0.2 + entries + 0.22 * len(_travel_kinds(scene)) + 0.25 + depth + 1.75


def _travel_kinds(scene: _Scene) -> list[tuple[str, str, tuple[float, float] | None, float]]:
    kinds: list[tuple[str, str, tuple[float, float] | None, float]] = []
    if scene.count(RowKind.JUMP, RowKind.DOT):
        kinds.append(("dark travel", _TRAVEL, None, 0.6))
    if scene.count(RowKind.LEAD):
        kinds.append(("run-up and run-out, dark", _LEAD, _DASHES, 0.6))
    kinds.append(("box of the exposures", GREY, (5.0, 3.0), 0.7))
    return kinds


def _column(page: Sheet, scene: _Scene, ceiling: float) -> None:
    """Legend, depths and the place on the sample, from the top down."""
    x, y, width = _COLUMN_IN, ceiling - 0.12, _RIGHT_IN - _COLUMN_IN
    page.text(x, y, "Recipes" if len(scene.groups) != 1 else "Recipe", size=8.5, bold=True)
    for group in scene.groups:
        y -= 0.24
        middle = y + 0.045
        if group.draws_lines:
            page.line((x, x + 0.28), (middle, middle), group.colour, width=2.2)
        if group.draws_dots:
            page.dot(x + 0.14, middle, group.colour, size=5.5)
        page.text(x + 0.38, y, page.fitted(group.title, width - 0.38, 8), size=8)
        for detail in group.details:
            y -= 0.15
            page.text(x + 0.38, y, page.fitted(detail, width - 0.38, 7), size=7, colour=GREY)
        y -= 0.08
    for words, colour, dashes, line in _travel_kinds(scene):
        y -= 0.22
        page.line((x, x + 0.28), (y + 0.04, y + 0.04), colour, width=line, dashes=dashes)
        page.text(x + 0.38, y, words, size=7.5, colour=GREY)
    y = _depths(page, scene, y - 0.35)
    _sample_map(page, scene, y - 0.2)


def _depths(page: Sheet, scene: _Scene, y: float) -> float:
    layers = scene.survey.layers
    if not layers:
        return y
    if len(layers) == 1:
        page.text(_COLUMN_IN, y, "Depth", size=8.5, bold=True)
        page.text(_COLUMN_IN + 0.5, y, layers[0].title, size=8)
        return y - 0.1
    shown = "all shown" if scene.layer is None else f"shown: {scene.layer.title}"
    page.text(_COLUMN_IN, y, f"{len(layers)} depths", size=8.5, bold=True)
    page.text(_RIGHT_IN, y, f"µm, {shown}", size=7, colour=GREY, at="right")
    page.bars(
        (_COLUMN_IN + 0.4, y - 1.05, _RIGHT_IN - _COLUMN_IN - 0.4, 0.95),
        [layer.depth_um for layer in layers],
        [layer.exposures for layer in layers],
        [scene.layer is None or layer is scene.layer for layer in layers],
    )
    return y - 1.1


def _sample_map(page: Sheet, scene: _Scene, y: float) -> None:
    width, height = scene.sample_um
    page.text(_COLUMN_IN, y, "Place on the sample", size=8.5, bold=True)
    page.text(_COLUMN_IN, y - 0.16, f"{_mm(width)} × {_mm(height)} mm", size=7, colour=GREY)
    scale = min((_RIGHT_IN - _COLUMN_IN) / width, 1.1 / height)
    w, h = width * scale, height * scale
    m = 0.02 * max(width, height)
    at = (_COLUMN_IN, y - 0.28 - h, w * (1 + 2 * m / width), h * (1 + 2 * m / height))
    plot = page.plot(at, (-m, -m, width + m, height + m), ticks=False)
    plot.fill((0.0, 0.0, width, height), "#f1f1f1")
    plot.frame((0.0, 0.0, width, height), INK, width=0.9)
    x0, y0, x1, y1 = scene.box
    if max(x1 - x0, y1 - y0) > 0.05 * max(width, height):
        plot.fill(scene.box, "#D55E00", level=2.0)
    else:
        # A pattern this small is pointed at.
        plot.axes.plot([(x0 + x1) / 2], [(y0 + y1) / 2], "+", color="#D55E00", markersize=9, markeredgewidth=1.2)


def _mm(value_um: float) -> str:
    return f"{value_um / 1000:.4g}"


def _caption(page: Sheet, scene: _Scene, pixels: tuple[int, int]) -> None:
    rows = sum(s.n_rows for s in scene.sections)
    left, _, right, _ = scene.view
    if scene.is_raster:
        pixel = length((right - left) / pixels[1])
        how = (
            f"Drawn as counts: {rows:,} rows on {pixels[1]} × {pixels[0]} pixels of {pixel}; stronger colour = more "
            "exposures per pixel (logarithmic), colours mixed where recipes share a pixel; travel shorter than "
            f"{SHORTEST_TRAVEL_PX:g} pixels is left out."
        )
    else:
        how = f"Drawn line by line: {rows:,} rows; stroke widths are not written widths."
    if scene.layer is not None:
        how += f" Only the layer at {scene.layer.title} is shown."
    repeats = sorted({s.repeat for s in scene.sections if s.repeat > 1})
    if repeats:
        how += f" Run {' or '.join(f'{n} times' for n in repeats)}; drawn once, the time counts all runs."
    y = 0.62
    for line in page.wrapped(how, _RIGHT_IN - _LEFT_IN, 7.5)[:3]:
        page.text(_LEFT_IN, y, line, size=7.5, colour=GREY)
        y -= 0.16
    page.text(
        _LEFT_IN, y, f"Toolpath {scene.toolpath.header.digest[:16]}  ·  x to the right, y up as the laser sees it",
        size=6.5, colour=GREY,
    )  # fmt: skip
