"""Blocks against time: where the stage is, how fast, and when something happens next."""

import math
from typing import Final

from lasercam.transports.simulated.beam import Beam
from lasercam.transports.simulated.options import Place
from lasercam.transports.simulated.planner import Block, Planner

NEVER: Final = math.inf
_Phase = tuple[float, float]
"""Duration (s) and acceleration (mm/s²)."""


class Motion:
    """Runs the planner's first block, then the next, until there is none or it has been stopped.

    Attributes:
        is_running: whether something moves.
        is_stopping: whether a hold slows it down.
        rest_mm: where it stands while nothing runs, machine coordinates as the controller believes.
    """

    def __init__(self, planner: Planner, beam: Beam) -> None:
        self._planner = planner
        self._beam = beam
        self.is_running = False
        self.is_stopping = False
        self.rest_mm: Place = (0.0, 0.0, 0.0)
        self._noted_s = 0.0
        self._speed_mm_s = 0.0
        self._phases: list[_Phase] = []
        self._end_s = NEVER

    @property
    def next_s(self) -> float:
        """When a block ends or the stage has stopped."""
        return self._end_s if self.is_running else NEVER

    def start(self, now_s: float) -> None:
        """Run from standstill; there must be a block."""
        block = self._planner.blocks[0]
        block.entry_mm2_s2 = 0.0
        self.is_running, self.is_stopping = True, False
        self._speed_mm_s, self._noted_s = 0.0, now_s
        self._profile(now_s)
        self._beam.follow(block, block.at(block.length_mm - block.left_mm), now_s)

    def stop(self, now_s: float) -> None:
        """Slow down to standstill, through following blocks where need be."""
        self.note(now_s)
        self.is_stopping = True
        self._profile(now_s)

    def note(self, now_s: float) -> None:
        """Tell the planner how far and how fast the first block is; before it plans."""
        if not self.is_running:
            return
        block = self._planner.blocks[0]
        way, speed = self._look(now_s - self._noted_s)
        block.left_mm = max(block.left_mm - way, 0.0)
        block.entry_mm2_s2 = speed * speed
        self._speed_mm_s, self._noted_s = speed, now_s
        self._phases = []

    def planned(self, now_s: float) -> None:
        """The planner has planned: follow it from here; after `note`."""
        if self.is_running:
            self._profile(now_s)

    def advance(self, now_s: float) -> bool:
        """Run to that time; True when motion has ended since."""
        has_ended = False
        while self.next_s <= now_s:
            has_ended = not self._end_of_profile(self._end_s)
        return has_ended

    def kill(self, now_s: float) -> None:
        """Stop dead."""
        self.rest_mm = self.place(now_s)
        self.is_running = self.is_stopping = False
        self._speed_mm_s, self._phases, self._end_s = 0.0, [], NEVER

    def delay(self, by_s: float) -> None:
        """Nothing has moved for a while: the rest happens later."""
        self._noted_s += by_s
        self._end_s += by_s

    def place(self, now_s: float) -> Place:
        """Machine coordinates."""
        if not self.is_running:
            return self.rest_mm
        block = self._planner.blocks[0]
        way, _ = self._look(now_s - self._noted_s)
        return block.at(block.length_mm - block.left_mm + way)

    def speed_mm_s(self, now_s: float) -> float:
        """Along the path."""
        return self._look(now_s - self._noted_s)[1] if self.is_running else 0.0

    def _look(self, after_s: float) -> tuple[float, float]:
        """Way since it was noted last, and speed."""
        way, speed = 0.0, self._speed_mm_s
        for duration, acceleration in self._phases:
            step = min(duration, after_s)
            way += step * (speed + acceleration * step / 2)
            speed = max(speed + acceleration * step, 0.0)
            after_s -= step
            if after_s <= 0:
                break
        return way, speed

    def _profile(self, now_s: float) -> None:
        block, speed = self._planner.blocks[0], self._speed_mm_s
        rate, left = block.acceleration_mm_s2, block.left_mm
        if self.is_stopping:
            self._phases = [braking(speed, left, rate)]
        else:
            self._phases = trapezoid(
                speed, self._planner.nominal_mm_s(block), math.sqrt(self._planner.exit_mm2_s2()), left, rate
            )
        self._end_s = now_s + sum(duration for duration, _ in self._phases)

    def _end_of_profile(self, now_s: float) -> bool:
        block = self._planner.blocks[0]
        way, speed = self._look(NEVER)
        if self.is_stopping and way < block.left_mm * (1 - 1e-9):
            self._halt(block, way, now_s)
            return False
        self._planner.blocks.popleft()
        if not self._planner.blocks:
            self.rest_mm = block.end_mm
            self.is_running = False
            self._end_s = NEVER
            self._beam.arrive(block, now_s)
            return False
        following = self._planner.blocks[0]
        following.entry_mm2_s2 = speed * speed
        self._speed_mm_s, self._noted_s = speed, now_s
        self._beam.follow(following, following.start_mm, now_s)
        self._profile(now_s)
        return True

    def _halt(self, block: Block, way: float, now_s: float) -> None:
        block.left_mm -= way
        block.entry_mm2_s2 = 0.0
        self.rest_mm = block.at(block.length_mm - block.left_mm)
        self.is_running = False
        self._speed_mm_s, self._phases, self._end_s = 0.0, [], NEVER
        self._beam.truth.change(self._beam.truth.power, self.rest_mm, now_s, None, block.line)


def trapezoid(
    speed_mm_s: float, nominal_mm_s: float, exit_mm_s: float, length_mm: float, acceleration_mm_s2: float
) -> list[_Phase]:
    """Phases over a length: up or down to the nominal speed or to a peak below it, level, and down to the exit speed.

    Where the length is too short to brake, it brakes all along and leaves faster than it should.
    """
    twice = 2 * acceleration_mm_s2
    if speed_mm_s**2 - twice * length_mm >= max(exit_mm_s, 0.0) ** 2 and speed_mm_s > exit_mm_s:
        return [braking(speed_mm_s, length_mm, acceleration_mm_s2)]
    peak = min(nominal_mm_s, math.sqrt((twice * length_mm + speed_mm_s**2 + exit_mm_s**2) / 2))
    to_peak = abs(peak**2 - speed_mm_s**2) / twice
    down = max(peak**2 - exit_mm_s**2, 0.0) / twice
    level = length_mm - to_peak - down
    sign = 1 if peak >= speed_mm_s else -1
    phases = [(abs(peak - speed_mm_s) / acceleration_mm_s2, sign * acceleration_mm_s2)]
    if level > 0 and peak > 0:
        phases.append((level / peak, 0.0))
    phases.append((max(peak - exit_mm_s, 0.0) / acceleration_mm_s2, -acceleration_mm_s2))
    return phases


def braking(speed_mm_s: float, length_mm: float, acceleration_mm_s2: float) -> _Phase:
    """Slowing down over a length, or to standstill before its end."""
    left = speed_mm_s**2 - 2 * acceleration_mm_s2 * length_mm
    end = math.sqrt(left) if left > 0 else 0.0
    return (speed_mm_s - end) / acceleration_mm_s2, -acceleration_mm_s2
