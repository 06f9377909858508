"""Spots, fluences and irradiances that nobody has defined."""

import pytest

from lasercam.checks.unknown import Unanswered
from tests.checks.situation import codes, context, dots, job, judge, process
from tests.support import builders

DOT = [dots([(5, 5, 120)])]
NAME = "glass_bri_dots"
RING = {
    "wavelength": "1030 nm", "pulse_duration": "300 fs", "base_rate": "10 kHz", "beam": "ring",
    "pulse_energy": {"min": "1 nJ", "max": "1 mJ"}, "source": "example value",
}  # fmt: skip
CW = {"regime": "cw", "wavelength": "405 nm", "average_power": {"min": "1 uW", "max": "1 W"}, "source": "example value"}


def found(key, value, laser=None, recipes=None, **answer):
    text = {"value": value, "source": "knife edge, 2026-05-02", **answer}
    steps = [{"name": "step 0", "write": {"pattern": "dots"}}]
    written = job(supply={NAME: {key: text}}, steps=steps, **({"recipes": recipes} if recipes else {}))
    machine = builders.machine(**({"laser": laser} if laser else {}))
    claimed = process(NAME, unknown=[{"key": key}])
    return judge(
        Unanswered(), context(DOT, [builders.dot_recipe()], processes=[claimed], written=written, machine=machine)
    )


@pytest.mark.parametrize(
    ("key", "value", "code", "said"),
    [
        ("spot_radius", "4 um", "E_SPOT_DEF", "1/e^2 radius"),
        ("fluence", "1 J/cm^2", "E_FLUENCE_DEF", "peak"),
        ("ablation_threshold", "1 J/cm^2", "E_FLUENCE_DEF", "mean"),
        ("irradiance", "1 kW/cm^2", "E_IRRADIANCE_KIND", "average"),
    ],
)
def test_what_is_not_defined_is_an_error_and_what_is_passes(key, value, code, said):
    (finding,) = found(key, value)
    assert (finding.code, finding.on) == (code, f"supply.{NAME}.{key}")
    assert value in finding.message
    assert "definition: " in finding.hint
    assert not found(key, value, definition=said)


def test_a_ring_has_one_fluence_and_no_spot_and_continuous_light_one_irradiance():
    assert not found("fluence", "1 J/cm^2", laser=RING)
    assert not found("spot_radius", "4 um", laser=RING)
    assert not found("irradiance", "1 kW/cm^2", laser=CW)
    assert codes(found("spot_radius", "4 um", laser=CW)) == ["E_SPOT_DEF"]


@pytest.mark.parametrize(
    ("recipes", "expected"),
    [
        ({"dots": {"fluence": "1 J/cm^2"}}, ["E_FLUENCE_DEF"]),
        ({"dots": {"fluence": "1 J/cm^2", "fluence_is": "mean"}}, []),
        ({"dots": {"like": "base"}, "base": {"fluence": "1 J/cm^2"}}, ["E_FLUENCE_DEF"]),
        ({"dots": {"like": "base", "fluence_is": "peak"}, "base": {"fluence": "1 J/cm^2"}}, []),
        ({"dots": {"like": "base", "pulse_energy": "1 uJ"}, "base": {"fluence": "1 J/cm^2"}}, []),
    ],
)
def test_recipes_that_ask_for_a_fluence(recipes, expected):
    assert codes(found("spot_radius", "4 um", recipes=recipes, definition="1/e^2 radius")) == expected
