"""Stage, sample, working distance and axis speeds, each just inside and just outside."""

from dataclasses import replace

import pytest

from lasercam.checks.envelope import Envelope
from lasercam.model.toolpath import RowKind
from tests.checks.situation import codes, context, dots, job, judge, lines
from tests.support import builders

Z = 120.0


def found(blocks, **options):
    return judge(Envelope(), context(blocks, **options))


def film():
    sample = {"id": "F", "material": "cspbbr3_film", "size": ["10 mm", "10 mm", "1 mm"], "refractive_index": 1.5}
    return job(sample=sample)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ((50_000, 0, 0), None),
        ((50_000.001, 0, 0), ("x", 50_000.001, 50_000)),
        ((-50_000, 0, 0), None),
        ((-50_001, 0, 0), ("x", -50_001, -50_000)),
        ((0, 60_000, 0), ("y", 60_000, 50_000)),
        ((0, 0, 10_000), None),
        ((0, 0, 10_000.5), ("z", 10_000.5, 10_000)),
        ((0, 0, -10_001), ("z", -10_001, -10_000)),
    ],
)
@pytest.mark.parametrize("kind", [RowKind.JUMP, RowKind.LEAD])
def test_every_row_must_lie_within_the_axes(end, expected, kind):
    findings = found([builders.rows([(kind, (1, 1, 0)), (kind, end)])])
    assert codes(findings) == ["E_ENVELOPE"] * bool(expected)
    if expected:
        (finding,) = findings
        assert finding.on == ("machine" if kind is RowKind.JUMP else "patterns.pattern.part")
        assert (finding.value, finding.limit) == (pytest.approx(expected[1]), expected[2])
        assert f"axis {expected[0]}" in finding.message
        assert finding.first_row == 1


def test_a_jump_to_a_part_outside_is_not_reported_twice():
    rows = [(RowKind.JUMP, (51_000, 0, 0)), (RowKind.LEAD, (52_000, 0, 0))]
    (finding,) = found([builders.rows(rows)])
    assert (finding.on, finding.value) == ("patterns.pattern.part", pytest.approx(52_000))


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ((0, 0, Z), []),
        ((10_000, 10_000, Z), []),
        ((10_000.01, 0, Z), ["E_OUTSIDE_SAMPLE"]),
        ((-0.01, 0, Z), ["E_OUTSIDE_SAMPLE"]),
        ((0, 10_001, Z), ["E_OUTSIDE_SAMPLE"]),
        ((0, 0, 2_000), []),
        ((0, 0, 2_000.1), ["E_DEPTH"]),
        ((0, 0, 0.5), []),
        ((0, 0, 0), ["E_DEPTH"]),
        ((0, 0, -5), ["E_DEPTH"]),
    ],
)
def test_exposures_must_lie_in_the_sample(place, expected):
    assert codes(found([dots([place])])) == expected
    assert codes(found([lines([((5, 5, Z), place)])])) == expected


def test_dark_travel_may_leave_the_sample():
    assert not found([builders.rows([(RowKind.JUMP, (-100, -100, 50)), (RowKind.LEAD, (-50, -100, 50))])])


@pytest.mark.parametrize(("depth", "expected"), [(0, []), (-0.5, ["E_DEPTH"])])
def test_depth_zero_is_for_films(depth, expected):
    assert codes(found([dots([(5, 5, depth)])], written=film())) == expected


@pytest.mark.parametrize(("depth", "expected"), [(150.0, []), (150.1, ["E_WORKING_DISTANCE"])])
def test_stage_travel_ends_at_the_working_distance(depth, expected):
    objective = {"name": "near", "na": 0.4, "working_distance": "100 um", "source": "example value"}
    assert codes(found([dots([(5, 5, depth)])], machine=builders.machine(objective=objective))) == expected


@pytest.mark.parametrize(
    ("speed", "direction", "expected"),
    [
        (20_000, (1, 0, 0), []),
        (20_001, (1, 0, 0), ["E_SPEED"]),
        (28_284, (1, 1, 0), []),
        (28_285, (1, 1, 0), ["E_SPEED", "E_SPEED"]),
    ],
)
def test_each_axis_must_follow(speed, direction, expected):
    recipe = builders.line_recipe(speed)
    end = tuple(100 * d for d in direction[:2])
    findings = judge(Envelope(), context([lines([((0, 0, Z), (*end, Z))])], [recipe]))
    assert codes(findings) == expected
    assert all(f.on == "recipes.lines" for f in findings)


def test_the_origin_of_the_sample_counts():
    def moved(sections):
        return tuple(replace(s, frame=replace(s.frame, origin_ticks=(100_000, 0, 0))) for s in sections)

    assert codes(found([dots([(5, 5, Z)])], sections=moved)) == ["E_OUTSIDE_SAMPLE"]
    assert not found([dots([(10, 5, Z)])], sections=moved)
