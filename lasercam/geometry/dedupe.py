"""Lines drawn twice, found and merged: a line written twice is a wrong line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lasercam.geometry.area import near_segments
from lasercam.geometry.polylines import BoolArray, FloatArray, IntArray, Polylines, finite_number, ramp

TOLERANCE_UM = 1e-4
"""Default: one tick of 0.1 nm, the resolution of everything after the plan."""
MIN_OVERLAP_TOLERANCES = 100.0
"""Shorter overlaps, in tolerances, are lines meeting end to end, not lines drawn twice."""


@dataclass(frozen=True)
class DedupeReport:
    """What was drawn more than once.

    Attributes:
        n_segments: Segments that lost length to another one.
        overlapped_um: Length drawn in excess, µm: everything drawn less what is drawn once.
        n_dots: Dots on top of other dots.
    """

    n_segments: int
    overlapped_um: float
    n_dots: int


def merge_duplicates(lines: Polylines, tolerance_um: float = TOLERANCE_UM) -> tuple[Polylines, DedupeReport]:
    """The same drawing with every stretch drawn once.

    Two segments are one line drawn twice when they overlap, seen along the longer one, by more than
    ``MIN_OVERLAP_TOLERANCES`` tolerances and are nowhere in the overlap farther apart than the tolerance;
    their directions do not matter. Segments connected by such pairs form a group. If one member reaches
    over the whole group, the first such stays where it is and the others go; otherwise all go, and one new
    line between the outermost ends of the group takes their place at the end. Polylines that lose
    segments fall into pieces; all other vertices stay bit for bit.

    Dots nearer than the tolerance to an earlier dot go. Dots on lines stay.

    Args:
        lines: Any polylines.
        tolerance_um: µm, > 0.

    Returns:
        The merged polylines (those that stay in order, then new lines) and what was found.

    Raises:
        GeometryError: tolerance not finite or not above 0.
    """
    tolerance = finite_number(tolerance_um, "tolerance_um", above=0.0)
    start, end, owner = lines.segments()
    group = _groups(len(start), _coincident_pairs(start, end, tolerance))
    keep, extra_start, extra_end, n_segments, overlapped = _resolve(start, end, group, tolerance)
    keep_dot, n_dots = _dots(lines, tolerance)
    report = DedupeReport(n_segments, overlapped, n_dots)
    if n_segments == 0 and n_dots == 0:
        return lines, report
    parts = [_without(lines, owner, keep, keep_dot), Polylines.from_segments(extra_start, extra_end)]
    return Polylines.concatenate(parts), report


def _coincident_pairs(start: FloatArray, end: FloatArray, tolerance: float) -> tuple[IntArray, IntArray]:
    """Pairs of segments that are one line drawn twice, each pair once.

    Neighbours come from the frame in which most of the drawing runs along an axis: there the boxes of
    hatch lines are flat and meet only where lines do.
    """
    if not len(start):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    along = end - start
    length = np.hypot(*along.T)
    frame = along[int(np.argmax(length))] / max(float(length.max()), np.finfo(np.float64).tiny)
    turn = np.array([[frame[0], -frame[1]], [frame[1], frame[0]]])
    turned_start, turned_end = start @ turn, end @ turn
    # The turn itself rounds; 1e-9 of the extent is far above that and far below any pitch.
    reach = tolerance + 1e-9 * float(max(np.abs(turned_start).max(), np.abs(turned_end).max()))
    found_i, found_j = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for i, j in near_segments(turned_start, turned_end, turned_start, turned_end, reach):
        upper = i < j
        i, j = i[upper], j[upper]
        same = _are_coincident(start, end, length, i, j, tolerance)
        found_i.append(i[same])
        found_j.append(j[same])
    return np.concatenate(found_i), np.concatenate(found_j)


def _are_coincident(
    start: FloatArray, end: FloatArray, length: FloatArray, i: IntArray, j: IntArray, tolerance: float
) -> BoolArray:
    """The definition of ``merge_duplicates`` for each pair, (K,) bool."""
    longer, shorter = np.where(length[i] >= length[j], i, j), np.where(length[i] >= length[j], j, i)
    size = length[longer]
    real = (size > 0.0) & (length[shorter] > MIN_OVERLAP_TOLERANCES * tolerance)
    unit = (end[longer] - start[longer]) / np.where(real, size, 1.0)[:, np.newaxis]
    p, q = start[shorter] - start[longer], end[shorter] - start[longer]
    u_p, u_q = (p * unit).sum(axis=1), (q * unit).sum(axis=1)
    v_p, v_q = (unit[:, 0] * r[:, 1] - unit[:, 1] * r[:, 0] for r in (p, q))
    low, high = np.maximum(np.minimum(u_p, u_q), 0.0), np.minimum(np.maximum(u_p, u_q), size)
    real &= high - low > MIN_OVERLAP_TOLERANCES * tolerance
    # The distance is linear along the overlap, so its ends decide.
    slope = (v_q - v_p) / np.where(real, u_q - u_p, 1.0)
    near: BoolArray = np.ones(len(i), dtype=np.bool_)
    for u in (low, high):
        near &= np.abs(v_p + slope * (u - u_p)) <= tolerance
    return real & near


def _groups(n: int, pairs: tuple[IntArray, IntArray]) -> IntArray:
    """For each of n items the smallest item it is connected to, (n,) int64."""
    label = np.arange(n, dtype=np.int64)
    i, j = pairs
    while True:
        low = np.minimum(label[i], label[j])
        apart = label[i] != label[j]
        if not apart.any():
            return label
        # Hook the larger root below the smaller, then shorten every path to its root.
        np.minimum.at(label, np.maximum(label[i], label[j])[apart], low[apart])
        while not np.array_equal(label, label[label]):
            label = label[label]


def _resolve(
    start: FloatArray, end: FloatArray, group: IntArray, tolerance: float
) -> tuple[BoolArray, FloatArray, FloatArray, int, float]:
    """Which segments stay, the new lines (starts, ends), how many segments lost length, and how much."""
    keep = np.ones(len(start), dtype=np.bool_)
    size = np.bincount(group, minlength=len(start)) if len(start) else np.zeros(0, dtype=np.int64)
    member = np.flatnonzero(size[group] > 1)
    none = np.zeros((0, 2))
    if not member.size:
        return keep, none, none, 0, 0.0
    # Members sorted by group; the longest one of each group gives the common direction.
    along = end[member] - start[member]
    length = np.hypot(*along.T)
    order = np.lexsort((member, -length, group[member]))
    member, length = member[order], length[order]
    opens = np.concatenate([[True], group[member][1:] != group[member][:-1]])
    begin = np.flatnonzero(opens)
    which = np.cumsum(opens) - 1
    lead = member[begin][which]
    unit = (end[lead] - start[lead]) / length[begin][which][:, np.newaxis]
    u_start = ((start[member] - start[lead]) * unit).sum(axis=1)
    u_end = ((end[member] - start[lead]) * unit).sum(axis=1)
    low, high = np.minimum(u_start, u_end), np.maximum(u_start, u_end)
    left, right = np.minimum.reduceat(low, begin), np.maximum.reduceat(high, begin)
    whole = (low <= left[which] + tolerance) & (high >= right[which] - tolerance)
    # The first segment in drawing order that reaches over the whole group.
    first_whole = np.full(len(begin), len(start), dtype=np.int64)
    np.minimum.at(first_whole, which[whole], member[whole])
    has_whole = first_whole < len(start)
    keep[member] = False
    keep[first_whole[has_whole]] = True

    new = np.flatnonzero(~has_whole)
    left_end = np.where((u_start <= u_end)[:, np.newaxis], start[member], end[member])
    right_end = np.where((u_start <= u_end)[:, np.newaxis], end[member], start[member])
    leftmost, rightmost = _first_where(low == left[which], begin), _first_where(high == right[which], begin)
    kept_length = np.where(has_whole, 0.0, right - left)
    kept_length[has_whole] = np.hypot(*(end - start)[first_whole[has_whole]].T)
    excess = float(length.sum() - kept_length.sum())
    return keep, left_end[leftmost[new]], right_end[rightmost[new]], len(member) - int(has_whole.sum()), excess


def _first_where(mask: BoolArray, begin: IntArray) -> IntArray:
    """The first row of every run (starting at ``begin``) where the mask holds; each run has one."""
    rows = np.where(mask, np.arange(len(mask)), len(mask))
    return np.asarray(np.minimum.reduceat(rows, begin), dtype=np.int64)


def _dots(lines: Polylines, tolerance: float) -> tuple[BoolArray, int]:
    """Which polylines are no dot on top of an earlier one, (P,) bool, and how many are."""
    keep = np.ones(len(lines), dtype=np.bool_)
    dots = np.flatnonzero(lines.is_dot)
    xy = lines.xy_um[lines.offsets[dots]]
    found_i, found_j = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for i, j in near_segments(xy, xy, xy, xy, tolerance):
        close = (i < j) & (np.hypot(*(xy[i] - xy[j]).T) <= tolerance)
        found_i.append(i[close])
        found_j.append(j[close])
    group = _groups(len(dots), (np.concatenate(found_i), np.concatenate(found_j)))
    keep[dots[group != np.arange(len(dots))]] = False
    return keep, int((~keep).sum())


def _without(lines: Polylines, owner: IntArray, keep: BoolArray, keep_dot: BoolArray) -> Polylines:
    """The polylines without some segments and dots; what is left of a line may be several."""
    goes_on = np.zeros(len(owner), dtype=np.bool_)
    goes_on[1:] = keep[1:] & keep[:-1] & (owner[1:] == owner[:-1])
    opens = keep & ~goes_on
    # Segment s of polyline p starts at vertex s + p - (dots before p): each line has one vertex more.
    n_segments = lines.n_vertices - 1
    first_vertex = np.repeat(lines.offsets[:-1], n_segments) + ramp(n_segments)
    run_first = first_vertex[opens]
    run = (np.cumsum(opens) - 1)[keep]
    run_count = np.bincount(run, minlength=len(run_first)) + 1
    dots = lines.offsets[:-1][lines.is_dot & keep_dot]
    first = np.concatenate([run_first, dots])
    count = np.concatenate([run_count, np.ones(len(dots), dtype=np.int64)])
    order = np.argsort(first, kind="stable")
    first, count = first[order], count[order]
    if not len(first):
        return Polylines.empty()
    rows = np.repeat(first, count) + ramp(count)
    return Polylines(lines.xy_um[rows], np.concatenate([[0], np.cumsum(count)]))
