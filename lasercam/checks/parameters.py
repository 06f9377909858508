"""What a recipe amounts to in the terms of process windows: its own numbers, and those that follow from them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from lasercam.checks.usage import Use
from lasercam.model.machine import Machine
from lasercam.model.process_window import PARAMETERS
from lasercam.model.recipe import Recipe
from lasercam.model.toolpath import NM_PER_UM, NS_PER_S
from lasercam.process.dose import average_power_uw, dot_pulses, irradiation_dose_j_cm2, line_dose_j_mm
from lasercam.process.fluence import irradiance_w_cm2, peak_fluence_j_cm2, ring_fluence_j_cm2
from lasercam.process.scanning import pulse_pitch_um
from lasercam.units import format_quantity


@dataclass(frozen=True)
class Amount:
    """A parameter of a recipe as it is used.

    Attributes:
        name: as windows name it.
        value: internal unit.
        how: tells the arithmetic behind it; None for numbers the recipe, the lab or the machine gives.
    """

    name: str
    value: float
    how: Callable[[], str] | None = None

    @property
    def shown(self) -> str:
        """The value with its unit, and its arithmetic."""
        text = show(self.name, self.value)
        return f"{text} ({self.how()})" if self.how else text


def show(name: str, value: float) -> str:
    """A parameter's value as a person would write it."""
    return format_quantity(value, PARAMETERS[name])


def amounts(recipe: Recipe, machine: Machine, use: Use) -> dict[str, Amount]:
    """Every parameter that is known of a recipe in a use, by name.

    A parameter that only concerns dots (exposure, pulses) is left out where no dots are written, and one that only
    concerns lines (speed, pulse pitch, line dose) where no lines are: the dwell of a line is not an exposure.
    """
    known: dict[str, Amount] = {}
    laser = recipe.laser
    own = {name: v.value for name, v in recipe.values.items() if name in PARAMETERS}
    own["wavelength"] = laser.wavelength_nm
    if not laser.is_cw:
        own["pulse_duration"], own["repetition_rate"] = laser.pulse_duration_fs, laser.rep_rate_hz
        own["pulse_energy"] = laser.pulse_energy_uj
    for name, value in own.items():
        how = recipe.solved.get(name)
        known[name] = Amount(name, value, None if how is None else partial(str, how))
    if laser.is_cw:
        followed = (*_of_dots(recipe), *_of_lines(recipe), *_irradiance(recipe))
    else:
        followed = (*_power(recipe), *_of_dots(recipe), *_of_lines(recipe), *_fluence(recipe, machine))
    for amount in followed:
        known.setdefault(amount.name, amount)
    for name in _unused(use):
        known.pop(name, None)
    return known


def _unused(use: Use) -> tuple[str, ...]:
    dots = () if use.dots else ("exposure", "pulses", "max_exposure")
    return (*dots, *(() if use.lines else ("speed", "pulse_pitch", "line_dose")))


def _power(recipe: Recipe) -> Iterator[Amount]:
    laser = recipe.laser
    if recipe.average_power_uw is not None:
        yield Amount("average_power", recipe.average_power_uw)
        return
    energy, rate = laser.pulse_energy_uj, laser.rep_rate_hz
    power = average_power_uw(energy, rate)
    yield Amount("average_power", power, lambda: f"{show('pulse_energy', energy)} × {show('repetition_rate', rate)}")


def _of_dots(recipe: Recipe) -> Iterator[Amount]:
    rate = recipe.laser.rep_rate_hz
    if recipe.exposure_ns:
        time = recipe.exposure_ns / NS_PER_S
        yield Amount("exposure", time)
        if recipe.laser.is_cw:
            return
        pulses = dot_pulses(rate, time)
        yield Amount("pulses", pulses, lambda: f"{show('exposure', time)} × {show('repetition_rate', rate)}")
    elif recipe.pulses:
        count = recipe.pulses
        yield Amount("pulses", float(count))
        yield Amount("exposure", count / rate, lambda: f"{count} pulses at {show('repetition_rate', rate)}")


def _of_lines(recipe: Recipe) -> Iterator[Amount]:
    if not recipe.speed_nm_s:
        return
    speed, rate = recipe.speed_nm_s / NM_PER_UM, recipe.laser.rep_rate_hz
    power = recipe.average_power_uw or recipe.laser.average_power_uw
    yield Amount("speed", speed)
    if not recipe.laser.is_cw:
        pitch = pulse_pitch_um(speed, rate)
        yield Amount("pulse_pitch", pitch, lambda: f"{show('speed', speed)} / {show('repetition_rate', rate)}")
    dose = line_dose_j_mm(power, speed)
    yield Amount("line_dose", dose, lambda: f"{show('average_power', power)} / {show('speed', speed)}")


def _fluence(recipe: Recipe, machine: Machine) -> Iterator[Amount]:
    energy, values = recipe.laser.pulse_energy_uj, recipe.values
    if machine.laser.beam == "ring":
        if "ring_inner_radius" in values and "ring_outer_radius" in values:
            inner, outer = values["ring_inner_radius"].value, values["ring_outer_radius"].value
            if 0 <= inner < outer:
                fluence = ring_fluence_j_cm2(energy, inner, outer)
                ring = f"over a ring of radii {inner:g} and {outer:g} µm"
                yield Amount("fluence", fluence, lambda: f"{show('pulse_energy', energy)} {ring}")
    elif "spot_radius" in values and values["spot_radius"].value > 0:
        radius = values["spot_radius"].value
        fluence = peak_fluence_j_cm2(energy, radius)
        yield Amount("fluence", fluence, lambda: f"peak, 2 × {show('pulse_energy', energy)} / (π × ({radius:g} µm)²)")


def _irradiance(recipe: Recipe) -> Iterator[Amount]:
    """Of continuous light: what falls on the axis, and its dose over a dot's exposure."""
    radius = recipe.values.get("spot_radius")
    if radius is None or radius.value <= 0:
        return
    power = recipe.laser.average_power_uw
    irradiance = irradiance_w_cm2(power, radius.value)
    arithmetic = f"2 × {show('average_power', power)} / (π × ({radius.value:g} µm)²)"
    yield Amount("irradiance", irradiance, lambda: arithmetic)
    if recipe.exposure_ns:
        time = recipe.exposure_ns / NS_PER_S
        dose = irradiation_dose_j_cm2(irradiance, time)
        yield Amount("dose", dose, lambda: f"{show('irradiance', irradiance)} × {show('exposure', time)}")
