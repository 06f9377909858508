"""A simulated controller for other programs: behind a pseudo terminal, or a TCP port, in real time."""

import contextlib
import errno
import os
import select
import socket
import time
from collections.abc import Callable
from typing import Final, Protocol

from lasercam.errors import LinkError
from lasercam.transports.simulated.controller import SimulatedController

_READ_BYTES: Final = 4096
_LONGEST_S: Final = 0.05
"""How often it looks whether it shall stop."""


class Door(Protocol):
    """Where programs come in."""

    name: str
    """What they open."""

    def read(self, timeout_s: float) -> bytes:
        """Bytes that came in that time."""
        ...

    def write(self, data: bytes) -> None:
        """Bytes to whoever is there."""
        ...

    def close(self) -> None:
        """No more."""
        ...


class PtyDoor:
    """A pseudo terminal; its name can be opened like a serial port. Opening it does not reset: a pty has no DTR."""

    def __init__(self) -> None:
        import tty

        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        os.set_blocking(self._ours, False)
        self.name = os.ttyname(self._theirs)

    def read(self, timeout_s: float) -> bytes:
        """Bytes that came in that time."""
        if not select.select([self._ours], [], [], timeout_s)[0]:
            return b""
        try:
            return os.read(self._ours, _READ_BYTES)
        except OSError as error:
            if error.errno in (errno.EIO, errno.EAGAIN):
                return b""
            raise

    def write(self, data: bytes) -> None:
        """Bytes to whoever is there; lost where nobody reads."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._ours, data)

    def close(self) -> None:
        """Take it away."""
        os.close(self._ours)
        os.close(self._theirs)


class TcpDoor:
    """A TCP port of this computer; one program at a time. Port 0 takes any free one."""

    def __init__(self, port: int = 0) -> None:
        if not 0 <= port < 65_536:
            raise LinkError(f"{port} is no TCP port; allowed are 1 to 65535, or 0 for any free one")
        try:
            self._listener = socket.create_server(("127.0.0.1", port))
        except OSError as error:
            raise LinkError(f"TCP port {port} cannot be opened ({error}); 0 takes any free one") from error
        self.port = int(self._listener.getsockname()[1])
        self.name = f"127.0.0.1:{self.port}"
        self._client: socket.socket | None = None

    def read(self, timeout_s: float) -> bytes:
        """Bytes that came in that time."""
        waited: socket.socket = self._client or self._listener
        if not select.select([waited], [], [], timeout_s)[0]:
            return b""
        if self._client is None:
            self._client = self._listener.accept()[0]
            self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return b""
        try:
            data = self._client.recv(_READ_BYTES)
        except OSError:
            data = b""
        if not data:
            self._hang_up()
        return data

    def write(self, data: bytes) -> None:
        """Bytes to whoever is there."""
        if self._client is not None:
            try:
                self._client.sendall(data)
            except OSError:
                self._hang_up()

    def close(self) -> None:
        """Stop listening."""
        self._hang_up()
        self._listener.close()

    def _hang_up(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


def serve(
    controller: SimulatedController, door: Door, *, shall_stop: Callable[[], bool] = lambda: False, speed: float = 1.0
) -> None:
    """Run the controller in real time until `shall_stop`; the door stays open.

    Args:
        controller: its time passes with the clock's.
        door: where programs come in.
        shall_stop: asked at least 20 times a second.
        speed: simulated seconds in a second.
    """
    began, offset = time.monotonic(), controller.now_s
    while not shall_stop():
        now = offset + (time.monotonic() - began) * speed
        controller.advance(now)
        while (line := controller.take_line()) is not None:
            door.write(line + b"\r\n")
        data = door.read(min(max((controller.next_s - now) / speed, 0.0), _LONGEST_S))
        if data:
            controller.advance(offset + (time.monotonic() - began) * speed)
            controller.receive(data)
