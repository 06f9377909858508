"""Walks a drawing and lists what it paints: groups, copies, nested viewports, transforms and clips resolved."""

from dataclasses import replace

from lasercam.errors import InputError, Problem, shorten
from lasercam.sources.svg.clips import Clips
from lasercam.sources.svg.copies import draw_nested, draw_use
from lasercam.sources.svg.document import (
    INKSCAPE_GROUPMODE,
    INKSCAPE_LABEL,
    MAX_COPIES,
    MAX_DEPTH,
    Element,
    children,
    href,
    meets_conditions,
    text_of,
)
from lasercam.sources.svg.drawing import Drawing, Walk
from lasercam.sources.svg.effects import Effects
from lasercam.sources.svg.items import Item
from lasercam.sources.svg.lengths import ViewBox, fit_view_box, multiply, with_font
from lasercam.sources.svg.markers import draw_markers
from lasercam.sources.svg.patterns import PatternPaints
from lasercam.sources.svg.shapes import SHAPES, shape_path
from lasercam.sources.svg.style import Style
from lasercam.sources.svg.text import text_items
from lasercam.sources.svg.vocabulary import CONTAINERS, MOVING, NOT_DRAWN, UNSUPPORTED, USE_TARGETS


class Walker:
    """Visits elements and fills a Drawing."""

    def __init__(self, drawing: Drawing) -> None:
        self.drawing = drawing
        self.document = drawing.document
        self.clips = Clips(self)
        self.effects = Effects(self)
        self.patterns = PatternPaints(self)

    def draw_root(self, root: Element, walk: Walk, box: ViewBox | None, width: float, height: float) -> None:
        """Everything inside the outermost svg, whose viewport is width x height user units."""
        style = self.drawing.cascade.style(root, walk.style)
        if not style.is_displayed or not meets_conditions(root):
            return
        matrix = walk.matrix
        lengths = replace(walk.lengths, width=width, height=height, font_px=style.font_px, root_font_px=style.font_px)
        if box is not None:
            fitted, _ = fit_view_box(box, width, height, root.get("preserveAspectRatio"))
            matrix = multiply(matrix, fitted)
            lengths = replace(lengths, width=box.width, height=box.height)
        inner = replace(walk, matrix=matrix, lengths=lengths, style=style, screen=matrix)
        # SVG 2 lets the root have a transform and effects, like any element.
        placed = self.effects.placed(root, style, inner)
        if placed is None:
            return
        effected = self.effects.effected(root, style, placed)
        if effected is not None:
            self.draw_children(root, style, effected)

    def draw(self, element: Element, walk: Walk, *, is_top: bool = False) -> None:
        """An element and what is in it."""
        tag = self.document.tag(element)
        if tag in NOT_DRAWN or not tag:
            if tag in MOVING:
                self.drawing.note(
                    "Scripts and animations are not run; the drawing is as it stands in the file", element
                )
            return
        self.count(element, walk)
        identity = element.get("id")
        if identity is not None and identity in self.drawing.ignored:
            self.drawing.used_ignores.add(identity)
            return
        if not meets_conditions(element):
            return
        style = self.drawing.cascade.style(element, walk.style)
        if not style.is_displayed:
            return
        if tag in SHAPES:
            self._draw_shape(tag, element, style, walk, identity)
            return
        names = self._names(tag, element, identity, walk.names, is_top=is_top)
        inner = replace(walk, names=names, depth=walk.depth + 1) if names is not walk.names else walk
        if tag in UNSUPPORTED:
            if self._is_seen(tag, element, style):
                self.drawing.refuse(element, UNSUPPORTED[tag])
            return
        if tag not in CONTAINERS:
            self.drawing.note(f"<{shorten(tag, 40)}> is not an SVG element that draws; it was left out", element)
            return
        placed = self.effects.placed(element, style, inner)
        if placed is None:
            return
        effected = self.effects.effected(element, style, placed)
        if effected is None:
            return
        if tag == "use":
            draw_use(self, element, style, effected)
        elif tag == "svg":
            draw_nested(self, element, style, effected, element.get("width"), element.get("height"))
        elif tag == "text":
            for item in text_items(self, element, style, effected):
                self.paint(item, effected)
        elif tag == "switch":
            chosen = next((c for c in children(element) if self._passes(c)), None)
            if chosen is not None:
                self.draw(chosen, replace(effected, style=style))
        else:
            self.draw_children(element, style, effected)

    def count(self, element: Element, walk: Walk) -> None:
        """Keep the number of copies and the nesting within bounds."""
        self.drawing.visited += 1
        if self.drawing.visited > self.document.n_elements + MAX_COPIES:
            raise InputError(
                Problem(
                    f"the drawing makes more than {MAX_COPIES:,} copies of elements by <use> or markers",
                    self.document.place(element),
                )
            )
        if walk.depth > MAX_DEPTH:
            raise InputError(
                Problem(f"the drawing is nested deeper than {MAX_DEPTH} levels", self.document.place(element))
            )

    def draw_children(self, element: Element, style: Style, walk: Walk) -> None:
        """What is in an element."""
        inner = replace(walk, style=style, depth=walk.depth + 1, lengths=with_font(walk.lengths, style.font_px))
        is_root = element is self.document.root
        for child in element:
            self.draw(child, inner, is_top=is_root)

    def _draw_shape(self, tag: str, element: Element, style: Style, walk: Walk, identity: str | None) -> None:
        lengths = walk.lengths if walk.lengths.font_px == style.font_px else with_font(walk.lengths, style.font_px)
        text = shape_path(tag, element, lengths)
        if text is None:
            if tag == "path" and element.get("d") is None:
                self.drawing.note("A path has no data; it draws nothing", element)
            return
        names = walk.names if identity is None else (*walk.names, f"id:{identity}")
        here, opacity = walk, walk.opacity * style.opacity
        has_own = "transform" in element.attrib or "transform" in style.values
        if has_own or not style.is_plain:
            placed = self.effects.placed(element, style, replace(walk, names=names))
            if placed is None:
                return
            effected = self.effects.effected(element, style, placed)
            if effected is None:
                return
            here, opacity = effected, effected.opacity
        elif style.opacity < 1.0 and not self.drawing.measures_only:
            self.drawing.note_transparency(element)
        screen = walk.screen if style.get("vector-effect") == "non-scaling-stroke" else None
        item = Item(text, here.matrix, style, element, names, here.clip, lengths, walk.context, screen, opacity)
        if style.is_visible or self.drawing.measures_only:
            self.paint(item, here)
        if not style.is_plain and style.is_visible and walk.depth <= MAX_DEPTH and not self.drawing.measures_only:
            draw_markers(self, item, replace(here, names=names))

    def paint(self, item: Item, walk: Walk) -> None:
        """List an item; one painted with a pattern as the shapes of its tiles."""
        if self.drawing.measures_only or not (item.style.fill.server or item.style.stroke.server):
            self.drawing.items.append(item)
        else:
            self.drawing.items.extend(self.patterns.spelt_out(item, walk))

    def inherited(self, element: Element) -> Style:
        """Style of an element where it stands in the file, not where it is used."""
        parent = element.getparent()
        above = self.inherited(parent) if parent is not None else Style.initial
        return self.drawing.cascade.style(element, above)

    def geometry_of(self, element: Element, style: Style, walk: Walk) -> list[Item]:
        """Every shape an element is made of, painted or not, in the walk's user space, its own transform left out."""
        quiet = self.drawing.quiet(measures_only=True)
        inner = Walker(quiet)
        tag = self.document.tag(element)
        if tag in SHAPES:
            text = shape_path(tag, element, walk.lengths)
            return [Item(text, walk.matrix, style, element, (), None, walk.lengths)] if text is not None else []
        if tag == "text":
            return text_items(inner, element, style, walk)
        if tag == "use":
            draw_use(inner, element, style, walk)
        elif tag == "svg":
            draw_nested(inner, element, style, walk, element.get("width"), element.get("height"))
        else:
            inner.draw_children(element, style, walk)
        self.drawing.visited = quiet.visited
        return quiet.items

    def items_in(self, element: Element, style: Style, walk: Walk) -> list[Item]:
        """What the children of an element paint."""
        quiet = self.drawing.quiet()
        inner = Walker(quiet)
        inner.effects.masks, inner.clips = self.effects.masks, self.clips  # they know what is open
        inner.draw_children(element, style, walk)
        self.drawing.visited, self.drawing.half_transparent = quiet.visited, quiet.half_transparent
        return quiet.items

    def _names(
        self, tag: str, element: Element, identity: str | None, names: tuple[str, ...], *, is_top: bool
    ) -> tuple[str, ...]:
        label = element.get(INKSCAPE_LABEL)
        if label is None:
            label = element.get("inkscape:label")
        is_layer = tag == "g" and (is_top or element.get(INKSCAPE_GROUPMODE) == "layer")
        if is_layer and (label or identity):
            names = (*names, f"layer:{label or identity}")
        return (*names, f"id:{identity}") if identity is not None else names

    def _is_seen(self, tag: str, element: Element, style: Style) -> bool:
        """Whether something that cannot be drawn would show."""
        if style.opacity <= 0.0:
            return False
        if tag == "flowRoot":
            return bool(text_of(element).strip()) and (style.is_visible or len(element) > 0)
        if tag == "image":
            return style.is_visible and bool(href(element))
        return style.is_visible

    def _passes(self, element: Element) -> bool:
        """Whether a child of a switch may be shown."""
        tag = self.document.tag(element)
        if tag not in USE_TARGETS or not meets_conditions(element):
            return False
        return tag not in UNSUPPORTED or tag == "image" or element.get("systemLanguage") is not None
