"""The lattice that dots stand on, from the peaks of an image's spectrum, without knowing pitch or angle."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from lasercam.readback.pages.light import FloatImage

FINEST_PITCH_PX = 2.2
"""Closer dots cannot be told from pixels."""
COARSEST_SHARE = 10.0
"""A tile of the spectrum holds so many pitches at least."""
_TILES_PX = (256, 1024, 128)
_MOST_TILES = 36
_MOST_PEAKS = 48
_PROMINENCE = 5.0
"""A peak stands out so many times of the median of its ring, at least."""
_CLEAR = 100.0
"""Strength of a lattice beyond doubt; below, wider tiles are looked at too."""
_FAINTEST = 0.1
"""Lattices so much fainter than the strongest are its harmonics, or chance."""
_SAME_SQUARE = 0.18
"""Perspective and pixels that are not quite square: how far the second wave may be from the first turned by 90°."""


@dataclass(frozen=True, eq=False)
class Lattice:
    """Two plane waves whose crests meet at the dots.

    Attributes:
        waves: float64 (2, 2), cycles per pixel along y and x of either wave.
        strength: how far its peaks stand out; orders lattices of one image.
    """

    waves: NDArray[np.float64]
    strength: float

    @property
    def pitch_px(self) -> float:
        """Distance of neighbouring dots, in pixels."""
        return 1.0 / float(np.sqrt(np.abs(np.linalg.det(self.waves))))


def find_lattices(total: FloatImage) -> list[Lattice]:
    """Square lattices that may be in an image, the most probable first; empty when there is none.

    Spectra of many tiles are added, so that a distorted page, whose pitch varies, still gives sharp peaks.

    Args:
        total: float32 (height, width), all light.
    """
    found: list[Lattice] = []
    for tile_px in _TILES_PX:
        side = (min(tile_px, total.shape[0]), min(tile_px, total.shape[1]))
        found += _pairs(*_peaks(*_spectrum(total, side), side))
        if found and max(lattice.strength for lattice in found) > _CLEAR:
            break
    found.sort(key=lambda lattice: -lattice.strength)
    kept: list[Lattice] = []
    for lattice in found:
        if lattice.strength < _FAINTEST * found[0].strength:
            break
        if all(abs(lattice.pitch_px / other.pitch_px - 1.0) > 0.1 for other in kept):
            kept.append(lattice)
    return kept[:3]


def _spectrum(total: FloatImage, side: tuple[int, int]) -> tuple[NDArray[np.float64], int]:
    """Power (side, side / 2 + 1) of overlapping tiles, each counted alike, and their number."""
    places = [
        (y, x)
        for y in np.unique(np.linspace(0, total.shape[0] - side[0], _count(total.shape[0], side[0])).astype(int))
        for x in np.unique(np.linspace(0, total.shape[1] - side[1], _count(total.shape[1], side[1])).astype(int))
    ]
    tiles = [total[y : y + side[0], x : x + side[1]] for y, x in places]
    if len(tiles) > _MOST_TILES:
        contrast = [float(np.std(tile[::3, ::3])) for tile in tiles]
        tiles = [tiles[k] for k in np.argsort(contrast)[: -_MOST_TILES - 1 : -1].tolist()]
    window = np.outer(np.hanning(side[0]), np.hanning(side[1])).astype(np.float32)
    power = np.zeros((side[0], side[1] // 2 + 1))
    for tile in tiles:
        waves = fft.rfft2((tile - tile.mean()) * window)
        one = waves.real**2 + waves.imag**2
        power += one / max(float(one.sum()), 1e-30)
    return power, len(tiles)


def _count(length: int, side: int) -> int:
    return min(12, 1 + -(-2 * (length - side) // side))


def _peaks(
    power: NDArray[np.float64], n_tiles: int, side: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Peaks that stand out: float64 (N, 2), cycles per pixel, and (N,) how many times of the median of their ring."""
    fy = fft.fftfreq(side[0])[:, None]
    fx = fft.rfftfreq(side[1])[None, :]
    radius = np.hypot(fy, fx)
    ring = np.minimum((radius * min(side)).astype(np.int64), min(side))
    order = np.argsort(ring, axis=None, kind="stable")
    sorted_power = power.reshape(-1)[order]
    starts = np.searchsorted(ring.reshape(-1)[order], np.arange(min(side) + 2))
    medians = np.array([
        np.median(sorted_power[a:b]) if b > a else np.inf for a, b in pairwise(starts.tolist())
    ])  # fmt: skip
    whole = np.maximum(medians[ring], 1e-12 * power.max())
    top = ndimage.maximum_filter(power, 3, mode=("wrap", "nearest"))
    # The highest of so many means of tiles (half of which overlap) that noise alone reaches.
    rarity = 2.0 * np.log(power.size) / n_tiles
    chance = 1.0 + np.sqrt(2.0 * rarity) + rarity
    is_peak = (power >= top) & (power > max(_PROMINENCE, chance) * whole)
    is_peak &= (radius >= COARSEST_SHARE / max(side)) & (radius <= 1.0 / FINEST_PITCH_PX)
    at = np.argwhere(is_peak)
    at = at[np.argsort(power[is_peak] / whole[is_peak])[::-1][: 4 * _MOST_PEAKS]]
    prominence = np.array([power[y, x] / max(whole[y, x], _around(power, y, x)) for y, x in at.tolist()])
    strongest = np.argsort(prominence)[::-1][:_MOST_PEAKS]
    places = [_centred(power, y, x, side) for y, x in at[strongest].tolist()]
    return np.array(places).reshape(-1, 2), prominence[strongest]


def _around(power: NDArray[np.float64], y: int, x: int) -> float:
    """Median power near a peak: the rim of a page draws a bright cross, whose ridges are no peaks."""
    rows = np.arange(y - 4, y + 5) % power.shape[0]
    near = power[rows][:, max(x - 4, 0) : x + 5].copy()
    # The cross is one or two bins wide: what is beside it does not count.
    middle = min(x, 4)
    ridges = np.concatenate((near[:2, middle], near[-2:, middle], near[4, : max(middle - 2, 0)], near[4, middle + 3 :]))
    return float(max(np.median(near), np.median(ridges)))


def _centred(power: NDArray[np.float64], y: int, x: int, side: tuple[int, int]) -> tuple[float, float]:
    """Centre of gravity of a peak, in cycles per pixel."""
    rows = np.arange(y - 1, y + 2)
    columns = np.arange(max(x - 1, 0), min(x + 2, power.shape[1]))
    part = np.sqrt(power[np.ix_(rows % side[0], columns)])
    mid_y = float((part.sum(axis=1) * rows).sum() / part.sum())
    mid_x = float((part.sum(axis=0) * columns).sum() / part.sum())
    return (mid_y if mid_y < side[0] / 2 else mid_y - side[0]) / side[0], mid_x / side[1]


def _pairs(peaks: NDArray[np.float64], prominence: NDArray[np.float64]) -> list[Lattice]:
    """Peaks that are each other turned by a quarter."""
    found: list[Lattice] = []
    both = np.concatenate((peaks, -peaks))
    for index, wave in enumerate(peaks):
        turned = np.array([wave[1], -wave[0]])
        misfit = np.hypot(*(both - turned).T) / np.hypot(*wave)
        is_alike = np.concatenate((prominence, prominence)) > 0.02 * prominence[index]
        other = int(np.argmin(np.where(is_alike, misfit, np.inf)))
        if misfit[other] < _SAME_SQUARE:
            # Harmonics of sharp dots stand out as far: the coarser of two lattices is preferred.
            strength = float(np.sqrt(prominence[index] * prominence[other % len(peaks)] / np.hypot(*wave)))
            found.append(Lattice(np.stack((wave, both[other])), strength))
    return found
