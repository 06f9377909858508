"""What a process leaves behind: emission, facts with their confidence, and what a furnace does to it."""

from typing import Annotated, Literal

from pydantic import Field

from lasercam.model.confidence import Confidence
from lasercam.schema.document import Document
from lasercam.schema.quantities import Length, OneOrMore, Ratio, Temperature, Wavelength


class Fact(Document):
    """A statement of the source that no parameter holds."""

    value: Annotated[str, Field(min_length=1)]
    """What is said, numbers with their units."""
    confidence: Confidence
    """How far it can be trusted."""
    note: str = ""
    """For readers."""
    """Conditions, or the place in the source."""


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
    """For readers."""


class Outcome(Document):
    """What the material shows afterwards."""

    emission: Annotated[tuple[EmissionLine, ...], OneOrMore] = ()
    """Peaks under excitation; empty when the source prints none."""
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
    smallest_feature_confidence: Confidence = Confidence.STATED
    """Of the finest feature."""
    facts: dict[str, Fact] = {}
    """Further outcomes, for cards and reports."""


class HeatPoint(Document):
    """What happens at one temperature of a heat treatment, or over an interval of them."""

    temperature: Temperature
    """The temperature, or the lower end of the interval."""
    until: Temperature | None = None
    """Upper end of the interval."""
    peak: Wavelength | None = None
    """Centre of the emission afterwards."""
    radiance_factor: Ratio | None = None
    """Radiance afterwards, relative to the feature as written."""
    state: Literal["emitting", "quenched", "undefined", "amorphous"] = "emitting"
    """What is there afterwards; undefined where the source leaves a gap."""
    confidence: Confidence = Confidence.STATED
    """How well the source supports it."""
    note: str = ""
    """For readers."""


class HeatModel(Document):
    """What a furnace does to one phase or glass."""

    subject: str
    """The phase, as in an emission line, or the glass it is about."""
    written_by: Annotated[tuple[str, ...], OneOrMore] = ()
    """Processes whose features it describes; none: the unwritten material."""
    kind: Literal["piecewise_linear", "constant", "shift", "intervals"]
    """How values between the points follow from them."""
    points: Annotated[tuple[HeatPoint, ...], OneOrMore] = ()
    """In ascending temperature."""
    total_shift: Wavelength | None = None
    """Red shift over all points, for `shift`."""
    between_confidence: Confidence = Confidence.ASSUMED
    """Of values between the points."""
    note: str = ""
    """For readers."""
