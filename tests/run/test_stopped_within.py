"""Where a motion was stopped, and what that says of the rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.model.toolpath import RowKind as K
from lasercam.run.remaining import numbered
from lasercam.run.row_ranges import RowRanges
from lasercam.run.stop import Bounds
from lasercam.run.stopped_within import stopped_within
from tests.support import builders

ROWS = builders.rows(
    [
        (K.JUMP, (100, 0, 0)), (K.LEAD, (120, 0, 0)), (K.LINE, (220, 0, 0)), (K.LINE, (320, 0, 0)),
        (K.LEAD, (340, 0, 0)),
        (K.JUMP, (100, 50, 0)), (K.DOT, (100, 50, 0)), (K.JUMP, (100, 90, 0)), (K.LEAD, (120, 90, 0)),
        (K.LINE, (220, 90, 0)), (K.LEAD, (240, 90, 0)),
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("place", "done", "begun", "partly"),
    [
        ((110.0, 0.0, 0.0), 2, 2, None),  # on the run-up: nothing has begun
        ((170.0, 0.0, 0.0), 2, 3, 2),
        ((220.0, 0.0, 0.0), 2, 4, None),  # where two lines meet
        ((270.0, 0.0, 0.0), 3, 4, 3),
        ((330.0, 0.0, 0.0), 4, 5, None),
        ((100.0, 50.0, 0.0), 5, 8, None),  # at a dot: before, in or behind it
        ((170.0, 90.0, 0.0), 9, 10, 9),
        ((170.0, 40.0, 0.0), 2, 11, None),  # on no row at all: nothing is told
    ],
)
def test_a_place_tells_the_row(place: tuple[float, float, float], done: int, begun: int, partly: int | None) -> None:
    found = stopped_within(numbered([ROWS]), place, Bounds(2, 11, RowRanges()), 0.5, dark_from=0)
    wanted = RowRanges() if partly is None else RowRanges.of((partly, partly + 1))
    assert found == Bounds(done, begun, wanted)


@given(st.floats(0.0, 1.0), st.integers(0, 10), st.integers(0, 10), st.integers(1, 11))
def test_it_never_contradicts_where_the_motion_was(share: float, row: int, low: int, span: int) -> None:
    """Wherever on a row inside the bounds it stopped: nothing behind is called done, nothing before untouched."""
    lit = [i for i in range(len(ROWS)) if ROWS.exposes[i]]
    done = min((i for i in lit if i >= low), default=len(ROWS))
    dark_from = max((i + 1 for i in lit if i < done), default=0)
    begun = min(len(ROWS), max(done, row + 1, low + span))
    if not dark_from <= row < begun:
        return
    start, end = ROWS.start_ticks[row] / 1e4, ROWS.end_ticks[row] / 1e4
    place = tuple(float(v) for v in start + np.float64(share) * (end - start))
    found = stopped_within(numbered([ROWS]), place, Bounds(done, begun, RowRanges()), 0.5, dark_from=dark_from)
    assert done <= found.done <= max(row, done)
    assert min(row + 1, begun) <= max(found.begun, done)
