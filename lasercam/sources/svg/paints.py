"""What an item is painted with, as the label of a part."""

from lasercam.sources.svg.colours import Paint, read_opacity
from lasercam.sources.svg.document import Element, children, href
from lasercam.sources.svg.drawing import Drawing
from lasercam.sources.svg.items import Context, Item
from lasercam.sources.svg.style import Style

GRADIENTS = ("linearGradient", "radialGradient")
MAX_LINKS = 32
"""Longest chain of gradients that take their stops from one another."""


class Paints:
    """Labels of fills and strokes: `#rrggbb`, `gradient:<id>`, or none."""

    def __init__(self, drawing: Drawing) -> None:
        self._drawing = drawing
        self._known: dict[tuple[int, int, str], str] = {}  # styles and contexts live as long as the items

    def label(self, item: Item, which: str) -> str:
        """Label of `fill` or `stroke`; empty when nothing is painted."""
        key = (id(item.style), id(item.context), which)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._resolve(item.style, item.context, which, item.element)
        return found

    def _resolve(self, style: Style, context: Context | None, which: str, element: Element) -> str:
        paint = style.fill if which == "fill" else style.stroke
        if paint.context:
            if context is None:
                return ""
            inner = "fill" if paint.context == "context-fill" else "stroke"
            return self._resolve(context.style, context.outer, inner, element)
        if paint.is_none or paint.alpha <= 0.0:
            return ""
        if paint.alpha < 1.0:
            self._drawing.note_transparency(element)
        return self._server(paint, element, which) if paint.server else paint.colour

    def _server(self, paint: Paint, element: Element, which: str) -> str:
        target = self._drawing.document.by_id.get(paint.server)
        tag = self._drawing.document.tag(target) if target is not None else ""
        if target is not None and tag in GRADIENTS:
            stops = self._stops(target)
            if not stops:
                return paint.colour
            if not any(alpha > 0.0 for alpha in stops):
                return ""
            self._drawing.note("Gradients are written like one solid colour, as parts 'gradient:<id>'", element)
            return f"gradient:{paint.server}"
        if tag == "pattern":
            # Patterns on shapes were drawn as shapes before; this one comes by context-fill or context-stroke.
            self._drawing.refuse(
                element, f"its {which} is the pattern of what it belongs to; draw the pattern's shapes"
            )
            return ""
        if not paint.has_fallback:
            self._drawing.note(f"A {which} refers to a paint that does not exist; nothing is painted there", element)
        return paint.colour

    def _stops(self, gradient: Element) -> list[float]:
        """Opacities of a gradient's stops, those of the gradient it refers to when it has none."""
        drawing = self._drawing
        for _ in range(MAX_LINKS):
            stops = [child for child in children(gradient) if drawing.document.tag(child) == "stop"]
            if stops:
                styles = [drawing.cascade.style(stop, Style.initial) for stop in stops]
                found = [read_opacity(style.get("stop-opacity", "1")) for style in styles]
                return [1.0 if value is None else value for value in found]
            link = href(gradient)
            following = drawing.document.by_id.get(link[1:]) if link.startswith("#") else None
            if following is None or drawing.document.tag(following) not in GRADIENTS:
                return []
            gradient = following
        return []
