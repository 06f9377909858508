"""The row formatter: plain and compiled give the same bytes, and those that decimal arithmetic gives."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.dialects.program_text import MAX_VALUE, RowFormatter, Slot, fixed_point
from lasercam.errors import MachineLimitError

VALUES = st.one_of(
    st.integers(-MAX_VALUE + 1, MAX_VALUE - 1), st.integers(-1000, 1000), st.sampled_from([0, -1, 10**17, -(10**9)])
)
TEMPLATES = (
    (b"",),
    (b"X", Slot(0, 7), b"\n"),
    (b"Y", Slot(1, 3), b" Z", Slot(0, 0), b"\n"),
    (b"P", Slot(1, 9, trim=True), b"Q", Slot(1, 0, trim=True), b"\n"),
    (b"only text\n",),
    (Slot(0, 5, trim=True), Slot(1, 1), Slot(0, 9)),
)


@given(VALUES, st.integers(0, 9), st.booleans())
def test_a_printed_number_is_the_number(value: int, decimals: int, trim: bool) -> None:
    text = fixed_point(value, decimals, trim=trim)
    assert Decimal(text).scaleb(decimals) == value
    assert ("." in text) == ((value % 10**decimals != 0) if trim else decimals > 0)
    assert not text.startswith((".", "-."))


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), VALUES, VALUES), max_size=40))
def test_compiled_equals_plain(rows: list[tuple[int, int, int, int]]) -> None:
    choice = np.array([r[:2] for r in rows], np.uint8).reshape(-1, 2)
    values = np.array([r[2:] for r in rows], np.int64).reshape(-1, 2)
    texts = [RowFormatter(TEMPLATES, use_compiled=c).format(choice, values) for c in (False, True)]
    assert texts[0] == texts[1]
    expected = "".join(
        piece.decode() if isinstance(piece, bytes) else fixed_point(row[2 + piece.column], *piece[1:2], trim=piece.trim)
        for row in rows
        for template in row[:2]
        for piece in TEMPLATES[template]
    )
    assert texts[0].decode() == expected


def test_values_too_large_are_refused() -> None:
    with pytest.raises(MachineLimitError, match="10\\^18"):
        RowFormatter(TEMPLATES, use_compiled=False).format(np.ones((1, 1), np.uint8), np.full((1, 2), MAX_VALUE))
