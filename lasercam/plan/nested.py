"""Inner before outer: what lies inside a closed line is written before that line."""

import numpy as np
from numpy.typing import NDArray

from lasercam.geometry.nesting import inside_pairs
from lasercam.model.feature import FeatureBlock
from lasercam.plan.order import Order, lengths

MOST_TRIED = 2_000_000_000
"""Outer lines times features, up to which each outer line seeks the best later place; a few seconds."""


def inner_before_outer(
    order: Order,
    block: FeatureBlock,
    starts: NDArray[np.float64],
    ends: NDArray[np.float64],
) -> Order:
    """The order with every closed line moved behind all that lies inside it.

    A line that comes too early goes to the place behind its contents where it costs the least way; everything else
    keeps its place. Closed lines end where they begin, so nothing need be turned.

    Args:
        order: a short one.
        block: the features.
        starts, ends: float64 (P, 3), first and last vertex of each feature.
    """
    outer, inner, area = inside_pairs(np.ascontiguousarray(block.xyz_um[:, :2]), block.offsets)
    if not len(outer):
        return order
    count = len(order.index)
    rank = np.empty(count, np.int64)
    rank[order.index] = np.arange(count)
    turn = np.zeros(count, np.int64)  # among those that share a place: 0 = the one that was there
    by_outer = np.argsort(outer, kind="stable")
    lines, first = np.unique(outer[by_outer], return_index=True)
    contents = dict(zip(lines.tolist(), np.split(inner[by_outer], first[1:]), strict=True))
    begin, finish = order.entries(starts, ends)
    ahead = np.vstack((begin[1:], begin[-1:]))  # behind the last one nothing follows
    across = lengths(ahead - finish)
    across[-1] = 0.0
    may_seek = len(lines) * count <= MOST_TRIED
    # What is inside has the smaller area, so that it has its place already.
    for number, line in enumerate(sorted(contents, key=lambda i: (area[i], i)), start=1):
        held = contents[line]
        last = int(rank[held].max())
        if (int(rank[line]), 0) > (last, int(turn[held][rank[held] == last].max())):
            continue
        place = last
        if may_seek:
            detour = lengths(starts[line] - finish[last:]) + lengths(ahead[last:] - ends[line]) - across[last:]
            detour[-1] = lengths(starts[line][None, :] - finish[-1:])[0]
            place = last + int(np.argmin(detour))
        rank[line], turn[line] = place, number
    index = np.lexsort((turn, rank)).astype(np.int64)
    reverse = np.zeros(count, np.bool_)
    reverse[order.index] = order.reverse
    return Order(index, reverse[index])
