"""Golden files, read by eye once: what is written may change only on purpose."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from lasercam.dialects import grbl_reader, linuxcnc_reader
from lasercam.errors import RereadError
from tests.dialects import golden_job, planning
from tests.oracle import rs274

FILES = golden_job.golden_files()


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}-{p.name}")
def test_files_are_written_as_reviewed(path: Path) -> None:
    assert FILES[path].decode() == path.read_bytes().decode()


def _cnc(data: bytes) -> list[planning.Exposed]:
    return planning.reread(linuxcnc_reader, data, planning.linuxcnc_machine())


def _grbl(data: bytes) -> list[planning.Exposed]:
    return planning.reread(grbl_reader, data, planning.grbl_machine())


CNC_FILE = golden_job.GOLDEN / "linuxcnc" / "small_job.ngc"
GRBL_FILE = golden_job.GOLDEN / "grbl" / "small_job.gcode"


def test_golden_files_hold_the_job() -> None:
    assert _cnc(CNC_FILE.read_bytes()) == planning.planned(golden_job.linuxcnc_block(), planning.RECIPES)
    assert _grbl(GRBL_FILE.read_bytes()) == planning.planned(golden_job.grbl_block(), planning.RECIPES)


@pytest.mark.rs274
def test_linuxcnc_reads_the_golden_file(interpret: Callable[[bytes], list[rs274.Call]]) -> None:
    calls = interpret(CNC_FILE.read_bytes())
    expected = planning.planned(golden_job.linuxcnc_block(), planning.RECIPES)
    assert rs274.exposures(calls, gate=0, trigger=3, pulses=planning.PULSES) == expected
    assert [c.name for c in calls if "MESSAGE" in c.name] == [], "a comment became a command"


def _mutations(data: bytes) -> Iterator[tuple[str, bytes]]:
    lines = data.splitlines(keepends=True)
    for i, line in enumerate(lines):
        yield f"without line {i + 1} {line!r}", b"".join(lines[:i] + lines[i + 1 :])
        yield f"line {i + 1} twice {line!r}", b"".join(lines[: i + 1] + lines[i:])
        if i:
            yield f"line {i + 1} swapped up {line!r}", b"".join([*lines[: i - 1], line, lines[i - 1], *lines[i + 1 :]])
        yield f"cut behind line {i}", b"".join(lines[:i])
    for i in range(len(data)):
        for bit in range(8):
            yield f"bit {bit} of byte {i}", data[:i] + bytes([data[i] ^ 1 << bit]) + data[i + 1 :]


def _essence(text: bytes) -> list[tuple[tuple[str, Decimal | str], ...]]:
    """Lines as the controller sees them: comments and blanks gone, numbers as numbers."""
    lines = []
    for raw in text.decode("latin-1").upper().split("\n"):
        kept = re.sub(r"\(.*?\)|\s", "", raw)
        # Latin-1 sees bytes as signs; \s matches more of them than a controller calls blank.
        words = tuple((a, Decimal(b)) if b else (a, "") for a, b in re.findall(r"([^\d.+-])([+-]?\d*\.?\d*)", kept))
        if words:
            lines.append(words)
    return lines


def _survivors(data: bytes, read: Callable[[bytes], list[planning.Exposed]]) -> set[str]:
    """Damage that is neither refused nor changes an exposure, although the controller sees other words."""
    meant, essence = read(data), _essence(data)
    found = set()
    for what, changed in _mutations(data):
        try:
            if read(changed) != meant:
                continue
        except RereadError:
            continue
        if _essence(changed) != essence:
            found.add(what)
    return found


def _lines(what: set[str], verb: str) -> set[str]:
    return {re.sub(r".*b'(.*)..'$", r"\1", w) for w in what if verb in w}


def test_no_damaged_linuxcnc_file_passes_for_the_job() -> None:
    """Lost, doubled, swapped lines, cut files and flipped bits change what is read, or are refused."""
    found = _survivors(CNC_FILE.read_bytes(), _cnc)
    # What may be lost: switching off, once more, what is off.
    assert _lines(found, "without") == {"M65 P0", "M65 P3"}
    assert len([w for w in found if "without" in w]) == 3
    flips = {w for w in found if w.startswith("bit")}
    # Exact stop by its other name before anything moves, the speed of a spindle that is none, a finer tolerance.
    text = CNC_FILE.read_bytes()
    harmless = {w for w in flips if _line_of(text, w).startswith((b"G61.1", b"M3 S1", b"G64"))}
    assert flips == harmless
    assert len(flips) <= 12


def test_no_damaged_grbl_file_passes_for_the_job() -> None:
    """Lost, doubled, swapped lines, cut files and flipped bits change what is read, or are refused."""
    found = _survivors(GRBL_FILE.read_bytes(), _grbl)
    # Without M4 S0 the next G0 switches the dot off, as it does lines.
    assert _lines(found, "without") == {"F3", "G4P0", "M4S0"}
    text = GRBL_FILE.read_bytes()
    flips = {w for w in found if w.startswith("bit")}
    # Another first feed rate, which no move uses; a longer wait after the end; less in a wait that is rounded up; an S
    # far above $30, which the controller cuts down to it all the same; M5 behind a dot, where the next one arms again.
    assert {_line_of(text, w) for w in flips if not _in_overdriven(text, w)} <= {
        b"F3",
        b"G4P0",
        b"G4P0.25",
        b"G4P1",
        b"M4S0",
    }


def _in_overdriven(text: bytes, what: str) -> bool:
    at = int(what.split()[-1])
    return any(m.start() < at < m.end() for m in re.finditer(rb"S1000000\n", text))


def _line_of(text: bytes, what: str) -> bytes:
    return text.split(b"\n")[text[: int(what.split()[-1])].count(b"\n")]
