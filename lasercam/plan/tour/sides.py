"""From which side each feature of a given sequence is entered; compiled when this module is imported."""

import numba
import numpy as np


@numba.njit(cache=True, nogil=True)
def _apart(a, b):  # type: ignore[no-untyped-def]
    total = 0.0
    for axis in range(len(a)):
        total += (a[axis] - b[axis]) * (a[axis] - b[axis])
    return np.sqrt(total)


@numba.njit(cache=True, nogil=True)
def best_sides(starts, ends, position):  # type: ignore[no-untyped-def]
    """The sides that make the way through a sequence of features shortest, exactly.

    Args:
        starts, ends: float64 (P, D), in the order of writing.
        position: float64 (D,).

    Returns:
        bool (P,), whether each is entered at its end; at its start where both are as good.
    """
    count = len(starts)
    from_reversed = np.zeros((count, 2), np.bool_)  # the better state before, for entering at start and at end
    so_far, so_far_reversed = _apart(position, starts[0]), _apart(position, ends[0])
    for i in range(1, count):
        here = np.empty(2)
        for state in range(2):
            entry = ends[i] if state == 1 else starts[i]
            kept = so_far + _apart(ends[i - 1], entry)
            turned = so_far_reversed + _apart(starts[i - 1], entry)
            from_reversed[i, state] = turned < kept
            here[state] = min(turned, kept)
        so_far, so_far_reversed = here[0], here[1]
    reverse = np.zeros(count, np.bool_)
    state = so_far_reversed < so_far
    for i in range(count - 1, -1, -1):
        reverse[i] = state
        state = from_reversed[i, 1 if state else 0]
    return reverse
