"""Rows to the units an Aerotech program is made of: runs of equal dots, and moves that share one arming of PSO.

A unit never depends on where blocks of rows begin: whatever may still grow is held back.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lasercam.compiling import compiled
from lasercam.dialects.row_facts import RowFacts
from lasercam.model.toolpath import RowKind

MAX_LOOP: Final = 10_000
"""Dots of one loop; longer runs become several."""

_LINE: Final = int(RowKind.LINE)
_DOT: Final = int(RowKind.DOT)
_LEAD: Final = int(RowKind.LEAD)
_SHOTS: Final = int(RowKind.SHOTS)
_CLOSING: Final = int(RowKind.CLOSING)
_BEFORE, _KIND, _STEPS, _STEP_X, _STEP_Y, _STEP_Z, _EXPOSURE, _COUNTED, _COUNT = range(9)
"""Of the row before: the kind of the one before it, its own, whether it is a dot that steps, and what it does."""


@dataclass(frozen=True, eq=False)
class Units:
    """Whole units.

    Attributes:
        facts: their rows, in order; of each run of equal dots only the first.
        lengths: int64 (N,), how many rows each stands for, 1 but for runs of dots.
        first: int64 (U,), first row of each; a unit ends where the next begins.
    """

    facts: RowFacts
    lengths: NDArray[np.int64]
    first: NDArray[np.int64]

    @property
    def behind(self) -> NDArray[np.int64]:
        """int64 (U,), the row behind each unit's last."""
        return np.append(self.first[1:], len(self.facts))

    def divided(self, most: NDArray[np.int64]) -> "Units":
        """The same with no row that stands for more than `most` of its own: int64 (N,), at least 1."""
        if (self.lengths <= most).all():
            return self
        pieces = -(-self.lengths // most)
        begin = np.cumsum(pieces) - pieces
        of = np.repeat(np.arange(len(pieces)), pieces)
        passed = (np.arange(len(of)) - begin[of]) * most[of]
        away = passed[:, None] * (self.facts.printed - self.facts.start_printed)[of]
        facts = picked(self.facts, of)
        for column in (facts.printed, facts.start_printed, facts.numbers[:, :3]):
            column += away
        return Units(facts, np.minimum(self.lengths[of] - passed, most[of]), begin[self.first])


class UnitReader:
    """Cuts a stream of facts into units; remembers the last rows and holds back what may still grow."""

    def __init__(self, *, loops: bool, use_compiled: bool) -> None:
        """Units of one file.

        Args:
            loops: whether dots are runs; else each is a unit of its own.
            use_compiled: look at rows with the compiled kernel.
        """
        self._loops = loops
        self._use_compiled = use_compiled
        self._pending: list[RowFacts] = []
        self._lengths: list[NDArray[np.int64]] = []
        self._starts: list[NDArray[np.bool_]] = []
        self._held = 0
        self._before = np.zeros(9, np.int64)
        self._seen = False

    def add(self, facts: RowFacts) -> Iterator[Units]:
        """Units that are whole now that these rows have come."""
        n = len(facts)
        if not n:
            return
        goes_on, repeats = self._compared(facts)
        heads = np.flatnonzero(~repeats)
        grown = int(heads[0]) if len(heads) else n
        if grown:
            # The run that is held back goes on.
            self._lengths[-1][-1] += grown
        if not len(heads):
            return
        starts, lengths = ~goes_on[heads], np.diff(heads, append=n)
        if len(heads) < n:
            facts = picked(facts, heads)
        if not self._loops and facts.kind[-1] == RowKind.DOT:
            # Nothing can be added to a dot that is a unit of its own.
            self._keep(facts, lengths, starts)
            yield self._whole()
            return
        last = int(np.flatnonzero(starts)[-1]) if starts.any() else -1
        if last >= 0 and self._held + last > 0:
            self._keep(rows_between(facts, 0, last), lengths[:last], starts[:last])
            yield self._whole()
            facts, lengths, starts = rows_between(facts, last, None), lengths[last:], starts[last:]
        self._keep(facts, lengths, starts)

    def rest(self) -> Iterator[Units]:
        """What was held back."""
        if self._held:
            yield self._whole()

    def _keep(self, facts: RowFacts, lengths: NDArray[np.int64], starts: NDArray[np.bool_]) -> None:
        if len(facts):
            self._pending.append(facts)
            self._lengths.append(lengths)
            self._starts.append(starts)
            self._held += len(facts)

    def _whole(self) -> Units:
        facts, lengths, starts = joined(self._pending), np.concatenate(self._lengths), np.concatenate(self._starts)
        self._pending, self._lengths, self._starts, self._held = [], [], [], 0
        starts[0] = True
        return Units(facts, lengths, np.flatnonzero(starts)).divided(np.full(len(facts), MAX_LOOP))

    def _compared(self, facts: RowFacts) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """bool (N,) twice: rows that feed on in the group of the row before, and dots that repeat the one before."""
        step = (facts.printed - facts.start_printed).ravel()
        columns: tuple[NDArray[Any], ...] = (
            # Where a slow gate closes the beam is still on, so that the run-out comes behind.
            facts.kind if facts.closing is None else np.where(facts.closing, np.uint8(_CLOSING), facts.kind),
            facts.axes,
            step,
            facts.exposure_ns,
            facts.counted,
            facts.count,
        )
        if self._use_compiled:
            goes_on, repeats = np.empty(len(facts), np.bool_), np.empty(len(facts), np.bool_)
            columns = tuple(np.ascontiguousarray(column) for column in columns)
            compiled(_compare)(*columns, self._loops, self._seen, self._before, goes_on, repeats)
        else:
            before = self._before.tolist()
            feeds, dots = [False] * len(facts), [False] * len(facts)
            listed: list[Any] = [column.tolist() for column in columns]
            arguments = [*listed, self._loops, self._seen, before, feeds, dots]
            _compare(*arguments)
            goes_on, repeats = np.array(feeds, np.bool_), np.array(dots, np.bool_)
            self._before[:] = before
        self._seen = True
        return goes_on, repeats


def _compare(
    kinds: Any, axes: Any, step: Any, exposures: Any, counted: Any, counts: Any, loops: Any, seen: Any, before: Any,
    goes_on: Any, repeats: Any,
) -> None:  # fmt: skip
    """Kernel of `UnitReader._compared`; runs as it stands, and compiled. `before` outlives the call."""
    earlier, last, steps = before[_BEFORE], before[_KIND], before[_STEPS]
    x, y, z = before[_STEP_X], before[_STEP_Y], before[_STEP_Z]
    exposure, by_count, count = before[_EXPOSURE], before[_COUNTED], before[_COUNT]
    for row in range(len(kinds)):
        kind = kinds[row]
        follows = seen or row > 0
        # A run-out ends its group: what feeds on behind it is the run-up of the next.
        goes_on[row] = (
            follows
            and kind in (_LINE, _LEAD, _SHOTS, _CLOSING)
            and last in (_LINE, _LEAD, _SHOTS, _CLOSING)
            and not (last == _LEAD and earlier in (_LINE, _SHOTS, _CLOSING))
        )
        new_x, new_y, new_z = step[3 * row], step[3 * row + 1], step[3 * row + 2]
        # The first row of a file knows no place to step from; dots on one spot are no run.
        now = 1 if loops and follows and kind == _DOT and axes[row] != 0 else 0
        new_exposure, new_by_count, new_count = exposures[row], 1 if counted[row] else 0, counts[row]
        repeats[row] = (
            now == 1
            and steps == 1
            and new_x == x
            and new_y == y
            and new_z == z
            and new_exposure == exposure
            and new_by_count == by_count
            and new_count == count
        )
        earlier, last, steps = last, kind, now
        x, y, z = new_x, new_y, new_z
        exposure, by_count, count = new_exposure, new_by_count, new_count
    before[_BEFORE], before[_KIND], before[_STEPS] = earlier, last, steps
    before[_STEP_X], before[_STEP_Y], before[_STEP_Z] = x, y, z
    before[_EXPOSURE], before[_COUNTED], before[_COUNT] = exposure, by_count, count


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
