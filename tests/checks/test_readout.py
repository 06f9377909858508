"""Read steps against the limits of what was written."""

import pytest

from lasercam.checks.rules import ProcessRules
from lasercam.checks.unknown import Unanswered
from lasercam.process.library import load_process
from tests.checks.situation import codes, context, dots, job, judge, process
from tests.support import builders

DISC, LIMIT = load_process("film_cspbbr3_microdisc"), load_process("film_cspbbr3_readout_limit")


def found(check=ProcessRules, claimed=DISC, **read):
    steps = [
        {"name": "step 0", "write": {"pattern": "dots"}},
        {"name": "look", "read": {"excitation": "400 nm", **read}},
    ]
    recipe = builders.dot_recipe(process=claimed.name, pulses=1)
    written = job(steps=steps)
    findings = judge(check(), context([dots([(5, 5, 0)])], [recipe], processes=[claimed, LIMIT], written=written))
    return [f for f in findings if f.on == "steps.look"]


@pytest.mark.parametrize(
    ("fluence", "definition", "expected"),
    [
        ("4.9 mJ/cm^2", "peak", []),
        ("5 mJ/cm^2", "peak", []),
        ("5.1 mJ/cm^2", "peak", ["E_PUMP_DAMAGE"]),
        ("2.4 mJ/cm^2", "mean", []),
        ("2.6 mJ/cm^2", "mean", ["E_PUMP_DAMAGE"]),
        ("14 uJ/cm^2", "peak", []),
        ("7 MJ/cm^2", "peak", ["E_PUMP_DAMAGE"]),
    ],
)
def test_the_onset_of_degradation_is_kept(fluence, definition, expected):
    findings = found(fluence=fluence, fluence_is=definition)
    assert codes(findings) == expected
    assert all("400 nm, 120 fs, 1 kHz" in f.message and "5 mJ/cm^2" in f.message for f in findings)


def test_the_limit_of_the_read_step_s_own_process_holds_without_writing():
    plain = process("plain")
    assert codes(found(claimed=plain, fluence="6 mJ/cm^2", fluence_is="peak", process=LIMIT.name)) == ["E_PUMP_DAMAGE"]
    assert not found(claimed=plain, fluence="6 mJ/cm^2", fluence_is="peak")


def test_beyond_what_was_tried_is_a_warning():
    assert codes(found(pulses="5e8")) == ["W_PUMP_DAMAGE"]
    assert not found(pulses="4e8")


def test_a_read_fluence_needs_its_definition():
    assert codes(found(Unanswered, fluence="1 mJ/cm^2")) == ["E_FLUENCE_DEF"]
    assert not found(Unanswered, fluence="1 mJ/cm^2", fluence_is="mean")
