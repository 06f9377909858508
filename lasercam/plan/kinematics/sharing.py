"""Time of pieces shared out among rows and among places along them."""

from math import sqrt

from lasercam.plan.kinematics.moves import Column


def share_time(
    count: int, last: Column, length: Column, row_length: Column, marks: int, mark_um: Column, trim_in: Column,
    trim_out: Column, line_at: Column, arc_at: Column, arc_from: Column, arc_length: Column, led_at: int,
    led_from: float, led_length: float,
    p_length: Column, p_top: Column, p_acceleration: Column, entry: Column, leave: Column, p_seconds: Column,
    standing: Column, evens: Column, even_below: float, seconds: Column, mark_s: Column,
) -> None:  # fmt: skip
    """Seconds of every row of `count` moves, and to every mark along them.

    Where a corner is an arc, its first half belongs to the row before the corner, the second to the row behind it.

    Args:
        count: moves.
        last, length: (count,), last row and length of each move.
        row_length: (N,), of rows, µm.
        marks: of each row.
        mark_um: (N · marks,), distance of each mark from the beginning of its row, ascending, µm.
        trim_in … arc_length: (count,), as `make_pieces` tells.
        led_at, led_from, led_length: piece of the arc that leads into the first move (−1: none), where in it the arc
            begins, and its length, µm.
        p_length … evens: of pieces, as `make_pieces` and `run_profile` tell.
        even_below: as for `run_profile`.
        seconds: (N,), receives the times of rows.
        mark_s: (N · marks,), receives the times from the beginning of the row to its marks.
    """
    row = 0
    for m in range(count):
        line, arc = line_at[m], arc_at[m]
        total = 0.0
        for i in range(row, last[m] + 1):
            total += row_length[i]
        scale = length[m] / total if total > 0.0 else 0.0
        came = arc_at[m - 1] if m > 0 else led_at
        came_from = arc_from[m - 1] if m > 0 else led_from
        came_half = 0.5 * (arc_length[m - 1] if m > 0 else led_length)
        along = 0.0
        for i in range(row, last[m] + 1):
            x0, x1 = along, along + row_length[i] * scale
            along = x1
            begin, former, former_at = 0.0, -1.0, 0.0
            for q in range(-1, marks + 1):
                x = x0 if q < 0 else (x1 if q == marks else x0 + mark_um[i * marks + q] * scale)
                t = 0.0
                for part in range(3 if x != former else 0):
                    # Place on the piece: of the incoming arc, of the line, of the outgoing arc.
                    if part == 0:
                        if came < 0 or trim_in[m] <= 0.0:
                            continue
                        share = x / trim_in[m]
                        share = 1.0 if share > 1.0 else (0.0 if share < 0.0 else share)
                        piece, y_low = came, came_from + came_half
                        y = y_low + came_half * share
                    elif part == 1:
                        piece, y_low = line, 0.0
                        rest = length[m] - trim_in[m] - trim_out[m]
                        y = x - trim_in[m]
                        y = rest if y > rest else (0.0 if y < 0.0 else y)
                        size = arc_from[m] if arc == line else p_length[line]
                        y = y * (size / rest) if rest > 0.0 else (size if x > trim_in[m] else 0.0)
                    else:
                        if arc < 0 or trim_out[m] <= 0.0:
                            continue
                        share = (x - (length[m] - trim_out[m])) / trim_out[m]
                        share = 1.0 if share > 1.0 else (0.0 if share < 0.0 else share)
                        piece, y_low = arc, arc_from[m]
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
                if x == former:
                    t = former_at
                former, former_at = x, t
                if q < 0:
                    begin = t
                elif q == marks:
                    seconds[i] = t - begin
                else:
                    mark_s[i * marks + q] = t - begin
        seconds[last[m]] += standing[line] if arc < 0 else standing[arc]
        row = last[m] + 1
