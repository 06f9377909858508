"""What an Aerotech controller does with statements: where it goes, and when its PSO hardware lets the beam through.

Written from the public documentation of PSO; see the explanations of the dialects for what is sourced and what is
assumed. One state machine serves A3200 and Automation1, whose statements their readers bring to common operations.
"""

from typing import Any, Final

from lasercam.dialects import aerotech_state as s
from lasercam.dialects import aerotech_statements as do
from lasercam.dialects.aerotech_moves import TICKS_PER_MM, dot, is_away, length, move

_UNIT: Final = 10**9


def run(
    ops: Any, arguments: Any, form: Any, numbers: Any, first_line: int, settings: Any, state: Any, out: Any
) -> tuple[int, int, int]:
    """Run whole lines. Runs as it stands, and compiled.

    Args:
        ops, arguments: of each form.
        form: of each line; negative for comments.
        numbers: four per line, in 10^-9.
        first_line: number of the first line.
        settings: modes that must be set, trigger width (ns), settle time (ns), the gate's delay (ns),
            increment (ticks), counts per mm of x, y, z.
        state: outlives the call.
        out: flat, two rows per line.

    Returns:
        Rows written, error, its line.
    """
    n_rows = 0
    for index in range(len(form)):
        line = first_line + index
        if form[index] < 0:
            continue
        if state[s.ENDED]:
            return n_rows, s.E_ENDED, line
        op = ops[form[index]]
        argument = arguments[form[index]]
        n0, n1, n2 = numbers[4 * index], numbers[4 * index + 1], numbers[4 * index + 2]

        # What may come now at all.
        if state[s.PENDING] > 0 and op != do.DWELL:
            return n_rows, s.E_PENDING, line
        if state[s.CLOSING] > 0 and op != do.DWELL:
            return n_rows, s.E_CLOSING, line
        if state[s.BLEND] and op not in (do.STOP, do.FEED):
            return n_rows, s.E_BLENDED, line
        if state[s.MOVING] and op not in (do.BLEND, do.STOP, do.WAIT, do.FEED):
            return n_rows, s.E_MOVING, line
        if state[s.LOOP] and op not in (do.OFF, do.ON, do.FIRE, do.RAPID, do.DWELL, do.END_REPEAT, do.END):
            return n_rows, s.E_LOOP_BODY, line
        if state[s.FORCED] == 1 and op not in (do.OFF, do.BLEND, do.STOP, do.WAIT, do.RAPID, do.FEED, do.DWELL):
            return n_rows, s.E_HELD, line
        if state[s.ARMED] and op not in (
            do.OFF, do.WINDOW_OFF, do.DISARM, do.BLEND, do.STOP, do.WAIT, do.RAPID, do.FEED
        ):  # fmt: skip
            return n_rows, s.E_STILL_ARMED, line

        if op == do.MODE:
            state[s.MODES] |= argument
        elif op == do.ABSOLUTE:
            state[s.RELATIVE] = 0
            state[s.MODES] |= 1
        elif op == do.INCREMENTAL:
            state[s.RELATIVE] = 1
        elif op == do.RESET:
            # Everything PSO knows is forgotten, and the output is low.
            for i in range(s.PIN, s.BLEND):
                state[i] = 0
            state[s.WINDOW_AXIS] = state[s.DISTANCE_AXIS] = -1
            state[s.RESET] = 1
            state[s.PIN] = argument
            state[s.WAVE_MODE] = state[s.COUNTER] = 0
        elif op == do.PIN:
            if not state[s.RESET]:
                return n_rows, s.E_NOT_SAFE, line
            state[s.PIN] = 1
        elif op == do.SOURCE:
            if not state[s.RESET]:
                return n_rows, s.E_NOT_SAFE, line
            if argument != 4:
                state[s.MASKED] = 1 if argument == 3 else 0
            state[s.SOURCE] = 2 if argument == 2 else 1
            state[s.FORCED] = -1
        elif op == do.MASK:
            state[s.MASKED] = 1
        elif op == do.OFF:
            if state[s.FORCED] == 1:
                state[s.CLOSING] = settings[s.CLOSE_NS]
            if state[s.FORCED] == 1 and state[s.STANDING]:
                if settings[s.SETTLE_NS] and not state[s.SETTLED]:
                    return n_rows, s.E_SETTLE, line
                state[s.SETTLED] = 0
                if state[s.LOOP]:
                    if state[s.DOTS]:
                        return n_rows, s.E_LOOP_BODY, line
                    state[s.DOTS], state[s.DOT_OPEN], state[s.DOT_COUNT], state[s.DOT_LINE] = (
                        1,
                        state[s.OPEN],
                        0,
                        state[s.OPEN_LINE],
                    )
                else:
                    n_rows = dot(state, out, n_rows, state[s.OPEN], 0, state[s.OPEN_LINE], 1)
            if state[s.ARRIVED]:
                return n_rows, s.E_SHOTS, line
            state[s.FORCED], state[s.ARMED], state[s.STANDING], state[s.FIRED], state[s.COUNTER] = 0, 0, 0, 0, 0
        elif op == do.ON:
            if not (state[s.RESET] and state[s.PIN]):
                return n_rows, s.E_NOT_SAFE, line
            if state[s.KNOWN] != 7:
                return n_rows, s.E_UNKNOWN, line
            if state[s.LOOP] and state[s.STEPS] != 1:
                return n_rows, s.E_LOOP_BODY, line
            state[s.FORCED], state[s.STANDING], state[s.OPEN], state[s.OPEN_LINE] = 1, 1, 0, line
        elif op == do.FIRE:
            if not (state[s.RESET] and state[s.PIN]):
                return n_rows, s.E_NOT_SAFE, line
            if state[s.KNOWN] != 7:
                return n_rows, s.E_UNKNOWN, line
            if state[s.FORCED] != -1 or state[s.SOURCE] != 1 or state[s.MASKED]:
                return n_rows, s.E_FORCED, line
            if not (state[s.APPLIED] and state[s.WAVE]):
                return n_rows, s.E_NO_TRAIN, line
            if settings[s.SETTLE_NS] and not state[s.SETTLED]:
                return n_rows, s.E_SETTLE, line
            state[s.SETTLED] = 0
            total, on, cycles = state[s.TOTAL], state[s.ON], state[s.CYCLES]
            timed = total == on and cycles == 1
            if not timed and (on != settings[s.TRIGGER_NS] or total <= on or on <= 0):
                return n_rows, s.E_TRAIN, line
            # A timed pulse opens the gate itself; of counted ones each passes a pulse, whatever the gate does.
            state[s.PENDING] = total * cycles + (settings[s.CLOSE_NS] if timed else 0)
            if state[s.LOOP]:
                if state[s.STEPS] != 1 or state[s.DOTS]:
                    return n_rows, s.E_LOOP_BODY, line
                state[s.DOTS], state[s.DOT_OPEN], state[s.DOT_COUNT], state[s.DOT_LINE] = (
                    1,
                    on if timed else 0,
                    0 if timed else cycles,
                    line,
                )
            else:
                n_rows = dot(state, out, n_rows, on if timed else 0, 0 if timed else cycles, line, 1)
        elif op == do.WINDOW_INPUT:
            state[s.WINDOW_AXIS], state[s.LOADED] = argument, 0
        elif op == do.DISTANCE_INPUT:
            state[s.DISTANCE_AXIS] = argument
        elif op in (do.TRAIN, do.TOTAL_TIME, do.ON_TIME):
            times = (n0, n1) if op == do.TRAIN else (n0, n0)
            if times[0] <= 0 or times[1] <= 0 or times[0] % 1_000_000 != 0 or times[1] % 1_000_000 != 0:
                return n_rows, s.E_NANOSECONDS, line
            if op != do.ON_TIME:
                state[s.TOTAL] = times[0] // 1_000_000
            if op != do.TOTAL_TIME:
                state[s.ON] = times[1] // 1_000_000
            state[s.APPLIED] = 0
            if op == do.TRAIN:
                # The output has to be told again what to follow.
                state[s.SOURCE] = 0
                if n2 <= 0 or n2 % _UNIT != 0:
                    return n_rows, s.E_WHOLE, line
                state[s.CYCLES], state[s.APPLIED], state[s.WAVE] = n2 // _UNIT, 1, 1
        elif op == do.COUNT:
            if n0 <= 0 or n0 % _UNIT != 0:
                return n_rows, s.E_WHOLE, line
            state[s.CYCLES], state[s.APPLIED] = n0 // _UNIT, 0
        elif op == do.APPLY:
            if not (state[s.WAVE_MODE] and state[s.TOTAL] and state[s.ON] and state[s.CYCLES]):
                return n_rows, s.E_NO_TRAIN, line
            state[s.APPLIED] = 1
        elif op == do.WAVE_MODE:
            state[s.WAVE_MODE] = 1
        elif op == do.WAVE_ON:
            state[s.WAVE] = 1
        elif op == do.DISTANCE:
            if n0 <= 0 or n0 % _UNIT != 0:
                return n_rows, s.E_WHOLE, line
            state[s.DISTANCE] = n0 // _UNIT
        elif op == do.LOAD:
            if settings[s.SETTLE_NS] and not state[s.SETTLED]:
                return n_rows, s.E_SETTLE, line
            if state[s.WINDOW_AXIS] < 0 or state[s.KNOWN] != 7 or n0 != 0:
                return n_rows, s.E_UNARMED, line
            for i in range(3):
                state[s.ORIGIN_X + i] = state[i]
            state[s.LOADED] = 1
        elif op == do.RANGE:
            if n0 % _UNIT != 0 or n1 % _UNIT != 0 or n0 > n1 or (n0 <= 0 and n1 >= 0):
                return n_rows, s.E_BOUNDS, line
            state[s.LOW], state[s.HIGH], state[s.RANGED] = n0 // _UNIT, n1 // _UNIT, 1
        elif op == do.WINDOW_ON:
            if not (state[s.RANGED] and state[s.LOADED]) or is_away(state):
                return n_rows, s.E_BOUNDS, line
            state[s.WINDOW_ON] = 1
            if argument and state[s.SOURCE] == 2:
                # This controller needs no arming: the output follows the window from here on.
                if state[s.FORCED] != -1 or not state[s.PIN]:
                    return n_rows, s.E_FORCED, line
                state[s.ARMED] = 1
        elif op == do.WINDOW_OFF:
            if state[s.ARRIVED]:
                return n_rows, s.E_SHOTS, line
            state[s.WINDOW_ON] = state[s.ARMED] = state[s.FIRED] = 0
        elif op == do.COUNTER_ON:
            state[s.COUNTER] = 1
        elif op == do.DISARM:
            if state[s.ARRIVED]:
                return n_rows, s.E_SHOTS, line
            state[s.ARMED] = state[s.FIRED] = 0
            if argument:
                state[s.COUNTER] = 0
        elif op == do.ARM:
            # From here on positions switch the beam; argument 1 needs a distance, 2 a running counter.
            if not (state[s.RESET] and state[s.PIN]):
                return n_rows, s.E_NOT_SAFE, line
            if state[s.FORCED] != -1:
                return n_rows, s.E_FORCED, line
            fires = state[s.SOURCE] == 1 and state[s.MASKED] == 1
            if not (state[s.WINDOW_ON] and state[s.RANGED] and state[s.LOADED]) or not (fires or state[s.SOURCE] == 2):
                return n_rows, s.E_UNARMED, line
            if is_away(state):
                return n_rows, s.E_UNARMED, line
            if argument == 2 and not (fires and state[s.COUNTER]):
                return n_rows, s.E_UNARMED, line
            if fires:
                if (
                    state[s.DISTANCE] < 2
                    or state[s.DISTANCE_AXIS] != state[s.WINDOW_AXIS]
                    or not (state[s.APPLIED] and state[s.WAVE])
                ):
                    return n_rows, s.E_UNARMED, line
                if (
                    state[s.ON] != settings[s.TRIGGER_NS]
                    or state[s.TOTAL] != settings[s.TRIGGER_NS]
                    or state[s.CYCLES] != 1
                ):
                    return n_rows, s.E_TRAIN, line
            state[s.ARMED] = 1
        elif op == do.BLEND:
            state[s.BLEND] = 1
        elif op == do.STOP:
            if state[s.ARMED] and state[s.SOURCE] == 2:
                axis = state[s.WINDOW_AXIS]
                place = (state[axis] - state[s.ORIGIN_X + axis]) * settings[s.COUNTS_X + axis]
                if state[s.LOW] * TICKS_PER_MM <= place <= state[s.HIGH] * TICKS_PER_MM:
                    return n_rows, s.E_PARTLY, line
                if state[s.RUNNING_OUT]:
                    return n_rows, s.E_RUN_OUT, line
            if state[s.BLEND]:
                state[s.MOVING] = 1
            state[s.BLEND] = 0
            state[s.MODES] |= 64
        elif op == do.WAIT:
            state[s.MOVING] = 0
        elif op == do.DWELL:
            if n0 <= 0:
                return n_rows, s.E_NANOSECONDS, line
            if state[s.PENDING] > 0:
                if n0 < state[s.PENDING]:
                    return n_rows, s.E_PENDING, line
                if n0 != state[s.PENDING] + s.TASK_STEP_NS:
                    return n_rows, s.E_DWELL, line
                state[s.PENDING] = 0
            elif state[s.CLOSING] > 0:
                if n0 < state[s.CLOSING]:
                    return n_rows, s.E_CLOSING, line
                state[s.CLOSING] = 0
            elif state[s.FORCED] == 1:
                if not state[s.STANDING]:
                    state[s.STANDING], state[s.OPEN], state[s.OPEN_LINE] = 1, 0, line
                state[s.OPEN] += n0
            elif n0 != settings[s.SETTLE_NS] or state[s.SETTLED]:
                return n_rows, s.E_DWELL, line
            else:
                state[s.SETTLED] = 1
        elif op == do.REPEAT:
            if state[s.LOOP] or state[s.RELATIVE] != 1 or state[s.FORCED] == 1:
                return n_rows, s.E_LOOP, line
            if n0 % _UNIT != 0 or n0 < 2 * _UNIT or n0 > s.MAX_REPEATS * _UNIT:
                return n_rows, s.E_REPEATS, line
            if state[s.KNOWN] != 7:
                return n_rows, s.E_UNKNOWN, line
            state[s.LOOP] = n0 // _UNIT
            state[s.STEPS] = state[s.DOTS] = 0
        elif op == do.END_REPEAT or (op == do.END and argument and state[s.LOOP]):
            if not state[s.LOOP]:
                return n_rows, s.E_LOOP, line
            if state[s.STEPS] != 1 or state[s.DOTS] != 1 or state[s.FORCED] == 1:
                return n_rows, s.E_LOOP_BODY, line
            repeats = state[s.LOOP]
            n_rows = dot(state, out, n_rows, state[s.DOT_OPEN], state[s.DOT_COUNT], state[s.DOT_LINE], repeats)
            for i in range(3):
                state[i] += (repeats - 1) * state[s.STEP_X + i]
            state[s.LOOP] = 0
        elif op == do.END:
            if (
                state[s.FORCED] == 1
                or state[s.ARMED]
                or state[s.WINDOW_ON]
                or state[s.SOURCE]
                or state[s.RELATIVE]
                or not state[s.RESET]
                or state[s.RANGED]
            ):
                return n_rows, s.E_STILL_ON, line
            state[s.ENDED] = 1
        elif op in (do.RAPID, do.FEED):
            error, n_rows = move(
                state, settings, out, n_rows, line, 1 if op == do.FEED else 0, argument, numbers, 4 * index
            )
            if error:
                return n_rows, error, line
    return n_rows, s.OK, 0


PARTS: Final = (is_away, dot, length, move)
"""What `run` calls."""
