"""Rules of processes, for recipes and furnaces."""

import pytest

from lasercam.checks.rules import ProcessRules
from lasercam.model.recipe import PassKind
from lasercam.process.library import load_library, load_process
from tests.checks.situation import codes, context, dots, job, judge, lines, process
from tests.support import builders

LINE, DOT = [lines([((0, 0, 120), (50, 0, 120))])], [dots([(5, 5, 120)])]
HEAT = load_process("glass_bri_heat_treatment")


def found(blocks, processes, written=None, recipes=None, **options):
    table = recipes or [builders.line_recipe(exposure_ns=10**9)]
    return judge(ProcessRules(), context(blocks, table, processes=processes, written=written, **options))


def ruled(**rule):
    return process("glass_bri_lines", rules=[{"parameter": "speed", "above": "0.3 mm/s", "says": "too fast", **rule}])


@pytest.mark.parametrize(("severity", "code"), [("error", "E"), ("warning", "W"), ("note", "N")])
def test_a_rule_speaks_with_its_severity(severity, code):
    (finding,) = found(LINE, [ruled(severity=severity)])
    assert (finding.code, finding.severity) == (f"{code}_PROCESS_RULE", severity)
    assert "speed 0.4 mm/s: too fast" in finding.message
    assert (finding.value, finding.limit, finding.unit) == (400.0, 300.0, "um/s")


def test_a_rule_that_does_not_hold_is_silent():
    assert not found(LINE, [ruled(above="0.5 mm/s")])


def test_a_rule_for_lines_is_silent_for_dots():
    only_dots = {"parameter": "repetition_rate", "above": "1 kHz", "says": "x", "features": "dots"}
    claimed = process("glass_bri_lines", rules=[only_dots])
    assert not found(LINE, [claimed])
    assert codes(found(DOT, [claimed])) == ["W_PROCESS_RULE"]


def test_a_code_of_a_lab_is_kept_in_the_message():
    (finding,) = found(LINE, [ruled(code="W_OUR_LAB")])
    assert finding.code == "W_PROCESS_RULE"
    assert "[W_OUR_LAB]" in finding.message


def heated(temperature, material="br_i_borosilicate", after=()):
    sample = {"id": "S", "material": material, "size": ["9 mm", "9 mm", "1 mm"], "refractive_index": 1.5}
    furnace = {"process": HEAT.name, "temperature": temperature, "hold_time": "2 h"}
    return job(
        sample=sample, steps=[{"name": "first", "write": {"pattern": "lines"}}, *after, {"name": "h", "heat": furnace}]
    )


@pytest.mark.parametrize(
    ("temperature", "material", "expected"),
    [
        ("500 degC", "br_i_borosilicate", []),
        ("501 degC", "br_i_borosilicate", ["W_HEAT_BACKGROUND"]),
        ("470 degC", "br_i_borosilicate", []),
        ("470 degC", "i_borosilicate", ["W_HEAT_GAP"]),
        ("450 degC", "i_borosilicate", []),
        ("550 degC", "i_borosilicate", ["W_HEAT_BACKGROUND"]),
    ],
)
def test_rules_of_the_furnace(temperature, material, expected):
    assert codes(found(LINE, [HEAT], heated(temperature, material))) == expected


def test_heating_after_a_rewrite():
    again = [{"name": "again", "rewrite": {"pattern": "again"}}]
    recipes = [builders.line_recipe(), builders.line_recipe(name="again", process="glass_bri_rewrite")]
    blocks = [*LINE, lines([((0, 0, 120), (50, 0, 120))], section=1, recipe=1, first_row=1)]
    findings = found(blocks, [HEAT], heated("400 degC", after=again), recipes, kinds=(PassKind.WRITE, PassKind.REWRITE))
    assert codes(findings) == ["W_HEAT_AFTER_REWRITE"]
    assert findings[0].on == "steps.h"


def test_what_nobody_supplied():
    film = load_process("film_fapbi3_delta_alpha")
    recipe = builders.dot_recipe(process=film.name)
    assert codes(found(DOT, [film], recipes=[recipe])) == ["W_PROCESS_ATMOSPHERE"]
    supply = {film.name: {"atmosphere": {"value": "air", "source": "glove box open, 2026-05-02"}}}
    assert not found(DOT, [film], job(supply=supply), [recipe])


def test_an_absorbing_substrate():
    film = process(
        "glass_bri_lines", rules=[r.model_dump() for r in load_process("film_cw_crystallisation").document.rules]
    )
    from dataclasses import replace

    at = replace(builders.LASER, wavelength_nm=750.0)
    assert codes(found(LINE, [film], recipes=[builders.line_recipe(laser=at)])) == ["W_PROCESS_SUBSTRATE"]
    assert not found(LINE, [film])


def test_every_code_of_the_shipped_rules_can_be_explained():
    explained = {c.code: c.severity for c in ProcessRules.codes}
    shipped = {(r.code, r.severity) for p in load_library().values() for r in p.document.rules}
    assert {(code, str(severity)) for code, severity in explained.items()} >= shipped
