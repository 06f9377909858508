"""Exposures: what the laser does at a feature, resolved to numbers with their provenance."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lasercam.model.confidence import Confidence, Valued, worst

MAX_RECIPES = 65_536
"""Members of one table; a row points at its recipe with 16 bits."""


class PassKind(StrEnum):
    """What a pass of the beam over a feature means for the material."""

    WRITE = "write"
    REWRITE = "rewrite"
    ERASE = "erase"


@dataclass(frozen=True)
class LaserSettings:
    """What must be set at the laser before a section runs; equal settings need no operator between them.

    Attributes:
        wavelength_nm: in vacuum.
        pulse_duration_fs: full width at half maximum; 0 for continuous light.
        rep_rate_hz: pulses per second on target; 0 for continuous light.
        pulse_energy_uj: on target; 0 for continuous light.
        cw_power_uw: power of continuous light on target; 0 for pulses.
    """

    wavelength_nm: float
    pulse_duration_fs: float = 0.0
    rep_rate_hz: float = 0.0
    pulse_energy_uj: float = 0.0
    cw_power_uw: float = 0.0

    @property
    def is_cw(self) -> bool:
        """Whether the light is continuous: there is no pulse to speak of."""
        return self.cw_power_uw > 0

    @property
    def average_power_uw(self) -> float:
        """Power averaged over time: of continuous light as it is set, of pulses energy times rate."""
        return self.cw_power_uw if self.is_cw else self.pulse_energy_uj * self.rep_rate_hz


@dataclass(frozen=True)
class DepthLevel:
    """Which depths a member of a compensated recipe is for.

    Attributes:
        variant: index in the family as it is written.
        least_um, most_um: shallowest and deepest of its features in the sample.
    """

    variant: int
    least_um: float
    most_um: float

    @property
    def words(self) -> str:
        """`200 um`, or `200-260 um`; to the tick, so that no two levels of a recipe are called alike."""
        least, most = (f"{depth:.4f}".rstrip("0").rstrip(".") for depth in (self.least_um, self.most_um))
        return f"{least} um" if least == most else f"{least}-{most} um"


@dataclass(frozen=True)
class Recipe:
    """One exposure: a member of a recipe family, ready for the plan.

    Exactly one of `exposure_ns` (dots opened for a time), `pulses` (dots of counted pulses) and `speed_nm_s`
    (lines) drives a feature; a recipe may give a speed for lines and an exposure for dots.

    Attributes:
        name: the recipe's name in the job.
        member: index in its family, 0 for a recipe of one; with energies by depth, among all members of all depths.
        process: id of the process window it claims.
        laser: settings of the source.
        speed_nm_s: writing speed of lines, nm/s; 0 when the recipe writes no lines.
        exposure_ns: gate-open time of a dot, ns; 0 when not timed.
        pulses: pulses of a dot; 0 when not counted.
        pitch_ticks: firing distance along SHOTS runs, ticks; 0 when not fired by position.
        average_power_uw: what the job says the power meter shows, µW; None when it does not say.
        values: every parameter with its confidence, by the glossary's name with unit.
        solved: arithmetic behind the values that the job asked for by their result, by name.
        level: the depths it is for; None where its energy does not depend on depth.
    """

    name: str
    member: int
    process: str
    laser: LaserSettings
    speed_nm_s: int = 0
    exposure_ns: int = 0
    pulses: int = 0
    pitch_ticks: int = 0
    average_power_uw: float | None = None
    values: Mapping[str, Valued] = field(default_factory=dict)
    solved: Mapping[str, str] = field(default_factory=dict)
    level: DepthLevel | None = None

    @property
    def label(self) -> str:
        """Name as findings and pictures show it: `dual_phase`, `energies[3]` inside a family, `deep[200-260 um]`."""
        told = [str(self.variant)] if self.is_member else []
        told += [self.level.words] if self.level is not None else []
        return f"{self.name}[{', '.join(told)}]" if told else self.name

    @property
    def variant(self) -> int:
        """Index in the family as it is written, whatever the depth: what features ask for."""
        return self.member if self.level is None else self.level.variant

    @property
    def is_member(self) -> bool:
        """Whether the recipe comes from a family of several."""
        return "family_size" in self.values and self.values["family_size"].value > 1

    @property
    def writes_lines(self) -> bool:
        """Whether lines can be written with it."""
        return self.speed_nm_s > 0

    @property
    def writes_dots(self) -> bool:
        """Whether dots can be written with it."""
        return self.exposure_ns > 0 or self.pulses > 0

    @property
    def confidence(self) -> Confidence:
        """The worst confidence of its parameters."""
        return worst(v.confidence for v in self.values.values())


@dataclass(frozen=True)
class RecipeTable:
    """All recipes of a toolpath; rows hold indices into `recipes`.

    Attributes:
        recipes: every member of every family used, families in job order, members in family order.
        first: index of the first member of each recipe name.
        sizes: members of each recipe name.
    """

    recipes: tuple[Recipe, ...]
    first: Mapping[str, int]
    sizes: Mapping[str, int]

    def __getitem__(self, index: int) -> Recipe:
        return self.recipes[index]

    def __len__(self) -> int:
        return len(self.recipes)
