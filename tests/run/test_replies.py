"""The grammar of replies: known lines as the manual shows them, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.run.replies import Alarm, Banner, Blank, Feedback, Ok, Refusal, Setting, Status, Unknown, parse


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (b"ok", Ok()),
        (b"", Blank()),
        (b"error:20", Refusal(20)),
        (b"ALARM:3", Alarm(3)),
        (b"Grbl 1.1h ['$' for help]", Banner("Grbl 1.1h ['$' for help]")),
        (b"GrblHAL 1.1f ['$' or '$HELP' for help]", Banner("GrblHAL 1.1f ['$' or '$HELP' for help]")),
        (b"[MSG:'$H'|'$X' to unlock]", Feedback("MSG", "'$H'|'$X' to unlock")),
        (b"[OPT:V,15,128]", Feedback("OPT", "V,15,128")),
        (b"$100=250.000", Setting("100", "250.000")),
        (
            b"<Run|MPos:1.234,-0.500,0.000|Bf:14,128|FS:200,500|Ov:100,100,100|A:C>",
            Status("Run", None, (1234, -500, 0), None, None, 14, 128, 200.0, 500.0, (100, 100, 100)),
        ),
        (b"<Hold:1|WPos:0.000,0.000,0.000|FS:0,0>", Status("Hold", 1, None, (0, 0, 0), None, None, None, 0.0, 0.0)),
        (b"<Idle|MPos:0.000,0.000,0.000|FS:0,0|WCO:1.000,2.000,-3.500>",
         Status("Idle", None, (0, 0, 0), None, (1000, 2000, -3500), None, None, 0.0, 0.0)),
    ],
)  # fmt: skip
def test_known_lines(line: bytes, wanted: object) -> None:
    assert parse(line) == wanted


@pytest.mark.parametrize(
    "line",
    [
        b"okok", b"Ok", b" ok", b"error:", b"error:0", b"ALARM:x", b"<Run>", b"<Running|MPos:0.000,0.000,0.000>",
        b"<Idle|MPos:0.000,0.000>", b"<Idle|MPos:0.0000,0.0000,0.0000>", b"<Idle|MPos:0.000,0.000,0.000",
        b"<Idle|MPos:0.000,0.000,0.000|Bf:a,b>", b"G1X1", b"Smoothie ok",
    ],
)  # fmt: skip
def test_anything_else_is_unknown(line: bytes) -> None:
    assert isinstance(parse(line), Unknown)


@given(st.binary(max_size=60))
def test_noise_never_raises(line: bytes) -> None:
    parse(line)


@given(st.integers(0, 60), st.integers(0, 7))
def test_a_flipped_bit_never_makes_an_acknowledgement(at: int, bit: int) -> None:
    line = b"<Run|MPos:1.234,-0.500,0.000|Bf:14,128|FS:200,500>"
    at %= len(line)
    spoilt = line[:at] + bytes([line[at] ^ (1 << bit)]) + line[at + 1 :]
    assert not isinstance(parse(spoilt), Ok)
