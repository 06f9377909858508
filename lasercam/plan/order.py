"""Order of features inside one tile: grids and hatches are swept, the rest is visited nearest first.

Everything here is deterministic: ties go to the lower index, and no budget is measured in seconds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

COMPILE_FROM = 3_000
"""Features from which the compiled nearest-neighbour walk beats the plain one, its start-up included."""


@dataclass(frozen=True, eq=False)
class Order:
    """A permutation of features, and which of them run from their last vertex to their first.

    Attributes:
        index: int64 (P,), features in the order they are written.
        reverse: bool (P,), aligned with `index`.
    """

    index: NDArray[np.int64]
    reverse: NDArray[np.bool_]

    def travel(self, starts: NDArray[np.float64], ends: NDArray[np.float64], position: NDArray[np.float64]) -> float:
        """Length of the dark travel, from `position` on; starts and ends are (P, D) in feature order."""
        begin = np.where(self.reverse[:, None], ends[self.index], starts[self.index])
        finish = np.where(self.reverse[:, None], starts[self.index], ends[self.index])
        before = np.vstack((position[None, :], finish[:-1]))
        return float(_lengths(begin - before).sum())


def as_given(count: int) -> Order:
    """Features as they come."""
    return Order(np.arange(count, dtype=np.int64), np.zeros(count, np.bool_))


def order_features(
    starts: NDArray[np.float64], ends: NDArray[np.float64], position: NDArray[np.float64], *, is_simple: bool
) -> Order:
    """A short order over one tile.

    Args:
        starts, ends: float64 (P, 3), first and last vertex of each feature; one and the same array for dots.
        position: float64 (3,), where the beam stands.
        is_simple: every feature is a dot or a single straight segment, so that sweeping may fit.

    Returns:
        A sweep where features form rows and that is no longer than visiting the nearest, else the latter.
    """
    count = len(starts)
    if count < 2:
        return _enter_near(as_given(count), starts, ends, position)
    sweep = _sweep(starts, ends, position) if is_simple else None
    if sweep is not None and _is_regular(sweep, starts, ends):
        return sweep
    walk = nearest_walk(starts, ends, position)
    if sweep is not None and sweep.travel(starts, ends, position) <= walk.travel(starts, ends, position):
        return sweep
    return walk


def _enter_near(
    order: Order, starts: NDArray[np.float64], ends: NDArray[np.float64], position: NDArray[np.float64]
) -> Order:
    """A single feature, entered at its nearer end."""
    if len(order.index) == 0:
        return order
    to_start, to_end = (float(((p[0] - position) ** 2).sum()) for p in (starts, ends))
    return Order(order.index, np.array([to_end < to_start]))


def _sweep(starts: NDArray[np.float64], ends: NDArray[np.float64], position: NDArray[np.float64]) -> Order | None:
    """Rows across the features' common direction, each swept against the one before; None when they have none."""
    direction = _common_direction(starts, ends)
    if direction is None:
        return None
    along_axis = np.array([direction[0], direction[1], 0.0])
    across_axis = np.array([-direction[1], direction[0], 0.0])
    middle = starts if starts is ends else (starts + ends) * 0.5
    along, across = middle @ along_axis, middle @ across_axis
    if float(position @ across_axis) > (across.min() + across.max()) * 0.5:
        across, across_axis = -across, -across_axis
    rows = _row_numbers(across)
    if rows is None:
        return None
    first_row = rows == rows.min()
    span = along[first_row]
    flip = float(position @ along_axis) > (span.min() + span.max()) * 0.5
    forward = (rows % 2 == 0) ^ flip
    index = _swept(rows, along, forward)
    if starts is ends:
        return Order(index, np.zeros(len(index), np.bool_))
    runs_forward = ((ends - starts) @ along_axis) >= 0
    reverse = runs_forward != forward
    reverse[np.all(starts == ends, axis=1)] = False
    return Order(index, reverse[index])


def _swept(rows: NDArray[np.int64], along: NDArray[np.float64], forward: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Features row by row, each row along its direction: int64 (P,)."""
    same_row = rows[1:] == rows[:-1]
    if np.all(rows[1:] >= rows[:-1]) and np.all(along[1:][same_row] > along[:-1][same_row]):
        # Sorted already, as lattices are: turn every other row round instead of sorting.
        counts = np.bincount(rows)
        stop = np.cumsum(counts)
        here = np.arange(len(rows), dtype=np.int64)
        return np.asarray(np.where(forward, here, (2 * stop - counts - 1)[rows] - here), np.int64)
    return np.lexsort((np.where(forward, along, -along), rows)).astype(np.int64)


def _common_direction(starts: NDArray[np.float64], ends: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Unit vector (2,) that all segments run along, either way; x for dots; None when they differ."""
    if starts is ends:
        return np.array([1.0, 0.0])
    if np.any(starts[:, 2] != ends[:, 2]):
        return None
    delta = ends[:, :2] - starts[:, :2]
    length = np.sqrt((delta**2).sum(axis=1))
    if not np.any(length > 0):
        return np.array([1.0, 0.0])
    longest = int(np.argmax(length))
    direction = delta[longest] / length[longest]
    sideways = np.abs(delta @ np.array([-direction[1], direction[0]]))
    if np.any(sideways > 1e-6 * float(length[longest]) + 1e-9) or np.any(length == 0):
        return None
    return np.asarray(direction, np.float64)


def _row_numbers(across: NDArray[np.float64]) -> NDArray[np.int64] | None:
    """Row of each feature, int64 (P,), counted from the lowest; None when there are no rows to speak of."""
    spread = float(across.max() - across.min())
    tolerance = max(1e-9 * (abs(float(across[0])) + spread), 1e-6)
    if np.all(across[1:] >= across[:-1]):  # already in rows: the usual case for lattices
        steps = np.diff(across) > tolerance
        return np.concatenate(([0], np.cumsum(steps))).astype(np.int64)
    order = np.argsort(across, kind="stable")
    ordered = np.concatenate(([0], np.cumsum(np.diff(across[order]) > tolerance))).astype(np.int64)
    if ordered[-1] + 1 > 0.75 * len(across):
        return None
    rows = np.empty(len(across), np.int64)
    rows[order] = ordered
    return rows


def _is_regular(sweep: Order, starts: NDArray[np.float64], ends: NDArray[np.float64]) -> bool:
    """Whether rows are full: then nothing is shorter than the sweep and the walk need not be tried.

    A sweep of dots whose steps all equal the smallest one is optimal; hatches with few segments per row are close.
    """
    begin = finish = starts[sweep.index]
    if starts is not ends:
        begin = np.where(sweep.reverse[:, None], ends[sweep.index], begin)
        finish = np.where(sweep.reverse[:, None], finish, ends[sweep.index])
    steps = _lengths(begin[1:] - finish[:-1])
    smallest = float(steps.min())
    return smallest > 0 and float(steps.mean()) <= 1.05 * smallest


def _lengths(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lengths of vectors (P, D)."""
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", vectors, vectors)), np.float64)


def nearest_walk(starts: NDArray[np.float64], ends: NDArray[np.float64], position: NDArray[np.float64]) -> Order:
    """Always go on to the nearest unvisited end of a feature; features may be run backwards.

    Plain and compiled walks give the same order.
    """
    from lasercam.plan.nearest import walk_compiled, walk_plain

    walk = walk_compiled if len(starts) >= COMPILE_FROM else walk_plain
    index, reverse = walk(np.ascontiguousarray(starts), np.ascontiguousarray(ends), np.asarray(position, np.float64))
    return Order(index, reverse)
