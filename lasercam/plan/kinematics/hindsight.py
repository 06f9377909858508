"""Braking that was planned before it was known what follows, and was never planned anew: LinuxCNC's hindsight is short.

Moves come in one by one. Each new one is planned as if half of it were missing, and what lies before it brakes for
that. When the next one comes in, the moves before it are planned anew, backwards, up to a few pieces behind the first
one that is at its full speed again. If the new move is much longer than those before it, that is too near: farther back
the stage still brakes for an end that has long moved on.
"""

from math import sqrt

from lasercam.plan.kinematics.moves import Column

RENEWED = 5
"""Pieces planned anew behind the first one at full speed. Source: LinuxCNC 2.9, trajectory planner, optimization
cutoff; measured: the slow place lies 5 to 6 chords before a straight run-out."""


def keep_braking(
    count: int, tail: Column, length: Column, acceleration: Column, top: Column, limit: Column, look_ahead: int,
    ends: int,
) -> None:  # fmt: skip
    """Lower `limit` where pieces still brake for an end that was not one.

    Args:
        count: pieces.
        tail: (count,), square of the speed at which the move that begins with a piece may be entered while nothing is
            known behind it, (µm/s)²; −1 for pieces that begin no move.
        length, acceleration, top, limit: (count,), as `make_pieces` makes them.
        look_ahead: pieces.
        ends: what is behind the last piece: 0 not known yet, 1 another move or nothing with the gate open, 2 nothing
            while the gate is open, so that its move stays as it was planned at first.

    Source: LinuxCNC 2.9, trajectory planner: velocity optimization; measured.
    """
    former, former_peak = -1, -1
    for i in range(1, count + 1):
        if i < count and tail[i] < 0.0:
            continue
        if i == count and ends == 0:
            break
        peak = count + RENEWED + 1
        # First how far back the new plan reaches, then what is left of the former one.
        for side in range(2):
            if side == 0 and i == count and ends == 2:
                continue
            if side == 1 and (former < 0 or peak - RENEWED <= former_peak + 1):
                continue
            start = i if side == 0 else former
            k = start - 1
            square = tail[start] if start < count and limit[k] > 0.0 else 0.0
            if limit[k] <= 0.0 or start == count:
                square = 2.0 * acceleration[k] * length[k]
                k -= 1
            while k >= 0 and start - k <= look_ahead:
                most = min(limit[k], top[k], top[k + 1])
                if square >= most * most:
                    break
                if side == 1 and k < peak - RENEWED:
                    limit[k] = sqrt(square)
                square += 2.0 * acceleration[k] * length[k]
                k -= 1
            if side == 0:
                peak = k
        former, former_peak = i, peak
