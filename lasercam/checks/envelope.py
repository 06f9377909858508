"""Where the stage can go, where the sample is, and how fast the axes are."""

from collections.abc import Iterable
from math import hypot, sqrt
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lasercam.checks.glance import Glance, glance_at
from lasercam.checks.material import SURFACE_MATERIALS
from lasercam.checks.tally import Tally, finding, info, part_name, part_place, place
from lasercam.model.commanded import feed_speeds_nm_s
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.frame import Frame
from lasercam.model.protocols import CheckContext
from lasercam.model.toolpath import FEED_KINDS, NM_PER_UM, TICKS_PER_UM, RowKind, Section, ToolpathBlock

_AXES = ("x", "y", "z")


class Envelope:
    """Judges every row against the stage, the objective and the sample."""

    codes: ClassVar[tuple[CodeInfo, ...]] = (
        CodeInfo(
            "E_ENVELOPE",
            Severity.ERROR,
            "A row leaves the stage's range",
            "Every start and end of every row, dark travel, run-ups and run-outs included, must lie between the `min` "
            "and `max` of its axis, in the controller's coordinates (the sample's corner is at `sample: origin`, or "
            "at the machine's `work_origin`). The message says which axis, how far out, and the first row. Nothing is "
            "ever clipped: a clipped line is a wrong line. Move the pattern or the sample, or write slower so that "
            "run-ups are shorter. It cannot be waived.",
            "machine profile, `axes`",
        ),
        CodeInfo(
            "E_OUTSIDE_SAMPLE",
            Severity.ERROR,
            "An exposure lies beside the sample",
            "Exposures must lie within the width and height of `sample: size`, counted from its lower-left corner, to "
            "the machine's increment. Beside the sample the beam hits the holder or nothing. Dark travel may leave "
            "the sample. Move or shrink the pattern, or correct the size.",
            "job, `sample: size`",
        ),
        CodeInfo(
            "E_DEPTH",
            Severity.ERROR,
            "An exposure lies above, below or at the wrong side of the surface",
            "The inscription depth is counted from the surface downwards and must not exceed the sample's thickness. "
            "In bulk glass it must be above zero: a focus at the surface ablates instead of writing. "
            "Depth zero is for films, crystals and other surfaces. Depth is n_sample / n_environment times the "
            "stage's travel (paraxial), judged to the machine's increment. Set the pattern's `depth`.",
            "job, `sample: size`; paraxial refraction at a flat surface",
        ),
        CodeInfo(
            "E_WORKING_DISTANCE",
            Severity.ERROR,
            "The objective would touch the sample",
            "To focus at a depth z, the stage moves the sample towards the objective by d = z n_env / n_sample. The "
            "free distance at the surface is the objective's working distance; a larger d drives glass into glass. "
            "On a tilted or bent sample the surface rises beside the focus: where the profile gives the objective's "
            "`front_diameter`, the rise within it is taken off. "
            "Write less deep, turn the sample over, or use an objective with a longer working distance.",
            "machine profile, `objective: working_distance, front_diameter`",
        ),
        CodeInfo(
            "E_SPEED",
            Severity.ERROR,
            "An axis cannot follow at the recipe's speed",
            "A line at speed v in a direction u asks axis i for v |u_i|: no more than the axis's `max_speed`. "
            "A slower axis would give more pulses per length than the recipe says, without notice. "
            "Lower the recipe's speed, or turn the pattern towards the faster axis.",
            "machine profile, `axes: max_speed`",
        ),
    )

    def __init__(self) -> None:
        self._out: Tally[tuple[str, int, int, bool]] = Tally()
        self._fast: Tally[tuple[int, int]] = Tally()
        self._near: Tally[int] = Tally()

    def begin(self, context: CheckContext) -> None:
        """Prepare the limits of each section."""
        self._context = context
        recipes = context.header.recipes
        # Sweeps of shots run at the machine's own speed where the recipe has none.
        self._speeds = [feed_speeds_nm_s(recipes, machine) / NM_PER_UM for machine in context.machines]

    def block(self, block: ToolpathBlock) -> None:
        """Look at all rows."""
        if not len(block):
            return
        section = self._context.header.sections[block.section]
        seen = glance_at(self._context, block)
        self._stage(block, seen)
        self._speed(block)
        if len(seen.rows):
            self._sample(block, section, seen.rows, seen)

    def end(self) -> Iterable[Finding]:
        """One finding per part, rule and side."""
        named = {(code, axis, is_high) for code, axis, part, is_high in self._out.cases if part >= 0}
        found = [
            self._finding(code, axis, part, is_high=is_high)
            for code, axis, part, is_high in self._out.cases
            if part >= 0 or (code, axis, is_high) not in named
        ]
        near = [self._near_finding(part) for part in self._near.cases]
        return [*found, *near, *(self._speed_finding(*key) for key in self._fast.cases)]

    def _stage(self, block: ToolpathBlock, seen: Glance) -> None:
        """Both ends of every row against the axes."""
        axes = self._context.machines[block.section].axis_list
        for axis, limits in enumerate(axes):
            start, end = block.start_ticks[:, axis], block.end_ticks[:, axis]
            low, high = round(limits.min * TICKS_PER_UM), round(limits.max * TICKS_PER_UM)
            if seen.travelled[0][axis] < low:
                self._beyond("E_ENVELOPE", block, axis, low - np.minimum(start, end), limits.min, is_high=False)
            if seen.travelled[1][axis] > high:
                self._beyond("E_ENVELOPE", block, axis, np.maximum(start, end) - high, limits.max, is_high=True)

    def _sample(self, block: ToolpathBlock, section: Section, exposing: NDArray[np.intp], seen: Glance) -> None:
        """Both ends of every exposure against the sample and the objective."""
        frame, sample = section.frame, self._context.job.sample
        slack = frame.increment_ticks
        low = high = seen.end
        if not seen.only_dots:
            low, high = np.minimum(seen.start, seen.end), np.maximum(seen.start, seen.end)
        for axis in (0, 1):
            size = round(sample.size[axis] * TICKS_PER_UM)
            self._beyond("E_OUTSIDE_SAMPLE", block, axis, -low[:, axis], 0.0, exposing, is_high=False, slack=slack)
            over, edge = high[:, axis] - size, sample.size[axis]
            self._beyond("E_OUTSIDE_SAMPLE", block, axis, over, edge, exposing, is_high=True, slack=slack)
        deep = round(slack / frame.index_ratio)
        thickness = round(sample.size[2] * TICKS_PER_UM)
        over = high[:, 2] - thickness
        self._beyond("E_DEPTH", block, 2, over, sample.size[2], exposing, is_high=True, slack=deep)
        # In bulk glass the surface itself is too shallow; on a film it is where the focus belongs.
        above = deep if sample.material in (*SURFACE_MATERIALS, "other") else -1
        self._beyond("E_DEPTH", block, 2, -low[:, 2], 0.0, exposing, is_high=False, slack=above)
        self._working(block, section, exposing, high[:, 2])

    def _working(
        self, block: ToolpathBlock, section: Section, exposing: NDArray[np.intp], depth_ticks: NDArray[np.int64]
    ) -> None:
        """The way down to each exposure against the room between lens and surface."""
        objective = self._context.machines[block.section].objective
        descent = vertical_travel(section.frame)
        rise_um = rim_rise_um(section.frame, objective.front_diameter or 0.0)
        room = round((objective.working_distance - rise_um) * TICKS_PER_UM)
        if round(int(depth_ticks.max()) * descent) <= room:
            return
        excess = np.rint(depth_ticks * descent).astype(np.int64) - room
        out = np.flatnonzero(excess > 0)
        for part in np.unique(block.part[exposing[out]]).tolist():
            mine = out[block.part[exposing[out]] == part]
            most = float(excess[mine].max()) / TICKS_PER_UM
            detail = (objective.working_distance, rise_um, descent)
            self._near.add(part, exposing[mine] + block.first_row, most, detail)

    def _beyond(
        self,
        code: str,
        block: ToolpathBlock,
        axis: int,
        excess: NDArray[np.int64],
        limit: float,
        rows: NDArray[np.intp] | None = None,
        *,
        is_high: bool,
        slack: int = 0,
    ) -> None:
        """Count rows whose excess over a limit (ticks) is above the slack (rounding to the increment), by part."""
        out = np.flatnonzero(excess > slack)
        if not len(out):
            return
        row = out if rows is None else rows[out]
        part = np.where(block.kind[row] == RowKind.JUMP, -1, block.part[row].astype(np.int64))
        for one in np.unique(part).tolist():
            mine = part == one
            most = float(excess[out[mine]].max()) / TICKS_PER_UM
            self._out.add((code, axis, one, is_high), row[mine] + block.first_row, most, (limit,))

    def _speed(self, block: ToolpathBlock) -> None:
        """Each axis's share of the speed of rows that move at one."""
        moving = np.flatnonzero(np.isin(block.kind, FEED_KINDS))
        if not len(moving):
            return
        travel = (block.end_ticks[moving] - block.start_ticks[moving]).astype(np.float64)
        length = np.sqrt((travel * travel).sum(axis=1))
        share = np.abs(travel) / np.where(length > 0, length, 1.0)[:, None]
        asked = share * self._speeds[block.section][block.recipe[moving]][:, None]
        for axis, limits in enumerate(self._context.machines[block.section].axis_list):
            # Shares of a unit vector are right to about 1e-16.
            fast = np.flatnonzero(asked[:, axis] > limits.max_speed * (1 + 1e-12))
            for recipe in np.unique(block.recipe[moving[fast]]).tolist():
                mine = fast[block.recipe[moving[fast]] == recipe]
                most = float(asked[mine, axis].max())
                self._fast.add((recipe, axis), moving[mine] + block.first_row, most, (limits.max_speed,))

    def _finding(self, code: str, axis: int, part: int, *, is_high: bool) -> Finding:
        case = self._out.cases[code, axis, part, is_high]
        limit = float(str(case.detail[0]))
        value = limit + case.worst if is_high else limit - case.worst
        on = "machine" if part < 0 else part_name(self._context, part)
        where = place(self._context, "machine") if part < 0 else part_place(self._context, part)
        text, hint = _words(code, _AXES[axis], value, limit, case.worst, is_high=is_high)
        rows = f"{case.count:,} row{'s' if case.count > 1 else ''}, first {case.first_row}"
        return finding(
            info(self.codes, code), f"{text} ({rows})", on, where, case, value=value, limit=limit, unit="um", hint=hint
        )

    def _near_finding(self, part: int) -> Finding:
        case = self._near.cases[part]
        free, rise, descent = (float(str(v)) for v in case.detail)
        value, limit = free - rise + case.worst, free - rise
        rim = f" less {rise:.4f} µm by which the surface rises under the front lens's rim" if rise else ""
        rows = f"{case.count:,} row{'s' if case.count > 1 else ''}, first {case.first_row}"
        deepest = max(np.floor(limit / descent * 1000) / 1000, 0.0)
        return finding(
            info(self.codes, "E_WORKING_DISTANCE"),
            f"the stage travels {value:.4f} µm into the working distance of {free:.4f} µm{rim} ({rows})",
            part_name(self._context, part),
            part_place(self._context, part),
            case,
            value=value,
            limit=limit,
            unit="um",
            hint=f"Write no deeper than {deepest:.3f} µm, or use an objective with a longer working distance.",
        )

    def _speed_finding(self, recipe: int, axis: int) -> Finding:
        case = self._fast.cases[recipe, axis]
        limit = float(str(case.detail[0]))
        name = self._context.header.recipes[recipe].name
        return finding(
            info(self.codes, "E_SPEED"),
            f"recipe '{name}' asks axis {_AXES[axis]} for {case.worst / 1000:.6g} mm/s; it reaches {limit / 1000:.6g} "
            f"mm/s ({case.count:,} rows, first {case.first_row})",
            f"recipes.{name}",
            place(self._context, "recipes", name, "speed"),
            case,
            value=case.worst,
            limit=limit,
            unit="um/s",
            hint="Lower the speed, or turn the pattern towards the faster axis.",
        )


def vertical_travel(frame: Frame) -> float:
    """How far the stage rises per depth below the surface, with the lens upright over a sample that may be tilted.

    The focus goes down along the sample's normal by ratio · scale · depth; straight above it, the surface is farther
    away by the cosine of the tilt.
    """
    normal = [row[2] for row in frame.matrix]
    length = sqrt(sum(v * v for v in normal))
    return frame.index_ratio * length * length / normal[2]


def rim_rise_um(frame: Frame, front_diameter_um: float) -> float:
    """How far the surface can rise above the place under the middle of a lens, within its front face."""
    normal = [row[2] for row in frame.matrix]
    slope = hypot(normal[0], normal[1]) / normal[2]
    bent = 0.0
    if frame.surface is not None:
        bent = min(frame.surface.relief_um, hypot(*frame.surface.steepest) * front_diameter_um / 2.0)
    return slope * front_diameter_um / 2.0 + bent


def _words(code: str, axis: str, value: float, limit: float, excess: float, *, is_high: bool) -> tuple[str, str]:
    """Message and hint of a place that is out of bounds, µm."""
    if code == "E_ENVELOPE":
        side = "above the highest" if is_high else "below the lowest"
        text = f"axis {axis} is sent to {value:.4f} µm, {excess:.4f} µm {side} position {limit:.4f} µm"
        return text, "Move the pattern or the sample; run-ups are part of the path."
    if code == "E_OUTSIDE_SAMPLE":
        text = f"exposures reach {axis} = {value:.4f} µm, {excess:.4f} µm outside the sample (0 to the size; "
        return f"{text}the edge is at {limit:.4f} µm)", "Move or shrink the pattern, or correct `sample: size`."
    if is_high:
        return f"exposures reach {value:.4f} µm deep; the sample is {limit:.4f} µm thick", "Lower `depth`."
    text = f"exposures reach up to depth {value:.4f} µm; in bulk glass the focus must be below the surface"
    return text, "Set the pattern's `depth`; depth 0 is for films and surfaces."
