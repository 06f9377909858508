"""Lines whose dose is not what the recipe says, because the stage slows down at corners and in short pieces."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lasercam.checks.tally import Case, finding, info, part_name, part_place
from lasercam.model.commanded import feed_speeds_nm_s
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.protocols import CheckContext
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
            "meet at an angle, where lines are shorter than the controller can plan, and where it cannot look far "
            "enough ahead. The speed along every line is predicted from the profile's speeds, accelerations, "
            "`path_tolerance` and `controller.planner`; the dose of a place is the time the stage needs for the "
            "spot's diameter, divided by that at the programmed speed (spot: `spot_radius` where it is supplied, else "
            "the unaberrated focus of the objective, which is assumed). Reported where it differs by more than the "
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
            if not np.isin(block.kind, FEED_KINDS).any():
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
        if not len(dose.row):
            return
        worst = dose.worst
        beyond = np.abs(worst - 1.0) > tolerance
        parts, recipes = block.part[dose.row].astype(np.int64), block.recipe[dose.row].astype(np.int64)
        for part, recipe in np.unique(np.stack((parts, recipes), axis=1), axis=0).tolist():
            mine = (parts == part) & (recipes == recipe)
            tale = self._tales.setdefault((block.section, part, recipe), _Tale())
            tale.length_um += float(dose.length_um[mine].sum())
            bad = np.flatnonzero(mine & beyond)
            if len(bad):
                self._note(tale, block, dose, worst, bad, tolerance)

    def _note(
        self, tale: _Tale, block: ToolpathBlock, dose: LineDose, worst: NDArray[np.float64], bad: NDArray[np.intp],
        tolerance: float,
    ) -> None:  # fmt: skip
        tale.beyond_um += float(_length_beyond(dose, bad, tolerance).sum())
        if tale.first_row < 0:
            tale.first_row = block.first_row + int(dose.row[bad[0]])
        tale.rows += len(bad)
        at = int(bad[np.argmax(np.abs(worst[bad] - 1.0))])
        if abs(worst[at] - 1.0) > abs(tale.worst - 1.0):
            tale.worst = float(worst[at])
            row = int(dose.row[at])
            ends = block.start_ticks[row : row + 1], block.end_ticks[row : row + 1]
            behind = int(np.argmax(np.abs(dose.dose[at] - 1.0))) >= 2
            place = self._context.header.sections[block.section].frame.sample_um(ends[1] if behind else ends[0])
            tale.place_um = (float(place[0, 0]), float(place[0, 1]), float(place[0, 2]))

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
        slower = "slower" if tale.worst > 1 else "faster"
        text = (
            f"lines of recipe '{made.label}' get up to {tale.worst:.3g} times their dose{pulses}: at x {x:.3f}, y "
            f"{y:.3f}, depth {depth:.3f} µm the stage passes a spot of {spot} {slower}, at "
            f"{format_quantity(speed / tale.worst, SPEED)} instead of {format_quantity(speed, SPEED)} on average; "
            f"{tale.rows:,} lines and {tale.beyond_um / tale.length_um:.2g} of their length are off by more than "
            f"{tolerance:.0%}"
        )
        hint = (
            f"At about {format_quantity(_holding_speed(speed, tale.worst, tolerance), SPEED)} it would hold; or round "
            f"the corners, use longer pieces, or allow a larger path_tolerance (now "
            f"{format_quantity(controller.path_tolerance, LENGTH)})."
        )
        case = Case(tale.rows, tale.first_row)
        return finding(
            info(self.codes, "W_DOSE_CORNER"), text, part_name(context, part), part_place(context, part), case,
            value=tale.worst, limit=1.0 + tolerance, unit="", hint=hint,
        )  # fmt: skip


def _length_beyond(dose: LineDose, rows: NDArray[np.intp], tolerance: float) -> NDArray[np.float64]:
    """float64 (K,), of these lines, where the dose is beyond the tolerance: head, middle and tail each as a whole."""
    beyond = np.abs(dose.dose[rows] - 1.0) > tolerance
    near = dose.near_um[rows]
    middle = dose.length_um[rows] - 2.0 * near
    return np.asarray(near * beyond[:, 0] + middle * (beyond[:, 1] & beyond[:, 2]) + near * beyond[:, 3])


def _holding_speed(speed_um_s: float, dose: float, tolerance: float) -> float:
    """Speed at which the same corner would stay within the tolerance, if the stage had to stop there.

    Slowing down to nothing and speeding up again costs the time v / a more than the spot's way 2 w / v: an excess of
    v² / (2 a w), as long as that happens within the spot; else the dose is v √(2 / (a w)). Either gives a w.

    Source: uniform acceleration.
    """
    if dose <= 1.0:
        return speed_um_s
    share = 2.0 * sqrt(tolerance) / dose if dose > 2.0 else sqrt(tolerance / (dose - 1.0))
    return speed_um_s * min(share, 1.0)
