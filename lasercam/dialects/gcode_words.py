"""Bytes of a job file to G-code words: the common ground of the G-code readers. Encoders never come here.

Lines are split, comments dropped, and every word becomes a letter and an exact fixed-point number. What a word
means, and whether it is allowed, is each reader's own affair.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from lasercam.compiling import compiled
from lasercam.dialects.gcode_word_kernel import (
    ACTIVE,
    FINE,
    HUGE,
    LETTER,
    LONG,
    NESTED,
    NUL,
    NUMBER,
    OK,
    RAW_LONG,
    RETURN,
    UNCLOSED,
    UNITS,
    split_bytes,
)
from lasercam.errors import RereadError

CHUNK_BYTES = 1 << 18
"""Small enough that all columns made of a chunk together stay below some 10 MB."""
COMPILED_FROM_BYTES = 1 << 18
"""First chunks below this are read in plain Python: loading the compiled kernels would take longer."""
_MAX_PENDING_BYTES = 1 << 16

_MESSAGES = {
    RAW_LONG: "the line is longer than the controller reads",
    LONG: "the line is longer than the controller's line buffer",
    NUL: "a NUL byte stands in the line",
    RETURN: "a carriage return stands inside the line",
    NESTED: "a comment is opened inside a comment",
    UNCLOSED: "a comment is not closed",
    ACTIVE: "a comment is a command to the controller (a message, a log or a script)",
    LETTER: "a word must begin with a letter",
    NUMBER: "a letter is not followed by a number",
    FINE: "a number has more than nine decimals",
    HUGE: "a number is 10^9 or more",
}
_ACTIVE_COMMENTS = (
    b"ABORT,", b"AXIS,", b"DEBUG,", b"LOG", b"MSG,", b"PRINT,", b"PROBEOPEN", b"PROBECLOSE", b"PY", b"STYLE,",
    b"SYSTEM,",
)  # fmt: skip


class Readable(Protocol):
    """What a file is read from."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, none at the end."""
        ...


@dataclass(frozen=True)
class LineRules:
    """How a controller cuts its lines.

    Attributes:
        max_raw: most bytes of a line as it stands, line end excluded.
        max_stripped: most bytes once blanks and comments are gone.
        strict_comments: comments must be closed on their line, must not nest, and may be commands.
    """

    max_raw: int
    max_stripped: int
    strict_comments: bool


@dataclass(frozen=True)
class Words:
    """Words of some whole lines; lists when plain, arrays when compiled. Arrays hold until the next lines are read.

    Attributes:
        letter: uint8 (W,), upper case.
        value: int64 (W,), in 10^-9.
        digits: int64 (W,), digits printed, leading zeros included.
        starts: int64 (L + 1,), first word of each line.
        first_line: 1-based number of the first line.
        use_compiled: whether the reader should go on compiled.
    """

    letter: Any
    value: Any
    digits: Any
    starts: Any
    first_line: int
    use_compiled: bool

    @property
    def n_lines(self) -> int:
        """Lines held."""
        return len(self.starts) - 1


def words(stream: Readable, rules: LineRules, *, use_compiled: bool | None = None) -> Iterator[Words]:
    """All words of a file, about a quarter of a megabyte of lines at a time.

    Args:
        stream: the file, read once.
        rules: of the controller.
        use_compiled: force one of the two implementations; None chooses by size.

    Raises:
        RereadError: a line that the controller would refuse; the lines before it are yielded first.
    """
    pending, line = b"", 1
    scratch = _Scratch()
    while True:
        chunk = stream.read(CHUNK_BYTES)
        if use_compiled is None:
            use_compiled = len(chunk) >= COMPILED_FROM_BYTES
        data = pending + chunk
        end = data.rfind(b"\n") + 1
        if not chunk:
            end, data = len(data) + 1, data + b"\n"
            if len(data) == 1:
                return
        pending = data[end:]
        if len(pending) > _MAX_PENDING_BYTES:
            # Cut the endless line, so that its error comes out with its number.
            end, data, pending = len(data) + 1, data + b"\n", b""
        if not end:
            continue
        if use_compiled:
            found, error = scratch.split(data, end, rules, line)
        else:
            letters, values, counts, starts, error = split_plain(data[:end], rules)
            found = Words(letters, values, counts, starts, line, use_compiled=False)
        yield found
        if error:
            raise RereadError(_MESSAGES[error], line + found.n_lines)
        if not chunk:
            return
        line += found.n_lines


class _Scratch:
    """Splits whole lines into words by the compiled kernel, into the same arrays again and again.

    Fresh arrays would be given fresh memory each time, which costs as much as filling them.
    """

    def __init__(self) -> None:
        self._n_bytes = -1

    def split(self, data: bytes, end: int, rules: LineRules, first_line: int) -> tuple[Words, int]:
        """Words of the first `end` bytes, and the error of the line behind them."""
        if end > self._n_bytes:
            self._n_bytes = end
            self._letter = np.empty(end // 2 + 1, np.uint8)
            self._value, self._digits = np.empty(end // 2 + 1, np.int64), np.empty(end // 2 + 1, np.int64)
            self._starts = np.empty(end + 2, np.int64)
        n_words, n_lines, error = compiled(split_bytes)(
            np.frombuffer(data, np.uint8, end), min(rules.max_raw, _MAX_PENDING_BYTES), rules.max_stripped,
            rules.strict_comments, *_ACTIVE_TABLE, _POWERS, self._letter, self._value, self._digits, self._starts,
        )  # fmt: skip
        return Words(
            self._letter[:n_words], self._value[:n_words], self._digits[:n_words], self._starts[: n_lines + 1],
            first_line, use_compiled=True,
        ), error  # fmt: skip


_WORD = re.compile(rb"([A-Za-z])([+-]?)(\d*)(?:\.(\d*))?")


def split_plain(data: bytes, rules: LineRules) -> tuple[list[int], list[int], list[int], list[int], int]:
    """Letters, values, digit counts and line starts of whole lines, and the error of the line behind them.

    Plain Python: for small files, and the oracle of the compiled kernel.
    """
    letters: list[int] = []
    values: list[int] = []
    digits: list[int] = []
    starts = [0]
    max_raw = min(rules.max_raw, _MAX_PENDING_BYTES)
    for raw in data.split(b"\n")[:-1]:
        text = raw.removesuffix(b"\r")
        error = RAW_LONG if len(text) > max_raw else NUL if b"\0" in text else RETURN if b"\r" in text else OK
        n_words = len(letters)
        if not error:
            error = _split_line(text.translate(None, b" \t"), rules, letters, values, digits)
        if error:
            del letters[n_words:], values[n_words:], digits[n_words:]
            return letters, values, digits, starts, error
        starts.append(len(letters))
    return letters, values, digits, starts, OK


def _split_line(text: bytes, rules: LineRules, letters: list[int], values: list[int], digits: list[int]) -> int:
    strict = rules.strict_comments
    at = stripped = 0
    while at < len(text):
        opener = text[at : at + 1]
        if opener in (b"(", b";"):
            close = text.find(b")", at) if opener == b"(" else len(text)
            comment = text[at + 1 :] if close < 0 else text[at + 1 : close]
            if strict and opener == b"(" and b"(" in comment:
                return NESTED
            if strict and close < 0:
                return UNCLOSED
            if strict and comment.upper().startswith(_ACTIVE_COMMENTS):
                return ACTIVE
            at = len(text) if close < 0 else close + 1
            continue
        match = _WORD.match(text, at)
        if match is None:
            return LETTER
        letter, sign, whole, fraction = match.groups(default=b"")
        if not whole and not fraction:
            return NUMBER
        if int(whole or b"0") >= UNITS:
            return HUGE
        if fraction[9:].strip(b"0"):
            return FINE
        number = int(whole or b"0") * UNITS + int(fraction[:9].ljust(9, b"0"))
        letters.append(letter.upper()[0])
        values.append(-number if sign == b"-" else number)
        digits.append(len(whole) + len(fraction))
        stripped += match.end() - at
        at = match.end()
    return LONG if stripped > rules.max_stripped else OK


def _active_table() -> tuple[Any, Any]:
    lengths = np.array([len(word) for word in _ACTIVE_COMMENTS], np.int64)
    table = np.zeros((len(_ACTIVE_COMMENTS), int(lengths.max())), np.uint8)
    for row, word in enumerate(_ACTIVE_COMMENTS):
        table[row, : len(word)] = np.frombuffer(word, np.uint8)
    return table, lengths


_ACTIVE_TABLE = _active_table()
_POWERS = 10 ** np.arange(10, dtype=np.int64)
