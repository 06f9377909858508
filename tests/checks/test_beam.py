"""Chains, row kinds, recipes that fit, and run-ups."""

from dataclasses import replace

import numpy as np
import pytest

from lasercam.checks.beam import Beam
from lasercam.model.toolpath import RowKind
from tests.checks.situation import codes, context, judge
from tests.support import builders

JUMP, LINE, DOT, SHOTS, LEAD = RowKind.JUMP, RowKind.LINE, RowKind.DOT, RowKind.SHOTS, RowKind.LEAD
OPENING, CLOSING = RowKind.OPENING, RowKind.CLOSING


def found(*blocks, recipes=None):
    return judge(Beam(), context(blocks, recipes or [builders.line_recipe()]))


GOOD = [(JUMP, (0, 0, -80)), (LEAD, (1, 0, -80)), (LINE, (50, 0, -80)), (LINE, (50, 50, -80)), (LEAD, (50, 51, -80))]


def test_a_good_path_has_no_findings():
    assert not found(builders.rows(GOOD))


def test_each_row_starts_where_the_last_ended():
    block = builders.rows(GOOD)
    starts = block.start_ticks.copy()
    starts[3, 1] += 1
    (finding,) = found(replace(block, start_ticks=starts))
    assert (finding.code, finding.first_row, finding.count) == ("E_CHAIN", 3, 1)


def test_the_seam_between_blocks_is_looked_at():
    whole = builders.rows(GOOD)
    halves = [builders.rows(GOOD[:2]), builders.rows(GOOD[2:], start_um=(1, 0, -80), first_row=2)]
    assert np.array_equal(halves[1].start_ticks[0], whole.start_ticks[2])
    assert not found(*halves)
    shifted = builders.rows(GOOD[2:], start_um=(2, 0, -80), first_row=2)
    assert codes(found(halves[0], shifted)) == ["E_CHAIN"]


@pytest.mark.parametrize(
    ("kind", "count", "expected"),
    [(JUMP, 1, 1), (LEAD, 1, 1), (DOT, 5, 0), (DOT, 4, 1), (DOT, 0, 1), (7, 0, 1)],
)
def test_rows_agree_with_their_kind(kind, count, expected):
    block = builders.rows([(JUMP, (3, 0, -80))])
    block = replace(block, kind=np.array([kind], np.uint8), count=np.array([count], np.uint32))
    assert codes(found(block, recipes=[builders.dot_recipe(pulses=5)])) == ["E_ROW"] * expected


@pytest.mark.parametrize(("count", "expected"), [(0, ["E_ROW"]), (1, ["E_ROW"]), (2, []), (9, [])])
def test_a_run_of_shots_has_at_least_two(count, expected):
    block = builders.rows([(LEAD, (1, 0, -80)), (SHOTS, (9, 0, -80))])
    block = replace(block, count=np.array([0, count], np.uint32))
    assert codes(found(block, recipes=[replace(builders.dot_recipe(pulses=1), speed_nm_s=100_000)])) == expected


def test_shots_are_single_or_at_a_pitch():
    block = builders.rows([(LEAD, (1, 0, -80)), (SHOTS, (9, 0, -80))])
    block = replace(block, count=np.array([0, 5], np.uint32))
    (finding,) = found(block, recipes=[builders.dot_recipe(pulses=5)])
    assert finding.code == "E_RECIPE_KIND"
    assert "`pitch` or `pulses: 1`" in finding.message


def test_a_run_up_in_which_the_gate_opens_is_whole():
    """400 um/s at 100 mm/s2 needs 0.8 um: 0.5 as lead and 0.5 while the gate opens are enough, 0.2 and 0.5 are not."""
    good = builders.rows([(LEAD, (0.5, 0, -80)), (OPENING, (1, 0, -80)), (LINE, (9, 0, -80)), (CLOSING, (10, 0, -80))])
    short = builders.rows([(LEAD, (0.2, 0, -80)), (OPENING, (0.7, 0, -80)), (LINE, (9, 0, -80))])
    assert codes(found(good)) == []
    assert codes(found(short)) == ["E_RUN_UP"]


def test_lines_need_a_speed_and_dots_an_exposure():
    dot_on_lines = found(builders.rows([(DOT, (3, 0, -80))]))
    line_on_dots = found(builders.rows([(LEAD, (1, 0, -80)), (LINE, (9, 0, -80))]), recipes=[builders.dot_recipe()])
    assert codes(dot_on_lines) == codes(line_on_dots) == ["E_RECIPE_KIND"]
    assert "'lines' is to write dots of patterns.pattern.part" in dot_on_lines[0].message
    assert "`speed`" in line_on_dots[0].message


def test_a_line_without_length():
    rows = [(LEAD, (1, 0, -80)), (LINE, (9, 0, -80)), (LINE, (9, 0, -80))]
    (finding,) = found(builders.rows(rows))
    assert (finding.code, finding.first_row) == ("E_ZERO_LINE", 2)


@pytest.mark.parametrize(
    ("lead", "expected"),
    [((0.8, 0, -80), []), ((0.797, 0, -80), ["E_RUN_UP"]), (None, ["E_RUN_UP"])],
)
def test_run_up_is_v_squared_over_2a(lead, expected):
    # 0.4 mm/s at 100 mm/s²: 0.8 µm.
    start = lead or (0.8, 0, -80)
    rows = [(JUMP, (0, 0, -80)), (LEAD if lead else JUMP, start), (LINE, (start[0] + 50, 0, -80))]
    findings = found(builders.rows(rows))
    assert codes(findings) == expected
    assert all(f.limit == pytest.approx(0.8) for f in findings)


def test_a_lead_in_another_direction_is_no_run_up():
    rows = [(JUMP, (0, 0, -80)), (LEAD, (0, 5, -80)), (LINE, (50, 5, -80))]
    assert codes(found(builders.rows(rows))) == ["E_RUN_UP"]


def test_the_line_before_brings_the_speed_only_when_it_is_the_same():
    recipes = [builders.line_recipe(), builders.line_recipe(800.0, name="fast")]
    rows = [(LEAD, (2, 0, -80)), (LINE, (9, 0, -80)), (LINE, (19, 0, -80), 1)]
    (finding,) = found(builders.rows(rows), recipes=recipes)
    assert (finding.code, finding.first_row) == ("E_RUN_UP", 2)
    assert "'fast'" in finding.message


def test_a_diagonal_uses_both_axes():
    # Along the diagonal √2 of the acceleration is there: 0.8 / √2 = 0.566 µm.
    rows = [(JUMP, (0, 0, -80)), (LEAD, (0.4, 0.4, -80)), (LINE, (50, 50, -80))]
    assert not found(builders.rows(rows))
    rows[1:] = [(LEAD, (0.39, 0.39, -80)), (LINE, (50, 50, -80))]
    assert codes(found(builders.rows(rows))) == ["E_RUN_UP"]
