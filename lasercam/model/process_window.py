"""Process windows: what a source says an exposure does, between which limits, and what it leaves unknown."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from lasercam import units
from lasercam.model.confidence import Confidence
from lasercam.model.recipe import PassKind
from lasercam.schema.document import Document
from lasercam.schema.quantities import Length, OneOrMore, Quantity, Ratio, Temperature, Wavelength
from lasercam.units import Dimension

PARAMETERS: dict[str, Dimension] = {
    "wavelength": units.WAVELENGTH,
    "pulse_duration": units.PULSE_DURATION,
    "repetition_rate": units.FREQUENCY,
    "pulse_energy": units.ENERGY,
    "average_power": units.POWER,
    "fluence": units.FLUENCE,
    "irradiance": units.IRRADIANCE,
    "exposure": units.TIME,
    "pulses": units.RATIO,
    "passes": units.RATIO,
    "speed": units.SPEED,
    "pulse_pitch": units.LENGTH,
    "line_dose": units.LINE_DOSE,
    "depth": units.LENGTH,
    "na": units.RATIO,
    "magnification": units.RATIO,
    "spot_radius": units.LENGTH,
    "film_thickness": units.LENGTH,
    "ring_diameter": units.LENGTH,
    "ring_inner_radius": units.LENGTH,
    "ring_outer_radius": units.LENGTH,
    "feature_pitch": units.LENGTH,
    "temperature": units.TEMPERATURE,
    "hold_time": units.TIME,
    "cycles": units.RATIO,
}
"""Every parameter a window can bound or a lab can supply as a number, by the name jobs use."""


def read_parameter(name: str, value: object) -> float:
    """A parameter's value in its internal unit; pydantic's error when it does not fit."""
    return Quantity(PARAMETERS[name]).read(value)


class Candidate(Document):
    """One of several values a source could mean."""

    value: str
    """The value with its unit."""
    confidence: Confidence
    """How far this candidate can be trusted."""
    assume: str = ""
    """What has to be assumed for it."""


class WindowText(Document):
    """A window as written: quantities are still text, since their dimension follows from the parameter's name."""

    typ: str | None = None
    """The stated point. Without min and max any other value is extrapolated."""
    tolerance: str | None = None
    """How far from the point a value still counts as the point."""
    min: str | None = None
    """Below it the process is known not to work."""
    max: str | None = None
    """Above it the process is known not to work, or the source stops."""
    candidates: Annotated[tuple[Candidate, ...], OneOrMore] = ()
    """Values that conflict in the source; the job must choose."""
    confidence: Confidence
    """Of every number here."""
    code: str | None = None
    """Finding code for a value outside min and max, where it has a name of its own."""
    same_as_first_pass: bool = False
    """The source says: as in the first pass."""
    note: str = ""
    """What a reader of the number must know."""
    source: str = ""
    """Citation, where it differs from the process's."""


class Window(Document):
    """Bounds of one parameter in its internal unit; see WindowText."""

    typ: float | None = None
    tolerance: float | None = None
    min: float | None = None
    max: float | None = None
    candidates: tuple[tuple[float, Confidence, str], ...] = ()
    confidence: Confidence
    code: str | None = None
    same_as_first_pass: bool = False
    note: str = ""
    source: str = ""


class Unknown(Document):
    """Something the source does not say and the job must answer."""

    key: str
    """Name under which `supply` answers it."""
    why: str = ""
    """What is not said."""
    answered_by: Literal["supply", "machine", "recipe", "pattern", "sample"] = "supply"
    """Where an answer usually comes from; a machine profile's objective answers `na`."""


class Rule(Document):
    """A condition on one parameter that is worth a finding of its own; a predicate, never evaluated text."""

    parameter: str
    """Which parameter is looked at."""
    below: str | None = None
    above: str | None = None
    between: Annotated[tuple[str, ...], OneOrMore] = ()
    """Two values, both included."""
    differs_from: str | None = None
    features: Literal["dots", "lines", "any"] = "any"
    """Which features it concerns."""
    severity: Literal["error", "warning", "note"] = "warning"
    code: str = "W_PROCESS_RULE"
    says: str
    """What the finding tells the user."""
    source: str = ""

    @field_validator("parameter")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in PARAMETERS:
            raise ValueError(f"'{value}' is not a parameter; allowed: {', '.join(sorted(PARAMETERS))}")
        return value

    @model_validator(mode="after")
    def _one_condition(self) -> "Rule":
        given = [c for c in (self.below, self.above, self.differs_from) if c is not None]
        if len(given) + bool(self.between) != 1 or len(self.between) not in (0, 2):
            raise ValueError("a rule has exactly one of below, above, between (two values), differs_from")
        return self

    def holds(self, value: float) -> bool:
        """Whether the condition is true for a value in the parameter's internal unit."""

        def read(text: str | None) -> float:
            return read_parameter(self.parameter, text)

        if self.below is not None:
            return value < read(self.below)
        if self.above is not None:
            return value > read(self.above)
        if self.between:
            return read(self.between[0]) <= value <= read(self.between[1])
        return value != read(self.differs_from)


class EmissionLine(Document):
    """One emission peak of a written feature."""

    phase: str
    """The emitter: CsPbBr3, CsPb(Br/I)3."""
    peak: Wavelength
    """Centre of the emission."""
    fwhm: Wavelength
    """Full width at half maximum."""
    radiance: Ratio = 1.0
    """Relative radiance of the peak among the peaks of its process."""
    confidence: Confidence = Confidence.STATED
    """Of the centre."""
    shape_confidence: Confidence = Confidence.ASSUMED
    """Of width and radiance."""
    note: str = ""


class Outcome(Document):
    """What the material shows afterwards."""

    emission: Annotated[tuple[EmissionLine, ...], OneOrMore] = ()
    """Peaks under excitation; empty when no emission is stated."""
    effect: Literal["adds", "replaces", "removes", "none"] = "adds"
    """What the exposure does to emission that is already there."""
    excitation: Wavelength | None = None
    """Wavelength at which the emission is looked at."""
    daylight_visible: bool | None = None
    """Whether the feature shows in daylight; None when not said."""
    trends: Annotated[tuple[str, ...], OneOrMore] = ()
    """Monotonic dependences as stated."""
    smallest_feature: Length | None = None
    """Finest line or pixel reported."""
    facts: dict[str, str] = {}
    """Further stated outcomes, as text with their units, for cards and reports."""


class CampaignStep(Document):
    """A stage of a process that consists of several."""

    step: str
    """What is done: write, anneal, erase, recover, read, soak."""
    required: bool = False
    parameters: dict[str, WindowText] = {}
    note: str = ""
    confidence: Confidence = Confidence.STATED


class HeatPoint(Document):
    """One temperature of a heat-treatment outcome."""

    temperature: Temperature
    peak: Wavelength | None = None
    radiance_factor: Ratio | None = None
    state: Literal["emitting", "quenched", "undefined", "amorphous"] = "emitting"
    confidence: Confidence = Confidence.STATED
    note: str = ""


class HeatModel(Document):
    """What a furnace does to one phase or glass."""

    subject: str
    """The phase or glass it is about."""
    kind: Literal["piecewise_linear", "constant", "shift", "intervals"]
    points: Annotated[tuple[HeatPoint, ...], OneOrMore] = ()
    total_shift: Wavelength | None = None
    between_confidence: Confidence = Confidence.ASSUMED
    """Of values between the points."""
    note: str = ""


class ProcessDocument(Document):
    """A process window file, as written."""

    process: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    """The id jobs use."""
    title: str
    """One line."""
    source: str
    """Citation with DOI where there is one, and the place in it."""
    doi: str = ""
    """DOI of the work the numbers were read in."""
    original_doi: str = ""
    """DOI of the original work, when it was read through a review."""
    kind: Literal["exposure", "heat", "soak", "read", "campaign", "limit", "class_rule"] = "exposure"
    """What sort of process it is: exposures are what recipes use."""
    inherits: str | None = None
    """Another process whose entries hold unless repeated here."""
    removes: Annotated[tuple[str, ...], OneOrMore] = ()
    """Inherited parameters and unknowns that do not hold here."""
    passes: Annotated[tuple[PassKind, ...], OneOrMore] = ()
    """Verbs it may be used with; none said = write."""
    features: Annotated[tuple[Literal["dots", "lines", "areas"], ...], OneOrMore] = ()
    """Features the source writes with it; none said = any."""
    requires: Annotated[tuple[str, ...], OneOrMore] = ()
    """Things that must be there: an absorbing layer, an anneal."""
    follows: Annotated[tuple[str, ...], OneOrMore] = ()
    """Processes one of which must have written the feature before (for a rewrite)."""
    material: dict[str, str] = {}
    """Host, dopants, film, thickness, as stated."""
    materials: Annotated[tuple[str, ...], OneOrMore] = ()
    """Sample material ids it is for."""
    parameters: dict[str, WindowText] = {}
    """Windows by parameter name."""
    unknown: tuple[Unknown, ...] = ()
    """What the source leaves open."""
    rules: tuple[Rule, ...] = ()
    """Further conditions."""
    steps: tuple[CampaignStep, ...] = ()
    """Stages of a campaign."""
    outcome: Outcome = Outcome()
    heat: tuple[HeatModel, ...] = ()
    """Outcome of a heat treatment, per phase or glass."""
    one_way: bool = False
    """No way back is described."""
    conflicts: Annotated[tuple[str, ...], OneOrMore] = ()
    """Contradictions in the source, as sentences with their arithmetic."""
    notes: Annotated[tuple[str, ...], OneOrMore] = ()

    @field_validator("parameters", mode="after")
    @classmethod
    def _known_parameters(cls, value: dict[str, WindowText]) -> dict[str, WindowText]:
        for name in value:
            if name not in PARAMETERS:
                raise ValueError(f"'{name}' is not a parameter; allowed: {', '.join(sorted(PARAMETERS))}")
        return value


class Process(Document):
    """A process window with inheritance resolved and quantities in internal units."""

    document: ProcessDocument
    parameters: dict[str, Window]
    unknown: tuple[Unknown, ...]
    outcome: Outcome
    digest: str
    """SHA-256 of the files it was made from."""
    origin: str
    """Where the file came from: `lasercam` for the shipped library, else the lab's file name."""

    @property
    def name(self) -> str:
        """The id jobs use."""
        return self.document.process

    @property
    def passes(self) -> tuple[PassKind, ...]:
        """Verbs it may be used with."""
        return self.document.passes or (PassKind.WRITE,)
