"""Text elements as shapes: the letters of every span are one outline, painted like any other shape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from lasercam.sources.svg.characters import Span, TextContent, line_target, read_text
from lasercam.sources.svg.document import Element
from lasercam.sources.svg.items import Item
from lasercam.sources.svg.lengths import Matrix, is_invertible, multiply
from lasercam.sources.svg.shapes import shape_path
from lasercam.sources.svg.style import Style
from lasercam.sources.svg.text_path import TextLine, text_line
from lasercam.sources.svg.typesetting import PlacedCluster, Typesetter
from lasercam.sources.text.bidi import EXPLICIT
from lasercam.sources.text.outlines import is_visible

if TYPE_CHECKING:
    from lasercam.sources.svg.drawing import Walk
    from lasercam.sources.svg.tree import Walker

MAX_CHARACTERS = 100_000
"""Longest text of one element."""
MAX_NAMED = 12
"""Characters named in one message."""
_LETTERS = {"line": "L", "quadratic": "Q", "cubic": "C"}
_LEFT_OUT = ("fill-rule", "clip-rule", "marker-start", "marker-mid", "marker-end")
"""Properties that mean nothing for letters, which are nonzero."""


def text_items(walker: Walker, element: Element, style: Style, walk: Walk) -> list[Item]:
    """Everything a text element paints, in painting order; one item with its cells where only bounds are asked for.

    Args:
        walker: where notes and refusals go.
        element: the text.
        style: computed.
        walk: inside the text's transform and effects; its names hold the text's own.
    """
    content = read_text(walker, element, style, walk.names, walk.lengths)
    if not content.characters:
        return []
    problem = _problem(content)
    if problem:
        walker.drawing.refuse(element, problem)
        return []
    setter = Typesetter(content, walker.drawing.families)
    placed = setter.set(_lines(walker, content))
    lost = {**setter.missing, **dict.fromkeys(_without_outline(placed))}
    if lost:
        named = ", ".join(f"'{c}' (U+{ord(c):04X})" for c in list(lost)[:MAX_NAMED])
        walker.drawing.refuse(element, f"no font at hand has an outline of {named}; give one under 'fonts'")
        return []
    if walker.drawing.measures_only:
        return [_item("".join(map(_cell, placed)), style, placed[0].span, walk)] if placed else []
    items: list[Item] = []
    for span, group in groupby(placed, key=lambda one: one.span):
        if not span.style.is_visible or any(outer.style.opacity <= 0.0 for outer in span.raised):
            continue
        own, clusters = _painted(span.style, walker), list(group)
        for kind in ("underline", "overline"):
            items += _ruled(clusters, span, kind, walker, walk)
        # Outlines of fonts of different kinds turn differently, and would cancel where they overlap.
        for _, same in groupby(clusters, key=lambda one: id(one.face)):
            items.append(_item("".join(_outlines(same)), own, span, walk))
        items += _ruled(clusters, span, "line-through", walker, walk)
    return [item for item in items if item.path]


def _problem(content: TextContent) -> str:
    """Why a text cannot be set; empty when it can."""
    if len(content.characters) > MAX_CHARACTERS:
        return f"has {len(content.characters):,} characters; at most {MAX_CHARACTERS:,} are set"
    if any(one.sign in EXPLICIT for one in content.characters):
        return "holds unseen characters that turn the direction of writing; remove them"
    return ""


def _without_outline(placed: Iterable[PlacedCluster]) -> Iterator[str]:
    """Visible characters for which the font has a picture, or nothing."""
    for one in placed:
        if not any(one.face.outline(glyph) for glyph, _, _ in one.glyphs):
            yield from (sign for sign in one.signs if is_visible(sign))


def _lines(walker: Walker, content: TextContent) -> dict[Element, TextLine | None]:
    """What each textPath stands on."""
    found: dict[Element, TextLine | None] = {}
    for span, _, _ in content.ranges:
        if span.path is span.element:
            found[span.element] = _line(walker, span)
    return found


def _line(walker: Walker, span: Span) -> TextLine | None:
    element = span.element
    if element.get("side") == "right":
        walker.drawing.note("Text on the right side of a path is written on its left", element)
    target = line_target(walker, element)
    if target is None:
        return None
    tag, offset = walker.document.tag(target), element.get("startOffset")
    path = shape_path(tag, target, span.lengths)
    own = walker.inherited(target)
    raw = own.values.get("transform") or target.get("transform")
    matrix = walker.effects.own_transform(target, own, span.lengths, raw)
    return text_line(path, matrix, offset, target.get("pathLength"), span.lengths) if path else None


def _painted(style: Style, walker: Walker) -> Style:
    """The style without what means nothing for letters; one object for each style."""
    return walker.drawing.text_style(style, _LEFT_OUT)


def _item(path: str, style: Style, span: Span, walk: Walk) -> Item:
    screen = walk.screen if style.get("vector-effect") == "non-scaling-stroke" else None
    return Item(
        path, walk.matrix, style, span.element, span.names, walk.clip, span.lengths, walk.context, screen, walk.opacity
    )


def _outlines(clusters: Iterable[PlacedCluster]) -> Iterator[str]:
    """Path data of the glyphs of clusters."""
    for one in clusters:
        scale = one.size_px / one.face.units_per_em
        for glyph, gx, gy in one.glyphs:
            place: Matrix = (scale * one.stretch, 0.0, 0.0, -scale, gx * one.size_px * one.stretch, -gy * one.size_px)
            matrix = multiply(multiply(one.matrix, one.inner), place)
            if not is_invertible(matrix):
                continue
            a, b, c, d, e, f = matrix
            for contour in one.face.outline(glyph):
                for index, (kind, points) in enumerate(contour):
                    placed = [f"{a * x + c * y + e!r} {b * x + d * y + f!r}" for x, y in points]
                    if index == 0:
                        yield f"M{placed[0]}"
                    yield _LETTERS[kind] + " ".join(placed[1:])
                yield "Z"


def _cell(one: PlacedCluster) -> str:
    """The box of a cluster on its line, as path data."""
    metrics = one.face.metrics
    return _box(one.matrix, 0.0, -metrics.ascent * one.size_px, one.advance_px, -metrics.descent * one.size_px)


def _box(matrix: Matrix, left: float, top: float, right: float, bottom: float) -> str:
    a, b, c, d, e, f = matrix
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return "M" + "L".join(f"{a * x + c * y + e!r} {b * x + d * y + f!r}" for x, y in corners) + "Z"


def _ruled(clusters: list[PlacedCluster], span: Span, kind: str, walker: Walker, walk: Walk) -> list[Item]:
    """Underline, overline or line through, painted as the element that asks for it is."""
    items = []
    for _, style in (line for line in span.lines if line[0] == kind):
        boxes = []
        for group in _straight_groups(clusters):
            first, size = group[0], style.font_px
            metrics = first.face.metrics
            above = {"underline": metrics.underline, "overline": metrics.ascent, "line-through": metrics.strike}[kind]
            middle, half = -above * size, metrics.thickness * size / 2.0
            width = sum(one.advance_px for one in group)
            boxes.append(_box(first.matrix, 0.0, middle - half, width, middle + half))
        items.append(_item("".join(boxes), _painted(style, walker), span, walk))
    return items


def _straight_groups(clusters: list[PlacedCluster]) -> list[list[PlacedCluster]]:
    """Clusters that follow each other on one straight line."""
    groups: list[list[PlacedCluster]] = []
    for one in clusters:
        if groups:
            last = groups[-1][-1]
            a, b, c, d, e, f = last.matrix
            end = (a, b, c, d, e + a * last.advance_px, f + b * last.advance_px)
            if all(abs(p - q) <= 1e-6 * max(one.size_px, 1.0) for p, q in zip(end, one.matrix, strict=True)):
                groups[-1].append(one)
                continue
        groups.append([one])
    return groups
