"""Cutting the beam at once, and what can still be known about where that happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lasercam.errors import LinkError
from lasercam.model.toolpath import TICKS_PER_UM
from lasercam.run.faults import FaultError
from lasercam.run.link import HOLD, GrblLink
from lasercam.run.program import JobLine
from lasercam.run.replies import Ok, Place, Refusal
from lasercam.run.row_ranges import RowRanges

CUTTING_ATTEMPTS: Final = 2
"""A second one, because a reset that came of itself may have been under way."""
ANSWER_S: Final = 1.0
NOT_CONFIRMED: Final = (
    "the beam is NOT confirmed off: close it at the laser or by the interlock before anyone goes near it"
)


@dataclass(frozen=True)
class Ending:
    """How the controller was left.

    Attributes:
        is_dark: it was reset and says that nothing is on.
        place_um: where it stands, in work coordinates; None when it does not say.
        problem: why it is not known to be dark; empty when it is.
    """

    is_dark: bool
    place_um: Place | None = None
    problem: str = ""


def cut_beam(link: GrblLink) -> Ending:
    """The beam is off when this returns, or the ending says that nobody knows. Never raises a LasercamError."""
    problem = ""
    for _ in range(CUTTING_ATTEMPTS):
        try:
            return _cut(link)
        except LinkError as error:
            problem = str(error)
    return Ending(is_dark=False, problem=problem)


def _cut(link: GrblLink) -> Ending:
    link.reset(HOLD)
    # error:9 after an alarm is as good: the reset has dropped the output already.
    link.write(b"M5S0\n")
    start = link.now_s()
    while not isinstance(link.next(), (Ok, Refusal)):
        if link.now_s() - start > ANSWER_S:
            raise FaultError("silent", "M5 is not answered after a reset")
    status = link.status()
    if status.power:
        return Ending(is_dark=False, problem=f"S is still {status.power:g} after a reset")
    return Ending(is_dark=True, place_um=link.work_um(status))


@dataclass(frozen=True)
class Bounds:
    """What an interruption leaves of the rows: below `done` over, from `begun` on untouched, between them unknown."""

    done: int
    begun: int
    partly: RowRanges


def bounds_at(window: Sequence[JobLine], place: Place | None, done: int, begun: int, tolerance_um: float) -> Bounds:
    """What is known of rows once the motion was cut at a place: it was under way on one of the lines through there.

    Only where everything the controller said is trusted, that is, when the operator stopped a healthy run.

    Args:
        window: lines that may not be executed yet, oldest first.
        place: where the motion stopped, work coordinates, µm.
        done, begun: bounds without that knowledge.
        tolerance_um: how far a place may be from its line.
    """
    unknown = Bounds(done, begun, RowRanges())
    if place is None:
        return unknown
    through = [i for i, line in enumerate(window) if _leads_through(line, place, tolerance_um)]
    if not through:
        return unknown
    first, last = through[0], through[-1]
    before = max([done, *(line.ended_to for line in window[:first])])
    after = min(begun, window[last].begun_to)
    lit = [line for line in window[first : last + 1] if line.beam_on_s > 0]
    if len({line.begun_to for line in lit}) == 1 and after > before and _is_within(place, lit, tolerance_um):
        return Bounds(before, after, RowRanges.of((after - 1, after)))
    return Bounds(before, max(before, after), RowRanges())


def _leads_through(line: JobLine, place: Place, tolerance_um: float) -> bool:
    if line.end_ticks is None:
        return False  # the head of a file, before anything has a place
    return line.start_ticks is None or _distance_um(place, line) <= tolerance_um


def _distance_um(place: Place, line: JobLine) -> float:
    """From a place to the segment of a line."""
    a = [v / TICKS_PER_UM for v in line.start_ticks or (0, 0, 0)]
    b = [v / TICKS_PER_UM for v in line.end_ticks or (0, 0, 0)]
    along = [q - p for p, q in zip(a, b, strict=True)]
    length2 = sum(v * v for v in along)
    share = 0.0
    if length2 > 0:
        share = sum((c - p) * v for c, p, v in zip(place, a, along, strict=True)) / length2
        share = min(1.0, max(0.0, share))
    return float(sum((c - p - share * v) ** 2 for c, p, v in zip(place, a, along, strict=True)) ** 0.5)


def _is_within(place: Place, row: Sequence[JobLine], tolerance_um: float) -> bool:
    """Whether a place lies on the lines of one row, clear of its ends; where two pieces of it meet is within."""
    through = [line for line in row if line.moves and _leads_through(line, place, tolerance_um)]
    return len(through) > 1 or (len(through) == 1 and _is_inside(place, through[0], tolerance_um))


def _is_inside(place: Place, line: JobLine, tolerance_um: float) -> bool:
    """Whether a place lies clear of both ends of a line."""
    ends = (line.start_ticks or (0, 0, 0), line.end_ticks or (0, 0, 0))
    return all(
        sum((c - v / TICKS_PER_UM) ** 2 for c, v in zip(place, end, strict=True)) ** 0.5 > tolerance_um for end in ends
    )
