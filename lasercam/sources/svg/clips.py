"""Clip paths as areas."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lasercam.errors import InputError, Problem
from lasercam.geometry.area import Area
from lasercam.geometry.polylines import Polylines
from lasercam.sources.svg.curves import flatten_items, item_area
from lasercam.sources.svg.document import Element, children, href
from lasercam.sources.svg.items import Item
from lasercam.sources.svg.lengths import IDENTITY, Matrix, is_invertible, multiply
from lasercam.sources.svg.shapes import SHAPES, shape_path
from lasercam.sources.svg.style import Style
from lasercam.sources.svg.text import text_items

if TYPE_CHECKING:
    from lasercam.sources.svg.drawing import Walk
    from lasercam.sources.svg.tree import Walker

MAX_CLIPS_DEEP = 32
"""Longest chain of clip paths that clip each other."""


class Clips:
    """Areas of clipPath elements and viewports, µm."""

    def __init__(self, walker: "Walker") -> None:
        self._walker = walker
        self._cache: dict[tuple[Element, Matrix, Matrix], Area] = {}
        self._open: list[Element] = []

    def rectangle(self, clip: Area | None, matrix: Matrix, x: float, y: float, width: float, height: float) -> Area:
        """The clip cut to a rectangle in user units."""
        a, b, c, d, e, f = matrix
        corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]
        ring = np.array([(a * px + c * py + e, b * px + d * py + f) for px, py in corners])
        area = Area.from_rings(Polylines.from_list([ring]))
        return area if clip is None else clip.intersection(area)

    def area(self, clip_path: Element, element: Element, style: Style, walk: "Walk") -> Area | None:
        """What a clipPath lets through of an element, µm; None (no clip) where it is met inside itself.

        Args:
            clip_path: the clipPath.
            element: what it clips, for clipPathUnits="objectBoundingBox".
            style: of that element.
            walk: in the element's user space.

        Source: https://www.w3.org/TR/css-masking-1/#ClipPathElement
        """
        if clip_path in self._open:
            self._walker.drawing.refuse(clip_path, "clips itself")
            return None
        if len(self._open) >= MAX_CLIPS_DEEP:
            place = self._walker.document.place(clip_path)
            raise InputError(Problem(f"clip paths clip each other over {MAX_CLIPS_DEEP} deep", place))
        unit = IDENTITY
        if clip_path.get("clipPathUnits") == "objectBoundingBox":
            box = self.bounding_box(element, style, walk)
            if box is None:
                return Area.empty()
            unit = (box[2] - box[0], 0.0, 0.0, box[3] - box[1], box[0], box[1])
        key = (clip_path, walk.matrix, unit)
        found = self._cache.get(key)
        if found is None:
            self._open.append(clip_path)
            found = self._cache[key] = self._read(clip_path, replace(walk, clip=None), unit)
            self._open.pop()
        return found

    def _read(self, clip_path: Element, walk: "Walk", unit: Matrix) -> Area:
        walker = self._walker
        style = walker.inherited(clip_path)
        placed = walker.effects.placed(clip_path, style, walk)
        if placed is None or not is_invertible(placed.matrix):
            return Area.empty()
        placed = replace(placed, matrix=multiply(placed.matrix, unit))
        areas = [area for child in children(clip_path) if (area := self._child(child, style, placed)) is not None]
        whole = Area.union_of(areas)
        outer = walker.effects.effected(clip_path, replace_opacity(style), walk)
        if outer is None:
            return Area.empty()
        return whole if outer.clip is None else whole.intersection(outer.clip)

    def _child(self, child: Element, parent: Style, walk: "Walk") -> Area | None:
        """Area of one child of a clipPath; None when it adds nothing."""
        walker = self._walker
        tag = walker.document.tag(child)
        style = walker.drawing.cascade.style(child, parent)
        if (tag not in SHAPES and tag not in ("use", "text")) or not style.is_displayed:
            return None
        placed = walker.effects.placed(child, style, walk)
        if placed is None:
            return None
        effected = walker.effects.effected(child, replace_opacity(style), replace(placed, clip=None))
        if effected is None:
            return None
        if tag == "use":
            target = walker.document.by_id.get(href(child)[1:]) if href(child).startswith("#") else None
            if target is None or walker.document.tag(target) not in (*SHAPES, "text"):
                return None
            lengths = walk.lengths
            shift = (1.0, 0.0, 0.0, 1.0, lengths.px(child.get("x"), "x"), lengths.px(child.get("y"), "y"))
            area = self._child(target, style, replace(effected, matrix=multiply(effected.matrix, shift), clip=None))
        elif tag == "text":
            tolerance = walker.drawing.tolerance_um
            letters = text_items(walker, child, style, replace(effected, lengths=walk.lengths, names=()))
            area = Area.union_of([item_area(item, "nonzero", tolerance) for item in letters])
        else:
            text = shape_path(tag, child, effected.lengths)
            if text is None or not style.is_visible:
                return None
            item = Item(text, effected.matrix, style, child, (), None, effected.lengths)
            area = item_area(item, style.get("clip-rule", "nonzero"), walker.drawing.tolerance_um)
        if area is None or effected.clip is None:
            return area
        return area.intersection(effected.clip)

    def bounding_box(self, element: Element, style: Style, walk: "Walk") -> tuple[float, float, float, float] | None:
        """Bounds of an element's geometry in its own user units, strokes and clips left out; None without extent."""
        items = self._walker.geometry_of(element, style, replace(walk, matrix=IDENTITY, clip=None))
        if not items:
            return None
        scale = max(abs(v) for v in walk.matrix[:4]) or 1.0
        flat = flatten_items(items, self._walker.drawing.tolerance_um / scale / 10.0)
        if not len(flat.lines):
            return None
        x0, y0, x1, y1 = flat.lines.bounds_um()
        return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def replace_opacity(style: Style) -> Style:
    """The style without opacity, mask and filter, which clip paths do not have."""
    values = {k: v for k, v in style.values.items() if k not in ("opacity", "mask", "filter")}
    return Style(values, style.font_px)
