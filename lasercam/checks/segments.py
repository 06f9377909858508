"""Which lines come near which lines or dots, how near, and how far they run on top of each other.

Candidates come from a tree of boxes, distances from exact formulas over whole arrays; a dot is a line of no length.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lasercam.checks.exposures import Items

Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]

_PLANES = 64
"""Flat items in at most this many planes are looked up plane by plane."""

_QUERIES = 16_384
"""Items looked up at once: bounds the memory of a search through dense lines."""


def near_pairs(items: Items, lines: Items, distance_ticks: float) -> Iterator[Pairs]:
    """Index pairs (item, line) closer than a distance, in bunches; the same line may be on both sides.

    Args:
        items: dots or lines that are looked up.
        lines: lines among which they are looked up.
        distance_ticks: > 0.

    Yields:
        Two intp arrays (K,): indices into `items` and into `lines`.
    """
    if not len(items) or not len(lines):
        return
    import shapely

    low, high = _depths(items)
    line_low, line_high = _depths(lines)
    shapes = _shapes(items)
    for asked, offered in _planes(low, high, line_low, line_high, distance_ticks):
        tree = shapely.STRtree(_shapes(lines.take(offered)))
        for first in range(0, len(asked), _QUERIES):
            some = asked[first : first + _QUERIES]
            item, line = tree.query(shapes[some], predicate="dwithin", distance=float(distance_ticks))
            item, line = some[item], offered[line]
            level = (low[item] - line_high[line] <= distance_ticks) & (line_low[line] - high[item] <= distance_ticks)
            item, line = item[level], line[level]
            close = separation(items, item, lines, line) < distance_ticks
            yield item[close], line[close]


def separation(a: Items, a_index: NDArray[np.intp], b: Items, b_index: NDArray[np.intp]) -> NDArray[np.float64]:
    """float64 (K,), ticks: the smallest distance between the items of each pair, in three dimensions."""
    # Relative to one end everything is small, so that doubles hold it exactly.
    origin = a.start[a_index]
    p, q = np.zeros(origin.shape), (a.end[a_index] - origin).astype(np.float64)
    r, s = (b.start[b_index] - origin).astype(np.float64), (b.end[b_index] - origin).astype(np.float64)
    nearest = np.minimum(_to_line(p, r, s), _to_line(q, r, s))
    nearest = np.minimum(nearest, np.minimum(_to_line(r, p, q), _to_line(s, p, q)))
    return np.asarray(np.minimum(nearest, _inner_distance(p, q, r, s)))


def shared_stretch(
    a: Items, a_index: NDArray[np.intp], b: Items, b_index: NDArray[np.intp], tolerance_ticks: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where on line a of each pair line b runs on top of it, as distances from a's start.

    Args:
        a, b: lines.
        a_index, b_index: intp (K,).
        tolerance_ticks: how far beside each other two lines may be and still be the same place.

    Returns:
        Two float64 arrays (K,), from and to in ticks; to < from where they share no more than a point.
    """
    origin = a.start[a_index]
    along = (a.end[a_index] - origin).astype(np.float64)
    r, s = (b.start[b_index] - origin).astype(np.float64), (b.end[b_index] - origin).astype(np.float64)
    length = np.sqrt((along * along).sum(axis=1))
    unit = along / np.where(length > 0, length, 1.0)[:, None]
    tr, ts = (r * unit).sum(axis=1), (s * unit).sum(axis=1)
    first = np.maximum(0.0, np.minimum(tr, ts))
    last = np.minimum(length, np.maximum(tr, ts))
    span = np.where(ts == tr, 1.0, ts - tr)
    beside = np.zeros(len(length))
    for t in (first, last):
        point = r + ((t - tr) / span)[:, None] * (s - r)
        gap = point - t[:, None] * unit
        beside = np.maximum(beside, np.sqrt((gap * gap).sum(axis=1)))
    runs = (last - first > tolerance_ticks) & (beside <= tolerance_ticks) & (length > 0)
    return np.where(runs, first, 0.0), np.where(runs, last, -1.0)


def _to_line(point: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance of each point from each line."""
    along = end - start
    squared = (along * along).sum(axis=1)
    t = ((point - start) * along).sum(axis=1) / np.where(squared > 0, squared, 1.0)
    gap = point - start - np.clip(t, 0.0, 1.0)[:, None] * along
    return np.asarray(np.sqrt((gap * gap).sum(axis=1)))


def _inner_distance(
    p: NDArray[np.float64], q: NDArray[np.float64], r: NDArray[np.float64], s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Distance between the infinite lines where their nearest points lie inside both; infinite elsewhere."""
    u, v, w = q - p, s - r, p - r
    a, b, c = (u * u).sum(axis=1), (u * v).sum(axis=1), (v * v).sum(axis=1)
    d, e = (u * w).sum(axis=1), (v * w).sum(axis=1)
    spread = a * c - b * b
    # Nearly parallel lines are nearest at an end, which the caller has looked at.
    skew = spread > 1e-12 * a * c
    safe = np.where(skew, spread, 1.0)
    t, k = (b * e - c * d) / safe, (a * e - b * d) / safe
    inside = skew & (t >= 0) & (t <= 1) & (k >= 0) & (k <= 1)
    gap = w + t[:, None] * u - k[:, None] * v
    return np.where(inside, np.sqrt((gap * gap).sum(axis=1)), np.inf)


def _depths(items: Items) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    a, b = items.start[:, 2], items.end[:, 2]
    return np.minimum(a, b), np.maximum(a, b)


def _shapes(items: Items) -> Any:
    """What the tree looks at: positions in the plane, as points or lines."""
    import shapely

    if items.are_dots:
        return shapely.points(items.start[:, :2].astype(np.float64))
    ends = np.stack((items.start[:, :2], items.end[:, :2]), axis=1)
    shapes = shapely.linestrings(ends.astype(np.float64))
    # Seen from above a vertical line is a point, and the tree does not find lines without length.
    upright = np.flatnonzero(np.all(items.start[:, :2] == items.end[:, :2], axis=1))
    shapes[upright] = shapely.points(ends[upright, 0].astype(np.float64))
    return shapes


def _planes(
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    line_low: NDArray[np.int64],
    line_high: NDArray[np.int64],
    distance: float,
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Items and the lines of about their depth: plane by plane, or all at once when they are not in planes."""
    levels = np.unique(np.column_stack((low, high)), axis=0)
    if len(levels) > _PLANES:
        yield np.arange(len(low)), np.arange(len(line_low))
        return
    for least, most in levels.tolist():
        offered = np.flatnonzero((line_low - most <= distance) & (least - line_high <= distance))
        if len(offered):
            yield np.flatnonzero((low == least) & (high == most)), offered
