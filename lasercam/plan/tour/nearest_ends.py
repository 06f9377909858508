"""The nearest few points of every point, from a balanced tree; compiled when this module is imported."""

import numba
import numpy as np

LEAF = 8
"""Points up to which a branch of the tree is searched one by one."""


@numba.njit(cache=True, nogil=True)
def _split(along, listed, first, last, middle):  # type: ignore[no-untyped-def]
    """Partition listed[first:last] so that what is before `middle` is not beyond it (quickselect)."""
    low, high = first, last - 1
    while low < high:
        # Median of three: sorted input is the usual case.
        a, b, c = along[listed[low]], along[listed[(low + high) // 2]], along[listed[high]]
        pivot = max(min(a, b), min(max(a, b), c))
        i, j = low, high
        while i <= j:
            while along[listed[i]] < pivot:
                i += 1
            while along[listed[j]] > pivot:
                j -= 1
            if i <= j:
                listed[i], listed[j] = listed[j], listed[i]
                i += 1
                j -= 1
        if middle <= j:
            high = j
        elif middle >= i:
            low = i
        else:
            return


@numba.njit(cache=True, nogil=True)
def _tree(x, y):  # type: ignore[no-untyped-def]
    """Points leaf by leaf, the span of them that each node holds, and what inner nodes are cut at.

    Node k has the children 2k + 1 and 2k + 2; it is cut across its longer side.
    """
    count = len(x)
    levels = 0
    while (count >> levels) > LEAF:
        levels += 1
    inner = (1 << levels) - 1
    listed = np.arange(count).astype(np.int32)
    span = np.empty((2 * inner + 1, 2), np.int32)
    is_y = np.zeros(inner, np.bool_)
    value = np.zeros(inner, np.float32)
    span[0, 0], span[0, 1] = 0, count
    for k in range(inner):
        first, last = span[k, 0], span[k, 1]
        low_x = high_x = x[listed[first]]
        low_y = high_y = y[listed[first]]
        for i in range(first + 1, last):
            p = listed[i]
            low_x, high_x = min(low_x, x[p]), max(high_x, x[p])
            low_y, high_y = min(low_y, y[p]), max(high_y, y[p])
        is_y[k] = high_y - low_y > high_x - low_x
        along = y if is_y[k] else x
        middle = (first + last) // 2
        _split(along, listed, first, last, middle)
        value[k] = along[listed[middle]]
        span[2 * k + 1, 0], span[2 * k + 1, 1] = first, middle
        span[2 * k + 2, 0], span[2 * k + 2, 1] = middle, last
    return listed, span, is_y, value, inner


@numba.njit(cache=True, nogil=True)
def nearest_ends(x, y, partner, side, width):  # type: ignore[no-untyped-def]
    """The nearest points of each point, without itself and its partner.

    Args:
        x, y: float32 (N,), whole numbers from 0 to 2²⁴, so that squared distances are exact.
        partner: int32 (N,), a point that is no neighbour, such as the other end of a line; -1 = none.
        side: int8 (N,); points of the same side are no neighbours, unless it is 0.
        width: how many.

    Returns:
        int32 (N, width), nearest first, the lower index first where distances are equal; -1 where there are no more.
    """
    listed, span, is_y, value, inner = _tree(x, y)
    found = np.full((len(x), width), -1, np.int32)
    far = np.empty(width, np.float64)
    open_nodes = np.empty(128, np.int32)
    gaps = np.empty((128, 2), np.float64)
    for p in listed:
        px, py = float(x[p]), float(y[p])
        mine = found[p]
        far[:] = np.inf
        depth = 1
        open_nodes[0] = 0
        gaps[0, 0] = gaps[0, 1] = 0.0
        while depth > 0:
            depth -= 1
            k = open_nodes[depth]
            gap_x, gap_y = gaps[depth, 0], gaps[depth, 1]
            if gap_x * gap_x + gap_y * gap_y > far[width - 1]:
                continue
            while k < inner:
                offset = (py if is_y[k] else px) - value[k]
                away_x = gap_x if is_y[k] else abs(offset)
                away_y = abs(offset) if is_y[k] else gap_y
                near = 2 * k + 1 if offset < 0 else 2 * k + 2
                if away_x * away_x + away_y * away_y <= far[width - 1]:
                    open_nodes[depth] = 4 * k + 3 - near
                    gaps[depth, 0], gaps[depth, 1] = away_x, away_y
                    depth += 1
                k = near
            for i in range(span[k, 0], span[k, 1]):
                q = listed[i]
                dx, dy = float(x[q]) - px, float(y[q]) - py
                d = dx * dx + dy * dy
                if d > far[width - 1] or q == p or q == partner[p] or (side[p] != 0 and side[q] == side[p]):
                    continue
                if d == far[width - 1] and mine[width - 1] >= 0 and q > mine[width - 1]:
                    continue
                slot = width - 1
                while slot > 0 and (d < far[slot - 1] or (d == far[slot - 1] and q < mine[slot - 1])):
                    far[slot], mine[slot] = far[slot - 1], mine[slot - 1]
                    slot -= 1
                far[slot], mine[slot] = d, q
    return found
