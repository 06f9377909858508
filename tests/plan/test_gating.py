"""Gate delays against a walk along the path in plain Python: where the beam would really be on."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.errors import PatternError
from lasercam.model.recipe import RecipeTable
from lasercam.model.toolpath import RowKind
from lasercam.plan.gating import command_early, gate_tables
from lasercam.plan.rows import Rows
from tests.support import builders

K = RowKind
GATE: dict[str, Any] = {"min_open": "2 ms", "overhead": "0 s", "source": "example value"}


def tables(open_delay: str, close_delay: str, speed_um_s: float = 400.0) -> Any:
    recipes = RecipeTable((builders.line_recipe(speed_um_s),), {"lines": 0}, {"lines": 1})
    gate = {**GATE, "open_delay": open_delay, "close_delay": close_delay}
    return gate_tables(recipes, builders.machine(gate=gate))


def chain(ends: list[tuple[int, int, int]], kinds: list[RowKind]) -> Rows:
    block = builders.rows([(k, tuple(v / 10_000 for v in end)) for k, end in zip(kinds, ends, strict=True)])
    return Rows(block.start_ticks, block.end_ticks, block.kind, block.count, block.recipe, block.part)


def exposed(rows: Rows) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    return [
        (tuple(s), tuple(e))
        for s, e, k in zip(rows.start_ticks.tolist(), rows.end_ticks.tolist(), rows.kind.tolist(), strict=True)
        if k in (K.LINE, K.CLOSING)
    ]


def test_an_instant_gate_changes_nothing() -> None:
    rows = chain([(0, 0, 0), (90_000, 0, 0), (99_000, 0, 0)], [K.LEAD, K.LINE, K.LEAD])
    assert command_early(rows, 10, tables("0 s", "0 s")) is rows


def test_commands_go_out_early_by_speed_times_delay() -> None:
    """400 um/s x 5 ms = 2 um before the line, 400 um/s x 2.5 ms = 1 um before its end."""
    rows = chain([(0, 0, 0), (50_000, 0, 0), (150_000, 0, 0), (200_000, 0, 0)], [K.JUMP, K.LEAD, K.LINE, K.LEAD])
    cut = command_early(rows, 10, tables("5 ms", "2.5 ms"))
    assert cut.kind.tolist() == [K.JUMP, K.LEAD, K.OPENING, K.LINE, K.CLOSING, K.LEAD]
    assert cut.end_ticks[:, 0].tolist() == [0, 30_000, 50_000, 140_000, 150_000, 200_000]
    assert np.array_equal(cut.start_ticks[1:], cut.end_ticks[:-1])


def test_a_long_delay_reaches_back_over_several_segments() -> None:
    """1 um = 10,000 ticks of closing: the last segment of 4,000, the one of 3,000, and 3,000 of the one before."""
    ends = [(50_000, 0, 0), (80_000, 0, 0), (80_000, 3_000, 0), (84_000, 3_000, 0), (90_000, 3_000, 0)]
    rows = chain(ends, [K.LEAD, K.LINE, K.LINE, K.LINE, K.LEAD])
    cut = command_early(rows, 10, tables("0 s", "2.5 ms"))
    assert cut.kind.tolist() == [K.LEAD, K.LINE, K.CLOSING, K.CLOSING, K.CLOSING, K.LEAD]
    assert cut.end_ticks[1].tolist() == [77_000, 0, 0]


def test_a_line_that_is_over_before_the_gate_has_opened_is_refused() -> None:
    rows = chain([(50_000, 0, 0), (60_000, 0, 0), (90_000, 0, 0)], [K.LEAD, K.LINE, K.LEAD])
    with pytest.raises(PatternError, match=r"1 µm at 400 µm/s last 0\.0025 s.* needs 0\.005 s.* below 200 µm/s"):
        command_early(rows, 10, tables("5 ms", "0 s"))


@st.composite
def paths(draw: st.DrawFn) -> tuple[Rows, int]:
    """Lines of several segments, each between leads of 30 um, on a coarse or fine increment."""
    increment = draw(st.sampled_from([1, 10, 1_000]))
    step = st.integers(-40, 40).map(lambda v: v * 1_000)
    at, ends, kinds = np.zeros(3, np.int64), [], []
    for _ in range(draw(st.integers(1, 4))):
        steps = [np.array(draw(st.tuples(step, step, step)), np.int64) for _ in range(draw(st.integers(1, 5)))]
        steps = [s for s in steps if s.any()]
        if sum(float(np.sqrt((s**2).sum())) for s in steps) <= 20_100:
            continue
        for move, kind in [(np.array([300_000, 0, 0]), K.LEAD), *((s, K.LINE) for s in steps), (steps[-1], K.LEAD)]:
            at = at + move
            ends.append(tuple(int(v) for v in at))
            kinds.append(kind)
        ends.append((0, 0, 0))
        kinds.append(K.JUMP)
        at = np.zeros(3, np.int64)
    return chain(ends or [(1_000, 0, 0)], kinds or [K.JUMP]), increment


@given(paths(), st.sampled_from([("5 ms", "0 s"), ("0 s", "5 ms"), ("5 ms", "3 ms")]))
def test_what_is_exposed_stays_and_commands_are_early_by_the_way_of_the_delay(
    case: tuple[Rows, int], delays: tuple[str, str]
) -> None:
    rows, increment = case
    cut = command_early(rows, increment, tables(*delays))
    assert np.array_equal(cut.start_ticks[1:], cut.end_ticks[:-1])
    assert np.array_equal(cut.end_ticks[-1], rows.end_ticks[-1])
    # The lit path has the same corners, in the same order; cuts only add points on the way.
    corners = [p for pair in exposed(rows) for p in pair]
    lit = [p for pair in exposed(cut) for p in pair]
    walk = iter(lit)
    assert all(corner in walk for corner in dict.fromkeys(corners)) or len(set(corners)) < len(corners)
    open_way, close_way = (float(d.split()[0]) * 4_000 if d != "0 s" else 0.0 for d in delays)
    for kind, way in ((K.OPENING, open_way), (K.CLOSING, close_way)):
        length = 0.0
        for i in range(len(cut)):
            if cut.kind[i] == kind:
                length += float(np.sqrt(((cut.end_ticks[i] - cut.start_ticks[i]) ** 2).sum()))
            if length and (i + 1 == len(cut) or cut.kind[i + 1] != kind):
                assert abs(length - way) <= 2 * increment
                length = 0.0
