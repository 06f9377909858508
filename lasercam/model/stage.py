"""The stage of a machine profile: its axes and what they can do."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from lasercam.schema.document import Document
from lasercam.schema.quantities import Acceleration, Depth, Jerk, Length, PositiveLength, Speed


class Backlash(Document):
    """Play of an axis: places are reached from one side, so that the play is always taken up the same way."""

    approach: Literal["positive", "negative"]
    """Direction of the last motion before a dot fires or a run-up begins."""
    overshoot: PositiveLength
    """How far, at least, that last motion goes: no less than the play of the axis."""
    source: str
    """Where these numbers come from, or "example value"."""


class Axis(Document):
    """One axis of the stage, in controller coordinates."""

    min: Length
    """Lowest position."""
    max: Length
    """Highest position."""
    max_speed: Speed
    """Fastest travel; rapids run at it."""
    acceleration: Acceleration
    """Largest acceleration."""
    jerk: Jerk | None = None
    """Largest change of acceleration per time; absent: accelerations change at once."""
    backlash: Backlash | None = None
    """Approach from one side; absent: the axis has no play worth minding."""

    @model_validator(mode="after")
    def _range(self) -> "Axis":
        if self.min >= self.max:
            raise ValueError("an axis needs min below max")
        return self


class Axes(Document):
    """The three axes: x right, y up as the laser sees the sample, z up (away from the sample)."""

    x: Axis
    """To the right, as the laser sees the sample."""
    y: Axis
    """Upwards, as the laser sees the sample."""
    z: Axis
    """Away from the sample."""


class KeepOutBox(Document):
    """A box in controller coordinates that no row may touch, dark travel included: a clamp, a post, a mark."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    """As messages call it."""
    low: Annotated[tuple[Length, ...], Field(min_length=2, max_length=3)]
    """Lower corner: x, y and perhaps z; without z the box reaches through all heights."""
    high: Annotated[tuple[Length, ...], Field(min_length=2, max_length=3)]
    """Upper corner, with as many numbers."""
    source: str
    """Where these numbers come from, or "example value"."""

    @model_validator(mode="after")
    def _order(self) -> "KeepOutBox":
        if len(self.low) != len(self.high):
            raise ValueError(f"zone '{self.name}' has {len(self.low)} numbers in low and {len(self.high)} in high")
        if not all(a < b for a, b in zip(self.low, self.high, strict=True)):
            raise ValueError(f"zone '{self.name}' needs low below high along each axis")
        return self


class WritingField(Document):
    """The field that fine axes (a galvo, a piezo stage) reach while the coarse stage stands.

    Features are written field by field; a dark JUMP to the middle of the next field is the coarse stage's.
    """

    size: tuple[PositiveLength, PositiveLength]
    """Travel of the fine axes along x and y."""
    guard: Depth = 0.0
    """Rim of the field, on each side, that is kept for run-ups and for lines that just reach out; fields repeat at
    the size without both rims. At most a quarter of the size."""
    stitch: Literal["refuse", "cut"] = "refuse"
    """Lines that do not fit one field: `refuse` the job, or `cut` them where fields meet. Both pieces end at the same
    place, and nothing is exposed twice."""
    source: str
    """Where these numbers come from, or "example value"."""

    @model_validator(mode="after")
    def _rim(self) -> "WritingField":
        if self.guard > min(self.size) / 4:
            raise ValueError(
                f"a guard of {self.guard:g} µm leaves too little of a field of {min(self.size):g} µm; at most"
                f" {min(self.size) / 4:g} µm is allowed"
            )
        return self
