"""Straight strokes gathered for one plane, written as lines or as rows of dots."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import PatternError
from lasercam.model.feature import FeatureBlock, dots, per_feature

MAX_STROKE_DOTS = 2_000_000
"""Dots of all strokes of one pattern; more is a slip of the unit."""


@dataclass
class Strokes:
    """Strokes of several parts, in the order in which they were added.

    Attributes:
        ends_um: pieces float64 (N, 2, 2): first and last point of every stroke.
        parts: pieces uint16 (N,).
        variants: pieces uint16 (N,).
    """

    ends_um: list[NDArray[np.float64]] = field(default_factory=list)
    parts: list[NDArray[np.uint16]] = field(default_factory=list)
    variants: list[NDArray[np.uint16]] = field(default_factory=list)

    def add(self, ends_um: Iterable[object] | NDArray[np.float64], part: int, variant: int = 0) -> None:
        """More strokes of one part: (N, 2, 2) points in µm."""
        ends = np.asarray(ends_um, np.float64).reshape(-1, 2, 2)
        self.ends_um.append(ends)
        self.parts.append(per_feature(part, len(ends)))
        self.variants.append(per_feature(variant, len(ends)))

    def as_lines(self) -> FeatureBlock:
        """Every stroke as one line at depth 0."""
        ends, part, variant = self._joined()
        xyz = np.zeros((2 * len(ends), 3))
        xyz[:, :2] = ends.reshape(-1, 2)
        return FeatureBlock(xyz, np.arange(0, 2 * len(ends) + 1, 2, dtype=np.int64), part, variant)

    def as_dots(self, pitch_um: float) -> FeatureBlock:
        """Every stroke as equal steps of about the pitch, both ends included; a place that strokes share comes once.

        Raises:
            PatternError: more dots than MAX_STROKE_DOTS.
        """
        ends, part, variant = self._joined()
        steps = np.maximum(np.rint(np.hypot(*(ends[:, 1] - ends[:, 0]).T) / pitch_um), 1.0)
        if steps.sum() + len(ends) > MAX_STROKE_DOTS:
            raise PatternError(
                f"strokes as dots {pitch_um:g} µm apart take {steps.sum():.3g} dots; at most {MAX_STROKE_DOTS:,} are"
                " allowed. Check the unit of the pitch."
            )
        counts = steps.astype(np.int64) + 1
        owner = np.repeat(np.arange(len(ends)), counts)
        first = np.repeat(np.cumsum(counts) - counts, counts)
        share = (np.arange(len(owner)) - first) / steps[owner]
        xy = ends[owner, 0] + share[:, None] * (ends[owner, 1] - ends[owner, 0])
        # Strokes meet in computed points: a thousandth of a pitch apart is one place.
        _, once = np.unique(np.rint(xy / (pitch_um / 1000.0)), axis=0, return_index=True)
        once.sort()
        xyz = np.column_stack((xy[once], np.zeros(len(once))))
        return dots(xyz, part[owner[once]], variant[owner[once]])

    def _joined(self) -> tuple[NDArray[np.float64], NDArray[np.uint16], NDArray[np.uint16]]:
        if not self.ends_um:
            return np.zeros((0, 2, 2)), np.zeros(0, np.uint16), np.zeros(0, np.uint16)
        return np.concatenate(self.ends_um), np.concatenate(self.parts), np.concatenate(self.variants)
