"""Blocks of motion and the speeds at which they meet: trapezoids with junction deviation.

Source of the rules: GRBL 1.1 documentation of $11, $110 and $120, and the published derivation of the junction speed
(a circle through the corner at a given deviation; centripetal acceleration). Units here are mm and s.
"""

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

from lasercam.transports.simulated.options import Place
from lasercam.transports.simulated.settings import GrblSettings

MIN_FEED_MM_S: Final = 1.0 / 60
"""Slowest speed of a block: 1 mm/min. Source: GRBL 1.1, MINIMUM_FEED_RATE."""
_STRAIGHT: Final = 1e-6
_UNLIMITED: Final = 1e38


@dataclass(slots=True)
class Block:
    """One straight move.

    Attributes:
        start_mm, end_mm: machine coordinates.
        unit: direction.
        length_mm: of the whole move.
        left_mm: not yet travelled.
        acceleration_mm_s2, rapid_mm_s: what the axes allow in this direction.
        feed_mm_s: programmed; of a rapid, `rapid_mm_s`.
        is_rapid, ignores_override: which override applies.
        power: S that it carries.
        spindle: 0 off, 3 constant, 4 in proportion to the speed.
        line: received line it comes from.
        corner_mm2_s2: square of the highest speed the corner before it allows.
        entry_mm2_s2: square of the planned speed at its start, or of the speed now where it has begun.
    """

    start_mm: Place
    end_mm: Place
    unit: Place
    length_mm: float
    left_mm: float
    acceleration_mm_s2: float
    rapid_mm_s: float
    feed_mm_s: float
    is_rapid: bool
    ignores_override: bool
    power: float
    spindle: int
    line: int
    corner_mm2_s2: float = 0.0
    max_entry_mm2_s2: float = 0.0
    entry_mm2_s2: float = 0.0

    def at(self, travelled_mm: float) -> Place:
        """Machine coordinates after that way."""
        if travelled_mm <= 0:
            return self.start_mm
        if travelled_mm >= self.length_mm:
            return self.end_mm
        (x, y, z), (a, b, c) = self.start_mm, self.unit
        return x + a * travelled_mm, y + b * travelled_mm, z + c * travelled_mm


class Planner:
    """Holds blocks, and plans how fast they meet.

    The first block may be under way: `left_mm` and `entry_mm2_s2` then are what Motion last noted.
    """

    def __init__(self, settings: GrblSettings, n_blocks: int) -> None:
        self._settings = settings
        self._n_blocks = n_blocks
        self.blocks: deque[Block] = deque()
        self.feed_percent = 100
        self.rapid_percent = 100
        self._last_unit: Place = (0.0, 0.0, 0.0)
        self._last_nominal_mm_s = 0.0

    @property
    def n_free(self) -> int:
        """Blocks that still fit."""
        return self._n_blocks - len(self.blocks)

    def nominal_mm_s(self, block: Block) -> float:
        """Speed a block wants to run at, overrides included."""
        speed = block.feed_mm_s
        if block.is_rapid:
            speed *= self.rapid_percent / 100
        else:
            if not block.ignores_override:
                speed *= self.feed_percent / 100
            speed = min(speed, block.rapid_mm_s)
        return max(speed, MIN_FEED_MM_S)

    def add(self, block: Block) -> None:
        """Append a block and plan anew."""
        nominal = self.nominal_mm_s(block)
        if self.blocks:
            block.corner_mm2_s2 = self._corner_mm2_s2(self._last_unit, block.unit)
            block.max_entry_mm2_s2 = min(nominal**2, self._last_nominal_mm_s**2, block.corner_mm2_s2)
        self._last_unit, self._last_nominal_mm_s = block.unit, nominal
        self.blocks.append(block)
        self._plan()

    def exit_mm2_s2(self) -> float:
        """Square of the speed at which the first block ends."""
        return self.blocks[1].entry_mm2_s2 if len(self.blocks) > 1 else 0.0

    def replan(self) -> None:
        """Plan anew after an override has changed, or after a stop."""
        before = _UNLIMITED
        for index, block in enumerate(self.blocks):
            nominal = self.nominal_mm_s(block)
            if index:
                block.max_entry_mm2_s2 = min(nominal**2, before**2, block.corner_mm2_s2)
                block.entry_mm2_s2 = 0.0
            before = nominal
        if self.blocks:
            self._last_nominal_mm_s = before
            self._plan()

    def clear(self) -> None:
        """Forget everything."""
        self.blocks.clear()
        self._last_unit, self._last_nominal_mm_s = (0.0, 0.0, 0.0), 0.0

    def _plan(self) -> None:
        blocks = self.blocks
        exit_speed, first_changed = 0.0, 0
        for index in range(len(blocks) - 1, 0, -1):
            block = blocks[index]
            entry = min(block.max_entry_mm2_s2, exit_speed + 2 * block.acceleration_mm_s2 * block.left_mm)
            first_changed = index
            if entry == block.entry_mm2_s2 and index < len(blocks) - 1:
                break  # nothing before it can change either
            block.entry_mm2_s2 = exit_speed = entry
        for index in range(max(first_changed - 1, 0), len(blocks) - 1):
            block, following = blocks[index], blocks[index + 1]
            reached = block.entry_mm2_s2 + 2 * block.acceleration_mm_s2 * block.left_mm
            following.entry_mm2_s2 = min(following.entry_mm2_s2, reached)

    def _corner_mm2_s2(self, before: Place, after: Place) -> float:
        cosine = -sum(a * b for a, b in zip(before, after, strict=True))
        if cosine > 1 - _STRAIGHT:
            return 0.0  # straight back
        if cosine < -(1 - _STRAIGHT):
            return _UNLIMITED
        across = tuple(b - a for a, b in zip(before, after, strict=True))
        length = math.sqrt(sum(a * a for a in across))
        acceleration = slowest(
            self._settings.per_axis(120), (across[0] / length, across[1] / length, across[2] / length)
        )
        half_sine = math.sqrt((1 - cosine) / 2)
        return acceleration * self._settings[11] * half_sine / (1 - half_sine)


def slowest(limits: Place, unit: Place) -> float:
    """What axes with these limits allow along a direction."""
    return min((limit / abs(u) for limit, u in zip(limits, unit, strict=True) if u), default=0.0)
