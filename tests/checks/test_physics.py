"""Self-focusing, aberration and heat, against the worked examples of the formulas."""

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


def test_immersion_is_not_judged_with_the_formula_of_dry_lenses():
    objective = {"name": "o", "na": 1.2, "immersion_index": 1.5, "working_distance": "1 mm", "source": "example value"}
    (finding,) = found(line(), 200.0, machine=builders.machine(objective=objective))
    assert finding.code == "N_NOT_JUDGED"
    assert "aberration" in finding.message


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
