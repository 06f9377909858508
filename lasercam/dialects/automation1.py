"""Aerotech Automation1: AeroScript programs whose beam the position-synchronised output (PSO) of a drive switches.

What is sourced, and what is assumed, stands in the explanation that `lasercam explain automation1` prints. Nothing here
can be run without the controller.
"""

from collections.abc import Iterable, Iterator
from typing import BinaryIO, ClassVar

from lasercam.dialects import aerotech_judgement, automation1_reader
from lasercam.dialects.aerotech_encoder import AerotechEncoder
from lasercam.dialects.aerotech_settings import AUTOMATION1_KEYS, AerotechSettings, aerotech_settings
from lasercam.dialects.aerotech_words import Column, Words
from lasercam.dialects.comments import safe_line_comment
from lasercam.dialects.program_text import Slot
from lasercam.errors import MachineLimitError
from lasercam.model.exposure import ExposureBlock
from lasercam.model.finding import CodeInfo, Finding
from lasercam.model.machine import Machine
from lasercam.model.protocols import ProgramHeader
from lasercam.model.toolpath import ToolpathHeader


class Automation1:
    """The dialect of Automation1: one `.ascript` per section."""

    summary: ClassVar[str] = (
        "Aerotech Automation1 AeroScript; the beam is switched by PSO: windows, pulse trains, distances"
    )
    explanation: ClassVar[str] = (
        "Machine facts stand under controller.settings: pso_axis (whose drive has the output), output_pin (a "
        "name of the PsoOutputPin enumeration; left out, the drive's default), for every axis that PSO can "
        "follow input_x (the name that PsoDistanceInput and PsoWindowInput share, such as "
        "XC4PrimaryFeedback) and counts_per_mm_x (y, z; emulated quadrature counts, negative when they fall "
        "while the axis rises), and if wanted pulse_step_ns (10), pulse_max_us (42949672), ramp_rate_mm_s2, "
        "line_gate (window or stops) and loops (yes or no).\n\n"
        "Every PSO function stops a blended path, so nothing is switched inside one. Lines (line_gate: "
        "window): at the start of the run-up the window counter is set to 0 and a window of counts on the "
        "encoder of the line's main axis drives the output; run-up, line and run-out run as one blended "
        "path. A polyline that turns back along its main axis, a line without run-ups and one along an axis "
        "without encoder are refused. line_gate: stops switches PsoOutputOn and PsoOutputOff at standstill "
        "instead: it writes every shape, but the ends get a higher dose (W_LINE_ENDS); the dark run-ups are "
        "still driven, and serve no purpose.\n\n"
        "Dots: G0 in position, settle time, one pulse of the exposure by PsoEventGenerateSingle, and a dwell "
        "one millisecond longer than the pulse; exposures above pulse_max_us are PsoOutputOn, Dwell, "
        "PsoOutputOff.\n\n"
        "Counted dots: a pulse train of N at the repetition rate, each pulse an edge of trigger.width, so "
        "the count differs from dot to dot. N edges pass exactly N laser pulses when every edge makes the "
        "laser or its picker pass one; if the edges only open a free-running beam, a pulse more or less is "
        "lost at each. The same wire carries pulses and levels: timed dots and lines need a laser that runs "
        "on its own while the level is high.\n\n"
        "Rows of shots: PsoDistanceConfigureFixedDistance in counts of the row's main axis, started at "
        "standstill a whole number of distances before the first shot and masked by a window half a distance "
        "wider than the row; as exact as the stage stands when it is started.\n\n"
        "Runs of equal dots are repeat loops of incremental moves (loops: yes) where a step is a whole "
        "number of counts; the next move is absolute again.\n\n"
        "Units are set by SetupTaskTimeUnits and SetupTaskDistanceUnits, never by G70, G71, G75 or G76, on "
        "whose meaning public sources disagree; primary units must be mm. A big file is copied to the "
        "controller and run from there; what A3200 called BUFFEREDRUN is not needed.\n\n"
        "[sourced] PSO functions, their order, inclusive window bounds, pulse times in steps of 0.01 µs, "
        "counts as emulated quadrature: Aerotech's help pages and public AeroScript; "
        "PsoWindowCounterSetValue: the public EPICS driver; Dwell, WaitForMotionDone, VelocityBlendingOn, "
        "target, wait and time modes, G0 and G1 inside AeroScript, repeat: public AeroScript and converters.\n\n"
        "[assumed] PsoReset puts the output low, G0 is not blended, a task step lasts 1 ms at most. PSO is "
        "said to stop when motion is aborted; wire the laser's interlock to the controller's fault output "
        "all the same.\n\n"
        "Proven: every file is read back row by row by an independent reader, and golden files were reviewed "
        "by eye. Not proven: nothing was run on a controller. Try a file with the laser off and an "
        "oscilloscope on the output first."
    )
    loading: ClassVar[str] = (
        "At the Automation1 controller: home, put the file on the controller and run it in a task, speed "
        "overrides at 100 %. No feedhold: inside a line it leaves the laser on. To stop, stop the task and see "
        "that the laser output is off. The line of the task tells how far it came."
    )
    suffix: ClassVar[str] = ".ascript"
    codes: ClassVar[tuple[CodeInfo, ...]] = aerotech_judgement.CODES

    def judge(self, header: ToolpathHeader, section: int, machine: Machine) -> Iterable[Finding]:
        """What Automation1 cannot time, count or switch of a section."""
        return aerotech_judgement.judge(header, section, machine, AUTOMATION1_KEYS)

    def encoder(self, program: ProgramHeader) -> AerotechEncoder:
        """A fresh encoder."""
        return automation1_encoder(program)

    def reader(self, stream: BinaryIO, machine: Machine) -> Iterator[ExposureBlock]:
        """What a file exposes."""
        return automation1_reader.read(stream, machine)


def automation1_encoder(program: ProgramHeader, *, use_compiled: bool | None = None) -> AerotechEncoder:
    """Writes one section as AeroScript.

    Raises:
        MachineLimitError: controller.settings lack or misstate what the program needs.
    """
    settings = aerotech_settings(program.machine, AUTOMATION1_KEYS, MachineLimitError)
    axis = settings.pso_axis
    head = [
        *(safe_line_comment(text, "//") for text in program.title),
        "program",
        "Enable([X, Y, Z])",
        "SetupTaskDistanceUnits(DistanceUnits.Primary)",
        "SetupTaskTimeUnits(TimeUnits.Seconds)",
        "SetupTaskTargetMode(TargetMode.Absolute)",
        "SetupTaskWaitMode(WaitMode.InPosition)",
        *([f"SetupCoordinatedRampValue(RampMode.Rate, {settings.ramp_rate})"] if settings.ramp_rate else []),
        "VelocityBlendingOff()",
        f"PsoReset({axis})",
        f"PsoOutputOff({axis})",
    ]
    tail = [
        f"PsoOutputOff({axis})", f"PsoReset({axis})", "VelocityBlendingOff()",
        "SetupTaskTargetMode(TargetMode.Absolute)", "end",
    ]  # fmt: skip
    return AerotechEncoder(program, settings, _words(settings), head, tail, use_compiled=use_compiled)


def _words(settings: AerotechSettings) -> Words:
    axis = settings.pso_axis
    pin = f"\nPsoOutputConfigureOutput({axis}, PsoOutputPin.{settings.output})" if settings.output else ""
    train = (
        f"PsoWaveformConfigureMode({axis}, PsoWaveformMode.Pulse)\n"
        f"PsoWaveformConfigurePulseFixedTotalTime({axis}, ".encode(), Slot(Column.TOTAL, 3, trim=True),
        f")\nPsoWaveformConfigurePulseFixedOnTime({axis}, ".encode(), Slot(Column.ON, 3, trim=True),
        f")\nPsoWaveformConfigurePulseFixedCount({axis}, ".encode(), Slot(Column.CYCLES, 0),
        f")\nPsoWaveformApplyPulseConfiguration({axis})\nPsoWaveformOn({axis})\n"
        f"PsoOutputConfigureSource({axis}, PsoOutputSource.Waveform){pin}".encode(),
    )  # fmt: skip
    window = (
        f"PsoWindowCounterSetValue({axis}, 0, 0)\nPsoWindowConfigureFixedRange({axis}, 0, ".encode(),
        Slot(Column.LOW, 0), b", ", Slot(Column.HIGH, 0), f")\nPsoWindowOutputOn({axis}, 0)".encode(),
    )  # fmt: skip
    windows = [f"PsoWindowConfigureInput({axis}, 0, PsoWindowInput.{name}, false)" for name in settings.inputs]
    distances = [f"PsoDistanceConfigureInputs({axis}, [PsoDistanceInput.{name}])" for name in settings.inputs]
    wx, wy, wz = windows
    sx, sy, sz = (f"{distance}\n{window_}" for distance, window_ in zip(distances, windows, strict=True))
    return Words(
        reset=f"PsoReset({axis})",
        modes=(
            f"PsoOutputOff({axis}){pin}",
            f"PsoOutputOff({axis})",
            f"PsoOutputConfigureSource({axis}, PsoOutputSource.WindowOutput){pin}",
            f"PsoEventConfigureMask({axis}, PsoEventMask.WindowMask)",
        ),
        window_input=(wx, wy, wz),
        shots_input=(sx, sy, sz),
        pulse=train,
        shot_pulse=train,
        arm_window=window,
        end_window=f"PsoWindowOutputOff({axis}, 0)",
        arm_shots=(
            *window,
            f"\nPsoDistanceConfigureFixedDistance({axis}, ".encode(),
            Slot(Column.DISTANCE, 0),
            f")\nPsoDistanceCounterOn({axis})\nPsoDistanceEventsOn({axis})".encode(),
        ),
        end_shots=f"PsoDistanceEventsOff({axis})\nPsoDistanceCounterOff({axis})\nPsoWindowOutputOff({axis}, 0)",
        blend="VelocityBlendingOn()",
        stop="VelocityBlendingOff()\nWaitForMotionDone([X, Y, Z])",
        open=f"PsoOutputOn({axis})",
        close=f"PsoOutputOff({axis})",
        dwell=("Dwell(", ")"),
        fire=f"PsoEventGenerateSingle({axis})",
        incremental="SetupTaskTargetMode(TargetMode.Incremental)",
        absolute="SetupTaskTargetMode(TargetMode.Absolute)",
        loop="repeat ",
        end_loop="end",
    )
