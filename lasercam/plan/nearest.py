"""Short paths through few features, in NumPy: always to the nearest, then stretches turned round while it helps."""

import numpy as np
from numpy.typing import NDArray

from lasercam.plan.order import Order, lengths

SMALLEST_GAIN = 1e-9
"""Share of the path's extent below which a gain is rounding."""


def nearest_walk(
    starts: NDArray[np.float64],
    ends: NDArray[np.float64],
    position: NDArray[np.float64],
    *,
    keep_direction: bool = False,
) -> Order:
    """Always on to the nearest end of a feature not yet visited; the lower index where distances are equal.

    Args:
        starts, ends: float64 (P, 3).
        position: float64 (3,).
        keep_direction: features are entered at their start only.
    """
    count = len(starts)
    index = np.empty(count, np.int64)
    reverse = np.zeros(count, np.bool_)
    closed = np.zeros(count)  # infinite where visited
    here = position
    for step in range(count):
        to_start = ((starts - here) ** 2).sum(axis=1)
        to_end = np.full(count, np.inf) if keep_direction else ((ends - here) ** 2).sum(axis=1)
        chosen = int(np.argmin(np.minimum(to_start, to_end) + closed))
        index[step], reverse[step] = chosen, to_end[chosen] < to_start[chosen]
        closed[chosen] = np.inf
        here = starts[chosen] if reverse[step] else ends[chosen]
    return Order(index, reverse)


def turned_round(
    order: Order, starts: NDArray[np.float64], ends: NDArray[np.float64], position: NDArray[np.float64]
) -> Order:
    """The order with stretches turned round, the one that helps most each time, until none does (2-opt).

    Args:
        order: to begin with.
        starts, ends: float64 (P, 3); one and the same array for dots.
        position: float64 (3,).
    """
    count = len(order.index)
    index, reverse = order.index.copy(), order.reverse.copy()
    enter, leave = order.entries(starts, ends)
    scale = float(np.ptp(np.vstack((enter, leave, position[None, :])), axis=0).max())
    first, last = np.triu_indices(count)  # a stretch of one: the feature itself is turned
    for _ in range(4 * count):  # each turn shortens the path; the bound is never met in practice
        before = np.vstack((position[None, :], leave[:-1]))
        steps = lengths(enter - before)
        # Behind the last feature nothing is travelled.
        onwards = np.append(steps[1:], 0.0)
        gain = steps[first] + onwards[last] - lengths(leave[last] - before[first])
        inner = last < count - 1
        gain[inner] -= lengths(enter[last[inner] + 1] - enter[first[inner]])
        best = int(np.argmax(gain))
        if gain[best] <= SMALLEST_GAIN * scale:
            break
        i, j = int(first[best]), int(last[best]) + 1
        index[i:j], reverse[i:j] = index[i:j][::-1].copy(), ~reverse[i:j][::-1]
        enter[i:j], leave[i:j] = leave[i:j][::-1].copy(), enter[i:j][::-1].copy()
    reverse[np.all(starts == ends, axis=1)[index]] = False  # a dot has no direction
    return Order(index, reverse)
