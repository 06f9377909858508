"""Shortening a tour: moves until none helps, then kicks; compiled when this module is imported.

A kick writes three neighbouring stretches in the opposite order, which no single move can undo, and improves around
the cuts. Where the tour has not become shorter, everything since the kick is taken back. Kicks go along the tour, so
that one works on what the one before has brought into the cache, and they are counted, not timed.

Source: Or-opt and 3-opt with queues of nodes and segment-wise kicks as surveyed by Johnson and McGeoch, The traveling
salesman problem: a case study in local optimization, in Aarts and Lenstra (eds.), Wiley 1997.
"""

import numba
import numpy as np

from lasercam.plan.tour.moves import best_move, carry_out, distance, is_fixed, turn, turn_path

LONGEST_KICK = 30
"""Nodes in each of the three stretches that a kick exchanges, at most."""
MOST_LOGGED = 1_000
"""Reversals after a kick that can be taken back."""


@numba.njit(cache=True, nogil=True)
def _settle(tour, place, x, y, near, is_paired, is_directed, reach, queue, waiting, many, log, logged):  # type: ignore[no-untyped-def]
    """Improve until no waiting node has a move.

    Args:
        queue: int32 (N,), ring of nodes that wait, `many` of them from its beginning.
        waiting: bool (N,), whether a node does.
        log, logged: reversals, and how many there have been.

    Returns:
        What was gained, and how many reversals there have been.
    """
    size = len(queue)
    head = 0
    total = 0.0
    move = np.zeros(8, np.int64)
    while many > 0:
        a = queue[head]
        head = head + 1 if head + 1 < size else 0
        many -= 1
        waiting[a] = False
        while True:
            gain = best_move(tour, place, x, y, near, a, is_paired, is_directed, reach, move)
            if gain <= 0.0:
                break
            total += gain
            logged = carry_out(tour, place, move, log, logged)
            for t in range(1, 7):
                b = move[t]
                if b != a and not waiting[b]:
                    slot = head + many
                    queue[slot if slot < size else slot - size] = b
                    waiting[b] = True
                    many += 1
    return total, logged


@numba.njit(cache=True, nogil=True)
def _next(chance):  # type: ignore[no-untyped-def]
    """The next of a fixed sequence of numbers below 2³¹ that follow no pattern."""
    return (chance * 1103515245 + 12345) & 0x7FFFFFFF


@numba.njit(cache=True, nogil=True)
def improve(tour, x, y, near, is_paired, is_directed, reach, kicks, kick_reach):  # type: ignore[no-untyped-def]
    """Shorten a tour in place.

    Args:
        tour: int32 (N,), all nodes; the last two by number are the start and the end.
        x, y: float32 (N,), whole numbers from 0 to 2²⁴.
        near: int32 (N, K), nearest nodes, -1 = no more.
        is_paired: nodes 2i and 2i + 1 stay together.
        is_directed: no stretch is turned round.
        reach: nodes that one move may pass over before the kicks: bounds what a reversal costs.
        kicks: how many.
        kick_reach: as `reach`, after kicks.
    """
    count = len(tour)
    place = np.empty(count, np.int32)
    queue = np.empty(count, np.int32)
    for i in range(count):
        place[tour[i]] = i
        queue[i] = tour[i]
    waiting = np.ones(count, np.bool_)
    log = np.empty((MOST_LOGGED, 2), np.int32)
    _settle(tour, place, x, y, near, is_paired, is_directed, reach, queue, waiting, count, log, 0)
    longest = min(LONGEST_KICK, (count - 8) // 4)
    if longest < 1:
        return
    sweep = min(kicks, count)  # kicks of one way along the tour
    chance = 12345
    cut = np.empty(4, np.int64)
    for kick in range(kicks):
        chance = _next(chance)
        at = (kick * count // sweep + (chance >> 8) % (2 * longest)) % count
        for i in range(4):
            if i > 0:
                chance = _next(chance)
                at = (at + 1 + (chance >> 8) % longest) % count
            if is_fixed(tour[at], tour[(at + 1) % count], count, is_paired):
                at = (at + 1) % count
            cut[i] = at
        a, b = tour[cut[0]], tour[(cut[0] + 1) % count]
        c, d = tour[cut[1]], tour[(cut[1] + 1) % count]
        e, f = tour[cut[2]], tour[(cut[2] + 1) % count]
        g, h = tour[cut[3]], tour[(cut[3] + 1) % count]
        # a b..c d..e f..g h becomes a f..g d..e b..c h.
        gain = distance(x, y, a, b) + distance(x, y, c, d) + distance(x, y, e, f) + distance(x, y, g, h)
        gain -= distance(x, y, a, f) + distance(x, y, g, d) + distance(x, y, e, b) + distance(x, y, c, h)
        logged = turn_path(tour, place, b, g, 1, log, 0)
        logged = turn_path(tour, place, g, f, 1, log, logged)
        logged = turn_path(tour, place, e, d, 1, log, logged)
        logged = turn_path(tour, place, c, b, 1, log, logged)
        many = 0
        for node in (a, b, c, d, e, f, g, h):
            if not waiting[node]:
                queue[many] = node
                waiting[node] = True
                many += 1
        more, logged = _settle(
            tour, place, x, y, near, is_paired, is_directed, kick_reach, queue, waiting, many, log, logged
        )
        if gain + more < 0.0 and logged <= MOST_LOGGED:
            for t in range(logged - 1, -1, -1):
                turn(tour, place, log[t, 0], log[t, 1])
