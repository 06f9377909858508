"""LinuxCNC: the dialect that a free interpreter can check, and the anchor of all others."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from lasercam.dialects import judgement, linuxcnc_reader
from lasercam.dialects.comments import safe_comment
from lasercam.dialects.program_text import COMPILED_FROM_ROWS, RowFormatter, Slot, Template, fixed_point
from lasercam.dialects.row_facts import RowFacts, RowReader, exact_multiple
from lasercam.errors import MachineLimitError
from lasercam.model.exposure import ExposureBlock
from lasercam.model.finding import CodeInfo, Finding
from lasercam.model.machine import Machine
from lasercam.model.protocols import ProgramHeader
from lasercam.model.toolpath import RowKind, ToolpathBlock, ToolpathHeader

_SPEED_COLUMN, _EXPOSURE_COLUMN = 3, 4
_SPEED_DECIMALS: Final = 5
"""F is mm/min: 1 nm/s = 6e-5 mm/min, so that a whole number of nm/s prints exactly."""
_SECOND_DECIMALS: Final = 9

_NONE, _OPEN, _CLOSE, _CLOSE_STANDING = range(4)
"""What happens to the gate before a row's move; + 4 where path blending starts too."""
_MOTION_0: Final = 8
_DOT_TIMED, _DOT_COUNTED = 56, 57


class LinuxCnc:
    """The dialect of LinuxCNC 2.9: one text file per section, loaded by the operator."""

    summary: ClassVar[str] = "LinuxCNC G-code; the beam is gated by a digital output with M62 to M65"
    explanation: ClassVar[str] = (
        "Lines: M62 before a G1 move opens the gate where the move starts, M63 before the next dark move closes it "
        "where that move starts; before a dot, a stop or the end of the file M65 closes it at standstill, because "
        "M63 waits for a move. Dots: G0, M64, G4, M65; the gate may stay open some ms longer than asked (the gate's "
        "`overhead`). Counted pulses: one edge of the trigger output per dot, counted by the pulse picker, whose "
        "count is set by hand (the file's head states it). M3 arms and M5 disarms the beam: wire the gate as "
        "spindle-on AND output in HAL, because LinuxCNC leaves M62/M64 outputs as they are after M2, an abort or a "
        "limit. G64 blends corners within the controller's `path_tolerance`; files of dots run in exact stop. "
        "Proven: every file is read back by an independent reader; in tests LinuxCNC's own interpreter agrees. Not "
        "proven: what the servo loop and the gate's electronics do. Segments shorter than 1.6 ms of travel make "
        "the controller slow down (one segment per servo cycle)."
    )
    suffix: ClassVar[str] = ".ngc"
    codes: ClassVar[tuple[CodeInfo, ...]] = (
        judgement.GATE_TIME, judgement.GATE_TIMING, judgement.GATE_STEP, judgement.NO_TRIGGER, judgement.PULSE_COUNT,
        judgement.MIXED_COUNTS, judgement.NO_POSITION_FIRING, judgement.INCREMENT, judgement.CONTROLLER_SETTING,
    )  # fmt: skip

    def judge(self, header: ToolpathHeader, section: int, machine: Machine) -> Iterable[Finding]:
        """What LinuxCNC cannot time, count or print of a section."""
        recipes = judgement.recipes_of(header, section)
        yield from judgement.judge_places(header.sections[section], machine)
        yield from judgement.judge_gate(recipes, machine)
        yield from judgement.judge_trigger(header, section, recipes, machine)
        yield from judgement.judge_position_firing(recipes, machine)
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
        self._rows = RowReader(program)
        self._gate = machine.gate.output
        self._trigger = machine.trigger
        if self._trigger is not None and self._trigger.output == self._gate:
            raise MachineLimitError(f"gate and trigger share digital output {self._gate}; give each its own output")
        if use_compiled is None:
            use_compiled = program.toolpath.sections[program.section].n_rows >= COMPILED_FROM_ROWS
        self._formatter = RowFormatter(self._templates(machine), use_compiled=use_compiled)
        self._motion = 0
        self._speed = 0
        self._is_open = False
        self._blends = False
        self._stated = 0

    def begin(self) -> bytes:
        """Comments, gate closed, modes, beam armed."""
        lines = [safe_comment(text) for text in self._program.title]
        counts = {r.pulses for r in judgement.recipes_of(self._program.toolpath, self._program.section) if r.pulses}
        if len(counts) == 1:
            lines += self._count_statement(counts.pop())
        lines += [*self._outputs_off(), "G21 G90 G94 G17 G40 G49 G80", "G61.1", "M3 S1"]
        return "".join(f"{line}\n" for line in lines).encode("ascii")

    def block(self, block: ToolpathBlock) -> bytes:
        """Rows of the section.

        Raises:
            GeometryError: rows that do not follow each other, or of another section.
            MachineLimitError: what LinuxCNC cannot print, time or count.
        """
        facts = self._rows.facts(block)
        if not len(facts):
            return b""
        statement = b""
        if facts.counted.any():
            self._check_trigger()
            if self._stated != self._rows.pulses:
                # Which recipes stand in this file shows only now; the head could not tell.
                statement = "".join(f"{line}\n" for line in self._count_statement(self._rows.pulses)).encode("ascii")
        values = np.empty((len(facts), 5), np.int64)
        values[:, :3] = facts.printed
        values[:, _SPEED_COLUMN] = facts.speed_nm_s * 6
        values[:, _EXPOSURE_COLUMN] = facts.exposure_ns
        is_dot = facts.kind == RowKind.DOT
        choice = np.zeros((len(facts), 3), np.uint8)
        choice[:, 0] = self._gate_choice(facts, is_dot)
        choice[:, 1] = self._motion_choice(facts)
        choice[is_dot, 2] = _DOT_TIMED
        choice[facts.counted, 2] = _DOT_COUNTED
        return statement + self._formatter.format(choice, values)

    def end(self) -> bytes:
        """Gate closed at standstill, beam disarmed, end of program."""
        self._is_open = False
        return "".join(f"{line}\n" for line in (*self._outputs_off(), "M5", "M2")).encode("ascii")

    def _outputs_off(self) -> list[str]:
        trigger = [] if self._trigger is None else [f"M65 P{self._trigger.output}"]
        return [f"M65 P{self._gate}", *trigger]

    def _count_statement(self, pulses: int) -> list[str]:
        """What the operator must set, in words that the reader looks for."""
        if self._trigger is None:
            return []
        if self._stated:
            raise MachineLimitError(
                f"the file's head asks for a pulse count of {self._stated}, but its dots need {pulses}; write dots of "
                "this recipe with its own count"
            )
        self._stated = pulses
        return [safe_comment(f"set the pulse counter on trigger output {self._trigger.output} to {pulses}")]

    def _check_trigger(self) -> None:
        if self._trigger is None:
            raise MachineLimitError(
                "the machine has no counted trigger; give dots an exposure time, or the profile a `trigger`"
            )
        if self._rows.pulses > self._trigger.max_pulses:
            raise MachineLimitError(
                f"{self._rows.pulses} pulses per dot are more than the {self._trigger.max_pulses} the trigger counts"
            )

    def _gate_choice(self, facts: RowFacts, is_dot: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """Before each row: what the gate does, decided by the row before it."""
        is_line = facts.kind == RowKind.LINE
        was_line = np.empty_like(is_line)
        was_line[0] = self._is_open
        was_line[1:] = is_line[:-1]
        gate = np.zeros(len(facts), np.uint8)
        gate[is_line & ~was_line] = _OPEN
        gate[was_line & ~is_line] = _CLOSE
        gate[was_line & is_dot] = _CLOSE_STANDING
        self._is_open = bool(is_line[-1])
        if not self._blends:
            feeds = np.flatnonzero(is_line | (facts.kind == RowKind.LEAD))
            if len(feeds):
                gate[feeds[0]] += 4
                self._blends = True
        return gate

    def _motion_choice(self, facts: RowFacts) -> NDArray[np.uint8]:
        """Which axis words, G word and F word each row prints."""
        choice = facts.axes.astype(np.uint8)
        moving = np.flatnonzero(facts.axes)
        if not len(moving):
            return choice + np.uint8(_MOTION_0)
        feeds = facts.speed_nm_s[moving] > 0
        mode = np.where(feeds, 2, 1).astype(np.uint8)
        before = np.empty_like(mode)
        before[0], before[1:] = self._motion, mode[:-1]
        self._motion = int(mode[-1])
        choice[moving] += 8 * np.where(mode != before, mode, 0).astype(np.uint8)
        feeding = moving[feeds]
        if len(feeding):
            speed = facts.speed_nm_s[feeding]
            faster = np.empty(len(speed), np.bool_)
            faster[0], faster[1:] = speed[0] != self._speed, speed[1:] != speed[:-1]
            self._speed = int(speed[-1])
            choice[feeding[faster]] += 24
        return choice + np.uint8(_MOTION_0)

    def _templates(self, machine: Machine) -> list[Template]:
        tolerance = fixed_point(exact_multiple(machine.controller.path_tolerance, 6, "path tolerance"), 9, trim=True)
        blend = f"G64 P{tolerance} Q{tolerance}\n".encode()
        gate = self._gate
        changes = [b"", *(f"M{code} P{gate}\n".encode() for code in (62, 63, 65))]
        templates: list[Template] = [(change,) for change in changes]
        templates += [(blend + change,) for change in changes]
        for speed in (False, True):
            for word in (b"", b"G0 ", b"G1 "):
                templates += [_move(word, axes, self._rows.decimals, speed=speed) for axes in range(8)]
        settle = exact_multiple(machine.controller.settle_time, 9, "settle time")
        wait = f"G4 P{fixed_point(settle, _SECOND_DECIMALS, trim=True)}\n" if settle else ""
        templates.append(
            (f"{wait}M64 P{gate}\nG4 P".encode(), Slot(_EXPOSURE_COLUMN, _SECOND_DECIMALS, trim=True),
             f"\nM65 P{gate}\n".encode())
        )  # fmt: skip
        if self._trigger is None:
            templates.append((b"",))
        else:
            width = fixed_point(exact_multiple(self._trigger.width, 9, "trigger width"), _SECOND_DECIMALS, trim=True)
            output = self._trigger.output
            templates.append((f"{wait}M64 P{output}\nG4 P{width}\nM65 P{output}\n".encode(),))
        return templates


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
