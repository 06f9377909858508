"""The whole LinuxCNC without display or hardware, with its remote shell beside it: for whom commands it over TCP.

Stage and beam are sampled every servo cycle from beginning to end, so that what was written can be told afterwards.
"""

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from tests.controllers.linuxcnc_double import Beam
from tests.oracle.linuxcnc_headless import (
    _NOBODY,
    CYCLE_S,
    ControllerError,
    Stage,
    _end,
    _hal,
    _ini,
    _tail,
)

_UP_S = 40.0


class ServedLinuxCnc:
    """A context in which LinuxCNC runs, homed and on; `port` is where linuxcncrsh listens."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]

    def __enter__(self) -> Self:
        # A folder of its own: those of pytest are closed to other users, again and again.
        self._made = tempfile.TemporaryDirectory(prefix="lasercam-linuxcnc-", ignore_cleanup_errors=True)
        self.folder = folder = Path(self._made.name)
        folder.chmod(0o755)
        files = {
            "tool.tbl": "T1 P1 Z0 D0\n", "sim.ini": _ini(self._stage), "sim.hal": _hal(self._stage),
            "drive.py": _DRIVER,
        }  # fmt: skip
        for name, content in files.items():
            (folder / name).write_text(content)
        (folder / "drive.py").chmod(0o755)
        command = ["linuxcnc", str(folder / "sim.ini")]
        if os.geteuid() == 0:
            for path in (folder, *folder.iterdir()):
                os.chown(path, _NOBODY, _NOBODY)
            command = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", *command]
        environment = {
            "HOME": str(folder), "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C", "PORT": str(self.port)
        }  # fmt: skip
        self._log = folder / "linuxcnc.log"
        with self._log.open("wb") as out:
            self._process = subprocess.Popen(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + _UP_S
        while not (folder / "up").exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._end()
                raise ControllerError(f"LinuxCNC did not come up\n{_tail(self._log)}")
            time.sleep(0.1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end()

    def ask(self, what: str) -> None:
        """Have the display's stand-in do something: `estop`, `pause` or `abort`."""
        (self.folder / "asked").write_text(what)
        deadline = time.monotonic() + 5.0
        while (self.folder / "asked").exists():
            if time.monotonic() > deadline:
                raise ControllerError(f"'{what}' was not done")
            time.sleep(0.01)

    def samples(self) -> np.ndarray:
        """float64 (N, 5): x, y, z in µm, gate, armed; every cycle so far."""
        lines = (self.folder / "samples.txt").read_text().splitlines()[:-1]
        if any("overrun" in line for line in lines):
            raise ControllerError("samples were lost: the machine was too busy")
        table = np.array([[float(word) for word in line.split()[1:6]] for line in lines])
        table[:, :3] *= 1000.0
        return table

    def beams(self) -> list[Beam]:
        """Every spell of light: armed and open, as the wiring must make it."""
        time.sleep(0.3)  # what halsampler still holds
        table = self.samples()
        on = (table[:, 3] > 0.5) & (table[:, 4] > 0.5)
        change = np.flatnonzero(np.diff(np.concatenate(([0], on.astype(np.int8), [0]))))
        return [
            Beam(tuple(table[a, :3]), tuple(table[b - 1, :3]), (b - a) * CYCLE_S)
            for a, b in zip(change[::2], change[1::2], strict=True)
        ]

    def _end(self) -> None:
        (self.folder / "stop").write_text("")
        try:
            self._process.wait(15.0)
        except subprocess.TimeoutExpired:
            _end(self._process)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        self._made.cleanup()


_DRIVER = '''#!/usr/bin/python3
"""Stands in for LinuxCNC's display: homes, starts remote shell and sampler, and does what it is asked in a file."""
import os, subprocess, time
import linuxcnc

command, status = linuxcnc.command(), linuxcnc.stat()


def until(true):
    deadline = time.monotonic() + 20
    while True:
        status.poll()
        if true() or time.monotonic() > deadline:
            return
        time.sleep(0.01)


until(lambda: True)
command.state(linuxcnc.STATE_ESTOP_RESET)
until(lambda: status.task_state == linuxcnc.STATE_ESTOP_RESET)
command.state(linuxcnc.STATE_ON)
until(lambda: status.task_state == linuxcnc.STATE_ON)
command.mode(linuxcnc.MODE_MANUAL)
command.wait_complete()
command.home(-1)
until(lambda: all(status.homed[:3]))
command.teleop_enable(1)
shell = subprocess.Popen(
    ["linuxcncrsh", "--port", os.environ["PORT"], "--", "-ini", os.environ["INI_FILE_NAME"]], stdin=subprocess.DEVNULL
)
with open("samples.txt", "w") as samples:
    sampler = subprocess.Popen(["halsampler", "-t"], stdout=samples)
    time.sleep(1.0)
    open("up", "w").close()
    while not os.path.exists("stop"):
        if os.path.exists("asked"):
            asked = open("asked").read()
            if asked == "estop":
                command.state(linuxcnc.STATE_ESTOP)
            elif asked == "pause":
                command.auto(linuxcnc.AUTO_PAUSE)
            elif asked == "abort":
                command.abort()
            elif asked == "reset":
                command.state(linuxcnc.STATE_ESTOP_RESET)
                until(lambda: status.task_state == linuxcnc.STATE_ESTOP_RESET)
                command.state(linuxcnc.STATE_ON)
                until(lambda: status.task_state == linuxcnc.STATE_ON)
            if asked:
                os.remove("asked")
        time.sleep(0.01)
    sampler.terminate()
    sampler.wait()
shell.terminate()
shell.wait()
'''
