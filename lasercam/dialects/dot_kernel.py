"""Dots that differ in place alone, straight from ticks to text: no facts, choices or numbers are laid out between.

Along a row of an array one coordinate grows by the same step, and its digits are added as digits, eight at a time,
instead of being divided out again. Importing this imports numba. What is printed is what `row_kernel.format_rows`
prints of the same rows.
"""

from typing import Any, Final, NamedTuple

import numpy as np

from lasercam.compiling import compiled_with
from lasercam.dialects.row_kernel import digit_by_digit, four_digits, print_number
from lasercam.dialects.unaligned import load64, store64, swapped, trailing_zeros

SLACK: Final = 96
"""Bytes that must be free behind the text that is printed, and behind the text of all lines."""
FULL: Final = -2
"""Returned instead of a size: there may be too little room for the next row."""
REFUSED: Final = -1
"""Returned instead of a size: rows that must be looked at one by one, because something is wrong with them."""
_HALF_REGISTERS: Final = 32
_REGISTERS: Final = 64
"""Bytes between two numbers that are kept in registers; longer text is copied from memory."""
_MAX_DIGITS: Final = 8

_FOUR = np.uint64(10**4)
_ZEROS = np.uint64(0x3030303030303030)
_DIGITS = np.uint64(0x0F0F0F0F0F0F0F0F)
_SIXES = np.uint64(0x0606060606060606)
_CARRIES = np.uint64(0xF6F6F6F6F6F6F6F6)
_NONE = np.uint64(0)
_NIBBLE = np.uint64(4)
_BYTE = np.uint64(8)
_HALF = np.uint64(32)


class DotLines(NamedTuple):
    """The text of a dot by the axes it moves: 1 for x, 2 for y, 4 for z.

    Attributes:
        n_pieces: int64 (8,).
        pieces: int64 (8, P, 3): start and length of text, axis of the number behind it or -1.
        joints: int64 (8, 2): start and length of what stands between the numbers of two such lines that follow each
            other, for lines of one number; the length is -1 for others.
        text: uint8, SLACK longer than what it holds.
    """

    n_pieces: Any
    pieces: Any
    joints: Any
    text: Any


POWERS: Final = 10 ** np.arange(_MAX_DIGITS + 1, dtype=np.int64)
FOUR_DIGITS: Final = four_digits()


def _eight_digits(number: Any, four: Any) -> Any:
    """The digits of a number below 10^8, a byte each, as they stand in text."""
    high = number // _FOUR
    return np.uint64(four[high]) | np.uint64(four[number - high * _FOUR]) << _HALF


def _format_dots(
    starts: Any, ends: Any, is_joined: Any, before: Any, increment: Any, unit: Any, decimals: Any, reach: Any,
    lines: Any, longest: Any, powers: Any, four: Any, out: Any,
) -> Any:  # fmt: skip
    """Print dots.

    Args:
        starts, ends: int64 (N, 3), ticks.
        is_joined: rows are known to start where the one before ended; `starts` are not looked at.
        before: int64 (3,), ticks; where the row before the first ended.
        increment, unit: ticks that coordinates are multiples of, and of the last decimal.
        decimals: of coordinates, at most 7.
        reach: largest magnitude that may be printed.
        lines: DotLines.
        longest: bytes that no row exceeds.
        powers: POWERS.
        four: FOUR_DIGITS.
        out: uint8; SLACK bytes of it stay free.

    Returns:
        Bytes written, FULL or REFUSED.
    """
    text = lines.text
    place = np.empty(3, np.int64)
    value = np.empty(3, np.int64)
    for axis in range(3):
        place[axis] = before[axis]
        value[axis] = before[axis] // unit
    n = ends.shape[0]
    room = len(out) - SLACK - longest
    at = 0
    row = 0
    while row < n:
        if at > room:
            return FULL
        axes = 0
        step_ticks = 0
        axis = 0
        for i in range(3):
            end = ends[row, i]
            if not is_joined and starts[row, i] != place[i]:
                return REFUSED
            if end != place[i]:
                printed = end // unit
                if printed * unit != end or (unit != increment and end % increment != 0):
                    return REFUSED
                if printed > reach or printed < -reach:
                    return REFUSED
                axes |= 1 << i
                axis = i
                step_ticks = end - place[i]
                place[i] = end
                value[i] = printed
        for piece in range(lines.n_pieces[axes]):
            first = lines.pieces[axes, piece, 0]
            length = lines.pieces[axes, piece, 1]
            for i in range(0, length, 8):
                store64(out, at + i, load64(text, first + i))
            at += length
            if lines.pieces[axes, piece, 2] >= 0:
                at = print_number(out, at, value[lines.pieces[axes, piece, 2]], decimals, four)
                if at < 0:
                    return REFUSED
        row += 1

        # Do more rows go on along this axis by this step?
        joint = lines.joints[axes, 1]
        second = 1 if axis == 0 else 0
        third = 1 if axis == 2 else 2
        here = place[axis]
        if joint < 0 or row == n or ends[row, axis] - here != step_ticks or ends[row, second] != place[second]:
            continue
        step = step_ticks // unit
        size = abs(value[axis])
        negative = value[axis] < 0
        if size >= powers[_MAX_DIGITS] or step * unit != step_ticks:
            continue
        # As long as sign and number of digits stay the same, so does all else.
        word = _eight_digits(np.uint64(size), four)
        digits = max(_MAX_DIGITS - np.int64(trailing_zeros(word ^ _ZEROS) >> np.uint64(3)), decimals + 1)
        grows = negative == (step < 0)
        stride = abs(step)
        if grows:
            allowed = (min(powers[digits] - 1, reach) - size) // stride
        else:
            least = powers[digits - 1] if digits > decimals + 1 else 1 if negative else 0
            allowed = (size - least) // stride
        if allowed < 1:
            continue
        last = min(n, row + allowed, row + (room - at) // longest)
        number = swapped(word) & _DIGITS
        stepped = swapped(_eight_digits(np.uint64(stride), four)) & _DIGITS
        # Bytes that carry into the next lose the F6 that was added for that; the others have it taken away below. One
        # that borrows has got 100 instead of A, in hexadecimal: the same F6 too much.
        addend = stepped + _CARRIES if grows else _NONE - stepped
        drop = _BYTE * np.uint64(_MAX_DIGITS - digits)
        whole = digits - decimals
        fraction = _BYTE * np.uint64(whole)
        lead = lines.pieces[axes, 0, 1]
        first = lines.joints[axes, 0]
        for i in range(0, lead, 8):
            store64(out, at + i, load64(text, lines.pieces[axes, 0, 0] + i))
        at += lead
        word0, word1 = load64(text, first), load64(text, first + 8)
        word2, word3 = load64(text, first + 16), load64(text, first + 24)
        word4, word5 = load64(text, first + 32), load64(text, first + 40)
        word6, word7 = load64(text, first + 48), load64(text, first + 56)
        other, another = place[second], place[third]
        begin = row
        while row < last:
            end = ends[row, axis]
            if end - here != step_ticks or ends[row, second] != other or ends[row, third] != another:
                break
            if not is_joined and (
                starts[row, axis] != here or starts[row, second] != other or starts[row, third] != another
            ):
                break
            here = end
            row += 1
            number += addend
            number = (number & _DIGITS) - (number >> _NIBBLE & _SIXES)
            word = swapped(number | _ZEROS) >> drop
            if negative:
                out[at] = 45
                at += 1
            store64(out, at, word)
            at += digits
            if decimals > 0:
                out[at - decimals] = 46
                store64(out, at - decimals + 1, word >> fraction)
                at += 1
            store64(out, at, word0)
            store64(out, at + 8, word1)
            store64(out, at + 16, word2)
            store64(out, at + 24, word3)
            if joint > _HALF_REGISTERS:
                store64(out, at + 32, word4)
                store64(out, at + 40, word5)
                store64(out, at + 48, word6)
                store64(out, at + 56, word7)
                for i in range(_REGISTERS, joint, 8):
                    store64(out, at + i, load64(text, first + i))
            at += joint
        at -= lead
        place[axis] = here
        value[axis] += (row - begin) * step
    return at


format_dots: Any = compiled_with(
    _format_dots,
    digit_by_digit.py_func,
    print_number.py_func,
    _eight_digits,
)
