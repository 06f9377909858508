"""Lines whose dose is not what the recipe says, because the stage slows down at corners and in short pieces."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import floor, log10, sqrt
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lasercam.checks.glance import glance_at
from lasercam.checks.tally import Case, finding, info, part_name, part_place
from lasercam.model.commanded import feed_speeds_nm_s
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.protocols import CheckContext
from lasercam.model.recipe import MAX_RECIPES
from lasercam.model.timing import PathClock, TimedBlock
from lasercam.model.toolpath import FEED_KINDS, NM_PER_UM, ToolpathBlock
from lasercam.process.path_dose import LineDose, dose_radius_um, line_dose
from lasercam.units import LENGTH, SPEED, format_quantity


@dataclass
class _Tale:
    """What is known of one recipe on one part.

    Attributes:
        length_um: of all its lines.
        beyond_um: of it, where the dose is beyond the tolerance.
        rows: lines that are anywhere beyond it.
        first_row: the first of them.
        worst: the dose farthest from 1.
        place_um: where: x, y, depth in the sample.
    """

    length_um: float = 0.0
    beyond_um: float = 0.0
    rows: int = 0
    first_row: int = -1
    worst: float = 1.0
    place_um: tuple[float, float, float] = (0.0, 0.0, 0.0)


class PathDose:
    """Judges the predicted dose along every line."""

    codes: ClassVar[tuple[CodeInfo, ...]] = (
        CodeInfo(
            "W_DOSE_CORNER",
            Severity.WARNING,
            "Corners or short lines change the dose along a line",
            "A place receives light while the spot passes over it, so its dose, and its pulses per spot, are "
            "proportional to 1 / speed. A stage with limited acceleration goes slower than programmed where lines "
            "meet at an angle, where rows are shorter than the controller can plan (LinuxCNC: one "
            "row per servo period, and two for the row at which the gate opens), where it cannot look far enough "
            "ahead, and where it braked early for what it did not know yet (LinuxCNC: in fine chords before a long "
            "straight piece of the same line). The speed along every line is predicted from the profile's speeds, "
            "accelerations, `path_tolerance` and `controller.planner`; the dose of a place is the time the stage needs "
            "for the spot's diameter, divided by that at the programmed speed (spot: `spot_radius` where it is "
            "supplied, else the unaberrated focus of the objective, which is assumed). Reported where it differs by "
            "more than the "
            "profile's `controller.dose_tolerance` (assumed to be 10 % unless the profile says otherwise). Write more "
            "slowly, round the corners, flatten curves with longer pieces, allow a larger `path_tolerance`, or waive "
            "it with the reason why the hot spots do not matter. `lasercam preview --view dose` shows the places.",
            "F12, F13: dose ∝ 1 / v; uniform acceleration; machine profile",
            can_waive=True,
        ),
    )

    def __init__(self) -> None:
        self._tales: dict[tuple[int, int, int], _Tale] = {}
        self._clock: PathClock | None = None
        self._section = -1

    def begin(self, context: CheckContext) -> None:
        """Work out how wide each recipe's spot is."""
        self._context = context
        recipes = context.header.recipes.recipes
        self._radii = [dose_radius_um(recipe) for recipe in recipes]
        self._radius: NDArray[np.float64] = np.array([radius for radius, _ in self._radii])
        self._speeds = [feed_speeds_nm_s(context.header.recipes, m) / NM_PER_UM for m in context.machines]

    def block(self, block: ToolpathBlock) -> None:
        """Time the rows; sections of dots are not looked at."""
        if block.section != self._section:
            self._close()
            self._section = block.section
        if self._clock is None:
            if glance_at(self._context, block).only_dots or not np.isin(block.kind, FEED_KINDS).any():
                return
            self._clock = self._context.clock(block.section, self._radius)
        for timed in self._clock.add(block):
            self._judge(timed)

    def end(self) -> Iterable[Finding]:
        """One finding per part and recipe."""
        self._close()
        return [self._finding(*key, tale) for key, tale in self._tales.items() if tale.rows]

    def _close(self) -> None:
        if self._clock is not None:
            for timed in self._clock.finish():
                self._judge(timed)
        self._clock = None

    def _judge(self, timed: TimedBlock) -> None:
        block = timed.block
        tolerance = self._context.machines[block.section].controller.dose_tolerance
        dose = line_dose(timed, self._speeds[block.section], self._radius)
        for keys, rows in _by_part(block, dose.line):
            self._tale(block.section, keys).length_um += float(dose.line_um[rows].sum())
        beyond = np.abs(dose.dose - 1.0) > tolerance
        bad = np.flatnonzero(beyond.any(axis=1))
        for keys, rows in _by_part(block, dose.row[bad]):
            self._note(self._tale(block.section, keys), block, dose, bad[rows], tolerance)

    def _tale(self, section: int, keys: tuple[int, int]) -> _Tale:
        return self._tales.setdefault((section, *keys), _Tale())

    def _note(
        self, tale: _Tale, block: ToolpathBlock, dose: LineDose, rows: NDArray[np.intp], tolerance: float
    ) -> None:
        off = np.abs(dose.piece_dose[rows] - 1.0) > tolerance
        tale.beyond_um += float(dose.piece_um[rows][off].sum())
        if tale.first_row < 0:
            tale.first_row = block.first_row + int(dose.row[rows[0]])
        tale.rows += len(rows)
        deviation = np.abs(dose.dose[rows] - 1.0)
        at, place = np.unravel_index(int(np.argmax(deviation)), deviation.shape)
        if deviation[at, place] > abs(tale.worst - 1.0):
            one = rows[at]
            tale.worst = float(dose.dose[one, place])
            row = dose.row[one]
            share = dose.place_um[one, place] / dose.place_um[one, -1]
            ends = np.stack((block.start_ticks[row], block.end_ticks[row]))
            x, y, depth = self._context.header.sections[block.section].frame.sample_um(ends).T
            tale.place_um = tuple(float(v[0] + share * (v[1] - v[0])) for v in (x, y, depth))  # type: ignore[assignment]

    def _finding(self, section: int, part: int, recipe: int, tale: _Tale) -> Finding:
        context = self._context
        controller = context.machines[section].controller
        made = context.header.recipes[recipe]
        speed = float(self._speeds[section][recipe])
        radius, supplied = self._radii[recipe]
        tolerance = controller.dose_tolerance
        x, y, depth = tale.place_um
        spot = format_quantity(2 * radius, LENGTH) + ("" if supplied else " (unaberrated focus, assumed)")
        pulses = ""
        if not made.laser.is_cw:
            programmed = 2 * radius * made.laser.rep_rate_hz / speed
            pulses = f", {programmed * tale.worst:.4g} pulses per spot instead of {programmed:.4g}"
        slower = "slowly" if tale.worst > 1 else "fast"
        text = (
            f"lines of recipe '{made.label}' get up to {tale.worst:.3g} times their dose{pulses}: at x {x:.3f}, y "
            f"{y:.3f}, depth {depth:.3f} µm the stage passes a spot of {spot} too {slower}, at "
            f"{format_quantity(speed / tale.worst, SPEED)} on average instead of {format_quantity(speed, SPEED)}; "
            f"{tale.rows:,} lines are off by more than {tolerance:.3g} somewhere, over "
            f"{tale.beyond_um / tale.length_um:.2%} of the length written with it"
        )
        hint = (
            f"At {format_quantity(_holding_speed(speed, tale.worst, tolerance), SPEED)} it would hold; or round the "
            f"corners, use longer pieces, or allow a larger path_tolerance (now "
            f"{format_quantity(controller.path_tolerance, LENGTH)})."
        )
        case = Case(tale.rows, tale.first_row)
        return finding(
            info(self.codes, "W_DOSE_CORNER"), text, part_name(context, part), part_place(context, part), case,
            value=tale.worst, limit=1.0 + tolerance, unit="", hint=hint,
        )  # fmt: skip


def _by_part(block: ToolpathBlock, rows: NDArray[np.int64]) -> Iterator[tuple[tuple[int, int], NDArray[np.intp]]]:
    """Part and recipe, and which of the rows (K,) belong to both."""
    keys = block.part[rows].astype(np.int64) * MAX_RECIPES + block.recipe[rows]
    for key in np.unique(keys).tolist():
        yield divmod(key, MAX_RECIPES), np.flatnonzero(keys == key)


def _holding_speed(speed_um_s: float, dose: float, tolerance: float) -> float:
    """Speed at which the same corner would stay within the tolerance, if the stage had to stop there; two digits.

    Slowing down to nothing and speeding up again costs the time v / a more than the spot's way 2 w / v: an excess of
    v² / (2 a w), as long as that happens within the spot; else the dose is v √(2 / (a w)). Either gives a w.

    Source: uniform acceleration.
    """
    if dose <= 1.0:
        return speed_um_s
    share = 2.0 * sqrt(tolerance) / dose if dose > 2.0 else sqrt(tolerance / (dose - 1.0))
    speed = speed_um_s * min(share, 1.0)
    step = 10.0 ** (floor(log10(speed)) - 1)
    return floor(speed / step) * step
