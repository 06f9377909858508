"""Functions that run as plain Python in small jobs and compiled in large ones, from one source."""

from collections.abc import Callable
from functools import cache
from typing import Any


@cache
def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function as machine code, kept on disk between runs.

    numba is imported at the first call only: it costs some 0.3 s, more than a small job file takes altogether.
    """
    from numba import njit

    kernel: Callable[..., Any] = njit(cache=True, nogil=True)(function)
    return kernel
