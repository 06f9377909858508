"""G-code lines judged as GRBL 1.1h judges them: an accepted line, or the number of its error.

Source: GRBL 1.1 documentation "Interface" (error codes 1 to 38) and "Commands"; the order of the tests is that of its
firmware, because of several faults in one line only the first is told.
"""

import math
from dataclasses import replace
from typing import Any, Final

from lasercam.transports.simulated.modal import (
    CANCEL,
    CLOCKWISE,
    COUNTER,
    CUTTING,
    LINEAR,
    PROBES,
    SEEK,
    Interpreter,
    Modes,
    Parsed,
)
from lasercam.transports.simulated.options import Place
from lasercam.transports.simulated.words import read_number

(LETTER, NUMBER, STATEMENT, NEGATIVE, DISABLED) = range(1, 6)
NOT_IDLE, LOCKED, LONG, JOG_TRAVEL, JOG = 8, 9, 11, 15, 16
(UNSUPPORTED, GROUP, NO_FEED, NOT_INTEGER, AXIS_CONFLICT, REPEATED, NO_AXES, LINE_NUMBER, MISSING, NO_SYSTEM,
 BAD_G53, UNUSED_AXES, NO_PLANE_AXES, BAD_TARGET, BAD_RADIUS, NO_OFFSETS, UNUSED, BAD_G43,
 TOO_HIGH) = range(20, 39)  # fmt: skip

_MM_PER_INCH: Final = 25.4
_MAX_LINE_NUMBER: Final = 10_000_000
_MAX_TOOL: Final = 255
_NOT_NEGATIVE: Final = frozenset("FNPTS")
_VALUES: Final = frozenset("FIJKLNPRSTXYZ")
_AXES: Final = "XYZ"
_OFFSETS: Final = "IJK"
_ACTION, _MOTION, _FLOW = "action", "motion", "flow"
_PLANES: Final = {17: (0, 1, 2), 18: (2, 0, 1), 19: (1, 2, 0)}
_MODAL: Final = {
    0: "motion", 1: "motion", 2: "motion", 3: "motion", 80: "motion", 17: "plane", 18: "plane", 19: "plane",
    90: "distance", 91: "distance", 93: "feed", 94: "feed", 20: "units", 21: "units", 40: "cutter",
    43: "tool_length", 49: "tool_length", 54: "system", 55: "system", 56: "system", 57: "system", 58: "system",
    59: "system", 61: "control",
}  # fmt: skip
_AXIS_ACTIONS: Final = (100, 280, 300, 920)
_ACTIONS: Final = (40, 530, 281, 301, 921, *_AXIS_ACTIONS)
_KEPT: Final = frozenset(("motion", "plane", "units", "distance", "feed", "system", "tool_length"))
_NON_MODAL, _TOOL = "non-modal", "tool length"


class RefusalError(Exception):
    """A line is refused; `code` is the number of its error."""

    def __init__(self, code: int) -> None:
        super().__init__(f"error:{code}")
        self.code = code


class _Words:
    """First pass: words, groups and repeats."""

    def __init__(self, text: str) -> None:
        self.values: dict[str, float] = {}
        self.groups: set[str] = set()
        self.changes: dict[str, Any] = {}
        self.action = self.flow = 0
        self.axis_command = ""
        self.is_pause = False
        at = 0
        while at < len(text):
            letter = text[at]
            if not "A" <= letter <= "Z":
                raise RefusalError(LETTER)
            number = read_number(text, at + 1)
            if number is None:
                raise RefusalError(NUMBER)
            value, at = number
            if letter == "G":
                self._g(value)
            elif letter == "M":
                self._m(value)
            else:
                self._value(letter, value)

    def _group(self, name: str) -> None:
        if name in self.groups:
            raise RefusalError(GROUP)
        self.groups.add(name)

    def _command_axes(self, how: str) -> None:
        if self.axis_command:
            raise RefusalError(AXIS_CONFLICT)
        self.axis_command = how

    def _g(self, value: float) -> None:
        whole, hundredths = _parts(value)
        tenths = 10 * whole + hundredths // 10
        if whole in (10, 28, 30, 92, 4, 53):
            if whole in (10, 28, 30, 92) and hundredths == 0:
                self._command_axes(_NON_MODAL)
            if whole in (28, 30, 92) and hundredths not in (0, 10):
                raise RefusalError(UNSUPPORTED)
            if whole in (10, 4, 53) and hundredths:
                raise RefusalError(NOT_INTEGER)
            self._group(_ACTION)
            self.action = tenths
            return
        if whole == 38:
            self._command_axes(_MOTION)
            if hundredths not in PROBES:
                raise RefusalError(UNSUPPORTED)
            self._group("motion")
            self.changes["motion"] = PROBES[hundredths]
            return
        name = _MODAL.get(whole)
        if name is None:
            raise RefusalError(UNSUPPORTED)
        if name == "motion" and whole != CANCEL:
            self._command_axes(_MOTION)
        if name == "distance" and hundredths:
            if whole == 90 or hundredths != 10:
                raise RefusalError(UNSUPPORTED)
            self._group("arc distance")
            return
        if name == "tool_length":
            self._command_axes(_TOOL)
            if whole == 43 and hundredths != 10:
                raise RefusalError(UNSUPPORTED)
            hundredths = 0
        if whole == 61 and hundredths:
            raise RefusalError(UNSUPPORTED)
        if hundredths:
            raise RefusalError(NOT_INTEGER)
        self._group(name)
        if name in _KEPT:
            self.changes[name] = whole

    def _m(self, value: float) -> None:
        whole, hundredths = _parts(value)
        if hundredths:
            raise RefusalError(NOT_INTEGER)
        if whole in (0, 1, 2, 30):
            self._group(_FLOW)
            self.flow = whole if whole != 1 else 0
            self.is_pause = whole == 0
        elif whole in (3, 4, 5):
            self._group("spindle")
            self.changes["spindle"] = whole
        elif whole in (8, 9):
            self._group("coolant")
            self.changes["coolant"] = whole
        else:
            raise RefusalError(UNSUPPORTED)

    def _value(self, letter: str, value: float) -> None:
        if letter not in _VALUES:
            raise RefusalError(UNSUPPORTED)
        if letter == "T" and value > _MAX_TOOL:
            raise RefusalError(TOO_HIGH)
        if letter in self.values:
            raise RefusalError(REPEATED)
        if letter in _NOT_NEGATIVE and value < 0:
            raise RefusalError(NEGATIVE)
        self.values[letter] = value


def parse(text: str, state: Interpreter, *, jog: bool = False) -> Parsed:
    """Judge a line that `words.stripped` has cleaned.

    Args:
        text: the line; of a jog, what follows `$J=`.
        state: of the interpreter; not changed.
        jog: whether it is a jog.

    Raises:
        RefusalError: with the number of the error.
    """
    before = replace(state.modes, motion=LINEAR, feed=94) if jog else state.modes
    found = _Words(text)
    modes = replace(before, **found.changes)
    values, unused = found.values, set(found.values)
    axes = [letter in values for letter in _AXES]
    if any(axes) and not found.axis_command:
        found.axis_command = _MOTION
    if values.get("N", 0) > _MAX_LINE_NUMBER:
        raise RefusalError(LINE_NUMBER)
    scale = _MM_PER_INCH if modes.units == 20 else 1.0
    feed = _feed(found, modes, state, scale, jog=jog)
    if found.action == 40:
        if "P" not in values:
            raise RefusalError(MISSING)
        unused.discard("P")
    if modes.tool_length == 43 and found.axis_command == _TOOL and axes != [False, False, True]:
        raise RefusalError(BAD_G43)
    line = Parsed(
        modes, any(axes), feed, values.get("S", state.power),
        int(values.get("T", 0)), found.action, values.get("P", 0.0), state.position_mm, flow=_flow(found),
    )  # fmt: skip
    _set_places(line, found, state, axes, scale, unused)
    _judge_motion(line, found, state, axes, scale, unused)
    unused -= {"N", "F"} if jog else {"N", "F", "S", "T"}
    if found.axis_command:
        unused -= set(_AXES)
    if unused:
        raise RefusalError(UNUSED)
    if jog and (found.groups - {"distance", "units", _ACTION} or found.action not in (0, 530)):
        raise RefusalError(JOG)
    return line


def _parts(value: float) -> tuple[int, int]:
    """Whole part and hundredths of a command's number, in GRBL's one and two bytes without a sign."""
    whole = math.trunc(value) & 0xFF
    return whole, round(100 * (value - whole)) & 0xFFFF


def _flow(found: _Words) -> int:
    if _FLOW not in found.groups:
        return -1
    return found.flow if found.flow or found.is_pause else -1


def _feed(found: _Words, modes: Modes, state: Interpreter, scale: float, *, jog: bool) -> float:
    if jog:
        if "F" not in found.values:
            raise RefusalError(NO_FEED)
        return found.values["F"] * scale
    if modes.feed == 93:
        if found.axis_command == _MOTION and modes.motion not in (CANCEL, SEEK) and "F" not in found.values:
            raise RefusalError(NO_FEED)
        return found.values.get("F", 0.0)
    if state.modes.feed == 94:
        return found.values["F"] * scale if "F" in found.values else state.feed_mm_min
    return found.values.get("F", 0.0)  # GRBL does not convert it in the line that leaves G93


def _set_places(
    line: Parsed, found: _Words, state: Interpreter, axes: list[bool], scale: float, unused: set[str]
) -> None:
    """Targets and new offsets, in machine coordinates."""
    given = [found.values.get(letter, 0.0) * scale for letter in _AXES]
    offset = state.offset_mm(line.modes.system)
    here = state.position_mm
    if found.action == 100:
        line.goal_mm, line.system = _coordinate_data(found, state, axes, given, line.modes.system)
        unused -= {"L", "P"}
    elif found.action == 920:
        if not any(axes):
            raise RefusalError(NO_AXES)
        base = state.systems_mm[line.modes.system - 54]
        lift = (0.0, 0.0, state.tool_length_mm)
        line.goal_mm = _merged(axes, [here[i] - base[i] - lift[i] - given[i] for i in range(3)], state.g92_mm)
    elif found.axis_command == _TOOL:
        line.tool_length_mm = given[2] if line.modes.tool_length == 43 else 0.0
    elif any(axes):
        if found.action == 530:
            aims = given
        elif line.modes.distance == 90:
            aims = [value + shift for value, shift in zip(given, offset, strict=True)]
        else:
            aims = [value + place for value, place in zip(given, here, strict=True)]
        line.target_mm = _merged(axes, aims, here)
    if found.action in (280, 300):
        stored = state.homes_mm[found.action // 10]
        line.goal_mm = _merged(axes, list(stored), here) if any(axes) else stored
        line.moves = any(axes)
        if not any(axes):
            found.axis_command = ""
    if found.action == 530 and line.modes.motion not in (SEEK, LINEAR):
        raise RefusalError(BAD_G53)


def _coordinate_data(
    found: _Words, state: Interpreter, axes: list[bool], given: list[float], system: int
) -> tuple[Place, int]:
    values = found.values
    if not any(axes):
        raise RefusalError(NO_AXES)
    if "P" not in values and "L" not in values:
        raise RefusalError(MISSING)
    wanted = int(values.get("P", 0))
    if wanted > 6:
        raise RefusalError(NO_SYSTEM)
    kind = int(values.get("L", 0))
    if kind not in (2, 20) or (kind == 2 and "R" in values):
        raise RefusalError(UNSUPPORTED)
    system = 53 + wanted if wanted else system
    if kind == 20:
        lift = (0.0, 0.0, state.tool_length_mm)
        given = [state.position_mm[i] - state.g92_mm[i] - given[i] - lift[i] for i in range(3)]
    return _merged(axes, given, state.systems_mm[system - 54]), system


def _judge_motion(
    line: Parsed, found: _Words, state: Interpreter, axes: list[bool], scale: float, unused: set[str]
) -> None:
    motion = line.modes.motion
    if motion == CANCEL:
        if any(axes):
            raise RefusalError(UNUSED_AXES)
        return
    if found.axis_command != _MOTION or found.action in (280, 300):
        return
    line.moves = any(axes)
    if motion == SEEK:
        if not any(axes):
            found.axis_command = ""
        return
    if line.feed_mm_min == 0:
        raise RefusalError(NO_FEED)
    if motion == LINEAR:
        if not any(axes):
            found.axis_command = ""
        return
    if motion in PROBES.values():
        if not any(axes):
            raise RefusalError(NO_AXES)
        if line.target_mm == state.position_mm:
            raise RefusalError(BAD_TARGET)
        return
    line.arc_mm = _arc(line, found, state, axes, scale, unused)


def _arc(
    line: Parsed, found: _Words, state: Interpreter, axes: list[bool], scale: float, unused: set[str]
) -> tuple[float, float, float]:
    first, second, _ = _PLANES[line.modes.plane]
    if not any(axes):
        raise RefusalError(NO_AXES)
    if not (axes[first] or axes[second]):
        raise RefusalError(NO_PLANE_AXES)
    here, there, values = state.position_mm, line.target_mm, found.values
    x, y = there[first] - here[first], there[second] - here[second]
    if "R" in values:
        unused.discard("R")
        if here == there:
            raise RefusalError(BAD_TARGET)
        radius = values["R"] * scale
        square = 4 * radius * radius - x * x - y * y
        if square < 0:
            raise RefusalError(BAD_RADIUS)
        if x == y == 0:
            return 0.0, 0.0, 0.0  # GRBL divides by zero here; this goes straight along the third axis
        ratio = -math.sqrt(square) / math.hypot(x, y)
        if (line.modes.motion == COUNTER) != (radius < 0):
            ratio = -ratio
        return (x - y * ratio) / 2, (y + x * ratio) / 2, abs(radius)
    letters = (_OFFSETS[first], _OFFSETS[second])
    if not any(letter in values for letter in letters):
        raise RefusalError(NO_OFFSETS)
    unused -= set(_OFFSETS)
    i, j = (values.get(letter, 0.0) * scale for letter in letters)
    radius, to_target = math.hypot(i, j), math.hypot(x - i, y - j)
    differ = abs(to_target - radius)
    if differ > 0.005 and (differ > 0.5 or differ > 0.001 * radius):
        raise RefusalError(BAD_TARGET)
    return i, j, radius


def chords(line: Parsed, start_mm: Place, tolerance_mm: float) -> list[Place]:
    """Ends of the straight pieces GRBL makes of an arc, each no further from it than `tolerance_mm` ($12)."""
    if line.arc_mm is None:
        return [line.target_mm]
    first, second, third = _PLANES[line.modes.plane]
    i, j, radius = line.arc_mm
    end = line.target_mm
    centre = start_mm[first] + i, start_mm[second] + j
    before = math.atan2(-j, -i)
    turn = math.atan2(end[second] - centre[1], end[first] - centre[0]) - before
    turn = math.remainder(turn, 2 * math.pi)
    tiny = 5e-7
    if line.modes.motion == CLOCKWISE:
        turn -= 2 * math.pi if turn >= -tiny else 0.0
    else:
        turn += 2 * math.pi if turn <= tiny else 0.0
    under = tolerance_mm * (2 * radius - tolerance_mm)
    n_pieces = math.floor(abs(turn * radius / 2) / math.sqrt(under)) if under > 0 else 0
    places: list[Place] = []
    for k in range(1, n_pieces):
        angle = before + turn * k / n_pieces
        place = [0.0, 0.0, 0.0]
        place[first] = centre[0] + radius * math.cos(angle)
        place[second] = centre[1] + radius * math.sin(angle)
        place[third] = start_mm[third] + (end[third] - start_mm[third]) * k / n_pieces
        places.append((place[0], place[1], place[2]))
    return [*places, end]


def _merged(axes: list[bool], new: list[float], old: Place) -> Place:
    x, y, z = (new[i] if axes[i] else old[i] for i in range(3))
    return x, y, z


def is_cutting(motion: int) -> bool:
    """Whether the beam may be on in this motion mode."""
    return motion in CUTTING
