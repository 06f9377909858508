"""Moves to pieces: each corner gets the speed it can be taken at, and the arc that replaces it."""

from math import acos, sqrt

from lasercam.plan.kinematics.moves import Column

ANY_SPEED = 1e18
"""The end of a piece that limits nothing, µm/s."""
_LEAST_UM = 1e-9
"""Length of what is left of a move that its corners use up; the controller still spends a planned piece on it."""


def make_pieces(
    count: int, ux: Column, uy: Column, uz: Column, length: Column, feeds: Column, lit: Column, stands: Column,
    speed: Column, acceleration: Column, by_force: Column, mode: int, tolerance: float, cycle: float, shortest: float,
    trim: float, reduction: float, was_lit: int, is_open: int,
    p_length: Column, p_speed: Column, p_acceleration: Column, p_limit: Column, p_even: Column,
    p_tail: Column, trim_in: Column, trim_out: Column, line_at: Column, arc_at: Column, arc_from: Column,
    arc_length: Column, reduced: Column,
) -> int:  # fmt: skip
    """Pieces of `count` moves: what is left of each line, and the arc behind it.

    A corner between two lines is taken, whichever is fastest:

    - nearly straight: the change of direction within one servo period costs less than a tenth of the acceleration;
    - bent: as before, at the speed at which it costs a tenth;
    - rounded: by an arc that stays within the tolerance, uses up at most half of either line, and needs no more than
      √3/2 of the acceleration sideways, so that half is left along the path. A line of which too little is left
      becomes part of the arc behind it, unless the gate acts where it begins.

    Lines that turn back on themselves within 2° stop. With junction deviation the corner is kept, at the speed at which
    an arc that leaves it by the tolerance could be followed.

    Args:
        count: moves.
        ux, uy, uz, length, feeds, lit, speed, acceleration: (count,), of the moves; direction, µm, µm/s, µm/s².
        stands: (count,), whether the stage must stand still behind the move.
        by_force: (3,), 1 / acceleration of each axis, s²/µm.
        mode: 0 rounded, 1 junction deviation, 2 exact stop, 3 full speed.
        tolerance: µm.
        cycle, shortest: servo period and shortest planned piece, s.
        trim, reduction, was_lit: what the corner before the first move has taken of its length and its acceleration,
            and how the gate was before it (−1: as now).
        is_open: the last move may go on; else it ends at standstill.
        p_length, p_speed, p_acceleration, p_limit, p_even: receive the pieces: µm, top speed, µm/s², most speed at
            the end, whether short ones change speed evenly.
        p_tail: receives the square of the speed at which a move may be entered while nothing is known behind it: as if
            half of it were missing; −1 for pieces that begin no move.
        trim_in, trim_out: receive what corners take off each move's ends, µm.
        line_at, arc_at, arc_from, arc_length: receive the piece of each move's line, that of the arc behind it (−1:
            none), where in that piece the arc begins, and its length, µm.
        reduced: receives the share by which each move's acceleration is reduced at its beginning.

    Returns:
        How many pieces.

    Source: LinuxCNC 2.9, trajectory planner (blend arcs, tangent segments); Grbl 1.1, planner (junction deviation);
    both as read in their sources, and the first measured on the running controller.
    """
    n, before = 0, trim
    carried = reduction
    for m in range(count):
        size = length[m]
        trim_in[m], trim_out[m], arc_at[m], arc_from[m], arc_length[m] = before, 0.0, -1, 0.0, 0.0
        reduced[m] = carried
        left, less = size - before, carried
        before, carried = 0.0, 0.0
        if size <= 0.0 or speed[m] <= 0.0:
            p_length[n], p_speed[n], p_acceleration[n], p_limit[n], p_even[n] = 0.0, ANY_SPEED, 1.0, 0.0, 0
            p_tail[n] = -1.0
            line_at[m] = n
            n += 1
            continue
        previous = lit[m - 1] if m > 0 else was_lit
        acts = previous >= 0 and previous != lit[m]
        limit, radius_way, arc, sideways = 0.0, 0.0, 0.0, 0.0
        meets = not stands[m] and m + 1 < count and length[m + 1] > 0.0 and speed[m + 1] > 0.0 and mode != 2
        if meets and mode != 1:
            meets = feeds[m] != 0 and feeds[m + 1] != 0
        if meets:
            k = m + 1
            cosine = ux[m] * ux[k] + uy[m] * uy[k] + uz[m] * uz[k]
            cosine = 1.0 if cosine > 1.0 else (-1.0 if cosine < -1.0 else cosine)
            sx, sy, sz = ux[m] + ux[k], uy[m] + uy[k], uz[m] + uz[k]
            tx, ty, tz = ux[k] - ux[m], uy[k] - uy[m], uz[k] - uz[m]
            # Half of the angle inside the corner: straight on is a right angle.
            sine, cosine_half = sqrt(0.5 * (1.0 + cosine)), sqrt(0.5 * (1.0 - cosine))
            if mode == 1:
                turn = sqrt(tx * tx + ty * ty + tz * tz)
                if turn < 1e-6:
                    limit = ANY_SPEED
                elif sine > 1e-6:
                    bend = max(abs(tx) * by_force[0], abs(ty) * by_force[1], abs(tz) * by_force[2]) * (1.0 - sine)
                    limit = sqrt(turn * tolerance * sine / bend) if bend > 0.0 else ANY_SPEED
            elif sx * sx + sy * sy + sz * sz < 0.0012184696791468343:  # (2° in radians)²
                limit = 0.0
            elif mode == 3:
                limit = ANY_SPEED
            else:
                top, top_next = speed[m], speed[k]
                if cycle > 0.0:
                    top, top_next = min(top, left / cycle), min(top_next, length[k] / cycle)
                slower = min(top, top_next)
                change = slower / cycle + acceleration[k] if cycle > 0.0 else ANY_SPEED
                cost = change * max(abs(tx) * by_force[0], abs(ty) * by_force[1], abs(tz) * by_force[2])
                if cost < 0.1:
                    limit = slower if slower > 0.0 else _LEAST_UM
                    less, carried = max(less, cost), cost
                else:
                    bent = 0.1 * slower / cost
                    rounded = 0.0
                    if cosine_half > 1e-6 and sine > 1e-6:
                        # The largest acceleration in every direction of the plane that the corner lies in.
                        nx, ny = uy[m] * uz[k] - uz[m] * uy[k], uz[m] * ux[k] - ux[m] * uz[k]
                        nz = ux[m] * uy[k] - uy[m] * ux[k]
                        norm = 1.0 / (nx * nx + ny * ny + nz * nz)
                        ax = (1.0 - nx * nx * norm) * by_force[0] * by_force[0]
                        ay = (1.0 - ny * ny * norm) * by_force[1] * by_force[1]
                        az = (1.0 - nz * nz * norm) * by_force[2] * by_force[2]
                        whole = 1.0 / sqrt(max(ax, ay, az))
                        normal = whole * 0.8660254037844386
                        allowed = min(tolerance, 0.25 * size, 0.25 * length[k])
                        room = min(left, 0.5 * size, 0.5 * length[k])
                        if sine < 1.0:
                            room = min(room, cosine_half * allowed / (1.0 - sine))
                        tangent = sine / cosine_half
                        widest = tangent * room
                        rounded = min(sqrt(normal * widest), max(speed[m], speed[k]))
                        angle = acos(cosine)
                        # No wider than a blend of constant acceleration would need.
                        time = min(sqrt(whole * room), rounded) / (0.5 * whole)
                        radius = max(rounded * rounded / normal, min(time * rounded / angle, widest))
                        radius_way, arc, sideways = radius / tangent, radius * angle, whole
                    if rounded >= bent:
                        limit = rounded
                    else:
                        limit, arc = bent, 0.0
                        less, carried = max(less, 0.1), 0.1
        own = acceleration[m] * (1.0 - less)
        line_at[m] = n
        p_tail[n] = 0.5 * acceleration[m] * (1.0 - reduced[m]) * (size - trim_in[m])
        if arc > 0.0:
            rest = left - radius_way
            rest = rest if rest > 0.0 else 0.0
            trim_out[m], before = radius_way, radius_way
            arc_length[m] = arc
            if not acts and rest < 4.0 * cycle * limit:
                whole_way = rest + arc
                arc_at[m], arc_from[m] = n, rest
                p_length[n], p_limit[n], p_even[n] = whole_way, ANY_SPEED, 1
                p_speed[n] = min(limit, whole_way / shortest) if shortest > 0.0 else limit
                p_acceleration[n] = min(own, 0.5 * sideways)
                n += 1
                continue
            rest = rest if rest > _LEAST_UM else _LEAST_UM
            p_length[n], p_acceleration[n], p_limit[n], p_even[n] = rest, own, ANY_SPEED, 1
            p_speed[n] = min(speed[m], rest / shortest) if shortest > 0.0 else speed[m]
            n += 1
            arc_at[m], p_tail[n] = n, -1.0
            p_length[n], p_acceleration[n], p_limit[n], p_even[n] = arc, 0.5 * sideways, ANY_SPEED, 1
            p_speed[n] = min(limit, arc / shortest) if shortest > 0.0 else limit
            n += 1
            continue
        if m + 1 == count and is_open:
            limit = ANY_SPEED
        left = left if left > _LEAST_UM else _LEAST_UM
        p_length[n], p_acceleration[n], p_limit[n], p_even[n] = left, own, limit, 1 if feeds[m] else 0
        p_speed[n] = min(speed[m], left / shortest) if shortest > 0.0 and feeds[m] else speed[m]
        n += 1
    return n
