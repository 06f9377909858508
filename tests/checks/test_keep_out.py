"""Zones that must be kept clear: every straight way against an independent geometry, dark travel included."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, box

from lasercam.checks.keep_out import KeepOut
from lasercam.geometry.attitude import attitude
from lasercam.model.finding import Finding
from lasercam.model.machine import Machine
from lasercam.model.toolpath import RowKind
from tests.checks.situation import codes, context, job, judge
from tests.support import builders

CLAMP = {"name": "clamp", "low": ["100 um", "100 um"], "high": ["200 um", "300 um"], "source": "example value"}
POST = {**CLAMP, "name": "post", "low": [*CLAMP["low"], "-50 um"], "high": [*CLAMP["high"], "-10 um"]}
SAMPLE = {"id": "A1", "material": "other", "size": ["10 mm", "10 mm", "2 mm"], "refractive_index": 1.5}


def machine(*zones: dict[str, Any], rapids: str = "straight") -> Machine:
    made = builders.machine(keep_out=list(zones))
    return made.model_copy(update={"controller": made.controller.model_copy(update={"rapids": rapids})})


def found(rows: list[tuple[RowKind, tuple[float, float, float]]], **options: Any) -> list[Finding]:
    if "zone" in options:
        options["written"] = job(sample={**SAMPLE, "keep_out": [options.pop("zone")]})
    return judge(KeepOut(), context([builders.rows(rows)], **options))


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=2, max_size=8))
def test_straight_ways_that_touch_are_found(places: list[tuple[int, int]]) -> None:
    rows = [(RowKind.JUMP, (x, y, 0.0)) for x, y in places]
    findings = found(rows, machine=machine(CLAMP))
    zone = box(100, 100, 200, 300)
    ways = [LineString([a, b]) for a, b in zip([places[0], *places], places, strict=False)]
    touching = [i for i, way in enumerate(ways) if way.intersects(zone)]
    assert sum(f.count for f in findings) == len(touching)
    if touching:
        (finding,) = findings
        assert finding.first_row == touching[0]
        assert "dark travel touches the machine's zone 'clamp'" in finding.message
        assert finding.on == "machine"


def test_the_place_named_is_where_the_way_enters() -> None:
    rows = [(RowKind.JUMP, (0.0, 150.0, -20.0)), (RowKind.JUMP, (400.0, 150.0, -20.0))]
    (finding,) = found(rows, machine=machine(CLAMP))
    assert "first 1, which enters at x 100.0000, y 150.0000, z -20.0000 µm" in finding.message


@pytest.mark.parametrize(
    ("z", "expected"), [(0.0, []), (-9.9999, []), (-10.0, ["E_KEEP_OUT"]), (-50.0, ["E_KEEP_OUT"]), (-50.0001, [])]
)
def test_boxes_with_heights_leave_room_above_and_below(z: float, expected: list[str]) -> None:
    rows = [(RowKind.JUMP, (0.0, 150.0, z)), (RowKind.LEAD, (400.0, 150.0, z))]
    assert codes(found(rows, machine=machine(POST))) == expected


@pytest.mark.parametrize("kind", list(RowKind))
def test_every_kind_of_row_counts(kind: RowKind) -> None:
    (finding,) = found([(RowKind.JUMP, (0.0, 0.0, 0.0)), (kind, (300.0, 400.0, 0.0))], machine=machine(CLAMP))
    is_written = kind in (RowKind.LINE, RowKind.SHOTS, RowKind.CLOSING)
    assert finding.on == ("patterns.pattern.part" if is_written else "machine")
    (finding,) = found([(RowKind.JUMP, (0.0, 0.0, 0.0)), (RowKind.DOT, (150.0, 150.0, 0.0))], machine=machine(CLAMP))
    assert finding.on == "patterns.pattern.part"


def test_the_way_to_the_first_place_is_nobodys() -> None:
    assert not found([(RowKind.JUMP, (400.0, 400.0, 0.0))], machine=machine(CLAMP))


def test_axes_that_run_on_their_own_may_be_anywhere_between() -> None:
    rows = [(RowKind.JUMP, (0.0, 90.0, 0.0)), (RowKind.JUMP, (110.0, 400.0, 0.0))]
    assert not found(rows, machine=machine(CLAMP))
    assert codes(found(rows, machine=machine(CLAMP, rapids="independent"))) == ["E_KEEP_OUT"]
    rows[1] = (RowKind.LEAD, (110.0, 400.0, 0.0))
    assert not found(rows, machine=machine(CLAMP, rapids="independent")), "interpolated moves are straight"


def test_zones_of_the_sample_turn_and_tilt_with_it() -> None:
    zone = {**CLAMP, "dark_travel": "false"}
    rows = [(RowKind.JUMP, (-150.0, 0.0, 0.0)), (RowKind.JUMP, (-150.0, 400.0, 0.0))]
    assert not found(rows, zone=zone)

    def turned(sections: Any) -> Any:
        return tuple(
            replace(s, frame=replace(s.frame, matrix=attitude(90.0, slopes=(0.01, 0.0)), increment_ticks=1))
            for s in sections
        )

    (finding,) = found(rows, zone=zone, sections=turned)
    # Turned by 90°, the sample's x runs along the stage's y: x 100 is met at y 100 of the stage.
    assert "touches sample zone 'clamp': 1 row, first 1, which enters at x 100.0" in finding.message
    assert finding.on == "sample"


def test_dark_travel_may_cross_what_says_so() -> None:
    zone = {**CLAMP, "dark_travel": "true"}
    crossing = [(RowKind.JUMP, (0.0, 150.0, -80.0)), (RowKind.LEAD, (400.0, 150.0, -80.0))]
    assert not found(crossing, zone=zone)
    assert not found([*crossing, (RowKind.DOT, (50.0, 150.0, -80.0))], zone=zone), "only its travel crosses"
    for row in [(RowKind.LINE, (50.0, 150.0, -80.0)), (RowKind.DOT, (150.0, 150.0, -80.0))]:
        (finding,) = found([*crossing, row], zone=zone)
        assert finding.on == "patterns.pattern.part"
        assert finding.first_row == 2


def test_zones_need_room() -> None:
    with pytest.raises(ValueError, match="low below high"):
        machine({**CLAMP, "low": ["200 um", "100 um"]})
    with pytest.raises(ValueError, match="2 numbers in low and 3 in high"):
        machine({**CLAMP, "high": [*CLAMP["high"], "0 um"]})
