"""What an XPS makes of a trajectory file, from its manual. For readers only.

Source: XPS-Q8 user's manual, "PVT trajectories": each line is an element, its duration and then displacement and
final velocity of every positioner; displacements are relative, an element begins with the velocity the one before it
ended with, the last velocity is 0, positions between are cubic in time. "Line-arc trajectories": ends of lines are
relative to the start of the trajectory.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from math import atan2, degrees, hypot, inf, isqrt
from typing import Final, NamedTuple

from lasercam.dialects.line_reading import number
from lasercam.errors import RereadError
from lasercam.model.toolpath import RowKind

PS: Final = 10**12
_TICK = 10**7
"""Ticks per mm."""
_FINE = 10**12
_FM_PER_TICK = 10**5
"""Path lengths are in 10^-12 mm."""
_NAME = re.compile(r"lc-([0-9a-f]{16})\.trj")

REST, CRUISE, RAMP = range(3)


class Stretch(NamedTuple):
    """One element or line.

    Attributes:
        motion: REST, CRUISE (constant velocity) or RAMP (from or to rest).
        delta: displacement, ticks.
        speed_nm_s: the constant speed, or that at the moving end of a ramp; 0 at rest.
        duration_ps: how long; 0 where the controller decides.
    """

    motion: int
    delta: tuple[int, int, int]
    speed_nm_s: int
    duration_ps: int


def checked(name: str, companion: Callable[[str], bytes]) -> str:
    """The text of a trajectory file.

    Raises:
        RereadError: its name is none that lasercam writes, or was made from other content, or it is no plain text.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise RereadError(f"'{name[:60]}' is no name of a trajectory file")
    content = companion(name)
    if hashlib.sha256(content).hexdigest()[:16] != match[1]:
        raise RereadError(f"the trajectory file {name} does not hold what its name was made from")
    text = content.decode("latin-1")
    if not text.isascii() or not text.endswith("\n") or "\r" in text:
        raise RereadError(f"the trajectory file {name} is not whole lines of plain text")
    return text


def pvt(text: str, tolerance_um: float) -> list[Stretch]:
    """The elements of a PVT file of three positioners.

    Args:
        text: of the file.
        tolerance_um: how far a cubic may stray from its straight line.

    Raises:
        RereadError: a malformed line, motion that neither rests nor keeps its speed nor ramps evenly.
    """
    found: list[Stretch] = []
    rows = text.split("\n")[:-1]
    before = (0, 0, 0)
    for i, row in enumerate(rows):
        fields = row.split(", ")
        if len(fields) != 7:
            raise RereadError(f"line {i + 1} of the trajectory has {len(fields)} numbers instead of 7")
        duration = number(fields[0], PS, "a duration")
        if duration <= 0:
            raise RereadError(f"line {i + 1} of the trajectory lasts no time")
        dx, dy, dz = (number(field, _TICK, "a displacement") for field in fields[1::2])
        vx, vy, vz = (number(field, _FINE, "a velocity") for field in fields[2::2])
        motion, speed = _motion(duration, (dx, dy, dz), before, (vx, vy, vz), tolerance_um)
        ends = i in (0, len(rows) - 1)
        if motion < 0 or (motion == RAMP and not ends) or (motion == CRUISE and ends):
            raise RereadError(f"line {i + 1} of the trajectory neither keeps its speed nor ramps evenly")
        found.append(Stretch(motion, (dx, dy, dz), speed, duration))
        before = vx, vy, vz
    if before != (0, 0, 0):
        raise RereadError("the trajectory does not end at rest")
    if len({stretch.motion == REST for stretch in found}) != 1:
        raise RereadError("the trajectory is empty, or rests between its motions")
    return found


def _motion(
    duration: int, delta: tuple[int, int, int], v0: tuple[int, int, int], v1: tuple[int, int, int], tolerance_um: float
) -> tuple[int, int]:
    """What an element does, and its speed; -1 for what lasercam never writes."""
    if not any(delta) and not any(v0) and not any(v1):
        return REST, 0
    # 10^-12 mm/s × ps = 10^-24 mm; a tick is 10^-7 mm = 10^17 of these.
    unit = PS * _FINE // _TICK
    straight = all(2 * abs(v * duration - d * unit) <= unit for v, d in zip(v1, delta, strict=True))
    if straight and any(v0):
        off_um = _norm(tuple(a - b for a, b in zip(v0, v1, strict=True))) * duration * 4 / 27 / (PS * _FINE / 1000)
        return (CRUISE, _speed(v1)) if off_um <= tolerance_um + 1e-9 else (-1, 0)
    moving = v1 if not any(v0) else v0
    if (any(v0) and any(v1)) or not any(moving):
        return -1, 0
    length = _norm(tuple(d * 10**6 for d in delta)) * (unit // 10**6)
    even = 2 * abs(_norm(moving) * duration - 2 * length) <= unit
    forward = sum(v * d for v, d in zip(moving, delta, strict=True)) > 0
    return (RAMP, _speed(moving)) if even and forward else (-1, 0)


def _norm(vector: tuple[int, ...]) -> int:
    return (isqrt(4 * sum(v * v for v in vector)) + 1) // 2


def _speed(velocity: tuple[int, int, int]) -> int:
    """Whole nm/s; a printed component is off by half of 10^-6 nm/s at most."""
    speed, off = divmod(_norm(velocity) + 500_000, 10**6)
    if abs(off - 500_000) > 2:
        raise RereadError("the speed of an element is not a whole number of nm/s")
    return speed


def line_arc(text: str, largest_corner: float) -> list[Stretch]:
    """The lines of a line-arc file; the first and the last hold the ramps, speeds come with the execution.

    Raises:
        RereadError: a malformed line, or a corner that the file does not allow.
    """
    rows = text.split("\n")[:-1]
    if len(rows) < 4 or rows[0] != "FirstTangent = 0" or rows[2]:
        raise RereadError("the trajectory's head is not FirstTangent, DiscontinuityAngle and an empty line")
    match = re.fullmatch(r"DiscontinuityAngle = ([0-9]{1,2}(?:\.[0-9]{1,4})?)", rows[1])
    if match is None or float(match[1]) != largest_corner:
        raise RereadError("the trajectory's DiscontinuityAngle is not that of the machine profile")
    found: list[tuple[int, int]] = []
    at, heading = (0, 0), None
    for row in rows[3:]:
        match = re.fullmatch(r"Line = (\S+), (\S+)", row)
        if match is None:
            raise RereadError(f"'{row[:40]}' is no line of a line-arc trajectory")
        to = number(match[1], _TICK, "a coordinate"), number(match[2], _TICK, "a coordinate")
        step = to[0] - at[0], to[1] - at[1]
        if step == (0, 0):
            raise RereadError("a line of the trajectory has no length")
        new = degrees(atan2(step[1], step[0]))
        if heading is not None and abs((new - heading + 180.0) % 360.0 - 180.0) > largest_corner + 1e-6:
            raise RereadError("the trajectory turns by more than its DiscontinuityAngle")
        found.append(step)
        at, heading = to, new
    last = len(found) - 1
    return [Stretch(RAMP if i in (0, last) else CRUISE, (x, y, 0), 0, 0) for i, (x, y) in enumerate(found)]


def arc_kinds(stretches: Sequence[Stretch], begin: int, end: int, interval: int) -> tuple[list[RowKind], int, int]:
    """What output pulses between two path lengths make of lines: LINE, SHOTS or LEAD, the shots, the interval.

    Pulses that end with a line write lines. Pulses that end behind one, by half an interval or half of the dark line
    there, are its shots: the last of them falls on its end.

    Args:
        stretches: lines of the trajectory.
        begin, end, interval: path lengths, 10^-12 mm.

    Raises:
        RereadError: pulses begin or end anywhere else, or with the trajectory.
    """
    near = _FM_PER_TICK / 2
    bounds = [0.0]
    for stretch in stretches:
        bounds.append(bounds[-1] + hypot(*stretch.delta[:2]) * _FM_PER_TICK)
    first = next((i for i, at in enumerate(bounds) if abs(at - begin) <= near), 0)
    last = next((i for i, at in enumerate(bounds) if abs(at - end) <= near), 0)
    shots = 0
    if not last and interval > 0 and first + 2 < len(bounds):
        length, lead = bounds[first + 1] - begin, bounds[first + 2] - bounds[first + 1]
        shots = round(length / interval) + 1
        misses = abs(interval * (shots - 1) - length), abs(end - bounds[first + 1] - min(interval, lead) / 2)
        if shots < 2 or max(misses) > near:
            shots = 0
        else:
            last = first + 1
    if interval <= 0 or not 0 < first < last < len(stretches):
        raise RereadError("output pulses begin or end inside a row or with the trajectory, or never come")
    lit = RowKind.SHOTS if shots else RowKind.LINE
    return [lit if first <= i < last else RowKind.LEAD for i in range(len(stretches))], shots, interval


def judge_closing(
    stretches: Sequence[Stretch],
    lit: Sequence[bool],
    speeds_nm_s: Sequence[int],
    close_s: float,
    increment_ticks: float,
) -> None:
    """Refuse a trajectory that opens the gate again, or slows down, before the gate has closed.

    Args:
        stretches, lit, speeds_nm_s: what moves, where the gate is commanded open, and how fast it goes there.
        close_s: from the command to close until the beam is blocked.
        increment_ticks: to which the place of a command is rounded.

    Raises:
        RereadError: it does.
    """
    left_ticks = -inf
    for i, (stretch, on) in enumerate(zip(stretches, lit, strict=True)):
        if left_ticks > 0 and (stretch.motion == RAMP or (on and not lit[i - 1])):
            raise RereadError("the gate opens again, or the stage slows down, before the gate has closed")
        if on:
            left_ticks = close_s * speeds_nm_s[i] * 10 - increment_ticks
        else:
            left_ticks -= hypot(*stretch.delta)
