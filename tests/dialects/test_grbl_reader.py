"""What the GRBL reader refuses, and how laser mode times the beam."""

import pytest

from lasercam.dialects import grbl_reader
from lasercam.errors import MachineLimitError, RereadError
from tests.dialects import planning

HEAD = b"G21G90G94G17G54\nM5S0\nF24\nM3S0\nG0X0Y0Z0\n"
TAIL = b"M5S0\nG4P0\nM2\n"
BOTH = (False, True)
MM = 10_000_000
LINE, DOT, LEAD = 1, 2, 4
ORIGIN, AT_1 = (0, 0, 0), (MM, 0, 0)


def read(body: bytes, *, head: bytes = HEAD, tail: bytes = TAIL, compiled: bool = False) -> list[planning.Exposed]:
    return planning.reread(grbl_reader, head + body + tail, planning.grbl_machine(), use_compiled=compiled)


REFUSED = {
    b"G1X" + b"0" * 77 + b"\n": "line buffer",
    b"X1\rX2\n": "carriage return",
    b"X1X2\n": "error:25",
    b"G0G1X1\n": "error:21",
    b"M3M5\n": "error:21",
    b"G4\n": "error:28",
    b"P1\n": "error:36",
    b"G4P-1\n": "error:4",
    b"F-1\n": "error:4",
    b"S-1\n": "error:4",
    b"N-1X1\n": "error:4",
    b"N0.5X1\n": "error:23",
    b"N10000001X1\n": "error:27",
    b"F0\nG1X1\n": "error:22",
    b"G64P1\n": "error:20",
    b"G61.1\n": "error:20",
    b"M62P0\n": "error:20",
    b"G2X1Y1I1\n": "error:20",
    b"G91\n": "error:20",
    b"M4\nG1X1S1000\n": "follow the speed",
    b"M3M4\n": "error:21",
    b"M6\n": "error:20",
    b"E1\n": "error:20",
    b"A1\n": "error:20",
    b"I1\n": "error:36",
    b"X1E3\n": "error:20",
    b"1X\n": "letter",
    b"$H\n": "letter",
    b"X1!\n": "letter",
    b"X1\x91\n": "letter",
    b"%\n": "letter",
    b"/X1\n": "letter",
    b"X\n": "number",
    b"X1)\n": "letter",
    b"X123.456789\n": "eight digits",
    b"X0.00000001\n": "eight digits|0.1 nm",
    b"F0.5\n": "below 1 mm/min",
    b"F1\n": "nm/s",
    b"S500\n": "neither 0 nor",
    b"S1001\n": "neither 0 nor",
}


@pytest.mark.parametrize("compiled", BOTH)
@pytest.mark.parametrize("body", REFUSED)
def test_refuses(body: bytes, compiled: bool) -> None:
    with pytest.raises(RereadError, match=REFUSED[body]) as caught:
        read(body, compiled=compiled)
    assert caught.value.line >= HEAD.count(b"\n") + 1


def test_the_line_buffer_holds_79_characters_without_blanks() -> None:
    line = b"G0X1" + b" " * 40 + b"(" + b"a" * 40 + b")"
    assert read(line + b"\n") == []
    exact = b"N1" + b"G0X1Y1Z1" + b"F" + b"24." + b"S0"
    assert read(exact + b"\n") == []


@pytest.mark.parametrize("compiled", BOTH)
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"G1X1S1000\nX0S0\n", [(LINE, ORIGIN, AT_1, 400_000, 0, 0), (LEAD, AT_1, ORIGIN, 400_000, 0, 0)]),
        (b"S1000\nG0X1\n", []),
        (b"G1S1000\nG4P1\nS0\n", [(DOT, ORIGIN, ORIGIN, 0, 10**9, 0)]),
        (b"G1S1000\nG4P0.06\nG4P0.05\nG0X1\n", [(DOT, ORIGIN, ORIGIN, 0, 150_000_000, 0)]),
        # The constant-power beam stays on where a line ends.
        (b"G1X1S1000\nG4P1\nG0X0\n", [(LINE, ORIGIN, AT_1, 400_000, 0, 0), (DOT, AT_1, AT_1, 0, 10**9, 0)]),
        # S is modal: a G0 is dark, and the next G1 is lit again.
        (b"G1X1S1000\nG0X0\nG1X1\n", [(LINE, ORIGIN, AT_1, 400_000, 0, 0)] * 2),
        # Named G0 without axes switches a standing beam off, naming G1 switches it on.
        (b"S1000\nG1\nG4P1\nG0\n", [(DOT, ORIGIN, ORIGIN, 0, 10**9, 0)]),
        # A move of no length sets the power at standstill.
        (b"G1X0S1000\nG4P1\nS0\n", [(DOT, ORIGIN, ORIGIN, 0, 10**9, 0)]),
        # Under M4 the beam is on while it moves, and nowhere else.
        (b"M4\nG1X1S100000\nX0S0\n", [(LINE, ORIGIN, AT_1, 400_000, 0, 0), (LEAD, AT_1, ORIGIN, 400_000, 0, 0)]),
        (b"M4\nG1X1S100000\nG4P1\nX0S0\n", [(LINE, ORIGIN, AT_1, 400_000, 0, 0), (LEAD, AT_1, ORIGIN, 400_000, 0, 0)]),
        (b"M4\nG1S100000\nG4P1\nX0\nG0X1\n", []),
        (b"M4\nG1M3S1000\nG4P1\nM4S0\n", [(DOT, ORIGIN, ORIGIN, 0, 10**9, 0)]),
        (b"M4\nG1M3S1000\nG4P1\nM4\n", [(DOT, ORIGIN, ORIGIN, 0, 10**9, 0)]),
        (
            b"M4\nG1X1S100000\nM3S1000\nG4P1\nS0\n",
            [(LINE, ORIGIN, AT_1, 400_000, 0, 0), (DOT, AT_1, AT_1, 0, 10**9, 0)],
        ),
        # Arming with power in G1 lights at once.
        (b"M5\nG1S1000\nM3\nG4P1\nM5\nM3S0\n", [(DOT, ORIGIN, ORIGIN, 0, 10**9, 0)]),
    ],
)
def test_laser_mode(body: bytes, expected: list[planning.Exposed], compiled: bool) -> None:
    assert read(body, compiled=compiled) == expected


@pytest.mark.parametrize(
    ("head", "why"),
    [
        (HEAD.replace(b"M5S0\n", b""), "M5"),
        (HEAD.replace(b"G21", b""), "G21"),
        (HEAD.replace(b"G90", b""), "G21"),
        (HEAD.replace(b"G94", b""), "G21"),
        (HEAD.replace(b"G54", b""), "G21"),
        (HEAD.replace(b"F24", b""), "error:22"),
        (HEAD.replace(b"Z0", b""), "all three axes"),
        (HEAD.replace(b"G0X0Y0Z0", b"X0Y0Z0"), "unknown"),
    ],
)
def test_everything_must_be_set(head: bytes, why: str) -> None:
    with pytest.raises(RereadError, match=why):
        read(b"G1X1S1000\n", head=head)


@pytest.mark.parametrize(
    ("tail", "why"),
    [(b"M2\n", "still on"), (b"S0\nM2\n", "without M5"), (b"M5S0\n", "without M2"), (TAIL + b"G0X1\n", "behind M2")],
)
def test_the_beam_must_be_off_at_the_end(tail: bytes, why: str) -> None:
    with pytest.raises(RereadError, match=why):
        read(b"G1X1S1000\n", tail=tail)


@pytest.mark.parametrize("settings", [{}, {"30": "1000"}, {"32": "1"}, {"30": "x", "32": "1"}, {"30": "1", "32": "0"},
                                      {"30": "1000", "32": "1", "31": "5"}])  # fmt: skip
def test_settings_must_be_known(settings: dict[str, str]) -> None:
    with pytest.raises(MachineLimitError, match="\\$30"):
        planning.reread(grbl_reader, HEAD + TAIL, planning.grbl_machine(settings))
