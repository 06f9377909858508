"""Channels of a camera: which share of a voxel's light each of them catches."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from lasercam.process.colour import SIGMA_PER_FWHM

WIDEST_HALF_NM: Final = 12.5
"""Half the width of a common band-pass filter, 25 nm."""
_BEYOND_NM: Final = 1e5
COLOUR_EDGES_NM: Final = {"red": (590.0, 720.0), "green": (490.0, 590.0), "blue": (400.0, 490.0)}
"""Ideal thirds of the visible. Assumed: dyes of real colour cameras overlap, and differ."""


@dataclass(frozen=True)
class BandPass:
    """An ideal filter.

    Attributes:
        name: as files are called: `514nm`.
        low_nm, high_nm: its edges.
    """

    name: str
    low_nm: float
    high_nm: float

    def share(self, peak_nm: NDArray[np.float64], fwhm_nm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of Gaussian lines that passes: float64, shape of the arguments."""
        scale = np.sqrt(2.0) * SIGMA_PER_FWHM * fwhm_nm
        return np.asarray(0.5 * (erf((self.high_nm - peak_nm) / scale) - erf((self.low_nm - peak_nm) / scale)))


def bands(peaks_nm: Sequence[float]) -> tuple[BandPass, ...]:
    """A band-pass for each distinct peak, 25 nm wide or reaching halfway to the next peak.

    >>> [(b.name, b.low_nm, b.high_nm) for b in bands([514.0, 530.0, 514.0])]
    [('514nm', 501.5, 522.0), ('530nm', 522.0, 542.5)]
    """
    distinct = sorted(set(peaks_nm))
    halves = [(b - a) / 2.0 for a, b in pairwise(distinct)]
    below, above = [_BEYOND_NM, *halves], [*halves, _BEYOND_NM]
    return tuple(
        BandPass(f"{peak:.0f}nm", peak - min(WIDEST_HALF_NM, low), peak + min(WIDEST_HALF_NM, high))
        for peak, low, high in zip(distinct, below, above, strict=True)
    )


def colour_camera() -> tuple[BandPass, ...]:
    """Red, green and blue."""
    return tuple(BandPass(name, *edges) for name, edges in COLOUR_EDGES_NM.items())
