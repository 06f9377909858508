"""Derived quantities against worked examples, and what they say where an input is missing."""

from dataclasses import replace
from typing import Any

import pytest

from lasercam.model.confidence import Confidence, Valued
from lasercam.model.machine import Machine
from lasercam.model.recipe import LaserSettings, Recipe
from lasercam.process.derived import Derived, Surroundings, derive
from tests.support import builders

INDEX = Valued(1.5, Confidence.SUPPLIED, "sample")
LASER = {
    "wavelength": "515 nm", "pulse_duration": "220 fs", "base_rate": "1 kHz",
    "pulse_energy": {"min": "1 nJ", "max": "1 uJ"}, "beam": "ring", "source": "example value",
}  # fmt: skip


def values(**numbers: float) -> dict[str, Valued]:
    return {k: Valued(v, Confidence.SUPPLIED, "example") for k, v in numbers.items()}


def pitches(**numbers: float) -> dict[str, Valued]:
    return values(**numbers)


def found(recipe: Recipe, machine: Machine | None = None, *, bulk: bool = True, **around: Any) -> dict[str, Derived]:
    surroundings = Surroundings(machine or builders.machine(), INDEX, bulk, **around)
    return {d.name: d for d in derive(recipe, surroundings)}


def number(quantity: Derived) -> float:
    assert quantity.value is not None
    return quantity.value.value


LINE = builders.line_recipe(values=values(spot_radius=5.0, na=0.4))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("average_power", 500e3),
        ("ideal_spot_radius", 0.819648),
        ("pulse_pitch", 0.04),
        ("pulses_per_spot", 250.0),
        ("overlap", 0.996),
        ("dwell", 0.025),
        ("line_dose", 1.25),
        ("areal_dose", 25_000.0),
        ("volumetric_dose", 25_000.0),
        ("accumulated_fluence", 19_947.1),
        ("peak_power", 156.667),
    ],
)
def test_lines_agree_with_the_worked_examples(name: str, value: float):
    around = found(LINE, pitches=pitches(hatch_pitch=5.0, layer_pitch=10.0))
    assert number(around[name]) == pytest.approx(value, rel=1e-4)


def test_a_tight_focus_agrees_with_the_worked_examples():
    tight = found(replace(LINE, values=values(spot_radius=0.819648, na=0.4)))
    assert number(tight["rayleigh_range"]) == pytest.approx(3.07368, rel=1e-4)
    assert number(tight["peak_fluence"]) == pytest.approx(4738.0, rel=1e-4)
    assert number(tight["mean_fluence"]) == pytest.approx(2369.0, rel=1e-4)
    assert number(tight["peak_irradiance"]) == pytest.approx(0.94 * 4738.0 / 300e-15, rel=1e-4)


def test_dots_agree_with_the_worked_examples():
    timed = found(builders.dot_recipe(1.0))
    assert number(timed["pulses_per_dot"]) == pytest.approx(1e4)
    assert number(timed["dot_energy"]) == pytest.approx(0.5e6)
    counted = found(builders.dot_recipe(pulses=20))
    assert (number(counted["pulses"]), number(counted["dot_energy"])) == (20.0, 1000.0)
    assert "line_dose" not in counted


def test_a_ring_has_a_flat_fluence_and_no_spot():
    laser = LaserSettings(515.0, 220.0, 1000.0, 0.0345575)
    recipe = builders.dot_recipe(pulses=1, laser=laser, values=values(ring_inner_radius=5.0, ring_outer_radius=6.0))
    ring = found(recipe, builders.machine(laser=LASER), bulk=False)
    assert number(ring["fluence"]) == pytest.approx(0.1, rel=1e-4)
    assert number(ring["peak_irradiance"]) == pytest.approx(4.27273e11, rel=1e-4)
    assert not {"spot_radius", "peak_fluence", "heat_index"} & set(ring)
    bare = found(replace(recipe, values={}), builders.machine(laser=LASER), bulk=False)
    assert bare["fluence"].shown == "unknown, needs ring_inner_radius and ring_outer_radius"
    assert bare["peak_irradiance"].needs == ("ring_inner_radius", "ring_outer_radius")


def test_heat_is_classed_and_assumes_glass():
    laser = replace(builders.LASER, rep_rate_hz=100e3)
    quantity = found(builders.line_recipe(laser=laser, values=values(spot_radius=5.0)))["heat_index"]
    assert number(quantity) == pytest.approx(0.985467, rel=1e-4)
    assert quantity.value is not None
    assert quantity.value.confidence is Confidence.ASSUMED
    assert quantity.note == "strong heat accumulation"
    film = found(builders.line_recipe(values=values(spot_radius=5.0)), bulk=False)["heat_index"]
    assert film.shown == "unknown, needs thermal constants of the material"


def test_a_voxel_needs_a_threshold():
    spot = 0.8196
    threshold = 2369.0 * (0.819648 / spot) ** 2
    known = values(spot_radius=spot, ablation_threshold=threshold, na=0.4)
    sized = found(builders.line_recipe(values=known))
    assert number(sized["voxel_width"]) == pytest.approx(0.965062, rel=1e-3)
    assert number(sized["voxel_length"]) == pytest.approx(6.14736, rel=1e-3)
    assert found(LINE)["voxel_width"].shown == "unknown, needs ablation_threshold"


def test_what_is_missing_is_named_and_never_a_number():
    bare = found(builders.line_recipe(values={}))
    unknown = {n: d.needs for n, d in bare.items() if d.value is None}
    assert unknown == {
        "ideal_spot_radius": ("na",),
        "spot_radius": ("spot_radius",),
        "rayleigh_range": ("spot_radius",),
        "average_irradiance": ("spot_radius",),
        "peak_fluence": ("spot_radius",),
        "mean_fluence": ("spot_radius",),
        "peak_irradiance": ("spot_radius",),
        "voxel_width": ("spot_radius", "ablation_threshold"),
        "voxel_length": ("spot_radius", "ablation_threshold"),
        "pulses_per_spot": ("spot_radius",),
        "overlap": ("spot_radius",),
        "dwell": ("spot_radius",),
        "areal_dose": ("hatch_pitch",),
        "volumetric_dose": ("hatch_pitch", "layer_pitch"),
        "accumulated_fluence": ("spot_radius",),
        "heat_index": ("spot_radius",),
    }
    assert all(d.shown.startswith("unknown, needs ") for d in bare.values() if d.value is None)


def test_confidence_is_that_of_the_worst_input():
    stated = {"pulse_energy": Valued(50.0, Confidence.STATED, "paper"), "speed": Valued(400.0, Confidence.STATED, "p")}
    rate = {"repetition_rate": Valued(10e3, Confidence.DERIVED, "paper")}
    spot = {"spot_radius": Valued(5.0, Confidence.EXTRAPOLATED, "guess")}
    made = found(builders.line_recipe(values={**stated, **rate, **spot}))
    trust = {n: d.value.confidence for n, d in made.items() if d.value is not None}
    assert trust["line_dose"] is Confidence.DERIVED
    assert trust["peak_fluence"] is Confidence.EXTRAPOLATED
    assert trust["heat_index"] is Confidence.ASSUMED


def test_continuous_light_has_no_pulses():
    machine = builders.machine(
        laser={"regime": "cw", "wavelength": "405 nm", "average_power": {"min": "1 uW", "max": "1 W"}, "source": "x"}
    )
    laser = LaserSettings(405.0, cw_power_uw=1000.0)
    made = found(builders.line_recipe(laser=laser, values=values(spot_radius=6.515)), machine, bulk=False)
    assert number(made["average_irradiance"]) == pytest.approx(1499.86, rel=1e-4)
    assert number(made["line_dose"]) == pytest.approx(1e-3 / 0.4, rel=1e-9)
    assert not {n for n in made if "pulse" in n or n.startswith("peak") or n in ("overlap", "heat_index")}
