"""Bring together exposures that may meet, in the order they are written, without holding all of them.

Twice through the toolpath: once for the boxes of its tiles, once for what is in them. A tile is kept only as long
as a later one reaches into its box. Where tiles lie across each other so much that this would hold too many (a
toolpath in no spatial order, two interleaved steps), the space is cut into slabs instead, one reading for each.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lasercam.checks.exposures import Items, Steps, Tile, join, steps, tiles
from lasercam.model.protocols import CheckContext
from lasercam.model.toolpath import Section, ToolpathBlock

MAX_HELD = 2_000_000
"""Most exposures held at once before space is cut into slabs."""

MAX_EFFORT = 8
"""Most often an exposure is looked at in passing, on average, before space is cut into slabs."""

_BINS = 4_096


@dataclass(frozen=True, eq=False)
class Scene:
    """Exposures that may meet, in toolpath order, and which of them are judged here.

    Attributes:
        dots, lines: every candidate, rows rising.
        own_dots, own_lines: bool, those judged in this scene; each exposure is judged in exactly one.
    """

    dots: Items
    lines: Items
    own_dots: NDArray[np.bool_]
    own_lines: NDArray[np.bool_]
    known: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    """What was found out about the dots, by name: several checks look at one scene."""


@dataclass(frozen=True, eq=False)
class _Box:
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    count: int
    step: int


class Sweep:
    """Scenes of one toolpath.

    Args:
        sections: of the toolpath.
        blocks: makes all its rows again.
        matters: bool (S, S), [later step, earlier step] = pairs of these are looked at.
        reach_ticks: distance up to which two exposures meet.
        max_held: most exposures held at once.
        judged: bool (S,), steps whose exposures are shown even where nothing is near; absent: those with an earlier
            step that matters to them.
    """

    def __init__(
        self,
        sections: tuple[Section, ...],
        blocks: Callable[[], Iterator[ToolpathBlock]],
        matters: NDArray[np.bool_],
        reach_ticks: int,
        max_held: int = MAX_HELD,
        judged: NDArray[np.bool_] | None = None,
    ) -> None:
        self._sections = sections
        self._blocks = blocks
        self._matters = matters
        alone: NDArray[np.bool_] = np.asarray(matters.any(axis=1))
        self._judged = alone if judged is None else judged
        self._reach = reach_ticks
        self._max_held = max_held
        self._steps: Steps = steps(sections)
        self._boxes: list[_Box] = []

    def widen(self, reach_ticks: int) -> None:
        """Let exposures meet from farther apart; before `scenes`."""
        self._reach = max(self._reach, reach_ticks)

    def add(self, block: ToolpathBlock) -> None:
        """First reading: note where the block's exposures lie."""
        for tile in self._tiles(block):
            low, high = tile.box()
            self._boxes.append(_Box(low, high, len(tile), tile.step))

    def scenes(self) -> Iterator[Scene]:
        """Second reading (or more): everything that may meet."""
        if not self._boxes:
            return
        meets = self._meetings()
        if self._is_local(meets):
            yield from self._in_passing(meets)
        else:
            yield from self._by_slabs()

    def _tiles(self, block: ToolpathBlock) -> Iterator[Tile]:
        section = self._sections[block.section]
        return tiles(block, section.frame, self._steps.of_section[block.section])

    def _meetings(self) -> list[NDArray[np.intp]]:
        """For each tile, the earlier tiles whose boxes come within reach and whose steps matter to it."""
        low = np.array([b.low for b in self._boxes])
        high = np.array([b.high for b in self._boxes])
        step = np.array([b.step for b in self._boxes])
        found = []
        for i, box in enumerate(self._boxes):
            near = np.all((low[:i] <= box.high + self._reach) & (high[:i] >= box.low - self._reach), axis=1)
            found.append(np.flatnonzero(near & self._matters[box.step, step[:i]]))
        return found

    def _is_local(self, meets: list[NDArray[np.intp]]) -> bool:
        """Whether reading in passing stays within bounds of memory and effort."""
        counts = np.array([b.count for b in self._boxes])
        needed_until = np.arange(len(counts))
        effort = 0
        for i, earlier in enumerate(meets):
            needed_until[earlier] = i
            effort += int(counts[earlier].sum())
        change = np.zeros(len(counts) + 1, np.int64)
        np.add.at(change, np.arange(len(counts)), counts)
        np.add.at(change, needed_until + 1, -counts)
        return int(np.cumsum(change).max()) <= self._max_held and effort <= MAX_EFFORT * int(counts.sum())

    def _in_passing(self, meets: list[NDArray[np.intp]]) -> Iterator[Scene]:
        last = np.full(len(self._boxes), -1)
        for i, earlier in enumerate(meets):
            last[earlier] = i
        held: dict[int, Tile] = {}
        number = 0
        for block in self._blocks():
            for tile in self._tiles(block):
                earlier = meets[number]
                if self._judged[tile.step]:
                    box = self._boxes[number]
                    low, high = box.low - self._reach, box.high + self._reach
                    yield _scene([held[k].within(low, high) for k in earlier.tolist()], tile)
                if last[number] > number:
                    held[number] = tile
                for k in earlier.tolist():
                    if last[k] == number:
                        del held[k]
                number += 1

    def _by_slabs(self) -> Iterator[Scene]:
        """Scenes of all exposures whose first point lies in a slab, and all that reach what they reach."""
        low = np.min([b.low for b in self._boxes], axis=0)
        high = np.max([b.high for b in self._boxes], axis=0)
        axis = int(np.argmax(high - low))
        origin, width = int(low[axis]), (int(high[axis]) - int(low[axis])) // _BINS + 1
        counts = np.zeros(_BINS, np.int64)
        least = np.full(_BINS, np.iinfo(np.int64).max)
        most = np.full(_BINS, np.iinfo(np.int64).min)
        for block in self._blocks():
            for tile in self._tiles(block):
                for items in (tile.dots, tile.lines):
                    home = (items.start[:, axis] - origin) // width
                    counts += np.bincount(home, minlength=_BINS)
                    np.minimum.at(least, home, np.minimum(items.start[:, axis], items.end[:, axis]))
                    np.maximum.at(most, home, np.maximum(items.start[:, axis], items.end[:, axis]))
        for first, stop in _slabs(counts, self._max_held // 2):
            yield self._slab(
                axis,
                (origin + first * width, origin + stop * width),
                (int(least[first:stop].min()) - self._reach, int(most[first:stop].max()) + self._reach),
            )

    def _slab(self, axis: int, core: tuple[int, int], halo: tuple[int, int]) -> Scene:
        low, high = np.full(3, np.iinfo(np.int64).min), np.full(3, np.iinfo(np.int64).max)
        low[axis], high[axis] = halo
        pieces = [tile.within(low, high) for block in self._blocks() for tile in self._tiles(block)]
        dots = join([p.dots for p in pieces], are_dots=True)
        lines = join([p.lines for p in pieces], are_dots=False)
        own = [(i.start[:, axis] >= core[0]) & (i.start[:, axis] < core[1]) for i in (dots, lines)]
        return Scene(dots, lines, own[0], own[1])


class SharedSweep:
    """One sweep for several checks of one judgement that look at the same steps: the rows are read once for all."""

    def __init__(self, context: CheckContext, matters: NDArray[np.bool_]) -> None:
        self._matters = matters
        self._sweep = Sweep(context.header.sections, context.blocks, matters, 0)
        self._last: ToolpathBlock | None = None
        self._lookers: list[Callable[[Scene], None]] = []
        self._is_begun = self._is_done = False

    def is_for(self, matters: NDArray[np.bool_]) -> bool:
        """Whether one more check that looks at these steps can still join."""
        return not self._is_begun and bool(np.array_equal(self._matters, matters))

    def show_to(self, look: Callable[[Scene], None], reach_ticks: int) -> None:
        """Show every scene to `look` as well, and let exposures meet from as far as it wants."""
        self._sweep.widen(reach_ticks)
        self._lookers.append(look)

    def add(self, block: ToolpathBlock) -> None:
        """First reading: note where the block's exposures lie; every check may hand in every block."""
        if block is not self._last:
            self._last = block
            self._is_begun = True
            self._sweep.add(block)

    def run(self) -> None:
        """Second reading: show everything that may meet to all lookers, once."""
        if self._is_done:
            return
        self._is_done = True
        for scene in self._sweep.scenes():
            for look in self._lookers:
                look(scene)


def joined_sweep(
    context: CheckContext, matters: NDArray[np.bool_], reach_ticks: int, look: Callable[[Scene], None]
) -> SharedSweep:
    """The sweep of a judgement over these steps, which will show its scenes to one more check.

    Args:
        context: of the judgement.
        matters, reach_ticks: see Sweep; scenes may hold more than what lies within this reach.
        look: called with every scene when the first of the checks calls `run`.
    """
    shared: list[SharedSweep] = context.shared.setdefault("sweeps", [])
    sweep = next((s for s in shared if s.is_for(matters)), None)
    if sweep is None:
        sweep = SharedSweep(context, matters)
        shared.append(sweep)
    sweep.show_to(look, reach_ticks)
    return sweep


def _scene(earlier: list[Tile], tile: Tile) -> Scene:
    dots = join([*(t.dots for t in earlier), tile.dots], are_dots=True)
    lines = join([*(t.lines for t in earlier), tile.lines], are_dots=False)
    own_dots, own_lines = np.zeros(len(dots), np.bool_), np.zeros(len(lines), np.bool_)
    own_dots[len(dots) - len(tile.dots) :] = True
    own_lines[len(lines) - len(tile.lines) :] = True
    return Scene(dots, lines, own_dots, own_lines)


def _slabs(counts: NDArray[np.int64], most: int) -> Iterator[tuple[int, int]]:
    """Runs of bins that hold at most `most`, or a single bin that holds more; runs without any are left out."""
    first, total = 0, 0
    for i, count in enumerate(counts.tolist()):
        if total and total + count > most:
            yield first, i
            first, total = i, 0
        total += count
    if total:
        yield first, len(counts)
