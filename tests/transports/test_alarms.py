"""Resets, limits, homing: what is told, what the beam does, and what becomes of the place."""

import pytest

from lasercam.transports.simulated.link import SimulatedLink
from tests.transports.host import Host, controller, host

BANNER = ["", "Grbl 1.1h ['$' for help]"]
LOCKED = "[MSG:'$H'|'$X' to unlock]"
HOMING = {20: 1.0, 22: 1.0, 25: 600.0, 24: 60.0}


def homed(**options: object) -> tuple[Host, object]:
    made = controller(HOMING, **options)
    grbl = Host(SimulatedLink(made))
    assert grbl.ask("$H") == "ok"
    return grbl, made


def writing(grbl: Host) -> None:
    for line in ("G21G90G94G17G54", "F600", "M3S0", "G0X-50Y-50", "G4P0", "G1X-40S1000", "X-30", "X-20"):
        assert grbl.ask(line) == "ok"
    grbl.lines(0.5)


def test_homing_ends_behind_the_switches() -> None:
    grbl, made = homed()
    assert made.place_mm == (-1, -1, -1)
    assert grbl.state() == "Idle"


def test_homing_takes_its_time_and_answers_nothing() -> None:
    grbl, made = homed()
    grbl.ask("G0X-100")
    grbl.ask("G4P0")
    begin = made.now_s
    grbl.say("$H\n?")
    assert grbl.line(5.0) is None
    assert str(grbl.line(100.0)).startswith("<Home|")
    assert grbl.line() == "ok"
    assert made.now_s - begin >= 99 / 10


def test_reset_in_motion_is_alarm_3_and_a_stale_ok_may_come() -> None:
    grbl, made = homed()
    writing(grbl)
    for i in range(20):
        grbl.say(f"X{-19 + i * 0.5}\n")
    grbl.lines(0.2)
    begin = made.now_s
    grbl.say(b"\x18")
    assert grbl.lines(2.0) == ["ALARM:3", "ok", *BANNER, LOCKED]
    last = made.exposed()[-1]
    assert not last.whole
    assert last.to_s - begin < 0.0002
    assert last.start_ticks[0] < last.end_ticks[0] < -200_000_000 + 110_000_000
    assert made.beam_power == 0
    assert grbl.state() == "Alarm"
    assert made.n_blocks_held == 0


def test_reset_at_rest_keeps_the_place() -> None:
    grbl, made = homed()
    grbl.ask("G0X-5")
    grbl.ask("G4P0")
    grbl.say(b"\x18")
    assert grbl.lines(1.0) == BANNER
    assert made.place_mm[0] == -5
    assert grbl.ask("G1X1") == "error:22", "feed and modes are lost"


def test_reset_in_a_finished_hold_keeps_the_place() -> None:
    grbl, made = homed(slip_mm=(0.1, 0.0, 0.0))
    writing(grbl)
    grbl.say("!")
    grbl.lines(0.5)
    assert grbl.state() == "Hold:0"
    grbl.say(b"\x18")
    assert grbl.lines(1.0) == BANNER
    assert made.true_place_mm == pytest.approx(made.place_mm)


def test_a_motor_that_stops_dead_slips() -> None:
    grbl, made = homed(slip_mm=(0.1, -0.2, 0.0))
    writing(grbl)
    grbl.say(b"\x18")
    grbl.lines(2.0)
    assert [t - p for t, p in zip(made.true_place_mm, made.place_mm, strict=True)] == pytest.approx([0.1, -0.2, 0.0])
    assert grbl.ask("$H") == "ok"
    assert made.true_place_mm == made.place_mm == (-1, -1, -1)


def test_power_loss_forgets_the_place_silently_where_homing_is_off() -> None:
    grbl, made = host()
    for line in ("F600", "M3S0", "G1X5S1000"):
        grbl.ask(line)
    grbl.lines(0.3)
    made.power_cycle()
    assert grbl.lines(1.0) == BANNER
    assert grbl.state() == "Idle"
    assert made.place_mm == (0, 0, 0)
    assert made.true_place_mm[0] > 1
    for line in ("F600", "M3S0", "G1X1S1000", "S0"):
        grbl.ask(line)
    assert made.exposed()[-1].start_ticks[0] > 10_000_000, "the truth knows where that was"


def test_soft_limit_stops_in_order_then_locks() -> None:
    grbl, made = homed()
    writing(grbl)
    grbl.say("X5\n")
    assert grbl.lines(3.0) == ["ALARM:2", "[MSG:Reset to continue]"]
    assert made.beam_power == 0
    grbl.say("?")
    assert grbl.line(2.0) is None, "nothing is answered any more"
    grbl.say(b"\x18")
    assert grbl.lines(1.0) == ["ok", *BANNER, LOCKED]
    assert made.true_place_mm == pytest.approx(made.place_mm)


def test_soft_limit_in_check_mode() -> None:
    grbl, _ = homed()
    grbl.ask("$C")
    grbl.say("G0X1\n")
    assert grbl.lines(1.0) == ["ALARM:2", "[MSG:Reset to continue]"]


def test_a_jog_beyond_the_travel_is_refused() -> None:
    grbl, _ = homed()
    assert grbl.ask("$J=G91X2F100") == "error:15"
    assert grbl.ask("$J=G91X-2F100") == "ok"


def test_hard_limit_is_alarm_1() -> None:
    grbl, made = homed()
    writing(grbl)
    at = made.now_s
    made.trip_limit()
    assert grbl.lines(2.0)[:2] == ["ALARM:1", "[MSG:Reset to continue]"]
    assert made.exposed()[-1].to_s == at


@pytest.mark.parametrize("alarm", [8, 9])
def test_homing_fails(alarm: int) -> None:
    made = controller(HOMING, homing_fault=alarm)
    grbl = Host(SimulatedLink(made))
    grbl.say("$H\n")
    assert grbl.lines(200.0) == [f"ALARM:{alarm}", "ok", *BANNER, LOCKED]


def test_reset_while_homing_is_alarm_6() -> None:
    grbl, _ = homed()
    grbl.ask("G0X-100")
    grbl.ask("G4P0")
    grbl.say("$H\n")
    grbl.lines(1.0)
    grbl.say(b"\x18")
    assert grbl.lines(2.0) == ["ALARM:6", "ok", *BANNER, LOCKED]


def test_frozen_it_leaves_the_beam_as_it_is() -> None:
    grbl, made = host()
    for line in ("F600", "M3S0", "G1X5S1000"):
        grbl.ask(line)
    grbl.lines(0.2)
    made.freeze()
    grbl.say("?")
    assert grbl.lines(1.0) == []
    assert made.exposed()[-1].kind == "dot"
    assert made.exposed()[-1].open_s == pytest.approx(1.0, abs=1e-3)
    made.thaw()
    grbl.ask("S0")
    first, stood, second = made.exposed()
    assert first.end_ticks == stood.start_ticks == second.start_ticks
    assert second.end_ticks[0] == 50_000_000
    assert first.open_s + second.open_s == pytest.approx(0.7, abs=1e-6)


def test_after_the_host_has_gone_it_writes_what_it_holds() -> None:
    made = controller()
    link = SimulatedLink(made)
    grbl = Host(link)
    for line in ("F600", "M3S0", "G1X5S1000", "X10", "X15S0"):
        grbl.ask(line)
    link.close()
    made.run_out()
    assert [p.end_ticks[0] for p in made.exposed()] == [50_000_000, 100_000_000]
    assert Host(SimulatedLink(made)).state() == "Idle"


def test_opening_the_port_resets_a_board_with_dtr() -> None:
    made = controller()
    grbl = Host(SimulatedLink(made, resets_on_open=True))
    assert grbl.lines(1.0) == BANNER
