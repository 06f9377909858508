"""Shapes as they are written in a job, and the areas they stand for."""

from math import acos, ceil, pi
from typing import Annotated, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from lasercam.errors import PatternError
from lasercam.geometry.area import Area
from lasercam.geometry.polylines import Polylines
from lasercam.geometry.transform import compose, rotation, translation
from lasercam.schema.document import Document
from lasercam.schema.quantities import Angle, Length, PositiveLength

MAX_CORNERS = 1_000_000
"""Corners of one circle or ellipse; more is a slip of the unit."""

Point: TypeAlias = tuple[Length, Length]


class ShapeKeys(Document):
    """What every shape has."""

    combine: Literal["union", "difference", "intersection"] = "union"
    """What the shape does to those before it: joins them, is cut out of them, or keeps only what lies in both."""
    rotate: Angle = 0.0
    """Counterclockwise, about `centre` (a polygon's or a combination's: about the origin)."""

    def area(self, tolerance_um: float) -> Area:
        """The area in the pattern's frame."""
        outline = self._outline(tolerance_um)
        return outline.transform(compose(rotation(self.rotate), translation(*self._place())))

    def _outline(self, tolerance_um: float) -> Area:
        """The area about its own origin."""
        raise NotImplementedError

    def _place(self) -> Point:
        return 0.0, 0.0


class CentredKeys(ShapeKeys):
    """A shape with a middle."""

    centre: Point
    """Where its middle lies, from the pattern's origin."""

    def _place(self) -> Point:
        return self.centre


class RectangleKeys(CentredKeys):
    """A rectangle."""

    shape: Literal["rectangle"]
    """Its kind."""
    size: tuple[PositiveLength, PositiveLength]
    """Width and height."""

    def _outline(self, tolerance_um: float) -> Area:
        half = np.array(self.size) / 2.0
        return Area.from_rectangles([-half], [half])


class CircleKeys(CentredKeys):
    """A disc."""

    shape: Literal["circle"]
    """Its kind."""
    diameter: PositiveLength
    """Of the disc."""

    def _outline(self, tolerance_um: float) -> Area:
        return _ellipse(self.diameter / 2.0, self.diameter / 2.0, tolerance_um)


class EllipseKeys(CentredKeys):
    """An ellipse."""

    shape: Literal["ellipse"]
    """Its kind."""
    size: tuple[PositiveLength, PositiveLength]
    """Full axes along x and y."""

    def _outline(self, tolerance_um: float) -> Area:
        return _ellipse(self.size[0] / 2.0, self.size[1] / 2.0, tolerance_um)


class RingKeys(CentredKeys):
    """A ring."""

    shape: Literal["ring"]
    """Its kind."""
    inner_diameter: PositiveLength
    """Of the hole."""
    outer_diameter: PositiveLength
    """Of the whole."""

    @model_validator(mode="after")
    def _hole_is_smaller(self) -> "RingKeys":
        if self.inner_diameter >= self.outer_diameter:
            raise ValueError("a ring's inner_diameter must be below its outer_diameter")
        return self

    def _outline(self, tolerance_um: float) -> Area:
        outer, inner = (_circle(d / 2.0, tolerance_um) for d in (self.outer_diameter, self.inner_diameter))
        return outer.difference(inner)


class PolygonKeys(ShapeKeys):
    """A polygon."""

    shape: Literal["polygon"]
    """Its kind."""
    corners: Annotated[tuple[Point, ...], Field(min_length=3, max_length=100_000)]
    """x and y of every corner from the pattern's origin, once around; where the outline crosses itself, everything
    it winds around counts as inside."""

    def _outline(self, tolerance_um: float) -> Area:
        return Area.from_rings(Polylines.from_list([self.corners]))


class CombinationKeys(ShapeKeys):
    """Shapes taken together, as one shape."""

    shape: Literal["combination"]
    """Its kind."""
    shapes: Annotated[tuple["Shape", ...], Field(min_length=1, max_length=10_000)]
    """Combined in their order, before the combination itself is."""

    def _outline(self, tolerance_um: float) -> Area:
        return combined(self.shapes, tolerance_um)


Shape: TypeAlias = Annotated[
    RectangleKeys | CircleKeys | EllipseKeys | RingKeys | PolygonKeys | CombinationKeys, Field(discriminator="shape")
]
"""Any shape."""
CombinationKeys.model_rebuild()


def combined(shapes: tuple[Shape, ...], tolerance_um: float) -> Area:
    """The shapes taken together in their order.

    Args:
        shapes: each joins, cuts or limits what the ones before it made.
        tolerance_um: curved outlines are this far inside the true ones at most, µm.

    Raises:
        PatternError: the first shape has nothing to be cut out of, or nothing is left after one of them.
        GeometryError: refused coordinates.
    """
    whole = Area.empty()
    # Runs of unions are joined at once: one by one, many shapes would take quadratic time.
    waiting: list[Area] = []
    for number, shape in enumerate(shapes, 1):
        if number == 1 and shape.combine != "union":
            raise PatternError(f"shape 1 ({shape.shape}): combine: {shape.combine} needs a shape before it")
        area = shape.area(tolerance_um)
        if area.is_empty:
            raise PatternError(f"shape {number} ({shape.shape}) encloses nothing")
        if shape.combine == "union":
            waiting.append(area)
            continue
        whole, waiting = Area.union_of([whole, *waiting]), []
        whole = whole.difference(area) if shape.combine == "difference" else whole.intersection(area)
        if whole.is_empty:
            raise PatternError(f"nothing is left after the {shape.combine} with shape {number} ({shape.shape})")
    return Area.union_of([whole, *waiting])


def _circle(radius_um: float, tolerance_um: float) -> Area:
    return _ellipse(radius_um, radius_um, tolerance_um)


def _ellipse(half_width_um: float, half_height_um: float, tolerance_um: float) -> Area:
    corners = _turn(max(half_width_um, half_height_um), tolerance_um) * (half_width_um, half_height_um)
    return Area.from_rings(Polylines.from_list([corners]))


def _turn(radius_um: float, tolerance_um: float) -> NDArray[np.float64]:
    """Corners on the unit circle, float64 (N, 2), so many that chords of the radius keep the tolerance.

    Source: sagitta of a chord over the angle h is r (1 - cos(h / 2)).
    """
    share = min(tolerance_um / radius_um, 0.25)
    count = max(16.0, pi / acos(1.0 - share)) if share > 1e-15 else float("inf")
    if count > MAX_CORNERS:
        raise PatternError(
            f"a circle of {radius_um:g} µm radius within {tolerance_um:g} µm needs {count:.3g} corners; at most"
            f" {MAX_CORNERS:,} are allowed. Raise the tolerance, or check the unit."
        )
    # A multiple of four, so that the extremes along x and y are corners.
    angle = np.linspace(0.0, 2.0 * pi, 4 * ceil(count / 4.0), endpoint=False)
    return np.column_stack((np.cos(angle), np.sin(angle)))
