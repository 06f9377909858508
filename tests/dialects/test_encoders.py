"""What the encoders refuse to write, and that text from people stays text."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.dialects import grbl_reader, linuxcnc_reader
from lasercam.dialects.comments import safe_comment
from lasercam.dialects.grbl import FLOAT32_ROUNDING, GrblEncoder
from lasercam.dialects.linuxcnc import LinuxCncEncoder
from lasercam.errors import GeometryError, MachineLimitError
from lasercam.model.machine import Machine
from lasercam.model.recipe import Recipe
from lasercam.model.toolpath import RowKind, ToolpathBlock
from tests.dialects import planning
from tests.support import builders

K = RowKind
DOT = [(K.JUMP, (0, 0, 0)), (K.DOT, (1, 0, 0), 2)]


def cnc(block: ToolpathBlock, machine: Machine | None = None, recipes: tuple[Recipe, ...] = planning.RECIPES) -> bytes:
    machine = machine or planning.linuxcnc_machine()
    return planning.encode(LinuxCncEncoder(planning.program_for(recipes, [block], machine)), [block])


def grbl(block: ToolpathBlock, machine: Machine | None = None, recipes: tuple[Recipe, ...] = planning.RECIPES) -> bytes:
    machine = machine or planning.grbl_machine()
    return planning.encode(GrblEncoder(planning.program_for(recipes, [block], machine)), [block])


def counted(block: ToolpathBlock, *counts: int) -> ToolpathBlock:
    return replace(block, count=np.array(counts, np.uint32))


@pytest.mark.parametrize("write", [cnc, grbl])
def test_rows_that_cannot_be_written_are_refused(write) -> None:
    cases = [
        (builders.rows([(K.JUMP, (0, 0, 0)), (K.LINE, (0, 0, 0))]), GeometryError, "without length"),
        (builders.rows([(K.JUMP, (0.0001, 0, 0))]), MachineLimitError, "not a multiple"),
        (builders.rows([(K.SHOTS, (10, 0, 0))], count=3), MachineLimitError, "by position"),
        (builders.rows([(K.DOT, (10, 0, 0), 0)]), MachineLimitError, "'lines' has no exposure"),
        (builders.rows([(K.LINE, (10, 0, 0), 2)]), MachineLimitError, "'dots' has no writing speed"),
        (replace(builders.rows(DOT), section=1), GeometryError, "section 1"),
    ]
    for block, error, why in cases:
        with pytest.raises(error, match=why):
            # The header is made for a section 0, whatever the block says.
            write_block(write, block)


def write_block(write, block: ToolpathBlock) -> bytes:
    machine, encoder = (
        (planning.linuxcnc_machine(), LinuxCncEncoder) if write is cnc else (planning.grbl_machine(), GrblEncoder)
    )
    program = planning.program_for(planning.RECIPES, [builders.rows(DOT)], machine)
    return encoder(program).block(block)


def test_gaps_between_rows_and_blocks_are_refused() -> None:
    block = builders.rows(DOT)
    start = block.start_ticks.copy()
    start[1, 0] += 10
    with pytest.raises(GeometryError, match="rows from 0 on"):
        cnc(replace(block, start_ticks=start))
    encoder = LinuxCncEncoder(planning.program_for(planning.RECIPES, [block], planning.linuxcnc_machine()))
    encoder.block(block)
    with pytest.raises(GeometryError, match="rows from 2 on"):
        encoder.block(builders.rows(DOT, first_row=2))


def test_pulse_counts() -> None:
    two = builders.rows([(K.DOT, (0, 0, 0), 4), (K.DOT, (1, 0, 0), 4)])
    assert cnc(counted(two, 7, 7)).count(b"M64 P3") == 2
    nine = builders.dot_recipe(pulses=9, name="nine")
    # Two counts in one toolpath: what is set shows with the first counted dot.
    several = cnc(counted(two, 7, 7), recipes=(*planning.RECIPES, nine))
    assert several.index(b"counter on trigger output 3 to 7") > several.index(b"M3 S1")
    assert planning.reread(linuxcnc_reader, several, planning.linuxcnc_machine())[0][-1] == 7
    with pytest.raises(MachineLimitError, match="asks for a pulse count of 7"):
        cnc(counted(two, 8, 8))
    with pytest.raises(MachineLimitError, match="7 and 8"):
        cnc(counted(two, 7, 8))
    with pytest.raises(MachineLimitError, match="1001 pulses"):
        cnc(counted(two, 1001, 1001), recipes=(*planning.RECIPES[:4], builders.dot_recipe(pulses=1001)))
    with pytest.raises(MachineLimitError, match="no counted trigger"):
        cnc(counted(two, 7, 7), builders.machine())
    with pytest.raises(MachineLimitError, match="cannot count"):
        grbl(counted(two, 7, 7))
    program = planning.program_for(planning.RECIPES, [two], planning.linuxcnc_machine())
    encoder = LinuxCncEncoder(program)
    encoder.block(counted(two, 7, 7))
    back = builders.rows([(K.JUMP, (1, 0, 0)), (K.DOT, (2, 0, 0), 4)], start_um=(1, 0, 0))
    with pytest.raises(MachineLimitError, match=r"7 and 8|8 and 7"):
        encoder.block(counted(back, 0, 8))


def test_grbl_limits() -> None:
    odd = (*planning.RECIPES[:2], builders.dot_recipe(0.06), *planning.RECIPES[3:])
    with pytest.raises(MachineLimitError, match=r"0\.06 s is not a multiple of 50 ms"):
        grbl(builders.rows(DOT), recipes=odd)
    slow = (builders.line_recipe(10.0), *planning.RECIPES[1:])
    with pytest.raises(MachineLimitError, match="slowest feed"):
        grbl(builders.rows([(K.LINE, (10, 0, 0))]), recipes=slow)
    digits = (builders.line_recipe(19_999.999), *planning.RECIPES[1:])
    with pytest.raises(MachineLimitError, match="8 digits"):
        grbl(builders.rows([(K.LINE, (10, 0, 0))]), recipes=digits)
    fine = planning.grbl_machine(increment="1 nm")
    with pytest.raises(MachineLimitError, match="8 digits"):
        grbl(builders.rows([(K.JUMP, (100_000, 0, 0))]), fine)
    with pytest.raises(MachineLimitError, match="32-bit floats"):
        grbl(builders.rows([(K.JUMP, (1_100, 0, 0))]), fine)
    with pytest.raises(MachineLimitError, match="\\$30"):
        grbl(builders.rows(DOT), planning.grbl_machine({"32": "1"}))
    with pytest.raises(MachineLimitError, match="settle time"):
        grbl(builders.rows(DOT), planning.grbl_machine(settle_time="20 ms"))


def test_a_settle_time_is_a_dark_dwell() -> None:
    for data, found, lines in (
        (
            grbl(builders.rows(DOT), planning.grbl_machine(settle_time="100 ms")),
            grbl_reader, b"G4P0.1\nG1M3S1000\nG4P1\n",
        ),
        (
            cnc(builders.rows(DOT), planning.linuxcnc_machine(controller={
                "dialect": "linuxcnc", "increment": "1 nm", "path_tolerance": "1 um", "settle_time": "1 ms",
                "source": "example value"})),
            linuxcnc_reader, b"G4 P0.001\nM64 P0\nG4 P1\nM65 P0\n",
        ),
    ):  # fmt: skip
        assert lines in data
        machine = planning.grbl_machine() if found is grbl_reader else planning.linuxcnc_machine()
        place = (10_000, 0, 0)
        assert planning.reread(found, data, machine) == [(int(K.DOT), place, place, 0, 10**9, 0)]


def test_increments_decide_the_decimals() -> None:
    for increment, text in (
        ("1 nm", b"X0.001000"),
        ("0.1 nm", b"X0.0010000"),
        ("5 nm", b"X0.001000"),
        ("1 um", b"X0.001 "),
    ):
        controller = {
            "dialect": "linuxcnc",
            "increment": increment,
            "path_tolerance": "1 um",
            "source": "example value",
        }
        assert text in cnc(builders.rows([(K.DOT, (1, 0, 0), 2)]), planning.linuxcnc_machine(controller=controller))


@pytest.mark.parametrize("write", [cnc, grbl])
def test_an_empty_section_is_a_complete_program(write) -> None:
    assert write(builders.rows([])).endswith(b"M2\n")


EVIL = ["(MSG, stop)", "MSG,x", ") M64 P0 (", "a\nM64 P0", "a\rM64 P0", "LOGOPEN,/x", "py,import os", "; x", "x" * 9999,
        "é µm × 2 Γ", "\0", "\u2028M64 P0", "%", ""]  # fmt: skip


@settings(deadline=None)
@given(st.one_of(st.sampled_from(EVIL), st.text(max_size=400)))
def test_titles_stay_comments(title: str) -> None:
    comment = safe_comment(title)
    assert len(comment) < 200
    assert comment.isascii()
    assert comment.isprintable()
    assert comment.count("(") == comment.count(")") == 1
    block = builders.rows(DOT)
    machine = planning.linuxcnc_machine()
    plain, titled = (
        planning.encode(LinuxCncEncoder(planning.program_for(planning.RECIPES, [block], machine, t)), [block])
        for t in ((), (title,))
    )
    assert titled == comment.encode() + b"\n" + plain
    assert planning.reread(linuxcnc_reader, titled, machine) == planning.planned(block, planning.RECIPES)
    program = planning.program_for(planning.RECIPES, [block], planning.grbl_machine(), (title,))
    assert planning.encode(GrblEncoder(program), [block]) == grbl(block)


@pytest.mark.rs274
@pytest.mark.parametrize("title", EVIL)
def test_linuxcnc_takes_titles_for_comments(title: str, interpret) -> None:
    block = builders.rows(DOT)
    program = planning.program_for(planning.RECIPES, [block], planning.linuxcnc_machine(), (title,))
    calls = interpret(planning.encode(LinuxCncEncoder(program), [block]))
    assert [c.name for c in calls if c.name in ("MESSAGE", "LOGOPEN", "LOG")] == []
    assert sum(c.name == "SET_AUX_OUTPUT_BIT" for c in calls) == 1


@pytest.mark.parametrize("decimals", [3, 4, 5, 6])
def test_grbl_reads_every_coordinate_within_reach_to_half_an_increment(decimals: int) -> None:
    """The firmware's number reader, in its own 32-bit arithmetic."""
    last = int(0.5 / FLOAT32_ROUNDING)
    rng = np.random.default_rng(1)
    digits = np.concatenate((np.arange(last - 20_000, last), rng.integers(0, last, 200_000)))
    value, exponent = digits.astype(np.float32), -decimals
    while exponent <= -2:
        value, exponent = value * np.float32(0.01), exponent + 2
    if exponent < 0:
        value = value * np.float32(0.1)
    error = np.abs(value.astype(np.float64) * 10**decimals - digits)
    assert error.max() < 0.5


def test_how_a_line_is_closed_depends_on_what_follows() -> None:
    """M63 travels with the next dark move; before anything at standstill it would never come."""
    line = [(K.JUMP, (0, 0, 0)), (K.LINE, (10, 0, 0))]
    for follower, text in (
        ((K.LEAD, (20, 0, 0)), b"M63 P0\nX0.020000\n"),
        ((K.JUMP, (20, 0, 0)), b"M63 P0\nG0 X0.020000\n"),
        ((K.DOT, (20, 0, 0), 2), b"M65 P0\nG0 X0.020000\nM64 P0\nG4 P1\nM65 P0\n"),
        ((K.DOT, (10, 0, 0), 2), b"M65 P0\nM64 P0\nG4 P1\nM65 P0\n"),
        ((K.LINE, (20, 0, 0)), b"X0.020000\nM65 P0\n"),
        ((K.LINE, (20, 0, 0), 1), b"X0.020000 F2.25\nM65 P0\n"),
    ):
        data = cnc(builders.rows([*line, follower]))
        assert b"G1 X0.010000 F24\n" + text in data
    assert b"G1 X0.010000 F24\nM65 P0\nM65 P3\nM5\n" in cnc(builders.rows(line))
    # Rows that do not move are no moves: the gate waits for the next that does.
    still = cnc(builders.rows([*line, (K.JUMP, (10, 0, 0)), (K.LEAD, (10, 0, 0)), (K.JUMP, (20, 0, 0))]))
    assert b"F24\nM63 P0\nG0 X0.020000\n" in still


def test_path_modes() -> None:
    assert b"G64" not in cnc(builders.rows(DOT))
    lines = cnc(builders.rows([(K.JUMP, (0, 0, 0)), (K.LINE, (1, 0, 0)), (K.LINE, (2, 0, 0))]))
    assert lines.count(b"G64 P0.0005 Q0\n") == 1
    gate = {**planning.linuxcnc_machine().gate.model_dump(), "open_delay": 0.001}
    slow = cnc(builders.rows([(K.JUMP, (0, 0, 0)), (K.LINE, (1, 0, 0))]), planning.linuxcnc_machine(gate=gate))
    assert b"G64 P0.000499 Q0.000001\n" in slow, "rows cut for the gate are joined within an increment"
    # The first row is a line: something must lead to its start.
    assert b"G0 X0.005000 Y0.000000 Z0.000000\nG64" in cnc(builders.rows([(K.LINE, (1, 0, 0))], start_um=(5, 0, 0)))


def test_a_file_that_ends_on_a_run_out_steps_back_by_an_increment() -> None:
    """LinuxCNC plans its last move as if half of it were missing, and would brake for that within the line."""
    line = [(K.JUMP, (0, 0, 0)), (K.LEAD, (1, 0, 0)), (K.LINE, (10, 20, 0))]
    end = b"M65 P0\nM65 P3\nM5\nM2\n"
    assert cnc(builders.rows([*line, (K.LEAD, (11, 18, 0))])).endswith(
        b"X0.011000 Y0.018000\nG0 X0.010999 Y0.018001\n" + end
    )
    assert cnc(builders.rows([*line, (K.LEAD, (10, 25, 0))])).endswith(b"Y0.025000\nG0 Y0.024999\n" + end)
    # Not with the gate open, and not where another move follows anyway.
    assert cnc(builders.rows(line)).endswith(b"X0.010000 Y0.020000\n" + end)
    assert cnc(builders.rows([*line, (K.LEAD, (11, 22, 0)), (K.JUMP, (0, 0, 0))])).count(b"G0 ") == 2
    # The last row counts, however the rows come in blocks.
    rows = builders.rows([*line, (K.LEAD, (11, 22, 0))])
    head, tail = (ToolpathBlock(0, a, *(c[a:b] for c in rows.arrays)) for a, b in ((0, 3), (3, 4)))
    machine = planning.linuxcnc_machine()
    parts = planning.encode(LinuxCncEncoder(planning.program_for(planning.RECIPES, [rows], machine)), [head, tail])
    assert parts == cnc(rows)
