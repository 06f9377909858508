"""Bits of a page's header, read before anything is known of its levels."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lasercam.readback.pages.light import finite
from lasercam.readback.pages.warp import FloatArray
from lasercam.storage.page_layout import PageLayout

_STRANGE = 0.5
"""A site farther from both kinds of bit than this share of their distance is no bit."""
_LEAST_CONFIDENCE = 1.0


@dataclass(frozen=True, eq=False)
class HeaderReading:
    """Both copies of a header as they were seen.

    Attributes:
        rows, columns: of the page, as its marks say.
        bits: bool (2, 384).
        erased: bool (2, 384), sites that are lost, doubtful or outside the image.
        confidence: float32 (2, 384), logarithm of how much more probable the bit is than its opposite.
    """

    rows: int
    columns: int
    bits: NDArray[np.bool_]
    erased: NDArray[np.bool_]
    confidence: NDArray[np.float32]

    @property
    def combined(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Bits (384,) of both copies together, each from where it is surer, and which are erased (384,).

        A tile that shows half of either copy shows all bits, for the second copy runs backwards.
        """
        sure = np.where(self.erased, np.float32(0), self.confidence)
        votes = np.where(self.bits, sure, -sure).sum(axis=0)
        return votes > 0, np.abs(votes) < _LEAST_CONFIDENCE


class PageHeader(Protocol):
    """What a reader must know of a header."""

    @property
    def layout(self) -> PageLayout:
        """Geometry of its page."""

    @property
    def presence(self) -> bool:
        """Whether level 0 is an empty site, so that nobody can tell a lost dot."""


class HeaderJudge(Protocol):
    """Decides whether bits are a header; called for several guesses, most of them wrong."""

    def __call__(self, reading: HeaderReading) -> PageHeader | None:
        """The header, or None when these bits are not one beyond doubt."""


def read_header(light: FloatArray, layout: PageLayout) -> HeaderReading | None:
    """Header bits in two clusters of light; which is 1 stays open. None when too few sites are seen.

    Args:
        light: float64 (channels, rows, columns), of each dot alone and evened; NaN where unknown.
        layout: whose header sites are read; its bits per voxel do not matter.
    """
    sites = layout.header_sites
    seen = light[:, sites[..., 0], sites[..., 1]].reshape(len(light), -1).T
    known = finite(seen, 1)
    if known.sum() < sites.shape[1] // 4:
        return None
    values = seen[known]
    centre = np.median(values, axis=0)
    spread = values - centre
    # Strong outliers must not set the direction.
    size = np.hypot.reduce(spread, axis=1) if spread.shape[1] > 1 else np.abs(spread[:, 0])
    spread = spread / np.maximum(size / (3.0 * max(float(np.median(size)), 1e-12)), 1.0)[:, None]
    direction = np.linalg.svd(spread.T @ spread)[0][:, 0]
    along = (values - centre) @ direction
    low, high = np.percentile(along, (20.0, 80.0)).tolist()
    for _ in range(12):
        upper = along > (low + high) / 2
        if upper.all() or not upper.any():
            return None
        low, high = float(np.median(along[~upper])), float(np.median(along[upper]))
    upper = along > (low + high) / 2
    middles = np.stack([np.median(values[~upper], axis=0), np.median(values[upper], axis=0)])
    far = np.stack([np.sqrt(((values - middle) ** 2).sum(axis=1)) for middle in middles])
    gap = max(float(np.sqrt(((middles[1] - middles[0]) ** 2).sum())), 1e-12)
    sigma = max(1.4826 * float(np.median(np.abs(along - np.where(upper, high, low)))), 0.02 * gap)
    confidence = np.zeros(len(seen), np.float32)
    confidence[known] = np.abs((along - low) ** 2 - (along - high) ** 2) / (2 * sigma**2)
    bits, erased = np.zeros(len(seen), np.bool_), ~known
    bits[known] = upper
    erased[known] |= far.min(axis=0) > max(_STRANGE * gap, 5.0 * sigma)
    erased |= confidence < _LEAST_CONFIDENCE
    shape = sites.shape[:2]
    return HeaderReading(
        layout.rows, layout.columns, bits.reshape(shape), erased.reshape(shape), confidence.reshape(shape)
    )


def opposite(reading: HeaderReading) -> HeaderReading:
    """The same with zeros and ones exchanged."""
    return HeaderReading(reading.rows, reading.columns, ~reading.bits, reading.erased, reading.confidence)
