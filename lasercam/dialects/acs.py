"""ACS Motion Control: ACSPL+ programs with the laser control interface (LCI)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO, ClassVar

from lasercam.dialects import acs_reader, judgement
from lasercam.dialects.acs_encoder import AcsEncoder
from lasercam.dialects.acs_settings import NO_PROGRAM_COUNT, NS_PER_MS, WAIT_GRID, acs_settings
from lasercam.model.exposure import ExposureBlock
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.machine import Machine
from lasercam.model.protocols import ProgramHeader
from lasercam.model.recipe import Recipe
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
        "lc.FixedDistPulse(width, interval, start, end) along the path; it ends half a distance behind the last shot, "
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
    suffix: ClassVar[str] = ".prg"
    codes: ClassVar[tuple[CodeInfo, ...]] = (
        judgement.GATE_TIME, judgement.GATE_TIMING, judgement.NO_TRIGGER, judgement.PULSE_COUNT,
        judgement.MIXED_COUNTS, judgement.NO_POSITION_FIRING, judgement.INCREMENT, judgement.CONTROLLER_SETTING,
        WAIT_GRID, NO_PROGRAM_COUNT,
    )  # fmt: skip

    def judge(self, header: ToolpathHeader, section: int, machine: Machine) -> Iterable[Finding]:
        """What ACSPL+ cannot time or count of a section."""
        recipes = judgement.recipes_of(header, section)
        yield from judgement.judge_places(header.sections[section], machine)
        yield from acs_settings(machine)[1]
        yield from judgement.judge_gate(recipes, machine)
        yield from _judge_waits(recipes, machine)
        if machine.trigger is not None and machine.trigger.counted_by == "program":
            yield from no_program_count(recipes)
        else:
            yield from judgement.judge_trigger(header, section, recipes, machine)
        if machine.position_firing is None:
            yield from judgement.judge_position_firing(recipes)

    def encoder(self, program: ProgramHeader) -> AcsEncoder:
        """A fresh encoder."""
        return AcsEncoder(program)

    def reader(self, stream: BinaryIO, machine: Machine) -> Iterator[ExposureBlock]:
        """What a file exposes."""
        return acs_reader.read(stream, machine)


def no_program_count(recipes: Sequence[Recipe]) -> Iterator[Finding]:
    """Counted pulses that the program should count, but cannot."""
    for recipe in recipes:
        if recipe.pulses:
            yield Finding(
                NO_PROGRAM_COUNT.code, Severity.ERROR,
                f"{recipe.pulses} pulses are to be counted by the program, which this dialect cannot say",
                f"recipes.{recipe.label}", recipe.pulses, None, "pulses",
                hint="state trigger: counted_by: operator, or give the dots an exposure time",
            )  # fmt: skip


def _judge_waits(recipes: Iterable[Recipe], machine: Machine) -> Iterator[Finding]:
    times = [(f"recipes.{r.label}", "exposure", r.exposure_ns) for r in recipes]
    times.append(("machine", "settle time", round(machine.controller.settle_time * 1e9)))
    times.append(("machine.trigger", "trigger width", round(machine.trigger.width * 1e9) if machine.trigger else 0))
    for on, what, time_ns in times:
        if time_ns % NS_PER_MS:
            near = max(1, round(time_ns / NS_PER_MS))
            yield Finding(
                WAIT_GRID.code, Severity.ERROR,
                f"the {what} of {time_ns / 1e9:g} s is no whole number of milliseconds, in which ACSPL+ waits",
                on, time_ns / 1e9, 0.001, "s", hint=f"the nearest possible time is {near / 1000:g} s",
                source=WAIT_GRID.source,
            )  # fmt: skip
