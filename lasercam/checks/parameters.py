"""What a recipe amounts to in the terms of process windows: its own numbers, and those that follow from them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lasercam.checks.usage import Use
from lasercam.model.machine import Machine
from lasercam.model.process_window import PARAMETERS
from lasercam.model.recipe import Recipe
from lasercam.model.toolpath import NM_PER_UM, NS_PER_S
from lasercam.process.dose import average_power_uw, dot_pulses, line_dose_j_mm
from lasercam.process.fluence import peak_fluence_j_cm2, ring_fluence_j_cm2
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
    for name, valued in recipe.values.items():
        if name in PARAMETERS:
            known[name] = Amount(name, valued.value)
    laser = recipe.laser
    for name, value in (
        ("wavelength", laser.wavelength_nm),
        ("pulse_duration", laser.pulse_duration_fs),
        ("repetition_rate", laser.rep_rate_hz),
        ("pulse_energy", laser.pulse_energy_uj),
    ):
        known[name] = Amount(name, value)
    for amount in (*_power(recipe), *_of_dots(recipe), *_of_lines(recipe), *_fluence(recipe, machine)):
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
    power = recipe.average_power_uw or average_power_uw(recipe.laser.pulse_energy_uj, rate)
    yield Amount("speed", speed)
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
