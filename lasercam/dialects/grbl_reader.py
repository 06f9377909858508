"""What GRBL does with a job file, from its rules and firmware source: the proof of what the encoder wrote.

Source: GRBL 1.1 wiki "Commands", "Laser Mode" and "Interface" (error codes), and the firmware's order of execution
in gc_execute_line: S (with a wait for standstill unless a move carries it), spindle, dwell, motion, end. Under M4 S is
scaled by speed over programmed speed, cut at $30, and nothing at standstill (st_prep_buffer, spindle_compute_pwm_value,
spindle_set_state).
"""

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final

from lasercam.dialects.gcode_reading import OUT_COLUMNS, exposures
from lasercam.dialects.gcode_words import LineRules
from lasercam.errors import MachineLimitError
from lasercam.model.exposure import NO_SETTING, RAPID_NM_S, ExposureBlock
from lasercam.model.machine import Machine
from lasercam.model.toolpath import RowKind

LEAST_OVERDRIVE: Final = 100
"""S of a line under M4 over $30, at least: the beam is full above that fraction of the programmed speed."""

RULES = LineRules(max_raw=65_535, max_stripped=79, strict_comments=False)

# settings
_FULL_POWER, _IS_SET, _CLOSE_NS, _SETTLE_NS, _INCREMENT = range(5)
# state: place (ticks), axes known, motion (0, 1, -1 unknown), feed (nm/s), modes seen, S word (10^-9), spindle
# (-1 unknown, 0 off, 1 M3, 2 M4), beam at standstill, standing exposure (0/1, ns, line), ended, its power,
# ns until the gate has closed and whether it closes on the way, ns waited since the last move or dot
(_X, _Y, _Z, _KNOWN, _MOTION, _FEED, _MODES, _POWER, _SPINDLE, _BEAM, _STANDING, _OPEN_NS, _OPEN_LINE,
 _ENDED, _OPEN_POWER, _CLOSING, _ON_WAY, _STOOD) = range(18)  # fmt: skip
_START = (0, 0, 0, 0, -1, 0, 0, 0, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0)

_MM, _ABSOLUTE, _PER_MINUTE, _SYSTEM = 1, 2, 4, 8
_ALL_MODES = 15
_LINE: Final = int(RowKind.LINE)
_DOT: Final = int(RowKind.DOT)
_LEAD: Final = int(RowKind.LEAD)
_DIGITS = 8
_WAIT_NS = 50_000_000
_SLOWEST_F = 1_000_000_000

(_OK, _WORD, _TWICE, _GROUP, _G, _M, _N, _P, _NO_P, _NEGATIVE, _TICKS, _SPEED, _NO_FEED, _NO_MOTION, _NOT_SET,
 _UNKNOWN_PLACE, _NOT_OFF, _PARTIAL, _DROPPED, _FLOOR, _STILL_ON, _NOT_ENDED, _AFTER_END,
 _STILL_ARMED, _NOT_CLOSED, _NOT_SETTLED, _SCALED) = range(27)  # fmt: skip
_MESSAGES = {
    _WORD: "error:20 or error:36, a word that GRBL does not know or no code of the line uses",
    _TWICE: "error:25, the same word stands twice in the line",
    _GROUP: "error:21, two codes of one modal group stand in the line",
    _G: "error:20, a G code that GRBL does not know or lasercam never writes",
    _M: "error:20, an M code that GRBL does not know or lasercam never writes",
    _N: "error:23 or error:27, a line number must be a whole number up to 10000000",
    _P: "error:36, a P word without G4",
    _NO_P: "error:28, G4 without P",
    _NEGATIVE: "error:4, a number that must not be negative is",
    _TICKS: "a coordinate is not a multiple of 0.1 nm",
    _SPEED: "the feed rate is not a whole number of nm/s",
    _NO_FEED: "error:22, G1 without a feed rate",
    _NO_MOTION: "axis words stand before G0 or G1 has been named: which is in force is unknown",
    _NOT_SET: "a move or a dwell comes before G21, G90, G94 and G54 have been set",
    _UNKNOWN_PLACE: "a feed move or an exposure starts where G0 has not set all three axes",
    _NOT_OFF: "something is armed or moves before M5 has switched the beam off",
    _PARTIAL: "S is neither 0 nor the full power $30, nor far above it (or, where S sets the energy, above it or "
    "changed in a dot)",
    _SCALED: f"a line under M4 has an S below {LEAST_OVERDRIVE} times $30: its power would follow the speed",
    _DROPPED: "a number has more than the eight digits that GRBL reads",
    _FLOOR: "the feed rate is below 1 mm/min, to which GRBL raises it",
    _STILL_ON: "the beam is still on at the end of the program",
    _NOT_ENDED: "the program ends without M2",
    _AFTER_END: "something stands behind M2",
    _STILL_ARMED: "the program ends without M5",
    _NOT_CLOSED: "something comes before the gate has closed (gate.close_delay)",
    _NOT_SETTLED: "a dot is exposed before the stage has settled (controller.settle_time)",
}


def read(stream: BinaryIO, machine: Machine, *, use_compiled: bool | None = None) -> Iterator[ExposureBlock]:
    """Everything that fires in a GRBL program, in laser mode.

    Args:
        stream: the file.
        machine: states $30 and $32 among its controller settings, and what must be waited for.
        use_compiled: force compiled or plain; None chooses by size.

    Raises:
        MachineLimitError: the profile does not state full power or laser mode, or its energy needs time to settle.
        RereadError: what GRBL would refuse, what lasercam never writes, or an exposure without a meaning.
    """
    stated, strength = machine.controller.settings, machine.laser.strength
    sets = strength is not None and strength.control == "spindle"
    if stated.get("32") != "1" or stated.get("31", "0") != "0" or not stated.get("30", "").isdecimal():
        raise MachineLimitError(
            "reading a GRBL file needs $30 (a whole number), $31=0 and $32=1 in controller.settings"
        )
    if sets and strength is not None and strength.scale is not None and strength.scale.settle:
        raise MachineLimitError("S opens the beam at once, so no energy that S sets can settle first; see `settle`")
    settings = (
        int(stated["30"]) * 1_000_000_000,
        int(sets),
        round(machine.gate.close_delay * 1e9),
        round(machine.controller.settle_time * 1e9),
        round(machine.controller.increment * 1e4),
    )
    return exposures(stream, RULES, interpret, settings, _START, _MESSAGES, _end_of_file, use_compiled=use_compiled)


def _end_of_file(state: Sequence[int]) -> int:
    return _OK if state[_ENDED] else _NOT_ENDED


def interpret(
    letter: Any, value: Any, digits: Any, starts: Any, first_line: int, settings: Any, state: Any, out: Any
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
        place_x, place_y, place_z = state[_X], state[_Y], state[_Z]
        axes = 0
        power = state[_POWER]
        feed = -1
        wait = -1
        seen = 0
        groups = 0
        motion = state[_MOTION]
        dwells = False
        spindle = state[_SPINDLE]
        modes = 0
        ends = False
        for w in range(begin, end):
            name = letter[w]
            v = value[w]
            if digits[w] > _DIGITS:
                return n_rows, _DROPPED, line
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
                    place_x = v // 100
                elif name == 89:
                    place_y = v // 100
                else:
                    place_z = v // 100
                continue
            if v < 0:
                return n_rows, _NEGATIVE, line
            if name == 83:
                power = v
            elif name == 70:
                feed = v
            elif name == 80:
                wait = v
            elif name == 78:
                if v % 1_000_000_000 != 0 or v > 10_000_000_000_000_000:
                    return n_rows, _N, line
            elif name == 71:
                whole = v // 1_000_000_000
                if v % 1_000_000_000 != 0:
                    return n_rows, _G, line
                if whole in (0, 1):
                    group, motion = 1, whole
                elif whole == 4:
                    group, dwells = 2, True
                elif whole == 17:
                    group = 4
                elif whole == 21:
                    group, modes = 8, modes | _MM
                elif whole == 90:
                    group, modes = 16, modes | _ABSOLUTE
                elif whole == 94:
                    group, modes = 32, modes | _PER_MINUTE
                elif whole == 54:
                    group, modes = 64, modes | _SYSTEM
                else:
                    return n_rows, _G, line
                if groups & group:
                    return n_rows, _GROUP, line
                groups |= group
            elif name == 77:
                if v % 1_000_000_000 != 0:
                    return n_rows, _M, line
                whole = v // 1_000_000_000
                if whole in (3, 4, 5):
                    group, spindle = 128, (1 if whole == 3 else 2 if whole == 4 else 0)
                elif whole in (2, 30):
                    group, ends = 256, True
                else:
                    return n_rows, _M, line
                if groups & group:
                    return n_rows, _GROUP, line
                groups |= group
            else:
                return n_rows, _WORD, line
        if dwells and wait < 0:
            return n_rows, _NO_P, line
        if wait >= 0 and not dwells:
            return n_rows, _P, line
        if feed >= 0:
            if 0 < feed < _SLOWEST_F:
                return n_rows, _FLOOR, line
            if feed % 60_000 != 0:
                return n_rows, _SPEED, line
            state[_FEED] = feed // 60_000
        if settings[_IS_SET] == 1:
            if power > settings[_FULL_POWER] or power % 1_000 != 0:
                return n_rows, _PARTIAL, line
        elif power not in (0, settings[_FULL_POWER]) and power < LEAST_OVERDRIVE * settings[_FULL_POWER]:
            return n_rows, _PARTIAL, line
        if axes and motion < 0:
            return n_rows, _NO_MOTION, line
        names_motion = groups & 1 != 0
        if motion == 1 and (axes or names_motion) and state[_FEED] == 0:
            return n_rows, _NO_FEED, line
        state[_MODES] |= modes
        if (axes or dwells) and state[_MODES] != _ALL_MODES:
            return n_rows, _NOT_SET, line

        # S and spindle. Without a move in the line both wait for standstill and act there; with one, the power
        # travels with the move. Laser mode is dark whenever the motion mode is not G1.
        armed = state[_SPINDLE] == 1
        beam = state[_BEAM]
        dark_mode = motion != 1
        crosses = armed and axes == 0 and dark_mode != (state[_MOTION] != 1)
        if (power != state[_POWER] or crosses) and armed and axes == 0:
            beam = 0 if dark_mode or power == 0 else 1
        if state[_SPINDLE] == 2 and (axes == 0 or spindle != 2):
            beam = 0
        state[_POWER] = power
        carried = 0 if dark_mode or power == 0 else 1
        if spindle != state[_SPINDLE]:
            if spindle > 0 and state[_SPINDLE] < 0:
                return n_rows, _NOT_OFF, line
            beam = carried if spindle == 1 else 0
            state[_SPINDLE] = spindle
        armed = spindle >= 1
        if axes and spindle < 0:
            return n_rows, _NOT_OFF, line
        dot = False
        if beam == 1 and state[_BEAM] == 0:
            if state[_KNOWN] != 7:
                return n_rows, _UNKNOWN_PLACE, line
            if state[_CLOSING] > 0:
                return n_rows, _NOT_CLOSED, line
            if state[_STOOD] < settings[_SETTLE_NS]:
                return n_rows, _NOT_SETTLED, line
            state[_STOOD] = 0
            state[_STANDING], state[_OPEN_NS], state[_OPEN_LINE], state[_OPEN_POWER] = 1, 0, line, power
        if beam == 1 and state[_STANDING] == 1 and power != state[_OPEN_POWER]:
            return n_rows, _PARTIAL, line
        if beam == 0 and state[_STANDING] == 1:
            dot = True
        if beam == 0 and state[_BEAM] == 1:
            state[_CLOSING], state[_ON_WAY] = settings[_CLOSE_NS], 0
        state[_BEAM] = beam
        if dwells and beam == 0:
            # Waits follow each other: until the gate has closed, then until the stage has settled.
            stands = (wait + _WAIT_NS - 1) // _WAIT_NS * _WAIT_NS
            waited = min(stands, state[_CLOSING])
            state[_CLOSING] -= waited
            state[_STOOD] += stands - waited
        if dwells and beam == 1:
            if state[_STANDING] == 0:
                # The beam of a line stays on where the line ends until something else switches it off.
                state[_STANDING], state[_OPEN_NS], state[_OPEN_LINE], state[_OPEN_POWER] = 1, 0, line, power
            state[_OPEN_NS] += (wait + _WAIT_NS - 1) // _WAIT_NS * _WAIT_NS
        state[_MOTION] = motion

        moves = False
        if axes:
            known = state[_KNOWN] == 7
            if not known and motion == 1:
                return n_rows, _UNKNOWN_PLACE, line
            moves = not known or place_x != state[_X] or place_y != state[_Y] or place_z != state[_Z]
            lit = 1 if armed and carried == 1 else 0
            if lit == 1 and spindle == 2:
                if settings[_IS_SET] == 1 or power < LEAST_OVERDRIVE * settings[_FULL_POWER]:
                    return n_rows, _SCALED, line
                if not moves:
                    lit = 0
            if lit == 0 and state[_BEAM] == 1:
                # Where a line is told to close is rounded to the increment; a dot must be over before the stage moves.
                off = settings[_INCREMENT] * 100_000_000 // max(state[_FEED], 1)
                on_way = 1 if moves and state[_STANDING] == 0 else 0
                closing = settings[_CLOSE_NS] - (off if on_way == 1 else 0)
                state[_CLOSING], state[_ON_WAY] = max(closing, 0), on_way
            elif lit == 1 and state[_BEAM] == 0:
                if state[_CLOSING] > 0:
                    return n_rows, _NOT_CLOSED, line
                if not moves and state[_STOOD] < settings[_SETTLE_NS]:
                    return n_rows, _NOT_SETTLED, line
            if moves and state[_CLOSING] > 0:
                if state[_ON_WAY] == 0 or motion != 1:
                    return n_rows, _NOT_CLOSED, line
                dx, dy, dz = (
                    float(place_x - state[_X]), float(place_y - state[_Y]), float(place_z - state[_Z]),
                )  # fmt: skip
                lasts = (dx * dx + dy * dy + dz * dz) ** 0.5 * 1e8 / state[_FEED]
                state[_CLOSING] = max(state[_CLOSING] - int(lasts), 0)
            if moves or lit == 1:
                state[_STOOD] = 0
            if not moves and lit == 1 and state[_BEAM] == 0:
                # A move of no length still sets the power, at standstill.
                state[_STANDING], state[_OPEN_NS], state[_OPEN_LINE], state[_OPEN_POWER] = 1, 0, line, power
            if state[_STANDING] == 1 and (moves or lit == 0):
                dot = True
            state[_BEAM] = lit
        if ends:
            if state[_CLOSING] > 0:
                return n_rows, _NOT_CLOSED, line
            if state[_BEAM] == 1:
                return n_rows, _STILL_ON, line
            if state[_SPINDLE] != 0:
                return n_rows, _STILL_ARMED, line
            state[_ENDED] = 1

        # What of it fires: first what stood, then what moves.
        if dot:
            at = n_rows * OUT_COLUMNS
            out[at] = _DOT
            for axis in range(3):
                out[at + 1 + axis] = state[_X + axis]
                out[at + 4 + axis] = state[_X + axis]
            out[at + 7] = 0
            out[at + 8] = state[_OPEN_NS]
            out[at + 9] = 0
            out[at + 10] = state[_OPEN_LINE]
            out[at + 11] = state[_OPEN_POWER] // 1_000 if settings[_IS_SET] == 1 else NO_SETTING
            n_rows += 1
            state[_STANDING] = 0
        if moves:
            if state[_BEAM] == 1 or motion == 1:
                at = n_rows * OUT_COLUMNS
                out[at] = _LINE if state[_BEAM] == 1 else _LEAD
                for axis in range(3):
                    out[at + 1 + axis] = state[_X + axis]
                out[at + 4] = place_x
                out[at + 5] = place_y
                out[at + 6] = place_z
                out[at + 7] = state[_FEED] if motion == 1 else RAPID_NM_S
                out[at + 8] = 0
                out[at + 9] = 0
                out[at + 10] = line
                out[at + 11] = power // 1_000 if settings[_IS_SET] == 1 and state[_BEAM] == 1 else NO_SETTING
                n_rows += 1
            state[_X], state[_Y], state[_Z] = place_x, place_y, place_z
            state[_KNOWN] |= axes
    return n_rows, _OK, 0
