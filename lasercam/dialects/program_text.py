"""Rows of integers to lines of text, exactly: literal pieces and fixed-point numbers, chosen row by row.

A *template* is a row of pieces: bytes that stand as they are, and slots that print an integer column as a
fixed-point number. An output row is the concatenation of one template per column of `choice`. All arithmetic is
in integers, so that what is printed is what was meant, digit by digit.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lasercam.compiling import compiled
from lasercam.errors import MachineLimitError

COMPILED_FROM_ROWS = 200_000
"""Rows of a job file from which loading the compiled kernel (some 0.6 s) pays. Source: measured, bench_dialects."""
MAX_VALUE = 10**18
"""Printed integers stay below this in magnitude, so that int64 arithmetic cannot overflow."""
MAX_NUMBER_BYTES = 22
"""A printed number with its sign and point is never longer."""
_TOO_LARGE = "a number of 10^18 or more cannot be printed in a job file"


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
        self._longest = max(sum(MAX_NUMBER_BYTES if isinstance(p, Slot) else len(p) for p in t) for t in templates)
        self._lines: Any = None
        self._n_chosen = 0
        self._last_column = max((p.column for t in templates for p in t if isinstance(p, Slot)), default=-1)
        self._tables: tuple[NDArray[Any], ...] = _tables(self._templates) if use_compiled else ()

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
        if not self._use_compiled:
            return format_plain(self._templates, choice, values)
        from lasercam.dialects.row_kernel import MAX_COLUMNS, SLACK, TOO_LARGE, format_rows, new_lines

        if int(choice.max()) >= len(self._templates) or values.shape[1] <= self._last_column:
            raise ValueError(f"rows choose among {len(self._templates)} templates and {self._last_column + 1} columns")
        if self._lines is None or self._n_chosen != choice.shape[1]:
            self._n_chosen = choice.shape[1]
            if self._n_chosen > MAX_COLUMNS:
                raise ValueError(f"a row takes at most {MAX_COLUMNS} templates, not {self._n_chosen}")
            self._lines = new_lines(self._n_chosen, *self._tables[:2])
        # Only what is written to is ever given memory.
        bound = choice.size * self._longest + SLACK
        if len(self._buffer) < bound:
            self._buffer = np.empty(bound, np.uint8)
        size = format_rows(
            np.ascontiguousarray(choice), np.ascontiguousarray(values), *self._tables, self._lines, self._buffer
        )
        if size == TOO_LARGE:
            raise MachineLimitError(_TOO_LARGE)
        return self._buffer[:size].tobytes()


def chosen(
    choose: Callable[..., None],
    columns: Sequence[NDArray[Any]],
    modes: NDArray[np.int64],
    n_templates: int,
    *,
    use_compiled: bool,
) -> NDArray[np.uint8]:
    """Templates of each row, uint8 (N, n_templates), as an encoder's own function chooses them.

    Args:
        choose: (*columns, modes, choice), written in the part of Python that numba compiles, so that small files run
            it as it stands; `choice` is flat.
        columns: (N,) each, what it goes by.
        modes: int64, the state of the file; outlives the call.
        n_templates: of each row.
        use_compiled: run it compiled.
    """
    n = len(columns[0])
    if use_compiled:
        choice = np.empty(n * n_templates, np.uint8)
        compiled(choose)(*columns, modes, choice)
        return choice.reshape(n, n_templates)
    found = [0] * (n * n_templates)
    kept = modes.tolist()
    choose(*(column.tolist() for column in columns), kept, found)
    modes[:] = kept
    return np.array(found, np.uint8).reshape(n, n_templates)


def format_plain(templates: Sequence[Template], choice: NDArray[np.uint8], values: NDArray[np.int64]) -> bytes:
    """What RowFormatter prints, row by row in Python: for small jobs, and the oracle of the compiled kernel."""
    parts: list[str] = []
    plans = [[p.decode("ascii") if isinstance(p, bytes) else p for p in template] for template in templates]
    for chosen, row in zip(choice.tolist(), values.tolist(), strict=True):
        for index in chosen:
            for piece in plans[index]:
                if isinstance(piece, str):
                    parts.append(piece)
                    continue
                if abs(row[piece.column]) >= MAX_VALUE:
                    raise MachineLimitError(_TOO_LARGE)
                parts.append(fixed_point(row[piece.column], piece.decimals, trim=piece.trim))
    return "".join(parts).encode("ascii")


def _tables(templates: Sequence[Template]) -> tuple[NDArray[Any], ...]:
    """Templates as `row_kernel.format_rows` takes them: first pieces, pieces, literals, and digits."""
    from lasercam.dialects.row_kernel import four_digits

    first = [0]
    pieces: list[tuple[int, int, int, int]] = []
    literals = bytearray()
    for template in templates:
        for piece in template:
            if isinstance(piece, Slot):
                pieces.append((piece.column, 0, piece.decimals, int(piece.trim)))
            elif piece:
                pieces.append((-1, len(literals), len(piece), 0))
                literals += piece
        first.append(len(pieces))
    return (
        np.array(first, np.int64),
        np.array(pieces, np.int64).reshape(-1, 4),
        np.frombuffer(bytes(literals), np.uint8).copy(),
        four_digits(),
    )
