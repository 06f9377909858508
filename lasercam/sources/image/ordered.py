"""Ordered dithering: threshold maps, and levels from them."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

BLUE_NOISE_SIDE = 64
_SIGMA = 1.5
"""Width of the Gaussian that measures how crowded a place is, in pixels. Source: R. Ulichney,
10.1117/12.152707, section 3."""
_FIRST_SHARE = 0.1


def bayer(side: int) -> FloatArray:
    """Thresholds of Bayer's matrix: float64 (side, side), (0.5 to side² - 0.5)/side².

    >>> (bayer(2) * 4).tolist()
    [[0.5, 2.5], [3.5, 1.5]]

    Source: B. E. Bayer, "An optimum method for two-level rendition of continuous-tone pictures", IEEE International
    Conference on Communications, 26-11 (1973).
    """
    rank = np.zeros((1, 1), np.int64)
    while len(rank) < side:
        rank = np.block([[4 * rank, 4 * rank + 2], [4 * rank + 3, 4 * rank + 1]])
    return (rank + 0.5) / rank.size


@lru_cache(maxsize=4)
def blue_noise(seed: int, side: int = BLUE_NOISE_SIDE) -> FloatArray:
    """Thresholds without low frequencies, by void and cluster: float64 (side, side), read-only.

    The map tiles the plane: crowding is measured across its borders.

    Source: R. Ulichney, "The void-and-cluster method for dither array generation", 10.1117/12.152707.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    cells = side * side
    field = _crowding(side)
    ones = max(1, int(cells * _FIRST_SHARE))
    pattern = np.zeros(cells, np.bool_)
    pattern[generator.permutation(cells)[:ones]] = True
    energy = np.zeros((side, side))
    for cell in np.flatnonzero(pattern):
        energy += _around(field, int(cell))
    for _ in range(cells):  # Move the most crowded dot into the largest void until it would go back where it was.
        cluster = _most(energy, pattern)
        pattern[cluster] = False
        energy -= _around(field, cluster)
        void = _least(energy, ~pattern)
        pattern[void] = True
        energy += _around(field, void)
        if void == cluster:
            break
    rank = np.zeros(cells, np.int64)
    now, crowd = pattern.copy(), energy.copy()
    for place in range(ones - 1, -1, -1):
        cluster = _most(crowd, now)
        now[cluster] = False
        crowd -= _around(field, cluster)
        rank[cluster] = place
    now, crowd = pattern.copy(), energy.copy()
    for place in range(ones, cells):
        # Crowding of zeros is a constant less that of ones: the largest void of ones is their tightest cluster.
        void = _least(crowd, ~now)
        now[void] = True
        crowd += _around(field, void)
        rank[void] = place
    thresholds = ((rank + 0.5) / cells).reshape(side, side)
    thresholds.flags.writeable = False
    return thresholds


def ordered(light: NDArray[np.float32], thresholds: FloatArray, levels: int) -> NDArray[np.uint8]:
    """Level of each pixel: the lower of its two levels, or the upper where it exceeds the threshold.

    Args:
        light: float32 (rows, columns), 0 to 1.
        thresholds: float64, tiled over the picture from its upper left corner; between 0 and 1.
        levels: 2 to 256; level k stands for k/(levels - 1).
    """
    rows, columns = light.shape
    down, along = thresholds.shape
    level = np.empty((rows, columns), np.uint8)
    tile = np.tile(thresholds, (1, -(-columns // along)))[:, :columns]
    for row in range(rows):
        level[row] = np.floor(light[row].astype(np.float64) * (levels - 1) + (1.0 - tile[row % down]))
    return level


def rounded(light: NDArray[np.float32], levels: int) -> NDArray[np.uint8]:
    """The nearest level of each pixel; halves go up."""
    return ordered(light, np.full((1, 1), 0.5), levels)


def _crowding(side: int) -> FloatArray:
    away = np.minimum(np.arange(side), side - np.arange(side))
    field: FloatArray = np.exp(-(away[:, None] ** 2 + away[None, :] ** 2) / (2.0 * _SIGMA**2))
    return field


def _around(field: FloatArray, cell: int) -> FloatArray:
    return np.roll(field, divmod(cell, len(field)), axis=(0, 1))


def _most(energy: FloatArray, where: NDArray[np.bool_]) -> int:
    return int(np.argmax(np.where(where, energy.reshape(-1), -np.inf)))


def _least(energy: FloatArray, where: NDArray[np.bool_]) -> int:
    return int(np.argmin(np.where(where, energy.reshape(-1), np.inf)))
