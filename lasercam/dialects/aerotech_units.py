"""Rows to the units an Aerotech program is made of: runs of equal dots, and moves that share one arming of PSO.

A unit never depends on where blocks of rows begin: whatever may still grow is held back.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lasercam.dialects.row_facts import RowFacts
from lasercam.model.toolpath import RowKind

MAX_LOOP = 10_000
"""Dots of one loop; longer runs become several, so that little is held back."""

_FEEDS = (RowKind.LINE, RowKind.LEAD, RowKind.SHOTS)
_BEAMS = (RowKind.LINE, RowKind.SHOTS)


@dataclass(frozen=True, eq=False)
class Units:
    """Whole units.

    Attributes:
        facts: their rows, in order.
        first: int64 (U,), first row of each; a unit ends where the next begins.
    """

    facts: RowFacts
    first: NDArray[np.int64]

    @property
    def behind(self) -> NDArray[np.int64]:
        """int64 (U,), the row behind each unit's last."""
        return np.append(self.first[1:], len(self.facts))


class UnitReader:
    """Cuts a stream of facts into units; remembers the last rows and holds back what may still grow."""

    def __init__(self) -> None:
        self._pending: list[RowFacts] = []
        self._starts: list[NDArray[np.bool_]] = []
        self._held = 0
        self._last: RowFacts | None = None
        self._seen = 0

    def add(self, facts: RowFacts) -> Iterator[Units]:
        """Units that are whole now that these rows have come."""
        if not len(facts):
            return
        starts = self._unit_starts(facts)
        self._seen += len(facts)
        self._last = rows_between(joined([self._last, facts]) if self._last is not None else facts, -2, None)
        last = int(np.flatnonzero(starts)[-1]) if starts.any() else -1
        if last >= 0 and self._held + last > 0:
            self._keep(rows_between(facts, 0, last), starts[:last])
            yield self._whole()
            facts, starts = rows_between(facts, last, None), starts[last:]
        self._keep(facts, starts)
        if facts.kind[-1] == RowKind.DOT and self._held >= MAX_LOOP:
            whole = self._held // MAX_LOOP * MAX_LOOP
            run = joined(self._pending)
            self._pending, self._starts, self._held = [], [], 0
            yield Units(rows_between(run, 0, whole), np.arange(0, whole, MAX_LOOP))
            if whole < len(run):
                self._keep(rows_between(run, whole, None), np.zeros(len(run) - whole, np.bool_))

    def rest(self) -> Iterator[Units]:
        """What was held back."""
        if self._held:
            yield self._whole()

    def _keep(self, facts: RowFacts, starts: NDArray[np.bool_]) -> None:
        if len(facts):
            self._pending.append(facts)
            self._starts.append(starts)
            self._held += len(facts)

    def _whole(self) -> Units:
        facts, starts = joined(self._pending), np.concatenate(self._starts)
        self._pending, self._starts, self._held = [], [], 0
        starts[0] = True
        first = np.flatnonzero(starts)
        lengths = np.diff(first, append=len(facts))
        if lengths.max() > MAX_LOOP:
            pieces = np.where(facts.kind[first] == RowKind.DOT, -(-lengths // MAX_LOOP), 1)
            place = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
            first = np.repeat(first, pieces) + place * MAX_LOOP
        return Units(facts, first)

    def _unit_starts(self, facts: RowFacts) -> NDArray[np.bool_]:
        """bool (N,), rows that begin a unit, seen from the rows before them."""
        before = 0 if self._last is None else len(self._last)
        seen = facts if self._last is None else joined([self._last, facts])
        kind = seen.kind
        starts = np.ones(len(kind), np.bool_)
        feed, beam, lead = np.isin(kind, _FEEDS), np.isin(kind, _BEAMS), kind == RowKind.LEAD
        goes_on = feed[1:] & feed[:-1]
        # A run-out ends its group: what feeds on behind it is the run-up of the next.
        # Where a slow gate closes the beam is still on, so that the run-out comes behind.
        closing = seen.is_closing
        goes_on[1:] &= ~(lead[1:-1] & ~closing[1:-1] & (beam | closing)[:-2])
        step = seen.printed - seen.start_printed
        # The first row of a file knows no place to step from; dots on one spot are no run.
        steps = (seen.axes > 0) & (kind == RowKind.DOT)
        if self._seen == before:
            steps[0] = False
        alike = steps[1:] & steps[:-1]
        for column in (seen.exposure_ns, seen.counted, seen.count):
            alike &= column[1:] == column[:-1]
        alike &= (step[1:] == step[:-1]).all(axis=1)
        starts[1:] = ~(goes_on | alike)
        return starts[before:]


def joined(pieces: list[RowFacts]) -> RowFacts:
    """Facts one behind the other."""
    if len(pieces) == 1:
        return pieces[0]
    return _columns(pieces[0], lambda name: np.concatenate([getattr(p, name) for p in pieces]))


def rows_between(facts: RowFacts, start: int, stop: int | None) -> RowFacts:
    """Some of the rows."""
    return _columns(facts, lambda name: getattr(facts, name)[start:stop])


def picked(facts: RowFacts, rows: NDArray[np.int64]) -> RowFacts:
    """Rows by number."""
    return _columns(facts, lambda name: getattr(facts, name)[rows])


def _columns(facts: RowFacts, column: Callable[[str], Any]) -> RowFacts:
    # Columns that these facts do not have (settings, a slow gate's closing) none of the others have either.
    return RowFacts(**{f.name: column(f.name) for f in fields(RowFacts) if getattr(facts, f.name) is not None})
