"""Nothing is exposed twice: dots on dots, lines along lines, dots on lines, across the whole toolpath."""

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lasercam.checks.erased import clearing, not_cleared
from lasercam.checks.exposures import Items, Steps, same_place_ticks, steps
from lasercam.checks.neighbours import crowded
from lasercam.checks.segments import near_pairs, shared_stretch
from lasercam.checks.sweep import Scene, joined_sweep
from lasercam.checks.tally import Tally, finding, part_name, part_place
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.protocols import CheckContext
from lasercam.model.toolpath import TICKS_PER_UM, ToolpathBlock

_Key = tuple[int, int, int, str]


class Duplicate:
    """Judges whether an exposure lies where an earlier one already lies."""

    codes: ClassVar[tuple[CodeInfo, ...]] = (
        CodeInfo(
            "E_DUPLICATE",
            Severity.ERROR,
            "The same place is exposed twice",
            "Two dots at one place, two lines that run along each other, or a dot on a line receive the dose of both "
            "exposures, and in most materials that cannot be undone: a second pass over dual-phase glass, for "
            "instance, turns green-red emission red. Two places are the same when they are no farther apart than the "
            "machine's programmable increment (just less than it where the increment is coarser than 0.1 µm, since "
            "neighbouring grid points are then different places); lines must share a stretch, not only touch. "
            "Every exposure is compared with all before it, over all steps. A step of the verb rewrite or erase may "
            "touch what earlier steps wrote, and so may a write with `over: STEP`; within one step nothing is ever "
            "exposed twice (`repeat` of a step is meant, and is not counted). A dot that an earlier erase step has "
            "surely cleared leaves its place free for another, until a furnace that may bring it back. Remove one of "
            "the two patterns, "
            "cut one by the other with `outside`, or name the earlier step in `over`.",
        ),
    )

    def __init__(self) -> None:
        self._found: Tally[_Key] = Tally()

    def begin(self, context: CheckContext) -> None:
        """Prepare the two readings."""
        self._context = context
        self._steps: Steps = steps(context.header.sections)
        self._tolerance = same_place_ticks(context.header.sections)
        order = np.tri(len(self._steps), dtype=np.bool_)
        self._matters: NDArray[np.bool_] = order & ~self._steps.may_touch()
        self._clears = clearing(context, self._steps)
        self._sweep = joined_sweep(context, self._matters, self._tolerance + 1, self._look)

    def block(self, block: ToolpathBlock) -> None:
        """Note where the block exposes."""
        self._sweep.add(block)

    def end(self) -> Iterable[Finding]:
        """Read again, and compare what lies near each other."""
        self._sweep.run()
        return [self._finding(key) for key in self._found.cases]

    def _look(self, scene: Scene) -> None:
        self._dots(scene)
        self._lines(scene)
        self._dots_on_lines(scene)

    def _dots(self, scene: Scene) -> None:
        """Dots on dots."""
        twice = duplicate_dots(scene, self._matters, self._tolerance)
        index = np.flatnonzero(twice)
        if len(index) and self._clears.any():
            index = index[not_cleared(scene, index, self._matters, self._clears, self._tolerance)]
        if len(index):
            self._note(scene.dots, index, "dots", scene.dots)

    def _lines(self, scene: Scene) -> None:
        """Lines along lines."""
        own = np.flatnonzero(scene.own_lines)
        mine = scene.lines.take(own)
        for i, j in near_pairs(mine, scene.lines, self._tolerance + 1):
            later = own[i]
            judged = (j < later) & self._matters[scene.lines.step[later], scene.lines.step[j]]
            later, earlier = later[judged], j[judged]
            first, last = shared_stretch(scene.lines, later, scene.lines, earlier, self._tolerance)
            runs = last >= first
            if runs.any():
                length = float((last - first)[runs].max()) / TICKS_PER_UM
                self._note(scene.lines, later[runs], "lines", scene.lines, earlier[runs], length)

    def _dots_on_lines(self, scene: Scene) -> None:
        """A dot on a line, whichever came later."""
        for dot, line in near_pairs(scene.dots, scene.lines, self._tolerance + 1):
            dot_later = scene.dots.row[dot] > scene.lines.row[line]
            dot_step, line_step = scene.dots.step[dot], scene.lines.step[line]
            on_line = dot_later & scene.own_dots[dot] & self._matters[dot_step, line_step]
            under_line = ~dot_later & scene.own_lines[line] & self._matters[line_step, dot_step]
            if on_line.any():
                self._note(scene.dots, dot[on_line], "a dot on a line", scene.lines, line[on_line])
            if under_line.any():
                self._note(scene.lines, line[under_line], "a line over a dot", scene.dots, dot[under_line])

    def _note(
        self,
        later: Items,
        index: NDArray[np.intp],
        what: str,
        others: Items,
        other: NDArray[np.intp] | None = None,
        length: float = 0.0,
    ) -> None:
        """Count the later ones by part, step and the part that was there before."""
        if other is None:
            other = _twins(later, index, self._matters, self._tolerance)
        chosen, first = np.unique(index, return_index=True)
        partner = other[first]
        keys = np.column_stack((later.part[chosen], others.part[partner], later.step[chosen]))
        for key in np.unique(keys, axis=0):
            mine = np.all(keys == key, axis=1)
            row = later.row[chosen[mine]]
            at = later.start[chosen[mine][int(np.argmin(row))]] / TICKS_PER_UM
            place = f"x {at[0]:.4f}, y {at[1]:.4f}, depth {at[2]:.4f} µm"
            self._found.add((int(key[0]), int(key[1]), int(key[2]), what), row, length, (place,))

    def _finding(self, key: _Key) -> Finding:
        part, other, step, what = key
        case = self._found.cases[key]
        name, earlier = part_name(self._context, part), part_name(self._context, other)
        whose = "itself" if other == part else earlier
        kind = {
            "dots": f"{case.count:,} dots lie on dots",
            "lines": f"{case.count:,} lines run along lines",
            "a dot on a line": f"{case.count:,} dots lie on lines",
            "a line over a dot": f"{case.count:,} lines run over dots",
        }[what]
        shared = f"; up to {case.worst:.4g} µm of a line are shared" if what == "lines" else ""
        return finding(
            self.codes[0],
            f"in step '{self._steps.names[step]}' {kind} that {whose} wrote before (first: row {case.first_row} at "
            f"{case.detail[0]}{shared}); places up to {self._tolerance / TICKS_PER_UM:g} µm apart are the same",
            name,
            part_place(self._context, part),
            case,
            limit=self._tolerance / TICKS_PER_UM,
            unit="um",
            hint="Remove one of the two, cut one by the other with `outside`, or say `over` in the step.",
        )


def duplicate_dots(scene: Scene, matters: NDArray[np.bool_], tolerance_ticks: int) -> NDArray[np.bool_]:
    """Own dots of the scene at whose place an earlier dot lies: bool over all its dots."""
    dots = scene.dots
    if "duplicates" not in scene.known:
        # Distances are whole ticks along each axis: closer than tolerance + 1 admits what lies at the tolerance.
        reach = np.zeros(len(dots), np.int64)
        scene.known["duplicates"] = crowded(
            dots.start, reach, dots.step, scene.own_dots, matters, extra=tolerance_ticks + 1
        )
    return scene.known["duplicates"]


def _twins(dots: Items, index: NDArray[np.intp], matters: NDArray[np.bool_], tolerance: int) -> NDArray[np.intp]:
    """The dot that each duplicate (K,) doubles; exact places are matched first, near ones searched."""
    found = np.full(len(index), -1, np.intp)
    order = np.lexsort((np.arange(len(dots)), *dots.start.T))
    place = dots.start[order]
    new = np.r_[True, np.any(np.diff(place, axis=0) != 0, axis=1)] if len(order) else np.zeros(0, np.bool_)
    group_first = np.zeros(len(dots), np.intp)
    group_first[order] = order[np.flatnonzero(new)[np.cumsum(new) - 1]]
    first = group_first[index]
    exact = (first < index) & matters[dots.step[index], dots.step[first]]
    found[exact] = first[exact]
    for k in np.flatnonzero(~exact).tolist()[:1000]:
        gap = np.abs(dots.start[: index[k]] - dots.start[index[k]]).max(axis=1)
        near = np.flatnonzero((gap <= tolerance) & matters[dots.step[index[k]], dots.step[: index[k]]])
        found[k] = near[0] if len(near) else index[k]
    return np.where(found < 0, index, found)
