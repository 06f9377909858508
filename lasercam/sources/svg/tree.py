"""Walks a drawing and lists what it paints: groups, copies, nested viewports, transforms and clips resolved."""

import re
from dataclasses import replace

from lasercam.errors import InputError, Problem, shorten
from lasercam.sources.svg.clips import Clips
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
from lasercam.sources.svg.items import Context, Item
from lasercam.sources.svg.lengths import (
    IDENTITY,
    LengthContext,
    ViewBox,
    fit_view_box,
    is_invertible,
    multiply,
    read_view_box,
)
from lasercam.sources.svg.markers import marker_placements, reference_px
from lasercam.sources.svg.shapes import shape_path
from lasercam.sources.svg.style import Style
from lasercam.sources.svg.transforms import read_origin, read_transform

SHAPES = frozenset(("path", "rect", "circle", "ellipse", "line", "polyline", "polygon"))
NOT_DRAWN = frozenset(
    """
    defs title desc metadata style script symbol clipPath mask marker pattern linearGradient radialGradient stop filter
    animate animateTransform animateMotion animateColor set view cursor font font-face glyph missing-glyph solidColor
    hatch mesh meshgradient color-profile
    """.split()  # noqa: SIM905 - a list of words is easier to read and to change as words
)
UNSUPPORTED = {
    "text": "text is not read yet; convert it to paths",
    "flowRoot": "text is not read yet; convert it to paths",
    "image": "raster images are another pattern type",
    "foreignObject": "embedded foreign content cannot be drawn",
    "video": "video cannot be drawn",
    "audio": "audio cannot be drawn",
    "canvas": "a canvas cannot be drawn",
    "iframe": "embedded pages cannot be drawn",
}
MOVING = frozenset(("script", "animate", "animateTransform", "animateMotion", "animateColor", "set"))
MAX_MARKERS_DEEP = 4
"""Deepest nesting of markers on the lines of markers."""
CONTAINERS = frozenset(("g", "a", "svg", "use", "switch"))
USE_TARGETS = SHAPES | {"g", "a", "svg", "symbol", "use", "switch", *UNSUPPORTED}


class Walker:
    """Visits elements and fills a Drawing."""

    def __init__(self, drawing: Drawing) -> None:
        self.drawing = drawing
        self.document = drawing.document
        self.clips = Clips(self)

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
        placed = self.placed(root, style, inner)
        if placed is None:
            return
        effected = self.effected(root, style, placed)
        if effected is not None:
            self._draw_children(root, style, effected)

    def draw(self, element: Element, walk: Walk, *, is_top: bool = False) -> None:
        """An element and what is in it."""
        tag = self.document.tag(element)
        if tag in NOT_DRAWN or not tag:
            if tag in MOVING:
                self.drawing.note(
                    "Scripts and animations are not run; the drawing is as it stands in the file", element
                )
            return
        self._count(element, walk)
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
        placed = self.placed(element, style, inner)
        if placed is None:
            return
        effected = self.effected(element, style, placed)
        if effected is None:
            return
        if tag == "use":
            self._draw_use(element, style, effected)
        elif tag == "svg":
            self._draw_nested(element, style, effected, element.get("width"), element.get("height"))
        elif tag == "switch":
            chosen = next((c for c in children(element) if self._passes(c)), None)
            if chosen is not None:
                self.draw(chosen, replace(effected, style=style))
        else:
            self._draw_children(element, style, effected)

    def _count(self, element: Element, walk: Walk) -> None:
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

    def _draw_children(self, element: Element, style: Style, walk: Walk) -> None:
        inner = replace(walk, style=style, depth=walk.depth + 1, lengths=_with_font(walk.lengths, style.font_px))
        is_root = element is self.document.root
        for child in element:
            self.draw(child, inner, is_top=is_root)

    def _draw_shape(self, tag: str, element: Element, style: Style, walk: Walk, identity: str | None) -> None:
        lengths = walk.lengths if walk.lengths.font_px == style.font_px else _with_font(walk.lengths, style.font_px)
        text = shape_path(tag, element, lengths)
        if text is None:
            if tag == "path" and element.get("d") is None:
                self.drawing.note("A path has no data; it draws nothing", element)
            return
        names = walk.names if identity is None else (*walk.names, f"id:{identity}")
        matrix, clip = walk.matrix, walk.clip
        has_own = "transform" in element.attrib or "transform" in style.values
        if has_own or not style.is_plain:
            placed = self.placed(element, style, replace(walk, names=names))
            if placed is None:
                return
            effected = self.effected(element, style, placed)
            if effected is None:
                return
            matrix, clip = effected.matrix, effected.clip
        screen = walk.screen if style.get("vector-effect") == "non-scaling-stroke" else None
        item = Item(text, matrix, style, element, names, clip, lengths, walk.context, screen)
        if style.is_visible or self.drawing.measures_only:
            self.drawing.items.append(item)
        if not style.is_plain and style.is_visible and walk.depth <= MAX_DEPTH and not self.drawing.measures_only:
            self._draw_markers(item, replace(walk, matrix=matrix, clip=clip, names=names))

    def _draw_markers(self, item: Item, walk: Walk) -> None:
        for marker, placement in marker_placements(item, self.document):
            if marker in walk.links:
                continue  # a marker inside itself ends there
            if sum(self.document.tag(link) == "marker" for link in walk.links) >= MAX_MARKERS_DEEP:
                self.drawing.refuse(item.element, f"markers stand on markers over {MAX_MARKERS_DEEP} deep")
                return
            marker_style = self.drawing.cascade.style(marker, Style.initial)
            inner = replace(
                walk, links=(*walk.links, marker), context=Context(item.style, walk.context), depth=walk.depth + 1
            )
            box = read_view_box(marker.get("viewBox"))
            width = walk.lengths.px(marker.get("markerWidth"), "x", 3.0)
            height = walk.lengths.px(marker.get("markerHeight"), "y", 3.0)
            if width <= 0.0 or height <= 0.0:
                continue
            fitted = IDENTITY
            if box is not None:
                fitted, _ = fit_view_box(box, width, height, marker.get("preserveAspectRatio"))
                fitted = (*fitted[:4], 0.0, 0.0)
            ref_x = reference_px(marker.get("refX"), walk.lengths, "x", box)
            ref_y = reference_px(marker.get("refY"), walk.lengths, "y", box)
            rx, ry = fitted[0] * ref_x + fitted[2] * ref_y, fitted[1] * ref_x + fitted[3] * ref_y
            matrix = multiply(multiply(walk.matrix, placement), (1.0, 0.0, 0.0, 1.0, -rx, -ry))
            inner = replace(inner, matrix=multiply(matrix, fitted), screen=walk.screen)
            if not is_invertible(inner.matrix):
                continue
            if marker_style.get("overflow", "hidden") not in ("visible", "auto"):
                corner = (box.x, box.y, box.width, box.height) if box else (0.0, 0.0, width, height)
                inner = replace(inner, clip=self.clips.rectangle(inner.clip, inner.matrix, *corner))
            effected = self.effected(marker, marker_style, inner)
            if effected is not None:
                parents = self.inherited(marker)
                self._draw_children(marker, parents, effected)

    def inherited(self, element: Element) -> Style:
        """Style of an element where it stands in the file, not where it is used."""
        parent = element.getparent()
        above = self.inherited(parent) if parent is not None else Style.initial
        return self.drawing.cascade.style(element, above)

    def geometry_of(self, element: Element, style: Style, walk: Walk) -> list[Item]:
        """Every shape an element is made of, painted or not, in the walk's user space, its own transform left out."""
        known = self.drawing
        quiet = Drawing(self.document, known.cascade, known.tolerance_um, known.ignored, measures_only=True)
        quiet.visited = known.visited
        inner = Walker(quiet)
        tag = self.document.tag(element)
        if tag in SHAPES:
            text = shape_path(tag, element, walk.lengths)
            return [Item(text, walk.matrix, style, element, (), None, walk.lengths)] if text is not None else []
        if tag == "use":
            inner._draw_use(element, style, walk)
        elif tag == "svg":
            inner._draw_nested(element, style, walk, element.get("width"), element.get("height"))
        else:
            inner._draw_children(element, style, walk)
        self.drawing.visited = quiet.visited
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
        if tag in ("text", "flowRoot"):
            return bool(text_of(element).strip()) and (style.is_visible or len(element) > 0)
        if tag == "image":
            return style.is_visible and bool(href(element))
        return style.is_visible

    def _passes(self, element: Element) -> bool:
        """Whether a child of a switch may be shown."""
        tag = self.document.tag(element)
        if tag not in USE_TARGETS or not meets_conditions(element):
            return False
        return tag not in UNSUPPORTED or tag in ("text", "image") or element.get("systemLanguage") is not None

    def placed(self, element: Element, style: Style, walk: Walk) -> Walk | None:
        """The walk inside an element's transform; None when it flattens everything."""
        raw = style.values.get("transform") or element.get("transform")
        if raw is None:
            return walk
        own = read_transform(raw)
        if own is None:
            self.drawing.note("A transform cannot be read and was not applied", element)
            return walk
        origin = style.values.get("transform-origin")
        if origin is not None and own != IDENTITY:
            x, y = read_origin(origin, walk.lengths)
            own = multiply(multiply((1.0, 0.0, 0.0, 1.0, x, y), own), (1.0, 0.0, 0.0, 1.0, -x, -y))
        matrix = multiply(walk.matrix, own)
        return replace(walk, matrix=matrix) if is_invertible(matrix) else None

    def effected(self, element: Element, style: Style, walk: Walk) -> Walk | None:
        """The walk inside an element's clip; None when nothing of the element shows."""
        if self.drawing.measures_only:
            return walk
        if style.opacity <= 0.0:
            return None
        if style.opacity < 1.0:
            self.drawing.note("Half-transparent elements are written like opaque ones", element)
        clip_link, mask_link, filter_link = style.link_properties
        if mask_link and self._target(mask_link, "mask") is not None:
            self.drawing.refuse(element, "masks are not read; give the element its visible outline")
            return None
        if filter_link:
            self.drawing.refuse(element, "filters are not read; the element can only be drawn without")
        if not clip_link:
            return walk
        target = self._target(clip_link, "clipPath")
        if target is None:
            if clip_link.startswith("url("):
                self.drawing.note("A clip-path refers to nothing and was not applied", element)
            else:
                self.drawing.refuse(element, f"clip-path: {shorten(clip_link, 40)} is not read; use a <clipPath>")
            return walk
        area = self.clips.area(target, element, style, walk)
        if area is None:
            return walk
        clip = area if walk.clip is None else walk.clip.intersection(area)
        return None if clip.is_empty else replace(walk, clip=clip)

    def _target(self, link: str, tag: str) -> Element | None:
        """The element of a kind that a url(#…) points to."""
        match = re.match(r"url\(\s*['\"]?#([^'\")]*?)['\"]?\s*\)", link)
        found = self.document.by_id.get(match.group(1)) if match else None
        return found if found is not None and self.document.tag(found) == tag else None

    def _draw_use(self, element: Element, style: Style, walk: Walk) -> None:
        link = href(element)
        if not link:
            return
        if not link.startswith("#"):
            self.drawing.refuse(
                element, f"refers to '{shorten(link, 60)}' outside the file; external references are not read"
            )
            return
        target = self.document.by_id.get(link[1:])
        if target is None:
            self.drawing.note(
                f"<use> refers to '{shorten(link, 60)}', which does not exist; nothing is drawn there", element
            )
            return
        tag = self.document.tag(target)
        if tag not in USE_TARGETS:
            return
        if target in walk.links or target in element.iterancestors():
            if any(self.document.tag(other) == "marker" for other in walk.links):
                return  # a marker inside itself ends there
            self.drawing.refuse(element, f"copies itself: '{shorten(link, 60)}' contains this element")
            return
        lengths = walk.lengths
        shift = (1.0, 0.0, 0.0, 1.0, lengths.px(element.get("x"), "x"), lengths.px(element.get("y"), "y"))
        inner = replace(
            walk,
            matrix=multiply(walk.matrix, shift),
            style=style,
            links=(*walk.links, target),
            depth=walk.depth + 1,
            context=Context(style, walk.context),
        )
        if tag not in ("symbol", "svg"):
            self.draw(target, inner)
            return
        self._count(target, inner)
        target_style = self.drawing.cascade.style(target, style)
        identity = target.get("id")
        if not target_style.is_displayed or (identity in self.drawing.ignored):
            self.drawing.used_ignores.update(self.drawing.ignored & {identity})
            return
        inner = replace(inner, names=(*inner.names, f"id:{identity}"))
        placed = self.placed(target, target_style, inner)
        effected = self.effected(target, target_style, placed) if placed is not None else None
        if effected is not None:
            width, height = element.get("width"), element.get("height")
            if tag == "svg":
                width, height = width or target.get("width"), height or target.get("height")
            else:
                width, height = width or target.get("width") or "100%", height or target.get("height") or "100%"
            self._draw_nested(target, target_style, effected, width, height)

    def _draw_nested(self, element: Element, style: Style, walk: Walk, width: str | None, height: str | None) -> None:
        """Content of a nested svg or a symbol in a viewport of its own."""
        lengths = walk.lengths
        is_svg = self.document.tag(element) == "svg"
        x = lengths.px(element.get("x"), "x") if is_svg else 0.0
        y = lengths.px(element.get("y"), "y") if is_svg else 0.0
        w = lengths.px(None if width == "auto" else width, "x", lengths.width)
        h = lengths.px(None if height == "auto" else height, "y", lengths.height)
        if w <= 0.0 or h <= 0.0:
            return
        clip = walk.clip
        if style.get("overflow", "hidden") not in ("visible", "auto"):
            clip = self.clips.rectangle(clip, walk.matrix, x, y, w, h)
        matrix = multiply(walk.matrix, (1.0, 0.0, 0.0, 1.0, x, y))
        inner_lengths = replace(lengths, width=w, height=h)
        box = read_view_box(element.get("viewBox"))
        if box is not None:
            fitted, _ = fit_view_box(box, w, h, element.get("preserveAspectRatio"))
            matrix = multiply(matrix, fitted)
            inner_lengths = replace(lengths, width=box.width, height=box.height)
        if clip is not None and clip.is_empty:
            return
        self._draw_children(
            element, style, replace(walk, matrix=matrix, lengths=inner_lengths, clip=clip, screen=matrix)
        )


def _with_font(lengths: LengthContext, font_px: float) -> LengthContext:
    return lengths if lengths.font_px == font_px else replace(lengths, font_px=font_px)
