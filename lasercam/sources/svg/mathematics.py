"""Lengths and tangents of paths, by svgpathtools: the one module that imports it."""

from typing import Any

import numpy as np

from lasercam.geometry.polylines import FloatArray
from lasercam.sources.svg.path_data import ARC, CLOSE, CUBIC, LINE, MOVE, QUAD, PathTable


def segment(kind: int, row: FloatArray) -> Any:
    """A row as a segment of svgpathtools; None for moves and pieces without extent."""
    import svgpathtools

    start, end = complex(row[0], row[1]), complex(row[6], row[7])
    if kind == CUBIC:
        return svgpathtools.CubicBezier(start, complex(row[2], row[3]), complex(row[4], row[5]), end)
    if kind == QUAD:
        return svgpathtools.QuadraticBezier(start, complex(row[2], row[3]), end)
    if kind == MOVE or start == end:
        return None
    if kind == ARC and row[2] > 0.0 and row[3] > 0.0:
        flags = int(row[5])
        return svgpathtools.Arc(start, complex(row[2], row[3]), row[4], flags >= 2, flags % 2 == 1, end)
    return svgpathtools.Line(start, end) if kind in (LINE, CLOSE, ARC) else None


def path_length(table: PathTable) -> float:
    """Length of one path in user units, moves not counted."""
    import svgpathtools

    segments = [segment(int(k), row) for k, row in zip(table.kind, table.points, strict=True)]
    return float(svgpathtools.Path(*[s for s in segments if s is not None]).length(error=1e-6))


def directions(kind: int, row: FloatArray) -> tuple[complex, complex] | None:
    """Unit directions at start and end of a row; None where it has no extent.

    Where control points coincide, the next one tells the direction, as SVG asks.

    Source: https://www.w3.org/TR/SVG2/paths.html#PathDirectionality
    """
    piece = segment(kind, row)
    if piece is None:
        return None
    if kind == ARC and type(piece).__name__ == "Arc":
        first, last = complex(piece.derivative(0.0)), complex(piece.derivative(1.0))
    else:
        points = [complex(p) for p in piece.bpoints()]
        ahead = [p - points[0] for p in points[1:] if p != points[0]]
        behind = [points[-1] - p for p in reversed(points[:-1]) if p != points[-1]]
        if not ahead or not behind:
            return None
        first, last = ahead[0], behind[0]
    if not (np.isfinite([abs(first), abs(last)]).all() and abs(first) > 0.0 and abs(last) > 0.0):
        return None
    return first / abs(first), last / abs(last)
