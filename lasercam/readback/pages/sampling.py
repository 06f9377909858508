"""Light of every site of a lattice, and how far the dots stand from where they are expected."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lasercam.compiling import compiled
from lasercam.readback.pages.light import FloatImage
from lasercam.readback.pages.warp import FloatArray, Warp

APERTURE_PITCHES = 0.28
"""Standard deviation of the weights around a site: less loses jittered dots, more lets neighbours in."""
_STIFFNESS = 0.5
"""How much light, in sites, says nothing about a displacement: keeps blank places on the smooth map."""


def sample(planes: FloatImage, yx: FloatArray, pitch_px: float) -> NDArray[np.float32]:
    """Weighted mean of the light around every site; NaN where it is not wholly in the image.

    Args:
        planes: float32 (channels, height, width).
        yx: float64 (..., 2), pixels.
        pitch_px: of the lattice.

    Returns:
        float32 (channels, ...).
    """
    flat = np.ascontiguousarray(yx.reshape(-1, 2))
    out = np.empty((len(planes), len(flat)), np.float32)
    sigma = max(APERTURE_PITCHES * pitch_px, 0.5)
    compiled(_sample)(planes, flat, sigma, max(1, math.ceil(2.5 * sigma)), out)
    return out.reshape(len(planes), *yx.shape[:-1])


def _sample(planes: Any, yx: Any, sigma: float, reach: int, out: Any) -> None:
    channels, height, width = planes.shape
    wy, wx = np.empty(2 * reach + 1), np.empty(2 * reach + 1)
    for n in range(len(yx)):
        y, x = yx[n, 0], yx[n, 1]
        if not (y - 0.5 * sigma >= -0.5 and y + 0.5 * sigma <= height - 0.5
                and x - 0.5 * sigma >= -0.5 and x + 0.5 * sigma <= width - 0.5):  # fmt: skip
            for c in range(channels):
                out[c, n] = np.nan
            continue
        top, left = int(np.floor(y + 0.5)) - reach, int(np.floor(x + 0.5)) - reach
        sum_y, sum_x = 0.0, 0.0
        for k in range(2 * reach + 1):
            wy[k] = math.exp(-((top + k - y) ** 2) / (2 * sigma**2)) if 0 <= top + k < height else 0.0
            wx[k] = math.exp(-((left + k - x) ** 2) / (2 * sigma**2)) if 0 <= left + k < width else 0.0
            sum_y += wy[k]
            sum_x += wx[k]
        for c in range(channels):
            total = 0.0
            for i in range(2 * reach + 1):
                if wy[i] > 0.0:
                    line = 0.0
                    for j in range(2 * reach + 1):
                        if wx[j] > 0.0:
                            line += wx[j] * planes[c, top + i, left + j]
                    total += wy[i] * line
            out[c, n] = total / (sum_y * sum_x)


def site_places(warp: Warp, first: tuple[int, int], shape: tuple[int, int]) -> FloatArray:
    """Pixels (rows, columns, 2) of the sites of a box of the lattice."""
    ij = np.stack(
        np.meshgrid(np.arange(first[0], first[0] + shape[0]), np.arange(first[1], first[1] + shape[1]), indexing="ij"),
        axis=-1,
    )
    return warp.pixels(ij.reshape(-1, 2).astype(np.float64)).reshape(*shape, 2)


def follow_dots(
    even: FloatImage, warp: Warp, places: FloatArray, known: NDArray[np.bool_], smooth_sites: float
) -> tuple[FloatArray, float]:
    """Places of the sites moved to where the dots around them stand.

    The phase of the light in a window of two pitches is the offset of the dots in it; background has none.

    Args:
        even: float32 (height, width), of `even_light`, bright dots.
        warp: the map.
        places: float64 (rows, columns, 2), pixels.
        known: bool (rows, columns), sites on the page.
        smooth_sites: standard deviation of the window that moves are averaged in.

    Returns:
        The places, and the root mean square of the move in pitches.
    """
    # The brightness itself slopes at the rim of a page.
    inner = ndimage.binary_erosion(known, np.ones((3, 3), np.bool_), iterations=2)
    coarse, known = places[::2, ::2], inner[::2, ::2]
    flat = np.ascontiguousarray(coarse.reshape(-1, 2))
    slopes = warp.slopes(flat)
    inverse = np.linalg.inv(slopes)
    reach = math.ceil(1.05 * float(np.percentile(np.abs(inverse).sum(axis=2), 90.0)))
    phasors = np.zeros((len(flat), 4), np.float64)
    compiled(_phasors)(even, flat, np.ascontiguousarray(slopes), reach, phasors)
    field = phasors.reshape(*coarse.shape[:2], 4).transpose(2, 0, 1) * known
    smooth = [ndimage.gaussian_filter(part, smooth_sites / 2, mode="constant") for part in field]
    usual = float(np.median(np.hypot(field[0], field[1])[known])) if known.any() else 1.0
    moves = np.stack(
        [np.arctan2(smooth[k + 1], smooth[k] + 0.05 * _STIFFNESS * usual) / (2 * np.pi) for k in (0, 2)], axis=-1
    )
    shift = np.einsum("nij,nj->ni", inverse, moves.reshape(-1, 2)).reshape(coarse.shape)
    rows, columns = np.arange(places.shape[0]) / 2, np.arange(places.shape[1]) / 2
    grid = np.meshgrid(rows, columns, indexing="ij")
    fine = np.stack([ndimage.map_coordinates(shift[:, :, k], grid, order=1, mode="nearest") for k in (0, 1)], axis=-1)
    rms = float(np.sqrt(np.mean((moves**2).sum(axis=-1)[known]))) if known.any() else 0.0
    return places + fine, rms


def _phasors(even: Any, yx: Any, slopes: Any, reach: int, out: Any) -> None:
    height, width = even.shape
    for n in range(len(yx)):
        y0, x0 = int(np.floor(yx[n, 0] + 0.5)), int(np.floor(yx[n, 1] + 0.5))
        a, b, c, d = slopes[n, 0, 0], slopes[n, 0, 1], slopes[n, 1, 0], slopes[n, 1, 1]
        for y in range(max(y0 - reach, 0), min(y0 + reach + 1, height)):
            for x in range(max(x0 - reach, 0), min(x0 + reach + 1, width)):
                dy, dx = y - yx[n, 0], x - yx[n, 1]
                u, v = a * dy + b * dx, c * dy + d * dx
                if -1.0 < u < 1.0 and -1.0 < v < 1.0:
                    cu, su, cv, sv = (
                        math.cos(math.pi * u), math.sin(math.pi * u), math.cos(math.pi * v), math.sin(math.pi * v)
                    )  # fmt: skip
                    light = even[y, x] * (1.0 + cu) * (1.0 + cv)
                    out[n, 0] += light * (2.0 * cu * cu - 1.0)
                    out[n, 1] += light * 2.0 * su * cu
                    out[n, 2] += light * (2.0 * cv * cv - 1.0)
                    out[n, 3] += light * 2.0 * sv * cv
