"""The power identity with its arithmetic, and slips of a prefix."""

from dataclasses import replace

import pytest

from lasercam.checks.power import Power
from lasercam.process.library import load_process
from tests.checks.situation import codes, context, dots, job, judge, lines, process, valued
from tests.support import builders

LINE = [lines([((0, 0, 120), (50, 0, 120))])]


def recipe(energy=50.0, rate=10e3, power=None, **changes):
    laser = replace(builders.LASER, pulse_energy_uj=energy, rep_rate_hz=rate)
    return builders.line_recipe(laser=laser, average_power_uw=power, **changes)


def found(*recipes, blocks=None, **options):
    return judge(Power(), context(blocks or LINE, recipes, **options))


def test_the_published_conflict_is_read_in_all_three_ways():
    (finding,) = found(recipe(200.0, 10e3, 500e3))
    assert finding.code == "E_POWER_IDENTITY"
    assert "200 µJ × 10 kHz = 2 W, not 500 mW; 500 mW / 10 kHz = 50 µJ; 500 mW / 200 µJ = 2.5 kHz" in finding.message
    assert (finding.value, finding.limit, finding.on) == (3.0, 0.05, "recipes.lines")


@pytest.mark.parametrize(("power", "expected"), [(None, 0), (500e3, 0), (477e3, 0), (526e3, 0), (476e3, 1), (527e3, 1)])
def test_five_percent_of_the_power(power, expected):
    assert codes(found(recipe(power=power))) == ["E_POWER_IDENTITY"] * expected


def test_it_cannot_be_waived():
    assert not next(c for c in Power.codes if c.code == "E_POWER_IDENTITY").can_waive


def test_a_family_speaks_once_with_its_worst_member():
    family = [replace(recipe(e, power=500e3), member=i) for i, e in enumerate((50.0, 60.0, 200.0))]
    blocks = [lines([((0, i, 120), (50, i, 120))], recipe=i, first_row=i) for i in range(3)]
    (finding,) = found(*family, blocks=blocks)
    assert (finding.count, finding.value) == (2, 3.0)


def test_a_recipe_that_writes_nothing_is_not_judged():
    assert not found(recipe(), replace(recipe(200.0, 10e3, 500e3), name="idle"))


@pytest.mark.parametrize(
    ("energy", "expected"),
    [(50.0, 0), (0.05, 1), (50e3, 1), (40e3, 1), (49.0, 0), (0.5, 0), (5_000.0, 0), (50e-6, 1)],
)
def test_a_prefix_off(energy, expected):
    windows = [process("glass_bri_lines", {"pulse_energy": {"typ": 50.0}})]
    findings = found(recipe(energy), processes=windows)
    assert codes(findings) == ["E_UNIT_MAGNITUDE"] * expected


def test_the_other_prefix_is_named():
    (finding,) = found(recipe(50e3), processes=[process("glass_bri_lines", {"pulse_energy": {"typ": 50.0}})])
    assert "50 mJ" in finding.message
    assert "with another prefix it would be 50 µJ" in finding.message


def test_candidates_and_bounds_are_known_values_too():
    real = load_process("glass_bri_lines")
    assert not found(recipe(200.0), processes=[real])
    assert codes(found(recipe(200e-3), processes=[real])) == ["E_UNIT_MAGNITUDE"]
    window = process("glass_bri_lines", {"repetition_rate": {"min": 1e3, "max": 10e6}})
    assert not found(recipe(rate=1e6), processes=[window])


@pytest.mark.parametrize(("material", "expected"), [("cspbbr3_film", 1), ("br_i_borosilicate", 0)])
def test_a_fluence_that_no_film_stands(material, expected):
    # 2 × 200 µJ / (π × 1 µm²) = 12 732 J/cm²
    sample = {"id": "F", "material": material, "size": ["10 mm", "10 mm", "1 mm"], "refractive_index": 1.5}
    one = recipe(200.0, values=valued(spot_radius=1.0))
    assert codes(found(one, written=job(sample=sample), processes=[process()])) == ["E_UNIT_MAGNITUDE"] * expected
    below = recipe(150.0, values=valued(spot_radius=1.0))
    assert not found(below, written=job(sample=sample), processes=[process()])


def test_dots_have_no_speed_to_be_wrong():
    windows = [process("glass_bri_lines", {"speed": {"typ": 400.0}})]
    one = recipe(exposure_ns=10**9)
    slow = replace(one, speed_nm_s=400)
    assert codes(found(slow, processes=windows)) == ["E_UNIT_MAGNITUDE"]
    assert not found(slow, blocks=[dots([(1, 1, 120)])], processes=windows)
