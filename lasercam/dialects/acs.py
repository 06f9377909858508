"""ACS Motion Control: ACSPL+ programs with the laser control interface (LCI)."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO, ClassVar

from lasercam.dialects import acs_reader, judgement
from lasercam.dialects.acs_encoder import AcsEncoder
from lasercam.dialects.acs_settings import acs_settings
from lasercam.dialects.millisecond_waits import WAIT_GRID, judge_waits
from lasercam.model.exposure import ExposureBlock
from lasercam.model.finding import CodeInfo, Finding
from lasercam.model.machine import Machine
from lasercam.model.protocols import ProgramHeader
from lasercam.model.toolpath import ToolpathHeader


class Acs:
    """The dialect of ACS's SPiiPlus controllers with a laser control module: one program per section."""

    summary: ClassVar[str] = "ACS ACSPL+ programs; lines and shots by the laser control interface (LCI)"
    explanation: ClassVar[str] = (
        "One program buffer per section: PTP/ev moves to a place and waits for it; positions are mm and velocities "
        "mm/s, as the axes must be set up. The object lc (LCI) and the axes' ACC, DEC and JERK come from the "
        "controller's own configuration.\n\n"
        "Lines: a path of XSEG, LINE/p and ENDS in the plane at VEL; lc.SegmentGate() lets the laser through in "
        "segments whose last argument is 1; dark leads at both ends are the run-ups. Shots by position: "
        "lc.FixedDistPulse(width, interval, start, end) along the path; it ends a little behind the last shot, "
        "inside the lead; lc.GetPulseCounts(ch) is kept and shown, so that you can compare it. Dots: OUT(p).b = 1, "
        "WAIT ms, OUT(p).b = 0 at standstill; counted pulses: one edge of the trigger per dot, the count set by hand. "
        "WAIT knows whole milliseconds. Lines keep their depth (two axes on the path). The laser is disabled at the "
        "start, behind every path and at the end.\n\n"
        "controller.settings: x_axis, y_axis, z_axis, gate_port, trigger_port, pulse_width, largest_corner, "
        "ignore_safety_inputs (no by default: public examples mask the LCI's safety inputs, this dialect does not "
        "unless told).\n\n"
        "From public ACSPL+ programs (no manual was at hand): every statement and the order of its arguments. Assumed: "
        "a path runs at the VEL of its axes; a wait lasts what it says; the unit of pulse_width; that start and end of "
        "FixedDistPulse count from the start of the path; that a stage keeps its speed at corners up to "
        "largest_corner. Try a small job with the laser off, and an oscilloscope on gate and shots.\n\n"
        "Proven: golden files and round trip through an independent reader. Never run on a controller or its simulator."
    )
    loading: ClassVar[str] = (
        "At the ACS controller: home, load the file into a free program buffer, compile it, run it. To stop, stop "
        "the buffer, halt the axes and see that the laser is disabled (lc.LaserDisable) and its outputs are low. "
        "The line of the buffer tells how far it came."
    )
    suffix: ClassVar[str] = ".prg"
    codes: ClassVar[tuple[CodeInfo, ...]] = (
        judgement.GATE_TIME, judgement.GATE_TIMING, judgement.GATE_STEP, judgement.NO_TRIGGER, judgement.PULSE_COUNT,
        judgement.TRIGGER_WIDTH,
        judgement.MIXED_COUNTS, judgement.NO_POSITION_FIRING, judgement.PITCH_STEP, judgement.FIRING_RATE,
        judgement.FIRING_JITTER, judgement.INCREMENT, judgement.CONTROLLER_SETTING,
        WAIT_GRID,
    )  # fmt: skip

    def judge(self, header: ToolpathHeader, section: int, machine: Machine) -> Iterable[Finding]:
        """What ACSPL+ cannot time or count of a section."""
        recipes = judgement.recipes_of(header, section)
        yield from judgement.judge_places(header.sections[section], machine)
        yield from acs_settings(machine)[1]
        yield from judgement.judge_gate(recipes, machine)
        yield from judge_waits(recipes, machine)
        yield from judgement.judge_trigger(header, section, recipes, machine)
        yield from judgement.judge_sweeps(recipes, machine)

    def encoder(self, program: ProgramHeader) -> AcsEncoder:
        """A fresh encoder."""
        return AcsEncoder(program)

    def reader(self, stream: BinaryIO, machine: Machine) -> Iterator[ExposureBlock]:
        """What a file exposes."""
        return acs_reader.read(stream, machine)
