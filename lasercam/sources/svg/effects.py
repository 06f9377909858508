"""What happens to an element as a whole: its transform, clip, mask, opacity and filter."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from lasercam.errors import shorten
from lasercam.geometry.area import Area
from lasercam.sources.svg.document import Element
from lasercam.sources.svg.lengths import IDENTITY, LengthContext, Matrix, is_invertible, multiply
from lasercam.sources.svg.masks import Masks
from lasercam.sources.svg.style import Style
from lasercam.sources.svg.transforms import read_origin, read_transform

if TYPE_CHECKING:
    from lasercam.sources.svg.drawing import Walk
    from lasercam.sources.svg.tree import Walker


class Effects:
    """Transforms, clips, masks of elements."""

    def __init__(self, walker: Walker) -> None:
        self._walker = walker
        self.masks = Masks(walker)

    def own_transform(self, element: Element, style: Style, lengths: LengthContext, raw: str | None) -> Matrix:
        """The matrix of an element's transform list about its transform-origin; an unreadable one does nothing."""
        own = read_transform(raw) if raw is not None else IDENTITY
        if own is None:
            self._walker.drawing.note("A transform cannot be read and was not applied", element)
            return IDENTITY
        origin = style.values.get("transform-origin")
        if origin is not None and own != IDENTITY:
            x, y = read_origin(origin, lengths)
            own = multiply(multiply((1.0, 0.0, 0.0, 1.0, x, y), own), (1.0, 0.0, 0.0, 1.0, -x, -y))
        return own

    def placed(self, element: Element, style: Style, walk: Walk) -> Walk | None:
        """The walk inside an element's transform; None when it flattens everything."""
        raw = style.values.get("transform") or element.get("transform")
        if raw is None:
            return walk
        matrix = multiply(walk.matrix, self.own_transform(element, style, walk.lengths, raw))
        return replace(walk, matrix=matrix) if is_invertible(matrix) else None

    def effected(self, element: Element, style: Style, walk: Walk) -> Walk | None:
        """The walk inside an element's clip; None when nothing of the element shows."""
        drawing = self._walker.drawing
        if drawing.measures_only:
            return walk
        if style.opacity <= 0.0:
            return None
        if style.opacity < 1.0:
            drawing.note_transparency(element)
            walk = replace(walk, opacity=walk.opacity * style.opacity)
        clip_link, mask_link, filter_link = style.link_properties
        if filter_link:
            drawing.refuse(element, "filters are not read; the element can only be drawn without", is_drawn=True)
        clip = walk.clip
        for area in (self._clip(clip_link, element, style, walk), self._mask(mask_link, element, style, walk)):
            if area is not None:
                clip = area if clip is None else clip.intersection(area)
        if clip is walk.clip:
            return walk
        return None if clip is None or clip.is_empty else replace(walk, clip=clip)

    def _clip(self, link: str, element: Element, style: Style, walk: Walk) -> Area | None:
        if not link:
            return None
        target = self._target(link, "clipPath")
        if target is not None:
            return self._walker.clips.area(target, element, style, walk)
        if link.startswith("url("):
            self._walker.drawing.note("A clip-path refers to nothing and was not applied", element)
        else:
            why = f"clip-path: {shorten(link, 40)} is not read; use a <clipPath>"
            self._walker.drawing.refuse(element, why, is_drawn=True)
        return None

    def _mask(self, link: str, element: Element, style: Style, walk: Walk) -> Area | None:
        target = self._target(link, "mask") if link else None
        return self.masks.area(target, element, style, replace(walk, clip=None)) if target is not None else None

    def _target(self, link: str, tag: str) -> Element | None:
        """The element of a kind that a url(#…) points to."""
        match = re.match(r"url\(\s*['\"]?#([^'\")]*?)['\"]?\s*\)", link)
        found = self._walker.document.by_id.get(match.group(1)) if match else None
        return found if found is not None and self._walker.document.tag(found) == tag else None
