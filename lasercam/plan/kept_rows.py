"""A toolpath's rows, kept in few bytes after they were made once: ordering again at each reading would cost more.

Rows that follow each other in regular steps, as dots of an array do, take one or two bytes each, others some ten
times as many. Small toolpaths stay in memory, larger ones go to an unnamed temporary file, so that memory does not
grow with the rows. What comes back is what was given, bit by bit.
"""

import tempfile
import threading
import weakref
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import gcd
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import LasercamError
from lasercam.model.toolpath import MAX_BLOCK_ROWS, ToolpathBlock

IN_MEMORY_BYTES = 8 << 20
"""Kept rows go to disk from here on: a few million dots of an array."""

COMPILED_FROM_ROWS = 200_000
"""Rows kept from which loading the compiled kernel pays at the next reading."""
_STEP_TYPES = (np.int8, np.int16, np.int32, np.int64)
_FARTHEST = 2**61
"""Differences of coordinates within this do not overflow."""


@dataclass(frozen=True, slots=True)
class _Same:
    """A column that holds one value throughout."""

    value: int


@dataclass(frozen=True, slots=True)
class _Steps:
    """A column by its first value and the steps to the others, in units of a common divisor; the steps are on file."""

    first: int
    unit: int
    dtype: np.dtype[Any]


@dataclass(frozen=True, slots=True)
class _Plain:
    """A column that is on file as it stands."""

    dtype: np.dtype[Any]


_Column = _Same | _Steps | _Plain


@dataclass(frozen=True, slots=True)
class _Kept:
    """A block: what is not on file, and where the rest is.

    Attributes:
        section, first_row, n_rows: of the block.
        start_ticks: of its first row; None where rows do not follow each other and all starts are on file.
        columns: starts (3, where on file), ends (3), kind, count, recipe, part.
        at, size, checksum: of its bytes on file.
    """

    section: int
    first_row: int
    n_rows: int
    start_ticks: tuple[int, ...] | None
    columns: tuple[_Column, ...]
    at: int
    size: int
    checksum: int


class KeptRows:
    """Blocks of rows, written one after the other and read as often as wanted, by several readers at a time."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115
        self._close = weakref.finalize(self, self._file.close)
        self._lock = threading.Lock()
        self._index: list[_Kept] = []

    @property
    def is_whole(self) -> bool:
        """Whether every block that was given is kept; a full disk ends it."""
        return self._file is not None

    def add(self, block: ToolpathBlock) -> None:
        """Keep one more block."""
        if self._file is None:
            return
        last = self._index[-1] if self._index else None
        kept, data = _packed(block, last.at + last.size if last else 0)
        try:
            with self._lock:
                self._file.seek(kept.at)
                self._file.write(data)
        except OSError:
            # No room for the copy: rows are made again at every reading, which is slower and right all the same.
            self._file = None
            self._close()
            return
        self._index.append(kept)

    def blocks(self) -> Iterator[ToolpathBlock]:
        """All blocks, in the order they were given.

        Raises:
            LasercamError: the temporary file can no longer be read, or was damaged.
        """
        restored = _restored
        if self._index and self._index[-1].first_row + self._index[-1].n_rows >= COMPILED_FROM_ROWS:
            restored = _restored_compiled
        for kept in self._index:
            yield _unpacked(kept, self._read(kept), restored)

    def _read(self, kept: _Kept) -> bytes:
        data = b""
        if self._file is not None:
            try:
                with self._lock:
                    self._file.seek(kept.at)
                    data = self._file.read(kept.size)
            except OSError as error:
                raise LasercamError(f"the temporary copy of the toolpath cannot be read: {error.strerror}") from error
        if len(data) != kept.size or zlib.crc32(data) != kept.checksum:
            raise LasercamError("the temporary copy of the toolpath was damaged; start again")
        return data


def _packed(block: ToolpathBlock, at: int) -> tuple[_Kept, bytes]:
    start, end = block.start_ticks, block.end_ticks
    follows = len(block) > 0 and bool(np.array_equal(start[1:], end[:-1]))
    places = (end,) if follows else (start, end)
    packed = [_stepped(ticks[:, axis]) for ticks in places for axis in range(3)]
    packed += [_plain(column) for column in (block.kind, block.count, block.recipe, block.part)]
    data = b"".join(content.tobytes() for _, content in packed if content is not None)
    first = tuple(start[0].tolist()) if follows else None
    columns = tuple(column for column, _ in packed)
    return _Kept(block.section, block.first_row, len(block), first, columns, at, len(data), zlib.crc32(data)), data


def _plain(column: NDArray[Any]) -> tuple[_Column, NDArray[Any] | None]:
    if len(column) and bool((column == column[0]).all()):
        return _Same(int(column[0])), None
    return _Plain(column.dtype), column


def _stepped(column: NDArray[np.int64]) -> tuple[_Column, NDArray[Any] | None]:
    """A column of coordinates in as few bytes as its steps allow."""
    low, high = int(column.min(initial=_FARTHEST)), int(column.max(initial=-_FARTHEST))
    if low == high:
        return _Same(low), None
    if len(column) < 2 or low < -_FARTHEST or high > _FARTHEST:
        return _Plain(column.dtype), column
    steps = np.diff(column)
    unit = _common_divisor(steps)
    if unit > 1:
        steps //= unit
    low, high = int(steps.min()), int(steps.max())
    fitting = next(np.dtype(t) for t in _STEP_TYPES if np.iinfo(t).min <= low and high <= np.iinfo(t).max)
    return _Steps(int(column[0]), unit, fitting), steps.astype(fitting)


def _common_divisor(steps: NDArray[np.int64]) -> int:
    """A divisor of all steps: that of a few of them, if it turns out to divide the others, else 1."""
    some = steps[:: max(1, len(steps) // 64)]
    divisor = gcd(int(steps.min()), int(steps.max()), *some.tolist())
    return divisor if divisor > 1 and not bool((steps % divisor).any()) else 1


def _unpacked(kept: _Kept, data: bytes, restored: "_Restore") -> ToolpathBlock:
    n = kept.n_rows
    # One array holds both ends of rows that follow each other.
    places = np.empty((n + 1, 3), np.int64)
    starts, ends = places[:-1], places[1:]
    at = 0
    if kept.start_ticks is None:
        starts, ends = np.empty((n, 3), np.int64), np.empty((n, 3), np.int64)
        at = restored(kept.columns[:3], data, at, starts)
    else:
        places[0] = kept.start_ticks
    at = restored(kept.columns[-7:-4], data, at, ends)
    others: list[NDArray[Any]] = []
    for column, kind in zip(kept.columns[-4:], ("u1", "u4", "u2", "u2"), strict=True):
        if isinstance(column, _Same):
            others.append(_throughout(column.value, kind, n))
        else:
            others.append(np.frombuffer(data, kind, n, at))
            at += others[-1].nbytes
    return ToolpathBlock(kept.section, kept.first_row, starts, ends, *others)


@lru_cache(maxsize=16)
def _constant(value: int, kind: str) -> NDArray[Any]:
    column = np.full(MAX_BLOCK_ROWS, value, kind)
    column.flags.writeable = False
    return column


def _throughout(value: int, kind: str, n: int) -> NDArray[Any]:
    """A column of one value; blocks share them, as nobody writes to them."""
    return _constant(value, kind)[:n] if n <= MAX_BLOCK_ROWS else np.full(n, value, kind)


def _restored(columns: tuple[_Column, ...], data: bytes, at: int, out: NDArray[np.int64]) -> int:
    """Fill three columns of coordinates; returns where in the bytes the next column begins."""
    n = len(out)
    for axis, column in enumerate(columns):
        if isinstance(column, _Same):
            out[:, axis] = column.value
        elif isinstance(column, _Plain):
            out[:, axis] = np.frombuffer(data, np.int64, n, at)
            at += 8 * n
        else:
            steps = np.frombuffer(data, column.dtype, n - 1, at)
            at += steps.nbytes
            whole = np.zeros(n, np.int64)
            np.cumsum(steps, dtype=np.int64, out=whole[1:])
            whole *= column.unit
            np.add(whole, column.first, out=out[:, axis])
    return at


_Restore = Callable[[tuple[_Column, ...], bytes, int, NDArray[np.int64]], int]


def _restored_compiled(columns: tuple[_Column, ...], data: bytes, at: int, out: NDArray[np.int64]) -> int:
    """The same with the compiled kernel."""
    from lasercam.plan.kept_kernel import add_up

    for axis, column in enumerate(columns):
        if isinstance(column, _Steps):
            steps = np.frombuffer(data, column.dtype, len(out) - 1, at)
            at += steps.nbytes
            add_up(steps, column.first, column.unit, out, axis)
        else:
            at = _restored((column,), data, at, out[:, axis : axis + 1])
    return at
