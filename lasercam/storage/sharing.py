"""When work goes to compiled kernels, and how it is shared out over the processors that this process may use."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, Final

from numpy.typing import NDArray

from lasercam.compiling import compiled

MOST_THREADS: Final = 16
START_UP_S: Final = 0.5
"""Of numba with kernels that are kept on disk."""


class PlainWork:
    """What has been spent on plain Python in this process, to tell when compiled kernels pay for their start-up.

    Small work stays plain; many small pieces of work change over once they have cost as much as starting numba does.
    Both give the same results.
    """

    def __init__(self) -> None:
        self._spent_s = 0.0

    def is_too_much(self, cost_s: float) -> bool:
        """Work of this cost should be done by a compiled kernel; otherwise the cost is taken down as spent."""
        if compiled.cache_info().currsize > 0 or self._spent_s + cost_s > START_UP_S:
            return True
        self._spent_s += cost_s
        return False


PLAIN_WORK: Final = PlainWork()


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
    threads = count // least
    if threads >= 2:
        threads = min(_processors(), MOST_THREADS, threads)
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
