"""Stage, sample, working distance and axis speeds, each just inside and just outside."""

import math
from dataclasses import replace

import numpy as np
import pytest

from lasercam.checks.envelope import Envelope
from lasercam.geometry.attitude import attitude
from lasercam.model.frame import Frame
from lasercam.model.surface import Surface
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


NEAR = {"name": "near", "na": 0.4, "working_distance": "100 um", "source": "example value"}


def tilted(slope, **changes):
    def of(sections):
        return tuple(
            replace(s, frame=replace(s.frame, matrix=attitude(20.0, slopes=slope), **changes)) for s in sections
        )

    return of


def below(depth_um, frame):
    """Dots at a depth in a frame, as the controller is given them."""
    ends = frame.ticks(np.array([[500.0, 500.0, depth_um]])) / 10_000
    return [builders.rows([(RowKind.DOT, tuple(end)) for end in ends])]


@pytest.mark.parametrize("front_mm", [0, 4])
@pytest.mark.parametrize("slope", [(0.0, 0.0), (0.01, -0.02)])
def test_a_tilted_surface_comes_nearer_under_the_lens(slope, front_mm):
    """Geometry by hand: the lens's face is a horizontal disc; the surface a plane that rises by tan(tilt)."""
    sine = math.hypot(*slope)
    cosine = math.sqrt(1 - sine**2)
    room = 100.0 - sine / cosine * front_mm * 1000 / 2  # may be none at all
    deepest = room * 1.5 * cosine  # d along the normal, d / (n cos) above it
    objective = {**NEAR, "front_diameter": f"{front_mm} mm"} if front_mm else NEAR
    machine = builders.machine(objective=objective)
    frame = tilted(slope)((context([dots([(1, 1, 1)])]).header.sections[0],))[0].frame
    for depth, expected in [(deepest - 0.1, []), (deepest + 0.1, ["E_WORKING_DISTANCE"])]:
        findings = found(below(depth, frame), machine=machine, sections=tilted(slope)) if depth > 0 else []
        assert codes(findings) == (expected if depth > 0 else [])
    if deepest > 0:
        (finding,) = findings
        assert f"no deeper than {deepest - 0.0005:.2f}" in finding.hint
        assert ("rim" in finding.message) == bool(front_mm and sine)


def test_a_bent_surface_takes_room_too():
    surface = Surface(np.array([0.0, 5_000, 10_000]), np.array([0.0, 10_000]), np.array([[0.0, 30, 0], [0.0, 30, 0]]))
    frame = Frame((0, 0, 0), 1 / 1.5, 10, surface=surface)
    machine = builders.machine(objective={**NEAR, "front_diameter": "4 mm"})

    def bent(sections):
        return tuple(replace(s, frame=frame) for s in sections)

    # 6 µm per mm over 2 mm: 12 µm of the 100 µm are gone, so 132 µm of depth are left.
    assert not found(below(131.9, frame), machine=machine, sections=bent)
    assert codes(found(below(132.1, frame), machine=machine, sections=bent)) == ["E_WORKING_DISTANCE"]


def test_edges_of_a_turned_sample_turn_with_it():
    def turned(sections):
        return tuple(replace(s, frame=replace(s.frame, matrix=attitude(90.0))) for s in sections)

    outside = found([dots([(5, 5, Z)])], sections=turned)
    assert codes(outside) == ["E_OUTSIDE_SAMPLE"], "x of the stage is minus y of the sample"
    assert not found([dots([(-5, 5, Z)])], sections=turned)
