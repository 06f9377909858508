"""What the LinuxCNC reader refuses and how it times the gate; LinuxCNC's interpreter refuses the same."""

import io
from collections.abc import Callable

import pytest

from lasercam.dialects import linuxcnc_reader
from lasercam.errors import RereadError
from tests.dialects import planning
from tests.oracle import rs274

HEAD = b"M65 P0\nM65 P3\nG21 G90 G94 G17 G40 G49 G80\nG64 P0.0005 Q0\nM3 S1\nG0 X0 Y0 Z0\n"
COUNT = b"(- set the pulse counter on trigger output 3 to 50)\n"
TAIL = b"M65 P0\nM5\nM2\n"
N_HEAD = HEAD.count(b"\n")
BOTH = (False, True)
LINE, DOT, LEAD = 1, 2, 4


def read(body: bytes, *, head: bytes = HEAD, tail: bytes = TAIL, compiled: bool = False) -> list[planning.Exposed]:
    return planning.reread(linuxcnc_reader, head + body + tail, planning.linuxcnc_machine(), use_compiled=compiled)


REFUSED_BY_BOTH = {
    b"G1 X1\n": "feed rate",
    b"G1 F0 X1\n": "feed rate",
    b"G1 X1 F1e3\n": "followed by a number|no code",
    b"G4 P-1\n": "negative",
    b"G4\n": "P word",
    b"M62\n": "P word",
    b"P3\n": "P word",
    b"Q1\n": "Q word",
    b"L3\n": "no code",
    b"G0 X1 X2\n": "twice",
    b"F3 F3\n": "twice",
    b"F-1\n": "negative",
    b"M3 S-1\n": "negative",
    b"M62 P0 M63 P1\n": "twice|modal group",
    b"M3 M5\n": "modal group",
    b"G0 G1 X1 F24\n": "modal group",
    b"G90 G90\n": "modal group",
    b"G4 P1 M64 P0\n": "twice",
    b"G0 U1\n": "no code",
    b"G80 X1\n": "axis words",
    b"(a (b))\n": "inside a comment",
    b"(open\n": "not closed",
    b"X1 )\n": "letter",
    b"X1.2.3\n": "letter",
    b"X\n": "number",
    b"X1 (a) 2\n": "letter",
    b"X1 N5\n": "line number",
    b"FOO\n": "number",
    b"12\n": "letter",
    b"X1 ?\n": "letter",
    b"G0 X1 (" + b"a" * 260 + b")\n": "longer",
    b"G987 X1\n": "G code",
    b"M654 P3\n": "M code",
}


@pytest.mark.parametrize("compiled", BOTH)
@pytest.mark.parametrize("body", REFUSED_BY_BOTH)
def test_refuses_what_linuxcnc_refuses(body: bytes, compiled: bool) -> None:
    with pytest.raises(RereadError, match=REFUSED_BY_BOTH[body]) as caught:
        read(b"G0 X5\n" + body, compiled=compiled)
    assert caught.value.line == N_HEAD + 2


@pytest.mark.rs274
@pytest.mark.parametrize("body", REFUSED_BY_BOTH)
def test_linuxcnc_refuses_it_too(body: bytes, interpret: Callable[[bytes], list[rs274.Call]]) -> None:
    with pytest.raises(rs274.RejectedError):
        interpret(HEAD + b"G0 X5\n" + body + TAIL)


@pytest.mark.rs274
@pytest.mark.parametrize("data", [HEAD, b"", HEAD + b"G0 X1\n"])
def test_both_refuse_a_program_without_an_end(data: bytes, interpret: Callable[[bytes], list[rs274.Call]]) -> None:
    with pytest.raises(rs274.RejectedError):
        interpret(data)
    with pytest.raises(RereadError, match="without M2"):
        read(data, head=b"", tail=b"")


REFUSED = {
    # Not what the controller refuses, but what leaves the beam or the place unknown, or lasercam never writes.
    b"G20\n": "G code",
    b"G91\n": "G code",
    b"G2 X1 Y1 I1 F24\n": "G code",
    b"M4 S1\n": "M code",
    b"M0\n": "M code",
    b"M66 P0\n": "M code",
    b"/X1\n": "letter",
    b"%\n": "letter",
    b"#1=3\n": "letter",
    b"o100 sub\n": "letter|number|no code",
    b"(MSG, hello)\n": "command to the controller",
    b"( d e b u g , #1)\n": "command to the controller",
    b";py,import os\n": "command to the controller",
    b"(LOGOPEN,/etc/x)\n": "command to the controller",
    b"(probeopen x.txt)\n": "command to the controller",
    b"G0 X1\rM64 P0\n": "carriage return",
    b"G0 X1\0\n": "NUL",
    b"G0 X0.00000001\n": "0.1 nm",
    b"G0 X0.0000000001\n": "nine decimals",
    b"G0 X1000000000\n": "10\\^9",
    b"F1\n": "nm/s",
    b"M64 P1\n": "neither the gate's nor the trigger's",
    b"M64 P0.5\n": "whole",
    b"X--1\n": "number",
    b"G4 P0 M64\n": "P word",
    b"G0 X1\nF24 G4 P1 M65\n": "P word",
    b"M62 P3\n": "standstill",
    b"M64 P3\nG4 P0.00003\nM65 P3\n": "width",
    b"M64 P3\nM64 P3\n": "while it is high",
    b"M64 P3\nG0 X1\n": "during a move",
    b"M64 P0\nM64 P3\n": "together",
    b"M64 P3\nM64 P0\n": "together",
    b"M62 P0\nG0 X0\n": "no length",
    b"M62 P0\nM65 P0\n": "no length",
    b"M64 P0\nM5\n": "under an open gate",
    b"M5\nM64 P0\n": "armed",
    b"G64\n": "tolerance",
    b"G64 P1\n": "tolerance",
    b"G61.1\nG1 X1 F24\n": "exact-stop",
    b"M3\n": "spindle speed",
}


@pytest.mark.parametrize("compiled", BOTH)
@pytest.mark.parametrize("body", REFUSED)
def test_refuses_what_no_exposure_can_mean(body: bytes, compiled: bool) -> None:
    with pytest.raises(RereadError, match=REFUSED[body]):
        read(COUNT + body, compiled=compiled)


@pytest.mark.parametrize("missing", HEAD.splitlines(keepends=True)[2:])
def test_every_mode_must_be_set(missing: bytes) -> None:
    body = b"G1 X1 F24\nM62 P0\nX2\nM65 P0\n"
    assert len(read(body)) == 2
    with pytest.raises(RereadError):
        read(body, head=HEAD.replace(missing, b""))


@pytest.mark.parametrize(
    ("tail", "why"),
    [
        (b"M5\nM2\n", "open gate"), (b"M2\n", "still on"), (b"M65 P0\nM2\n", "without M5"), (b"", "without M2"),
        (b"M63 P0\nM5\nM2\n", "open gate"), (b"M65 P0\nM5\nM2\nG0 X1\n", "behind M2"),
    ],
)  # fmt: skip
def test_the_beam_must_be_off_at_the_end(tail: bytes, why: str) -> None:
    """Also a trailing M63 leaves it on: no move follows that would carry it out."""
    with pytest.raises(RereadError, match=why):
        read(b"M62 P0\nG1 X1 F24\n", tail=tail)


@pytest.mark.parametrize("compiled", BOTH)
def test_m63_before_a_dwell_leaves_the_beam_on(compiled: bool) -> None:
    found = read(b"M62 P0\nG1 X1 F24\nM63 P0\nG4 P0.5\nG0 X2\n", compiled=compiled)
    mm = 10_000_000
    assert found == [(LINE, (0, 0, 0), (mm, 0, 0), 400_000, 0, 0), (DOT, (mm, 0, 0), (mm, 0, 0), 0, 500_000_000, 0)]


@pytest.mark.rs274
def test_the_oracle_times_the_gate_alike(interpret: Callable[[bytes], list[rs274.Call]]) -> None:
    for body in (
        b"M62 P0\nG1 X1 F24\nM63 P0\nG4 P0.5\nG0 X2\n",
        b"M62 P0\nG0 X1\nM63 P0\nG1 X2 F24\n",
        b"M64 P0\nG4 P1\nG4 P0.5\nM65 P0\nG1 X1 F6\nM62 P0 X2 F12\nM63 P0 Y1\n",
        COUNT + b"M64 P3\nG4 P0.00002\nM65 P3\nM64 P0\nG4 P1\nG1 X1 F24\nM65 P0\n",
    ):
        data = HEAD + body + b"M65 P3\n" + TAIL
        found = planning.reread(linuxcnc_reader, data, planning.linuxcnc_machine())
        assert found == rs274.exposures(interpret(data), gate=0, trigger=3, pulses=50)
        assert found


def test_a_rapid_with_the_beam_on_is_found() -> None:
    assert read(b"M62 P0\nG0 X1\nM63 P0\nG0 X2\n") == [(LINE, (0, 0, 0), (10_000_000, 0, 0), 0, 0, 0)]


def test_dwells_of_one_opening_are_summed() -> None:
    assert read(b"M64 P0\nG4 P1\nG4 P0.25\nM65 P0\n") == [(DOT, (0, 0, 0), (0, 0, 0), 0, 1_250_000_000, 0)]


def test_case_blanks_crlf_and_line_numbers_are_read() -> None:
    data = HEAD + b"n10 g1 x 1 . 5\tf24 ; a comment\r\n\r\n(LOVELY) y1\r\n"
    found = planning.reread(linuxcnc_reader, data + TAIL, planning.linuxcnc_machine())
    assert [row[2] for row in found] == [(15_000_000, 0, 0), (15_000_000, 10_000_000, 0)]


def test_a_file_without_a_line_end_and_an_endless_line() -> None:
    assert read(b"", tail=TAIL.rstrip()) == []
    endless = io.BytesIO(HEAD + b"X" * 3_000_000)
    with pytest.raises(RereadError, match="longer") as caught:
        list(linuxcnc_reader.read(endless, planning.linuxcnc_machine()))
    assert caught.value.line == N_HEAD + 1


@pytest.mark.parametrize("compiled", BOTH)
def test_counted_pulses_are_what_the_operator_is_told_to_set(compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    pulse = b"M64 P3\nG4 P0.00002\nM65 P3\n"
    assert read(COUNT + pulse, compiled=compiled) == [(DOT, (0, 0, 0), (0, 0, 0), 0, 0, 50)]
    with pytest.raises(RereadError, match="does not say") as caught:
        read(pulse, compiled=compiled)
    assert caught.value.line == N_HEAD + 1
    with pytest.raises(RereadError, match="does not say"):
        read(COUNT.replace(b"3", b"4") + pulse, compiled=compiled)
    with pytest.raises(RereadError, match="more than once"):
        read(COUNT + pulse + COUNT, compiled=compiled)
    for size in (1, 7, 40):
        monkeypatch.setattr("lasercam.dialects.gcode_words.CHUNK_BYTES", size)
        assert read(COUNT + pulse, compiled=compiled) == [(DOT, (0, 0, 0), (0, 0, 0), 0, 0, 50)]
