"""Machine profiles: stage, laser, gate, objective and controller, with the provenance of their numbers."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from lasercam import units
from lasercam.model.laser import Gate, Laser, PositionFiring, PulseTrigger
from lasercam.model.path_planner import PathPlanner
from lasercam.model.stage import Axes, Axis, KeepOutBox, WritingField
from lasercam.schema.document import Document
from lasercam.schema.quantities import Bounds, Length, OneOrMore, PositiveLength, PositiveTime, Quantity, Time
from lasercam.units import RATIO

TICKS_PER_UM = 10_000
"""Coordinates are whole ticks of 0.1 nm."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")]


class Objective(Document):
    """The focusing optics."""

    name: str
    """Maker and type."""
    na: Annotated[float, Field(gt=0, lt=1.7)]
    """Numerical aperture."""
    immersion_index: Annotated[float, Field(ge=1, le=2)] = 1.0
    """Refractive index between objective and sample: 1.0 for a dry lens."""
    working_distance: PositiveLength
    """Free distance to the sample; the stage travel into it ends here."""
    depth_correction: Literal["paraxial", "best_focus", "marginal_ray", "measured"] = "paraxial"
    """What stage travel makes of a depth: the inner rays meet there (`paraxial`), the sharpest focus lies there by a
    published share of the aberration (`best_focus`), the outermost rays meet there (`marginal_ray`), or the lab's own
    `depth_per_travel` says so (`measured`)."""
    depth_per_travel: Annotated[float, Field(gt=0.2, lt=10)] | None = None
    """Measured depth of the written features per stage travel below the surface, such as 1.62; for `measured` only."""
    aberration_limit: PositiveLength | None = None
    """Longest spherical aberration that is accepted without a warning. Absent: the depth of focus, 2 z_R."""
    front_diameter: PositiveLength | None = None
    """Diameter of the front face: over a tilted or bent sample its rim comes nearer than its middle. Absent: only the
    middle is judged."""
    polarization: str = "unknown"
    """Polarization at the sample."""
    transmission: Annotated[float, Quantity(units.RATIO, Bounds(above=0.0, at_most=1.0))] | None = None
    """Share of the energy before the objective that reaches the sample, such as 80 %."""
    source: str
    """Where these numbers come from, or "example value"."""

    @model_validator(mode="after")
    def _aperture(self) -> "Objective":
        if self.na >= self.immersion_index:
            raise ValueError(
                f"an NA of {self.na:g} needs an immersion medium of a higher index than {self.immersion_index:g}"
            )
        return self

    @model_validator(mode="after")
    def _depth(self) -> "Objective":
        if (self.depth_correction == "measured") != (self.depth_per_travel is not None):
            raise ValueError(
                "`depth_correction: measured` and `depth_per_travel`, such as 1.62, go together: the one says that the"
                " other was measured"
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
    wait_step: Time = 0.0
    """Step in which it times waits, such as 50 ms; 0 = any. Waits in the dark are rounded up to it."""
    planner: PathPlanner = PathPlanner()
    """How it plans its way, for durations and doses."""
    dose_tolerance: Annotated[float, Quantity(RATIO, Bounds(above=0.0))] = 0.1
    """Share by which corners and short lines may change the dose along a line unreported. The default is assumed."""
    max_file_rows: Annotated[int, Field(ge=100)] | None = None
    """Most rows of one job file; longer ones are split where the beam is off. Absent: no limit."""
    rapids: Literal["straight", "independent"] = "straight"
    """Path of dark travel: `straight`, or `independent` where each axis runs at its own speed, so that travel may
    touch anything in the box between start and end."""
    max_ahead: PositiveTime = 2.0
    """Most beam-on time that may be on its way to a controller fed line by line: what a lost link leaves burning."""
    checkpoint_interval: PositiveTime = 10.0
    """Longest streaming between two places where everything is executed and the position is compared."""
    link: dict[str, Any] | None = None
    """How a program reaches a controller that loads whole files: `kind`, a name of `lasercam list controllers`, and the
    keys of that kind. Used by `lasercam run`, never to make a build. Absent: the operator loads the files."""
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
    """Reach, speed and acceleration of x, y and z."""
    work_origin: Annotated[tuple[Length, Length, Length], OneOrMore] = (0.0, 0.0, 0.0)
    """Where the sample's lower-left surface corner stands, in controller coordinates, unless the job says."""
    keep_out: tuple[KeepOutBox, ...] = ()
    """Boxes that no row may touch, in controller coordinates."""
    field: WritingField | None = None
    """What fine axes reach while the coarse stage stands; absent: the axes reach everything."""
    laser: Laser
    """Wavelength, pulses, energies on target, and how they are set."""
    gate: Gate
    """What lets the beam through while the program says so."""
    trigger: PulseTrigger | None = None
    """Counted pulse trigger; absent: pulses cannot be counted."""
    position_firing: PositionFiring | None = None
    """Shots fired by the stage's position; absent: rows of dots are written dot by dot."""
    objective: Objective
    """What focuses the beam into the sample."""
    controller: Controller
    """The motion controller and the language of its job files."""
    max_operator_stops: Annotated[int, Field(ge=0, le=65_535)] = 20
    """Most changes of laser settings in one job; more are refused."""
    source: str
    """Where stage numbers come from, or "example value"."""

    @property
    def axis_list(self) -> tuple[Axis, Axis, Axis]:
        """x, y, z."""
        return self.axes.x, self.axes.y, self.axes.z
