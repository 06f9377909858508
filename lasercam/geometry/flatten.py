"""Bézier curves and elliptical arcs as polylines within a stated tolerance, many at a time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lasercam.errors import GeometryError
from lasercam.geometry.polylines import (
    BoolArray,
    FloatArray,
    IntArray,
    Polylines,
    finite_number,
    finite_points,
    ramp,
)

MAX_VERTICES = 100_000_000
"""Most vertices of one call (1.6 GB); more is refused."""


def flatten_cubics(control_um: npt.ArrayLike, tolerance_um: float) -> Polylines:
    """Cubic Bézier curves as polylines; no point of a curve is farther away than the tolerance.

    Args:
        control_um: (S,4,2) control points, µm.
        tolerance_um: µm, > 0.

    Returns:
        One polyline per curve, with exactly its first and last control point as ends.

    Raises:
        GeometryError: wrong shape, refused coordinates, tolerance <= 0, or over ``MAX_VERTICES``.

    Source: a chord over a parameter step h is at most h²/8 max|B''| from the curve (error of linear
        interpolation); B'' of a Bézier curve is a Bézier curve, so its ends bound it.
    """
    p = _control_points(control_um, 4)
    bend = 6.0 * np.maximum(
        np.hypot(*(p[:, 0] - 2.0 * p[:, 1] + p[:, 2]).T), np.hypot(*(p[:, 1] - 2.0 * p[:, 2] + p[:, 3]).T)
    )
    curve, t, offsets = _parameters(_steps(bend, tolerance_um))
    s = 1.0 - t
    c = p[curve]
    xy = s * s * s * c[:, 0] + 3.0 * s * s * t * c[:, 1] + 3.0 * s * t * t * c[:, 2] + t * t * t * c[:, 3]
    return _with_ends(xy, offsets, p[:, 0], p[:, 3])


def flatten_quadratics(control_um: npt.ArrayLike, tolerance_um: float) -> Polylines:
    """Quadratic Bézier curves as polylines; no point of a curve is farther away than the tolerance.

    Args:
        control_um: (S,3,2) control points, µm.
        tolerance_um: µm, > 0.

    Returns:
        One polyline per curve, with exactly its first and last control point as ends.

    Raises:
        GeometryError: as ``flatten_cubics``.
    """
    p = _control_points(control_um, 3)
    bend = 2.0 * np.hypot(*(p[:, 0] - 2.0 * p[:, 1] + p[:, 2]).T)
    curve, t, offsets = _parameters(_steps(bend, tolerance_um))
    s = 1.0 - t
    c = p[curve]
    return _with_ends(s * s * c[:, 0] + 2.0 * s * t * c[:, 1] + t * t * c[:, 2], offsets, p[:, 0], p[:, 2])


def flatten_arcs(
    start_um: npt.ArrayLike,
    end_um: npt.ArrayLike,
    radii_um: npt.ArrayLike,
    rotation_deg: npt.ArrayLike,
    large: npt.ArrayLike,
    sweep: npt.ArrayLike,
    tolerance_um: float,
) -> Polylines:
    """Elliptical arcs of SVG paths as polylines; no point of an arc is farther away than the tolerance.

    As SVG says: equal ends mean no arc, a radius of 0 a straight line; negative radii lose their sign;
    radii too small to reach are enlarged together until they just do; the rotation counts modulo 360°;
    every flag other than 0 is set.

    Args:
        start_um: (S,2), µm.
        end_um: (S,2), µm.
        radii_um: (S,2), rx and ry, µm.
        rotation_deg: (S,) or one value, from the x axis to the rx axis, degrees.
        large: (S,) or one value, the arc longer than half a turn.
        sweep: (S,) or one value, angles increase (from x towards y).
        tolerance_um: µm, > 0.

    Returns:
        One polyline per arc with exactly the given ends; a line of two equal vertices where there is no
        arc.

    Raises:
        GeometryError: unequal counts, refused numbers, tolerance <= 0, or over ``MAX_VERTICES``.

    Source: https://www.w3.org/TR/SVG2/implnote.html#ArcImplementationNotes (out-of-range parameters,
        endpoint to centre conversion). Chords over an angle h of a circle are r (1 - cos(h/2)) away at
        most; an ellipse is a circle stretched by no more than its larger radius.
    """
    tolerance = finite_number(tolerance_um, "tolerance_um", above=0.0)
    start, end = finite_points(start_um, "arc starts"), finite_points(end_um, "arc ends")
    radii = np.abs(finite_points(radii_um, "arc radii"))
    if not len(start) == len(end) == len(radii):
        raise GeometryError(f"{len(start)} arc starts, {len(end)} ends and {len(radii)} radii; give one of each.")
    phi = np.radians(np.fmod(_one_each(rotation_deg, len(start), "arc rotation_deg"), 360.0))
    is_large = _one_each(large, len(start), "arc flag large") != 0.0
    is_sweep = _one_each(sweep, len(start), "arc flag sweep") != 0.0
    straight = np.any(radii == 0.0, axis=1) | np.all(start == end, axis=1)
    radii = np.where(straight[:, np.newaxis], 1.0, radii)
    centre, radii, first, turn = _centres(start, end, radii, phi, is_large, is_sweep)
    turn = np.where(straight, 0.0, turn)

    # Largest step whose sagitta fits; at most a quarter turn, for tolerances as large as the ellipse.
    widest = radii.max(axis=1, initial=0.0)
    # 1 - cos(h/2) = 2 sin²(h/4): exact also where tolerance / radius is tiny.
    step = np.minimum(4.0 * np.arcsin(np.sqrt(np.minimum(tolerance / (2.0 * widest), 1.0))), np.pi / 2.0)
    n = np.maximum(np.ceil(np.abs(turn) / step), 1.0)
    arc, t, offsets = _parameters(n)
    angle = (first[arc] + turn[arc] * t[:, 0])[:, np.newaxis]
    along = np.column_stack([np.cos(phi), np.sin(phi)])[arc]
    across = along[:, ::-1] * np.array([-1.0, 1.0])
    xy = centre[arc] + radii[arc, :1] * np.cos(angle) * along + radii[arc, 1:] * np.sin(angle) * across
    return _with_ends(xy, offsets, start, end)


def join_pieces(pieces: Polylines, counts: npt.ArrayLike) -> Polylines:
    """Consecutive pieces of a path as one polyline each; a vertex equal to the one before is left out.

    Args:
        pieces: Lines and flattened curves in path order.
        counts: (K,) int, pieces of each path, >= 1; together all pieces.

    Returns:
        One polyline per path; a dot where all its vertices are equal.

    Raises:
        GeometryError: counts that do not add up, or a piece that does not start where the one before ends.
    """
    number = np.atleast_1d(np.asarray(counts))
    if number.ndim != 1 or not (np.issubdtype(number.dtype, np.integer) or number.size == 0):
        raise GeometryError(f"piece counts are {number.dtype} of shape {number.shape}; give integers (K,).")
    if np.any(number < 1) or int(number.sum()) != len(pieces):
        raise GeometryError(f"piece counts add up to {number.sum()}, each at least 1; there are {len(pieces)} pieces.")
    if not len(pieces):
        return pieces
    path = np.repeat(np.arange(len(number)), number)
    ends, starts = pieces.xy_um[pieces.offsets[1:-1] - 1], pieces.xy_um[pieces.offsets[1:-1]]
    torn = np.flatnonzero((path[1:] == path[:-1]) & np.any(ends != starts, axis=1))
    if torn.size:
        i = int(torn[0])
        raise GeometryError(
            f"piece {i} ends at {tuple(ends[i].tolist())} µm but piece {i + 1} of the same path starts at "
            f"{tuple(starts[i].tolist())} µm."
        )
    of = np.repeat(path, pieces.n_vertices)
    fresh = np.concatenate([[True], (of[1:] != of[:-1]) | np.any(np.diff(pieces.xy_um, axis=0) != 0.0, axis=1)])
    counts_kept = np.bincount(of[fresh], minlength=len(number))
    return Polylines(pieces.xy_um[fresh], np.concatenate([[0], np.cumsum(counts_kept)]))


def _control_points(control_um: npt.ArrayLike, n: int) -> FloatArray:
    try:
        control = np.asarray(control_um, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise GeometryError(f"control points are not numbers: {error}.") from error
    if control.size == 0:
        return np.zeros((0, n, 2))
    if control.ndim != 3 or control.shape[1:] != (n, 2):
        raise GeometryError(f"control points have shape {control.shape}; give (S, {n}, 2), in µm.")
    return finite_points(control.reshape(-1, 2), "control points").reshape(-1, n, 2)


def _one_each(values: npt.ArrayLike, n: int, what: str) -> FloatArray:
    try:
        array = np.broadcast_to(np.asarray(values, dtype=np.float64), (n,))
    except (TypeError, ValueError) as error:
        raise GeometryError(f"{what}: give one number, or one for each of the {n} arcs ({error}).") from error
    if not np.isfinite(array).all():
        raise GeometryError(f"{what} must be finite; arc {int(np.flatnonzero(~np.isfinite(array))[0])} is not.")
    return array


def _steps(bend: FloatArray, tolerance_um: float) -> FloatArray:
    tolerance = finite_number(tolerance_um, "tolerance_um", above=0.0)
    steps: FloatArray = np.maximum(np.ceil(np.sqrt(bend / (8.0 * tolerance))), 1.0)
    return steps


def _parameters(steps: FloatArray) -> tuple[IntArray, FloatArray, IntArray]:
    """Curve index (M,), parameter 0..1 as a column (M,1), and polyline offsets (S+1,)."""
    total = float(steps.sum() + len(steps))
    if total > MAX_VERTICES:
        raise GeometryError(
            f"the curves need {total:g} vertices; at most {MAX_VERTICES:g} are allowed. Check tolerance_um."
        )
    count = steps.astype(np.int64) + 1
    curve = np.repeat(np.arange(len(count)), count)
    return curve, (ramp(count) / steps[curve])[:, np.newaxis], np.concatenate([[0], np.cumsum(count)])


def _with_ends(xy: FloatArray, offsets: IntArray, first: FloatArray, last: FloatArray) -> Polylines:
    """Rounding must not tear a path apart, so the ends are the given points themselves."""
    xy[offsets[:-1]] = first
    xy[offsets[1:] - 1] = last
    return Polylines(xy, offsets)


def _centres(
    start: FloatArray, end: FloatArray, radii: FloatArray, phi: FloatArray, large: BoolArray, sweep: BoolArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Centre (S,2), radii after enlarging (S,2), first angle (S,) and signed turn (S,) in radians.

    Worked out where the ellipse is the unit circle: there the chord is the line between two points on it.
    """
    cosine, sine = np.cos(phi), np.sin(phi)
    half = (start - end) / 2.0
    chord = np.column_stack([cosine * half[:, 0] + sine * half[:, 1], cosine * half[:, 1] - sine * half[:, 0]])
    reach = np.hypot(*(chord / radii).T)
    radii = radii * np.maximum(reach, 1.0)[:, np.newaxis]
    unit = chord / radii
    half_chord = np.minimum(np.hypot(*unit.T), 1.0)
    there = half_chord > 0.0
    safe = np.where(there, half_chord, 1.0)
    # (1 - h)(1 + h) keeps its digits near h = 1, where the arc is half a turn.
    distance = np.sqrt((1.0 - half_chord) * (1.0 + half_chord)) / safe
    distance = np.where(reach >= 1.0, 0.0, distance)
    side = np.where(large == sweep, -1.0, 1.0) * distance
    middle = np.column_stack([side * unit[:, 1], -side * unit[:, 0]])
    first = np.arctan2(unit[:, 1] - middle[:, 1], unit[:, 0] - middle[:, 0])
    opening = 2.0 * np.arctan2(half_chord, np.where(reach >= 1.0, 0.0, distance * safe))
    turn = np.where(large, 2.0 * np.pi - opening, opening) * np.where(sweep, 1.0, -1.0)
    offset = middle * radii
    centre = (start + end) / 2.0 + np.column_stack(
        [cosine * offset[:, 0] - sine * offset[:, 1], sine * offset[:, 0] + cosine * offset[:, 1]]
    )
    return centre, radii, first, turn
