"""Path data as arrays: a tolerant reader of the `d` attribute, many paths at once.

What stands before an error is drawn, as the specification asks; the error itself is reported with its place.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOVE, LINE, QUAD, CUBIC, ARC, CLOSE = range(6)
COLUMNS = 8
"""x0 y0, two points between (arcs: rx ry, rotation in degrees and 2·large + sweep), x3 y3; unused ones are 0."""
MAX_NUMBER = 1e12
"""Larger coordinates are errors of the drawing."""
COMPILED_FROM_BYTES = 300_000
"""Below, loading the compiled reader takes longer than it saves."""

_SPACE = " \t\r\n\f"
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SEPARATOR = re.compile(r"[ \t\r\n\f]*,?[ \t\r\n\f]*")
_ARGUMENTS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "A": 7}


@dataclass(frozen=True, eq=False)
class PathTable:
    """Rows of many paths, in order.

    Attributes:
        kind: uint8 (R,), MOVE, LINE, QUAD, CUBIC, ARC or CLOSE; every subpath starts with a MOVE, and CLOSE is the
            line back to it.
        points: float64 (R, 8), see COLUMNS, user units.
        path: int64 (R,), index of the path, ascending.
        errors: path and byte at which reading stopped, where it did.
    """

    kind: NDArray[np.uint8]
    points: NDArray[np.float64]
    path: NDArray[np.int64]
    errors: tuple[tuple[int, int], ...] = ()

    def __len__(self) -> int:
        return len(self.kind)


def read_paths(texts: Sequence[str], *, compiled: bool | None = None) -> PathTable:
    """The rows of many `d` attributes.

    Args:
        texts: one per path.
        compiled: use the compiled reader; None decides by size. Both give the same bits.
    """
    if compiled is None:
        compiled = sum(map(len, texts)) >= COMPILED_FROM_BYTES
    if compiled:
        from lasercam.sources.svg.path_kernel import read_compiled

        return read_compiled(texts)
    return read_plain(texts)


def read_plain(texts: Sequence[str], indices: Sequence[int] | None = None) -> PathTable:
    """The same in plain Python; `indices` are the numbers the paths get."""
    kinds: list[int] = []
    rows: list[tuple[float, ...]] = []
    path: list[int] = []
    errors: list[tuple[int, int]] = []
    for number, text in zip(indices if indices is not None else range(len(texts)), texts, strict=True):
        stopped = _Reader(text, kinds, rows).read()
        path.extend([number] * (len(kinds) - len(path)))
        if stopped is not None:
            errors.append((number, stopped))
    points = np.array(rows, dtype=np.float64).reshape(-1, COLUMNS)
    return PathTable(np.array(kinds, np.uint8), points, np.array(path, np.int64), tuple(errors))


class _Reader:
    """Reads one path, row by row.

    Source: https://www.w3.org/TR/SVG2/paths.html#PathDataBNF
    """

    def __init__(self, text: str, kinds: list[int], rows: list[tuple[float, ...]]) -> None:
        self.text, self.kinds, self.rows = text, kinds, rows
        self.at = 0
        self.x = self.y = self.start_x = self.start_y = 0.0
        self.control = (0.0, 0.0)
        self.last = ""
        self.is_open = False

    def read(self) -> int | None:
        """Append all rows; where reading stopped, or None at a good end."""
        self._skip_space()
        text, end = self.text, len(self.text)
        if text[self.at :].strip(_SPACE) == "none":
            return None
        is_first = True
        while self.at < end:
            letter = text[self.at]
            upper = letter.upper()
            if upper not in "MLHVCSQTAZ" or (is_first and upper != "M") or not letter.isascii():
                return self.at
            self.at += 1
            if upper == "Z":
                self._close()
            elif not self._arguments(upper, is_relative=letter != upper):
                return self.at
            is_first = False
            self._skip_space()
        return None

    def _skip_space(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in _SPACE:
            self.at += 1

    def _arguments(self, command: str, *, is_relative: bool) -> bool:
        """Segments of one command letter; False where one is incomplete."""
        wanted = _ARGUMENTS[command]
        self._skip_space()
        is_first = True
        while True:
            before = self.at
            values: list[float] = []
            for index in range(wanted):
                if index or not is_first:
                    comma = _SEPARATOR.match(self.text, self.at)
                    self.at = comma.end() if comma else self.at
                value = self._flag() if command == "A" and index in (3, 4) else self._number()
                if value is None:
                    # Where nothing but white space followed, the next letter or the end may stand.
                    return index == 0 and not is_first and not self.text[before : self.at].strip(_SPACE)
                values.append(value)
            self._segment("L" if command == "M" and not is_first else command, values, is_relative=is_relative)
            is_first = False

    def _number(self) -> float | None:
        match = _NUMBER.match(self.text, self.at)
        if match is None:
            return None
        value = float(match.group())
        if not abs(value) <= MAX_NUMBER:
            return None
        self.at = match.end()
        return value

    def _flag(self) -> float | None:
        if self.text[self.at : self.at + 1] not in ("0", "1"):
            return None
        self.at += 1
        return float(self.text[self.at - 1])

    def _row(self, kind: int, a: float, b: float, c: float, d: float, x: float, y: float) -> None:
        if kind != MOVE and not self.is_open:
            self.kinds.append(MOVE)
            self.rows.append((self.x, self.y, 0.0, 0.0, 0.0, 0.0, self.x, self.y))
        self.is_open = True
        self.kinds.append(kind)
        self.rows.append((self.x, self.y, a, b, c, d, x, y))
        self.x, self.y = x, y

    def _close(self) -> None:
        if self.is_open:
            self._row(CLOSE, 0.0, 0.0, 0.0, 0.0, self.start_x, self.start_y)
            self.is_open = False
        self.last = "Z"

    def _segment(self, command: str, v: list[float], *, is_relative: bool) -> None:
        dx, dy = (self.x, self.y) if is_relative else (0.0, 0.0)
        if command == "H":
            x, y = dx + v[0], self.y
        elif command == "V":
            x, y = self.x, dy + v[0]
        else:
            x, y = dx + v[-2], dy + v[-1]
        if command == "M":
            self.x, self.y = x, y
            self.start_x, self.start_y = x, y
            self._row(MOVE, 0.0, 0.0, 0.0, 0.0, x, y)
        elif command in "LHV":
            self._row(LINE, 0.0, 0.0, 0.0, 0.0, x, y)
        elif command == "A":
            self._row(ARC, abs(v[0]), abs(v[1]), v[2], 2.0 * v[3] + v[4], x, y)
        elif command in "CS":
            if command == "C":
                first, second = (dx + v[0], dy + v[1]), (dx + v[2], dy + v[3])
            else:
                first = self._mirrored("CS")
                second = (dx + v[0], dy + v[1])
            self._row(CUBIC, *first, *second, x, y)
            self.control = second
        else:
            middle = (dx + v[0], dy + v[1]) if command == "Q" else self._mirrored("QT")
            self._row(QUAD, *middle, 0.0, 0.0, x, y)
            self.control = middle
        self.last = command

    def _mirrored(self, family: str) -> tuple[float, float]:
        if self.last and self.last in family:
            return 2.0 * self.x - self.control[0], 2.0 * self.y - self.control[1]
        return self.x, self.y
