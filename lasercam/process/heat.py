"""Heat: how far it spreads, how hot a pulse makes a zone, what earlier pulses leave behind.

The heated zone is a spherical Gaussian, exp(−r²/w²), with constant properties of the material and no change of phase.
Its radius w is a 1/e radius of the temperature, not the 1/e² radius of the beam.
"""

from typing import Final, Literal

import numpy as np

from lasercam.process.quantity import (
    FloatArray,
    Q,
    fraction,
    not_negative,
    positive,
    same_kind,
    whole_count,
)

AccumulationClass = Literal["none", "weak", "strong"]

_UM2_PER_M2: Final = 1e12
_FIRST_SUMMED: Final = 16  # terms below are added one by one, the rest by the Euler–Maclaurin formula
# B₂ₖ/(2k)! for k = 1, 2, 3, and the factors of the derivatives of order 1, 3, 5 of (1 + x R)^(−3/2) in R^(2k−1)
_BERNOULLI: Final = (1.0 / 12.0, -1.0 / 720.0, 1.0 / 30240.0)
_DERIVATIVES: Final = (-1.5, -1.5 * 2.5 * 3.5, -1.5 * 2.5 * 3.5 * 4.5 * 5.5)


def diffusivity_um2_s(conductivity_w_m_k: Q, density_kg_m3: Q, heat_capacity_j_kg_k: Q) -> Q:
    """Thermal diffusivity, µm²/s: k / (ρ c).

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: definition.
    """
    volumetric = positive(density_kg_m3, "density_kg_m3") * positive(heat_capacity_j_kg_k, "heat_capacity_j_kg_k")
    diffusivity = positive(conductivity_w_m_k, "conductivity_w_m_k") / volumetric * _UM2_PER_M2
    return same_kind(diffusivity, conductivity_w_m_k, density_kg_m3, heat_capacity_j_kg_k)


def diffusion_length_um(diffusivity_um2_s: Q, time_s: Q) -> Q:
    """Distance over which heat (or an ion) spreads in a time, µm: √(4 D t).

    >>> round(diffusion_length_um(5e5, 100e-6), 2)
    14.14

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: solution of the diffusion equation in a uniform medium.
    """
    spread = 4.0 * positive(diffusivity_um2_s, "diffusivity_um2_s") * positive(time_s, "time_s")
    return same_kind(np.sqrt(spread), diffusivity_um2_s, time_s)


def pulse_temperature_rise_k(absorbed_energy_uj: Q, zone_radius_um: Q, density_kg_m3: Q, heat_capacity_j_kg_k: Q) -> Q:
    """Rise of temperature in the middle of the zone just after one pulse, K: A E / (π^1.5 w³ ρ c).

    Args:
        absorbed_energy_uj: share of the pulse that becomes heat, > 0.
        zone_radius_um: 1/e radius w of the heated zone, > 0.
        density_kg_m3: > 0.
        heat_capacity_j_kg_k: > 0.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: energy of a Gaussian zone; used in 10.3390/mi15020196.
    """
    energy_j = positive(absorbed_energy_uj, "absorbed_energy_uj") * 1e-6
    volume_m3 = np.pi**1.5 * positive(zone_radius_um, "zone_radius_um") ** 3 * 1e-18
    mass_kg = volume_m3 * positive(density_kg_m3, "density_kg_m3")
    rise = energy_j / (mass_kg * positive(heat_capacity_j_kg_k, "heat_capacity_j_kg_k"))
    return same_kind(rise, absorbed_energy_uj, zone_radius_um, density_kg_m3, heat_capacity_j_kg_k)


def temperature_share(time_s: Q, distance_um: Q, zone_radius_um: Q, diffusivity_um2_s: Q) -> Q:
    """Rise of temperature later and elsewhere, as a share of that in the middle just after the pulse.

    It is (1 + t/τ_d)^(−1.5) exp(−r² / (w² + 4 D t)), with τ_d = w² / (4 D).

    Args:
        time_s: since the pulse, ≥ 0.
        distance_um: from the middle of the zone, ≥ 0.
        zone_radius_um: 1/e radius w of the heated zone, > 0.
        diffusivity_um2_s: > 0.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: solution of the heat equation; used in 10.3390/mi15020196.
    """
    squared = positive(zone_radius_um, "zone_radius_um") ** 2
    spread = 4.0 * positive(diffusivity_um2_s, "diffusivity_um2_s") * not_negative(time_s, "time_s")
    distance = not_negative(distance_um, "distance_um")
    share = (1.0 + spread / squared) ** -1.5 * np.exp(-(distance**2) / (squared + spread))
    return same_kind(share, time_s, distance_um, zone_radius_um, diffusivity_um2_s)


def diffusion_time_s(zone_radius_um: Q, diffusivity_um2_s: Q) -> Q:
    """Time after which the heat of a zone has spread by its own radius, s: τ_d = w² / (4 D).

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: definition, 10.3390/mi15020196.
    """
    squared = positive(zone_radius_um, "zone_radius_um") ** 2
    time = squared / (4.0 * positive(diffusivity_um2_s, "diffusivity_um2_s"))
    return same_kind(time, zone_radius_um, diffusivity_um2_s)


def cooling_ratio(zone_radius_um: Q, diffusivity_um2_s: Q, rep_rate_hz: Q) -> Q:
    """Time between pulses over diffusion time: R_τ = 4 D / (w² f); below 1 heat piles up.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: definition, 10.3390/mi15020196.
    """
    squared = positive(zone_radius_um, "zone_radius_um") ** 2
    spread = 4.0 * positive(diffusivity_um2_s, "diffusivity_um2_s") / positive(rep_rate_hz, "rep_rate_hz")
    return same_kind(spread / squared, zone_radius_um, diffusivity_um2_s, rep_rate_hz)


def zone_radius_for_ratio_um(diffusivity_um2_s: Q, rep_rate_hz: Q, cooling_ratio: Q) -> Q:
    """Radius of the heated zone at which a repetition rate gives a cooling ratio, µm: √(4 D / (R_τ f)).

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: inverse of `cooling_ratio`.
    """
    spread = 4.0 * positive(diffusivity_um2_s, "diffusivity_um2_s") / positive(rep_rate_hz, "rep_rate_hz")
    radius = np.sqrt(spread / positive(cooling_ratio, "cooling_ratio"))
    return same_kind(radius, diffusivity_um2_s, rep_rate_hz, cooling_ratio)


def residual_heat(cooling_ratio: Q, pulses: Q) -> Q:
    """Rise left by N earlier pulses when the next arrives, in rises of one pulse: Σ (1 + m R_τ)^(−1.5).

    Fixed beam; for a moving one, N is at most about w f / v.

    Args:
        cooling_ratio: R_τ, > 0.
        pulses: earlier pulses N, whole number, ≥ 1; any number costs the same.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: superposition of `temperature_share`; Euler–Maclaurin formula, exact to about 12 digits.
    """
    ratio = positive(cooling_ratio, "cooling_ratio")
    count = whole_count(pulses, "pulses")
    ratio, count = np.broadcast_arrays(ratio, count)
    total = _first_terms(ratio, count)
    first = 1.0 + _FIRST_SUMMED * ratio
    last = 1.0 + count * ratio
    root_first, root_last = np.sqrt(first), np.sqrt(last)
    # The integral 2/R (1/√first − 1/√last), multiplied out: no digits are lost at small R.
    integral = 2.0 * (count - _FIRST_SUMMED) / (root_first * root_last * (root_first + root_last))
    stretch = integral + (first**-1.5 + last**-1.5) / 2.0
    stretch = stretch + _end_correction(ratio, last) - _end_correction(ratio, first)
    # A sum that ends before the formula starts is complete already.
    total = total + np.where(count >= _FIRST_SUMMED, stretch, 0.0)
    return same_kind(total, cooling_ratio, pulses)


def residual_heat_limit(cooling_ratio: Q) -> Q:
    """Rise left by endlessly many earlier pulses: R^(−1.5) ζ(1.5, 1 + 1/R), with Hurwitz's zeta function.

    For small ratios it approaches 2/R − ½.

    >>> round(residual_heat_limit(0.1), 4)
    19.5125

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: limit of `residual_heat`; Euler–Maclaurin formula, exact to about 12 digits.
    """
    ratio = positive(cooling_ratio, "cooling_ratio")
    first = 1.0 + _FIRST_SUMMED * ratio
    stretch = 2.0 / (ratio * np.sqrt(first)) + first**-1.5 / 2.0 - _end_correction(ratio, first)
    endless = np.full_like(ratio, np.inf)
    return same_kind(_first_terms(ratio, endless) + stretch, cooling_ratio)


def residual_heat_tail(cooling_ratio: Q, pulses: Q) -> Q:
    """Estimate of what all pulses before the last N still add: 2 / (R^1.5 √N); good for N R ≫ 1.

    Args:
        cooling_ratio: R_τ, > 0.
        pulses: N, whole number, ≥ 1.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: integral of the terms of `residual_heat` for large N R.
    """
    ratio = positive(cooling_ratio, "cooling_ratio")
    tail = 2.0 / (ratio**1.5 * np.sqrt(whole_count(pulses, "pulses")))
    return same_kind(tail, cooling_ratio, pulses)


def accumulation_class(cooling_ratio: float) -> AccumulationClass:
    """How much heat piles up: "none" from R_τ = 10, "weak" from 1, "strong" below.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: limits assumed here from `residual_heat_limit` (at most 0.08 at 10, about 1.6 at 1).
    """
    ratio = float(positive(cooling_ratio, "cooling_ratio"))
    if ratio >= 10.0:
        return "none"
    return "weak" if ratio >= 1.0 else "strong"


def steady_temperature_rise_k(absorbed_power_uw: Q, zone_radius_um: Q, conductivity_w_m_k: Q) -> Q:
    """Rise of temperature after a long time of fast pulses or light, K: A P / (2 π^1.5 k w).

    Holds for R_τ ≪ 1 in a thick sample.

    Args:
        absorbed_power_uw: share of the average power that becomes heat, > 0.
        zone_radius_um: 1/e radius w of the heated zone, > 0.
        conductivity_w_m_k: > 0.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: integral over time of `temperature_share`.
    """
    power_w = positive(absorbed_power_uw, "absorbed_power_uw") * 1e-6
    radius_m = positive(zone_radius_um, "zone_radius_um") * 1e-6
    rise = power_w / (2.0 * np.pi**1.5 * positive(conductivity_w_m_k, "conductivity_w_m_k") * radius_m)
    return same_kind(rise, absorbed_power_uw, zone_radius_um, conductivity_w_m_k)


def cooling_wait_s(zone_radius_um: Q, diffusivity_um2_s: Q, residue: Q) -> Q:
    """Time until the middle of a zone has cooled to a share of its rise, s: τ_d (ε^(−2/3) − 1).

    >>> round(cooling_wait_s(10.0, 5e5, 0.01) * 1e3, 3)  # in ms
    1.027

    Args:
        zone_radius_um: 1/e radius w of the heated zone, > 0.
        diffusivity_um2_s: > 0.
        residue: allowed share ε, between 0 and 1.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: inverse of `temperature_share` at distance 0.
    """
    squared = positive(zone_radius_um, "zone_radius_um") ** 2
    time = squared / (4.0 * positive(diffusivity_um2_s, "diffusivity_um2_s"))
    cooled = np.expm1(-2.0 / 3.0 * np.log(fraction(residue, "residue")))
    return same_kind(time * cooled, zone_radius_um, diffusivity_um2_s, residue)


def _first_terms(ratio: FloatArray, count: FloatArray) -> FloatArray:
    total = np.zeros_like(ratio)
    for term in range(1, _FIRST_SUMMED):
        total = total + np.where(term <= count, (1.0 + term * ratio) ** -1.5, 0.0)
    return total


def _end_correction(ratio: FloatArray, base: FloatArray) -> FloatArray:
    # R/base is at most 1/16, so three terms reach about 12 digits.
    relative = ratio / base
    odd = [b * d * relative ** (2 * k + 1) for k, (b, d) in enumerate(zip(_BERNOULLI, _DERIVATIVES, strict=True))]
    return np.asarray(base**-1.5 * sum(odd))
