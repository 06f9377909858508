"""What the simulated controller answers, against the tables of GRBL's documentation."""

import pytest

from tests.transports.host import host

ACCEPTED = [
    "", "(a comment)", ";another", "G21G90G94G17G54", "g1 x1 f100", "G0X1Y-2.5Z+3", "N10000000G0X0", "/G0X1", "M3S1000",
    "M4S5", "M5", "M8", "M9", "F100", "S0", "T3", "G4P0", "G4P0.05", "G92X0", "G92.1", "G10L2P1X0", "G10L20P0X0Y0",
    "G28", "G28.1", "G53G0X0", "G40", "G49", "G61", "G80", "G91", "G91.1", "G93", "G20", "G43.1Z1", "G18", "G55", "M30",
    "M2", "G1F100", "G1F100X1", "G2X2F100I1", "G3X1Y1R1F50", "G0X123456789", "G0", "G1F1X.5", "X1", "$", "$$", "$#",
    "$G", "$I", "$J=X1F100", "$J=G91X1F100", "$J=G21G53X1F100", "$10=3", "M1",
]  # fmt: skip
REFUSED = {
    "1": 1, "#1=2": 1, "X1)": 1, "%": 1, "GX1": 2, "X": 2, "X.": 2, "G1X-F1": 2,
    "$J": 3, "$Gx": 3, "$10=3x": 3, "$10": 3, "$33=1": 3, "F-1": 4, "S-1": 4, "G4P-1": 4, "N-1": 4, "$30=-5": 4,
    "$H": 5, "$0=2": 6, "$20=1": 10, "G0X" + "0" * 77: 11, "$J=Z1": 22, "$J=X1F10S5": 36, "$J=G1X1F10": 16,
    "G5": 20, "G64": 20, "G61.1": 20, "M62P0": 20, "M7": 20, "M6": 20, "A1": 20, "E1": 20, "D1": 20, "G59.1": 23,
    "G90.1": 20, "G28.3": 20, "G43": 20, "G38X1": 20, "G38.2X1": 22, "G38.2F1": 26, "G38.2X0F1": 33, "G10L3P1X0": 20,
    "G0G1X1": 24, "G17G18": 21, "M3M5": 21, "G4G53P1": 21, "G90G91": 21, "M2M30": 21, "G20G21": 21, "G54G55": 21,
    "G1X1": 22, "G1": 22, "G2X1I1": 22, "G93G1X1": 22, "G1.1": 23, "M3.1": 23, "G4.5P1": 23,
    "G28G1X1": 24, "G92G0X1": 24, "X1X2": 25, "F1F2": 25, "G92": 26, "G10L2P1": 26, "G2F1I1": 26, "N10000001": 27,
    "G4": 28, "G10X1": 28, "G10L2P7X1": 29, "G80X1": 31, "G17G2Z1I1F1": 32, "G2X1R0.1F1": 34, "G2X0R1F1": 33,
    "G2X1I5F1": 33, "G2X1F1": 35, "P1": 36, "I1": 36, "G0P1X1": 36, "G43.1X1": 37, "T256": 38,
}  # fmt: skip


@pytest.mark.parametrize("line", ACCEPTED)
def test_accepts(line: str) -> None:
    grbl, _ = host()
    assert grbl.ask(line) == "ok"


@pytest.mark.parametrize("line", REFUSED)
def test_refuses_with_the_documented_code(line: str) -> None:
    grbl, _ = host()
    before = grbl.told("$G")
    assert grbl.ask(line) == f"error:{REFUSED[line]}"
    assert grbl.told("$G") == before, "a refused line changes nothing"
    assert grbl.ask("G0X1") == "ok", "GRBL carries on after an error"


def test_g53_needs_a_straight_motion_mode() -> None:
    grbl, _ = host()
    grbl.ask("G80")
    assert grbl.ask("G53") == "error:30"


def test_every_line_end_is_a_line() -> None:
    grbl, _ = host()
    grbl.say(b"G0X1\r\n\n")
    assert grbl.lines(1.0) == ["ok"] * 3


def test_a_line_holds_79_characters_without_blanks_and_comments() -> None:
    grbl, _ = host()
    assert grbl.ask("G0X" + "0" * 76) == "ok"
    assert grbl.ask("G0X" + "0" * 77) == "error:11"
    assert grbl.ask("G0 X" + "0" * 76 + " (" + "c" * 60 + ")") == "ok"


def test_only_eight_digits_of_a_number_count() -> None:
    grbl, controller = host({100: 1e7})
    for line in ("G0X12.3456789", "G4P0"):
        grbl.ask(line)
    assert controller.place_mm[0] == pytest.approx(12.345678, abs=1e-9)


def test_tells_about_itself() -> None:
    grbl, _ = host()
    assert grbl.told("$I") == ["[VER:1.1h.20190825:]", "[OPT:V,15,128]"]
    assert grbl.told("$G") == ["[GC:G0 G54 G17 G21 G90 G94 M5 M9 T0 F0 S0]"]
    assert "$32=1" in grbl.told("$$")
    assert "$120=50.000" in grbl.told("$$")
    assert grbl.told("$#")[0] == "[G54:0.000,0.000,0.000]"


def test_settings_are_stored_and_shown() -> None:
    grbl, controller = host()
    assert grbl.ask("$22=1") == "ok"
    assert grbl.ask("$20=1") == "ok"
    grbl.lines(0.1)
    shown = grbl.told("$$")
    assert {"$20=1", "$22=1"} <= set(shown)
    assert grbl.ask("$22=0") == "ok"
    grbl.lines(0.1)
    assert "$20=0" in grbl.told("$$"), "soft limits go with homing"
    controller.power_cycle()
    grbl.lines(1.0)
    assert "$10=3" in grbl.told("$$")


def test_storing_makes_it_deaf() -> None:
    grbl, controller = host()
    grbl.say(b"$10=1\n")
    assert grbl.lines(0.02) == []
    grbl.say(b"G0X1\n")
    assert grbl.lines(1.0) == ["ok"]
    assert controller.n_lost_bytes == 5, "what is sent before its `ok` is lost"
    assert grbl.ask("$10=3") == "ok"
    assert grbl.ask("G0X1") == "ok"


def test_boot_loses_what_comes_too_early() -> None:
    grbl, controller = host()
    controller.power_cycle()
    grbl.say(b"G0X1\n")
    assert grbl.lines(1.0) == ["", "Grbl 1.1h ['$' for help]"]
    assert controller.n_lost_bytes == 5


def test_modes_after_the_end_of_a_program() -> None:
    grbl, _ = host()
    for line in ("G21G91G18G55", "M3S500", "F77", "G4P0"):
        assert grbl.ask(line) == "ok"
    assert grbl.told("M2") == ["[MSG:Pgm End]"]
    assert grbl.told("$G") == ["[GC:G1 G54 G17 G21 G90 G94 M5 M9 T0 F77 S500]"]


def test_status_tells_offsets_and_overrides_now_and_then() -> None:
    grbl, _ = host()
    reports = [grbl.status() for _ in range(25)]
    assert reports[0] == "<Idle|MPos:0.000,0.000,0.000|Bf:15,128|FS:0,0|WCO:0.000,0.000,0.000>"
    assert reports[1].endswith("|Ov:100,100,100>")
    assert [i for i, r in enumerate(reports) if "WCO" in r] == [0, 10, 20]
    assert [i for i, r in enumerate(reports) if "Ov:" in r] == [1, 11, 21]
    grbl.ask("G92X1")
    assert "WCO:-1.000,0.000,0.000" in grbl.status()


def test_work_position_where_the_mask_asks_for_it() -> None:
    grbl, _ = host({10: 0.0})
    grbl.ask("G92X1Y2")
    assert grbl.status().startswith("<Idle|WPos:1.000,2.000,0.000|FS:0,0|WCO:")


def test_inches() -> None:
    grbl, controller = host({110: 6000.0})
    for line in ("G20", "G0X1", "G4P0"):
        grbl.ask(line)
    assert controller.place_mm == (25.4, 0.0, 0.0)


def test_coordinate_systems() -> None:
    grbl, controller = host()
    grbl.ask("G10L2P2X-5")
    grbl.lines(0.1)
    for line in ("G55G0X1", "G4P0"):
        assert grbl.ask(line) == "ok"
    assert controller.place_mm[0] == -4.0
    assert grbl.ask("G10L20P2X0") == "ok"
    grbl.lines(0.1)
    assert grbl.told("$#")[1] == "[G55:-4.000,0.000,0.000]"


def test_grblhal_repeats_an_error_until_a_blank_line() -> None:
    grbl, _ = host(firmware="grblhal", planner_blocks=100, rx_bytes=1024)
    assert grbl.told("$I")[1] == "[OPT:V,100,1024]"
    assert [grbl.ask(line) for line in ("G5", "G0X1", "G0X2")] == ["error:20"] * 3
    assert grbl.ask("") == "ok"
    assert grbl.ask("G0X1") == "ok"
    assert grbl.ask("G5") == "error:20"
    assert grbl.told("$G")[0].startswith("[GC:")
    assert grbl.ask("G0X1") == "ok"


def test_grblhal_counts_blanks_and_comments() -> None:
    grbl, _ = host(firmware="grblhal", rx_bytes=1024)
    assert grbl.ask("G0X1" + " " * 252) == "ok"
    assert grbl.ask("G0X1" + " " * 253) == "error:11"
    grbl.ask("")
    grbl.say(b"G0X1\r\nG0X2\r\n")
    assert grbl.lines(1.0) == ["ok", "ok"]


def test_check_mode_judges_and_does_nothing() -> None:
    grbl, controller = host()
    assert grbl.told("$C") == ["[MSG:Enabled]"]
    assert grbl.state() == "Check"
    for line in ("F100", "M3S1000", "G1X1", "G4P10", "M2"):
        assert grbl.ask(line) == "ok"
    assert grbl.ask("G1X1F0") == "error:22"
    assert controller.now_s < 1.0
    assert grbl.ask("$C") == "ok"
    assert grbl.lines(1.0) == ["", "Grbl 1.1h ['$' for help]"]
    assert controller.exposed() == []
    assert controller.place_mm == (0.0, 0.0, 0.0)


def test_check_mode_only_from_idle() -> None:
    grbl, _ = host()
    for line in ("F60", "G1X5", "G1X6"):
        grbl.ask(line)
    assert grbl.ask("$C") == "error:8"
    assert grbl.ask("$$") == "error:8"
    assert grbl.ask("$#") == "error:8"


def test_an_arc_is_cut_into_chords() -> None:
    grbl, controller = host()
    for line in ("G21G90F600", "M3S0", "G1X1S1000", "G2X1Y0I-1J0", "S0", "M5", "G4P0"):
        assert grbl.ask(line) == "ok"
    pieces = [piece for piece in controller.exposed() if piece.kind == "line"][1:]
    assert len(pieces) == 49  # floor(π·1 mm / sqrt(0.002 (2 - 0.002))) with $12 = 0.002 mm
    assert all(abs((p.end_ticks[0] ** 2 + p.end_ticks[1] ** 2) ** 0.5 - 10_000_000) < 10_000 for p in pieces)
    assert pieces[0].end_ticks[1] < 0, "clockwise"


def test_boots_locked_where_homing_is_on() -> None:
    grbl, controller = host({22: 1.0})
    controller.power_cycle()
    assert grbl.lines(0.2)[-1] == "[MSG:'$H'|'$X' to unlock]"
    assert grbl.ask("G0X1") == "error:9"
    assert grbl.ask("M5") == "error:9"
    assert grbl.told("$X") == ["[MSG:Caution: Unlocked]"]
    assert grbl.ask("G0X1") == "ok"


def test_blank_lines_are_answered_in_alarm_too() -> None:
    grbl, controller = host({22: 1.0})
    controller.power_cycle()
    grbl.lines(0.2)
    assert grbl.ask("") == "ok"
