"""Patterns as paint: the shapes of their tiles, cut to what they paint."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lasercam.geometry.area import Area
from lasercam.sources.svg.curves import flatten_items, item_area
from lasercam.sources.svg.document import Element, children, href
from lasercam.sources.svg.items import Item
from lasercam.sources.svg.lengths import (
    IDENTITY,
    LengthContext,
    Matrix,
    fit_view_box,
    inverse,
    is_invertible,
    multiply,
    read_view_box,
)
from lasercam.sources.svg.strokes import stroke_area, stroke_width
from lasercam.sources.svg.style import Style

if TYPE_CHECKING:
    from lasercam.sources.svg.drawing import Walk
    from lasercam.sources.svg.tree import Walker

MAX_TILES = 2_500
"""Most tiles of one shape."""
_MAX_INDEX = 1e9
"""Tiles farther from the origin of their pattern cannot be placed truly."""
MAX_LINKS = 32
"""Longest chain of patterns that refer to one another."""
MAX_PATTERNS_DEEP = 4
"""Deepest nesting of patterns in the tiles of patterns."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class _Tiling:
    """A pattern on one shape.

    Attributes:
        pattern: the element named by the shape.
        content: the element whose children are the tile.
        matrix: pattern space to µm.
        x: of the first tile, pattern space.
        y: of the first tile.
        width: of a tile, > 0.
        height: of a tile, > 0.
        inner: tile content, placed for the first tile, to pattern space.
    """

    pattern: Element
    content: Element
    matrix: Matrix
    x: float
    y: float
    width: float
    height: float
    inner: Matrix


class PatternPaints:
    """Spells out items painted with patterns."""

    def __init__(self, walker: Walker) -> None:
        self._walker = walker
        self._bare: dict[tuple[int, bool, bool], tuple[Style, Style]] = {}

    def spelt_out(self, item: Item, walk: Walk) -> list[Item]:
        """The item without its patterns, and the tiles they put below and above it, in painting order."""
        fill, stroke = self._pattern(item.style.fill.server), self._pattern(item.style.stroke.server)
        if fill is None and stroke is None:
            return [item]
        found: list[Item] = []
        if fill is not None and item.style.fill.alpha > 0.0:
            tolerance = self._walker.drawing.tolerance_um
            found += self._tiles(fill, item, item_area(item, item.style.fill_rule, tolerance), walk)
        bare = replace(item, style=self._style(item.style, fill=fill is not None, stroke=stroke is not None))
        if not (bare.style.fill.is_none and bare.style.stroke.is_none):
            found.append(bare)
        if stroke is not None and item.style.stroke.alpha > 0.0 and stroke_width(item) > 0.0:
            found += self._tiles(stroke, item, stroke_area(item, self._walker.drawing.tolerance_um), walk)
        return found

    def _pattern(self, server: str) -> Element | None:
        document = self._walker.document
        found = document.by_id.get(server) if server else None
        return found if found is not None and document.tag(found) == "pattern" else None

    def _style(self, style: Style, *, fill: bool, stroke: bool) -> Style:
        """The style without paints that are patterns; one object for each style."""
        key = (id(style), fill, stroke)
        known = self._bare.get(key)
        if known is None:
            values = dict(style.values)
            values.update({name: "none" for name, gone in (("fill", fill), ("stroke", stroke)) if gone})
            known = self._bare[key] = (style, Style(values, style.font_px))  # the style is kept: its id is in the key
        return known[1]

    def _tiles(self, pattern: Element, item: Item, area: Area, walk: Walk) -> list[Item]:
        if item.clip is not None:
            area = area.intersection(item.clip)
        if area.is_empty:
            return []
        drawing = self._walker.drawing
        if pattern in walk.links or sum(drawing.document.tag(e) == "pattern" for e in walk.links) >= MAX_PATTERNS_DEEP:
            drawing.refuse(pattern, f"is painted with itself, or stands in over {MAX_PATTERNS_DEEP} other patterns")
            return []
        tiling = self._tiling(pattern, item, walk)
        if tiling is None:
            return []
        found = _range(tiling, area)
        if found is None:
            drawing.refuse(
                item.element,
                f"its pattern '{pattern.get('id')}' has more than {MAX_TILES:,} tiles there, which is too fine",
            )
            return []
        columns, rows = found
        return list(self._drawn(tiling, item, area, walk, columns, rows))

    def _drawn(
        self, tiling: _Tiling, item: Item, area: Area, walk: Walk, columns: range, rows: range
    ) -> Iterator[Item]:
        import shapely

        walker = self._walker
        style = walker.inherited(tiling.content)
        names = (*item.names, f"id:{tiling.pattern.get('id')}")
        is_cut = style.get("overflow", "hidden") not in ("visible", "auto")
        shapely.prepare(area.geometry)
        for row in rows:
            for column in columns:
                shift = (1.0, 0.0, 0.0, 1.0, column * tiling.width, row * tiling.height)
                placed = multiply(tiling.matrix, shift)
                tile = walker.clips.rectangle(None, placed, tiling.x, tiling.y, tiling.width, tiling.height)
                if not shapely.intersects(area.geometry, tile.geometry):
                    continue
                clip = area
                if is_cut:
                    clip = tile if shapely.contains(area.geometry, tile.geometry) else area.intersection(tile)
                inner = replace(
                    walk,
                    style=style,
                    matrix=multiply(placed, tiling.inner),
                    names=names,
                    clip=clip,
                    links=(*walk.links, tiling.pattern),
                    depth=walk.depth + 1,
                    context=None,
                    opacity=item.opacity,
                )
                if not clip.is_empty and is_invertible(inner.matrix):
                    yield from walker.items_in(tiling.content, style, inner)

    def _tiling(self, pattern: Element, item: Item, walk: Walk) -> _Tiling | None:
        """How a pattern lies on an item; None when it paints nothing.

        Source: https://www.w3.org/TR/SVG2/pservers.html#PatternElement
        """
        chain = self._chain(pattern)

        def value(name: str) -> str | None:
            return next((found for one in chain if (found := one.get(name)) is not None), None)

        content = next((one for one in chain if any(True for _ in children(one))), None)
        if content is None:
            return None
        by_box = value("patternUnits") != "userSpaceOnUse"
        view_box = read_view_box(value("viewBox"))
        content_by_box = value("patternContentUnits") == "objectBoundingBox" and view_box is None
        box = _bounds(item, self._walker.drawing.tolerance_um) if by_box or content_by_box else None
        if box is None and (by_box or content_by_box):
            return None
        x0, y0, x1, y1 = box or (0.0, 0.0, 0.0, 0.0)
        lengths = LengthContext(1.0, 1.0, walk.lengths.dpi) if by_box else walk.lengths
        sx, sy = (x1 - x0, y1 - y0) if by_box else (1.0, 1.0)
        left, top = lengths.px(value("x"), "x") * sx, lengths.px(value("y"), "y") * sy
        width, height = lengths.px(value("width"), "x") * sx, lengths.px(value("height"), "y") * sy
        if width <= 0.0 or height <= 0.0:
            return None
        if by_box:
            left, top = left + x0, top + y0
        inner = IDENTITY
        if view_box is not None:
            fitted, _ = fit_view_box(view_box, width, height, value("preserveAspectRatio"))
            inner = multiply((1.0, 0.0, 0.0, 1.0, left, top), fitted)
        elif content_by_box:
            inner = (x1 - x0, 0.0, 0.0, y1 - y0, left, top)
        else:
            inner = (1.0, 0.0, 0.0, 1.0, left, top)
        style = self._walker.inherited(pattern)
        own = self._walker.effects.own_transform(pattern, style, walk.lengths, value("patternTransform"))
        matrix = multiply(item.matrix, own if is_invertible(own) else IDENTITY)
        return _Tiling(pattern, content, matrix, left, top, width, height, inner)

    def _chain(self, pattern: Element) -> list[Element]:
        """A pattern and those it takes what it lacks from."""
        found = [pattern]
        while len(found) < MAX_LINKS:
            link = href(found[-1])
            following = self._pattern(link[1:]) if link.startswith("#") else None
            if following is None or following in found:
                break
            found.append(following)
        return found


def _bounds(item: Item, tolerance_um: float) -> Box | None:
    """Bounds of an item's geometry in its own user space; None without extent."""
    scale = max(map(abs, item.matrix[:4]))
    flat = flatten_items([replace(item, matrix=IDENTITY)], tolerance_um / scale / 10.0)
    if not len(flat.lines):
        return None
    x0, y0, x1, y1 = flat.lines.bounds_um()
    return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def _range(tiling: _Tiling, area: Area) -> tuple[range, range] | None:
    """Columns and rows of the tiles that may meet an area; None where they are more than MAX_TILES."""
    a, b, c, d, e, f = inverse(tiling.matrix)
    x0, y0, x1, y1 = area.bounds_um()
    corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    x = (corners @ (a, c) + e - tiling.x) / tiling.width
    y = (corners @ (b, d) + f - tiling.y) / tiling.height
    first = np.floor([x.min(), y.min()])
    count = np.maximum(np.ceil([x.max(), y.max()]) - first, 1.0)
    if not (np.abs(first).max() < _MAX_INDEX and count.prod() <= MAX_TILES):
        return None
    column, row = first.astype(np.int64).tolist()
    n_columns, n_rows = count.astype(np.int64).tolist()
    return range(column, column + n_columns), range(row, row + n_rows)
