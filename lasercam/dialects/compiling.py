"""Functions that run as plain Python in small jobs and compiled in large ones, from one source."""

from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any


@cache
def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function as machine code, kept on disk between runs.

    numba is imported at the first call only: it costs some 0.3 s, more than a small job file takes altogether.
    """
    from numba import njit

    kernel: Callable[..., Any] = njit(cache=True, nogil=True)(function)
    return kernel


@cache
def compiled_with(function: FunctionType, *parts: FunctionType) -> Callable[..., Any]:
    """The same for a function that calls others of its module: `parts`, each after those it calls itself."""
    linked: dict[str, Any] = {}
    for part in (*parts, function):
        # A copy, so that the module's own functions stay plain Python.
        copy = FunctionType(part.__code__, {**part.__globals__, **linked}, part.__name__, part.__defaults__)
        copy.__qualname__, copy.__module__ = part.__qualname__, part.__module__
        linked[part.__name__] = compiled(copy)
    kernel: Callable[..., Any] = linked[function.__name__]
    return kernel
