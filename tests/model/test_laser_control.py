"""Targets: what may be asked of a laser, and when it does what it was asked for."""

import pytest

from lasercam.errors import MachineLimitError
from lasercam.model.laser_control import LaserState, LaserTargets, SettlingKeys, disagreements


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
