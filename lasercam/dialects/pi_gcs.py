"""PI controllers (GCS 2.0): piezo and positioning stages that write dots from macros."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO, ClassVar

from lasercam.dialects import judgement, pi_gcs_reader
from lasercam.dialects.millisecond_waits import WAIT_GRID, judge_waits
from lasercam.dialects.pi_gcs_encoder import PiGcsEncoder, pi_settings
from lasercam.model.exposure import ExposureBlock
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.machine import Machine
from lasercam.model.protocols import ProgramHeader
from lasercam.model.toolpath import ToolpathHeader

NO_LINES = CodeInfo(
    "E_NO_LINES", Severity.ERROR, "this controller cannot write lines",
    "GCS moves axes that start together but follow no common path, so a line would neither be straight nor keep its "
    "speed. Wave tables could, but their sampling, units and output triggers differ from controller to controller and "
    "are not written here. Write the pattern as dots, or the lines on a machine with a path planner.",
    "PI's package pipython: MOV; no path planner in GCS 2.0",
)  # fmt: skip


class PiGcs:
    """The dialect of PI's GCS 2.0 controllers: macros of dots."""

    summary: ClassVar[str] = "PI controllers (GCS 2.0): macros that write dots; no lines"
    explanation: ClassVar[str] = (
        "Dots only. Each dot: MOV of the axes that change, WAC ONT? until each is on target, a wait to settle, DIO on, "
        "DEL ms, DIO off. Times are whole milliseconds. Counted pulses: one edge of the trigger per dot, the count set "
        "by hand. Lines, run-ups and shots by position are refused: axes start together but follow no common path, "
        "and wave tables differ from controller to controller.\n\n"
        "The file holds macros of max_macro_lines each (a controller keeps little): send it line by line; lines with "
        "; are for people. Behind every MAC START wait until no macro runs (RMC? answers nothing), ask ERR?, and stop "
        "at any error; a stopped macro leaves its output as it is: close it with DIO. Every macro begins and ends "
        "with all outputs off.\n\n"
        "controller.settings: x_axis, y_axis, z_axis, unit (mm or um, as the axes are set up), max_macro_lines. "
        "Outputs are numbered from 1.\n\n"
        "From public sources: MOV, DEL, DIO and MAC as PI's package pipython sends them; WAC ONT? axis = 1 and the "
        "whole sequence as in public macros. Assumed: how many lines a macro holds, names of 7 characters, and that "
        "DEL and DIO take no time beside the gate's `overhead`. Not every GCS controller has macros or digital "
        "outputs.\n\n"
        "Proven: golden files and round trip through an independent reader. Never run on a controller."
    )
    loading: ClassVar[str] = (
        "At the PI controller: reference the axes and send the lines of the file in order, but those with ;. "
        "Behind each MAC START wait until no macro runs (RMC?). To stop, send STP and see that the digital "
        "outputs are low. The last line that was sent tells how far it came."
    )
    suffix: ClassVar[str] = ".gcs"
    codes: ClassVar[tuple[CodeInfo, ...]] = (
        judgement.GATE_TIME, judgement.GATE_TIMING, judgement.GATE_STEP, judgement.NO_TRIGGER, judgement.PULSE_COUNT,
        judgement.TRIGGER_WIDTH,
        judgement.MIXED_COUNTS, judgement.NO_POSITION_FIRING, judgement.INCREMENT, judgement.CONTROLLER_SETTING,
        WAIT_GRID, NO_LINES,
    )  # fmt: skip

    def judge(self, header: ToolpathHeader, section: int, machine: Machine) -> Iterable[Finding]:
        """What macros cannot write, time or count of a section."""
        recipes = judgement.recipes_of(header, section)
        yield from judgement.judge_places(header.sections[section], machine)
        yield from pi_settings(machine)[1]
        yield from judgement.judge_gate(recipes, machine)
        yield from judge_waits(recipes, machine)
        yield from judgement.judge_trigger(header, section, recipes, machine)
        yield from judgement.judge_position_firing(recipes, machine)
        for recipe in recipes:
            if recipe.writes_lines and not recipe.writes_dots:
                yield Finding(
                    NO_LINES.code, Severity.ERROR, "the recipe writes lines, which this controller cannot",
                    f"recipes.{recipe.label}", source=NO_LINES.source,
                    hint="write dots with an exposure time, or name a machine of another dialect",
                )  # fmt: skip

    def encoder(self, program: ProgramHeader) -> PiGcsEncoder:
        """A fresh encoder."""
        return PiGcsEncoder(program)

    def reader(self, stream: BinaryIO, machine: Machine) -> Iterator[ExposureBlock]:
        """What a file exposes."""
        return pi_gcs_reader.read(stream, machine)
