"""The subpixels of a share, found in a picture: which of them glow."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lasercam.errors import FitError
from lasercam.readback.pages.lattice import find_lattices
from lasercam.readback.pages.warp import BLURS_PITCHES, Warp, even_light, fit_warp, measure_phases, regions

FloatImage = NDArray[np.float32]
BoolGrid = NDArray[np.bool_]

_LEAST_BLOCKS = 24
"""Pixels of a share; fewer may look like one by chance."""
_LEAST_VALID = 0.85
"""Share of the pixels with two (in both shares together: two or four) of four quarters glowing."""
_CLUSTERS = (1, 2, 3, 4)
_DOT = 0.18
"""Standard deviation of what is averaged at a dot, pitches."""
_DEGREE = 2
_LOW_PASSES = (0.004, 0.008, 0.014)
"""Standard deviations, of the longer side."""
_THRESHOLDS = (0.5, 0.22)
"""Between dark and bright sites; the second also takes the dimmer dots of two planes."""
# The lattice itself, and those whose diagonals or first harmonics were found: random occupation hides the longer waves
# in its own light. Each with the places its dots may have between the crests.
_LATTICES = (
    (np.eye(2), ((0.0, 0.0),)),
    (np.array([[0.5, 0.5], [0.5, -0.5]]), ((0.0, 0.0), (0.5, 0.5))),
    (np.eye(2) / 2.0, ((0.0, 0.0), (0.0, 0.5), (0.5, 0.0), (0.5, 0.5))),
)


@dataclass(frozen=True, eq=False)
class SeenShare:
    """Pixels of four quarters in a picture.

    Attributes:
        quarters: bool (2 rows, 2 columns), which glow, as the picture shows them.
        valid: share of the pixels that follow the rule of a share, or of two together.
        is_overlay: pixels with four glowing quarters are there: both shares together.
    """

    quarters: BoolGrid
    valid: float
    is_overlay: bool

    @property
    def pixels(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.quarters.shape[0] // 2, self.quarters.shape[1] // 2


def find_share(light: FloatImage) -> SeenShare | None:
    """The share that a picture shows; None where its dots are none.

    Args:
        light: float32 (height, width), linear, bright dots.
    """
    found = [seen for grid in _grids(light) for seen in _shares(grid)]
    return max(found, key=lambda seen: (round(seen.valid, 2), seen.quarters.size), default=None)


def counts(quarters: BoolGrid) -> NDArray[np.int64]:
    """How many quarters of every pixel glow, int64 (rows, columns)."""
    rows, columns = quarters.shape
    return np.asarray(quarters.reshape(rows // 2, 2, columns // 2, 2).sum(axis=(1, 3)), np.int64)


def _grids(light: FloatImage) -> Iterator[BoolGrid]:
    """Glowing dots of every lattice that may be in a picture, rows and columns as the picture's."""
    # Sharp dots have strong harmonics; low-passed ones leave the wave of the lattice itself.
    smoothed = [light, *(ndimage.gaussian_filter(light, share * max(light.shape)) for share in _LOW_PASSES)]
    for lattice in (lattice for image in smoothed for lattice in find_lattices(image)):
        nodes = measure_phases(even_light(light, lattice.pitch_px), lattice, BLURS_PITCHES[0])
        for region in regions(nodes)[:1]:
            try:
                warp, _, on = fit_warp(nodes, region, _DEGREE)
            except FitError:
                continue
            yx = np.stack([nodes.yx[k][on] for k in (0, 1)], axis=1)
            for axes, offsets in _LATTICES:
                yield from _lit(light, warp, axes, offsets, yx, lattice.pitch_px)


def _lit(
    light: FloatImage,
    warp: Warp,
    axes: NDArray[np.float64],
    offsets: tuple[tuple[float, float], ...],
    yx: NDArray[np.float64],
    pitch_px: float,
) -> Iterator[BoolGrid]:
    """Which sites of a lattice glow, on the whole of it; once more with dots of the other plane, which are dimmer."""
    axes = _upright(warp, axes, yx.mean(axis=0))
    pitch = pitch_px / float(np.sqrt(abs(np.linalg.det(axes))))
    inner = warp.lattice(yx) @ axes.T
    low, high = np.floor(inner.min(axis=0)).astype(int) - 2, np.ceil(inner.max(axis=0)).astype(int) + 2
    if np.prod(high - low) > light.size:
        return
    sites = np.stack(np.meshgrid(*(np.arange(a, b + 1) for a, b in zip(low, high, strict=True)), indexing="ij"), -1)
    smooth = ndimage.gaussian_filter(light, _DOT * pitch)
    tried = []
    for offset in offsets:
        pixels = warp.pixels((sites.reshape(-1, 2) + offset) @ np.linalg.inv(axes).T)
        inside = ((pixels >= 0) & (pixels <= np.array(light.shape) - 1)).all(axis=1)
        seen = np.where(inside, ndimage.map_coordinates(smooth, pixels.T, order=1, mode="nearest"), 0.0)
        dark, bright, contrast = _two_levels(seen[inside])
        tried.append((contrast, dark, bright, seen.reshape(sites.shape[:2])))
    contrast, dark, bright, seen = max(tried, key=lambda one: one[0])
    if contrast > 0:
        for share in _THRESHOLDS:
            yield seen > dark + share * (bright - dark)


def _upright(warp: Warp, axes: NDArray[np.float64], middle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Axes turned by quarters and mirrored until rows run down the picture and columns to its right."""
    slopes = axes @ warp.slopes(middle[None, :])[0]
    if abs(slopes[0, 0]) < abs(slopes[0, 1]):
        axes, slopes = axes[::-1], slopes[::-1]
    return np.asarray(axes * np.sign([[slopes[0, 0]], [slopes[1, 1]]]), np.float64)


def _two_levels(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Light of dark and of bright sites, and their distance by their spread.

    Source: N. Otsu, 10.1109/TSMC.1979.4310076.
    """
    if len(values) < _LEAST_BLOCKS:
        return 0.0, 0.0, 0.0
    ordered = np.sort(values)
    n = np.arange(1, len(ordered))
    sums = np.cumsum(ordered)
    left, right = sums[:-1] / n, (sums[-1] - sums[:-1]) / (len(ordered) - n)
    cut = int(np.argmax(n * (len(ordered) - n) * (right - left) ** 2))
    spread = float(np.std(ordered[: cut + 1]) + np.std(ordered[cut + 1 :])) + 1e-9
    dark = float(np.percentile(ordered, 5))
    return dark, float(right[cut]), float(right[cut] - left[cut]) / spread


def _shares(grid: BoolGrid) -> Iterator[SeenShare]:
    """Readings of a grid of dots as quarters of pixels."""
    if not grid.any():
        return
    rows, columns = np.flatnonzero(grid.any(axis=1)), np.flatnonzero(grid.any(axis=0))
    cut = grid[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    for n in _CLUSTERS:
        for shift_y in range(n):
            for shift_x in range(n):
                sites = _clustered(cut, n, shift_y, shift_x)
                if sites is not None:
                    yield from _phases(sites)


def _clustered(grid: BoolGrid, n: int, shift_y: int, shift_x: int) -> BoolGrid | None:
    """Squares of n by n dots as one each; None where their dots differ."""
    if n == 1:
        return grid
    height, width = (-(-(k + s) // n) * n for k, s in zip(grid.shape, (shift_y, shift_x), strict=True))
    padded = np.zeros((height, width), np.bool_)
    padded[shift_y : shift_y + grid.shape[0], shift_x : shift_x + grid.shape[1]] = grid
    share = padded.reshape(height // n, n, width // n, n).mean(axis=(1, 3))
    return np.asarray(share > 0.5, np.bool_) if float(np.abs(share - np.round(share)).mean()) < 0.05 else None


def _phases(sites: BoolGrid) -> Iterator[SeenShare]:
    """Sites taken two by two, from each of the four ways to begin."""
    for top in (0, 1):
        for left in (0, 1):
            height, width = (-(-(k + s) // 2) * 2 for k, s in zip(sites.shape, (top, left), strict=True))
            quarters = np.zeros((height, width), np.bool_)
            quarters[top : top + sites.shape[0], left : left + sites.shape[1]] = sites
            lit = counts(quarters)
            if lit.size < _LEAST_BLOCKS:
                continue
            two, four = float((lit == 2).mean()), float((lit == 4).mean())
            if two >= _LEAST_VALID:
                yield SeenShare(quarters, two, is_overlay=False)
            elif two + four >= _LEAST_VALID and four > 0.05:
                yield SeenShare(quarters, two + four, is_overlay=True)
