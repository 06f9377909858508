"""The job file: what is written (patterns), how (recipes) and when (steps), as its author wrote it."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from lasercam.model.machine import Name
from lasercam.model.recipe import PassKind
from lasercam.model.sample import Sample
from lasercam.schema.document import Document
from lasercam.schema.quantities import (
    POSITIVE,
    Angle,
    Count,
    CountFamily,
    Depth,
    EnergyFamily,
    Family,
    Fluence,
    FluenceFamily,
    Length,
    LengthFamily,
    LineDoseFamily,
    OneOrMore,
    PositiveLength,
    PositiveRatioFamily,
    PositiveTime,
    PowerFamily,
    PulseDurationFamily,
    Quantity,
    RateFamily,
    Ratio,
    SpeedFamily,
    Temperature,
    TemperatureRate,
    Time,
    TimeFamily,
    Wavelength,
)
from lasercam.units import WAVELENGTH

WavelengthFamily: TypeAlias = Annotated[tuple[float, ...], Family(Quantity(WAVELENGTH, POSITIVE))]

PatternName: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$")]
"""Without dots: `pattern.part` is cut at the first."""

PartRef: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9_*?\[\]-]+(\.[^\s.]+)*$", max_length=200)]
"""`pattern.part`, `pattern` for all of it, or a glob of either."""


class StepAndRepeat(Document):
    """Copies of a pattern on a rectangular grid."""

    counts: tuple[Annotated[int, Field(ge=1, le=100_000)], Annotated[int, Field(ge=1, le=100_000)]]
    """Copies along x and y."""
    pitch: tuple[PositiveLength, PositiveLength]
    """Distance from copy to copy along x and y."""


class Placement(Document):
    """Where a pattern lies in the sample; every pattern takes these keys beside its own."""

    type: Name
    """Which source makes it; see `lasercam list patterns`."""
    at: tuple[Length, Length] = (0.0, 0.0)
    """Where the pattern's own origin (its lower-left corner) lies on the sample."""
    depth: Depth = 0.0
    """Depth below the surface; of a stack, its shallowest plane."""
    rotate: Angle = 0.0
    """Counterclockwise about the pattern's origin."""
    mirror: Literal["none", "x", "y"] = "none"
    """Flip left-right (x) or upside down (y) about the pattern's origin, before rotating."""
    array: StepAndRepeat | None = None
    """Step and repeat."""
    inside: Annotated[tuple[Name, ...], OneOrMore] = ()
    """Keep only what lies inside the areas of these patterns."""
    outside: Annotated[tuple[Name, ...], OneOrMore] = ()
    """Keep only what lies outside the areas of these patterns."""


class CompensationText(Document):
    """Pulse energy by depth: one recipe writes alike at every depth, with as few energies as can be."""

    file: Annotated[str, Field(min_length=1)] | None = None
    """A CSV table beside the job, headed `depth [um], pulse_energy [uJ]`: energies on target that write alike."""
    attenuation_length: PositiveLength | None = None
    """Instead of `file`: the path in which the sample takes all but 1/e of the light; E exp(z / L)."""
    reference_depth: Depth | None = None
    """Where the recipe's own `pulse_energy` holds; energies elsewhere keep the ratio of the table or formula. Absent:
    a table gives the energies themselves, and with `attenuation_length` the recipe's energy is that at the focus."""
    tolerance: Ratio
    """Largest deviation of an energy from what is wanted, as a share of it; depths that agree within it share one
    energy. 0: every depth has its own."""
    source: Annotated[str, Field(min_length=3)]
    """How the lab knows: a measurement with its date, a citation, or "example value"."""

    @model_validator(mode="after")
    def _one_law(self) -> "CompensationText":
        if (self.file is None) == (self.attenuation_length is None):
            found = "both" if self.file is not None else "neither"
            raise ValueError(f"a compensation needs either file or attenuation_length; found {found}")
        if self.tolerance >= 1.0:
            raise ValueError(f"a tolerance of {self.tolerance:.4g} leaves no energy to speak of; write less than 100 %")
        return self

    @property
    def is_absolute(self) -> bool:
        """Whether it gives the energies themselves, so that the recipe gives none."""
        return self.file is not None and self.reference_depth is None


class RecipeText(Document):
    """An exposure as written; lists and ranges make a family."""

    process: Name | None = None
    """The process window it claims; see `lasercam list processes`."""
    like: Name | None = None
    """Another recipe whose values hold unless given here."""
    pulse_energy: EnergyFamily | None = None
    """Energy of one pulse on target."""
    repetition_rate: RateFamily | None = None
    """Pulses per second reaching the sample."""
    pulse_duration: PulseDurationFamily | None = None
    """Full width at half maximum; absent: the machine's."""
    average_power: PowerFamily | None = None
    """What a power meter shows at the sample: of pulses it must agree with energy times rate; of continuous light it
    is what is set."""
    fluence: FluenceFamily | None = None
    """Instead of `pulse_energy`: the fluence it shall give, by the radii of the ring or of the Gaussian spot."""
    fluence_is: Literal["peak", "mean"] | None = None
    """What `fluence` means in a Gaussian beam: on the axis, or over the 1/e² disc (half of it)."""
    speed: SpeedFamily | None = None
    """Writing speed of lines."""
    line_dose: LineDoseFamily | None = None
    """Instead of `speed`: the energy per length it shall give; with `speed`, instead of energy or power."""
    pulses_per_spot: PositiveRatioFamily | None = None
    """Instead of `speed`: pulses while the spot's 1/e² diameter passes, 2 w0 f / v."""
    pulse_pitch: LengthFamily | None = None
    """Instead of `speed`: distance from pulse to pulse along a line, v / f."""
    exposure: TimeFamily | None = None
    """Gate-open time of dots."""
    pulses: CountFamily | None = None
    """Counted pulses per dot."""
    pitch: LengthFamily | None = None
    """Firing distance of position-synchronised shots."""
    line_width: LengthFamily | None = None
    """Instead of `speed` or `pulse_energy`: the width of line it shall give, by the fit of the process."""
    dot_diameter: LengthFamily | None = None
    """Instead of `pulse_energy`: the diameter of dot it shall give, by the fit of the process."""
    emission: WavelengthFamily | None = None
    """Instead of the setting it was fitted against: the emission peak it shall give, by the fit of the process."""
    compensation: CompensationText | None = None
    """Pulse energy by depth; from a table, instead of `pulse_energy` unless it says a `reference_depth`."""
    note: str = ""
    """For the runbook."""


class HeatStep(Document):
    """A furnace programme over the whole sample."""

    process: Name | None = None
    """The heat-treatment window it claims."""
    temperature: Temperature | None = None
    """Of the plateau."""
    emission: Wavelength | None = None
    """Instead of `temperature`: the emission peak wanted afterwards; solved from the points the process states."""
    hold_time: Time
    """At the plateau."""
    ramp_rate: TemperatureRate | None = None
    """Up and down."""
    atmosphere: str = ""
    """Air, nitrogen, …"""

    @model_validator(mode="after")
    def _one_aim(self) -> "HeatStep":
        if (self.temperature is None) == (self.emission is None):
            found = "both" if self.emission is not None else "neither"
            raise ValueError(f"a heat step needs either temperature or emission; found {found}")
        return self


class SoakStep(Document):
    """A stay in moisture, solvent or another medium."""

    process: Name | None = None
    """The process window it claims."""
    medium: str
    """What the sample is kept in."""
    hold_time: Time
    """For how long."""


class RemountStep(Document):
    """The sample is put back and found again by its marks."""

    marks: Name | None = None
    """The pattern that wrote the marks; absent: existing features, described in `note`."""
    registration: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """What `lasercam register` made of the measured marks, a path in the job's folder: later steps are written in the
    frame it fitted. While the file is not there, they stay in the nominal frame."""
    note: str = ""
    """For the runbook."""

    @model_validator(mode="after")
    def _marks_are_registered(self) -> "RemountStep":
        if self.registration is not None and self.marks is None:
            raise ValueError("a registration needs `marks`, the pattern whose marks are measured")
        return self


class ReadStep(Document):
    """Looking at the sample, without writing."""

    process: Name | None = None
    """The process window it claims."""
    excitation: Wavelength
    """Wavelength of the light it is looked at with."""
    fluence: Fluence | None = None
    """Of one pulse of that light, where it is pulsed and strong enough to matter."""
    fluence_is: Literal["peak", "mean"] | None = None
    """What `fluence` means: on the axis, or over the 1/e² disc (half of it)."""
    pulses: Count | None = None
    """How many pulses each place gets while it is looked at."""
    filter: Annotated[str, Field(pattern=r"^((lp|sp)\d{3,4}|bp\d{3,4}(/\d{1,3}|-\d{3,4}))?$")] = ""
    """Filter before the camera: lp645 (long-pass, nm), sp600 (short-pass), bp613/20 (band-pass, centre/width) or
    bp600-630 (its edges)."""
    note: str = ""
    """For the runbook."""


class Cooling(Document):
    """Heat of one feature is to be gone before its neighbours are written."""

    distance: PositiveLength
    """Features nearer to each other than this are neighbours, measured from edge to edge of their paths."""
    time: PositiveTime
    """Shortest time from the end of one feature to the beginning of a neighbour."""


VERBS = ("write", "rewrite", "erase", "heat", "soak", "remount", "manual", "read")
TRAVEL_KEYS = ("travel", "keep_direction", "inner_first", "cooling")
"""Keys of a step with a beam that say what follows what within a depth and laser setting."""


class Step(Document):
    """One pass over the sample, or something that happens between passes."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    """Shown in reports and used in file names."""
    write: Annotated[dict[PartRef, Name], Field(min_length=1)] | None = None
    """First pass: part → recipe. May touch nothing that is already written, unless `over` says so."""
    rewrite: Annotated[dict[PartRef, Name], Field(min_length=1)] | None = None
    """Another pass over what is written: part → recipe."""
    erase: Annotated[dict[PartRef, Name], Field(min_length=1)] | None = None
    """A pass that removes what is written: part → recipe."""
    heat: HeatStep | None = None
    """A furnace programme over the whole sample."""
    soak: SoakStep | None = None
    """A stay in moisture, solvent or another medium."""
    remount: RemountStep | None = None
    """The sample is put back and found again by its marks."""
    manual: str | None = None
    """An instruction for the operator."""
    read: ReadStep | None = None
    """Looking at the sample, without writing."""
    machine: str | None = None
    """Another machine for this step."""
    repeat: Annotated[int, Field(ge=1, le=100_000)] = 1
    """How many times; more than once is meant so."""
    over: Annotated[tuple[str, ...], OneOrMore] = ()
    """Earlier steps whose exposures a `write` may touch."""
    order: Literal["planned", "by_setup", "as_given"] = "planned"
    """`planned`: deep before shallow, laser settings within a depth, then short travel. `by_setup`: each laser
    setting once, deep before shallow inside it. `as_given`: exactly as the patterns list their features."""
    travel: Literal["shortest", "rows"] = "shortest"
    """Within a depth and laser setting. `shortest`: lattices and hatches are swept there and back, all else is written
    along the shortest path found. `rows`: always swept, also where many places of a lattice are empty; whole rows suit
    shots fired by position."""
    keep_direction: bool = False
    """Lines run as their pattern draws them, never backwards."""
    inner_first: bool = False
    """What lies inside a closed line is written before that line, as when something is cut out."""
    cooling: Cooling | None = None
    """Neighbours are written some time apart: features are shared out over rounds, each of which leaves the distance
    between its features. Nothing waits: where there are too few features to fill the time, the job is refused."""

    @model_validator(mode="after")
    def _one_verb(self) -> "Step":
        given = [verb for verb in VERBS if getattr(self, verb) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise ValueError(f"step '{self.name}' needs exactly one verb of {', '.join(VERBS)}; found {found}")
        if self.over and self.write is None:
            raise ValueError(f"step '{self.name}' has `over`, which only a write needs; a {given[0]} step has none")
        if self.order != "planned" and self.pass_kind is None:
            raise ValueError(f"step '{self.name}' has `order`, but a {given[0]} step orders no features")
        self._refuse_contradictions(given[0])
        return self

    def _refuse_contradictions(self, verb: str) -> None:
        wishes = [key for key in TRAVEL_KEYS if getattr(self, key) != type(self).model_fields[key].default]
        if wishes and self.pass_kind is None:
            raise ValueError(f"step '{self.name}' has `{wishes[0]}`, but a {verb} step orders no features")
        ordering = [key for key in wishes if key in ("travel", "inner_first")]
        if self.order == "as_given" and ordering:
            raise ValueError(
                f"step '{self.name}' has `{ordering[0]}`, but `order: as_given` leaves nothing to order; remove one"
            )
        if self.cooling is not None and ordering:
            raise ValueError(
                f"step '{self.name}' has `{ordering[0]}` and `cooling`, which both decide what follows what; remove "
                "one, or write what needs the other in a step of its own"
            )
        if self.inner_first and self.travel == "rows":
            raise ValueError(
                f"step '{self.name}' has `inner_first` and `travel: rows`, which both decide what follows what; "
                "remove one"
            )

    @property
    def verb(self) -> str:
        """What the step does."""
        return next(verb for verb in VERBS if getattr(self, verb) is not None)

    @property
    def pass_kind(self) -> PassKind | None:
        """Write, rewrite or erase; None for steps without a beam."""
        return PassKind(self.verb) if self.verb in tuple(PassKind) else None

    @property
    def exposures(self) -> dict[str, str]:
        """Part → recipe of a step with a beam."""
        return self.write or self.rewrite or self.erase or {}


def _filled_in(text: str) -> str:
    if text.strip().startswith("<") or "…" in text or not text.strip():
        raise ValueError(f"'{text}' is still the placeholder; write the lab's own answer")
    return text


class SuppliedText(Document):
    """The lab's answer to something a source leaves unknown."""

    value: Annotated[str, AfterValidator(_filled_in)]
    """Number with unit, or text."""
    source: Annotated[str, Field(min_length=3)]
    """How the lab knows: a measurement with its date, or "example value"."""
    definition: Annotated[str, Field(max_length=40)] = ""
    """What the number means where people mean different things: of a spot `1/e^2 radius`, `1/e^2 diameter`, `FWHM`; of
    a fluence `peak` or `mean`; of an irradiance `average` or `peak`."""


class WaiverText(Document):
    """A finding the author accepts, and why."""

    code: Annotated[str, Field(pattern=r"^[EW]_[A-Z0-9_]+$")]
    """The finding's code."""
    on: Annotated[str, Field(min_length=1)]
    """What it concerns, as the finding names it: `recipes.dual_phase`, `patterns.label`."""
    because: Annotated[str, Field(min_length=3)]
    """The reason, printed in every report."""


class JobDocument(Document):
    """A job file."""

    job: Name
    """The job's name, used in file names."""
    title: str = ""
    """One line for lists and reports."""
    cites: Annotated[tuple[str, ...], OneOrMore] = ()
    """Papers the job reproduces."""
    machine: str
    """A name in machine_profiles/, or a path to a profile."""
    processes: str = ""
    """A folder beside the job with process files of the lab; those of LASERCAM_PROCESSES are read too."""
    sample: Sample
    """The piece of material that is written on."""
    patterns: Annotated[dict[PatternName, dict[str, Any]], Field(min_length=1)]
    """WHAT: geometry by name."""
    recipes: dict[Name, RecipeText] = {}
    """HOW: exposures by name."""
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    """WHEN: passes over the sample and what happens between, in order."""
    supply: dict[Name, dict[str, SuppliedText]] = {}
    """Per process: what its source leaves unknown, answered by the lab."""
    waive: tuple[WaiverText, ...] = ()
    """Findings the author accepts."""
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0
    """For everything random; the same seed gives the same job."""
