"""The speed along pieces where jerk is limited too: every change of speed begins and ends without acceleration."""

from math import ceil, sqrt

from lasercam.plan.kinematics.moves import Column

_SAME_CYCLE = 1e-3
_HALVINGS = 48
"""Bisection steps: finer than a float64 speed needs."""


def run_jerk_profile(
    count: int, length: Column, top: Column, acceleration: Column, limit: Column, begin: float, since_stop: float,
    cycle: float, look_ahead: int, jerk: Column, entry: Column, leave: Column, seconds: Column, standing: Column,
) -> float:  # fmt: skip
    """S-curve profile through `count` pieces; arguments as for `run_profile`, `jerk` (count,) in µm/s³, 0 = none.

    A change of speed by d takes d / a + a / j where the acceleration a is reached (d ≥ a² / j), else 2 √(d / j), and
    the mean of both speeds times that long a way. Acceleration is zero where pieces meet.

    Returns:
        Seconds of all pieces, standing included.

    Source: symmetric S-curve of constant jerk, from integrating it.
    """
    last = count - 1
    # Backwards, and forwards below: the most speed that can be changed to or from within a piece.
    for forwards in range(2):
        speed = begin
        for step in range(count):
            i = step if forwards else last - step
            if forwards:
                base, ceiling = speed, leave[i]
                entry[i] = speed
            else:
                leave[i] = 0.0
                if i == last:
                    continue
                k = i + 1
                base = leave[k]
                ceiling = min(limit[i], top[i], top[k])
                if ceiling <= 0.0:
                    continue
            piece = i if forwards else i + 1
            way, a, j = length[piece], acceleration[piece], jerk[piece]
            low, high = base, max(ceiling, base)
            if ceiling <= base:
                speed = ceiling
                leave[i] = ceiling
                continue
            for halving in range(_HALVINGS):
                middle = high if halving == 0 else 0.5 * (low + high)
                d = middle - base
                time = d / a + a / j if j > 0.0 and d >= a * a / j else (2.0 * sqrt(d / j) if j > 0.0 else d / a)
                if 0.5 * (middle + base) * time <= way:
                    low = middle
                    if halving == 0:
                        break
                else:
                    high = middle
            leave[i] = low
            speed = low
        if not forwards:
            # Stop within the look-ahead: from zero, that many pieces back.
            for i in range(count - 1):
                far = i + look_ahead
                if leave[i] <= 0.0 or far >= last:
                    continue
                base = 0.0
                for k in range(far, i, -1):
                    low, high = base, max(leave[i], base)
                    for halving in range(_HALVINGS):
                        middle = high if halving == 0 else 0.5 * (low + high)
                        d = middle - base
                        a, j = acceleration[k], jerk[k]
                        time = (
                            d / a + a / j if j > 0.0 and d >= a * a / j else (2.0 * sqrt(d / j) if j > 0.0 else d / a)
                        )
                        if 0.5 * (middle + base) * time <= length[k]:
                            low = middle
                            if halving == 0:
                                break
                        else:
                            high = middle
                    base = low
                    if base >= leave[i]:
                        break
                leave[i] = min(leave[i], base)
    total, motion = 0.0, since_stop
    for i in range(count):
        way, a, j, u, e = length[i], acceleration[i], jerk[i], entry[i], leave[i]
        standing[i], seconds[i] = 0.0, 0.0
        if way <= 0.0:
            continue
        low, high = max(u, e), max(top[i], u, e)
        for halving in range(_HALVINGS):
            middle = high if halving == 0 else 0.5 * (low + high)
            need = 0.0
            for side in range(2):
                d = middle - (u if side == 0 else e)
                time = d / a + a / j if j > 0.0 and d >= a * a / j else (2.0 * sqrt(d / j) if j > 0.0 else d / a)
                need += 0.5 * (middle + (u if side == 0 else e)) * time
            if need <= way:
                low = middle
                if halving == 0:
                    break
            else:
                high = middle
        t, need = 0.0, 0.0
        for side in range(2):
            d = low - (u if side == 0 else e)
            time = d / a + a / j if j > 0.0 and d >= a * a / j else (2.0 * sqrt(d / j) if j > 0.0 else d / a)
            t += time
            need += 0.5 * (low + (u if side == 0 else e)) * time
        if low > 0.0 and way > need:
            t += (way - need) / low
        seconds[i] = t
        motion += t
        total += t
        if e <= 0.0:
            if cycle > 0.0:
                whole = ceil(motion / cycle - _SAME_CYCLE) * cycle
                standing[i] = whole - motion
                total += standing[i]
            motion = 0.0
    return total
