"""Text elements as characters: white space, nested spans, lists of positions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lasercam.sources.svg.document import MAX_DEPTH, XML_SPACE, Element, href, meets_conditions, text_of
from lasercam.sources.svg.lengths import LengthContext, numbers, read_lengths, with_font
from lasercam.sources.svg.shapes import SHAPES
from lasercam.sources.svg.style import Style

if TYPE_CHECKING:
    from lasercam.sources.svg.tree import Walker

SPANS = frozenset(("tspan", "a", "tref", "textPath"))
_LINE_KINDS = ("underline", "overline", "line-through")


@dataclass(frozen=True, eq=False)
class Span:
    """An element inside a text, or the text itself.

    Attributes:
        element: the element.
        style: computed.
        names: layers and ids it lies in.
        lengths: what relative lengths relate to.
        raised: spans around it whose `baseline-shift` adds up, itself included.
        lines: `underline`, `overline` and `line-through`, each with the style that paints it.
        path: the textPath it stands on; None for straight text.
    """

    element: Element
    style: Style
    names: tuple[str, ...]
    lengths: LengthContext
    raised: tuple[Span, ...] = ()
    lines: tuple[tuple[str, Style], ...] = ()
    path: Element | None = None


@dataclass(eq=False, slots=True)
class Character:
    """One character of a text.

    Attributes:
        sign: the character.
        span: the innermost element around it.
        x: absolute position, user units; None where it follows the one before.
        y: absolute position, user units; None where it follows the one before.
        dx: shift, user units.
        dy: shift, user units.
        rotate: degrees; None for upright.
        keeps_space: whether white space counts as written.
    """

    sign: str
    span: Span
    x: float | None = None
    y: float | None = None
    dx: float = 0.0
    dy: float = 0.0
    rotate: float | None = None
    keeps_space: bool = False


@dataclass(frozen=True)
class TextContent:
    """What a text element says.

    Attributes:
        characters: after white space was collapsed.
        ranges: every element with the range of its characters, outer ones first.
    """

    characters: tuple[Character, ...]
    ranges: tuple[tuple[Span, int, int], ...]


def read_text(
    walker: Walker, element: Element, style: Style, names: tuple[str, ...], lengths: LengthContext
) -> TextContent:
    """Characters of a text element with their positions.

    Source: https://www.w3.org/TR/SVG2/text.html#TextLayoutAlgorithm
    """
    reader = _Reader(walker)
    keeps = next(
        (kept == "preserve" for one in (element, *element.iterancestors()) if (kept := one.get(f"{XML_SPACE}space"))),
        False,
    )
    ruled: tuple[tuple[str, Style], ...] = ()
    for outer in reversed(list(element.iterancestors())):
        if (
            "text-decoration" in (outer.get("style") or "")
            or outer.get("text-decoration")
            or walker.drawing.cascade.has_sheets
        ):
            ruled = _lines(walker.inherited(outer), ruled)
    span = Span(element, style, names, with_font(lengths, style.font_px), (), _lines(style, ruled))
    reader.read(span, keeps_space=keeps)
    return reader.content()


def line_target(walker: Walker, element: Element) -> Element | None:
    """The shape that a textPath stands on; None when there is none."""
    link = href(element)
    target = walker.document.by_id.get(link[1:]) if link.startswith("#") else None
    return target if target is not None and walker.document.tag(target) in SHAPES else None


class _Reader:
    def __init__(self, walker: Walker) -> None:
        self._walker = walker
        self._found: list[Character] = []
        self._ranges: list[tuple[Span, int, int]] = []

    def read(self, span: Span, *, keeps_space: bool, depth: int = 0) -> None:
        """An element, its text and its children."""
        document = self._walker.document
        first, place = len(self._found), len(self._ranges)
        self._ranges.append((span, first, first))
        own = span.element.get(f"{XML_SPACE}space")
        keeps_space = own == "preserve" if own in ("preserve", "default") else keeps_space
        if document.tag(span.element) == "tref":
            link = href(span.element)
            target = document.by_id.get(link[1:]) if link.startswith("#") else None
            if target is not None and document.tag(target):
                self._add(text_of(target), span, keeps_space=keeps_space)
        else:
            self._add(span.element.text or "", span, keeps_space=keeps_space)
            for child in span.element:
                inner = self._inner(child, span) if depth < MAX_DEPTH else None
                if inner is not None:
                    self.read(inner, keeps_space=keeps_space, depth=depth + 1)
                self._add(child.tail or "", span, keeps_space=keeps_space)
        self._ranges[place] = (span, first, len(self._found))

    def _inner(self, child: Element, outer: Span) -> Span | None:
        """The span of a child; None when nothing of it shows."""
        walker = self._walker
        tag = walker.document.tag(child)
        outer_tag = walker.document.tag(outer.element)
        if tag not in SPANS or (tag == "textPath" and outer_tag not in ("text", "a")) or not meets_conditions(child):
            return None
        style = walker.drawing.cascade.style(child, outer.style)
        identity = child.get("id")
        if identity is not None and identity in walker.drawing.ignored:
            walker.drawing.used_ignores.add(identity)
            return None
        if not style.is_displayed:
            return None
        if tag == "textPath" and line_target(walker, child) is None:
            walker.drawing.note("A textPath refers to no path; its text is not drawn", child)
            return None
        names = outer.names if identity is None else (*outer.names, f"id:{identity}")
        lengths = with_font(outer.lengths, style.font_px)
        path = child if tag == "textPath" else outer.path
        span = Span(child, style, names, lengths, outer.raised, outer.lines, path)
        return Span(child, style, names, lengths, (*outer.raised, span), _lines(style, outer.lines), path)

    def _add(self, text: str, span: Span, *, keeps_space: bool) -> None:
        signs = text.replace("\r\n", " ").translate(_TO_SPACE)
        self._found.extend(Character(sign, span, keeps_space=keeps_space) for sign in signs)

    def content(self) -> TextContent:
        """The characters, white space collapsed, positions given out."""
        kept: list[Character] = []
        place = [0]
        for one in self._found:
            follows = not kept or kept[-1].sign == " "
            if one.keeps_space or one.sign != " " or not follows:
                kept.append(one)
            place.append(len(kept))
        while kept and kept[-1].sign == " " and not kept[-1].keeps_space:
            kept.pop()
        ranges = tuple(
            (span, min(place[first], len(kept)), min(place[stop], len(kept))) for span, first, stop in self._ranges
        )
        for span, first, stop in ranges:
            _place(kept, span, first, stop, self._walker.document.tag(span.element))
        return TextContent(tuple(kept), ranges)


_TO_SPACE = str.maketrans({"\n": " ", "\r": " ", "\t": " "})


def _lines(style: Style, outer: tuple[tuple[str, Style], ...]) -> tuple[tuple[str, Style], ...]:
    """Lines asked for so far; those of an outer element stay, whatever an inner one says."""
    words = style.get("text-decoration").split()
    own = tuple((kind, style) for kind in _LINE_KINDS if kind in words)
    return (*(line for line in outer if line[0] not in words), *own)


def _place(characters: list[Character], span: Span, first: int, stop: int, tag: str) -> None:
    """Give the lists of an element to the characters in it; inner elements come later and win."""
    element = span.element
    if tag not in ("text", "tspan", "tref"):
        return
    for name in ("x", "y", "dx", "dy"):
        text = element.get(name)
        if text is not None:
            values = read_lengths(text, span.lengths, name[-1])
            for character, value in zip(characters[first:stop], values, strict=False):
                setattr(character, name, value)
    turns = numbers(element.get("rotate") or "")
    if turns and all(map(math.isfinite, turns)):
        for index, character in enumerate(characters[first:stop]):
            character.rotate = turns[min(index, len(turns) - 1)]
