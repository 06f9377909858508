"""Rows to macros of a PI controller (GCS 2.0): dots at standstill."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lasercam.dialects import judgement
from lasercam.dialects.comments import safe_comment
from lasercam.dialects.controller_settings import Fault, Key, read_settings
from lasercam.dialects.millisecond_waits import milliseconds
from lasercam.dialects.operator_counts import OperatorCount, refuse_uncounted
from lasercam.dialects.program_text import fixed_point
from lasercam.dialects.row_facts import RowReader, exact_multiple
from lasercam.errors import MachineLimitError
from lasercam.model.commanded import closing_wait_ns
from lasercam.model.finding import Finding
from lasercam.model.machine import Machine
from lasercam.model.protocols import ProgramHeader
from lasercam.model.toolpath import RowKind, ToolpathBlock

MAX_MACROS: Final = 99_999
_AXIS = r"[A-Za-z0-9]{1,16}"
KEYS: Final = (
    Key("x_axis", _AXIS, "the name of the axis that moves along x: letters and digits", "1"),
    Key("y_axis", _AXIS, "the name of the axis that moves along y: letters and digits", "2"),
    Key("z_axis", _AXIS, "the name of the axis that moves along z: letters and digits", "3"),
    Key("unit", "mm|um", "'mm' or 'um', the unit of its positions", "mm"),
    Key("max_macro_lines", "[1-9][0-9]{1,5}", "the most lines of one macro, 10 at least", "100", "100"),
)
_UNIT_DECIMALS: Final = {"mm": 0, "um": 3}
"""How many decimals of a position in mm are whole in the unit."""
_LINES_PER_DOT: Final = 8
"""At most: a move, three waits for it, settling, output on, wait, output off; one more where the gate closes slowly."""


@dataclass(frozen=True)
class PiSettings:
    """What macros are written for.

    Attributes:
        axes: names of x, y and z.
        unit: of positions, `mm` or `um`.
        max_lines: of one macro.
    """

    axes: tuple[str, str, str]
    unit: str
    max_lines: int


def pi_settings(machine: Machine) -> tuple[PiSettings | None, list[Finding]]:
    """What the profile says, and what is wrong with it; None when anything is."""
    found, faults = read_settings(machine, KEYS)
    findings = [*judgement.settings_findings(faults), *judgement.judge_energy_control(machine)]
    if findings:
        return None, findings
    axes = (found["x_axis"], found["y_axis"], found["z_axis"])
    lines = [machine.gate.output, *([machine.trigger.output] if machine.trigger else [])]
    problems: list[Fault] = []
    if len(set(axes)) < len(axes):
        problems.append(Fault(f"axes {', '.join(axes)} are not three", "give x, y and z their own axes"))
    if len(set(lines)) < len(lines):
        problems.append(Fault(f"gate and trigger share digital output {lines[0]}", "give each its own output"))
    if min(lines) < 1:
        problems.append(Fault("digital outputs are numbered from 1", "state gate and trigger outputs of 1 or more"))
    # Beside the lines of one dot, a macro closes its outputs and ends.
    most = _LINES_PER_DOT + 1 + len(lines) + 1
    if closing_wait_ns(machine) and int(found["max_macro_lines"]) < most:
        problems.append(
            Fault(f"a dot and the closing of a slow gate do not fit into {found['max_macro_lines']} lines of a macro",
             f"state max_macro_lines of {most} or more")
        )  # fmt: skip
    if problems:
        return None, judgement.settings_findings(problems)
    return PiSettings(axes, found["unit"], int(found["max_macro_lines"])), []


class PiGcsEncoder:
    """Writes one section as macros that run one after another; each begins and ends with every output off."""

    def __init__(self, program: ProgramHeader) -> None:
        machine = program.machine
        settings, problems = pi_settings(machine)
        if settings is None:
            raise MachineLimitError("; ".join(f"{p.message}; {p.hint}" for p in problems))
        self._set = settings
        self._program = program
        self._rows = RowReader(program)
        self._decimals = max(0, self._rows.decimals - _UNIT_DECIMALS[settings.unit])
        # A coarse increment prints fewer decimals of mm than µm have whole: fill up with zeros.
        self._times = 10 ** max(0, _UNIT_DECIMALS[settings.unit] - self._rows.decimals)
        self._settle_ns = exact_multiple(machine.controller.settle_time, 9, "settle time")
        self._width_ns = exact_multiple(machine.trigger.width, 9, "trigger width") if machine.trigger else 0
        self._closing_ns = closing_wait_ns(machine)
        # Beside the wait, the line that ends the macro.
        self._lines_per_dot = _LINES_PER_DOT + (2 if self._closing_ns else 0)
        self._macro: list[str] = []
        self._macros = 0
        self._count = OperatorCount(program, lambda pulses: f"; set the pulse counter to {pulses}")

    def begin(self) -> bytes:
        """What people must know; every output off."""
        lines = ["; - " + safe_comment(text)[3:-1] for text in self._program.title]
        lines.append("; lines with ; are for people. Send the others; behind MAC START wait until no macro runs (RMC?)")
        return _text([*lines, *self._count.at_head(), *self._off()])

    def block(self, block: ToolpathBlock) -> bytes:
        """Rows of the section.

        Raises:
            GeometryError: rows that do not follow each other, or of another section.
            MachineLimitError: lines, and what a macro cannot print, time or count.
        """
        facts = self._rows.facts(block)
        told = self._count.before(facts)
        lines = [*(self._run() if told and self._macro else []), *told]
        columns = (facts.kind, facts.axes, facts.printed, facts.exposure_ns, facts.count)
        for kind, axes, end, exposure, count in zip(*(c.tolist() for c in columns), strict=True):
            if kind not in (RowKind.JUMP, RowKind.DOT):
                raise MachineLimitError(
                    "not supported: lines on a PI controller, whose axes do not move along a common path; write the "
                    "pattern as dots, or the lines on a machine with a path planner"
                )
            self._macro += self._move(axes, end)
            if kind == RowKind.DOT:
                self._macro += self._dot(exposure, count)
            if len(self._macro) > self._set.max_lines - self._lines_per_dot - len(self._off()):
                lines += self._run()
        return _text(lines)

    def end(self) -> bytes:
        """The last macro; every output off."""
        return _text([*(self._run() if self._macro else []), *self._off(), "; end of job"])

    def _off(self) -> list[str]:
        trigger = self._program.machine.trigger
        return [
            f"DIO {output} 0" for output in (self._program.machine.gate.output, *([trigger.output] if trigger else []))
        ]

    def _move(self, axes: int, printed: Sequence[int]) -> list[str]:
        moving = [i for i in range(3) if axes >> i & 1]
        if not moving:
            return []
        places = " ".join(
            f"{self._set.axes[i]} {fixed_point(printed[i] * self._times, self._decimals)}" for i in moving
        )
        return [f"MOV {places}", *(f"WAC ONT? {self._set.axes[i]} = 1" for i in moving)]

    def _dot(self, exposure_ns: int, pulses: int) -> list[str]:
        trigger = self._program.machine.trigger
        if pulses:
            refuse_uncounted(self._program.machine, pulses)
        output = trigger.output if pulses and trigger is not None else self._program.machine.gate.output
        settle = [f"DEL {milliseconds(self._settle_ns)}"] if self._settle_ns else []
        time_ns = self._width_ns if pulses else exposure_ns
        # A slow gate has closed before the stage leaves; a counter's trigger is not that gate.
        closing = [f"DEL {milliseconds(self._closing_ns)}"] if self._closing_ns and not pulses else []
        return [*settle, f"DIO {output} 1", f"DEL {milliseconds(time_ns)}", f"DIO {output} 0", *closing]

    def _run(self) -> list[str]:
        """The macro so far: defined, started, and deleted when it has run."""
        self._macros += 1
        if self._macros > MAX_MACROS:
            raise MachineLimitError(f"the step needs more than {MAX_MACROS} macros; raise max_macro_lines or split it")
        name = f"LC{self._macros:05d}"
        body, self._macro = self._macro, []
        return [f"MAC BEG {name}", *body, *self._off(), "MAC END", f"MAC START {name}", f"MAC DEL {name}"]


def _text(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("ascii")
