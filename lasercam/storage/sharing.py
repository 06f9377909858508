"""Work of compiled kernels shared out over the processors that this process may use."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, Final

from numpy.typing import NDArray

from lasercam.compiling import compiled

MOST_THREADS: Final = 16


def is_loaded() -> bool:
    """Whether numba has been started already, so that another kernel costs little."""
    return compiled.cache_info().currsize > 0


def run_shared(
    kernel: Callable[..., None], inputs: tuple[NDArray[Any], ...], tables: tuple[Any, ...],
    outputs: tuple[NDArray[Any], ...], *, least: int,
) -> None:  # fmt: skip
    """Call `kernel(*inputs, *tables, *outputs)` on pieces of all inputs and outputs, cut along their first axis.

    Args:
        kernel: without memory, and free of the interpreter's lock if sharing is to help.
        inputs, outputs: arrays of as many rows.
        tables: handed over whole.
        least: rows that are worth a thread of their own.
    """
    count = len(outputs[0])
    threads = min(_processors(), MOST_THREADS, count // least)
    if threads < 2:
        kernel(*inputs, *tables, *outputs)
        return
    edges = [count * piece // threads for piece in range(threads + 1)]
    with ThreadPoolExecutor(threads) as pool:
        pieces = [
            pool.submit(kernel, *(a[low:high] for a in inputs), *tables, *(a[low:high] for a in outputs))
            for low, high in pairwise(edges)
        ]
        for piece in pieces:
            piece.result()


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
