"""Where a text of segments or dots may lie in a picture."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lasercam.readback.texts.glyphs import UNKNOWN, Measured, decode, measure
from lasercam.readback.texts.poses import Pose, likeness, refined, sampled, similar
from lasercam.readback.texts.raster import WIDTHS, raster_of
from lasercam.readback.texts.spots import LEVELS, Group, groups
from lasercam.sources.element_cells import ElementCells

FloatArray = NDArray[np.float64]
FloatImage = NDArray[np.float32]

_COARSE, _FINE = 14, 32
_BLUR = 0.07
"""Low-pass of the coarse raster, cap heights: what is off by less still overlaps."""
_BLURS = ((_BLUR, _BLUR), (0.2, _BLUR))
"""Low-passes that a pose is refined through, cap heights."""
_FINE_BLUR = 0.02
_WIDE_PX = 4.0
_STEP_DEG = 10.0
_MOST_STARTS = 4
_HOPELESS = 0.4
"""What no further step makes a reading of."""
_LEAST_LIKENESS = 0.75
_LEAST_FOREIGN_LIKENESS = 0.85
_LEAST_ELEMENTS = 3
_LEAST_SHARE = 0.6
"""What other pictures are less than, and texts of the pattern's cells more. Assumed, from simulated and foreign
pictures."""
_LEAST_COARSE = 0.35
_LEAST_PX_PER_HEIGHT = 10.0
_ALIGNED = 0.97
"""A group's box is wider than the text's by less than the inverse of this."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A text held against a picture.

    Attributes:
        pose: how it lies there.
        measured: its elements in the light it was found in.
        width: half width of its strokes, cap heights.
        likeness: correlation with a drawing of what was measured, 0 to 1.
    """

    pose: Pose
    measured: Measured
    width: float
    likeness: float


class TextSearch:
    """Looks for the text of a pattern; knows its elements, and which of them its messages light.

    Raises:
        ReadingError: the text is too long.
    """

    def __init__(self, cells: ElementCells) -> None:
        self.cells = cells
        self._coarse = raster_of(cells, _COARSE)
        self.fine = raster_of(cells, _FINE if len(cells) < 60 else _FINE // 2)

    def fits(self, even: FloatImage) -> list[Fitted]:
        """Likely ways in which the text lies in a picture, those that explain most of its light first.

        The job's own messages are looked for first, then any text of the pattern's cells.

        Args:
            even: float32 (height, width), bright on black.
        """
        spots = [groups(even, level) for level in LEVELS]
        together = sorted((g for found in spots for g in found), key=lambda g: -len(g.xy) * g.spread)
        most = max((len(g.xy) for g in together), default=0)
        others: list[Fitted] = []
        for starts in (self._by_moments, self._by_box):
            for group in together:
                if starts == self._by_box and len(group.xy) < _LEAST_SHARE * most:
                    continue
                likely = _distinct(self._likely(even, starts(even, group)))[:_MOST_STARTS]
                fitted = [self.fit(even, pose, is_on) for _, pose, is_on in likely]
                found = [f for f in fitted if f is not None and self._is_reading(f, share=len(group.xy) / most)]
                others += found
                if found and (starts == self._by_box or any(self.is_message(f.measured) for f in found)):
                    # Smaller groups are parts of this one.
                    return sorted(others, key=lambda f: -f.likeness)
        return sorted(others, key=lambda f: -f.likeness)

    def _is_reading(self, fitted: Fitted, share: float) -> bool:
        """Whether a fit is a message of the job, or a text that most of the light of the picture makes.

        Anything bright is like some character; so other texts are held to more than the job's own.

        Args:
            fitted: what was measured.
            share: of the light that glows.
        """
        if self.is_message(fitted.measured):
            return fitted.likeness >= _LEAST_LIKENESS
        glyphs = decode(fitted.measured, self.cells)
        unknown = sum(g.character == UNKNOWN for g in glyphs)
        told = sum(g.character not in (UNKNOWN, " ") for g in glyphs)
        lit = int(fitted.measured.is_on.sum())
        wanted = int((self.cells.hidden > 0).sum())
        return (
            share >= _LEAST_SHARE
            and fitted.likeness >= _LEAST_FOREIGN_LIKENESS
            and lit >= _LEAST_ELEMENTS
            and 2 * (told + unknown) >= wanted
            and 4 * unknown <= len(glyphs)
        )

    def is_message(self, measured: Measured) -> bool:
        """Whether all elements that are surely on or off are as in one of the job's messages."""
        sure = ~measured.in_doubt
        return any(
            bool((measured.is_on == is_on)[sure].all()) and bool(measured.is_on.any())
            for is_on in (self.cells.visible_on, self.cells.hidden_on)
        )

    def fit(self, even: FloatImage, pose: Pose, is_on: NDArray[np.bool_]) -> Fitted | None:
        """The text near a pose; its elements are measured, and the pose refined with those that are on.

        A wide low-pass finds slanted lines of text, a narrow one keeps to the right row of dots; the better one counts.
        """
        found: list[Fitted] = []
        for blurs in _BLURS:
            fitted = self._refined(even, pose, is_on, blurs)
            if fitted is not None:
                found.append(fitted)
                if self.is_message(fitted.measured) and fitted.likeness >= _LEAST_LIKENESS:
                    break
        return max(found, key=lambda f: (self.is_message(f.measured), f.likeness), default=None)

    def _refined(
        self, even: FloatImage, pose: Pose, is_on: NDArray[np.bool_], blurs: tuple[float, ...]
    ) -> Fitted | None:
        for blur in blurs:
            if not _LEAST_PX_PER_HEIGHT <= pose.scale <= 2.0 * max(even.shape):
                return None
            image = _low_passed(even, blur * pose.scale)
            template = self._coarse.template(is_on, WIDTHS[1], blur)
            for with_perspective in (False, True):
                pose = refined(image, template, self._coarse.points, pose, with_perspective=with_perspective)
                if likeness(image, template, self._coarse.points, pose) < _HOPELESS:
                    return None
            if pose.scale < _LEAST_PX_PER_HEIGHT:
                return None
            is_on = measure(even, self.cells, self.fine, pose).is_on
            if not is_on.any():
                return None
        return self.settled(even, pose, is_on)

    def settled(
        self, even: FloatImage, pose: Pose, is_on: NDArray[np.bool_], *, is_fixed: bool = False
    ) -> Fitted | None:
        """A pose refined on the fine raster, unless it is fixed, with the width of stroke that suits best."""
        image = _low_passed(even, _FINE_BLUR * pose.scale)
        points = self.fine.points
        templates = {width: self.fine.template(is_on, width, _FINE_BLUR) for width in WIDTHS}
        width = max(templates, key=lambda w: likeness(image, templates[w], points, pose))
        if not is_fixed:
            pose = refined(image, templates[width], points, pose, with_perspective=True, steps=8)
        measured = measure(even, self.cells, self.fine, pose)
        if not measured.is_on.any():
            return None
        like = max(likeness(image, self._drawn(measured, w), points, pose) for w in WIDTHS)
        return Fitted(pose, measured, width, like)

    def _drawn(self, measured: Measured, width: float) -> FloatArray:
        """What was measured as a picture: every element that is on as bright as it is."""
        level = np.where(measured.is_on, measured.brightness, 0.0).reshape(-1)
        drawn = np.where(self.fine.distance <= width, level[self.fine.nearest], 0.0).reshape(self.fine.shape)
        return np.asarray(ndimage.gaussian_filter(drawn, _FINE_BLUR * self.fine.per_height).reshape(-1), np.float64)

    def _likely(
        self, even: FloatImage, poses: Iterator[tuple[Pose, NDArray[np.bool_], FloatArray]]
    ) -> list[tuple[float, Pose, NDArray[np.bool_]]]:
        """Poses with their likeness, best first, and the elements they were held against."""
        image: dict[int, FloatImage] = {}
        found = []
        for pose, is_on, template in poses:
            if not _LEAST_PX_PER_HEIGHT <= pose.scale <= 2.0 * max(even.shape):
                continue
            octave = round(2 * np.log2(pose.scale))
            if octave not in image:
                image[octave] = _low_passed(even, _BLUR * 2.0 ** (octave / 2))
            like = likeness(image[octave], template, self._coarse.points, pose)
            if like > _LEAST_COARSE:
                found.append((like, pose, is_on))
        return sorted(found, key=lambda start: -start[0])

    @cached_property
    def _messages(self) -> list[tuple[NDArray[np.bool_], FloatArray, Group]]:
        """Elements, template and spread of both texts."""
        made = []
        for is_on in (self.cells.visible_on, self.cells.hidden_on):
            sharp = self._coarse.template(is_on, WIDTHS[2], 0.0) > 0
            template = self._coarse.template(is_on, WIDTHS[1], _BLUR)
            made.append((is_on, template, Group(self._coarse.points[sharp])))
        return made

    def _by_moments(self, even: FloatImage, group: Group) -> Iterator[tuple[Pose, NDArray[np.bool_], FloatArray]]:
        """Middle and spread of a message brought onto those of a group, in all directions."""
        for is_on, template, own in self._messages:
            scale = group.spread / own.spread
            for is_mirrored in (False, True):
                along = group.axis_deg - (-own.axis_deg if is_mirrored else own.axis_deg)
                for turned in [along, along + 180.0, *np.arange(0.0, 360.0, _STEP_DEG).tolist()]:
                    pose = similar(turned, scale, is_mirrored=is_mirrored, middle=own.middle, at=group.middle)
                    yield pose, is_on, template

    def _by_box(self, even: FloatImage, group: Group) -> Iterator[tuple[Pose, NDArray[np.bool_], FloatArray]]:
        """Height of all lines brought onto that of a group, for texts other than the job's."""
        sharp = self._coarse.points[self._coarse.distance <= WIDTHS[1]]
        low, high = sharp.min(axis=0), sharp.max(axis=0)
        few = group.xy[:: max(1, len(group.xy) // 4000)] - group.middle
        angles = [group.axis_deg, group.axis_deg + 180.0, group.axis_deg + 90.0, group.axis_deg - 90.0]
        for turned in [*np.arange(0.0, 360.0, _STEP_DEG).tolist(), *angles]:
            for is_mirrored in (False, True):
                unit = similar(turned, 1.0, is_mirrored=is_mirrored, middle=np.zeros(2), at=np.zeros(2))
                own = few @ np.linalg.inv(unit.linear).T
                left, right = np.percentile(own, (0.5, 99.5), axis=0)
                scale = (right[1] - left[1]) / (high[1] - low[1])
                spare = (high[0] - low[0]) * scale - (right[0] - left[0])
                if scale * (high[0] - low[0]) < _ALIGNED * (right[0] - left[0]) or scale <= 0:
                    continue
                shares = (0.0, 0.5, 1.0) if spare > 0.05 * scale else (0.5,)
                for share in shares:
                    corner = np.array([left[0] - share * spare, left[1]])
                    at = unit.linear @ (corner - scale * low) + group.middle
                    pose = similar(turned, scale, is_mirrored=is_mirrored, middle=np.zeros(2), at=at)
                    is_on = self._lit(even, pose)
                    if is_on.any():
                        yield pose, is_on, self._coarse.template(is_on, WIDTHS[1], _BLUR)

    def _lit(self, even: FloatImage, pose: Pose) -> NDArray[np.bool_]:
        """Elements that may be on, roughly."""
        near = self._coarse.distance <= WIDTHS[0] + 0.5 / _COARSE
        seen = sampled(even, pose.pixels(self._coarse.points[near]))
        n = self.cells.visible_on.size
        count = np.maximum(np.bincount(self._coarse.nearest[near], minlength=n), 1)
        mean = np.bincount(self._coarse.nearest[near], seen, minlength=n) / count
        return np.asarray((mean > 0.4 * mean.max()).reshape(self.cells.visible_on.shape), np.bool_)


def _low_passed(image: FloatImage, sigma_px: float) -> FloatImage:
    """The image under a Gaussian; a wide one is made of three boxes, whose time does not grow with their width."""
    if sigma_px <= 0.3:
        return image
    if sigma_px <= _WIDE_PX:
        return np.asarray(ndimage.gaussian_filter(image, sigma_px), np.float32)
    width = round(float(np.sqrt(4.0 * min(sigma_px, max(image.shape)) ** 2 + 1.0)))
    for _ in range(3):
        image = ndimage.uniform_filter(image, width | 1, mode="nearest")
    return image


def _distinct(
    starts: list[tuple[float, Pose, NDArray[np.bool_]]],
) -> list[tuple[float, Pose, NDArray[np.bool_]]]:
    """Starts that are not near a better one."""
    kept: list[tuple[float, Pose, NDArray[np.bool_]]] = []
    corners = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
    for start in starts:
        here = start[1].pixels(corners)
        near = 0.12 * start[1].scale
        if all(np.abs(here - other[1].pixels(corners)).max() > near for other in kept):
            kept.append(start)
    return kept
