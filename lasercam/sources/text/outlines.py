"""Outline fonts: any TrueType or OpenType file, shaped. The one module that imports uharfbuzz."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from lasercam.errors import PatternError, shorten
from lasercam.geometry.area import Area
from lasercam.geometry.flatten import flatten_cubics, flatten_quadratics, join_pieces
from lasercam.geometry.polylines import Polylines
from lasercam.sources.text.bidi import Run, visual_runs
from lasercam.sources.text.layout import SetGlyph, SetLine

_DEFAULT_CHORD = 1e-3
"""Tolerance of `strokes`, in cap heights."""
_CAP_PER_EM = 0.7
"""What Latin fonts have, for fonts without capitals that state no height of them."""
_FULL_NAME, _VERSION = 4, 5
"""Source: OpenType specification, name table, name IDs."""


def _harfbuzz() -> Any:
    import uharfbuzz

    return uharfbuzz


class OutlineFont:
    """A font file shaped by HarfBuzz: kerning, ligatures, joined letters, marks, both directions.

    Args:
        name: as messages call it.
        content: bytes of a .ttf, .otf, .ttc or .otc file.
        face: index of the face in a collection.
        language: BCP 47 tag for forms that depend on it (`zh-Hant`, `ja`); empty for none.

    Raises:
        PatternError: not a font, no such face, or a font without outlines.
    """

    is_outline = True

    def __init__(self, name: str, content: bytes, face: int = 0, language: str = "") -> None:
        hb = _harfbuzz()
        blob = hb.Blob(content)
        count = int(hb.Face(blob, 0).count)
        if count == 0:
            raise PatternError(f"'{name}' is not a TrueType or OpenType font, or is damaged")
        if face >= count:
            raise PatternError(f"'{name}' holds {count} face(s), counted from 0; there is no face {face}")
        self.name = name
        self._language = language or "und"
        self._face = hb.Face(blob, face)
        self._font = hb.Font(self._face)
        tables = set(self._face.table_tags)
        if not self._face.glyph_count or not tables & {"glyf", "CFF ", "CFF2", "VARC"}:
            raise PatternError(f"'{name}' is damaged, or has pictures instead of outlines; outlines are needed")
        self._cap = self._cap_height()
        self._rings: dict[int, list[list[tuple[str, list[tuple[float, float]]]]]] = {}
        self._areas: dict[tuple[int, float, float], Area | None] = {}

    @cached_property
    def line_distance(self) -> float:
        """Ascent, descent and line gap of the font."""
        extents = self._font.get_font_extents("ltr")
        distance = float(extents.ascender - extents.descender + extents.line_gap) / self._cap
        return distance if 0.5 <= distance <= 20.0 else 1.6

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """The font's full name and version, and how its height was found."""
        found = [shorten(str(self._face.get_name(i) or "")) for i in (_FULL_NAME, _VERSION)]
        said = [f"Written with {', '.join(part for part in found if part)}."] if any(found) else []
        if not self._has_capitals:
            said.append(f"The font has no capitals and states no height of them; it is taken as {_CAP_PER_EM:g} em.")
        return tuple(said)

    def set_line(self, text: str, letter_spacing: float) -> SetLine:
        """One line, shaped run by run in the order in which the runs stand.

        Raises:
            PatternError: letters of a joined script are to be spaced out.
        """
        return set_runs((self,), text, letter_spacing)

    def has(self, character: str) -> bool:
        """Whether there is a glyph for a character by itself."""
        return self._font.get_nominal_glyph(ord(character)) is not None

    def shape(self, text: str, run: Run, script: str, letter_spacing: float) -> SetLine:
        """One run, from its own origin.

        Args:
            text: the whole line: letters join across the borders of runs.
            run: which characters, in which direction.
            script: ISO 15924 code.
            letter_spacing: after each letter, cap heights.
        """
        hb = _harfbuzz()
        buffer = hb.Buffer()
        buffer.add_codepoints([ord(c) for c in text], run.first, run.stop - run.first)
        buffer.direction = "rtl" if run.is_rtl else "ltr"
        buffer.script, buffer.language = script, self._language
        # Spaced letters of a ligature would stay together, so there are none then.
        hb.shape(self._font, buffer, {"liga": not letter_spacing, "clig": not letter_spacing})
        infos, positions = buffer.glyph_infos, buffer.glyph_positions
        starts = sorted({info.cluster for info in infos})
        stop_of = dict(zip(starts, [*starts[1:], run.stop], strict=True))
        glyphs: list[SetGlyph] = []
        missing: list[str] = []
        pen = 0.0
        for i, (info, position) in enumerate(zip(infos, positions, strict=True)):
            first, stop = info.cluster, stop_of[info.cluster]
            if info.codepoint == 0:
                missing += self._without_glyph(text[first:stop])
            x, y = pen + position.x_offset / self._cap, position.y_offset / self._cap
            glyphs.append(SetGlyph(info.codepoint, first, stop, x, y))
            pen += position.x_advance / self._cap
            is_last = i + 1 == len(infos) or infos[i + 1].cluster != first
            pen += letter_spacing if is_last else 0.0
        missing += self._without_outline(text, glyphs)
        return SetLine(tuple(g for g in glyphs if self._outline(g.glyph)), pen, tuple(missing))

    def strokes(self, glyph: int) -> Polylines:
        """Rings of a glyph in cap heights."""
        found = self.area(glyph, 1.0, _DEFAULT_CHORD)
        return found.rings() if found is not None else Polylines.empty()

    def area(self, glyph: int, um_per_cap: float, tolerance_um: float) -> Area | None:
        """What a glyph covers under the nonzero rule, in µm, curves within the tolerance."""
        key = (glyph, um_per_cap, tolerance_um)
        if key not in self._areas:
            contours = self._outline(glyph)
            rings = _flattened(contours, um_per_cap / self._cap, tolerance_um)
            found = Area.from_rings(rings, "nonzero")
            self._areas[key] = None if found.is_empty else found
        return self._areas[key]

    def _without_glyph(self, cluster: str) -> list[str]:
        alone = [c for c in cluster if self._font.get_nominal_glyph(ord(c)) is None]
        return alone or list(cluster)

    def _without_outline(self, text: str, glyphs: Sequence[SetGlyph]) -> list[str]:
        """Visible characters that leave no ink: the font has a picture, or nothing, in their place."""
        inked = {(g.first, g.stop) for g in glyphs if self._outline(g.glyph)}
        ranges = {(g.first, g.stop) for g in glyphs} - inked
        return [text[i] for first, stop in sorted(ranges) for i in range(first, stop) if is_visible(text[i])]

    def _outline(self, glyph: int) -> list[list[tuple[str, list[tuple[float, float]]]]]:
        if glyph not in self._rings:
            pen = _Pen()
            self._font.draw_glyph_with_pen(glyph, pen)
            self._rings[glyph] = [contour for contour in pen.contours if contour]
        return self._rings[glyph]

    def _cap_height(self) -> float:
        """Height of the ink of an H, in font units; without an H, what the font states, or a share of its em."""
        hb = _harfbuzz()
        glyph = self._font.get_nominal_glyph(ord("H"))
        extents = self._font.get_glyph_extents(glyph) if glyph else None
        height = float(extents.y_bearing) if extents is not None else 0.0
        if height <= 0.0:
            stated = self._font.get_metric_position(hb.OTMetricsTag.CAP_HEIGHT)
            height = float(stated or 0.0)
        self._has_capitals = height > 0.0
        return height if self._has_capitals else _CAP_PER_EM * float(self._face.upem)


_JOINED = frozenset({"Arab", "Syrc", "Mong", "Nkoo", "Mand", "Phag", "Adlm", "Rohg", "Deva", "Beng", "Guru"})


def set_runs(fonts: Sequence[OutlineFont], text: str, letter_spacing: float) -> SetLine:
    """One line, each character in the first font that has it.

    Glyph numbers are those of the fonts times the number of fonts, plus the index of the font.

    Raises:
        PatternError: letters of a joined script are to be spaced out.
    """
    scripts = resolved_scripts(text)
    if letter_spacing and (joined := sorted(set(scripts) & _JOINED)):
        raise PatternError(f"letters of a joined script ({', '.join(joined)}) cannot be spaced out")
    chosen = _chosen_fonts(fonts, text)
    glyphs: list[SetGlyph] = []
    missing: list[str] = []
    pen = 0.0
    for run in visual_runs(text, list(zip(scripts, chosen, strict=True))):
        index = chosen[run.first]
        line = fonts[index].shape(text, run, scripts[run.first], letter_spacing)
        for g in line.glyphs:
            glyphs.append(SetGlyph(g.glyph * len(fonts) + index, g.first, g.stop, pen + g.x, g.y))
        missing += line.missing
        pen += line.width
    return SetLine(tuple(glyphs), pen - (letter_spacing if text else 0.0), tuple(dict.fromkeys(missing)))


def _chosen_fonts(fonts: Sequence[OutlineFont], text: str) -> list[int]:
    """Index of the font of each character; marks and joiners stay with the letter before."""
    found: list[int] = []
    for c in text:
        if found and unicodedata.category(c) in ("Mn", "Mc", "Me", "Cf"):
            found.append(found[-1])
        else:
            found.append(next((i for i, font in enumerate(fonts) if font.has(c)), 0))
    return found


def resolved_scripts(text: str) -> list[str]:
    """Script of each character; signs common to all take that of what stands before, or else after.

    >>> resolved_scripts("(a, б)")
    ['Latn', 'Latn', 'Latn', 'Latn', 'Cyrl', 'Cyrl']
    """
    from fontTools.unicodedata import script

    found = [script(c) for c in text]
    known = [i for i, s in enumerate(found) if s not in ("Zyyy", "Zinh", "Zzzz")]
    current = found[known[0]] if known else "Latn"
    for i, s in enumerate(found):
        if s in ("Zyyy", "Zinh", "Zzzz"):
            found[i] = current
        current = found[i]
    return found


def is_visible(character: str) -> bool:
    r"""Whether a character is meant to leave ink: no space, joiner, mark or variation selector.

    >>> [is_visible(c) for c in ("a", " ", "\u200d", "中")]
    [True, False, False, True]
    """
    return unicodedata.category(character)[0] in "LNPS"


class _Pen:
    """Collects contours as pieces: kind (`line`, `quadratic`, `cubic`) and control points in font units."""

    def __init__(self) -> None:
        self.contours: list[list[tuple[str, list[tuple[float, float]]]]] = []
        self._at = (0.0, 0.0)
        self._start = (0.0, 0.0)

    def moveTo(self, point: tuple[float, float]) -> None:  # noqa: N802 - the pen protocol's own names
        self.contours.append([])
        self._at = self._start = point

    def lineTo(self, point: tuple[float, float]) -> None:  # noqa: N802
        self._add("line", point)

    def qCurveTo(self, *points: tuple[float, float]) -> None:  # noqa: N802
        self._add("quadratic", *points)

    def curveTo(self, *points: tuple[float, float]) -> None:  # noqa: N802
        self._add("cubic", *points)

    def closePath(self) -> None:  # noqa: N802
        if self._at != self._start:
            self._add("line", self._start)

    def endPath(self) -> None:  # noqa: N802
        self.closePath()

    def _add(self, kind: str, *points: tuple[float, float]) -> None:
        if kind != "line" or points[-1] != self._at:
            self.contours[-1].append((kind, [self._at, *points]))
        self._at = points[-1]


def _flattened(
    contours: list[list[tuple[str, list[tuple[float, float]]]]], um_per_unit: float, tolerance_um: float
) -> Polylines:
    """Contours as closed polylines in µm."""
    pieces = [piece for contour in contours for piece in contour]
    if not pieces:
        return Polylines.empty()
    by_kind: dict[str, Polylines] = {}
    for kind, flatten in (("quadratic", flatten_quadratics), ("cubic", flatten_cubics)):
        control = [points for k, points in pieces if k == kind]
        if control:
            by_kind[kind] = flatten(np.array(control, dtype=np.float64) * um_per_unit, tolerance_um)
    lines = np.array([points for k, points in pieces if k == "line"], dtype=np.float64).reshape(-1, 2, 2) * um_per_unit
    by_kind["line"] = Polylines.from_segments(lines[:, 0], lines[:, 1])
    kinds = list(by_kind)
    first = dict(zip(kinds, np.cumsum([0, *(len(by_kind[k]) for k in kinds)]).tolist(), strict=False))
    order = []
    for kind, _ in pieces:
        order.append(first[kind])
        first[kind] += 1
    together = Polylines.concatenate([by_kind[k] for k in kinds]).take(np.array(order, dtype=np.int64))
    return join_pieces(together, np.array([len(contour) for contour in contours], dtype=np.int64))
