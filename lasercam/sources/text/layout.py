"""What a typeface promises, and lines of text set with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from lasercam.geometry.area import Area
from lasercam.geometry.polylines import Polylines

Align = Literal["left", "center", "right"]


@dataclass(frozen=True)
class SetGlyph:
    """One glyph on a line; lengths in cap heights.

    Attributes:
        glyph: the typeface's own number.
        first: index of the first character of the line it stands for.
        stop: index after the last one; a ligature stands for several.
        x: of its origin, from the start of the line to the right.
        y: of its origin, from the baseline up.
    """

    glyph: int
    first: int
    stop: int
    x: float
    y: float


@dataclass(frozen=True)
class SetLine:
    """One line of text.

    Attributes:
        glyphs: from left to right.
        width: advance of the line without the spacing after its last letter, in cap heights.
        missing: characters that the typeface does not have.
    """

    glyphs: tuple[SetGlyph, ...]
    width: float
    missing: tuple[str, ...] = ()


class Typeface(Protocol):
    """Something to write with; lengths in cap heights."""

    @property
    def name(self) -> str:
        """As a job names it."""
        ...

    @property
    def line_distance(self) -> float:
        """Baseline to baseline, as its designer meant it."""
        ...

    @property
    def is_outline(self) -> bool:
        """Whether its glyphs are areas."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know about it."""
        ...

    def set_line(self, text: str, letter_spacing: float) -> SetLine:
        """Glyphs of one line, with extra room after each letter."""
        ...

    def strokes(self, glyph: int) -> Polylines:
        """Lines and dots of a glyph, none drawn twice; those of outlines are their rings."""
        ...

    def area(self, glyph: int, um_per_cap: float, tolerance_um: float) -> Area | None:
        """What an outline covers, in µm; None for glyphs without an area."""
        ...


@dataclass(frozen=True)
class PlacedGlyph:
    """One glyph of a block of text.

    Attributes:
        glyph: the typeface's number.
        line: index of its line.
        first, stop: range of characters in its line.
        x_um, y_um: its origin; the first baseline lies at 0.
    """

    glyph: int
    line: int
    first: int
    stop: int
    x_um: float
    y_um: float


def place_lines(
    lines: tuple[SetLine, ...], um_per_cap: float, line_spacing_um: float, align: Align
) -> tuple[PlacedGlyph, ...]:
    """Lines under each other, in reading order of the lines and from left to right within them.

    Args:
        lines: as set.
        um_per_cap: height of capitals, µm.
        line_spacing_um: baseline to baseline.
        align: of all lines within the widest.
    """
    share = {"left": 0.0, "center": 0.5, "right": 1.0}[align]
    widest = max((line.width for line in lines), default=0.0)
    placed = []
    for row, line in enumerate(lines):
        left = share * (widest - line.width)
        for g in line.glyphs:
            x, y = (left + g.x) * um_per_cap, g.y * um_per_cap - row * line_spacing_um
            placed.append(PlacedGlyph(g.glyph, row, g.first, g.stop, x, y))
    return tuple(placed)
