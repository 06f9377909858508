"""Rows swept there and back: lattices of dots in any direction, also with holes, and hatches."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.plan.order import Order, lengths

REGULAR = 1.05
"""Mean step over the smallest, up to which a sweep is taken without looking for anything shorter."""
REGULAR_LATTICE = 1.15
"""The same where there are many features: a lattice with few holes, on which no path is much shorter."""
MANY = 1_000
MOST_ROWS = 0.75
"""Rows per feature from which there are no rows to speak of."""
ROW_SHARE = 1e-3
"""Share of the distance between neighbours by which a feature may lie beside its row."""


@dataclass(frozen=True, eq=False)
class Sweep:
    """Rows there and back.

    Attributes:
        order: of the features.
        is_regular: rows are full: nothing is much shorter than the sweep, and no path need be searched.
    """

    order: Order
    is_regular: bool


def find_sweep(starts: NDArray[np.float64], ends: NDArray[np.float64], position: NDArray[np.float64]) -> Sweep | None:
    """The best sweep from the corner nearest to the position; None when features form no rows.

    Hatches are swept across their common direction. Dots along x, along y and, where neither is regular, along the
    direction of a dot's nearest neighbour, which finds rotated lattices.

    Args:
        starts, ends: float64 (P, 3), P ≥ 2, dots (one and the same array) or straight lines.
        position: float64 (3,).
    """
    best: Order | None = None
    shortest = np.inf
    for direction, beside in row_directions(starts, ends):
        sweep = _sweep(starts, ends, position, direction, beside)
        if sweep is None:
            continue
        if _is_regular(sweep, starts, ends):
            return Sweep(sweep, is_regular=True)
        travel = sweep.travel(starts, ends, position)
        if travel < shortest:
            best, shortest = sweep, travel
    return None if best is None else Sweep(best, is_regular=False)


def row_directions(
    starts: NDArray[np.float64], ends: NDArray[np.float64]
) -> Iterator[tuple[NDArray[np.float64], float]]:
    """Directions (2,) that rows may run along, and how far features may lie beside their row; arguments as above."""
    if starts is not ends:
        direction = _common_direction(starts, ends)
        if direction is not None:
            yield direction, 0.0
        return
    yield np.array([1.0, 0.0]), 0.0
    yield np.array([0.0, 1.0]), 0.0
    found = _lattice_direction(starts)
    if found is not None:
        yield found[0], found[1] * ROW_SHARE


def _is_regular(sweep: Order, starts: NDArray[np.float64], ends: NDArray[np.float64]) -> bool:
    """Whether rows are full.

    A sweep of dots whose steps all equal the smallest one is optimal; hatches with few segments per row are close.
    """
    begin, finish = sweep.entries(starts, ends)
    steps = lengths(begin[1:] - finish[:-1])
    smallest = float(steps.min())
    limit = REGULAR_LATTICE if starts is ends and len(steps) >= MANY else REGULAR
    return smallest > 0 and float(steps.mean()) <= limit * smallest


def _sweep(
    starts: NDArray[np.float64],
    ends: NDArray[np.float64],
    position: NDArray[np.float64],
    direction: NDArray[np.float64],
    beside: float,
) -> Order | None:
    """Rows across a direction (unit vector), each swept against the one before; None when there are none."""
    along_axis = np.array([direction[0], direction[1], 0.0])
    across_axis = np.array([-direction[1], direction[0], 0.0])
    middle = starts if starts is ends else (starts + ends) * 0.5
    along, across = middle @ along_axis, middle @ across_axis
    if float(position @ across_axis) > (across.min() + across.max()) * 0.5:
        across = -across
    rows = row_numbers(across, beside)
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
    """Unit vector (2,) that all lines run along, either way; None when they differ."""
    if np.any(starts[:, 2] != ends[:, 2]):
        return None
    delta = ends[:, :2] - starts[:, :2]
    length = lengths(delta)
    if not np.any(length > 0):
        return np.array([1.0, 0.0])
    longest = int(np.argmax(length))
    direction = delta[longest] / length[longest]
    sideways = np.abs(delta @ np.array([-direction[1], direction[0]]))
    if np.any(sideways > 1e-6 * float(length[longest]) + 1e-9) or np.any(length == 0):
        return None
    return np.asarray(direction, np.float64)


def _lattice_direction(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], float] | None:
    """Unit vector (2,) of the rows of a lattice of dots and the distance of neighbours; None when it seems none.

    The direction from one dot to its nearest neighbour is followed along its row, farther and farther, and made
    more exact by every dot found there.
    """
    offset = points[:, :2] - points[len(points) // 2, :2]
    far = lengths(offset)
    apart = np.flatnonzero(far > 0)
    if not len(apart):
        return None
    nearest = int(apart[np.argmin(far[apart])])
    spacing = float(far[nearest])
    direction = offset[nearest] / spacing
    reach = 8.0 * spacing
    while True:
        along = offset @ direction
        across = offset @ np.array([-direction[1], direction[0]])
        in_row = np.flatnonzero((np.abs(along) <= reach) & (np.abs(across) <= 0.1 * spacing) & (far > 0))
        if len(in_row) < 2:
            return None
        outermost = int(in_row[np.argmax(np.abs(along[in_row]))])
        direction = offset[outermost] / far[outermost] * np.sign(along[outermost])
        if reach >= float(far.max()):
            return np.asarray(direction, np.float64), spacing
        reach *= 8.0


def row_numbers(across: NDArray[np.float64], beside: float = 0.0) -> NDArray[np.int64] | None:
    """Row of each feature, int64 (P,), counted from the lowest; None when there are no rows to speak of.

    Args:
        across: float64 (P,), positions across the rows.
        beside: distance up to which two positions are in one row; rounding is always allowed for.
    """
    spread = float(across.max() - across.min())
    tolerance = max(1e-9 * (abs(float(across[0])) + spread), 1e-6, beside)
    if np.all(across[1:] >= across[:-1]):  # already in rows: the usual case for lattices
        steps = np.diff(across) > tolerance
        return np.concatenate(([0], np.cumsum(steps))).astype(np.int64)
    order = np.argsort(across, kind="stable")
    ordered = np.concatenate(([0], np.cumsum(np.diff(across[order]) > tolerance))).astype(np.int64)
    if ordered[-1] + 1 > MOST_ROWS * len(across):
        return None
    rows = np.empty(len(across), np.int64)
    rows[order] = ordered
    return rows
