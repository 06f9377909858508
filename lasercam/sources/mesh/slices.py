"""Outlines of a body in horizontal planes."""

import numpy as np
from numpy.typing import NDArray

from lasercam.geometry.area import Area
from lasercam.geometry.polylines import Polylines

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def slice_area(vertices_um: FloatArray, faces: IntArray, depth_um: float) -> Area:
    """The inside of a closed mesh at a depth, overlapping bodies united.

    A vertex in the plane counts as above it (at smaller z), so that every triangle crosses it in one line or not at
    all, and lines of neighbours meet in the very same point of the edge they share.

    Args:
        vertices_um: float64 (V, 3), µm.
        faces: int64 (F, 3); every edge run through equally often both ways.
        depth_um: z of the plane, µm.

    Raises:
        GeometryError: outlines that cross each other too often to be untangled.
    """
    return Area.from_rings(slice_rings(vertices_um, faces, depth_um), "nonzero")


def slice_rings(vertices_um: FloatArray, faces: IntArray, depth_um: float) -> Polylines:
    """Closed lines, as directed by the triangles, where a mesh meets a plane; see `slice_area`."""
    below = vertices_um[:, 2] > depth_um
    under = below[faces]
    cut = faces[under.any(axis=1) & ~under.all(axis=1)]
    if not len(cut):
        return Polylines.empty()
    under = below[cut]
    following = under[:, [1, 2, 0]]
    rows = np.arange(len(cut))
    # Of the two edges that cross the plane, the line comes in over the one going down, and leaves over the other.
    enter, leave = np.argmax(~under & following, axis=1), np.argmax(under & ~following, axis=1)
    start = _edge(cut, rows, enter, len(vertices_um))
    end = _edge(cut, rows, leave, len(vertices_um))
    successor = _matched(end, start)
    order, offsets = _cycles(successor)
    points = _points(vertices_um, start[order], depth_um)
    # Close each ring with its first point.
    counts = np.diff(offsets)
    closing = np.repeat(np.arange(len(counts)), counts + 1)
    place = np.arange(len(closing)) - closing
    last = offsets[1:] + np.arange(len(counts))
    place[last] = offsets[:-1]
    return Polylines(np.ascontiguousarray(points[place]), offsets + np.arange(len(offsets)))


def _edge(faces: IntArray, rows: IntArray, corner: IntArray, count: int) -> IntArray:
    """A number for the edge from a corner to the next, the same from either side: int64 (S,)."""
    a, b = faces[rows, corner], faces[rows, (corner + 1) % 3]
    return np.minimum(a, b) * count + np.maximum(a, b)


def _points(vertices_um: FloatArray, edge: IntArray, depth_um: float) -> FloatArray:
    """Where edges meet the plane: float64 (S, 2)."""
    a, b = vertices_um[edge // len(vertices_um)], vertices_um[edge % len(vertices_um)]
    share = (depth_um - a[:, 2]) / (b[:, 2] - a[:, 2])
    return a[:, :2] + share[:, None] * (b[:, :2] - a[:, :2])


def _matched(end: IntArray, start: IntArray) -> IntArray:
    """For each line, one that starts on the edge where it ends; each is taken once."""
    by_end, by_start = np.argsort(end, kind="stable"), np.argsort(start, kind="stable")
    successor = np.empty(len(end), np.int64)
    successor[by_end] = by_start
    return successor


def _cycles(successor: IntArray) -> tuple[IntArray, IntArray]:
    """The cycles of a permutation one after the other: order (S,) and offsets (R+1,)."""
    following = successor.tolist()
    seen = [False] * len(following)
    order: list[int] = []
    offsets = [0]
    for first in range(len(following)):
        at = first
        while not seen[at]:
            seen[at] = True
            order.append(at)
            at = following[at]
        if len(order) > offsets[-1]:
            offsets.append(len(order))
    return np.array(order, dtype=np.int64), np.array(offsets, dtype=np.int64)
