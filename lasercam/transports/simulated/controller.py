"""A GRBL 1.1h controller without hardware: bytes in, lines out, in simulated time.

What it keeps of the real one: one `ok` or `error` a line, sent when the line has been planned; a receive buffer that
overflows; a planner that fills; dwells in steps of 50 ms; real-time bytes out of band; holds, alarms and resets with
their effect on beam and place. What it leaves out: step segments (speed follows the plan exactly), 8-bit output levels,
32-bit floats, a probe, sleep, parking, stored start-up lines. The stage is rigid: it follows the plan without delay.
"""

import math
from dataclasses import replace
from typing import Final

from lasercam.transports.simulated import reports
from lasercam.transports.simulated.core import CYCLE_STOP, WAIT, AbortError, Core, State, Step
from lasercam.transports.simulated.dollar import command
from lasercam.transports.simulated.execution import execute
from lasercam.transports.simulated.gcode import LOCKED, LONG, RefusalError, parse
from lasercam.transports.simulated.options import ControllerOptions, Place
from lasercam.transports.simulated.realtime import check_point, start_if_queued
from lasercam.transports.simulated.settings import GrblSettings
from lasercam.transports.simulated.truth import Exposed
from lasercam.transports.simulated.words import stripped

_LINE_LENGTH: Final = {"grbl": 79, "grblhal": 256}
_HARD_LIMIT: Final = 1
_STUCK_S: Final = 86_400.0


class SimulatedController:
    """A controller with its stage and its laser output.

    Time passes only in `advance`. It is powered when made; the banner comes after its boot time.

    Args:
        settings: stored `$` settings; changed by `$x=` lines.
        options: firmware and stage.
    """

    def __init__(self, settings: GrblSettings | None = None, options: ControllerOptions | None = None) -> None:
        self.settings = settings or GrblSettings()
        self.options = options or ControllerOptions()
        self._core = Core(self.settings, self.options)
        self._core.truth.error_mm = self.options.start_mm
        self._frozen_s = math.nan
        self._power_on()

    @property
    def now_s(self) -> float:
        """Simulated time since it was made."""
        return self._core.now_s

    @property
    def state(self) -> str:
        """Name of its state, as in status reports."""
        return self._core.state.value

    @property
    def beam_power(self) -> float:
        """S in effect now; 0 when it is dark."""
        return self._core.truth.power

    @property
    def place_mm(self) -> Place:
        """Where it believes to be, machine coordinates."""
        return self._core.place()

    @property
    def true_place_mm(self) -> Place:
        """Where the stage truly is, in the machine coordinates of a homed stage."""
        x, y, z = (a + b for a, b in zip(self._core.place(), self._core.truth.error_mm, strict=True))
        return x, y, z

    @property
    def n_lost_bytes(self) -> int:
        """Bytes that were sent to it and never read: overflow, boot, storing."""
        return self._core.receiver.n_lost

    @property
    def n_bytes_held(self) -> int:
        """Bytes on their way and in its receive buffer."""
        receiver = self._core.receiver
        return receiver.n_on_wire + self.options.rx_bytes - receiver.n_free

    @property
    def n_blocks_held(self) -> int:
        """Moves it has planned and not finished."""
        return len(self._core.planner.blocks)

    def exposed(self) -> list[Exposed]:
        """The truth about the sample so far, what is being exposed now included."""
        return self._core.truth.snapshot(self._core.place(), self._core.now_s)

    def receive(self, data: bytes) -> None:
        """The host sends bytes; they travel at the line's rate."""
        self._core.receiver.send(data, self._core.now_s)

    def take_line(self) -> bytes | None:
        """A line that has arrived at the host, without its end."""
        return self._core.sender.take(self._core.now_s)

    @property
    def next_s(self) -> float:
        """When something happens next of its own accord, or a line arrives at the host."""
        core = self._core
        if not math.isnan(self._frozen_s):
            return core.sender.next_s
        return min(core.receiver.next_s, core.motion.next_s, self._wake_s, core.sender.next_s)

    def advance(self, until_s: float) -> None:
        """Let time pass."""
        core = self._core
        while math.isnan(self._frozen_s):
            at = min(core.receiver.next_s, core.motion.next_s, self._wake_s)
            if at > until_s:
                break
            self._step(max(at, core.now_s))
        core.now_s = max(until_s, core.now_s)

    def run_out(self, limit_s: float = _STUCK_S) -> None:
        """Let time pass until nothing more happens, or that long: what a controller does whose host has gone."""
        end = self.now_s + limit_s
        while self.next_happening_s <= end:
            self.advance(self.next_happening_s)

    @property
    def next_happening_s(self) -> float:
        """As `next_s`, without lines on their way to the host."""
        core = self._core
        if not math.isnan(self._frozen_s):
            return math.inf
        return min(core.receiver.next_s, core.motion.next_s, self._wake_s)

    def power_cycle(self) -> None:
        """Power off and on, as a reset by DTR does: all is forgotten but what is stored, the place included."""
        self.thaw()
        core = self._core
        true = self.true_place_mm
        core.beam.off(core.place(), core.now_s)
        core.motion.kill(core.now_s)
        core.planner.clear()
        core.receiver.drop_wire()
        core.sender.forget()
        core.motion.rest_mm = (0.0, 0.0, 0.0)
        core.truth.error_mm = true
        core.state = State.IDLE
        self._power_on()

    def freeze(self) -> None:
        """It hangs: nothing moves, nothing is read, and the beam stays as it is."""
        core = self._core
        if math.isnan(self._frozen_s):
            self._frozen_s = core.now_s
            core.truth.change(core.truth.power, core.place(), core.now_s, None, core.line)

    def thaw(self) -> None:
        """It goes on; what was sent meanwhile and does not fit is lost."""
        core = self._core
        if math.isnan(self._frozen_s):
            return
        paused = core.now_s - self._frozen_s
        core.motion.delay(paused)
        self._wake_s += paused
        self._frozen_s = math.nan
        core.receiver.arrive(core.now_s)  # real-time bytes are lost as well
        if core.motion.is_running:
            core.beam.follow(core.planner.blocks[0], core.place(), core.now_s)

    def trip_limit(self) -> None:
        """A limit switch is hit: ALARM:1."""
        core = self._core
        was_moving = core.motion.is_running
        core.stop_dead()
        if not was_moving:
            core.slip()
        core.alarm = _HARD_LIMIT
        self._resume()

    def say(self, text: str) -> None:
        """Send the host a line that no real firmware would."""
        self._core.say(text)

    def set_options(self, **changes: object) -> None:
        """Change what is wrong with it, such as `homing_fault`."""
        self.options = replace(self.options, **changes)  # type: ignore[arg-type]
        self._core.options = self.options

    def _power_on(self) -> None:
        core = self._core
        core.line = 0
        core.receiver.deaf_until_s = core.now_s + self.options.boot_time_s
        core.reset()
        self._program = self._firmware()
        self._wake_s, self._polls = core.now_s + self.options.boot_time_s, False

    def _step(self, at_s: float) -> None:
        core = self._core
        core.now_s = at_s
        if core.motion.advance(at_s):
            core.requests.add(CYCLE_STOP)
        for byte in core.receiver.arrive(at_s):
            core.interrupt(byte)
        self._resume()

    def _resume(self) -> None:
        if self._polls or self._wake_s <= self._core.now_s:
            self._wake_s, self._polls = next(self._program)

    def _firmware(self) -> Step:
        core = self._core
        if core.settings.is_on(22):
            core.state = State.ALARM
        while True:
            core.reset()
            core.say("")
            core.say(reports.banner(core))
            if core.state is State.ALARM:
                core.say("[MSG:'$H'|'$X' to unlock]")
            else:
                core.state = State.IDLE
            try:
                yield from self._main_loop()
            except AbortError:
                continue

    def _main_loop(self) -> Step:
        core = self._core
        while True:
            raw = core.receiver.take_line()
            if raw is None:
                start_if_queued(core)
                yield from check_point(core)
                if core.receiver.is_reading:  # no line has come while a hold kept it
                    yield WAIT
                continue
            yield from check_point(core)
            yield core.now_s + self.options.line_time_s, False
            core.line += 1
            yield from self._answer(raw)

    def _answer(self, raw: bytes) -> Step:
        core = self._core
        try:
            yield from self._do(raw)
        except RefusalError as fault:
            core.latched = fault.code
            core.say(f"error:{fault.code}")
        except AbortError:
            core.say("ok")  # stale: the line was neither finished nor refused
            raise
        else:
            core.say("ok")

    def _do(self, raw: bytes) -> Step:
        core = self._core
        limit = _LINE_LENGTH[self.options.firmware]
        text = stripped(raw, limit)
        if text is None or (core.is_hal and len(raw) > limit):
            raise RefusalError(LONG)
        if not text or text[0] == "$":
            core.latched = 0
        if core.is_hal and core.latched:
            raise RefusalError(core.latched)
        if not text:
            return
        if text[0] == "$":
            yield from command(core, text)
        elif core.state in (State.ALARM, State.JOG):
            raise RefusalError(LOCKED)
        else:
            yield from execute(core, parse(text, core.interpreter))
