"""The light of a machine profile: source, gate, counted trigger, firing by position."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from lasercam.model.scale import EnergyScale, PowerScale, Scale
from lasercam.schema.document import Document
from lasercam.schema.quantities import (
    Energy,
    PositiveLength,
    PositiveTime,
    Power,
    PulseDuration,
    Rate,
    Speed,
    Time,
    Wavelength,
)

Control = Literal["operator", "laser", "analog", "spindle"]
"""Who sets energy or power: a person, the laser's adapter, or the program by an analogue output or its S word."""


def _refuse_unscaled(control: Control, scale: Scale | None, output: int | None) -> None:
    if (control == "analog") != (output is not None):
        raise ValueError("`control: analog` and `output`, the number of the analogue output, go together")
    if control in ("analog", "spindle") and scale is None:
        raise ValueError(f"`control: {control}` needs a `scale`: what the program sets to get how much")


class EnergySetting(Document):
    """How pulse energy on target is set."""

    control: Control = "operator"
    """`operator`: a person between job files; `laser`: an adapter between them; `analog`, `spindle`: the program."""
    scale: EnergyScale | None = None
    """What is set to get an energy; absent: the energy itself is told to the operator or the laser."""
    output: Annotated[int, Field(ge=0, le=63)] | None = None
    """`analog`: number of the controller's analogue output."""
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
        _refuse_unscaled(self.control, self.scale, self.output)
        return self


class PowerSetting(Document):
    """How the power of continuous light on target is set."""

    control: Control = "operator"
    """`operator`: a person between job files; `laser`: an adapter between them; `analog`, `spindle`: the program."""
    scale: PowerScale | None = None
    """What is set to get a power; absent: the power itself is told to the operator or the laser."""
    output: Annotated[int, Field(ge=0, le=63)] | None = None
    """`analog`: number of the controller's analogue output."""
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
        _refuse_unscaled(self.control, self.scale, self.output)
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
    adapter: dict[str, Any] | None = None
    """How a program reaches the laser: `kind`, a name of `lasercam list lasers`, and the keys of that kind. Used by
    `lasercam laser` and when a build is run, never to make one. Absent: a person sets the laser."""
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
    def strength(self) -> EnergySetting | PowerSetting | None:
        """How energy (or power) is set."""
        return self.average_power if self.is_cw else self.pulse_energy

    @property
    def is_set_by_program(self) -> bool:
        """Whether the job file sets energy or power."""
        return self.strength is not None and self.strength.control in ("analog", "spindle")

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
    open_delay: Time = 0.0
    """From the command to open until the beam is through; commands are given that much earlier."""
    close_delay: Time = 0.0
    """From the command to close until the beam is blocked."""
    time_step: Time = 0.0
    """Grid of the times it can be open, such as 50 ms; 0 = any."""
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
    counted_by: Literal["operator", "program"] = "operator"
    """Who sets the count: a person at the picker, once per job file, or the program at every dot."""
    source: str
    """Where these numbers come from, or "example value"."""


class PositionFiring(Document):
    """Position-synchronised output: single shots at equal distances while the stage moves."""

    step: PositiveLength
    """Encoder step: firing distances are whole multiples of it."""
    speed: Speed
    """Speed at which rows of single-shot dots are swept."""
    max_rate: Rate
    """Most shots per second."""
    max_shots: Annotated[int, Field(ge=2, le=16_777_215)]
    """Most shots of one sweep."""
    source: str
    """Where these numbers come from, or "example value"."""
