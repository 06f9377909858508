"""Greedy edge matching: the shortest edges first, until all fragments are one path; compiled when imported."""

import numba
import numpy as np

from lasercam.plan.tour.hilbert import rising
from lasercam.plan.tour.nearest_ends import nearest_ends

WIDTH = 6
"""Neighbours of each end that edges are taken from; what is left over is matched in further rounds."""


@numba.njit(cache=True, nogil=True)
def _match(x, y, ends, near, tail, free, link):  # type: ignore[no-untyped-def]
    """Take admissible edges, the shortest first; the number of edges taken."""
    count, width = near.shape
    one, two = np.empty(count * width, np.int32), np.empty(count * width, np.int32)
    squared = np.empty(count * width, np.float32)
    used = 0
    for i in range(count):
        for k in range(width):
            j = near[i, k]
            if j < 0:
                break
            if j < i and np.any(near[j] == i):
                continue  # each pair once: from its lower end, where that lists it
            a, b = ends[i], ends[j]
            dx, dy = float(x[a]) - float(x[b]), float(y[a]) - float(y[b])
            one[used], two[used] = a, b
            squared[used] = dx * dx + dy * dy
            used += 1
    order = rising(squared[:used].view(np.uint32))  # of numbers >= 0, bits rise with values
    taken = 0
    for i in order:
        a, b = one[i], two[i]
        if free[a] == 0 or free[b] == 0 or tail[a] == b:
            continue
        free[a] -= 1
        free[b] -= 1
        link[a, free[a]] = b
        link[b, free[b]] = a
        from_a, from_b = tail[a], tail[b]
        tail[from_a], tail[from_b] = from_b, from_a
        taken += 1
    return taken


@numba.njit(cache=True, nogil=True)
def greedy_path(x, y, near, side, is_paired):  # type: ignore[no-untyped-def]
    """A path from the last node through all others.

    Args:
        x, y: float32 (N,), whole numbers from 0 to 2²⁴; the last node is where the path starts.
        near: int32 (N, K), nearest nodes of each, as `nearest_ends` gives them.
        side: int8 (N,), nodes of one side are not joined, unless it is 0.
        is_paired: nodes 2i and 2i + 1 are the ends of a line, and follow each other; else each is a dot.

    Returns:
        int32 (N,), nodes in order.
    """
    count = len(x)
    start = count - 1
    tail = np.empty(count, np.int32)  # the other end of the fragment that a node is an end of
    free = np.empty(count, np.int8)  # edges that a node may still take
    link = np.full((count, 2), -1, np.int32)
    for i in range(count):
        tail[i], free[i] = (i ^ 1, 1) if is_paired else (i, 2)
    tail[start], free[start] = start, 1
    left = start // 2 if is_paired else start
    ends = np.arange(count).astype(np.int32)
    left -= _match(x, y, ends, np.ascontiguousarray(near[:, :WIDTH]), tail, free, link)
    number = np.empty(count, np.int32)
    while left > 0:
        many = 0
        for i in range(count):
            if free[i] > 0:
                ends[many] = i
                number[i] = many
                many += 1
        chosen = ends[:many]
        partner = np.empty(many, np.int32)
        for i in range(many):
            other = tail[chosen[i]]
            partner[i] = number[other] if free[other] > 0 else -1
        left -= _match(x, y, chosen, nearest_ends(x[chosen], y[chosen], partner, side[chosen], WIDTH), tail, free, link)
    path = np.empty(count, np.int32)
    before, here = -1, start
    for i in range(count):
        path[i] = here
        if is_paired and here != start and before != here ^ 1:
            ahead = here ^ 1  # through the line, from the end it was entered at
        elif not is_paired and link[here, 0] == before:
            ahead = link[here, 1]
        else:
            ahead = link[here, 0]
        before, here = here, ahead
    return path
