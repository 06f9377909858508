"""Characters as placed glyphs: chunks, shaping, anchors, shifts, spacing, text on a path."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from lasercam.sources.svg.characters import Character, Span, TextContent
from lasercam.sources.svg.faces import Cluster, SvgFace
from lasercam.sources.svg.families import Families
from lasercam.sources.svg.lengths import IDENTITY, Matrix, multiply, split_length
from lasercam.sources.svg.text_path import TextLine
from lasercam.sources.text.bidi import Run, visual_runs
from lasercam.sources.text.outlines import is_visible, resolved_scripts

_MARK = {"ltr": "\u200e", "rtl": "\u200f"}
"""Unseen characters of a direction: put before a line, they give it that direction."""
VERTICAL = ("tb", "tb-rl", "vertical-rl", "vertical-lr")
"""Values of `writing-mode` for lines from top to bottom."""
_STRONG = {"ltr": "a", "rtl": "\u05d0"}
_LIGATURES = ("liga", "clig")
_JOINED = frozenset(
    ("Arab", "Syrc", "Nkoo", "Mani", "Phlp", "Mand", "Mong", "Phag", "Adlm", "Rohg", "Deva", "Beng", "Guru", "Ogam")
)
"""Scripts whose letters stay together. Source: https://www.w3.org/TR/css-text-3/#cursive-tracking"""


@dataclass(frozen=True, eq=False)
class PlacedCluster:
    """Characters drawn as one, where they stand.

    Attributes:
        span: whose they are.
        signs: the characters.
        face: the font.
        glyphs: number, x and y (up) from the origin, em.
        matrix: from px along and below the baseline to user units; shifts of the baseline are in it.
        inner: from the glyphs to the line, where they are turned back upright.
        size_px: the font's size.
        advance_px: width.
        stretch: factor on the width of the glyphs.
    """

    span: Span
    signs: str
    face: SvgFace
    glyphs: tuple[tuple[int, float, float], ...]
    matrix: Matrix
    size_px: float
    advance_px: float
    stretch: float = 1.0
    inner: Matrix = IDENTITY


@dataclass(slots=True)
class _Set:
    """A cluster while its line is set."""

    cluster: Cluster
    face: SvgFace
    lead: Character
    signs: str
    script: str
    advance: float
    stretch: float = 1.0


@dataclass(frozen=True)
class _Chunk:
    first: int
    stop: int


class Typesetter:
    """Sets the text of one element.

    Attributes:
        missing: visible characters that no font has.
    """

    def __init__(self, content: TextContent, families: Families) -> None:
        self._content = content
        self._characters = content.characters
        self._families = families
        self.missing: dict[str, None] = {}

    def set(self, lines: dict[Any, TextLine | None]) -> list[PlacedCluster]:
        """Every cluster that shows.

        Args:
            lines: what each textPath element stands on; None where there is nothing.
        """
        found: list[PlacedCluster] = []
        x, y = 0.0, 0.0
        for chunk in self._chunks():
            lead = self._characters[chunk.first]
            clusters = self._spaced(chunk, self._shaped(chunk))
            if lead.span.path is None:
                x, y = (lead.x if lead.x is not None else x), (lead.y if lead.y is not None else y)
                x, y = self._straight(clusters, x, y, found)
                continue
            line = lines.get(lead.span.path)
            if line is not None:
                x, y = self._along(clusters, line, lead, found)
        return found

    def _chunks(self) -> list[_Chunk]:
        """Ranges that stand on their own: from each absolute position to the next, and each path."""
        characters = self._characters
        starts = [
            i
            for i, one in enumerate(characters)
            if i == 0
            or one.x is not None
            or (one.y is not None and one.span.path is None)
            or one.span.path is not characters[i - 1].span.path
        ]
        # A mark belongs to the letter before it, wherever it is asked to stand.
        starts = [i for i in starts if i == 0 or unicodedata.category(characters[i].sign) not in ("Mn", "Me", "Cf")]
        return [_Chunk(a, b) for a, b in pairwise([*starts, len(characters)])]

    def _shaped(self, chunk: _Chunk) -> list[_Set]:
        """Clusters of a chunk from left to right."""
        characters = self._characters[chunk.first : chunk.stop]
        text = "".join(one.sign for one in characters)
        scripts = resolved_scripts(text)
        stacks = [self._families.stack(one.span.style) for one in characters]
        faces = _chosen(text, stacks)
        labels = [
            (script, id(face), _features(one.span, script))
            for script, face, one in zip(scripts, faces, characters, strict=True)
        ]
        found: list[_Set] = []
        for run in _runs(characters, labels):
            face = faces[run.first]
            for cluster in face.clusters(text, run, scripts[run.first], labels[run.first][2]):
                if any(glyph == 0 for glyph, _, _ in cluster.glyphs):
                    signs = text[cluster.first : cluster.stop]
                    lost = [c for c in signs if not face.has(c) and is_visible(c)]
                    self.missing.update(dict.fromkeys(lost))
                    if not lost:  # a control or joiner that the font does not know leaves no ink
                        cluster = Cluster(cluster.first, cluster.stop, (), 0.0)
                lead = characters[cluster.first]
                signs, advance = text[cluster.first : cluster.stop], cluster.advance * lead.span.style.font_px
                found.append(_Set(cluster, face, lead, signs, scripts[cluster.first], advance))
        return found

    def _spaced(self, chunk: _Chunk, clusters: list[_Set]) -> list[_Set]:
        """Letter spacing, word spacing and stated lengths."""
        for index, one in enumerate(clusters):
            style, lengths = one.lead.span.style, one.lead.span.lengths
            is_joined = one.script in _JOINED and unicodedata.category(one.lead.sign)[0] in "LM"
            if index + 1 < len(clusters) and not is_joined:
                one.advance += lengths.px(_spacing(style.get("letter-spacing")), "x")
            if one.lead.sign in (" ", "\u00a0"):
                one.advance += lengths.px(_spacing(style.get("word-spacing")), "x")
        for span, first, stop in self._content.ranges:
            stated = span.element.get("textLength")
            if stated is None or first < chunk.first or stop > chunk.stop:
                continue
            wanted = span.lengths.px(stated, "x", -1.0)
            inside = [one for one in clusters if first <= chunk.first + one.cluster.first < stop]
            width = sum(one.advance for one in inside)
            if wanted < 0.0 or width <= 0.0:
                continue
            if span.element.get("lengthAdjust") == "spacingAndGlyphs":
                for one in inside:
                    one.advance *= wanted / width
                    one.stretch *= wanted / width
            elif len(inside) > 1:
                for one in inside[:-1]:
                    one.advance += (wanted - width) / (len(inside) - 1)
        return clusters

    def _straight(
        self, clusters: Sequence[_Set], x: float, y: float, found: list[PlacedCluster]
    ) -> tuple[float, float]:
        """Place clusters from a point on, to the right or downwards; returns where the line ends."""
        if not clusters:
            return x, y
        is_vertical = self._content.ranges[0][0].style.get("writing-mode") in VERTICAL
        frame = (0.0, 1.0, -1.0, 0.0, x, y) if is_vertical else (1.0, 0.0, 0.0, 1.0, x, y)
        along, below = -_anchored(clusters), 0.0
        for one in clusters:
            lead = one.lead
            along, below = (along + lead.dy, below - lead.dx) if is_vertical else (along + lead.dx, below + lead.dy)
            place = (1.0, 0.0, 0.0, 1.0, along, below + _shift(one, is_vertical=is_vertical))
            matrix = multiply(multiply(frame, place), _turn(lead.rotate))
            inner = _upright(one) if is_vertical and _stands_upright(one.signs[0]) else IDENTITY
            found.append(_placed(one, matrix, inner))
            along += one.advance
        a, b, c, d, e, f = frame
        return a * along + c * below + e, b * along + d * below + f

    def _along(
        self, clusters: Sequence[_Set], line: TextLine, lead: Character, found: list[PlacedCluster]
    ) -> tuple[float, float]:
        """Place clusters along a path, each by its middle; what reaches beyond the ends does not show."""
        at = line.start + (lead.x or 0.0)
        if clusters:
            at -= _anchored(clusters)
        below = 0.0
        for one in clusters:
            at += one.lead.dx
            below += one.lead.dy
            half = one.cluster.advance * one.stretch * one.lead.span.style.font_px / 2.0
            point = line.at(at + half)
            if point is not None:
                x, y, cos, sin = point
                matrix = multiply((cos, sin, -sin, cos, x, y), (1.0, 0.0, 0.0, 1.0, -half, below))
                matrix = multiply(multiply(matrix, (1.0, 0.0, 0.0, 1.0, 0.0, _shift(one))), _turn(one.lead.rotate))
                found.append(_placed(one, matrix))
            at += one.advance
        return line.end


def _placed(one: _Set, matrix: Matrix, inner: Matrix = IDENTITY) -> PlacedCluster:
    span = one.lead.span
    return PlacedCluster(
        span,
        one.signs,
        one.face,
        one.cluster.glyphs,
        matrix,
        span.style.font_px,
        one.advance,
        one.stretch,
        inner,
    )


def _stands_upright(sign: str) -> bool:
    """Whether a character stands upright on a line from top to bottom: the wide ones, brackets left out.

    Source: https://www.unicode.org/reports/tr50/, of which width is the larger part
    """
    return unicodedata.east_asian_width(sign) in ("W", "F") and unicodedata.category(sign) not in ("Ps", "Pe")


def _upright(one: _Set) -> Matrix:
    """Turns a glyph back about its middle on a line that runs down."""
    half = one.cluster.advance * one.lead.span.style.font_px / 2.0
    middle = (one.face.metrics.ascent + one.face.metrics.descent) / 2.0 * one.lead.span.style.font_px
    return multiply((0.0, -1.0, 1.0, 0.0, half, -middle), (1.0, 0.0, 0.0, 1.0, -half, middle))


def _anchored(clusters: Sequence[_Set]) -> float:
    """How far a line starts before its anchor."""
    lead = min(clusters, key=lambda one: one.cluster.first).lead
    width = sum(one.advance for one in clusters)
    anchor = lead.span.style.get("text-anchor", "start")
    if lead.span.style.get("direction") == "rtl":
        anchor = {"start": "end", "end": "start"}.get(anchor, anchor)
    return {"middle": width / 2.0, "end": width}.get(anchor, 0.0)


def _turn(degrees: float | None) -> Matrix:
    if not degrees:
        return IDENTITY
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return (cos, sin, -sin, cos, 0.0, 0.0)


def _shift(one: _Set, *, is_vertical: bool = False) -> float:
    """How far below the line's baseline a cluster stands; lines that run down go through the middle of letters.

    Source: https://www.w3.org/TR/SVG2/text.html#DominantBaselineProperty, places of the lines in a font as usual
    where it states none
    """
    span, size = one.lead.span, one.lead.span.style.font_px
    metrics = one.face.metrics
    named = span.style.get("alignment-baseline", "auto")
    if named in ("auto", "baseline"):
        named = span.style.get("dominant-baseline", "auto")
    centre = (metrics.ascent + metrics.descent) / 2.0
    above = {
        "before-edge": metrics.ascent,
        "text-before-edge": metrics.ascent,
        "text-top": metrics.ascent,
        "middle": metrics.x_height / 2.0,
        "central": centre,
        "center": centre,
        "after-edge": metrics.descent,
        "text-after-edge": metrics.descent,
        "text-bottom": metrics.descent,
        "ideographic": metrics.descent,
        "hanging": metrics.ascent * 0.8,
        "mathematical": metrics.ascent / 2.0,
    }.get(named, 0.0)
    if is_vertical:
        above = centre
    shift = above * size
    for outer in span.raised:
        text = outer.style.get("baseline-shift", "baseline")
        its_size = outer.style.font_px
        if text == "sub":
            shift += metrics.subscript * its_size
        elif text == "super":
            shift -= metrics.superscript * its_size
        elif text.endswith("%"):
            shift -= outer.lengths.px(text[:-1], "y") / 100.0 * its_size
        else:
            shift -= outer.lengths.px(text, "y")
    return shift


def _spacing(text: str) -> str | None:
    return None if text in ("", "normal") else text


def _features(span: Span, script: str) -> tuple[tuple[str, bool], ...]:
    """OpenType features that the style switches."""
    style = span.style
    features: list[tuple[str, bool]] = []
    if script not in _JOINED and span.lengths.px(_spacing(style.get("letter-spacing")), "x") != 0.0:
        features += [(tag, False) for tag in _LIGATURES]
    # Numbers for `kerning` are of SVG 1.1; all they are used for today is to switch it off.
    if style.get("font-kerning") == "none" or split_length(style.get("kerning")) in ((0.0, ""), (0.0, "px")):
        features.append(("kern", False))
    if style.get("font-variant") == "small-caps":
        features.append(("smcp", True))
    return tuple(features)


def _chosen(text: str, stacks: Sequence[tuple[SvgFace, ...]]) -> list[SvgFace]:
    """Face of each character: the first with it and the marks on it; marks and joiners stay with their letter."""
    found: list[SvgFace] = []
    for i, sign in enumerate(text):
        if found and _is_joined(sign):
            found.append(found[-1])
            continue
        stop = i + 1
        while stop < len(text) and _is_joined(text[stop]):
            stop += 1
        marks = [c for c in text[i + 1 : stop] if unicodedata.category(c) != "Cf"]
        able = [face for face in stacks[i] if face.has(sign)]
        whole = [face for face in able if all(map(face.has, marks))]
        found.append((whole or able or stacks[i])[0])
    return found


def _is_joined(sign: str) -> bool:
    return unicodedata.category(sign) in ("Mn", "Mc", "Me", "Cf")


def _runs(characters: Sequence[Character], labels: Sequence[object]) -> list[Run]:
    """Runs of one direction and label as they stand from left to right."""
    direction = characters[0].span.style.get("direction", "ltr")
    judged = [
        _STRONG[one.span.style.get("direction", "ltr")]
        if one.span.style.get("unicode-bidi") in ("bidi-override", "isolate-override")
        else one.sign
        for one in characters
    ]
    runs = visual_runs(_MARK[direction] + "".join(judged), [None, *labels])
    return [Run(run.first - 1, run.stop - 1, run.is_rtl) for run in runs if run.first > 0]
