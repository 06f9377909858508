"""Sharing features out over rounds, so that those of one round keep a distance; compiled when imported."""

import numba
import numpy as np

CELL = 1.5
"""Side of a cell in distances: samples of two neighbours, a half distance apart each, lie in adjoining cells."""
MOST_ROUNDS = 4_096


@numba.njit(cache=True, nogil=True)
def _to_segment(px, py, ax, ay, bx, by):  # type: ignore[no-untyped-def]
    """Squared distance of a point from a segment."""
    dx, dy = bx - ax, by - ay
    squared = dx * dx + dy * dy
    t = 0.0
    if squared > 0.0:
        t = min(max(((px - ax) * dx + (py - ay) * dy) / squared, 0.0), 1.0)
    gx, gy = ax + t * dx - px, ay + t * dy - py
    return gx * gx + gy * gy


@numba.njit(cache=True, nogil=True)
def _between(a, b):  # type: ignore[no-untyped-def]
    """Squared distance of two segments (x, y, x, y)."""
    d1x, d1y, d2x, d2y = a[2] - a[0], a[3] - a[1], b[2] - b[0], b[3] - b[1]
    turn = d1x * d2y - d1y * d2x
    if turn != 0.0:
        s = ((b[0] - a[0]) * d2y - (b[1] - a[1]) * d2x) / turn
        t = ((b[0] - a[0]) * d1y - (b[1] - a[1]) * d1x) / turn
        if 0.0 <= s <= 1.0 and 0.0 <= t <= 1.0:
            return 0.0
    one = min(_to_segment(a[0], a[1], b[0], b[1], b[2], b[3]), _to_segment(a[2], a[3], b[0], b[1], b[2], b[3]))
    two = min(_to_segment(b[0], b[1], a[0], a[1], a[2], a[3]), _to_segment(b[2], b[3], a[0], a[1], a[2], a[3]))
    return min(one, two)


@numba.njit(cache=True, nogil=True)
def _samples(segments, distance):  # type: ignore[no-untyped-def]
    """Cells along every segment: columns, rows, segments, int64 (S,) each."""
    count = 0
    for i in range(len(segments)):
        dx, dy = segments[i, 2] - segments[i, 0], segments[i, 3] - segments[i, 1]
        count += int(np.ceil(np.sqrt(dx * dx + dy * dy) / (0.5 * distance))) + 1
    column, row = np.empty(count, np.int64), np.empty(count, np.int64)
    whose = np.empty(count, np.int64)
    used = 0
    size = CELL * distance
    for i in range(len(segments)):
        dx, dy = segments[i, 2] - segments[i, 0], segments[i, 3] - segments[i, 1]
        pieces = int(np.ceil(np.sqrt(dx * dx + dy * dy) / (0.5 * distance)))
        for k in range(pieces + 1):
            share = k / max(pieces, 1)
            c = int(np.floor((segments[i, 0] + share * dx) / size))
            r = int(np.floor((segments[i, 1] + share * dy) / size))
            if k > 0 and c == column[used - 1] and r == row[used - 1]:
                continue
            column[used], row[used], whose[used] = c, r, i
            used += 1
    return column[:used], row[:used], whose[:used]


@numba.njit(cache=True, nogil=True)
def _bucket(column, row, mask):  # type: ignore[no-untyped-def]
    return ((column * 73856093) ^ (row * 19349663)) & mask


@numba.njit(cache=True, nogil=True)
def share_out(segments, feature, first, order, distance):  # type: ignore[no-untyped-def]
    """The round of every feature: the first one that has no neighbour of it, in the given order.

    Then features of crowded rounds move to emptier ones where their neighbours allow it, so that every round lasts.

    Args:
        segments: float64 (S, 4), x, y of start and end, feature by feature; a dot is a segment of no length.
        feature: int64 (S,), whose they are.
        first: int64 (P+1,), first segment of each feature.
        order: int64 (P,), features in the order they choose.
        distance: features nearer than this are neighbours.

    Returns:
        int64 (P,), rounds from 0; -1 where there are more than MOST_ROUNDS.
    """
    count = len(first) - 1
    column, row, whose = _samples(segments, distance)
    size = 1
    while size < 2 * len(whose):
        size *= 2
    mask = size - 1
    head, behind = np.full(size, -1, np.int64), np.empty(len(whose), np.int64)
    sample_first = np.zeros(count + 1, np.int64)
    for s in range(len(whose)):
        sample_first[feature[whose[s]] + 1] += 1
        bucket = _bucket(column[s], row[s], mask)
        behind[s] = head[bucket]
        head[bucket] = s
    for f in range(count):
        sample_first[f + 1] += sample_first[f]
    chosen = np.full(count, -1, np.int64)
    taken = np.full(MOST_ROUNDS + 1, -1, np.int64)  # the feature that found a round taken last
    filled = np.zeros(MOST_ROUNDS, np.int64)
    rounds = 0
    for again in range(2):
        if again == 1:
            fullest, emptiest = filled[:rounds].max(), filled[:rounds].min()
            if fullest <= 1.5 * emptiest:
                break
            taken[:] = -1
        for f in order:
            if again == 1 and filled[chosen[f]] * rounds <= count:
                continue
            for s in range(sample_first[f], sample_first[f + 1]):
                mine = segments[whose[s]]
                for c in range(column[s] - 1, column[s] + 2):
                    for r in range(row[s] - 1, row[s] + 2):
                        k = head[_bucket(c, r, mask)]
                        while k >= 0:
                            other = feature[whose[k]]
                            if (
                                column[k] == c
                                and row[k] == r
                                and other != f
                                and chosen[other] >= 0
                                and taken[chosen[other]] != f
                                and _between(mine, segments[whose[k]]) < distance * distance
                            ):
                                taken[chosen[other]] = f
                            k = behind[k]
            if again == 0:
                pick = 0
                while pick < MOST_ROUNDS and taken[pick] == f:
                    pick += 1
                if pick == MOST_ROUNDS:
                    chosen[:] = -1
                    return chosen
                chosen[f] = pick
                filled[pick] += 1
                rounds = max(rounds, pick + 1)
            else:
                pick = chosen[f]
                for other_round in range(rounds):
                    if taken[other_round] != f and filled[other_round] + 1 < filled[pick]:
                        pick = other_round
                filled[chosen[f]] -= 1
                filled[pick] += 1
                chosen[f] = pick
    return chosen
