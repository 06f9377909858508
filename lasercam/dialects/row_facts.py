"""Rows as an encoder needs them: what is printed, what moves, and a refusal of everything a file cannot say."""

from dataclasses import dataclass
from math import isclose
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lasercam.compiling import compiled
from lasercam.errors import GeometryError, MachineLimitError, ParameterError
from lasercam.model.commanded import commanded_kind, feed_speeds_nm_s, open_times_ns
from lasercam.model.exposure import NO_SETTING
from lasercam.model.machine import Machine
from lasercam.model.protocols import ProgramHeader
from lasercam.model.toolpath import TICKS_PER_MM, TICKS_PER_UM, RowKind, ToolpathBlock
from lasercam.process.set_point import program_setting

_DOT: Final = int(RowKind.DOT)
_LINE: Final = int(RowKind.LINE)
_LEAD: Final = int(RowKind.LEAD)
_SHOTS: Final = int(RowKind.SHOTS)

MAX_DECIMALS = 7
"""Decimals of mm that a tick of 0.1 nm needs."""


@dataclass(frozen=True, eq=False)
class RowFacts:
    """Rows that do something, in order.

    Attributes:
        kind: uint8 (N,), RowKind as commanded to the gate; JUMP, LINE, DOT, LEAD or SHOTS.
        axes: uint8 (N,), 1 for x, 2 for y, 4 for z: which coordinates change. Zero only for a DOT on the spot.
        printed: int64 (N, 3), ends in multiples of the last decimal.
        speed_nm_s: int64 (N,), of a LINE, LEAD or SHOTS, else 0.
        exposure_ns: int64 (N,), of a timed DOT, else 0.
        counted: bool (N,), DOTs of counted pulses.
        count: int64 (N,), pulses of a counted DOT, shots of a SHOTS run, else 0.
        start_printed: int64 (N, 3), starts in multiples of the last decimal.
        numbers: int64 (N, 5), what templates print: `printed`, speed times the reader's `feed_scale`, `exposure_ns`;
            where the program sets the energy a sixth column, `setting` or what stands before it.
        setting: int64 (N,), what the program sets the energy by, in millionths of its unit; NO_SETTING for a JUMP.
            None where the program sets nothing.
        closing: bool (N,), dark rows in which a slow gate still lets the beam through. None where it closes at once.
    """

    kind: NDArray[np.uint8]
    axes: NDArray[np.uint8]
    printed: NDArray[np.int64]
    speed_nm_s: NDArray[np.int64]
    exposure_ns: NDArray[np.int64]
    counted: NDArray[np.bool_]
    count: NDArray[np.int64]
    start_printed: NDArray[np.int64]
    numbers: NDArray[np.int64]
    setting: NDArray[np.int64] | None = None
    closing: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def is_closing(self) -> NDArray[np.bool_]:
        """bool (N,), `closing`, or nowhere."""
        return np.zeros(len(self), np.bool_) if self.closing is None else self.closing


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


def setting_changes(facts: RowFacts, before: int) -> tuple[NDArray[np.intp], int]:
    """Rows at which what the program sets differs from what was set before, and what is set in the end.

    Args:
        facts: of a block.
        before: set last; NO_SETTING at the start of a file.

    Raises:
        GeometryError: a change between lines that follow each other without a dark row.
    """
    if facts.setting is None:
        return np.zeros(0, np.intp), before
    sets = np.flatnonzero(facts.setting != NO_SETTING)
    if not len(sets):
        return sets, before
    values = facts.setting[sets]
    changed = np.ones(len(sets), np.bool_)
    changed[0], changed[1:] = values[0] != before, values[1:] != values[:-1]
    if np.any(facts.kind[sets[changed]] == RowKind.LINE):
        raise GeometryError("the energy changes in the middle of a line; begin it with a dark lead")
    return sets[changed], int(values[-1])


def _settings(program: ProgramHeader) -> NDArray[np.int64]:
    """What the program sets for each recipe of its section; no other recipe need be settable."""
    table, machine = program.toolpath.recipes, program.machine
    settings = np.full(len(table.recipes), NO_SETTING, np.int64)
    used = program.toolpath.sections[program.section].recipes or range(len(table.recipes))
    try:
        for index in used:
            settings[index] = program_setting(table.recipes[index], machine)
    except ParameterError as error:
        raise MachineLimitError(str(error)) from error
    return settings


class RowReader:
    """Turns the blocks of one section into facts; remembers where the last row ended and what was counted."""

    def __init__(
        self,
        program: ProgramHeader,
        *,
        fires_by_position: bool = False,
        counts_in_program: bool = False,
        feed_scale: int = 1,
        use_compiled: bool = False,
    ) -> None:
        """Facts of one section.

        Args:
            program: what is written.
            fires_by_position: the language can say SHOTS; else they are refused.
            counts_in_program: the language sets the pulses of every dot; else one count serves the whole file.
            feed_scale: printed feed rates are this many times nm/s.
            use_compiled: read rows with the compiled kernel, which gives the same facts and pays in large files.
        """
        self._section = program.section
        self._feed_scale = feed_scale
        self._sets = program.machine.laser.is_set_by_program
        self._is_slow = program.machine.gate.close_delay > 0
        self._use_compiled = use_compiled and not self._sets and not self._is_slow
        self._fires_by_position = fires_by_position
        self._counts_in_program = counts_in_program
        self.increment = increment_ticks(program.machine)
        self.decimals = decimals_for(self.increment)
        self.unit = 10 ** (MAX_DECIMALS - self.decimals)
        self._at: NDArray[np.int64] | None = None
        self._pulses = 0
        recipes = program.toolpath.recipes.recipes
        self._labels = [recipe.label for recipe in recipes]
        self._speed = feed_speeds_nm_s(program.toolpath.recipes, program.machine)
        self._exposure = open_times_ns(program.toolpath.recipes, program.machine)
        self._setting = _settings(program)

    @property
    def pulses(self) -> int:
        """Pulses of every counted DOT so far; 0 while there was none."""
        return self._pulses

    def goes_on_at(self, block: ToolpathBlock) -> bool:
        """Whether a block is of this section and starts where the last row ended."""
        return (
            block.section == self._section
            and self._at is not None
            and block.start_ticks[0].tolist() == self._at.tolist()
        )

    def went_on(self, block: ToolpathBlock) -> None:
        """Rows of recipes and counts that had come before were written without asking for their facts."""
        self._at = block.end_ticks[-1]

    def facts(self, block: ToolpathBlock) -> RowFacts:
        """What the block's rows say.

        Raises:
            GeometryError: rows of another section, a gap between rows, a LINE without length.
            MachineLimitError: coordinates off the increment, SHOTS or different pulse counts in one file where the
                language cannot say them, a DOT or LINE whose recipe does not time it.
        """
        if block.section != self._section:
            raise GeometryError(f"a block of section {block.section} was handed to the file of {self._section}")
        if self._use_compiled and self._at is not None and len(block):
            facts = self._compiled(block)
            if facts is not None:
                return facts
        kind, start, end = commanded_kind(block.kind), block.start_ticks, block.end_ticks
        recipe: NDArray[Any] = block.recipe
        count: NDArray[Any] = block.count
        closing = block.kind == RowKind.CLOSING
        if len(block) and self._at is None:
            self._at = start[0]
            if kind[0] not in (RowKind.JUMP, RowKind.DOT):
                kind, recipe, count, closing = (
                    np.concatenate((a[:1] * 0, a)).astype(a.dtype) for a in (kind, recipe, count, closing)
                )
                start, end = np.concatenate((start[:1], start)), np.concatenate((start[:1], end))
            first = True
        else:
            first = False
        if len(kind) == 0:
            none = np.zeros(0, np.int64)
            return RowFacts(kind, kind, end, none, none, np.zeros(0, np.bool_), none, end, np.zeros((0, 5), np.int64))
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
            if np.isin(kind[idle], (RowKind.LINE, RowKind.SHOTS)).any():
                raise GeometryError("a LINE without length cannot be written: the beam would stand still")
            keep = ~idle
            kind, axes, start, end, recipe, count, is_dot, closing = (
                a[keep] for a in (kind, axes, start, end, recipe, count, is_dot, closing)
            )
        is_shots = kind == RowKind.SHOTS
        is_feed = (kind == RowKind.LINE) | (kind == RowKind.LEAD) | is_shots
        counted = is_dot & (count > 0)
        speed = np.where(is_feed, self._speed[recipe], 0)
        exposure = np.where(is_dot & ~counted, self._exposure[recipe], 0)
        self._check_recipes(kind, recipe, is_feed & (speed <= 0), "writing speed")
        self._check_recipes(kind, recipe, is_dot & ~counted & (exposure <= 0), "exposure time or pulse count")
        if is_shots.any() and not self._fires_by_position:
            raise MachineLimitError(
                "this controller cannot fire by position; write lines at speed = pitch × repetition rate instead"
            )
        if counted.any() and not self._counts_in_program:
            self._check_counts(count[counted])
        shots = np.where(counted | is_shots, count, 0).astype(np.int64)
        printed = end // self.unit
        numbers = np.column_stack((printed, speed * self._feed_scale, exposure))
        setting = None
        if self._sets:
            setting = np.where(kind == RowKind.JUMP, NO_SETTING, self._setting[recipe])
            numbers = np.column_stack((numbers, np.where(setting == NO_SETTING, 0, setting)))
        return RowFacts(
            kind, axes, printed, speed, exposure, counted, shots, start // self.unit, numbers, setting,
            closing if self._is_slow else None,
        )  # fmt: skip

    def _compiled(self, block: ToolpathBlock) -> RowFacts | None:
        """The same facts in one pass; None where something is wrong, which the plain way then names."""
        n = len(block)
        kind, axes = np.empty(n, np.uint8), np.empty(n, np.uint8)
        # One array holds starts and ends: rows follow each other, and those left out go nowhere.
        numbers = np.empty((n + 1, 5), np.int64)
        speed, count = np.empty(n, np.int64), np.empty(n, np.int64)
        counted = np.empty(n, np.bool_)
        kept, pulses = compiled(_read_rows)(
            commanded_kind(block.kind), block.start_ticks, block.end_ticks, block.recipe, block.count,
            np.asarray(self._at), self.increment, self.unit, self._feed_scale,
            self._fires_by_position, self._counts_in_program, self._pulses, self._speed, self._exposure,
            kind, axes, numbers, speed, counted, count,
        )  # fmt: skip
        if kept < 0:
            return None
        self._at, self._pulses = block.end_ticks[-1], int(pulses)
        whole = numbers[: kept + 1]
        return RowFacts(
            kind[:kept], axes[:kept], whole[1:, :3], speed[:kept], whole[1:, 4], counted[:kept], count[:kept],
            whole[:-1, :3], whole[1:],
        )  # fmt: skip

    def _check_places(self, start: NDArray[np.int64], end: NDArray[np.int64], first_row: int) -> None:
        if (start[0] != self._at).any() or (start[1:] != end[:-1]).any():
            raise GeometryError(f"the rows from {first_row} on do not each start where the one before ended")
        for places in (start[:1], end):
            off = places % self.increment != 0
            if off.any():
                tick = int(places[off][0])
                raise MachineLimitError(
                    f"the coordinate {tick / TICKS_PER_MM:.7f} mm is not a multiple of the programmable increment "
                    f"of {self.increment / TICKS_PER_UM:g} µm; round to the increment in the plan"
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


def _read_rows(
    kinds: Any, starts: Any, ends: Any, recipes: Any, counts: Any, at: Any, increment: int, unit: int, scale: int,
    fires_by_position: Any, counts_in_program: Any, pulses: Any, speeds: Any, exposures: Any,
    kind: Any, axes: Any, numbers: Any, speed: Any, counted: Any, count: Any,
) -> tuple[int, int]:  # fmt: skip
    """Kernel of RowReader._compiled. Returns rows kept, -1 where one must be refused, and the pulses of all dots."""
    kept = 0
    for axis in range(3):
        if at[axis] % increment != 0:
            return -1, pulses
        numbers[0, axis] = at[axis] // unit
    numbers[0, 3] = 0
    numbers[0, 4] = 0
    for row in range(len(kinds)):
        changed = 0
        for axis in range(3):
            start = starts[row, axis]
            end = ends[row, axis]
            if start != (ends[row - 1, axis] if row > 0 else at[axis]):
                return -1, pulses
            printed = numbers[kept, axis]
            if end != start:
                changed |= 1 << axis
                printed = end // unit
                if printed * unit != end or (unit != increment and end % increment != 0):
                    return -1, pulses
            numbers[kept + 1, axis] = printed
        now = kinds[row]
        is_dot = now == _DOT
        if changed == 0 and not is_dot:
            if now in (_LINE, _SHOTS):
                return -1, pulses
            continue
        kind[kept] = now
        axes[kept] = changed
        feed: Any = 0
        opened = 0
        number: Any = 0
        by_count = False
        if is_dot:
            by_count = counts[row] > 0
            if by_count:
                number = np.int64(counts[row])
                if not counts_in_program:
                    if pulses != 0 and pulses != number:
                        return -1, pulses
                    pulses = number
            else:
                opened = exposures[recipes[row]]
                if opened <= 0:
                    return -1, pulses
        elif now in (_LINE, _LEAD, _SHOTS):
            feed = speeds[recipes[row]]
            if feed <= 0:
                return -1, pulses
            if now == _SHOTS:
                if not fires_by_position:
                    return -1, pulses
                number = np.int64(counts[row])
        speed[kept] = feed
        counted[kept] = by_count
        count[kept] = number
        kept += 1
        numbers[kept, 3] = feed * scale
        numbers[kept, 4] = opened
    return kept, pulses
