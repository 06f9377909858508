"""Rows to the calls and trajectory files of a Newport XPS."""

from collections.abc import Mapping, Sequence
from typing import Final

from lasercam.dialects.comments import safe_comment
from lasercam.dialects.motion_runs import (
    ACCELERATION_DECIMALS,
    LENGTH_DECIMALS,
    Feed,
    Joints,
    path_acceleration,
    pulse_window,
    windows,
)
from lasercam.dialects.newport_xps_settings import xps_settings
from lasercam.dialects.newport_xps_trajectories import (
    REST_PS,
    TIME_DECIMALS,
    file_name,
    line_arc_file,
    pvt_file,
    standing_file,
)
from lasercam.dialects.operator_counts import OperatorCount, refuse_uncounted
from lasercam.dialects.program_text import fixed_point
from lasercam.dialects.row_facts import RowReader, exact_multiple
from lasercam.dialects.run_encoder import RunEncoder, joined_lines
from lasercam.errors import MachineLimitError
from lasercam.model.commanded import closing_wait_ns
from lasercam.model.protocols import ProgramHeader

_PS_PER_NS: Final = 1000
_SPEED_DECIMALS: Final = 6
"""Velocities are mm/s: a whole number of nm/s prints exactly."""


class NewportXpsEncoder(RunEncoder):
    """Writes one section: calls as bytes, trajectory files as companions."""

    def __init__(self, program: ProgramHeader) -> None:
        machine = program.machine
        settings, problems = xps_settings(machine)
        if settings is None:
            raise MachineLimitError("; ".join(f"{p.message}; {p.hint}" for p in problems))
        x, y, z = (axis.acceleration for axis in machine.axis_list)
        angle = "" if settings.is_pvt else settings.angle_text
        super().__init__(
            RowReader(program, fires_by_position=not settings.is_pvt, counts_in_program=settings.counts),
            Joints(machine.controller.path_tolerance, (x, y, z), angle),
            OperatorCount(program, lambda pulses: f"# set the pulse counter to {pulses}"),
        )
        self._set = settings
        self._program = program
        laser = program.toolpath.sections[program.section].laser
        needs_period = settings.lines_pulse or settings.counts
        self._period_ps = settings.period_ps(laser.rep_rate_hz) if needs_period else 0
        self._settle_ps = exact_multiple(machine.controller.settle_time, 9, "settle time") * _PS_PER_NS
        width_s = machine.trigger.width if machine.trigger else 0.0
        self._width_ps = exact_multiple(width_s, 9, "trigger width") * _PS_PER_NS
        self._files: dict[str, bytes] = {}
        self._standing: dict[tuple[int, int], bytes] = {}

    def begin(self) -> bytes:
        """Comments, every output off."""
        lines = [_comment(text) for text in self._program.title]
        lines.append("# send line by line to TCP port 5001; the files beside go to Public/Trajectories")
        lines += [f"# at the first reply that is not 0: stop, and send {call}" for call in self._off()]
        lines.append("# before: EventExtendedAllGet(char *) must list no event; remove those of an aborted job")
        if self._period_ps:
            lines.append(f"# output pulses fire the laser, one every {_seconds(self._period_ps)} s")
        return joined_lines([*lines, *self._count.at_head(), *self._off()])

    def end(self) -> bytes:
        """The last run; every output off."""
        return joined_lines([*self._flushed(), *self._off(), "# end of job"])

    def companions(self) -> Mapping[str, bytes]:
        """The trajectory files that the calls name."""
        return dict(self._files)

    def _off(self) -> list[str]:
        return [f"GPIODigitalSet({port},{mask},0)" for port, mask in filter(None, (self._set.gate, self._set.trigger))]

    def _move(self, axes: int, printed: Sequence[int]) -> list[str]:
        x, y, z = (fixed_point(value, self._rows.decimals) for value in printed)
        if self._set.is_pvt:
            return [f"GroupMoveAbsolute({self._set.group},{x},{y},{z})"] if axes else []
        plane = [f"GroupMoveAbsolute({self._set.group},{x},{y})"] if axes & 3 else []
        return plane + ([f"GroupMoveAbsolute({self._set.z_group},{z})"] if axes & 4 else [])

    def _dot(self, exposure_ns: int, pulses: int) -> list[str]:
        """A trajectory without motion whose middle element is the exposure."""
        if not self._set.is_pvt:
            raise MachineLimitError(
                "not supported: dots on an XY group, whose line-arc trajectories cannot stand still; set the stage up "
                "as a MultipleAxes group and state trajectory: pvt"
            )
        if pulses:
            refuse_uncounted(self._program.machine, pulses, sets_counts=True)
        if pulses and self._set.counts:
            # Half a period longer than from the first to the last pulse: no rounding adds or loses one. A single
            # pulse has no period, and takes one long enough for the controller's cycles.
            period_ps = self._period_ps if pulses > 1 else 2 * max(REST_PS, self._period_ps)
            file = self._standing_file((2 * pulses - 1) * period_ps // 2)
            return self._executed(file, self._pulses(2, 3, period_ps))
        output, duration_ps = (
            (self._set.trigger, self._width_ps) if pulses else (self._set.gate, exposure_ns * _PS_PER_NS)
        )
        # A counter ends the pulses of its trigger; a gate must have closed before the stage leaves.
        closing_ps = 0 if pulses else closing_wait_ns(self._program.machine) * _PS_PER_NS
        return self._executed(self._standing_file(duration_ps, closing_ps), self._switch(output, 2, 3))

    def _standing_file(self, duration_ps: int, closing_ps: int = 0) -> bytes:
        key = duration_ps, closing_ps
        if key not in self._standing:
            self._standing[key] = standing_file(duration_ps, self._settle_ps, closing_ps)
        return self._standing[key]

    def _accept(self, row: Feed) -> None:
        if len(self._run) > self._set.max_elements:
            raise MachineLimitError(
                f"a run of lines has more than the {self._set.max_elements} elements of one trajectory "
                "(controller.settings: max_elements); draw it with longer segments, or as several lines"
            )

    def _motion(self, run: Sequence[Feed], points: Sequence[Sequence[int]]) -> list[str]:
        if not self._set.is_pvt:
            return self._line_arc(run)
        content = pvt_file(run, self._program.machine.controller.min_segment_time)
        # Element numbers count from 1; a window ends where the element behind it begins.
        lit = [(first + 1, last + 2) for first, last in windows(run)]
        if not self._set.lines_pulse:
            return self._executed(content, [c for w in lit for c in self._switch(self._set.gate, *w)])
        if len(lit) > 1:
            raise MachineLimitError(
                "output pulses have one window per trajectory, but a dark stretch lies between lines that are written "
                "in one motion; state lines: gate in controller.settings"
            )
        return self._executed(content, self._pulses(*lit[0], self._period_ps))

    def _line_arc(self, run: Sequence[Feed]) -> list[str]:
        content = line_arc_file(run, self._set.angle_text)
        lit = windows(run)
        if len(lit) > 1:
            raise MachineLimitError(
                "output pulses have one window per trajectory; write each line in a motion of its own"
            )
        window = pulse_window(run, *lit[0], self._period_ps)
        limits = [axis.acceleration for axis in self._program.machine.axis_list[:2]]
        acceleration = fixed_point(path_acceleration(run, limits), ACCELERATION_DECIMALS, trim=True)
        group, start = self._set.group, ",".join(fixed_point(v, LENGTH_DECIMALS, trim=True) for v in window)
        speed = fixed_point(run[0].speed_nm_s, _SPEED_DECIMALS, trim=True)
        name, is_new = self._kept(content)
        return [
            *([f"XYLineArcVerification({group},{name})"] if is_new else []),
            f"XYLineArcPulseOutputSet({group},{start})",
            f"XYLineArcExecution({group},{name},{speed},{acceleration},1)",
        ]

    def _executed(self, content: bytes, firing: Sequence[str]) -> list[str]:
        name, is_new = self._kept(content)
        group = self._set.group
        return [
            *([f"MultipleAxesPVTVerification({group},{name})"] if is_new else []),
            *firing,
            f"MultipleAxesPVTExecution({group},{name},1)",
        ]

    def _kept(self, content: bytes) -> tuple[str, bool]:
        """The file's name, and whether nothing has used it yet."""
        name = file_name(content)
        if name in self._files:
            return name, False
        if len(self._files) >= self._set.max_files:
            raise MachineLimitError(
                f"this step needs more than {self._set.max_files} trajectory files (controller.settings: max_files), "
                "one for each kind of line; write fewer different lines per step, or raise max_files if the "
                "controller's disk and the transfer allow it"
            )
        self._files[name] = content
        return name, True

    def _pulses(self, first: int, last: int, period_ps: int) -> list[str]:
        return [f"MultipleAxesPVTPulseOutputSet({self._set.group},{first},{last},{_seconds(period_ps)})"]

    def _switch(self, output: tuple[str, int] | None, first: int, last: int) -> list[str]:
        """An output high from the start of one element to the start of another; each event happens once."""
        if output is None:
            raise MachineLimitError("controller.settings states no output for this; state gate_gpio or trigger_gpio")
        port, mask = output
        return [
            call
            for element, value in ((first, mask), (last, 0))
            for call in (
                f"EventExtendedConfigurationTriggerSet({self._set.group}.PVT.ElementNumberStart,{element},0,0,0)",
                f"EventExtendedConfigurationActionSet({port}.DOSet,{mask},{value},0,0)",
                "EventExtendedStart(int *)",
            )
        ]


def _seconds(period_ps: int) -> str:
    return fixed_point(period_ps, TIME_DECIMALS, trim=True)


def _comment(text: str) -> str:
    return "# - " + safe_comment(text)[3:-1]
