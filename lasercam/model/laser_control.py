"""Control of a laser by program: what is asked for, what the laser says it does, and when the two agree."""

from dataclasses import dataclass
from math import isfinite
from typing import Annotated

from lasercam.errors import MachineLimitError
from lasercam.schema.document import Document
from lasercam.schema.quantities import Bounds, PositiveTime, Quantity
from lasercam.units import RATIO

_ONE = 1.0 + 1e-12
Share = Annotated[float, Quantity(RATIO, Bounds(at_least=0.0, at_most=1.0))]
"""0 to 1, written as `12 %`."""
MAX_ATTENUATOR_PERCENT = 100.0


class AdapterKeys(Document):
    """Keys of every laser adapter, under `laser: adapter:` of a machine profile."""

    kind: str
    """A name of `lasercam list lasers`."""
    source: str
    """Where these numbers come from, or "example value"."""


class SettlingKeys(AdapterKeys):
    """Keys of adapters that read back what the laser does."""

    settle_time: PositiveTime = 10.0
    """How long the laser may take until its actual values agree with what was set."""
    poll_interval: PositiveTime = 0.1
    """Pause between two readings."""
    attenuator_tolerance: Share = 0.005
    """How far the actual attenuator may stay from its target, in points of its scale: 0.5 % accepts 29.5 to 30.5 %."""
    rate_tolerance: Share = 0.01
    """How far the rate behind the picker may be from base_rate / divider, as a share of it."""


@dataclass(frozen=True)
class LaserTargets:
    """What is asked of a laser before a section runs.

    Attributes:
        divider: of the pulse picker, ≥ 1: it passes every divider-th pulse.
        attenuator_percent: of the laser's own attenuator, 0 to 100; None = left as it is.
        rate_hz: pulses per second that the divider must give, behind the picker; None = not compared.

    Raises:
        MachineLimitError: outside these ranges.
    """

    divider: int
    attenuator_percent: float | None = None
    rate_hz: float | None = None

    def __post_init__(self) -> None:
        if self.divider < 1:
            raise MachineLimitError(f"a pulse picker passes every k-th pulse with k from 1 up, not {self.divider}")
        percent = self.attenuator_percent
        if percent is not None and not (isfinite(percent) and 0.0 <= percent <= MAX_ATTENUATOR_PERCENT):
            raise MachineLimitError(f"an attenuator is set to 0 to 100 %, not {percent:g} %")


@dataclass(frozen=True)
class LaserState:
    """What a laser says about itself; None where it does not say.

    Attributes:
        is_open: whether light can leave it.
        divider: actual divider of the picker.
        attenuator_percent: actual attenuator.
        rate_hz: pulses per second behind the picker.
        condition: what it calls its state.
        pulse_energy_uj: what it says leaves it, before the rest of the optics.
        power_uw: as well.
    """

    is_open: bool | None = None
    divider: int | None = None
    attenuator_percent: float | None = None
    rate_hz: float | None = None
    condition: str = ""
    pulse_energy_uj: float | None = None
    power_uw: float | None = None


def disagreements(targets: LaserTargets, state: LaserState, keys: SettlingKeys) -> list[str]:
    """In what a laser does something else than was asked; empty when all agrees.

    What it does not say at all disagrees too: nothing is taken for granted.
    """
    found = []
    if state.divider != targets.divider:
        found.append(f"the picker's divider is {_said(state.divider)}, not {targets.divider}")
    wanted, actual = targets.attenuator_percent, state.attenuator_percent
    if wanted is not None and (actual is None or abs(actual - wanted) > 100.0 * keys.attenuator_tolerance * _ONE):
        margin = f"{100.0 * keys.attenuator_tolerance:g}"
        found.append(f"the attenuator is at {_said(actual)} %, not {wanted:.6g} % ± {margin} %")
    rate, seen = targets.rate_hz, state.rate_hz
    closed_and_silent = seen == 0 and state.is_open is False  # some firmware counts no pulses behind a shutter
    if (
        rate is not None
        and not closed_and_silent
        and (seen is None or abs(seen - rate) > keys.rate_tolerance * rate * _ONE)
    ):
        found.append(
            f"{_said(seen)} pulses per second leave the picker, not {rate:.6g} ± {100.0 * keys.rate_tolerance:g} %"
        )
    return found


def _said(value: float | None) -> str:
    return "not known" if value is None else f"{value:.6g}"
