"""Time of pieces shared out among rows, and among the ends and the middle of each row."""

from math import sqrt

from lasercam.plan.kinematics.moves import Column


def share_time(
    count: int, last: Column, length: Column, row_length: Column, near: Column, trim_in: Column, trim_out: Column,
    line_at: Column, arc_at: Column, arc_from: Column, arc_length: Column, before_s: float,
    p_length: Column, p_top: Column, p_acceleration: Column, entry: Column, leave: Column, p_seconds: Column,
    standing: Column, evens: Column, even_below: float, seconds: Column, head: Column, tail: Column,
) -> None:  # fmt: skip
    """Seconds of every row of `count` moves, of the first and of the last part of each.

    Where a corner is an arc, its first half belongs to the row before the corner, the second to the row behind it.

    Args:
        count: moves.
        last, length: (count,), last row and length of each move.
        row_length, near: (N,), of rows: length, and how far its ends reach, at most half of it, µm.
        trim_in … arc_length: (count,), as `make_pieces` tells.
        before_s: time of the half arc in front of the first move.
        p_length … evens: of pieces, as `make_pieces` and `run_profile` tell.
        even_below: as for `run_profile`.
        seconds, head, tail: (N,), receive the times.
    """
    row = 0
    for m in range(count):
        line, arc = line_at[m], arc_at[m]
        total = 0.0
        for i in range(row, last[m] + 1):
            total += row_length[i]
        scale = length[m] / total if total > 0.0 else 0.0
        came = arc_at[m - 1] if m > 0 else -1
        incoming = before_s if m == 0 else 0.0
        along = 0.0
        for i in range(row, last[m] + 1):
            x0, x1 = along, along + row_length[i] * scale
            reach = near[i] * scale
            along = x1
            t0, t1, t2, t3 = 0.0, 0.0, 0.0, 0.0
            for q in range(4):
                x = x0 if q == 0 else (x0 + reach if q == 1 else (x1 - reach if q == 2 else x1))
                t = 0.0
                for part in range(3):
                    # Place on the piece: of the incoming arc, of the line, of the outgoing arc.
                    if part == 0:
                        if trim_in[m] <= 0.0:
                            continue
                        share = x / trim_in[m]
                        share = 1.0 if share > 1.0 else (0.0 if share < 0.0 else share)
                        if came < 0:
                            t += incoming * share
                            continue
                        piece = came
                        y_low = arc_from[m - 1] + 0.5 * arc_length[m - 1]
                        y = y_low + 0.5 * arc_length[m - 1] * share
                    elif part == 1:
                        piece = line
                        y_low = 0.0
                        rest = length[m] - trim_in[m] - trim_out[m]
                        y = x - trim_in[m]
                        y = rest if y > rest else y
                        y = 0.0 if y < 0.0 else y
                        size = arc_from[m] if arc == line else p_length[line]
                        y = y * (size / rest) if rest > 0.0 else (size if x > trim_in[m] else 0.0)
                    else:
                        if arc < 0 or trim_out[m] <= 0.0:
                            continue
                        share = (x - (length[m] - trim_out[m])) / trim_out[m]
                        share = 1.0 if share > 1.0 else (0.0 if share < 0.0 else share)
                        piece = arc
                        y_low = arc_from[m]
                        y = y_low + 0.5 * arc_length[m] * share
                    if y <= y_low:
                        continue
                    u, e, a, top = entry[piece], leave[piece], p_acceleration[piece], p_top[piece]
                    way, whole = p_length[piece], p_seconds[piece]
                    is_even = evens[piece] != 0 and e > 0.0 and 2.0 * way / (u + e) < even_below
                    peak = min(top, sqrt(0.5 * (u * u + e * e) + a * way))
                    rise, fall = (peak * peak - u * u) / (2.0 * a), (peak * peak - e * e) / (2.0 * a)
                    for side in range(2):
                        place = y if side == 0 else y_low
                        if place <= 0.0:
                            at = 0.0
                        elif place >= way:
                            at = whole
                        elif is_even:
                            at = 2.0 * place / (u + sqrt(u * u + (e * e - u * u) * place / way))
                        elif place < rise:
                            at = (sqrt(u * u + 2.0 * a * place) - u) / a
                        elif place < way - fall:
                            at = (peak - u) / a + (place - rise) / peak
                        else:
                            at = whole - (sqrt(e * e + 2.0 * a * (way - place)) - e) / a
                        t += at if side == 0 else -at
                if q == 0:
                    t0 = t
                elif q == 1:
                    t1 = t
                elif q == 2:
                    t2 = t
                else:
                    t3 = t
            seconds[i], head[i], tail[i] = t3 - t0, t1 - t0, t3 - t2
        waits = standing[line] if arc < 0 else standing[arc]
        seconds[last[m]] += waits
        tail[last[m]] += waits
        row = last[m] + 1


def place_time(
    place: float, way: float, top: float, a: float, u: float, e: float, whole: float, evens: int, even_below: float
) -> float:  # fmt: skip
    """Seconds from the beginning of a piece to a place on it, as `share_time` has it."""
    if place >= way:
        return whole
    if evens and e > 0.0 and 2.0 * way / (u + e) < even_below:
        return 2.0 * place / (u + sqrt(u * u + (e * e - u * u) * place / way))
    peak = min(top, sqrt(0.5 * (u * u + e * e) + a * way))
    rise, fall = (peak * peak - u * u) / (2.0 * a), (peak * peak - e * e) / (2.0 * a)
    if place < rise:
        return (sqrt(u * u + 2.0 * a * place) - u) / a
    if place < way - fall:
        return (peak - u) / a + (place - rise) / peak
    return whole - (sqrt(e * e + 2.0 * a * (way - place)) - e) / a
