"""Fonts whose characters are subsets of one set of elements: segments of a display, dots of a matrix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import hypot
from types import MappingProxyType

import numpy as np

from lasercam.errors import LasercamError, ParameterError
from lasercam.geometry.area import Area
from lasercam.geometry.polylines import Polylines
from lasercam.sources.text.layout import SetGlyph, SetLine

FULL_BLOCK = "█"
"""U+2588 stands for every element at once: a decoy for anything."""
ELEMENT_FONTS = ("segment-7", "segment-14", "dot-5x7")


@dataclass(frozen=True)
class Element:
    """A segment (two ends) or a dot (one), in cap heights.

    Attributes:
        name: as messages call it: `g1`, or `row 3 column 2` for dots.
        ends: one or two points.
    """

    name: str
    ends: tuple[tuple[float, float], ...]


@dataclass(frozen=True, eq=False)
class ElementFont:
    """A font in which any character may hide in another whose elements include its own.

    A glyph's number is the bit mask of its elements; the space is 0.

    Attributes:
        name: as a job names it.
        elements: in the order of their bits.
        masks: glyph of each character.
        advance: from character to character, cap heights.
    """

    name: str
    elements: tuple[Element, ...]
    masks: Mapping[str, int]
    advance: float
    is_outline: bool = False
    line_distance: float = 1.6

    @property
    def cell_width(self) -> float:
        """From x = 0 to the rightmost element, cap heights."""
        return max(x for element in self.elements for x, _ in element.ends)

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing that the characters do not say themselves."""
        return ()

    @property
    def is_dots(self) -> bool:
        """Whether elements are dots."""
        return all(len(element.ends) == 1 for element in self.elements)

    @property
    def element_word(self) -> str:
        """What one element is called."""
        return "dot" if self.is_dots else "segment"

    @property
    def full(self) -> int:
        """Every element."""
        return (1 << len(self.elements)) - 1

    def mask(self, character: str) -> int | None:
        """Elements of a character as bits; None when the font cannot write it.

        Fonts without small letters write them as capitals.

        >>> element_font("segment-7").mask("b") == element_font("segment-7").mask("B")
        True
        """
        if character == " ":
            return 0
        if character == FULL_BLOCK:
            return self.full
        return self.masks.get(character, self.masks.get(character.upper()))

    def names(self, mask: int) -> tuple[str, ...]:
        """Names of the elements of a mask."""
        return tuple(e.name for i, e in enumerate(self.elements) if mask >> i & 1)

    def set_line(self, text: str, letter_spacing: float) -> SetLine:
        """One cell per character, all equally wide."""
        pitch = self.advance + letter_spacing
        found = [(i, c, self.mask(c)) for i, c in enumerate(text)]
        missing = tuple(dict.fromkeys(c for _, c, mask in found if mask is None))
        glyphs = tuple(SetGlyph(mask, i, i + 1, i * pitch, 0.0) for i, _, mask in found if mask)
        width = max(len(text) - 1, 0) * pitch + self.cell_width if text else 0.0
        return SetLine(glyphs, width, missing)

    def strokes(self, glyph: int) -> Polylines:
        """Lines and dots of a glyph's elements, in cap heights."""
        ends = [np.array(e.ends) for i, e in enumerate(self.elements) if glyph >> i & 1]
        return Polylines.from_list(ends)

    def area(self, glyph: int, um_per_cap: float, tolerance_um: float) -> Area | None:
        """Segments and dots cover nothing."""
        return None


@cache
def element_font(name: str) -> ElementFont:
    """A shipped font of segments or dots.

    Raises:
        ParameterError: no such font.
    """
    if name not in ELEMENT_FONTS:
        raise ParameterError(f"no element font '{name}'; there are {', '.join(ELEMENT_FONTS)}")
    text = files("lasercam.sources.text").joinpath("data", f"{name}.txt").read_text(encoding="utf-8")
    return parse_font(name, text)


def parse_font(name: str, text: str) -> ElementFont:
    """A font from its description: lines of `advance`, `gap`, `segment`, `point`, `grid` and `glyph`.

    Raises:
        LasercamError: a line that means nothing, or a glyph of unknown elements.
    """
    numbers = {"advance": 0.0, "gap": 0.0}
    elements: list[Element] = []
    grid = (0, 0)
    masks: dict[str, int] = {}
    for count, line in enumerate(text.splitlines(), 1):
        word, *rest = line.split() or [""]
        if not word or word.startswith("#"):
            continue
        try:
            if word in numbers:
                numbers[word] = float(rest[0])
            elif word in ("segment", "point"):
                ends = [float(v) for v in rest[1:5]]
                elements.append(_segment(rest[0], ends, numbers["gap"] if word == "segment" else 0.0))
            elif word == "grid":
                grid = (int(rest[0]), int(rest[1]))
                elements += _grid(*grid)
            elif word == "glyph":
                bits = _rows(rest[1:], grid) if grid[0] else [[e.name for e in elements].index(r) for r in rest[1:]]
                masks[rest[0]] = sum(1 << bit for bit in set(bits))
            else:
                raise ValueError(f"'{word}' is no word of a font description")
        except (ValueError, IndexError) as error:
            raise LasercamError(f"font {name}, line {count}: {error}") from error
    return ElementFont(name, tuple(elements), MappingProxyType(masks), numbers["advance"])


def _segment(name: str, ends: list[float], gap: float) -> Element:
    """A segment that ends a gap before each of its nodes."""
    x0, y0, x1, y1 = ends
    length = hypot(x1 - x0, y1 - y0)
    dx, dy = (x1 - x0) / length * gap, (y1 - y0) / length * gap
    return Element(name, ((x0 + dx, y0 + dy), (x1 - dx, y1 - dy)))


def _grid(columns: int, rows: int) -> list[Element]:
    """Dots of a matrix, row by row from the top; the cap height is that of all rows."""
    pitch = 1.0 / (rows - 1)
    return [
        Element(f"row {r + 1} column {c + 1}", ((c * pitch, (rows - 1 - r) * pitch),))
        for r in range(rows)
        for c in range(columns)
    ]


def _rows(drawn: list[str], grid: tuple[int, int]) -> list[int]:
    """Bits of a glyph drawn as rows of # and ."""
    if len(drawn) != grid[1] or any(len(row) != grid[0] or set(row) - {"#", "."} for row in drawn):
        raise ValueError(f"a glyph is {grid[1]} rows of {grid[0]} signs # or .")
    return [i for i, sign in enumerate("".join(drawn)) if sign == "#"]
