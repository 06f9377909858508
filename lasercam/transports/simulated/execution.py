"""What the firmware does with an accepted line of G-code, in its order: S, spindle, dwell, offsets, motion, end.

Source: GRBL 1.1 documentation "Laser Mode" and "Commands", and the firmware's order of execution.
"""

import math
from dataclasses import replace
from typing import Final

from lasercam.transports.simulated import reports
from lasercam.transports.simulated.core import FEED_HOLD, RESET, WAIT, Core, State, Step
from lasercam.transports.simulated.gcode import chords, is_cutting
from lasercam.transports.simulated.modal import CANCEL, PROBES, SEEK, Parsed
from lasercam.transports.simulated.options import Place
from lasercam.transports.simulated.planner import Block, slowest
from lasercam.transports.simulated.realtime import check_point, start_if_queued, synchronise

DWELL_STEP_S: Final = 0.05
"""Dwells last whole steps, rounded up. Source: measured on the GRBL 1.1h AVR binary; DWELL_TIME_STEP."""
_SOFT_LIMIT: Final = 2
_PROBE_NOT_TOUCHING, _PROBE_IN_VAIN = 4, 5
_PROBE_MUST_TOUCH: Final = 382
_PROBES_AWAY: Final = (384, 385)
_OFF: Final = 5


def execute(core: Core, line: Parsed) -> Step:
    """Do what an accepted line says; raises AbortError."""
    state, settings = core.interpreter, core.settings
    laser = settings.is_on(32)
    is_dark = laser and not is_cutting(line.modes.motion)
    carries = laser and line.moves and line.action not in (280, 300)
    crosses = (
        laser and not carries and state.modes.spindle == 3
        and is_cutting(state.modes.motion) == is_dark
    )  # fmt: skip
    state.feed_mm_min = line.feed_mm_min
    if state.power != line.power or crosses:
        if state.modes.spindle != _OFF and not carries:
            yield from _spindle(core, state.modes.spindle, 0.0 if is_dark else line.power)
        state.power = line.power
    power = 0.0 if is_dark else state.power
    state.tool = line.tool
    if line.modes.spindle != state.modes.spindle:
        yield from _spindle(core, line.modes.spindle, power)
        state.modes = replace(state.modes, spindle=line.modes.spindle)
    if line.modes.coolant != state.modes.coolant:
        yield from synchronise(core)
    if line.action == 40:
        yield from _dwell(core, line.dwell_s)
    before = state.modes.system
    state.modes = replace(line.modes, motion=state.modes.motion)
    if line.tool_length_mm is not None and line.tool_length_mm != state.tool_length_mm:
        state.tool_length_mm = line.tool_length_mm
        yield from _offsets_changed(core)
    if before != line.modes.system:
        yield from _offsets_changed(core)
    yield from _act(core, line, power)
    state.modes = line.modes
    if line.modes.motion in PROBES.values() and line.moves:
        yield from _probe(core, line)
    elif line.moves and line.action not in (280, 300) and line.modes.motion != CANCEL:
        is_rapid, inverse = line.modes.motion == SEEK, line.modes.feed == 93
        for end in chords(line, state.position_mm, settings[12]):
            yield from move(core, end, line.feed_mm_min, power, is_rapid=is_rapid, inverse=inverse)
        state.position_mm = line.target_mm
    if line.flow >= 0:
        yield from _flow(core, line.flow)


def jog(core: Core, line: Parsed) -> Step:
    """Begin or lengthen a jog."""
    state = core.interpreter
    yield from move(core, line.target_mm, line.feed_mm_min, state.power, is_rapid=False, is_jog=True)
    state.position_mm = line.target_mm
    if core.state is State.IDLE and core.planner.blocks:
        core.state = State.JOG
        core.motion.start(core.now_s)


def is_beyond(core: Core, place: Place) -> bool:
    """Whether soft limits forbid a place: homed at the upper ends, machine coordinates are 0 or negative."""
    return any(at > 0 or at < -travel for at, travel in zip(place, core.settings.per_axis(130), strict=True))


def move(
    core: Core, end: Place, feed_mm_min: float, power: float, *, is_rapid: bool, is_jog: bool = False,
    inverse: bool = False,
) -> Step:  # fmt: skip
    """Plan a move, once there is room for it."""
    if core.settings.is_on(20) and not is_jog and is_beyond(core, end):
        yield from _soft_limit(core)
    if core.state is State.CHECK:
        return
    while True:
        yield from check_point(core)
        if core.planner.n_free > 0:
            break
        start_if_queued(core)
        yield from check_point(core)
        if core.planner.n_free > 0:
            break
        yield WAIT
    start = core.planner.blocks[-1].end_mm if core.planner.blocks else core.motion.rest_mm
    end = core.rounded(end)
    way = tuple(b - a for a, b in zip(start, end, strict=True))
    length = math.sqrt(sum(w * w for w in way))
    modal = core.interpreter.modes.spindle
    spindle = 0 if modal == _OFF else modal
    if length == 0:
        if core.settings.is_on(32) and spindle == 3:
            yield from _spindle(core, spindle, power)
        return
    unit = (way[0] / length, way[1] / length, way[2] / length)
    rapid = slowest(core.settings.per_axis(110), unit) / 60
    feed = rapid if is_rapid else feed_mm_min * (length if inverse else 1.0) / 60
    core.motion.note(core.now_s)
    block = Block(
        start, end, unit, length, length, slowest(core.settings.per_axis(120), unit), rapid, feed, is_rapid, is_jog,
        power, spindle, core.line,
    )  # fmt: skip
    core.planner.add(block)
    core.motion.planned(core.now_s)


def _spindle(core: Core, spindle: int, power: float) -> Step:
    if core.state is State.CHECK:
        return
    yield from synchronise(core)
    core.beam.stand(power, 0 if spindle == _OFF else spindle, core.place(), core.now_s, core.line)
    core.override_reports = 0


def _dwell(core: Core, seconds: float) -> Step:
    if core.state is State.CHECK:
        return
    yield from synchronise(core)
    for _ in range(math.ceil(seconds / DWELL_STEP_S - 1e-6)):
        yield from check_point(core)
        yield core.now_s + DWELL_STEP_S, False


def _offsets_changed(core: Core) -> Step:
    yield from synchronise(core)
    core.wco_reports = 0


def _act(core: Core, line: Parsed, power: float) -> Step:
    state = core.interpreter
    if line.action == 100:
        yield from synchronise(core)
        yield from core.store()
        state.systems_mm[line.system - 54] = line.goal_mm
        yield from _offsets_changed(core)
    elif line.action in (280, 300):
        if line.moves:
            yield from move(core, line.target_mm, 0.0, power, is_rapid=True)
        yield from move(core, line.goal_mm, 0.0, power, is_rapid=True)
        state.position_mm = line.goal_mm
    elif line.action in (281, 301):
        yield from synchronise(core)
        yield from core.store()
        state.homes_mm[line.action // 10] = state.position_mm
    elif line.action in (920, 921):
        state.g92_mm = line.goal_mm if line.action == 920 else (0.0, 0.0, 0.0)
        yield from _offsets_changed(core)


def _probe(core: Core, line: Parsed) -> Step:
    """There is no probe: towards one the whole way is made in vain; away from one it does not touch to begin with."""
    if core.state is State.CHECK:
        core.interpreter.position_mm = line.target_mm
        return
    yield from synchronise(core)
    if line.modes.motion in _PROBES_AWAY:
        core.alarm = _PROBE_NOT_TOUCHING
        yield from check_point(core)
        return
    yield from move(core, line.target_mm, line.feed_mm_min, 0.0, is_rapid=False)
    yield from synchronise(core)
    core.interpreter.position_mm = core.motion.rest_mm
    if line.modes.motion == _PROBE_MUST_TOUCH:
        core.alarm = _PROBE_IN_VAIN
        yield from check_point(core)
    core.say(reports.probe(core))


def _flow(core: Core, flow: int) -> Step:
    yield from synchronise(core)
    if flow == 0:
        if core.state is not State.CHECK:
            core.requests.add(FEED_HOLD)
            yield from check_point(core)
        return
    core.interpreter.end_program()
    core.planner.feed_percent = core.planner.rapid_percent = core.beam.percent = 100
    if core.state is not State.CHECK:
        core.wco_reports = core.override_reports = 0
        core.beam.off(core.place(), core.now_s)
    core.say("[MSG:Pgm End]")


def _soft_limit(core: Core) -> Step:
    core.soft_limit = True
    if core.state is State.RUN:
        core.requests.add(FEED_HOLD)
        while True:
            yield from check_point(core)
            if core.is_idle:
                break
            yield WAIT
    core.stop_dead()
    core.alarm = _SOFT_LIMIT
    core.requests.add(RESET)
    yield from check_point(core)
