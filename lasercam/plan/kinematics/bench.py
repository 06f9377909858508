"""The workbench of the solver: functions and columns, compiled with arrays for many rows, plain with lists for few."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray


@cache
def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as machine code, kept on disk between runs; numba is imported at the first call only."""
    from numba import njit

    kernel: Callable[..., Any] = njit(cache=True, nogil=True)(function)
    return kernel


class Bench:
    """Columns to work on. Arrays are kept between runs: fresh memory costs more than the work done in it."""

    def __init__(self) -> None:
        self._kept: dict[str, NDArray[Any]] = {}
        self.is_compiled = False

    def run(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, as this run wants it."""
        return _compiled(function) if self.is_compiled else function

    def given(self, values: NDArray[Any]) -> Any:
        """A column with these values."""
        return np.ascontiguousarray(values) if self.is_compiled else values.tolist()

    def floats(self, name: str, n: int) -> Any:
        """A column of n floats of any value."""
        return self._column(name, n, np.float64) if self.is_compiled else [0.0] * n

    def whole(self, name: str, n: int) -> Any:
        """A column of n integers of any value."""
        return self._column(name, n, np.int64) if self.is_compiled else [0] * n

    def _column(self, name: str, n: int, dtype: type[Any]) -> NDArray[Any]:
        kept = self._kept.get(name)
        if kept is None or len(kept) < n:
            kept = self._kept[name] = np.empty(n + n // 4, dtype)
        return kept[:n]
