"""Rows as an encoder needs them: what is printed, what moves, and a refusal of everything a file cannot say."""

from dataclasses import dataclass
from math import isclose
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import GeometryError, MachineLimitError
from lasercam.model.machine import Machine
from lasercam.model.protocols import ProgramHeader
from lasercam.model.toolpath import TICKS_PER_MM, TICKS_PER_UM, RowKind, ToolpathBlock

MAX_DECIMALS = 7
"""Decimals of mm that a tick of 0.1 nm needs."""


@dataclass(frozen=True, eq=False)
class RowFacts:
    """Rows that do something, in order.

    Attributes:
        kind: uint8 (N,), RowKind; JUMP, LINE, DOT or LEAD.
        axes: uint8 (N,), 1 for x, 2 for y, 4 for z: which coordinates change. Zero only for a DOT on the spot.
        printed: int64 (N, 3), ends in multiples of the last decimal.
        speed_nm_s: int64 (N,), of a LINE or LEAD, else 0.
        exposure_ns: int64 (N,), of a timed DOT, else 0.
        counted: bool (N,), DOTs of counted pulses.
        adds_start: whether row 0 is a jump to the first row's start, put in because nothing led there.
    """

    kind: NDArray[np.uint8]
    axes: NDArray[np.uint8]
    printed: NDArray[np.int64]
    speed_nm_s: NDArray[np.int64]
    exposure_ns: NDArray[np.int64]
    counted: NDArray[np.bool_]
    adds_start: bool

    def __len__(self) -> int:
        return len(self.kind)


def increment_ticks(machine: Machine) -> int:
    """The programmable increment in ticks of 0.1 nm; the profile holds whole ticks only."""
    return round(machine.controller.increment * TICKS_PER_UM)


def decimals_for(ticks: int) -> int:
    """Decimals of mm that print every multiple of an increment.

    >>> decimals_for(10), decimals_for(10_000), decimals_for(1)
    (6, 3, 7)
    """
    decimals = MAX_DECIMALS
    while decimals and ticks % 10 == 0:
        ticks //= 10
        decimals -= 1
    return decimals


def exact_multiple(value: float, decimals: int, what: str) -> int:
    """A profile's number in multiples of 10^-decimals of its unit.

    Raises:
        MachineLimitError: it has more decimals than are printed.
    """
    scaled: float = value * 10.0**decimals
    if not isclose(scaled, round(scaled), rel_tol=1e-12, abs_tol=1e-6):
        raise MachineLimitError(f"the {what} {value!r} has more decimals than a job file can hold")
    return round(scaled)


class RowReader:
    """Turns the blocks of one section into facts; remembers where the last row ended and what was counted."""

    def __init__(self, program: ProgramHeader) -> None:
        self._section = program.section
        self._increment = increment_ticks(program.machine)
        self.decimals = decimals_for(self._increment)
        self._unit = 10 ** (MAX_DECIMALS - self.decimals)
        self._at: NDArray[np.int64] | None = None
        self._pulses = 0
        recipes = program.toolpath.recipes.recipes
        self._labels = [recipe.label for recipe in recipes]
        self._speed = np.array([recipe.speed_nm_s for recipe in recipes], np.int64)
        self._exposure = np.array([recipe.exposure_ns for recipe in recipes], np.int64)

    @property
    def pulses(self) -> int:
        """Pulses of every counted DOT so far; 0 while there was none."""
        return self._pulses

    def facts(self, block: ToolpathBlock) -> RowFacts:
        """What the block's rows say.

        Raises:
            GeometryError: rows of another section, a gap between rows, a LINE without length.
            MachineLimitError: coordinates off the increment, SHOTS, a DOT or LINE whose recipe does not time it,
                different pulse counts in one file.
        """
        if block.section != self._section:
            raise GeometryError(f"a block of section {block.section} was handed to the file of {self._section}")
        kind, start, end = block.kind, block.start_ticks, block.end_ticks
        recipe: NDArray[Any] = block.recipe
        count: NDArray[Any] = block.count
        adds_start = False
        if len(block) and self._at is None:
            self._at = start[0]
            if kind[0] not in (RowKind.JUMP, RowKind.DOT):
                adds_start = True
                kind, recipe, count = (np.concatenate((a[:1] * 0, a)) for a in (kind, recipe, count))
                start, end = np.concatenate((start[:1], start)), np.concatenate((start[:1], end))
            first = True
        else:
            first = False
        if len(kind) == 0:
            return RowFacts(kind, kind, end, *(np.zeros(0, np.int64),) * 2, np.zeros(0, np.bool_), adds_start)
        self._check_places(start, end, block.first_row)
        change = end != start
        axes = change[:, 0] + 2 * change[:, 1].view(np.uint8) + 4 * change[:, 2].view(np.uint8)
        axes = axes.astype(np.uint8)
        if first:
            axes[0] = 7
        self._at = end[-1]
        is_dot = kind == RowKind.DOT
        idle = (axes == 0) & ~is_dot
        if idle.any():
            if (kind[idle] == RowKind.LINE).any():
                raise GeometryError("a LINE without length cannot be written: the beam would stand still")
            keep = ~idle
            kind, axes, end, recipe, count, is_dot = (a[keep] for a in (kind, axes, end, recipe, count, is_dot))
        is_feed = (kind == RowKind.LINE) | (kind == RowKind.LEAD)
        counted = is_dot & (count > 0)
        speed = np.where(is_feed, self._speed[recipe], 0)
        exposure = np.where(is_dot & ~counted, self._exposure[recipe], 0)
        self._check_recipes(kind, recipe, is_feed & (speed <= 0), "writing speed")
        self._check_recipes(kind, recipe, is_dot & ~counted & (exposure <= 0), "exposure time or pulse count")
        if (kind == RowKind.SHOTS).any():
            raise MachineLimitError(
                "this controller cannot fire by position; write lines at speed = pitch × repetition rate instead"
            )
        if counted.any():
            self._check_counts(count[counted])
        return RowFacts(kind, axes, end // self._unit, speed, exposure, counted, adds_start)

    def _check_places(self, start: NDArray[np.int64], end: NDArray[np.int64], first_row: int) -> None:
        if (start[0] != self._at).any() or (start[1:] != end[:-1]).any():
            raise GeometryError(f"the rows from {first_row} on do not each start where the one before ended")
        for places in (start[:1], end):
            off = places % self._increment != 0
            if off.any():
                tick = int(places[off][0])
                raise MachineLimitError(
                    f"the coordinate {tick / TICKS_PER_MM:.7f} mm is not a multiple of the programmable increment "
                    f"of {self._increment / TICKS_PER_UM:g} µm; round to the increment in the plan"
                )

    def _check_recipes(self, kind: NDArray[np.uint8], recipe: NDArray[Any], bad: NDArray[np.bool_], what: str) -> None:
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise MachineLimitError(
                f"recipe '{self._labels[int(recipe[row])]}' has no {what}, which a {RowKind(int(kind[row])).name} needs"
            )

    def _check_counts(self, counts: NDArray[Any]) -> None:
        low, high = int(counts.min()), int(counts.max())
        if low != high or self._pulses not in (0, low):
            other = high if low != high else self._pulses
            raise MachineLimitError(
                f"pulse counts {low} and {other} stand in one file, but the count is set at the picker, once per "
                "file; write them in separate steps"
            )
        self._pulses = low
