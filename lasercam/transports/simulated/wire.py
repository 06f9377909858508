"""The serial line of the simulated controller: bytes that travel at its rate, and a receive buffer that overflows."""

import math
import re
from collections import deque
from typing import Final

from lasercam.transports.simulated.options import ControllerOptions

_PIECES: Final = re.compile(rb"[?!~\x18\x80-\xff]|[^\r\n?!~\x18\x80-\xff]*[\r\n]|[^\r\n?!~\x18\x80-\xff]+")
"""A real-time byte; a line with its end; the beginning of a line."""
_REALTIME: Final = frozenset(b"?!~\x18") | frozenset(range(128, 256))


class Receiver:
    """Bytes from the host: on the wire, then in the receive buffer, then in the line being read.

    Real-time bytes never enter the buffer. What does not fit is lost, as on an AVR.

    Attributes:
        is_reading: whether the controller takes bytes as they come; cleared by the end of a line.
        deaf_until_s: bytes that arrive before are lost.
        n_lost: how many bytes were lost.
    """

    def __init__(self, options: ControllerOptions) -> None:
        self._options = options
        self._byte_s = options.byte_time_s
        self._wire: deque[tuple[float, bytes]] = deque()
        self._free_s = 0.0
        self._buffer = bytearray()
        self._line = bytearray()
        self.is_reading = False
        self.deaf_until_s = 0.0
        self.n_lost = 0
        self._last_end = 0

    @property
    def next_s(self) -> float:
        """When the next line end or real-time byte has arrived."""
        if not self._wire:
            return math.inf
        start, piece = self._wire[0]
        return start + len(piece) * self._byte_s

    @property
    def n_free(self) -> int:
        """Bytes that still fit into the buffer."""
        return self._options.rx_bytes - len(self._buffer)

    @property
    def n_on_wire(self) -> int:
        """Bytes that have not arrived."""
        return sum(len(piece) for _, piece in self._wire)

    def send(self, data: bytes, now_s: float) -> None:
        """The host hands bytes over; they leave one after the other."""
        at = max(self._free_s, now_s)
        for match in _PIECES.finditer(data):
            piece = match.group()
            self._wire.append((at, piece))
            at += len(piece) * self._byte_s
        self._free_s = at

    def arrive(self, now_s: float) -> list[int]:
        """Take in what has arrived; the real-time bytes among it."""
        found: list[int] = []
        while self._wire:
            start, piece = self._wire[0]
            # half a byte's grace against rounding
            n_here = min(len(piece), int((now_s - start) / self._byte_s + 0.5)) if now_s > start else 0
            if n_here <= 0:
                break
            if n_here == len(piece):
                self._wire.popleft()
            else:
                self._wire[0] = (start + n_here * self._byte_s, piece[n_here:])
            here = piece[:n_here]
            if start + n_here * self._byte_s <= self.deaf_until_s:
                self.n_lost += n_here
            elif here[0] in _REALTIME:
                found.append(here[0])
            else:
                self._take(here)
            if n_here < len(piece):
                break
        return found

    def take_line(self) -> bytes | None:
        r"""The next line without its end, emptying the buffer as far as it goes; None where none has ended yet.

        To GRBL both `\r` and `\n` end a line; to grblHAL both together are one end.
        """
        while True:
            found = self._cut()
            if found is None:
                return None
            line, end = found
            is_second_half = self._options.firmware == "grblhal" and not line and (self._last_end, end) == (13, 10)
            self._last_end = end
            if not is_second_half:
                return line

    def _cut(self) -> tuple[bytes, int] | None:
        if self._line.endswith((b"\n", b"\r")):
            line, end = bytes(self._line[:-1]), self._line[-1]
            self._line.clear()
            return line, end
        ends = [at for at in (self._buffer.find(b"\n"), self._buffer.find(b"\r")) if at >= 0]
        if not ends:
            self._line += self._buffer
            self._buffer.clear()
            self.is_reading = True
            return None
        at = min(ends)
        line, end = bytes(self._line + self._buffer[:at]), self._buffer[at]
        del self._buffer[: at + 1]
        self._line.clear()
        return line, end

    def forget(self) -> None:
        """A reset: the buffer is emptied; what is on the wire still comes."""
        self._buffer.clear()
        self._line.clear()
        self.is_reading = False

    def drop_wire(self) -> None:
        """The power goes: what is on the wire meets nobody."""
        self.n_lost += self.n_on_wire
        self._wire.clear()

    def _take(self, data: bytes) -> None:
        if self.is_reading:
            self._line += data
            self.is_reading = data[-1] not in b"\r\n"
            return
        n_fits = min(len(data), self.n_free)
        self._buffer += data[:n_fits]
        self.n_lost += len(data) - n_fits


class Sender:
    """Lines to the host."""

    def __init__(self, options: ControllerOptions) -> None:
        self._byte_s = options.byte_time_s
        self._lines: deque[tuple[float, bytes]] = deque()
        self._free_s = 0.0

    def send(self, text: str, now_s: float) -> None:
        """A line, its end added."""
        data = text.encode("ascii")
        self._free_s = max(self._free_s, now_s) + (len(data) + 2) * self._byte_s
        self._lines.append((self._free_s, data))

    @property
    def next_s(self) -> float:
        """When the next line has wholly arrived at the host."""
        return self._lines[0][0] if self._lines else math.inf

    def take(self, now_s: float) -> bytes | None:
        """The next line that has arrived."""
        if self._lines and self._lines[0][0] <= now_s:
            return self._lines.popleft()[1]
        return None

    def forget(self) -> None:
        """Nobody listens any more."""
        self._lines.clear()
