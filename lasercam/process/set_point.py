"""From an energy or power on target to what is set for it, and back: the chain of attenuator and objective.

Source: Malus' law, transmission sin²(k (θ − θ0)) between crossed polarizers, k = 2 for a half-wave plate turned between
them (it turns the polarization by twice its angle) and k = 1 for a turned polarizer; E. Hecht, Optics, 5th ed.,
sections 8.2.1 and 8.7. Confidence: a definition. Leakage and full energy are the machine's own measurement.
"""

import math
from dataclasses import dataclass

import numpy as np

from lasercam.errors import ParameterError
from lasercam.model.exposure import NO_SETTING
from lasercam.model.machine import Machine
from lasercam.model.recipe import Recipe
from lasercam.model.scale import EnergyScale, PowerScale

MICRO = 1_000_000
"""Settings are printed and compared in millionths of their unit."""


@dataclass(frozen=True)
class SetPoint:
    """What is set.

    Attributes:
        setting: in the scale's unit.
        amount: what reaches the target at it, µJ or µW.
        arithmetic: how the setting follows, for people.
    """

    setting: float
    amount: float
    arithmetic: str


def scale_of(machine: Machine) -> EnergyScale | PowerScale | None:
    """The scale by which energy (or power) is set; None where the profile gives none."""
    laser = machine.laser
    if laser.average_power is not None:
        return laser.average_power.scale
    return laser.pulse_energy.scale if laser.pulse_energy is not None else None


def transmission(scale: EnergyScale | PowerScale, machine: Machine) -> float:
    """Share of what the scale speaks of that reaches the target.

    Raises:
        ParameterError: measured before an objective of unknown transmission.
    """
    if scale.measured == "target":
        return 1.0
    share = machine.objective.transmission
    if share is None or not 0.0 < share <= 1.0:
        raise ParameterError(
            "amounts were measured before the objective, and the profile does not say its `transmission` (above 0, at "
            "most 1): measure it with the same meter behind the objective"
        )
    return share


def amount_at(scale: EnergyScale | PowerScale, setting: float) -> float:
    """The amount a setting gives where the scale was measured, µJ or µW.

    >>> half = EnergyScale(law="malus", unit="deg", low=0, high=45, full=200.0, source="example value")
    >>> round(amount_at(half, 22.5), 9)
    100.0
    """
    full, dark = scale.full or 0.0, scale.dark or 0.0
    if scale.law == "malus":
        return dark + (full - dark) * math.sin(math.radians(_turn(scale) * (setting - scale.zero))) ** 2
    if scale.law == "linear":
        return dark + (full - dark) * (setting - scale.zero) / _range(scale)
    settings, amounts = np.array(scale.points, np.float64).T
    return float(np.interp(setting, settings, amounts))


def set_point(scale: EnergyScale | PowerScale, amount: float, share: float = 1.0) -> SetPoint:
    """The setting for an amount on target, on the scale's steps.

    Args:
        scale: what is set.
        amount: on target, µJ or µW.
        share: of what the scale speaks of that reaches the target.

    Raises:
        ParameterError: the amount cannot be reached, or the nearest step misses it by more than the tolerance.
    """
    unit = scale.amount_unit
    wanted = amount / share
    try:
        exact, how = _inverse(scale, wanted)
    except ParameterError as error:
        if share == 1.0:
            raise
        raise ParameterError(
            f"{amount:.6g} {unit} on target / {share:g} (transmission of the objective) = {wanted:.6g} {unit} before "
            f"the objective: {error}"
        ) from error
    step = scale.step if scale.step is not None else 1.0 / MICRO
    setting = round(exact / step) * step
    if setting < scale.low - 1e-12 * abs(scale.low) or setting > scale.high + 1e-12 * abs(scale.high):
        low, high = sorted(amount_at(scale, s) * share for s in (scale.low, scale.high))
        raise ParameterError(
            f"{amount:.6g} {unit} would need a setting of {setting:.6g} {scale.unit}, outside {scale.low:g} to "
            f"{scale.high:g} {scale.unit} ({low:.4g} to {high:.4g} {unit})"
        )
    given = amount_at(scale, setting) * share
    if abs(given - amount) > scale.tolerance * amount:
        other = setting + step if given < amount else setting - step
        between = sorted((given, amount_at(scale, other) * share))
        raise ParameterError(
            f"{amount:.6g} {unit} lies between two settings: steps of {step:g} {scale.unit} give {between[0]:.6g} and "
            f"{between[1]:.6g} {unit}, more than {scale.tolerance:.3g} of it apart"
        )
    passed = f" / {share:g} (transmission of the objective)" if share != 1.0 else ""
    return SetPoint(setting, given, f"{amount:.6g} {unit}{passed} → {how}")


def _turn(scale: EnergyScale | PowerScale) -> float:
    return 2.0 if scale.turns == "half_wave_plate" else 1.0


def _range(scale: EnergyScale | PowerScale) -> float:
    return (scale.zero + 1.0 if scale.full_at is None else scale.full_at) - scale.zero


def _inverse(scale: EnergyScale | PowerScale, wanted: float) -> tuple[float, str]:
    """The setting that gives an amount, and how."""
    full, dark, unit = scale.full or 0.0, scale.dark or 0.0, scale.amount_unit
    if scale.law == "table":
        return _from_table(scale, wanted)
    if not min(dark, full) <= wanted <= max(dark, full):
        raise ParameterError(f"{wanted:.6g} {unit} cannot be reached: the source gives {dark:.4g} to {full:.4g} {unit}")
    part = (wanted - dark) / (full - dark)
    if scale.law == "linear":
        return scale.zero + part * _range(scale), f"{part:.4%} of the range in {scale.unit}"
    angle = math.degrees(math.asin(math.sqrt(part))) / _turn(scale)
    return scale.zero + angle, f"{scale.zero:g}° + asin(√{part:.4g}) / {_turn(scale):g} = {scale.zero + angle:.4f}°"


def _from_table(scale: EnergyScale | PowerScale, wanted: float) -> tuple[float, str]:
    settings, amounts = np.array(scale.points, np.float64).T
    if amounts[0] > amounts[-1]:
        settings, amounts = settings[::-1], amounts[::-1]
    if not amounts[0] <= wanted <= amounts[-1]:
        raise ParameterError(
            f"{wanted:.6g} {scale.amount_unit} lies outside what was measured, {amounts[0]:.6g} to {amounts[-1]:.6g} "
            f"{scale.amount_unit}; measure further, or choose an amount in between"
        )
    above = int(np.clip(np.searchsorted(amounts, wanted), 1, len(amounts) - 1))
    around = f"between {settings[above - 1]:g} and {settings[above]:g} {scale.unit}"
    return float(np.interp(wanted, amounts, settings)), f"interpolated {around}"


def recipe_set_point(recipe: Recipe, machine: Machine) -> SetPoint | None:
    """What is set for a recipe; None where the profile has no scale.

    Raises:
        ParameterError: as `set_point`.
    """
    scale = scale_of(machine)
    if scale is None:
        return None
    laser = recipe.laser
    amount = laser.cw_power_uw if laser.is_cw else laser.pulse_energy_uj
    return set_point(scale, amount, transmission(scale, machine))


def program_setting(recipe: Recipe, machine: Machine) -> int:
    """What a program sets for a recipe, in millionths of the scale's unit; NO_SETTING where it sets nothing.

    Raises:
        ParameterError: as `set_point`.
    """
    point = recipe_set_point(recipe, machine) if machine.laser.is_set_by_program else None
    return NO_SETTING if point is None else round(point.setting * MICRO)
