"""Masks as areas: what a mask made of plain colours lets show."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lasercam.errors import InputError, Problem
from lasercam.geometry.area import Area
from lasercam.geometry.polylines import FloatArray
from lasercam.sources.svg.curves import item_area
from lasercam.sources.svg.document import Element
from lasercam.sources.svg.items import Item
from lasercam.sources.svg.lengths import IDENTITY, LengthContext, is_invertible, multiply
from lasercam.sources.svg.paints import Paints
from lasercam.sources.svg.strokes import stroke_area, stroke_width
from lasercam.sources.svg.style import Style

if TYPE_CHECKING:
    from lasercam.sources.svg.drawing import Walk
    from lasercam.sources.svg.tree import Walker

MAX_MASKS_DEEP = 32
"""Longest chain of masks that mask each other."""
MAX_SHAPES = 2_000
"""Most shapes of one mask."""
SHOWS_FROM = 0.5
"""Where a mask lets through at least this share, it shows what it masks."""
_LUMINANCE = np.array([0.2125, 0.7154, 0.0721])
"""Shares of red, green and blue. Source: https://www.w3.org/TR/css-masking-1/#MaskValues"""
_DIGITS = 6

_Colour = tuple[float, float, float, float]
"""Red, green, blue, each times the fourth, the opacity."""


class Masks:
    """Areas that masks let show, µm."""

    def __init__(self, walker: Walker) -> None:
        self._walker = walker
        self._open: list[Element] = []

    def area(self, mask: Element, element: Element, style: Style, walk: Walk) -> Area | None:
        """What a mask lets show of an element, µm; None (no mask) where it is met inside itself.

        Args:
            mask: the mask.
            element: what it masks, for units of its bounding box.
            style: of that element.
            walk: in the element's user space, without clip.

        Source: https://www.w3.org/TR/css-masking-1/#MaskElement
        """
        drawing = self._walker.drawing
        if mask in self._open:
            drawing.refuse(mask, "masks itself")
            return Area.empty()
        if len(self._open) >= MAX_MASKS_DEEP:
            raise InputError(Problem(f"masks mask each other over {MAX_MASKS_DEEP} deep", drawing.document.place(mask)))
        by_box = mask.get("maskUnits") != "userSpaceOnUse"
        content_by_box = mask.get("maskContentUnits") == "objectBoundingBox"
        box = self._walker.clips.bounding_box(element, style, walk) if by_box or content_by_box else None
        if box is None and (by_box or content_by_box):
            return Area.empty()
        x0, y0, x1, y1 = box or (0.0, 0.0, 0.0, 0.0)
        unit = (x1 - x0, 0.0, 0.0, y1 - y0, x0, y0)
        lengths = LengthContext(1.0, 1.0, walk.lengths.dpi) if by_box else walk.lengths
        x, y = lengths.px(mask.get("x", "-10%"), "x"), lengths.px(mask.get("y", "-10%"), "y")
        width, height = lengths.px(mask.get("width", "120%"), "x"), lengths.px(mask.get("height", "120%"), "y")
        if width <= 0.0 or height <= 0.0:
            return Area.empty()
        region = self._walker.clips.rectangle(
            None, multiply(walk.matrix, unit if by_box else IDENTITY), x, y, width, height
        )
        inner = replace(
            walk,
            style=Style.initial,
            matrix=multiply(walk.matrix, unit if content_by_box else IDENTITY),
            names=(),
            opacity=1.0,
            context=None,
            depth=walk.depth + 1,
        )
        if not is_invertible(inner.matrix):
            return Area.empty()
        self._open.append(mask)
        try:
            return self._shown(mask, inner, region)
        finally:
            self._open.pop()

    def _shown(self, mask: Element, walk: Walk, region: Area) -> Area:
        walker, drawing = self._walker, self._walker.drawing
        own = walker.inherited(mask)
        items = walker.items_in(mask, own, walk)
        if len(items) > MAX_SHAPES:
            drawing.refuse(mask, f"has {len(items):,} shapes; masks of at most {MAX_SHAPES:,} are read")
            return Area.empty()
        paints = Paints(drawing)
        layers: dict[_Colour, Area] = {}
        for item in items:
            for which in ("fill", "stroke"):
                label = paints.label(item, which)
                if label.startswith("gradient:"):
                    drawing.refuse(mask, "is made with gradients, which hide by degrees; use plain black and white")
                    return Area.empty()
                if label:
                    _paint(layers, self._covered(item, which), _colour(label, item, which, own))
        by_alpha = own.get("mask-type") == "alpha" or mask.get("mask-type") == "alpha"
        shown: list[Area] = []
        for (red, green, blue, alpha), area in layers.items():
            share = alpha if by_alpha else float(_LUMINANCE @ (red, green, blue))
            if 0.01 < share < 0.99:
                drawing.half_transparent = True
                drawing.note("Masks that let half show are read as black or white, whichever is nearer", mask)
            if share >= SHOWS_FROM:
                shown.append(area)
        whole = Area.union_of(shown).intersection(region)
        # A mask can be masked itself.
        outer = walker.effects.effected(mask, _mask_alone(own), replace(walk, clip=None))
        if outer is None:
            return Area.empty()
        return whole if outer.clip is None else whole.intersection(outer.clip)

    def _covered(self, item: Item, which: str) -> Area:
        tolerance = self._walker.drawing.tolerance_um
        if which == "fill":
            area = item_area(item, item.style.fill_rule, tolerance)
        else:
            area = stroke_area(item, tolerance) if stroke_width(item) > 0.0 else Area.empty()
        return area if item.clip is None else area.intersection(item.clip)


def _paint(layers: dict[_Colour, Area], area: Area, colour: _Colour) -> None:
    """Put an area of a colour on top of what is painted."""
    if area.is_empty or colour[3] <= 0.0:
        return
    left, opaque = area, colour[3] >= 1.0
    found: dict[_Colour, list[Area]] = {}
    for below, covered in list(layers.items()):
        both = covered.intersection(area)
        if both.is_empty:
            continue
        layers[below] = covered.difference(area)
        if not opaque:
            left = left.difference(covered)
            mixed = np.array(colour) + (1.0 - colour[3]) * np.array(below)
            red, green, blue, alpha = np.round(mixed, _DIGITS).tolist()
            found.setdefault((red, green, blue, alpha), []).append(both)
    found.setdefault(colour, []).append(left)
    for key, areas in found.items():
        layers[key] = Area.union_of([*areas, layers[key]] if key in layers else areas)
    for key in [key for key, covered in layers.items() if covered.is_empty]:
        del layers[key]


def _colour(label: str, item: Item, which: str, mask: Style) -> _Colour:
    paint = item.style.fill if which == "fill" else item.style.stroke
    alpha = paint.alpha * item.opacity
    rgb: FloatArray = np.array([int(label[i : i + 2], 16) / 255.0 for i in (1, 3, 5)])
    if mask.get("color-interpolation") == "linearRGB":
        rgb = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    red, green, blue, opacity = np.round([*(rgb * alpha), alpha], _DIGITS).tolist()
    return red, green, blue, opacity


def _mask_alone(style: Style) -> Style:
    """The style with nothing but its mask: masks have no opacity, filter or clip."""
    return Style({name: value for name, value in style.values.items() if name == "mask"}, style.font_px)
