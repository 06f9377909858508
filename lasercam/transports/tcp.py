"""A controller behind a TCP socket: a serial-port server, or grblHAL with a network port."""

import socket
import time
from typing import Final

from lasercam.errors import LinkError
from lasercam.transports.lines import LineCutter

_CONNECT_S: Final = 5.0
_WRITE_S: Final = 2.0
_READ_BYTES: Final = 4096


class TcpLink:
    """A Transport over raw TCP.

    Args:
        host, port: where it listens.
        connect_timeout_s, write_timeout_s: how long to wait for either.
        end: of the lines that come.

    Raises:
        LinkError: nobody answers there.
    """

    def __init__(
        self, host: str, port: int, *, connect_timeout_s: float = _CONNECT_S, write_timeout_s: float = _WRITE_S,
        end: bytes = b"\n",
    ) -> None:  # fmt: skip
        self.address = f"{host}:{port}"
        if not 0 < port < 65_536:
            raise LinkError(f"{port} is no TCP port; allowed are 1 to 65535")
        try:
            self._socket = socket.create_connection((host, port), connect_timeout_s)
        except (OSError, UnicodeError) as error:
            raise LinkError(
                f"nobody answers at {self.address} ({error}); is the controller on, and is this its address?"
            ) from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._write_s = write_timeout_s
        self._cutter = LineCutter(end)
        self._is_open = True

    def write(self, data: bytes) -> None:
        """Send everything."""
        self._need_open()
        try:
            self._socket.settimeout(self._write_s)
            self._socket.sendall(data)
        except TimeoutError as error:
            raise LinkError(f"{self.address} takes no bytes any more") from error
        except OSError as error:
            raise LinkError(f"the link to {self.address} is gone ({error})") from error

    def read_line(self, timeout_s: float) -> bytes | None:
        """The next line, or None."""
        self._need_open()
        deadline = time.monotonic() + timeout_s
        while True:
            line = self._cutter.take()
            if line is not None:
                return line
            left = deadline - time.monotonic()
            data = self._receive(max(left, 0.0))
            if data is None:
                if left <= 0:
                    return None
                continue
            self._cutter.add(data)

    def now_s(self) -> float:
        """Real time."""
        return time.monotonic()

    def close(self) -> None:
        """Hang up."""
        if self._is_open:
            self._is_open = False
            self._socket.close()

    def _receive(self, timeout_s: float) -> bytes | None:
        try:
            self._socket.settimeout(timeout_s)
            data = self._socket.recv(_READ_BYTES)
        except (TimeoutError, BlockingIOError):
            return None
        except OSError as error:
            raise LinkError(f"the link to {self.address} is gone ({error})") from error
        if not data:
            raise LinkError(f"{self.address} has hung up")
        return data

    def _need_open(self) -> None:
        if not self._is_open:
            raise LinkError(f"the link to {self.address} has been closed")
