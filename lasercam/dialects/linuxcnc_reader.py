"""What LinuxCNC does with a job file, from its manual: the proof of what the encoder wrote.

Source: LinuxCNC 2.9 user manual, "G Codes", "M Codes", "RS274/NGC language", order of execution; the standstill
behaviour of M63 was measured on the whole controller (M63 followed by G4 leaves the output on).

How many pulses an edge of the trigger output passes is set at the pulse counter by hand: the reader takes the number
that the file tells the operator to set.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, BinaryIO, Final

from lasercam.dialects.gcode_reading import OUT_COLUMNS, exposures
from lasercam.dialects.gcode_words import LineRules
from lasercam.dialects.linuxcnc_messages import MESSAGES
from lasercam.dialects.pulse_statement import StatementListener
from lasercam.errors import RereadError
from lasercam.model.exposure import NO_SETTING, RAPID_NM_S, ExposureBlock
from lasercam.model.machine import Machine
from lasercam.model.toolpath import RowKind

RULES = LineRules(max_raw=252, max_stripped=252, strict_comments=True)

# settings
_GATE, _TRIGGER, _WIDTH_NS, _TOLERANCE, _ANALOG, _CLOSE_NS, _SETTLE_NS, _ENERGY_NS, _INCREMENT = range(9)
# state: place (ticks), axes known, motion (0, 1, -1 none), feed (nm/s), modes seen, gate and its pending change
# (-1 unknown / none), armed, standing exposure (0/1, ns, line), trigger (-1 unknown) and its time high, ended,
# analogue output in 10^-6, ns until the gate has closed and whether it closes on the way, ns waited since the last move
# or dot, ns until the energy has settled
(_X, _Y, _Z, _KNOWN, _MOTION, _FEED, _MODES, _GATE_ON, _PENDING, _ARMED, _STANDING, _OPEN_NS, _OPEN_LINE, _TRIGGER_ON,
 _HIGH_NS, _ENDED, _SETTING, _CLOSING, _ON_WAY, _STOOD, _ENERGY) = range(21)  # fmt: skip
_START = (0, 0, 0, 0, -1, 0, 0, -1, -1, -1, 0, 0, 0, -1, 0, 0, NO_SETTING, 0, 0, 0, 0)

_MM, _ABSOLUTE, _PER_MINUTE, _PATH, _BLENDING = 1, 2, 4, 8, 16
_ALL_MODES = 15
_LINE: Final = int(RowKind.LINE)
_DOT: Final = int(RowKind.DOT)
_LEAD: Final = int(RowKind.LEAD)

(_OK, _WORD, _TWICE, _GROUP, _G, _M, _N, _P, _NO_P, _Q, _NEGATIVE, _INTEGER, _TICKS, _SPEED, _NO_FEED, _NO_MOTION,
 _NOT_SET, _UNKNOWN_GATE, _UNKNOWN_PLACE, _NOT_ARMED, _OUTPUT, _SYNC_TRIGGER, _WIDTH, _TRIGGER_MOVES, _BOTH,
 _ZERO_MOVE, _STILL_ON, _NOT_ENDED, _AFTER_END, _BLEND, _STILL_ARMED, _RELATCH, _STOPS,
 _NO_SPINDLE_SPEED, _ANALOG_OUTPUT, _ANALOG_LATE,
 _NOT_CLOSED, _NOT_SETTLED, _ENERGY_MOVES) = range(39)  # fmt: skip
_MESSAGES = dict(enumerate(MESSAGES))


def read(stream: BinaryIO, machine: Machine, *, use_compiled: bool | None = None) -> Iterator[ExposureBlock]:
    """Everything that fires in a LinuxCNC program.

    Args:
        stream: the file.
        machine: its gate and trigger outputs, path tolerance, increment, and what must be waited for.
        use_compiled: force compiled or plain; None chooses by size.

    Raises:
        RereadError: what LinuxCNC would refuse, what lasercam never writes, an exposure without a meaning, or
            counted pulses without one clear statement of their number.
    """
    trigger, strength = machine.trigger, machine.laser.strength
    settings = (
        machine.gate.output,
        -1 if trigger is None else trigger.output,
        0 if trigger is None else round(trigger.width * 1e9),
        round(machine.controller.path_tolerance * 1e6),
        -1 if strength is None or strength.output is None else strength.output,
        round(machine.gate.close_delay * 1e9),
        round(machine.controller.settle_time * 1e9),
        0 if strength is None or strength.scale is None else round(strength.scale.settle * 1e9),
        round(machine.controller.increment * 1e4),
    )
    told = StatementListener(stream)
    for block in exposures(
        told, RULES, interpret, settings, _START, _MESSAGES, _end_of_file, use_compiled=use_compiled
    ):
        if not block.count.any():
            yield block
            continue
        pulses = told.pulses(settings[_TRIGGER])
        if pulses is None:
            line = int(block.line[block.count > 0][0])
            raise RereadError("pulses are triggered, but the file does not say what to set at the pulse counter", line)
        count = block.count * pulses
        count.flags.writeable = False
        yield replace(block, count=count)


def _end_of_file(state: Sequence[int]) -> int:
    return _OK if state[_ENDED] else _NOT_ENDED


def interpret(
    letter: Any, value: Any, _digits: Any, starts: Any, first_line: int, settings: Any, state: Any, out: Any
) -> tuple[int, int, int]:
    """Run whole lines; see `gcode_reading.Interpreter`. Runs as it stands, and compiled."""
    n_rows = 0
    for index in range(len(starts) - 1):
        line = first_line + index
        begin = starts[index]
        end = starts[index + 1]
        if begin == end:
            continue
        if state[_ENDED] == 1:
            return n_rows, _AFTER_END, line

        # Words of the line.
        x, y, z = state[_X], state[_Y], state[_Z]
        axes = 0
        f, s, p, q, e = -1, -1, 0, 0, -1
        seen = 0
        has_p = False
        groups = 0
        motion = -1
        names_motion = False
        dwells = False
        blends = False
        modes = 0
        clears = False
        io = 0
        spindle = 0
        ends = False
        for w in range(begin, end):
            name = letter[w]
            v = value[w]
            if name != 71 and name != 77:
                bit = 1 << (name - 65)
                if seen & bit:
                    return n_rows, _TWICE, line
                seen |= bit
            if 88 <= name <= 90:
                if v % 100 != 0:
                    return n_rows, _TICKS, line
                axes |= 1 << (name - 88)
                if name == 88:
                    x = v // 100
                elif name == 89:
                    y = v // 100
                else:
                    z = v // 100
            elif name == 71:
                if v < 0 or v % 100_000_000 != 0:
                    return n_rows, _G, line
                code = v // 100_000_000
                group = 1
                if code in (0, 10, 800):
                    names_motion = code != 800
                    clears = code == 800
                    motion = code // 10 if code != 800 else -1
                elif code == 40:
                    group, dwells = 2, True
                elif code == 170:
                    group = 4
                elif code == 210:
                    group, modes = 8, modes | _MM
                elif code == 400:
                    group = 16
                elif code == 490:
                    group = 32
                elif code == 540:
                    group = 64
                elif code in (610, 611, 640):
                    group, modes = 128, modes | _PATH
                    blends = code == 640
                elif code == 900:
                    group, modes = 256, modes | _ABSOLUTE
                elif code == 940:
                    group, modes = 512, modes | _PER_MINUTE
                else:
                    return n_rows, _G, line
                if groups & group:
                    return n_rows, _GROUP, line
                groups |= group
            elif name == 77:
                if v < 0 or v % 1_000_000_000 != 0:
                    return n_rows, _M, line
                code = v // 1_000_000_000
                if 62 <= code <= 65 or code == 68:
                    group, io = 1024, code
                elif code in (3, 5):
                    group, spindle = 2048, code
                elif code in (2, 30):
                    group, ends = 4096, True
                else:
                    return n_rows, _M, line
                if groups & group:
                    return n_rows, _GROUP, line
                groups |= group
            elif name == 70:
                f = v
                if f < 0:
                    return n_rows, _NEGATIVE, line
            elif name == 83:
                s = v
                if s < 0:
                    return n_rows, _NEGATIVE, line
            elif name == 80:
                p, has_p = v, True
            elif name == 81:
                q = v
            elif name == 69:
                e = v
            elif name == 78:
                if w != begin or v < 0 or v % 1_000_000_000 != 0:
                    return n_rows, _N, line
            else:
                return n_rows, _WORD, line
        has_q = seen & (1 << 16) != 0
        sets = io == 68
        users = (1 if dwells else 0) + (1 if io and not sets else 0) + (1 if blends else 0)
        if has_p and (users == 0 or users > 1):
            return n_rows, _P, line
        if not has_p and (dwells or (io and not sets)):
            return n_rows, _NO_P, line
        if has_q and not (blends or sets):
            return n_rows, _Q, line
        if e >= 0 and not sets:
            return n_rows, _WORD, line
        if blends and (not has_p or not has_q or p <= 0 or q < 0 or p + q > settings[_TOLERANCE]):
            return n_rows, _BLEND, line

        # Execution, in the controller's order: F, S, outputs, arming, dwell, modes, motion, end.
        if f >= 0:
            if f % 60_000 != 0:
                return n_rows, _SPEED, line
            state[_FEED] = f // 60_000
        closes = False
        triggered = False
        if sets:
            if not has_q or settings[_ANALOG] < 0 or e != settings[_ANALOG] * 1_000_000_000 or q % 1_000 != 0:
                return n_rows, _ANALOG_OUTPUT, line
            if state[_GATE_ON] != 0 or state[_PENDING] == 1 or state[_TRIGGER_ON] == 1:
                return n_rows, _ANALOG_LATE, line
            if state[_CLOSING] > 0:
                return n_rows, _NOT_CLOSED, line
            state[_ENERGY] = settings[_ENERGY_NS]
            state[_SETTING] = q // 1_000
        elif io:
            if p % 1_000_000_000 != 0:
                return n_rows, _INTEGER, line
            output = p // 1_000_000_000
            if io in (62, 64):
                if state[_CLOSING] > 0:
                    return n_rows, _NOT_CLOSED, line
                if state[_ENERGY] > 0:
                    return n_rows, _ENERGY_MOVES, line
                if io == 64 and state[_STOOD] < settings[_SETTLE_NS]:
                    return n_rows, _NOT_SETTLED, line
                state[_STOOD] = 0
            if output == settings[_GATE]:
                on = 1 if io in (62, 64) else 0
                if on and (state[_ARMED] != 1 or state[_GATE_ON] < 0):
                    return n_rows, _NOT_ARMED, line
                if on and state[_TRIGGER_ON] == 1:
                    return n_rows, _BOTH, line
                if io in (62, 63):
                    state[_PENDING] = on
                else:
                    # Switched at standstill; a waiting M63 keeps waiting for its move.
                    if state[_PENDING] == 1:
                        return n_rows, _ZERO_MOVE, line
                    if on and state[_GATE_ON] == 0:
                        if state[_KNOWN] != 7:
                            return n_rows, _UNKNOWN_PLACE, line
                        state[_STANDING], state[_OPEN_NS], state[_OPEN_LINE] = 1, 0, line
                    closes = on == 0
                    if closes and state[_GATE_ON] == 1:
                        state[_CLOSING], state[_ON_WAY] = settings[_CLOSE_NS], 0
                    state[_GATE_ON] = on
            elif output == settings[_TRIGGER]:
                if io in (62, 63):
                    return n_rows, _SYNC_TRIGGER, line
                if io == 64:
                    if state[_ARMED] != 1 or state[_TRIGGER_ON] < 0:
                        return n_rows, _NOT_ARMED, line
                    if state[_TRIGGER_ON] == 1:
                        return n_rows, _RELATCH, line
                    if state[_GATE_ON] == 1 or state[_PENDING] == 1:
                        return n_rows, _BOTH, line
                    if state[_KNOWN] != 7:
                        return n_rows, _UNKNOWN_PLACE, line
                    state[_TRIGGER_ON], state[_HIGH_NS] = 1, 0
                    triggered = True
                else:
                    if state[_TRIGGER_ON] == 1 and state[_HIGH_NS] != settings[_WIDTH_NS]:
                        return n_rows, _WIDTH, line
                    state[_TRIGGER_ON] = 0
            else:
                return n_rows, _OUTPUT, line
        if spindle:
            if state[_GATE_ON] != 0 or state[_PENDING] == 1 or state[_TRIGGER_ON] == 1:
                return n_rows, _UNKNOWN_GATE if state[_GATE_ON] < 0 else _NOT_ARMED, line
            if spindle == 3 and s <= 0:
                return n_rows, _NO_SPINDLE_SPEED, line
            state[_ARMED] = 1 if spindle == 3 else 0
        if dwells:
            if p < 0:
                return n_rows, _NEGATIVE, line
            if state[_TRIGGER_ON] == 1:
                state[_HIGH_NS] += p
            elif state[_GATE_ON] == 0:
                # One wait after the other: until the gate has closed, the energy has settled, the stage has settled.
                rest = p
                for waiting in (_CLOSING, _ENERGY):
                    waited = min(rest, state[waiting])
                    state[waiting] -= waited
                    rest -= waited
                state[_STOOD] += rest
            if state[_GATE_ON] == 1:
                # Also when the gate was left open behind a line, or an M63 still waits for a move.
                if state[_STANDING] == 0:
                    state[_STANDING], state[_OPEN_NS], state[_OPEN_LINE] = 1, 0, line
                state[_OPEN_NS] += p
        state[_MODES] |= modes
        if modes & _PATH:
            state[_MODES] = state[_MODES] & ~_BLENDING | (_BLENDING if blends else 0)
        if names_motion or clears:
            state[_MOTION] = motion
        moves = False
        if axes or names_motion:
            if state[_MOTION] < 0:
                return n_rows, _NO_MOTION, line
            if state[_MODES] & _ALL_MODES != _ALL_MODES:
                return n_rows, _NOT_SET, line
            if state[_GATE_ON] < 0:
                return n_rows, _UNKNOWN_GATE, line
            if state[_MOTION] == 1 and state[_FEED] == 0:
                return n_rows, _NO_FEED, line
            if state[_MOTION] == 1 and state[_MODES] & _BLENDING == 0:
                return n_rows, _STOPS, line
            known = state[_KNOWN] == 7
            moves = not known or x != state[_X] or y != state[_Y] or z != state[_Z]
            if not moves and state[_PENDING] >= 0:
                return n_rows, _ZERO_MOVE, line
            if moves and state[_TRIGGER_ON] == 1:
                return n_rows, _TRIGGER_MOVES, line
            if moves and state[_PENDING] >= 0:
                if state[_GATE_ON] == 1 and state[_PENDING] == 0 and settings[_CLOSE_NS] > 0:
                    # Where the command goes out is rounded to the increment.
                    off = settings[_INCREMENT] * 100_000_000 // max(state[_FEED], 1)
                    state[_CLOSING], state[_ON_WAY] = max(settings[_CLOSE_NS] - off, 0), 1
                state[_GATE_ON] = state[_PENDING]
                state[_PENDING] = -1
            if not known and (state[_MOTION] == 1 or state[_GATE_ON] == 1):
                return n_rows, _UNKNOWN_PLACE, line
            if moves:
                state[_STOOD] = 0
            if moves and state[_CLOSING] > 0:
                if state[_ON_WAY] == 0 or state[_MOTION] != 1:
                    return n_rows, _NOT_CLOSED, line
                dx, dy, dz = float(x - state[_X]), float(y - state[_Y]), float(z - state[_Z])
                lasts = (dx * dx + dy * dy + dz * dz) ** 0.5 * 1e8 / state[_FEED]
                state[_CLOSING] = max(state[_CLOSING] - int(lasts), 0)
        if ends:
            if state[_CLOSING] > 0:
                return n_rows, _NOT_CLOSED, line
            if state[_GATE_ON] != 0 or state[_PENDING] == 1 or state[_TRIGGER_ON] == 1:
                return n_rows, _STILL_ON, line
            if state[_ARMED] != 0:
                return n_rows, _STILL_ARMED, line
            state[_ENDED] = 1

        # What of it fires: first what stood, then what moves.
        if triggered or (state[_STANDING] == 1 and (closes or moves)):
            at = n_rows * OUT_COLUMNS
            out[at] = _DOT
            for axis in range(3):
                out[at + 1 + axis] = state[_X + axis]
                out[at + 4 + axis] = state[_X + axis]
            out[at + 7] = 0
            out[at + 8] = 0 if triggered else state[_OPEN_NS]
            out[at + 9] = 1 if triggered else 0
            out[at + 10] = line if triggered else state[_OPEN_LINE]
            out[at + 11] = state[_SETTING]
            n_rows += 1
            state[_STANDING] = 0
        if moves:
            beam = state[_GATE_ON] == 1
            if beam or state[_MOTION] == 1:
                at = n_rows * OUT_COLUMNS
                out[at] = _LINE if beam else _LEAD
                for axis in range(3):
                    out[at + 1 + axis] = state[_X + axis]
                out[at + 4] = x
                out[at + 5] = y
                out[at + 6] = z
                out[at + 7] = state[_FEED] if state[_MOTION] == 1 else RAPID_NM_S
                out[at + 8] = 0
                out[at + 9] = 0
                out[at + 10] = line
                out[at + 11] = state[_SETTING]
                n_rows += 1
            state[_X], state[_Y], state[_Z] = x, y, z
            state[_KNOWN] |= axes
    return n_rows, _OK, 0
