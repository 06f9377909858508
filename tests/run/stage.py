"""Random jobs, a simulated stage with faults in its link, and the truth about the sample held against the journal."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from lasercam.dialects.grbl import Grbl
from lasercam.errors import LinkError
from lasercam.model.links import LaserAdapter
from lasercam.model.machine import Machine
from lasercam.model.protocols import ProgramHeader
from lasercam.model.toolpath import RowKind, Toolpath
from lasercam.run.journal import Journal, JournalError, ProgramKey, ProgramRecord, read_journal
from lasercam.run.operator import Controls, Events
from lasercam.run.planned import Planned, Wanted
from lasercam.run.program import JobLine, job_lines
from lasercam.run.resume import file_sha256, whole_program
from lasercam.run.session import Session
from lasercam.transports import faults
from lasercam.transports.simulated.controller import SimulatedController
from lasercam.transports.simulated.link import SimulatedLink
from lasercam.transports.simulated.options import ControllerOptions
from lasercam.transports.simulated.settings import settings_of, work_offset_mm
from tests.run.random_jobs import random_toolpath
from tests.support import builders

TICK = 1e-4
MAX_AHEAD_S = 1.0


class Killed(BaseException):
    """SIGKILL: nothing of the program runs any more."""


SET_BY_S = {
    "wavelength": "1030 nm", "pulse_duration": "300 fs", "base_rate": "100 kHz", "max_divider": 100,
    "source": "example value",
    "pulse_energy": {
        "control": "spindle", "min": "0.1 uJ", "max": "200 uJ",
        "scale": {"law": "linear", "unit": "S", "low": 0, "high": 1000, "full_at": 1000, "full": "200 uJ",
                  "source": "example value"},
    },
}  # fmt: skip
"""A laser whose energy is the S word: M3 is in force throughout."""


def stage(**changes: object) -> Machine:
    """A quick machine."""
    axis = {"min": "-20 mm", "max": "20 mm", "max_speed": "20 mm/s", "acceleration": "500 mm/s^2"}
    controller = {
        "dialect": "grbl", "increment": "1 um", "path_tolerance": "2 um", "source": "example value",
        "max_ahead": "1 s", "checkpoint_interval": "2 s", "settings": {"30": "1000", "31": "0", "32": "1"},
    }  # fmt: skip
    return builders.machine("grbl", axes={"x": axis, "y": axis, "z": axis}, controller=controller, **changes)


@dataclass
class Fault:
    """What goes wrong, and when: after so many bytes sent or lines received."""

    kind: str
    at: int


@dataclass(eq=False)
class FaultyLink:
    """A transport that does as it should until its fault is due."""

    inner: Any
    fault: Fault
    random: Random
    journal_dead: Callable[[], None]
    controls: Controls
    on_fault: Callable[[], None] = lambda: None
    most_held: int = 0
    happened_s: float | None = None
    broken: str = ""
    _n: int = 0
    _armed: bool = False
    _late: list[bytes] = field(default_factory=list)

    def happens(self) -> None:
        self.happened_s = self.inner.controller.now_s
        self.on_fault()

    def arm(self) -> None:
        self._armed = True

    def now_s(self) -> float:
        if self.broken == "killed":
            raise Killed
        return self.inner.now_s()

    def close(self) -> None:
        self.inner.close()

    def write(self, data: bytes) -> None:
        self._check()
        if data == b"?" or not self._due("write"):
            return self._write(data)
        kind, ctl = self.fault.kind, self.inner.controller
        self.happens()
        if kind == "flip":
            index = self.random.randrange(len(data))
            data = data[:index] + bytes([data[index] ^ (1 << self.random.randrange(7))]) + data[index + 1 :]
        elif kind == "lose_byte":
            index = self.random.randrange(len(data))
            data = data[:index] + data[index + 1 :]
        elif kind == "inject_override":
            data = self.random.choice((b"\x91", b"\x9a", b"\x96")) + data
        elif kind == "inject_reset":
            data += b"\x18"
        elif kind == "inject_hold":
            data += b"!"
        elif kind == "power":
            self._write(data)
            ctl.power_cycle()
            return None
        elif kind == "limit":
            self._write(data)
            ctl.trip_limit()
            return None
        elif kind == "freeze":
            self._write(data)
            ctl.freeze()
            return None
        elif kind == "close":
            self.broken = "closed"
            raise LinkError("unplugged")
        elif kind == "close_after":
            self._write(data)
            self.broken = "closed"
            return None
        elif kind == "kill":
            self._kill()
        elif kind == "kill_after":
            self._write(data)
            self._kill()
        elif kind == "abort":
            self.controls.abort("test")
        elif kind == "stop":
            self.controls.stop()
        elif kind == "disk_full":
            self.journal_dead()
        return self._write(data)

    def read_line(self, timeout_s: float) -> bytes | None:
        self._check()
        line = self._late.pop(0) if self._late else self.inner.read_line(timeout_s)
        if line is None or not self._due("read", line):
            return line
        self.happens()
        kind = self.fault.kind
        if kind == "swallow_ok":
            return None
        if kind == "double_ok":
            self._late.append(b"ok")
        elif kind == "noise":
            self._late += [b"\xff\x00garbage"] * 6
        elif kind == "say_alarm":
            self._late.append(b"ALARM:1")
        elif kind == "say_banner":
            self._late.append(b"Grbl 1.1h ['$' for help]")
        elif kind == "say_error":
            return b"error:20"
        elif kind == "spoil_ok":
            return b"oj"
        return line

    def _write(self, data: bytes) -> None:
        self.inner.write(data)
        if (
            self.fault.kind != "freeze" or self.happened_s is None
        ):  # one that hangs takes no reset, which would empty it
            self.most_held = max(self.most_held, self.inner.controller.n_bytes_held)

    def _check(self) -> None:
        if self.broken == "killed":
            raise Killed
        if self.broken:
            raise LinkError("unplugged")

    def _kill(self) -> None:
        self.broken = "killed"
        raise Killed

    def _due(self, way: str, line: bytes = b"ok") -> bool:
        """Whether the fault happens now, counting writes or acknowledgements once armed."""
        if not self._armed or self.happened_s is not None or way != WAY[self.fault.kind] or line != b"ok":
            return False
        self._n += 1
        return self._n > self.fault.at


WAY = {
    **dict.fromkeys(
        ("flip", "lose_byte", "inject_override", "inject_reset", "inject_hold", "power", "limit", "freeze", "close",
         "close_after", "kill", "kill_after", "abort", "stop", "disk_full", "none"),
        "write",
    ),
    **dict.fromkeys(
        ("swallow_ok", "double_ok", "noise", "say_alarm", "say_banner", "say_error", "spoil_ok"), "read"
    ),
}  # fmt: skip


class DyingJournal(Journal):
    """A journal whose disk fills up, or whose program is killed."""

    link: FaultyLink | None = None
    full = noticed = False

    def _append(self, **record: object) -> None:
        if self.link is not None and self.link.broken == "killed":
            raise Killed
        if DyingJournal.full and self.link is not None:
            if not DyingJournal.noticed:
                DyingJournal.noticed = True
                self.link.happens()
            raise JournalError("the disk is full")
        super()._append(**record)


class Yes:
    """Confirms everything, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answer = "skip"
        self.asked: list[str] = []

    def confirm(self, question: str) -> bool:
        self.asked.append(question)
        return True

    def by_hand(self, question: str) -> bool:
        return self.confirm(question)

    def decide(self, question: str) -> str:
        return self.answer


class Stage:
    """One sample, one controller, one journal; sessions follow one another."""

    def __init__(
        self, folder: Path, random: Random, options: ControllerOptions | None = None, *,
        machine: Machine | None = None, toolpath: Toolpath | None = None,
    ) -> None:  # fmt: skip
        self.random = random
        self.machine = machine or stage()
        self.toolpath = toolpath or random_toolpath(random)
        section = self.toolpath.header.sections[0]
        encoder = Grbl().encoder(ProgramHeader(self.toolpath.header, 0, self.machine))
        path = folder / "job.gcode"
        path.write_bytes(encoder.begin() + b"".join(encoder.block(b) for b in self.toolpath.blocks()) + encoder.end())
        self.planned = Planned(path, file_sha256(path), section, self.machine, Grbl(), "the laser")
        self.journal_path = folder / "job.journal"
        self.options = replace(options or ControllerOptions(), work_offset_mm=work_offset_mm(self.machine))
        self.controller = self._controller()
        self.controls = Controls()
        self.link: FaultyLink | None = None
        self.progress: list[dict[str, object]] = []
        self.messages: list[str] = []
        self.person = Yes()
        self.laser: LaserAdapter | None = None

    def _controller(self) -> Any:
        return SimulatedController(settings_of(self.machine), self.options)

    def _link(self) -> Any:
        return SimulatedLink(self.controller)

    def scripted(self, script: Sequence[faults.Fault], seed: int) -> int:
        """A session through the scripted faults of `lasercam.transports.faults`."""
        self.controls = Controls()
        DyingJournal.link, DyingJournal.full = None, False
        link = faults.FaultyLink(SimulatedLink(self.controller), script, seed=seed, controls=self.controller)
        session = Session(
            self.toolpath, [self.planned], self.journal_path, lambda machine: link, self.person, self.controls,
            Events(None), "A7",
        )  # fmt: skip
        return session.run(Wanted())

    def session(self, fault: Fault, *, resume: bool = False, answer: str = "skip", frame: bool = False) -> int:
        self.controls = Controls()
        self.person.answer = answer
        DyingJournal.full = DyingJournal.noticed = False

        def disk() -> None:
            DyingJournal.full = True

        link = FaultyLink(self._link(), fault, self.random, disk, self.controls)
        link.on_fault = self.on_fault
        self.link = link
        DyingJournal.link = link

        def told(event: dict[str, object]) -> None:
            if event["event"] == "start":
                link.arm()
            elif event["event"] == "message":
                self.messages.append(str(event["text"]))
            elif event["event"] == "progress":
                self.progress.append(event)

        session = Session(
            self.toolpath, [self.planned], self.journal_path, lambda machine: link, self.person, self.controls,
            Events(None, told), "A7", open_laser=lambda machine: self.laser, is_simulated=True,
        )  # fmt: skip
        return session.run(Wanted(resume=resume, frame=frame))

    def truth(self) -> dict[int, list[tuple[float, float]]]:
        """By row: pieces of it that the beam was on, as shares 0 to 1 along it; a dot by its time over the wanted."""
        block = next(self.toolpath.blocks())
        found: dict[int, list[tuple[float, float]]] = {}
        lines = np.flatnonzero(block.kind == RowKind.LINE)
        dots = np.flatnonzero(block.kind == RowKind.DOT)
        for piece in self.controller.exposed():
            start, end = np.array(piece.start_ticks), np.array(piece.end_ticks)
            if piece.kind == "dot":
                at = dots[(np.abs(block.end_ticks[dots] - start) <= 20_000).all(axis=1)]
                if len(at):
                    found.setdefault(int(at[0]), []).append((piece.from_s, piece.to_s))
                    continue
                # standing at the end of a line
                continue
            y = block.end_ticks[lines, 1]
            for row in lines[np.abs(y - start[1]) <= 20_000].tolist():
                a, b = block.start_ticks[row, 0], block.end_ticks[row, 0]
                low, high = max(start[0], a), min(end[0], b)
                if high - low > 10_000:
                    found.setdefault(row, []).append(((low - a) / (b - a), (high - a) / (b - a)))
        return found

    def on_fault(self) -> None:
        """Told when a fault happens."""

    def lit_after_the_fault_s(self) -> tuple[float, float]:
        """From the fault until the beam was on for the last time, and how long it was on since."""
        assert self.link is not None
        assert self.link.happened_s is not None
        at_s = self.link.happened_s
        after = [p for p in self.controller.exposed() if p.to_s > at_s]
        return max((p.to_s for p in after), default=at_s) - at_s, sum(p.to_s - max(p.from_s, at_s) for p in after)

    def is_whole(self, row: int, truth: dict[int, list[tuple[float, float]]]) -> bool:
        block = next(self.toolpath.blocks())
        pieces = truth.get(row, [])
        if block.kind[row] == RowKind.DOT:
            return sum(b - a for a, b in pieces) >= 0.0999
        length_um = float(np.abs(block.end_ticks[row] - block.start_ticks[row]).max()) / 10_000
        return sum(b - a for a, b in pieces) >= 1 - 4.0 / length_um

    def duplicates(self, truth: dict[int, list[tuple[float, float]]]) -> list[int]:
        """Rows of which something was exposed twice."""
        block = next(self.toolpath.blocks())
        twice = []
        for row, pieces in truth.items():
            if block.kind[row] == RowKind.DOT:
                if sum(b - a for a, b in pieces) > 0.1 + 0.06:
                    twice.append(row)
                continue
            pieces = sorted(pieces)
            length_um = float(np.abs(block.end_ticks[row] - block.start_ticks[row]).max()) / 10_000
            if any(b[0] < a[1] - 3.0 / length_um for a, b in itertools.pairwise(pieces)):
                twice.append(row)
        return twice

    def longest_stroke_bytes(self) -> int:
        """Bytes from where the beam goes on to where it goes off, the line that does so included."""
        return max(len(b"".join(line.text for line in stroke)) for stroke in self._strokes())

    def _strokes(self) -> list[list[JobLine]]:
        program = whole_program(self.planned.path, self.toolpath, self.planned.section, self.machine, Grbl())
        strokes: list[list[JobLine]] = [[]]
        for line in job_lines(program):
            strokes[-1].append(line)
            if line.is_dark_after:
                strokes.append([])
        return strokes

    def record(self) -> ProgramRecord:
        """What the journal says."""
        return read_journal(self.journal_path).of(ProgramKey(0))

    def exposing(self) -> set[int]:
        block = next(self.toolpath.blocks())
        return set(np.flatnonzero(block.exposes).tolist())
