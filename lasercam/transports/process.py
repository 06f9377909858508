"""A real firmware simulator as a child process: the same bytes on its standard input and output."""

import contextlib
import os
import select
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

from lasercam.errors import LinkError
from lasercam.transports.lines import LineCutter

VARIABLE: Final = "LASERCAM_GRBL_SIM"
"""Environment variable that names the simulator, with its arguments."""
_READ_BYTES: Final = 4096
_WRITE_S: Final = 2.0
_END_S: Final = 2.0
_EXIT_BYTES: Final = frozenset((0x06, 0xFF))
"""Bytes that end GRBL's desktop simulator instead of reaching the firmware. Source: measured."""


class ProcessLink:
    """A Transport to a program that reads a controller's bytes from standard input and answers on standard output.

    It is run without buffering where `stdbuf` is installed: otherwise answers lag behind by a line. Bytes 0x06 and 0xFF
    are not passed on. It can be frozen (SIGSTOP) and lose its power (killed and started again).

    Args:
        command: the program and its arguments, as in a shell.
        folder: where it runs, and keeps its stored settings; None is the current one.

    Raises:
        LinkError: it cannot be started.
    """

    def __init__(self, command: str, *, folder: Path | None = None) -> None:
        words = shlex.split(command)
        if not words:
            raise LinkError(f"{VARIABLE} names no program; give its path, such as /opt/grbl/grbl_sim.exe")
        unbuffered = shutil.which("stdbuf")
        self._words = [unbuffered, "-i0", "-o0", *words] if unbuffered else words
        self._name = words[0]
        self._folder = folder
        if shutil.which(words[0]) is None:
            raise LinkError(f"there is no program {words[0]} that could be run; {VARIABLE} or the profile names it")
        self._start()

    def write(self, data: bytes) -> None:
        """Send everything."""
        stream = self._process.stdin
        if stream is None or self._process.poll() is not None:
            raise LinkError(f"{self._name} has ended")
        rest = memoryview(bytes(byte for byte in data if byte not in _EXIT_BYTES))
        while rest:
            if not select.select([], [stream], [], _WRITE_S)[1]:
                raise LinkError(f"{self._name} takes no bytes any more")
            try:
                rest = rest[os.write(stream.fileno(), rest) :]
            except OSError as error:
                raise LinkError(f"{self._name} has ended") from error

    def read_line(self, timeout_s: float) -> bytes | None:
        """The next line, or None."""
        deadline = time.monotonic() + timeout_s
        while True:
            line = self._cutter.take()
            if line is not None:
                return line
            left = deadline - time.monotonic()
            stream = self._process.stdout
            if stream is None or stream.closed:
                raise LinkError(f"{self._name} has ended")
            if select.select([stream], [], [], max(left, 0.0))[0]:
                data = os.read(stream.fileno(), _READ_BYTES)
                if not data:
                    raise LinkError(f"{self._name} has ended")
                self._cutter.add(data)
            elif left <= 0:
                return None

    def now_s(self) -> float:
        """Real time."""
        return time.monotonic()

    def close(self) -> None:
        """End the program."""
        process = self._process
        if process.poll() is None:
            self.thaw()
            process.terminate()
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def freeze(self) -> None:
        """Stop the program where it is."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def power_cycle(self) -> None:
        """Kill it and start it again."""
        self._process.kill()
        self.close()
        self._start()

    def _start(self) -> None:
        self._cutter = LineCutter()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the operator names the program; no shell
                self._words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                cwd=self._folder,
            )
        except OSError as error:
            raise LinkError(f"{self._name} cannot be started ({error})") from error
