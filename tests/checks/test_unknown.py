"""Open questions of processes, and answers to questions nobody asked."""

import pytest

from lasercam.checks.unknown import Unanswered
from lasercam.model.confidence import Confidence, Valued
from lasercam.process.library import load_process
from tests.checks.situation import codes, context, dots, job, judge, lines, process, valued
from tests.support import builders

LINE, DOT = [lines([((0, 0, 120), (50, 0, 120))])], [dots([(5, 5, 120)])]
NAME = "glass_bri_lines"


def supply(process_name=NAME, **answers):
    means = {"spot_radius": {"definition": "1/e^2 radius"}}
    source = {"source": "knife edge, 2026-05-02"}
    return job(supply={process_name: {k: {"value": v, **source, **means.get(k, {})} for k, v in answers.items()}})


def found(blocks, unknown, written=None, values=None, **options):
    claimed = process(NAME, unknown=unknown)
    recipe = builders.line_recipe(exposure_ns=10**9, values=values or {})
    return judge(Unanswered(), context(blocks, [recipe], processes=[claimed], written=written, **options))


def test_an_open_question_says_exactly_what_to_write():
    (finding,) = found(LINE, [{"key": "spot_radius", "why": "no focal spot is given"}])
    assert (finding.code, finding.on) == ("E_UNSUPPORTED", f"supply.{NAME}.spot_radius")
    assert "no focal spot is given" in finding.message
    assert f"Under `supply: {NAME}:` write `spot_radius: {{value: <length with its unit>, source:" in finding.hint


def test_one_finding_per_question():
    keys = ["spot_radius", "polarization", "max_rewrites"]
    assert codes(found(LINE, [{"key": k} for k in keys])) == ["E_UNSUPPORTED"] * 3


@pytest.mark.parametrize(
    ("unknown", "expected"),
    [
        ({"key": "feature_pitch", "answered_by": "pattern"}, 0),
        ({"key": "refractive_index", "answered_by": "sample"}, 0),
        ({"key": "tempering", "answered_by": "sample"}, 1),
        ({"key": "na", "answered_by": "machine"}, 0),
        ({"key": "objective", "answered_by": "machine"}, 0),
        ({"key": "polarization", "answered_by": "machine"}, 1),
        ({"key": "speed", "answered_by": "recipe"}, 1),
        ({"key": "max_exposure", "features": "dots"}, 0),
        ({"key": "max_exposure", "features": "lines"}, 1),
    ],
)
def test_who_answers(unknown, expected):
    assert codes(found(LINE, [unknown])) == ["E_UNSUPPORTED"] * expected


def test_the_machine_answers_polarization_when_its_profile_does():
    objective = {
        "name": "n", "na": 0.4, "working_distance": "1 mm", "polarization": "linear, along x", "source": "example value"
    }  # fmt: skip
    machine = builders.machine(objective=objective)
    assert not found(LINE, [{"key": "polarization", "answered_by": "machine"}], machine=machine)


def test_a_supplied_answer_counts_and_a_recipe_s_own_number_does_not():
    question = [{"key": "speed"}]
    own = {"speed": Valued(400.0, Confidence.STATED, "recipes.lines")}
    assert codes(found(LINE, question, values=own)) == ["E_UNSUPPORTED"]
    assert not found(LINE, question, supply(speed="0.4 mm/s"), values=own)
    assert not found(LINE, question, values=valued(speed=400.0))
    assert not found(LINE, [{"key": "speed", "answered_by": "recipe"}], values=own)


def test_a_process_that_is_not_used_asks_nothing():
    idle = process("glass_pure_br", unknown=[{"key": "spot_radius"}])
    assert not judge(Unanswered(), context(LINE, [builders.line_recipe()], processes=[process(NAME), idle]))


def test_a_furnace_asks_what_its_step_does_not_say():
    heat = load_process("glass_bri_heat_treatment")
    step = {"process": heat.name, "temperature": "400 degC", "hold_time": "2 h"}
    steps = [{"name": "w", "write": {"pattern": "lines"}}, {"name": "h", "heat": step}]
    findings = judge(Unanswered(), context(LINE, [builders.line_recipe()], processes=[heat], written=job(steps=steps)))
    assert {f.on.rsplit(".", 1)[1] for f in findings} == {"ramp_rate", "atmosphere"}
    step |= {"ramp_rate": "5 degC/min", "atmosphere": "air"}
    assert not judge(Unanswered(), context(LINE, [builders.line_recipe()], processes=[heat], written=job(steps=steps)))


@pytest.mark.parametrize("key", ["spot_radius", "feature_pitch", "polarization"])
def test_answers_that_are_asked_for(key):
    assert not found(LINE, [{"key": "polarization"}], supply(**{key: "5 um", "polarization": "linear"}))


def test_a_misspelt_answer_names_the_nearest_question():
    (finding,) = found(LINE, [], supply(spot_radios="4 um"))
    assert (finding.code, finding.on) == ("W_SUPPLY_UNUSED", f"supply.{NAME}.spot_radios")
    assert "did you mean 'spot_radius'?" in finding.message


def test_answers_for_a_process_that_is_not_used():
    (finding,) = found(LINE, [], supply("glass_bri_line", spot_radius="4 um"))
    assert (finding.code, finding.on) == ("W_SUPPLY_UNUSED", "supply.glass_bri_line")
    assert f"did you mean '{NAME}'?" in finding.message


def test_the_shipped_dots_ask_for_what_the_paper_leaves_out():
    claimed = load_process("glass_bri_dots")
    recipe = builders.dot_recipe(values=valued(na=0.4, pulse_energy=50.0))
    findings = judge(Unanswered(), context(DOT, [recipe], processes=[claimed]))
    assert {f.on.rsplit(".", 1)[1] for f in findings} == {"spot_radius", "polarization", "max_exposure"}
