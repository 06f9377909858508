"""Energy and power per area at the focus: Gaussian spots, flat-top rings, vortex rings, continuous beams."""

from typing import Final, Literal

import numpy as np

from lasercam.errors import ParameterError
from lasercam.process.quantity import FloatArray, Q, not_negative, positive, require, same_kind

PulseShape = Literal["gaussian", "sech2"]

_J_CM2_PER_UJ_UM2: Final = 100.0  # 1 µJ/µm² = 1e-6 J / 1e-8 cm²
_W_CM2_PER_UW_UM2: Final = 100.0  # 1 µW/µm² = 1e-6 W / 1e-8 cm²
_PEAK_FACTORS: Final[dict[str, float]] = {"gaussian": 0.94, "sech2": 0.88}


def peak_fluence_j_cm2(pulse_energy_uj: Q, spot_radius_um: Q) -> Q:
    """On-axis fluence of one Gaussian pulse, J/cm²: 2 E / (π w0²).

    >>> round(peak_fluence_j_cm2(0.010, 1.0), 4)
    0.6366

    Args:
        pulse_energy_uj: on target, > 0.
        spot_radius_um: 1/e² intensity radius, > 0.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: J. M. Liu, Opt. Lett. 7, 196 (1982), 10.1364/OL.7.000196; cited from memory.
    """
    return _gaussian_fluence(2.0, pulse_energy_uj, spot_radius_um)


def mean_fluence_j_cm2(pulse_energy_uj: Q, spot_radius_um: Q) -> Q:
    """Pulse energy over the 1/e² disc, J/cm²: E / (π w0²), half the peak fluence of a Gaussian.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: definition; never compare it with a peak fluence.
    """
    return _gaussian_fluence(1.0, pulse_energy_uj, spot_radius_um)


def pulse_energy_for_peak_fluence_uj(peak_fluence_j_cm2: Q, spot_radius_um: Q) -> Q:
    """The pulse energy that gives a peak fluence in a Gaussian spot, µJ.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: inverse of `peak_fluence_j_cm2`.
    """
    fluence = positive(peak_fluence_j_cm2, "peak_fluence_j_cm2") / _J_CM2_PER_UJ_UM2
    radius = positive(spot_radius_um, "spot_radius_um")
    return same_kind(fluence * np.pi * radius**2 / 2.0, peak_fluence_j_cm2, spot_radius_um)


def gaussian_fluence_j_cm2(peak_fluence_j_cm2: Q, spot_radius_um: Q, radius_um: Q) -> Q:
    """Fluence of a Gaussian pulse at a distance from the axis, J/cm²: F0 exp(−2 r²/w0²).

    Raises:
        ParameterError: NaN, a fluence or spot radius ≤ 0, or a negative distance.

    Source: definition of the Gaussian profile.
    """
    peak = positive(peak_fluence_j_cm2, "peak_fluence_j_cm2")
    distance = not_negative(radius_um, "radius_um") / positive(spot_radius_um, "spot_radius_um")
    return same_kind(peak * np.exp(-2.0 * distance**2), peak_fluence_j_cm2, spot_radius_um, radius_um)


def ring_area_um2(inner_radius_um: Q, outer_radius_um: Q) -> Q:
    """Area between two circles, µm²; an inner radius of 0 makes it a disc.

    Raises:
        ParameterError: NaN, a negative inner radius, or an outer radius not above the inner one.

    Source: geometry.
    """
    return same_kind(_ring_area(inner_radius_um, outer_radius_um), inner_radius_um, outer_radius_um)


def ring_fluence_j_cm2(pulse_energy_uj: Q, inner_radius_um: Q, outer_radius_um: Q) -> Q:
    """Fluence of a flat-top ring, J/cm²: E / (π (R2² − R1²)).

    Ideal projection; the ring should not be narrower than about half the smallest imaged period.

    Args:
        pulse_energy_uj: after mask and optics, > 0.
        inner_radius_um: ≥ 0.
        outer_radius_um: above the inner radius.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: geometry; such a ring is used in 10.1002/adom.202202407.
    """
    energy = positive(pulse_energy_uj, "pulse_energy_uj")
    area = _ring_area(inner_radius_um, outer_radius_um)
    return same_kind(energy / area * _J_CM2_PER_UJ_UM2, pulse_energy_uj, inner_radius_um, outer_radius_um)


def ring_pulse_energy_uj(fluence_j_cm2: Q, inner_radius_um: Q, outer_radius_um: Q) -> Q:
    """The pulse energy, after mask and optics, that fills a ring with a fluence, µJ.

    >>> round(ring_pulse_energy_uj(0.1, 5.0, 6.0), 5)
    0.03456

    Raises:
        ParameterError: NaN, a fluence ≤ 0, or radii that make no ring.

    Source: inverse of `ring_fluence_j_cm2`.
    """
    fluence = positive(fluence_j_cm2, "fluence_j_cm2") / _J_CM2_PER_UJ_UM2
    area = _ring_area(inner_radius_um, outer_radius_um)
    return same_kind(fluence * area, fluence_j_cm2, inner_radius_um, outer_radius_um)


def vortex_fluence_j_cm2(pulse_energy_uj: Q, spot_radius_um: Q, radius_um: Q) -> Q:
    """Fluence of a vortex ring (Laguerre–Gauss mode LG01) at a distance from its axis, J/cm².

    It is (4 E r² / (π w0⁴)) exp(−2 r²/w0²).

    Raises:
        ParameterError: NaN, an energy or spot radius ≤ 0, or a negative distance.

    Source: A. E. Siegman, Lasers (1986), Laguerre–Gauss modes; cited from memory.
    """
    energy = positive(pulse_energy_uj, "pulse_energy_uj")
    radius = positive(spot_radius_um, "spot_radius_um")
    squared = (not_negative(radius_um, "radius_um") / radius) ** 2
    fluence = 4.0 * energy / (np.pi * radius**2) * squared * np.exp(-2.0 * squared) * _J_CM2_PER_UJ_UM2
    return same_kind(fluence, pulse_energy_uj, spot_radius_um, radius_um)


def vortex_peak_radius_um(spot_radius_um: Q) -> Q:
    """Radius of the brightest circle of a vortex ring, µm: w0 / √2.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: maximum of `vortex_fluence_j_cm2`.
    """
    return same_kind(positive(spot_radius_um, "spot_radius_um") / np.sqrt(2.0), spot_radius_um)


def vortex_peak_fluence_j_cm2(pulse_energy_uj: Q, spot_radius_um: Q) -> Q:
    """Fluence on the brightest circle of a vortex ring, J/cm²: 2 E / (e π w0²).

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: maximum of `vortex_fluence_j_cm2`.
    """
    return _gaussian_fluence(2.0 / np.e, pulse_energy_uj, spot_radius_um)


def peak_power_uw(pulse_energy_uj: Q, pulse_fs: Q, shape: PulseShape) -> Q:
    """Highest power during one pulse, µW: 0.94 E/τ (Gaussian) or 0.88 E/τ (sech²).

    >>> round(peak_power_uw(50.0, 300.0, "gaussian") / 1e12, 1)  # in MW
    156.7

    Args:
        pulse_energy_uj: > 0.
        pulse_fs: full width at half maximum, > 0.
        shape: of the pulse in time; there is no default, because lasers differ.

    Raises:
        ParameterError: NaN, ≤ 0, or an unknown shape.

    Source: R. Paschotta, RP Photonics Encyclopedia, peak power (rounded factors); cited from memory.
    """
    energy = positive(pulse_energy_uj, "pulse_energy_uj")
    duration_s = positive(pulse_fs, "pulse_fs") * 1e-15
    return same_kind(peak_factor(shape) * energy / duration_s, pulse_energy_uj, pulse_fs)


def peak_irradiance_w_cm2(fluence_j_cm2: Q, pulse_fs: Q, shape: PulseShape) -> Q:
    """Highest irradiance during one pulse where it has a fluence, W/cm²: 0.94 F/τ or 0.88 F/τ.

    Pass the peak fluence of a Gaussian spot for the on-axis value, or the fluence of a flat top.

    Args:
        fluence_j_cm2: of one pulse, > 0.
        pulse_fs: full width at half maximum, > 0.
        shape: of the pulse in time.

    Raises:
        ParameterError: NaN, ≤ 0, or an unknown shape.

    Source: as `peak_power_uw`.
    """
    fluence = positive(fluence_j_cm2, "fluence_j_cm2")
    duration_s = positive(pulse_fs, "pulse_fs") * 1e-15
    return same_kind(peak_factor(shape) * fluence / duration_s, fluence_j_cm2, pulse_fs)


def peak_factor(shape: PulseShape) -> float:
    """Peak power times pulse duration over pulse energy, for a pulse shape.

    Raises:
        ParameterError: an unknown shape.

    Source: as `peak_power_uw`.
    """
    if shape not in _PEAK_FACTORS:
        allowed = ", ".join(_PEAK_FACTORS)
        raise ParameterError(f"unknown pulse shape {shape!r}; allowed: {allowed}.")
    return _PEAK_FACTORS[shape]


def irradiance_w_cm2(power_uw: Q, spot_radius_um: Q) -> Q:
    """On-axis irradiance of a Gaussian beam, W/cm²: 2 P / (π w0²).

    Time-averaged when the power is an average power.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: definition of the Gaussian profile.
    """
    power = positive(power_uw, "power_uw")
    radius = positive(spot_radius_um, "spot_radius_um")
    irradiance = 2.0 * power / (np.pi * radius**2) * _W_CM2_PER_UW_UM2
    return same_kind(irradiance, power_uw, spot_radius_um)


def spot_radius_for_irradiance_um(power_uw: Q, irradiance_w_cm2: Q) -> Q:
    """The 1/e² radius at which a power gives an on-axis irradiance, µm.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: inverse of `irradiance_w_cm2`.
    """
    power = positive(power_uw, "power_uw")
    irradiance = positive(irradiance_w_cm2, "irradiance_w_cm2") / _W_CM2_PER_UW_UM2
    return same_kind(np.sqrt(2.0 * power / (np.pi * irradiance)), power_uw, irradiance_w_cm2)


def _gaussian_fluence(factor: float, pulse_energy_uj: Q, spot_radius_um: Q) -> Q:
    energy = positive(pulse_energy_uj, "pulse_energy_uj")
    radius = positive(spot_radius_um, "spot_radius_um")
    fluence = factor * energy / (np.pi * radius**2) * _J_CM2_PER_UJ_UM2
    return same_kind(fluence, pulse_energy_uj, spot_radius_um)


def _ring_area(inner_radius_um: Q, outer_radius_um: Q) -> FloatArray:
    inner = not_negative(inner_radius_um, "inner_radius_um")
    outer = positive(outer_radius_um, "outer_radius_um")
    require(outer > inner, "outer_radius_um must be larger than inner_radius_um")
    # The factored form keeps its digits when the ring is thin.
    return np.asarray(np.pi * (outer - inner) * (outer + inner))
