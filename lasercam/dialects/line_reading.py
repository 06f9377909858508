"""Job files of one command per line: exact numbers, rows that expose, line numbers for errors. For readers only."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final, Protocol

import numpy as np

from lasercam.errors import RereadError
from lasercam.model.exposure import ExposureBlock

MAX_LINE: Final = 400
"""Bytes of a line; no command that lasercam writes is as long."""
_BLOCK_ROWS: Final = 16_384
_TRIMMED = re.compile(r"-?(?:0|[1-9][0-9]{0,9})(?:\.([0-9]{0,11}[1-9]))?")
_PADDED = re.compile(r"-?(?:0|[1-9][0-9]{0,9})(?:\.([0-9]{1,12}))?")


def number(text: str, scale: int, what: str, *, padded: bool = False) -> int:
    """A number in multiples of 1 / scale (a power of ten).

    Args:
        text: as printed.
        scale: multiples per unit.
        what: for messages.
        padded: printed to a fixed number of decimals.

    Raises:
        RereadError: not a number as lasercam prints it, or too fine.
    """
    match = (_PADDED if padded else _TRIMMED).fullmatch(text)
    digits = text.replace(".", "")
    if match is None or (text.startswith("-") and not int(digits)):
        raise RereadError(f"{what} '{text[:40]}' is no number as lasercam prints it")
    finest = int(10 ** len(match[1] or ""))
    if finest > scale:
        raise RereadError(f"{what} {text} is finer than the controller resolves here")
    return int(digits) * (scale // finest)


class Exposures:
    """Rows that a script exposes, until they are taken."""

    def __init__(self) -> None:
        self._rows: list[list[int]] = []
        self._marked = 0

    def __len__(self) -> int:
        return len(self._rows)

    def add(
        self, kind: int, start: Sequence[int], end: Sequence[int], speed_nm_s: int = 0, open_ns: int = 0, count: int = 0
    ) -> None:
        """One more row, of the line that is being read."""
        self._rows.append([int(kind), *start, *end, speed_nm_s, open_ns, count])

    def mark(self, line: int) -> None:
        """All rows since the last mark stand in this line."""
        for row in self._rows[self._marked :]:
            row.append(line)
        self._marked = len(self._rows)

    def taken(self) -> ExposureBlock:
        """The rows so far, which are forgotten."""
        rows: Any = np.array(self._rows, np.int64).reshape(-1, 11)
        self._rows, self._marked = [], 0
        kind, start, end = rows[:, 0].astype(np.uint8), rows[:, 1:4].copy(), rows[:, 4:7].copy()
        block = ExposureBlock(kind, start, end, *(rows[:, i].copy() for i in (7, 8, 9, 10)))
        for array in (
            block.kind, block.start_ticks, block.end_ticks, block.speed_nm_s, block.open_ns, block.count, block.line
        ):  # fmt: skip
            array.flags.writeable = False
        return block


class Script(Protocol):
    """The state of a controller between lines."""

    exposures: Exposures

    def line(self, text: str) -> None:
        """Do one line; raises RereadError without its number."""
        ...

    def ended(self) -> None:
        """Judge the end of the file; raises RereadError."""
        ...


def interpret(stream: BinaryIO, script: Script) -> Iterator[ExposureBlock]:
    """What a script exposes, line by line.

    Raises:
        RereadError: with its line: what the script refuses, or a line that is no plain text.
    """
    line = 0
    for line, raw in enumerate(iter(lambda: stream.readline(MAX_LINE), b""), 1):
        try:
            script.line(_text(raw))
        except RereadError as error:
            raise RereadError(error.reason, line) from error
        script.exposures.mark(line)
        if len(script.exposures) >= _BLOCK_ROWS:
            yield script.exposures.taken()
    try:
        script.ended()
    except RereadError as error:
        raise RereadError(error.reason, line) from error
    if len(script.exposures):
        yield script.exposures.taken()


def _text(raw: bytes) -> str:
    if not raw.endswith(b"\n"):
        raise RereadError("the line is not ended, or longer than any that lasercam writes")
    text = raw[:-1].decode("latin-1")
    if not text.isascii() or not text.isprintable():
        raise RereadError("the line holds more than printable ASCII")
    return text
