"""Backlash: the last part of each dark travel arrives from one side, so that play is always taken up the same way."""

import numpy as np
from numpy.typing import NDArray

from lasercam.model.machine import TICKS_PER_UM, Machine
from lasercam.model.toolpath import RowKind
from lasercam.plan.rows import Rows

Ticks = NDArray[np.int64]

_DARK = (RowKind.JUMP, RowKind.DOT)


class Approach:
    """Puts a JUMP before arrivals that would come from the wrong side; what is exposed stays as it is.

    Arrivals are dots and the jumps to run-ups. An axis arrives well when this travel moves it by the overshoot in its
    direction of approach, or brings it at least as far in that direction as it has been since it last arrived. The
    state carries over from tile to tile; at the start of a job file nothing is known, and every axis is approached.
    """

    def __init__(self, machine: Machine, increment_ticks: int) -> None:
        self._play: list[tuple[int, int, int]] = []  # axis, direction, overshoot in ticks
        for axis, limits in enumerate(machine.axis_list):
            if limits.backlash is not None:
                steps = int(np.ceil(limits.backlash.overshoot * TICKS_PER_UM / increment_ticks - 1e-9))
                direction = 1 if limits.backlash.approach == "positive" else -1
                self._play.append((axis, direction, steps * increment_ticks))
        self._farthest: dict[int, int] = {}

    def approached(self, rows: Rows) -> Rows:
        """The same rows with approaches before those that need one."""
        if not self._play or not len(rows):
            return rows
        arrivals = _arrivals(rows.kind)
        back = rows.end_ticks[arrivals]
        wrong = np.zeros(len(arrivals), np.bool_)
        for axis, direction, overshoot in self._play:
            late = self._late(rows, arrivals, axis, direction, overshoot)
            back[late, axis] -= direction * overshoot
            wrong |= late
        return _inserted(rows, arrivals[wrong], back[wrong]) if wrong.any() else rows

    def _late(self, rows: Rows, arrivals: Ticks, axis: int, direction: int, overshoot: int) -> NDArray[np.bool_]:
        """bool (K,), arrivals at which the play of one axis is not taken up; remembers how the rows end."""
        start, end = direction * rows.start_ticks[:, axis], direction * rows.end_ticks[:, axis]
        known = self._farthest.get(axis)
        if not len(arrivals):
            if known is not None:
                self._farthest[axis] = max(known, int(end.max()))
            return np.zeros(0, np.bool_)
        at = end[arrivals]
        # Where the axis has been since each arrival, up to the start of the travel to the next one.
        since = np.concatenate(([0], arrivals[:-1] + 1))
        farthest = np.maximum.reduceat(start[: arrivals[-1] + 1], since)
        run = at - start[arrivals]
        # A jump before the travel is part of it, unless the axis turns round in between.
        before = np.maximum(arrivals - 1, 0)
        goes_on = (rows.kind[before] == RowKind.JUMP) & (run >= 0) & (arrivals > int(known is None))
        run = np.where(goes_on, np.maximum(run, at - start[before]), run)
        late = run < overshoot
        if known is None:  # nobody knows where the stage stands before a job file
            late[0] |= arrivals[0] == 0
        else:
            farthest[0] = max(known, int(farthest[0]))
        late[int(known is None) :] &= (at < farthest)[int(known is None) :]
        self._farthest[axis] = int(end[arrivals[-1] :].max())
        return late


def _arrivals(kind: NDArray[np.uint8]) -> Ticks:
    """Rows (K,) that end where something begins: dots, and jumps that no other dark travel follows.

    A jump at the very end leads to rows that are still to come, as the coarse move to the next field does.
    """
    is_dot, is_jump = kind == RowKind.DOT, kind == RowKind.JUMP
    ends_travel = np.zeros(len(kind), np.bool_)
    ends_travel[:-1] = is_jump[:-1] & ~np.isin(kind[1:], _DARK)
    return np.flatnonzero(is_dot | ends_travel).astype(np.int64)


def _inserted(rows: Rows, before: Ticks, back: Ticks) -> Rows:
    """The rows with a JUMP to each place `back` (K, 3) put before rows (K,)."""
    start = rows.start_ticks.copy()
    start[before] = back
    nothing = np.zeros(len(before), np.int64)
    return Rows(
        np.insert(start, before, rows.start_ticks[before], axis=0),
        np.insert(rows.end_ticks, before, back, axis=0),
        np.insert(rows.kind, before, np.full(len(before), RowKind.JUMP, np.uint8)),
        np.insert(rows.count, before, nothing.astype(np.uint32)),
        np.insert(rows.recipe, before, nothing.astype(np.uint16)),
        np.insert(rows.part, before, nothing.astype(np.uint16)),
    )
