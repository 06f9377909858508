"""Every formula, with every argument: kinds in and out, and numbers that mean nothing."""

import inspect
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest

from lasercam.errors import ParameterError
from lasercam.process import (
    ablation,
    cavity,
    constants,
    dose,
    emission_model,
    fluence,
    focus,
    heat,
    interface,
    kinetics,
    optics,
    pump,
    quantity,
    scanning,
    shock,
    voxel,
)

MODULES = (
    ablation, cavity, dose, emission_model, fluence, focus, heat, interface, kinetics, optics, pump, scanning, shock,
    voxel,
)  # fmt: skip

# One plain value per argument name; a formula that needs another one says so below.
VALUES: dict[str, float] = {
    "aberration_um": 10.3, "focus_length_um": 6.1, "immersion_index_n": 1.3,
    "absorbed_energy_uj": 1.0, "absorbed_power_uw": 1e5, "absorption_per_cm": 1e5, "acceleration_um_s2": 1e5,
    "aberration_share": 0.46, "activation_ev": 0.2, "areal_mass_kg_m2": 2e-3, "average_irradiance_w_cm2": 1e3,
    "beam_quality_m2": 1.2, "bright_peak_nm": 655.0, "carriers_per_cm3": 2.6e20, "conductivity_w_m_k": 1.14,
    "confinement": 0.75, "cooling_ratio": 0.9, "critical_power_uw": 5e12, "cross_section_cm2": 4e-16,
    "cut_on_nm": 645.0, "defocus_um": 5.0, "density_kg_m3": 2230.0, "depth_um": 200.0, "diameter_change_um": 0.1,
    "diameter_um": 1.0, "diffusivity_um2_s": 5e5, "dim_peak_nm": 613.0, "disc_diameter_um": 10.0,
    "distance_um": 20.0, "dot_count": 100.0, "drop": 0.1, "effective_index": 2.0, "exposure_s": 1.0,
    "feature_um": 0.8, "fluence_j_cm2": 0.1, "from_temperature_c": 200.0, "fwhm_nm": 40.0, "fwhm_um": 20.0,
    "group_index": 3.5, "hatch_um": 5.0, "heat_capacity_j_kg_k": 830.0, "high_peak_nm": 647.0,
    "high_temperature_c": 550.0, "impedance_g_cm2_s": 1e6, "incubation_s": 0.85, "inner_radius_um": 5.0,
    "irradiance_w_cm2": 1e3, "kerr_index_m2_w": 2.2e-20, "lasting_threshold_j_cm2": 0.05, "layer_um": 10.0,
    "linewidth_nm": 0.3, "low_peak_nm": 613.0, "low_temperature_c": 200.0, "move_s": 0.05, "na": 0.4,
    "outer_radius_um": 6.0, "peak_fluence_j_cm2": 0.3, "peak_nm": 655.0, "penetration_um": 0.2,
    "photon_order": 2.0, "power_uw": 5e5, "prefactor_um2_s": 1.0, "pulse_energy_uj": 50.0, "pulse_fs": 300.0,
    "pulses": 100.0, "radius_um": 0.5, "rayleigh_um": 3.0, "refractive_index_n": 1.5, "rep_rate_hz": 1e4,
    "residue": 0.01, "saturation_per_cm3": 5e19, "speed_um_s": 400.0, "spot_radius_um": 0.8,
    "stage_travel_um": 133.0, "temperature_c": 400.0, "thermal_share": 0.1, "thickness_um": 0.1,
    "threshold_j_cm2": 0.1, "threshold_per_cm3": 1e18, "threshold_ratio": 2.0, "time_s": 1e-4,
    "to_temperature_c": 500.0, "wavelength_nm": 1030.0, "zone_radius_um": 5.0,
}  # fmt: skip
CHOICES = {"shape": "gaussian", "definition": "1/e", "model": "best_focus"}
# Arguments that may be zero, and those that may also be negative.
MAY_BE_ZERO = {
    "aberration_um",
    "carriers_per_cm3", "defocus_um", "depth_um", "diameter_change_um", "distance_um", "inner_radius_um", "move_s",
    "radius_um", "stage_travel_um", "from_temperature_c", "to_temperature_c", "low_temperature_c",
}  # fmt: skip
MAY_BE_NEGATIVE = {
    "aberration_um",
    "defocus_um", "diameter_change_um", "from_temperature_c", "to_temperature_c", "low_temperature_c",
}  # fmt: skip
# The same name means different things to different formulas: lowest value allowed there.
LOWEST = {("activated_diffusivity_um2_s", "temperature_c"): -10.0, ("temperature_share", "time_s"): 0.0}
NOT_ELEMENTWISE = {"liu_fit", "accumulation_class", "peak_factor"}

FORMULAS: dict[str, Callable[..., Any]] = {
    f"{module.__name__.rpartition('.')[2]}.{name}": function
    for module in MODULES
    for name, function in inspect.getmembers(module, inspect.isfunction)
    if function.__module__ == module.__name__ and not name.startswith("_") and name not in NOT_ELEMENTWISE
}


def arguments(function: Callable[..., Any]) -> tuple[dict[str, float], dict[str, str]]:
    names = list(inspect.signature(function).parameters)
    return (
        {name: VALUES[name] for name in names if name not in CHOICES},
        {name: CHOICES[name] for name in names if name in CHOICES},
    )


CASES = [(key, name) for key, function in FORMULAS.items() for name in arguments(function)[0]]


def test_all_formulas_are_tried() -> None:
    assert len(FORMULAS) > 60
    assert {module.__name__ for module in MODULES} == {f.__module__ for f in FORMULAS.values()}


@pytest.mark.parametrize("key", FORMULAS)
def test_numbers_give_a_number(key: str) -> None:
    numbers, choices = arguments(FORMULAS[key])
    result = FORMULAS[key](**numbers, **choices)
    assert type(result) is float
    whole = {name: int(value) if value == int(value) else np.float64(value) for name, value in numbers.items()}
    assert FORMULAS[key](**whole, **choices) == result


@pytest.mark.parametrize(("key", "name"), CASES)
def test_arrays_give_arrays_of_the_same_values(key: str, name: str) -> None:
    numbers, choices = arguments(FORMULAS[key])
    alone = FORMULAS[key](**numbers, **choices)
    column = np.asfortranarray(np.full((3, 2), numbers[name]))
    for given in ({name: column}, {other: np.full((3, 2), value) for other, value in numbers.items()}):
        result = FORMULAS[key](**{**numbers, **given}, **choices)
        assert isinstance(result, np.ndarray)
        assert result.dtype == np.float64
        assert result.shape == (3, 2)
        assert result.flags.c_contiguous
        assert all(not np.shares_memory(result, array) for array in given.values())
        np.testing.assert_allclose(result, alone, rtol=1e-14)
    empty = FORMULAS[key](**{**numbers, name: np.empty(0)}, **choices)
    assert empty.shape == (0,)
    point = FORMULAS[key](**{**numbers, name: np.array(numbers[name])}, **choices)
    assert isinstance(point, np.ndarray)
    assert point.shape == ()


@pytest.mark.parametrize(("key", "name"), CASES)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300, "0.5", True, 0.5j, None])
def test_what_is_no_number_is_refused(key: str, name: str, value: Any) -> None:
    numbers, choices = arguments(FORMULAS[key])
    with pytest.raises(ParameterError, match=name):
        FORMULAS[key](**{**numbers, name: value}, **choices)
    # NumPy turns a truth value among numbers into 1.0, so only an array of truth values can be told.
    row = np.array([value] * 3 if value is True else [numbers[name], value, numbers[name]])
    with pytest.raises(ParameterError, match=name):
        FORMULAS[key](**{**numbers, name: row}, **choices)


@pytest.mark.parametrize(("key", "name"), CASES)
def test_zero_and_negative_numbers_are_refused_where_they_mean_nothing(key: str, name: str) -> None:
    numbers, choices = arguments(FORMULAS[key])
    if (lowest := LOWEST.get((FORMULAS[key].__name__, name))) is not None:
        FORMULAS[key](**{**numbers, name: lowest}, **choices)
    elif name in MAY_BE_NEGATIVE:
        FORMULAS[key](**{**numbers, name: -0.1}, **choices)
        FORMULAS[key](**{**numbers, name: 0.0}, **choices)
    else:
        with pytest.raises(ParameterError, match=name):
            FORMULAS[key](**{**numbers, name: -numbers[name]}, **choices)
        if name in MAY_BE_ZERO:
            FORMULAS[key](**{**numbers, name: 0.0}, **choices)
        else:
            with pytest.raises(ParameterError, match=name):
                FORMULAS[key](**{**numbers, name: 0.0}, **choices)


@pytest.mark.parametrize("key", FORMULAS)
def test_docstrings_say_what_is_refused_and_where_the_formula_is_from(key: str) -> None:
    text = inspect.getdoc(FORMULAS[key])
    assert text is not None
    assert "Source: " in text
    assert "ParameterError: " in text


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: optics.spot_radius_um(1030.0, 40.0, 1.0), "not an angle"),
        (lambda: optics.spot_radius_um(1030.0, 0.4, 0.9), "beam_quality_m2 is 0.9"),
        (lambda: optics.rayleigh_um(1.0, 1030.0, 0.9, 1.0), "refractive_index_n is 0.9"),
        (lambda: optics.defocus_for_fluence_drop_um(3.0, 1.0), "between 0 and 1"),
        (lambda: focus.aberration_um(100.0, 1.5, 1.0), "below 1"),
        (lambda: voxel.axial_fwhm_um(1030.0, 1.4, 1.3), "below the refractive index"),
        (lambda: fluence.ring_area_um2(6.0, 5.0), "outer_radius_um must be larger"),
        (lambda: fluence.ring_area_um2(5.0, np.array([6.0, 5.0])), r"index 1"),
        (lambda: fluence.peak_factor(cast("Any", "square")), "gaussian, sech2"),
        (lambda: ablation.incubated_threshold_j_cm2(0.1, 10.5, 0.8), "whole numbers"),
        (lambda: ablation.incubated_threshold_j_cm2(0.1, 10, 1.1), "at most 1"),
        (lambda: ablation.saturating_threshold_j_cm2(0.1, 0.2, 10, 0.8), "must not be above"),
        (lambda: ablation.incubation_exponent(2.0, 1), "2 or more"),
        (lambda: ablation.incubation_exponent(100.0, 50), "below the pulse number"),
        (lambda: ablation.peak_fluence_for_diameter_j_cm2(1.0, 100.0, 0.1), "out of proportion"),
        (lambda: kinetics.diffusivity_ratio(1.0, -273.15, 20.0), "absolute|-273.15"),
        (lambda: kinetics.diffusivity_ratio(50.0, -200.0, 500.0), "out of proportion"),
        (lambda: cavity.mode_shift_nm(535.0, 10.0, 2.0, 3.5, 10.0), "smaller than the diameter"),
        (lambda: cavity.quality_factor(535.0, 535.0), "below wavelength_nm"),
        (lambda: emission_model.treated_peak_nm(300.0, 550.0, 613.0, 200.0, 647.0), "must be below high"),
        (lambda: pump.modal_gain_per_cm(1e20, 1.0, 4e-16, 1e18, 5e19), "confinement"),
    ],
)
def test_relations_are_checked(call: Callable[[], object], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        call()


def test_message_names_the_first_bad_element() -> None:
    values = np.array([[1.0, 2.0], [3.0, -4.0]])
    with pytest.raises(ParameterError, match=r"speed_um_s is -4 \(index 1, 1\); allowed: numbers above 0"):
        quantity.positive(values, "speed_um_s")


def test_no_formula_has_a_default() -> None:
    for function in FORMULAS.values():
        parameters = inspect.signature(function).parameters.values()
        assert all(parameter.default is inspect.Parameter.empty for parameter in parameters)


def test_constants_tell_how_far_they_can_be_trusted() -> None:
    found = [value for value in vars(constants).values() if isinstance(value, constants.Constant)]
    assert len(found) > 20
    for constant in found:
        assert np.isfinite(constant.value)
        assert constant.unit
        assert constant.source
        assert ("from memory" in constant.source) <= (constant.confidence == "assumed")
    with pytest.raises(AttributeError):
        constants.SILICA_INDEX.value = 1.0  # type: ignore[misc]  # frozen is what is tested


def test_dulong_petit_gives_the_derived_heat_capacity() -> None:
    molar_mass = 132.905 + 207.2 + 3 * 79.904  # Cs, Pb, Br, g/mol (IUPAC)
    expected = 15 * 8.314462618 / molar_mass * 1000.0
    assert constants.CSPBBR3_HEAT_CAPACITY.value == pytest.approx(expected, rel=1e-3)
