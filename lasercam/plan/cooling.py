"""Interleaved order: neighbours are written in different rounds, so that heat has gone in between.

All rounds run through the plane alike, from the same corner in the same rows: between two neighbours of one round and
the next lies about a round's time, wherever they are. Whether that is enough is for a check to say, from the rows.
"""

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import PatternError
from lasercam.model.feature import FeatureBlock
from lasercam.plan.order import Order, lengths
from lasercam.plan.sweep import row_directions, row_numbers

MOST_SAMPLES = 50_000_000
"""Half distances along all lines, up to which neighbours are sought: 2 GB would be needed for more."""
FEATURES_PER_ROW = 4
"""Fewer features in a row are no rows to sweep."""
STRIP = 3.0
"""Height of a strip squared, in areas per feature: about the best for going up and down through random dots."""


def interleaved(
    block: FeatureBlock,
    starts: NDArray[np.float64],
    ends: NDArray[np.float64],
    distance_um: float,
    *,
    keep_direction: bool,
) -> Order:
    """Rounds one after the other, each of features that keep the distance from each other.

    Args:
        block: features of one plane.
        starts, ends: float64 (P, 3), first and last vertex of each; one and the same array for dots.
        distance_um: features nearer than this, seen from above, are neighbours.
        keep_direction: no feature is run backwards.

    Raises:
        PatternError: too many features lie within the distance of each other, or lines are too long for it.
    """
    count = len(starts)
    direction, rows = _rows(starts, ends)
    middle = (starts[:, :2] + ends[:, :2]) * 0.5
    along, across = middle @ direction, middle @ np.array([-direction[1], direction[0]])
    base = rows if rows is not None else np.floor((across - across.min()) / distance_um)
    chosen = _rounds(block, np.lexsort((along, base)).astype(np.int64), distance_um)
    index, forward = np.empty(count, np.int64), np.empty(count, np.bool_)
    at = 0
    for number in range(int(chosen.max()) + 1):
        mine = np.flatnonzero(chosen == number)
        if rows is not None:
            _, row = np.unique(rows[mine], return_inverse=True)
        else:
            row = _strips(along[mine], across[mine])
        onwards = row % 2 == 0
        order = np.lexsort((np.where(onwards, along[mine], -along[mine]), row))
        index[at : at + len(mine)], forward[at : at + len(mine)] = mine[order], onwards[order]
        at += len(mine)
    reverse = np.zeros(count, np.bool_)
    if starts is not ends and not keep_direction:
        shift = ((ends - starts)[:, :2] @ direction)[index]
        reverse = (shift != 0) & ((shift > 0) != forward)
    return Order(index, reverse)


def _rows(
    starts: NDArray[np.float64], ends: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64] | None]:
    """Direction (2,) of rows and the row of each feature; along x and None where there are no rows."""
    middle = (starts[:, :2] + ends[:, :2]) * 0.5
    if len(starts) > 1:
        for direction, beside in row_directions(starts, ends):
            rows = row_numbers(middle @ np.array([-direction[1], direction[0]]), beside)
            if rows is not None and (int(rows.max()) + 1) * FEATURES_PER_ROW <= len(starts):
                return direction, rows
    return np.array([1.0, 0.0]), None


def _strips(along: NDArray[np.float64], across: NDArray[np.float64]) -> NDArray[np.int64]:
    """Strip of each feature of a round, int64 (P,), as high as makes going there and back short."""
    area = max(float(np.ptp(along)), 1e-9) * max(float(np.ptp(across)), 1e-9)
    height = float(np.sqrt(STRIP * area / len(along)))
    return np.asarray(np.floor((across - across.min()) / height), np.int64)


def _rounds(block: FeatureBlock, order: NDArray[np.int64], distance_um: float) -> NDArray[np.int64]:
    """Round of each feature: int64 (P,)."""
    from lasercam.plan.rounds import MOST_ROUNDS, share_out

    feature, first, segments = _segments(block)
    segments -= segments[:, :2].min(axis=0)[[0, 1, 0, 1]]
    length_um = float(lengths(segments[:, 2:] - segments[:, :2]).sum())
    samples = length_um / (0.5 * distance_um) + len(segments)
    if samples > MOST_SAMPLES:
        enough_um = 2.0 * length_um / (MOST_SAMPLES - len(segments))
        raise PatternError(
            f"cooling looks at lines every half of its distance, and {length_um / 1e3:.4g} mm of lines make"
            f" {samples:.3g} such places of one depth and laser setting; at most {MOST_SAMPLES:,} are allowed. Raise"
            f" the distance to {enough_um:.3g} µm, or share the lines out over several steps"
        )
    chosen: NDArray[np.int64] = share_out(segments, feature, first, order, distance_um)
    if chosen.min() < 0:
        raise PatternError(
            f"more than {MOST_ROUNDS:,} features lie within {distance_um:g} µm of each other, so that cooling would"
            " need as many rounds; give a smaller distance"
        )
    return chosen


def _segments(block: FeatureBlock) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Whose each segment is (S,), the first segment of each feature (P+1,), and the segments (S, 4): x, y, x, y."""
    counts = np.maximum(block.vertex_counts - 1, 1)  # a dot is a segment from itself to itself
    first = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    feature = np.repeat(np.arange(len(counts)), counts)
    vertex = block.offsets[:-1][feature] + np.arange(first[-1]) - first[:-1][feature]
    onwards = vertex + (block.vertex_counts > 1)[feature]
    xy = block.xyz_um[:, :2]
    return feature, first, np.ascontiguousarray(np.concatenate((xy[vertex], xy[onwards]), axis=1))
