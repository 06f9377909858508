"""A short open path through many features, from where the beam stands."""

from math import frexp

import numpy as np
from numpy.typing import NDArray

WIDTH = 10
"""Neighbours of each dot."""
PAIRED_WIDTH = 12
"""Neighbours of each end of a line; where lines are dots, both ends of one are met."""
REACH = 50_000
KICK_REACH = 1_000
"""Nodes that a move may pass over, before kicks and after them: bounds what a reversal costs."""
FEWEST_KICKS = 5_000
SPARED_KICKS = 3_500
MOST_KICKS = 100_000
"""Some ten microseconds each: a second for 100,000 features and for a million alike."""


def kicks_for(count: int) -> int:
    """The search's budget: about one kick per feature, more for few and less for very many."""
    return min(max(count - SPARED_KICKS, FEWEST_KICKS), MOST_KICKS)


def short_path(
    starts: NDArray[np.float64],
    ends: NDArray[np.float64],
    position: NDArray[np.float64],
    *,
    is_directed: bool = False,
    kicks: int | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Features in the order of a short path, and which of them are entered at their end.

    The same on every machine: all decisions are made from distances between whole-numbered points, which are rounded
    alike everywhere, and the budget is a number of kicks.

    Args:
        starts, ends: float64 (P, 2 or more), of which x and y count; one and the same array for dots.
        position: float64 (2 or more), where the path begins.
        is_directed: features are entered at their start only.
        kicks: budget; absent: `kicks_for`.

    Returns:
        int64 (P,) and bool (P,), aligned.
    """
    from lasercam.plan.tour.greedy import greedy_path
    from lasercam.plan.tour.hilbert import along_curve
    from lasercam.plan.tour.improve import improve
    from lasercam.plan.tour.nearest_ends import nearest_ends

    count = len(starts)
    is_paired = starts is not ends
    x, y = _whole_numbers(starts, ends, position)
    home = np.array([x[-1]]), np.array([y[-1]])
    if is_paired:
        items = along_curve((x[:count] + x[count:-1]) * np.float32(0.5), (y[:count] + y[count:-1]) * np.float32(0.5))
        nodes = np.column_stack((items, items + count)).reshape(-1)
    else:
        items = nodes = along_curve(x[:-1], y[:-1])
    x, y = np.concatenate((x[nodes], *home[:1])), np.concatenate((y[nodes], *home[1:]))
    total = len(x)
    index = np.arange(total, dtype=np.int32)
    partner, side = np.full(total, -1, np.int32), np.zeros(total, np.int8)
    if is_paired:
        partner[:-1] = index[:-1] ^ 1
        if is_directed:
            side[:-1] = 1 + (index[:-1] & 1)
            side[-1] = 2  # one leaves the start as one leaves the end of a line
    near = nearest_ends(x, y, partner, side, PAIRED_WIDTH if is_paired else WIDTH)
    path = greedy_path(x, y, near, side, is_paired)
    # Closed over an end that is no distance from anything; it has no neighbours.
    tour = np.append(path, np.int32(total))
    x, y = np.append(x, np.float32(0)), np.append(y, np.float32(0))
    near = np.concatenate((near, np.full((1, near.shape[1]), -1, np.int32)))
    budget = kicks_for(count) if kicks is None else kicks
    improve(tour, x, y, near, is_paired, is_directed and is_paired, REACH, budget, KICK_REACH)
    ordered = _opened(tour, total - 1)
    if not is_paired:
        return items[ordered].astype(np.int64), np.zeros(count, np.bool_)
    entered = ordered[::2]
    return items[entered >> 1].astype(np.int64), (entered & 1).astype(np.bool_)


def _whole_numbers(
    starts: NDArray[np.float64], ends: NDArray[np.float64], position: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """x and y of all points, the position last, scaled by a power of two to whole numbers from 0 to 2²⁴."""
    points = [starts[:, :2], position[None, :2]] if starts is ends else [starts[:, :2], ends[:, :2], position[None, :2]]
    xy = np.concatenate(points)
    low = xy.min(axis=0)
    xy -= low
    _, exponent = frexp(float(xy.max()))
    xy *= 2.0 ** (24 - exponent)
    np.rint(xy, out=xy)
    return xy[:, 0].astype(np.float32), xy[:, 1].astype(np.float32)


def _opened(tour: NDArray[np.int32], start: int) -> NDArray[np.int32]:
    """Nodes behind the start, up to the end, which is the last node by number."""
    at = int(np.flatnonzero(tour == start)[0])
    path = np.roll(tour, -at)
    return path[1:-1] if path[-1] == start + 1 else path[:1:-1]
