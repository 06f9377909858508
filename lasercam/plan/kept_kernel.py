"""Coordinates from their steps, in one pass; compiled when this module is imported. The oracle is in `kept_rows`."""

import numba


@numba.njit(cache=True, nogil=True)
def add_up(steps, first, unit, out, axis):  # type: ignore[no-untyped-def]
    """Fill a column: `first`, then one step of `unit` after the other.

    Args:
        steps: (N - 1,), any integers.
        first, unit: ticks.
        out: int64 (N, 3).
        axis: column.
    """
    value = first
    out[0, axis] = value
    for i in range(len(steps)):
        value += steps[i] * unit
        out[i + 1, axis] = value
