"""Placements in the plane as 2x3 matrices: rotate, mirror, translate, step and repeat.

A matrix maps (x, y) to (a x + b y + c, d x + e y + f); its rows are (a, b, c) and (d, e, f), the last
column in µm. ``Polylines.transform`` and ``Area.transform`` apply it.
"""

from __future__ import annotations

import math

import numpy as np

from lasercam.errors import GeometryError
from lasercam.geometry.polylines import MAX_COORDINATE_UM, FloatArray, finite_number, finite_points

MAX_COPIES = 10_000_000
"""Most copies one array may ask for; more is refused as a likely slip of units."""


def cos_sin(angle_deg: float) -> tuple[float, float]:
    """Cosine and sine, exactly 0 and ±1 at multiples of 90°.

    Raises:
        GeometryError: the angle is NaN or infinite.
    """
    angle = math.fmod(finite_number(angle_deg, "angle_deg"), 360.0)
    quarter, rest = divmod(angle, 90.0)
    cosine, sine = (1.0, 0.0) if rest == 0.0 else (math.cos(math.radians(rest)), math.sin(math.radians(rest)))
    for _ in range(int(quarter) % 4):
        cosine, sine = -sine, cosine
    return cosine + 0.0, sine + 0.0  # + 0.0 turns a negative zero into zero


def identity() -> FloatArray:
    """The placement that moves nothing, (2,3)."""
    return np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def translation(x_um: float, y_um: float) -> FloatArray:
    """Move by (x, y), (2,3).

    Raises:
        GeometryError: NaN, infinity, or beyond 1e9 µm.
    """
    step = finite_points([[x_um, y_um]], "translation")[0]
    return np.array([[1.0, 0.0, step[0]], [0.0, 1.0, step[1]]])


def _about(linear: FloatArray, x_um: float, y_um: float) -> FloatArray:
    centre = finite_points([[x_um, y_um]], "fixed point")[0]
    return np.column_stack([linear, centre - linear @ centre]) + 0.0


def rotation(angle_deg: float, about_um: tuple[float, float] = (0.0, 0.0)) -> FloatArray:
    """Turn anticlockwise (x right, y up) about a point, (2,3); exact at multiples of 90°.

    Raises:
        GeometryError: NaN or infinity, or a point beyond 1e9 µm.
    """
    cosine, sine = cos_sin(angle_deg)
    return _about(np.array([[cosine, -sine], [sine, cosine]]), *about_um)


def mirror_x(at_x_um: float = 0.0) -> FloatArray:
    """Swap left and right about the vertical line x = at_x, (2,3).

    Raises:
        GeometryError: NaN, infinity, or beyond 1e9 µm.
    """
    return _about(np.array([[-1.0, 0.0], [0.0, 1.0]]), at_x_um, 0.0)


def mirror_y(at_y_um: float = 0.0) -> FloatArray:
    """Swap up and down about the horizontal line y = at_y, (2,3).

    Raises:
        GeometryError: NaN, infinity, or beyond 1e9 µm.
    """
    return _about(np.array([[1.0, 0.0], [0.0, -1.0]]), 0.0, at_y_um)


def scaling(factor_x: float, factor_y: float, about_um: tuple[float, float] = (0.0, 0.0)) -> FloatArray:
    """Stretch by two factors about a point, (2,3).

    Raises:
        GeometryError: a factor is 0, NaN or infinite.
    """
    factors = [finite_number(factor_x, "factor_x"), finite_number(factor_y, "factor_y")]
    if 0.0 in factors:
        raise GeometryError("a scale factor of 0 flattens the drawing; give one other than 0.")
    return _about(np.diag(factors), *about_um)


def compose(*matrices: FloatArray) -> FloatArray:
    """One placement that does all, the first one first, (2,3).

    Raises:
        GeometryError: a matrix is not a finite 2x3.
    """
    total = np.eye(3)
    for matrix in matrices:
        affine = np.asarray(matrix, dtype=np.float64)
        if affine.shape != (2, 3) or not np.isfinite(affine).all():
            raise GeometryError(f"a placement is a finite 2x3 matrix; found shape {affine.shape}.")
        total = np.vstack([affine, [0.0, 0.0, 1.0]]) @ total
    return np.ascontiguousarray(total[:2])


def invert(matrix: FloatArray) -> FloatArray:
    """The placement that undoes this one, (2,3).

    Raises:
        GeometryError: the matrix is not a finite 2x3, or singular.
    """
    affine = np.asarray(matrix, dtype=np.float64)
    if affine.shape != (2, 3) or not np.isfinite(affine).all() or np.linalg.det(affine[:, :2]) == 0.0:
        raise GeometryError(f"only a finite 2x3 matrix with determinant other than 0 can be undone: {affine.tolist()}.")
    inverse = np.linalg.inv(affine[:, :2])
    return np.column_stack([inverse, -inverse @ affine[:, 2]])


def array_offsets(
    n_x: int,
    n_y: int,
    step_x_um: tuple[float, float],
    step_y_um: tuple[float, float] = (0.0, 0.0),
    *,
    serpentine: bool = False,
) -> FloatArray:
    """Translations of a step-and-repeat array, the copy (0, 0) first.

    Each offset is a product, not a running sum, so the last copy is as exact as the first.

    Args:
        n_x: Copies along the first step, >= 1.
        n_y: Copies along the second step, >= 1.
        step_x_um: (x, y) from one copy to the next along a row, µm; slanted lattices need both.
        step_y_um: (x, y) from one row to the next, µm.
        serpentine: Every second row runs backwards, so that neighbours follow each other.

    Returns:
        (n_x * n_y, 2) float64, µm, row by row.

    Raises:
        GeometryError: counts below 1 or above 10 million in all, steps that put two copies on one place
            (zero or parallel steps where both counts exceed 1), or offsets beyond 1e9 µm.
    """
    for name, count in (("n_x", n_x), ("n_y", n_y)):
        if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 1:
            raise GeometryError(f"{name} is {count!r}; an array needs a whole number of copies, at least 1.")
    if n_x * n_y > MAX_COPIES:
        raise GeometryError(f"{n_x} x {n_y} copies are {n_x * n_y}; at most {MAX_COPIES} are allowed.")
    steps = finite_points([step_x_um, step_y_um], "array steps")
    for count, step, name in ((n_x, steps[0], "step_x_um"), (n_y, steps[1], "step_y_um")):
        if count > 1 and not step.any():
            raise GeometryError(f"{name} is zero for {count} copies: all would be written on one place.")
    cross = steps[0, 0] * steps[1, 1] - steps[0, 1] * steps[1, 0]
    if n_x > 1 and n_y > 1 and cross == 0.0:
        raise GeometryError("step_x_um and step_y_um are parallel, so copies may coincide; give two directions.")
    column = np.tile(np.arange(n_x), (n_y, 1))
    if serpentine:
        column[1::2] = column[1::2, ::-1]
    row = np.repeat(np.arange(n_y), n_x)[:, np.newaxis]
    offsets: FloatArray = column.reshape(-1, 1) * steps[0] + row * steps[1]
    if np.abs(offsets).max() > MAX_COORDINATE_UM:
        raise GeometryError(f"the array reaches {np.abs(offsets).max():g} µm; the limit is {MAX_COORDINATE_UM:g} µm.")
    return offsets
