"""A spot moving at constant speed: how pulses overlap, how long it stays, what the controller is told."""

import numpy as np

from lasercam.process.quantity import Q, positive, same_kind


def pulse_pitch_um(speed_um_s: Q, rep_rate_hz: Q) -> Q:
    """Distance between the centres of neighbouring pulses, µm: v / f.

    >>> pulse_pitch_um(400.0, 10e3)
    0.04

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: definition.
    """
    pitch = positive(speed_um_s, "speed_um_s") / positive(rep_rate_hz, "rep_rate_hz")
    return same_kind(pitch, speed_um_s, rep_rate_hz)


def pulses_per_spot(spot_radius_um: Q, rep_rate_hz: Q, speed_um_s: Q) -> Q:
    """Pulses that fall while the 1/e² diameter passes a point: 2 w0 f / v; below 1 they leave gaps.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: definition.
    """
    return _pulses(2.0, spot_radius_um, rep_rate_hz, speed_um_s)


def dose_equivalent_pulses(spot_radius_um: Q, rep_rate_hz: Q, speed_um_s: Q) -> Q:
    """Pulses on axis that bring the fluence a point on the line accumulates: √(π/2) w0 f / v.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: sum of the Gaussian profile over equally spaced pulses, as an integral.
    """
    return _pulses(np.sqrt(np.pi / 2.0), spot_radius_um, rep_rate_hz, speed_um_s)


def pulse_overlap(spot_radius_um: Q, rep_rate_hz: Q, speed_um_s: Q) -> Q:
    """Share of the spot diameter that neighbouring pulses have in common: 1 − v / (2 w0 f).

    Negative where the pulses do not touch; 1 would be a spot at rest.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: definition.
    """
    diameter = 2.0 * positive(spot_radius_um, "spot_radius_um")
    pitch = positive(speed_um_s, "speed_um_s") / positive(rep_rate_hz, "rep_rate_hz")
    return same_kind(1.0 - pitch / diameter, spot_radius_um, rep_rate_hz, speed_um_s)


def dwell_s(spot_radius_um: Q, speed_um_s: Q) -> Q:
    """Time during which the 1/e² diameter covers a point of the line, s: 2 w0 / v.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: definition.
    """
    time = 2.0 * positive(spot_radius_um, "spot_radius_um") / positive(speed_um_s, "speed_um_s")
    return same_kind(time, spot_radius_um, speed_um_s)


def feed_mm_min(speed_um_s: Q) -> Q:
    """The speed as a feed word per minute, mm/min: 0.06 v[µm/s].

    >>> feed_mm_min(400.0)
    24.0

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: unit conversion (feed mode G94 of RS-274).
    """
    return same_kind(positive(speed_um_s, "speed_um_s") * 60.0 / 1000.0, speed_um_s)


def overscan_um(speed_um_s: Q, acceleration_um_s2: Q) -> Q:
    """Shortest run-up in which an axis reaches a speed from rest, µm: v² / (2 a).

    >>> overscan_um(400.0, 100e3)
    0.8

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: uniform acceleration.
    """
    speed = positive(speed_um_s, "speed_um_s")
    length = speed**2 / (2.0 * positive(acceleration_um_s2, "acceleration_um_s2"))
    return same_kind(length, speed_um_s, acceleration_um_s2)


def _pulses(factor: float, spot_radius_um: Q, rep_rate_hz: Q, speed_um_s: Q) -> Q:
    width = factor * positive(spot_radius_um, "spot_radius_um")
    pulses = width * positive(rep_rate_hz, "rep_rate_hz") / positive(speed_um_s, "speed_um_s")
    return same_kind(pulses, spot_radius_um, rep_rate_hz, speed_um_s)
