"""Writing fields: rows beyond the reach of the fine axes, and lines that were cut."""

from dataclasses import replace

import pytest

from lasercam.checks.fields import Fields
from lasercam.model.field import FieldGrid, Stitches
from lasercam.model.toolpath import RowKind
from tests.checks.situation import codes, context, judge
from tests.support import builders

GRID = FieldGrid((400_000, 300_000), (800_000, 600_000), (500_000, 400_000))
"""Fields of 100 by 80 µm with a guard of 10 µm: the first reaches from x -10 to 90 µm and from y -10 to 70 µm."""


def with_fields(sections):
    return tuple(replace(s, field=GRID) for s in sections)


def found(blocks):
    return judge(Fields(), context(blocks, sections=with_fields))


def test_rows_beyond_the_reach_are_found():
    rows = [
        (RowKind.JUMP, (40.0, 30.0, 0.0)),
        (RowKind.LEAD, (90.0, 70.0, 0.0)),
        (RowKind.LEAD, (90.5, 70.0, 0.0)),
        (RowKind.JUMP, (120.0, 30.0, 0.0)),  # the next field: x 70 to 170
        (RowKind.DOT, (90.5, 30.0, 0.0)),
        (RowKind.DOT, (120.0, 70.25, 0.0)),
    ]
    findings = found([builders.rows(rows)])
    assert codes(findings) == ["E_FIELD", "E_FIELD"]
    assert [(f.first_row, f.count, f.value) for f in findings] == [(2, 1, 50.5), (5, 1, 40.25)]
    split = [builders.rows(rows[:2]), builders.rows(rows[2:], first_row=2, start_um=(90.0, 70.0, 0.0))]
    assert found(split) == findings, "fields carry over between blocks"
    assert not judge(Fields(), context(split)), "a section without fields"


@pytest.mark.parametrize(("start", "expected"), [((120.0, 30.0, 0.0), ["E_FIELD"]), ((3.0, 4.0, 0.0), [])])
def test_a_file_that_needs_no_coarse_move_begins_where_the_stage_stands(start, expected):
    rows = [(RowKind.DOT, (50.0, 30.0, 0.0))]
    assert codes(found([builders.rows(rows, start_um=start)])) == expected


def test_cut_lines_are_told():
    situation = context([builders.rows([(RowKind.DOT, (1, 1, 0))])], sections=with_fields)
    header = replace(situation.header, stitches=(Stitches(0, 3, 1_200, (80.0, 20.0, 5.0)),))
    (finding,) = judge(Fields(), replace(situation, header=header))
    assert (finding.code, finding.on, finding.value) == ("W_STITCH", "patterns.pattern.part", 1_200)
    assert "3 line(s) are cut in 1,200 place(s)" in finding.message
    assert "x 80.0000, y 20.0000, depth 5.0000 µm" in finding.message
