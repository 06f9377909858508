"""Check points of the firmware: where real-time commands take effect, and where a hold keeps the main program waiting.

Source: GRBL 1.1 documentation "Commands" (real-time commands) and the firmware's own order. In a hold the beam stays on
while the stage slows down and goes off when it stands (DISABLE_LASER_DURING_HOLD); `~` before that is ignored; a dwell
that was held goes on dark.
"""

from typing import Final

from lasercam.transports.simulated import reports
from lasercam.transports.simulated.core import (
    CYCLE_START,
    CYCLE_STOP,
    DOOR,
    FEED_HOLD,
    JOG_CANCEL,
    RESET,
    SPINDLE_STOP,
    STATUS,
    WAIT,
    AbortError,
    Core,
    SpindleStop,
    State,
    Step,
)

_ALARM_S: Final = 0.5
"""Pause behind an alarm, so that it reaches the host. Source: GRBL 1.1."""
_CRITICAL: Final = (1, 2)
_FEED_STEPS: Final = {0x91: 10, 0x92: -10, 0x93: 1, 0x94: -1}
_RAPIDS: Final = {0x95: 100, 0x96: 50, 0x97: 25}
_SPINDLE_STEPS: Final = {0x9A: 10, 0x9B: -10, 0x9C: 1, 0x9D: -1}
_LOWEST, _HIGHEST = 10, 200


def check_point(core: Core) -> Step:
    """Let everything that has arrived take effect; raises AbortError."""
    yield from _execute(core)
    if core.is_suspended:
        yield from _suspend(core)


def start_if_queued(core: Core) -> None:
    """Ask for motion where blocks wait for it."""
    if core.planner.blocks:
        core.requests.add(CYCLE_START)


def synchronise(core: Core) -> Step:
    """Wait until every planned move has been made."""
    start_if_queued(core)
    yield from check_point(core)
    while core.planner.blocks or core.state is State.RUN:
        yield WAIT
        yield from check_point(core)


def _execute(core: Core) -> Step:
    if core.alarm:
        yield from _tell_alarm(core)
    requests = core.requests
    if not requests:
        return
    if RESET in requests:
        raise AbortError
    if STATUS in requests:
        requests.discard(STATUS)
        core.say(reports.status(core))
    stops = requests & {FEED_HOLD, DOOR, JOG_CANCEL}
    if stops:
        _begin_hold(core, stops)
        requests -= stops
    if CYCLE_START in requests:
        requests.discard(CYCLE_START)
        if not stops:
            _begin_cycle(core)
    if CYCLE_STOP in requests:
        requests.discard(CYCLE_STOP)
        _end_cycle(core)
    if requests:
        _override(core)


def _tell_alarm(core: Core) -> Step:
    core.state = State.ALARM
    core.say(f"ALARM:{core.alarm}")
    yield core.now_s + _ALARM_S, False
    if core.alarm in _CRITICAL:
        core.say("[MSG:Reset to continue]")
        # Nothing is answered any more, not even `?`.
        core.requests.discard(RESET)
        while RESET not in core.requests:
            yield WAIT
    core.alarm = 0


def _begin_hold(core: Core, stops: set[int]) -> None:
    if core.state not in (State.ALARM, State.CHECK):
        if core.state in (State.RUN, State.JOG) and not core.jog_stops:
            if core.motion.is_running:
                core.motion.stop(core.now_s)
            core.jog_stops = core.state is State.JOG
        if core.state is State.IDLE:
            _suspend_now(core)
        if FEED_HOLD in stops and core.state not in (State.DOOR, State.JOG, State.SLEEP):
            core.state = State.HOLD
        if DOOR in stops:
            core.say("[MSG:Check Door]")
            if not core.jog_stops and core.state is not State.SLEEP:
                core.state = State.DOOR


def _suspend_now(core: Core) -> None:
    core.is_suspended = True
    core.is_restoring = False
    if core.settings.is_on(32):
        core.spindle_stop = SpindleStop.BEGIN


def _begin_cycle(core: Core) -> None:
    if core.state is State.DOOR and core.is_suspended:
        core.is_restoring = True
        return
    if core.state is State.HOLD and core.is_suspended:
        if core.spindle_stop is not SpindleStop.NONE:
            core.spindle_stop = SpindleStop.RESTORE_AND_GO
            return
    elif core.state is not State.IDLE:
        return
    _go(core)


def _go(core: Core) -> None:
    core.is_suspended = core.spindle_changed = False
    if core.planner.blocks:
        core.state = State.RUN
        core.planner.replan()
        core.motion.start(core.now_s)
    else:
        core.state = State.IDLE


def _end_cycle(core: Core) -> None:
    if core.state in (State.HOLD, State.DOOR) and not (core.soft_limit or core.jog_stops):
        core.motion.is_stopping = False
        core.planner.replan()
        _suspend_now(core)
        return
    if core.jog_stops:
        core.planner.clear()
        core.motion.rest_mm = core.rounded(core.motion.rest_mm)
        core.interpreter.position_mm = core.motion.rest_mm
    core.motion.is_stopping = core.jog_stops = False
    core.state = State.IDLE


def _override(core: Core) -> None:
    requests, planner, beam = core.requests, core.planner, core.beam
    feed = 100 if 0x90 in requests else planner.feed_percent
    feed += sum(step for byte, step in _FEED_STEPS.items() if byte in requests)
    feed = min(max(feed, _LOWEST), _HIGHEST)
    rapid = next((_RAPIDS[byte] for byte in (0x97, 0x96, 0x95) if byte in requests), planner.rapid_percent)
    if (feed, rapid) != (planner.feed_percent, planner.rapid_percent):
        planner.feed_percent, planner.rapid_percent = feed, rapid
        core.override_reports = 0
        core.replan()
    percent = 100 if 0x99 in requests else beam.percent
    percent += sum(step for byte, step in _SPINDLE_STEPS.items() if byte in requests)
    percent = min(max(percent, _LOWEST), _HIGHEST)
    if percent != beam.percent:
        beam.percent = percent
        core.override_reports = 0
        _update_output(core)
    if SPINDLE_STOP in requests and core.state is State.HOLD:
        if core.spindle_stop is SpindleStop.NONE:
            core.spindle_stop = SpindleStop.BEGIN
        elif core.spindle_stop is SpindleStop.DONE:
            core.spindle_stop = SpindleStop.RESTORE
    # A reset, a report, a hold or a start that came meanwhile keeps waiting for the next check point.
    requests.intersection_update((RESET, STATUS, CYCLE_START, FEED_HOLD, DOOR, JOG_CANCEL, CYCLE_STOP))


def _update_output(core: Core) -> None:
    state = core.interpreter
    if core.state is State.IDLE:
        spindle = 0 if state.modes.spindle == 5 else state.modes.spindle
        core.beam.stand(state.power, spindle, core.place(), core.now_s, core.line)
    elif core.motion.is_running:
        core.beam.follow(core.planner.blocks[0], core.place(), core.now_s)
    else:
        core.spindle_changed = True


def _suspend(core: Core) -> Step:
    while core.is_suspended:
        acted = _door(core) if core.state is State.DOOR else _held(core)
        if not acted:
            yield WAIT
        yield from _execute(core)


def _door(core: Core) -> bool:
    if core.spindle_stop is SpindleStop.BEGIN:
        core.beam.off(core.place(), core.now_s)
        core.spindle_stop = SpindleStop.DONE
        return True
    if core.is_restoring:
        core.spindle_stop, core.is_restoring = SpindleStop.NONE, False
        _go(core)
        return True
    return False


def _held(core: Core) -> bool:
    is_armed = core.interpreter.modes.spindle != 5
    if core.spindle_stop is SpindleStop.BEGIN:
        if is_armed:
            core.beam.off(core.place(), core.now_s)
            core.override_reports = 0
        core.spindle_stop = SpindleStop.DONE if is_armed else SpindleStop.NONE
        return True
    if core.spindle_stop in (SpindleStop.RESTORE, SpindleStop.RESTORE_AND_GO):
        if is_armed:
            core.say("[MSG:Restoring spindle]")
            core.spindle_changed = True
        if core.spindle_stop is SpindleStop.RESTORE_AND_GO:
            core.requests.add(CYCLE_START)
        core.spindle_stop = SpindleStop.NONE
        return True
    if core.spindle_changed and core.spindle_stop is SpindleStop.NONE:
        core.spindle_changed = False
        _light_in_hold(core)
        return True
    return False


def _light_in_hold(core: Core) -> None:
    """The override byte 0x9E switches the beam on at standstill: GRBL does so."""
    state = core.interpreter
    if core.planner.blocks:
        block = core.planner.blocks[0]
        core.beam.stand(block.power, block.spindle, core.place(), core.now_s, block.line)
    else:
        spindle = 0 if state.modes.spindle == 5 else state.modes.spindle
        core.beam.stand(state.power, spindle, core.place(), core.now_s, core.line)
