"""Order of features of one plane: grids and hatches are swept, the rest is written along a short path.

Everything here is deterministic: ties go to the lower index, and no budget is measured in seconds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

COMPILE_FROM = 300
"""Features from which the compiled search is worth its start-up; fewer are ordered in NumPy."""
SWEEP_SHARE = 1.1
"""A sweep is taken where it is at most this much longer: even rows are quicker to travel than their length says."""


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
        begin, finish = self.entries(starts, ends)
        before = np.vstack((position[None, :], finish[:-1]))
        return float(lengths(begin - before).sum())

    def entries(
        self, starts: NDArray[np.float64], ends: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where each feature is entered and left, (P, D) each, in the order of writing."""
        begin = finish = starts[self.index]
        if starts is not ends:
            finish = ends[self.index]
            begin, finish = (
                np.where(self.reverse[:, None], finish, begin),
                np.where(self.reverse[:, None], begin, finish),
            )
        return begin, finish


def lengths(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lengths of vectors (P, D): float64 (P,), rounded alike on every machine."""
    squared = vectors[:, 0] * vectors[:, 0]
    for axis in range(1, vectors.shape[1]):
        squared = squared + vectors[:, axis] * vectors[:, axis]
    return np.asarray(np.sqrt(squared), np.float64)


def as_given(count: int) -> Order:
    """Features as they come."""
    return Order(np.arange(count, dtype=np.int64), np.zeros(count, np.bool_))


def order_features(
    starts: NDArray[np.float64],
    ends: NDArray[np.float64],
    position: NDArray[np.float64],
    *,
    is_simple: bool,
    keep_direction: bool = False,
    kicks: int | None = None,
) -> Order:
    """A short order of the features of one plane.

    Args:
        starts, ends: float64 (P, 3), first and last vertex of each feature; one and the same array for dots.
        position: float64 (3,), where the beam stands.
        is_simple: every feature is a dot or a single straight segment, so that sweeping may fit.
        keep_direction: no feature is run backwards.
        kicks: budget of the search; absent: by the number of features.

    Returns:
        A sweep where features form rows and that is about as short as the shortest path found, else the latter.
    """
    from lasercam.plan.sweep import find_sweep

    if len(starts) < 2:
        order = as_given(len(starts))
        return order if keep_direction else _entered_near(order, starts, ends, position)
    # One-way rows return empty, and the search is better at that than a sweep.
    may_sweep = is_simple and (starts is ends or not keep_direction)
    sweep = find_sweep(starts, ends, position) if may_sweep else None
    if sweep is not None and sweep.is_regular:
        return sweep.order
    path = shortest_path(starts, ends, position, keep_direction=keep_direction, kicks=kicks)
    if sweep is None:
        return path
    swept, found = sweep.order.travel(starts, ends, position), path.travel(starts, ends, position)
    return sweep.order if swept <= SWEEP_SHARE * found else path


def shortest_path(
    starts: NDArray[np.float64],
    ends: NDArray[np.float64],
    position: NDArray[np.float64],
    *,
    keep_direction: bool = False,
    kicks: int | None = None,
) -> Order:
    """The shortest path found: few features in NumPy, many with the compiled search; arguments as `order_features`."""
    if len(starts) < COMPILE_FROM:
        from lasercam.plan.nearest import nearest_walk, turned_round

        walk = nearest_walk(starts, ends, position, keep_direction=keep_direction)
        return walk if keep_direction else turned_round(walk, starts, ends, position)
    from lasercam.plan.tour.path import short_path

    index, reverse = short_path(starts, ends, position, is_directed=keep_direction, kicks=kicks)
    order = Order(index, reverse)
    is_flat = bool(np.all(starts[:, 2] == starts[0, 2])) and (
        starts is ends or bool(np.all(ends[:, 2] == starts[0, 2]))
    )
    if is_flat or keep_direction:
        return order
    from lasercam.plan.tour.sides import best_sides

    # The search looks at x and y only; lines that rise or sink are turned by their true distances.
    return Order(index, best_sides(starts[index], ends[index], position))


def _entered_near(
    order: Order, starts: NDArray[np.float64], ends: NDArray[np.float64], position: NDArray[np.float64]
) -> Order:
    """A single feature, entered at its nearer end."""
    if len(order.index) == 0:
        return order
    to_start, to_end = (float(((p[0] - position) ** 2).sum()) for p in (starts, ends))
    return Order(order.index, np.array([to_end < to_start]))
