"""Which exposures follow a near one too soon; compiled when this module is imported."""

import numba
import numpy as np

CELL = 1.5
"""Side of a cell in distances: samples of two neighbours, a half distance apart each, lie in adjoining cells."""


@numba.njit(cache=True, nogil=True)
def squared_distance(a, b):  # type: ignore[no-untyped-def]
    """Of two segments (x, y, z, x, y, z); a dot is a segment of no length.

    Source: Ericson, Real-Time Collision Detection, 2005, 5.1.9 (closest points of two segments).
    """
    uu = vv = uv = uw = vw = 0.0
    for axis in range(3):
        u, v, w = a[axis + 3] - a[axis], b[axis + 3] - b[axis], a[axis] - b[axis]
        uu += u * u
        vv += v * v
        uv += u * v
        uw += u * w
        vw += v * w
    s = t = 0.0
    if uu > 0.0 and vv > 0.0:
        spread = uu * vv - uv * uv
        if spread > 1e-12 * uu * vv:
            s = min(max((uv * vw - uw * vv) / spread, 0.0), 1.0)
        t = (uv * s + vw) / vv
        if t < 0.0:
            t, s = 0.0, min(max(-uw / uu, 0.0), 1.0)
        elif t > 1.0:
            t, s = 1.0, min(max((uv - uw) / uu, 0.0), 1.0)
    elif uu > 0.0:
        s = min(max(-uw / uu, 0.0), 1.0)
    elif vv > 0.0:
        t = min(max(vw / vv, 0.0), 1.0)
    squared = 0.0
    for axis in range(3):
        gap = a[axis] + s * (a[axis + 3] - a[axis]) - b[axis] - t * (b[axis + 3] - b[axis])
        squared += gap * gap
    return squared


@numba.njit(cache=True, nogil=True)
def _pieces(segment, distance):  # type: ignore[no-untyped-def]
    """Half distances along a segment, seen from above."""
    dx, dy = segment[3] - segment[0], segment[4] - segment[1]
    return int(np.ceil(np.sqrt(dx * dx + dy * dy) / (0.5 * distance)))


@numba.njit(cache=True, nogil=True)
def _bucket(column, row, mask):  # type: ignore[no-untyped-def]
    return ((column * 73856093) ^ (row * 19349663)) & mask


@numba.njit(cache=True, nogil=True)
def shortest_waits(segments, feature, begin, end, judged_from, distance, time):  # type: ignore[no-untyped-def]
    """The shortest time that each judged exposure begins after the end of a near one.

    Args:
        segments: float64 (N, 6), x, y, z of start and end, in the order of exposure.
        feature: int64 (N,); exposures of one feature are not compared.
        begin, end: float64 (N,), s, neither falling.
        judged_from: the first exposure that is judged; those before are only near ones.
        distance: exposures nearer than this are compared.
        time: s; only shorter waits are looked for.

    Returns:
        float64 (N,), s, infinite where no near exposure ended less than `time` before; int64 (N,), that exposure.
    """
    count = len(segments)
    total = 0
    for i in range(count):
        total += _pieces(segments[i], distance) + 1
    size = 1
    while size < 2 * total:
        size *= 2
    mask = size - 1
    head = np.full(size, -1, np.int64)
    behind, whose = np.empty(total, np.int64), np.empty(total, np.int64)
    column, row = np.empty(total, np.int64), np.empty(total, np.int64)
    wait, after = np.full(count, np.inf), np.full(count, -1, np.int64)
    used = 0
    side = CELL * distance
    for i in range(count):
        mine = segments[i]
        pieces = _pieces(mine, distance)
        first = used
        for k in range(pieces + 1):
            share = k / max(pieces, 1)
            c = int(np.floor((mine[0] + share * (mine[3] - mine[0])) / side))
            r = int(np.floor((mine[1] + share * (mine[4] - mine[1])) / side))
            if used > first and column[used - 1] == c and row[used - 1] == r:
                continue
            column[used], row[used], whose[used] = c, r, i
            used += 1
        if i >= judged_from:
            for s in range(first, used):
                for c in range(column[s] - 1, column[s] + 2):
                    for r in range(row[s] - 1, row[s] + 2):
                        # The latest comes first: behind one that is old enough all are.
                        k = head[_bucket(c, r, mask)]
                        while k >= 0 and begin[i] - end[whose[k]] < time:
                            j = whose[k]
                            if (
                                column[k] == c
                                and row[k] == r
                                and feature[j] != feature[i]
                                and begin[i] - end[j] < wait[i]
                                and squared_distance(segments[j], mine) < distance * distance
                            ):
                                wait[i], after[i] = begin[i] - end[j], j
                            k = behind[k]
        for s in range(first, used):
            bucket = _bucket(column[s], row[s], mask)
            behind[s] = head[bucket]
            head[bucket] = s
    return wait, after
