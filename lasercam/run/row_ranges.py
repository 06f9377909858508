"""Sets of rows as sorted half-open ranges: small, however long the job."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class RowRanges:
    """Rows, as ranges that neither touch nor overlap.

    >>> RowRanges.of((5, 9), (0, 3), (3, 6))
    RowRanges(ranges=((0, 9),))
    >>> RowRanges.of((0, 9)) - RowRanges.of((2, 4))
    RowRanges(ranges=((0, 2), (4, 9)))
    """

    ranges: tuple[tuple[int, int], ...] = field(default=())

    @classmethod
    def of(cls, *ranges: Iterable[int]) -> "RowRanges":
        """The union of ranges in any order."""
        joined: list[list[int]] = []
        for start, stop in sorted((int(a), int(b)) for a, b in ranges):
            if start >= stop:
                continue
            if joined and start <= joined[-1][1]:
                joined[-1][1] = max(joined[-1][1], stop)
            else:
                joined.append([start, stop])
        return cls(tuple((a, b) for a, b in joined))

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def __len__(self) -> int:
        return sum(b - a for a, b in self.ranges)

    def __iter__(self) -> Iterator[int]:
        for start, stop in self.ranges:
            yield from range(start, stop)

    def __contains__(self, row: int) -> bool:
        return any(a <= row < b for a, b in self.ranges)

    def __or__(self, other: "RowRanges") -> "RowRanges":
        return RowRanges.of(*self.ranges, *other.ranges)

    def __and__(self, other: "RowRanges") -> "RowRanges":
        return self - (self - other)

    def __sub__(self, other: "RowRanges") -> "RowRanges":
        left: list[tuple[int, int]] = []
        cuts = iter((*other.ranges, (2**62, 2**62)))
        cut = next(cuts)
        for start, stop in self.ranges:
            at = start
            while cut[1] <= at:
                cut = next(cuts)
            while cut[0] < stop:
                if at < cut[0]:
                    left.append((at, cut[0]))
                at = max(at, cut[1])
                if cut[1] > stop:
                    break
                cut = next(cuts)
            if at < stop:
                left.append((at, stop))
        return RowRanges(tuple(left))

    def mask(self, first_row: int, n_rows: int) -> NDArray[np.bool_]:
        """bool (n_rows,), which rows from `first_row` on belong to the set."""
        mask = np.zeros(n_rows, np.bool_)
        for start, stop in self.ranges:
            low, high = max(start - first_row, 0), min(stop - first_row, n_rows)
            if low < high:
                mask[low:high] = True
        return mask

    @classmethod
    def of_rows(cls, rows: Iterable[int]) -> "RowRanges":
        """From single rows."""
        return cls.of(*((row, row + 1) for row in rows))

    def __str__(self) -> str:
        return ", ".join(f"{a}" if b == a + 1 else f"{a} to {b - 1}" for a, b in self.ranges) or "none"
