"""LinuxCNC: the dialect that a free interpreter can check, and the anchor of all others."""

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, ClassVar, Final

import numpy as np

from lasercam.dialects import judgement, linuxcnc_reader
from lasercam.dialects.comments import safe_comment
from lasercam.dialects.dot_runs import DotRuns, chosen_again
from lasercam.dialects.operator_counts import OperatorCount, refuse_uncounted
from lasercam.dialects.program_text import (
    COMPILED_FROM_ROWS,
    MAX_VALUE,
    RowFormatter,
    Slot,
    Template,
    chosen,
    fixed_point,
)
from lasercam.dialects.row_facts import (
    MAX_DECIMALS,
    RowFacts,
    RowReader,
    exact_multiple,
    increment_ticks,
    setting_changes,
)
from lasercam.errors import MachineLimitError
from lasercam.model.commanded import closing_wait_ns, joined_within_um
from lasercam.model.exposure import NO_SETTING, ExposureBlock
from lasercam.model.finding import CodeInfo, Finding
from lasercam.model.machine import Machine
from lasercam.model.protocols import ProgramHeader
from lasercam.model.toolpath import RowKind, ToolpathBlock, ToolpathHeader

_SPEED_COLUMN, _EXPOSURE_COLUMN, _SETTING_COLUMN = 3, 4, 5
_SPEED_DECIMALS: Final = 5
"""F is mm/min: 1 nm/s = 6e-5 mm/min, so that a whole number of nm/s prints exactly."""
_SECOND_DECIMALS: Final = 9
_FEED_SCALE: Final = 6
"""F in multiples of its last decimal, per nm/s."""

_NONE, _OPEN, _CLOSE, _CLOSE_STANDING = range(4)
"""What happens to the gate before a row's move; + 4 where path blending starts too."""
_MOTION_0: Final = 8
_DOT_TIMED, _DOT_COUNTED, _SETS = 56, 57, 58
_WAS_LINE, _MOTION, _SPEED, _BLENDS = range(4)
"""Modal state: whether the row before was a LINE, 0 / G0 / G1, the last F, whether path blending is on."""
_CHOSEN: Final = 3
"""Templates of each row."""
_COLUMNS: Final = ("kind", "axes", "speed_nm_s", "counted")
"""What templates are chosen by."""
_LINE: Final = int(RowKind.LINE)
_LEAD: Final = int(RowKind.LEAD)
_DOT: Final = int(RowKind.DOT)


class LinuxCnc:
    """The dialect of LinuxCNC 2.9: one text file per section, loaded by the operator."""

    summary: ClassVar[str] = "LinuxCNC G-code; the beam is gated by a digital output with M62 to M65"
    explanation: ClassVar[str] = (
        "Lines: M62 before a G1 move opens the gate where the move starts, M63 before the next dark move closes it "
        "where that move starts; before a dot, a stop or the end of the file M65 closes it at standstill, because "
        "M63 waits for a move. Dots: G0, M64, G4, M65; the gate may stay open some ms longer than asked (the gate's "
        "`overhead`). Counted pulses: one edge of the trigger output per dot, counted by the pulse picker, whose "
        "count is set by hand (the file's head states it). Where the profile says `control: analog`, M68 sets the "
        "energy's analogue output before the features that need it, at standstill and with the gate closed. M3 arms "
        "and M5 disarms the beam: wire the gate as "
        "spindle-on AND output in HAL, because LinuxCNC leaves M62/M64 outputs as they are after M2, an abort or a "
        "limit. G64 P blends corners within the controller's `path_tolerance`; Q is 0, so that rows are not joined to "
        "longer chords: those would turn away from the run-up, and the one that opens the gate would be passed near "
        "standstill (measured: a circle of 1 µm chords at 5 mm/s got 13 times its dose where it began). Only where the "
        "gate has delays Q is one increment, for the short rows cut for it, and P smaller by as much. A run-out behind "
        "more than two rows is cut into rows as long as the last one, and a file that ends on a run-out steps back by "
        "an increment (G0) before M65: what comes last LinuxCNC plans as if half of it were missing, and would go "
        "through the end of the line at half its speed (1.9 times the dose). Files of dots run in exact stop. The "
        "outputs act 0.8 to 2 servo periods of 1 ms before the commanded position is there, 1.4 on average, at both "
        "ends of a line alike (measured, 0.4 to 10 mm/s): lines are as long as they should be, but begin and end v · "
        "1.4 ms too early (0.6 µm at 0.4 mm/s, 7 µm at 5 mm/s); drives that lag add to that. Delay the gate in HAL: a "
        "`timedelay` in front of it with on-delay = off-delay = 0.0015 s delays by one period and leaves 0 to 1 "
        "(measured), 0.001 s does nothing. A gate slower than that: take 1.4 ms off `open_delay` and `close_delay`. "
        "Proven: every file is read back by an independent reader; in tests LinuxCNC's own interpreter agrees. Not "
        "proven: what the servo loop and the gate's electronics do. Rows shorter than 1.6 ms of travel make the "
        "controller slow down (one row per servo cycle); W_DOSE_CORNER says where."
    )
    loading: ClassVar[str] = (
        "At LinuxCNC: home, open the file, see that its preview lies where it should, feed override at 100 %, "
        "run. Never pause: a feed hold stops the motion and leaves the gate open. Abort drops the spindle, and "
        "the beam with it. The line that LinuxCNC shows is the one to look rows up by. lasercam does all this "
        "itself with `link: {kind: linuxcncrsh, …}` under `controller:` of the profile."
    )
    suffix: ClassVar[str] = ".ngc"
    codes: ClassVar[tuple[CodeInfo, ...]] = (
        judgement.GATE_TIME, judgement.GATE_TIMING, judgement.GATE_STEP, judgement.NO_TRIGGER, judgement.PULSE_COUNT,
        judgement.TRIGGER_WIDTH,
        judgement.MIXED_COUNTS, judgement.NO_POSITION_FIRING, judgement.INCREMENT, judgement.CONTROLLER_SETTING,
    )  # fmt: skip

    def judge(self, header: ToolpathHeader, section: int, machine: Machine) -> Iterable[Finding]:
        """What LinuxCNC cannot time, count or print of a section."""
        recipes = judgement.recipes_of(header, section)
        yield from judgement.judge_places(header.sections[section], machine)
        yield from judgement.judge_gate(recipes, machine)
        yield from judgement.judge_trigger(header, section, recipes, machine)
        yield from judgement.judge_position_firing(recipes, machine)
        yield from judgement.judge_energy_control(machine, "analog")
        yield from judgement.judge_unknown_settings(machine, ())
        if machine.trigger is not None and machine.trigger.output == machine.gate.output:
            yield judgement.setting_finding(
                f"gate and trigger share digital output {machine.gate.output}", "give each its own output"
            )

    def encoder(self, program: ProgramHeader) -> "LinuxCncEncoder":
        """A fresh encoder."""
        return LinuxCncEncoder(program)

    def reader(self, stream: BinaryIO, machine: Machine) -> Iterator[ExposureBlock]:
        """What a file exposes."""
        return linuxcnc_reader.read(stream, machine)


class LinuxCncEncoder:
    """Writes one section; owns the modal state of the file."""

    def __init__(self, program: ProgramHeader, *, use_compiled: bool | None = None) -> None:
        machine = program.machine
        self._program = program
        self._gate = machine.gate.output
        self._trigger = machine.trigger
        if self._trigger is not None and self._trigger.output == self._gate:
            raise MachineLimitError(f"gate and trigger share digital output {self._gate}; give each its own output")
        if use_compiled is None:
            use_compiled = program.toolpath.sections[program.section].n_rows >= COMPILED_FROM_ROWS
        self._rows = RowReader(program, feed_scale=_FEED_SCALE, use_compiled=use_compiled)
        self._increment = increment_ticks(machine) // 10 ** (MAX_DECIMALS - self._rows.decimals)
        templates = self._templates(machine)
        self._formatter = RowFormatter(templates, use_compiled=use_compiled)
        self._dots = DotRuns(self._rows, templates, reach=MAX_VALUE - 1, use_compiled=use_compiled)
        self._use_compiled = use_compiled
        self._modes = np.zeros(4, np.int64)
        self._count = OperatorCount(program, self._say_count)
        self._setting = NO_SETTING
        self._step_back: bytes = b""

    def begin(self) -> bytes:
        """Comments, gate closed, modes, beam armed."""
        lines = [safe_comment(text) for text in self._program.title]
        lines += [*self._count.at_head(), *self._outputs_off(), "G21 G90 G94 G17 G40 G49 G80", "G61.1", "M3 S1"]
        return "".join(f"{line}\n" for line in lines).encode("ascii")

    def block(self, block: ToolpathBlock) -> bytes | memoryview:
        """Rows of the section.

        Raises:
            GeometryError: rows that do not follow each other, or of another section.
            MachineLimitError: what LinuxCNC cannot print, time or count.
        """
        dots = self._dots.text(block)
        if dots is not None:
            self._step_back = b""
            return dots
        facts = self._rows.facts(block)
        if not len(facts):
            return b""
        statement = b""
        if facts.counted.any():
            refuse_uncounted(self._program.machine, self._rows.pulses, sets_counts=True)
            statement = "".join(f"{line}\n" for line in self._count.before(facts)).encode("ascii")
        self._step_back = self._step_back_from(facts)
        columns = [getattr(facts, name) for name in _COLUMNS]
        choice = chosen(_choose, columns, self._modes, _CHOSEN, use_compiled=self._use_compiled)
        at, self._setting = setting_changes(facts, self._setting)
        if facts.setting is not None:
            # Behind what the gate does, before the move: at standstill, and the gate is closed.
            choice = np.insert(choice, 1, 0, axis=1)
            choice[at, 1] = _SETS
        text = self._formatter.format(choice, facts.numbers)
        self._dots.learn(block, facts, chosen_again(_choose, _COLUMNS, _CHOSEN, facts, self._modes))
        return statement + text

    def end(self) -> bytes:
        """Gate closed at standstill, beam disarmed, end of program."""
        self._modes[_WAS_LINE] = 0
        return self._step_back + "".join(f"{line}\n" for line in (*self._outputs_off(), "M5", "M2")).encode("ascii")

    def _step_back_from(self, facts: RowFacts) -> bytes:
        """A dark move by one increment, back along a run-out: LinuxCNC brakes early for a move that nothing follows."""
        if facts.kind[-1] != _LEAD or not facts.axes[-1]:
            return b""
        end, start = facts.printed[-1], facts.start_printed[-1]
        place = end - np.sign(end - start) * self._increment
        words = " ".join(
            f"{letter}{fixed_point(int(value), self._rows.decimals)}"
            for letter, value, moved in zip("XYZ", place, end != start, strict=True)
            if moved
        )
        return f"G0 {words}\n".encode("ascii")

    def _outputs_off(self) -> list[str]:
        trigger = [] if self._trigger is None else [f"M65 P{self._trigger.output}"]
        return [f"M65 P{self._gate}", *trigger]

    def _say_count(self, pulses: int) -> str:
        output = 0 if self._trigger is None else self._trigger.output
        return safe_comment(f"set the pulse counter on trigger output {output} to {pulses}")

    def _templates(self, machine: Machine) -> list[Template]:
        join_um = joined_within_um(machine)
        tolerance = fixed_point(
            exact_multiple(machine.controller.path_tolerance - join_um, 6, "path tolerance"), 9, trim=True
        )
        joined = fixed_point(exact_multiple(join_um, 6, "increment"), 9, trim=True)
        blend = f"G64 P{tolerance} Q{joined}\n".encode()
        gate = self._gate
        # At standstill nothing may come before a slow gate has closed.
        closing_ns = closing_wait_ns(machine)
        closes = f"M65 P{gate}\n" + (f"G4 P{_seconds(closing_ns)}\n" if closing_ns else "")
        changes = [b"", f"M62 P{gate}\n".encode(), f"M63 P{gate}\n".encode(), closes.encode()]
        templates: list[Template] = [(change,) for change in changes]
        templates += [(blend + change,) for change in changes]
        for speed in (False, True):
            for word in (b"", b"G0 ", b"G1 "):
                templates += [_move(word, axes, self._rows.decimals, speed=speed) for axes in range(8)]
        settle = exact_multiple(machine.controller.settle_time, 9, "settle time")
        wait = f"G4 P{fixed_point(settle, _SECOND_DECIMALS, trim=True)}\n" if settle else ""
        templates.append(
            (f"{wait}M64 P{gate}\nG4 P".encode(), Slot(_EXPOSURE_COLUMN, _SECOND_DECIMALS, trim=True),
             f"\n{closes}".encode())
        )  # fmt: skip
        if self._trigger is None:
            templates.append((b"",))
        else:
            # No wait behind it: the picker ends the pulses, and the gate has never opened.
            width = fixed_point(exact_multiple(self._trigger.width, 9, "trigger width"), _SECOND_DECIMALS, trim=True)
            output = self._trigger.output
            templates.append((f"{wait}M64 P{output}\nG4 P{width}\nM65 P{output}\n".encode(),))
        strength = machine.laser.strength
        if machine.laser.is_set_by_program and strength is not None and strength.scale is not None:
            wait_ns = exact_multiple(strength.scale.settle, 9, "settle time of the energy")
            behind = f"\nG4 P{fixed_point(wait_ns, _SECOND_DECIMALS, trim=True)}\n" if wait_ns else "\n"
            word = f"M68 E{strength.output} Q".encode()
            templates.append((word, Slot(_SETTING_COLUMN, 6, trim=True), behind.encode()))
        return templates


def _choose(kinds: Any, axes: Any, speeds: Any, counted: Any, modes: Any, choice: Any) -> None:
    """Templates of each row: what the gate does before it, how it moves, and what happens on arrival.

    See `program_text.chosen`; three templates a row.
    """
    was_line, motion, speed, blends = modes[_WAS_LINE], modes[_MOTION], modes[_SPEED], modes[_BLENDS]
    for row in range(len(kinds)):
        kind = kinds[row]
        gate = _NONE
        if kind == _LINE:
            if was_line == 0:
                gate = _OPEN
        elif was_line == 1:
            gate = _CLOSE_STANDING if kind == _DOT else _CLOSE
        was_line = 1 if kind == _LINE else 0
        if blends == 0 and kind in (_LINE, _LEAD):
            gate += 4
            blends = 1
        move = _MOTION_0 + axes[row]
        if axes[row] != 0:
            mode = 2 if speeds[row] > 0 else 1
            if mode != motion:
                move += 8 * mode
                motion = mode
            if mode == 2 and speeds[row] != speed:
                move += 24
                speed = speeds[row]
        choice[3 * row] = gate
        choice[3 * row + 1] = move
        choice[3 * row + 2] = 0 if kind != _DOT else _DOT_COUNTED if counted[row] else _DOT_TIMED
    modes[_WAS_LINE], modes[_MOTION], modes[_SPEED], modes[_BLENDS] = was_line, motion, speed, blends


def _seconds(time_ns: int) -> str:
    return fixed_point(time_ns, _SECOND_DECIMALS, trim=True)


def _move(word: bytes, axes: int, decimals: int, *, speed: bool) -> Template:
    if not axes:
        return (b"",)
    pieces: list[bytes | Slot] = []
    lead = word
    for axis, letter in enumerate((b"X", b"Y", b"Z")):
        if axes >> axis & 1:
            pieces += [lead + letter, Slot(axis, decimals)]
            lead = b" "
    if speed:
        pieces += [b" F", Slot(_SPEED_COLUMN, _SPEED_DECIMALS, trim=True)]
    return (*pieces, b"\n")
