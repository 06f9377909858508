"""Rows to moves: what the controller executes as one straight piece, how fast it may be and how it may accelerate."""

from math import sqrt
from typing import Any

Column = Any
"""A float64 or integer array in compiled code, a list in plain Python: the functions read and write by index only."""


def join_rows(
    dx: Column, dy: Column, dz: Column, feeds: Column, lit: Column, speed: Column, stand: Column, tolerance: float,
    most: int, travel_stops: int, by_speed: Column, by_force: Column,
    last: Column, ux: Column, uy: Column, uz: Column, length: Column, m_feeds: Column, m_lit: Column, m_stands: Column,
    m_speed: Column, m_acceleration: Column,
) -> int:  # fmt: skip
    """Moves of N rows; a row of its own where nothing is joined.

    Lines that follow each other at one speed with one state of the gate become one move as long as every vertex
    between lies within the tolerance of the chord.

    Args:
        dx, dy, dz: (N,), displacement of each row, µm.
        feeds: (N,), whether the row runs at a recipe's speed.
        lit: (N,), whether the gate is commanded open.
        speed: (N,), of rows that feed, µm/s.
        stand: (N,), s of standstill behind a dot, −1 behind other rows.
        tolerance: µm.
        most: rows of one move.
        travel_stops: whether rapid travel always ends at standstill.
        by_speed, by_force: (3,), 1 / speed and 1 / acceleration of each axis, s/µm and s²/µm.
        last: receives the last row of each move.
        ux, uy, uz: receive its direction; zero for a move without length.
        length: receives its length, µm.
        m_feeds, m_lit: receive what holds for its rows.
        m_stands: receives whether it ends at standstill whatever follows.
        m_speed, m_acceleration: receive its top speed and its acceleration, at which no axis exceeds its own.

    Returns:
        How many moves.

    Source: LinuxCNC 2.9, G64 Q ("naive cam" tolerance): joining as documented, at most 100 points.
    """
    n, count, i = len(dx), 0, 0
    limit = tolerance * tolerance
    while i < n:
        j = i
        cx, cy, cz = dx[i], dy[i], dz[i]
        if most > 1 and feeds[i]:
            while j + 1 < n and j + 1 - i < most:
                k = j + 1
                if not feeds[k] or lit[k] != lit[i] or speed[k] != speed[i]:
                    break
                ex, ey, ez = cx + dx[k], cy + dy[k], cz + dz[k]
                square = ex * ex + ey * ey + ez * ez
                if square == 0.0:
                    break
                px, py, pz = 0.0, 0.0, 0.0
                near = True
                for v in range(i, k):
                    px, py, pz = px + dx[v], py + dy[v], pz + dz[v]
                    t = (px * ex + py * ey + pz * ez) / square
                    t = 0.0 if t < 0.0 else (1.0 if t > 1.0 else t)
                    gx, gy, gz = px - t * ex, py - t * ey, pz - t * ez
                    if gx * gx + gy * gy + gz * gz > limit:
                        near = False
                        break
                if not near:
                    break
                cx, cy, cz, j = ex, ey, ez, k
        size = sqrt(cx * cx + cy * cy + cz * cz)
        scale = 1.0 / size if size > 0.0 else 0.0
        cx, cy, cz = cx * scale, cy * scale, cz * scale
        ux[count], uy[count], uz[count], length[count], last[count] = cx, cy, cz, size, j
        ax, ay, az = abs(cx), abs(cy), abs(cz)
        slowest = max(ax * by_speed[0], ay * by_speed[1], az * by_speed[2])
        weakest = max(ax * by_force[0], ay * by_force[1], az * by_force[2])
        top = 1.0 / slowest if slowest > 0.0 else 0.0
        m_feeds[count], m_lit[count] = feeds[i], lit[i]
        m_stands[count] = 1 if stand[j] >= 0.0 or (travel_stops and not feeds[i]) else 0
        m_speed[count] = min(speed[i], top) if feeds[i] else top
        m_acceleration[count] = 1.0 / weakest if weakest > 0.0 else 0.0
        count += 1
        i = j + 1
    return count
