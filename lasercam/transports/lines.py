"""Bytes from a device cut into lines."""

from typing import Final

from lasercam.errors import LinkError

MAX_LINE_BYTES: Final = 65_536
"""No controller says so much at once; more is a wrong device or a wrong baud rate."""


class LineCutter:
    """Collects bytes and gives lines, without their ends.

    Args:
        end: of a line; where it is a line feed, a carriage return before it belongs to it.
    """

    def __init__(self, end: bytes = b"\n") -> None:
        self._bytes = bytearray()
        self._end = end

    def add(self, data: bytes) -> None:
        """More bytes; raises LinkError when they never end a line."""
        self._bytes += data
        if len(self._bytes) > MAX_LINE_BYTES and self._end not in self._bytes:
            raise LinkError(
                f"{MAX_LINE_BYTES} bytes came without the end of a line: another device is there, or another baud rate"
            )

    def take(self) -> bytes | None:
        """The next whole line."""
        end = self._bytes.find(self._end)
        if end < 0:
            return None
        line = bytes(self._bytes[:end])
        del self._bytes[: end + len(self._end)]
        return line.removesuffix(b"\r") if self._end == b"\n" else line
