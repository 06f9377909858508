"""How a sample lies on the stage, as it was measured: turned, shrunken, tilted, bent, and where nothing may be."""

from typing import Annotated

from pydantic import Field, model_validator

from lasercam.schema.document import Document
from lasercam.schema.quantities import Angle, Length, OneOrMore, Quantity
from lasercam.schema.quantities import Bounds as _Bounds
from lasercam.units import ANGLE, RATIO

MOST_TILT_DEG = 10.0
"""Steepest slope of a sample (assumed): beyond, focusing through its surface is far from paraxial."""
SHRINKAGE = _Bounds(at_least=0.5, at_most=2.0)
"""Allowed ratio of actual to nominal size: what lies beyond is a slip of units."""

Scale = Annotated[float, Quantity(RATIO, SHRINKAGE)]
Tilt = Annotated[float, Quantity(ANGLE, _Bounds(at_least=-MOST_TILT_DEG, at_most=MOST_TILT_DEG))]
Source = Annotated[str, Field(min_length=3)]


class MeasuredRotation(Document):
    """How far the sample is turned on the stage."""

    value: Angle
    """Counterclockwise about the sample's corner, from the stage's x to the sample's."""
    source: Source
    """How the lab knows: a measurement with its date, or "example value"."""


class MeasuredScale(Document):
    """How the sample has changed its size since its frame was drawn, as in a furnace."""

    value: Annotated[tuple[Scale, ...], OneOrMore]
    """Actual over nominal size: one number for x, y and depth alike (0.998 after a shrinkage of 0.2 %), or one for
    each of the three."""
    source: Source
    """How the lab knows: a measurement with its date, or "example value"."""

    @model_validator(mode="after")
    def _one_or_three(self) -> "MeasuredScale":
        if len(self.value) not in (1, 3):
            raise ValueError(
                f"a scale is one number for x, y and depth, or three: [x, y, depth]; found {len(self.value)}"
            )
        return self

    @property
    def factors(self) -> tuple[float, float, float]:
        """Along x, y and depth."""
        x, y, depth = self.value * 3 if len(self.value) == 1 else self.value
        return x, y, depth


class MeasuredHeight(Document):
    """One reading of the surface's height."""

    at: tuple[Length, Length]
    """Where, in the sample's frame."""
    height: Length
    """Stage z with the focus on the surface there, counted from the z of `origin`."""


class MeasuredTilt(Document):
    """The slope of a flat sample: by two angles, or by heights measured at three places or more."""

    along_x: Tilt | None = None
    """Rise of the sample's x-axis above the horizontal."""
    along_y: Tilt | None = None
    """Rise of the sample's y-axis above the horizontal."""
    heights: tuple[MeasuredHeight, ...] = ()
    """Instead of angles: three heights or more, not in one line; of more than three, the plane nearest to all. They
    set the height of the sample's corner too."""
    source: Source
    """How the lab knows: a measurement with its date, or "example value"."""

    @model_validator(mode="after")
    def _angles_or_heights(self) -> "MeasuredTilt":
        by_angle = self.along_x is not None or self.along_y is not None
        if by_angle == bool(self.heights):
            found = "both" if by_angle else "neither"
            raise ValueError(f"a tilt is given by along_x and along_y, or by heights; found {found}")
        if self.heights and len(self.heights) < 3:
            raise ValueError(f"a plane needs three heights or more; found {len(self.heights)}")
        return self


class SurfaceMap(Document):
    """The surface of a sample that is not flat, measured on a grid."""

    file: Annotated[str, Field(min_length=1, max_length=1_000)]
    """CSV in the job's folder. Its first line names the columns with their units, such as x_mm,y_mm,height_um: places
    of a rectangular grid in the sample's frame, each once, in any order, and stage z with the focus on the surface
    there, counted from the z of `origin`."""
    source: Source
    """How the lab knows: a measurement with its date, or "example value"."""


class SamplePlacement(Document):
    """How the sample lies on the stage, beside its origin. What is not given is straight, true to size, level, flat."""

    rotation: MeasuredRotation | None = None
    """How far it is turned."""
    scale: MeasuredScale | None = None
    """How it has shrunk or grown."""
    tilt: MeasuredTilt | None = None
    """Slope of a flat sample."""
    surface: SurfaceMap | None = None
    """Instead of `tilt`: heights of a sample that is not flat; its tilt is taken from them."""

    @model_validator(mode="after")
    def _one_surface(self) -> "SamplePlacement":
        if self.tilt is not None and self.surface is not None:
            raise ValueError("a measured surface holds the tilt already; give either tilt or surface")
        return self


class SampleZone(Document):
    """A rectangle of the sample where nothing may be written."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    """As messages call it."""
    low: tuple[Length, Length]
    """Its lower left corner, in the sample's frame."""
    high: tuple[Length, Length]
    """Its upper right corner."""
    dark_travel: bool = False
    """Whether travel with the beam off may cross it: true for marks and cracks, false for a clamp."""
    source: Source
    """Why: "earlier device", "clamp, measured 2026-05-02", or "example value"."""

    @model_validator(mode="after")
    def _order(self) -> "SampleZone":
        if not all(a < b for a, b in zip(self.low, self.high, strict=True)):
            raise ValueError(f"zone '{self.name}' needs low below high along x and y")
        return self
