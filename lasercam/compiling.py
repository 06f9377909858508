"""Functions that run as plain Python in small jobs and compiled in large ones, from one source."""

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from types import FunctionType, ModuleType
from typing import Any

import numpy as np


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
    """The same for a function that calls others: `parts`, each behind those it calls itself.

    numba's copies on disk notice only when the file of the function itself has changed. The names they are kept under
    therefore tell the code of all parts and the whole numbers of the modules they look into.
    """
    whole = sha256()
    for part in (*parts, function):
        whole.update(part.__code__.co_code + repr(part.__code__.co_consts).encode())
        for name in part.__code__.co_names:
            seen = part.__globals__.get(name)
            numbers = vars(seen) if isinstance(seen, ModuleType) else {name: seen}
            whole.update(repr(sorted((k, v) for k, v in numbers.items() if isinstance(v, (int, np.integer)))).encode())
    linked: dict[str, Any] = {}
    for part in (*parts, function):
        # A copy, so that the module's own functions stay plain Python.
        copy = FunctionType(part.__code__, {**part.__globals__, **linked}, part.__name__, part.__defaults__)
        copy.__qualname__, copy.__module__ = f"{part.__qualname__}_{whole.hexdigest()[:12]}", part.__module__
        linked[part.__name__] = compiled(copy)
    kernel: Callable[..., Any] = linked[function.__name__]
    return kernel
