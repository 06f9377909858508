"""2-opt and 3-opt moves on a tour held as an array; compiled when this module is imported.

The path is a closed tour: behind its last node comes an end that is no distance from anything, and behind that the
start. Nodes 2i and 2i + 1 of paired features, and the end and the start, always follow each other: the edge between
them is fixed. Every change is made of reversals of stretches, which can be logged and taken back.

Source: the moves are those of Lin, Bell Syst. Tech. J. 44, 2245 (1965), searched from neighbour lists with the gain
criterion of Lin and Kernighan, Oper. Res. 21, 498 (1973).
"""

import numba
import numpy as np

SECOND = 5
"""Neighbours that are looked at for the second new edge of a move."""
SMALLEST_GAIN = 1e-3
"""Below it a gain is rounding; coordinates are whole numbers up to 2²⁴."""
TURN, TURN_BOTH, SWAP, SWAP_TURN_FIRST, SWAP_TURN_SECOND = 1, 2, 3, 4, 5
"""Kinds of moves: X → X', XY → X'Y', YX, YX' and Y'X, where ' = turned round."""


@numba.njit(cache=True, nogil=True)
def distance(x, y, a, b):  # type: ignore[no-untyped-def]
    """Between two nodes; the end, which is the last node, is no distance from anything."""
    last = len(x) - 1
    if a == last or b == last:
        return 0.0
    dx = float(x[a]) - float(x[b])
    dy = float(y[a]) - float(y[b])
    return np.sqrt(dx * dx + dy * dy)


@numba.njit(cache=True, nogil=True)
def is_fixed(a, b, count, is_paired):  # type: ignore[no-untyped-def]
    """Whether the edge between neighbours a and b must stay."""
    if is_paired:
        return (a ^ 1) == b
    return a >= count - 2 and b >= count - 2


@numba.njit(cache=True, nogil=True)
def _beside(tour, place, a, step):  # type: ignore[no-untyped-def]
    """The node after (step 1) or before (step -1) node a."""
    i = place[a] + step
    if i == len(tour):
        i = 0
    elif i < 0:
        i = len(tour) - 1
    return tour[i]


@numba.njit(cache=True, nogil=True)
def turn(tour, place, first, last):  # type: ignore[no-untyped-def]
    """Reverse the stretch from position `first` on to position `last`, over the array's end if need be."""
    count = len(tour)
    length = last - first + 1
    if length <= 0:
        length += count
    for _ in range(length // 2):
        a, b = tour[first], tour[last]
        tour[first], tour[last] = b, a
        place[b], place[a] = first, last
        first += 1
        if first == count:
            first = 0
        last -= 1
        if last < 0:
            last = count - 1


@numba.njit(cache=True, nogil=True)
def turn_path(tour, place, first, last, step, log, logged):  # type: ignore[no-untyped-def]
    """Reverse the stretch from node `first` to node `last`, seen in the direction `step`; entries of the log so far."""
    i, j = (place[first], place[last]) if step == 1 else (place[last], place[first])
    turn(tour, place, i, j)
    if logged < len(log):
        log[logged, 0], log[logged, 1] = i, j
    return logged + 1


@numba.njit(cache=True, nogil=True)
def best_move(tour, place, x, y, near, a, is_paired, is_directed, reach, move):  # type: ignore[no-untyped-def]
    """The best move that takes away an edge of node a: its gain, 0 for none, and what it is, in `move`.

    Seen from t2 = a away from its neighbour t1, the tour is a path t2 ... t1. A 2-opt move turns its beginning X
    round; a 3-opt move exchanges or turns two stretches X and Y at its beginning.

    Args:
        tour, place: int32 (N,), nodes in order, and the position of each.
        x, y: float32 (N,).
        near: int32 (N, K).
        a: the node.
        is_paired: see the module.
        is_directed: stretches may not be turned.
        reach: nodes that a move may pass over, at most.
        move: int64 (8,): kind, t1 to t6, and the direction of the path.
    """
    count = len(tour)
    best = SMALLEST_GAIN
    found = 0.0
    t2 = a
    second = min(near.shape[1], SECOND)
    for step in (1, -1):
        t1 = _beside(tour, place, t2, -step)
        if is_fixed(t1, t2, count, is_paired):
            continue
        start = place[t2]
        length = distance(x, y, t1, t2)
        for k in range(near.shape[1]):
            t3 = near[t2, k]
            if t3 < 0:
                break
            gain_1 = length - distance(x, y, t2, t3)
            if gain_1 <= SMALLEST_GAIN:
                break
            r3 = (place[t3] - start) * step  # how far behind t2
            if r3 < 0:
                r3 += count
            for side in (-1, 1):
                if is_directed and side == -1:
                    continue
                t4 = _beside(tour, place, t3, side * step)
                if is_fixed(t3, t4, count, is_paired) or (side == 1 and t3 == t1) or (side == -1 and t4 == t2):
                    continue
                gain_2 = gain_1 + distance(x, y, t3, t4)
                if side == -1:
                    gain = gain_2 - distance(x, y, t4, t1)
                    if gain > best and min(r3, count - r3) <= reach:
                        best = found = gain
                        move[0], move[1], move[2], move[3], move[4] = TURN, t1, t2, t3, t4
                        move[5], move[6], move[7] = t1, t1, step
                for m in range(second):
                    t5 = near[t4, m]
                    if t5 < 0:
                        break
                    gain_3 = gain_2 - distance(x, y, t4, t5)
                    if gain_3 <= SMALLEST_GAIN:
                        break
                    if t5 == t3:
                        continue
                    r5 = (place[t5] - start) * step
                    if r5 < 0:
                        r5 += count
                    for other in (-1, 1):
                        if side == -1:
                            # The path is t4 ... t2 t3 ... t1 now, and t6 comes before t5 in it.
                            if other == -1 and r5 > r3:
                                kind, one, two = SWAP_TURN_SECOND, r3, r5 - r3
                            elif other == 1 and r5 < r3 - 1:
                                kind, one, two = SWAP_TURN_FIRST, r5 + 1, r3 - 1 - r5
                            else:
                                continue
                        # t2 ... t3 is a ring now, and t5 in it opens it again.
                        elif other == 1 and r5 < r3:
                            kind, one, two = SWAP, r5 + 1, r3 - r5
                        elif other == -1 and 1 <= r5 <= r3 and not is_directed:
                            kind, one, two = TURN_BOTH, r5, r3 - r5 + 1
                        else:
                            continue
                        t6 = _beside(tour, place, t5, other * step)
                        if is_fixed(t5, t6, count, is_paired):
                            continue
                        gain = gain_3 + distance(x, y, t5, t6) - distance(x, y, t6, t1)
                        if gain > best and count - max(one, two, count - one - two) <= reach:
                            best = found = gain
                            move[0], move[1], move[2], move[3], move[4] = kind, t1, t2, t3, t4
                            move[5], move[6], move[7] = t5, t6, step
    return found


@numba.njit(cache=True, nogil=True)
def _span(place, first, last, step):  # type: ignore[no-untyped-def]
    """Nodes from one to another, both included."""
    length = (place[last] - place[first]) * step
    if length < 0:
        length += len(place)
    return length + 1


@numba.njit(cache=True, nogil=True)
def carry_out(tour, place, move, log, logged):  # type: ignore[no-untyped-def]
    """Change the tour as `best_move` says; entries of the log so far."""
    kind, step = move[0], move[7]
    t1, t2, t3, t4, t5, t6 = move[1], move[2], move[3], move[4], move[5], move[6]
    if kind == TURN:  # either side of a closed tour may be turned: the shorter one
        if 2 * _span(place, t2, t4, step) <= len(tour):
            return turn_path(tour, place, t2, t4, step, log, logged)
        return turn_path(tour, place, t3, t1, step, log, logged)
    # Stretches X, Y and the rest Z, each from its first to its last node.
    if kind == SWAP_TURN_SECOND:
        x_last, y_first, y_last, z_first = t4, t3, t6, t5
    elif kind == SWAP_TURN_FIRST:
        x_last, y_first, y_last, z_first = t5, t6, t4, t3
    elif kind == SWAP:
        x_last, y_first, y_last, z_first = t5, t6, t3, t4
    else:
        x_last, y_first, y_last, z_first = t6, t5, t3, t4
    # Seen from another of the three stretches, the same move has another kind; the longest one is left in place.
    one, two = _span(place, t2, x_last, step), _span(place, y_first, y_last, step)
    three = len(tour) - one - two
    a_first, a_last, b_first, b_last = t2, x_last, y_first, y_last
    if one > two and one > three:
        a_first, a_last, b_first, b_last = y_first, y_last, z_first, t1
        if kind == SWAP_TURN_SECOND:
            kind = SWAP_TURN_FIRST
        elif kind == SWAP_TURN_FIRST:
            kind = TURN_BOTH
        elif kind == TURN_BOTH:
            kind = SWAP_TURN_SECOND
    elif two > three:
        a_first, a_last, b_first, b_last = z_first, t1, t2, x_last
        if kind == SWAP_TURN_SECOND:
            kind = TURN_BOTH
        elif kind == SWAP_TURN_FIRST:
            kind = SWAP_TURN_SECOND
        elif kind == TURN_BOTH:
            kind = SWAP_TURN_FIRST
    if kind == TURN_BOTH:
        logged = turn_path(tour, place, a_first, a_last, step, log, logged)
        return turn_path(tour, place, b_first, b_last, step, log, logged)
    logged = turn_path(tour, place, a_first, b_last, step, log, logged)
    if kind != SWAP_TURN_FIRST:  # the first stretch lies turned now
        logged = turn_path(tour, place, a_last, a_first, step, log, logged)
    if kind != SWAP_TURN_SECOND:
        logged = turn_path(tour, place, b_last, b_first, step, log, logged)
    return logged
