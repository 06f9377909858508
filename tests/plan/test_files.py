"""Long jobs in several files: nothing lost, nothing too long, never cut with the beam on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.errors import PatternError
from lasercam.model.toolpath import RowKind
from lasercam.plan.files import numbered_files
from lasercam.plan.rows import Rows
from tests.support import builders

K = RowKind


def piece(features: list[int], first: int) -> Rows:
    """Features of 1 row (a dot) or of n rows: a jump, a lead, n - 3 lines, a lead."""
    kinds = [k for n in features for k in ([K.DOT] if n < 4 else [K.JUMP, K.LEAD, *[K.LINE] * (n - 3), K.LEAD])]
    block = builders.rows([(k, (float(first + i), 0, 0)) for i, k in enumerate(kinds)])
    return Rows(block.start_ticks, block.end_ticks, block.kind, block.count, block.recipe, block.part)


@given(st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=12), min_size=1, max_size=6), st.integers(9, 30))
def test_files_hold_all_rows_in_order_and_begin_with_a_feature(pieces: list[list[int]], most: int) -> None:
    rows, first = [], 0
    for features in pieces:
        rows.append(piece(features, first))
        first += len(rows[-1])
    found = list(numbered_files(rows, most))
    assert [n for n, _ in found] == sorted(n for n, _ in found)
    joined = np.concatenate([r.end_ticks for _, r in found])
    assert np.array_equal(joined, np.concatenate([r.end_ticks for r in rows]))
    sizes: dict[int, int] = {}
    for number, part in found:
        if number not in sizes:
            assert part.kind[0] in (K.JUMP, K.DOT)
        sizes[number] = sizes.get(number, 0) + len(part)
    assert max(sizes.values()) <= most
    assert list(sizes) == list(range(len(sizes)))
    # No file is cut short: the next feature would not have fitted.
    assert all(sizes[n] + 9 > most for n in list(sizes)[:-1])


def test_without_a_limit_there_is_one_file() -> None:
    assert [n for n, _ in numbered_files([piece([1] * 50, 0), piece([9], 50)], None)] == [0, 0]


def test_a_line_that_fits_no_file_is_refused() -> None:
    with pytest.raises(PatternError, match="one line needs more than the 20 rows"):
        list(numbered_files([piece([1, 40, 1], 0)], 20))
