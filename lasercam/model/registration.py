"""A registration: marks measured after a remount, the frame that was fitted to them, and what is left at each mark."""

from math import hypot
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from lasercam.model.mounting import Scale
from lasercam.schema.document import Document
from lasercam.schema.quantities import Angle, Length, PositiveLength, Quantity
from lasercam.units import RATIO

REGISTRATION_SCHEMA = "lasercam-registration-1"
MIN_MARKS = {"shift": 2, "rigid": 2, "similarity": 3, "stretch": 3, "affine": 4}
"""Fewest marks: at least one number more than the model has unknowns, so that a slip of one mark shows."""

FitModel = Literal["shift", "rigid", "similarity", "stretch", "affine"]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Text = Annotated[str, Field(max_length=400)]


def _two_or_three(values: tuple[float, ...]) -> tuple[float, ...]:
    if len(values) not in (2, 3):
        raise ValueError(f"a place has two numbers (x, y) or three (x, y, z); found {len(values)}")
    return values


Place = Annotated[tuple[Length, ...], AfterValidator(_two_or_three)]
"""x, y and, where it was measured, z."""


class FittedFrame(Document):
    """How the sample lies on the stage, rounded to the digits that stand here."""

    corner: tuple[Length, Length, Length]
    """Where the sample's lower-left surface corner stands, in controller coordinates."""
    rotation: Angle
    """Counterclockwise, from the stage's x to the sample's."""
    scale: tuple[Scale, Scale, Scale]
    """Actual over nominal size along x, y and depth."""
    shear: Annotated[float, Quantity(RATIO)]
    """Shift along the sample's x per length along its y."""
    slope: tuple[Annotated[float, Quantity(RATIO)], Annotated[float, Quantity(RATIO)]]
    """Rise of the surface in the controller's z per length along the sample's x and y."""


class RegisteredMark(Document):
    """One mark that was found again."""

    nominal: tuple[Length, Length, Length]
    """Where the job puts it: x, y and depth in the sample's frame."""
    measured: Place
    """Controller coordinates with the focus on it."""
    off: Place
    """Measured minus fitted place."""
    sigma: PositiveLength
    """Uncertainty it was weighted with."""

    @property
    def distance_um(self) -> float:
        """From its fitted place, in the plane."""
        return hypot(self.off[0], self.off[1])


class RegistrationDocument(Document):
    """What `lasercam register` writes and later steps are built with."""

    registration: Literal["lasercam-registration-1"]
    job: Annotated[str, Field(max_length=200)]
    """The job's name."""
    job_sha256: Sha256
    """Of the job file the marks were taken from; the job may change afterwards as long as its marks do not."""
    step: Annotated[str, Field(max_length=80)]
    """Name of the remount."""
    pattern: str
    """The pattern that wrote the marks."""
    machine: str
    """Whose coordinates were measured."""
    date: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    """Day of the measurement."""
    by: Text = ""
    """Who measured."""
    source: Text
    """Where the numbers come from: a file with its hash, or typed."""
    note: Text = ""
    """For readers."""
    model: FitModel
    """What was fitted: shift; rigid (with rotation); similarity (with one scale); stretch (a scale along each
    of x and y); affine (with shear)."""
    heights: Literal["tilt", "shift", "nominal"]
    """What was made of heights: tilt and height, one height for a level sample, or none was measured."""
    tolerance: PositiveLength
    """Farthest a mark may lie from its fitted place in the plane."""
    height_tolerance: PositiveLength
    """Farthest a mark may lie from its fitted height."""
    rms: Length
    """Root mean square of what is left in the plane."""
    frame: FittedFrame
    marks: Annotated[dict[Annotated[str, Field(max_length=200)], RegisteredMark], Field(min_length=1)]

    @model_validator(mode="after")
    def _enough(self) -> "RegistrationDocument":
        least = MIN_MARKS[self.model]
        if len(self.marks) < least:
            raise ValueError(f"a fit of {self.model} needs {least} marks or more; found {len(self.marks)}")
        return self
