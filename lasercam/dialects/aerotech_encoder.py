"""Writes one section for an Aerotech controller: which words stand before, in and behind every move."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lasercam.dialects import aerotech_words as w
from lasercam.dialects.aerotech_groups import Groups, gated_groups
from lasercam.dialects.aerotech_judgement import whole_period_ns
from lasercam.dialects.aerotech_settings import AerotechSettings
from lasercam.dialects.aerotech_units import UnitReader, Units, picked
from lasercam.dialects.aerotech_words import Column
from lasercam.dialects.dot_runs import DotRuns
from lasercam.dialects.program_text import COMPILED_FROM_ROWS, MAX_VALUE, RowFormatter
from lasercam.dialects.row_facts import RowFacts, RowReader, exact_multiple
from lasercam.errors import MachineLimitError
from lasercam.model.protocols import ProgramHeader
from lasercam.model.toolpath import RowKind, ToolpathBlock

MIN_LOOP = 4
"""Shorter runs of equal dots are written out: a loop costs as many lines."""
TASK_STEP_NS = 1_000_000
"""Programs run in steps of a millisecond, so a dwell behind a pulse train lasts one step longer than the train."""


class AerotechEncoder:
    """Writes one section; owns the modal state of the file."""

    def __init__(
        self,
        program: ProgramHeader,
        settings: AerotechSettings,
        words: w.Words,
        head: Sequence[str],
        tail: Sequence[str],
        *,
        use_compiled: bool | None = None,
    ) -> None:
        self._machine = program.machine
        self._settings = settings
        self._head, self._tail = head, tail
        if self._machine.laser.is_set_by_program:
            raise MachineLimitError("this language cannot set the energy; say `control: operator` in the profile")
        if use_compiled is None:
            use_compiled = program.toolpath.sections[program.section].n_rows >= COMPILED_FROM_ROWS
        self._rows = RowReader(program, fires_by_position=True, counts_in_program=True, use_compiled=use_compiled)
        self._units = UnitReader(loops=settings.loops, use_compiled=use_compiled)
        settle_ns = exact_multiple(self._machine.controller.settle_time, 9, "settle time")
        templates = w.templates(words, self._rows.decimals, settle_ns)
        self._formatter = RowFormatter(templates, use_compiled=use_compiled)
        self._dots = DotRuns(self._rows, templates, reach=MAX_VALUE - 1, use_compiled=use_compiled)
        self._count_unit = 10**self._rows.decimals
        trigger = self._machine.trigger
        self._width_ns = 0 if trigger is None else exact_multiple(trigger.width, 9, "trigger width")
        self._period_ns = whole_period_ns(program.toolpath.sections[program.section].laser.rep_rate_hz)
        self._mode = 0
        self._pulse: tuple[int, int, int] = (0, 0, 0)
        self._axis = -1

    def begin(self) -> bytes:
        """Comments, beam off, modes."""
        return "".join(f"{line}\n" for line in self._head).encode("ascii")

    def block(self, block: ToolpathBlock) -> bytes | memoryview:
        """Rows of the section, and those held back before that are whole now.

        Raises:
            GeometryError: rows that do not follow each other, or of another section.
            MachineLimitError: what the controller cannot print, time, count or switch by position.
        """
        dots = self._dots.text(block)
        if dots is not None:
            return dots
        facts = self._rows.facts(block)
        text = b"".join(self._text(units) for units in self._units.add(facts))
        if len(facts) and not self._settings.loops:
            self._dots.learn(block, facts, partial(self._line_like, picked(facts, np.array([-1]))))
        return text

    def end(self) -> bytes:
        """What was held back, beam off, end of program."""
        rest = b"".join(self._text(units) for units in self._units.rest())
        return rest + "".join(f"{line}\n" for line in self._tail).encode("ascii")

    def _text(self, units: Units) -> bytes:
        return self._formatter.format(*self._laid_out(self._looped(units)))

    def _line_like(self, last: RowFacts, axes: int) -> tuple[list[int], list[int]] | None:
        """Templates and numbers of a dot like the last row that moves these axes; None where it changes the state."""
        before = self._mode, self._pulse, self._axis
        facts = replace(last, axes=np.array([axes], np.uint8))
        choice, values = self._laid_out(Units(facts, np.ones(1, np.int64), np.zeros(1, np.int64)))
        after = self._mode, self._pulse, self._axis
        self._mode, self._pulse, self._axis = before
        return (choice[0].tolist(), values[0].tolist()) if after == before else None

    def _looped(self, units: Units) -> Units:
        """The same, where only runs that can be loops stand for more than one row."""
        if not (units.lengths > 1).any():
            return units
        # Repeated steps add up exactly only when each is a whole number of counts.
        known = np.array([bool(counts) for counts in self._settings.counts_per_mm])
        stepped = (units.facts.printed != units.facts.start_printed) & ~known
        loops = (units.lengths >= MIN_LOOP) & ~stepped.any(axis=1)
        return units.divided(np.where(loops, units.lengths, 1))

    def _laid_out(self, units: Units) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Templates of each row, uint8 (N, 6), and what they print, int64 (N, w.N_COLUMNS)."""
        facts = units.facts
        values = np.zeros((len(facts), w.N_COLUMNS), np.int64)
        choice = np.zeros((len(facts), 6), np.uint8)
        values[:, : Column.SPEED] = facts.printed
        values[:, Column.SPEED] = facts.speed_nm_s
        groups = gated_groups(units, self._settings, self._machine, self._count_unit)
        moved = np.where(facts.speed_nm_s > 0, 8, 0) + facts.axes
        choice[:, 4] = w.MOVES + moved
        choice[:, 3], choice[:, 5] = w.BEFORE, w.AFTER
        mode = np.zeros(len(facts), np.int64)
        axis = np.full(len(facts), -1, np.int64)
        self._place_dots(facts, mode, choice, values)
        self._place_groups(groups, mode, axis, choice, values)
        self._place_setups(mode, axis, choice, values)
        looped = np.flatnonzero(units.lengths > 1)
        if len(looped):
            step = facts.printed[looped] - facts.start_printed[looped]
            values[looped, Column.STEP_X : Column.STEP_Z + 1] = step
            values[looped, Column.REPEATS] = units.lengths[looped]
            held = choice[looped, 5] == w.AFTER + w.HOLD
            choice[looped, 5] = w.AFTER + w.LOOP + facts.axes[looped] + np.where(held, 8, 0)
            choice[looped, 4] = w.MOVES
        return choice, values

    def _place_dots(
        self, facts: RowFacts, mode: NDArray[np.int64], choice: NDArray[np.uint8], values: NDArray[np.int64]
    ) -> None:
        is_dot = facts.kind == RowKind.DOT
        if not is_dot.any():
            return
        held = is_dot & ~facts.counted & (facts.exposure_ns > self._settings.pulse_max_ns)
        fired = is_dot & ~held
        mode[held], mode[fired] = w.PLAIN, w.PULSE
        choice[held, 5], choice[fired, 5] = w.AFTER + w.HOLD, w.AFTER + w.FIRE
        values[is_dot, Column.ON] = values[is_dot, Column.TOTAL] = facts.exposure_ns[is_dot]
        values[is_dot, Column.CYCLES] = 1
        if facts.counted.any():
            self._check_counted(facts)
            values[facts.counted, Column.TOTAL] = self._period_ns
            values[facts.counted, Column.ON] = self._width_ns
            values[facts.counted, Column.CYCLES] = facts.count[facts.counted]
        self._check_times(values[fired, Column.TOTAL])
        self._check_times(values[fired, Column.ON])
        values[fired, Column.WAIT] = values[fired, Column.TOTAL] * values[fired, Column.CYCLES] + TASK_STEP_NS

    def _place_groups(
        self,
        groups: Groups,
        mode: NDArray[np.int64],
        axis: NDArray[np.int64],
        choice: NDArray[np.uint8],
        values: NDArray[np.int64],
    ) -> None:
        by_hand, window, shots = groups.by_hand, groups.window, groups.shots
        mode[groups.first_beam[by_hand]] = w.PLAIN
        choice[groups.first_beam[by_hand], 3] = w.BEFORE + w.OPEN
        choice[groups.last_beam[by_hand], 5] = w.AFTER + w.CLOSE
        mode[groups.first[window]] = w.WINDOW
        choice[groups.first[window], 3] = w.BEFORE + w.ARM_WINDOW
        choice[groups.last[window], 5] = w.AFTER + w.END_WINDOW
        mode[groups.first[shots]] = w.MASKED
        armed = w.BEFORE + w.ARM_SHOTS + 2 * groups.axis[shots] + (groups.arm[shots] != groups.back[shots])
        choice[groups.first[shots], 3] = armed
        choice[groups.last[shots], 5] = w.AFTER + w.END_SHOTS
        gated = window | shots
        at = groups.first[gated]
        axis[at] = groups.axis[gated]
        for column, numbers in (
            (Column.LOW, groups.low), (Column.HIGH, groups.high), (Column.DISTANCE, groups.distance),
            (Column.ARM, groups.arm), (Column.BACK, groups.back),
        ):  # fmt: skip
            values[at, column] = numbers[gated]
        if shots.any():
            if not self._width_ns:
                raise MachineLimitError("shots are pulses of trigger.width, but the profile has no `trigger`")
            self._check_times(np.array([self._width_ns]))
            fired = groups.first[shots]
            values[fired, Column.TOTAL] = values[fired, Column.ON] = self._width_ns
            values[fired, Column.CYCLES] = 1

    def _place_setups(
        self,
        mode: NDArray[np.int64],
        axis: NDArray[np.int64],
        choice: NDArray[np.uint8],
        values: NDArray[np.int64],
    ) -> None:
        """Print what changes: the mode (which clears everything), the pulse train, the tracked encoder."""
        choice[:, 0], choice[:, 1], choice[:, 2] = w.MODES, w.PULSES, w.INPUTS
        at = np.flatnonzero(mode > 0)
        if not len(at):
            return
        modes, axes = mode[at], axis[at]
        trains = values[at][:, [Column.TOTAL, Column.ON, Column.CYCLES]]
        before_mode = np.concatenate(([self._mode], modes[:-1]))
        before_axis = np.concatenate(([self._axis], axes[:-1]))
        before_train = np.vstack((np.array([self._pulse]), trains[:-1]))
        # Every row of shots begins from a cleared counter.
        fresh = (modes != before_mode) | (modes == w.MASKED)
        choice[at[fresh], 0] = w.MODES + modes[fresh]
        pulsed = np.isin(modes, (w.PULSE, w.MASKED))
        new_train = pulsed & (fresh | (trains != before_train).any(axis=1))
        choice[at[new_train], 1] = w.PULSES + np.where(modes[new_train] == w.MASKED, 2, 1)
        new_axis = (axes >= 0) & (fresh | (axes != before_axis))
        choice[at[new_axis], 2] = w.INPUTS + 1 + axes[new_axis] + np.where(modes[new_axis] == w.MASKED, 3, 0)
        self._mode, self._axis = int(modes[-1]), int(axes[-1])
        self._pulse = (int(trains[-1, 0]), int(trains[-1, 1]), int(trains[-1, 2]))

    def _check_counted(self, facts: RowFacts) -> None:
        trigger = self._machine.trigger
        if trigger is None or trigger.counted_by != "program":
            raise MachineLimitError(
                "this controller counts pulses itself, one edge per pulse; state a `trigger` with `counted_by: program`"
            )
        most = int(facts.count[facts.counted].max())
        if most > trigger.max_pulses:
            raise MachineLimitError(
                f"{most} pulses per dot are more than the {trigger.max_pulses} of trigger.max_pulses"
            )
        if not self._period_ns:
            raise MachineLimitError(
                "the repetition rate has no period of whole ns, so that pulses cannot be counted at it; see judge"
            )
        if self._width_ns >= self._period_ns:
            raise MachineLimitError(
                f"trigger.width of {self._width_ns} ns fills the period of {self._period_ns} ns: no edges remain"
            )

    def _check_times(self, times_ns: NDArray[np.int64]) -> None:
        step, most = self._settings.pulse_step_ns, self._settings.pulse_max_ns
        for ns in np.unique(times_ns).tolist():
            if ns % step:
                near = max(step, round(ns / step) * step)
                raise MachineLimitError(
                    f"a pulse time of {ns} ns is not a multiple of the {step} ns the PSO hardware times in; the "
                    f"nearest is {near} ns"
                )
            if ns > most:
                raise MachineLimitError(f"a pulse of {ns / 1000:g} µs is longer than the {most / 1000:g} µs of PSO")
