"""Neighbours that are closer than the spot is wide, and lines that cross."""

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lasercam.checks.duplicate import duplicate_dots
from lasercam.checks.exposures import Items, Steps, same_place_ticks, steps
from lasercam.checks.neighbours import crowded
from lasercam.checks.segments import near_pairs, separation, shared_stretch
from lasercam.checks.sweep import Scene, joined_sweep
from lasercam.checks.tally import Tally, finding, part_name, part_place, place
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.protocols import CheckContext
from lasercam.model.toolpath import TICKS_PER_UM, ToolpathBlock


class Spacing:
    """Judges how close exposures come to each other."""

    codes: ClassVar[tuple[CodeInfo, ...]] = (
        CodeInfo(
            "W_SPACING",
            Severity.WARNING,
            "Features are closer than the spot is wide",
            "Two features whose distance is below the sum of their 1/e² spot radii (for one recipe: the spot "
            "diameter, 2 w0) overlap: the second receives part of the dose of the first, and the two may not be told "
            "apart afterwards. Where the lab supplies `feature_pitch` for the process, the larger of the two counts. "
            "Judged are dots among dots, dots beside lines, and lines of different parts; lines of one part are not, "
            "since hatching overlaps on purpose, nor are pairs that a rewrite is meant to hit. The distance is taken "
            "in space with equal weight on all axes; layers above each other are judged by W_SPACING_AXIAL. "
            "Raise the pitch, or waive it with the reason why the overlap does not matter.",
            "definition of the 1/e² radius of a Gaussian spot",
            can_waive=True,
        ),
        CodeInfo(
            "W_CROSSING",
            Severity.WARNING,
            "Lines cross",
            "Where two lines of the same step cross, or one ends on another, the spot passes the same place twice: "
            "that place receives twice the dose of the rest. A line's consecutive pieces do not count, nor do lines "
            "of one part that meet end on end. Lines that run along each other are errors (E_DUPLICATE). Cut one "
            "pattern by the other with `outside`, end the strokes before they meet, or waive it with a reason.",
            can_waive=True,
        ),
        CodeInfo(
            "N_SPACING_UNKNOWN",
            Severity.NOTE,
            "Spacing was not judged, because the spot radius is not known",
            "How close two features may be depends on the spot radius, which the job's process does not state. Nothing "
            "is assumed: the distance between neighbours was not looked at for these recipes. Supply `spot_radius` "
            "(1/e² radius of the intensity at the focus, such as from a knife-edge measurement) or `feature_pitch` "
            "under `supply` of the process to have it judged.",
        ),
    )

    def __init__(self) -> None:
        self._close: Tally[tuple[int, str]] = Tally()
        self._crossed: Tally[tuple[int, int]] = Tally()

    def begin(self, context: CheckContext) -> None:
        """Work out how far each recipe reaches."""
        self._context = context
        self._steps: Steps = steps(context.header.sections)
        self._tolerance = same_place_ticks(context.header.sections)
        self._used: set[int] = set()
        radii = [half_spacing_um(context, i) for i in range(len(context.header.recipes))]
        self._known = [radius is not None for radius in radii]
        self._half: NDArray[np.int64] = np.array([round((r or 0.0) * TICKS_PER_UM) for r in radii] or [0], np.int64)
        order = np.tri(len(self._steps), dtype=np.bool_)
        self._matters: NDArray[np.bool_] = order & ~self._steps.may_touch()
        reach = max(self._tolerance + 1, 2 * int(self._half.max()))
        self._sweep = joined_sweep(context, self._matters, reach, self._look)

    def block(self, block: ToolpathBlock) -> None:
        """Note where the block exposes."""
        self._sweep.add(block)
        if not all(self._known):
            self._used.update(np.flatnonzero(np.bincount(block.recipe[block.exposes])).tolist())

    def end(self) -> Iterable[Finding]:
        """Read again, and measure."""
        self._sweep.run()
        close = [self._spacing_finding(*key) for key in self._close.cases]
        return [*close, *(self._crossing_finding(*key) for key in self._crossed.cases), *self._unknown()]

    def _look(self, scene: Scene) -> None:
        if self._half.any():
            self._dots(scene)
            self._dots_beside_lines(scene)
            self._lines_beside_lines(scene)
        self._crossings(scene)

    def _dots(self, scene: Scene) -> None:
        """Dots among dots; those that lie on each other are duplicates and not reported again."""
        dots = scene.dots
        single = scene.own_dots & ~duplicate_dots(scene, self._matters, self._tolerance)
        half = self._half[dots.recipe]
        close = np.flatnonzero(crowded(dots.start, half, dots.step, single, self._matters, extra=0))
        for part in np.unique(dots.part[close]):
            mine = close[dots.part[close] == part]
            first = int(mine[0])
            gap = dots.start[:first] - dots.start[first]
            distance = np.sqrt((gap.astype(np.float64) ** 2).sum(axis=1))
            distance[~self._matters[dots.step[first], dots.step[:first]]] = np.inf
            limit = half[:first] + half[first]
            at = int(np.argmin(np.where(distance < limit, distance, np.inf)))
            self._note_close(int(part), "dots", dots.row[mine], float(distance[at]), float(limit[at]))

    def _dots_beside_lines(self, scene: Scene) -> None:
        dots, lines = scene.dots, scene.lines
        for dot, line in near_pairs(dots, lines, 2 * int(self._half.max())):
            dot_later = dots.row[dot] > lines.row[line]
            judged = np.where(
                dot_later,
                scene.own_dots[dot] & self._matters[dots.step[dot], lines.step[line]],
                scene.own_lines[line] & self._matters[lines.step[line], dots.step[dot]],
            )
            self._note_pairs(dots, dot[judged], lines, line[judged], "dots beside lines")

    def _lines_beside_lines(self, scene: Scene) -> None:
        """Lines of different parts; within a part hatching overlaps on purpose."""
        lines = scene.lines
        for part in np.unique(lines.part[scene.own_lines]):
            own = np.flatnonzero(scene.own_lines & (lines.part == part))
            other = np.flatnonzero(lines.part != part)
            for i, j in near_pairs(lines.take(own), lines.take(other), 2 * int(self._half.max())):
                later, earlier = own[i], other[j]
                judged = (earlier < later) & self._matters[lines.step[later], lines.step[earlier]]
                self._note_pairs(lines, later[judged], lines, earlier[judged], "lines")

    def _note_pairs(self, a: Items, i: NDArray[np.intp], b: Items, j: NDArray[np.intp], what: str) -> None:
        """Count pairs that are closer than their spots and farther than touching, by the part of a."""
        distance = separation(a, i, b, j)
        limit = self._half[a.recipe[i]] + self._half[b.recipe[j]]
        close = np.flatnonzero((distance < limit) & (distance > self._tolerance))
        for part in np.unique(a.part[i[close]]):
            mine = close[a.part[i[close]] == part]
            at = mine[int(np.argmin(distance[mine]))]
            rows = np.unique(np.maximum(a.row[i[mine]], b.row[j[mine]]))
            self._note_close(int(part), what, rows, float(distance[at]), float(limit[at]))

    def _note_close(self, part: int, what: str, rows: NDArray[np.int64], distance: float, limit: float) -> None:
        """`worst` is how far the distance falls short, so that the closest pair is kept."""
        um = (distance / TICKS_PER_UM, limit / TICKS_PER_UM)
        self._close.add((part, what), rows, um[1] - um[0], um)

    def _crossings(self, scene: Scene) -> None:
        lines = scene.lines
        own = np.flatnonzero(scene.own_lines)
        for i, j in near_pairs(lines.take(own), lines, self._tolerance + 1):
            later, earlier = own[i], j
            judged = (earlier < later) & self._matters[lines.step[later], lines.step[earlier]]
            judged &= ~self._is_joint(lines, later, earlier)
            later, earlier = later[judged], earlier[judged]
            first, last = shared_stretch(lines, later, lines, earlier, self._tolerance)
            crossing = last < first
            later, earlier = later[crossing], earlier[crossing]
            pairs = np.column_stack((lines.part[later], lines.part[earlier]))
            for part, other in np.unique(pairs, axis=0).tolist():
                mine = (pairs[:, 0] == part) & (pairs[:, 1] == other)
                self._crossed.add((part, other), lines.row[later[mine]])

    def _is_joint(self, lines: Items, a: NDArray[np.intp], b: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Whether lines of one part meet end on end: an outline that goes on, or closes."""
        joint = np.zeros(len(a), np.bool_)
        for end in (lines.start, lines.end):
            for other in (lines.start, lines.end):
                joint |= np.abs(end[a] - other[b]).max(axis=1, initial=0) <= self._tolerance
        return np.asarray(joint & (lines.part[a] == lines.part[b]))

    def _spacing_finding(self, part: int, what: str) -> Finding:
        case = self._close.cases[(part, what)]
        distance, limit = (float(str(v)) for v in case.detail)
        return finding(
            self.codes[0],
            f"{case.count:,} {what} lie closer to an earlier feature than the spot is wide: "
            f"{distance:.4g} µm < {limit:.4g} µm (first: row {case.first_row})",
            part_name(self._context, part),
            part_place(self._context, part),
            case,
            value=distance,
            limit=limit,
            unit="um",
            hint="Raise the pitch above the spot diameter, or waive it with the reason why the overlap is harmless.",
        )

    def _crossing_finding(self, part: int, other: int) -> Finding:
        case = self._crossed.cases[(part, other)]
        whose = "of the same part" if part == other else f"of {part_name(self._context, other)}"
        return finding(
            self.codes[1],
            f"lines cross or end on lines {whose} at {case.count:,} places, which are exposed twice "
            f"(first: row {case.first_row})",
            part_name(self._context, part),
            part_place(self._context, part),
            case,
            hint="Cut one by the other with `outside`, or end the strokes before they meet.",
        )

    def _unknown(self) -> Iterable[Finding]:
        recipes = self._context.header.recipes
        blind = [recipes[i] for i in sorted(self._used) if not self._known[i]]
        for process in dict.fromkeys(r.process for r in blind):
            names = dict.fromkeys(r.name for r in blind if r.process == process)
            yield finding(
                self.codes[2],
                f"the spot radius of {process} is not known, so the spacing of what {', '.join(names)} "
                f"{'writes' if len(names) == 1 else 'write'} was not judged",
                f"recipes.{next(iter(names))}",
                place(self._context, "recipes", next(iter(names))),
                hint=f"Write `spot_radius:` with value, definition and source under `supply: {process}:`.",
            )


def half_spacing_um(context: CheckContext, recipe: int) -> float | None:
    """Half the distance two features of a recipe must keep: the spot radius or half the supplied pitch, µm."""
    values = context.header.recipes[recipe].values
    known = []
    if "spot_radius" in values:
        known.append(values["spot_radius"].value)
    if "feature_pitch" in values:
        known.append(values["feature_pitch"].value / 2)
    return max(known, default=None)
