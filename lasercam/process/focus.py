"""Where the focus really is inside a sample, how much the surface blurs it, and when it collapses by itself."""

from typing import Final

import numpy as np

from lasercam.process.fluence import PulseShape, peak_factor
from lasercam.process.quantity import (
    FloatArray,
    Q,
    aperture,
    fraction,
    not_negative,
    positive,
    refractive_index,
    require,
    same_kind,
    within,
)

_KERR_GAUSSIAN: Final = 3.77  # critical power of a Gaussian beam, in units of λ²/(8π n0 n2)


def optical_depth_um(stage_travel_um: Q, refractive_index_n: Q) -> Q:
    """Paraxial depth of the focus below a flat surface, µm: n d, with d the stage travel from the surface.

    Raises:
        ParameterError: NaN, a negative travel, or an index outside 1 to 5.

    Source: Snell's law at small angles.
    """
    travel = not_negative(stage_travel_um, "stage_travel_um")
    depth = travel * refractive_index(refractive_index_n, "refractive_index_n")
    return same_kind(depth, stage_travel_um, refractive_index_n)


def stage_travel_um(depth_um: Q, refractive_index_n: Q) -> Q:
    """Stage travel below the surface that puts the paraxial focus at a depth, µm: z / n.

    >>> round(stage_travel_um(200.0, 1.5), 1)
    133.3

    Raises:
        ParameterError: NaN, a negative depth, or an index outside 1 to 5.

    Source: inverse of `optical_depth_um`.
    """
    depth = not_negative(depth_um, "depth_um")
    travel = depth / refractive_index(refractive_index_n, "refractive_index_n")
    return same_kind(travel, depth_um, refractive_index_n)


def marginal_focus_um(stage_travel_um: Q, refractive_index_n: Q, na: Q) -> Q:
    """Depth where the outermost rays of a dry lens meet the axis, µm: d √((n² − NA²) / (1 − NA²)).

    Args:
        stage_travel_um: below the surface, ≥ 0.
        refractive_index_n: 1 to 5.
        na: of a dry lens without correction for the glass, below 1.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: Snell's law at the margin of the pupil.
    """
    travel = not_negative(stage_travel_um, "stage_travel_um")
    index = refractive_index(refractive_index_n, "refractive_index_n")
    return same_kind(travel * _marginal_slope(index, _dry(na)), stage_travel_um, refractive_index_n, na)


def aberration_um(stage_travel_um: Q, refractive_index_n: Q, na: Q) -> Q:
    """Longitudinal spherical aberration of a flat surface, µm: marginal depth minus n d.

    Args:
        stage_travel_um: below the surface, ≥ 0.
        refractive_index_n: 1 to 5.
        na: of a dry lens without correction for the glass, below 1.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: as `marginal_focus_um`; P. Török et al., J. Opt. Soc. Am. A 12, 325 (1995), cited from memory.
    """
    travel = not_negative(stage_travel_um, "stage_travel_um")
    index = refractive_index(refractive_index_n, "refractive_index_n")
    return same_kind(travel * _aberration_slope(index, _dry(na)), stage_travel_um, refractive_index_n, na)


def small_aperture_aberration_um(stage_travel_um: Q, refractive_index_n: Q, na: Q) -> Q:
    """First term of `aberration_um` at small NA, µm: d NA² (n² − 1) / (2 n).

    Raises:
        ParameterError: NaN, a negative travel, an index outside 1 to 5, or an NA not below 1.

    Source: series of `aberration_um`.
    """
    travel = not_negative(stage_travel_um, "stage_travel_um")
    index = refractive_index(refractive_index_n, "refractive_index_n")
    aberration = travel * _dry(na) ** 2 * (index**2 - 1.0) / (2.0 * index)
    return same_kind(aberration, stage_travel_um, refractive_index_n, na)


def best_focus_um(stage_travel_um: Q, refractive_index_n: Q, na: Q, aberration_share: Q) -> Q:
    """Depth of the sharpest focus, µm: n d plus a share of the aberration.

    Args:
        stage_travel_um: below the surface, ≥ 0.
        refractive_index_n: 1 to 5.
        na: of a dry lens without correction for the glass, below 1.
        aberration_share: between 0 (paraxial focus) and 1 (marginal focus), both excluded;
            `constants.BEST_FOCUS_SHARE` holds a published value.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: as `aberration_um`.
    """
    travel = not_negative(stage_travel_um, "stage_travel_um")
    index = refractive_index(refractive_index_n, "refractive_index_n")
    share = fraction(aberration_share, "aberration_share")
    depth = travel * (index + share * _aberration_slope(index, _dry(na)))
    return same_kind(depth, stage_travel_um, refractive_index_n, na, aberration_share)


def aberration_limited_depth_um(wavelength_nm: Q, na: Q, refractive_index_n: Q, beam_quality_m2: Q) -> Q:
    """Optical depth at which the aberration has grown to the depth of focus (2 z_R), µm.

    Args:
        wavelength_nm: vacuum wavelength, > 0.
        na: of a dry lens without correction for the glass, below 1.
        refractive_index_n: above 1, at most 5; a medium of index 1 has no such depth.
        beam_quality_m2: M², 1 to 100.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: `aberration_um` set equal to 2 z_R of a Gaussian focus that fills the aperture.
    """
    wavelength = positive(wavelength_nm, "wavelength_nm") / 1000.0
    quality = within(beam_quality_m2, "beam_quality_m2", 1.0, 100.0)
    index = refractive_index(refractive_index_n, "refractive_index_n")
    require(index > 1.0, "refractive_index_n must be above 1: without a surface there is no such depth")
    dry = _dry(na)
    depth_of_focus = 2.0 * quality * index * wavelength / (np.pi * dry**2)
    depth = index * depth_of_focus / _aberration_slope(index, dry)
    return same_kind(depth, wavelength_nm, na, refractive_index_n, beam_quality_m2)


def critical_power_uw(wavelength_nm: Q, refractive_index_n: Q, kerr_index_m2_w: Q) -> Q:
    """Peak power above which a Gaussian beam focuses itself, µW: 3.77 λ² / (8 π n0 n2).

    Kerr effect only; plasma and losses are left out.

    >>> round(critical_power_uw(1030.0, 1.45, 2.2e-20) / 1e12, 3)  # in MW
    4.989

    Args:
        wavelength_nm: vacuum wavelength, > 0.
        refractive_index_n: 1 to 5.
        kerr_index_m2_w: nonlinear index n2, m²/W, > 0.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: J. H. Marburger, Prog. Quantum Electron. 4, 35 (1975), 10.1016/0079-6727(75)90003-8; cited from
        memory.
    """
    wavelength_m = positive(wavelength_nm, "wavelength_nm") * 1e-9
    index = refractive_index(refractive_index_n, "refractive_index_n")
    kerr = positive(kerr_index_m2_w, "kerr_index_m2_w")
    power_w = _KERR_GAUSSIAN * wavelength_m**2 / (8.0 * np.pi * index * kerr)
    return same_kind(power_w * 1e6, wavelength_nm, refractive_index_n, kerr_index_m2_w)


def critical_energy_uj(critical_power_uw: Q, pulse_fs: Q, shape: PulseShape) -> Q:
    """Pulse energy whose peak power is the critical power, µJ.

    Args:
        critical_power_uw: > 0.
        pulse_fs: full width at half maximum, > 0.
        shape: of the pulse in time.

    Raises:
        ParameterError: NaN, ≤ 0, or an unknown shape.

    Source: inverse of the peak power.
    """
    duration_s = positive(pulse_fs, "pulse_fs") * 1e-15
    energy = positive(critical_power_uw, "critical_power_uw") * duration_s / peak_factor(shape)
    return same_kind(energy, critical_power_uw, pulse_fs)


def _dry(na: Q) -> FloatArray:
    numerical = aperture(na, "na")
    require(numerical < 1.0, "na of a dry lens must be below 1")
    return numerical


def _marginal_slope(index: FloatArray, na: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt((index**2 - na**2) / (1.0 - na**2)))


def _aberration_slope(index: FloatArray, na: FloatArray) -> FloatArray:
    # Marginal slope minus n, multiplied out so that small apertures keep their digits.
    slope = na**2 * (index**2 - 1.0) / ((1.0 - na**2) * (_marginal_slope(index, na) + index))
    return np.asarray(slope)
