"""Areas filled with lines: parallel, crossed, following the outline, or as a spiral."""

from __future__ import annotations

import math

import numpy as np

from lasercam.errors import GeometryError
from lasercam.geometry.area import Area
from lasercam.geometry.clip import clip_inside
from lasercam.geometry.polylines import Polylines, finite_number, finite_points
from lasercam.geometry.scanline import Engine, intervals, scan_edges
from lasercam.geometry.transform import cos_sin

MAX_CONTOURS = 100_000
"""Most insets of one contour-parallel hatch; more is refused as a likely slip of units."""
MAX_SPIRAL_VERTICES = 50_000_000
"""Most vertices of one spiral before it is cut to the area."""


def hatch_parallel(
    area: Area,
    *,
    pitch_um: float,
    angle_deg: float = 0.0,
    origin_um: tuple[float, float] = (0.0, 0.0),
    inset_um: float = 0.0,
    min_length_um: float = 0.0,
    tolerance_um: float = 0.01,
    engine: Engine = "auto",
) -> Polylines:
    """Parallel lines on one absolute grid, cut to the area.

    The rows are numbered from the origin, not from the area: row k lies k pitches to the left of the line
    through the origin. Neighbouring areas therefore share their rows, and an area hatched again gives the
    same lines bit for bit. A row that runs along the lower border (seen along the rows) is inside, one
    along the upper border is not, so two areas that share a border write its row once.

    Args:
        area: What to fill.
        pitch_um: Distance of neighbouring rows, µm, > 0.
        angle_deg: Direction of the lines, anticlockwise from x, degrees.
        origin_um: A point on row 0, µm.
        inset_um: The lines keep this distance from the border (the spot radius), µm, >= 0.
        min_length_um: Shorter lines are left out, µm, >= 0. Lines without length are never made.
        tolerance_um: Of the inset, see ``Area.offset``.
        engine: See ``scanline.intervals``; the result does not depend on it.

    Returns:
        Lines of two vertices, row by row, along each row in its direction; all run at ``angle_deg``.

    Raises:
        GeometryError: a value outside its range or not finite, or more crossings than
            ``scanline.MAX_CROSSINGS``.
    """
    pitch = finite_number(pitch_um, "pitch_um", above=0.0)
    shortest = finite_number(min_length_um, "min_length_um", at_least=0.0)
    cosine, sine = cos_sin(angle_deg)
    origin = finite_points([origin_um], "hatch origin")[0]
    inner = _inset(area, inset_um, tolerance_um)
    if inner.is_empty:
        return Polylines.empty()
    start, end = inner.edges()
    start_uv, end_uv = (
        np.column_stack([xy[:, 0] * cosine + xy[:, 1] * sine, xy[:, 1] * cosine - xy[:, 0] * sine])
        for xy in (start, end)
    )
    phase = float(origin[1] * cosine - origin[0] * sine)
    edges = scan_edges(start_uv, end_uv, phase, pitch)
    row, u_from, u_to = intervals(edges, phase, pitch, engine=engine)
    if shortest > 0.0:
        long_enough = u_to - u_from >= shortest
        row, u_from, u_to = row[long_enough], u_from[long_enough], u_to[long_enough]
    v = phase + row * pitch
    ends = [np.column_stack([u * cosine - v * sine, u * sine + v * cosine]) + 0.0 for u in (u_from, u_to)]
    return Polylines.from_segments(*ends)


def hatch_crossed(
    area: Area,
    *,
    pitch_um: float,
    angle_deg: float = 0.0,
    crossing_deg: float = 90.0,
    origin_um: tuple[float, float] = (0.0, 0.0),
    inset_um: float = 0.0,
    min_length_um: float = 0.0,
    tolerance_um: float = 0.01,
) -> Polylines:
    """Two parallel hatches, the second turned against the first; every crossing point is exposed twice.

    Args:
        crossing_deg: Angle between the two, degrees, not a multiple of 180.
        area, pitch_um, angle_deg, origin_um, inset_um, min_length_um, tolerance_um: See
            ``hatch_parallel``.

    Returns:
        The lines of the first hatch, then those of the second.

    Raises:
        GeometryError: as ``hatch_parallel``, or both hatches would be the same.
    """
    if cos_sin(crossing_deg)[1] == 0.0:
        raise GeometryError(f"crossing_deg is {crossing_deg:g}: both hatches would write the same lines.")
    inner = _inset(area, inset_um, tolerance_um)
    return Polylines.concatenate(
        [
            hatch_parallel(inner, pitch_um=pitch_um, angle_deg=a, origin_um=origin_um, min_length_um=min_length_um)
            for a in (angle_deg, angle_deg + crossing_deg)
        ]
    )


def hatch_contours(
    area: Area, *, pitch_um: float, inset_um: float = 0.0, min_length_um: float = 0.0, tolerance_um: float = 0.01
) -> Polylines:
    """Closed lines that follow the outline, each one pitch inside the one before.

    Where an inset splits or closes up, up to one pitch in the middle stays free. Each line is the inset of
    the one before, which keeps the distance of neighbours within ``tolerance_um`` and 1 % of the pitch,
    see ``Area.offset``; further in, the distances from the border add up these errors.

    Args:
        area: What to fill.
        pitch_um: Distance of neighbouring lines, µm, > 0.
        inset_um: Distance of the first line from the border (the spot radius), µm, >= 0.
        min_length_um: Rings with a shorter way round are left out, µm, >= 0.
        tolerance_um: See ``Area.offset``.

    Returns:
        Closed polylines, outermost first; outer ones anticlockwise, those around holes clockwise.

    Raises:
        GeometryError: a value outside its range or not finite, or more than ``MAX_CONTOURS`` insets.
    """
    pitch = finite_number(pitch_um, "pitch_um", above=0.0)
    shortest = finite_number(min_length_um, "min_length_um", at_least=0.0)
    inner = _inset(area, inset_um, tolerance_um)
    if not inner.is_empty:
        x_min, y_min, x_max, y_max = inner.bounds_um()
        needed = min(x_max - x_min, y_max - y_min) / 2.0 / pitch
        if needed > MAX_CONTOURS:
            raise GeometryError(
                f"the area may need {needed:.0f} insets of {pitch:g} µm; at most {MAX_CONTOURS} are allowed."
            )
    levels = []
    while not inner.is_empty:
        levels.append(inner.rings())
        # Every inset rounds corners with new vertices; without thinning, each would have more than the last.
        inner = inner.offset(-pitch, tolerance_um=tolerance_um / 2.0).simplified(tolerance_um / 2.0)
    rings = Polylines.concatenate(levels)
    return rings.take(rings.lengths_um() >= shortest) if shortest > 0.0 else rings


def hatch_spiral(
    area: Area,
    *,
    pitch_um: float,
    centre_um: tuple[float, float],
    tolerance_um: float = 0.01,
    inset_um: float = 0.0,
    min_length_um: float = 0.0,
) -> Polylines:
    """One Archimedean spiral around a point, cut to the area; made for discs and rings.

    The spiral depends on the centre, pitch and tolerance only, so areas around one centre share it.

    Args:
        area: What to fill.
        pitch_um: Distance of neighbouring turns, µm, > 0.
        centre_um: Where the spiral starts, running anticlockwise; need not lie inside, µm.
        tolerance_um: Largest distance between the spiral and its straight pieces, µm, > 0.
        inset_um: The line keeps this distance from the border, µm, >= 0.
        min_length_um: Shorter pieces are left out, µm, >= 0.

    Returns:
        The pieces, from the centre outwards; a disc around the centre gives one.

    Raises:
        GeometryError: a value outside its range or not finite, or more than ``MAX_SPIRAL_VERTICES``.
    """
    pitch = finite_number(pitch_um, "pitch_um", above=0.0)
    tolerance = finite_number(tolerance_um, "tolerance_um", above=0.0)
    shortest = finite_number(min_length_um, "min_length_um", at_least=0.0)
    centre = finite_points([centre_um], "spiral centre")[0]
    inner = _inset(area, inset_um, tolerance)
    if inner.is_empty:
        return Polylines.empty()
    x_min, y_min, x_max, y_max = inner.bounds_um()
    reach = math.hypot(
        max(abs(x_min - centre[0]), abs(x_max - centre[0])), max(abs(y_min - centre[1]), abs(y_max - centre[1]))
    )
    last = 2.0 * math.pi * (reach / pitch + 1.0)
    # A chord over a step h is at most h²/8 |E''| from the spiral E(φ) = a φ e^{iφ}, |E''| = a √(φ² + 4),
    # a = pitch / 2π. Steps h = (rate / 1.5) φ^-½, which are equal steps of φ^{3/2}, make that half the
    # tolerance times √(φ² + 4) / φ, safe for φ > 4; up to ``switch`` (more than 25) steps are equal.
    rate = 1.5 * math.sqrt(8.0 * math.pi * tolerance / pitch)
    fine = min(0.125, math.sqrt(tolerance / pitch))
    n_outer = last**1.5 / rate
    if n_outer > MAX_SPIRAL_VERTICES:
        raise GeometryError(
            f"the spiral needs {n_outer:.0f} vertices; at most {MAX_SPIRAL_VERTICES} are allowed. "
            f"Check pitch_um ({pitch:g}) and tolerance_um ({tolerance:g}), or move the centre nearer."
        )
    switch = (rate / 1.5 / fine) ** 2
    near = np.arange(0.0, min(switch, last), fine)
    far = (switch**1.5 + np.arange(max(0, math.ceil((last**1.5 - switch**1.5) / rate)) + 1) * rate) ** (2.0 / 3.0)
    angle = np.concatenate([near, far])
    radius = pitch * angle / (2.0 * math.pi)
    spiral = np.column_stack([centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)])
    pieces = clip_inside(Polylines(spiral, np.array([0, len(spiral)])), inner).lines
    return pieces.take(pieces.lengths_um() >= shortest) if shortest > 0.0 else pieces


def _inset(area: Area, inset_um: float, tolerance_um: float) -> Area:
    inset = finite_number(inset_um, "inset_um", at_least=0.0)
    return area.offset(-inset, tolerance_um=tolerance_um)
