"""What the simulated controller exposes is what the reader of job files says: two proofs that share no code."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from lasercam.dialects import grbl_reader
from lasercam.dialects.grbl import GrblEncoder
from lasercam.model.toolpath import RowKind, ToolpathBlock
from lasercam.transports.simulated.controller import SimulatedController
from lasercam.transports.simulated.link import SimulatedLink
from lasercam.transports.simulated.options import ControllerOptions
from lasercam.transports.simulated.settings import settings_of, work_offset_mm
from tests.dialects import planning
from tests.transports.host import Host

GOLDEN = Path(__file__).parents[1] / "golden" / "grbl" / "small_job.gcode"
LATE_S = 0.004
"""Two lines of 1 ms, and their bytes: how much longer than its dwell a beam stands."""


def stage(*, homing: bool = True) -> SimulatedController:
    machine = planning.grbl_machine()
    made = SimulatedController(
        settings_of(machine, homing=homing), ControllerOptions(work_offset_mm=work_offset_mm(machine))
    )
    host = Host(SimulatedLink(made))
    host.lines(0.2)
    if homing:
        assert host.ask("$H") == "ok"
    return made


def run(program: bytes) -> SimulatedController:
    controller = stage()
    answers = Host(SimulatedLink(controller)).stream(program.splitlines(keepends=True))
    assert answers == ["ok"] * program.count(b"\n")
    assert controller.beam_power == 0
    return controller


def compare(program: bytes, controller: SimulatedController) -> int:
    """How many exposures were compared."""
    wanted = [
        row for row in planning.reread(grbl_reader, program, planning.grbl_machine())
        if row[0] in (RowKind.LINE, RowKind.DOT)
    ]  # fmt: skip
    found = [piece for piece in controller.exposed() if piece.kind == "line" or piece.open_s > LATE_S]
    assert len(found) == len(wanted)
    for piece, (kind, start, end, speed, open_ns, _) in zip(found, wanted, strict=True):
        assert (piece.start_ticks, piece.end_ticks) == (start, end)
        assert piece.whole
        assert piece.power == 1000
        if kind == RowKind.LINE:
            assert piece.kind == "line"
            assert piece.feed_mm_min == pytest.approx(speed * 60 / 1e6, rel=1e-9)
        else:
            assert piece.kind == "dot"
            assert 0 <= piece.open_s - open_ns / 1e9 < LATE_S
    return len(wanted)


def test_the_golden_file() -> None:
    program = GOLDEN.read_bytes()
    assert compare(program, run(program)) == 5


@settings(deadline=None, max_examples=40)
@given(planning.plans(10_000, counted=False))
def test_random_plans(block: ToolpathBlock) -> None:
    block = short_dots(block)
    program = written(block)
    compare(program, run(program))


def short_dots(block: ToolpathBlock) -> ToolpathBlock:
    """A stage of 100 x 100 x 20 mm must reach everything: heights a tenth."""
    scale = np.array([1, 1, 10])
    start, end = block.start_ticks // scale // 10_000 * 10_000, block.end_ticks // scale // 10_000 * 10_000
    keep = np.abs(end).max(axis=1, initial=0) < 450_000_000
    keep &= (np.abs(end[:, 2]) < 90_000_000) & ((block.kind != RowKind.LINE) | (start != end).any(axis=1))
    n = int(np.argmin(np.append(keep, False)))
    columns = [start, end, *block.arrays[2:]]
    return ToolpathBlock(0, 0, *(np.ascontiguousarray(column[:n]) for column in columns))


def written(block: ToolpathBlock) -> bytes:
    encoder = GrblEncoder(planning.program_for(planning.RECIPES, [block], planning.grbl_machine()))
    return encoder.begin() + encoder.block(block) + encoder.end()


def test_a_beam_that_stands_because_the_stream_runs_dry_is_recorded() -> None:
    controller = stage()
    host = Host(SimulatedLink(controller))
    for line in ("G21G90G94G17G54", "M3S0", "G0X0Y0Z0", "G4P0", "G1X1F600S1000"):
        host.ask(line)
    host.lines(3.0)
    *_, line, standing = controller.exposed()
    assert (line.kind, line.end_ticks) == ("line", (10_000_000, 0, 0))
    assert standing.kind == "dot"
    assert standing.open_s == pytest.approx(controller.now_s - line.to_s)
    assert standing.open_s > 1.0


def test_dynamic_power_is_dark_at_standstill() -> None:
    controller = stage()
    host = Host(SimulatedLink(controller))
    for line in ("G21G90G94G17G54", "M4S0", "G0X0Y0Z0", "G1X1F600S1000", "G4P1", "M5"):
        host.ask(line)
    assert [piece.kind for piece in controller.exposed()] == ["line"]


def test_power_follows_override_and_limits() -> None:
    controller = stage()
    host = Host(SimulatedLink(controller))
    for line in ("G21G90G94G17G54", "M3S0", "G0X0Y0Z0", "F600"):
        host.ask(line)
    for _ in range(3):
        host.say(b"\x9b")
        host.lines(0.01)
    host.stream([b"G1X1S500\n", b"X2S5000\n", b"X3S0\n", b"M5\n"])
    assert [piece.power for piece in controller.exposed()] == [350, 1000]


def test_a_jog_with_the_laser_armed_writes_as_grbl_does() -> None:
    controller = stage()
    host = Host(SimulatedLink(controller))
    for line in ("G21G90G94G17G54", "G0X0Y0Z0", "M3S1000", "G4P0", "$J=X1F600"):
        assert host.ask(line) == "ok"
    controller.run_out()
    assert controller.exposed()[0].kind == "line"
