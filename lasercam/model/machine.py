"""Machine profiles: stage, laser, gate, objective and controller, with the provenance of their numbers."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from lasercam.schema.document import Document
from lasercam.schema.quantities import (
    Acceleration,
    Energy,
    Length,
    OneOrMore,
    PositiveLength,
    PositiveTime,
    Power,
    PulseDuration,
    Rate,
    Ratio,
    Speed,
    Time,
    Wavelength,
)

TICKS_PER_UM = 10_000
"""Coordinates are whole ticks of 0.1 nm."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")]


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


class EnergySetting(Document):
    """How pulse energy on target is set."""

    control: Literal["operator"] = "operator"
    """`operator`: a person sets it between job files."""
    min: Energy
    """Smallest energy on target."""
    max: Energy
    """Largest energy on target."""
    step: Energy | None = None
    """Smallest settable step; energies must be multiples of it. Absent: continuous."""

    @model_validator(mode="after")
    def _range(self) -> "EnergySetting":
        if self.min > self.max:
            raise ValueError("pulse_energy needs min not above max")
        return self


class PowerSetting(Document):
    """How the power of continuous light on target is set."""

    control: Literal["operator"] = "operator"
    """`operator`: a person sets it between job files."""
    min: Power
    """Smallest power on target."""
    max: Power
    """Largest power on target."""
    step: Power | None = None
    """Smallest settable step; powers must be multiples of it. Absent: continuous."""

    @model_validator(mode="after")
    def _range(self) -> "PowerSetting":
        if self.min > self.max:
            raise ValueError("average_power needs min not above max")
        return self


_PULSED_KEYS = ("pulse_duration", "base_rate", "pulse_energy")


class Laser(Document):
    """The source, at the sample."""

    regime: Literal["pulsed", "cw"] = "pulsed"
    """`pulsed`, or `cw`: continuous light, of which the operator sets the average power."""
    wavelength: Wavelength
    """Vacuum wavelength."""
    pulse_duration: PulseDuration | None = None
    """Full width at half maximum; pulsed lasers only."""
    base_rate: Rate | None = None
    """Repetition rate before the pulse picker; the picker passes every k-th pulse. Pulsed lasers only."""
    max_divider: Annotated[int, Field(ge=1, le=10_000_000)] = 1
    """Largest k of the picker; 1 = no picker."""
    pulse_energy: EnergySetting | None = None
    """Which pulse energies can be set; pulsed lasers only."""
    average_power: PowerSetting | None = None
    """Which powers can be set; continuous lasers only."""
    beam: Literal["gaussian", "ring"] = "gaussian"
    """Shape at the focus: a Gaussian spot, or a ring imaged from a mask."""
    pulse_shape: Literal["gaussian", "sech2"] = "gaussian"
    """Temporal shape, for peak powers."""
    source: str
    """Where these numbers come from, or "example value"."""

    @model_validator(mode="after")
    def _regime(self) -> "Laser":
        if self.is_cw:
            unfit = [key for key in (*_PULSED_KEYS, "max_divider", "pulse_shape") if key in self.model_fields_set]
            if unfit:
                named = " and ".join(unfit)
                raise ValueError(f"a laser with `regime: cw` has no pulses, so no {named}; remove it, or the regime")
            if self.average_power is None:
                raise ValueError("a laser with `regime: cw` needs average_power, such as {min: 0.1 mW, max: 50 mW}")
            return self
        missing = [key for key in _PULSED_KEYS if getattr(self, key) is None]
        if missing:
            named = " and ".join(missing)
            raise ValueError(f"a pulsed laser needs {named}; for continuous light say `regime: cw`")
        if self.average_power is not None:
            raise ValueError(
                "average_power is set at continuous lasers (`regime: cw`); that of a pulsed one follows from"
                " pulse_energy and rate"
            )
        return self

    @property
    def is_cw(self) -> bool:
        """Whether the light is continuous."""
        return self.regime == "cw"


class Gate(Document):
    """What lets the beam through while the program says so."""

    min_open: PositiveTime
    """Shortest time it can be open under program control."""
    overhead: Time
    """How much longer than asked it may stay open."""
    output: Annotated[int, Field(ge=0, le=63)] = 0
    """Digital output that opens it, where the controller has several."""
    source: str
    """Where these numbers come from, or "example value"."""


class PulseTrigger(Document):
    """A counted trigger: each edge passes a number of pulses that the picker counts in hardware."""

    output: Annotated[int, Field(ge=0, le=63)]
    """Digital output whose rising edge triggers."""
    width: PositiveTime
    """How long the output stays high per trigger."""
    max_pulses: Annotated[int, Field(ge=1, le=4_294_967_295)]
    """Most pulses one trigger can count."""
    source: str
    """Where these numbers come from, or "example value"."""


class Objective(Document):
    """The focusing optics."""

    name: str
    na: Annotated[float, Field(gt=0, lt=1.7)]
    """Numerical aperture."""
    immersion_index: Annotated[float, Field(ge=1, le=2)] = 1.0
    """Refractive index between objective and sample: 1.0 for a dry lens."""
    working_distance: PositiveLength
    """Free distance to the sample; the stage travel into it ends here."""
    polarization: str = "unknown"
    """Polarization at the sample."""
    transmission: Ratio | None = None
    """Share of the energy before the objective that reaches the sample."""
    source: str
    """Where these numbers come from, or "example value"."""

    @model_validator(mode="after")
    def _aperture(self) -> "Objective":
        if self.na >= self.immersion_index:
            raise ValueError(
                f"an NA of {self.na:g} needs an immersion medium of a higher index than {self.immersion_index:g}"
            )
        return self


class Controller(Document):
    """The motion controller and the language its job files are written in."""

    dialect: Name
    """A name of `lasercam list dialects`."""
    increment: PositiveLength
    """Programmable increment: all coordinates are multiples of it."""
    path_tolerance: PositiveLength
    """How far blending may leave the programmed corner."""
    min_segment_time: Time = 0.0
    """Shortest programmed move it executes at full speed."""
    settle_time: Time = 0.0
    """Wait on arrival before a dot fires."""
    settings: dict[str, str] = {}
    """Controller settings the job relies on, by the controller's own names."""
    source: str
    """Where these numbers come from, or "example value"."""

    @field_validator("increment")
    @classmethod
    def _whole_ticks(cls, increment: float) -> float:
        ticks = increment * TICKS_PER_UM
        if round(ticks) < 1 or abs(ticks - round(ticks)) > 1e-6:
            raise ValueError(f"increment is {increment * 1000:g} nm; it must be a whole multiple of 0.1 nm")
        return increment


class Machine(Document):
    """A writing stage."""

    machine: Name
    """Its name; jobs refer to it."""
    title: str
    """One line for lists."""
    axes: Axes
    work_origin: Annotated[tuple[Length, Length, Length], OneOrMore] = (0.0, 0.0, 0.0)
    """Where the sample's lower-left surface corner stands, in controller coordinates, unless the job says."""
    laser: Laser
    gate: Gate
    trigger: PulseTrigger | None = None
    """Counted pulse trigger; absent: pulses cannot be counted."""
    objective: Objective
    controller: Controller
    max_operator_stops: Annotated[int, Field(ge=0, le=65_535)] = 20
    """Most changes of laser settings in one job; more are refused."""
    source: str
    """Where stage numbers come from, or "example value"."""

    @property
    def axis_list(self) -> tuple[Axis, Axis, Axis]:
        """x, y, z."""
        return self.axes.x, self.axes.y, self.axes.z
