"""Lines and dots cut by an area: what lies inside it, or what lies outside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lasercam.geometry.area import Area, near_segments
from lasercam.geometry.polylines import BoolArray, FloatArray, IntArray, Polylines

BORDER_UM = 1e-6
"""Nearer to the border than this is on it: a hundredth of the 0.1 nm tick, far above rounding errors."""


@dataclass(frozen=True, eq=False)
class Clipped:
    """What is left of polylines.

    Attributes:
        lines: The pieces, in the order and direction of the polylines they come from.
        source: (P,) int64, for each piece the index of that polyline; ascending, read-only.
    """

    lines: Polylines
    source: IntArray


def clip_inside(lines: Polylines, area: Area) -> Clipped:
    """The parts of the polylines inside the area, its border included.

    - A stretch that runs along the border (within ``BORDER_UM``) is inside.
    - A line that only touches the border in points, coming from outside, leaves nothing there.
    - Vertices that stay are bit for bit the old ones; new ones are where lines meet the border.
    - A closed polyline that starts inside stays one piece across its start.
    - Dots on the border are inside.
    - Cuts nearer than ``BORDER_UM`` to each other or to a segment's end are not made, so no piece is
      shorter than that and no line sticks out by more than that.
    """
    return _clip(lines, area, keep_inside=True)


def clip_outside(lines: Polylines, area: Area) -> Clipped:
    """The parts of the polylines outside the area; exactly what ``clip_inside`` leaves away."""
    return _clip(lines, area, keep_inside=False)


def dots_inside(xy_um: FloatArray, area: Area) -> BoolArray:
    """Which points, (N,2) µm, lie in the area or within ``BORDER_UM`` of its border, (N,) bool.

    Raises:
        GeometryError: refused coordinates.
    """
    return area.contains(xy_um, within_um=BORDER_UM)


def _clip(lines: Polylines, area: Area, *, keep_inside: bool) -> Clipped:
    start, end, owner = lines.segments()
    segment, cut, along_border = _cuts(start, end, area)
    piece_segment, piece_from, piece_to = _pieces(len(start), np.hypot(*(end - start).T), segment, cut)
    at = _point(start, end, piece_segment, (piece_from + piece_to) / 2.0)
    inside = area.contains(at)
    inside |= _covered(piece_segment, (piece_from + piece_to) / 2.0, segment, cut, along_border)
    kept = inside == keep_inside

    # Pieces in writing order. In a closed line whose first and last piece stay, the run of kept pieces at
    # the start moves behind the end, so that the line is not broken at its start.
    line = owner[piece_segment]
    first = np.searchsorted(line, np.arange(len(lines)))
    stop = np.searchsorted(line, np.arange(len(lines)), side="right")
    position = np.arange(len(line))
    gap = np.concatenate([[0], np.cumsum(~kept)])
    closed = np.flatnonzero(lines.is_closed & (stop > first))
    closed = closed[kept[first[closed]] & kept[stop[closed] - 1] & (gap[stop[closed]] > gap[first[closed]])]
    wraps = np.zeros(len(lines), dtype=np.bool_)
    wraps[closed] = True
    leading = wraps[line] & (gap[:-1] == gap[first[line]])
    position[leading] += len(line)
    order = np.lexsort((position, line))
    order = order[kept[order]]

    goes_on = np.zeros(len(order), dtype=np.bool_)
    if len(order):
        before, now = order[:-1], order[1:]
        same_line = line[before] == line[now]
        across_start = same_line & wraps[line[now]] & (now == first[line[now]]) & (before == stop[line[now]] - 1)
        goes_on[1:] = (same_line & (now == before + 1)) | across_start
    run_ends = np.concatenate([~goes_on[1:], [True]])[: len(order)]
    end_is_vertex = piece_to[order] == 1.0
    emit = np.column_stack([~goes_on, run_ends | end_is_vertex])
    of_piece = piece_segment[order]
    points = np.stack(
        [_point(start, end, of_piece, piece_from[order]), _point(start, end, of_piece, piece_to[order])], axis=1
    )
    run = np.cumsum(~goes_on) - 1
    counts = np.bincount(run, weights=emit.sum(axis=1)).astype(np.int64)
    run_line = line[order][~goes_on]

    dots = np.flatnonzero(lines.is_dot)
    dots = dots[dots_inside(lines.xy_um[lines.offsets[dots]], area) == keep_inside]
    xy = np.concatenate([points[emit], lines.xy_um[lines.offsets[dots]]])
    counts = np.concatenate([counts, np.ones(len(dots), dtype=np.int64)])
    source = np.concatenate([run_line, dots]).astype(np.int64)
    together = Polylines(xy, np.concatenate([[0], np.cumsum(counts)]))
    by_source = np.argsort(source, kind="stable")
    source = source[by_source]
    source.flags.writeable = False
    return Clipped(together.take(by_source), source)


def _point(start: FloatArray, end: FloatArray, segment: IntArray, at: FloatArray) -> FloatArray:
    """Points at a fraction of their segments; at 0 and 1 exactly the ends."""
    a, b, t = start[segment], end[segment], at[:, np.newaxis]
    return np.where(t == 1.0, b, a + (b - a) * t)


def _cuts(start: FloatArray, end: FloatArray, area: Area) -> tuple[IntArray, FloatArray, IntArray]:
    """Where segments meet the border.

    Returns:
        segment (C,) int64, fraction along it (C,) float64 in 0..1, and (C,) int64: +1 where a stretch along
        the border begins, -1 where one ends, 0 at plain crossings.
    """
    segments, cuts, marks = [np.zeros(0, dtype=np.int64)], [np.zeros(0)], [np.zeros(0, dtype=np.int64)]
    edge_start, edge_end = area.edges()
    for segment, edge in near_segments(start, end, edge_start, edge_end, BORDER_UM):
        a, along = start[segment], end[segment] - start[segment]
        length = np.hypot(*along.T)
        real = length > 0.0
        segment, edge, a, along, length = segment[real], edge[real], a[real], along[real], length[real]
        unit = along / length[:, np.newaxis]
        p, q = edge_start[edge] - a, edge_end[edge] - a
        side_p = unit[:, 0] * p[:, 1] - unit[:, 1] * p[:, 0]
        side_q = unit[:, 0] * q[:, 1] - unit[:, 1] * q[:, 0]
        t_p = (p * unit).sum(axis=1) / length
        t_q = (q * unit).sum(axis=1) / length
        near_p, near_q = np.abs(side_p) <= BORDER_UM, np.abs(side_q) <= BORDER_UM

        parallel = near_p & near_q
        low = np.maximum(np.minimum(t_p, t_q), 0.0)[parallel]
        high = np.minimum(np.maximum(t_p, t_q), 1.0)[parallel]
        overlap = low < high
        for t, mark in ((low, 1), (high, -1)):
            segments.append(segment[parallel][overlap])
            cuts.append(t[overlap])
            marks.append(np.full(int(overlap.sum()), mark, dtype=np.int64))

        crosses = ~parallel & ((side_p < 0.0) != (side_q < 0.0))
        apart = np.where(crosses, side_p - side_q, 1.0)
        t_cross = t_p + (t_q - t_p) * (side_p / apart)
        # An edge end that lies on the segment cuts it there, whatever side rounding puts it on.
        for which, at in ((crosses, t_cross), (near_p & ~parallel, t_p), (near_q & ~parallel, t_q)):
            t = at[which]
            on_it = (t > 0.0) & (t < 1.0)
            segments.append(segment[which][on_it])
            cuts.append(t[on_it])
            marks.append(np.zeros(int(on_it.sum()), dtype=np.int64))
    return np.concatenate(segments), np.concatenate(cuts), np.concatenate(marks)


def _pieces(
    n_segments: int, length_um: FloatArray, segment: IntArray, cut: FloatArray
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Segments divided at their cuts: segment (K,), from (K,), to (K,), ascending; at least one each."""
    whole = np.arange(n_segments)
    at = np.concatenate([np.zeros(n_segments), cut])
    of = np.concatenate([whole, segment])
    order = np.lexsort((at, of))
    at, of = at[order], of[order]
    # A cut too near to the one before it, or to either end of the segment, is not made.
    apart = np.concatenate([[True], (of[1:] != of[:-1]) | (np.diff(at) * length_um[of[1:]] > BORDER_UM)])
    is_start = np.concatenate([[True], of[1:] != of[:-1]])[: len(of)]
    keep = apart[: len(of)] & (is_start | ((1.0 - at) * length_um[of] > BORDER_UM))
    at, of = at[keep], of[keep]
    last = np.concatenate([of[1:] != of[:-1], [True]])[: len(of)]
    return of, at, np.where(last, 1.0, np.roll(at, -1))


def _covered(
    piece: IntArray, middle: FloatArray, segment: IntArray, cut: FloatArray, along_border: IntArray
) -> BoolArray:
    """Which piece middles lie in a stretch along the border, (K,) bool."""
    ends = np.flatnonzero(along_border)
    of = np.concatenate([piece, segment[ends]])
    at = np.concatenate([middle, cut[ends]])
    step = np.concatenate([np.zeros(len(piece), dtype=np.int64), along_border[ends]])
    order = np.lexsort((at, of))
    depth = np.empty(len(order), dtype=np.int64)
    depth[order] = np.cumsum(step[order])
    return np.asarray(depth[: len(piece)] > 0, dtype=np.bool_)
