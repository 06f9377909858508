"""Every fault does what it says, when it should, and the same for the same seed."""

from collections.abc import Sequence

import pytest

from lasercam.errors import LinkError
from lasercam.transports.faults import Fault, FaultyLink, Kind, Where
from lasercam.transports.simulated.controller import SimulatedController
from lasercam.transports.simulated.link import SimulatedLink
from tests.transports.host import Host, controller

BYTE, LINE, REPLY, TIME = Where.SENT_BYTE, Where.SENT_LINE, Where.REPLY, Where.TIME


class Tape:
    """A link that only remembers what it was given, and says what it is told to."""

    def __init__(self, replies: Sequence[bytes] = ()) -> None:
        self.written: list[bytes] = []
        self.replies = list(replies)
        self.time_s = 0.0

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def read_line(self, timeout_s: float) -> bytes | None:
        if self.replies:
            return self.replies.pop(0)
        self.time_s += max(timeout_s, 1e-5)
        return None

    def now_s(self) -> float:
        return self.time_s

    def close(self) -> None:
        self.replies.clear()


def sent(*script: Fault, data: bytes = b"G0X1\nG1Y2\n?G4P0\n") -> bytes:
    tape = Tape()
    FaultyLink(tape, script).write(data)
    return b"".join(tape.written)


def heard(*script: Fault, replies: Sequence[bytes] = (b"ok", b"<Idle>", b"ok")) -> list[bytes]:
    link = FaultyLink(Tape(replies), script)
    found = []
    while (line := link.read_line(0.1)) is not None:
        found.append(line)
    return found


def test_without_faults_everything_passes() -> None:
    assert sent() == b"G0X1\nG1Y2\n?G4P0\n"
    assert heard() == [b"ok", b"<Idle>", b"ok"]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(Kind.DROP, BYTE, 2), b"G01\nG1Y2\n?G4P0\n"),
        (Fault(Kind.DROP, BYTE, 4), b"G0X1G1Y2\n?G4P0\n"),
        (Fault(Kind.DROP, BYTE, 2, repeat=2), b"G0\nG1Y2\n?G4P0\n"),
        (Fault(Kind.DROP, BYTE, 3, repeat=2), b"G0XG1Y2\n?G4P0\n"),
        (Fault(Kind.DROP, LINE, 2), b"G0X1\n?G4P0\n"),
        (Fault(Kind.DUPLICATE, BYTE, 3), b"G0X11\nG1Y2\n?G4P0\n"),
        (Fault(Kind.DUPLICATE, LINE, 1), b"G0X1\nG0X1\nG1Y2\n?G4P0\n"),
        (Fault(Kind.FLIP, BYTE, 3, bit=1), b"G0X3\nG1Y2\n?G4P0\n"),
        (Fault(Kind.INJECT, BYTE, 5, data=b"\x18"), b"G0X1\n\x18G1Y2\n?G4P0\n"),
        (Fault(Kind.INJECT, LINE, 2, data=b"\x91"), b"G0X1\n\x91G1Y2\n?G4P0\n"),
        (Fault(Kind.INJECT, TIME, 0, data=b"\x91"), b"\x91G0X1\nG1Y2\n?G4P0\n"),
    ],
)
def test_faults_on_the_way_out(fault: Fault, expected: bytes) -> None:
    assert sent(fault) == expected


def test_bytes_and_lines_are_counted_over_writes() -> None:
    tape = Tape()
    link = FaultyLink(tape, [Fault(Kind.DROP, BYTE, 6), Fault(Kind.DROP, LINE, 3)])
    for piece in (b"G0X1\n", b"G1", b"Y2\n", b"X3\n", b"X4\n"):
        link.write(piece)
    assert b"".join(tape.written) == b"G0X1\nGY2\nX4\n"


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(Kind.DROP, REPLY, 1), [b"<Idle>", b"ok"]),
        (Fault(Kind.DUPLICATE, REPLY, 1), [b"ok", b"ok", b"<Idle>", b"ok"]),
        (Fault(Kind.SWALLOW_OK, REPLY, 1), [b"<Idle>", b"ok"]),
        (Fault(Kind.SWALLOW_OK, REPLY, 2), [b"ok", b"<Idle>"]),
        (Fault(Kind.SWALLOW_OK, TIME, 0), [b"<Idle>", b"ok"]),
        (Fault(Kind.EXTRA_OK, REPLY, 2), [b"ok", b"ok", b"<Idle>", b"ok"]),
        (Fault(Kind.SAY, REPLY, 2, data=b"ALARM:1"), [b"ok", b"ALARM:1", b"<Idle>", b"ok"]),
        (Fault(Kind.SAY, REPLY, 1, data=b"\xff\x00garbage ok"), [b"\xff\x00garbage ok", b"ok", b"<Idle>", b"ok"]),
    ],
)
def test_faults_on_the_way_back(fault: Fault, expected: list[bytes]) -> None:
    assert heard(fault) == expected


def test_a_flip_in_a_line_spares_its_end_and_follows_the_seed() -> None:
    def spoilt(seed: int) -> bytes:
        tape = Tape()
        FaultyLink(tape, [Fault(Kind.FLIP, LINE, 1, bit=0)], seed=seed).write(b"G1X1.234Y5.678\n")
        return b"".join(tape.written)

    assert spoilt(1) == spoilt(1)
    assert len({spoilt(seed) for seed in range(50)}) > 5
    for seed in range(50):
        wrong = [(a, b) for a, b in zip(spoilt(seed), b"G1X1.234Y5.678\n", strict=True) if a != b]
        assert [a ^ b for a, b in wrong] == [1]
        assert spoilt(seed).endswith(b"\n")


def test_split_and_merge() -> None:
    tape = Tape()
    FaultyLink(tape, [Fault(Kind.SPLIT, LINE, 2)]).write(b"G0X1\nX2\n")
    assert tape.written == [b"G0X1\n", b"X", b"2", b"\n"]
    tape = Tape()
    link = FaultyLink(tape, [Fault(Kind.MERGE, LINE, 1)])
    for line in (b"X1\n", b"X2\n", b"X3\n"):
        link.write(line)
    assert tape.written == [b"X1\nX2\n", b"X3\n"]
    link = FaultyLink(tape, [Fault(Kind.MERGE, LINE, 1)])
    link.write(b"X4\n")
    link.read_line(0.0)
    assert tape.written[-1] == b"X4\n", "not held back from a host that listens"


def test_delay_out_keeps_the_order() -> None:
    tape = Tape()
    link = FaultyLink(tape, [Fault(Kind.DELAY, LINE, 2, seconds=0.5)])
    link.write(b"X1\nX2\nX3\n")
    assert tape.written == [b"X1\n"]
    assert link.read_line(0.4) is None
    assert tape.written == [b"X1\n"]
    assert link.read_line(0.2) is None
    assert tape.written == [b"X1\n", b"X2\n", b"X3\n"]
    assert tape.time_s == pytest.approx(0.6)


def test_delay_back_keeps_the_order() -> None:
    tape = Tape([b"a", b"b", b"c"])
    link = FaultyLink(tape, [Fault(Kind.DELAY, REPLY, 2, seconds=0.5)])
    assert link.read_line(0.1) == b"a"
    assert link.read_line(0.1) is None
    assert link.read_line(1.0) == b"b"
    assert tape.time_s == pytest.approx(0.5)
    assert link.read_line(0.1) == b"c"


@pytest.mark.parametrize("where", [BYTE, LINE])
def test_close_keeps_the_rest_back(where: Where) -> None:
    tape = Tape([b"ok"])
    link = FaultyLink(tape, [Fault(Kind.CLOSE, where, 5 if where is BYTE else 2)])
    with pytest.raises(LinkError, match="gone"):
        link.write(b"G0X1\nX2\nX3\n")
    assert tape.written == [b"G0X1\n"]
    with pytest.raises(LinkError):
        link.read_line(0.1)
    with pytest.raises(LinkError):
        link.write(b"X3\n")
    link.close()


def test_happened_tells_what_and_when() -> None:
    fault = Fault(Kind.EXTRA_OK, TIME, 0.25)
    link = FaultyLink(Tape(), [fault])
    assert link.read_line(1.0) == b"ok"
    assert [(at, f) for at, f in link.happened] == [(pytest.approx(0.25), fault)]


@pytest.mark.parametrize(
    ("kind", "where", "match"),
    [(Kind.DROP, TIME, "time"), (Kind.SPLIT, REPLY, "reply"), (Kind.INJECT, LINE, "data"), (Kind.SAY, LINE, "data")],
)
def test_faults_that_mean_nothing_are_refused(kind: Kind, where: Where, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        Fault(kind, where, 1)


@pytest.mark.parametrize("kind", [Kind.FREEZE, Kind.POWER_CYCLE, Kind.LIMIT])
def test_controls_are_needed(kind: Kind) -> None:
    with pytest.raises(ValueError, match="needs a controller"):
        FaultyLink(Tape(), [Fault(kind, TIME, 1)])


def writing(*script: Fault) -> tuple[Host, SimulatedController, FaultyLink]:
    """A controller that writes a line of 20 mm through faults; fault times count from the start."""
    made = controller()
    link = FaultyLink(SimulatedLink(made), script, controls=made)
    host = Host(link)
    for line in ("G21G90G94G17G54", "F600", "M3S0"):
        host.ask(line)
    host.say("G1X20S1000\nX0S0\n")
    return host, made, link


def test_a_reset_out_of_nowhere() -> None:
    host, made, _ = writing(Fault(Kind.INJECT, TIME, 1.0, data=b"\x18"))
    assert host.lines(3.0)[-4:] == ["ALARM:3", "", "Grbl 1.1h ['$' for help]", "[MSG:'$H'|'$X' to unlock]"]
    assert not made.exposed()[-1].whole
    assert made.beam_power == 0


def test_an_override_out_of_nowhere_is_silent() -> None:
    host, _, _ = writing(Fault(Kind.INJECT, TIME, 0.5, data=b"\x91\x91"))
    host.lines(1.0)
    assert any("Ov:120,100,100" in report for report in (host.status(), host.status()))
    assert not [line for line in host.heard if line not in ("ok",) and not line.startswith("<")]


def test_frozen_and_thawed() -> None:
    host, made, _ = writing(Fault(Kind.FREEZE, TIME, 1.0, seconds=2.0))
    host.lines(2.0)
    assert any(piece.kind == "dot" for piece in made.exposed())
    host.lines(4.0)
    stood = next(piece for piece in made.exposed() if piece.kind == "dot")
    assert stood.open_s == pytest.approx(2.0, abs=0.01)


def test_power_loss_in_the_middle() -> None:
    host, made, _ = writing(Fault(Kind.POWER_CYCLE, TIME, 1.0))
    assert host.lines(3.0)[-2:] == ["", "Grbl 1.1h ['$' for help]"]
    assert made.place_mm == (0, 0, 0)
    assert made.true_place_mm[0] > 5


def test_a_limit_switch_in_the_middle() -> None:
    host, made, _ = writing(Fault(Kind.LIMIT, TIME, 1.0))
    assert "ALARM:1" in host.lines(3.0)
    assert made.beam_power == 0


def test_the_truth_outlives_the_link() -> None:
    host, made, _ = writing(Fault(Kind.CLOSE, TIME, 1.0))
    with pytest.raises(LinkError):
        host.lines(3.0)
    made.run_out()
    (line,) = made.exposed()
    assert line.whole
    assert line.end_ticks[0] == 200_000_000


def test_a_flipped_bit_is_accepted_silently_in_the_wrong_place() -> None:
    made = controller()
    host = Host(FaultyLink(SimulatedLink(made), [Fault(Kind.FLIP, LINE, 2, bit=1)], seed=7))
    answers = [host.ask(line) for line in ("G21G90F600", "G1X1.000", "G4P0")]
    assert answers[0] == "ok"
    assert answers != ["ok", "ok", "ok"] or made.place_mm[0] != 1.0
