"""Power, energy and dose: what a train of pulses brings to a point, a line, an area, a volume."""

from typing import Final

import numpy as np

from lasercam.process.quantity import Q, not_negative, positive, same_kind, whole_count

_J_CM2_PER_UJ_UM2: Final = 100.0  # 1 µJ/µm² = 1e-6 J / 1e-8 cm²


def average_power_uw(pulse_energy_uj: Q, rep_rate_hz: Q) -> Q:
    """Average power of a pulse train, µW: E f.

    Energy, rate and power must be taken in the same plane and after the pulse picker.

    >>> average_power_uw(200.0, 10e3)
    2000000.0

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: definition.
    """
    power = positive(pulse_energy_uj, "pulse_energy_uj") * positive(rep_rate_hz, "rep_rate_hz")
    return same_kind(power, pulse_energy_uj, rep_rate_hz)


def pulse_energy_from_power_uj(power_uw: Q, rep_rate_hz: Q) -> Q:
    """Energy of each pulse of a train, µJ: P / f.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: inverse of `average_power_uw`.
    """
    energy = positive(power_uw, "power_uw") / positive(rep_rate_hz, "rep_rate_hz")
    return same_kind(energy, power_uw, rep_rate_hz)


def rep_rate_from_power_hz(power_uw: Q, pulse_energy_uj: Q) -> Q:
    """Repetition rate of a train, Hz: P / E.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: inverse of `average_power_uw`.
    """
    rate = positive(power_uw, "power_uw") / positive(pulse_energy_uj, "pulse_energy_uj")
    return same_kind(rate, power_uw, pulse_energy_uj)


def power_mismatch(pulse_energy_uj: Q, rep_rate_hz: Q, power_uw: Q) -> Q:
    """How far three stated numbers are from agreeing, as a share of the power: |E f − P| / P.

    >>> power_mismatch(200.0, 10e3, 500e3)
    3.0

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: definition.
    """
    energy = positive(pulse_energy_uj, "pulse_energy_uj")
    power = positive(power_uw, "power_uw")
    mismatch = np.abs(energy * positive(rep_rate_hz, "rep_rate_hz") - power) / power
    return same_kind(mismatch, pulse_energy_uj, rep_rate_hz, power_uw)


def line_dose_j_mm(power_uw: Q, speed_um_s: Q) -> Q:
    """Energy per length of a line, J/mm: P / v.

    >>> line_dose_j_mm(500e3, 400.0)
    1.25

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: definition.
    """
    # 1 µJ/µm = 1e-6 J / 1e-3 mm
    dose = positive(power_uw, "power_uw") / positive(speed_um_s, "speed_um_s") / 1000.0
    return same_kind(dose, power_uw, speed_um_s)


def areal_dose_j_cm2(power_uw: Q, speed_um_s: Q, hatch_um: Q) -> Q:
    """Mean energy per area of a hatched fill, J/cm²: P / (v h).

    Args:
        power_uw: average power, > 0.
        speed_um_s: > 0.
        hatch_um: distance between neighbouring lines, > 0.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: definition.
    """
    speed = positive(speed_um_s, "speed_um_s")
    dose = positive(power_uw, "power_uw") / (speed * positive(hatch_um, "hatch_um")) * _J_CM2_PER_UJ_UM2
    return same_kind(dose, power_uw, speed_um_s, hatch_um)


def volumetric_dose_j_mm3(power_uw: Q, speed_um_s: Q, hatch_um: Q, layer_um: Q) -> Q:
    """Mean energy per volume of stacked hatched layers, J/mm³: P / (v h Δz).

    Args:
        power_uw: average power, > 0.
        speed_um_s: > 0.
        hatch_um: distance between neighbouring lines, > 0.
        layer_um: distance between planes, > 0.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: definition.
    """
    area_rate = positive(speed_um_s, "speed_um_s") * positive(hatch_um, "hatch_um")
    # 1 µJ/µm³ = 1e-6 J / 1e-9 mm³
    dose = positive(power_uw, "power_uw") / (area_rate * positive(layer_um, "layer_um")) * 1000.0
    return same_kind(dose, power_uw, speed_um_s, hatch_um, layer_um)


def accumulated_fluence_j_cm2(power_uw: Q, spot_radius_um: Q, speed_um_s: Q) -> Q:
    """Fluence summed over the passing of a Gaussian spot, on the line's axis, J/cm²: √(2/π) P / (w0 v).

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: integral of the Gaussian profile along the line.
    """
    radius = positive(spot_radius_um, "spot_radius_um")
    linear = positive(power_uw, "power_uw") / (radius * positive(speed_um_s, "speed_um_s"))
    fluence = np.sqrt(2.0 / np.pi) * linear * _J_CM2_PER_UJ_UM2
    return same_kind(fluence, power_uw, spot_radius_um, speed_um_s)


def irradiation_dose_j_cm2(irradiance_w_cm2: Q, exposure_s: Q) -> Q:
    """Energy per area of a continuous irradiation, J/cm²: I t.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: definition.
    """
    dose = positive(irradiance_w_cm2, "irradiance_w_cm2") * positive(exposure_s, "exposure_s")
    return same_kind(dose, irradiance_w_cm2, exposure_s)


def fluence_per_pulse_j_cm2(average_irradiance_w_cm2: Q, rep_rate_hz: Q) -> Q:
    """Fluence of each pulse of a train with a time-averaged irradiance, J/cm²: I / f.

    >>> fluence_per_pulse_j_cm2(1000.0, 1000.0)
    1.0

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: definition.
    """
    irradiance = positive(average_irradiance_w_cm2, "average_irradiance_w_cm2")
    return same_kind(irradiance / positive(rep_rate_hz, "rep_rate_hz"), average_irradiance_w_cm2, rep_rate_hz)


def dot_pulses(rep_rate_hz: Q, exposure_s: Q) -> Q:
    """Pulses that reach a dot while the shutter is open, not rounded: f t.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: definition.
    """
    pulses = positive(rep_rate_hz, "rep_rate_hz") * positive(exposure_s, "exposure_s")
    return same_kind(pulses, rep_rate_hz, exposure_s)


def dot_energy_uj(power_uw: Q, exposure_s: Q) -> Q:
    """Energy that reaches a dot while the shutter is open, µJ: P t.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: definition.
    """
    energy = positive(power_uw, "power_uw") * positive(exposure_s, "exposure_s")
    return same_kind(energy, power_uw, exposure_s)


def dot_array_time_s(dot_count: Q, exposure_s: Q, move_s: Q) -> Q:
    """Time to write an array of dots, s: n (t_exposure + t_move); settling belongs into the move.

    Args:
        dot_count: whole number, ≥ 1.
        exposure_s: per dot, > 0.
        move_s: from one dot to the next, ≥ 0.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: definition.
    """
    count = whole_count(dot_count, "dot_count")
    each = positive(exposure_s, "exposure_s") + not_negative(move_s, "move_s")
    return same_kind(count * each, dot_count, exposure_s, move_s)
