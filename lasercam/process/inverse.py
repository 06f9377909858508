"""Recipes asked for by their result: the pulse energy of a fluence, the speed of a dose, with the arithmetic."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isclose
from typing import Literal

from lasercam.errors import ParameterError
from lasercam.model.confidence import Confidence, Valued, worst
from lasercam.model.process_fit import FitRecord
from lasercam.model.process_window import PARAMETERS
from lasercam.process.fluence import pulse_energy_for_peak_fluence_uj, ring_pulse_energy_uj
from lasercam.process.outcome_inverse import OUTCOMES, setting_for_outcome
from lasercam.units import format_quantity

FluenceDefinition = Literal["peak", "mean"]

SPEED_KEYS = ("speed", "line_dose", "pulses_per_spot", "pulse_pitch")
"""Each of these alone says how fast lines are written."""
ENERGY_KEYS = ("pulse_energy", "fluence")
"""Each of these alone says how much energy a pulse has."""
ASKED_KEYS = ("fluence", "line_dose", "pulses_per_spot", "pulse_pitch", *OUTCOMES)
"""Results that a recipe may ask for instead of giving energy, power or speed."""
_UW_PER_J_MM_UM_S = 1000.0  # 1 J/mm × 1 µm/s = 1 mJ/s = 1000 µW


@dataclass(frozen=True)
class Solved:
    """A parameter that follows from others.

    Attributes:
        value: in the parameter's internal unit; as good as the worst input.
        how: the arithmetic, in words and units.
    """

    value: Valued
    how: str


Values = Mapping[str, Valued]


def solve_recipe(
    values: Values,
    beam: Literal["gaussian", "ring"],
    definition: FluenceDefinition | None,
    *,
    is_cw: bool,
    fit: FitRecord | None = None,
) -> dict[str, Solved]:
    """What a recipe leaves to be computed: `pulse_energy` (or `average_power` of continuous light), then `speed`.

    An outcome (`line_width`, `dot_diameter`, `emission`) is solved for whichever input of the fit is left open.

    Args:
        values: what the recipe gives and what is supplied for its process, by parameter.
        beam: shape at the focus.
        definition: what a fluence in a Gaussian beam means; None where nobody says, which is read as the peak and
            marked unknown.
        is_cw: whether the light is continuous.
        fit: of the process, for an outcome; of the model that the outcome needs.

    Returns:
        What was solved, by parameter; empty when nothing was asked for.

    Raises:
        ParameterError: too much is given, or an input is missing.

    Source: inverses of the formulas of `lasercam.process.fluence`, `dose` and `scanning`.
    """
    found: dict[str, Solved] = {}
    strength = "average_power" if is_cw else "pulse_energy"
    if fit is not None and any(key in values for key in OUTCOMES):
        found.update(_solve_outcome(values, beam, definition, fit, is_cw=is_cw))
        values = {**values, **{name: solved.value for name, solved in found.items() if name != "pulse_energy"}}
        if "pulse_energy" in found and "fluence" not in values:
            values = {**values, "pulse_energy": found["pulse_energy"].value}
    dose_says_strength = _dose_says_strength(values, strength)
    if not is_cw and "fluence" in values:
        found["pulse_energy"] = energy_for_fluence(values, beam, definition)
        if "pulse_energy" in values:
            _refuse_two(values, "fluence", "pulse_energy", found["pulse_energy"])
    elif dose_says_strength:
        found[strength] = strength_for_line_dose(values, is_cw=is_cw)
    known = {**values, **{name: solved.value for name, solved in found.items()}}
    ways = [key for key in SPEED_KEYS if key in values]
    if dose_says_strength:
        ways.remove("line_dose")
    speeds = {key: speed_for(key, known, is_cw=is_cw) for key in ways}
    if len(speeds) > 1:
        said = "; ".join(solved.how for solved in speeds.values())
        raise ParameterError(f"{' and '.join(speeds)} each say how fast to write: {said}; give one of them")
    for key, solved in speeds.items():
        if key != "speed":
            found["speed"] = solved
    return found


def _solve_outcome(
    values: Values,
    beam: Literal["gaussian", "ring"],
    definition: FluenceDefinition | None,
    fit: FitRecord,
    *,
    is_cw: bool,
) -> dict[str, Solved]:
    """What the outcome that is asked for leaves open: an input of the fit, and the pulse energy of a solved power.

    Raises:
        ParameterError: several outcomes are asked for, or one that the fit does not give.
    """
    wishes = [key for key in OUTCOMES if key in values]
    if len(wishes) > 1:
        raise ParameterError(f"{' and '.join(wishes)} are asked for at once; a fit gives one of them")
    known = dict(values)
    if not is_cw and "fluence" in values and "pulse_energy" not in values:
        known["pulse_energy"] = energy_for_fluence(values, beam, definition).value
    ways = [key for key in ("pulse_pitch", "pulses_per_spot") if key in values]
    if ways and "speed" not in values:
        known["speed"] = speed_for(ways[0], known, is_cw=is_cw).value
    name, value, how = setting_for_outcome(wishes[0], known, fit)
    found = {name: Solved(value, how)}
    if name == "average_power" and not is_cw:
        (rate,) = _need("power of pulses", values, "repetition_rate")
        how = f"{_show(name, value.value)} / {_show('repetition_rate', rate.value)}"
        found["pulse_energy"] = _solved("pulse_energy", value.value / rate.value, how, value, rate)
    return found


def _dose_says_strength(values: Values, strength: str) -> bool:
    """Whether line dose and speed together leave the energy, or the power of continuous light, to be computed."""
    return {"line_dose", "speed"} <= set(values) and not {strength, "fluence"} & set(values)


def energy_for_fluence(values: Values, beam: Literal["gaussian", "ring"], definition: str | None) -> Solved:
    """Pulse energy that gives the fluence: of a flat-top ring, or of a Gaussian spot's peak or mean.

    Raises:
        ParameterError: ring radii or spot radius are missing or make no ring.
    """
    fluence = values["fluence"]
    shown = _show("fluence", fluence.value)
    if beam == "ring":
        inner, outer = _need("fluence of a ring", values, "ring_inner_radius", "ring_outer_radius")
        energy = ring_pulse_energy_uj(fluence.value, inner.value, outer.value)
        how = f"{shown} × π × (({outer.value:g} µm)² − ({inner.value:g} µm)²)"
        return _solved("pulse_energy", energy, how, fluence, inner, outer)
    (radius,) = _need("fluence of a Gaussian spot", values, "spot_radius")
    energy = pulse_energy_for_peak_fluence_uj(fluence.value, radius.value)
    how = f"peak {shown} × π × ({radius.value:g} µm)² / 2"
    if definition is None:
        unsaid = Valued(0.0, Confidence.UNKNOWN, "")
        return _solved("pulse_energy", energy, f"{how}, if the peak is meant", fluence, radius, unsaid)
    return _solved("pulse_energy", energy, how, fluence, radius)


def peak_of(fluence: Valued, definition: FluenceDefinition | None) -> Valued:
    """The peak fluence of a Gaussian spot whose fluence was given as peak or mean; unsaid is read as the peak.

    Source: the mean over the 1/e² disc is half the peak.
    """
    if definition != "mean":
        return fluence
    return Valued(2.0 * fluence.value, fluence.confidence, f"{fluence.source} (mean, times 2)")


def strength_for_line_dose(values: Values, *, is_cw: bool) -> Solved:
    """Pulse energy, or power of continuous light, that gives a line dose at a speed: P = dose v, E = P / f.

    Raises:
        ParameterError: the repetition rate of pulses is missing.
    """
    dose, speed = values["line_dose"], values["speed"]
    power = dose.value * speed.value * _UW_PER_J_MM_UM_S
    how = f"{_show('line_dose', dose.value)} × {_show('speed', speed.value)}"
    if is_cw:
        return _solved("average_power", power, how, dose, speed)
    (rate,) = _need("line dose of pulses", values, "repetition_rate")
    how = f"{how} / {_show('repetition_rate', rate.value)}"
    return _solved("pulse_energy", power / rate.value, how, dose, speed, rate)


def speed_for(key: str, values: Values, *, is_cw: bool) -> Solved:
    """Writing speed that a speed, line dose, number of pulses per spot or pulse pitch asks for.

    Raises:
        ParameterError: an input is missing.
    """
    asked = values[key]
    shown = _show(key, asked.value)
    if key == "speed":
        return Solved(asked, f"speed {shown}")
    if key == "line_dose":
        if is_cw:
            (power,) = _need("line dose", values, "average_power")
            how = f"{_show('average_power', power.value)} / {shown}"
            return _solved("speed", power.value / asked.value / _UW_PER_J_MM_UM_S, how, asked, power)
        energy, rate = _need("line dose", values, "pulse_energy", "repetition_rate")
        speed = energy.value * rate.value / asked.value / _UW_PER_J_MM_UM_S
        how = f"{_show('pulse_energy', energy.value)} × {_show('repetition_rate', rate.value)} / {shown}"
        return _solved("speed", speed, how, asked, energy, rate)
    if key == "pulse_pitch":
        (rate,) = _need("pulse pitch", values, "repetition_rate")
        how = f"{shown} × {_show('repetition_rate', rate.value)}"
        return _solved("speed", asked.value * rate.value, how, asked, rate)
    rate, radius = _need("number of pulses per spot", values, "repetition_rate", "spot_radius")
    how = f"2 × {radius.value:g} µm × {_show('repetition_rate', rate.value)} / {asked.value:g}"
    return _solved("speed", 2.0 * radius.value * rate.value / asked.value, how, asked, rate, radius)


def _refuse_two(values: Values, asked: str, given: str, solved: Solved) -> None:
    own, wanted = values[given].value, solved.value.value
    agree = " (they agree, but one is enough)" if isclose(own, wanted, rel_tol=1e-9) else ""
    raise ParameterError(
        f"{given} {_show(given, own)} and {asked} {_show(asked, values[asked].value)} are both given: the latter is "
        f"{solved.how}{agree}; give one of them"
    )


def _need(what: str, values: Values, *names: str) -> tuple[Valued, ...]:
    missing = [name for name in names if name not in values]
    if missing:
        raise ParameterError(f"a {what} needs {' and '.join(missing)}, which nobody has given")
    return tuple(values[name] for name in names)


def _solved(name: str, number: float, how: str, *inputs: Valued) -> Solved:
    text = f"{how} = {_show(name, number)}"
    return Solved(Valued(float(number), worst(v.confidence for v in inputs), f"solved: {text}"), text)


def _show(name: str, value: float) -> str:
    return format_quantity(value, PARAMETERS[name])
