"""The column beside a toolpath's picture: recipes, depths, and the place on the sample."""

from lasercam.model.toolpath import RowKind
from lasercam.preview.canvas import GREY, INK, Sheet
from lasercam.preview.toolpath_scene import BOX_DASHES, LEAD_COLOUR, LEAD_DASHES, TRAVEL_COLOUR, Scene

COLUMN_WIDTH_IN = 2.4
_TEXT_AT_IN = 0.38


def _column_height(scene: Scene) -> float:
    entries = sum(0.24 + 0.15 * len(g.details) + 0.08 for g in scene.groups)
    depth = 1.45 if len(scene.survey.layers) > 1 else 0.45 if scene.survey.layers else 0.0
    return 0.2 + entries + 0.22 * len(_travel_kinds(scene)) + 0.25 + depth + 1.75


def _travel_kinds(scene: Scene) -> list[tuple[str, str, tuple[float, float] | None, float]]:
    kinds: list[tuple[str, str, tuple[float, float] | None, float]] = []
    if scene.count(RowKind.JUMP, RowKind.DOT):
        kinds.append(("dark travel", _TRAVEL, None, 0.6))
    if scene.count(RowKind.LEAD):
        kinds.append(("run-up and run-out, dark", _LEAD, _DASHES, 0.6))
    kinds.append(("box of the exposures", GREY, (5.0, 3.0), 0.7))
    return kinds


def _column(page: Sheet, scene: Scene, ceiling: float) -> None:
    """Legend, depths and the place on the sample, from the top down."""
    x, y, width = _COLUMN_IN, ceiling - 0.12, COLUMN_WIDTH_IN
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


def _depths(page: Sheet, scene: Scene, y: float) -> float:
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
        (_COLUMN_IN + 0.4, y - 1.05, COLUMN_WIDTH_IN - 0.4, 0.95),
        [layer.depth_um for layer in layers],
        [layer.exposures for layer in layers],
        [scene.layer is None or layer is scene.layer for layer in layers],
    )
    return y - 1.1


def _sample_map(page: Sheet, scene: Scene, y: float) -> None:
    width, height = scene.sample_um
    page.text(_COLUMN_IN, y, "Place on the sample", size=8.5, bold=True)
    page.text(_COLUMN_IN, y - 0.16, f"{_mm(width)} × {_mm(height)} mm", size=7, colour=GREY)
    scale = min((COLUMN_WIDTH_IN) / width, 1.1 / height)
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
