"""Ranges against plain sets."""

from hypothesis import given
from hypothesis import strategies as st

from lasercam.run.row_ranges import RowRanges

ROWS = st.sets(st.integers(min_value=0, max_value=30))


@given(ROWS, ROWS)
def test_as_sets_do(a: set[int], b: set[int]) -> None:
    left, right = RowRanges.of_rows(a), RowRanges.of_rows(b)
    assert set(left | right) == a | b
    assert set(left & right) == a & b
    assert set(left - right) == a - b
    assert len(left) == len(a)
    assert [row in left for row in range(31)] == [row in a for row in range(31)]
    assert left.mask(5, 10).tolist() == [row in a for row in range(5, 15)]
