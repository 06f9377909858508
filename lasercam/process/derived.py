"""What a recipe amounts to at the focus: derived quantities, each with its formula and the worst of its confidences.

A quantity of which an input is missing has no value: it says what is needed instead. Nothing is assumed but the
constants that are named, and those lower the confidence.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from lasercam.model.confidence import Confidence, Valued, worst
from lasercam.model.machine import Machine
from lasercam.model.process_window import PARAMETERS
from lasercam.model.recipe import Recipe
from lasercam.process import constants, dose, fluence, heat, optics, scanning, voxel
from lasercam.units import (
    ENERGY,
    FLUENCE,
    IRRADIANCE,
    LENGTH,
    LINE_DOSE,
    POWER,
    RATIO,
    TIME,
    Dimension,
    format_quantity,
)

_NM_PER_UM: Final = 1_000
_NS_PER_S: Final = 1_000_000_000
_UW_PER_MW: Final = 1e12
_ASKED_AS: Final = {"threshold": ("ablation_threshold",), "thermal_diffusivity": ("thermal constants of the material",)}
"""What is needed for inputs that have no name in a job."""
PEAK_POWER: Final = Dimension("a peak power", "MW", "5 MW")
VOLUME_DOSE: Final = Dimension("a dose per volume", "J/mm^3", "25000 J/mm^3")


@dataclass(frozen=True)
class Derived:
    """A quantity that follows from a recipe.

    Attributes:
        name: of the quantity.
        dimension: tells the unit of the value.
        formula: number of the formula and its terms.
        value: with the worst confidence of its inputs; None where an input is missing.
        needs: what is missing.
        note: what the number means in words.
    """

    name: str
    dimension: Dimension
    formula: str
    value: Valued | None
    needs: tuple[str, ...] = ()
    note: str = ""

    @property
    def shown(self) -> str:
        """The value with its unit, or what it would need."""
        if self.value is None:
            return f"unknown, needs {' and '.join(self.needs)}"
        text = format_quantity(self.value.value, self.dimension)
        return f"{text} ({self.note})" if self.note else text


@dataclass(frozen=True)
class Surroundings:
    """What a recipe is used with.

    Attributes:
        machine: the profile.
        refractive_index: of the sample, at the writing wavelength.
        is_bulk: whether it writes inside glass, whose thermal constants are assumed to be those of borosilicate.
        pitches: `hatch_pitch` and `layer_pitch` of what is written with it, µm, where they are known.
    """

    machine: Machine
    refractive_index: Valued
    is_bulk: bool
    pitches: dict[str, Valued] = field(default_factory=dict)


def derive(recipe: Recipe, around: Surroundings) -> tuple[Derived, ...]:
    """Every derived quantity that means something for a recipe, known or not.

    Source: formulas of `lasercam.process`, numbered F01 to F34.
    """
    sheet = _Sheet(_known(recipe, around), missing=dict(_ASKED_AS))
    laser = recipe.laser
    if laser.is_cw:
        sheet.given("average_power", POWER, "as set")
    else:
        sheet.given("pulse_energy", ENERGY, "on target")
        sheet.add("average_power", POWER, "F10: E f", ("pulse_energy", "repetition_rate"), dose.average_power_uw)
    if around.machine.laser.beam == "ring":
        _ring(sheet)
    else:
        _spot(sheet)
    if not laser.is_cw:
        _peaks(sheet, around.machine)
    if recipe.writes_lines:
        _lines(sheet, is_cw=laser.is_cw)
    if recipe.writes_dots:
        _dots(sheet, recipe)
    if not laser.is_cw and (recipe.writes_lines or recipe.pulses != 1):
        _heat(sheet)
    return tuple(sheet.found)


@dataclass
class _Sheet:
    """Quantities as they are found; each may be an input of the next."""

    known: dict[str, Valued]
    found: list[Derived] = field(default_factory=list)
    missing: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def given(self, name: str, dimension: Dimension, formula: str) -> None:
        """A quantity that is an input itself."""
        if name in self.known:
            self.found.append(Derived(name, dimension, formula, self.known[name]))
        else:
            self.found.append(Derived(name, dimension, formula, None, (name,)))

    def add(
        self,
        name: str,
        dimension: Dimension,
        formula: str,
        inputs: Sequence[str],
        compute: Callable[..., float],
        note: Callable[[float], str] | None = None,
    ) -> None:
        """A quantity computed from inputs in the order of their names."""
        needs = [n for key in inputs if key not in self.known for n in self.missing.get(key, (key,))]
        if needs:
            self.missing[name] = tuple(dict.fromkeys(needs))
            self.found.append(Derived(name, dimension, formula, None, self.missing[name]))
            return
        used = [self.known[key] for key in inputs]
        number = float(compute(*(v.value for v in used)))
        self.known[name] = Valued(number, worst(v.confidence for v in used), formula)
        said = note(number) if note is not None else ""
        self.found.append(Derived(name, dimension, formula, self.known[name], note=said))


def _known(recipe: Recipe, around: Surroundings) -> dict[str, Valued]:
    """Inputs: what recipe, lab, machine and sample say. A fluence or dose asked for is a wish, not an input."""
    skipped = ("fluence", "line_dose", "pulses_per_spot", "pulse_pitch", "irradiance", "dose", "average_power")
    known = {k: v for k, v in recipe.values.items() if k in PARAMETERS and k not in skipped}
    laser = recipe.laser
    settings = {
        "wavelength": laser.wavelength_nm,
        "pulse_energy": laser.pulse_energy_uj,
        "repetition_rate": laser.rep_rate_hz,
        "pulse_duration": laser.pulse_duration_fs,
        "average_power": laser.cw_power_uw,
        "speed": recipe.speed_nm_s / _NM_PER_UM,
        "exposure": recipe.exposure_ns / _NS_PER_S,
        "pulses": float(recipe.pulses),
    }
    for name, number in settings.items():
        known.pop(name, None)
        if number:
            told = recipe.values.get(name)
            trust = told.confidence if told is not None else Confidence.SUPPLIED
            known[name] = Valued(number, trust, told.source if told is not None else "the recipe")
    known["refractive_index"] = around.refractive_index
    threshold = recipe.values.get("ablation_threshold") or recipe.values.get("damage_threshold")
    if threshold is not None:
        known["threshold"] = threshold
    if around.is_bulk:
        diffusivity = heat.diffusivity_um2_s(
            constants.BOROSILICATE_CONDUCTIVITY.value,
            constants.BOROSILICATE_DENSITY.value,
            constants.BOROSILICATE_HEAT_CAPACITY.value,
        )
        known["thermal_diffusivity"] = Valued(diffusivity, Confidence.ASSUMED, "borosilicate glass, from memory")
    # No other beam quality than the ideal one is known of any machine.
    known["beam_quality"] = Valued(1.0, Confidence.ASSUMED, "ideal beam that fills the aperture")
    return {**known, **around.pitches}


def _spot(sheet: _Sheet) -> None:
    sheet.add(
        "ideal_spot_radius", LENGTH, "F01: M² λ / (π NA), M² = 1 assumed",
        ("wavelength", "na", "beam_quality"), optics.spot_radius_um,
    )  # fmt: skip
    sheet.given("spot_radius", LENGTH, "1/e² radius, as supplied")
    sheet.add(
        "rayleigh_range", LENGTH, "F04: π n w0² / (M² λ), M² = 1 assumed",
        ("spot_radius", "wavelength", "refractive_index", "beam_quality"), optics.rayleigh_um,
    )  # fmt: skip
    sheet.add(
        "average_irradiance",
        IRRADIANCE,
        "F28: 2 P / (π w0²)",
        ("average_power", "spot_radius"),
        fluence.irradiance_w_cm2,
    )


def _ring(sheet: _Sheet) -> None:
    sheet.add(
        "fluence", FLUENCE, "F08: E / (π (R2² − R1²))",
        ("pulse_energy", "ring_inner_radius", "ring_outer_radius"), fluence.ring_fluence_j_cm2,
    )  # fmt: skip


def _peaks(sheet: _Sheet, machine: Machine) -> None:
    """What one pulse is at its peak, in time and, for a Gaussian spot, on its axis."""
    shape = machine.laser.pulse_shape
    factor = fluence.peak_factor(shape)
    where = "fluence"
    if machine.laser.beam != "ring":
        where = "peak_fluence"
        inputs = ("pulse_energy", "spot_radius")
        sheet.add("peak_fluence", FLUENCE, "F06: 2 E / (π w0²)", inputs, fluence.peak_fluence_j_cm2)
        sheet.add("mean_fluence", FLUENCE, "F06: E / (π w0²)", inputs, fluence.mean_fluence_j_cm2)
    sheet.add(
        "peak_power", PEAK_POWER, f"F11: {factor:g} E / τ ({shape} pulse)", ("pulse_energy", "pulse_duration"),
        lambda energy, duration: fluence.peak_power_uw(energy, duration, shape) / _UW_PER_MW,
    )  # fmt: skip
    sheet.add(
        "peak_irradiance", IRRADIANCE, f"F11: {factor:g} F / τ ({shape} pulse)", (where, "pulse_duration"),
        lambda energy_density, duration: fluence.peak_irradiance_w_cm2(energy_density, duration, shape),
    )  # fmt: skip
    if where == "peak_fluence":
        sheet.add(
            "voxel_width", LENGTH, "F23: w0 √(2 ln(F0/F_th))", ("spot_radius", "peak_fluence", "threshold"),
            lambda radius, peak, threshold: voxel.voxel_width_um(radius, peak / threshold),
        )  # fmt: skip
        sheet.add(
            "voxel_length", LENGTH, "F23: 2 z_R √(F0/F_th − 1)", ("rayleigh_range", "peak_fluence", "threshold"),
            lambda length, peak, threshold: voxel.voxel_length_um(length, peak / threshold),
        )  # fmt: skip


def _lines(sheet: _Sheet, *, is_cw: bool) -> None:
    if not is_cw:
        sheet.add("pulse_pitch", LENGTH, "F12: v / f", ("speed", "repetition_rate"), scanning.pulse_pitch_um)
        passing = ("spot_radius", "repetition_rate", "speed")
        sheet.add("pulses_per_spot", RATIO, "F12: 2 w0 f / v", passing, scanning.pulses_per_spot)
        sheet.add("overlap", RATIO, "F12: 1 − v / (2 w0 f)", passing, scanning.pulse_overlap)
    sheet.add("dwell", TIME, "F12: 2 w0 / v", ("spot_radius", "speed"), scanning.dwell_s)
    sheet.add("line_dose", LINE_DOSE, "F13: P / v", ("average_power", "speed"), dose.line_dose_j_mm)
    areal, volume = ("average_power", "speed", "hatch_pitch"), ("average_power", "speed", "hatch_pitch", "layer_pitch")
    sheet.add("areal_dose", FLUENCE, "F13: P / (v h)", areal, dose.areal_dose_j_cm2)
    sheet.add("volumetric_dose", VOLUME_DOSE, "F13: P / (v h Δz)", volume, dose.volumetric_dose_j_mm3)
    sheet.add(
        "accumulated_fluence", FLUENCE, "F13: √(2/π) P / (w0 v), on the line's axis",
        ("average_power", "spot_radius", "speed"), dose.accumulated_fluence_j_cm2,
    )  # fmt: skip


def _dots(sheet: _Sheet, recipe: Recipe) -> None:
    if recipe.pulses:
        sheet.given("pulses", RATIO, "counted")
        sheet.add("dot_energy", ENERGY, "F32: N E", ("pulses", "pulse_energy"), lambda count, energy: count * energy)
        return
    if not recipe.laser.is_cw:
        sheet.add("pulses_per_dot", RATIO, "F32: f t", ("repetition_rate", "exposure"), dose.dot_pulses)
    sheet.add("dot_energy", ENERGY, "F32: P t", ("average_power", "exposure"), dose.dot_energy_uj)


def _heat(sheet: _Sheet) -> None:
    sheet.add(
        "heat_index", RATIO, "F18: R_τ = 4 D / (w² f), heated zone as wide as the spot assumed",
        ("spot_radius", "thermal_diffusivity", "repetition_rate"), heat.cooling_ratio,
        lambda ratio: f"{heat.accumulation_class(ratio)} heat accumulation",
    )  # fmt: skip
