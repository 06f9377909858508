"""Groups of feeding moves: where their beam begins and ends, and by which axis' counts hardware can switch it there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.dialects.aerotech_settings import AXIS_LETTERS, AerotechSettings
from lasercam.dialects.aerotech_units import Units
from lasercam.dialects.row_facts import RowFacts, increment_ticks
from lasercam.errors import MachineLimitError
from lasercam.model.machine import TICKS_PER_UM, Machine
from lasercam.model.toolpath import TICKS_PER_MM, RowKind

MAX_COUNTS = 2**31 - 1
"""Counters of the PSO hardware are 32-bit integers. Source: A3200 and Automation1 C headers (int32)."""
MAX_DISTANCE = 8_388_607
"""Counts between two shots at most. Source: public A3200 code (PSODISTANCE FIXED below 8,388,607)."""
STEEPEST = 0.5
"""Share of a line's length that the tracked axis must travel: below it a count is more than two counts of path."""


@dataclass(frozen=True, eq=False)
class Groups:
    """Groups that have a beam, G of them.

    Attributes:
        first, last: int64 (G,), rows.
        first_beam, last_beam: int64 (G,), rows.
        by_hand, window, shots: bool (G,), how the beam is switched; exactly one.
        axis: int64 (G,), tracked axis.
        low, high: int64 (G,), the window in counts from where PSO is armed.
        distance: int64 (G,), counts between shots.
        arm, back: int64 (G,), printed coordinate of the tracked axis where PSO is armed, and of the group's start.
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    first_beam: NDArray[np.int64]
    last_beam: NDArray[np.int64]
    by_hand: NDArray[np.bool_]
    window: NDArray[np.bool_]
    shots: NDArray[np.bool_]
    axis: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    distance: NDArray[np.int64]
    arm: NDArray[np.int64]
    back: NDArray[np.int64]


def gated_groups(units: Units, settings: AerotechSettings, machine: Machine, units_per_mm: int) -> Groups:
    """Every group of the units that has a beam.

    Args:
        units: whole units.
        settings: of the machine.
        machine: the profile.
        units_per_mm: printed coordinates per mm.

    Raises:
        MachineLimitError: a line or a row of shots that hardware cannot switch by position.
    """
    facts = units.facts
    beam = np.isin(facts.kind, (RowKind.LINE, RowKind.SHOTS))
    number = np.arange(len(facts))
    first_beam = np.minimum.reduceat(np.where(beam, number, len(facts)), units.first)
    last_beam = np.maximum.reduceat(np.where(beam, number, -1), units.first)
    n_shots = np.add.reduceat((facts.kind == RowKind.SHOTS).astype(np.int64), units.first)
    has = last_beam >= 0
    first, last, first_beam, last_beam = units.first[has], units.behind[has] - 1, first_beam[has], last_beam[has]
    shots = n_shots[has] > 0
    by_hand = ~shots & (settings.line_gate == "stops")
    window = ~shots & ~by_hand
    if machine.gate.open_delay or machine.gate.close_delay:
        # The stage would stand where the gate is told to open or close, beside the line's ends, until it has.
        _refuse(
            by_hand, facts, first_beam, units_per_mm,
            "is switched at standstill (line_gate: stops), where a gate with delays would burn its ends; state "
            "line_gate: window",
        )  # fmt: skip
    n = len(first)
    none = np.zeros(n, np.int64)
    groups = Groups(first, last, first_beam, last_beam, by_hand, window, shots, none, *(none.copy() for _ in range(5)))
    gated = np.flatnonzero(~by_hand)
    if len(gated):
        _switch_by_position(groups, gated, facts, settings, machine, units_per_mm)
    return groups


def _switch_by_position(
    groups: Groups,
    gated: NDArray[np.int64],
    facts: RowFacts,
    settings: AerotechSettings,
    machine: Machine,
    units_per_mm: int,
) -> None:
    """Fill in axis, window, distance and arming of the groups that are not switched by hand."""
    first, last = groups.first[gated], groups.last[gated]
    beam_from, beam_to = groups.first_beam[gated], groups.last_beam[gated]
    begin, end, start = facts.start_printed[beam_from], facts.printed[beam_to], facts.start_printed[first]
    tracked = np.array(settings.tracked)
    if not tracked.any():
        raise MachineLimitError(
            "no encoder is known to PSO: state input_x and counts_per_mm_x (or y, z) under controller.settings, or "
            "line_gate: stops"
        )
    travel = end - begin
    axis = np.argmax(np.abs(travel) * tracked, axis=1)
    groups.axis[gated] = axis
    along = travel[np.arange(len(axis)), axis]
    _refuse(
        (first == beam_from) | (last == beam_to) | facts.is_closing[last], facts, beam_from, units_per_mm,
        "has no run-up or no run-out: switched by position it would begin or end at standstill, where the counts "
        "tremble; plan it with run-ups, or state line_gate: stops",
    )  # fmt: skip
    _check_one_way(facts, first, last, axis, along, units_per_mm)
    length = np.sqrt((travel.astype(np.float64) ** 2).sum(axis=1))
    _refuse(
        np.abs(along) < STEEPEST * length * (1 - 1e-12), facts, beam_from, units_per_mm,
        "runs along an axis whose encoder PSO does not track; state its input and counts, or line_gate: stops",
    )  # fmt: skip
    per_mm = np.array(settings.counts_per_mm, np.int64)[axis]
    place = np.arange(len(axis)), axis

    def counts(printed: NDArray[np.int64]) -> NDArray[np.int64]:
        _refuse(
            printed * per_mm % units_per_mm != 0, facts, beam_from, units_per_mm,
            "begins or ends between two encoder counts; choose an increment of whole counts",
        )  # fmt: skip
        return np.asarray(printed * per_mm // units_per_mm, np.int64)

    to_begin, to_end = counts((begin - start)[place]), counts((end - start)[place])
    groups.low[gated], groups.high[gated] = np.minimum(to_begin, to_end), np.maximum(to_begin, to_end)
    groups.arm[gated] = groups.back[gated] = start[place]
    shots = groups.shots[gated]
    if shots.any():
        which = gated[shots]
        _place_shots(
            groups, which, facts, machine, units_per_mm, per_mm[shots], begin[place][shots], along[shots],
            start[place][shots],
        )  # fmt: skip
    reach = max(int(np.abs(groups.low[gated]).max()), int(np.abs(groups.high[gated]).max()))
    if reach > MAX_COUNTS:
        raise MachineLimitError(f"a line reaches {reach} counts, more than the {MAX_COUNTS} of PSO's 32-bit counters")


def _place_shots(
    groups: Groups,
    which: NDArray[np.int64],
    facts: RowFacts,
    machine: Machine,
    units_per_mm: int,
    per_mm: NDArray[np.int64],
    begin: NDArray[np.int64],
    along: NDArray[np.int64],
    start: NDArray[np.int64],
) -> None:
    """Distance, arming place and window of rows of shots.

    Shots fall on whole distances from where PSO is armed, so it is armed a whole number of distances before the first.
    """
    row = groups.first_beam[which]
    single = (groups.last_beam[which] != row) | (facts.count[row] < 2)
    _refuse(single, facts, row, units_per_mm, "is no single row of two or more shots between a run-up and a run-out")
    gaps = facts.count[row] - 1
    _refuse(
        along % gaps != 0, facts, row, units_per_mm,
        "has shots whose distance is no whole number of increments; choose a pitch that is",
    )  # fmt: skip
    pitch = along // gaps
    step = increment_ticks(machine) // (TICKS_PER_MM // units_per_mm)
    _refuse(
        (pitch % step != 0) | (pitch * per_mm % units_per_mm != 0), facts, row, units_per_mm,
        "has shots whose distance is no whole number of increments and counts; choose a pitch that is",
    )  # fmt: skip
    distance = np.abs(pitch * per_mm // units_per_mm)
    _refuse(
        (distance < 2) | (distance > MAX_DISTANCE), facts, row, units_per_mm,
        f"has shots nearer than 2 or farther apart than {MAX_DISTANCE} counts",
    )  # fmt: skip
    lead = np.maximum(np.abs(begin - start) // np.abs(pitch), 1)
    arm = begin - lead * pitch
    axis = groups.axis[which]
    ticks = TICKS_PER_MM // units_per_mm
    low = np.array([a.min * TICKS_PER_UM for a in machine.axis_list])[axis]
    high = np.array([a.max * TICKS_PER_UM for a in machine.axis_list])[axis]
    _refuse(
        (arm * ticks < low) | (arm * ticks > high), facts, row, units_per_mm,
        "begins too near the end of the axis: PSO is armed one distance before the first shot",
    )  # fmt: skip
    _check_firing(facts, row, machine, units_per_mm)
    sense = np.sign(along * per_mm)
    first = lead * distance * sense
    final = first + gaps * distance * sense
    groups.distance[which] = distance
    groups.arm[which] = arm
    groups.low[which] = np.minimum(first, final) - distance // 2
    groups.high[which] = np.maximum(first, final) + distance // 2


def _check_firing(facts: RowFacts, row: NDArray[np.int64], machine: Machine, units_per_mm: int) -> None:
    firing = machine.position_firing
    if firing is None:
        raise MachineLimitError("the profile has no `position_firing`, so that no shots can be fired by position")
    _refuse(
        facts.count[row] > firing.max_shots, facts, row, units_per_mm,
        f"has more than the {firing.max_shots} shots of position_firing.max_shots",
    )  # fmt: skip
    travel = (facts.printed[row] - facts.start_printed[row]).astype(np.float64) / units_per_mm
    rate = facts.speed_nm_s[row] / 1e6 * (facts.count[row] - 1) / np.sqrt((travel**2).sum(axis=1))
    _refuse(
        rate > firing.max_rate * (1 + 1e-9), facts, row, units_per_mm,
        f"fires faster than the {firing.max_rate:g} Hz of position_firing.max_rate; choose a slower speed",
    )  # fmt: skip


def _check_one_way(
    facts: RowFacts,
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    axis: NDArray[np.int64],
    along: NDArray[np.int64],
    units_per_mm: int,
) -> None:
    """Every move of a group must go the same way along the tracked axis, or the window would open twice."""
    lengths = last - first + 1
    rows = np.repeat(first - np.concatenate(([0], np.cumsum(lengths)[:-1])), lengths) + np.arange(lengths.sum())
    of = np.repeat(np.arange(len(first)), lengths)
    step = (facts.printed - facts.start_printed)[rows, axis[of]] * np.sign(along)[of]
    bad = np.zeros(len(first), np.bool_)
    bad[of[step <= 0]] = True
    _refuse(
        bad, facts, first, units_per_mm,
        "turns back along its main axis, so that no one window holds it; split the polyline where it turns, or state "
        "line_gate: stops (lines then begin and end at standstill)",
    )  # fmt: skip


def _refuse(bad: NDArray[np.bool_], facts: RowFacts, row: NDArray[np.int64], units_per_mm: int, why: str) -> None:
    if bad.any():
        place = facts.start_printed[row[int(np.flatnonzero(bad)[0])]] / units_per_mm
        where = ", ".join(f"{letter} {value:g}" for letter, value in zip(AXIS_LETTERS, place, strict=True))
        raise MachineLimitError(f"what begins at {where} mm {why}")
