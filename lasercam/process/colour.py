"""What an emission line looks like: its share through a filter and its colour, from peak and width alone."""

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import ParameterError, UsageError, shorten
from lasercam.process.observer import FIRST_NM, LAST_NM, colour_matching

FloatArray = NDArray[np.float64]

VISIBLE_NM = (FIRST_NM, LAST_NM)
"""Where the CIE 1931 functions are tabulated; outside, the eye sees nothing."""

SIGMA_PER_FWHM = 1.0 / (2.0 * math.sqrt(2.0 * math.log(2.0)))

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
        return f"{self.low_nm:g}–{self.high_nm:g} nm band-pass"


OPEN = Filter()
"""No filter."""

_NM = r"(\d{3,4}(?:\.\d)?)"
_FILTER = re.compile(rf"(lp|sp|bp){_NM}(?:/(\d{{1,4}}(?:\.\d)?)|-{_NM})?")


def read_filter(text: str) -> Filter:
    """The filter of a short name: `lp645`, `sp600`, `bp613/20` (centre / full width) or `bp600-630` (both edges).

    >>> read_filter("lp645").title, read_filter("bp600-630") == read_filter("bp615/30")
    ('645 nm long-pass', True)

    Raises:
        UsageError: not such a name, or a band without width.
    """
    match = _FILTER.fullmatch(text)
    kind, edge, width, upper = match.groups() if match else ("", "0", None, None)
    if not match or (kind == "bp") != (width is not None or upper is not None):
        raise UsageError(
            f"'{shorten(text)}' is not a filter; write lp645 (long-pass at 645 nm), sp600 (short-pass), "
            "bp613/20 (centre and full width of a band-pass) or bp600-630 (its edges)"
        )
    at = float(edge)
    if kind == "lp":
        return Filter(low_nm=at)
    if kind == "sp":
        return Filter(high_nm=at)
    if upper is not None:
        if not at < float(upper):
            raise UsageError(f"'{shorten(text)}': a band-pass is named from its lower to its upper edge, as bp600-630")
        return Filter(at, float(upper))
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


def line_xyz(line: SpectralLine, through: Filter = OPEN) -> FloatArray:
    """CIE 1931 X, Y, Z float64 (3,) of a line of unit radiance behind a filter; Y = 1 is 555 nm unfiltered."""
    nm, power = _sampled(line, through)
    return np.asarray(np.maximum(power @ colour_matching(nm), 0.0), np.float64)


def luminance(line: SpectralLine, through: Filter = OPEN) -> float:
    """What the eye makes of a line of unit radiance behind a filter; 555 nm = 1.

    >>> round(luminance(SpectralLine(655.0, 35.0)), 3)
    0.103
    """
    return float(line_xyz(line, through)[1])


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
    return np.asarray(np.maximum(unbounded_srgb(line, through), 0.0), np.float64)


def unbounded_srgb(line: SpectralLine, through: Filter = OPEN) -> FloatArray:
    """Linear sRGB float64 (3,) of a line of unit radiance behind a filter.

    Below 0 where no screen of that gamut has the colour, as of every narrow line: lights add up before that is cut.
    """
    return np.asarray(LINEAR_SRGB_FROM_XYZ @ line_xyz(line, through), np.float64)


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
