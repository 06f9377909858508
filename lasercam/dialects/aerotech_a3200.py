"""Aerotech A3200: AeroBasic programs whose beam the position-synchronised output (PSO) of a drive switches.

What is sourced, and what is assumed, stands in the explanation that `lasercam explain aerotech_a3200` prints. Nothing
here can be run without the controller.
"""

from collections.abc import Iterable, Iterator
from typing import BinaryIO, ClassVar

from lasercam.dialects import aerotech_a3200_reader, aerotech_judgement
from lasercam.dialects.aerotech_encoder import AerotechEncoder
from lasercam.dialects.aerotech_settings import A3200_KEYS, AerotechSettings, aerotech_settings
from lasercam.dialects.aerotech_words import Column, Words
from lasercam.dialects.comments import safe_line_comment
from lasercam.dialects.program_text import Slot
from lasercam.errors import MachineLimitError
from lasercam.model.exposure import ExposureBlock
from lasercam.model.finding import CodeInfo, Finding
from lasercam.model.machine import Machine
from lasercam.model.protocols import ProgramHeader
from lasercam.model.toolpath import ToolpathHeader


class AerotechA3200:
    """The dialect of the A3200: one `.pgm` per section."""

    summary: ClassVar[str] = "Aerotech A3200 AeroBasic; the beam is switched by PSO: windows, pulse trains, distances"
    explanation: ClassVar[str] = (
        "Machine facts stand under controller.settings: pso_axis (whose drive has the output), output_pin "
        "and output_mode (of PSOOUTPUT CONTROL), for every axis that PSO can follow input_x and "
        "counts_per_mm_x (y, z; negative when counts fall while the axis rises), pulse_max_us (longest PSO "
        "pulse), and if wanted pulse_step_ns (1000), ramp_rate_mm_s2, line_gate (window or stops) and loops "
        "(yes or no).\n\n"
        "Lines (line_gate: window): at the start of the run-up the window counter is loaded with 0 and a "
        "window of counts is armed on the encoder of the line's main axis; run-up, line and run-out run as "
        "one blended path (VELOCITY ON), and hardware holds the beam open while the counter is inside. A "
        "polyline that turns back along its main axis, a line without run-ups and one along an axis without "
        "encoder are refused. line_gate: stops switches PSOCONTROL ON and OFF at standstill instead: it "
        "writes every shape, but the ends get a higher dose (W_LINE_ENDS); the dark run-ups are still "
        "driven, and serve no purpose.\n\n"
        "Dots: G0, exact stop in position, settle time, PSOPULSE of the exposure with one cycle, PSOCONTROL "
        "FIRE, and a dwell one task step (1 ms) longer than the pulse; exposures above pulse_max_us are "
        "PSOCONTROL ON, G4, OFF.\n\n"
        "Counted dots: CYCLES N at the repetition rate, each cycle an edge of trigger.width, so the count "
        "differs from dot to dot. N edges pass exactly N laser pulses when every edge makes the laser or its "
        "picker pass one (a laser fired by the edge, or a picker synchronised to it); if the edges only open "
        "a free-running beam, a pulse more or less is lost at each. The same wire carries pulses and levels: "
        "timed dots and lines need a laser that runs on its own while the level is high.\n\n"
        "Rows of shots: PSODISTANCE FIXED in counts of the row's main axis, armed at standstill a whole "
        "number of distances before the first shot and masked by a window half a distance wider than the "
        "row; as exact as the stage stands when it is armed.\n\n"
        "Runs of equal dots are REPEAT loops of incremental moves (loops: yes) where a step is a whole "
        "number of counts; the next move is absolute again.\n\n"
        "G71 and G76 set mm and s, so F is mm/s. Programs too long for the controller's memory run with "
        '`PROGRAM 1 BUFFEREDRUN "file.pgm"`, which reads lines as it goes; whether REPEAT may stand in such '
        "a run is not sourced, so state loops: no for them.\n\n"
        "[sourced] PSOCONTROL, PSOOUTPUT CONTROL, ENABLE, G71, G76, G90, G4, F in mm/s: written by femto; "
        "PSOPULSE TIME CYCLES, PULSE, FIRE, VELOCITY: public hole-drilling and wire-bond code; PSOTRACK, "
        "PSODISTANCE FIXED, PSOWINDOW INPUT and RANGE in counts, PULSE WINDOW MASK, ARM, shots at whole "
        "distances from where it is armed: beamline scan code for A3200 and its sister Ensemble; PSOWINDOW "
        "LOAD, ON, OFF, PSOOUTPUT WINDOW and their arguments: comments of the A3200 library; WAIT MODE "
        "INPOS, WAIT MOVEDONE: public instrument drivers.\n\n"
        "[assumed] both bounds belong to the window (documented for Automation1), ARM keeps the loaded "
        "counter or sets it to 0, RESET puts the output low, G0 is not blended, a task step lasts 1 ms. What "
        "the output does when a program is aborted is not known here: wire the laser's interlock to the "
        "controller's fault output.\n\n"
        "Proven: every file is read back row by row by an independent reader, and golden files were reviewed "
        "by eye. Not proven: nothing was run on a controller. Try a file with the laser off and an "
        "oscilloscope on the output first."
    )
    loading: ClassVar[str] = (
        "At the A3200: home, load the file into a task and run it, feed overrides at 100 %. No feed hold: inside "
        "a line it leaves the laser on. To stop, abort the task and see that the laser output is off. The line of "
        "the task tells how far it came."
    )
    suffix: ClassVar[str] = ".pgm"
    codes: ClassVar[tuple[CodeInfo, ...]] = aerotech_judgement.CODES

    def judge(self, header: ToolpathHeader, section: int, machine: Machine) -> Iterable[Finding]:
        """What an A3200 cannot time, count or switch of a section."""
        return aerotech_judgement.judge(header, section, machine, A3200_KEYS)

    def encoder(self, program: ProgramHeader) -> AerotechEncoder:
        """A fresh encoder."""
        return a3200_encoder(program)

    def reader(self, stream: BinaryIO, machine: Machine) -> Iterator[ExposureBlock]:
        """What a file exposes."""
        return aerotech_a3200_reader.read(stream, machine)


def a3200_encoder(program: ProgramHeader, *, use_compiled: bool | None = None) -> AerotechEncoder:
    """Writes one section as AeroBasic.

    Raises:
        MachineLimitError: controller.settings lack or misstate what the program needs.
    """
    settings = aerotech_settings(program.machine, A3200_KEYS, MachineLimitError)
    axis = settings.pso_axis
    head = [
        *(safe_line_comment(text, ";") for text in program.title),
        "ENABLE X Y Z",
        f"PSOCONTROL {axis} RESET",
        f"PSOCONTROL {axis} OFF",
        "VELOCITY OFF",
        "G71",
        "G76",
        "G90",
        "WAIT MODE INPOS",
        *([f"RAMP RATE {settings.ramp_rate}"] if settings.ramp_rate else []),
    ]
    tail = [f"PSOCONTROL {axis} OFF", f"PSOCONTROL {axis} RESET", "VELOCITY OFF", "G90", "END PROGRAM"]
    return AerotechEncoder(program, settings, _words(settings), head, tail, use_compiled=use_compiled)


def _words(settings: AerotechSettings) -> Words:
    axis = settings.pso_axis
    train = (
        f"PSOPULSE {axis} TIME ".encode(), Slot(Column.TOTAL, 3, trim=True), b",", Slot(Column.ON, 3, trim=True),
        b" CYCLES ", Slot(Column.CYCLES, 0),
    )  # fmt: skip
    window = (
        f"PSOWINDOW {axis} 1 LOAD 0\nPSOWINDOW {axis} 1 RANGE ".encode(), Slot(Column.LOW, 0), b",",
        Slot(Column.HIGH, 0), f"\nPSOWINDOW {axis} 1 ON\n".encode(),
    )  # fmt: skip
    # The counter stands at 0, outside the window, before the output follows it; behind the group it is off again.
    end = f"PSOCONTROL {axis} OFF\nPSOWINDOW {axis} 1 OFF"
    windows = [f"PSOWINDOW {axis} 1 INPUT {name}" for name in settings.inputs]
    tracks = [f"PSOTRACK {axis} INPUT {name}" for name in settings.inputs]
    wx, wy, wz = windows
    sx, sy, sz = (f"{track}\n{window_}" for track, window_ in zip(tracks, windows, strict=True))
    return Words(
        reset=f"PSOCONTROL {axis} RESET\nPSOOUTPUT {axis} CONTROL {settings.output}",
        modes=(
            f"PSOCONTROL {axis} OFF",
            f"PSOCONTROL {axis} OFF",
            f"PSOCONTROL {axis} OFF",
            f"PSOCONTROL {axis} OFF",
        ),
        window_input=(wx, wy, wz),
        shots_input=(sx, sy, sz),
        pulse=(*train, f"\nPSOOUTPUT {axis} PULSE".encode()),
        shot_pulse=train,
        arm_window=(*window, f"PSOOUTPUT {axis} WINDOW\nPSOCONTROL {axis} ARM".encode()),
        end_window=end,
        arm_shots=(
            f"PSODISTANCE {axis} FIXED ".encode(),
            Slot(Column.DISTANCE, 0),
            b"\n",
            *window,
            f"PSOOUTPUT {axis} PULSE WINDOW MASK\nPSOCONTROL {axis} ARM".encode(),
        ),
        end_shots=end,
        blend="VELOCITY ON",
        stop="VELOCITY OFF\nWAIT MOVEDONE X Y Z",
        open=f"PSOCONTROL {axis} ON",
        close=f"PSOCONTROL {axis} OFF",
        dwell=("G4 P", ""),
        fire=f"PSOCONTROL {axis} FIRE",
        incremental="G91",
        absolute="G90",
        loop="REPEAT ",
        end_loop="ENDREPEAT",
    )
