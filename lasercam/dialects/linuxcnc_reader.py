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
from lasercam.dialects.pulse_statement import StatementListener
from lasercam.errors import RereadError
from lasercam.model.exposure import NO_SETTING, RAPID_NM_S, ExposureBlock
from lasercam.model.machine import Machine
from lasercam.model.toolpath import RowKind

RULES = LineRules(max_raw=252, max_stripped=252, strict_comments=True)

# settings
_GATE, _TRIGGER, _WIDTH_NS, _TOLERANCE, _ANALOG = range(5)
# state: place (ticks), axes known, motion (0, 1, -1 none), feed (nm/s), modes seen, gate and its pending change
# (-1 unknown / none), armed, standing exposure (0/1, ns, line), trigger (-1 unknown) and its time high, ended,
# analogue output in 10^-6
(_X, _Y, _Z, _KNOWN, _MOTION, _FEED, _MODES, _GATE_ON, _PENDING, _ARMED, _STANDING, _OPEN_NS, _OPEN_LINE, _TRIGGER_ON,
 _HIGH_NS, _ENDED, _SETTING) = range(17)  # fmt: skip
_START = (0, 0, 0, 0, -1, 0, 0, -1, -1, -1, 0, 0, 0, -1, 0, 0, NO_SETTING)

_MM, _ABSOLUTE, _PER_MINUTE, _PATH, _BLENDING = 1, 2, 4, 8, 16
_ALL_MODES = 15
_LINE: Final = int(RowKind.LINE)
_DOT: Final = int(RowKind.DOT)
_LEAD: Final = int(RowKind.LEAD)

(_OK, _WORD, _TWICE, _GROUP, _G, _M, _N, _P, _NO_P, _Q, _NEGATIVE, _INTEGER, _TICKS, _SPEED, _NO_FEED, _NO_MOTION,
 _NOT_SET, _UNKNOWN_GATE, _UNKNOWN_PLACE, _NOT_ARMED, _OUTPUT, _SYNC_TRIGGER, _WIDTH, _TRIGGER_MOVES, _BOTH,
 _ZERO_MOVE, _STILL_ON, _NOT_ENDED, _AFTER_END, _BLEND, _STILL_ARMED, _RELATCH, _STOPS,
 _NO_SPINDLE_SPEED, _ANALOG_OUTPUT, _ANALOG_LATE) = range(36)  # fmt: skip
_MESSAGES = {
    _WORD: "a word that no code of this program uses",
    _TWICE: "the same word stands twice in the line",
    _GROUP: "two codes of one modal group stand in the line",
    _G: "a G code that lasercam never writes, or that LinuxCNC does not know",
    _M: "an M code that lasercam never writes, or that LinuxCNC does not know",
    _N: "a line number must be a whole number at the start of the line",
    _P: "a P word without a code that uses it, or one for two codes",
    _NO_P: "the P word that the code needs is missing",
    _Q: "a Q word without a code that uses it",
    _NEGATIVE: "a number that must not be negative is",
    _INTEGER: "a number that must be whole is not",
    _TICKS: "a coordinate is not a multiple of 0.1 nm",
    _SPEED: "the feed rate is not a whole number of nm/s",
    _NO_FEED: "a G1 move has no feed rate, or zero",
    _NO_MOTION: "axis words stand without a motion mode",
    _NOT_SET: "a move comes before G21, G90, G94 and G61.1 or G64 have been set",
    _UNKNOWN_GATE: "the beam is armed or something moves before M65 has closed the gate output",
    _UNKNOWN_PLACE: "a feed move or an exposure starts where G0 has not set all three axes",
    _NOT_ARMED: "the gate opens while the beam is not armed with M3, or the arming changes under an open gate",
    _OUTPUT: "an output that is neither the gate's nor the trigger's",
    _SYNC_TRIGGER: "the trigger output must be switched at standstill, with M64 and M65",
    _WIDTH: "the trigger output is not high for the trigger's width",
    _TRIGGER_MOVES: "the trigger output is high during a move",
    _BOTH: "the gate and the trigger output are on together",
    _ZERO_MOVE: "a gate change waits for a move of no length",
    _STILL_ON: "the gate or the trigger output is still on, or set to go on, at the end of the program",
    _NOT_ENDED: "the program ends without M2",
    _AFTER_END: "something stands behind M2 and will never run",
    _BLEND: "G64 without P or without Q (which would then be P), or P and Q together exceed the path tolerance",
    _STILL_ARMED: "the program ends without M5",
    _STOPS: "a feed move in exact-stop mode: it would slow down at every end; G64 must come first",
    _NO_SPINDLE_SPEED: "M3 without a spindle speed on its line: whether it arms the beam is unknown",
    _ANALOG_OUTPUT: "M68 on an output that does not set the energy, without Q, or finer than 0.000001",
    _ANALOG_LATE: "the energy is set while the gate is open, or about to be",
    _RELATCH: "the trigger output is set high while it is high",
}


def read(stream: BinaryIO, machine: Machine, *, use_compiled: bool | None = None) -> Iterator[ExposureBlock]:
    """Everything that fires in a LinuxCNC program.

    Args:
        stream: the file.
        machine: its gate and trigger outputs, trigger width and path tolerance.
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
    letter: Any,
    value: Any,
    _digits: Any,
    starts: Any,
    first_line: int,
    settings: Any,
    state: Any,
    out: Any,
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
            state[_SETTING] = q // 1_000
        elif io:
            if p % 1_000_000_000 != 0:
                return n_rows, _INTEGER, line
            output = p // 1_000_000_000
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
                state[_GATE_ON] = state[_PENDING]
                state[_PENDING] = -1
            if not known and (state[_MOTION] == 1 or state[_GATE_ON] == 1):
                return n_rows, _UNKNOWN_PLACE, line
        if ends:
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
