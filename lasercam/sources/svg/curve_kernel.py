"""The compiled evaluation of curves: one pass over all rows, writing vertices where they belong.

Bit for bit the results of the bulk functions in lasercam.geometry.flatten, in a fraction of the memory.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from lasercam.errors import GeometryError
from lasercam.geometry.polylines import FloatArray, IntArray, Polylines, finite_number
from lasercam.sources.svg.path_data import ARC, CUBIC, MOVE, QUAD

MAX_VERTICES = 100_000_000
"""Most vertices of one drawing (1.6 GB)."""


@numba.njit(cache=True, nogil=True)
def _write(kind, rows, steps, arc_xy, arc_offsets, xy, offsets):  # type: ignore[no-untyped-def] # numba infers
    """Vertices of all rows, repeated ones left out; the number of vertices."""
    n = 0
    line = 0
    arc = 0
    for r in range(len(kind)):
        k = kind[r]
        if k == MOVE:
            offsets[line] = n
            line += 1
            xy[n, 0] = rows[r, 0]
            xy[n, 1] = rows[r, 1]
            n += 1
            continue
        if k == ARC:
            first, stop = arc_offsets[arc] + 1, arc_offsets[arc + 1]
            arc += 1
            for i in range(first, stop):
                if arc_xy[i, 0] != xy[n - 1, 0] or arc_xy[i, 1] != xy[n - 1, 1]:
                    xy[n, 0] = arc_xy[i, 0]
                    xy[n, 1] = arc_xy[i, 1]
                    n += 1
            continue
        count = steps[r]
        for i in range(1, count):
            t = i / float(count)
            s = 1.0 - t
            if k == CUBIC:
                c0, c1, c2, c3 = s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t
                x = c0 * rows[r, 0] + c1 * rows[r, 2] + c2 * rows[r, 4] + c3 * rows[r, 6]
                y = c0 * rows[r, 1] + c1 * rows[r, 3] + c2 * rows[r, 5] + c3 * rows[r, 7]
            else:
                c0, c1, c2 = s * s, 2.0 * s * t, t * t
                x = c0 * rows[r, 0] + c1 * rows[r, 2] + c2 * rows[r, 6]
                y = c0 * rows[r, 1] + c1 * rows[r, 3] + c2 * rows[r, 7]
            if x != xy[n - 1, 0] or y != xy[n - 1, 1]:
                xy[n, 0] = x
                xy[n, 1] = y
                n += 1
        if rows[r, 6] != xy[n - 1, 0] or rows[r, 7] != xy[n - 1, 1]:
            xy[n, 0] = rows[r, 6]
            xy[n, 1] = rows[r, 7]
            n += 1
    offsets[line] = n
    return n


def evaluate(
    kind: NDArray[np.uint8], rows: FloatArray, arcs: Polylines, tolerance_um: float, n_lines: int
) -> Polylines:
    """Polylines of all subpaths.

    Args:
        kind: uint8 (R,), as in PathTable.
        rows: (R, 8), control points in µm.
        arcs: the arcs among the rows, in order, µm.
        tolerance_um: > 0.
        n_lines: number of MOVE rows.

    Raises:
        GeometryError: more than MAX_VERTICES vertices, or a tolerance that is none.
    """
    steps = _steps(kind, rows, finite_number(tolerance_um, "tolerance_um", above=0.0))
    total = int(steps.sum()) + len(arcs.xy_um)
    if total > MAX_VERTICES:
        raise GeometryError(
            f"the drawing needs {total:,} vertices; at most {MAX_VERTICES:,} are allowed. Raise 'tolerance'."
        )
    xy, offsets = np.empty((total, 2)), np.empty(n_lines + 1, np.int64)
    n = int(_write(kind, rows, steps, np.ascontiguousarray(arcs.xy_um), arcs.offsets, xy, offsets))
    # Handing over arrays that nobody else can write to saves a copy of all vertices.
    if n < total:
        xy = np.array(xy[:n])
    xy.flags.writeable = False
    offsets.flags.writeable = False
    return Polylines(xy, offsets)


def _steps(kind: NDArray[np.uint8], rows: FloatArray, tolerance_um: float) -> IntArray:
    """Straight pieces per row, int64 (R,); 1 where there is no curve.

    Source: as lasercam.geometry.flatten: chord error h²/8 max|B''|.
    """
    steps = np.ones(len(kind), np.int64)
    cubic, quad = np.flatnonzero(kind == CUBIC), np.flatnonzero(kind == QUAD)
    p = rows[cubic].reshape(-1, 4, 2)
    bend = 6.0 * np.maximum(
        np.hypot(*(p[:, 0] - 2.0 * p[:, 1] + p[:, 2]).T), np.hypot(*(p[:, 1] - 2.0 * p[:, 2] + p[:, 3]).T)
    )
    q = rows[quad]
    bend_quad = 2.0 * np.hypot(*(q[:, 0:2] - 2.0 * q[:, 2:4] + q[:, 6:8]).T)
    for index, b in ((cubic, bend), (quad, bend_quad)):
        n = np.maximum(np.ceil(np.sqrt(b / (8.0 * tolerance_um))), 1.0)
        if n.sum() > MAX_VERTICES:
            raise GeometryError(
                f"the drawing needs over {MAX_VERTICES:,} vertices, the most that is allowed. Raise 'tolerance'."
            )
        steps[index] = n.astype(np.int64)
    return steps
