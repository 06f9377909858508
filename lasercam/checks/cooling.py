"""Whether neighbours are written as far apart in time as a step's `cooling` wishes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lasercam.checks.tally import place
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.job import Cooling as CoolingText
from lasercam.model.protocols import CheckContext
from lasercam.model.recipe import RecipeTable
from lasercam.model.timing import PathClock, TimedBlock
from lasercam.model.toolpath import NS_PER_S, TICKS_PER_UM, RowKind, Section, ToolpathBlock
from lasercam.units import TIME, format_quantity

ROUNDING_S = 1e-9
"""Waits are sums of many row times; what falls short by less than a nanosecond is rounding."""


@dataclass(frozen=True, eq=False)
class _Exposures:
    """Exposures in order, with the times at which the beam goes on and off, s from the beginning of their step."""

    segments: NDArray[np.float64]
    feature: NDArray[np.int64]
    begin: NDArray[np.float64]
    end: NDArray[np.float64]
    row: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.row)

    def take(self, chosen: NDArray[np.bool_]) -> "_Exposures":
        return _Exposures(
            self.segments[chosen], self.feature[chosen], self.begin[chosen], self.end[chosen], self.row[chosen]
        )

    def later(self, seconds: float) -> "_Exposures":
        return _Exposures(self.segments, self.feature, self.begin + seconds, self.end + seconds, self.row)


def _joined(first: _Exposures, second: _Exposures) -> _Exposures:
    return _Exposures(
        np.concatenate((first.segments, second.segments)),
        np.concatenate((first.feature, second.feature)),
        np.concatenate((first.begin, second.begin)),
        np.concatenate((first.end, second.end)),
        np.concatenate((first.row, second.row)),
    )


_NONE = _Exposures(np.zeros((0, 6)), np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0, np.int64))


@dataclass
class _Step:
    """What is known of one step so far.

    Attributes:
        wish: distance and time.
        clock_s: time from its beginning.
        features: counted so far.
        recent: exposures that ended less than the wished time ago.
        opening: those of the running section that began less than the wished time after it, where it is repeated.
        section: index of the running section, and when it began.
        count, wait_s, apart_um, rows: what is too soon: how many, and the worst pair.
    """

    wish: CoolingText
    clock_s: float = 0.0
    features: int = 0
    recent: _Exposures = _NONE
    opening: _Exposures = _NONE
    section: int = -1
    section_from_s: float = 0.0
    count: int = 0
    wait_s: float = np.inf
    apart_um: float = 0.0
    rows: tuple[int, int] = (-1, -1)


class Cooling:
    """Adds up the times of rows, and compares every exposure with the near ones of the last while."""

    codes: ClassVar[tuple[CodeInfo, ...]] = (
        CodeInfo(
            "E_COOLING",
            Severity.ERROR,
            "Neighbours are written sooner after each other than the step wishes",
            "A step with `cooling` wishes that features nearer to each other than a distance are written at least some "
            "time apart, from the end of one exposure to the beginning of the next, so that the heat of the first is "
            "gone (F20: a focus of radius w has cooled to a share ε after (w²/4D)(ε^(-2/3) - 1)). The planner shares "
            "the features of a depth and laser setting out over rounds. A round lasts as long as its features, so few "
            "features cannot fill a long time, and lasercam never waits on its own: the beam would stand somewhere. "
            "This check knows nothing of rounds: it adds up the estimated times of all rows of the step, in the order "
            "they run, and compares each exposure with all near ones before it, in all planes and laser settings; "
            "stops for the operator count as no time. Parts of one line are not compared with each other. Wish for a "
            "shorter time or distance, let the step write more at once, or split it and wait in a `manual` step.",
        ),
    )

    def begin(self, context: CheckContext) -> None:
        """Find the steps that wish for cooling."""
        self._context = context
        self._steps: dict[int, _Step] = {}
        for section in context.header.sections:
            wish = context.job.steps[section.step].cooling if section.step < len(context.job.steps) else None
            if wish is not None:
                self._steps.setdefault(section.step, _Step(wish))
        self._open_s = open_seconds(context.header.recipes)
        self._clock: PathClock | None = None
        self._section = -1

    def block(self, block: ToolpathBlock) -> None:
        """Compare the block's exposures with those of the last while, as soon as their times are settled."""
        if block.section != self._section:
            self._finish()
            self._section = block.section
        state = self._steps.get(self._context.header.sections[block.section].step)
        if state is None or not len(block):
            return
        if self._clock is None:
            self._leave(state)
            state.section, state.section_from_s, state.opening = block.section, state.clock_s, _NONE
            self._clock = self._context.clock(block.section, np.zeros(len(self._open_s)))
        for timed in self._clock.add(block):
            self._look(timed, state)

    def _finish(self) -> None:
        """The running job file is over: its last rows are settled."""
        if self._clock is not None:
            state = self._steps[self._context.header.sections[self._section].step]
            for timed in self._clock.finish():
                self._look(timed, state)
        self._clock = None

    def _look(self, timed: TimedBlock, state: _Step) -> None:
        section = self._context.header.sections[timed.block.section]
        found = self._exposures(timed.block, section, state, timed.seconds)
        self._judge(state, found)
        if section.repeat > 1:
            early = found.begin - state.section_from_s < state.wish.time
            state.opening = _joined(state.opening, found.take(early))

    def end(self) -> Iterable[Finding]:
        """One finding for each step."""
        self._finish()
        for state in self._steps.values():
            self._leave(state)
        return [self._finding(step, state) for step, state in self._steps.items() if state.count]

    def _leave(self, state: _Step) -> None:
        """A section is over: where it is run again, its beginning follows its end."""
        if state.section < 0:
            return
        section = self._context.header.sections[state.section]
        if section.repeat > 1:
            lasted_s, last = state.clock_s - state.section_from_s, state.recent
            self._judge(state, state.opening.later(lasted_s))
            state.clock_s += lasted_s * (section.repeat - 1)
            state.recent = last.later(lasted_s * (section.repeat - 1))
        state.section = -1

    def _exposures(
        self, block: ToolpathBlock, section: Section, state: _Step, seconds: NDArray[np.float64]
    ) -> _Exposures:
        """What the block exposes, when; the step's clock runs on."""
        ends_s = state.clock_s + np.cumsum(seconds)
        state.clock_s = float(ends_s[-1])
        rows = np.flatnonzero(block.exposes)
        kind = block.kind[rows]
        is_dot = kind == RowKind.DOT
        end_s = ends_s[rows]
        begin_s = np.where(is_dot, end_s - self._open_s[block.recipe[rows]], end_s - seconds[rows])
        # Rows of a line follow each other; dots and runs of shots are features of their own.
        goes_on = np.zeros(len(rows), np.bool_)
        is_line = ~is_dot & (kind != RowKind.SHOTS)
        goes_on[1:] = (np.diff(rows) == 1) & is_line[1:] & is_line[:-1]
        if len(rows) and rows[0] == 0 and is_line[0] and state.recent.row.size:
            goes_on[0] = bool(state.recent.row[-1] == block.first_row - 1)  # a line that the block before began
        feature = state.features + np.cumsum(~goes_on)
        state.features += int(np.count_nonzero(~goes_on))
        frame = section.frame
        starts, ends = frame.sample_um(block.exposed_from()[rows]), frame.sample_um(block.end_ticks[rows])
        self._shots(block, rows[kind == RowKind.SHOTS], seconds, state)
        return _Exposures(np.hstack((starts, ends)), feature, begin_s, end_s, block.first_row + rows)

    def _shots(self, block: ToolpathBlock, rows: NDArray[np.intp], seconds: NDArray[np.float64], state: _Step) -> None:
        """Shots of one run are neighbours of each other, a moment apart."""
        gaps = np.maximum(block.count[rows].astype(np.float64) - 1.0, 1.0)
        way = (block.end_ticks[rows] - block.start_ticks[rows]) / TICKS_PER_UM
        apart_um = np.sqrt((way * way).sum(axis=1)) / gaps
        near = np.flatnonzero((apart_um < state.wish.distance) & (block.count[rows] > 1))
        waits = seconds[rows] / gaps
        for i in near[waits[near] < state.wish.time - ROUNDING_S].tolist():
            row = int(block.first_row + rows[i])
            self._note(state, int(gaps[i]), float(waits[i]), float(apart_um[i]), (row, row))

    def _judge(self, state: _Step, found: _Exposures) -> None:
        """Compare new exposures with recent ones and with each other."""
        from lasercam.checks.cooling_pairs import shortest_waits

        together = _joined(state.recent, found)
        distance, time = state.wish.distance, state.wish.time
        wait, after = shortest_waits(
            together.segments, together.feature, together.begin, together.end, len(state.recent), distance, time
        )
        soon = np.flatnonzero(wait < time - ROUNDING_S)
        if len(soon):
            worst = int(soon[np.argmin(wait[soon])])
            other = int(after[worst])
            pair = (int(together.row[other]), int(together.row[worst]))
            apart_um = segment_distance(together.segments[other], together.segments[worst])
            self._note(state, len(soon), float(wait[worst]), apart_um, pair)
        state.recent = together.take(state.clock_s - together.end < time)

    @staticmethod
    def _note(state: _Step, count: int, wait_s: float, apart_um: float, rows: tuple[int, int]) -> None:
        state.count += count
        if wait_s < state.wait_s:
            state.wait_s, state.apart_um, state.rows = wait_s, apart_um, rows

    def _finding(self, step: int, state: _Step) -> Finding:
        text = self._context.job.steps[step]
        wait_s = max(state.wait_s, 0.0)
        asked, reached = format_quantity(state.wish.time, TIME), format_quantity(wait_s, TIME)
        one, two = state.rows
        pair = f"shots of row {one}" if one == two else f"those of rows {one} and {two}"
        hint = (
            f"Wish for at most {_rounded_down(wait_s)}, or" if wait_s > 0 else "This order leaves no time at all; wish"
        )
        hint += " for a shorter distance, let the step write more features at once, or split it and wait between."
        if text.order == "as_given":
            hint += " `order: as_given` keeps neighbours together; leave it out."
        return Finding(
            self.codes[0].code,
            self.codes[0].severity,
            f"{state.count:,} exposures begin less than {asked} after one nearer than "
            f"{state.wish.distance:g} µm has ended; the worst are {pair}, {state.apart_um:.4g} µm and {reached} apart",
            f"steps.{text.name}",
            value=wait_s,
            limit=state.wish.time,
            unit="s",
            location=place(self._context, "steps", step, "cooling"),
            first_row=two,
            count=state.count,
            hint=hint,
        )


def open_seconds(recipes: RecipeTable) -> NDArray[np.float64]:
    """How long a dot of each recipe is exposed: float64 (R,), s."""
    return np.array(
        [
            r.exposure_ns / NS_PER_S if r.exposure_ns else r.pulses / max(r.laser.rep_rate_hz, 1e-12)
            for r in recipes.recipes
        ],
        np.float64,
    )


def segment_distance(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Distance of two segments (6,), µm."""
    from lasercam.checks.cooling_pairs import squared_distance

    return float(np.sqrt(squared_distance(a, b)))


def _rounded_down(seconds: float) -> str:
    """Three digits of a time, never more than it is."""
    digits = 10.0 ** (np.floor(np.log10(seconds)) - 2)
    return format_quantity(float(np.floor(seconds / digits * (1 + 1e-12)) * digits), TIME)
