"""Keys that layouts from drawing and chip-design programs share."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from lasercam.model.job import Placement
from lasercam.schema.quantities import PositiveLength
from lasercam.sources.fill import FillKeys

MIN_TOLERANCE_UM = 1e-4
"""A tick of the toolpath."""
PartName = Annotated[str, Field(pattern=r"^[^\s.]+(\.[^\s.]+)*$", max_length=80)]


class LayoutKeys(Placement, FillKeys):
    """Keys of a layout from a file."""

    file: Annotated[str, Field(min_length=1, max_length=1_000)]
    """The layout, a path in the job's folder."""
    outline: bool = False
    """Also write the outlines of what is filled."""
    tolerance: PositiveLength = 0.05
    """How far the straight pieces of curves may lie off the true ones."""
    origin: Literal["corner", "file"] = "corner"
    """`corner`: the lower-left corner of all that is written comes to the pattern's origin; `file`: the file's does."""
    layers: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Only these layers, as the parts name them; absent: all."""
    names: dict[str, PartName] = {}
    """Other names for parts, by layer."""

    @field_validator("tolerance")
    @classmethod
    def _tolerance_is_a_tick(cls, tolerance: float) -> float:
        if tolerance < MIN_TOLERANCE_UM:
            raise ValueError(f"a tolerance below {MIN_TOLERANCE_UM * 1e3:g} nm is finer than any stage")
        return tolerance

    @model_validator(mode="after")
    def _outline_adds_something(self) -> "LayoutKeys":
        if self.fill == "none" and self.outline:
            raise ValueError("with fill: none outlines are written anyway; leave 'outline' out, or give 'fill'")
        return self
