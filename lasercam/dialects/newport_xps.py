"""Newport XPS: calls over TCP, and trajectory files with gated windows or output pulses."""

from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, ClassVar

from lasercam.dialects import judgement, newport_xps_reader
from lasercam.dialects.newport_xps_encoder import NewportXpsEncoder
from lasercam.dialects.newport_xps_settings import PULSE_PERIOD, XpsSettings, xps_settings
from lasercam.errors import MachineLimitError, RereadError
from lasercam.model.exposure import ExposureBlock
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.machine import Machine
from lasercam.model.protocols import ProgramHeader
from lasercam.model.recipe import Recipe
from lasercam.model.toolpath import ToolpathHeader

STANDING = CodeInfo(
    "E_STANDING_DOT", Severity.ERROR, "dots cannot be written on an XY group",
    "Dots on an XPS are trajectories that stand still, which PVT files of a MultipleAxes group can and line-arc files "
    "of an XY group cannot. Set the stage up as a MultipleAxes group and state `trajectory: pvt` in "
    "controller.settings, or write the pattern as lines or as shots by position.",
)  # fmt: skip


class NewportXps:
    """The dialect of Newport's XPS-C8, -Q8 and -D controllers: one file of calls per section, and trajectory files."""

    summary: ClassVar[str] = "Newport XPS calls with PVT or line-arc trajectory files, gated or by their output pulses"
    explanation: ClassVar[str] = (
        "A job file holds one API call per line, as sent to TCP port 5001; lines with # are for people, except what "
        "they say about pulses. The folder beside it (its name with .files) holds the trajectory files: copy them "
        "to the controller's Public/Trajectories (FTP; SFTP on an XPS-D). Send a call, await its reply, stop at the "
        "first that is not 0 and close the gate. Events that an aborted job left behind would switch the gate in "
        "the next one: remove them first (EventExtendedAllGet must list none). Every trajectory is verified by the "
        "controller before its first run: a free dry run. Names of files are made from their content, so that files "
        "of another job never pass.\n\n"
        "trajectory: pvt (MultipleAxes group of X, Y, Z). Lines: one PVT element per row; the dark leads are the "
        "ramps (uniform acceleration v² / 2L), lines keep their speed. lines: gate switches a digital output at the "
        "start of elements (PVT.ElementNumberStart, DOSet); lines: pulses fires the laser by output pulses, one per "
        "period of its rate, from the first lit element to the start of the one behind the last. Dots: three "
        "elements that stand still, the middle one is the exposure: gate open, trigger high, or counted output "
        "pulses. Corners inside a line must stay within the path tolerance and the axes' acceleration. No firing by "
        "position. The laser must fire while the gate is high and once per output pulse: wire both to the picker, "
        "or use one.\n\n"
        "trajectory: line-arc (XY group, Z in z_group). Lines and shots by position in the plane: output pulses "
        "every so many mm of path; shots end a little behind the last, inside the lead, so that none is lost "
        "to rounding. No dots.\n\n"
        "controller.settings: group, z_group, trajectory, gate_gpio, trigger_gpio, lines, pulse_period_step, "
        "max_elements, max_files, discontinuity_angle.\n\n"
        "From public sources: names and arguments of all calls, the formats of both files, which are relative and "
        "end at rest (XPS-Q8 manual, package newportxps); that PVT output pulses end at the start of the last "
        "element named (EPICS' driver); DOSet with mask and value at element starts, once per event (laboratory "
        "code). Assumed: elements without motion are accepted; 12 decimals are read; an event without Always "
        "happens once; the step of the pulses' period (pulse_period_step), the connector pins of output pulses, the "
        "most elements and files. Try a small job with the laser off, and an oscilloscope on gate and pulses.\n\n"
        "Proven: golden files and round trip through an independent reader, trajectory files included. Never run on "
        "an XPS: neither controller nor simulator was at hand."
    )
    loading: ClassVar[str] = (
        "At the XPS: home the groups, copy every file of the folder beside to Public/Trajectories (FTP; SFTP on "
        "an XPS-D), then send the calls of the file in order to TCP port 5001, and await 0 for each. At any other "
        "reply stop, and set the gate low. lasercam does all this itself on an XPS-C8 or -Q8 with `link: {kind: "
        "xps_calls, …}` under `controller:` of the profile."
    )
    suffix: ClassVar[str] = ".xps"
    codes: ClassVar[tuple[CodeInfo, ...]] = (
        judgement.GATE_TIME, judgement.GATE_TIMING, judgement.GATE_STEP, judgement.NO_TRIGGER, judgement.PULSE_COUNT,
        judgement.TRIGGER_WIDTH,
        judgement.MIXED_COUNTS, judgement.NO_POSITION_FIRING, judgement.PITCH_STEP, judgement.FIRING_RATE,
        judgement.FIRING_JITTER, judgement.INCREMENT, judgement.CONTROLLER_SETTING,
        PULSE_PERIOD, STANDING,
    )  # fmt: skip

    def judge(self, header: ToolpathHeader, section: int, machine: Machine) -> Iterable[Finding]:
        """What an XPS cannot run, time or count of a section."""
        recipes = judgement.recipes_of(header, section)
        yield from judgement.judge_places(header.sections[section], machine)
        settings, problems = xps_settings(machine)
        yield from problems
        if settings is None:
            return
        yield from _judge_period(settings, recipes)
        if not settings.is_pvt:
            yield from judgement.judge_sweeps(recipes, machine)
            for recipe in recipes:
                if recipe.writes_dots and not recipe.pitch_ticks and machine.position_firing is None:
                    yield _standing(recipe)
            return
        yield from judgement.judge_gate(recipes, machine)
        yield from judgement.judge_trigger(header, section, recipes, machine, sets_counts=settings.counts)
        yield from judgement.judge_position_firing(recipes, machine)

    def encoder(self, program: ProgramHeader) -> NewportXpsEncoder:
        """A fresh encoder."""
        return NewportXpsEncoder(program)

    def reader(self, stream: BinaryIO, machine: Machine) -> Iterator[ExposureBlock]:
        """What a file exposes that uses no trajectory files."""
        return newport_xps_reader.read(stream, machine, _no_companion)

    def reader_with(
        self, stream: BinaryIO, machine: Machine, companion: Callable[[str], bytes]
    ) -> Iterator[ExposureBlock]:
        """What a file exposes with the trajectory files it names."""
        return newport_xps_reader.read(stream, machine, companion)


def _no_companion(name: str) -> bytes:
    raise RereadError(f"the trajectory file {name} is not at hand")


def _judge_period(settings: XpsSettings, recipes: tuple[Recipe, ...]) -> Iterator[Finding]:
    """Whether the controller pulses at the laser's rate."""
    wanting = [r for r in recipes if (settings.lines_pulse and r.writes_lines) or (settings.counts and r.pulses)]
    for recipe in wanting[:1]:
        rate_hz = recipe.laser.rep_rate_hz
        try:
            settings.period_ps(rate_hz)
        except MachineLimitError as error:
            near = settings.nearest_rate_hz(rate_hz) if rate_hz else None
            set_rate = f"set {near:g} Hz at the laser, or " if near else ""
            yield Finding(
                PULSE_PERIOD.code, Severity.ERROR, str(error), f"recipes.{recipe.label}", rate_hz, near, "Hz",
                hint=f"{set_rate}state lines: gate", source=PULSE_PERIOD.source,
            )  # fmt: skip


def _standing(recipe: Recipe) -> Finding:
    return Finding(
        STANDING.code, Severity.ERROR,
        "the recipe writes dots, which a line-arc trajectory cannot",
        f"recipes.{recipe.label}", hint="state trajectory: pvt for a MultipleAxes group",
    )  # fmt: skip
