"""The receive buffer: clean up to 128 bytes, garbage beyond, as measured on the AVR binary (127 clean, 160 not)."""

import pytest

from lasercam.transports.simulated.link import SimulatedLink
from tests.transports.host import Host, controller, host


def zigzag(n: int) -> list[bytes]:
    rows = [b"G1X%dY%d.%03dS%d\n" % (5 * (i % 2), i // 100, i, 1000 * (i % 2)) for i in range(n)]
    return [b"G21G90G94G17G54\n", b"F600\n", b"M3S0\n", *rows]


@pytest.mark.parametrize("limit", [20, 64, 127, 128])
def test_clean_up_to_the_size_of_the_buffer(limit: int) -> None:
    grbl, grbl_controller = host()
    lines = zigzag(300)
    assert grbl.stream(lines, limit) == ["ok"] * len(lines)
    assert grbl_controller.n_lost_bytes == 0
    grbl_controller.run_out()
    assert len([p for p in grbl_controller.exposed() if p.kind == "line"]) == 150


def test_overflow_loses_bytes_and_answers() -> None:
    grbl, grbl_controller = host()
    lines = zigzag(300)
    answers = grbl.stream(lines, 160)
    assert grbl_controller.n_lost_bytes > 0
    assert len(answers) < len(lines), "then silence: the host waits for answers that never come"


def test_glued_lines_are_refused_or_wrong() -> None:
    grbl, _ = host()
    grbl.stream(zigzag(300), 400)
    assert any(line.startswith("error:") for line in grbl.heard)


def test_status_tells_free_bytes_and_blocks() -> None:
    grbl, grbl_controller = host()
    for line in ("F60", "G1X1"):
        grbl.ask(line)
    for i in range(14):
        grbl.ask(f"X{i + 2}")
    grbl.say("X20\nX21\nX22\n")
    grbl.lines(0.05)
    assert "|Bf:0,120|" in grbl.status(), "one line is being planned, two wait with their 8 bytes"
    assert grbl_controller.n_bytes_held == 8


def test_bytes_take_their_time_on_the_wire() -> None:
    grbl, _ = host()
    begin = grbl.link.now_s()
    grbl.say("(" + "c" * 113 + ")\n")
    assert grbl.line() == "ok"
    assert grbl.link.now_s() - begin == pytest.approx((116 + 4) * 10 / 115_200 + 0.001, abs=1e-6)


def test_realtime_bytes_pass_the_buffer() -> None:
    grbl, _ = host()
    for i in range(15):
        grbl.ask(f"G1F60X{i + 1}")
    grbl.say("X20\nX21\nX22\n")
    assert grbl.state() == "Run"
    grbl.say("!")
    grbl.lines(1.0)
    assert grbl.state() == "Hold:0"


def test_the_link_stays_full_for_short_segments() -> None:
    """What a sender can reach at 115200 baud: the wire is the limit, not the simulation."""
    made = controller({110: 60_000.0, 111: 60_000.0, 120: 5000.0, 121: 5000.0})
    grbl = Host(SimulatedLink(made))
    lines = [b"F6000\n", b"M3S0\n", *(b"G1X%d.%03dY0.5S1000\n" % (i // 1000, i % 1000) for i in range(1, 2000))]
    begin = made.now_s
    assert grbl.stream(lines) == ["ok"] * len(lines)
    on_wire = sum(map(len, lines)) * 10 / 115_200
    assert made.now_s - begin < on_wire * 1.06


def test_time_passes_for_a_host_that_only_polls() -> None:
    grbl, _ = host()
    grbl.say("G4P1\n")
    for _ in range(100_000):
        if grbl.line(0.0) == "ok":
            break
    assert grbl.heard[-1] == "ok"
