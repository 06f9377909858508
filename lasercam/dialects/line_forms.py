"""Lines of a program that consists of a few fixed forms: which form a line has, and the numbers in it.

Common ground of readers of languages that are not made of G-code words; encoders never come here. A form is text with
a `#` for every number; a line is of a form when all else agrees byte by byte. What is of no form is refused, and so is
every number that is not written in the one canonical way: no plus, no superfluous zero in front, digits on both sides
of a point.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from lasercam.compiling import compiled
from lasercam.dialects.gcode_words import Readable
from lasercam.errors import RereadError

CHUNK_BYTES = 1 << 18
COMPILED_FROM_BYTES = 1 << 18
"""First chunks below this are read in plain Python: loading the compiled kernels would take longer."""
MAX_NUMBERS: Final = 4
MAX_LINE_BYTES: Final = 240
"""Longer lines are refused; lasercam cuts its comments before."""

COMMENT: Final = -1
_OK, _FORM, _LONG, _COMMENT = range(4)
_MESSAGES = {
    _FORM: "the line has no form that lasercam writes",
    _LONG: f"the line is longer than {MAX_LINE_BYTES} bytes",
    _COMMENT: "a comment holds a byte that is no printable ASCII",
}
_NUMBER = re.compile(rb"-?(?:0|[1-9]\d{0,8})(?:\.\d{1,9})?")
_DIGITS = b"0123456789"


@dataclass(frozen=True)
class Lines:
    """Some whole lines; lists when plain, arrays when compiled. Arrays hold until the next lines are read.

    Attributes:
        form: index of each line's form; COMMENT for comments.
        numbers: MAX_NUMBERS per line, in 10^-9.
        first_line: 1-based number of the first line.
        use_compiled: whether the reader should go on compiled.
    """

    form: Any
    numbers: Any
    first_line: int
    use_compiled: bool

    def __len__(self) -> int:
        return len(self.form)


class Forms:
    """A language of fixed forms."""

    def __init__(self, forms: Sequence[str], comment: str) -> None:
        """Make the tables of both ways of reading.

        Args:
            forms: texts with a `#` per number, at most MAX_NUMBERS.
            comment: what opens a comment line.

        Raises:
            ValueError: two forms that a line could have at once.
        """
        self._comment = comment.encode("ascii")
        self._by_shape: dict[bytes, list[tuple[int, tuple[bytes | None, ...]]]] = {}
        table: list[list[int]] = [[0] * 128]
        number: list[int] = [0]
        accept: list[int] = [-1]

        def node(at: int, byte: int) -> int:
            if not table[at][byte]:
                table.append([0] * 128)
                number.append(0)
                accept.append(-1)
                table[at][byte] = len(table) - 1
            return table[at][byte]

        for index, form in enumerate(forms):
            text = form.encode("ascii")
            at = 0
            for byte in text:
                if byte == 35:
                    if not number[at]:
                        table.append([0] * 128)
                        number.append(0)
                        accept.append(-1)
                        number[at] = len(table) - 1
                    at = number[at]
                else:
                    at = node(at, byte)
            if accept[at] >= 0:
                raise ValueError(f"the form {form!r} stands twice")
            accept[at] = index
            literal = [None if piece == b"#" else piece for piece in re.findall(rb"#|" + _NUMBER.pattern, text)]
            shape = _NUMBER.sub(b"#", text)
            self._by_shape.setdefault(shape, []).append((index, tuple(literal)))
        for at, behind in enumerate(number):
            if behind and any(table[at][byte] for byte in b"-" + _DIGITS):
                raise ValueError("a number and a digit may stand at one place of two forms")
        self._tables = np.array(table, np.int32), np.array(number, np.int32), np.array(accept, np.int32)

    def read(self, stream: Readable, *, use_compiled: bool | None = None) -> Iterator[Lines]:
        """All lines, about a quarter of a megabyte at a time.

        Raises:
            RereadError: a line of no form; the lines before it are yielded first.
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
                if not data:
                    return
                raise RereadError("the file does not end with a line end: it was cut", line)
            if len(data) - end > MAX_LINE_BYTES:
                end, data = len(data) + 1, data + b"\n"
            pending = data[end:]
            if not end:
                continue
            if use_compiled:
                found, error = self._split_compiled(data[:end], line, scratch)
            else:
                found, error = self._split_plain(data[:end], line)
            yield found
            line += len(found)
            if error:
                raise RereadError(_MESSAGES[error], line)

    def _split_compiled(self, data: bytes, first_line: int, scratch: "_Scratch") -> tuple[Lines, int]:
        form, numbers = scratch.room_for(data.count(b"\n"))
        comment = np.frombuffer(self._comment, np.uint8)
        n, error = compiled(_split_lines)(np.frombuffer(data, np.uint8), *self._tables, comment, form, numbers)
        return Lines(form[:n], numbers[: n * MAX_NUMBERS], first_line, use_compiled=True), error

    def _split_plain(self, data: bytes, first_line: int) -> tuple[Lines, int]:
        forms: list[int] = []
        numbers: list[int] = []
        error = _OK
        for line in data.split(b"\n")[:-1]:
            form, found, error = self._line(line)
            if error:
                break
            forms.append(form)
            numbers += found + [0] * (MAX_NUMBERS - len(found))
        return Lines(forms, numbers, first_line, use_compiled=False), error

    def _line(self, line: bytes) -> tuple[int, list[int], int]:
        """Form and numbers of a line; plain Python, the oracle of the compiled kernel."""
        if len(line) > MAX_LINE_BYTES:
            return 0, [], _LONG
        if line.startswith(self._comment):
            return COMMENT, [], _OK if all(32 <= byte <= 126 for byte in line) else _COMMENT
        if b"#" in line:
            return 0, [], _FORM
        shown = _NUMBER.findall(line)
        for form, literal in self._by_shape.get(_NUMBER.sub(b"#", line), ()):
            if all(wanted is None or wanted == found for wanted, found in zip(literal, shown, strict=True)):
                values = [_value(found) for wanted, found in zip(literal, shown, strict=True) if wanted is None]
                if None not in values:
                    return form, [value for value in values if value is not None], _OK
        return 0, [], _FORM


class _Scratch:
    """The same arrays again and again: fresh ones would be given fresh memory, which costs as much as filling them."""

    def __init__(self) -> None:
        self._form = np.empty(0, np.int64)
        self._numbers = np.empty(0, np.int64)

    def room_for(self, n_lines: int) -> tuple[Any, Any]:
        """Forms and numbers of at least as many lines, holding anything."""
        if n_lines > len(self._form):
            self._form = np.empty(n_lines, np.int64)
            self._numbers = np.empty(n_lines * MAX_NUMBERS, np.int64)
        return self._form, self._numbers


def _value(text: bytes) -> int | None:
    """A number in 10^-9; None for a minus zero."""
    whole, _, fraction = text.lstrip(b"-").partition(b".")
    value = int(whole) * 10**9 + int(fraction.ljust(9, b"0"))
    if text.startswith(b"-"):
        return -value if value else None
    return value


def _split_lines(
    data: Any, table: Any, number: Any, accept: Any, comment: Any, form: Any, numbers: Any
) -> tuple[int, int]:
    """Kernel of `Forms.read`: whole lines to forms and numbers. Returns lines, and the error of the line behind."""
    n_lines = 0
    at = 0
    size = len(data)
    while at < size:
        end = at
        for i in range(4):
            numbers[4 * n_lines + i] = 0
        is_comment = True
        for i in range(len(comment)):
            if data[at + i] != comment[i]:
                is_comment = False
                break
        if is_comment:
            bad = False
            while data[end] != 10:
                bad = bad or data[end] < 32 or data[end] > 126
                end += 1
            if end - at > 240:
                return n_lines, _LONG
            if bad:
                return n_lines, _COMMENT
            form[n_lines] = COMMENT
            n_lines += 1
            at = end + 1
            continue
        node = 0
        found = 0
        i = at
        while data[i] != 10:
            if i - at >= 240:
                return n_lines, _LONG
            c = data[i]
            if number[node] and (48 <= c <= 57 or c == 45):
                negative = c == 45
                if negative:
                    i += 1
                first = i
                value = 0
                while 48 <= data[i] <= 57:
                    if i - first < 9:
                        value = value * 10 + (data[i] - 48)
                    i += 1
                if i == first or i - first > 9 or (data[first] == 48 and i - first > 1):
                    return n_lines, _FORM
                decimals = 0
                if data[i] == 46:
                    i += 1
                    while 48 <= data[i] <= 57:
                        if decimals < 9:
                            value = value * 10 + (data[i] - 48)
                        decimals += 1
                        i += 1
                    if decimals == 0 or decimals > 9:
                        return n_lines, _FORM
                for _ in range(9 - decimals):
                    value *= 10
                if negative and value == 0:
                    return n_lines, _FORM
                numbers[n_lines * 4 + found] = -value if negative else value
                found += 1
                node = number[node]
                continue
            if c > 127:
                return n_lines, _FORM
            node = table[node, c]
            if node == 0:
                return n_lines, _FORM
            i += 1
        if i - at > 240:
            return n_lines, _LONG
        if accept[node] < 0:
            return n_lines, _FORM
        form[n_lines] = accept[node]
        n_lines += 1
        at = i + 1
    return n_lines, _OK
