"""Text as a pattern."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from lasercam.errors import InputError, PatternError, Problem, shorten
from lasercam.geometry.area import Area, near_segments
from lasercam.geometry.dedupe import merge_duplicates
from lasercam.geometry.polylines import MAX_COORDINATE_UM, Polylines
from lasercam.geometry.transform import translation
from lasercam.model.feature import FeatureBlock, Parts, per_feature, tiles
from lasercam.model.job import Placement
from lasercam.model.protocols import MAX_TILE_ROWS, SourceContext
from lasercam.schema.quantities import Length, OneOrMore, PositiveLength
from lasercam.sources.fill import FillKeys, fill_area
from lasercam.sources.text.bidi import EXPLICIT
from lasercam.sources.text.elements import ElementFont
from lasercam.sources.text.fallback import FontStack
from lasercam.sources.text.fonts import is_file, load_font, outline_font
from lasercam.sources.text.junctions import open_junctions
from lasercam.sources.text.layout import PlacedGlyph, SetLine, Typeface, place_lines
from lasercam.sources.text.outlines import OutlineFont, is_visible
from lasercam.sources.text.part_names import name_parts
from lasercam.sources.text.strokes import StrokeFont

MAX_CHARACTERS = 100_000
"""Of one pattern: a book of text is several patterns."""
MIN_HEIGHT_UM = 0.01
"""A hundred ticks of the toolpath; smaller letters are slips of the unit."""
MIN_TOLERANCE_UM = 1e-4
"""A tick of the toolpath: nothing finer is written."""
_LISTED = 12
_MISSING_HINT = "Choose a font that has them (any .ttf or .otf file will do), or add one under 'fallback'."


class TextKeys(Placement, FillKeys):
    """Keys of a text."""

    type: Literal["text"]
    text: str
    """What is written; line breaks make lines."""
    font: str = "stroke-sans"
    """A single-line (`stroke-sans`, …), segment (`segment-14`), dot (`dot-5x7`) or outline font (`dejavu-sans`, …),
    or a font file (.ttf, .otf, .ttc, .otc) beside the job."""
    height: PositiveLength
    """Height of capitals."""
    align: Literal["left", "center", "right"] = "left"
    """Of lines within the widest one."""
    line_spacing: PositiveLength | None = None
    """From baseline to baseline; absent: as the font's designer meant it."""
    letter_spacing: Length = 0.0
    """Room added after each letter; negative moves letters together."""
    junction_gap: PositiveLength | None = None
    """Of single-line fonts: room left where strokes of a letter cross or one ends on another, so that no place is
    exposed twice; absent: strokes are whole."""
    tolerance: PositiveLength | None = None
    """How far a straight piece may be from the curve of an outline; absent: a thousandth of the height."""
    fallback: Annotated[tuple[str, ...], OneOrMore] = ()
    """Further outline fonts, for characters that `font` lacks; all are set at the same height of capitals."""
    face: Annotated[int, Field(ge=0, le=1000)] = 0
    """Which font of a collection (.ttc), counted from 0."""
    language: Annotated[str, Field(pattern=r"^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4})?$")] = ""
    """BCP 47 tag for letter forms that depend on it: ja, zh-Hant, sr."""

    @model_validator(mode="after")
    def _keys_fit_each_other(self) -> TextKeys:
        if self.face and not is_file(self.font):
            raise ValueError("'face' chooses from a collection, a file ending in .ttc or .otc")
        return self


class Text:
    """Lines of text, written with strokes, dots or outlines.

    Parts: `all`, `line_N`, `word_N` and `char_N`, counted from 1 in the order of the text; characters without ink
    (spaces) do not count. Letters that overlap or touch, ligatures and joined scripts among them, are one piece under
    the name of their first character, which the names of the others stand for too. With `fill: none` outlines are
    written as closed lines, else their inside is filled.

    Attributes:
        notes: the font, and what is joined.
    """

    Keys: ClassVar[type[Placement]] = TextKeys
    summary: ClassVar[str] = "text in outline, single-line, segment and dot fonts; Latin, Arabic, Chinese, …"

    def __init__(self, keys: TextKeys, context: SourceContext) -> None:
        self._keys, self._context = keys, context
        self._tolerance = keys.tolerance or keys.height * 1e-3
        self._lines = self._read_lines()
        self._font = self._load_font()
        self._refuse_meaningless()
        self._placed = self._set()
        self._refuse_unreachable()
        self._pieces, joined = self._draw()
        self._naming = name_parts(self._lines, [(g.line, g.first, g.stop) for g in self._placed], joined)
        self.notes: tuple[str, ...] = (*self._font.notes, *self._folded(), *self._naming.notes)
        self._shift = self._corner()

    @property
    def parts(self) -> Parts:
        """Lines, words and characters."""
        return self._naming.parts

    def features(self, max_rows: int = MAX_TILE_ROWS) -> Iterator[FeatureBlock]:
        """Letter by letter, in reading order, at most `max_rows` lines or dots at a time."""
        return tiles(self._block, max_rows)

    def area(self) -> Area | None:
        """What outlines cover; None for single lines and dots."""
        return self._covered

    @cached_property
    def _covered(self) -> Area | None:
        if not self._font.is_outline:
            return None
        areas = [piece for piece in self._pieces if isinstance(piece, Area)]
        return Area.union_of(areas).transform(translation(*self._shift))

    @cached_property
    def _block(self) -> FeatureBlock:
        atom_of = np.array(self._naming.atom_of, dtype=np.uint16)
        atoms = range(len(self._naming.parts.atoms))
        move = translation(*self._shift)
        if self._font.is_outline:
            written = [self._filled(atom, atom_of, move) for atom in atoms]
            part = np.repeat(np.arange(len(written), dtype=np.uint16), [len(lines) for lines in written])
        else:
            drawn = [piece for piece in self._pieces if isinstance(piece, Polylines)]
            order = np.argsort(atom_of, kind="stable").tolist()
            written = [drawn[i].transform(move) for i in order]
            part = np.repeat(atom_of[order], [len(lines) for lines in written])
        lines = Polylines.concatenate(written)
        xyz = np.column_stack((lines.xy_um, np.zeros(len(lines.xy_um))))
        return FeatureBlock(np.ascontiguousarray(xyz), np.array(lines.offsets), part, per_feature(0, len(part)))

    def _filled(self, atom: int, atom_of: np.ndarray[tuple[int], np.dtype[np.uint16]], move: object) -> Polylines:
        """Lines of one atom of an outline font."""
        index = np.flatnonzero(atom_of == atom).tolist()
        areas = [piece for i in index if isinstance(piece := self._pieces[i], Area)]
        area = (areas[0] if len(areas) == 1 else Area.union_of(areas)).transform(np.asarray(move))
        if self._keys.fill == "none":
            return area.rings()
        lines = fill_area(area, self._keys)
        if not len(lines):
            name = self._naming.parts.atoms[atom]
            g = self._placed[index[0]]
            text = self._lines[g.line][g.first : g.stop]
            raise InputError(
                Problem(
                    f"'{shorten(text)}' ({name}) would stay empty: no line or dot of the fill falls into it",
                    self._context.locate("fill"),
                    "Make the pitch or the inset smaller, or the letters larger.",
                )
            )
        return lines

    def _load_font(self) -> Typeface:
        keys, context = self._keys, self._context
        font = load_font(keys.font, context.asset, context.locate("font"), keys.face, keys.language)
        if not keys.fallback:
            return font
        if not isinstance(font, OutlineFont):
            raise self._problem(
                "fallback", f"'{font.name}' is no outline font, so none can stand in for it", "Drop it."
            )
        place = context.locate("fallback")
        others = [outline_font(name, context.asset, place, 0, keys.language) for name in keys.fallback]
        return FontStack([font, *others])

    def _read_lines(self) -> list[str]:
        text = self._keys.text
        if len(text) > MAX_CHARACTERS:
            raise self._problem(
                "text", f"{len(text):,} characters; at most {MAX_CHARACTERS:,} fit a pattern", "Split it."
            )
        for c in text:
            kind = unicodedata.category(c)
            if c != "\n" and (kind in ("Cc", "Cs") or c in EXPLICIT or c in "\u2028\u2029"):
                raise self._problem(
                    "text",
                    f"the control character U+{ord(c):04X} cannot be written",
                    "Use spaces and line breaks; directions follow from the letters.",
                )
        if not any(is_visible(c) for c in text):
            raise self._problem("text", "there is nothing to write", "Give at least one visible character.")
        return text.split("\n")

    def _set(self) -> tuple[PlacedGlyph, ...]:
        """Glyphs in place; InputError when the font lacks some."""
        keys = self._keys
        lines: list[SetLine] = []
        try:
            for line in self._lines:
                lines.append(self._font.set_line(line, keys.letter_spacing / keys.height))
        except PatternError as error:
            raise InputError(Problem(str(error), self._context.locate("letter_spacing"))) from error
        missing = list(dict.fromkeys(c for line in lines for c in line.missing))
        if missing:
            shown = ", ".join(describe(c) for c in missing[:_LISTED])
            rest = f" and {len(missing) - _LISTED} more" if len(missing) > _LISTED else ""
            raise self._problem(
                "text",
                f"the font '{shorten(self._font.name)}' has no glyph for {shown}{rest}",
                _MISSING_HINT,
            )
        spacing = keys.line_spacing or self._font.line_distance * keys.height
        if len(lines) * spacing > MAX_COORDINATE_UM or any(
            abs(line.width) * keys.height > MAX_COORDINATE_UM for line in lines
        ):
            raise self._problem("height", f"the text would be larger than {MAX_COORDINATE_UM:g} µm", "Check the unit.")
        return place_lines(tuple(lines), keys.height, spacing, keys.align)

    def _draw(self) -> tuple[list[Area | Polylines], list[tuple[int, int]]]:
        """Areas or strokes of all glyphs in place, and pairs of glyphs that touch."""
        if not self._font.is_outline:
            shapes = {g.glyph: self._strokes(g) for g in self._placed}
            size = self._keys.height
            drawn = [shapes[g.glyph].transform([[size, 0.0, g.x_um], [0.0, size, g.y_um]]) for g in self._placed]
            together = merge_duplicates(Polylines.concatenate(drawn))[1]
            if together.n_segments or together.n_dots:
                raise self._problem(
                    "letter_spacing",
                    f"letters lie on each other: {together.overlapped_um:.4g} µm of strokes and {together.n_dots} dots"
                    " would be written twice",
                    "Give more letter_spacing or line_spacing.",
                )
            return [*drawn], []
        areas = []
        for g in self._placed:
            area = self._font.area(g.glyph, self._keys.height, self._tolerance)
            areas.append(Area.empty() if area is None else area.transform(translation(g.x_um, g.y_um)))
        return [*areas], _touching(areas)

    def _strokes(self, placed: PlacedGlyph) -> Polylines:
        """Strokes of a glyph, opened where they meet if asked for."""
        whole = self._font.strokes(placed.glyph)
        if self._keys.junction_gap is None:
            return whole
        opened, n_lost = open_junctions(whole, self._keys.junction_gap / self._keys.height)
        if n_lost:
            text = self._lines[placed.line][placed.first : placed.stop]
            raise self._problem(
                "junction_gap",
                f"{self._keys.junction_gap:g} µm would take whole strokes of '{shorten(text)}' away",
                "Make it smaller, or the letters larger.",
            )
        return opened

    def _corner(self) -> tuple[float, float]:
        """What brings the lower-left corner of all ink to the origin."""
        bounds = np.array([piece.bounds_um()[:2] for piece in self._pieces if not _is_nothing(piece)])
        if not len(bounds):
            raise self._problem("text", "nothing of it leaves ink", "Give at least one visible character.")
        low = bounds.min(axis=0)
        return -float(low[0]), -float(low[1])

    def _folded(self) -> tuple[str, ...]:
        """What a font without small letters writes as capitals."""
        if not isinstance(self._font, ElementFont):
            return ()
        masks = self._font.masks
        found = dict.fromkeys(c for line in self._lines for c in line if c not in masks and c.upper() in masks)
        small = "".join(found)
        return (f"{self._font.name} has no small letters: {shorten(small)} are written as capitals.",) if small else ()

    def _refuse_meaningless(self) -> None:
        keys = self._keys
        if keys.junction_gap is not None and not isinstance(self._font, StrokeFont):
            raise self._problem("junction_gap", "'junction_gap' belongs to single-line fonts", "Leave it out.")
        if self._font.is_outline:
            return
        if keys.fill != "none":
            raise self._problem(
                "fill",
                f"'{self._font.name}' is made of single lines or dots, which enclose nothing to fill",
                "Leave 'fill' out, or choose an outline font.",
            )
        for key in ("tolerance", "language"):
            if key in keys.model_fields_set and getattr(keys, key):
                raise self._problem(key, f"'{key}' belongs to outline fonts", "Leave it out.")

    def _refuse_unreachable(self) -> None:
        keys = self._keys
        if keys.height < MIN_HEIGHT_UM:
            raise self._problem(
                "height",
                f"{keys.height:g} µm is too small; letters have at least {MIN_HEIGHT_UM:g} µm",
                "Check the unit.",
            )
        if keys.tolerance is not None and keys.tolerance < MIN_TOLERANCE_UM:
            message = f"{keys.tolerance:g} µm is finer than anything written; at least {MIN_TOLERANCE_UM:g} µm"
            raise self._problem("tolerance", message, "Check the unit.")
        reach = max((max(abs(g.x_um), abs(g.y_um)) for g in self._placed), default=0.0) + 20.0 * keys.height
        if not reach <= MAX_COORDINATE_UM:
            raise self._problem("height", f"the text would reach {reach:.3g} µm", "Check the unit.")

    def _problem(self, key: str, message: str, hint: str) -> InputError:
        return InputError(Problem(message, self._context.locate(key), hint))


def describe(character: str) -> str:
    """A character and its code point, safe to print.

    >>> describe("中")
    "'中' (U+4E2D)"
    """
    return f"'{shorten(character)}' (U+{ord(character):04X})"


def _is_nothing(piece: Area | Polylines) -> bool:
    return piece.is_empty if isinstance(piece, Area) else not len(piece)


def _touching(areas: list[Area]) -> list[tuple[int, int]]:
    """Pairs of areas that overlap or share a border."""
    index = [i for i, area in enumerate(areas) if not area.is_empty]
    boxes = np.array([areas[i].bounds_um() for i in index]).reshape(-1, 4)
    low, high = np.ascontiguousarray(boxes[:, :2]), np.ascontiguousarray(boxes[:, 2:])
    found = []
    for one, other in near_segments(low, high, low, high, 0.0):
        for i, j in zip(one.tolist(), other.tolist(), strict=True):
            a, b = areas[index[i]], areas[index[j]]
            if i < j and len(a.union(b).pieces()) < len(a.pieces()) + len(b.pieces()):
                found.append((index[i], index[j]))
    return found
