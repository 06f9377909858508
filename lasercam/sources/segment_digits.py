"""Digits of seven straight segments, for labels beside cells and marks."""

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import PatternError

WIDTH = 0.5
"""Width of a digit, in heights."""
ADVANCE = 0.75
"""From digit to digit, in heights."""
GAP = 0.06
"""Segments end this far, in heights, before the corner they would meet in: no place is written twice."""

# Ends of the segments a to g in a box of width 0.5 and height 1: a on top, clockwise to f, g in the middle.
_SEGMENTS = {
    "a": ((GAP, 1.0), (WIDTH - GAP, 1.0)),
    "b": ((WIDTH, 1.0 - GAP), (WIDTH, 0.5 + GAP)),
    "c": ((WIDTH, 0.5 - GAP), (WIDTH, GAP)),
    "d": ((WIDTH - GAP, 0.0), (GAP, 0.0)),
    "e": ((0.0, GAP), (0.0, 0.5 - GAP)),
    "f": ((0.0, 0.5 + GAP), (0.0, 1.0 - GAP)),
    "g": ((GAP, 0.5), (WIDTH - GAP, 0.5)),
}
_DIGITS = {
    "0": "abcdef", "1": "bc", "2": "abged", "3": "abgcd", "4": "fgbc",
    "5": "afgcd", "6": "afgedc", "7": "abc", "8": "abcdefg", "9": "abcdfg", "-": "g",
}  # fmt: skip


def text_width(text: str, height_um: float) -> float:
    """Width of a text, µm."""
    return height_um * (ADVANCE * (len(text) - 1) + WIDTH)


def digit_strokes(text: str, lower_left_um: tuple[float, float], height_um: float) -> NDArray[np.float64]:
    """Strokes of a text of digits and hyphens: float64 (N, 2, 2), first and last point of each, µm.

    Raises:
        PatternError: a character that has no segments.
    """
    strange = [c for c in text if c not in _DIGITS]
    if strange:
        raise PatternError(f"'{strange[0]}' cannot be written with seven segments; digits and '-' can")
    strokes = [
        [(x + ADVANCE * place, y) for x, y in _SEGMENTS[segment]]
        for place, character in enumerate(text)
        for segment in _DIGITS[character]
    ]
    ends: NDArray[np.float64] = np.array(strokes, np.float64).reshape(-1, 2, 2)
    ends *= height_um
    ends += np.array(lower_left_um)
    return ends
