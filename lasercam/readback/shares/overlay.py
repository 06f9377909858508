"""Two shares laid on each other: where they fit, and the picture they make."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from lasercam.readback.shares.grid import BoolGrid, SeenShare, counts
from lasercam.sources.shares import PATTERNS

LIGHT, DARK, UNTOLD = 0, 1, 2

_LEAST_AGREEMENT = 0.8
"""Of two shares that belong together, pixels that are equal or opposite; of others a third are, by chance."""
_LEAST_OVERLAP = 0.6


@dataclass(frozen=True, eq=False)
class Overlay:
    """Two shares together, as the first one's picture shows them.

    Attributes:
        first, second: bool (2 rows, 2 columns), the quarters of both where they overlap.
        agreement: share of the pixels in which they are equal or opposite.
        turned_quarters, is_mirrored: how the second picture had to be turned, counterclockwise, after mirroring.
    """

    first: BoolGrid
    second: BoolGrid
    agreement: float
    turned_quarters: int
    is_mirrored: bool

    @property
    def fits(self) -> bool:
        """Whether the shares belong together."""
        return self.agreement >= _LEAST_AGREEMENT

    @property
    def secret(self) -> NDArray[np.uint8]:
        """uint8 (rows, columns): LIGHT, DARK, or UNTOLD where a dot is wrong."""
        one, other = codes(self.first), codes(self.second)
        last = len(PATTERNS) - 1
        told = np.where(one == other, LIGHT, np.where(one == last - other, DARK, UNTOLD))
        return np.where((one < 0) | (other < 0), UNTOLD, told).astype(np.uint8)


def codes(quarters: BoolGrid) -> NDArray[np.int64]:
    """Index into PATTERNS of every pixel, int64 (rows, columns); -1 where not two of four quarters glow."""
    rows, columns = quarters.shape
    blocks = quarters.reshape(rows // 2, 2, columns // 2, 2).transpose(0, 2, 1, 3).reshape(-1, 4)
    same = (blocks[:, None, :] == PATTERNS[None, :, :]).all(axis=2)
    found = np.where(same.any(axis=1), same.argmax(axis=1), -1)
    return np.asarray(found.reshape(rows // 2, columns // 2), np.int64)


def overlaid(first: SeenShare, second: SeenShare) -> Overlay:
    """Two shares at the place and in the direction in which most pixels are equal or opposite."""
    tried = []
    for turned, is_mirrored, grid in orientations(second.quarters):
        shift, agreement = _shift(codes(first.quarters), codes(grid))
        tried.append(Overlay(*_overlapping(first.quarters, grid, shift), agreement, turned, is_mirrored))
    return max(tried, key=lambda overlay: overlay.agreement)


def orientations(grid: NDArray[np.bool_]) -> Iterator[tuple[int, bool, NDArray[np.bool_]]]:
    """A grid in all eight directions: quarter turns counterclockwise, whether mirrored before, and the grid."""
    for is_mirrored, turned in product((False, True), range(4)):
        yield turned, is_mirrored, np.ascontiguousarray(np.rot90(grid[:, ::-1] if is_mirrored else grid, turned))


def secret_of_both(seen: SeenShare) -> NDArray[np.uint8]:
    """The picture in a view of both shares at once: four quarters are dark, two are light."""
    lit = counts(seen.quarters)
    return np.where(lit == 4, DARK, np.where(lit == 2, LIGHT, UNTOLD)).astype(np.uint8)


def _shift(one: NDArray[np.int64], other: NDArray[np.int64]) -> tuple[tuple[int, int], float]:
    """Rows and columns that `other` is moved by on `one`, and the share of pixels that agree there."""
    last = len(PATTERNS) - 1
    n = _correlated(one >= 0, other >= 0)
    fit = sum(
        (_correlated(one == k, other == k) + _correlated(one == k, other == last - k) for k in range(last + 1)),
        np.zeros_like(n),
    )
    enough = n >= _LEAST_OVERLAP * min(int((one >= 0).sum()), int((other >= 0).sum()))
    share = np.where(enough, fit / np.maximum(n, 1.0), 0.0)
    y, x = np.unravel_index(int(np.argmax(share)), share.shape)
    return (int(y) - other.shape[0] + 1, int(x) - other.shape[1] + 1), float(share[y, x])


def _correlated(one: BoolGrid, other: BoolGrid) -> NDArray[np.float64]:
    wide = fftconvolve(one.astype(np.float64), other[::-1, ::-1].astype(np.float64))
    return np.asarray(np.round(wide), np.float64)


def _overlapping(first: BoolGrid, second: BoolGrid, shift: tuple[int, int]) -> tuple[BoolGrid, BoolGrid]:
    """Both grids cut to where they overlap."""
    mine, theirs = [], []
    for a, b, s in zip(first.shape, second.shape, shift, strict=True):
        low, high = max(0, 2 * s), min(a, b + 2 * s)
        mine.append(slice(low, high))
        theirs.append(slice(low - 2 * s, high - 2 * s))
    return first[mine[0], mine[1]], second[theirs[0], theirs[1]]
