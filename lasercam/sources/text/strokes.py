"""Single-line fonts: letters as strokes of a pen. The one module that imports HersheyFonts.

The Hershey fonts were created by Dr. A. V. Hershey while working at the U.S. National Bureau of Standards; the format
of the font data in which they are distributed was created by James Hurt, Cognition, Inc. The PyPI package
`hershey-fonts` (MIT licence) carries them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from lasercam.errors import ParameterError
from lasercam.geometry.area import Area
from lasercam.geometry.dedupe import merge_duplicates
from lasercam.geometry.polylines import Polylines
from lasercam.sources.text.layout import SetGlyph, SetLine

STROKE_FONTS = MappingProxyType(
    {
        "stroke-sans": "futural",
        "stroke-sans-bold": "futuram",
        "stroke-roman": "rowmans",
        "stroke-roman-double": "rowmand",
        "stroke-roman-triple": "rowmant",
        "stroke-serif": "timesr",
        "stroke-serif-bold": "timesrb",
        "stroke-serif-italic": "timesi",
        "stroke-serif-bold-italic": "timesib",
        "stroke-script": "scripts",
        "stroke-script-bold": "scriptc",
        "stroke-gothic-english": "gothiceng",
        "stroke-gothic-german": "gothicger",
        "stroke-gothic-italian": "gothicita",
    }
)
"""Names in a job, and those of the package. Its Greek, Cyrillic and symbol fonts put other signs at Latin codes: a
job would not write what it says, so they are not offered."""

_BASELINE, _CAP_HEIGHT = 9, 21
"""Row of the baseline (rows count downwards) and height of capitals in the fonts' own units."""
_LINE_DISTANCE = 32 / 21
ACKNOWLEDGEMENT = (
    "The Hershey fonts were created by Dr. A. V. Hershey at the U.S. National Bureau of Standards; the format of "
    "their data by James Hurt, Cognition, Inc."
)


@dataclass(frozen=True, eq=False)
class StrokeFont:
    """A Hershey font; a glyph's number is its ASCII code."""

    name: str
    is_outline: bool = False
    line_distance: float = _LINE_DISTANCE

    @property
    def notes(self) -> tuple[str, ...]:
        """Whose drawings these are."""
        return (ACKNOWLEDGEMENT,)

    @cached_property
    def _glyphs(self) -> dict[str, Any]:
        from HersheyFonts import HersheyFonts

        font = HersheyFonts()
        font.load_default_font(STROKE_FONTS[self.name])
        return {c: glyph for c, glyph in font.all_glyphs.items() if c == " " or (" " < c <= "~" and glyph.strokes)}

    @cached_property
    def _drawn(self) -> dict[int, Polylines]:
        return {}

    def set_line(self, text: str, letter_spacing: float) -> SetLine:
        """Letters side by side; these fonts have no kerning."""
        missing = tuple(dict.fromkeys(c for c in text if c not in self._glyphs))
        x, glyphs = 0.0, []
        for i, c in enumerate(text):
            if c not in self._glyphs:
                continue
            if c != " ":
                glyphs.append(SetGlyph(ord(c), i, i + 1, x, 0.0))
            x += self._glyphs[c].char_width / _CAP_HEIGHT + letter_spacing
        return SetLine(tuple(glyphs), x - letter_spacing if text else 0.0, missing)

    def strokes(self, glyph: int) -> Polylines:
        """Strokes of a letter in cap heights, merged where the font draws one twice."""
        if glyph not in self._drawn:
            source = self._glyphs[chr(glyph)]
            lines = [_without_repeats(np.array(stroke, dtype=np.float64)) for stroke in source.strokes]
            moved = [(line - (source.left_offset, _BASELINE)) * (1.0, -1.0) / _CAP_HEIGHT for line in lines]
            self._drawn[glyph] = merge_duplicates(Polylines.from_list(moved), 1e-6)[0]
        return self._drawn[glyph]

    def area(self, glyph: int, um_per_cap: float, tolerance_um: float) -> Area | None:
        """Strokes cover nothing."""
        return None


def _without_repeats(line: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The vertices without those that repeat the one before; a period drawn as nothing else keeps a line's length."""
    fresh = np.concatenate(([True], np.any(np.diff(line, axis=0) != 0.0, axis=1)))
    return line[fresh]


@cache
def stroke_font(name: str) -> StrokeFont:
    """A single-line font.

    Raises:
        ParameterError: no such font.
    """
    if name not in STROKE_FONTS:
        raise ParameterError(f"no stroke font '{name}'; there are {', '.join(STROKE_FONTS)}")
    return StrokeFont(name)
