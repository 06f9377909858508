"""Deep before shallow: no beam is focused through what is already written above its focus."""

import math
from collections.abc import Iterable
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from lasercam.checks.exposures import Steps, steps
from lasercam.checks.glance import glance_at
from lasercam.checks.shadow import Light, Maps, cast_shadows, empty_maps
from lasercam.checks.tally import Tally, finding, part_name, part_place
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.machine import Machine
from lasercam.model.protocols import CheckContext
from lasercam.model.recipe import PassKind, Recipe
from lasercam.model.toolpath import TICKS_PER_UM, RowKind, ToolpathBlock
from lasercam.process.depth_travel import enters
from lasercam.process.optics import spot_radius_um

BLOCKED_SHARE: Final = 0.05
"""Share of the cone from which it is worth a warning (assumed): a tenth of the peak fluence."""
_TOLD_DEPTHS: Final = 4_096
"""Different depths that are told apart; a toolpath with more is a cloud."""

_Key = tuple[int, int]
"""Part and step."""


class Cone:
    """Judges exposures whose cone of light passes what an earlier exposure wrote above them."""

    codes: ClassVar[tuple[CodeInfo, ...]] = (
        CodeInfo(
            "W_CONE_BLOCKED",
            Severity.WARNING,
            "The beam is focused through what is already written",
            "Light reaches a focus at depth z as a cone of half-angle asin(NA / n); at a depth z' above, its radius is "
            "√(w0² + ((z − z') NA / √(n² − NA²))²). What is written there scatters, absorbs or shifts the light, so "
            "the focus is weaker and less sharp than in fresh material. Compared is, for every exposure, the share of "
            "the cone's cross-section that exposures before it (of this job, or of the sample's ledger) have written, "
            "over all depths above that are farther than the focus is long: dots count with the area of their focus, "
            "lines with their width. If what is written lets nothing through, a share s costs s of the energy and "
            "1 − (1 − s)² of the peak fluence; reported is a share above 5 % (a tenth of the peak fluence; assumed). "
            "The area is spread over the cells of a map, some thousandth of the pattern wide, so single dots in a wide "
            "sparse pattern count less than they should right above the focus. Features that a later step erased "
            "still count. Write deeper things in the earlier step, let the planner order (`order: planned`), or waive "
            "this with what was measured behind written layers.",
            "geometry of the cone; Gaussian beam radius (F05); the limit is assumed",
            can_waive=True,
        ),
    )

    def __init__(self) -> None:
        self._found: Tally[_Key] = Tally()

    def begin(self, context: CheckContext) -> None:
        """Work out each section's cone."""
        self._context = context
        self._steps: Steps = steps(context.header.sections)
        self._index = context.job.sample.refractive_index
        self._slopes = [self._slope(machine) for machine in context.machines]
        self._radii = [self._radius_table(machine) for machine in context.machines]
        self._widest_um = max((float(table.max()) for table in self._radii if len(table)), default=0.0)
        self._shallowest = np.iinfo(np.int64).max  # of everything written so far, ticks
        self._is_deeper_later = False

    def _slope(self, machine: Machine) -> float:
        """Tangent of the half-angle in the sample; 0 where outer rays do not enter, which another check says."""
        objective = machine.objective
        if not enters(objective, self._index):
            return 0.0
        return objective.na / math.sqrt(self._index**2 - objective.na**2)

    def _radius_table(self, machine: Machine) -> NDArray[np.float64]:
        """Radius of the focus by recipe: supplied, for it or (what earlier jobs wrote) for its process, or ideal."""
        recipes = self._context.header.recipes.recipes
        of_process: dict[str, float] = {}
        for recipe in recipes:
            known = _supplied_um(recipe)
            of_process[recipe.process] = max(known, of_process.get(recipe.process, 0.0))
        return np.array(
            [
                _supplied_um(recipe)
                or of_process[recipe.process]
                or spot_radius_um(recipe.laser.wavelength_nm, machine.objective.na, 1.0)
                for recipe in recipes
            ],
            np.float64,
        )

    def block(self, block: ToolpathBlock) -> None:
        """Note whether anything is deeper than what was written before it."""
        if self._is_deeper_later:
            return
        seen = glance_at(self._context, block)
        if not len(seen.rows):
            return
        least, most = int(seen.exposed[0][2]), int(seen.exposed[1][2])
        if block.first_row >= 0:  # those of earlier jobs were judged when they were built
            self._is_deeper_later = most > self._shallowest
            if not self._is_deeper_later and self._writes(block.section) and most > least:
                upper = np.minimum(seen.start[:, 2], seen.end[:, 2])
                lower = np.maximum(seen.start[:, 2], seen.end[:, 2])
                self._is_deeper_later = bool(np.any(lower[1:] > np.minimum.accumulate(upper)[:-1]))
        if self._writes(block.section):
            self._shallowest = min(self._shallowest, least)

    def end(self) -> Iterable[Finding]:
        """Where something is deeper than what came before, read again and look at every cone."""
        if not self._is_deeper_later:
            return []
        maps = self._maps()
        for block in self._context.blocks():
            self._judge(block, maps)
        return [self._finding(key, maps) for key in self._found.cases]

    def _maps(self) -> Maps:
        """Empty maps for all depths that are written, as wide as everything."""
        low, high = np.full(3, np.inf), np.full(3, -np.inf)
        depths: set[int] = set()
        for block in self._context.blocks():
            rows, start, end = self._exposed(block)
            if not len(rows):
                continue
            for corner in (end,) if start is end else (start, end):
                low, high = np.minimum(low, corner.min(axis=0)), np.maximum(high, corner.max(axis=0))
                if self._writes(block.section) and len(depths) <= _TOLD_DEPTHS:
                    depths.update(np.unique(corner[:, 2]).tolist())
        told = sorted(depths) if len(depths) <= _TOLD_DEPTHS else np.linspace(low[2], high[2], _TOLD_DEPTHS).tolist()
        ticks = TICKS_PER_UM
        return empty_maps(np.array(told) / ticks, low[:2] / ticks, high[:2] / ticks, self._widest_um)

    def _exposed(self, block: ToolpathBlock) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.int64]]:
        """Rows that expose, and where their light begins and ends, in the sample's ticks; dots once for both."""
        seen = glance_at(self._context, block)
        return seen.rows, seen.start, seen.end

    def _writes(self, section: int) -> bool:
        """Whether a section leaves features where there were none."""
        return self._context.header.sections[section].pass_kind is PassKind.WRITE

    def _judge(self, block: ToolpathBlock, maps: Maps) -> None:
        rows, start, end = self._exposed(block)
        if not len(rows):
            return
        light = self._light(block, rows, start / TICKS_PER_UM, end / TICKS_PER_UM)
        blocked = cast_shadows(maps, light)
        step = self._steps.of_section[block.section]
        dark = np.flatnonzero(blocked.share > BLOCKED_SHARE)
        for part in np.unique(block.part[rows[dark]]):
            mine = dark[block.part[rows[dark]] == part]
            at = int(mine[int(np.argmax(blocked.share[mine]))])
            place = (light.start_um[at] + light.end_um[at]) / 2.0
            detail = (
                block.first_row + int(rows[at]), place[0], place[1], place[2], float(light.slope[at]),
                float(light.radius_um[at]), int(blocked.plane[at]), float(blocked.plane_share[at]),
            )  # fmt: skip
            numbers = block.first_row + rows[mine]
            self._found.add((int(part), step), numbers.astype(np.int64), float(blocked.share[at]), detail)

    def _light(
        self, block: ToolpathBlock, rows: NDArray[np.intp], start: NDArray[np.float64], end: NDArray[np.float64]
    ) -> Light:
        radius = self._radii[block.section][block.recipe[rows]]
        length = np.sqrt(((end - start)[:, :2] ** 2).sum(axis=1))
        shots = np.where(block.kind[rows] == RowKind.SHOTS, np.maximum(block.count[rows], 1), 1)
        is_line = np.isin(block.kind[rows], (RowKind.LINE, RowKind.CLOSING))
        area = np.where(is_line, 2.0 * radius * length, shots * np.pi * radius**2)
        if not self._writes(block.section):
            area = np.zeros(len(rows))
        slope = self._slopes[block.section]
        is_judged = np.full(len(rows), block.first_row >= 0 and slope > 0)
        return Light(start, end, area, radius, np.full(len(rows), slope), is_judged)

    def _finding(self, key: _Key, maps: Maps) -> Finding:
        part, step = key
        case = self._found.cases[key]
        row, x, y, z, slope, radius, plane, there = (float(str(v)) for v in case.detail)
        above = float(maps.depth_um[int(plane)])
        wide = 2.0 * math.hypot(radius, (z - above) * slope)
        share = case.worst
        return finding(
            self.codes[0],
            f"in step '{self._steps.names[step]}' {case.count:,} exposures are focused through what was written "
            f"before: of row {int(row)} at x {x:.4g}, y {y:.4g}, depth {z:.4g} µm {share:.1%} of the cone is written "
            f"on ({there:.1%} at {above:.4g} µm depth, where it is {wide:.4g} µm wide; half-angle "
            f"{math.degrees(math.atan(slope)):.3g}°); if nothing passes there, 1 − (1 − {share:.3g})² = "
            f"{1.0 - (1.0 - share) ** 2:.1%} of the peak fluence is lost",
            part_name(self._context, part),
            part_place(self._context, part),
            case,
            value=share,
            limit=BLOCKED_SHARE,
            hint="Write the deeper features first, or waive this with what was measured behind written layers.",
        )


def _supplied_um(recipe: Recipe) -> float:
    """The spot radius the lab supplied; 0 where it did not."""
    known = recipe.values.get("spot_radius")
    return 0.0 if known is None else max(known.value, 0.0)
