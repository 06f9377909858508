"""Removal thresholds: how they fall with pulse number, what diameter results, how they are measured."""

from dataclasses import dataclass

import numpy as np

from lasercam.errors import ParameterError
from lasercam.process.quantity import (
    FloatArray,
    Q,
    finite,
    positive,
    require,
    same_kind,
    whole_count,
)


@dataclass(frozen=True)
class LiuFit:
    """What a series of ablated diameters says about the beam and the material.

    Attributes:
        spot_radius_um: 1/e² intensity radius.
        threshold_energy_uj: largest pulse energy that removes nothing.
    """

    spot_radius_um: float
    threshold_energy_uj: float


def incubated_threshold_j_cm2(threshold_j_cm2: Q, pulses: Q, incubation_s: Q) -> Q:
    """Threshold fluence after repeated pulses on one spot, J/cm²: F_th(1) N^(S − 1).

    >>> round(incubated_threshold_j_cm2(0.1, 100, 0.85), 5)
    0.05012

    Args:
        threshold_j_cm2: for a single pulse, > 0.
        pulses: whole number, ≥ 1.
        incubation_s: exponent S, above 0 and at most 1; 1 means no memory.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: Y. Jee, M. F. Becker and R. M. Walser, J. Opt. Soc. Am. B 5, 648 (1988); cited from memory.
    """
    single = positive(threshold_j_cm2, "threshold_j_cm2")
    threshold = single * _incubation(pulses, incubation_s)
    return same_kind(threshold, threshold_j_cm2, pulses, incubation_s)


def saturating_threshold_j_cm2(threshold_j_cm2: Q, lasting_threshold_j_cm2: Q, pulses: Q, incubation_s: Q) -> Q:
    """Threshold fluence that levels off, J/cm²: F_∞ + (F_1 − F_∞) N^(S − 1).

    Args:
        threshold_j_cm2: F_1, for a single pulse, > 0.
        lasting_threshold_j_cm2: F_∞, for very many pulses, > 0, not above the single-pulse one.
        pulses: whole number, ≥ 1.
        incubation_s: exponent S, above 0 and at most 1.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: incubation law with a plateau, as `incubated_threshold_j_cm2`.
    """
    single = positive(threshold_j_cm2, "threshold_j_cm2")
    lasting = positive(lasting_threshold_j_cm2, "lasting_threshold_j_cm2")
    require(lasting <= single, "lasting_threshold_j_cm2 must not be above threshold_j_cm2")
    threshold = lasting + (single - lasting) * _incubation(pulses, incubation_s)
    return same_kind(threshold, threshold_j_cm2, lasting_threshold_j_cm2, pulses, incubation_s)


def incubation_exponent(threshold_ratio: Q, pulses: Q) -> Q:
    """The exponent S with which a threshold falls by a factor over N pulses: 1 − ln(ratio) / ln(N).

    Args:
        threshold_ratio: F_th(1) / F_th(N), at least 1 and below N.
        pulses: whole number, ≥ 2.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: inverse of `incubated_threshold_j_cm2`.
    """
    ratio = positive(threshold_ratio, "threshold_ratio")
    count = whole_count(pulses, "pulses")
    require(count >= 2.0, "pulses must be 2 or more to tell an exponent")
    require((ratio >= 1.0) & (ratio < count), "threshold_ratio must be at least 1 and below the pulse number")
    return same_kind(1.0 - np.log(ratio) / np.log(count), threshold_ratio, pulses)


def ablated_diameter_um(spot_radius_um: Q, peak_fluence_j_cm2: Q, threshold_j_cm2: Q) -> Q:
    """Diameter that a Gaussian pulse removes, µm: w0 √(2 ln(F0/F_th)); 0 up to the threshold.

    Thin films and surfaces, one pulse, sharp threshold. Ratios of energies serve as well as ratios of fluences.

    >>> round(ablated_diameter_um(1.0, 0.3, 0.1), 3)
    1.482

    Args:
        spot_radius_um: 1/e² intensity radius, > 0.
        peak_fluence_j_cm2: on axis, > 0.
        threshold_j_cm2: > 0.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: J. M. Liu, Opt. Lett. 7, 196 (1982), cited from memory; M. Garcia-Lechuga and D. Grojo,
        10.12688/openreseurope.13073.2.
    """
    radius = positive(spot_radius_um, "spot_radius_um")
    ratio = positive(peak_fluence_j_cm2, "peak_fluence_j_cm2") / positive(threshold_j_cm2, "threshold_j_cm2")
    # Below threshold nothing is removed: a diameter of 0 is the physics there, not a repair.
    diameter = radius * np.sqrt(2.0 * np.log(np.maximum(ratio, 1.0)))
    return same_kind(diameter, spot_radius_um, peak_fluence_j_cm2, threshold_j_cm2)


def peak_fluence_for_diameter_j_cm2(spot_radius_um: Q, diameter_um: Q, threshold_j_cm2: Q) -> Q:
    """Peak fluence that removes a diameter, J/cm²: F_th exp(D² / (2 w0²)).

    Args:
        spot_radius_um: 1/e² intensity radius, > 0.
        diameter_um: > 0.
        threshold_j_cm2: > 0.

    Raises:
        ParameterError: NaN or ≤ 0, or a diameter so far beyond the spot that the fluence overflows.

    Source: inverse of `ablated_diameter_um`.
    """
    relative = positive(diameter_um, "diameter_um") / positive(spot_radius_um, "spot_radius_um")
    threshold = positive(threshold_j_cm2, "threshold_j_cm2")
    with np.errstate(over="ignore"):  # same_kind refuses what overflowed
        fluence = threshold * np.exp(relative**2 / 2.0)
    return same_kind(fluence, spot_radius_um, diameter_um, threshold_j_cm2)


def liu_fit(pulse_energy_uj: FloatArray, diameter_um: FloatArray) -> LiuFit:
    """Spot radius and threshold energy from ablated diameters: least squares of D² over ln E.

    Args:
        pulse_energy_uj: (N,) µJ, > 0, at least two different values.
        diameter_um: (N,) µm, > 0.

    Raises:
        ParameterError: NaN, ≤ 0, different lengths, fewer than two energies, or diameters that do not grow.

    Source: as `ablated_diameter_um`, D² = 2 w0² ln(E / E_th).
    """
    energies = positive(pulse_energy_uj, "pulse_energy_uj")
    diameters = positive(diameter_um, "diameter_um")
    if energies.ndim != 1 or energies.shape != diameters.shape:
        raise ParameterError(
            f"a Liu plot needs one diameter per pulse energy; found {energies.shape} energies"
            f" and {diameters.shape} diameters."
        )
    if np.unique(energies).size < 2:
        raise ParameterError("a Liu plot needs at least two different pulse energies.")
    log_energies = np.log(energies)
    squares = diameters**2
    offsets = log_energies - log_energies.mean()
    slope = float((offsets * squares).sum() / (offsets**2).sum())
    if slope <= 0.0:
        raise ParameterError("the diameters do not grow with pulse energy: this is no ablation series.")
    # Where the line reaches zero area; an exponent this large is refused by same_kind as overflow.
    with np.errstate(over="ignore"):
        threshold = np.exp(log_energies.mean() - squares.mean() / slope)
    return LiuFit(float(np.sqrt(slope / 2.0)), same_kind(threshold, 0.0))


def deposition_diameter_um(feature_um: Q, diffusivity_um2_s: Q, time_s: Q) -> Q:
    """Diameter over which energy has spread by diffusion, µm: √(d² + (2 √(κ τ))²).

    The source prints 2 k τ with k called a conductivity, which is no length; this is the consistent reading, with
    the diffusivity κ.

    Args:
        feature_um: diameter of the absorbing feature, > 0.
        diffusivity_um2_s: thermal diffusivity, > 0.
        time_s: pulse duration or exposure, > 0.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: 10.29026/oes.2022.220014, corrected for units.
    """
    feature = positive(feature_um, "feature_um")
    spread = 4.0 * positive(diffusivity_um2_s, "diffusivity_um2_s") * positive(time_s, "time_s")
    return same_kind(np.sqrt(feature**2 + spread), feature_um, diffusivity_um2_s, time_s)


def _incubation(pulses: Q, incubation_s: Q) -> FloatArray:
    count = whole_count(pulses, "pulses")
    exponent = finite(incubation_s, "incubation_s")
    require((exponent > 0.0) & (exponent <= 1.0), "incubation_s must be above 0 and at most 1 (1 is no memory)")
    return np.asarray(count ** (exponent - 1.0))
