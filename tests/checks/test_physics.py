"""Self-focusing, aberration and heat, against the worked examples of the formulas."""

import math
from dataclasses import replace

import pytest

from lasercam.checks.physics import Physics
from tests.checks.situation import codes, context, dots, job, judge, lines, valued
from tests.support import builders


def found(recipe, depth=100.0, *, is_dot=False, **options):
    block = dots([(5, 5, depth)]) if is_dot else lines([((0, 0, depth), (50, 0, depth))])
    return judge(Physics(), context([block], [recipe], **options))


def line(energy=0.5, rate=1e3, radius=1.0, **changes):
    laser = replace(builders.LASER, pulse_energy_uj=energy, rep_rate_hz=rate)
    return builders.line_recipe(laser=laser, values=valued(spot_radius=radius) if radius else {}, **changes)


def test_a_gentle_shallow_slow_recipe_is_silent():
    assert not found(line())


# E_cr of fused silica at 1030 nm and 300 fs is 1.59213 µJ.
@pytest.mark.parametrize(("energy", "expected"), [(1.592, 0), (1.5923, 1)])
def test_self_focusing_starts_at_the_critical_energy(energy, expected):
    assert codes(found(line(energy))) == ["W_SELF_FOCUS"] * expected


@pytest.mark.parametrize(("energy", "ratio"), [(50.0, 31.4045), (200.0, 125.618)])
def test_published_energies_are_far_above_it(energy, ratio):
    (finding,) = found(line(energy))
    assert finding.value / finding.limit == pytest.approx(ratio, rel=1e-4)
    assert "fused silica assumed" in finding.message


# LSA = 2 z_R at a depth of 119.182 µm for NA 0.40, 1030 nm, n 1.5.
@pytest.mark.parametrize(("depth", "expected"), [(119.1, 0), (119.3, 1)])
def test_aberration_starts_where_it_equals_the_depth_of_focus(depth, expected):
    findings = found(line(), depth)
    assert codes(findings) == ["W_ABERRATION"] * expected
    assert all(f.limit == pytest.approx(6.14736, rel=1e-4) for f in findings)
    assert all("119.2 µm" in f.hint for f in findings)


def test_the_deepest_exposure_counts():
    block = lines([((0, 0, 50), (50, 0, 50)), ((0, 0, 200), (50, 0, 200))])
    (finding,) = judge(Physics(), context([block], [line()]))
    assert finding.value == pytest.approx(10.316, rel=1e-4)


def objective(**changes):
    return builders.machine(
        objective={"name": "o", "na": 1.2, "immersion_index": 1.5, "working_distance": "1 mm", "source": "x", **changes}
    )


def test_immersion_of_the_samples_index_has_no_aberration():
    assert not found(line(), 2000.0, machine=objective())


# Water under NA 1.0 into n 1.5: sin θ 1/1.33 and 1/1.5, so LSA = d (tan θ1 / tan θ2 − 1.5 / 1.33).
def test_immersion_of_another_index_is_judged():
    slope = math.tan(math.asin(1 / 1.33)) / math.tan(math.asin(1 / 1.5)) - 1.5 / 1.33
    (finding,) = found(line(), 100.0, machine=objective(na=1.0, immersion_index=1.33))
    assert finding.code == "W_ABERRATION"
    assert finding.value == pytest.approx(100 * 1.33 / 1.5 * slope, rel=1e-9)
    assert finding.limit == pytest.approx(2 * 1.5 * 1.03 / math.pi, rel=1e-9)
    assert "immersion of 1.33" in finding.message


def test_oil_into_a_thinner_sample_is_blurred_too():
    thin = {"id": "S", "material": "fused_silica", "size": ["9 mm", "9 mm", "1 mm"], "refractive_index": 1.45}
    machine = objective(na=1.3, immersion_index=1.518)
    (finding,) = found(line(), 50.0, machine=machine, written=job(sample=thin))
    slope = math.tan(math.asin(1.3 / 1.518)) / math.tan(math.asin(1.3 / 1.45)) - 1.45 / 1.518
    assert slope < 0
    assert finding.value == pytest.approx(-50 * 1.518 / 1.45 * slope, rel=1e-9)


def test_rays_that_do_not_enter_are_not_judged():
    (finding,) = found(line(), 200.0, machine=objective(na=1.505, immersion_index=1.52))
    assert finding.code == "N_NOT_JUDGED"
    assert "outer rays do not enter" in finding.message


# LSA 10.316 µm at 133.333 µm of travel, NA 0.40, n 1.5.
@pytest.mark.parametrize(("limit", "expected"), [("10.3 um", 1), ("10.33 um", 0)])
def test_the_profile_can_state_its_own_limit(limit, expected):
    machine = objective(na=0.4, immersion_index=1.0, aberration_limit=limit)
    findings = found(line(), 200.0, machine=machine)
    assert codes(findings) == ["W_ABERRATION"] * expected
    assert all("aberration_limit" in f.message for f in findings)


def test_another_correction_of_depth_travels_less_and_is_blurred_less():
    machine = objective(na=0.4, immersion_index=1.0, depth_correction="best_focus")
    (finding,) = found(line(), 204.745, machine=machine)
    assert finding.value == pytest.approx(10.316, rel=1e-4)
    assert "stage travel 133.3 µm" in finding.message


# R = 1 at 10 kHz means a zone of 15.6961 µm.
@pytest.mark.parametrize(("radius", "expected"), [(15.69, 0), (15.70, 1)])
def test_heat_accumulates_below_a_ratio_of_one(radius, expected):
    assert codes(found(line(rate=10e3, radius=radius))) == ["W_HEAT"] * expected


def test_heat_of_the_worked_example():
    (finding,) = found(line(rate=100e3, radius=5.0))
    assert finding.value == pytest.approx(0.985467, rel=1e-4)
    assert "1.641" in finding.message
    assert "assumed" in finding.message


def test_without_a_spot_radius_heat_is_not_judged_and_a_note_says_so():
    (finding,) = found(line(radius=None))
    assert finding.code == "N_NOT_JUDGED"
    assert "spot_radius" in finding.message


def test_one_pulse_leaves_no_heat_behind():
    laser = replace(builders.LASER, pulse_energy_uj=0.5, rep_rate_hz=100e3)
    assert not found(builders.dot_recipe(pulses=1, laser=laser, values=valued(spot_radius=50.0)), is_dot=True)
    many = builders.dot_recipe(pulses=2, laser=laser, values=valued(spot_radius=50.0))
    assert codes(found(many, is_dot=True)) == ["W_HEAT"]


def test_films_are_not_judged_with_the_constants_of_glass():
    sample = {"id": "F", "material": "cspbbr3_film", "size": ["9 mm", "9 mm", "1 mm"], "refractive_index": 1.5}
    (finding,) = found(line(200.0, 100e3, 50.0), 0.0, written=job(sample=sample))
    assert finding.code == "N_NOT_JUDGED"
    assert "cspbbr3_film" in finding.message
