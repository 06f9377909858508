"""The simulated controller beside the real firmware's simulator, where `LASERCAM_GRBL_SIM` names one.

Real firmware in a desktop simulator has no limits on its bytes in flight and reads its pins as pressed, so that only
answers, modes and places are compared, not overflow, homing or time. Its threads now and then garble a byte of its
output or lose a start: a test that fails once and not again is the simulator's.
"""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from lasercam.model.links import Transport
from lasercam.transports.process import VARIABLE, ProcessLink
from lasercam.transports.simulated.link import SimulatedLink
from tests.transports.host import Host, NoAnswerError, controller
from tests.transports.test_replies import ACCEPTED, REFUSED

pytestmark = pytest.mark.skipif(VARIABLE not in os.environ, reason=f"{VARIABLE} names no firmware simulator")
LETTERS = "GGGGGGMMXXYZIJKRFSPLNT"
CODES = {"G": (0, 1, 2, 3, 4, 10, 17, 18, 19, 20, 21, 28, 28.1, 30, 40, 43.1, 49, 53, 54, 55, 59, 61, 80, 90, 91,
               91.1, 92, 92.1, 93, 94, 5, 64, 1.5, 38), "M": (0.5, 1, 2, 3, 4, 5, 7, 8, 9, 30, 62)}  # fmt: skip


@pytest.fixture(scope="module")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    link: Transport = ProcessLink(os.environ[VARIABLE], folder=tmp_path_factory.mktemp("eeprom"))
    host = Host(link)
    host.lines(3.0)  # it reads nothing at first
    host.say(b"\n")
    while host.line(5.0) != "ok":
        pass
    assert host.ask("$32=1") == "ok"
    assert host.ask("$10=3") == "ok"
    yield host
    link.close()


def reset(host: Host) -> None:
    """Back to the state of a boot; what a machine is told must not move it."""
    host.say(b"\x18")
    while not (line := host.line(10.0)) or not line.startswith("Grbl"):
        assert line is not None
    while host.line(0.05) is not None:
        pass
    host.ask("$X")


@pytest.mark.parametrize("line", [line for line in ACCEPTED if not line.startswith("$J")])
def test_accepts(line: str, firmware: Host) -> None:
    reset(firmware)
    if not line.startswith("$"):
        firmware.ask("$C")
    assert firmware.ask(line) == "ok"


@pytest.mark.parametrize("line", REFUSED)
def test_refuses(line: str, firmware: Host) -> None:
    reset(firmware)
    assert firmware.ask(line) == f"error:{REFUSED[line]}"


def told(host: Host, text: str) -> list[str]:
    """As Host.told; nothing where the answer is garbled."""
    try:
        return host.told(text)
    except NoAnswerError:
        return []


def random_line(chance: random.Random) -> str:
    """A line that may well be wrong."""
    words = []
    for _ in range(chance.choice((1, 2, 2, 3, 3, 4, 6))):
        letter = chance.choice(LETTERS)
        if letter in CODES:
            words.append(f"{letter}{chance.choice(CODES[letter])}")
        elif letter in "XYZIJK":
            words.append(f"{letter}{chance.choice((-2, -1, 0, 0, 1, 1, 2, 0.5))}")
        else:
            words.append(f"{letter}{chance.choice((0, 1, 2, 2, 20, 300, -1))}")
    text = "".join(words)
    if chance.random() < 0.05:
        at = chance.randrange(len(text))
        text = text[:at] + chance.choice("#=.-AZ()9 ") + text[at + 1 :]
    return text


@pytest.mark.parametrize("seed", range(6))
def test_random_lines_are_judged_alike(seed: int, firmware: Host) -> None:
    """In check mode: 300 lines, each acting on the state the ones before have left."""
    chance = random.Random(seed)
    made = Host(SimulatedLink(controller()))
    reset(firmware)
    for host in (firmware, made):
        assert host.ask("$RST=#") in ("ok", "error:3")
        while host.line(0.6) is not None:
            pass
        host.ask("$C")
    n_compared = 0
    for _ in range(300):
        line = random_line(chance)
        answer = made.ask(line)
        try:
            assert answer == firmware.ask(line, 3.0), line
        except NoAnswerError:
            break  # the simulator's own threads garble a byte of its output now and then
        n_compared += 1
        wanted = made.told("$G")
        assert any(told(firmware, "$G") == wanted for _ in range(5)), line
    assert n_compared > 20


def test_flipped_bits_are_judged_alike(firmware: Host) -> None:
    """Every single-bit flip of a few lines: more than half are accepted, in the wrong place or with another power."""
    made = Host(SimulatedLink(controller()))
    reset(firmware)
    counts = {"ok": 0, "error": 0}
    for host in (firmware, made):
        host.ask("$C")
    for line in (b"G1X12.345Y-6.789S1000F600", b"X0.5Y0.25S0", b"G1X-1.5Y2.75S750"):
        for at in range(len(line)):
            for bit in range(7):
                flipped = line[:at] + bytes([line[at] ^ 1 << bit]) + line[at + 1 :]
                if any(byte in b"?!~\x18\x06\x00\r\n%$" for byte in flipped):
                    continue
                text = flipped.decode()
                for host in (firmware, made):
                    assert host.ask("G0G90G21F600X0Y0Z0") == "ok"
                answer = made.ask(text)
                assert answer == firmware.ask(text), text
                counts[answer.partition(":")[0]] += 1
    assert counts["ok"] > counts["error"]


def test_a_job_ends_in_the_same_place(firmware: Host) -> None:
    made = Host(SimulatedLink(controller({100: 250.0, 101: 250.0, 102: 250.0})))
    program = (Path(__file__).parents[1] / "golden" / "grbl" / "small_job.gcode").read_bytes()
    places = []
    for host in (firmware, made):
        if host is firmware:
            reset(host)
        assert host.stream(program.splitlines(keepends=True), timeout_s=60.0) == ["ok"] * program.count(b"\n")
        places.append(host.status().split("|")[1])
    assert places[0] == places[1]


MOVE = b"G21G91F300\nM3S0\nG1X5S500\n"
CONVERSATIONS = {
    "reset in motion": [(MOVE, "Run"), (b"\x18", "Alarm"), (b"G0X1\n", "Alarm"), (b"$X\nG1X1\n", "Idle")],
    "reset with a full planner": [(MOVE.replace(b"X5", b"X30"), "Run"), (b"X1\n" * 18, "Run"), (b"\x18", "Alarm")],
    "reset at rest": [(b"\x18", "Idle"), (b"G1X1\n", "Idle")],
    "reset in a finished hold": [(MOVE, "Run"), (b"!", "Hold:0"), (b"\x18", "Idle"), (b"$X\n", "Idle")],
    "hold and resume": [(MOVE, "Run"), (b"!", "Hold:0"), (b"~", "Idle"), (b"G4P0\n", "Idle")],
    "resume too early": [(MOVE, "Run"), (b"!~", "Hold:0"), (b"G4P0\n", "Hold:0"), (b"~", "Idle")],
    "hold at rest": [(b"M3S100\n", "Idle"), (b"!", "Hold:0"), (b"G0X1\n", "Hold:0"), (b"~", "Idle")],
    "door": [(MOVE, "Run"), (b"\x84", "Door:0"), (b"~", "Idle"), (b"G4P0\n", "Idle")],
    "jog and cancel": [(b"$J=G91X20F300\nG0X1\n", "Jog"), (b"\x85", "Idle"), (b"G4P0\n$J=X1\n", "Idle")],
    "jog and hold": [(b"$J=G91X20F300\n", "Jog"), (b"!", "Idle")],
    "end of the program": [(MOVE + b"S0\nM30\n$G\n", "Idle")],
    "check mode": [(b"$C\nG1X1\nG0X1\nF1\nG1X1\n", "Check"), (b"$C\n", "Idle"), (b"$G\n", "Idle")],
    "spindle stop in a hold": [(MOVE, "Run"), (b"!", "Hold:0"), (b"\x9e", "Hold:0"), (b"~", "Idle")],
    "arc": [(b"G21G91F600\nM3S0\nG2X2I1S10\nG4P0\n", "Idle"), (b"M5\n", "Idle")],
}  # fmt: skip
"""Bytes, and the state to wait for before the next: the firmware's simulator keeps no real time."""


def converse(host: Host, steps: list[tuple[bytes, str]]) -> list[str]:
    """What is heard but for status reports."""
    first = len(host.heard)
    for data, state in steps:
        host.say(data)
        host.lines(1.0 if data == b"\x18" else 0.3)
        for _ in range(100):
            host.say("?")
            heard = host.lines(0.2)
            if any(line.startswith(f"<{state}|") for line in heard):
                break
        else:
            raise AssertionError(f"it never was {state}: {host.heard[-5:]}")
        host.lines(0.3)
    return [line for line in host.heard[first:] if not line.startswith("<")]


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_conversations_go_alike(name: str, firmware: Host) -> None:
    made = Host(SimulatedLink(controller({120: 10.0, 110: 500.0})))
    reset(firmware)
    assert converse(made, CONVERSATIONS[name]) == converse(firmware, CONVERSATIONS[name])
