"""Everything the parts of the simulated firmware share: state, buffers, planner, beam, and what interrupts set off."""

import math
from collections.abc import Generator
from enum import Enum, auto
from typing import Final

from lasercam.transports.simulated.beam import Beam
from lasercam.transports.simulated.modal import Interpreter
from lasercam.transports.simulated.motion import Motion
from lasercam.transports.simulated.options import ControllerOptions, Place
from lasercam.transports.simulated.planner import Planner
from lasercam.transports.simulated.settings import GrblSettings
from lasercam.transports.simulated.truth import Truth
from lasercam.transports.simulated.wire import Receiver, Sender

Step = Generator[tuple[float, bool], None, None]
"""Firmware that runs until it waits: it yields when to wake it, and whether anything that happens wakes it too."""
WAIT: Final = (math.inf, True)
"""Wait for anything to happen."""

RESET, STATUS, CYCLE_START, FEED_HOLD, DOOR, JOG_CANCEL = 0x18, 0x3F, 0x7E, 0x21, 0x84, 0x85
CYCLE_STOP: Final = -1
SPINDLE_STOP: Final = 0x9E
_OVERRIDES: Final = frozenset((*range(0x90, 0x98), *range(0x99, 0x9F)))


class State(Enum):
    """What status reports call it."""

    IDLE = "Idle"
    RUN = "Run"
    HOLD = "Hold"
    JOG = "Jog"
    HOME = "Home"
    ALARM = "Alarm"
    CHECK = "Check"
    DOOR = "Door"
    SLEEP = "Sleep"


class SpindleStop(Enum):
    """Where switching the beam off in a hold, and on again, has come to."""

    NONE = auto()
    BEGIN = auto()
    DONE = auto()
    RESTORE = auto()
    RESTORE_AND_GO = auto()


class AbortError(Exception):
    """A reset has been asked for: everything is left, and the firmware begins anew."""


class Core:
    """State of the firmware.

    Attributes:
        state: as reports name it.
        requests: real-time commands that have arrived and wait for the next check point.
        alarm: number of an alarm to be told; 0 none.
        is_suspended: nothing moves in a hold; the main program waits.
        jog_stops: a jog is being cancelled.
        soft_limit: a move beyond the limits stops the cycle.
        is_restoring: a closed door is being left.
        spindle_stop, spindle_changed: see SpindleStop; an override waits for the output.
        line: number of lines received.
        latched: error that grblHAL repeats; 0 none.
        wco_reports, override_reports: status reports until offsets and overrides are told again.
    """

    def __init__(self, settings: GrblSettings, options: ControllerOptions) -> None:
        self.settings, self.options = settings, options
        self.truth = Truth(options.work_offset_mm)
        self.beam = Beam(self.truth, settings)
        self.planner = Planner(settings, options.planner_blocks)
        self.motion = Motion(self.planner, self.beam)
        self.receiver, self.sender = Receiver(options), Sender(options)
        self.interpreter = Interpreter()
        self.interpreter.systems_mm[0] = options.work_offset_mm
        self.now_s = 0.0
        self.state = State.IDLE
        self.requests: set[int] = set()
        self.alarm = 0
        self.line = 0
        self.latched = 0
        self.reset()

    def reset(self) -> None:
        """What a reset clears; the state stays, so that an alarm outlives it."""
        self.requests.clear()
        self.alarm = self.latched = 0
        self.is_suspended = self.jog_stops = self.soft_limit = self.is_restoring = self.spindle_changed = False
        self.spindle_stop = SpindleStop.NONE
        self.planner.feed_percent = self.planner.rapid_percent = self.beam.percent = 100
        self.wco_reports = self.override_reports = 0
        self.receiver.forget()
        self.beam.off(self.place(), self.now_s)
        self.motion.kill(self.now_s)
        self.planner.clear()
        self.motion.rest_mm = self.rounded(self.motion.rest_mm)
        self.interpreter.reset(self.motion.rest_mm)

    @property
    def is_hal(self) -> bool:
        """Whether this is grblHAL."""
        return self.options.firmware == "grblhal"

    @property
    def is_idle(self) -> bool:
        """Whether nothing is going on."""
        return self.state is State.IDLE

    def say(self, text: str) -> None:
        """A line to the host."""
        self.sender.send(text, self.now_s)

    def place(self) -> Place:
        """Machine coordinates, as the controller believes."""
        return self.motion.place(self.now_s)

    def rounded(self, place_mm: Place) -> Place:
        """The nearest place in whole motor steps."""
        x, y, z = (
            math.copysign(math.floor(abs(value) * steps + 0.5), value) / steps
            for value, steps in zip(place_mm, self.settings.per_axis(100), strict=True)
        )  # fmt: skip
        return x, y, z

    def interrupt(self, byte: int) -> None:
        """A real-time byte arrives: a reset acts at once, everything else at the next check point."""
        if byte == RESET:
            self.stop_dead()
        elif byte == JOG_CANCEL:
            if self.state is State.JOG:
                self.requests.add(byte)
        elif byte in (STATUS, CYCLE_START, FEED_HOLD, DOOR) or byte in _OVERRIDES:
            self.requests.add(byte)

    def store(self) -> Step:
        """Something is stored: meanwhile the controller is deaf."""
        self.receiver.deaf_until_s = end = self.now_s + self.options.store_time_s
        yield end, False

    def stop_dead(self) -> None:
        """Reset: the beam goes off and, in motion, motors stop dead, which may lose the place."""
        if RESET in self.requests:
            return
        self.requests.add(RESET)
        self.beam.off(self.place(), self.now_s)
        in_motion = self.state in (State.RUN, State.HOME, State.JOG) or self.motion.is_stopping
        if in_motion:
            self.alarm = self.alarm or (6 if self.state is State.HOME else 3)
            self.motion.kill(self.now_s)
            self.slip()

    def slip(self) -> None:
        """Motors that stop dead lose steps."""
        x, y, z = (a + b for a, b in zip(self.truth.error_mm, self.options.slip_mm, strict=True))
        self.truth.error_mm = (x, y, z)

    def replan(self) -> None:
        """Overrides have changed."""
        self.motion.note(self.now_s)
        self.planner.replan()
        self.motion.planned(self.now_s)
