"""Real firmware as the stage: GRBL's desktop simulator behind the same faults, with its own record of steps and laser.

`LASERCAM_GRBL_SIM` names the program (see `lasercam.transports.process`). Its step file (options `-r`, `-s`) says every
half millisecond of a move where the axes are and what the laser's output is: that is the truth about lines. It does
not write at standstill, so that dots are run but not judged. It cannot home, has no limit switches that could be
pressed, and keeps roughly real time.
"""

import os
import time
from collections import deque
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np

from lasercam.errors import LinkError
from lasercam.model.machine import Machine
from lasercam.model.toolpath import TICKS_PER_MM, RowKind, Toolpath
from lasercam.run.replies import Status, parse
from lasercam.transports.process import VARIABLE, ProcessLink
from lasercam.transports.simulated.truth import Exposed
from tests.run.random_jobs import random_strokes
from tests.run.stage import Stage, stage
from tests.support import builders

STEP_S = 0.0005
STEPS_PER_MM = 1000
RUN_OUT_UM = 200.0
"""The record ends with the planner's last block, up to 60 ms of steps before the stage stands: so long must the
dark way behind a stroke last, at 2 mm/s."""
FULL = 255
"""Of its laser output, 8 bits."""
RESET, NEWLINE, FIRST_REAL_TIME = 0x18, 0x0A, 0x80
_ANSWER_S = 10.0
SETTINGS = {
    "10": "3", "13": "0", "20": "0", "21": "0", "22": "0", "30": "1000", "31": "0", "32": "1", "11": "0.002",
    **{str(100 + axis): str(STEPS_PER_MM) for axis in range(3)}, **{str(110 + axis): "1200" for axis in range(3)},
    **{str(120 + axis): "500" for axis in range(3)},
}  # fmt: skip


class Firmware:
    """One controller with its stage: it lives on between sessions, and loses its place and its record with its power.

    Args:
        folder: for what it stores and records.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._boots = 0
        self._lines: deque[int] = deque()
        self._begun = 0
        self._start()
        self._set()

    @property
    def now_s(self) -> float:
        return time.monotonic()

    @property
    def beam_power(self) -> float:
        return self._status().power or 0.0

    @property
    def recorded_s(self) -> tuple[int, float]:
        """Where its record is now: which boot, and seconds of its own time."""
        times = [row[0] for row in self._rows(self._boots)]
        return self._boots, times[-1] if times else 0.0

    def exposed(self, since: tuple[int, float] = (0, 0.0)) -> list[Exposed]:
        """Every unbroken move with the beam on."""
        found: list[Exposed] = []
        for boot in range(max(since[0], 1), self._boots + 1):
            run: list[tuple[float, tuple[int, int, int]]] = []
            for before, after in pairwise(self._rows(boot)):
                if before[2] and after[2] and (boot, before[0]) >= since and _is_straight(run, after[1]):
                    run = run or [before[:2]]
                    run.append(after[:2])
                elif run:
                    found.append(_piece(run))
                    run = []
            if run:
                found.append(_piece(run))
        return found

    def outputs(self) -> set[int]:
        """Every value its laser output had while it moved."""
        return {row[2] for boot in range(1, self._boots + 1) for row in self._rows(boot)}

    @property
    def n_bytes_held(self) -> int:
        """What its receive buffer may hold: every byte of lines without an answer."""
        return sum(self._lines) + self._begun

    def sent(self, data: bytes) -> None:
        """Count them."""
        for byte in data:
            if byte == RESET:
                self._lines.clear()
                self._begun = 0
            elif byte < FIRST_REAL_TIME and byte not in b"?!~":
                self._begun += 1
                if byte == NEWLINE:
                    self._lines.append(self._begun)
                    self._begun = 0

    def said(self, line: bytes | None) -> None:
        """An answer frees its line."""
        if line is not None and (line == b"ok" or line.startswith(b"error:")) and self._lines:
            self._lines.popleft()

    def advance(self, until_s: float) -> None:
        """It keeps real time."""

    def run_out(self, seconds: float) -> None:
        """Nothing moves any more."""
        deadline = time.monotonic() + seconds
        calm = 0
        while calm < 2 and time.monotonic() < deadline:
            calm = calm + 1 if self._status().state in ("Idle", "Alarm", "Hold") else 0

    def power_cycle(self) -> None:
        self.process.close()
        self._start()

    def freeze(self) -> None:
        self.process.freeze()

    def thaw(self) -> None:
        self.process.thaw()

    def close(self) -> None:
        self.process.close()

    def _start(self) -> None:
        self._boots += 1
        record = self._folder / f"steps{self._boots}"
        command = f"{os.environ[VARIABLE]} -n -r {STEP_S} -s {record} -b /dev/null"
        self.process = ProcessLink(command, folder=self._folder)
        for _ in range(5):  # now and then it loses a start: its two threads race for it
            self.process.write(b"\n")
            if self._heard(b"ok", 3.0):
                return
        raise LinkError("the firmware simulator does not start")

    def _set(self) -> None:
        for name, value in SETTINGS.items():
            self.process.write(f"${name}={value}\n".encode())
            assert self._heard(b"ok", _ANSWER_S), name

    def _heard(self, wanted: bytes, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.read_line(0.1) == wanted:
                return True
        return False

    def _status(self) -> Status:
        for _ in range(20):
            self.process.write(b"?")
            deadline = time.monotonic() + 1.0
            while time.monotonic() < deadline:
                line = self.process.read_line(0.1)
                reply = None if line is None else parse(line)
                if isinstance(reply, Status):
                    return reply
        raise AssertionError("no status report")

    def _rows(self, boot: int) -> list[tuple[float, tuple[int, int, int], int]]:
        """Seconds, steps, output."""
        path = self._folder / f"steps{boot}"
        rows = []
        for line in path.read_text(errors="replace").splitlines() if path.is_file() else ():
            words = line.replace(",", " ").split()
            if len(words) == 5 and words[0] != "#":
                seconds, x, y, z, output = words
                rows.append((float(seconds), (int(x), int(y), int(z)), int(output)))
        return rows


def _is_straight(run: list[tuple[float, tuple[int, int, int]]], place: tuple[int, int, int]) -> bool:
    """Strokes run along x: another y is another stroke."""
    return not run or abs(run[0][1][1] - place[1]) <= 1


def _piece(run: list[tuple[float, tuple[int, int, int]]]) -> Exposed:
    (from_s, first), (to_s, last) = run[0], run[-1]
    ticks = TICKS_PER_MM // STEPS_PER_MM
    ends = [tuple(v * ticks for v in place) for place in (first, last)]
    kind = "line" if first != last else "dot"
    return Exposed(kind, ends[0], ends[1], 1000.0, 0.0, from_s, to_s, whole=True, line=0)


class FirmwareLink:
    """A host's link to it; several may follow one another."""

    def __init__(self, controller: Firmware) -> None:
        self.controller = controller

    def write(self, data: bytes) -> None:
        self.controller.process.write(data)
        self.controller.sent(data)

    def read_line(self, timeout_s: float) -> bytes | None:
        line = self.controller.process.read_line(timeout_s)
        self.controller.said(line)
        return line

    def now_s(self) -> float:
        return time.monotonic()

    def close(self) -> None:
        """The firmware goes on."""


def firmware_machine() -> Machine:
    """The quick machine, without homing."""
    made = stage()
    settings = {**made.controller.settings, "22": "0"}
    return made.model_copy(update={"controller": made.controller.model_copy(update={"settings": settings})})


def short_toolpath(random: Random) -> Toolpath:
    """A few seconds: real firmware takes its time."""
    listed = random_strokes(random, random.randint(3, 9), (1, 1, 2, 3, 14), (20, 50, 100, 200), RUN_OUT_UM)
    if random.random() < 0.3:
        listed.append((RowKind.JUMP, (0.0, 2000.0, 0.0), 0))
        listed += [(RowKind.LEAD, (20.0, 2000.0, 0.0), 0), (RowKind.LINE, (2520.0, 2000.0, 0.0), 0)]
        listed.append((RowKind.LEAD, (2520.0 + RUN_OUT_UM, 2000.0, 0.0), 0))
    recipes = (builders.line_recipe(float(random.choice((500, 1000, 2000)))), builders.dot_recipe(0.1, name="dots"))
    return builders.toolpath(recipes, [builders.rows(listed)])


class FirmwareStage(Stage):
    """A sample under real firmware."""

    def __init__(self, folder: Path, random: Random) -> None:
        self._boot_folder = folder
        super().__init__(folder, random, toolpath=short_toolpath(random), machine=firmware_machine())

    def _controller(self) -> Firmware:
        return Firmware(self._boot_folder)

    def _link(self) -> FirmwareLink:
        return FirmwareLink(self.controller)

    def on_fault(self) -> None:
        self._fault_at = self.controller.recorded_s

    def lit_after_the_fault_s(self) -> tuple[float, float]:
        boot, at_s = self._fault_at
        after = [p for p in self.controller.exposed(since=(boot, at_s)) if p.to_s > at_s]
        return max((p.to_s for p in after), default=at_s) - at_s, sum(p.to_s - max(p.from_s, at_s) for p in after)

    def exposing(self) -> set[int]:
        """Lines: its record says nothing about dots."""
        block = next(self.toolpath.blocks())
        return set(np.flatnonzero(block.kind == RowKind.LINE).tolist())
