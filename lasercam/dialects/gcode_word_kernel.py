"""Bytes of whole lines to G-code words in one look at each: plain Python that is compiled for large files."""

from typing import Any, Final

import numpy as np

UNITS: Final = 10**9
"""Words are integers in 10^-9 of what is printed: mm to 10^-9 mm, s to ns."""

OK, RAW_LONG, LONG, NUL, RETURN, NESTED, UNCLOSED, ACTIVE, LETTER, NUMBER, FINE, HUGE = range(12)
"""What is wrong with a line."""


def split_bytes(
    data: Any, max_raw: int, max_stripped: int, strict: Any, active: Any, active_lengths: Any, powers: Any,
    letter: Any, value: Any, digits: Any, starts: Any,
) -> tuple[int, int, int]:  # fmt: skip
    """Kernel of `words`: whole lines to words. Returns words, lines, and the error of the line behind them."""
    n_words = 0
    n_lines = 0
    starts[0] = 0
    at = 0
    size = len(data)
    seen = np.zeros(active.shape[1], np.uint8)
    while at < size:
        # Most lines are capital letters, each with a plain number; all others are looked at from their start again.
        i = at
        found = n_words
        stripped = 0
        while True:
            c = data[i]
            if c == 32:
                i += 1
                continue
            if c < 65 or c > 90:
                break
            name = c
            first = i
            i += 1
            negative = data[i] == 45
            if negative:
                i += 1
            begin = i
            number = 0
            c = data[i] - 48
            while 0 <= c <= 9:
                number = number * 10 + c
                i += 1
                c = data[i] - 48
                if i - begin > 9:
                    break
            count = i - begin
            decimals = 0
            if c == -2:
                i += 1
                begin = i
                c = data[i] - 48
                while 0 <= c <= 9 and i - begin < 9:
                    number = number * 10 + c
                    i += 1
                    c = data[i] - 48
                decimals = i - begin
            if count == 0 or count > 9 or 0 <= c <= 9:
                i = first
                break
            number *= powers[9 - decimals]
            letter[found] = name
            value[found] = -number if negative else number
            digits[found] = count + decimals
            found += 1
            stripped += i - first
        if data[i] == 10 and i - at <= max_raw and stripped <= max_stripped:
            n_words = found
            n_lines += 1
            starts[n_lines] = n_words
            at = i + 1
            continue
        end = at
        has_nul = False
        while data[end] != 10:
            if data[end] == 0:
                has_nul = True
            end += 1
        stop = end
        if stop > at and data[stop - 1] == 13:
            stop -= 1
        if stop - at > max_raw:
            return n_words, n_lines, RAW_LONG
        if has_nul:
            return n_words, n_lines, NUL
        for i in range(at, stop):
            if data[i] == 13:
                return n_words, n_lines, RETURN
        first = n_words
        stripped = 0
        error = OK
        i = at
        while i < stop and error == OK:
            c = data[i]
            if c in (32, 9):
                i += 1
                continue
            if c in (40, 59):
                bracket = c == 40
                kept = 0
                seen[:] = 0
                closed = False
                nested = False
                i += 1
                while i < stop:
                    c = data[i]
                    i += 1
                    if bracket and c == 41:
                        closed = True
                        break
                    if bracket and c == 40:
                        nested = True
                    if c not in (32, 9):
                        if kept < len(seen):
                            seen[kept] = c - 32 if 97 <= c <= 122 else c
                        kept += 1
                if strict:
                    if nested:
                        error = NESTED
                    elif bracket and not closed:
                        error = UNCLOSED
                    else:
                        for row in range(len(active_lengths)):
                            same = True
                            for j in range(active_lengths[row]):
                                if seen[j] != active[row, j]:
                                    same = False
                                    break
                            if same:
                                error = ACTIVE
                continue
            if not (65 <= c <= 90 or 97 <= c <= 122):
                error = LETTER
                break
            name = c - 32 if c >= 97 else c
            stripped += 1
            i += 1
            negative = False
            signed = False
            point = False
            number = 0
            decimals = 0
            count = 0
            huge = False
            fine = False
            while i < stop:
                c = data[i]
                if c in (32, 9):
                    i += 1
                    continue
                if 48 <= c <= 57:
                    count += 1
                    if not point:
                        number = number * 10 + (c - 48)
                        if number >= UNITS:
                            huge = True
                            number = UNITS
                    elif decimals < 9:
                        number = number * 10 + (c - 48)
                        decimals += 1
                    elif c != 48:
                        fine = True
                elif c == 46 and not point:
                    point = True
                elif c in (43, 45) and not signed and not point and count == 0:
                    signed = True
                    negative = c == 45
                else:
                    break
                stripped += 1
                i += 1
            if count == 0:
                error = NUMBER
            elif huge:
                error = HUGE
            elif fine:
                error = FINE
            else:
                while decimals < 9:
                    number *= 10
                    decimals += 1
                letter[n_words] = name
                value[n_words] = -number if negative else number
                digits[n_words] = count
                n_words += 1
        if error == OK and stripped > max_stripped:
            error = LONG
        if error != OK:
            return first, n_lines, error
        n_lines += 1
        starts[n_lines] = n_words
        at = end + 1
    return n_words, n_lines, OK
