"""The elements of a text on a raster, to be held against a picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lasercam.errors import ReadingError
from lasercam.sources.element_cells import ElementCells

FloatArray = NDArray[np.float64]

MOST_CELLS = 300
"""Characters of one pattern; longer texts would take minutes."""
MARGIN = 0.3
"""Around the text, cap heights."""
WIDTHS = (0.02, 0.035, 0.055, 0.08)
"""Half widths of strokes that are tried, cap heights beyond their middle lines."""


@dataclass(frozen=True, eq=False)
class Raster:
    """For every point of a raster over a text: which element is nearest, and how far its middle line is.

    Points count in cap heights from the middle of the text, x right and y down, as pictures do.

    Attributes:
        points: float64 (N, 2), x and y.
        shape: rows and columns; N is their product.
        per_height: raster points in a cap height.
        nearest: int64 (N,), element number: cell · elements + element; the first of equals.
        distance: float32 (N,), cap heights.
    """

    points: FloatArray
    shape: tuple[int, int]
    per_height: int
    nearest: NDArray[np.int64]
    distance: NDArray[np.float32]

    def template(self, is_on: NDArray[np.bool_], width: float, blur: float) -> NDArray[np.float64]:
        """float64 (N,): elements that are on, so wide, low-passed; lengths in cap heights."""
        drawn = (is_on.reshape(-1)[self.nearest] & (self.distance <= width)).reshape(self.shape)
        smooth = ndimage.gaussian_filter(drawn.astype(np.float64), blur * self.per_height)
        return np.asarray(smooth.reshape(-1), np.float64)


def raster_of(cells: ElementCells, per_height: int) -> Raster:
    """The raster of a text.

    Raises:
        ReadingError: more characters than MOST_CELLS.
    """
    if len(cells) > MOST_CELLS:
        raise ReadingError(f"texts of up to {MOST_CELLS} characters are looked for; this one has {len(cells):,}")
    scale = 1.0 / cells.height_um
    origins = cells.origins_um * scale * (1.0, -1.0)
    strokes = [(_flat(lines.segments()[0] if not lines.is_dot.all() else lines.xy_um, scale),
                _flat(lines.segments()[1] if not lines.is_dot.all() else lines.xy_um, scale))
               for lines in cells.elements]  # fmt: skip
    ends = np.concatenate([np.concatenate(pair) for pair in strokes])
    low = (origins.min(axis=0) + ends.min(axis=0)) - MARGIN
    high = (origins.max(axis=0) + ends.max(axis=0)) + MARGIN
    middle = (low + high) / 2
    columns, rows = (np.ceil((high - low) * per_height).astype(int) + 1).tolist()
    x = low[0] + np.arange(columns) / per_height
    y = low[1] + np.arange(rows) / per_height
    nearest = np.zeros((rows, columns), np.int64)
    distance = np.full((rows, columns), np.inf, np.float32)
    reach = MARGIN + 0.3
    for cell, origin in enumerate(origins):
        box = [
            slice(*np.searchsorted(axis, (lo - reach, hi + reach)).tolist())
            for axis, lo, hi in (
                (y, origin[1] + ends[:, 1].min(), origin[1] + ends[:, 1].max()),
                (x, origin[0] + ends[:, 0].min(), origin[0] + ends[:, 0].max()),
            )
        ]
        at = np.stack(np.meshgrid(x[box[1]], y[box[0]]), axis=-1) - origin
        for number, (first, last) in enumerate(strokes):
            far = _distance(at, first, last)
            window = distance[box[0], box[1]]
            nearer = far < window
            window[nearer] = far[nearer]
            nearest[box[0], box[1]][nearer] = cell * len(strokes) + number
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2) - middle
    return Raster(points, (rows, columns), per_height, nearest.reshape(-1), distance.reshape(-1))


def _flat(xy_um: FloatArray, scale: float) -> FloatArray:
    return np.asarray(xy_um * scale * (1.0, -1.0), np.float64)


def _distance(at: FloatArray, first: FloatArray, last: FloatArray) -> NDArray[np.float32]:
    """Distance of points (rows, columns, 2) from the nearest of the lines from first to last (K, 2)."""
    best = np.full(at.shape[:2], np.inf)
    for a, b in zip(first, last, strict=True):
        along = b - a
        length = float(along @ along)
        share = np.clip(((at - a) @ along) / length, 0.0, 1.0)[..., None] if length else np.zeros((*at.shape[:2], 1))
        off = at - a - share * along
        best = np.minimum(best, np.hypot(off[..., 0], off[..., 1]))
    return best.astype(np.float32)
