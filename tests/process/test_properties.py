"""What must hold for any numbers: inverses, limits, monotony, conserved energy, and sums added up one by one."""

import math
from itertools import pairwise
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.errors import ParameterError
from lasercam.process import (
    ablation,
    cavity,
    dose,
    emission_model,
    fluence,
    focus,
    heat,
    kinetics,
    optics,
    pump,
    scanning,
    shock,
    voxel,
)

# A busy machine must not fail a formula.
AT_ANY_SPEED = settings(deadline=None)

ZETA_3_2 = 2.612375348685488  # Riemann's ζ(3/2), DLMF 25.6


def positive(low: float = 1e-3, high: float = 1e4) -> st.SearchStrategy[float]:
    """Positive floats spread over their decades."""
    return st.floats(math.log(low), math.log(high)).map(math.exp)


def share() -> st.SearchStrategy[float]:
    return st.floats(0.001, 0.999)


def close(expected: float, rel: float = 1e-9) -> object:
    return pytest.approx(expected, rel=rel, abs=0.0)


# Inverses


@given(energy=positive(), radius=positive())
@AT_ANY_SPEED
def test_energy_and_peak_fluence_are_inverse(energy: float, radius: float) -> None:
    peak = fluence.peak_fluence_j_cm2(energy, radius)
    assert fluence.pulse_energy_for_peak_fluence_uj(peak, radius) == close(energy)
    assert fluence.mean_fluence_j_cm2(energy, radius) == close(peak / 2.0)


@given(energy=positive(), inner=st.floats(0.0, 100.0), width=positive(1e-2, 100.0))
@AT_ANY_SPEED
def test_energy_and_ring_fluence_are_inverse(energy: float, inner: float, width: float) -> None:
    outer = inner + width
    level = fluence.ring_fluence_j_cm2(energy, inner, outer)
    assert fluence.ring_pulse_energy_uj(level, inner, outer) == close(energy)


@given(power=positive(), radius=positive())
@AT_ANY_SPEED
def test_irradiance_and_spot_radius_are_inverse(power: float, radius: float) -> None:
    level = fluence.irradiance_w_cm2(power, radius)
    assert fluence.spot_radius_for_irradiance_um(power, level) == close(radius)


@given(energy=positive(), rate=positive(1.0, 1e8))
@AT_ANY_SPEED
def test_power_energy_and_rate_close_the_triangle(energy: float, rate: float) -> None:
    power = dose.average_power_uw(energy, rate)
    assert dose.pulse_energy_from_power_uj(power, rate) == close(energy)
    assert dose.rep_rate_from_power_hz(power, energy) == close(rate)
    assert dose.power_mismatch(energy, rate, power) < 1e-12
    assert dose.power_mismatch(energy, rate, power / 4.0) == close(3.0)
    assert dose.power_mismatch(energy, rate, power * 4.0) == close(0.75)


@given(radius=positive())
@AT_ANY_SPEED
def test_spot_radius_and_width_are_inverse(radius: float) -> None:
    width = optics.fwhm_from_spot_radius_um(radius)
    assert optics.spot_radius_from_fwhm_um(width) == close(radius)
    assert fluence.gaussian_fluence_j_cm2(1.0, radius, width / 2.0) == close(0.5)


@given(length=positive(), drop=share())
@AT_ANY_SPEED
def test_defocus_is_the_one_asked_for(length: float, drop: float) -> None:
    distance = optics.defocus_for_fluence_drop_um(length, drop)
    assert optics.defocus_fluence_ratio(distance, length) == close(1.0 - drop)


@given(radius=positive(), threshold=positive(), relative=st.floats(0.01, 5.0))
@AT_ANY_SPEED
def test_diameter_and_fluence_are_inverse(radius: float, threshold: float, relative: float) -> None:
    diameter = relative * radius
    peak = ablation.peak_fluence_for_diameter_j_cm2(radius, diameter, threshold)
    assert ablation.ablated_diameter_um(radius, peak, threshold) == close(diameter, rel=1e-7)


@given(single=positive(), pulses=st.integers(2, 10**6), exponent=st.floats(0.01, 1.0))
@AT_ANY_SPEED
def test_incubation_exponent_is_found_again(single: float, pulses: int, exponent: float) -> None:
    lowered = ablation.incubated_threshold_j_cm2(single, pulses, exponent)
    ratio = max(single / lowered, 1.0)  # rounding may put S = 1 a digit below 1
    assert ablation.incubation_exponent(ratio, pulses) == pytest.approx(exponent, abs=1e-9)


@given(
    radius=positive(0.1, 100.0),
    threshold=positive(1e-3, 100.0),
    factors=st.lists(st.integers(11, 500), min_size=2, max_size=20, unique=True),
)
@AT_ANY_SPEED
def test_liu_fit_finds_beam_and_threshold(radius: float, threshold: float, factors: list[int]) -> None:
    energies = np.array(factors) / 10.0 * threshold
    diameters = ablation.ablated_diameter_um(np.full(energies.shape, radius), energies, threshold)
    fit = ablation.liu_fit(energies, np.asarray(diameters))
    assert fit.spot_radius_um == close(radius, rel=1e-6)
    assert fit.threshold_energy_uj == close(threshold, rel=1e-5)


@given(depth=st.floats(0.0, 1e4), index=st.floats(1.0, 4.0))
@AT_ANY_SPEED
def test_depth_and_travel_are_inverse(depth: float, index: float) -> None:
    travel = focus.stage_travel_um(depth, index)
    assert focus.optical_depth_um(travel, index) == pytest.approx(depth, rel=1e-12)


@given(diffusivity=positive(1.0, 1e7), rate=positive(1.0, 1e8), ratio=positive(1e-3, 1e3))
@AT_ANY_SPEED
def test_zone_radius_gives_its_cooling_ratio(diffusivity: float, rate: float, ratio: float) -> None:
    radius = heat.zone_radius_for_ratio_um(diffusivity, rate, ratio)
    assert heat.cooling_ratio(radius, diffusivity, rate) == close(ratio)
    assert heat.diffusion_time_s(radius, diffusivity) * rate == close(1.0 / ratio)


@given(radius=positive(0.1, 100.0), diffusivity=positive(1e3, 1e7), residue=share())
@AT_ANY_SPEED
def test_after_the_wait_the_residue_is_left(radius: float, diffusivity: float, residue: float) -> None:
    wait = heat.cooling_wait_s(radius, diffusivity, residue)
    assert heat.temperature_share(wait, 0.0, radius, diffusivity) == close(residue)


@given(time=positive(), energy=positive(0.01, 3.0), cold=st.floats(20.0, 600.0), hot=st.floats(20.0, 600.0))
@AT_ANY_SPEED
def test_equivalent_times_lead_back(time: float, energy: float, cold: float, hot: float) -> None:
    there = kinetics.equivalent_time_s(time, energy, cold, hot)
    assert kinetics.equivalent_time_s(there, energy, hot, cold) == close(time)
    assert there * kinetics.diffusivity_ratio(energy, cold, hot) == close(time)


@given(energy=positive(0.01, 3.0), cold=st.floats(20.0, 600.0), hot=st.floats(20.0, 600.0))
@AT_ANY_SPEED
def test_ratio_is_the_quotient_of_diffusivities(energy: float, cold: float, hot: float) -> None:
    slow = kinetics.activated_diffusivity_um2_s(1.0, energy, cold)
    fast = kinetics.activated_diffusivity_um2_s(1.0, energy, hot)
    assert fast / slow == close(kinetics.diffusivity_ratio(energy, cold, hot), rel=1e-8)


@given(power=positive(), duration=positive(1.0, 1e6))
@AT_ANY_SPEED
def test_pulse_of_critical_energy_has_critical_power(power: float, duration: float) -> None:
    for shape in ("gaussian", "sech2"):
        energy = focus.critical_energy_uj(power, duration, shape)
        assert fluence.peak_power_uw(energy, duration, shape) == close(power)


# Energy is conserved


@pytest.mark.parametrize("profile", ["gaussian", "vortex"])
@given(energy=positive(), radius=positive(0.1, 100.0))
@settings(AT_ANY_SPEED, max_examples=20)
def test_profile_integrates_to_the_pulse_energy(profile: str, energy: float, radius: float) -> None:
    r = np.linspace(0.0, 6.0 * radius, 20001)
    if profile == "gaussian":
        peak = fluence.peak_fluence_j_cm2(energy, radius)
        level = np.asarray(fluence.gaussian_fluence_j_cm2(peak, radius, r))
    else:
        level = np.asarray(fluence.vortex_fluence_j_cm2(energy, radius, r))
        assert r[level.argmax()] == close(fluence.vortex_peak_radius_um(radius), rel=1e-3)
    # J/cm² · µm² = 0.01 µJ
    assert np.trapezoid(level * 2.0 * np.pi * r, r) * 0.01 == close(energy, rel=1e-6)


@given(radius=positive(1.0, 20.0), rate=positive(1e4, 1e6), density=st.floats(2.0, 50.0), energy=positive())
@settings(AT_ANY_SPEED, max_examples=30)
def test_scanned_pulses_add_up(radius: float, rate: float, density: float, energy: float) -> None:
    speed = radius * rate / density
    pitch = scanning.pulse_pitch_um(speed, rate)
    peak = fluence.peak_fluence_j_cm2(energy, radius)
    distances = np.abs(np.arange(-400, 401)) * pitch
    one_by_one = float(np.sum(fluence.gaussian_fluence_j_cm2(peak, radius, distances)))
    power = dose.average_power_uw(energy, rate)
    assert dose.accumulated_fluence_j_cm2(power, radius, speed) == close(one_by_one, rel=1e-5)
    assert scanning.dose_equivalent_pulses(radius, rate, speed) * peak == close(one_by_one, rel=1e-5)


@given(power=positive(), speed=positive(), hatch=positive(0.1, 100.0), layer=positive(0.1, 100.0))
@AT_ANY_SPEED
def test_doses_follow_from_each_other(power: float, speed: float, hatch: float, layer: float) -> None:
    along = dose.line_dose_j_mm(power, speed)  # 1 J/mm/µm = 1 J / (10⁻¹ cm · 10⁻⁴ cm)
    area = dose.areal_dose_j_cm2(power, speed, hatch)
    assert area == close(along / hatch * 1e5)
    # 1 J/cm²/µm = 10⁻² J/mm² / 10⁻³ mm
    assert dose.volumetric_dose_j_mm3(power, speed, hatch, layer) == close(area / layer * 10.0)


@given(radius=positive(0.5, 20.0), rate=positive(1e3, 1e6), speed=positive(1.0, 1e5))
@AT_ANY_SPEED
def test_pitch_overlap_and_dwell_agree(radius: float, rate: float, speed: float) -> None:
    pulses = scanning.pulses_per_spot(radius, rate, speed)
    assert scanning.dwell_s(radius, speed) * rate == close(pulses)
    assert scanning.pulse_overlap(radius, rate, speed) == pytest.approx(1.0 - 1.0 / pulses, abs=1e-9)


# Optics and focus


@given(wavelength=positive(200.0, 2000.0), na=st.floats(0.05, 1.3), index=st.floats(1.0, 2.5))
@AT_ANY_SPEED
def test_focus_shrinks_with_aperture_and_depth_goes_with_its_square(wavelength: float, na: float, index: float) -> None:
    wide, narrow = (optics.spot_radius_um(wavelength, aperture, 1.0) for aperture in (na, 1.2 * na))
    assert narrow == close(wide / 1.2)
    z_wide, z_narrow = (optics.rayleigh_um(w0, wavelength, index, 1.0) for w0 in (wide, narrow))
    assert z_narrow == close(z_wide / 1.44)
    # At the Rayleigh range the area has doubled and the fluence halved.
    assert optics.defocused_radius_um(wide, z_wide, -z_wide) == close(wide * math.sqrt(2.0))
    assert optics.defocus_fluence_ratio(z_wide, z_wide) == close(0.5)
    # Far away the beam opens with the half-angle NA/n of the paraxial cone.
    far = 1e4 * z_wide
    assert optics.defocused_radius_um(wide, z_wide, far) / far == close(na / index, rel=1e-6)


@given(quality=st.floats(1.0, 50.0))
@AT_ANY_SPEED
def test_beam_quality_widens_and_lengthens_alike(quality: float) -> None:
    ideal, real = (optics.spot_radius_um(1030.0, 0.4, m2) for m2 in (1.0, quality))
    assert real == close(quality * ideal)
    lengths = [optics.rayleigh_um(w0, 1030.0, 1.5, m2) for w0, m2 in ((ideal, 1.0), (real, quality))]
    assert lengths[1] == close(quality * lengths[0])


@given(travel=positive(1.0, 1e4), index=st.floats(1.01, 4.0), na=st.floats(1e-5, 0.95))
@AT_ANY_SPEED
def test_marginal_focus_follows_snell(travel: float, index: float, na: float) -> None:
    outside, inside = math.asin(na), math.asin(na / index)
    marginal = travel * math.tan(outside) / math.tan(inside)
    paraxial = focus.optical_depth_um(travel, index)
    assert focus.marginal_focus_um(travel, index, na) == close(marginal)
    blur = focus.aberration_um(travel, index, na)
    assert paraxial + blur == close(marginal)
    assert blur >= focus.small_aperture_aberration_um(travel, index, na) * (1.0 - 1e-12)
    best = focus.best_focus_um(travel, index, na, 0.46)
    assert paraxial <= best <= marginal * (1.0 + 1e-12)


@given(travel=positive(1.0, 1e4), index=st.floats(1.01, 4.0))
@AT_ANY_SPEED
def test_aberration_keeps_its_digits_at_small_aperture(travel: float, index: float) -> None:
    blur = focus.aberration_um(travel, index, 1e-5)
    assert blur == close(focus.small_aperture_aberration_um(travel, index, 1e-5))


def test_no_surface_no_aberration() -> None:
    assert focus.aberration_um(100.0, 1.0, 0.5) == 0.0
    with pytest.raises(ParameterError, match="above 1"):
        focus.aberration_limited_depth_um(1030.0, 0.4, 1.0, 1.0)


@given(wavelength=positive(200.0, 2000.0), index=st.floats(1.1, 3.0), na=st.floats(0.05, 0.9), m2=st.floats(1, 5))
@AT_ANY_SPEED
def test_at_the_limiting_depth_aberration_is_the_depth_of_focus(
    wavelength: float, index: float, na: float, m2: float
) -> None:
    depth = focus.aberration_limited_depth_um(wavelength, na, index, m2)
    w0 = optics.spot_radius_um(wavelength, na, m2)
    length = optics.depth_of_focus_um(optics.rayleigh_um(w0, wavelength, index, m2))
    assert focus.aberration_um(focus.stage_travel_um(depth, index), index, na) == close(length)


@given(wavelength=positive(200.0, 2000.0), index=st.floats(1.0, 3.0))
@AT_ANY_SPEED
def test_axial_width_becomes_paraxial(wavelength: float, index: float) -> None:
    narrow = voxel.axial_fwhm_um(wavelength, 1e-5, index)
    assert narrow == close(0.88 * voxel.axial_extent_um(wavelength, 1e-5, index))


@given(radius=positive(), ratio=st.floats(1.0, 1e6), factor=st.floats(1.1, 10.0))
@AT_ANY_SPEED
def test_voxel_grows_with_irradiance(radius: float, ratio: float, factor: float) -> None:
    assert voxel.voxel_width_um(radius, ratio * factor) > voxel.voxel_width_um(radius, ratio)
    assert voxel.voxel_length_um(radius, ratio * factor) > voxel.voxel_length_um(radius, ratio)
    edge = voxel.voxel_length_um(radius, ratio) / 2.0
    # On the axis, the irradiance at the voxel's end is the threshold.
    assert ratio * optics.defocus_fluence_ratio(edge, radius) == close(1.0)


def test_below_threshold_nothing_is_written() -> None:
    assert voxel.voxel_width_um(1.0, 0.5) == 0.0
    assert voxel.voxel_length_um(1.0, 1.0) == 0.0
    assert ablation.ablated_diameter_um(1.0, 0.099, 0.1) == 0.0
    sizes = ablation.ablated_diameter_um(1.0, np.array([0.05, 0.1, 0.3]), 0.1)
    np.testing.assert_allclose(sizes, [0.0, 0.0, math.sqrt(2.0 * math.log(3.0))], rtol=1e-12)


@given(order=st.integers(1, 8), pulses=st.integers(1, 10**6))
@AT_ANY_SPEED
def test_multiphoton_dose_is_constant(order: int, pulses: int) -> None:
    ratio = voxel.multiphoton_threshold_ratio(pulses, order)
    assert pulses * ratio**order == close(1.0)


# Thresholds


@given(single=positive(), part=share(), exponent=st.floats(0.1, 0.99), pulses=st.integers(1, 10**6))
@AT_ANY_SPEED
def test_saturating_threshold_lies_between(single: float, part: float, exponent: float, pulses: int) -> None:
    lasting = part * single
    level = ablation.saturating_threshold_j_cm2(single, lasting, pulses, exponent)
    assert lasting <= level <= single * (1.0 + 1e-12)
    assert ablation.saturating_threshold_j_cm2(single, lasting, 10 * pulses, exponent) < level
    assert ablation.saturating_threshold_j_cm2(single, lasting, 1, exponent) == close(single)


def test_no_memory_no_fall() -> None:
    assert ablation.incubated_threshold_j_cm2(0.1, 1e6, 1.0) == 0.1


@pytest.mark.parametrize(
    ("energies", "diameters", "said"),
    [
        ([1.0, 2.0], [1.0], "one diameter per pulse energy"),
        ([2.0, 2.0], [1.0, 1.1], "two different"),
        ([1.0, 2.0], [2.0, 1.0], "do not grow"),
        ([1.0, math.nan], [1.0, 2.0], "pulse_energy_uj is nan"),
        ([1.0, 2.0], [0.0, 2.0], "diameter_um is 0"),
    ],
)
def test_liu_fit_refuses(energies: list[float], diameters: list[float], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        ablation.liu_fit(np.array(energies), np.array(diameters))


# Heat


@given(ratio=positive(1e-4, 1e4), pulses=st.integers(1, 3000))
@AT_ANY_SPEED
def test_residual_heat_is_the_sum_of_its_terms(ratio: float, pulses: int) -> None:
    terms = (1.0 + np.arange(1, pulses + 1) * ratio) ** -1.5
    assert heat.residual_heat(ratio, pulses) == close(math.fsum(terms), rel=1e-11)


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_limit_is_zeta_where_it_is_known(k: int) -> None:
    # At R = 1/k the terms are (k/(k + m))^1.5, so the sum is k^1.5 (ζ(3/2) − Σ_{j ≤ k} j^−1.5).
    known = k**1.5 * (ZETA_3_2 - math.fsum(j**-1.5 for j in range(1, k + 1)))
    assert heat.residual_heat_limit(1.0 / k) == close(known, rel=1e-11)


@given(ratio=positive(1e-5, 1e5))
@AT_ANY_SPEED
def test_sum_reaches_its_limit(ratio: float) -> None:
    limit = heat.residual_heat_limit(ratio)
    assert heat.residual_heat(ratio, 2**53) == close(limit, rel=1e-4)
    many = round(1e6 / ratio) + 1_000_000
    missing = heat.residual_heat_tail(ratio, many)
    assert heat.residual_heat(ratio, many) + missing == close(limit, rel=1e-8)


@given(ratio=positive(1e-25, 1e-4))
@AT_ANY_SPEED
def test_small_ratios_follow_the_series(ratio: float) -> None:
    assert heat.residual_heat_limit(ratio) == close(2.0 / ratio - 0.5, rel=1e-8)
    # Hardly anything cools between pulses: every one of them still counts in full.
    assert heat.residual_heat(min(ratio, 1e-12), 1000) == close(1000.0, rel=1e-8)


@given(ratio=positive(1e3, 1e20))
@AT_ANY_SPEED
def test_large_ratios_follow_the_power_law(ratio: float) -> None:
    assert heat.residual_heat_limit(ratio) == close(ratio**-1.5 * ZETA_3_2, rel=1e-2)


@given(ratio=positive(1e-3, 1e3), pulses=st.integers(1, 10**9))
@AT_ANY_SPEED
def test_heat_grows_with_pulses_and_falls_with_ratio(ratio: float, pulses: int) -> None:
    level = heat.residual_heat(ratio, pulses)
    assert heat.residual_heat(ratio, 2 * pulses) >= level
    assert heat.residual_heat(2.0 * ratio, pulses) < level
    assert level <= heat.residual_heat_limit(ratio) * (1.0 + 1e-12)


def test_residual_heat_is_smooth_where_the_method_changes() -> None:
    sums = np.asarray(heat.residual_heat(0.3, np.arange(1.0, 40.0)))
    np.testing.assert_allclose(np.diff(sums), (1.0 + np.arange(2, 40) * 0.3) ** -1.5, rtol=1e-9)


def test_accumulation_classes_have_their_edges() -> None:
    assert [heat.accumulation_class(r) for r in (10.0, 9.99, 1.0, 0.99)] == ["none", "weak", "weak", "strong"]
    assert heat.residual_heat_limit(10.0) <= 0.08
    with pytest.raises(ParameterError):
        heat.accumulation_class(math.nan)


@given(radius=positive(0.5, 50.0), conductivity=positive(0.1, 100.0))
@settings(AT_ANY_SPEED, max_examples=20)
def test_steady_rise_is_the_integral_of_single_pulses(radius: float, conductivity: float) -> None:
    density, capacity = 2230.0, 830.0
    diffusivity = heat.diffusivity_um2_s(conductivity, density, capacity)
    time_s = heat.diffusion_time_s(radius, diffusivity)
    # Substitute t = τ (x⁻² − 1): the integral over all times becomes one over (0, 1].
    x = np.linspace(1e-4, 1.0, 20001)
    later = np.asarray(heat.temperature_share(time_s * (x**-2 - 1.0), 0.0, radius, diffusivity))
    integral_s = np.trapezoid(later * time_s * 2.0 * x**-3, x)
    rise_per_uj = heat.pulse_temperature_rise_k(1.0, radius, density, capacity)
    steady = heat.steady_temperature_rise_k(1.0, radius, conductivity)
    assert rise_per_uj * integral_s == close(steady, rel=1e-3)


@given(radius=positive(0.5, 50.0), time=st.floats(0.0, 1e-2))
@settings(AT_ANY_SPEED, max_examples=30)
def test_heat_of_a_pulse_is_conserved(radius: float, time: float) -> None:
    diffusivity = 5e5
    reach = 8.0 * math.sqrt(radius**2 + 4.0 * diffusivity * time)
    r = np.linspace(0.0, reach, 20001)
    content = np.trapezoid(np.asarray(heat.temperature_share(time, r, radius, diffusivity)) * r**2, r)
    assert content * 4.0 * np.pi == close(np.pi**1.5 * radius**3, rel=1e-6)


@given(feature=positive(0.1, 10.0), diffusivity=positive(1e3, 1e7), time=positive(1e-12, 1e-3))
@AT_ANY_SPEED
def test_deposition_spreads_by_the_diffusion_length(feature: float, diffusivity: float, time: float) -> None:
    spread = ablation.deposition_diameter_um(feature, diffusivity, time)
    assert spread**2 == close(feature**2 + heat.diffusion_length_um(diffusivity, time) ** 2)


# Resonators, pumping, emission, shock


@given(wavelength=positive(300.0, 900.0), diameter=positive(2.0, 100.0), index=st.floats(1.2, 4.0))
@AT_ANY_SPEED
def test_next_mode_lies_one_range_away(wavelength: float, diameter: float, index: float) -> None:
    order = cavity.mode_number(wavelength, diameter, index)
    # Without dispersion the group index is the index: mode m + 1 has the wavelength λ m/(m + 1).
    distance = wavelength - wavelength * order / (order + 1.0)
    exact = cavity.free_spectral_range_nm(wavelength, diameter, index) * order / (order + 1.0)
    assert distance == close(exact, rel=1e-6)


@given(change=st.floats(-1.0, 1.0))
@AT_ANY_SPEED
def test_mode_moves_with_the_diameter(change: float) -> None:
    shift = cavity.mode_shift_nm(535.0, 10.0, 2.0, 3.5, change)
    assert shift == pytest.approx(-cavity.mode_shift_nm(535.0, 10.0, 2.0, 3.5, -change), abs=1e-12)
    assert np.sign(shift) == np.sign(change)


@given(level=positive(1e-6, 1e-2), absorption=positive(1e2, 1e6))
@AT_ANY_SPEED
def test_carriers_of_thin_and_thick_films(level: float, absorption: float) -> None:
    photons = pump.photons_per_cm2(level, 400.0)
    thin_um, thick_um = 1e-7 / absorption * 1e4, 100.0 / absorption * 1e4
    assert pump.carriers_per_cm3(level, 400.0, absorption, thin_um) == close(photons * absorption, rel=1e-6)
    everything = photons / (thick_um * 1e-4)
    assert pump.carriers_per_cm3(level, 400.0, absorption, thick_um) == close(everything)
    assert photons * optics.photon_energy_ev(400.0) * 1.602176634e-19 == close(level)


def test_gain_changes_sign_at_threshold_and_saturates() -> None:
    densities = np.array([0.0, 1e18, 1e19, 1e24])
    gain = np.asarray(pump.modal_gain_per_cm(densities, 0.75, 4e-16, 1e18, 5e19))
    assert gain[0] == close(-0.75 * 4e-16 * 1e18)
    assert gain[1] == 0.0
    assert all(low < high for low, high in pairwise(gain))
    assert gain[3] == close(0.75 * 4e-16 * 5e19, rel=1e-3)


def test_penetration_depths_differ_by_two() -> None:
    plain, squared = (pump.absorption_from_depth_per_cm(0.2, name) for name in ("1/e", "1/e2"))
    assert squared == close(2.0 * plain)
    with pytest.raises(ParameterError, match="1/e, 1/e2"):
        pump.absorption_from_depth_per_cm(0.2, cast("Any", "10%"))


@given(peak=st.floats(500.0, 800.0), width=st.floats(5.0, 100.0), cut=st.floats(500.0, 800.0))
@settings(AT_ANY_SPEED, max_examples=50)
def test_long_pass_share_is_the_area_of_the_line(peak: float, width: float, cut: float) -> None:
    sigma = width / 2.3548200450309493
    wavelength = np.linspace(cut, max(cut, peak) + 10.0 * sigma, 20001)
    line = np.exp(-((wavelength - peak) ** 2) / (2.0 * sigma**2)) / (sigma * math.sqrt(2.0 * math.pi))
    passed = emission_model.long_pass_share(peak, width, cut)
    assert passed == pytest.approx(np.trapezoid(line, wavelength), rel=1e-5, abs=1e-12)
    assert emission_model.long_pass_share(cut, width, cut) == close(0.5)


def test_contrast_of_an_invisible_line_is_refused() -> None:
    with pytest.raises(ParameterError, match="passes nothing"):
        emission_model.filter_contrast(655.0, 400.0, 10.0, 645.0)


@pytest.mark.parametrize("temperature", [199.9, 550.1])
def test_treated_peak_is_never_extrapolated(temperature: float) -> None:
    with pytest.raises(ParameterError, match="between the measured"):
        emission_model.treated_peak_nm(temperature, 200.0, 613.0, 550.0, 647.0)
    assert emission_model.treated_peak_nm(200.0, 200.0, 613.0, 550.0, 647.0) == 613.0
    assert emission_model.treated_peak_nm(550.0, 200.0, 613.0, 550.0, 647.0) == 647.0


@given(level=positive(1e6, 1e12))
@AT_ANY_SPEED
def test_pressures_go_with_the_root_of_irradiance(level: float) -> None:
    single, fourfold = (shock.driven_pressure_gpa(2e-3, 0.1, i, 120.0) for i in (level, 4.0 * level))
    assert fourfold == close(2.0 * single)
    single, fourfold = (shock.confined_pressure_gpa(0.1, 1e6, i) for i in (level, 4.0 * level))
    assert fourfold == close(2.0 * single)


@given(speed=positive(1.0, 1e6), acceleration=positive(1e3, 1e8))
@AT_ANY_SPEED
def test_run_up_reaches_the_speed(speed: float, acceleration: float) -> None:
    length = scanning.overscan_um(speed, acceleration)
    assert math.sqrt(2.0 * acceleration * length) == close(speed)
