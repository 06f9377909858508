"""From stored values to light at the wanted size: tone curves, grey, backgrounds, resampling."""

from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lasercam.sources.image.picture import Picture

FloatArray = NDArray[np.float64]
Gamma = Literal["stored", "srgb"] | float

GREY_WEIGHTS = (0.2126, 0.7152, 0.0722)
"""Luminance of linear sRGB red, green and blue. Source: IEC 61966-2-1."""
_BAND_VALUES = 2_000_000


def linear_light(values: FloatArray, gamma: Gamma) -> FloatArray:
    """Values 0 to 1 after the tone curve.

    >>> float(linear_light(np.array([0.5]), 2.0)[0])
    0.25

    Source: IEC 61966-2-1 (sRGB).
    """
    if gamma == "stored":
        return values
    if gamma == "srgb":
        return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return values ** float(gamma)


def colour_channels(hex_colour: str) -> FloatArray:
    """float64 (3,), stored values 0 to 1 of '#rrggbb'."""
    return np.array([int(hex_colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0


def tones(
    picture: Picture, gamma: Gamma, background: str | None, size: tuple[int, int], *, grey: bool
) -> NDArray[np.float32]:
    """Light per pixel at a new size, each pixel the mean of the surface it covers.

    Transparent pixels are laid over the background in stored values, as picture viewers do; grey is the luminance
    of what the tone curve gives. Means are taken after the tone curve.

    Args:
        picture: stored values.
        gamma: the tone curve.
        background: '#rrggbb' behind transparent pixels; None when there are none or they do not matter.
        size: columns and rows of the result.
        grey: one channel instead of three.

    Returns:
        float32 (rows, columns, 1 or 3), 0 to 1.
    """
    table = linear_light(np.arange(int(picture.full) + 1) / picture.full, gamma)
    behind = None if background is None or picture.alpha is None else colour_channels(background)

    def band(first: int, stop: int) -> FloatArray:
        stored = picture.values[first:stop]
        if behind is None or picture.alpha is None:
            light = table[stored]
        else:
            cover = picture.alpha[first:stop, :, None] / picture.full
            light = linear_light(np.clip(stored / picture.full * cover + behind * (1.0 - cover), 0.0, 1.0), gamma)
        if grey:
            return _grey(light)[:, :, None]
        return light if light.shape[2] == 3 else np.repeat(light, 3, axis=2)

    return _resampled(picture.size, size, band)


def opaque(picture: Picture, size: tuple[int, int]) -> NDArray[np.bool_] | None:
    """bool (rows, columns), pixels at the new size that are at least half opaque; None when all are."""
    alpha = picture.alpha
    if alpha is None:
        return None
    return _resampled(picture.size, size, lambda a, b: alpha[a:b, :, None] / picture.full)[:, :, 0] >= 0.5


def _grey(light: FloatArray) -> FloatArray:
    if light.shape[2] == 1:
        return light[:, :, 0]
    r, g, b = GREY_WEIGHTS
    return light[:, :, 0] * r + light[:, :, 1] * g + light[:, :, 2] * b


def _resampled(
    old: tuple[int, int], new: tuple[int, int], band: Callable[[int, int], FloatArray]
) -> NDArray[np.float32]:
    """Means over the surface of each new pixel, a band of rows at a time."""
    step = max(1, _BAND_VALUES // old[0])
    if old == new:
        return np.concatenate([band(a, min(a + step, old[1])).astype(np.float32) for a in range(0, old[1], step)])
    columns: FloatArray = np.arange(new[0] + 1, dtype=np.float64) * (old[0] / new[0])
    edges: FloatArray = np.arange(new[1] + 1, dtype=np.float64) * (old[1] / new[1])
    rows = np.zeros((new[1], new[0], band(0, 1).shape[2]))
    for first, stop in _steps(old[1], step):
        narrow = _means(band(first, stop), columns)
        # Each row of the band adds to the one or more new rows it overlaps.
        low = max(0, int(np.searchsorted(edges, first, "right")) - 1)
        high = min(new[1], int(np.searchsorted(edges, stop, "left")))
        for row in range(low, high):
            a, b = max(edges[row], first) - first, min(edges[row + 1], stop) - first
            rows[row] += _stretch(narrow, a, b)
    rows /= (edges[1:] - edges[:-1])[:, None, None]
    return np.clip(rows, 0.0, 1.0).astype(np.float32)


def _steps(total: int, step: int) -> Iterator[tuple[int, int]]:
    for first in range(0, total, step):
        yield first, min(first + step, total)


def _stretch(values: FloatArray, a: float, b: float) -> FloatArray:
    """Integral of rows from a to b, in rows."""
    first, last = int(np.floor(a)), min(int(np.ceil(b)), len(values))
    index = np.arange(first, last)
    weights = np.clip(np.minimum(index + 1, b) - np.maximum(index, a), 0.0, 1.0)
    result: Any = np.tensordot(weights, values[first:last], axes=(0, 0))
    return np.asarray(result, dtype=np.float64)


def _means(values: FloatArray, edges: FloatArray) -> FloatArray:
    """Means of columns between edges: (rows, len(edges) - 1, channels)."""
    sums = np.zeros((values.shape[0], values.shape[1] + 1, values.shape[2]))
    np.cumsum(values, axis=1, out=sums[:, 1:])
    whole = np.minimum(np.floor(edges).astype(np.int64), values.shape[1])
    rest = edges - whole
    inside = np.minimum(whole, values.shape[1] - 1)
    at = sums[:, whole] + rest[None, :, None] * values[:, inside]
    return (at[:, 1:] - at[:, :-1]) / (edges[1:] - edges[:-1])[None, :, None]
