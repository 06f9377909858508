"""Rows of single shots that are not swept say why."""

import pytest

from lasercam.checks.firing import Firing
from lasercam.model.toolpath import RowKind
from tests.checks.situation import codes, context, judge
from tests.support import builders

FIRING = {"step": "10 nm", "speed": "2 mm/s", "max_rate": "5 kHz", "max_shots": 1000, "source": "example value"}


def found(pitch_um: float, *, pulses: int = 1, fires: bool = True, **firing: object) -> list:
    block = builders.rows(
        [(RowKind.DOT, (5.0 + i * pitch_um, 5.0, -80.0)) for i in range(6)], count=pulses
    )  # fmt: skip
    machine = builders.machine(**({"position_firing": {**FIRING, **firing}} if fires else {}))
    return judge(Firing(), context([block], [builders.dot_recipe(pulses=pulses)], machine=machine))


@pytest.mark.parametrize(
    ("pitch_um", "says", "hint"),
    [
        (1.004, "1.004 µm are no whole number of encoder steps of 0.01 µm", "nearest possible pitch is 1 µm"),
        (0.2, "2000 µm/s / 0.2 µm = 10000 shots per second are more than 5000", "at 1000 µm/s or slower"),
    ],
)
def test_the_limit_and_what_would_do(pitch_um: float, says: str, hint: str) -> None:
    (note,) = found(pitch_um)
    assert note.code == "N_DOT_BY_DOT"
    assert says in note.message
    assert hint in note.hint


def test_what_is_swept_or_never_could_be_is_not_mentioned() -> None:
    assert codes(found(1.0)) == []
    assert codes(found(1.004, fires=False)) == []
    assert codes(found(1.004, pulses=2)) == []
