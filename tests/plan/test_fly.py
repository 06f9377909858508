"""Shots fired by position: sweeps of dots and lines at a pitch, expanded again by plain counting."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.errors import PatternError
from lasercam.model.feature import FeatureBlock, dots
from lasercam.model.frame import Frame
from lasercam.model.recipe import RecipeTable
from lasercam.model.toolpath import RowKind
from lasercam.plan.motion import make_rows, motion_tables
from lasercam.plan.order import as_given
from lasercam.plan.rows import Rows
from tests.support import builders

K = RowKind
FIRING = {"step": "10 nm", "speed": "2 mm/s", "max_rate": "50 kHz", "max_shots": 40, "source": "example value"}
FRAME = Frame((0, 0, 0), 1.0, 100)


def rows_of(block: FeatureBlock, *, pulses: int = 1, pitch_um: float = 0.0, **firing: Any) -> Rows:
    recipe = replace(builders.dot_recipe(pulses=pulses), pitch_ticks=round(pitch_um * 10_000))
    table = RecipeTable((recipe,), {"dots": 0}, {"dots": 1})
    machine = builders.machine(position_firing={**FIRING, **firing})
    n = len(block)
    zeros = np.zeros(n, np.uint16)
    tables = motion_tables(table, machine)
    return make_rows(block, zeros, zeros, as_given(n), np.zeros(3, np.int64), FRAME, tables)


def points(xy: list[tuple[float, float]]) -> FeatureBlock:
    return dots(np.array([(x, y, 0.0) for x, y in xy]), np.zeros(len(xy), np.uint16))


def line(*vertices: tuple[float, float]) -> FeatureBlock:
    xyz = np.array([(x, y, 0.0) for x, y in vertices])
    none = np.zeros(1, np.uint16)
    return FeatureBlock(xyz, np.array([0, len(xyz)], np.int64), none, none.copy())


def fired(rows: Rows) -> list[tuple[int, ...]]:
    """Where the beam fires, shot by shot, counted in plain Python."""
    found = []
    for kind, count, start, end in zip(
        rows.kind.tolist(), rows.count.tolist(), rows.start_ticks.tolist(), rows.end_ticks.tolist(), strict=True
    ):
        if kind == K.DOT:
            found.append(tuple(end))
        elif kind == K.SHOTS:
            found += [
                tuple(s + (e - s) * i // (count - 1) for s, e in zip(start, end, strict=True)) for i in range(count)
            ]
    return found


def test_a_row_of_single_shots_is_swept() -> None:
    rows = rows_of(points([(x * 2.0, 0.0) for x in range(10)]))
    assert rows.kind.tolist() == [K.JUMP, K.LEAD, K.SHOTS, K.LEAD]
    assert rows.count.tolist() == [0, 0, 10, 0]
    assert rows.start_ticks[2].tolist() == [0, 0, 0]
    assert rows.end_ticks[2].tolist() == [180_000, 0, 0]
    # v2 / 2a = (2 mm/s)2 / (2 x 100 mm/s2) = 20 um on either side.
    assert (rows.end_ticks[0, 0], rows.end_ticks[3, 0]) == (-200_000, 380_000)


@pytest.mark.parametrize(
    ("pitch", "firing", "why"),
    [
        (2.0, {"step": "30 nm"}, "2 um is no multiple of the encoder's 30 nm"),
        (0.1, {}, "2 mm/s / 0.1 um = 20 kHz, but the laser gives 10 kHz"),
        (2.0, {"max_rate": "0.9 kHz"}, "2 mm/s / 2 um = 1 kHz is more than the output's rate"),
    ],
)
def test_what_cannot_be_fired_in_flight_stays_dot_by_dot(pitch: float, firing: dict[str, Any], why: str) -> None:
    rows = rows_of(points([(x * pitch, 0.0) for x in range(10)]), **firing)
    assert set(rows.kind.tolist()) == {K.DOT}, why


def test_slanted_rows_and_bursts_stay_dot_by_dot() -> None:
    assert set(rows_of(points([(x * 3.0, x * 4.0) for x in range(10)])).kind.tolist()) == {K.DOT}
    assert set(rows_of(points([(x * 2.0, 0.0) for x in range(10)]), pulses=2).kind.tolist()) == {K.DOT}


def test_the_laser_must_give_a_pulse_for_every_shot() -> None:
    assert K.SHOTS in rows_of(points([(x * 0.2, 0.0) for x in range(10)])).kind
    assert K.SHOTS not in rows_of(points([(x * 0.19, 0.0) for x in range(10)])).kind


PLACE = st.tuples(st.integers(0, 8), st.integers(0, 2)).map(lambda p: (p[0] * 2.0, p[1] * 2.0))


@given(st.lists(st.one_of(PLACE, st.just((0.5, 0.25))), min_size=1, max_size=60))
def test_every_dot_is_fired_once_and_in_order(places: list[tuple[float, float]]) -> None:
    rows = rows_of(points(places), max_shots=7)
    assert np.array_equal(rows.start_ticks[1:], rows.end_ticks[:-1])
    assert fired(rows) == [(round(x * 10_000), round(y * 10_000), 0) for x, y in places]
    assert max(rows.count.tolist()) <= 7
    assert min(rows.count[rows.kind == K.SHOTS].tolist(), default=3) >= 3


def test_a_line_at_a_pitch_fires_as_many_shots_as_fit() -> None:
    rows = rows_of(line((0, 0), (10.3, 0)), pulses=0, pitch_um=2.0)
    assert rows.kind.tolist() == [K.JUMP, K.LEAD, K.SHOTS, K.LEAD]
    assert rows.count.tolist() == [0, 0, 6, 0]
    assert rows.end_ticks[2].tolist() == [100_000, 0, 0]
    assert rows.end_ticks[3, 0] == 103_000 + 200_000, "the run-out still begins at the line's own end"


def test_a_slanted_line_ends_on_the_increment() -> None:
    rows = rows_of(line((0, 0), (30, 40)), pulses=0, pitch_um=0.7, max_shots=72)
    (shots,) = np.flatnonzero(rows.kind == K.SHOTS)
    assert rows.count[shots] == 72
    assert np.abs(rows.end_ticks[shots] - 71 * 7_000 * np.array([0.6, 0.8, 0.0])).max() <= 50


@pytest.mark.parametrize(
    ("block", "pitch", "says"),
    [
        (line((0, 0), (9, 0), (9, 9)), 1.0, "straight lines only"),
        (line((0, 0), (1, 0)), 2.0, "shorter than its pitch of 2 µm"),
        (line((0, 0), (99, 0)), 1.0, r"needs 100 shots, and one sweep fires at most 40"),
    ],
)
def test_lines_that_cannot_be_fired_by_position_are_refused(block: FeatureBlock, pitch: float, says: str) -> None:
    with pytest.raises(PatternError, match=says):
        rows_of(block, pulses=0, pitch_um=pitch)
