"""Golden files of the Aerotech dialects, read by eye once, and that no damage to them goes unnoticed."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from lasercam.dialects import aerotech_a3200_reader, automation1_reader
from lasercam.errors import RereadError
from tests.dialects import aerotech_golden_job as job
from tests.dialects import aerotech_planning as aerotech
from tests.dialects import planning

FILES = job.golden_files()
READERS: dict[str, ModuleType] = {"aerotech_a3200": aerotech_a3200_reader, "automation1": automation1_reader}
CASES = [(dialect, gate) for dialect in READERS for gate in ("window", "stops")]


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}-{p.name}")
def test_files_are_written_as_reviewed(path: Path) -> None:
    assert FILES[path].decode() == path.read_bytes().decode()


@pytest.mark.parametrize(("dialect", "gate"), CASES)
def test_golden_files_hold_the_job(dialect: str, gate: str) -> None:
    assert reread(dialect, gate, job.path(dialect, gate).read_bytes()) == aerotech.expected(job.block())


def reread(dialect: str, gate: str, data: bytes) -> list[planning.Exposed] | None:
    """What a file exposes; None when it is refused."""
    try:
        return planning.reread(READERS[dialect], data, job.machine(dialect, gate))
    except RereadError:
        return None


def flips(data: bytes, known: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
    """Every bit of every line flipped, of lines that are alike once, with the line; not of lines of `known`."""
    seen = set(known.split(b"\n"))
    at = 0
    for line in data.split(b"\n")[:-1]:
        if line not in seen:
            seen.add(line)
            for i in range(at, at + len(line) + 1):
                for bit in range(8):
                    yield line, data[:i] + bytes([data[i] ^ 1 << bit]) + data[i + 1 :]
        at += len(line) + 1


@pytest.mark.parametrize(("dialect", "gate"), CASES)
def test_no_flipped_bit_goes_unnoticed(dialect: str, gate: str) -> None:
    """But in comments, where it may show or be refused."""
    data = job.path(dialect, gate).read_bytes()
    known = b"" if gate == "window" else job.path(dialect, "window").read_bytes()
    meant = aerotech.expected(job.block())
    comment = b";" if dialect == "aerotech_a3200" else b"//"
    survivors = {line for line, changed in flips(data, known) if reread(dialect, gate, changed) == meant}
    assert [line for line in survivors if not line.startswith(comment)] == []


SPARE = {
    "aerotech_a3200": {
        # What is off, or set so, already; and the reset before a mode that states all it needs.
        b"PSOCONTROL X OFF", b"PSOCONTROL X RESET", b"VELOCITY OFF", b"G90",
        # Before a reset that puts it off as well.
        b"PSOWINDOW X 1 OFF",
    },
    "automation1": {
        b"PsoOutputOff(X)", b"PsoReset(X)", b"VelocityBlendingOff()", b"SetupTaskTargetMode(TargetMode.Absolute)",
        b"PsoWindowOutputOff(X, 0)", b"PsoDistanceEventsOff(X)", b"PsoDistanceCounterOff(X)",
        # What stays from the last pulse train.
        b"PsoWaveformConfigureMode(X, PsoWaveformMode.Pulse)", b"PsoWaveformConfigurePulseFixedCount(X, 1)",
        b"PsoWaveformOn(X)", b"PsoOutputConfigureSource(X, PsoOutputSource.Waveform)",
        b"PsoOutputConfigureOutput(X, PsoOutputPin.XC4DedicatedOutput)",
        b"PsoWaveformConfigurePulseFixedTotalTime(X, 100)", b"PsoWaveformConfigurePulseFixedOnTime(X, 20)",
    },
}  # fmt: skip


@pytest.mark.parametrize(("dialect", "gate"), CASES)
def test_no_line_is_lost_unnoticed(dialect: str, gate: str) -> None:
    """Nor does a file that was cut pass."""
    data = job.path(dialect, gate).read_bytes()
    lines, meant = data.splitlines(keepends=True), aerotech.expected(job.block())
    for i, line in enumerate(lines):
        assert reread(dialect, gate, b"".join(lines[:i])) is None
        if reread(dialect, gate, b"".join(lines[:i] + lines[i + 1 :])) == meant:
            assert line.startswith((b"; -", b"// -")) or line.rstrip() in SPARE[dialect], line
    assert reread(dialect, gate, data[:-1]) is None


@pytest.mark.parametrize(("dialect", "gate"), CASES)
def test_nothing_fires_twice_unnoticed(dialect: str, gate: str) -> None:
    data = job.path(dialect, gate).read_bytes()
    lines, meant = data.splitlines(keepends=True), aerotech.expected(job.block())
    fires = (b"FIRE", b"GenerateSingle", b"CONTROL X ON", b"OutputOn", b"ARM", b"EventsOn", b"REPEAT", b"repeat")
    tried = 0
    for i, line in enumerate(lines):
        if any(word in line for word in fires) and not line.startswith((b";", b"//")) and b"Window" not in line:
            tried += 1
            assert reread(dialect, gate, b"".join(lines[: i + 1] + lines[i:])) != meant, line
    assert tried >= 6
