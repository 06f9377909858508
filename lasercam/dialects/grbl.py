"""GRBL 1.1 and grblHAL: the serial controller of small stages, in laser mode."""

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, ClassVar, Final, Literal

import numpy as np

from lasercam.dialects import grbl_reader, judgement
from lasercam.dialects.dot_runs import DotRuns, chosen_again
from lasercam.dialects.program_text import COMPILED_FROM_ROWS, RowFormatter, Slot, Template, chosen, fixed_point
from lasercam.dialects.row_facts import (
    MAX_DECIMALS,
    RowFacts,
    RowReader,
    exact_multiple,
    increment_ticks,
    setting_changes,
)
from lasercam.errors import MachineLimitError, ParameterError
from lasercam.model.commanded import closing_wait_ns, open_time_ns
from lasercam.model.exposure import NO_SETTING, ExposureBlock
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.machine import Machine
from lasercam.model.protocols import ProgramHeader
from lasercam.model.recipe import Recipe
from lasercam.model.toolpath import TICKS_PER_MM, RowKind, Section, ToolpathBlock, ToolpathHeader
from lasercam.process.set_point import MICRO, program_setting

DWELL_STEP_NS: Final = 50_000_000
"""GRBL waits in steps of 50 ms, rounded up. Source: GRBL 1.1 source, DWELL_TIME_STEP."""
MIN_FEED_NM_S: Final = 16_667
"""Slowest whole nm/s that GRBL does not raise: 1 mm/min. Source: GRBL 1.1 source, MINIMUM_FEED_RATE."""
MAX_DIGITS: Final = 8
"""Digits of a number that GRBL keeps. Source: GRBL 1.1 source, MAX_INT_DIGITS."""
FLOAT32_ROUNDING: Final = 2.0**-21
"""Relative error of a number GRBL has read, at most: digits become a 24-bit float, which up to three products with
rounded powers of ten scale; eight halves of 2^-23 at most. Source: GRBL 1.1 source, read_float; IEEE 754."""

MOST_OVERDRIVE: Final = 1000
"""S of lines in multiples of $30: under M4 the beam is full from that fraction of the programmed speed on. See
decisions/0015."""
LEAST_OVERDRIVE: Final = 100
"""No smaller than this: what the controller leaves dark at the ends of a line stays below a step."""

_SPEED_COLUMN, _EXPOSURE_COLUMN, _POWER_COLUMN = 3, 4, 5
_SPEED_DECIMALS: Final = 5
_SECOND_DECIMALS: Final = 9
_FEED_SCALE: Final = 6
"""F in multiples of its last decimal, per nm/s."""
_STILL, _FIRE = 144, 145
_WAS_LINE, _FED, _SPEED = range(3)
"""Modal state: whether the row before was a LINE, whether G1 is in force, the last F."""
_CHOSEN: Final = 2
"""Templates of each row."""
_COLUMNS: Final = ("kind", "axes", "speed_nm_s")
"""What they are chosen by."""
_LINE: Final = int(RowKind.LINE)
_DOT: Final = int(RowKind.DOT)


class Grbl:
    """The dialect of GRBL 1.1 and grblHAL in laser mode: one stream of lines per section."""

    summary: ClassVar[str] = "GRBL 1.1 and grblHAL over a serial line, laser mode ($32=1), dark at standstill (M4)"
    explanation: ClassVar[str] = (
        "Lines: G1 under M4 with S far above the full power $30, run-ups G1 with S0; G0 is always dark. M4 scales S "
        "with the speed and the controller cuts it to $30, so that the beam is full while the stage moves and off "
        "wherever it stands: where a line starves because the link is lost, it ends dark. Dots: G0, then G1 M3 with "
        "S = $30 and no axes (the beam opens at standstill), G4, M4 S0. Times are multiples of 50 ms, speeds at least "
        "1 mm/min, numbers at most 8 digits in 32-bit floats, and no comments are written. Where the profile says "
        "`control: spindle`, S is the energy's set point and M3 is in force throughout: there a starving line does not "
        "go dark. "
        "The profile must state $30 and $32=1 under controller.settings. No arcs, no counted pulses, no firing by "
        "position. Proven: every file is read back by an independent reader written from the firmware's rules. Not "
        "proven: the serial link and the stage."
    )
    suffix: ClassVar[str] = ".gcode"
    is_streamed: ClassVar[Literal[True]] = True
    codes: ClassVar[tuple[CodeInfo, ...]] = (
        judgement.GATE_TIME, judgement.GATE_TIMING, judgement.GATE_STEP, judgement.NO_TRIGGER,
        judgement.NO_POSITION_FIRING, judgement.INCREMENT, judgement.CONTROLLER_SETTING, judgement.DWELL_GRID,
        judgement.FEED_FLOOR,
    )  # fmt: skip

    def judge(self, header: ToolpathHeader, section: int, machine: Machine) -> Iterable[Finding]:
        """What GRBL cannot time, count or print of a section."""
        recipes = judgement.recipes_of(header, section)
        yield from _judge_settings(machine)
        yield from judgement.judge_places(header.sections[section], machine)
        yield from _judge_range(header.sections[section], machine)
        yield from judgement.judge_gate(recipes, machine)
        yield from _judge_dwells(recipes, machine)
        shortest_s = max(machine.gate.min_open, DWELL_STEP_NS / 1e9)
        for recipe in recipes:
            if recipe.pulses:
                why = "GRBL has no output that could trigger a pulse counter"
                yield judgement.no_trigger(recipe, shortest_s, why, judgement.DWELL_GRID.source)
            if recipe.speed_nm_s:
                yield from _judge_feed(recipe)
        yield from judgement.judge_position_firing(recipes, machine)
        yield from judgement.judge_energy_control(machine, "spindle")
        yield from _judge_powers(recipes, machine)
        yield from judgement.judge_unknown_settings(machine, [str(n) for n in range(256)])

    def encoder(self, program: ProgramHeader) -> "GrblEncoder":
        """A fresh encoder."""
        return GrblEncoder(program)

    def reader(self, stream: BinaryIO, machine: Machine) -> Iterator[ExposureBlock]:
        """What a file exposes."""
        return grbl_reader.read(stream, machine)


class GrblEncoder:
    """Writes one section; owns the modal state of the file."""

    def __init__(self, program: ProgramHeader, *, use_compiled: bool | None = None) -> None:
        machine = program.machine
        problems = [finding.message for finding in _judge_settings(machine)]
        if problems:
            raise MachineLimitError("; ".join(problems))
        self._increment = increment_ticks(machine)
        self._power = int(machine.controller.settings["30"])
        self._sets_energy = machine.laser.is_set_by_program
        self._speeds = {r.speed_nm_s: r for r in program.toolpath.recipes.recipes if r.speed_nm_s}
        if use_compiled is None:
            use_compiled = program.toolpath.sections[program.section].n_rows >= COMPILED_FROM_ROWS
        self._rows = RowReader(program, feed_scale=_FEED_SCALE, use_compiled=use_compiled)
        templates = self._templates(machine)
        self._formatter = RowFormatter(templates, use_compiled=use_compiled)
        reach = min(10**MAX_DIGITS - 1, int(_exact_reach(self._increment)) // self._rows.unit)
        self._dots = DotRuns(self._rows, templates, reach=reach, use_compiled=use_compiled)
        self._use_compiled = use_compiled
        self._modes = np.array((0, 1, 0), np.int64)
        self._setting = NO_SETTING

    def begin(self) -> bytes:
        """Modes, beam off, and a feed rate, without which G1 is an error even when nothing moves."""
        return b"G21G90G94G17G54\nM5S0\nF3\n" + (b"M3S0\n" if self._sets_energy else b"M4S0\n")

    def block(self, block: ToolpathBlock) -> bytes | memoryview:
        """Rows of the section.

        Raises:
            GeometryError: rows that do not follow each other, or of another section.
            MachineLimitError: what GRBL cannot print, time or count.
        """
        dots = self._dots.text(block)
        if dots is not None:
            return dots
        facts = self._rows.facts(block)
        if not len(facts):
            return b""
        self._check(facts)
        columns = [getattr(facts, name) for name in _COLUMNS]
        choice = chosen(_choose, columns, self._modes, _CHOSEN, use_compiled=self._use_compiled)
        _, self._setting = setting_changes(facts, self._setting)
        text = self._formatter.format(choice, facts.numbers)
        self._dots.learn(block, facts, chosen_again(_choose, _COLUMNS, _CHOSEN, facts, self._modes))
        return text

    def end(self) -> bytes:
        """Beam off, everything done, end of program."""
        return b"M5S0\nG4P0\nM2\n"

    def _check(self, facts: RowFacts) -> None:
        if facts.counted.any():
            raise MachineLimitError("GRBL cannot count pulses; give dots an exposure time in steps of 50 ms")
        off = facts.exposure_ns % DWELL_STEP_NS != 0
        if off.any():
            raise MachineLimitError(
                f"an exposure of {int(facts.exposure_ns[off][0]) / 1e9:g} s is not a multiple of 50 ms, the steps in "
                "which GRBL waits"
            )
        # Column by column: reducing rows of three is ten times slower.
        reach = max(max(int(facts.printed[:, i].max()), -int(facts.printed[:, i].min())) for i in range(3))
        if reach >= 10**MAX_DIGITS:
            raise MachineLimitError(f"a coordinate needs more than the {MAX_DIGITS} digits that GRBL reads")
        reach_ticks = reach * 10 ** (MAX_DECIMALS - self._rows.decimals)
        if reach_ticks > _exact_reach(self._increment):
            raise MachineLimitError(
                f"GRBL's 32-bit floats do not hold {reach_ticks / TICKS_PER_MM:g} mm to the increment; stay within "
                f"{_exact_reach(self._increment) / TICKS_PER_MM:.3g} mm of the origin"
            )
        feeds = facts.speed_nm_s > 0
        for speed in np.unique(facts.speed_nm_s[feeds]).tolist() if feeds.any() else ():
            problems = [finding.message for finding in _judge_feed(self._speeds[speed])]
            if problems:
                raise MachineLimitError("; ".join(problems))

    def _templates(self, machine: Machine) -> list[Template]:
        templates: list[Template] = []
        lit: Template = (b"S%d" % (self._power * overdrive(self._power)),)
        opens: Template = (b"M3S%d" % self._power,)
        closes = "M4S0"
        if self._sets_energy:
            lit = opens = (b"S", Slot(_POWER_COLUMN, 6, trim=True))
            closes = "S0"
        for power in ((), (b"S0",), lit):
            for speed in (False, True):
                for word in (b"", b"G0", b"G1"):
                    templates += [_move(word, axes, self._rows.decimals, power, speed=speed) for axes in range(8)]
        templates.append((b"",))
        wait = _dwell(exact_multiple(machine.controller.settle_time, 9, "settle time"), "settle time")
        closing = _dwell(closing_wait_ns(machine), "wait until the gate has closed")
        exposure = Slot(_EXPOSURE_COLUMN, _SECOND_DECIMALS, trim=True)
        templates.append((f"{wait}G1".encode(), *opens, b"\nG4P", exposure, f"\n{closes}\n{closing}".encode()))
        return templates


def overdrive(full_power: int) -> int:
    """How many times $30 the S word of lines is: a power of ten, within the digits that GRBL reads."""
    factor = MOST_OVERDRIVE
    while factor > 1 and full_power * factor >= 10**MAX_DIGITS:
        factor //= 10
    return factor


def _dwell(time_ns: int, what: str) -> str:
    if time_ns % DWELL_STEP_NS:
        raise MachineLimitError(
            f"the {what} of {time_ns / 1e9:g} s is not a multiple of 50 ms, the steps in which GRBL waits"
        )
    return f"G4P{fixed_point(time_ns, _SECOND_DECIMALS, trim=True)}\n" if time_ns else ""


def _choose(kinds: Any, axes: Any, speeds: Any, modes: Any, choice: Any) -> None:
    """Templates of each row: which G word, axes, F word and S word it prints, and whether it fires on arrival.

    See `program_text.chosen`; two templates a row.
    """
    was_line, fed, speed = modes[_WAS_LINE], modes[_FED], modes[_SPEED]
    for row in range(len(kinds)):
        is_line = 1 if kinds[row] == _LINE else 0
        feeds = 1 if speeds[row] > 0 else 0
        move = 0 + axes[row]
        if axes[row] != 0 and feeds != fed:
            move += 16 if feeds else 8
        if feeds and speeds[row] != speed:
            move += 24
            speed = speeds[row]
        if is_line != was_line:
            move += 96 if is_line else 48
        was_line = is_line
        # A dot leaves G1 behind, whatever brought it to its place.
        fed = 1 if kinds[row] == _DOT else feeds
        choice[2 * row] = move
        choice[2 * row + 1] = _FIRE if kinds[row] == _DOT else _STILL
    modes[_WAS_LINE], modes[_FED], modes[_SPEED] = was_line, fed, speed


def _move(word: bytes, axes: int, decimals: int, power: Template, *, speed: bool) -> Template:
    if not (axes or power):
        return (b"",)
    pieces: list[bytes | Slot] = [word]
    for axis, letter in enumerate((b"X", b"Y", b"Z")):
        if axes >> axis & 1:
            pieces += [letter, Slot(axis, decimals)]
    if speed:
        pieces += [b"F", Slot(_SPEED_COLUMN, _SPEED_DECIMALS, trim=True)]
    return (*pieces, *power, b"\n")


def _judge_settings(machine: Machine) -> Iterator[Finding]:
    settings = machine.controller.settings
    full = settings.get("30")
    if full is None or not full.isascii() or not full.isdecimal() or not 0 < int(full) < 10**MAX_DIGITS:
        yield judgement.setting_finding(
            f"controller.settings states $30 as {full!r}; the S word of full power must be known",
            "state '30': '1000' or what `$$` shows on the controller, a whole number",
        )
    elif not machine.laser.is_set_by_program and overdrive(int(full)) < LEAST_OVERDRIVE:
        largest = (10**MAX_DIGITS - 1) // LEAST_OVERDRIVE
        yield judgement.setting_finding(
            f"$30 is {full}; lines need an S word {LEAST_OVERDRIVE} times as large, and GRBL reads {MAX_DIGITS} digits",
            f"set $30 to {largest} or less on the controller (1000 is usual) and state it in the profile",
        )
    strength = machine.laser.strength
    scale = strength.scale if strength is not None and strength.control == "spindle" else None
    if scale is not None and scale.settle:
        yield judgement.setting_finding(
            f"the energy needs {scale.settle:g} s to settle, but the S word that sets it opens the beam at once",
            "set the energy by `control: operator`, or state a `settle` of 0 s where it follows S without delay",
        )
    for name, wanted, why in (("32", "1", "laser mode: G0 dark, no stop between moves"), ("31", "0", "S0 is dark")):
        found = settings.get(name, "0" if name == "31" else None)
        if found != wanted:
            yield judgement.setting_finding(
                f"controller.settings states ${name} as {found!r}, but job files rely on ${name}={wanted} ({why})",
                f"set ${name}={wanted} on the controller and state it in the profile",
            )


def _exact_reach(increment: int) -> float:
    """How far from the origin GRBL tells neighbouring increments apart, ticks."""
    return increment / 2 / FLOAT32_ROUNDING


def _judge_powers(recipes: Iterable[Recipe], machine: Machine) -> Iterator[Finding]:
    """S words of energies that the program sets: above 0, at most $30, and not too long a number."""
    full = machine.controller.settings.get("30", "")
    if not machine.laser.is_set_by_program or not full.isdecimal():
        return
    for recipe in recipes:
        try:
            micro = program_setting(recipe, machine)
        except ParameterError:
            continue  # E_SET_POINT says so
        text = fixed_point(micro, 6, trim=True)
        if not 0 < micro <= int(full) * MICRO or sum(c.isdigit() for c in text) > MAX_DIGITS:
            yield Finding(
                judgement.CONTROLLER_SETTING.code, Severity.ERROR,
                f"recipe '{recipe.label}' needs S{text}, but S must be above 0, at most $30 = {full}, and of "
                f"{MAX_DIGITS} digits",
                f"recipes.{recipe.label}", micro / MICRO, float(full), "S",
                hint="scale `pulse_energy: scale` to S words between its `low` and $30, with a `step`",
            )  # fmt: skip


def _judge_range(section: Section, machine: Machine) -> Iterator[Finding]:
    increment = increment_ticks(machine)
    reach = max(abs(tick) for tick in (*section.low_ticks, *section.high_ticks))
    allowed = _exact_reach(increment)
    if reach > allowed:
        yield Finding(
            judgement.INCREMENT.code, Severity.ERROR,
            f"GRBL computes in 32-bit floats: {reach / TICKS_PER_MM:g} mm is only known to "
            f"{reach * FLOAT32_ROUNDING / 10:.3g} nm there, more than half the increment of {increment / 10:g} nm",
            "machine", reach / TICKS_PER_MM, allowed / TICKS_PER_MM, "mm",
            hint=f"stay within {allowed / TICKS_PER_MM:.3g} mm of the origin, or state a coarser increment",
            source="IEEE 754 single precision",
        )  # fmt: skip


def _judge_dwells(recipes: Iterable[Recipe], machine: Machine) -> Iterator[Finding]:
    times = [(f"recipes.{r.label}", "open time", open_time_ns(r, machine), r.exposure_ns) for r in recipes]
    settle_ns = round(machine.controller.settle_time * 1e9)
    times.append(("machine", "settle time", settle_ns, settle_ns))
    closing_ns = closing_wait_ns(machine)
    times.append(("machine.controller.wait_step", "wait until the gate has closed", closing_ns, closing_ns))
    for on, what, time_ns, asked_ns in times:
        if time_ns % DWELL_STEP_NS:
            below = time_ns // DWELL_STEP_NS * DWELL_STEP_NS
            near = below if below and time_ns - below <= DWELL_STEP_NS // 2 else below + DWELL_STEP_NS
            yield Finding(
                judgement.DWELL_GRID.code, Severity.ERROR,
                f"the {what} of {time_ns / 1e9:g} s is not a multiple of 50 ms; GRBL would wait "
                f"{(below + DWELL_STEP_NS) / 1e9:g} s",
                on, time_ns / 1e9, DWELL_STEP_NS / 1e9, "s",
                hint=f"the nearest possible time is {(near + asked_ns - time_ns) / 1e9:g} s",
                source=judgement.DWELL_GRID.source,
            )  # fmt: skip


def _judge_feed(recipe: Recipe) -> Iterator[Finding]:
    printed = fixed_point(recipe.speed_nm_s * 6, _SPEED_DECIMALS, trim=True)
    on = f"recipes.{recipe.label}"
    if recipe.speed_nm_s < MIN_FEED_NM_S:
        yield Finding(
            judgement.FEED_FLOOR.code, Severity.ERROR,
            f"{recipe.speed_nm_s / 1000:g} µm/s = F{printed} is below GRBL's slowest feed of 1 mm/min",
            on, recipe.speed_nm_s / 1000, MIN_FEED_NM_S / 1000, "um/s",
            hint=f"the nearest possible speed is {MIN_FEED_NM_S / 1000:g} µm/s", source=judgement.FEED_FLOOR.source,
        )  # fmt: skip
    if sum(c.isdigit() for c in printed) > MAX_DIGITS:
        places = MAX_DIGITS - len(printed.split(".")[0])
        grid = 10 ** (_SPEED_DECIMALS - max(places, 0))
        # The nearest whole nm/s whose F fits: multiples of 6e-5 mm/min on a decimal grid repeat every grid / 2.
        step = max(1, grid // 2)
        near = max(step, round(recipe.speed_nm_s / step) * step)
        yield Finding(
            judgement.INCREMENT.code, Severity.ERROR,
            f"F{printed} has more than the {MAX_DIGITS} digits that GRBL reads",
            on, recipe.speed_nm_s / 1000, None, "um/s", hint=f"the nearest possible speed is {near / 1000:g} µm/s",
            source="GRBL 1.1 source, MAX_INT_DIGITS",
        )  # fmt: skip
