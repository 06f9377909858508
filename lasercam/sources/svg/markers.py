"""Markers: where they stand on a path, how they are turned, and what they draw."""

from __future__ import annotations

import cmath
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from lasercam.sources.svg.document import Element, SvgDocument
from lasercam.sources.svg.items import Context, Item
from lasercam.sources.svg.lengths import (
    IDENTITY,
    LengthContext,
    Matrix,
    ViewBox,
    fit_view_box,
    is_invertible,
    multiply,
    read_view_box,
)
from lasercam.sources.svg.mathematics import directions
from lasercam.sources.svg.path_data import CLOSE, MOVE, read_paths
from lasercam.sources.svg.style import Style

if TYPE_CHECKING:
    from lasercam.sources.svg.drawing import Walk
    from lasercam.sources.svg.tree import Walker

MAX_MARKERS_DEEP = 4
"""Deepest nesting of markers on the lines of markers."""

_ANGLE = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(deg|rad|grad|turn)?")
_PER_UNIT = {None: 1.0, "deg": 1.0, "rad": 180.0 / math.pi, "grad": 0.9, "turn": 360.0}


def draw_markers(walker: Walker, item: Item, walk: Walk) -> None:
    """The markers of a path, each clipped to its own viewport."""
    for marker, placement in marker_placements(item, walker.document):
        if marker in walk.links:
            continue  # a marker inside itself ends there
        if sum(walker.document.tag(link) == "marker" for link in walk.links) >= MAX_MARKERS_DEEP:
            walker.drawing.refuse(item.element, f"markers stand on markers over {MAX_MARKERS_DEEP} deep")
            return
        marker_style = walker.drawing.cascade.style(marker, Style.initial)
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
            inner = replace(inner, clip=walker.clips.rectangle(inner.clip, inner.matrix, *corner))
        effected = walker.effects.effected(marker, marker_style, inner)
        if effected is not None:
            parents = walker.inherited(marker)
            walker.draw_children(marker, parents, effected)


def marker_placements(item: Item, document: SvgDocument) -> Iterator[tuple[Element, Matrix]]:
    """Markers of a path with their placements in its user space, the marker's reference point at the origin.

    Source: https://www.w3.org/TR/SVG2/painting.html#RenderingMarkers
    """
    style = item.style
    marker = {where: _marker(style.get(f"marker-{where}", "none"), document) for where in ("start", "mid", "end")}
    if not any(element is not None for element in marker.values()):
        return
    vertices = _vertices(item)
    width = item.lengths.px(style.get("stroke-width", "1"), "d", 1.0)
    for index, (point, incoming, outgoing) in enumerate(vertices):
        roles = []
        if index == 0:
            roles.append("start")
        if 0 < index < len(vertices) - 1:
            roles.append("mid")
        if index == len(vertices) - 1:
            roles.append("end")
        for role in roles:
            element = marker[role]
            if element is None:
                continue
            orient = (element.get("orient") or "0").strip()
            if orient in ("auto", "auto-start-reverse"):
                # Browsers turn the first and last marker along the line, also where a path closes.
                is_end = role == "end" and incoming is not None
                is_start = role == "start" and outgoing is not None
                angle = _bisector(None if is_start else incoming, None if is_end else outgoing)
                if orient == "auto-start-reverse" and role == "start":
                    angle += math.pi
            else:
                match = _ANGLE.fullmatch(orient)
                angle = math.radians(float(match.group(1)) * _PER_UNIT[match.group(2)]) if match else 0.0
            cos, sin = math.cos(angle), math.sin(angle)
            scale = 1.0 if element.get("markerUnits") == "userSpaceOnUse" else width
            if scale > 0.0:
                place: Matrix = (cos, sin, -sin, cos, point.real, point.imag)
                yield element, multiply(place, (scale, 0.0, 0.0, scale, 0.0, 0.0))


def reference_px(text: str | None, lengths: LengthContext, axis: str, box: ViewBox | None) -> float:
    """refX or refY of a marker, with the keywords of SVG 2."""
    if text is not None and box is not None:
        share = {"left": 0.0, "top": 0.0, "center": 0.5, "right": 1.0, "bottom": 1.0}.get(text.strip())
        if share is not None:
            return (box.x if axis == "x" else box.y) + share * (box.width if axis == "x" else box.height)
    return lengths.px(text, axis)


def _marker(link: str, document: SvgDocument) -> Element | None:
    match = re.match(r"url\(\s*['\"]?#([^'\")]*?)['\"]?\s*\)", link)
    found = document.by_id.get(match.group(1)) if match else None
    return found if found is not None and document.tag(found) == "marker" else None


def _vertices(item: Item) -> list[tuple[complex, complex | None, complex | None]]:
    """Every vertex of a path with its incoming and outgoing direction."""
    table = read_paths([item.path])
    found: list[list[complex | None]] = []
    first = 0
    for kind, row in zip(table.kind.tolist(), table.points, strict=True):
        end = complex(row[6], row[7])
        if kind == MOVE:
            # A move that only continues after a close stands where a vertex already is.
            first = len(found)
            found.append([end, None, None])
            continue
        pair = directions(kind, row)
        before, after = pair if pair is not None else (found[-1][1], found[-1][1])
        found[-1][2] = before
        found.append([end, after, None])
        if kind == CLOSE:
            found[-1][2] = found[first][2]
            if found[first][1] is None:
                found[first][1] = after
    return [(v[0] or 0j, v[1], v[2]) for v in found]


def _bisector(incoming: complex | None, outgoing: complex | None) -> float:
    """Direction halfway between two, radians."""
    if incoming is None and outgoing is None:
        return 0.0
    if incoming is None or outgoing is None:
        return cmath.phase(outgoing if incoming is None else incoming)  # type: ignore[arg-type] # one is there
    first, second = (cmath.phase(direction) % (2.0 * math.pi) for direction in (incoming, outgoing))
    half = (second - first) / 2.0
    # The smaller of the two angles between them is halved.
    return first + half - (math.pi if abs(half) > math.pi / 2.0 else 0.0)
