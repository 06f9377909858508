"""A text that hides another one: what is rewritten of it shows behind a filter."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from lasercam.errors import InputError, Problem, shorten
from lasercam.geometry.polylines import MAX_COORDINATE_UM, Polylines, ramp
from lasercam.model.feature import FeatureBlock, Parts, per_feature, tiles
from lasercam.model.job import Placement
from lasercam.model.protocols import MAX_TILE_ROWS, SourceContext
from lasercam.process.colour import luminance
from lasercam.schema.quantities import Length, PositiveLength
from lasercam.sources.decoys import Misfit, misfits, proposal
from lasercam.sources.element_cells import ElementCells
from lasercam.sources.luminance import FIRST_PASS_RED, REWRITTEN, rewrite_dimming
from lasercam.sources.text.elements import FULL_BLOCK, element_font
from lasercam.sources.text.layout import place_lines
from lasercam.sources.text.source import MIN_HEIGHT_UM, describe

MAX_CHARACTERS = 100_000
MAX_STROKES = 1_000
"""Lines of one segment, or dots of one place."""
MAX_FEATURES = 5_000_000
_LISTED = 6
_ATOMS = ("visible_only", "hidden")

Strokes = Annotated[int, Field(ge=1, le=MAX_STROKES)]
FloatArray = NDArray[np.float64]


class CipherTextKeys(Placement):
    """Keys of a text with a hidden text in it."""

    type: Literal["cipher_text"]
    visible: str
    """What shows under UV light; line breaks make lines."""
    hidden: str
    """What shows behind the filter: one character for each visible one, a space where nothing hides."""
    font: Literal["segment-14", "segment-7", "dot-5x7"] = "segment-14"
    """A font whose characters are subsets of one set of segments or dots."""
    height: PositiveLength
    """Height of capitals."""
    align: Literal["left", "center", "right"] = "left"
    """Of lines within the widest one."""
    line_spacing: PositiveLength | None = None
    """From baseline to baseline; absent: 1.6 heights."""
    letter_spacing: Length = 0.0
    """Room added between characters."""
    strokes: Strokes = 1
    """Parallel lines of one segment, or dots of one place of the matrix."""
    hidden_strokes: Strokes | None = None
    """The same for the hidden text, if it is to be written denser, so that it looks as bright after the rewrite."""
    stroke_pitch: PositiveLength | None = None
    """Distance of these lines or dots; needed for more than one."""

    @model_validator(mode="after")
    def _pitch_where_needed(self) -> CipherTextKeys:
        several = max(self.strokes, self.hidden_strokes or 1) > 1
        if several and self.stroke_pitch is None:
            raise ValueError("more than one of 'strokes' needs the key 'stroke_pitch', the distance between them")
        if not several and self.stroke_pitch is not None:
            raise ValueError("'stroke_pitch' means nothing for single lines or dots; give 'strokes', or leave it out")
        return self


class CipherText:
    """Two texts in one, of segments or dots.

    Atoms: `hidden`, the segments or dots of the hidden text, and `visible_only`, the others of the visible text.
    `visible` is both, so that rewriting `hidden` hits exactly what writing `visible` wrote.

    Attributes:
        notes: what is hidden in what, and what of it shows without a filter.
    """

    Keys: ClassVar[type[Placement]] = CipherTextKeys
    summary: ClassVar[str] = "a text hidden in another: segments or dots, three-level encryption"

    def __init__(self, keys: CipherTextKeys, context: SourceContext) -> None:
        self._keys, self._context = keys, context
        self._font = element_font(keys.font)
        self._visible, self._hidden = keys.visible.split("\n"), keys.hidden.split("\n")
        self._refuse_unwritable()
        self._refuse_unequal()
        self._refuse_misfits()
        self._refuse_out_of_scale()
        self.notes: tuple[str, ...] = (self._counts(), *self._leaks())

    @property
    def parts(self) -> Parts:
        """Two atoms; `visible` stands for both."""
        return Parts(_ATOMS, {"visible": _ATOMS, "all": _ATOMS})

    def features(self, max_rows: int = MAX_TILE_ROWS) -> Iterator[FeatureBlock]:
        """Character by character, in reading order, at most `max_rows` lines or dots at a time."""
        return tiles(self._block, max_rows)

    def area(self) -> None:
        """Single lines and dots cover no area."""
        return

    @property
    def _counts_per_atom(self) -> tuple[int, int]:
        """Lines or dots of one element, in `visible_only` and in `hidden`."""
        return self._keys.strokes, self._keys.hidden_strokes or self._keys.strokes

    @cached_property
    def _elements(self) -> list[Polylines]:
        """For both atoms: lines or dots of every element of the font, in µm from the cell's origin."""
        drawn = []
        for count in self._counts_per_atom:
            lines = [
                _multiplied(np.array(e.ends) * self._keys.height, count, self._keys.stroke_pitch or 0.0)
                for e in self._font.elements
            ]
            drawn.append(Polylines.concatenate(lines))
        return drawn

    @property
    def cells(self) -> ElementCells:
        """Where every element of both texts stands, for readers of pictures."""
        font, keys = self._font, self._keys
        full = tuple(font.set_line(FULL_BLOCK * len(line), keys.letter_spacing / keys.height) for line in self._visible)
        # Lines are as wide as their characters, spaces included, so full blocks stand where the glyphs do.
        placed = place_lines(full, keys.height, self._line_spacing, keys.align)
        masks = [
            np.array([font.mask(lines[g.line][g.first]) or 0 for g in placed], np.uint64)
            for lines in (self._visible, self._hidden)
        ]
        atom = int(np.argmax(self._counts_per_atom))
        n = self._counts_per_atom[atom]
        return ElementCells(
            font,
            keys.height,
            np.array([(g.x_um, g.y_um) for g in placed]),
            np.array([(g.line, g.first) for g in placed], np.int64),
            masks[0],
            masks[1],
            tuple(self._elements[atom].take(np.arange(i * n, (i + 1) * n)) for i in range(len(font.elements))),
        )

    @cached_property
    def _block(self) -> FeatureBlock:
        font, keys = self._font, self._keys
        set_lines = tuple(font.set_line(line, keys.letter_spacing / keys.height) for line in self._visible)
        placed = place_lines(set_lines, keys.height, self._line_spacing, keys.align)
        written, parts = [], []
        for g in placed:
            secret = font.mask(self._hidden[g.line][g.first]) or 0
            for atom, mask in enumerate((g.glyph & ~secret, secret)):
                chosen = np.array([mask >> i & 1 for i in range(len(font.elements))], dtype=np.bool_)
                lines = self._elements[atom].take(np.repeat(chosen, self._counts_per_atom[atom]))
                written.append(lines.transform([[1.0, 0.0, g.x_um], [0.0, 1.0, g.y_um]]))
                parts.append(np.full(len(lines), atom, np.uint16))
        together = Polylines.concatenate(written)
        low = np.array(together.bounds_um()[:2])
        xyz = np.column_stack((together.xy_um - low, np.zeros(len(together.xy_um))))
        part = np.concatenate(parts)
        return FeatureBlock(np.ascontiguousarray(xyz), np.array(together.offsets), part, per_feature(0, len(part)))

    @property
    def _line_spacing(self) -> float:
        return self._keys.line_spacing or self._font.line_distance * self._keys.height

    def _element_totals(self) -> tuple[int, int]:
        """Elements of the visible and of the hidden text."""
        totals = [
            sum((self._font.mask(c) or 0).bit_count() for line in lines for c in line)
            for lines in (self._visible, self._hidden)
        ]
        return totals[0], totals[1]

    def _counts(self) -> str:
        visible, hidden = self._element_totals()
        words = f"{self._font.element_word}s"
        return f"{hidden:,} of {visible:,} {words} of the visible text are those of the hidden one."

    def _leaks(self) -> tuple[str, ...]:
        """What shows of the hidden text without a filter."""
        ratio = rewrite_dimming()
        first, again = FIRST_PASS_RED, REWRITTEN
        few, many = self._counts_per_atom
        word = "dots" if self._font.is_dots else "lines"
        leak = (
            f"Under UV without a filter the rewritten {self._font.element_word}s look about {ratio / (many / few):.1f} "
            f"times dimmer than the others: per watt the eye sees {again.peak_nm:g} nm {ratio:.1f} times weaker than "
            f"{first.peak_nm:g} nm (CIE 1931 sensitivity over Gaussian lines of {again.fwhm_nm:g} and "
            f"{first.fwhm_nm:g} nm, {luminance(again):.3f} to {luminance(first):.3f}; widths are assumed), and they "
            f"lose the green line."
        )
        if many == few:
            wanted = max(few + 1, round(ratio * few))
            offer = (
                f"To make up for it, write the hidden text with {wanted} {word} to {few}: hidden_strokes: {wanted}. "
                "Before the rewrite it then looks brighter, and under a microscope denser."
            )
        else:
            offer = (
                f"The hidden text has {many} {word} to {few}: before the rewrite it looks {many / few:.2g} times "
                "brighter, and under a microscope denser."
            )
        return leak, offer

    def _refuse_unwritable(self) -> None:
        for key, lines in (("visible", self._visible), ("hidden", self._hidden)):
            count = sum(len(line) for line in lines)
            if count > MAX_CHARACTERS:
                raise self._problem(key, f"{count:,} characters; at most {MAX_CHARACTERS:,} fit a pattern", "Split it.")
            missing = list(dict.fromkeys(c for line in lines for c in line if self._font.mask(c) is None))
            if missing:
                shown = ", ".join(describe(c) for c in missing[:_LISTED])
                rest = f" and {len(missing) - _LISTED} more" if len(missing) > _LISTED else ""
                hint = "Write it otherwise." if self._font.is_dots else "dot-5x7 has all of ASCII."
                raise self._problem(key, f"the font {self._font.name} has no glyph for {shown}{rest}", hint)
            if not any(self._font.mask(c) for line in lines for c in line):
                raise self._problem(key, f"'{key}' is empty; there is nothing to write", "Give at least one character.")

    def _refuse_unequal(self) -> None:
        """Every hidden character needs its visible one."""
        shown, secret = [len(line) for line in self._visible], [len(line) for line in self._hidden]
        if shown == secret:
            return
        hint = "Fill up with spaces where nothing hides."
        if len(shown) == len(secret) == 1 and secret[0] < shown[0]:
            offsets = range(shown[0] - secret[0] + 1)
            padded = (" " * n + self._hidden[0] + " " * (shown[0] - secret[0] - n) for n in offsets)
            fitting = [text for text in padded if not misfits(self._font, self._visible, [text])]
            if fitting:
                hint += f" It fits as {' or '.join(repr(shorten(text)) for text in fitting[:3])}."
        raise self._problem(
            "hidden",
            f"'visible' has lines of {shown[:_LISTED]} characters and 'hidden' of {secret[:_LISTED]}; each hidden "
            "character lies in the visible one at its place",
            hint,
        )

    def _refuse_misfits(self) -> None:
        found = misfits(self._font, self._visible, self._hidden)
        if found:
            listed = "; ".join(self._said(m) for m in found[:_LISTED])
            rest = f"; and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
            raise self._problem("hidden", f"{listed}{rest}", proposal(self._font, self._visible, self._hidden))
        if all(self._font.mask(v) == self._font.mask(h) for v, h in self._pairs()):
            raise self._problem(
                "hidden",
                "the hidden text is the visible one: nothing would be hidden",
                "Give a hidden text that leaves some of the visible one out.",
            )

    def _pairs(self) -> list[tuple[str, str]]:
        lines = zip(self._visible, self._hidden, strict=True)
        return [pair for shown, secret in lines for pair in zip(shown, secret, strict=True)]

    def _said(self, misfit: Misfit) -> str:
        words = f"{self._font.element_word}{'s' * (len(misfit.offending) > 1)}"
        place = f"character {misfit.place + 1}" + (f" of line {misfit.line + 1}" if len(self._visible) > 1 else "")
        listed = ", ".join(misfit.offending[:_LISTED]) + (", …" if len(misfit.offending) > _LISTED else "")
        return f"{place}: '{misfit.hidden}' needs {words} {listed}, which '{misfit.visible}' has not"

    def _refuse_out_of_scale(self) -> None:
        keys = self._keys
        if keys.height < MIN_HEIGHT_UM:
            hint = f"{keys.height:g} µm is too small; letters have at least {MIN_HEIGHT_UM:g} µm"
            raise self._problem("height", hint, "Check the unit.")
        cell = self._font.advance * keys.height + keys.letter_spacing
        width = max(len(line) for line in self._visible) * abs(cell) + keys.height
        reach = max(width, len(self._visible) * self._line_spacing + keys.height)
        if not reach <= MAX_COORDINATE_UM:
            raise self._problem("height", f"the text would reach {reach:.3g} µm", "Check the unit.")
        visible, hidden = self._element_totals()
        few, many = self._counts_per_atom
        total = (visible - hidden) * few + hidden * many
        if total > MAX_FEATURES:
            raise self._problem("strokes", f"{total:,} lines or dots; at most {MAX_FEATURES:,} fit", "Write fewer.")
        self._refuse_overlaps(cell)

    def _refuse_overlaps(self, cell_um: float) -> None:
        """Cells apart from each other, and no element's lines or dots among another one's."""
        keys = self._keys
        both = Polylines.concatenate(self._elements)
        x_min, y_min, x_max, y_max = both.bounds_um()
        if cell_um <= x_max - x_min and any(len(line) > 1 for line in self._visible):
            message = f"characters {x_max - x_min:.4g} µm wide every {cell_um:.4g} µm would lie on each other"
            raise self._problem("letter_spacing", message, "Give more letter_spacing.")
        if self._line_spacing <= y_max - y_min and len(self._visible) > 1:
            message = f"lines {y_max - y_min:.4g} µm high every {self._line_spacing:.4g} µm would lie on each other"
            raise self._problem("line_spacing", message, "Give more line_spacing.")
        if keys.stroke_pitch is None:
            return
        for shown, secret in dict.fromkeys(
            (self._font.mask(v) or 0, self._font.mask(h) or 0) for v, h in self._pairs()
        ):
            pair = self._first_crossing(shown & ~secret, secret)
            if pair:
                raise self._problem(
                    "stroke_pitch",
                    f"{max(self._counts_per_atom)} strokes {keys.stroke_pitch:g} µm apart are too wide for characters "
                    f"{keys.height:g} µm high: those of {pair[0]} and {pair[1]} meet",
                    "Make the pitch smaller, the letters larger, or write fewer strokes.",
                )

    def _first_crossing(self, visible_only: int, hidden: int) -> tuple[str, str] | None:
        """Names of two elements of a character whose lines or dots come nearer than their pitch, or cross."""
        boxes = []
        for i, element in enumerate(self._font.elements):
            for atom, mask in enumerate((visible_only, hidden)):
                if mask >> i & 1:
                    n = self._counts_per_atom[atom]
                    boxes.append((element.name, self._elements[atom].take(np.arange(i * n, (i + 1) * n))))
        for first, (name, lines) in enumerate(boxes):
            for other, others in boxes[first + 1 :]:
                if _meet(lines, others, self._keys.stroke_pitch or 0.0):
                    return name, other
        return None

    def _problem(self, key: str, message: str, hint: str) -> InputError:
        return InputError(Problem(message, self._context.locate(key), hint))


def _multiplied(ends: FloatArray, count: int, pitch_um: float) -> Polylines:
    """A segment as parallel lines about its middle, or a dot as a square of dots about its place."""
    if len(ends) == 2:
        along = (ends[1] - ends[0]) / np.hypot(*(ends[1] - ends[0]))
        aside = (np.arange(count) - (count - 1) / 2.0) * pitch_um
        shift = aside[:, None] * np.array([-along[1], along[0]])
        return Polylines.from_segments(ends[0] + shift, ends[1] + shift)
    side = int(np.ceil(np.sqrt(count)))
    rows = np.full(side, side)
    # Whole rows from below; the last one holds what is left, in its middle.
    n_rows = -(-count // side)
    rows = np.minimum(side, count - side * np.arange(n_rows))
    x = ramp(rows) - (np.repeat(rows, rows) - 1) / 2.0
    y = np.repeat(np.arange(n_rows) - (n_rows - 1) / 2.0, rows)
    xy = ends[0] + np.column_stack((x, y)) * pitch_um
    return Polylines(xy, np.arange(count + 1))


def _meet(lines: Polylines, others: Polylines, pitch_um: float) -> bool:
    """Whether two lines cross, or two dots are nearer than the pitch."""
    if lines.is_dot.all():
        gap = lines.xy_um[:, None, :] - others.xy_um[None, :, :]
        return bool(np.hypot(gap[..., 0], gap[..., 1]).min() < pitch_um * (1.0 - 1e-9))
    a, b, _ = lines.segments()
    c, d, _ = others.segments()
    a, b = a[:, None, :], b[:, None, :]
    astride = (_side(a, b, c) * _side(a, b, d) <= 0.0) & (_side(c, d, a) * _side(c, d, b) <= 0.0)
    # Of lines in one line the sides say nothing; there the boxes decide.
    apart = (np.maximum(a, b) < np.minimum(c, d)) | (np.maximum(c, d) < np.minimum(a, b))
    return bool(np.any(astride & ~apart.any(axis=-1)))


def _side(a: FloatArray, b: FloatArray, p: FloatArray) -> FloatArray:
    """Sign of the turn from the line ab to the point p."""
    turn: FloatArray = np.sign(
        (b[..., 0] - a[..., 0]) * (p[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (p[..., 0] - a[..., 0])
    )
    return turn
