"""Axes with play: lines that run against the side from which places are approached."""

from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from lasercam.checks.tally import Tally, finding, info, part_name, part_place
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.protocols import CheckContext
from lasercam.model.toolpath import RowKind, ToolpathBlock

_WRITING = (RowKind.LINE, RowKind.SHOTS, RowKind.CLOSING)


class Play:
    """Tells where play shows although every place is approached from one side."""

    codes: ClassVar[tuple[CodeInfo, ...]] = (
        CodeInfo(
            "N_PLAY",
            Severity.NOTE,
            "Lines run against the side from which their axis is approached",
            "An axis with `backlash` in the machine profile reaches dots and run-ups from one side, so that its play "
            "is always taken up the same way. A line that runs the other way takes it up the other way: all of it is "
            "written up to the axis's play beside its place, along that axis. It does not matter across lines that "
            "run along the axis, except for their ends. Turn the pattern, write lines one way (`order: as_given` "
            "keeps directions as they are listed), or let the controller compensate.",
            "machine profile, `axes: backlash`",
        ),
    )

    def __init__(self) -> None:
        self._against: Tally[tuple[int, int]] = Tally()

    def begin(self, context: CheckContext) -> None:
        """Find the axes with play of each section."""
        self._context = context
        self._axes = [
            [
                (axis, 1 if limits.backlash.approach == "positive" else -1, limits.backlash.overshoot)
                for axis, limits in enumerate(machine.axis_list)
                if limits.backlash is not None
            ]
            for machine in context.machines
        ]

    def block(self, block: ToolpathBlock) -> None:
        """Look at rows that write while they move."""
        axes = self._axes[block.section]
        if not axes:
            return
        rows = np.flatnonzero(np.isin(block.kind, _WRITING))
        increment = self._context.header.sections[block.section].frame.increment_ticks
        for axis, direction, overshoot in axes:
            way = direction * (block.end_ticks[rows, axis] - block.start_ticks[rows, axis])
            against = rows[way < -increment]  # a tilt of less than an increment is rounding
            for part in np.unique(block.part[against]).tolist():
                mine = against[block.part[against] == part]
                self._against.add((part, axis), mine + block.first_row, overshoot, (overshoot,))

    def end(self) -> Iterable[Finding]:
        """One finding per part and axis."""
        for (part, axis), case in self._against.items():
            yield finding(
                info(self.codes, "N_PLAY"),
                f"{case.count:,} piece(s) of lines run against the approach of axis {'xyz'[axis]} and lie beside their "
                f"place along it by its play, at most {case.worst:g} µm as the profile has it (first: row "
                f"{case.first_row})",
                part_name(self._context, part),
                part_place(self._context, part),
                case,
                value=case.worst,
                unit="um",
                hint="Turn the pattern, write lines one way, or let the controller compensate.",
            )
