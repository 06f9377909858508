"""Several outline fonts as one: each character in the first that has it."""

from __future__ import annotations

from collections.abc import Sequence

from lasercam.geometry.area import Area
from lasercam.geometry.polylines import Polylines
from lasercam.sources.text.layout import SetLine
from lasercam.sources.text.outlines import OutlineFont, set_runs


class FontStack:
    """Outline fonts in order of preference, all at the same height of capitals.

    Args:
        fonts: one or more.
    """

    is_outline = True

    def __init__(self, fonts: Sequence[OutlineFont]) -> None:
        self._fonts = tuple(fonts)

    @property
    def name(self) -> str:
        """Names of all fonts."""
        return ", ".join(font.name for font in self._fonts)

    @property
    def line_distance(self) -> float:
        """The largest of any of them."""
        return max(font.line_distance for font in self._fonts)

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes of all fonts."""
        return tuple(note for font in self._fonts for note in font.notes)

    def set_line(self, text: str, letter_spacing: float) -> SetLine:
        """One line.

        Raises:
            PatternError: letters of a joined script are to be spaced out.
        """
        return set_runs(self._fonts, text, letter_spacing)

    def strokes(self, glyph: int) -> Polylines:
        """Rings of a glyph in cap heights."""
        number, index = divmod(glyph, len(self._fonts))
        return self._fonts[index].strokes(number)

    def area(self, glyph: int, um_per_cap: float, tolerance_um: float) -> Area | None:
        """What a glyph covers, in µm."""
        number, index = divmod(glyph, len(self._fonts))
        return self._fonts[index].area(number, um_per_cap, tolerance_um)
