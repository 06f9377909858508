"""Zones that nothing may touch: boxes of the machine, rectangles of the sample."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lasercam.checks.tally import Tally, finding, info, part_name, part_place, place
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.frame import Frame
from lasercam.model.machine import Machine
from lasercam.model.mounting import SampleZone
from lasercam.model.protocols import CheckContext
from lasercam.model.toolpath import TICKS_PER_UM, RowKind, ToolpathBlock

FloatArray = NDArray[np.float64]
_RAPID_KINDS = (RowKind.JUMP, RowKind.DOT)
_ROUNDED_UM = 1e-3
"""Room around boxes that were turned: more than floating point takes away."""


@dataclass(frozen=True, eq=False)
class _Zone:
    """A box, in the controller's ticks or (with a frame) in the sample's µm, and what it is called.

    Attributes:
        name: as messages call it.
        low, high: float64 (3,), corners.
        frame: of the section, where the box is the sample's.
        dark_travel: whether the beam may cross it while it is off.
    """

    name: str
    low: FloatArray
    high: FloatArray
    frame: Frame | None = None
    dark_travel: bool = False


class KeepOut:
    """Judges the straight way of every row against all zones."""

    codes: ClassVar[tuple[CodeInfo, ...]] = (
        CodeInfo(
            "E_KEEP_OUT",
            Severity.ERROR,
            "A row touches a zone that must be kept clear",
            "Zones are boxes in controller coordinates (machine profile, `keep_out`: clamps, posts) and rectangles in "
            "the sample's frame (`sample: keep_out`: clamps, marks, earlier devices; `dark_travel: true` lets travel "
            "with the beam off cross it). Every row is a straight line from start to end, run-ups and dark travel "
            "included; where the profile says `rapids: independent`, dark travel may touch anything in the box "
            "between its ends. Touching the rim counts. Only the way to a job file's first place is not judged, since "
            "nobody knows where the stage stands before it. Nothing is ever led around a zone: move the pattern, or "
            "write what lies on both sides of it in steps of its own. It cannot be waived.",
            "machine profile, `keep_out`; job, `sample: keep_out`",
        ),
    )

    def __init__(self) -> None:
        self._touched: Tally[tuple[str, int]] = Tally()

    def begin(self, context: CheckContext) -> None:
        """Find the zones that the box of each section meets at all."""
        self._context = context
        self._zones: list[tuple[_Zone, ...]] = []
        for section, machine in zip(context.header.sections, context.machines, strict=True):
            low, high = np.array(section.low_ticks, float), np.array(section.high_ticks, float)
            reached = section.frame.extent_um(section.low_ticks, section.high_ticks) if section.n_rows else None
            zones = [zone for zone in _boxes(machine) if _meets(zone, low, high)]
            if reached is not None:
                wide = reached[0] - _ROUNDED_UM, reached[1] + _ROUNDED_UM
                mine = (_rectangle(zone, section.frame) for zone in context.job.sample.keep_out)
                zones += [zone for zone in mine if _meets(zone, *wide)]
            self._zones.append(tuple(zones))

    def block(self, block: ToolpathBlock) -> None:
        """Look at all rows."""
        if not len(block):
            return
        for zone in self._zones[block.section]:
            self._judge(block, zone)

    def end(self) -> Iterable[Finding]:
        """One finding per zone and part, and one for dark travel."""
        return [self._finding(zone, part) for zone, part in self._touched.cases]

    def _judge(self, block: ToolpathBlock, zone: _Zone) -> None:
        if not _meets(zone, *_reach(block, zone)):
            return  # most blocks lie to one side
        end, start = _placed(block.end_ticks, zone), _placed(block.start_ticks, zone)
        if block.first_row == self._context.header.sections[block.section].first_row:
            start[0] = end[0]
        near = np.ones(len(block), np.bool_)
        for axis in range(3):
            a, b = start[:, axis], end[:, axis]
            near &= (np.maximum(a, b) >= zone.low[axis]) & (np.minimum(a, b) <= zone.high[axis])
        rows = np.flatnonzero(near)
        kind = block.kind[rows]
        if zone.dark_travel:
            start[block.kind == RowKind.DOT] = end[block.kind == RowKind.DOT]
            rows = rows[block.exposes[rows]]
        machine = self._context.machines[block.section]
        free = machine.controller.rapids == "independent"
        sure = np.isin(kind, _RAPID_KINDS) & free if not zone.dark_travel else np.zeros(len(rows), np.bool_)
        entered, at = _crossing(start[rows], end[rows], zone)
        touching = entered | sure
        if touching.any():
            self._note(block, rows[touching], np.where(sure, 0.0, at)[touching], zone, start, end)

    def _note(
        self,
        block: ToolpathBlock,
        rows: NDArray[np.intp],
        share: FloatArray,
        zone: _Zone,
        start: FloatArray,
        end: FloatArray,
    ) -> None:
        """Count rows by part; dark travel to a dot belongs to nobody."""
        inside = np.all((end[rows] >= zone.low) & (end[rows] <= zone.high), axis=1)
        is_dark = np.isin(block.kind[rows], (RowKind.JUMP, RowKind.LEAD, RowKind.OPENING))
        is_dark |= (block.kind[rows] == RowKind.DOT) & ~inside
        part = np.where(is_dark, -1, block.part[rows].astype(np.int64))
        for one in np.unique(part).tolist():
            mine = np.flatnonzero(part == one)
            first = mine[0]
            row = rows[first]
            at = start[row] + (end[row] - start[row]) * share[first]
            x, y, z = at if zone.frame is not None else at / TICKS_PER_UM
            last = "depth" if zone.frame is not None else "z"
            where = f"x {x:.4f}, y {y:.4f}, {last} {z:.4f} µm"
            self._touched.add((zone.name, one), rows[mine] + block.first_row, 0.0, (where,))

    def _finding(self, zone: str, part: int) -> Finding:
        case = self._touched.cases[zone, part]
        what = "dark travel" if part < 0 else "exposures"
        in_sample = zone.startswith("sample")
        where = place(self._context, "sample", "keep_out") if in_sample else place(self._context, "machine")
        return finding(
            info(self.codes, "E_KEEP_OUT"),
            f"{what} touch{'es' if part < 0 else ''} {zone}: {case.count:,} row{'s' if case.count > 1 else ''}, first "
            f"{case.first_row}, which enters at {case.detail[0]} ({'the sample' if in_sample else 'controller'}'s "
            f"coordinates)",
            ("sample" if in_sample else "machine") if part < 0 else part_name(self._context, part),
            where if part < 0 else part_place(self._context, part),
            case,
            hint="Move the pattern, or write what lies on both sides in steps of its own.",
        )


def _boxes(machine: Machine) -> list[_Zone]:
    zones = []
    for box in machine.keep_out:
        low = np.array([*box.low, -np.inf][:3]) * TICKS_PER_UM
        high = np.array([*box.high, np.inf][:3]) * TICKS_PER_UM
        zones.append(_Zone(f"the machine's zone '{box.name}'", low, high))
    return zones


def _rectangle(zone: SampleZone, frame: Frame) -> _Zone:
    low, high = np.array([*zone.low, -np.inf]), np.array([*zone.high, np.inf])
    return _Zone(f"sample zone '{zone.name}'", low, high, frame, zone.dark_travel)


def _meets(zone: _Zone, low: FloatArray, high: FloatArray) -> bool:
    return bool(np.all((low <= zone.high) & (high >= zone.low)))


def _reach(block: ToolpathBlock, zone: _Zone) -> tuple[FloatArray, FloatArray]:
    """Corners (3,) of a box around all rows, as the zone counts them."""
    # The first row's start is the only one that is no other row's end.
    first = block.start_ticks[0]
    ends = [block.end_ticks[:, axis] for axis in range(3)]
    low = [min(int(end.min()), int(at)) for end, at in zip(ends, first, strict=True)]
    high = [max(int(end.max()), int(at)) for end, at in zip(ends, first, strict=True)]
    if zone.frame is None:
        return np.array(low, float), np.array(high, float)
    box = zone.frame.extent_um((low[0], low[1], low[2]), (high[0], high[1], high[2]))
    return box[0] - _ROUNDED_UM, box[1] + _ROUNDED_UM


def _placed(ticks: NDArray[np.int64], zone: _Zone) -> FloatArray:
    """Places (N, 3) as the zone counts them, a copy."""
    return ticks.astype(np.float64) if zone.frame is None else zone.frame.sample_um(ticks)


def _crossing(start: FloatArray, end: FloatArray, zone: _Zone) -> tuple[NDArray[np.bool_], FloatArray]:
    """bool (N,) whether straight ways (N, 3) touch the box, and the share of the way at which they do."""
    enter, leave = np.zeros(len(start)), np.ones(len(start))
    for axis in range(3):
        a, way = start[:, axis], end[:, axis] - start[:, axis]
        still = way == 0.0
        low, high = zone.low[axis], zone.high[axis]
        step = np.where(still, 1.0, way)
        one, two = (low - a) / step, (high - a) / step
        inside = (a >= low) & (a <= high)
        enter = np.maximum(enter, np.where(still, np.where(inside, 0.0, np.inf), np.minimum(one, two)))
        leave = np.minimum(leave, np.where(still, 1.0, np.maximum(one, two)))
    return enter <= leave, np.where(enter <= leave, enter, 0.0)
