"""The column beside a toolpath's picture: recipes, depths, and the place on the sample."""

from collections.abc import Sequence
from dataclasses import dataclass

from lasercam.model.toolpath import RowKind
from lasercam.preview.canvas import GREY, INK, Sheet
from lasercam.preview.toolpath_scene import (
    BOX_DASHES,
    LEAD_COLOUR,
    LEAD_DASHES,
    PLACE_COLOUR,
    RECIPE_HEADING,
    TRAVEL_COLOUR,
    Scene,
)

LEGEND_WIDTH_IN = 2.4
_TEXT_AT_IN = 0.38
_MAP_IN = 1.1


@dataclass(frozen=True)
class _DarkKind:
    """A legend entry of a line that is not an exposure."""

    words: str
    colour: str
    dashes: tuple[float, float] | None
    width: float


def legend_height_in(page: Sheet, scene: Scene) -> float:
    """Height of what `draw_legend` draws."""
    entries = sum(0.32 + 0.15 * len(_detail_lines(page, group.details)) for group in scene.groups)
    depths = 1.45 if len(scene.survey.layers) > 1 else 0.45 if scene.survey.layers else 0.35
    return 0.12 + entries + 0.22 * len(_dark_kinds(scene)) + depths + 0.5 + _MAP_IN


def draw_legend(page: Sheet, scene: Scene, x_in: float, top_in: float) -> None:
    """Legend, depths and the place on the sample, from the top down."""
    width, y = LEGEND_WIDTH_IN - _TEXT_AT_IN, top_in - 0.12
    if scene.groups:
        heading = "Recipes" if len(scene.groups) > 1 and scene.heading == RECIPE_HEADING else scene.heading
        page.text(x_in, y, heading, size=8.5, bold=True)
    for number, group in enumerate(scene.groups, 1):
        y -= 0.24
        middle = y + 0.045
        title = f"{number}  {group.title}" if scene.is_numbered else group.title
        if group.draws_lines:
            page.line((x_in, x_in + 0.28), (middle, middle), group.colour, width=2.2, dashes=group.dashes)
        if group.draws_dots:
            page.dot(x_in + 0.14, middle, group.colour, size=5.5, hollow=group.is_hollow)
        if group.mark:
            page.dot(x_in + 0.14, middle, group.colour, size=7.0, shape=group.mark, hollow=True)
        page.text(x_in + _TEXT_AT_IN, y, page.fitted(title, width, 8), size=8)
        for line in _detail_lines(page, group.details):
            y -= 0.15
            page.text(x_in + _TEXT_AT_IN, y, page.fitted(line, width, 7), size=7, colour=GREY)
        y -= 0.08
    for kind in _dark_kinds(scene):
        y -= 0.22
        page.line((x_in, x_in + 0.28), (y + 0.04, y + 0.04), kind.colour, width=kind.width, dashes=kind.dashes)
        page.text(x_in + _TEXT_AT_IN, y, kind.words, size=7.5, colour=GREY)
    y = _draw_depths(page, scene, x_in, y - 0.35)
    _draw_place(page, scene, x_in, y - 0.2)


def _detail_lines(page: Sheet, details: Sequence[str]) -> list[str]:
    """Details put side by side as long as they fit."""
    lines: list[str] = []
    for detail in details:
        longer = f"{lines[-1]}, {detail}" if lines else detail
        if lines and page.text_width_in(longer, 7) <= LEGEND_WIDTH_IN - _TEXT_AT_IN:
            lines[-1] = longer
        else:
            lines.append(detail)
    return lines


def _dark_kinds(scene: Scene) -> list[_DarkKind]:
    kinds = []
    if scene.count(RowKind.JUMP, RowKind.DOT):
        kinds.append(_DarkKind("dark travel", INK if scene.shows_travel else TRAVEL_COLOUR, None, 0.6))
    if scene.count(RowKind.LEAD):
        kinds.append(_DarkKind("run-up and run-out, dark", LEAD_COLOUR, LEAD_DASHES, 0.6))
    if scene.has_extent:
        kinds.append(_DarkKind("box of the exposures", GREY, BOX_DASHES, 0.7))
    return kinds


def _draw_depths(page: Sheet, scene: Scene, x_in: float, y: float) -> float:
    layers = scene.survey.layers
    if not layers:
        return y
    if len(layers) == 1:
        page.text(x_in, y, "Depth", size=8.5, bold=True)
        page.text(x_in + 0.5, y, layers[0].title, size=8)
        return y - 0.1
    shown = "all shown" if scene.layer is None else f"shown: {scene.layer.title}"
    page.text(x_in, y, f"{len(layers):,} depths", size=8.5, bold=True)
    page.text(x_in + LEGEND_WIDTH_IN, y, f"µm, {shown}", size=7, colour=GREY, at="right")
    page.bars(
        (x_in + 0.4, y - 1.05, LEGEND_WIDTH_IN - 0.4, 0.95),
        [layer.depth_um for layer in layers],
        [layer.exposures for layer in layers],
        [scene.layer is None or layer is scene.layer for layer in layers],
    )
    return y - 1.1


def _draw_place(page: Sheet, scene: Scene, x_in: float, y: float) -> None:
    width, height = scene.sample_um
    page.text(x_in, y, "Place on the sample", size=8.5, bold=True)
    page.text(x_in, y - 0.16, f"{width / 1000:.4g} × {height / 1000:.4g} mm", size=7, colour=GREY)
    # Room around the sample shows what is off it.
    rim = 0.06 * max(width, height)
    scale = min(LEGEND_WIDTH_IN / (width + 2 * rim), _MAP_IN / (height + 2 * rim))
    w, h = (width + 2 * rim) * scale, (height + 2 * rim) * scale
    view = (-rim, -rim, width + rim, height + rim)
    plot = page.plot((x_in - rim * scale, y - 0.2 - h, w, h), view, ticks=False)
    plot.fill((0.0, 0.0, width, height), "#f1f1f1")
    plot.frame((0.0, 0.0, width, height), INK, width=0.9)
    x0, y0, x1, y1 = scene.box
    if max(x1 - x0, y1 - y0) > 0.05 * max(width, height):
        plot.fill(scene.box, PLACE_COLOUR, level=5.0)
        plot.frame(scene.box, PLACE_COLOUR, width=1.2)
    else:
        # A pattern this small is pointed at.
        plot.cross((x0 + x1) / 2, (y0 + y1) / 2, PLACE_COLOUR)
