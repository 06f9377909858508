"""The speed along pieces: as fast as they, their ends and the acceleration allow."""

from math import ceil, sqrt

from lasercam.plan.kinematics.moves import Column

_SAME_CYCLE = 1e-3
"""Share of a servo period by which rounding may make a motion longer."""


def run_profile(
    count: int, length: Column, top: Column, acceleration: Column, limit: Column, begin: float, since_stop: float,
    cycle: float, look_ahead: int, evens: Column, even_below: float, entry: Column, leave: Column, seconds: Column,
    standing: Column,
) -> float:  # fmt: skip
    """Trapezoidal profile through `count` pieces; the last one ends at standstill.

    Backwards: the most speed at the end of each piece from which the rest can be done, and from which the machine can
    stop within `look_ahead` pieces. Forwards: the speed that is reached.

    Args:
        count: pieces.
        length, top, acceleration, limit: (count,), as `make_pieces` makes them.
        begin: speed at the beginning, µm/s.
        since_stop: s since the last standstill.
        cycle: servo period, s; motion between standstills lasts whole periods.
        look_ahead: pieces.
        evens, even_below: (count,), which pieces change speed evenly if they are shorter than this, s.
        entry, leave, seconds: receive speed at the beginning and at the end, µm/s, and time, s.
        standing: receives what rounding up to whole servo periods adds behind a piece, s.

    Returns:
        Seconds of all pieces, standing included.

    Source: uniform acceleration, v² = u² + 2 a s.
    """
    reserve = 0.0
    last = count - 1
    leave[last] = 0.0
    for i in range(count - 2, -1, -1):
        k = i + 1
        gain = 2.0 * acceleration[k] * length[k]
        reserve += gain
        if k + look_ahead <= last:
            far = k + look_ahead
            reserve -= 2.0 * acceleration[far] * length[far]
        slowest = min(limit[i], top[i], top[k])
        if slowest <= 0.0:
            leave[i] = 0.0
            continue
        leave[i] = min(slowest * slowest, leave[k] + gain, reserve if reserve > 0.0 else 0.0)
    total = 0.0
    speed, motion = begin, since_stop
    for i in range(count):
        way, a, most = length[i], acceleration[i], top[i]
        standing[i] = 0.0
        entry[i] = speed
        if way <= 0.0:
            leave[i], seconds[i] = 0.0, 0.0
            speed = 0.0
            continue
        square = speed * speed
        end_square = min(leave[i], square + 2.0 * a * way)
        end = sqrt(end_square)
        peak_square = 0.5 * (square + end_square) + a * way
        even = 2.0 * way / (speed + end) if evens[i] and end > 0.0 else even_below
        if even < even_below:
            t = even
        elif peak_square <= most * most:
            t = (2.0 * sqrt(peak_square) - speed - end) / a
        else:
            t = (2.0 * most - speed - end) / a + (way - (2.0 * most * most - square - end_square) / (2.0 * a)) / most
        seconds[i], leave[i] = t, end
        motion += t
        total += t
        speed = end
        if end <= 0.0:
            if cycle > 0.0:
                whole = ceil(motion / cycle - _SAME_CYCLE) * cycle
                standing[i] = whole - motion
                total += standing[i]
            motion = 0.0
    return total
