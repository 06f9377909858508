"""Times and places of moves, holds and dwells, worked out by hand."""

import math

import pytest

from tests.transports.host import MM, host

A, V = 50.0, 10.0
"""mm/s² and mm/s of the simulated stage."""


def started(*lines: str) -> tuple:
    grbl, controller = host()
    for line in ("G21G90G94G17G54", "F600", "M3S0", *lines):
        assert grbl.ask(line) == "ok"
    return grbl, controller


def line_time(controller) -> float:
    (piece,) = [p for p in controller.exposed() if p.kind == "line"]
    return piece.open_s


def test_a_straight_move_is_a_trapezoid() -> None:
    _, controller = started("G1X10S1000", "S0")
    assert line_time(controller) == pytest.approx(10 / V + V / A, rel=1e-9)


def test_a_short_move_is_a_triangle() -> None:
    _, controller = started("G1X0.5S1000", "S0")
    assert line_time(controller) == pytest.approx(2 * math.sqrt(0.5 / A), rel=1e-9)


def test_a_diagonal_is_as_fast_as_its_slowest_axis_allows() -> None:
    grbl, controller = host({111: 300.0, 121: 10.0})
    for line in ("F6000", "M3S0", "G1X3Y4S1000", "S0"):
        grbl.ask(line)
    speed, rate = 5 / 0.8, 10 / 0.8
    assert line_time(controller) == pytest.approx(5 / speed + speed / rate, rel=1e-9)


def test_collinear_moves_do_not_slow_down() -> None:
    grbl, controller = started()
    grbl.stream([b"G1X5S1000\n", b"X10\n", b"S0\n"])
    first, second = controller.exposed()
    assert second.to_s - first.from_s == pytest.approx(10 / V + V / A, rel=1e-6)


def test_a_corner_is_taken_at_the_speed_of_junction_deviation() -> None:
    grbl, controller = host({11: 0.02})
    for line in ("F600", "M3S0"):
        grbl.ask(line)
    grbl.stream([b"G1X10S1000\n", b"Y10\n", b"S0\n"])
    first, _ = controller.exposed()
    half = math.sin(math.pi / 4)
    corner = math.sqrt(A * math.sqrt(2) * 0.02 * half / (1 - half))
    up, down = V / A, (V - corner) / A
    length = 10 - V * V / 2 / A - (V * V - corner * corner) / 2 / A
    assert first.open_s == pytest.approx(up + length / V + down, rel=1e-6)


def test_straight_back_stops() -> None:
    grbl, controller = started()
    grbl.stream([b"G1X10S1000\n", b"X0\n", b"S0\n"])
    assert [p.open_s for p in controller.exposed()] == [pytest.approx(10 / V + V / A, rel=1e-6)] * 2


@pytest.mark.parametrize(("asked", "waits"), [(0.01, 0.05), (0.05, 0.05), (0.06, 0.1), (0.15, 0.15), (1, 1), (0, 0)])
def test_a_dwell_lasts_whole_steps_of_50_ms(asked: float, waits: float) -> None:
    grbl, controller = started()
    begin = controller.now_s
    grbl.ask(f"G4P{asked}")
    assert controller.now_s - begin == pytest.approx(waits + 0.001, abs=0.0015)


def test_ok_comes_when_a_line_is_planned_not_when_it_is_done() -> None:
    grbl, controller = started("G1X10")
    assert controller.place_mm[0] < 0.1
    begin = controller.now_s
    assert [grbl.ask(f"X{10 + i}") for i in range(1, 15)] == ["ok"] * 14
    assert controller.now_s - begin < 0.1
    assert controller.n_blocks_held == 15
    grbl.ask("X25")
    assert controller.now_s - begin > 0.9, "the sixteenth waits for the first to be done"


def test_g4p0_waits_for_everything() -> None:
    grbl, controller = started("G1X10", "G4P0")
    assert controller.place_mm[0] == 10
    assert grbl.state() == "Idle"


def test_hold_stops_in_the_braking_distance_and_resumes_where_it_stopped() -> None:
    grbl, controller = started("G1X10S1000")
    grbl.lines(0.5)
    at = controller.place_mm[0]
    grbl.say("!")
    grbl.lines(0.01)
    assert grbl.state() == "Hold:1"
    assert controller.beam_power == 1000, "the beam stays on while it slows down"
    grbl.say("~")
    grbl.lines(0.3)
    assert grbl.state() == "Hold:0", "~ during Hold:1 is ignored"
    assert controller.beam_power == 0
    stopped = controller.place_mm[0]
    assert stopped - at == pytest.approx(V * V / 2 / A, abs=V * 0.001)
    grbl.lines(2.0)
    assert controller.place_mm[0] == stopped
    grbl.say("~")
    assert grbl.lines(0.1) == ["[MSG:Restoring spindle]"]
    assert grbl.state() == "Run"
    assert grbl.ask("S0") == "ok"
    first, second = controller.exposed()
    assert (first.whole, second.whole) == (False, False)
    assert first.end_ticks == second.start_ticks
    assert (first.start_ticks[0], second.end_ticks[0]) == (0, 10 * MM)
    assert first.open_s == pytest.approx(0.5 + V / A, abs=0.02)


def test_a_hold_goes_on_through_the_blocks_behind() -> None:
    grbl, controller = started()
    for i in range(1, 14):
        grbl.say(f"G1X{i * 0.2}S{1000 * (i % 2)}\n")
    grbl.lines(0.2)
    grbl.say("!")
    grbl.lines(1.0)
    assert grbl.state() == "Hold:0"
    blocks = controller.n_blocks_held
    assert 0 < blocks < 12
    grbl.say("~")
    controller.run_out()
    assert controller.place_mm[0] == pytest.approx(2.6)


def test_a_held_dwell_goes_on_dark() -> None:
    grbl, controller = started("G1S1000")
    grbl.say("G4P1\n")
    grbl.lines(0.3)
    grbl.say("!")
    grbl.lines(0.1)
    assert grbl.state() == "Hold:0"
    assert controller.beam_power == 0
    grbl.lines(1.0)
    grbl.say("~")
    grbl.lines(2.0)
    assert grbl.state() == "Idle"
    (dot,) = controller.exposed()
    assert dot.open_s == pytest.approx(0.3, abs=0.06), "taken at a step of 50 ms, and never lit again"


def test_a_dwell_is_deaf_for_50_ms_but_for_a_reset() -> None:
    grbl, controller = started("G1S1000")
    grbl.say("G4P1\n")
    grbl.lines(0.31)
    begin = controller.now_s
    grbl.status()
    assert 0.01 < controller.now_s - begin < 0.056
    begin = controller.now_s
    grbl.say(b"\x18")
    grbl.lines(0.5)
    assert controller.exposed()[-1].to_s - begin < 0.0002
    assert grbl.heard[-3:] == ["ok", "", "Grbl 1.1h ['$' for help]"]


def test_spindle_stop_override_lights_the_beam_in_a_hold() -> None:
    grbl, controller = started("G1X10S1000")
    grbl.lines(0.3)
    grbl.say("!")
    grbl.lines(0.5)
    assert controller.beam_power == 0
    grbl.say(b"\x9e")
    grbl.lines(0.5)
    assert controller.beam_power == 1000


def test_feed_override_changes_the_speed_of_what_runs() -> None:
    grbl, controller = started("G1X10S1000")
    grbl.lines(0.5)
    for _ in range(5):
        grbl.say(b"\x92")
        grbl.lines(0.05)
    reports = [grbl.status(), grbl.status()]
    assert "Ov:50,100,100" in reports[1]
    assert "FS:300,1000" in reports[0]
    grbl.ask("S0")
    assert controller.place_mm[0] == 10
    (line,) = controller.exposed()
    assert line.whole
    assert line.open_s > 10 / V + V / A + 0.3


def test_a_jog_is_cancelled_and_forgotten() -> None:
    grbl, controller = started("M5")
    assert grbl.ask("$J=X10F600") == "ok"
    assert grbl.ask("$J=X20F600") == "ok"
    assert grbl.ask("G0X1") == "error:9"
    assert grbl.state() == "Jog"
    grbl.say(b"\x85")
    grbl.lines(1.0)
    assert grbl.state() == "Idle"
    assert 0 < controller.place_mm[0] < 5
    assert controller.n_blocks_held == 0
    grbl.ask("G91G0X1")
    grbl.ask("G4P0")
    assert controller.place_mm[0] < 6


def test_the_door_holds_and_resumes() -> None:
    grbl, controller = started("G1X10S1000")
    grbl.lines(0.3)
    grbl.say(b"\x84")
    assert grbl.lines(1.0) == ["[MSG:Check Door]"]
    assert grbl.state() == "Door:0"
    assert controller.beam_power == 0
    grbl.say("~")
    grbl.lines(0.1)
    assert grbl.state() == "Run"
    assert controller.beam_power == 1000


def test_program_pause_holds() -> None:
    grbl, controller = started("G1X1")
    grbl.say("M0\nX2\n")
    grbl.lines(2.0)
    assert grbl.state() == "Hold:0"
    assert controller.place_mm[0] == 1
    grbl.say("~")
    grbl.lines(2.0)
    assert controller.place_mm[0] == 2


def test_lines_sent_in_a_hold_wait_for_its_end() -> None:
    grbl, controller = started()
    grbl.say("!")
    grbl.lines(0.1)
    grbl.say("G0X1\n")
    assert grbl.lines(1.0) == []
    grbl.say("~")
    assert grbl.lines(1.0) == ["[MSG:Restoring spindle]", "ok"]
    assert controller.place_mm[0] == 1
