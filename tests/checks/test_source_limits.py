"""Settable energies, picker rates, pulse durations and operator stops."""

from dataclasses import replace

import pytest

from lasercam.checks.source_limits import SourceLimits
from lasercam.model.recipe import LaserSettings, PassKind
from tests.checks.situation import codes, context, dots, judge
from tests.support import builders


def with_laser(**laser):
    return builders.dot_recipe(laser=replace(builders.LASER, **laser))


def found(*recipes, machine=None, count=1):
    blocks = [dots([(5, 5, 120)], recipe=i, first_row=i) for i in range(len(recipes))]
    return judge(SourceLimits(), context(blocks, recipes, machine=machine))


def stepped(pulse_energy=None):
    laser = {
        "wavelength": "1030 nm",
        "pulse_duration": "300 fs",
        "base_rate": "100 kHz",
        "max_divider": 100,
        "pulse_energy": pulse_energy or {"min": "1 uJ", "max": "200 uJ", "step": "0.5 uJ"},
        "source": "example value",
    }
    return builders.machine(laser=laser)


@pytest.mark.parametrize(("energy", "expected"), [(0.1, 0), (200.0, 0), (0.0999, 1), (200.1, 1)])
def test_energy_within_the_range(energy, expected):
    findings = found(with_laser(pulse_energy_uj=energy))
    assert codes(findings) == ["E_ENERGY_RANGE"] * expected


@pytest.mark.parametrize(("energy", "expected"), [(50.0, 0), (99.9, 0), (100.1, 1)])
def test_energies_on_the_scale(energy, expected):
    """A plate before a polarizer that passes 100 uJ at most."""
    scale = {"law": "malus", "unit": "deg", "low": 0, "high": 45, "full": "100 uJ", "source": "example value"}
    machine = stepped({"min": "1 uJ", "max": "200 uJ", "scale": scale})
    findings = found(with_laser(pulse_energy_uj=energy), machine=machine)
    assert codes(findings) == ["E_SET_POINT"] * expected
    assert all("the source gives 0 to 100 uJ" in f.message for f in findings)


@pytest.mark.parametrize(("energy", "expected"), [(50.5, None), (50.7, "50.5 µJ or 51 µJ")])
def test_energy_in_steps(energy, expected):
    findings = found(with_laser(pulse_energy_uj=energy), machine=stepped())
    assert codes(findings) == ["E_ENERGY_RANGE"] * bool(expected)
    assert all(expected in f.hint for f in findings)


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        (100e3, None),
        (10e3, None),
        (1e3, None),
        (100e3 / 3, None),
        (30e3, "33.3333 kHz"),
        (200e3, "100 kHz"),
        (500.0, "1 kHz"),
    ],
)
def test_rates_the_picker_can_make(rate, expected):
    findings = found(with_laser(rep_rate_hz=rate))
    assert codes(findings) == ["E_PICKER"] * bool(expected)
    assert all(expected in f.hint for f in findings)


def test_both_neighbouring_rates_are_named():
    (finding,) = found(with_laser(rep_rate_hz=30e3))
    assert "every 3. pulse" in finding.hint
    assert "every 4. pulse" in finding.hint
    assert finding.limit == pytest.approx(100e3 / 3)


def test_pulse_duration_is_the_machine_s():
    assert codes(found(with_laser(pulse_duration_fs=250.0))) == ["E_PULSE_DURATION"]
    assert not found(with_laser(pulse_duration_fs=300.0))


def test_a_family_speaks_once_and_counts_its_members():
    family = [replace(with_laser(pulse_energy_uj=e), member=i) for i, e in enumerate((300.0, 50.0, 400.0))]
    (finding,) = found(*family)
    assert finding.count == 2
    assert finding.value == 400.0


@pytest.mark.parametrize(
    ("limit", "control", "expected"), [(2, "operator", 0), (1, "operator", 1), (0, "laser", 0), (1, "laser", 0)]
)
def test_operator_stops(limit, control, expected):
    """What an adapter sets is no stop for a person."""

    def settings(sections):
        energies = (50.0, 50.0, 60.0, 50.0)
        pairs = zip(sections, energies, strict=True)
        return tuple(replace(s, laser=replace(s.laser, pulse_energy_uj=e)) for s, e in pairs)

    blocks = [dots([(5, 5 + k, 120)], section=k, first_row=k) for k in range(4)]
    machine = stepped({"min": "1 uJ", "max": "200 uJ", "control": control})
    machine = machine.model_copy(update={"max_operator_stops": limit})
    kinds = (PassKind.WRITE,) * 4
    findings = judge(SourceLimits(), context(blocks, kinds=kinds, machine=machine, sections=settings))
    assert codes(findings) == ["E_OPERATOR_STOPS"] * expected
    assert all((f.value, f.limit) == (2, limit) for f in findings)


@pytest.mark.parametrize(
    ("power", "says"),
    [(1000.0, None), (300.0, None), (1100.0, "multiple of the step"), (60e3, "outside"), (50.0, "outside")],
)
def test_powers_of_continuous_light(power, says):
    setting = {"min": "0.1 mW", "max": "50 mW", "step": "0.1 mW" if says is None else "1 mW"}
    laser = {"regime": "cw", "wavelength": "405 nm", "average_power": setting, "source": "example value"}
    recipe = builders.dot_recipe(laser=LaserSettings(405.0, cw_power_uw=power))
    findings = found(recipe, machine=builders.machine(laser=laser))
    assert codes(findings) == ["E_POWER_RANGE"] * (says is not None)
    assert all(says in f.message for f in findings)
