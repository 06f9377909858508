"""All light of an image in one plane, each channel as strong as it is told from its noise."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatImage = NDArray[np.float32]

_LEAST_CONTRAST = 4.0
"""Bright pixels of a channel stand out by so many standard deviations of its noise, or the channel is left out."""
_SAMPLED_PIXELS = 200_000
_MAD_TO_SIGMA = 1.4826


def total_light(planes: FloatImage) -> FloatImage:
    """Sum of the channels, each divided by its contrast: dots of a weak colour count as much as those of a strong one.

    Args:
        planes: float32 (channels, height, width).

    Returns:
        float32 (height, width); a dot is about 1, the darkest part about 0.
    """
    weights = np.array([_weight(plane) for plane in planes])
    if not weights.any():
        weights[:] = 1.0 / max(float(np.ptp(planes)), 1e-12)
    total = np.zeros(planes.shape[1:], np.float32)
    for plane, weight in zip(planes, weights.tolist(), strict=True):
        if weight:
            total += np.float32(weight) * plane
    return total


def _weight(plane: FloatImage) -> float:
    """One over the contrast of a channel, 0 where there is none beyond noise."""
    step = max(1, round((plane.size / _SAMPLED_PIXELS) ** 0.5))
    low, high = np.percentile(plane[::step, ::step], (10.0, 99.0)).tolist()
    noise = noise_sigma(plane)
    return 1.0 / (high - low) if high - low > max(_LEAST_CONTRAST * noise, 1e-9) else 0.0


def finite(light: NDArray[Any], axis: int) -> NDArray[np.bool_]:
    """Where all values along an axis are numbers."""
    return np.asarray(np.isfinite(light).all(axis=axis))


def noise_sigma(plane: FloatImage) -> float:
    """Standard deviation of the noise of single pixels, from what no lens of four pixels per dot could draw.

    Source: J. Immerkaer, "Fast noise variance estimation", 10.1006/cviu.1996.0060.
    """
    rows = plane[: plane.shape[0] // 3 * 3]
    step = max(1, round((rows.size / _SAMPLED_PIXELS) ** 0.5)) * 3
    bands = np.stack([rows[k::step][: len(rows[2::step])] for k in range(3)])
    if bands.shape[1] < 1 or bands.shape[2] < 3:
        return 0.0
    curved = bands[0] - 2 * bands[1] + bands[2]
    twice = curved[:, :-2] - 2 * curved[:, 1:-1] + curved[:, 2:]
    return float(np.median(np.abs(twice))) * _MAD_TO_SIGMA / 6.0
