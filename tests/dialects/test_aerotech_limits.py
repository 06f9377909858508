"""What the Aerotech dialects refuse: before a file is written, while it is written, and in profiles."""

from dataclasses import replace

import numpy as np
import pytest

from lasercam.dialects import aerotech_a3200_reader
from lasercam.dialects.aerotech_a3200 import AerotechA3200, a3200_encoder
from lasercam.dialects.automation1 import Automation1
from lasercam.errors import LasercamError, MachineLimitError, RereadError
from lasercam.model.finding import Finding
from lasercam.model.machine import Machine
from lasercam.model.recipe import Recipe
from lasercam.model.toolpath import RowKind, ToolpathBlock
from tests.dialects import aerotech_planning as aerotech
from tests.dialects import planning
from tests.support import builders

K = RowKind
A3200, AUTOMATION1 = AerotechA3200(), Automation1()
GATE = {"min_open": "1 us", "overhead": "0 s", "source": "example value"}


def judge(machine: Machine, *recipes: Recipe) -> dict[str, Finding]:
    dialect = A3200 if machine.controller.dialect == "aerotech_a3200" else AUTOMATION1
    block = builders.rows([(K.JUMP, (1, 0, 0))])
    found = list(dialect.judge(planning.header_for(recipes, [block], machine), 0, machine))
    known = {code.code: code for code in dialect.codes}
    for finding in found:
        assert finding.severity is known[finding.code].severity
        assert finding.hint
    return {finding.code: finding for finding in found}


def write(
    block: ToolpathBlock, machine: Machine | None = None, recipes: tuple[Recipe, ...] = aerotech.RECIPES
) -> bytes:
    machine = machine or aerotech.machine()
    return planning.encode(a3200_encoder(planning.program_for(recipes, [block], machine)), [block])


@pytest.mark.parametrize("dialect", ["aerotech_a3200", "automation1"])
def test_a_good_job_has_no_findings(dialect: str) -> None:
    assert judge(aerotech.machine(dialect), *aerotech.RECIPES[:3], *aerotech.RECIPES[4:]) == {}


BAD_SETTINGS = [
    ({"pso_axes": "X"}, "unknown key 'pso_axes' (did you mean 'pso_axis'?)"),
    ({"pso_axis": ""}, "'pso_axis' is not stated"),
    ({"pso_axis": "X;Y"}, "'pso_axis' is 'X;Y'"),
    ({"output_pin": "3\nPSOCONTROL X ON"}, "'output_pin' is"),
    ({"pulse_max_us": ""}, "'pulse_max_us' is not stated"),
    ({"counts_per_mm_x": ""}, "only one of input_x and counts_per_mm_x"),
    ({"counts_per_mm_x": "0"}, "'counts_per_mm_x' is '0'"),
    ({"input_y": "0"}, "one encoder input for two axes"),
    ({"line_gate": "windows"}, "'line_gate' is 'windows'"),
    ({"loops": "true"}, "'loops' is 'true'"),
    ({"ramp_rate_mm_s2": "0"}, "'ramp_rate_mm_s2' is '0'"),
]


@pytest.mark.parametrize(("settings", "why"), BAD_SETTINGS)
def test_every_setting_is_checked_everywhere(settings: dict[str, str], why: str) -> None:
    machine = aerotech.machine(settings=settings)
    assert why in judge(machine)["E_CONTROLLER_SETTING"].message
    block = aerotech.rows([(K.DOT, (1, 0, 0), 2, 0)])
    with pytest.raises(MachineLimitError, match=r"controller\.settings"):
        write(block, machine)
    with pytest.raises(RereadError, match=r"controller\.settings"):
        planning.reread(aerotech_a3200_reader, b"", machine)


def test_settings_that_do_not_fit_the_rest() -> None:
    slow = judge(aerotech.machine(settings={"ramp_rate_mm_s2": "50"}))["E_CONTROLLER_SETTING"]
    assert "below the 100 mm/s²" in slow.message
    blind = {"input_x": "", "counts_per_mm_x": "", "input_y": "", "counts_per_mm_y": ""}
    assert (
        "names no encoder"
        in judge(aerotech.machine(settings=blind), aerotech.RECIPES[0])["E_CONTROLLER_SETTING"].message
    )
    uneven = judge(aerotech.machine(controller={"increment": "15 nm"}))["E_INCREMENT"]
    assert uneven.value == pytest.approx(1.5)
    assert "20 nm" in uneven.hint
    stops = judge(aerotech.machine(settings={"line_gate": "stops"}), aerotech.RECIPES[0])["W_LINE_ENDS"]
    # (400 µm/s)² / (2 · 100 mm/s²) = 0.8 µm
    assert stops.value == pytest.approx(0.8)


def test_times() -> None:
    odd = builders.dot_recipe(0.0000015)
    found = judge(aerotech.machine(gate=GATE), odd)["E_PULSE_TIME"]
    assert "2e-06 s" in found.hint or "0.000002 s" in found.hint
    assert judge(aerotech.machine("automation1", gate=GATE), odd) == {}
    with pytest.raises(MachineLimitError, match="nearest is 2000 ns"):
        write(aerotech.rows([(K.DOT, (1, 0, 0), 0, 0)]), recipes=(odd,))
    grid = {**GATE, "time_step": "50 ms", "open_delay": "10 ms"}
    step = judge(aerotech.machine(gate=grid), builders.dot_recipe(0.05))["E_GATE_STEP"]
    assert "0.04 s" in step.hint
    assert judge(aerotech.machine(gate=grid), builders.dot_recipe(0.04)) == {}


def test_counted_pulses() -> None:
    seven = builders.dot_recipe(pulses=7)
    assert "no trigger" in judge(aerotech.machine(trigger=None), seven)["E_NO_TRIGGER"].message
    operator = {**aerotech.TRIGGER, "counted_by": "operator"}
    assert "trigger.counted_by" in judge(aerotech.machine(trigger=operator), seven)["E_NO_TRIGGER"].message
    few = {**aerotech.TRIGGER, "max_pulses": 5}
    assert judge(aerotech.machine(trigger=few), seven)["E_PULSE_COUNT"].limit == 5
    third = replace(seven, laser=replace(builders.LASER, rep_rate_hz=300_000.0))
    machine = aerotech.machine()
    header = planning.header_for((third,), [builders.rows([(K.JUMP, (1, 0, 0))])], machine)
    header = replace(header, sections=(replace(header.sections[0], laser=third.laser),))
    found = {f.code: f for f in A3200.judge(header, 0, machine)}["E_PULSE_TIME"]
    assert "333333.3333 Hz" in found.hint
    wide = {**aerotech.TRIGGER, "width": "100 us"}
    assert "99000 ns" in judge(aerotech.machine(trigger=wide), seven)["E_PULSE_TIME"].hint
    block = aerotech.rows([(K.DOT, (1, 0, 0), 4, 7)])
    for changed, why in ((None, "state a `trigger`"), (operator, "counted_by: program"), (few, "more than the 5"),
                         (wide, "no edges remain")):  # fmt: skip
        with pytest.raises(MachineLimitError, match=why):
            write(block, aerotech.machine(trigger=changed))


def test_firing_by_position() -> None:
    def found(pitch_ticks: int, **changes: object) -> dict[str, Finding]:
        return judge(aerotech.machine(**changes), builders.dot_recipe(pulses=1, pitch_ticks=pitch_ticks))

    assert "0.51 µm" in found(5060)["E_PITCH_STEP"].hint
    # 2 mm/s over 0.1 µm are 20 kHz; 10 kHz allow 1 mm/s.
    assert "1000 µm/s" in found(1000)["E_FIRING_RATE"].hint
    assert "`trigger`" in found(5000, trigger=None)["E_FIRING"].message
    blind = {"input_x": "", "counts_per_mm_x": "", "input_y": "", "counts_per_mm_y": ""}
    assert "encoder" in found(5000, settings={**blind, "line_gate": "stops"})["E_FIRING"].message
    # 0.5 µm at 2 mm/s are 250 µs.
    wide = {**aerotech.TRIGGER, "width": "300 us"}
    assert "every 0.00025 s" in found(5000, trigger=wide)["E_FIRING"].message


LEAD, SHOTS, LINE = K.LEAD, K.SHOTS, K.LINE
S = aerotech.SINGLE
REFUSED_ROWS = [
    ([(LEAD, (50, 0, 0), 0, 0), (LINE, (100, 0, 0), 0, 0), (LINE, (-50, 50, 0), 0, 0), (LEAD, (-50, 0, 0), 0, 0)],
     "turns back along its main axis"),
    ([(LEAD, (50, 0, 0), 0, 0), (LINE, (100, 0, 0), 0, 0)], "no run-up or no run-out"),
    ([(LINE, (100, 0, 0), 0, 0), (LEAD, (50, 0, 0), 0, 0)], "no run-up or no run-out"),
    ([(LEAD, (0, 0, 50), 0, 0), (LINE, (10, 0, 100), 0, 0), (LEAD, (0, 0, 50), 0, 0)], "turns back|does not track"),
    ([(LEAD, (5, 0, 50), 0, 0), (LINE, (10, 0, 100), 0, 0), (LEAD, (5, 0, 50), 0, 0)], "does not track"),
    ([(LEAD, (50, 0, 0), S, 0), (SHOTS, (100, 0, 0), S, 3), (LINE, (100, 0, 0), 0, 0), (LEAD, (50, 0, 0), 0, 0)],
     "no single row"),
    ([(LEAD, (50, 0, 0), S, 0), (SHOTS, (100, 0, 0), S, 1), (LEAD, (50, 0, 0), S, 0)], "no single row"),
    ([(LEAD, (50, 0, 0), S, 0), (SHOTS, (100, 0, 0), S, 4), (LEAD, (50, 0, 0), S, 0)], "whole number of increments"),
    ([(LEAD, (50, 0, 0), S, 0), (SHOTS, (100, 0, 0), S, 101), (LEAD, (50, 0, 0), S, 0)], "nearer than 2"),
    ([(LEAD, (50, 0, 0), S, 0), (SHOTS, (100, 0, 0), S, 11), (LEAD, (50, 0, 0), S, 0)], "position_firing.max_rate"),
    ([(K.JUMP, (-4_999_900, 0, 0), 0, 0), (LEAD, (50, 0, 0), S, 0), (SHOTS, (2000, 0, 0), S, 3),
      (LEAD, (50, 0, 0), S, 0)], "too near the end of the axis"),
]  # fmt: skip


@pytest.mark.parametrize(("listed", "why"), REFUSED_ROWS)
def test_rows_that_hardware_cannot_switch_are_refused(listed: list[aerotech.Step], why: str) -> None:
    with pytest.raises(MachineLimitError, match=why):
        write(aerotech.rows(listed))


def test_rows_that_need_what_the_profile_lacks() -> None:
    row = aerotech.rows([(LEAD, (50, 0, 0), S, 0), (SHOTS, (100, 0, 0), S, 3), (LEAD, (50, 0, 0), S, 0)])
    blind = {"input_x": "", "counts_per_mm_x": "", "input_y": "", "counts_per_mm_y": ""}
    for machine, why in (
        (aerotech.machine(position_firing=None), "no `position_firing`"),
        (aerotech.machine(trigger=None), "no `trigger`"),
        (aerotech.machine(settings={**blind, "line_gate": "stops"}), "no encoder is known"),
        (aerotech.machine(position_firing={**aerotech.FIRING, "max_shots": 2}), "max_shots"),
    ):
        with pytest.raises(LasercamError, match=why):
            write(row, machine, (*aerotech.RECIPES[:S], replace(aerotech.RECIPES[S], speed_nm_s=2_000_000)))


def test_edges_between_counts_are_refused() -> None:
    line = aerotech.rows([(LEAD, (55, 0, 0), 0, 0), (LINE, (100, 0, 0), 0, 0), (LEAD, (50, 0, 0), 0, 0)])
    fine = replace(line, start_ticks=line.start_ticks // 10, end_ticks=line.end_ticks // 10)
    # A run-up of 55 nm is 5.5 counts of 10 nm.
    with pytest.raises(MachineLimitError, match="between two encoder counts"):
        write(fine, aerotech.machine(controller={"increment": "1 nm"}))


def test_steps_between_counts_are_not_repeated() -> None:
    """z has no encoder here, so whether repeated steps add up is unknown: the run is written out."""
    run = aerotech.rows([(K.DOT, (0, 0, 3), 2, 0)] * 9)
    assert b"REPEAT" not in write(run)
    known = aerotech.machine(settings={"input_z": "2", "counts_per_mm_z": "100000"})
    assert write(run, known).count(b"REPEAT 8\n") == 1


def test_a_closed_line_and_a_slanted_one() -> None:
    around = [(50, 0, 0), (0, 50, 0), (-50, 0, 0), (0, -50, 0)]
    square = [(LEAD, (9, 0, 0), 0, 0), *((LINE, move, 0, 0) for move in around), (LEAD, (0, -9, 0), 0, 0)]
    with pytest.raises(MachineLimitError, match="turns back"):
        write(aerotech.rows(square))
    data = write(aerotech.rows(square), aerotech.machine(settings={"line_gate": "stops"}))
    assert data.count(b"PSOCONTROL X ON\n") == 1
    slanted = aerotech.rows([(LEAD, (30, 40, 0), 0, 0), (LINE, (300, 400, 0), 0, 0), (LEAD, (30, 40, 0), 0, 0)])
    # y falls in counts while it rises in mm.
    assert b"PSOWINDOW X 1 INPUT 1\nPSOWINDOW X 1 LOAD 0\nPSOWINDOW X 1 RANGE -440,-40\n" in write(slanted)


def test_shots_are_armed_a_whole_number_of_distances_before_the_first() -> None:
    row = aerotech.rows([(LEAD, (70, 0, 0), S, 0), (SHOTS, (120, 0, 0), S, 5), (LEAD, (40, 0, 0), S, 0)])
    machine = aerotech.machine(position_firing={**aerotech.FIRING, "max_rate": "100 kHz"})
    data = write(row, machine)
    # First shot at 0.7 µm, 0.3 µm apart: armed at 0.1 µm, two distances before it.
    assert b"G0 X0.00010\nPSODISTANCE X FIXED 30\nPSOWINDOW X 1 LOAD 0\nPSOWINDOW X 1 RANGE 45,195\n" in data
    assert b"PSOCONTROL X ARM\nG0 X0.00000\nVELOCITY ON\n" in data
    fired = np.arange(1, 20) * 30
    assert fired[(fired >= 45) & (fired <= 195)].tolist() == [60, 90, 120, 150, 180]


@pytest.mark.parametrize("text", ["a\nPSOCONTROL X ON", "a\r\nG0 X1", "\x00\x1b[2J", "µ" * 300, "\\", ";;'//"])
def test_titles_stay_comments(text: str) -> None:
    machine = aerotech.machine()
    block = aerotech.rows([(K.DOT, (1, 0, 0), 2, 0)])
    program = planning.program_for(aerotech.RECIPES, [block], machine, (text,))
    data = planning.encode(a3200_encoder(program), [block])
    assert data.split(b"\n")[1] == b"ENABLE X Y Z"
    assert planning.reread(aerotech_a3200_reader, data, machine) == aerotech.expected(block)
