"""What is set at a machine to get an energy or power: an attenuator's angle, a voltage, an S value, a percentage.

Amounts are in the quantity's own unit: µJ of pulses, µW of continuous light.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from lasercam.schema.document import Document
from lasercam.schema.quantities import Energy, Power, Ratio, Time

MAX_POINTS = 10_000
_NUMBER = 1e9
_ANGLE_SLACK = 1e-9

Setting = Annotated[float, Field(ge=-_NUMBER, le=_NUMBER)]


class Scale(Document):
    """Which setting gives which amount; an `EnergyScale` or `PowerScale`."""

    law: Literal["malus", "linear", "table"]
    """`malus`: half-wave plate or polarizer before a polarizer, sin² of the angle; `linear`; `table`: measured."""
    unit: Annotated[str, Field(min_length=1, max_length=20)]
    """What the setting counts, for people: deg, V, %, S."""
    low: Setting
    """Lowest setting that may be used."""
    high: Setting
    """Highest setting that may be used."""
    step: Annotated[float, Field(gt=0, le=_NUMBER)] | None = None
    """Smallest step of the setting; absent: any value with up to six decimals."""
    tolerance: Ratio = 0.01
    """How far the amount at the nearest step may be from the recipe's; beyond it the recipe is refused."""
    zero: Setting = 0.0
    """`malus`: angle of least light. `linear`: setting that gives `dark`."""
    full_at: Setting | None = None
    """`linear`: setting that gives `full`."""
    turns: Literal["half_wave_plate", "polarizer"] = "half_wave_plate"
    """`malus`: what is turned; a half-wave plate turns the polarization by twice its angle."""
    table: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_./-]{0,199}$")] | None = None
    """`table`: CSV file beside the profile or the job, a line `setting,UNIT` and then rising settings."""
    measured: Literal["target", "before_objective"] = "target"
    """Where amounts were measured; before the objective, its `transmission` is applied."""
    settle: Time = 0.0
    """Wait after a change."""
    source: str
    """Where these numbers come from (a measurement with its date), or "example value"."""

    amount_unit: ClassVar[str] = ""

    @model_validator(mode="after")
    def _complete(self) -> "Scale":
        if self.low >= self.high:
            raise ValueError("a setting needs low below high")
        full, points = getattr(self, "full", None), getattr(self, "points", ())
        if self.law == "table":
            if (self.table is None) == (not points):
                raise ValueError(
                    "`law: table` needs a `table: FILE.csv`, or `points` such as [[0, 0.1 uJ], [45, 90 uJ]]"
                )
            if points:
                check_points(points)
            return self
        if self.table is not None or points:
            raise ValueError(f"`law: {self.law}` has no table or points; remove them, or say `law: table`")
        if full is None:
            raise ValueError(f"`law: {self.law}` needs `full`, the amount at full transmission")
        if full <= (getattr(self, "dark", None) or 0.0):
            raise ValueError("`full` must be above `dark`")
        if self.law == "malus":
            self._refuse_beyond_full()
        if self.law == "linear" and (self.full_at is None or self.full_at == self.zero):
            raise ValueError("`law: linear` needs `full_at`, the setting that gives `full`, other than `zero`")
        return self

    def _refuse_beyond_full(self) -> None:
        """Beyond full light the same amount comes back, and a setting would no longer follow from it."""
        most = self.zero + (45.0 if self.turns == "half_wave_plate" else 90.0)
        if self.low < self.zero - _ANGLE_SLACK or self.high > most + _ANGLE_SLACK:
            raise ValueError(
                f"`law: malus` rises from `zero` = {self.zero:g} to full light at {most:g}; `low` and `high` must lie "
                f"between them (found {self.low:g} to {self.high:g})"
            )


def check_points(points: Sequence[tuple[float, float]]) -> None:
    """Raise ValueError unless settings rise, and amounts all rise or all fall."""
    if not 2 <= len(points) <= MAX_POINTS:
        raise ValueError(f"a measured scale has 2 to {MAX_POINTS:,} points; found {len(points):,}")
    pairs = list(pairwise(points))
    bad = next((i for i, (a, b) in enumerate(pairs) if not a[0] < b[0]), None)
    if bad is not None:
        raise ValueError(f"settings of a measured scale rise; {points[bad + 1][0]:g} stands behind {points[bad][0]:g}")
    rises = points[-1][1] > points[0][1]
    bad = next((i for i, (a, b) in enumerate(pairs) if not (a[1] < b[1] if rises else a[1] > b[1])), None)
    if bad is not None:
        raise ValueError(
            f"amounts of a measured scale all rise or all fall, or one setting would not follow from an amount; at "
            f"{points[bad + 1][0]:g} they do not. Cut the table there"
        )


class EnergyScale(Scale):
    """Settings of pulse energies."""

    full: Energy | None = None
    """Energy at full transmission."""
    dark: Energy | None = None
    """Energy at `zero` (leakage of a polarizer); absent: none."""
    points: tuple[tuple[Setting, Energy], ...] = ()
    """`table`: measured settings and energies in place of a file."""

    amount_unit: ClassVar[str] = "uJ"


class PowerScale(Scale):
    """Settings of the power of continuous light."""

    full: Power | None = None
    """Power at full transmission."""
    dark: Power | None = None
    """Power at `zero`; absent: none."""
    points: tuple[tuple[Setting, Power], ...] = ()
    """`table`: measured settings and powers in place of a file."""

    amount_unit: ClassVar[str] = "uW"
