"""Bounds told from reported lines, held against what a controller has really done."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.run.faults import FaultError
from lasercam.run.following import ExposureTable, Following

LATE_S = 0.08
"""Reports are older than their arrival by up to this much."""


def table_of(seconds: list[float], gaps: list[int]) -> ExposureTable:
    """Exposures of given times, on lines and rows that skip what is dark."""
    rows = np.cumsum(np.array(gaps, np.int64)) - 1
    least = np.concatenate(([0.0], np.cumsum(seconds)))
    zero = np.zeros(len(rows), np.int32)
    return ExposureTable(2 * rows + 10, rows, least, zero, zero)


@given(
    st.lists(st.tuples(st.floats(0.001, 0.5), st.integers(1, 4), st.floats(1.0, 2.0)), min_size=1, max_size=30),
    st.lists(st.tuples(st.floats(0.01, 0.4), st.floats(0.0, LATE_S)), max_size=25),
    st.floats(0.01, 0.5),
)
def test_what_is_called_over_is_over_and_what_has_begun_is_not_called_untouched(
    exposures: list[tuple[float, int, float]], polls: list[tuple[float, float]], until_s: float
) -> None:
    """Exposures take their time or longer; reports come when they come, late."""
    table = table_of([e[0] for e in exposures], [e[1] for e in exposures])
    ends = np.cumsum([e[0] * e[2] for e in exposures])
    begins = ends - np.array([e[0] * e[2] for e in exposures])
    end_row = int(table.row[-1]) + 3
    following, now = Following(table, 0, end_row, 0.0), 0.0
    for step, late in polls:
        now += step
        at = int(np.searchsorted(ends, max(now - late, 0.0), side="right"))
        line = int(table.line[at]) if at < len(ends) else int(table.line[-1]) + 1
        following.saw(max(line, following.line), now)
        over = table.row[ends <= now]
        assert following.over <= (end_row if len(over) == len(ends) else int(table.row[len(over)]))
    now += until_s
    begun = table.row[begins < now]
    assert following.begun_by(now, None) >= int(begun[-1]) + 1
    assert following.over <= following.begun_by(now, None) <= following.begun_at_most(None) == end_row


def test_time_that_has_not_passed_is_not_believed() -> None:
    """LinuxCNC names the last line it has read ahead, where it still remembers a larger number from before."""
    following = Following(table_of([1.0] * 10, [1] * 10), 0, 10, 0.0)
    following.saw(28, 0.5)
    assert following.over == 0
    following.saw(28, 2.2)
    assert following.over == 2


def test_going_back_is_a_fault() -> None:
    following = Following(table_of([1.0] * 10, [1] * 10), 0, 10, 0.0)
    following.saw(16, 5.0)
    with pytest.raises(FaultError, match="line 12 after line 16"):
        following.saw(12, 6.0)


def test_an_end_that_comes_too_soon_is_noticed() -> None:
    following = Following(table_of([1.0] * 3, [1] * 3), 0, 3, 0.0)
    following.saw(12, 1.05)
    assert following.lacks_s(1.5) > 0.3
    assert following.lacks_s(3.0) == 0.0


def test_lines_that_were_never_sent_have_not_begun() -> None:
    following = Following(table_of([0.1] * 5, [1] * 5), 0, 5, 0.0)
    assert following.begun_at_most(0) == 0
    assert following.begun_at_most(12) == 2
    assert following.begun_by(10.0, 12) == 2
