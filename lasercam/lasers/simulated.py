"""A laser that is not there: it takes its time like a real one, and has faults where a test wants them."""

import time
from collections.abc import Callable
from enum import Enum, auto
from typing import ClassVar

from lasercam.errors import LinkError
from lasercam.model.laser import Laser
from lasercam.model.laser_control import AdapterKeys, LaserState, LaserTargets, SettlingKeys
from lasercam.schema.quantities import Time

_FAULTY_RATE = 2.0


class Fault(Enum):
    """What can be wrong with a simulated laser."""

    STUCK_ATTENUATOR = auto()
    """The attenuator stays where it is."""
    WRONG_DIVIDER = auto()
    """The picker divides by one more than it was asked for."""
    OTHER_RATE = auto()
    """The source runs at twice the rate of the machine's profile, as after a wrong preset."""
    NOT_READY = auto()
    """It refuses to open."""
    STAYS_DARK = auto()
    """It takes the command to open, and stays closed."""
    STAYS_OPEN = auto()
    """It takes the command to close, and stays open."""
    SILENT = auto()
    """It answers nothing."""


class SimulatedKeys(SettlingKeys):
    """Keys of the kind `simulated`."""

    attenuator_time: Time = 0.5
    """How long its attenuator moves (example value)."""
    output_time: Time = 0.25
    """From the command to open or close until it has (example value)."""


class SimulatedLaser:
    """Picker, attenuator and output that move with time.

    Args:
        keys: settling times and tolerances.
        laser: of the machine's profile; the source runs at its base rate.
        clock: s, rising.
        faults: what is wrong with it; may be changed while it is used.
    """

    Keys: ClassVar[type[AdapterKeys]] = SimulatedKeys
    summary: ClassVar[str] = "no laser: a simulated one with settling times"
    reads_back: ClassVar[bool] = True
    explanation: ClassVar[str] = """\
Answers like a laser with a picker, a slow attenuator and a slow output. It begins closed, undivided and fully
attenuated in every process, and forgets everything at its end. `lasercam laser … --simulate` puts it in the place of
the adapter of any profile.
"""

    def __init__(
        self,
        keys: SimulatedKeys,
        laser: Laser,
        *,
        clock: Callable[[], float] = time.monotonic,
        faults: set[Fault] | None = None,
    ) -> None:
        self.keys = keys
        self.faults = faults if faults is not None else set()
        self._clock = clock
        self._base_rate_hz = laser.base_rate or 0.0
        self._divider = 1
        self._from_percent = self._to_percent = 0.0
        self._moved_at_s = self._switched_at_s = clock() - 1e9
        self._is_open, self._was_open = False, False
        self.opened = 0
        """How often it was asked for light."""

    def read(self) -> LaserState:
        """What it does now."""
        self._answer()
        rate = self._base_rate_hz / self._divider
        return LaserState(
            is_open=self._open_now(),
            divider=self._divider,
            attenuator_percent=self._percent_now(),
            rate_hz=rate * _FAULTY_RATE if Fault.OTHER_RATE in self.faults else rate,
            condition="simulated",
        )

    def set_targets(self, targets: LaserTargets) -> None:
        """Divider at once, attenuator in its own time."""
        self._answer()
        self._divider = targets.divider + (Fault.WRONG_DIVIDER in self.faults)
        if targets.attenuator_percent is not None and Fault.STUCK_ATTENUATOR not in self.faults:
            self._from_percent, self._to_percent = self._percent_now(), targets.attenuator_percent
            self._moved_at_s = self._clock()

    def open_output(self) -> None:
        """Light, after `output_time`."""
        self._answer()
        if Fault.NOT_READY in self.faults:
            raise LinkError("the laser refuses to open: it is not operational")
        self.opened += 1
        if Fault.STAYS_DARK not in self.faults:
            self._switch(is_open=True)

    def close_output(self) -> None:
        """Darkness, after `output_time`."""
        self._answer()
        if Fault.STAYS_OPEN not in self.faults:
            self._switch(is_open=False)

    def _answer(self) -> None:
        if Fault.SILENT in self.faults:
            raise LinkError("the laser does not answer")

    def _switch(self, *, is_open: bool) -> None:
        if is_open is not self._is_open:
            self._was_open, self._is_open, self._switched_at_s = self._open_now(), is_open, self._clock()

    def _open_now(self) -> bool:
        is_over = self._clock() - self._switched_at_s >= self.keys.output_time
        return self._is_open if is_over else self._was_open

    def _percent_now(self) -> float:
        took = self._clock() - self._moved_at_s
        share = 1.0 if took >= self.keys.attenuator_time else took / self.keys.attenuator_time
        return self._from_percent + share * (self._to_percent - self._from_percent)
