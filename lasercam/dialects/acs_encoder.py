"""Rows to an ACSPL+ program."""

from collections.abc import Sequence
from math import floor
from typing import Final

from lasercam.dialects.acs_settings import acs_settings
from lasercam.dialects.comments import safe_comment
from lasercam.dialects.millisecond_waits import milliseconds
from lasercam.dialects.motion_runs import LENGTH_DECIMALS, Feed, Joints, path_acceleration, pulse_window, windows
from lasercam.dialects.operator_counts import OperatorCount, refuse_uncounted
from lasercam.dialects.program_text import fixed_point
from lasercam.dialects.row_facts import RowReader, exact_multiple
from lasercam.dialects.run_encoder import RunEncoder, joined_lines
from lasercam.errors import MachineLimitError
from lasercam.model.commanded import closing_wait_ns
from lasercam.model.protocols import ProgramHeader
from lasercam.model.toolpath import NM_PER_UM, RowKind

_SPEED_DECIMALS: Final = 6
"""Velocities are mm/s: a whole number of nm/s prints exactly."""


class AcsEncoder(RunEncoder):
    """Writes one section; owns the modal state of the program: velocities."""

    def __init__(self, program: ProgramHeader) -> None:
        machine = program.machine
        settings, problems = acs_settings(machine)
        if settings is None:
            raise MachineLimitError("; ".join(f"{p.message}; {p.hint}" for p in problems))
        x, y, z = (axis.acceleration for axis in machine.axis_list)
        super().__init__(
            RowReader(program, fires_by_position=machine.position_firing is not None),
            Joints(machine.controller.path_tolerance, (x, y, z), settings.corner_text),
            OperatorCount(program, lambda pulses: f"! set the pulse counter to {pulses}"),
        )
        self._set = settings
        self._program = program
        self._settle_ns = exact_multiple(machine.controller.settle_time, 9, "settle time")
        self._width_ns = exact_multiple(machine.trigger.width, 9, "trigger width") if machine.trigger else 0
        self._tops = [floor(axis.max_speed * NM_PER_UM) for axis in machine.axis_list]
        self._accelerations = (x, y, z)
        self._plane = f"({settings.axes[0]},{settings.axes[1]})"
        self._speed = 0

    def begin(self) -> bytes:
        """Comments, laser and outputs off, axes enabled."""
        lines = ["! - " + safe_comment(text)[3:-1] for text in self._program.title]
        lines += self._count.at_head()
        axes = self._set.axes
        enabled = " & ".join(f"MST({axis}).#ENABLED" for axis in axes)
        lines += [
            "GLOBAL INT LC_SHOTS",
            "INT ch",
            *self._off(),
            "lc.Stop()",
            *(["lc.SetSafetyMasks(1, 1)"] if self._set.ignores_safety else []),
            "lc.Init()",
            f"ENABLE ({','.join(axes)})",
            f"TILL ({enabled})",
            f"lc.SetMotionAxes{self._plane}",
        ]
        return joined_lines(lines)

    def end(self) -> bytes:
        """The last run; laser and outputs off, end of program."""
        return joined_lines([*self._flushed(), *self._off(), "STOP"])

    def _off(self) -> list[str]:
        return ["lc.LaserDisable()", *(f"{output} = 0" for output in (self._set.gate, self._set.trigger) if output)]

    def _at(self, printed: Sequence[int]) -> list[str]:
        return [fixed_point(value, self._rows.decimals) for value in printed]

    def _move(self, axes: int, printed: Sequence[int]) -> list[str]:
        moving = [i for i in range(3) if axes >> i & 1]
        if not moving:
            return []
        # All axes are named, as in the public programs; the slowest of those that move gives the velocity.
        top = fixed_point(min(self._tops[i] for i in moving), _SPEED_DECIMALS, trim=True)
        return [f"PTP/ev ({','.join(self._set.axes)}), {', '.join(self._at(printed))}, {top}"]

    def _dot(self, exposure_ns: int, pulses: int) -> list[str]:
        output, time_ns = (self._set.trigger, self._width_ns) if pulses else (self._set.gate, exposure_ns)
        if pulses:
            refuse_uncounted(self._program.machine, pulses)
        settle = [f"WAIT {milliseconds(self._settle_ns)}"] if self._settle_ns else []
        # A slow gate has closed before anything else happens; a counter's trigger is not that gate.
        closing_ns = 0 if pulses else closing_wait_ns(self._program.machine)
        closing = [f"WAIT {milliseconds(closing_ns)}"] if closing_ns else []
        return [*settle, f"{output} = 1", f"WAIT {milliseconds(time_ns)}", f"{output} = 0", *closing]

    def _accept(self, row: Feed) -> None:
        if row.delta[2]:
            raise MachineLimitError(
                "not supported: lines that change depth; the laser interface's path has two axes here. Write each "
                "depth as lines of its own"
            )

    def _motion(self, run: Sequence[Feed], points: Sequence[Sequence[int]]) -> list[str]:
        path_acceleration(run, self._accelerations[:2])  # refuses leads that are too short
        speed = fixed_point(run[0].speed_nm_s, _SPEED_DECIMALS, trim=True)
        lines = []
        if run[0].speed_nm_s != self._speed:
            lines += [f"VEL({axis}) = {speed}" for axis in self._set.axes[:2]]
            self._speed = run[0].speed_nm_s
        shots = sum(row.shots for row in run if row.kind == RowKind.SHOTS)
        if shots:
            lit = windows(run)
            if len(lit) > 1:
                raise MachineLimitError("shots by position stand in a motion of their own")
            begin, end, interval = (fixed_point(v, LENGTH_DECIMALS, trim=True) for v in pulse_window(run, *lit[0], 1))
            lines.append(f"ch = lc.FixedDistPulse({self._set.pulse_width}, {interval}, {begin}, {end})")
        else:
            lines.append("ch = lc.SegmentGate()")
        x, y, _ = self._at(points[0])
        lines += ["lc.LaserEnable()", f"XSEG {self._plane}, {x}, {y}"]
        for row, point in zip(run, points[1:], strict=True):
            x, y, _ = self._at(point)
            gated = f"LINE/p {self._plane}, {x}, {y}, {int(row.kind == RowKind.LINE)}"
            lines.append(f"LINE {self._plane}, {x}, {y}" if shots else gated)
        lines += [f"ENDS {self._plane}", f"TILL GSEG({self._set.axes[0]}) = -1", "lc.LaserDisable()"]
        if shots:
            lines += ["LC_SHOTS = lc.GetPulseCounts(ch)", f'DISP "%d shots of {shots}", LC_SHOTS']
        return [*lines, "lc.Stop(ch)"]
