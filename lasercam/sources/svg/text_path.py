"""The line that text on a path stands on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lasercam.geometry.polylines import FloatArray
from lasercam.sources.svg.curves import flatten_table
from lasercam.sources.svg.lengths import LengthContext, Matrix, numbers
from lasercam.sources.svg.path_data import read_paths

_SHARE_OF_EM = 1e-3
"""How true the line is, in sizes of the font."""


@dataclass(frozen=True, eq=False)
class TextLine:
    """A path by distance along it.

    Attributes:
        xy: (N, 2), user units, y down; moves between subpaths take no length.
        along: (N,), distance from the start.
        start: where the text begins.
    """

    xy: FloatArray
    along: FloatArray
    start: float

    @property
    def end(self) -> tuple[float, float]:
        """Where the path ends."""
        return float(self.xy[-1, 0]), float(self.xy[-1, 1])

    def at(self, distance: float) -> tuple[float, float, float, float] | None:
        """x, y and the direction's cosine and sine at a distance; None beyond the ends."""
        total = float(self.along[-1])
        if not 0.0 <= distance <= total:
            return None
        piece = int(np.searchsorted(self.along, distance, side="right")) - 1
        while piece > 0 and (piece + 1 >= len(self.along) or self.along[piece + 1] <= self.along[piece]):
            piece -= 1
        step = self.xy[piece + 1] - self.xy[piece]
        length = float(np.hypot(*step))
        if length == 0.0:
            return None
        x, y = self.xy[piece] + step * ((distance - self.along[piece]) / length)
        return float(x), float(y), float(step[0] / length), float(step[1] / length)


def text_line(
    path: str, matrix: Matrix, offset: str | None, stated: str | None, lengths: LengthContext
) -> TextLine | None:
    """The line along path data; None where there is nothing to stand on.

    Args:
        path: path data.
        matrix: its transform.
        offset: the `startOffset`.
        stated: the path's `pathLength`, which offsets are measured in.
        lengths: what they relate to.

    Source: https://www.w3.org/TR/SVG2/text.html#TextLayoutPath
    """
    flat = flatten_table(read_paths([path]), np.array([matrix]), max(lengths.font_px, 1e-6) * _SHARE_OF_EM)
    if not len(flat.lines):
        return None
    xy = flat.lines.xy_um
    step = np.hypot(*np.diff(xy, axis=0).T) if len(xy) > 1 else np.zeros(0)
    step[flat.lines.offsets[1:-1] - 1] = 0.0  # from one subpath to the next
    along = np.concatenate(([0.0], np.cumsum(step)))
    total = float(along[-1])
    if total <= 0.0:
        return None
    if offset is not None and offset.strip().endswith("%"):
        start = lengths.px(offset.strip()[:-1], "x") / 100.0 * total
    else:
        start = lengths.px(offset, "x")
        said = numbers(stated or "")
        if len(said) == 1 and said[0] > 0.0:
            start *= total / said[0]
    return TextLine(np.array(xy), along, start)
