"""Positions from CSV and NPY files, as they stand there."""

import io
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import PatternError, shorten

ROWS_AT_ONCE = 1_000_000
"""Rows read at a time."""
MAX_VARIANT = 65_535
MAX_COORDINATE = 1e12
"""A kilometre in nm."""
_COLUMNS = ("x", "y", "z", "variant")
_SEPARATORS = (",", ";", "\t")


def read_points(content: bytes) -> Iterator[NDArray[np.float64]]:
    """Rows of a file in pieces: float64 (N, 4) with x, y, z (in the file's unit) and variant; absent columns are 0.

    A CSV file starts with a line of column names: x, y, and perhaps z and variant, in any order. An NPY file holds
    one array (N, 2), (N, 3) or (N, 4) of numbers in the order x, y, z, variant, or records with fields of these names.

    Raises:
        PatternError: no such table, values that are no finite numbers, variants that count nothing.
    """
    seen = 0
    for rows in _npy(content) if content.startswith(b"\x93NUMPY") else _csv(content):
        _refuse_bad(rows, seen)
        seen += len(rows)
        if len(rows):
            yield rows
    if seen == 0:
        raise PatternError("the file holds no points")


def _npy(content: bytes) -> Iterator[NDArray[np.float64]]:
    try:
        table = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, OSError, EOFError, MemoryError, SyntaxError) as error:
        raise PatternError(f"the file is no NPY array: {shorten(str(error))}") from error
    if table.dtype.names is not None:
        names = _known(list(table.dtype.names))
        if table.ndim != 1 or any(table.dtype[n].kind not in "iuf" for n in names):
            raise PatternError("records of points form one list, and their fields are numbers")
        for start in range(0, len(table), ROWS_AT_ONCE):
            piece = table[start : start + ROWS_AT_ONCE]
            yield _filled([piece[name].astype(np.float64) for name in names], names)
        return
    if table.ndim != 2 or not 2 <= table.shape[1] <= 4 or table.dtype.kind not in "iuf":
        raise PatternError(
            f"the array has shape {table.shape} and type {table.dtype}; points are numbers of shape (N, 2) to (N, 4):"
            " x, y, z, variant"
        )
    names = list(_COLUMNS[: table.shape[1]])
    for start in range(0, len(table), ROWS_AT_ONCE):
        yield _filled(list(table[start : start + ROWS_AT_ONCE].astype(np.float64).T), names)


def _csv(content: bytes) -> Iterator[NDArray[np.float64]]:
    try:
        stream = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline=None)
        head = stream.readline()
        separator = next((s for s in _SEPARATORS if s in head), ",")
        names = _known([name.strip().strip('"').casefold() for name in head.split(separator)])
        done = 0
        while True:
            lines = [line for _, line in zip(range(ROWS_AT_ONCE), stream, strict=False) if line.strip()]
            if not lines:
                return
            yield _filled(list(_numbers(lines, separator, len(names), done).T), names)
            done += len(lines)
    except UnicodeDecodeError as error:
        raise PatternError(f"the file is neither NPY nor UTF-8 text ({error.reason})") from error


def _numbers(lines: list[str], separator: str, columns: int, done: int) -> NDArray[np.float64]:
    try:
        rows = np.loadtxt(lines, delimiter=separator, comments=None, ndmin=2, dtype=np.float64)
    except ValueError as error:
        for number, line in enumerate(lines, done + 1):
            cells = line.strip().split(separator)
            if len(cells) != columns or not all(_is_number(cell) for cell in cells):
                text = f"row {number} reads '{shorten(line.strip())}', which is not {columns} numbers"
                raise PatternError(text) from error
        raise PatternError(f"the table cannot be read: {shorten(str(error))}") from error
    if rows.shape[1] != columns:
        raise PatternError(f"row {done + 1} has {rows.shape[1]} values for {columns} columns")
    return rows


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _known(names: list[str]) -> list[str]:
    """The column names, proven to be x, y and perhaps z and variant, each once."""
    strange = [name for name in names if name not in _COLUMNS]
    if strange or len(set(names)) != len(names) or not {"x", "y"} <= set(names):
        found = shorten(", ".join(names))
        raise PatternError(f"the columns are '{found}'; a first line names them: x, y, and perhaps z and variant")
    return names


def _filled(columns: list[NDArray[np.float64]], names: list[str]) -> NDArray[np.float64]:
    """The columns in the order x, y, z, variant: float64 (N, 4)."""
    rows = np.zeros((len(columns[0]), 4))
    for name, column in zip(names, columns, strict=True):
        rows[:, _COLUMNS.index(name)] = column
    return rows


def _refuse_bad(rows: NDArray[np.float64], seen: int) -> None:
    usable = (np.abs(rows) <= MAX_COORDINATE).all(axis=1)  # NaN fails too
    if not usable.all():
        row = seen + int(np.argmin(usable)) + 1
        raise PatternError(f"row {row} holds a value that is not finite, or beyond {MAX_COORDINATE:g}")
    variant = rows[:, 3]
    good = (variant >= 0) & (variant <= MAX_VARIANT) & (variant == np.floor(variant))
    if not good.all():
        row = int(np.argmin(good))
        text = f"row {seen + row + 1}: the variant {variant[row]:g} is no whole number from 0 to {MAX_VARIANT:,}"
        raise PatternError(text)
