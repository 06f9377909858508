"""One painted element, before flattening."""

from dataclasses import dataclass

from lasercam.geometry.area import Area
from lasercam.sources.svg.document import Element
from lasercam.sources.svg.lengths import LengthContext, Matrix
from lasercam.sources.svg.style import Style


@dataclass(frozen=True, eq=False, slots=True)
class Context:
    """What `context-fill` and `context-stroke` mean inside a copy or a marker.

    Attributes:
        style: of the element that the copy or marker belongs to.
        outer: what they mean in that element.
    """

    style: Style
    outer: "Context | None" = None


@dataclass(eq=False, slots=True)
class Item:
    """A shape with everything needed to draw it; not frozen, which would triple the time to make one.

    Attributes:
        path: path data, user units.
        matrix: user units to µm, y up.
        style: computed.
        element: where it comes from.
        names: layers and ids it lies in, outermost first.
        clip: area that may be painted, µm; None for all of it.
        lengths: what its relative lengths relate to.
        context: what context-fill and context-stroke take their paint from.
        screen: matrix in which the stroke has its width, when it does not scale with the element.
        opacity: of the groups around it and its own, multiplied.
    """

    path: str
    matrix: Matrix
    style: Style
    element: Element
    names: tuple[str, ...]
    clip: Area | None
    lengths: LengthContext
    context: Context | None = None
    screen: Matrix | None = None
    opacity: float = 1.0
