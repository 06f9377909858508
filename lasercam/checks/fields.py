"""Writing fields: every row stays in reach of the fine axes, and cuts where fields meet are told."""

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lasercam.checks.tally import Tally, finding, info, part_name, part_place, place
from lasercam.model.field import FieldGrid
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.protocols import CheckContext
from lasercam.model.toolpath import TICKS_PER_UM, RowKind, ToolpathBlock


class Fields:
    """Judges rows against the field that the last coarse move went to."""

    codes: ClassVar[tuple[CodeInfo, ...]] = (
        CodeInfo(
            "E_FIELD",
            Severity.ERROR,
            "A row leaves its writing field",
            "Between two coarse moves (a JUMP to the middle of a field) only the fine axes move, and they reach half "
            "of the field's `size` to each side. Every row is judged, run-ups and approaches included. Raise the "
            "field's `guard` to at least the excess, write slower so that run-ups are shorter, or write shorter "
            "lines. It cannot be waived.",
            "machine profile, `field: size`",
        ),
        CodeInfo(
            "W_STITCH",
            Severity.WARNING,
            "Lines are cut where writing fields meet",
            "A line that fits no field is cut at the rims of the cells, as the profile's `field: stitch: cut` allows. "
            "Both pieces end at the same programmed place and nothing is exposed twice, but the coarse stage moves "
            "in between: its positioning error shows as a step or a gap. Place patterns so that lines lie inside "
            "fields, or waive this with the stitching error that was measured.",
            "machine profile, `field`",
            can_waive=True,
        ),
    )

    def __init__(self) -> None:
        self._out: Tally[tuple[int, int]] = Tally()

    def begin(self, context: CheckContext) -> None:
        """Nothing is known yet of where the coarse stage stands."""
        self._context = context
        self._middle: dict[int, NDArray[np.int64]] = {}

    def block(self, block: ToolpathBlock) -> None:
        """Look at all rows of sections with fields."""
        grid = self._context.header.sections[block.section].field
        if grid is None or not len(block):
            return
        middles = self._middles(block, grid)
        away = np.abs(block.end_ticks[:, :2] - middles) - np.array(grid.reach_ticks)
        rows = np.flatnonzero(np.any(away > 0, axis=1))
        part = np.where(block.kind[rows] == RowKind.JUMP, -1, block.part[rows].astype(np.int64))
        for one in np.unique(part).tolist():
            mine = rows[part == one]
            for axis in (0, 1):
                out = mine[away[mine, axis] > 0]
                if len(out):
                    most = int(np.argmax(away[out, axis]))
                    at = block.end_ticks[out[most], :2] / TICKS_PER_UM
                    detail = (float(at[0]), float(at[1]), grid.reach_ticks[axis] / TICKS_PER_UM)
                    self._out.add((one, axis), out + block.first_row, float(away[out[most], axis]), detail)

    def _middles(self, block: ToolpathBlock, grid: FieldGrid) -> NDArray[np.int64]:
        """int64 (N, 2), middle of the field in which each row ends."""
        end = block.end_ticks[:, :2]
        coarse = (block.kind == RowKind.JUMP) & grid.is_middle(end)
        known = self._middle.get(block.section)
        if known is None:
            start = block.start_ticks[:1]
            known = start[0, :2] if grid.is_middle(start)[0] else grid.middles_ticks(grid.cells(end[:1]))[0]
        latest = np.maximum.accumulate(np.where(coarse, np.arange(len(block)), -1))
        middles = np.where((latest >= 0)[:, None], end[latest], known)
        self._middle[block.section] = middles[-1]
        return middles

    def end(self) -> Iterable[Finding]:
        """One finding per part and axis, and one per part that was cut."""
        return [*(self._finding(*key) for key in self._out.cases), *self._stitched()]

    def _finding(self, part: int, axis: int) -> Finding:
        case = self._out.cases[part, axis]
        x, y, reach = (float(str(v)) for v in case.detail)
        excess = case.worst / TICKS_PER_UM
        return finding(
            info(self.codes, "E_FIELD"),
            f"rows reach {excess:.4f} µm beyond the field along {'xy'[axis]} ({reach:g} µm to each side of its middle; "
            f"worst at x {x:.4f}, y {y:.4f} µm of the controller; {case.count:,} rows, first {case.first_row})",
            "machine" if part < 0 else part_name(self._context, part),
            place(self._context, "machine") if part < 0 else part_place(self._context, part),
            case,
            value=reach + excess,
            limit=reach,
            unit="um",
            hint=f"Raise the field's guard by {excess:.4f} µm, or write slower so that run-ups are shorter.",
        )

    def _stitched(self) -> Iterable[Finding]:
        for cut in self._context.header.stitches:
            x, y, depth = cut.first_um
            yield finding(
                info(self.codes, "W_STITCH"),
                f"{cut.lines:,} line(s) are cut in {cut.cuts:,} place(s) where writing fields meet; the first at "
                f"x {x:.4f}, y {y:.4f}, depth {depth:.4f} µm of the sample",
                part_name(self._context, cut.part),
                part_place(self._context, cut.part),
                value=float(cut.cuts),
                count=cut.cuts,
                hint="Place the pattern so that its lines lie inside fields.",
            )
