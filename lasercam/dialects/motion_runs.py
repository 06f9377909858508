"""Rows that are one motion at constant speed, with dark leads at both ends: for controllers that run whole paths."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import asin, degrees, floor, isqrt, sqrt
from typing import Final, NamedTuple

from lasercam.errors import GeometryError, MachineLimitError
from lasercam.model.toolpath import NM_PER_UM, TICKS_PER_UM, RowKind

PS_PER_S: Final = 10**12
ACCELERATION_DECIMALS: Final = 3
LARGEST_LEAD_DEGREES: Final = 10.0
"""Of a dark lead beside its line. The plan's rounding turns leads by some 4 degrees at most."""
_ANGLE_NOISE: Final = 1e-6
_CORNER: Final = 4 / 27
"""Largest of s³ - 2s² + s on 0..1: how far a cubic strays whose initial velocity is off by Δv, over Δv × duration."""
FM_PER_UM: Final = 10**9
_LEAST_BEHIND_FM: Final = 10**6
"""A nanometre: what no rounding of path lengths comes near."""
TICK_FM: Final = 100_000
"""A tick in 10^-12 mm, the last decimal of path lengths."""
LENGTH_DECIMALS: Final = 12
"""Of path lengths, mm: whole fm."""


class Feed(NamedTuple):
    """A row that feeds.

    Attributes:
        kind: LINE, LEAD or SHOTS.
        delta: displacement, ticks.
        speed_nm_s: of the row.
        shots: of SHOTS.
        closing: whether it is a dark row in which a slow gate still lets the beam through.
    """

    kind: int
    delta: tuple[int, int, int]
    speed_nm_s: int
    shots: int = 0
    closing: bool = False

    @property
    def length_ticks(self) -> float:
        """Its length."""
        return sqrt(sum(d * d for d in self.delta))


@dataclass(frozen=True)
class Joints:
    """How rows may follow each other in one motion.

    Attributes:
        tolerance_um: how far a PVT cubic may leave its row.
        acceleration_um_s2: of each axis.
        angle_text: largest corner of a line-arc trajectory, degrees; empty for PVT.
    """

    tolerance_um: float
    acceleration_um_s2: tuple[float, float, float]
    angle_text: str = ""

    def refusal(self, before: Feed, row: Feed) -> str:
        """Why a row cannot follow another without a stop; empty where it can."""
        corner = corner_degrees(before, row)
        if before.speed_nm_s != row.speed_nm_s:
            return (
                f"the speed changes from {before.speed_nm_s / NM_PER_UM:g} to {row.speed_nm_s / NM_PER_UM:g} µm/s "
                "inside a run of lines, which takes distance with the beam on"
            )
        if self.angle_text:
            if corner <= float(self.angle_text) + _ANGLE_NOISE:
                return ""
            return (
                f"a corner of {corner:.3g} degrees is larger than the {self.angle_text} degrees of a line-arc "
                "trajectory (controller.settings: discontinuity_angle)"
            )
        turned = _turn(before, row)
        strays_um = _CORNER * sqrt(sum(t * t for t in turned)) * row.length_ticks / TICKS_PER_UM
        if strays_um > self.tolerance_um:
            return (
                f"a corner of {corner:.3g} degrees would bend the {row.length_ticks / TICKS_PER_UM:.4g} µm behind it "
                f"by {strays_um:.3g} µm, more than the path tolerance of {self.tolerance_um:g} µm"
            )
        # x'' of the cubic is largest at its start: 4 Δv / T.
        speed_um_s = row.speed_nm_s / NM_PER_UM
        needed = [4 * abs(t) * speed_um_s**2 / (row.length_ticks / TICKS_PER_UM) for t in turned]
        excess = [found / allowed for found, allowed in zip(needed, self.acceleration_um_s2, strict=True)]
        axis = excess.index(max(excess))
        if excess[axis] > 1 + 1e-9:
            return (
                f"a corner of {corner:.3g} degrees at {speed_um_s:g} µm/s needs {needed[axis] / 1000:.4g} mm/s² of "
                f"axis {'xyz'[axis]}, which has {self.acceleration_um_s2[axis] / 1000:g} mm/s²; possible is "
                f"{speed_um_s / sqrt(excess[axis]):.4g} µm/s"
            )
        return ""

    def rest_between(self, before: Feed, row: Feed) -> bool:
        """Whether the stage stops between two rows: dark leads that do not go on in one motion.

        Never behind a row in which the gate still closes: the stage would slow down with the beam on.
        """
        return not before.closing and before.kind == row.kind == RowKind.LEAD and bool(self.refusal(before, row))

    def check(self, run: Sequence[Feed]) -> None:
        """Refuse a run that cannot be one motion at its speed.

        Raises:
            GeometryError: leads without a line.
            MachineLimitError: no lead at an end, a change of speed, or a corner.
        """
        if all(row.kind == RowKind.LEAD for row in run):
            raise GeometryError("run-ups without a line between them cannot be written")
        if run[0].kind != RowKind.LEAD or run[-1].kind != RowKind.LEAD or run[-1].closing:
            raise MachineLimitError(
                "a line begins or ends without a run-up: the stage would speed up or slow down with the beam on; "
                "plan a dark lead of v² / 2a before and behind each run of lines"
            )
        for i, (before, row) in enumerate(pairwise(run)):
            is_lead = i == 0 or i + 2 == len(run)
            if is_lead and not self.angle_text and before.speed_nm_s == row.speed_nm_s:
                corner = corner_degrees(before, row)
                if corner > LARGEST_LEAD_DEGREES:
                    raise MachineLimitError(
                        f"a run-up turns by {corner:.3g} degrees where it meets its line, more than the "
                        f"{LARGEST_LEAD_DEGREES:g} degrees that rounding can cause; plan leads along their lines"
                    )
            elif why := self.refusal(before, row):
                raise MachineLimitError(
                    f"{why}; not supported: end the line there and begin another, or flatten the curve finer"
                )


def corner_degrees(before: Feed, row: Feed) -> float:
    """Angle between two rows; small angles are exact to some 10^-8 degrees."""
    half = sqrt(sum(t * t for t in _turn(before, row))) / 2
    return degrees(2 * asin(min(1.0, half)))


def _turn(before: Feed, row: Feed) -> tuple[float, float, float]:
    """Difference of the directions of two rows, per axis."""
    one, other = before.length_ticks, row.length_ticks
    x, y, z = (a / one - b / other for a, b in zip(before.delta, row.delta, strict=True))
    return x, y, z


def windows(run: Sequence[Feed]) -> list[tuple[int, int]]:
    """First and last index of each stretch of rows in which the laser fires."""
    lit = [row.kind != RowKind.LEAD for row in run]
    firsts = [i for i, on in enumerate(lit) if on and not lit[i - 1]]
    return [(first, next(i for i in range(first, len(run)) if not lit[i + 1])) for first in firsts]


def path_acceleration(run: Sequence[Feed], limits_um_s2: Sequence[float]) -> int:
    """Acceleration along the path that no axis exceeds, in 10^-3 mm/s².

    Raises:
        MachineLimitError: a run-up too short for it.
    """
    line = next(row for row in run if row.kind != RowKind.LEAD)
    allowed = min(
        a * line.length_ticks / abs(d) for a, d in zip(limits_um_s2, line.delta[:2], strict=True) if d
    )  # fmt: skip
    printed = floor(allowed * 10**ACCELERATION_DECIMALS / NM_PER_UM)
    needed = (line.speed_nm_s / NM_PER_UM) ** 2 / (2 * printed * NM_PER_UM / 10**ACCELERATION_DECIMALS)
    for lead in (run[0], run[-1]):
        # A run-up that was rounded aside may be shorter along the line by a few increments' share: 1 % covers it.
        if lead.length_ticks / TICKS_PER_UM < needed * 0.99:
            raise MachineLimitError(
                f"a run-up of {lead.length_ticks / TICKS_PER_UM:.4g} µm is shorter than the {needed:.4g} µm (v² / 2a) "
                "in which the stage speeds up; plan longer leads"
            )
    return printed


def pulse_window(run: Sequence[Feed], first: int, last: int, period_ps: int) -> tuple[int, int, int]:
    """Where output pulses begin and end along the path and how far they lie apart, 10^-12 mm.

    A line has a pulse per period, from its start to its end. Shots end behind the last one, by half of their distance
    or of the dark lead, whichever is less, so that no rounding adds or loses one.

    Raises:
        MachineLimitError: shots beside other lines, shots too many for the lead, a distance that does not print.
    """
    row = run[first]
    lengths = [_path_length(r) for r in run]
    start, inside = sum(lengths[:first]), sum(lengths[first : last + 1])
    if row.kind != RowKind.SHOTS:
        product = row.speed_nm_s * period_ps  # nm/s × ps = 10^-12 nm = 10^-18 mm
        if product % 10**6:
            raise MachineLimitError(
                f"{row.speed_nm_s / NM_PER_UM:g} µm/s × {period_ps / PS_PER_S:g} s is no whole number of fm; change "
                "the speed to a whole number of µm/s"
            )
        return start, start + inside, product // 10**6
    if first != last or row.shots < 2:
        raise MachineLimitError("shots by position stand in a motion of their own, two shots at least")
    interval, rest = divmod(inside, row.shots - 1)
    if rest > TICK_FM // 2:
        raise MachineLimitError(
            f"{row.shots} shots over {row.length_ticks / TICKS_PER_UM:.4f} µm: rounding their distance to 1 fm would "
            "shift the last one by more than half a tick; write shorter rows"
        )
    # Far from the last shot and from the one that must not come, and inside the lead.
    behind = min(interval, lengths[last + 1]) // 2
    if behind < _LEAST_BEHIND_FM:
        raise MachineLimitError(
            f"a dark lead of {lengths[last + 1] / FM_PER_UM:g} µm behind shots {interval / FM_PER_UM:g} µm apart is "
            "too short to end the output pulses in; plan longer leads"
        )
    return start, start + inside + behind, interval


def _path_length(row: Feed) -> int:
    """Length of a row, 10^-12 mm; all in integers."""
    square = sum(d * d for d in row.delta) * TICK_FM * TICK_FM
    return (isqrt(4 * square) + 1) // 2
