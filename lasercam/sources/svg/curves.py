"""Path rows as polylines in µm, all paths at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.geometry.area import Area, FillRule
from lasercam.geometry.flatten import flatten_arcs, flatten_cubics, flatten_quadratics, join_pieces
from lasercam.geometry.polylines import FloatArray, IntArray, Polylines, finite_points
from lasercam.sources.svg.items import Item
from lasercam.sources.svg.path_data import ARC, CLOSE, CUBIC, LINE, MOVE, QUAD, PathTable, read_paths

COMPILED_FROM_ROWS = 20_000
"""Below, loading the compiled evaluation takes longer than it saves."""


@dataclass(frozen=True, eq=False)
class FlatPaths:
    """Subpaths of many paths as polylines.

    Attributes:
        lines: one per subpath, µm; repeated vertices left out, so that a subpath without extent is a dot.
        path: int64 (S,), index of the path each belongs to, ascending.
        is_closed: bool (S,), closed by a command, so that its ends are joined.
        draws: bool (S,), whether anything but a move stands in it.
        errors: path and byte where its data could not be read further.
    """

    lines: Polylines
    path: IntArray
    is_closed: NDArray[np.bool_]
    draws: NDArray[np.bool_]
    errors: tuple[tuple[int, int], ...] = ()

    def of_path(self, index: int) -> "FlatPaths":
        """Subpaths of one path."""
        first, stop = np.searchsorted(self.path, [index, index + 1])
        return self.take(np.arange(first, stop))

    def take(self, index: IntArray) -> "FlatPaths":
        """Chosen subpaths."""
        return FlatPaths(self.lines.take(index), self.path[index], self.is_closed[index], self.draws[index])


def flatten_items(items: Sequence[Item], tolerance_um: float, *, compiled: bool | None = None) -> FlatPaths:
    """All subpaths of items, placed by their matrices."""
    table = read_paths([item.path for item in items])
    matrices = np.array([item.matrix for item in items], dtype=np.float64).reshape(-1, 6)
    return flatten_table(table, matrices, tolerance_um, compiled=compiled)


def item_area(item: Item, rule: str, tolerance_um: float) -> Area:
    """What the outline of one item encloses, µm."""
    return rings_area(flatten_items([item], tolerance_um), rule)


def rings_area(flat: FlatPaths, rule: str) -> Area:
    """What subpaths enclose together, open ones closed by a straight line."""
    fill_rule: FillRule = "evenodd" if rule == "evenodd" else "nonzero"
    lines = flat.lines.take(flat.lines.n_vertices >= 3)
    if len(lines) == 1:
        import shapely

        # Most drawings are made of single rings that do not cross themselves, where both rules agree.
        ring = shapely.Polygon(lines.line(0))
        if shapely.is_valid(ring) and ring.area > 0.0:
            return Area(ring)
    return Area.from_rings(lines, fill_rule) if len(lines) else Area.empty()


def flatten_table(
    table: PathTable, matrices: FloatArray, tolerance_um: float, *, compiled: bool | None = None
) -> FlatPaths:
    """Rows of paths as polylines.

    Args:
        table: rows of P paths.
        matrices: (P, 6), user units to µm, as SVG writes them.
        tolerance_um: > 0; no point of a curve is farther from its polyline, µm.
        compiled: evaluate with the compiled kernel; None decides by size. Both give the same bits.

    Raises:
        GeometryError: coordinates beyond a kilometre, or more vertices than one call may make.
    """
    if not len(table):
        return FlatPaths(Polylines.empty(), np.zeros(0, np.int64), np.zeros(0, bool), np.zeros(0, bool), table.errors)
    rows = _placed(table, matrices)
    is_move = table.kind == MOVE
    first_row = np.flatnonzero(is_move)
    row_counts = np.diff(np.concatenate((first_row, [len(table)])))
    arcs = _arcs(table, matrices, rows, tolerance_um)
    if compiled is None:
        compiled = len(table) >= COMPILED_FROM_ROWS
    if compiled:
        from lasercam.sources.svg.curve_kernel import evaluate

        lines = evaluate(table.kind, rows, arcs, tolerance_um, len(first_row))
    else:
        lines = _evaluate_plain(table.kind, rows, arcs, tolerance_um, row_counts)
    last = first_row + row_counts - 1
    return FlatPaths(lines, table.path[first_row], table.kind[last] == CLOSE, row_counts > 1, table.errors)


def _placed(table: PathTable, matrices: FloatArray) -> FloatArray:
    """Control points of all rows in µm, (R, 8); the middle columns of arcs stay zero."""
    m = matrices[:1] if bool((matrices == matrices[0]).all()) else matrices
    a, b, c, d, e, f = (m[:, i][table.path] if len(m) > 1 else m[0, i] for i in range(6))
    placed = np.empty_like(table.points)
    for column in range(0, 8, 2):
        x, y = table.points[:, column], table.points[:, column + 1]
        placed[:, column] = a * x + c * y + e
        placed[:, column + 1] = b * x + d * y + f
    finite_points(placed[:, [0, 1]], "drawing coordinates")
    finite_points(placed[:, [6, 7]], "drawing coordinates")
    return placed


def _arcs(table: PathTable, matrices: FloatArray, rows: FloatArray, tolerance_um: float) -> Polylines:
    """All arcs, in row order, in µm.

    They are flattened where the widest radius has its size in µm, and then placed: an arc of an ellipse is that
    of another ellipse after placing, but its parameters would have to be found anew.
    """
    index = np.flatnonzero(table.kind == ARC)
    if not len(index):
        return Polylines.empty()
    points, m = table.points[index], matrices[table.path[index]]
    linear = np.stack([m[:, 0:2], m[:, 2:4]], axis=2)
    scale = np.linalg.norm(linear, ord=2, axis=(1, 2))
    flags = points[:, 5].astype(np.int64)
    scaled = points * scale[:, np.newaxis]
    flat = flatten_arcs(
        scaled[:, 0:2], scaled[:, 6:8], scaled[:, 2:4], points[:, 4], flags >= 2, flags % 2 == 1, tolerance_um
    )
    owner = np.repeat(np.arange(len(index)), flat.n_vertices)
    a, b, c, d = (m[:, i] / scale for i in range(4))
    x, y = flat.xy_um[:, 0], flat.xy_um[:, 1]
    xy = np.stack([a[owner] * x + c[owner] * y + m[owner, 4], b[owner] * x + d[owner] * y + m[owner, 5]], axis=1)
    xy[flat.offsets[:-1]] = rows[index, 0:2]
    xy[flat.offsets[1:] - 1] = rows[index, 6:8]
    return Polylines(xy, flat.offsets)


def _evaluate_plain(
    kind: NDArray[np.uint8], rows: FloatArray, arcs: Polylines, tolerance_um: float, row_counts: IntArray
) -> Polylines:
    """Polylines of all subpaths, by the bulk functions of geometry."""
    moves, straight = kind == MOVE, (kind == LINE) | (kind == CLOSE)
    dots = Polylines(rows[moves, 0:2], np.arange(int(moves.sum()) + 1))
    pieces = Polylines.concatenate(
        [
            dots,
            Polylines.from_segments(rows[straight, 0:2], rows[straight, 6:8]),
            flatten_quadratics(rows[kind == QUAD][:, [0, 1, 2, 3, 6, 7]].reshape(-1, 3, 2), tolerance_um),
            flatten_cubics(rows[kind == CUBIC].reshape(-1, 4, 2), tolerance_um),
            arcs,
        ]
    )
    of = np.concatenate(
        [np.flatnonzero(which) for which in (moves, straight, kind == QUAD, kind == CUBIC, kind == ARC)]
    )
    return join_pieces(pieces.take(np.argsort(of, kind="stable")), row_counts)
