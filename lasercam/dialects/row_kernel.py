"""The compiled half of the row formatter: eight bytes of text at a time, digits from a table of four.

Rows that choose the same templates share a *line*: all their text between numbers, put together once, with numbers
that stay the same (an exposure time, a feed rate) already in it. A dot of an array is then one number and two pieces
of text, whatever its templates. Importing this imports numba. What is printed is defined by
`program_text.format_plain`.
"""

from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit

from lasercam.dialects.unaligned import load64, store64, trailing_zeros

_compiled: Any = njit(cache=True, nogil=True)

MAX_COLUMNS: Final = 7
"""Templates in a row: their numbers are the bytes of a positive int64."""
SLACK: Final = 32
"""Bytes that must be free behind the text and behind all literals: whole words are copied."""
TOO_LARGE: Final = -1
"""Returned instead of a size: a number of 10^18 or more."""
_LINES: Final = 256
"""Lines remembered; two that fall on the same place are put together anew in turn."""
_MAX_RENEWALS: Final = 16
"""A line whose constant numbers changed this often gets them printed row by row."""
_MAX_NUMBER_BYTES: Final = 22
_TRIMS: Final = 16
"""Added to the decimals of a number whose trailing zeros are left out."""

_LIMIT = np.uint64(10**18)
_EIGHT = np.uint64(10**8)
_FOUR = np.uint64(10**4)
_TEN = np.uint64(10)
_ZEROS = np.uint64(0x3030303030303030)
_BYTE = np.uint64(8)
_WORD_BITS = np.uint64(64)
_HALF = np.uint64(32)


class Lines(NamedTuple):
    """Lines by their place.

    Attributes:
        key: int64 (L,), templates of the line, a byte each; -1 = none yet.
        size: int64 (L, 3), pieces, constant numbers, and how often these have changed.
        pieces: int64 (L, P, 4): start and length of text, column of the number behind it or -1, its decimals.
        constants: int64 (L, Q, 2), column and value of the numbers that stand in the text.
        text: uint8 (L * bytes,).
    """

    key: Any
    size: Any
    pieces: Any
    constants: Any
    text: Any


def new_lines(columns: int, first: Any, pieces: Any) -> Lines:
    """Room for lines of `columns` templates each, made of these (see `format_rows`)."""
    most = columns * int(np.diff(first).max()) + 1
    length = np.where(pieces[:, 0] < 0, pieces[:, 2], _MAX_NUMBER_BYTES)
    longest = max(int(length[a:b].sum()) for a, b in pairwise(first.tolist()))
    return Lines(
        np.full(_LINES, -1, np.int64),
        np.zeros((_LINES, 3), np.int64),
        np.zeros((_LINES, most, 4), np.int64),
        np.zeros((_LINES, most, 2), np.int64),
        np.zeros(_LINES * (columns * longest + SLACK), np.uint8),
    )


def four_digits() -> Any:
    """uint32 (10000,), four digits of each number as they stand in text."""
    number = np.arange(10_000, dtype=np.uint32)
    digits = [number // 10**power % 10 + 48 for power in (3, 2, 1, 0)]
    return digits[0] | digits[1] << 8 | digits[2] << 16 | digits[3] << 24


@_compiled  # type: ignore[untyped-decorator]
def digit_by_digit(out: Any, at: Any, rest: Any, decimals: Any) -> Any:
    """Any magnitude, the slow way; returns where its text ends."""
    digits = 1
    power = _TEN
    while digits < 19 and rest >= power:
        digits += 1
        power *= _TEN
    digits = max(digits, decimals + 1)
    end = at + digits + (1 if decimals > 0 else 0)
    behind = end - 1
    for i in range(digits):
        if i == decimals and i > 0:
            out[behind] = 46
            behind -= 1
        quotient = rest // _TEN
        out[behind] = np.uint8(48) + np.uint8(rest - quotient * _TEN)
        rest = quotient
        behind -= 1
    return end


@_compiled  # type: ignore[untyped-decorator]
def print_number(out: Any, at: Any, signed: Any, decimals: Any, four: Any) -> Any:
    """Print a fixed-point number, eight digits at a time; returns where its text ends, or TOO_LARGE."""
    if signed < 0:
        out[at] = 45
        at += 1
    rest = np.uint64(abs(signed))
    if rest >= _LIMIT:
        return TOO_LARGE
    upper = rest // _EIGHT
    lower = rest - upper * _EIGHT
    if upper >= _EIGHT or decimals > 8 or (decimals == 8 and upper == np.uint64(0)):
        at = digit_by_digit(out, at, rest, decimals)
    else:
        # Eight digits as a word; how many are not leading zeros follows from its first non-zero byte.
        high = lower // _FOUR
        word = np.uint64(four[high]) | np.uint64(four[lower - high * _FOUR]) << _HALF
        if upper == np.uint64(0):
            digits = max(8 - np.int64(trailing_zeros(word ^ _ZEROS) >> np.uint64(3)), decimals + 1)
            word >>= _WORD_BITS - _BYTE * np.uint64(digits)
            store64(out, at, word)
            at += digits
            word >>= _BYTE * np.uint64(digits - decimals - (1 if decimals == 0 else 0))
        else:
            high = upper // _FOUR
            front = np.uint64(four[high]) | np.uint64(four[upper - high * _FOUR]) << _HALF
            digits = 8 - np.int64(trailing_zeros(front ^ _ZEROS) >> np.uint64(3))
            store64(out, at, front >> _WORD_BITS - _BYTE * np.uint64(digits))
            store64(out, at + digits, word)
            at += digits + 8
            word >>= _BYTE * np.uint64(8 - max(decimals, 1))
        if decimals > 0:
            out[at - decimals] = 46
            store64(out, at - decimals + 1, word)
            at += 1
    return at


@_compiled  # type: ignore[untyped-decorator]
def _without_zeros(out: Any, at: Any) -> Any:
    """Where text that ends with a fraction ends without trailing zeros, and without a bare point."""
    while out[at - 1] == 48:
        at -= 1
    return at - 1 if out[at - 1] == 46 else at


@_compiled  # type: ignore[untyped-decorator]
def _put_together(
    choice: Any, values: Any, row: Any, first: Any, pieces: Any, literals: Any, lines: Any, at: Any
) -> Any:
    """Make the line at a place that of a row; False when a number is too large."""
    room = len(lines.text) // len(lines.key)
    end = start = at * room
    n_pieces = 0
    n_constants = 0
    renewals = lines.size[at, 2]
    for place in range(choice.shape[1]):
        template = choice[row, place]
        for piece in range(first[template], first[template + 1]):
            column = pieces[piece, 0]
            length = pieces[piece, 2]
            if column < 0:
                for i in range(length):
                    lines.text[end + i] = literals[pieces[piece, 1] + i]
                end += length
            elif pieces[piece, 3] != 0 and renewals <= _MAX_RENEWALS:
                signed = values[row, column]
                if signed < 0:
                    lines.text[end] = 45
                    end += 1
                rest = np.uint64(abs(signed))
                if rest >= _LIMIT:
                    lines.key[at] = -1
                    return False
                end = digit_by_digit(lines.text, end, rest, length)
                if length > 0:
                    end = _without_zeros(lines.text, end)
                lines.constants[at, n_constants, 0] = column
                lines.constants[at, n_constants, 1] = signed
                n_constants += 1
            else:
                lines.pieces[at, n_pieces, 0] = start
                lines.pieces[at, n_pieces, 1] = end - start
                lines.pieces[at, n_pieces, 2] = column
                lines.pieces[at, n_pieces, 3] = length + (_TRIMS if pieces[piece, 3] != 0 and length > 0 else 0)
                n_pieces += 1
                start = end
    if end > start:
        lines.pieces[at, n_pieces, 0] = start
        lines.pieces[at, n_pieces, 1] = end - start
        lines.pieces[at, n_pieces, 2] = -1
        n_pieces += 1
    lines.size[at, 0] = n_pieces
    lines.size[at, 1] = n_constants
    return True


@_compiled  # type: ignore[untyped-decorator]
def format_rows(
    choice: Any, values: Any, first: Any, pieces: Any, literals: Any, four: Any, lines: Any, out: Any
) -> Any:
    """Print rows by templates.

    Args:
        choice: uint8 (N, C), templates of each row, at most MAX_COLUMNS.
        values: int64 (N, K).
        first: int64 (T + 1,), first piece of each template.
        pieces: int64 (P, 4): column or -1, start among the literals, length or decimals, whether zeros are trimmed.
        literals: uint8.
        four: `four_digits()`.
        lines: `new_lines()` for C; remembers from call to call.
        out: uint8, SLACK longer than any text these rows can have.

    Returns:
        Bytes written, or TOO_LARGE.
    """
    text = lines.text
    line_pieces = lines.pieces
    at = 0
    last = -1
    line = 0
    n_pieces = 0
    n_constants = 0
    for row in range(choice.shape[0]):
        key = 0
        for place in range(choice.shape[1]):
            key = key << 8 | choice[row, place]
        same = key == last
        if same:
            for i in range(n_constants):
                same &= values[row, lines.constants[line, i, 0]] == lines.constants[line, i, 1]
        if not same:
            line = (key ^ key >> 8 ^ key >> 15 ^ key >> 22) & (_LINES - 1)
            same = key == lines.key[line]
            if same:
                for i in range(lines.size[line, 1]):
                    same &= values[row, lines.constants[line, i, 0]] == lines.constants[line, i, 1]
                lines.size[line, 2] += 0 if same else 1
            else:
                lines.size[line, 2] = 0
            if not same:
                lines.key[line] = key
                if not _put_together(choice, values, row, first, pieces, literals, lines, line):
                    return TOO_LARGE
            last = key
            n_pieces = lines.size[line, 0]
            n_constants = lines.size[line, 1]
        for piece in range(n_pieces):
            start = line_pieces[line, piece, 0]
            length = line_pieces[line, piece, 1]
            store64(out, at, load64(text, start))
            if length > 8:
                store64(out, at + 8, load64(text, start + 8))
                store64(out, at + 16, load64(text, start + 16))
                i = 24
                while i < length:
                    store64(out, at + i, load64(text, start + i))
                    i += 8
            at += length
            column = line_pieces[line, piece, 2]
            if column < 0:
                continue
            decimals = line_pieces[line, piece, 3]
            trims = decimals >= _TRIMS
            if trims:
                decimals -= _TRIMS
            at = print_number(out, at, values[row, column], decimals, four)
            if at < 0:
                return TOO_LARGE
            if trims:
                at = _without_zeros(out, at)
    return at
