"""The stage of a machine profile: its axes and what they can do."""

from pydantic import model_validator

from lasercam.schema.document import Document
from lasercam.schema.quantities import Acceleration, Jerk, Length, Speed


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

    @model_validator(mode="after")
    def _range(self) -> "Axis":
        if self.min >= self.max:
            raise ValueError("an axis needs min below max")
        return self


class Axes(Document):
    """The three axes: x right, y up as the laser sees the sample, z up (away from the sample)."""

    x: Axis
    y: Axis
    z: Axis
