"""Process windows: what a source says an exposure does, between which limits, and what it leaves unknown."""

from math import isclose
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from lasercam import units
from lasercam.errors import nearest
from lasercam.model.confidence import Confidence
from lasercam.model.process_fit import FitRecord
from lasercam.model.process_outcome import Fact, HeatModel, Outcome
from lasercam.model.recipe import PassKind
from lasercam.schema.document import Document
from lasercam.schema.quantities import OneOrMore, Quantity
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
    "pulses_per_spot": units.RATIO,
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
    "dose": units.FLUENCE,
    "overlap": units.RATIO,
    "layer_pitch": units.LENGTH,
    "sample_thickness": units.LENGTH,
    "stage_accuracy": units.LENGTH,
    "mask_transmission": units.RATIO,
    "max_exposure": units.TIME,
    "ablation_threshold": units.FLUENCE,
    "damage_threshold": units.FLUENCE,
    "anneal_temperature": units.TEMPERATURE,
    "anneal_time": units.TIME,
    "recover_temperature": units.TEMPERATURE,
    "ramp_rate": units.TEMPERATURE_RATE,
    "relative_humidity": units.RATIO,
    "wide_field_wavelength": units.WAVELENGTH,
}
"""Every parameter a window can bound or a lab can supply as a number, by the name jobs use."""


def _known_parameter(value: str) -> str:
    if value not in PARAMETERS:
        close = nearest(value, PARAMETERS)
        ask = f"; did you mean '{close[0]}'?" if close else f"; allowed: {', '.join(sorted(PARAMETERS))}"
        raise ValueError(f"'{value}' is not a parameter{ask}")
    return value


ParameterName = Annotated[str, AfterValidator(_known_parameter)]
"""A key of PARAMETERS."""


def read_parameter(name: str, value: object) -> float:
    """A parameter's value in its internal unit; pydantic's error when it does not fit."""
    return Quantity(PARAMETERS[name]).read(value)


Outside = Literal["fails", "unexplored"]
"""Beyond a bound the process is known not to work, or the source says nothing."""


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
    """Below it the process is known not to work, or the source stops."""
    max: str | None = None
    """Above it the process is known not to work, or the source stops."""
    outside: Outside = "fails"
    """What lies beyond min and max."""
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

    @model_validator(mode="after")
    def _says_something(self) -> "WindowText":
        if not (self.typ or self.min or self.max or self.candidates or self.same_as_first_pass):
            raise ValueError("a window has at least one of typ, min, max, candidates, same_as_first_pass")
        if self.tolerance and not self.typ:
            raise ValueError("tolerance is the distance from typ, which is missing")
        if self.candidates and self.typ:
            raise ValueError("a window has candidates (the source contradicts itself) or a typ, not both")
        return self


class LimitText(WindowText):
    """What a written feature or its sample stands: not a condition of writing, but of everything afterwards."""

    parameter: ParameterName
    """Which parameter is bounded."""
    conditions: str = ""
    """Under which the number was found."""


class Window(Document):
    """Bounds of one parameter in its internal unit; see WindowText."""

    typ: float | None = None
    tolerance: float | None = None
    min: float | None = None
    max: float | None = None
    outside: Outside = "fails"
    candidates: tuple[tuple[float, Confidence, str], ...] = ()
    confidence: Confidence
    code: str | None = None
    same_as_first_pass: bool = False
    note: str = ""
    source: str = ""


class Limit(Window):
    """A limit of everything after writing in its internal unit; see LimitText."""

    parameter: ParameterName
    conditions: str = ""


class Unknown(Document):
    """Something the source does not say and the job must answer."""

    key: str
    """Name under which `supply` answers it."""
    why: str = ""
    """What is not said."""
    answered_by: Literal["supply", "machine", "recipe", "pattern", "sample"] = "supply"
    """Where an answer usually comes from; a machine profile's objective answers `na`."""
    features: Literal["dots", "lines", "any"] = "any"
    """Features whose exposure needs the answer."""


class Rule(Document):
    """A condition that is worth a finding of its own; a predicate, never evaluated text."""

    parameter: ParameterName | None = None
    """Which parameter is looked at, with one of below, above, between, differs_from."""
    below: str | None = None
    """It speaks below this value."""
    above: str | None = None
    """It speaks above this value."""
    between: Annotated[tuple[str, ...], OneOrMore] = ()
    """Two values, both excluded."""
    differs_from: str | None = None
    """It speaks at any other value than this."""
    after: Annotated[tuple[str, ...], OneOrMore] = ()
    """The rule speaks when one of these processes came earlier in the job."""
    missing: str | None = None
    """The rule speaks when nobody has supplied this key."""
    features: Literal["dots", "lines", "any"] = "any"
    """Which features it concerns."""
    materials: Annotated[tuple[str, ...], OneOrMore] = ()
    """Sample material ids it concerns; none: all."""
    severity: Literal["error", "warning", "note"] = "warning"
    """How much its finding weighs."""
    code: str = "W_PROCESS_RULE"
    """Code of its finding."""
    says: str
    """What the finding tells the user."""
    source: str = ""
    """Citation; absent: that of the process."""

    @model_validator(mode="after")
    def _one_condition(self) -> "Rule":
        on_value = [c for c in (self.below, self.above, self.differs_from) if c is not None]
        n_value = len(on_value) + bool(self.between)
        if n_value + bool(self.after) + (self.missing is not None) != 1 or len(self.between) not in (0, 2):
            raise ValueError(
                "a rule has exactly one of below, above, between (two values), differs_from, after, missing"
            )
        if (self.parameter is None) == (n_value == 1):
            raise ValueError("a rule names a parameter exactly when it has below, above, between or differs_from")
        return self

    def holds(self, value: float) -> bool:
        """Whether a condition on a parameter is true for a value in its internal unit; False for other rules."""
        if self.parameter is None:
            return False
        name = self.parameter
        if self.below is not None:
            return value < read_parameter(name, self.below)
        if self.above is not None:
            return value > read_parameter(name, self.above)
        if self.between:
            return read_parameter(name, self.between[0]) < value < read_parameter(name, self.between[1])
        return not isclose(value, read_parameter(name, self.differs_from), rel_tol=1e-9)


class CampaignStep(Document):
    """A stage of a process that consists of several, or one case of a process that has several."""

    step: str
    """What is done, in the source's words: write, anneal, recover."""
    verb: Literal["write", "rewrite", "erase", "heat", "soak", "read"]
    """The kind of step in a job."""
    agent: Literal["laser", "furnace", "moisture", "wide_field_light", "lamp"]
    """What acts on the sample."""
    required: bool = False
    """Without it the process does not give its outcome."""
    parameters: dict[ParameterName, WindowText] = {}
    """Windows of this stage."""
    outcome: str = ""
    """What is there afterwards."""
    note: str = ""
    """For readers."""
    confidence: Confidence = Confidence.STATED
    """How well the source supports it."""


class ProcessDocument(Document):
    """A process window file, as written."""

    process: Annotated[str, Field(pattern=r"^[a-z][A-Za-z0-9_]*$")]
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
    """Inherited parameters, unknowns, facts, material entries and limits that do not hold here."""
    passes: Annotated[tuple[PassKind, ...], OneOrMore] = ()
    """Verbs it may be used with; none said: write, if it is an exposure or a campaign."""
    features: Annotated[tuple[Literal["dots", "lines", "areas"], ...], OneOrMore] = ()
    """Features the source writes with it; none said = any."""
    requires: Annotated[tuple[str, ...], OneOrMore] = ()
    """Things that must be there: an absorbing layer, an anneal."""
    follows: Annotated[tuple[str, ...], OneOrMore] = ()
    """Processes one of which must have written the feature before (for a rewrite)."""
    material: dict[str, Fact] = {}
    """Host, dopants, film, substrate, as stated."""
    materials: Annotated[tuple[str, ...], OneOrMore] = ()
    """Sample material ids it is for."""
    regime: Literal["cw", "nanosecond", "picosecond", "femtosecond", "lamp"] | None = None
    """Class of the source of light, where no pulse duration is printed."""
    regime_confidence: Confidence = Confidence.STATED
    """How well the source supports the class."""
    parameters: dict[ParameterName, WindowText] = {}
    """Windows by parameter name."""
    limits: dict[str, LimitText] = {}
    """What the result stands afterwards, by a name of its own."""
    unknown: tuple[Unknown, ...] = ()
    """What the source leaves open."""
    rules: tuple[Rule, ...] = ()
    """Further conditions."""
    steps: tuple[CampaignStep, ...] = ()
    """Stages of a campaign, in order."""
    cases: tuple[CampaignStep, ...] = ()
    """Alternatives, each complete in itself."""
    outcome: Outcome = Outcome()
    """What the material shows afterwards."""
    heat: tuple[HeatModel, ...] = ()
    """Outcome of a heat treatment, per phase or glass."""
    fit: FitRecord | None = None
    """The response a lab fitted to its own measurements; see `lasercam fit`."""
    one_way: bool = False
    """No way back is described."""
    conflicts: Annotated[tuple[str, ...], OneOrMore] = ()
    """Contradictions in the source, as sentences with their arithmetic."""
    notes: Annotated[tuple[str, ...], OneOrMore] = ()
    """Further facts, for readers."""


class Process(Document):
    """A process window with inheritance resolved and quantities in internal units."""

    document: ProcessDocument
    """What was written, with everything inherited in place."""
    parameters: dict[str, Window]
    unknown: tuple[Unknown, ...]
    outcome: Outcome
    limits: dict[str, Limit] = {}
    ancestors: tuple[str, ...] = ()
    """Processes it inherits from, nearest first."""
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
        """Verbs a recipe may use it with; none for furnaces, limits and classes of sources."""
        if self.document.passes or self.document.kind not in ("exposure", "campaign"):
            return self.document.passes
        return (PassKind.WRITE,)
