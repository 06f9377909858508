"""Outlines of many axis-aligned rectangles at once, on the grid that their own edges span."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lasercam.errors import GeometryError
from lasercam.geometry.polylines import BoolArray, FloatArray, IntArray, finite_points

SNAP_UM = 1e-6
"""Edges nearer than this are one edge: a hundredth of the 0.1 nm tick, far above rounding errors."""
MAX_CELLS = 16_000_000
"""Largest grid drawn; more scattered rectangles are united one by one."""


@dataclass(frozen=True, eq=False)
class RectangleOutlines:
    """Rectangles on a common grid, and the border of their union.

    Attributes:
        lower_um: (N,2) lower left corners after joining near edges, µm.
        upper_um: (N,2) upper right corners, µm.
        edges_um: (K,2,2) straight border pieces between corners, µm; None when the grid would be too large.
        columns_um: (X,) grid lines, µm, ascending.
        rows_um: (Y,) grid lines, µm, ascending.
        covered: (Y-1, X-1) bool, which grid cells are covered; empty when the grid would be too large.
    """

    lower_um: FloatArray
    upper_um: FloatArray
    edges_um: FloatArray | None
    columns_um: FloatArray
    rows_um: FloatArray
    covered: BoolArray

    def is_covered(self, points_um: FloatArray) -> BoolArray:
        """Which points, (N,2) µm, inside the grid and not on its lines, lie in a covered cell."""
        column = np.searchsorted(self.columns_um, points_um[:, 0]) - 1
        row = np.searchsorted(self.rows_um, points_um[:, 1]) - 1
        covered: BoolArray = self.covered[row, column]
        return covered


def rectangle_outlines(lower_um: npt.ArrayLike, upper_um: npt.ArrayLike) -> RectangleOutlines | None:
    """Border of the union of rectangles; None for no rectangles.

    Raises:
        GeometryError: unequal counts, refused coordinates, or a rectangle no larger than ``SNAP_UM``.
    """
    lower, upper = finite_points(lower_um, "lower corners"), finite_points(upper_um, "upper corners")
    if len(lower) != len(upper):
        raise GeometryError(f"{len(lower)} lower corners but {len(upper)} upper ones; give one of each.")
    if not len(lower):
        return None
    columns, left, right = _grid_lines(lower[:, 0], upper[:, 0])
    rows, bottom, top = _grid_lines(lower[:, 1], upper[:, 1])
    thin = np.flatnonzero((right <= left) | (top <= bottom))
    if thin.size:
        i = int(thin[0])
        raise GeometryError(
            f"rectangle {i} goes from {tuple(lower[i].tolist())} to {tuple(upper[i].tolist())} µm; "
            f"it must be wider and higher than {SNAP_UM:g} µm, lower corner first."
        )
    snapped = np.column_stack([columns[left], rows[bottom]]), np.column_stack([columns[right], rows[top]])
    if len(columns) * len(rows) > MAX_CELLS:
        return RectangleOutlines(*snapped, None, columns, rows, np.zeros((0, 0), dtype=np.bool_))
    # Corners of a rectangle add +1 and -1; summing twice counts the rectangles over every cell.
    count = np.zeros((len(rows), len(columns)), dtype=np.int32)
    for row, column, sign in ((bottom, left, 1), (bottom, right, -1), (top, left, -1), (top, right, 1)):
        np.add.at(count, (row, column), sign)
    covered = (count.cumsum(axis=0).cumsum(axis=1) > 0)[:-1, :-1]
    return RectangleOutlines(*snapped, _border(covered, columns, rows), columns, rows, covered)


def _grid_lines(low: FloatArray, high: FloatArray) -> tuple[FloatArray, IntArray, IntArray]:
    """Distinct coordinates, near ones joined, and the index of every low and high one among them."""
    values, inverse = np.unique(np.concatenate([low, high]), return_inverse=True)
    opens = np.concatenate([[True], np.diff(values) > SNAP_UM])
    index = (np.cumsum(opens) - 1)[inverse]
    return values[opens], index[: len(low)], index[len(low) :]


def _border(covered: BoolArray, columns: FloatArray, rows: FloatArray) -> FloatArray:
    """Straight pieces between covered and free cells, cut at every corner, (K,2,2)."""
    padded = np.pad(covered, 1)
    across = padded[1:, 1:-1] != padded[:-1, 1:-1]  # (Y, X-1): piece along row line y
    upright = padded[1:-1, 1:] != padded[1:-1, :-1]  # (Y-1, X): piece along column line x
    touched_by_upright = np.zeros((len(rows), len(columns)), dtype=np.bool_)
    touched_by_upright[:-1] |= upright
    touched_by_upright[1:] |= upright
    touched_by_across = np.zeros_like(touched_by_upright)
    touched_by_across[:, :-1] |= across
    touched_by_across[:, 1:] |= across
    y, x0, x1 = _runs(across, touched_by_upright)
    x, y0, y1 = _runs(upright.T, touched_by_across.T)
    horizontal = np.stack([np.column_stack([columns[x0], rows[y]]), np.column_stack([columns[x1], rows[y]])], axis=1)
    vertical = np.stack([np.column_stack([columns[x], rows[y0]]), np.column_stack([columns[x], rows[y1]])], axis=1)
    return np.concatenate([horizontal, vertical])


def _runs(pieces: BoolArray, corners: BoolArray) -> tuple[IntArray, IntArray, IntArray]:
    """Line, first and last node of every straight run of pieces between corners.

    Args:
        pieces: (L, N-1), piece n of a line joins its nodes n and n+1.
        corners: (L, N), nodes where another direction meets; a run without corners does not occur, since
            every border closes.
    """
    before = np.pad(pieces[:, :-1], ((0, 0), (1, 0)))
    after = np.pad(pieces[:, 1:], ((0, 0), (0, 1)))
    line, first = np.nonzero(pieces & (~before | corners[:, :-1]))
    _, last = np.nonzero(pieces & (~after | corners[:, 1:]))
    return line, first, last + 1
