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


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), VALUES, VALUES), max_size=30), max_size=4),
    st.lists(VALUES, min_size=1, max_size=40),
)
def test_what_a_formatter_remembers_never_shows(
    pieces: list[list[tuple[int, int, int, int]]], varying: list[int]
) -> None:
    """Calls follow each other, numbers that were constant vary, and lines of other widths come between."""
    plain, fast = (RowFormatter(TEMPLATES, use_compiled=c) for c in (False, True))
    for rows in pieces:
        choice = np.array([r[:2] for r in rows], np.uint8).reshape(-1, 2)
        values = np.array([r[2:] for r in rows], np.int64).reshape(-1, 2)
        assert fast.format(choice, values) == plain.format(choice, values)
    values = np.array([(v, w) for v in varying for w in (varying[0], v)], np.int64)
    for columns in (3, 1, 2):
        choice = np.resize(np.array([3, 0, 1, 5], np.uint8), (len(values), columns))
        assert fast.format(choice, values) == plain.format(choice, values)


@given(st.integers(0, 9), st.booleans(), st.lists(VALUES, min_size=20, max_size=60))
@settings(deadline=None, max_examples=60)
def test_numbers_of_all_sizes_are_printed_alike(decimals: int, trim: bool, values: list[int]) -> None:
    edges = [s * (10**k + d) for k in range(18) for d in (-1, 0, 1) for s in (1, -1)]
    column = np.array([*values, *edges], np.int64).reshape(-1, 1)
    template = ((b"abcdefghijklmno", Slot(0, decimals, trim=trim), b"q"),)
    choice = np.zeros((len(column), 1), np.uint8)
    assert RowFormatter(template, use_compiled=True).format(choice, column) == RowFormatter(
        template, use_compiled=False
    ).format(choice, column)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("value", [MAX_VALUE, -MAX_VALUE, -(2**63)])
@pytest.mark.parametrize("template", [1, 3])
def test_values_too_large_are_refused(compiled: bool, value: int, template: int) -> None:
    formatter = RowFormatter(TEMPLATES, use_compiled=compiled)
    choice, values = np.full((1, 1), template, np.uint8), np.full((1, 2), value)
    with pytest.raises(MachineLimitError, match="10\\^18"):
        formatter.format(choice, values)
    assert formatter.format(choice, values * 0)  # nothing of the refused number is left behind


def test_templates_and_columns_that_do_not_exist_are_refused() -> None:
    formatter = RowFormatter(TEMPLATES, use_compiled=True)
    with pytest.raises(ValueError, match="6 templates"):
        formatter.format(np.full((1, 1), 6, np.uint8), np.zeros((1, 2), np.int64))
    with pytest.raises(ValueError, match="2 columns"):
        formatter.format(np.zeros((1, 1), np.uint8), np.zeros((1, 1), np.int64))
    with pytest.raises(ValueError, match="at most 7"):
        formatter.format(np.zeros((1, 8), np.uint8), np.zeros((1, 2), np.int64))
