"""The `$` commands. Source: GRBL 1.1 documentation "Commands" and "Settings"; homing in its machine coordinates."""

import math
from typing import Final

from lasercam.transports.simulated import reports
from lasercam.transports.simulated.core import DOOR, RESET, Core, State, Step
from lasercam.transports.simulated.execution import is_beyond, jog
from lasercam.transports.simulated.gcode import DISABLED, JOG_TRAVEL, NOT_IDLE, NUMBER, STATEMENT, RefusalError, parse
from lasercam.transports.simulated.options import Place
from lasercam.transports.simulated.realtime import check_point
from lasercam.transports.simulated.words import read_number

_SEARCH: Final = 1.5
"""How much further than the travel homing looks for its switches. Source: GRBL 1.1, HOMING_AXIS_SEARCH_SCALAR."""
_HOMING_RESET, _HOMING_DOOR = 6, 7


def command(core: Core, text: str) -> Step:
    """Do what a `$` line says; raises RefusalError and AbortError."""
    rest = text[1:]
    if not rest:
        core.say("[HLP:$$ $# $G $I $N $x=val $Nx=line $J=line $SLP $C $X $H ~ ! ? ctrl-x]")
    elif rest[0] == "J":
        yield from _jog(core, rest)
    elif rest[0] in "$GCX":
        _plain(core, rest)
    elif core.state not in (State.IDLE, State.ALARM):
        raise RefusalError(NOT_IDLE)
    elif rest == "#":
        for line in reports.parameters(core.interpreter):
            core.say(line)
    elif rest == "I":
        for line in reports.build_info(core):
            core.say(line)
    elif rest == "H":
        yield from _home(core)
    elif rest[0] in "#HISRN":
        raise RefusalError(STATEMENT)  # sleep, stored lines and restoring of defaults are not simulated
    else:
        yield from _store(core, rest)


def _plain(core: Core, rest: str) -> None:
    if len(rest) > 1:
        raise RefusalError(STATEMENT)
    if rest == "$":
        if core.state in (State.RUN, State.HOLD):
            raise RefusalError(NOT_IDLE)
        for line in core.settings.lines():
            core.say(line)
    elif rest == "G":
        core.say(reports.modes(core.interpreter))
    elif rest == "C":
        if core.state is State.CHECK:
            core.stop_dead()
            core.say("[MSG:Disabled]")
        elif core.state is State.IDLE:
            core.state = State.CHECK
            core.say("[MSG:Enabled]")
        else:
            raise RefusalError(NOT_IDLE)
    elif core.state is State.ALARM:
        core.say("[MSG:Caution: Unlocked]")
        core.state = State.IDLE


def _jog(core: Core, rest: str) -> Step:
    if core.state not in (State.IDLE, State.JOG):
        raise RefusalError(NOT_IDLE)
    if rest[1:2] != "=":
        raise RefusalError(STATEMENT)
    line = parse(rest[2:], core.interpreter, jog=True)
    if core.settings.is_on(20) and is_beyond(core, line.target_mm):
        raise RefusalError(JOG_TRAVEL)
    yield from jog(core, line)


def _store(core: Core, rest: str) -> Step:
    number = read_number(rest, 0)
    if number is None:
        raise RefusalError(NUMBER)
    key, at = number
    if rest[at : at + 1] != "=":
        raise RefusalError(STATEMENT)
    value = read_number(rest, at + 1)
    if value is None:
        raise RefusalError(NUMBER)
    if value[1] != len(rest):
        raise RefusalError(STATEMENT)
    code = core.settings.store(key, value[0])
    if code:
        raise RefusalError(code)
    yield from core.store()


def _home(core: Core) -> Step:
    settings = core.settings
    if not settings.is_on(22):
        raise RefusalError(DISABLED)
    core.state = State.HOME
    place = core.place()
    core.beam.off(place, core.now_s)
    travel = settings.per_axis(130)
    truly = tuple(at + error for at, error in zip(place, core.truth.error_mm, strict=True))
    goal = _switches(int(settings[23]), travel, settings[27])
    fails = core.options.homing_fault
    way = _SEARCH * max(travel) if fails == 9 else math.dist(truly, goal)
    end = core.now_s + way / (settings[25] / 60) + 2 * settings[27] / (settings[24] / 60)
    # Nothing is answered while it homes; a reset or the door ends it.
    while core.now_s < end and RESET not in core.requests and DOOR not in core.requests:
        yield end, True
    if DOOR in core.requests and RESET not in core.requests:
        core.stop_dead()
        core.alarm = _HOMING_DOOR
    elif RESET in core.requests:
        core.alarm = core.alarm or _HOMING_RESET
    elif fails:
        core.stop_dead()
        core.alarm = fails
    yield from check_point(core)
    core.truth.error_mm = (0.0, 0.0, 0.0)
    core.motion.rest_mm = core.interpreter.position_mm = core.rounded(goal)
    core.state = State.IDLE


def _switches(mask: int, travel: Place, pull_off: float) -> Place:
    """Where it stands once homed: behind the switch of each axis."""
    x, y, z = (pull_off - way if mask >> i & 1 else -pull_off for i, way in enumerate(travel))
    return x, y, z
