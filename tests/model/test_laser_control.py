"""Targets and calibration: what may be asked of a laser, and the energies in between."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lasercam.errors import MachineLimitError
from lasercam.model.laser_control import AdapterKeys, LaserState, LaserTargets, SettlingKeys, disagreements

POINTS = [
    {"at": "10 %", "energy": "2 uJ"},
    {"at": "40 %", "energy": "20 uJ"},
    {"at": "100 %", "energy": "80 uJ"},
]


def keys(points: list[dict[str, str]]) -> AdapterKeys:
    return AdapterKeys.model_validate({"kind": "x", "source": "power meter", "attenuator": points})


@pytest.mark.parametrize(("energy_uj", "percent"), [(2, 10), (11, 25), (20, 40), (50, 70), (80, 100)])
def test_between_measured_points_it_is_linear(energy_uj: float, percent: float) -> None:
    assert keys(POINTS).attenuator_percent(energy_uj) == pytest.approx(percent)


@given(st.floats(2, 80), st.floats(2, 80))
def test_more_energy_is_more_of_the_attenuator(a: float, b: float) -> None:
    made = keys(POINTS)
    assert (a <= b) == (made.attenuator_percent(a) <= made.attenuator_percent(b)) or abs(a - b) < 1e-9


@pytest.mark.parametrize(("energy_uj", "nearest"), [(1.9, "2 µJ at 10 %"), (80.1, "80 µJ at 100 %")])
def test_outside_it_is_refused_with_the_nearest(energy_uj: float, nearest: str) -> None:
    with pytest.raises(MachineLimitError) as raised:
        keys(POINTS).attenuator_percent(energy_uj)
    assert nearest in str(raised.value)


def test_without_a_calibration_no_energy_is_set() -> None:
    with pytest.raises(MachineLimitError, match="no `attenuator` calibration"):
        keys([]).attenuator_percent(2.0)


@pytest.mark.parametrize(
    ("points", "says"),
    [
        (POINTS[:1], "at least two"),
        ([POINTS[1], POINTS[0]], "must rise"),
        ([POINTS[0], {"at": "20 %", "energy": "2 uJ"}], "must rise"),
        ([POINTS[0], {"at": "101 %", "energy": "9 uJ"}], "at most"),
    ],
)
def test_a_calibration_that_cannot_be_read_backwards(points: list[dict[str, str]], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        keys(points)


@pytest.mark.parametrize(("divider", "percent"), [(0, 10.0), (-3, None), (1, 100.1), (1, -1.0), (1, float("nan"))])
def test_targets_no_laser_has(divider: int, percent: float | None) -> None:
    with pytest.raises(MachineLimitError):
        LaserTargets(divider, percent)


def test_what_is_not_known_does_not_agree() -> None:
    limits = SettlingKeys.model_validate({"kind": "x", "source": "t"})
    targets = LaserTargets(10, 30.0, 10_000.0)
    agreed = LaserState(False, 10, 30.5, 10_100.0)
    assert disagreements(targets, agreed, limits) == []
    assert len(disagreements(targets, LaserState(), limits)) == 3
    assert len(disagreements(targets, LaserState(False, 9, 30.51, 10_101.0), limits)) == 3
    assert disagreements(LaserTargets(10), LaserState(divider=10), limits) == []
    # a frequency of 0 says nothing while the output is closed, and is wrong while it is open
    assert disagreements(targets, LaserState(False, 10, 30.0, 0.0), limits) == []
    assert len(disagreements(targets, LaserState(True, 10, 30.0, 0.0), limits)) == 1
