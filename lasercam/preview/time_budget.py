"""Where the time of a job goes: exposing, moving, waiting for the gate, settling, furnaces, and stops for a person."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

EXPOSING = "exposing"
MOVING = "moving dark"
GATE = "gate and trigger waits"
SETTLING = "settling before dots"
WITHOUT_BEAM = "furnace or soak"
KINDS = (EXPOSING, MOVING, GATE, SETTLING, WITHOUT_BEAM)
"""What time is spent on; the time of a person at an operator stop is not known, so stops are counted."""


@dataclass(frozen=True)
class TimeShare:
    """Time of one recipe in one step.

    Attributes:
        recipe: its label; empty for steps without a beam.
        seconds: by kind, s; all repeats.
        exposures: lines, dots and shots; all repeats.
        energy_uj: what reaches the sample, µJ; all repeats.
        pulses: what reaches the sample; 0 for continuous light.
    """

    recipe: str
    seconds: Mapping[str, float]
    exposures: int = 0
    energy_uj: float = 0.0
    pulses: float = 0.0

    @property
    def total_s(self) -> float:
        """All kinds together, s."""
        return sum(self.seconds.values())


@dataclass(frozen=True)
class StepTime:
    """Time of one step of a job.

    Attributes:
        name, verb: of the step.
        shares: by recipe.
        stops: how often a person is needed before or in it.
        note: about time that is not known.
    """

    name: str
    verb: str
    shares: tuple[TimeShare, ...] = ()
    stops: int = 0
    note: str = ""

    @property
    def total_s(self) -> float:
        """All recipes together, s."""
        return sum(share.total_s for share in self.shares)

    def of(self, kind: str) -> float:
        """Seconds spent on one kind."""
        return sum(share.seconds.get(kind, 0.0) for share in self.shares)


@dataclass(frozen=True)
class TimeBudget:
    """Time of a whole job.

    Attributes:
        job: its name.
        steps: in order.
        notes: what a reader must know.
    """

    job: str
    steps: tuple[StepTime, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def total_s(self) -> float:
        """All steps, s; without what people need."""
        return sum(step.total_s for step in self.steps)

    @property
    def beam_s(self) -> float:
        """Time at the stage, s."""
        return self.total_s - self.of(WITHOUT_BEAM)

    @property
    def stops(self) -> int:
        """Operator stops of all steps."""
        return sum(step.stops for step in self.steps)

    @property
    def energy_uj(self) -> float:
        """What reaches the sample, µJ."""
        return sum(share.energy_uj for share in self.shares())

    @property
    def pulses(self) -> float:
        """Pulses that reach the sample."""
        return sum(share.pulses for share in self.shares())

    def of(self, kind: str) -> float:
        """Seconds spent on one kind."""
        return sum(step.of(kind) for step in self.steps)

    def shares(self) -> Iterator[TimeShare]:
        """All recipes of all steps."""
        for step in self.steps:
            yield from step.shares
