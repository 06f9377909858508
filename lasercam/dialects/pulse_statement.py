"""What a job file tells the operator to set at the pulse counter: part of what the file means. For readers only."""

import re
from typing import BinaryIO

from lasercam.errors import RereadError


class StatementListener:
    """A file that listens, while it is read, for what it tells the operator to set at the pulse counter."""

    _PATTERN = re.compile(rb"\(- set the pulse counter on trigger output (\d{1,4}) to (\d{1,10})\)")
    _LONGEST = 80

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._kept = b""
        self._found: list[tuple[int, int]] = []

    def read(self, size: int) -> bytes:
        """The next bytes of the file."""
        chunk = self._stream.read(size)
        if b"(" not in chunk and b"(" not in self._kept:
            # Millions of lines without a comment are looked at for one byte only.
            self._kept = (self._kept + chunk[-self._LONGEST :])[-self._LONGEST :]
            return chunk
        text = self._kept + chunk
        for match in self._PATTERN.finditer(text):
            # A statement that ended in what was kept has been heard before.
            if match.end() > len(self._kept):
                self._found.append((int(match[1]), int(match[2])))
        if len(self._found) > 1:
            raise RereadError("the file tells the operator more than once what to set at the pulse counter")
        self._kept = text[-self._LONGEST :]
        return chunk

    def pulses(self, output: int) -> int | None:
        """The count for a trigger output; None when the file does not tell."""
        return next((pulses for number, pulses in self._found if number == output), None)
