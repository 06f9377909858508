"""What a single move of an Aerotech controller exposes, and where it leads. Runs as it stands, and compiled."""

from typing import Any, Final

from lasercam.dialects import aerotech_state as s
from lasercam.model.toolpath import RowKind

TICKS_PER_MM: Final = 10_000_000
_LINE: Final = int(RowKind.LINE)
_DOT: Final = int(RowKind.DOT)
_SHOTS: Final = int(RowKind.SHOTS)
_LEAD: Final = int(RowKind.LEAD)


def is_away(state: Any) -> bool:
    """Whether the stage has moved since the window counter was loaded: positions would count from elsewhere."""
    x, y, z = s.ORIGIN_X, s.ORIGIN_Y, s.ORIGIN_Z
    return bool(state[x] != state[s.X] or state[y] != state[s.Y] or state[z] != state[s.Z])


def dot(state: Any, out: Any, n_rows: int, open_ns: int, count: int, line: int, repeats: int) -> int:
    """Write down a dot where the stage stands, the first of `repeats` in a loop; returns how many rows there are."""
    at = n_rows * s.N_COLUMNS
    out[at] = _DOT
    for i in range(3):
        out[at + 1 + i] = state[i]
        out[at + 4 + i] = state[i]
        out[at + 12 + i] = state[s.STEP_X + i] if repeats > 1 else 0
    out[at + 7] = 0
    out[at + 8] = open_ns
    out[at + 9] = count
    out[at + 10] = line
    out[at + 11] = repeats
    return n_rows + 1


def length(state: Any, x: Any, y: Any, z: Any) -> float:
    """Of a straight way from where the stage stands, ticks."""
    dx, dy, dz = float(x - state[s.X]), float(y - state[s.Y]), float(z - state[s.Z])
    way: float = (dx * dx + dy * dy + dz * dz) ** 0.5
    return way


def move(
    state: Any, settings: Any, out: Any, n_rows: int, line: int, feeds: int, axes: int, numbers: Any, first: int
) -> tuple[int, int]:  # fmt: skip
    """Follow a straight move, a feed or a rapid.

    Args:
        state, settings, out, n_rows, line: as `aerotech_motion.run` has them.
        feeds: 1 for a feed move, 0 for a rapid.
        axes: 1 for x, 2 for y, 4 for z: which coordinates are named.
        numbers: of all lines, in 10^-9.
        first: this line's first number.

    Returns:
        An error, and how many rows there are now.
    """
    if state[s.MODES] != settings[s.MODES_SET]:
        return s.E_NOT_SET, n_rows
    if not state[s.RESET]:
        return s.E_NOT_SAFE, n_rows
    if state[s.WINDOW_ON] and not state[s.ARMED]:
        return s.E_OPEN_WINDOW, n_rows
    state[s.SETTLED] = 0
    speed = 0
    behind = first
    x, y, z = state[s.X], state[s.Y], state[s.Z]
    for i in range(3):
        if axes >> i & 1:
            if numbers[behind] % 100 != 0:
                return s.E_TICKS, n_rows
            value = numbers[behind] // 100
            if state[s.LOOP]:
                state[s.STEP_X + i] = value
                value += state[i]
            if i == 0:
                x = value
            elif i == 1:
                y = value
            else:
                z = value
            behind += 1
        elif state[s.LOOP]:
            state[s.STEP_X + i] = 0
    if feeds:
        if numbers[behind] <= 0 or numbers[behind] % 1000 != 0:
            return s.E_SPEED, n_rows
        speed = numbers[behind] // 1000
    if state[s.LOOP]:
        if state[s.STEPS] or state[s.DOTS]:
            return s.E_LOOP_BODY, n_rows
        state[s.STEPS] = 1
    if (state[s.RELATIVE] == 1) != (state[s.LOOP] > 0):
        return s.E_RELATIVE, n_rows
    known = state[s.KNOWN] == 7
    if not known and (feeds or state[s.FORCED] == 1 or state[s.ARMED]):
        return s.E_UNKNOWN, n_rows
    kind = _LEAD if feeds else -1
    count = 0
    if state[s.FORCED] == 1:
        if state[s.STANDING] and state[s.OPEN] > 0:
            n_rows = dot(state, out, n_rows, state[s.OPEN], 0, state[s.OPEN_LINE], 1)
        state[s.STANDING] = state[s.OPEN] = 0
        if feeds and not state[s.BLEND]:
            return s.E_STOPS, n_rows
        kind = _LINE
    elif state[s.ARMED]:
        axis = state[s.WINDOW_AXIS]
        scale = settings[s.COUNTS_X + axis]
        begin = (state[axis] - state[s.ORIGIN_X + axis]) * scale
        end = ((x if axis == 0 else y if axis == 1 else z) - state[s.ORIGIN_X + axis]) * scale
        low = begin if begin < end else end
        high = end if begin < end else begin
        window_low, window_high = state[s.LOW] * TICKS_PER_MM, state[s.HIGH] * TICKS_PER_MM
        if state[s.SOURCE] == 2:
            if low >= window_low and high <= window_high and low < high:
                kind = _LINE
                if settings[s.CLOSE_NS] > 0:
                    # Where the gate is told to close is rounded to the increment.
                    way = speed * settings[s.CLOSE_NS] // 100_000_000 - settings[s.INCREMENT]
                    state[s.CLOSING_WAY], state[s.RUNNING_OUT] = way, 1
            elif (high > window_low and low < window_high) or (low == high and window_low <= low <= window_high):
                return s.E_PARTLY, n_rows
            if feeds and not state[s.BLEND]:
                return s.E_STOPS, n_rows
            if kind != _LINE and state[s.RUNNING_OUT]:
                if state[s.CLOSING_WAY] > 0:
                    state[s.CLOSING_WAY] -= int(length(state, x, y, z))
                else:
                    state[s.RUNNING_OUT] = 0
        else:
            distance = state[s.DISTANCE] * TICKS_PER_MM
            inner_low = low if low > window_low else window_low
            inner_high = high if high < window_high else window_high
            fired = inner_high // distance - (inner_low - 1) // distance if inner_high >= inner_low else 0
            if fired > 0 and not feeds:
                return s.E_RAPID_SHOTS, n_rows
            if fired > 0 and not state[s.BLEND]:
                return s.E_STOPS, n_rows
            at_begin = begin % distance == 0 and window_low <= begin <= window_high
            at_end = end % distance == 0 and window_low <= end <= window_high
            if fired == 0 or low == high:
                if state[s.ARRIVED] or fired:
                    return s.E_SHOTS, n_rows
                state[s.FIRED] = 0
            elif fired == 1 and at_end and not state[s.ARRIVED]:
                state[s.ARRIVED], state[s.FIRED] = 1, 0
            elif fired == 1 and at_begin and state[s.FIRED]:
                state[s.FIRED] = 0
            elif fired > 1 and at_begin and at_end and state[s.ARRIVED]:
                aside = state[s.DISTANCE] // 2 * TICKS_PER_MM
                if window_low != low - aside or window_high != high + aside:
                    return s.E_EDGES, n_rows
                kind, count = _SHOTS, fired
                state[s.ARRIVED], state[s.FIRED] = 0, 1
            else:
                return s.E_SHOTS, n_rows
    if kind >= 0 and (x != state[s.X] or y != state[s.Y] or z != state[s.Z]):
        at = n_rows * s.N_COLUMNS
        out[at] = kind
        for i in range(3):
            out[at + 1 + i] = state[i]
            out[at + 12 + i] = 0
        out[at + 4], out[at + 5], out[at + 6] = x, y, z
        out[at + 7] = speed
        out[at + 8] = 0
        out[at + 9] = count
        out[at + 10] = line
        out[at + 11] = 1
        n_rows += 1
    state[s.X], state[s.Y], state[s.Z] = x, y, z
    state[s.KNOWN] |= axes
    return s.OK, n_rows
