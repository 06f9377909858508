"""How much of every pixel a pass has written: strokes of a given width, drawn with soft edges."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import ceil, floor, isfinite, sqrt
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import ParameterError

Engine = Literal["auto", "numpy", "numba"]

COMPILED_FROM_STROKES = 50_000
COMPILED_FROM_PIXELS = 40_000_000
"""Work from which loading the compiled painter pays: strokes, or pixels in their boxes."""

LEAST_PX = 800
"""Pixels on the long side below which a picture looks coarse, whatever it shows."""

MAX_PIXELS = 64_000_000
"""A picture larger than this is a slip of the keyboard."""


_DOT_PX = 1e-6


@dataclass(frozen=True)
class PixelGrid:
    """Square pixels over a part of the sample; row 0 is the lowest y.

    Attributes:
        low_um: lower-left corner of the lower-left pixel, µm.
        pixel_um: edge of a pixel, µm.
        shape: rows (y) and columns (x).
    """

    low_um: tuple[float, float]
    pixel_um: float
    shape: tuple[int, int]

    @property
    def size_um(self) -> tuple[float, float]:
        """Width and height, µm."""
        return self.shape[1] * self.pixel_um, self.shape[0] * self.pixel_um


def choose_pixel_um(
    size_um: tuple[float, float],
    *,
    smallest_um: float | None = None,
    max_px: int = 2_000,
    finest_um: float | None = None,
) -> float:
    """The pixel of a picture: LEAST_PX to `max_px` on the long side, an eighth of the smallest module if that allows.

    With `smallest_um` given and a picture that needs more than `max_px` to show it with four pixels, the picture
    grows up to 1.5 × `max_px`; beyond that fewer pixels are unavoidable and the caller says so.

    Args:
        size_um: width and height of the picture, µm.
        smallest_um: edge of the smallest module to be told apart, µm; None when nothing is a module.
        max_px: pixels on the long side.
        finest_um: wanted where `max_px` allows, µm: a quarter of the thinnest stroke, say.

    Raises:
        ParameterError: a size that is not positive and finite.
    """
    long_um = max(size_um)
    for value in (long_um, float(max_px), *(v for v in (smallest_um, finest_um) if v is not None)):
        if not (isfinite(value) and value > 0):
            raise ParameterError(f"pixels need sizes above 0; found {value}")
    coarse = long_um / max_px
    fair = min(long_um / LEAST_PX, finest_um or long_um)
    if smallest_um is None:
        return max(coarse, fair)
    if coarse <= smallest_um / 4:
        return max(coarse, min(smallest_um / 8, fair))
    return max(smallest_um / 4, long_um / (1.5 * max_px))


def pixel_grid(low_um: tuple[float, float], high_um: tuple[float, float], pixel_um: float) -> PixelGrid:
    """The grid of pixels over a box, grown to whole pixels about its centre.

    Raises:
        ParameterError: an empty box, or more than MAX_PIXELS pixels.
    """
    size = (high_um[0] - low_um[0], high_um[1] - low_um[1])
    if not (isfinite(size[0]) and isfinite(size[1]) and min(size) > 0 and isfinite(pixel_um) and pixel_um > 0):
        raise ParameterError(f"a picture needs a box and a pixel above 0; found {size} µm and {pixel_um} µm")
    columns, rows = (max(1, ceil(edge / pixel_um - 1e-9)) for edge in size)
    if columns * rows > MAX_PIXELS:
        raise ParameterError(f"{columns} × {rows} pixels are more than {MAX_PIXELS:,}; choose larger pixels")
    low = (
        0.5 * (low_um[0] + high_um[0] - columns * pixel_um),
        0.5 * (low_um[1] + high_um[1] - rows * pixel_um),
    )
    return PixelGrid(low, pixel_um, (rows, columns))


def paint(
    mask: NDArray[np.float32],
    grid: PixelGrid,
    start_um: NDArray[np.float64],
    end_um: NDArray[np.float64],
    width_um: NDArray[np.float64],
    *,
    engine: Engine = "auto",
) -> None:
    """Add round-ended strokes to a coverage mask, in place.

    A pixel gains the share of its width that lies inside the stroke, measured across the stroke, and no pixel
    passes 1. Shares of neighbours add up, so hatch lines that touch leave no seam, and lines thinner than a pixel
    fill it together. Both engines give the same bits.

    Args:
        mask: float32 (rows, columns), 0 to 1; row 0 is the lowest y.
        grid: where the mask lies.
        start_um, end_um: float64 (N, 2 or 3), ends of the centre lines, µm; equal for a dot, and one array
            where there are only dots.
        width_um: float64 (N,), written width, µm, > 0.
        engine: which implementation; "auto" chooses by the amount of work.
    """
    scale = 1.0 / grid.pixel_um
    low = np.asarray(grid.low_um)
    a = np.ascontiguousarray((start_um[:, :2] - low) * scale)
    half = np.ascontiguousarray(width_um * (0.5 * scale))
    if start_um is end_um:
        b = a
        half, weight = _dot_profile(half)
    else:
        b = (end_um[:, :2] - low) * scale
        weight = np.ones_like(half)
        # A stroke this short has no direction left that arithmetic could use.
        is_dot = np.maximum(np.abs(b[:, 0] - a[:, 0]), np.abs(b[:, 1] - a[:, 1])) < _DOT_PX
        b[is_dot] = a[is_dot]
        half[is_dot], weight[is_dot] = _dot_profile(half[is_dot])
    if engine == "auto":
        sides = np.abs(b - a) + (2.0 * half + 2.0)[:, None]
        box = float(sides[:, 0] @ sides[:, 1])
        pays = len(half) > COMPILED_FROM_STROKES or box > COMPILED_FROM_PIXELS
        engine = "numba" if pays or _compiled.cache_info().currsize else "numpy"
    if engine == "numba":
        _compiled()(mask, a, b, half, weight)
    else:
        _paint_arrays(mask, a, b, half, weight)


def _dot_profile(half: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Half widths and weights with which soft-edged dots cover the area of true discs of these radii (N,), pixels.

    A disc of radius h with an edge one pixel soft covers π (h² + 1/12); below half a pixel the share measured across
    it integrates to π (h/2 + 2 h³/3).
    """
    is_small = half < 0.5
    radius = np.where(is_small, half, np.sqrt(np.maximum(half * half - 1.0 / 12.0, 0.0)))
    weight = np.where(is_small, half / (0.5 + half * half * (2.0 / 3.0)), 1.0)
    return radius, weight


def _paint_arrays(
    mask: NDArray[np.float32],
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    half: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> None:
    """Stroke by stroke over its box of pixels; ends and half widths in pixels."""
    rows, columns = mask.shape
    strokes = zip(a.tolist(), b.tolist(), half.tolist(), weight.tolist(), strict=True)
    for (ax, ay), (bx, by), h, strength in strokes:
        reach = h + 0.5
        x0, x1 = max(floor(min(ax, bx) - reach), 0), min(ceil(max(ax, bx) + reach), columns)
        y0, y1 = max(floor(min(ay, by) - reach), 0), min(ceil(max(ay, by) + reach), rows)
        if x0 >= x1 or y0 >= y1:
            continue
        dx, dy = bx - ax, by - ay
        square = dx * dx + dy * dy
        px = (np.arange(x0, x1) + 0.5 - ax)[None, :]
        py = (np.arange(y0, y1) + 0.5 - ay)[:, None]
        along = np.clip((px * dx + py * dy) / square, 0.0, 1.0) if square > 0.0 else 0.0
        ex, ey = px - along * dx, py - along * dy
        distance = np.sqrt(ex * ex + ey * ey)
        share = (np.minimum(distance + 0.5, h) - np.maximum(distance - 0.5, -h)) * strength
        patch = mask[y0:y1, x0:x1]
        np.minimum(patch + np.maximum(share, 0.0).astype(np.float32), np.float32(1.0), out=patch)


def _paint_loops(mask: Any, a: Any, b: Any, half: Any, weight: Any) -> None:
    """The same, pixel by pixel, visiting in each row only pixels near the stroke."""
    rows, columns = mask.shape
    one = np.float32(1.0)
    for i in range(len(half)):
        ax, ay, bx, by, h = a[i, 0], a[i, 1], b[i, 0], b[i, 1], half[i]
        reach = h + 0.5
        x0, x1 = max(floor(min(ax, bx) - reach), 0), min(ceil(max(ax, bx) + reach), columns)
        y0, y1 = max(floor(min(ay, by) - reach), 0), min(ceil(max(ay, by) + reach), rows)
        if x0 >= x1 or y0 >= y1:
            continue
        dx, dy = bx - ax, by - ay
        square = dx * dx + dy * dy
        # Along a row the stroke is at most this wide, one pixel of slack included.
        sideways = reach * sqrt(square) / abs(dy) + 1.0 if dy != 0.0 else 0.0
        for y in range(y0, y1):
            py = y + 0.5 - ay
            first, last = x0, x1
            if dy != 0.0 and sideways < x1 - x0:
                middle = ax + py * dx / dy
                first = max(x0, floor(middle - sideways))
                last = min(x1, ceil(middle + sideways))
            for x in range(first, last):
                px = x + 0.5 - ax
                along = 0.0
                if square > 0.0:
                    along = min(max((px * dx + py * dy) / square, 0.0), 1.0)
                ex, ey = px - along * dx, py - along * dy
                distance = sqrt(ex * ex + ey * ey)
                share = (min(distance + 0.5, h) - max(distance - 0.5, -h)) * weight[i]
                if share > 0.0:
                    mask[y, x] = min(mask[y, x] + np.float32(share), one)


@cache
def _compiled() -> Callable[..., None]:
    """The loops as machine code, kept on disk between runs."""
    import numba

    image = numba.types.Array(numba.float32, 2, "C")
    table = numba.types.Array(numba.float64, 2, "C")
    column = numba.types.Array(numba.float64, 1, "C")
    compiled: Callable[..., None] = numba.njit(numba.void(image, table, table, column, column), cache=True)(
        _paint_loops
    )
    return compiled
