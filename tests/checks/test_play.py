"""Lines against the side of approach are told, by axis; everything else is not."""

import pytest

from lasercam.checks.play import Play
from lasercam.model.toolpath import RowKind
from tests.checks.situation import codes, context, dots, judge, lines
from tests.plan.test_approach import machine
from tests.support import builders


@pytest.mark.parametrize(
    ("end", "expected"),
    [((50, 9, 5), []), ((-50, 9, 5), [("x", 1)]), ((50, -9, 5), []), ((9, 9, 6), [("z", 1)]), ((-0.0005, 9, 5), [])],
)
def test_lines_against_the_approach(end, expected):
    """A line that goes deeper goes down, against an approach upwards; half an increment is rounding."""
    profile = machine(x=("positive", "5 um"), z=("positive", "2 um"))
    block = lines([((0, 0, 5), end)])
    findings = judge(Play(), context([block], machine=profile))
    assert codes(findings) == ["N_PLAY"] * len(expected)
    for finding, (axis, count) in zip(findings, expected, strict=True):
        assert f"approach of axis {axis}" in finding.message
        assert finding.count == count
        assert finding.value == {"x": 5.0, "z": 2.0}[axis]
        assert finding.on == "patterns.pattern.part"


def test_dark_rows_dots_and_machines_without_play_are_not_told():
    back = [(RowKind.JUMP, (90, 0, 0)), (RowKind.LEAD, (50, 0, 0)), (RowKind.JUMP, (0, 0, 0))]
    profile = machine(x=("positive", "5 um"))
    assert not judge(Play(), context([builders.rows(back)], machine=profile))
    assert not judge(Play(), context([dots([(90, 0, 5), (0, 0, 5)])], machine=profile))
    assert not judge(Play(), context([lines([((0, 0, 5), (-50, 0, 5))])]))
