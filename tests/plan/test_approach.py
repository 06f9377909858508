"""Backlash: a model of play, followed row by row, stands where the plan says at every dot and run-up."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.model.machine import Machine
from lasercam.model.toolpath import RowKind
from lasercam.plan.approach import Approach
from lasercam.plan.rows import Rows
from tests.support import builders

K = RowKind
STEP = st.tuples(*[st.integers(-60_000, 60_000)] * 3)
FEATURE = st.one_of(
    st.tuples(st.just("dot"), st.lists(STEP, min_size=1, max_size=1)),
    st.tuples(st.just("line"), st.lists(STEP, min_size=4, max_size=7)),
)


def machine(**play: tuple[str, str]) -> Machine:
    axis = {"min": "-50 mm", "max": "50 mm", "max_speed": "20 mm/s", "acceleration": "100 mm/s^2"}

    def one(name: str) -> dict[str, Any]:
        if name not in play:
            return dict(axis)
        approach, overshoot = play[name]
        return {**axis, "backlash": {"approach": approach, "overshoot": overshoot, "source": "example value"}}

    return builders.machine(axes={name: one(name) for name in "xyz"})


def tile(features: list[tuple[str, list[tuple[int, int, int]]]], position: list[int]) -> Rows:
    """Rows of features whose vertices follow each other by steps."""
    kinds: list[RowKind] = []
    ends: list[list[int]] = []
    here = list(position)
    for what, steps in features:
        # A line is a jump to its run-up, a run-up, its segments, and a run-out.
        wanted = [K.DOT] if what == "dot" else [K.JUMP, K.LEAD, *[K.LINE] * (len(steps) - 3), K.LEAD]
        for kind, step in zip(wanted, steps, strict=True):
            here = [a + b for a, b in zip(here, step, strict=True)]
            kinds.append(kind)
            ends.append(here)
    end = np.array(ends, np.int64).reshape(-1, 3)
    start = np.vstack(([position], end[:-1])).astype(np.int64)
    n = len(kinds)
    columns = np.zeros(n, np.uint32), np.ones(n, np.uint16), np.ones(n, np.uint16)
    return Rows(start, end, np.array(kinds, np.uint8), *columns)


class Play:
    """An axis with play: the table follows the screw only when the play is used up on that side."""

    def __init__(self, play: int, direction: int, table: int) -> None:
        self.play, self.direction, self.table = play, direction, table

    def turn(self, screw: int) -> None:
        """The screw has moved there; pushed from the side of approach, the table stands where the screw does."""
        if self.direction > 0:
            self.table = min(max(self.table, screw), screw + self.play)
        else:
            self.table = max(min(self.table, screw), screw - self.play)


@given(
    st.lists(st.lists(FEATURE, min_size=1, max_size=5), min_size=1, max_size=4),
    st.integers(0, 50_000),
    st.integers(-60_000, 60_000),
    st.sampled_from([1, -1]),
)
def test_no_play_up_to_the_overshoot_shows_at_any_arrival(
    tiles: list[list[tuple[str, list[tuple[int, int, int]]]]], play: int, offset: int, direction: int
) -> None:
    """Whatever the play is, up to the overshoot of 5 µm, and wherever the table stood before."""
    approach = Approach(machine(x=("positive" if direction > 0 else "negative", "5 um")), 10)
    table = Play(play, direction, max(-play, min(offset, play)) * direction)
    position = [0, 0, 0]
    for features in tiles:
        given_ = tile(features, position)
        made = approach.approached(given_)
        assert np.array_equal(made.start_ticks[1:], made.end_ticks[:-1]), "rows chain"
        assert made.start_ticks[0].tolist() == position
        kept = [i for i in range(len(made)) if made.kind[i] != K.JUMP]
        whole = [i for i in range(len(given_)) if given_.kind[i] != K.JUMP]
        assert np.array_equal(made.end_ticks[kept], given_.end_ticks[whole]), "what is written stays"
        for i, (kind, end) in enumerate(zip(made.kind.tolist(), made.end_ticks[:, 0].tolist(), strict=True)):
            table.turn(end)
            runs_up = kind == K.JUMP and made.kind[i + 1] == K.LEAD
            if kind == K.DOT or runs_up:
                assert table.table == end
        position = given_.end_ticks[-1].tolist()


def test_only_wrong_sides_are_approached() -> None:
    rows = tile(
        [("dot", [(100, 0, 0)]), ("dot", [(100, 0, 0)]), ("dot", [(-50, 0, 0)]), ("dot", [(0, 10, 0)])], [0, 0, 0]
    )
    made = Approach(machine(x=("positive", "5 um")), 10).approached(rows)
    # The first place is approached whatever comes, the third comes from the right; nothing else is touched.
    assert made.kind.tolist() == [K.JUMP, K.DOT, K.DOT, K.JUMP, K.DOT, K.DOT]
    assert made.end_ticks[[0, 3]].tolist() == [[100 - 50_000, 0, 0], [150 - 50_000, 0, 0]]
    assert made.part.tolist() == [0, 1, 1, 0, 1, 1]
    assert made.recipe.tolist() == [0, 1, 1, 0, 1, 1]


def test_overshoots_are_whole_increments_and_go_along_each_axis() -> None:
    rows = tile([("dot", [(0, 0, 0)])], [0, 0, 0])
    made = Approach(machine(x=("positive", "1.5 um"), z=("negative", "0.2 um")), 10_000).approached(rows)
    assert made.end_ticks[0].tolist() == [-20_000, 0, 10_000]


def test_a_long_way_in_the_right_direction_takes_up_the_play() -> None:
    steps = [(0, 0, 0), (-90_000, 0, 0), (-1, 0, 0), (0, 0, 0)]
    far = tile([("dot", [(0, 0, 0)]), ("line", steps), ("dot", [(50_000, 0, 0)])], [0, 0, 0])
    near = tile([("dot", [(0, 0, 0)]), ("line", steps), ("dot", [(49_999, 0, 0)])], [0, 0, 0])
    play = machine(x=("positive", "5 um"))
    assert len(Approach(play, 10).approached(far)) == len(far) + 1
    assert len(Approach(play, 10).approached(near)) == len(near) + 2


@pytest.mark.parametrize("rows", [tile([("dot", [(-5, 0, 0)])], [0, 0, 0])])
def test_axes_without_play_are_left_alone(rows: Rows) -> None:
    assert Approach(machine(), 10).approached(rows) is rows
