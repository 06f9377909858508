"""Solved recipes: what is asked for comes out again when the forward formula is applied."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.errors import ParameterError
from lasercam.model.confidence import Confidence, Valued
from lasercam.process.dose import average_power_uw, line_dose_j_mm
from lasercam.process.emission_model import treated_peak_nm
from lasercam.process.fluence import peak_fluence_j_cm2, ring_fluence_j_cm2
from lasercam.process.heat_inverse import temperature_for_emission
from lasercam.process.inverse import peak_of, solve_recipe
from lasercam.process.library import load_process
from lasercam.process.scanning import pulse_pitch_um, pulses_per_spot

SUPPLIED = Confidence.SUPPLIED
sizes = st.floats(1e-3, 1e4)


def values(**numbers: float) -> dict[str, Valued]:
    return {k: Valued(v, SUPPLIED, "test") for k, v in numbers.items()}


def solved(beam: str = "gaussian", definition: str | None = "peak", *, is_cw: bool = False, **numbers: float):
    found = solve_recipe(values(**numbers), beam, definition, is_cw=is_cw)  # type: ignore[arg-type] # plain words
    return {name: s.value.value for name, s in found.items()}


def test_a_ring_of_100_mj_cm2_needs_34_56_nj():
    energy = solved("ring", fluence=0.1, ring_inner_radius=5.0, ring_outer_radius=6.0)["pulse_energy"]
    assert energy == pytest.approx(0.0345575, rel=1e-4)
    energy = solved("ring", fluence=0.1, ring_inner_radius=4.0, ring_outer_radius=5.0)["pulse_energy"]
    assert energy == pytest.approx(0.0282743, rel=1e-4)


def test_a_peak_fluence_of_0_1_j_cm2_needs_1_571_nj():
    assert solved(fluence=0.1, spot_radius=1.0)["pulse_energy"] == pytest.approx(1.5708e-3, rel=1e-4)


def test_a_mean_fluence_is_half_the_peak():
    mean = Valued(0.05, SUPPLIED, "test")
    assert peak_of(mean, "mean").value == pytest.approx(0.1)
    assert peak_of(mean, "peak") is mean


def test_the_worked_line_is_found_from_each_side():
    line = {"pulse_energy": 50.0, "repetition_rate": 10e3}
    assert solved(**line, line_dose=1.25)["speed"] == pytest.approx(400.0)
    assert solved(**line, pulse_pitch=0.04)["speed"] == pytest.approx(400.0)
    assert solved(**line, pulses_per_spot=250.0, spot_radius=5.0)["speed"] == pytest.approx(400.0)
    assert solved(repetition_rate=10e3, line_dose=1.25, speed=400.0)["pulse_energy"] == pytest.approx(50.0)
    assert solved(is_cw=True, line_dose=1.25, speed=400.0)["average_power"] == pytest.approx(500e3)
    assert solved(is_cw=True, line_dose=1.25, average_power=500e3)["speed"] == pytest.approx(400.0)


def test_a_fluence_and_a_dose_are_solved_one_after_the_other():
    found = solved(fluence=0.1, spot_radius=1.0, repetition_rate=10e3, line_dose=1e-5)
    assert found["speed"] == pytest.approx(found["pulse_energy"] * 10e3 / 1e-5 / 1000.0)


@given(sizes, sizes, sizes, sizes)
def test_solved_recipes_give_what_was_asked(fluence: float, radius: float, rate: float, wanted: float):
    energy = solved(fluence=fluence, spot_radius=radius)["pulse_energy"]
    assert peak_fluence_j_cm2(energy, radius) == pytest.approx(fluence)
    ring = solved("ring", fluence=fluence, ring_inner_radius=radius, ring_outer_radius=2 * radius)["pulse_energy"]
    assert ring_fluence_j_cm2(ring, radius, 2 * radius) == pytest.approx(fluence)
    train = {"pulse_energy": energy, "repetition_rate": rate}
    dose = solved(**train, line_dose=wanted)["speed"]
    assert line_dose_j_mm(average_power_uw(energy, rate), dose) == pytest.approx(wanted)
    assert pulse_pitch_um(solved(**train, pulse_pitch=wanted)["speed"], rate) == pytest.approx(wanted)
    speed = solved(**train, spot_radius=radius, pulses_per_spot=wanted)["speed"]
    assert pulses_per_spot(radius, rate, speed) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ({"fluence": 0.1}, "needs spot_radius"),
        ({"beam": "ring", "fluence": 0.1, "ring_inner_radius": 5.0}, "needs ring_outer_radius"),
        ({"fluence": 0.1, "spot_radius": 1.0, "pulse_energy": 2.0}, "are both given"),
        ({"line_dose": 1.0, "pulse_energy": 1.0}, "needs repetition_rate"),
        ({"line_dose": 1.0, "speed": 1.0}, "needs repetition_rate"),
        ({"pulses_per_spot": 9.0, "repetition_rate": 1e3}, "needs spot_radius"),
        ({"pulse_pitch": 9.0}, "needs repetition_rate"),
        ({"beam": "ring", "fluence": 0.1, "ring_inner_radius": 5.0, "ring_outer_radius": 4.0}, "must be larger"),
    ],
)
def test_too_little_and_too_much_are_refused(numbers, says):
    with pytest.raises(ParameterError) as caught:
        solved(**numbers)
    assert says in str(caught.value)


def test_two_ways_to_a_speed_are_refused_with_both_results():
    line = {"pulse_energy": 50.0, "repetition_rate": 10e3}
    with pytest.raises(ParameterError) as caught:
        solved(**line, line_dose=1.25, pulse_pitch=0.08)
    text = str(caught.value)
    assert "50 µJ × 10 kHz / 1.25 J/mm = 0.4 mm/s" in text
    assert "80 nm × 10 kHz = 0.8 mm/s" in text
    with pytest.raises(ParameterError, match="line_dose"):
        solved(**line, line_dose=1.25, speed=400.0)


def test_an_energy_beside_a_fluence_is_refused_with_the_arithmetic():
    with pytest.raises(ParameterError) as caught:
        solved(fluence=0.1, spot_radius=1.0, pulse_energy=2e-3)
    assert "peak 100 mJ/cm^2 × π × (1 µm)² / 2 = 1.5708 nJ" in str(caught.value)
    assert "2 nJ" in str(caught.value)


def test_confidence_is_the_worst_of_the_inputs_and_unknown_without_a_definition():
    known = values(fluence=0.1, spot_radius=1.0)
    known["spot_radius"] = replace(known["spot_radius"], confidence=Confidence.ASSUMED)
    assert solve_recipe(known, "gaussian", "peak", is_cw=False)["pulse_energy"].value.confidence is Confidence.ASSUMED
    assert solve_recipe(known, "gaussian", None, is_cw=False)["pulse_energy"].value.confidence is Confidence.UNKNOWN


TREATMENT = load_process("glass_bri_heat_treatment")


@given(st.floats(613.001, 646.999))
def test_a_treatment_solved_for_an_emission_gives_it(peak: float):
    found = temperature_for_emission(peak, TREATMENT, ["glass_bri_lines"])
    assert treated_peak_nm(found.temperature_c, 200.0, 613.0, 550.0, 647.0) == pytest.approx(peak)
    assert (found.low_c, found.high_c, found.confidence) == (200.0, 550.0, Confidence.ASSUMED)


def test_a_treatment_says_how_it_was_found():
    found = temperature_for_emission(632.0, TREATMENT, ["glass_bri_lines"])
    assert found.temperature_c == pytest.approx(395.588, rel=1e-6)
    assert "two stated points, 613 nm at 200 °C and 647 nm at 550 °C; between them assumed linear" in found.how
    assert "10.3 °C" in found.how
    stated = temperature_for_emission(647.0, TREATMENT, ["glass_bri_dots"])
    assert (stated.temperature_c, stated.confidence) == (550.0, Confidence.STATED)


@pytest.mark.parametrize(
    ("peak", "written", "says"),
    [
        (612.0, ["glass_bri_lines"], "613 nm at 200 °C to 647 nm at 550 °C"),
        (655.0, ["glass_bri_lines"], "613 nm at 200 °C to 647 nm at 550 °C"),
        (632.0, ["glass_pure_br"], "states no temperatures with their emission"),
        (632.0, [], "by nothing"),
    ],
)
def test_treatments_outside_the_data_are_refused(peak, written, says):
    with pytest.raises(ParameterError) as caught:
        temperature_for_emission(peak, TREATMENT, written)
    assert says in str(caught.value)
