"""Points in the order of a Hilbert curve, so that what lies near is near in memory; compiled when imported."""

import numba
import numpy as np

ORDER = 16
"""Bits of each coordinate that take part: squares of 1/65,536 of the extent."""


@numba.njit(cache=True, nogil=True)
def rising(keys):  # type: ignore[no-untyped-def]
    """Stable order of uint32 keys, 11 bits at a time: int32 (N,)."""
    count = len(keys)
    order = np.arange(count).astype(np.int32)
    other = np.empty(count, np.int32)
    for shift in (0, 11, 22):
        start = np.zeros(2049, np.int64)
        for i in range(count):
            start[((keys[i] >> shift) & 2047) + 1] += 1
        for i in range(2048):
            start[i + 1] += start[i]
        for i in range(count):
            k = order[i]
            digit = (keys[k] >> shift) & 2047
            other[start[digit]] = k
            start[digit] += 1
        order, other = other, order
    return order


@numba.njit(cache=True, nogil=True)
def along_curve(x, y):  # type: ignore[no-untyped-def]
    """Order of points along the curve, the lower index first within a square.

    Args:
        x, y: float32 (N,), whole numbers from 0 to 2²⁴.

    Returns:
        int32 (N,).

    Source: Hilbert's curve by its recursion: quadrants are visited in a U, and turned at its ends.
    """
    side = 1 << ORDER
    keys = np.empty(len(x), np.uint32)
    for i in range(len(x)):
        a = min(int(x[i]) >> (24 - ORDER), side - 1)
        b = min(int(y[i]) >> (24 - ORDER), side - 1)
        key = 0
        half = side >> 1
        while half > 0:
            right, up = (a & half) > 0, (b & half) > 0
            key = 4 * key + ((3 if right else 0) ^ (1 if up else 0))
            if not up:
                if right:
                    a, b = side - 1 - a, side - 1 - b
                a, b = b, a
            half >>= 1
        keys[i] = key
    return rising(keys)
