"""Copies and nested viewports: `use`, `symbol`, `svg`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lasercam.errors import shorten
from lasercam.sources.svg.document import Element, href
from lasercam.sources.svg.items import Context
from lasercam.sources.svg.lengths import fit_view_box, multiply, read_view_box
from lasercam.sources.svg.style import Style
from lasercam.sources.svg.vocabulary import USE_TARGETS

if TYPE_CHECKING:
    from lasercam.sources.svg.drawing import Walk
    from lasercam.sources.svg.tree import Walker


def draw_use(walker: Walker, element: Element, style: Style, walk: Walk) -> None:
    """What a use shows, placed and styled by it."""
    link = href(element)
    if not link:
        return
    if not link.startswith("#"):
        walker.drawing.refuse(
            element, f"refers to '{shorten(link, 60)}' outside the file; external references are not read"
        )
        return
    target = walker.document.by_id.get(link[1:])
    if target is None:
        walker.drawing.note(
            f"<use> refers to '{shorten(link, 60)}', which does not exist; nothing is drawn there", element
        )
        return
    tag = walker.document.tag(target)
    if tag not in USE_TARGETS:
        return
    if target in walk.links or target in element.iterancestors():
        if any(walker.document.tag(other) == "marker" for other in walk.links):
            return  # a marker inside itself ends there
        walker.drawing.refuse(element, f"copies itself: '{shorten(link, 60)}' contains this element")
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
        walker.draw(target, inner)
        return
    walker.count(target, inner)
    target_style = walker.drawing.cascade.style(target, style)
    identity = target.get("id")
    if not target_style.is_displayed or (identity in walker.drawing.ignored):
        walker.drawing.used_ignores.update(walker.drawing.ignored & {identity})
        return
    inner = replace(inner, names=(*inner.names, f"id:{identity}"))
    placed = walker.effects.placed(target, target_style, inner)
    effected = walker.effects.effected(target, target_style, placed) if placed is not None else None
    if effected is not None:
        width, height = element.get("width"), element.get("height")
        if tag == "svg":
            width, height = width or target.get("width"), height or target.get("height")
        else:
            width, height = width or target.get("width") or "100%", height or target.get("height") or "100%"
        draw_nested(walker, target, target_style, effected, width, height)


def draw_nested(
    walker: Walker, element: Element, style: Style, walk: Walk, width: str | None, height: str | None
) -> None:
    """Content of a nested svg or a symbol in a viewport of its own."""
    lengths = walk.lengths
    is_svg = walker.document.tag(element) == "svg"
    x = lengths.px(element.get("x"), "x") if is_svg else 0.0
    y = lengths.px(element.get("y"), "y") if is_svg else 0.0
    w = lengths.px(None if width == "auto" else width, "x", lengths.width)
    h = lengths.px(None if height == "auto" else height, "y", lengths.height)
    if w <= 0.0 or h <= 0.0:
        return
    clip = walk.clip
    if style.get("overflow", "hidden") not in ("visible", "auto"):
        clip = walker.clips.rectangle(clip, walk.matrix, x, y, w, h)
    matrix = multiply(walk.matrix, (1.0, 0.0, 0.0, 1.0, x, y))
    inner_lengths = replace(lengths, width=w, height=h)
    box = read_view_box(element.get("viewBox"))
    if box is not None:
        fitted, _ = fit_view_box(box, w, h, element.get("preserveAspectRatio"))
        matrix = multiply(matrix, fitted)
        inner_lengths = replace(lengths, width=box.width, height=box.height)
    if clip is not None and clip.is_empty:
        return
    walker.draw_children(element, style, replace(walk, matrix=matrix, lengths=inner_lengths, clip=clip, screen=matrix))
