"""How bright an emission line looks to the eye, compared with another of the same power."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

# Lobes of the fit to the CIE 1931 2° function y: height, centre in nm, standard deviation below and above it in nm.
# Source: C. Wyman, P.-P. Sloan, P. Shirley, Journal of Computer Graphics Techniques 2(2), 1-11 (2013).
_LOBES = ((0.821, 568.8, 46.9, 40.5), (0.286, 530.9, 16.3, 31.1))
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
        eye = np.zeros_like(nm)
        for height, centre, below, above in _LOBES:
            eye += height * np.exp(-0.5 * ((nm - centre) / np.where(nm < centre, below, above)) ** 2)
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
