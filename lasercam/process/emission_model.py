"""What a filter passes of an emission line, and where the line lies after a heat treatment."""

import math

import numpy as np

from lasercam.process.quantity import FloatArray, Q, finite, positive, require, same_kind

_SIGMA_PER_FWHM = 1.0 / (2.0 * math.sqrt(2.0 * math.log(2.0)))
_erfc = np.vectorize(math.erfc, otypes=[np.float64])


def long_pass_share(peak_nm: Q, fwhm_nm: Q, cut_on_nm: Q) -> Q:
    """Share of a Gaussian emission line beyond the edge of an ideal long-pass filter, 0 to 1.

    It is ½ erfc((λ_c − λ_p) / (√2 s)), with s the standard deviation of the line.

    >>> round(long_pass_share(655.0, 40.0, 645.0), 3)
    0.722

    Args:
        peak_nm: centre of the line, > 0.
        fwhm_nm: full width at half maximum, > 0.
        cut_on_nm: edge of the filter, > 0.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: integral of a Gaussian line.
    """
    return same_kind(_share(peak_nm, fwhm_nm, cut_on_nm, "peak_nm"), peak_nm, fwhm_nm, cut_on_nm)


def filter_contrast(bright_peak_nm: Q, dim_peak_nm: Q, fwhm_nm: Q, cut_on_nm: Q) -> Q:
    """How many times more of one line than of another an ideal long-pass filter lets through.

    Lines of equal strength and width; below 1 when the "bright" line is the bluer one.

    Args:
        bright_peak_nm: centre of the line meant to be seen, > 0.
        dim_peak_nm: centre of the line meant to vanish, > 0.
        fwhm_nm: full width at half maximum of both, > 0.
        cut_on_nm: edge of the filter, > 0.

    Raises:
        ParameterError: NaN, ≤ 0, or a dim line so far off that nothing of it can be computed.

    Source: quotient of `long_pass_share`.
    """
    bright = _share(bright_peak_nm, fwhm_nm, cut_on_nm, "bright_peak_nm")
    dim = _share(dim_peak_nm, fwhm_nm, cut_on_nm, "dim_peak_nm")
    # Far below the smallest normal number a quotient means nothing and may overflow.
    require(dim >= 1e-300, "the filter passes nothing of the line at dim_peak_nm, so there is no contrast")
    return same_kind(bright / dim, bright_peak_nm, dim_peak_nm, fwhm_nm, cut_on_nm)


def treated_peak_nm(
    temperature_c: Q,
    low_temperature_c: Q,
    low_peak_nm: Q,
    high_temperature_c: Q,
    high_peak_nm: Q,
) -> Q:
    """Emission peak after a heat treatment, on a straight line between two measured treatments, nm.

    Only end points are published, so a value in between is an assumption and must be reported as one.

    >>> round(treated_peak_nm(400.0, 200.0, 613.0, 550.0, 647.0), 1)
    632.4

    Args:
        temperature_c: treatment asked for, between the measured ones, ends included.
        low_temperature_c: cooler measured treatment.
        low_peak_nm: its peak, > 0.
        high_temperature_c: hotter measured treatment.
        high_peak_nm: its peak, > 0.

    Raises:
        ParameterError: NaN, a temperature outside the measured interval, or an empty interval.

    Source: end points for Br+I glass in 10.1002/lpor.202401258 (see `constants`); linearity is assumed.
    """
    wanted = finite(temperature_c, "temperature_c")
    low = finite(low_temperature_c, "low_temperature_c")
    high = finite(high_temperature_c, "high_temperature_c")
    require(low < high, "low_temperature_c must be below high_temperature_c")
    require((wanted >= low) & (wanted <= high), "temperature_c must lie between the measured treatments")
    start = positive(low_peak_nm, "low_peak_nm")
    end = positive(high_peak_nm, "high_peak_nm")
    peak = start + (end - start) * ((wanted - low) / (high - low))
    return same_kind(peak, temperature_c, low_temperature_c, low_peak_nm, high_temperature_c, high_peak_nm)


def _share(peak_nm: Q, fwhm_nm: Q, cut_on_nm: Q, peak_name: str) -> FloatArray:
    sigma = positive(fwhm_nm, "fwhm_nm") * _SIGMA_PER_FWHM
    distance = positive(cut_on_nm, "cut_on_nm") - positive(peak_nm, peak_name)
    return np.asarray(0.5 * _erfc(distance / (math.sqrt(2.0) * sigma)))
