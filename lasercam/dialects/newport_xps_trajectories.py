"""Trajectory files of a Newport XPS: rows that feed, as PVT elements or as the lines of a line-arc trajectory.

A PVT element is a cubic: duration, displacement and final velocity of each axis. At constant velocity, displacement is
velocity times duration; from rest over a duration 2 L / v it is uniform acceleration. Displacements print whole ticks
(0.1 nm), durations whole ps, velocities whole 10^-12 mm/s. The rounding of both moves no point of an element that lasts
less than 10^5 s by half a tick, and leaves the speed known to 10^-6 nm/s: a reader gets ticks and nm/s back exactly.

Source: XPS-Q8 user's manual, "PVT trajectories" and "Line-arc trajectories"; format of the lines as in the public
package newportxps. Assumed: the controller reads up to 12 decimals as C does.
"""

import hashlib
from collections.abc import Sequence
from math import isqrt
from typing import Final

from lasercam.dialects.motion_runs import PS_PER_S, Feed
from lasercam.dialects.program_text import fixed_point
from lasercam.errors import MachineLimitError
from lasercam.model.toolpath import NM_PER_UM, TICKS_PER_UM

TICKS_PER_NM: Final = TICKS_PER_UM // NM_PER_UM
TICK_DECIMALS: Final = 7
TIME_DECIMALS: Final = 12
VELOCITY_DECIMALS: Final = 12
LONGEST_PS: Final = 10**5 * PS_PER_S
"""Longest element whose rounded velocity still leads to within half a tick of its end."""
REST_PS: Final = PS_PER_S // 100
"""Elements at rest before and behind the exposure of a standing trajectory. Assumed: any time well above a servo
cycle would do."""
_VELOCITY_PER_NM_S: Final = 10**6


def file_name(content: bytes) -> str:
    """Name of a trajectory file, made from what it holds: files of different jobs never pass for each other."""
    return f"lc-{hashlib.sha256(content).hexdigest()[:16]}.trj"


def pvt_file(run: Sequence[Feed], shortest_s: float) -> bytes:
    """A run as PVT elements, one per row: the first speeds up, the last slows down, all others keep the speed.

    Raises:
        MachineLimitError: an element shorter or longer than the controller runs.
    """
    lines = []
    for i, row in enumerate(run):
        ends = i == 0 or i == len(run) - 1
        duration = _duration_ps(row, 2 if ends else 1)
        if not max(shortest_s * PS_PER_S, 1) <= duration < LONGEST_PS:
            raise MachineLimitError(
                f"a row of {row.length_ticks / TICKS_PER_UM:.4g} µm at {row.speed_nm_s / NM_PER_UM:g} µm/s lasts "
                f"{duration / PS_PER_S:.3g} s; an element lasts {shortest_s:g} s to {LONGEST_PS // PS_PER_S:g} s here. "
                "Change the speed, or draw the curve with longer segments"
            )
        # Speeding up leads into the direction of the line, however the run-up was rounded.
        velocity = (0, 0, 0) if i == len(run) - 1 else _velocity(run[1] if i == 0 else row)
        lines.append(_element(duration, row.delta, velocity))
    return "".join(lines).encode("ascii")


def standing_file(exposure_ps: int, settle_ps: int, closing_ps: int = 0) -> bytes:
    """Three elements without motion: settling, exposure, rest in which a gate closes."""
    durations = (max(settle_ps, REST_PS), exposure_ps, max(closing_ps, REST_PS))
    return "".join(_element(duration, (0, 0, 0), (0, 0, 0)) for duration in durations).encode("ascii")


def line_arc_file(run: Sequence[Feed], angle_text: str) -> bytes:
    """A run in the plane as lines, ends relative to its start.

    Raises:
        MachineLimitError: a row leaves the plane.
    """
    x = y = 0
    lines = ["FirstTangent = 0\n", f"DiscontinuityAngle = {angle_text}\n", "\n"]
    for row in run:
        if row.delta[2]:
            raise MachineLimitError("line-arc trajectories run in the plane of an XY group; use trajectory: pvt for Z")
        x, y = x + row.delta[0], y + row.delta[1]
        lines.append(f"Line = {_ticks(x)}, {_ticks(y)}\n")
    return "".join(lines).encode("ascii")


def _element(duration_ps: int, delta: Sequence[int], velocity: Sequence[int]) -> str:
    axes = "".join(
        f", {_ticks(d)}, {fixed_point(v, VELOCITY_DECIMALS, trim=True)}" for d, v in zip(delta, velocity, strict=True)
    )
    return f"{fixed_point(duration_ps, TIME_DECIMALS, trim=True)}{axes}\n"


def _ticks(value: int) -> str:
    return fixed_point(value, TICK_DECIMALS, trim=True)


def _duration_ps(row: Feed, times: int) -> int:
    """`times` × length / speed, rounded to ps; all in integers."""
    square = sum(d * d for d in row.delta)
    scale = times * PS_PER_S
    return (isqrt(4 * square * scale * scale // (TICKS_PER_NM * row.speed_nm_s) ** 2) + 1) // 2


def _velocity(row: Feed) -> tuple[int, int, int]:
    """Components of the speed along a row, 10^-12 mm/s; all in integers."""
    square = sum(d * d for d in row.delta)
    speed = row.speed_nm_s * _VELOCITY_PER_NM_S
    x, y, z = ((-1 if d < 0 else 1) * ((isqrt(4 * d * d * speed * speed // square) + 1) // 2) for d in row.delta)
    return x, y, z
