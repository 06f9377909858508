"""Many polylines in two arrays: what sources draw, hatches fill and clips cut."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lasercam.errors import GeometryError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

MAX_COORDINATE_UM = 1e9
"""Largest coordinate accepted, either sign: 1 km, beyond which float64 no longer resolves 0.1 nm."""


def finite_points(points_um: npt.ArrayLike, what: str) -> FloatArray:
    """Points as float64 (N,2), proven finite and within ±1e9 µm.

    Args:
        points_um: (N,2), µm; an empty sequence counts as (0,2).
        what: Name of the points in the error message.

    Returns:
        (N,2) float64, µm, C-contiguous; the same array when nothing had to change.

    Raises:
        GeometryError: wrong shape, not numbers, NaN, infinity, or beyond 1e9 µm.
    """
    try:
        points = np.ascontiguousarray(points_um, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise GeometryError(f"{what} are not numbers: {error}. Give an array of (x, y) in µm.") from error
    if points.size == 0:
        return np.zeros((0, 2))
    if points.ndim != 2 or points.shape[1] != 2:
        raise GeometryError(f"{what} have shape {points.shape}; give one (x, y) per row: (N, 2), in µm.")
    # NaN fails every comparison, so this one test also finds NaN and infinity; two reductions make no temporary.
    if not (points.min() >= -MAX_COORDINATE_UM and points.max() <= MAX_COORDINATE_UM):
        row = int(np.flatnonzero(~(np.abs(points) <= MAX_COORDINATE_UM).all(axis=1))[0])
        raise GeometryError(
            f"{what}: point {row} is ({points[row, 0]:g}, {points[row, 1]:g}) µm; coordinates must be finite "
            f"and within ±{MAX_COORDINATE_UM:g} µm. Check the units and the drawing."
        )
    return points


def finite_number(value: float, name: str, *, above: float = -np.inf, at_least: float = -np.inf) -> float:
    """The value as float, proven finite and above its limits.

    Raises:
        GeometryError: NaN, infinity, ``value <= above`` or ``value < at_least``.
    """
    number = float(value)
    if not np.isfinite(number):
        raise GeometryError(f"{name} is {number}; give a finite number.")
    if number <= above:
        raise GeometryError(f"{name} is {number:g}; it must be greater than {above:g}.")
    if number < at_least:
        raise GeometryError(f"{name} is {number:g}; it must be at least {at_least:g}.")
    return number


def ramp(counts: IntArray) -> IntArray:
    """0..n-1 for each count n, one after the other: ``[2, 3]`` gives ``[0, 1, 0, 1, 2]``."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if counts.size else 0
    result: IntArray = np.arange(total, dtype=np.int64) - np.repeat(ends - counts, counts)
    return result


def frozen_copy(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array itself when nobody can write to it, else a read-only copy."""
    if not array.flags.writeable and array.base is None and array.flags.c_contiguous:
        return array
    copy = np.array(array, order="C", copy=True)
    copy.flags.writeable = False
    return copy


@dataclass(frozen=True, eq=False)
class Polylines:
    """Polylines as one vertex table; polyline ``p`` is ``xy_um[offsets[p]:offsets[p + 1]]``.

    One vertex is a dot, two or more a line. There are no polylines without vertices.

    Attributes:
        xy_um: (M,2) float64, µm, finite, within ±1e9 µm; C-contiguous, read-only.
        offsets: (P+1,) int64, from 0 to M, strictly increasing; read-only.
    """

    xy_um: FloatArray
    offsets: IntArray

    def __post_init__(self) -> None:
        xy_um = finite_points(self.xy_um, "polyline vertices")
        offsets = np.asarray(self.offsets)
        if offsets.ndim != 1 or offsets.size == 0 or not np.issubdtype(offsets.dtype, np.integer):
            raise GeometryError(f"polyline offsets are {offsets.dtype} of shape {offsets.shape}; give integers (P+1,).")
        offsets = np.asarray(offsets, dtype=np.int64)
        if offsets[0] != 0 or offsets[-1] != len(xy_um) or np.any(np.diff(offsets) < 1):
            raise GeometryError(
                f"polyline offsets must rise strictly from 0 to {len(xy_um)} (the number of vertices); "
                f"found {offsets[0]} to {offsets[-1]}, smallest step {np.diff(offsets).min(initial=1)}."
            )
        object.__setattr__(self, "xy_um", frozen_copy(xy_um))
        object.__setattr__(self, "offsets", frozen_copy(offsets))

    @classmethod
    def empty(cls) -> Polylines:
        """No polylines at all."""
        return cls(np.zeros((0, 2)), np.zeros(1, dtype=np.int64))

    @classmethod
    def from_list(cls, lines_um: Iterable[npt.ArrayLike]) -> Polylines:
        """One polyline per entry.

        Args:
            lines_um: Each (N,2), N >= 1, µm.

        Raises:
            GeometryError: an entry without vertices, of another shape, or with refused coordinates.
        """
        arrays = [finite_points(line, f"vertices of polyline {i}") for i, line in enumerate(lines_um)]
        if not arrays:
            return cls.empty()
        counts = np.array([len(array) for array in arrays], dtype=np.int64)
        if counts.min() == 0:
            raise GeometryError(f"polyline {int(counts.argmin())} has no vertices; leave it out.")
        return cls(np.concatenate(arrays), np.concatenate([[0], np.cumsum(counts)]))

    @classmethod
    def from_segments(cls, start_um: npt.ArrayLike, end_um: npt.ArrayLike) -> Polylines:
        """One line of two vertices per row.

        Args:
            start_um: (N,2), µm.
            end_um: (N,2), µm.

        Raises:
            GeometryError: unequal row counts or refused coordinates.
        """
        start, end = finite_points(start_um, "segment starts"), finite_points(end_um, "segment ends")
        if len(start) != len(end):
            raise GeometryError(f"{len(start)} segment starts but {len(end)} ends; give one end per start.")
        xy = np.stack([start, end], axis=1).reshape(-1, 2)
        return cls(xy, np.arange(0, len(xy) + 1, 2, dtype=np.int64))

    @classmethod
    def concatenate(cls, parts: Sequence[Polylines]) -> Polylines:
        """All polylines of all parts, in order."""
        if not parts:
            return cls.empty()
        counts = np.concatenate([part.n_vertices for part in parts])
        return cls(np.concatenate([part.xy_um for part in parts]), np.concatenate([[0], np.cumsum(counts)]))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def n_vertices(self) -> IntArray:
        """Vertices of each polyline, (P,) int64, >= 1."""
        return np.diff(self.offsets)

    @property
    def is_dot(self) -> BoolArray:
        """Which polylines are single vertices, (P,) bool."""
        dots: BoolArray = self.n_vertices == 1
        return dots

    @property
    def is_closed(self) -> BoolArray:
        """Which polylines end exactly where they start after two vertices or more elsewhere, (P,) bool.

        The last vertex must equal the first bit for bit, and there must be at least four vertices: a line
        written there and back encloses nothing.
        """
        first, last = self.xy_um[self.offsets[:-1]], self.xy_um[self.offsets[1:] - 1]
        closed: BoolArray = np.all(first == last, axis=1) & (self.n_vertices >= 4)
        return closed

    def line(self, index: int) -> FloatArray:
        """Vertices of one polyline, (N,2), µm, a read-only view; ``index`` from 0 to P-1."""
        if not 0 <= index < len(self):
            raise IndexError(f"polyline {index} of {len(self)}")
        return self.xy_um[self.offsets[index] : self.offsets[index + 1]]

    def segments(self) -> tuple[FloatArray, FloatArray, IntArray]:
        """Every straight piece, in order; dots have none.

        Returns:
            start_um (S,2), end_um (S,2) in µm, and the index of the polyline each belongs to, (S,) int64.
        """
        owner = np.repeat(np.arange(len(self), dtype=np.int64), self.n_vertices)
        within = owner[1:] == owner[:-1]
        return self.xy_um[:-1][within], self.xy_um[1:][within], owner[1:][within]

    def lengths_um(self) -> FloatArray:
        """Length of each polyline along its vertices, (P,) float64, µm; 0 for dots."""
        start, end, owner = self.segments()
        steps = np.hypot(*(end - start).T)
        return np.bincount(owner, weights=steps, minlength=len(self)).astype(np.float64)

    def bounds_um(self) -> tuple[float, float, float, float]:
        """x_min, y_min, x_max, y_max in µm.

        Raises:
            GeometryError: there are no polylines.
        """
        if not len(self):
            raise GeometryError("no polylines, so they have no bounds; check for an empty drawing first.")
        low, high = self.xy_um.min(axis=0), self.xy_um.max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    def take(self, selection: npt.ArrayLike) -> Polylines:
        """The chosen polylines.

        Args:
            selection: (P,) bool mask, or integer indices (K,) from 0 to P-1, in the wanted order.

        Raises:
            GeometryError: a mask of another length, an index out of range, or neither bool nor integer.
        """
        chosen = np.atleast_1d(np.asarray(selection))
        if chosen.dtype == np.bool_:
            if chosen.shape != (len(self),):
                raise GeometryError(f"a mask of shape {chosen.shape} cannot choose from {len(self)} polylines.")
            indices = np.flatnonzero(chosen)
        elif chosen.size == 0:
            return Polylines.empty()
        elif np.issubdtype(chosen.dtype, np.integer) and chosen.ndim == 1:
            indices = chosen.astype(np.int64)
            if indices.min() < 0 or indices.max() >= len(self):
                raise GeometryError(
                    f"indices {indices.min()} to {indices.max()} leave the {len(self)} polylines there are."
                )
        else:
            raise GeometryError(f"choose polylines by a bool mask or integer indices, not by {chosen.dtype}.")
        counts = self.n_vertices[indices]
        rows = np.repeat(self.offsets[indices], counts) + ramp(counts)
        return Polylines(self.xy_um[rows], np.concatenate([[0], np.cumsum(counts)]))

    def transform(self, matrix: npt.ArrayLike) -> Polylines:
        """The polylines after x' = a x + b y + c, y' = d x + e y + f.

        Args:
            matrix: (2,3) rows (a, b, c) and (d, e, f); c and f in µm.

        Raises:
            GeometryError: not 2x3, not finite, singular, or the result leaves ±1e9 µm.
        """
        affine = np.asarray(matrix, dtype=np.float64)
        if affine.shape != (2, 3) or not np.isfinite(affine).all():
            raise GeometryError(f"a placement is a finite 2x3 matrix; found shape {affine.shape}, {affine.tolist()}.")
        if np.linalg.det(affine[:, :2]) == 0.0:
            raise GeometryError(f"the placement {affine.tolist()} flattens the plane; its determinant is 0.")
        x, y = self.xy_um[:, 0], self.xy_um[:, 1]
        # Written out, not a matrix product: BLAS may round differently for different array lengths.
        moved = np.stack([row[0] * x + row[1] * y + row[2] for row in affine], axis=1)
        return Polylines(moved, self.offsets)

    def reversed_lines(self) -> Polylines:
        """Every polyline run backwards; the order of the polylines stays."""
        counts = self.n_vertices
        rows = np.repeat(self.offsets[1:] - 1, counts) - ramp(counts)
        return Polylines(self.xy_um[rows], self.offsets)
