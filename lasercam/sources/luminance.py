"""How bright an emission line looks to the eye, compared with another of the same power."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

_EYE_NM = np.arange(400.0, 731.0, 10.0)
_EYE = np.array([
    0.0004, 0.0012, 0.0040, 0.0116, 0.0230, 0.0380, 0.0600, 0.0910, 0.1390, 0.2080, 0.3230, 0.5030, 0.7100, 0.8620,
    0.9540, 0.9950, 0.9950, 0.9520, 0.8700, 0.7570, 0.6310, 0.5030, 0.3810, 0.2650, 0.1750, 0.1070, 0.0610, 0.0320,
    0.0170, 0.0082, 0.0041, 0.0021, 0.00105, 0.00052,
])  # fmt: skip
"""Sensitivity of the light-adapted eye by wavelength, y of the CIE 1931 2° observer, to three digits.
Source: ISO/CIE 11664-1."""
_SIGMA_PER_FWHM = 1.0 / (2.0 * math.sqrt(2.0 * math.log(2.0)))


@dataclass(frozen=True)
class EmissionLine:
    """A Gaussian line.

    Attributes:
        peak_nm: centre, nm.
        fwhm_nm: full width at half maximum, nm.
    """

    peak_nm: float
    fwhm_nm: float

    @property
    def luminance(self) -> float:
        """Per watt, relative to 555 nm: the mean of the eye's sensitivity over the line.

        Source: CIE 1931 photopic sensitivity; definition of luminous efficacy.

        >>> round(EmissionLine(655.0, 35.0).luminance, 2)
        0.1
        """
        sigma = self.fwhm_nm * _SIGMA_PER_FWHM
        nm = np.linspace(self.peak_nm - 6.0 * sigma, self.peak_nm + 6.0 * sigma, 1001)
        weight = np.exp(-0.5 * ((nm - self.peak_nm) / sigma) ** 2)
        # Its logarithm is nearly straight between the table's points; at their ends it stays what it is.
        eye = np.exp(np.interp(nm, _EYE_NM, np.log(_EYE)))
        return float((weight * eye).sum() / weight.sum())


FIRST_PASS_GREEN = EmissionLine(514.0, 20.0)
FIRST_PASS_RED = EmissionLine(613.0, 30.0)
REWRITTEN = EmissionLine(655.0, 35.0)
"""Peaks of dual-phase writing and of the rewrite. Source: peaks 10.1002/lpor.202401258; the paper prints no widths, so
those are assumed."""


def rewrite_dimming() -> float:
    """How many times dimmer a rewritten line looks than the red line it was, at equal radiated power.

    >>> round(rewrite_dimming(), 1)
    4.6
    """
    return FIRST_PASS_RED.luminance / REWRITTEN.luminance
