"""Shots fired by position: lines of single shots at a pitch, and rows of single-shot dots swept without stopping.

A sweep is LEAD (getting to speed), SHOTS, LEAD (slowing down); the first shot fires at its start, the last at its end.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import PatternError
from lasercam.model.commanded import feed_speeds_nm_s
from lasercam.model.machine import Machine
from lasercam.model.recipe import RecipeTable
from lasercam.model.toolpath import NM_PER_UM, TICKS_PER_UM, RowKind
from lasercam.plan.rows import Rows

MIN_SHOTS = 3
"""A row of fewer dots is written dot by dot: two leads cost more than two stops."""


@dataclass(frozen=True, eq=False)
class FlyTables:
    """Which recipes fire by position, and within what.

    Attributes:
        can_sweep: bool (R,), rows of dots of this recipe may be swept.
        pitch_ticks: int64 (R,), distance of shots along lines; 0 = the recipe writes lines or dots.
        fastest_um_s: float64 (R,), speed of the sweep.
        max_rate_hz: float64 (R,), most shots per second: of the output and of the laser.
        step_ticks: firing distances are whole multiples.
        max_shots: of one sweep.
    """

    can_sweep: NDArray[np.bool_]
    pitch_ticks: NDArray[np.int64]
    fastest_um_s: NDArray[np.float64]
    max_rate_hz: NDArray[np.float64]
    step_ticks: int
    max_shots: int


def fly_tables(recipes: RecipeTable, machine: Machine) -> FlyTables | None:
    """Tables for one machine; None where it cannot fire by position or no recipe would."""
    firing = machine.position_firing
    if firing is None or not any(r.pulses == 1 or r.pitch_ticks for r in recipes.recipes):
        return None
    rates = [r.laser.rep_rate_hz if r.laser.rep_rate_hz > 0 else np.inf for r in recipes.recipes]
    return FlyTables(
        np.array([r.pulses == 1 and not r.pitch_ticks for r in recipes.recipes]),
        np.array([r.pitch_ticks for r in recipes.recipes], np.int64),
        feed_speeds_nm_s(recipes, machine) / NM_PER_UM,
        np.minimum(np.array(rates, np.float64), firing.max_rate),
        round(firing.step * TICKS_PER_UM),
        firing.max_shots,
    )


@dataclass(frozen=True, eq=False)
class Sweeps:
    """Runs of dots that become one sweep each.

    Attributes:
        first, count: int64 (S,), first row of each run and how many dots it has.
    """

    first: NDArray[np.int64]
    count: NDArray[np.int64]


def find_sweeps(rows: Rows, tables: FlyTables) -> Sweeps:
    """Runs of dots of one recipe and part at one distance along one axis, that the machine can fire in one sweep.

    Distances are compared in ticks: what is not exactly equal is not merged.
    """
    is_shot = (rows.kind == RowKind.DOT) & tables.can_sweep[rows.recipe] & (rows.count == 1)
    if np.count_nonzero(is_shot) < MIN_SHOTS:
        return Sweeps(np.zeros(0, np.int64), np.zeros(0, np.int64))
    step = rows.end_ticks[1:] - rows.end_ticks[:-1]
    size = np.abs(step).sum(axis=1)
    along_axis = np.count_nonzero(step, axis=1) == 1
    fits = along_axis & (size % tables.step_ticks == 0) & is_shot[1:] & is_shot[:-1]
    fits &= (rows.recipe[1:] == rows.recipe[:-1]) & (rows.part[1:] == rows.part[:-1])
    rate = tables.fastest_um_s[rows.recipe[1:]] * TICKS_PER_UM / np.maximum(size, 1)
    fits &= rate <= tables.max_rate_hz[rows.recipe[1:]] * (1 + 1e-12)
    pieces = [
        (begin + offset, min(tables.max_shots, length - offset))
        for begin, length in _runs(step, fits)
        for offset in range(0, length, tables.max_shots)
    ]
    kept = [(begin, length) for begin, length in pieces if length >= MIN_SHOTS]
    return Sweeps(np.array([b for b, _ in kept], np.int64), np.array([n for _, n in kept], np.int64))


def _runs(step: NDArray[np.int64], fits: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First dot and number of dots of each run of equal steps, from the first row on; runs share no dot."""
    goes_on = np.zeros(len(step), np.bool_)
    goes_on[1:] = np.all(step[1:] == step[:-1], axis=1) & fits[1:] & fits[:-1]
    begins = np.flatnonzero(fits & ~goes_on)
    stops = np.append(np.flatnonzero(~goes_on), len(step))
    ends = stops[np.searchsorted(stops, begins, side="right")]
    long = ends - begins >= MIN_SHOTS - 1
    found, free = [], 0
    for begin, end in zip(begins[long].tolist(), ends[long].tolist(), strict=True):
        # The dot at a corner, where one run ends and the next begins, belongs to the first.
        first = max(begin, free)
        if end - first + 1 >= MIN_SHOTS:
            found.append((first, end - first + 1))
            free = end + 1
    return found


def sweep_rows(rows: Rows, sweeps: Sweeps, run_ticks: NDArray[np.int64]) -> Rows:
    """The rows with each run of dots as JUMP, LEAD, SHOTS, LEAD.

    Args:
        rows: in order.
        sweeps: the runs; not empty.
        run_ticks: int64 (S, 3), run-up of each sweep along its direction.
    """
    in_run = np.zeros(len(rows) + 1, np.int64)
    in_run[sweeps.first] += 1
    in_run[sweeps.first + sweeps.count] -= 1
    inside = np.cumsum(in_run[:-1]) > 0
    times = np.where(inside, 0, 1)
    times[sweeps.first] = 4
    source = np.repeat(np.arange(len(rows)), times)
    new_first = (np.cumsum(times) - times)[sweeps.first]
    ends, kind, count = rows.end_ticks[source], rows.kind[source], rows.count[source]
    recipe, part = rows.recipe[source], rows.part[source]
    start, end = rows.end_ticks[sweeps.first], rows.end_ticks[sweeps.first + sweeps.count - 1]
    for offset, places, what in (
        (0, start - run_ticks, RowKind.JUMP), (1, start, RowKind.LEAD), (2, end, RowKind.SHOTS),
        (3, end + run_ticks, RowKind.LEAD),
    ):  # fmt: skip
        at = new_first + offset
        ends[at], kind[at] = places, what
        count[at] = sweeps.count if what is RowKind.SHOTS else 0
    recipe[new_first] = part[new_first] = 0
    starts = np.empty_like(ends)
    starts[:1], starts[1:] = rows.start_ticks[:1], ends[:-1]
    return Rows(starts, ends, kind, count, recipe, part)


def pitch_rows(rows: Rows, tables: FlyTables, increment_ticks: int) -> Rows:
    """Lines of recipes with a pitch as runs of shots: as many as fit, the first at the line's start.

    The last shot is rounded to the increment; the rest of the line behind it stays dark.

    Raises:
        PatternError: a line with corners, one shorter than its pitch, or one of more shots than a sweep can have.
    """
    is_pitch = (rows.kind == RowKind.LINE) & (tables.pitch_ticks[rows.recipe] > 0)
    at = np.flatnonzero(is_pitch)
    if not len(at):
        return rows
    if np.any(is_pitch[1:] & is_pitch[:-1]):
        raise PatternError(
            "shots are fired by position along straight lines only, and a recipe with `pitch` is to write lines with "
            "corners or curves; give the recipe a `speed` instead (one pulse per v / f), or use straight lines"
        )
    delta = (rows.end_ticks[at] - rows.start_ticks[at]).astype(np.float64)
    length = np.sqrt((delta**2).sum(axis=1))
    pitch = tables.pitch_ticks[rows.recipe[at]]
    # Half an increment of slack: the line's end was itself rounded.
    gaps = np.floor((length + increment_ticks / 2) / pitch).astype(np.int64)
    if np.any(gaps < 1):
        short = int(np.argmin(gaps))
        raise PatternError(
            f"a line of {length[short] / TICKS_PER_UM:.4g} µm is shorter than its pitch of "
            f"{pitch[short] / TICKS_PER_UM:g} µm; write it as a dot, or choose a smaller pitch"
        )
    if np.any(gaps >= tables.max_shots):
        raise PatternError(
            f"a line needs {int(gaps.max()) + 1:,} shots, and one sweep fires at most {tables.max_shots:,}; "
            "split the line or choose a larger pitch"
        )
    ends = rows.end_ticks.copy()
    reach = delta * (gaps * pitch / length)[:, None] / increment_ticks
    ends[at] = rows.start_ticks[at] + np.rint(reach).astype(np.int64) * increment_ticks
    starts = rows.start_ticks.copy()
    starts[at + 1] = ends[at]
    kind, count = rows.kind.copy(), rows.count.copy()
    kind[at], count[at] = RowKind.SHOTS, gaps + 1
    return Rows(starts, ends, kind, count, rows.recipe, rows.part)
