"""Rows of integers to lines of text, exactly: literal pieces and fixed-point numbers, chosen row by row.

A *template* is a row of pieces: bytes that stand as they are, and slots that print an integer column as a
fixed-point number. An output row is the concatenation of one template per column of `choice`. All arithmetic is
in integers, so that what is printed is what was meant, digit by digit.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lasercam.dialects.compiling import compiled
from lasercam.errors import MachineLimitError

COMPILED_FROM_ROWS = 200_000
"""Rows of a job file from which loading the compiled kernel (some 0.6 s) pays. Source: measured, bench_dialects."""
MAX_VALUE = 10**18
"""Printed integers stay below this in magnitude, so that int64 arithmetic cannot overflow."""
_MAX_NUMBER_BYTES = 22


class Slot(NamedTuple):
    """A number in a template.

    Attributes:
        column: of `values`.
        decimals: places behind the point: the integer is a multiple of 10^-decimals.
        trim: leave out trailing zeros behind the point, and the point when nothing follows it.
    """

    column: int
    decimals: int
    trim: bool = False


Template = tuple[bytes | Slot, ...]


def fixed_point(value: int, decimals: int, *, trim: bool = False) -> str:
    """An integer multiple of 10^-decimals as text.

    >>> fixed_point(-1500, 6), fixed_point(2400000, 5, trim=True), fixed_point(24, 0)
    ('-0.001500', '24', '24')
    """
    digits = str(abs(value)).rjust(decimals + 1, "0")
    whole, fraction = digits[: len(digits) - decimals], digits[len(digits) - decimals :]
    if trim:
        fraction = fraction.rstrip("0")
    return f"{'-' if value < 0 else ''}{whole}{'.' if fraction else ''}{fraction}"


class RowFormatter:
    """Prints rows by templates; compiled or plain, with the same bytes."""

    def __init__(self, templates: Sequence[Template], *, use_compiled: bool) -> None:
        if not 0 < len(templates) <= 256:
            raise ValueError(f"a formatter takes 1 to 256 templates, not {len(templates)}")
        self._templates = tuple(templates)
        self._use_compiled = use_compiled
        self._buffer = np.empty(0, np.uint8)
        self._bounds = np.array(
            [sum(_MAX_NUMBER_BYTES if isinstance(p, Slot) else len(p) for p in t) for t in templates], np.int64
        )
        self._tables = _tables(self._templates)

    def format(self, choice: NDArray[np.uint8], values: NDArray[np.int64]) -> bytes:
        """The text of all rows.

        Args:
            choice: uint8 (N, C), templates of each row, in the order they are printed.
            values: int64 (N, K), what slots print, below 10^18 in magnitude.

        Raises:
            MachineLimitError: a value too large to print.
        """
        if len(choice) == 0:
            return b""
        if values.size and (int(values.max()) >= MAX_VALUE or int(values.min()) <= -MAX_VALUE):
            raise MachineLimitError("a number of 10^18 or more cannot be printed in a job file")
        if not self._use_compiled:
            return format_plain(self._templates, choice, values)
        bound = int(self._bounds[choice].sum())
        if len(self._buffer) < bound:
            self._buffer = np.empty(bound + bound // 8, np.uint8)
        size = compiled(_format_rows)(
            np.ascontiguousarray(choice), np.ascontiguousarray(values), *self._tables, self._buffer
        )
        return self._buffer[:size].tobytes()


def format_plain(templates: Sequence[Template], choice: NDArray[np.uint8], values: NDArray[np.int64]) -> bytes:
    """What RowFormatter prints, row by row in Python: for small jobs, and the oracle of the compiled kernel."""
    parts: list[str] = []
    plans = [[p.decode("ascii") if isinstance(p, bytes) else p for p in template] for template in templates]
    for chosen, row in zip(choice.tolist(), values.tolist(), strict=True):
        for index in chosen:
            for piece in plans[index]:
                parts.append(
                    piece if isinstance(piece, str) else fixed_point(row[piece.column], piece.decimals, trim=piece.trim)
                )
    return "".join(parts).encode("ascii")


def _tables(templates: Sequence[Template]) -> tuple[NDArray[Any], ...]:
    """Templates as flat arrays: first piece of each, pieces (column or -1, start, length or decimals, trim), bytes."""
    first = [0]
    pieces: list[tuple[int, int, int, int]] = []
    literals = bytearray()
    for template in templates:
        for piece in template:
            if isinstance(piece, Slot):
                pieces.append((piece.column, 0, piece.decimals, int(piece.trim)))
            else:
                pieces.append((-1, len(literals), len(piece), 0))
                literals += piece
        first.append(len(pieces))
    return (
        np.array(first, np.int64),
        np.array(pieces, np.int64).reshape(-1, 4),
        np.frombuffer(bytes(literals) + b"\0", np.uint8).copy(),
    )


def _format_rows(choice: Any, values: Any, first: Any, pieces: Any, literals: Any, out: Any) -> int:
    """Kernel of RowFormatter.format; `out` holds enough bytes. Returns how many were written."""
    at = 0
    for row in range(choice.shape[0]):
        for place in range(choice.shape[1]):
            template = choice[row, place]
            for piece in range(first[template], first[template + 1]):
                column = pieces[piece, 0]
                if column < 0:
                    start = pieces[piece, 1]
                    for i in range(pieces[piece, 2]):
                        out[at + i] = literals[start + i]
                    at += pieces[piece, 2]
                    continue
                signed = values[row, column]
                if signed < 0:
                    out[at] = 45
                    at += 1
                rest = np.uint64(abs(signed))
                ten = np.uint64(10)
                decimals = pieces[piece, 2]
                if pieces[piece, 3]:
                    while decimals > 0 and rest % ten == np.uint64(0):
                        rest //= ten
                        decimals -= 1
                digits = 1
                power = ten
                while digits < 19 and rest >= power:
                    digits += 1
                    power *= ten
                digits = max(digits, decimals + 1)
                end = at + digits + (1 if decimals > 0 else 0)
                behind = end - 1
                for i in range(digits):
                    if i == decimals and i > 0:
                        out[behind] = 46
                        behind -= 1
                    quotient = rest // ten
                    out[behind] = np.uint8(48) + np.uint8(rest - quotient * ten)
                    rest = quotient
                    behind -= 1
                at = end
    return at
