"""`lasercam run` on a real pseudo terminal: what is drawn, which keys act, and that the terminal is given back."""

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lasercam.pipeline.build import build
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from tests.run.test_processes import JOB, stage
from tests.support.jobs import write_job

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals")
COLOURS = re.compile(rb"\x1b\[[0-9;]*(?:3[0-9]|4[0-9]|38|48)[0-9;]*m")
LONGEST_S = 90.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("terminal")
    loaded = load_job(write_job(made, JOB))
    toolpath = plan_job(loaded)
    build(loaded, toolpath, judge(loaded, toolpath), made / "out", pictures=False)
    return made


class Screen:
    """A terminal of so many columns with a program on it."""

    def __init__(self, folder: Path, arguments: list[str], columns: int, **environment: str) -> None:
        self._ours, self._theirs = os.openpty()
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
        self.before = termios.tcgetattr(self._theirs)
        kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lasercam", "run", "out", *arguments], cwd=folder, stdin=self._theirs,
            stdout=self._theirs, stderr=self._theirs, env={**kept, "TERM": "xterm", **environment},
        )  # fmt: skip
        self.heard = b""

    def press(self, keys: bytes) -> None:
        os.write(self._ours, keys)

    def until(self, wanted: bytes) -> None:
        """Read on until something is drawn."""
        deadline, first = time.monotonic() + LONGEST_S, len(self.heard)
        while wanted not in self.heard[first:]:
            assert time.monotonic() < deadline, self.heard
            self._read()

    def end(self) -> int:
        deadline = time.monotonic() + LONGEST_S
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.heard
            self._read()
        self._read()
        return self.process.returncode

    @property
    def is_restored(self) -> bool:
        return termios.tcgetattr(self._theirs) == self.before

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)
        os.close(self._theirs)

    def _read(self) -> None:
        if select.select([self._ours], [], [], 0.1)[0]:
            self.heard += os.read(self._ours, 65_536)


@contextmanager
def screen(folder: Path, arguments: list[str], columns: int = 80, **environment: str) -> Iterator[Screen]:
    made = Screen(folder, arguments, columns, **environment)
    try:
        yield made
    finally:
        made.close()


def fresh(folder: Path) -> None:
    for path in folder.glob("out*.journal"):
        path.unlink()


@pytest.mark.parametrize(("ends_by", "columns"), [("q", 80), ("SIGTERM", 120)])
def test_keys_and_signals(ends_by: str, columns: int, folder: Path) -> None:
    fresh(folder)
    with stage(folder) as port, screen(folder, ["--port", port, "--yes"], columns) as shown:
        for piece in (b"of 24 over", b"on its way", b"q cut the beam"):
            shown.until(piece)
        assert not shown.is_restored, "single keys are read"
        shown.process.send_signal(signal.SIGTSTP)  # Ctrl-Z
        shown.press(b"p")
        shown.until(b"paused where the beam is off")
        shown.press(b"p")
        shown.until(b"going on")
        if ends_by == "q":
            shown.press(b"q")
        else:
            shown.process.send_signal(signal.SIGTERM)
        assert shown.end() == 5
        assert shown.is_restored
        assert b"the beam was cut at once" in shown.heard
        assert shown.heard.rindex(b"\x1b[?25h") > shown.heard.rindex(b"\x1b[?25l"), "the cursor is back"


@pytest.mark.parametrize(("environment", "is_live"), [({"TERM": "dumb"}, False), ({"NO_COLOR": "1"}, True)])
def test_plain_terminals(environment: dict[str, str], is_live: bool, folder: Path) -> None:
    fresh(folder)
    with screen(folder, ["--simulate", "--yes"], **environment) as shown:
        assert shown.end() == 0
        assert shown.is_restored
        assert b"done: 1 job file" in shown.heard
        assert (b"\x1b[?25l" in shown.heard) == is_live
        assert not COLOURS.search(shown.heard)


def test_a_signal_ends_a_question(folder: Path) -> None:
    fresh(folder)
    with screen(folder, ["--simulate"]) as shown:
        shown.until(b"on the stage?")
        time.sleep(0.2)
        shown.process.send_signal(signal.SIGINT)
        assert shown.end() == 5
        assert shown.is_restored
        assert not (folder / "out.simulated.journal").exists()
