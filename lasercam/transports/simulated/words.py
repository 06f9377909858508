"""One line as GRBL's first pass sees it: blanks and comments dropped, letters raised, words cut out.

Source: GRBL 1.1 documentation "Interface" and "Commands"; digits kept: see `read_number`.
"""

import re
from typing import Final

MAX_DIGITS: Final = 8
"""Digits of a number that count; further ones only carry their place. Source: GRBL 1.1, MAX_INT_DIGITS."""

_PLAIN: Final = re.compile(rb"[0-9A-Za-z.$=+-]*")


def stripped(raw: bytes, max_length: int) -> str | None:
    """Text of a line without blanks, comments and slashes, in capitals; None when it is too long."""
    if _PLAIN.fullmatch(raw):
        return raw.decode("ascii").upper() if len(raw) <= max_length else None
    text: list[str] = []
    in_brackets = False
    for byte in raw:
        if in_brackets:
            in_brackets = byte != ord(")")
        elif byte <= 32 or byte == ord("/"):
            continue
        elif byte == ord("("):
            in_brackets = True
        elif byte == ord(";"):
            break
        elif len(text) >= max_length:
            return None
        else:
            text.append(chr(byte))
    return "".join(text).upper()


def read_number(text: str, at: int) -> tuple[float, int] | None:
    """A number from `at` on, and where it ends; None when there is no digit.

    Digits after the eighth are dropped: those before the point count as zeros.
    """
    start = at
    if at < len(text) and text[at] in "+-":
        at += 1
    digits, exponent, n_digits, in_fraction = 0, 0, 0, False
    while at < len(text):
        c = text[at]
        if "0" <= c <= "9":
            n_digits += 1
            if n_digits <= MAX_DIGITS:
                digits = digits * 10 + ord(c) - 48
                exponent -= in_fraction
            else:
                exponent += not in_fraction
        elif c == "." and not in_fraction:
            in_fraction = True
        else:
            break
        at += 1
    if not n_digits:
        return None
    value = digits / 10**-exponent if exponent < 0 else float(digits * 10**exponent)
    return (-value if text[start] == "-" else value), at
