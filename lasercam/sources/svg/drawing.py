"""What a walk through a drawing carries along, and what it finds."""

from dataclasses import dataclass, field, replace

from lasercam.errors import Location, Problem
from lasercam.geometry.area import Area
from lasercam.sources.svg.document import Element, SvgDocument
from lasercam.sources.svg.families import Families
from lasercam.sources.svg.items import Context, Item
from lasercam.sources.svg.lengths import IDENTITY, LengthContext, Matrix
from lasercam.sources.svg.style import Cascade, Style


@dataclass(frozen=True)
class Walk:
    """Where in the drawing the walker is.

    Attributes:
        style: of the parent.
        matrix: user units to µm (y up, origin at the root's).
        lengths: what relative lengths relate to.
        names: layers and ids so far, as `layer:…` and `id:…`.
        clip: area that may be painted, µm; None for all of it.
        links: elements whose copies are being drawn, against cycles.
        depth: nesting so far.
        context: what context-fill and context-stroke take their paint from.
        screen: matrix of the nearest viewport, for strokes that do not scale.
        opacity: of all groups around, multiplied.
    """

    style: Style
    matrix: Matrix
    lengths: LengthContext
    names: tuple[str, ...] = ()
    clip: Area | None = None
    links: tuple[Element, ...] = ()
    depth: int = 0
    context: Context | None = None
    screen: Matrix = IDENTITY
    opacity: float = 1.0


@dataclass
class Drawing:
    """What a walk finds.

    Attributes:
        items: everything painted, in painting order.
        refused: what is visible but cannot be drawn.
        notes: what the reader should know, each once, with where.
        used_ignores: ids to be left out that were met.
        visited: elements so far, copies counted.
        half_transparent: elements that are neither opaque nor invisible were met.
        undrawn: elements that were refused.
        measures_only: list every shape, whether it shows or not, for its bounds.
    """

    document: SvgDocument
    cascade: Cascade
    tolerance_um: float
    families: Families
    ignored: frozenset[str] = frozenset()
    items: list[Item] = field(default_factory=list)
    refused: list[Problem] = field(default_factory=list)
    notes: dict[str, list[Location]] = field(default_factory=dict)
    used_ignores: set[str] = field(default_factory=set)
    visited: int = 0
    half_transparent: bool = False
    undrawn: list[Element] = field(default_factory=list)
    measures_only: bool = False
    _text_styles: dict[int, tuple[Style, Style]] = field(default_factory=dict)

    def text_style(self, style: Style, without: tuple[str, ...]) -> Style:
        """A style without some properties; the same object for the same style."""
        known = self._text_styles.get(id(style))
        if known is None:
            values = {name: value for name, value in style.values.items() if name not in without}
            # The style itself is kept: its id is the key.
            known = self._text_styles[id(style)] = (style, Style(values, style.font_px))
        return known[1]

    def quiet(self, *, measures_only: bool = False) -> "Drawing":
        """A drawing of the same document with items of its own; notes and refusals are shared unless it measures."""
        if measures_only:
            return Drawing(
                self.document,
                self.cascade,
                self.tolerance_um,
                self.families,
                self.ignored,
                visited=self.visited,
                measures_only=True,
            )
        return replace(self, items=[])

    def note_transparency(self, element: Element) -> None:
        """Something neither opaque nor invisible."""
        self.half_transparent = True
        self.note("Half-transparent elements are written like opaque ones", element)

    def note(self, text: str, element: Element) -> None:
        """Say something once, counting places."""
        self.notes.setdefault(text, []).append(self.document.place(element))

    def refuse(self, element: Element, why: str, *, is_drawn: bool = False) -> None:
        """A visible thing that cannot be drawn, or not as it is meant."""
        if not is_drawn:
            self.undrawn.append(element)
        problem = Problem(f"{self.document.describe(element)}: {why}", self.document.place(element))
        if problem not in self.refused:
            self.refused.append(problem)

    def note_lines(self) -> tuple[str, ...]:
        """All notes as sentences."""
        lines = []
        for text, places in self.notes.items():
            more = f", {len(places)} times" if len(places) > 1 else ""
            lines.append(f"{text} (first in line {places[0].line}{more}).")
        return tuple(lines)
