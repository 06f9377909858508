"""Bounds, stated points, candidates and the first pass, against the shipped windows where they hold the case."""

from dataclasses import replace

import pytest

from lasercam.checks.window import WindowBounds
from lasercam.model.recipe import PassKind
from lasercam.process.library import load_process
from tests.checks.situation import codes, context, dots, job, judge, lines, process, valued
from tests.support import builders

LINES, DOTS, REWRITE = (load_process(n) for n in ("glass_bri_lines", "glass_bri_dots", "glass_bri_rewrite"))
Z = 200.0


def found(recipes, blocks, processes, **options):
    return judge(WindowBounds(), context(blocks, recipes, processes=processes, **options))


def serious(findings):
    return [f for f in findings if f.severity != "note"]


def of_lines(recipe, depth=Z):
    return found([recipe], [lines([((0, 0, depth), (50, 0, depth))])], [LINES])


def of_dots(recipe, depth=Z):
    return found([recipe], [dots([(0, 0, depth)])], [DOTS])


def test_the_stated_point_has_nothing_but_the_choice_of_its_reading():
    (note,) = of_lines(builders.line_recipe())
    assert note.code == "N_CANDIDATE"
    assert "200 µJ or 50 µJ" in note.message
    assert note.source.startswith("H. Xiao")


@pytest.mark.parametrize(("exposure", "expected"), [(1.0, 0), (5.0, 0), (0.999, 1)])
def test_dots_below_one_second_do_not_glow(exposure, expected):
    findings = serious(of_dots(builders.dot_recipe(exposure)))
    by_time = [f for f in findings if "exposure" in f.message]
    assert [f.severity for f in by_time] == ["error"] * expected
    assert all((f.value, f.limit) == (exposure, 1.0) for f in by_time)


def test_the_windows_own_code_is_used():
    window = process("glass_bri_dots", {"exposure": {"min": 1.0, "code": "E_EXPOSURE_MIN"}})
    blocks = [dots([(0, 0, Z)])]
    assert codes(found([builders.dot_recipe(0.5)], blocks, [window])) == ["E_EXPOSURE_MIN"]
    foreign = process("glass_bri_dots", {"exposure": {"min": 1.0, "code": "E_OF_A_LAB"}})
    assert codes(found([builders.dot_recipe(0.5)], blocks, [foreign])) == ["E_WINDOW"]


def test_the_dwell_of_lines_is_no_exposure():
    both = builders.line_recipe(exposure_ns=10**6)
    window = process("glass_bri_lines", {"exposure": {"min": 1.0}, "pulses": {"min": 10_000.0}})
    assert not found([both], [lines([((0, 0, Z), (50, 0, Z))])], [window])
    assert codes(found([both], [dots([(0, 0, Z)])], [window])) == ["E_WINDOW", "E_WINDOW"]


@pytest.mark.parametrize(("outside", "code"), [("fails", "E_WINDOW"), ("unexplored", "W_EXTRAPOLATED")])
@pytest.mark.parametrize(("speed", "bad"), [(100.0, 0), (500.0, 0), (99.0, 1), (501.0, 1)])
def test_bounds(outside, code, speed, bad):
    window = process("glass_bri_lines", {"speed": {"min": 100.0, "max": 500.0, "outside": outside}})
    findings = found([builders.line_recipe(speed)], [lines([((0, 0, Z), (50, 0, Z))])], [window])
    assert codes(findings) == [code] * bad


@pytest.mark.parametrize(
    ("change", "parameters"),
    [
        ({"speed_nm_s": 500_000}, {"speed"}),
        ({"laser": replace(builders.LASER, wavelength_nm=515.0)}, {"wavelength"}),
        ({"laser": replace(builders.LASER, pulse_duration_fs=250.0)}, {"pulse duration"}),
        ({"laser": replace(builders.LASER, rep_rate_hz=20e3)}, {"repetition rate", "average power"}),
        ({"laser": replace(builders.LASER, pulse_energy_uj=100.0)}, {"pulse energy", "average power"}),
        ({"laser": replace(builders.LASER, pulse_energy_uj=200.0)}, {"average power"}),
    ],
)
def test_away_from_the_stated_point(change, parameters):
    findings = serious(of_lines(replace(builders.line_recipe(), **change)))
    assert codes(findings) == ["W_EXTRAPOLATED"] * len(parameters)
    assert {f.message.split(": ")[1].rsplit(" ", 20)[0].split(" ")[0] for f in findings} == {
        p.split()[0] for p in parameters
    }


def test_derived_numbers_show_their_arithmetic():
    laser = replace(builders.LASER, pulse_energy_uj=200.0)
    (finding,) = serious(of_lines(builders.line_recipe(laser=laser)))
    assert "average power 2 W (200 µJ × 10 kHz) is away from the only stated point, 500 mW" in finding.message


def test_a_tolerance_belongs_to_the_point():
    window = process("glass_bri_dots", {"fluence": {"typ": 0.1, "tolerance": 0.01}})
    # A spot of 1 µm: E = F π w0² / 2
    for fluence, expected in ((0.1, 0), (0.109, 0), (0.115, 1)):
        laser = replace(builders.LASER, pulse_energy_uj=fluence * 3.14159265 / 200)
        recipe = builders.dot_recipe(laser=laser, values=valued(spot_radius=1.0))
        assert codes(found([recipe], [dots([(0, 0, 0)])], [window])) == ["W_EXTRAPOLATED"] * expected


@pytest.mark.parametrize(("depth", "expected"), [(200.0, 0), (199.9995, 0), (201.0, 1), (150.0, 1)])
def test_depth_is_where_the_rows_really_are(depth, expected):
    findings = serious(of_lines(builders.line_recipe(), depth))
    assert codes(findings) == ["W_EXTRAPOLATED"] * expected
    assert all(f.value == pytest.approx(depth, abs=2e-4) for f in findings)


def test_a_stack_names_the_depth_that_is_farthest_out():
    (finding,) = serious(found([builders.dot_recipe()], [dots([(0, 0, 200), (0, 0, 230), (0, 0, 195)])], [DOTS]))
    assert finding.value == pytest.approx(230, abs=1e-3)


def test_a_choice_that_is_missing_is_asked_for():
    window = process(
        "glass_bri_lines", {"fluence": {"candidates": [(1.0, "stated", "peak"), (0.5, "derived", "mean")]}}
    )
    (finding,) = found([builders.line_recipe()], [lines([((0, 0, Z), (50, 0, Z))])], [window])
    assert finding.code == "E_CANDIDATES"
    assert "1 J/cm^2" in finding.message
    assert "500 mJ/cm^2" in finding.message


@pytest.mark.parametrize(("energy", "expected"), [(50.0, 0), (60.0, 2)])
def test_a_rewrite_keeps_the_power_of_the_first_pass(energy, expected):
    first = builders.line_recipe(name="first")
    laser = replace(builders.LASER, pulse_energy_uj=energy)
    again = builders.line_recipe(name="again", process="glass_bri_rewrite", laser=laser)
    blocks = [
        lines([((0, 0, Z), (50, 0, Z))]),
        lines([((0, 0, Z), (50, 0, Z))], section=1, recipe=1, first_row=1),
    ]
    findings = found([first, again], blocks, [LINES, REWRITE], kinds=(PassKind.WRITE, PassKind.REWRITE))
    away = [f for f in findings if f.on == "recipes.again"]
    assert codes(away) == ["W_EXTRAPOLATED"] * expected
    assert all("differs from that of the first pass" in f.message for f in away)


def test_a_family_speaks_once_per_parameter():
    family = [builders.line_recipe(float(v), member=i) for i, v in enumerate((400, 450, 900))]
    blocks = [lines([((0, i, Z), (50, i, Z))], recipe=i, first_row=i) for i in range(3)]
    (finding,) = serious(found(family, blocks, [LINES]))
    assert (finding.count, finding.value) == (2, 900.0)


@pytest.mark.parametrize(
    ("temperature", "expected"),
    [("200 degC", 0), ("550 degC", 0), ("199 degC", 1), ("560 degC", 1)],
)
def test_a_furnace_stays_within_its_window(temperature, expected):
    heat = load_process("glass_bri_heat_treatment")
    step = {"process": heat.name, "temperature": temperature, "hold_time": "2 h"}
    steps = [{"name": "w", "write": {"pattern": "lines"}}, {"name": "h", "heat": step}]
    blocks = [lines([((0, 0, Z), (50, 0, Z))])]
    findings = found([builders.line_recipe()], blocks, [heat], written=job(steps=steps))
    assert codes(findings) == ["W_EXTRAPOLATED"] * expected
    assert all(f.on == "steps.h" for f in findings)


def test_a_recipe_of_two_steps_is_one_member():
    blocks = [lines([((0, 0, Z), (50, 0, Z))]), dots([(90, 90, 100)], section=1, first_row=1)]
    recipe = builders.line_recipe(500.0, exposure_ns=10**9)
    findings = serious(found([recipe], blocks, [LINES], kinds=(PassKind.WRITE, PassKind.WRITE)))
    assert {f.count for f in findings} == {1}
