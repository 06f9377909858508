"""What an emission line looks like: its share through a filter and its colour, from peak and width alone."""

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import ParameterError, UsageError, shorten

FloatArray = NDArray[np.float64]

VISIBLE_NM = (360.0, 830.0)
"""Where the CIE 1931 functions are tabulated; outside, the eye sees nothing."""

SIGMA_PER_FWHM = 1.0 / (2.0 * math.sqrt(2.0 * math.log(2.0)))

# Lobes of the multi-lobe fit: height, centre in nm, standard deviation below and above the centre in nm.
# Source: C. Wyman, P.-P. Sloan, P. Shirley, "Simple Analytic Approximations to the CIE XYZ Color Matching
# Functions", Journal of Computer Graphics Techniques 2(2), 1-11 (2013), jcgt.org/published/0002/02/01
# (the journal gives no DOI), for the CIE 1931 2° observer.
_X_LOBES = ((1.056, 599.8, 37.9, 31.0), (0.362, 442.0, 16.0, 26.7), (-0.065, 501.1, 20.4, 26.2))
_Y_LOBES = ((0.821, 568.8, 46.9, 40.5), (0.286, 530.9, 16.3, 31.1))
_Z_LOBES = ((1.217, 437.0, 11.8, 36.0), (0.681, 459.0, 26.0, 13.8))

_EYE_NM = np.arange(400.0, 731.0, 10.0)
_EYE = np.array([
    0.0004, 0.0012, 0.0040, 0.0116, 0.0230, 0.0380, 0.0600, 0.0910, 0.1390, 0.2080, 0.3230, 0.5030, 0.7100, 0.8620,
    0.9540, 0.9950, 0.9950, 0.9520, 0.8700, 0.7570, 0.6310, 0.5030, 0.3810, 0.2650, 0.1750, 0.1070, 0.0610, 0.0320,
    0.0170, 0.0082, 0.0041, 0.0021, 0.00105, 0.00052,
])  # fmt: skip
"""Sensitivity of the light-adapted eye by wavelength, y of the CIE 1931 2° observer, to three digits.
Source: ISO/CIE 11664-1."""

LINEAR_SRGB_FROM_XYZ = np.array(
    [
        [3.2406255, -1.5372080, -0.4986286],
        [-0.9689307, 1.8757561, 0.0415175],
        [0.0557101, -0.2040211, 1.0569959],
    ]
)
"""Source: IEC 61966-2-1 (sRGB, white point D65), matrix of its Amendment 1."""

_STEPS = 512
_ROWS_AT_A_TIME = 256
_REACH_SIGMAS = 6.0


@dataclass(frozen=True)
class SpectralLine:
    """A Gaussian emission line.

    Attributes:
        peak_nm: centre, nm.
        fwhm_nm: full width at half maximum, nm.

    Raises:
        ParameterError: NaN, infinite or not positive.
    """

    peak_nm: float
    fwhm_nm: float

    def __post_init__(self) -> None:
        for name in ("peak_nm", "fwhm_nm"):
            value = getattr(self, name)
            if not (math.isfinite(value) and 0 < value < 1e6):
                raise ParameterError(f"an emission line needs {name} above 0 and below 1e6; found {value}")

    @property
    def sigma_nm(self) -> float:
        """Standard deviation, nm."""
        return self.fwhm_nm * SIGMA_PER_FWHM


@dataclass(frozen=True)
class Filter:
    """An ideal filter: everything between its edges passes, nothing else does.

    Attributes:
        low_nm: cut-on, nm; 0 for a short-pass.
        high_nm: cut-off, nm; infinite for a long-pass.
    """

    low_nm: float = 0.0
    high_nm: float = math.inf

    def __post_init__(self) -> None:
        if not 0 <= self.low_nm < self.high_nm:
            raise ParameterError(f"a filter needs 0 <= low < high; found {self.low_nm} nm to {self.high_nm} nm")

    @property
    def title(self) -> str:
        """The filter in words: `645 nm long-pass`; empty for no filter."""
        if math.isinf(self.high_nm):
            return f"{self.low_nm:g} nm long-pass" if self.low_nm else ""
        if not self.low_nm:
            return f"{self.high_nm:g} nm short-pass"
        return f"{(self.low_nm + self.high_nm) / 2:g} nm band-pass, {self.high_nm - self.low_nm:g} nm wide"


OPEN = Filter()
"""No filter."""

_FILTER = re.compile(r"(lp|sp|bp)(\d{3,4}(?:\.\d)?)(?:/(\d{1,4}(?:\.\d)?))?")


def read_filter(text: str) -> Filter:
    """The filter of a short name: `lp645`, `sp600`, or `bp613/20` (centre / full width).

    >>> read_filter("lp645").title
    '645 nm long-pass'

    Raises:
        UsageError: not such a name, or a band without width.
    """
    match = _FILTER.fullmatch(text)
    kind, edge, width = match.groups() if match else ("", "0", None)
    if not match or (kind == "bp") != (width is not None):
        raise UsageError(
            f"'{shorten(text)}' is not a filter; write lp645 (long-pass at 645 nm), sp600 (short-pass) "
            "or bp613/20 (centre and full width of a band-pass)"
        )
    at = float(edge)
    if kind == "lp":
        return Filter(low_nm=at)
    if kind == "sp":
        return Filter(high_nm=at)
    half = float(width or 0) / 2.0
    if not 0 < half < at:
        raise UsageError(f"'{shorten(text)}': the band of a band-pass must be wider than 0 and stay above 0 nm")
    return Filter(at - half, at + half)


def transmitted_share(line: SpectralLine, through: Filter) -> float:
    """Share of a line's power that an ideal filter passes, 0 to 1.

    >>> round(transmitted_share(SpectralLine(613.0, 40.0), Filter(low_nm=645.0)), 5)
    0.02979

    Source: integral of a Gaussian between the filter's edges.
    """
    scale = 1.0 / (math.sqrt(2.0) * line.sigma_nm)
    low, high = (through.low_nm - line.peak_nm) * scale, (through.high_nm - line.peak_nm) * scale
    # erfc keeps the digits of a far tail, where a difference of two erf close to 1 would lose them all.
    if low > 0:
        return 0.5 * (math.erfc(low) - math.erfc(high))
    if high < 0:
        return 0.5 * (math.erfc(-high) - math.erfc(-low))
    return 0.5 * (math.erf(high) - math.erf(low))


def colour_matching(wavelength_nm: FloatArray) -> FloatArray:
    """CIE 1931 2° colour matching functions x̄, ȳ, z̄, float64 (N, 3), at wavelengths (N,) in nm.

    Source: analytic multi-lobe fit of Wyman, Sloan and Shirley (2013), see `_X_LOBES`.
    """
    nm = np.asarray(wavelength_nm, np.float64)
    functions = np.zeros((len(nm), 3))
    for column, lobes in enumerate((_X_LOBES, _Y_LOBES, _Z_LOBES)):
        for height, centre, below, above in lobes:
            sigma = np.where(nm < centre, below, above)
            functions[:, column] += height * np.exp(-0.5 * ((nm - centre) / sigma) ** 2)
    return functions


def line_xyz(line: SpectralLine, through: Filter = OPEN) -> FloatArray:
    """CIE 1931 X, Y, Z float64 (3,) of a line of unit radiance behind a filter; Y = 1 is 555 nm unfiltered."""
    nm, power = _sampled(line, through)
    return np.asarray(np.maximum(power @ colour_matching(nm), 0.0), np.float64)


def luminance(line: SpectralLine, through: Filter = OPEN) -> float:
    """What the eye makes of a line of unit radiance behind a filter; 555 nm = 1.

    By the tabulated sensitivity, which deep in the red is a few per cent truer than the fit that colours rest on.

    >>> round(luminance(SpectralLine(655.0, 35.0)), 3)
    0.103
    """
    nm, power = _sampled(line, through)
    return float(power @ eye_sensitivity(nm))


def eye_sensitivity(wavelength_nm: FloatArray) -> FloatArray:
    """Sensitivity of the light-adapted eye, float64 (N,), at wavelengths (N,) in nm; 555 nm = 1.

    Between the table's points its logarithm follows the cubic through the four around; beyond its ends (0.05 % of
    the peak) it stays what it is there.
    """
    at = np.clip((np.asarray(wavelength_nm, np.float64) - _EYE_NM[0]) / (_EYE_NM[1] - _EYE_NM[0]), 0.0, len(_EYE) - 1.0)
    first = np.clip(at.astype(np.int64), 1, len(_EYE) - 3)
    t, log = at - first, np.log(_EYE)
    return np.asarray(
        np.exp(
            log[first - 1] * (-t * (t - 1.0) * (t - 2.0) / 6.0)
            + log[first] * ((t + 1.0) * (t - 1.0) * (t - 2.0) / 2.0)
            + log[first + 1] * (-(t + 1.0) * t * (t - 2.0) / 2.0)
            + log[first + 2] * ((t + 1.0) * t * (t - 1.0) / 6.0)
        ),
        np.float64,
    )


def _sampled(line: SpectralLine, through: Filter) -> tuple[FloatArray, FloatArray]:
    """Wavelengths in nm and the power at each, of the part of a line that a filter passes and the eye sees.

    They are midpoints of steps, so that a filter's edge never falls inside one.
    """
    reach = _REACH_SIGMAS * line.sigma_nm
    low = max(line.peak_nm - reach, through.low_nm, VISIBLE_NM[0])
    high = min(line.peak_nm + reach, through.high_nm, VISIBLE_NM[1])
    if low >= high:
        return np.zeros(0), np.zeros(0)
    step = (high - low) / _STEPS
    nm: FloatArray = low + step * (np.arange(_STEPS, dtype=np.float64) + 0.5)
    density = np.exp(-0.5 * ((nm - line.peak_nm) / line.sigma_nm) ** 2) / (line.sigma_nm * math.sqrt(2.0 * math.pi))
    return nm, density * step


def linear_srgb(line: SpectralLine, through: Filter = OPEN) -> FloatArray:
    """Linear sRGB float64 (3,) of a line of unit radiance behind a filter, what lies outside the gamut set to 0."""
    return np.asarray(np.maximum(LINEAR_SRGB_FROM_XYZ @ line_xyz(line, through), 0.0), np.float64)


def encode_srgb(linear: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Linear 0 to 1 (values outside saturate) as sRGB bytes, same shape.

    Source: IEC 61966-2-1, transfer function.
    """
    # A table of 65,536 levels is far finer than a byte, and much faster than powers of millions of pixels.
    values, table = np.asarray(linear, np.float32), _srgb_table()
    encoded = np.empty(values.shape, np.uint8)
    for first in range(0, len(values), _ROWS_AT_A_TIME):
        part = values[first : first + _ROWS_AT_A_TIME]
        encoded[first : first + _ROWS_AT_A_TIME] = table[np.clip(part * 65535.0 + 0.5, 0.0, 65535.0).astype(np.uint16)]
    return encoded


def _srgb_table() -> NDArray[np.uint8]:
    level = np.arange(65536) / 65535.0
    curve = np.where(level <= 0.0031308, 12.92 * level, 1.055 * np.maximum(level, 1e-9) ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(255.0 * curve), np.uint8)
