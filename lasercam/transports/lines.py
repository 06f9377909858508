"""Bytes from a device cut into lines."""

from typing import Final

from lasercam.errors import LinkError

MAX_LINE_BYTES: Final = 65_536
"""No controller says so much at once; more is a wrong device or a wrong baud rate."""


class LineCutter:
    """Collects bytes and gives lines, without their ends."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def add(self, data: bytes) -> None:
        """More bytes; raises LinkError when they never end a line."""
        self._bytes += data
        if len(self._bytes) > MAX_LINE_BYTES and b"\n" not in self._bytes:
            raise LinkError(
                f"{MAX_LINE_BYTES} bytes came without the end of a line: another device is there, or another baud rate"
            )

    def take(self) -> bytes | None:
        """The next whole line."""
        end = self._bytes.find(b"\n")
        if end < 0:
            return None
        line = bytes(self._bytes[:end]).removesuffix(b"\r")
        del self._bytes[: end + 1]
        return line
