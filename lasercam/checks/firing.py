"""Rows of single shots that a machine could fire in flight, but not at this distance: said, not hidden."""

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lasercam.checks.tally import Tally, finding, info, place
from lasercam.model.commanded import feed_speeds_nm_s
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.protocols import CheckContext
from lasercam.model.toolpath import NM_PER_UM, TICKS_PER_UM, RowKind, ToolpathBlock

_STEP, _RATE = 1, 2


class Firing:
    """Looks at dots of one pulse that stand in rows and are still written one by one."""

    codes: ClassVar[tuple[CodeInfo, ...]] = (
        CodeInfo(
            "N_DOT_BY_DOT",
            Severity.NOTE,
            "Rows of single shots are written dot by dot",
            "The machine fires by position, and rows of single-shot dots are swept without stopping where their"
            " distance is a whole number of encoder steps along one axis and shots come no faster than output and laser"
            " can fire. Rows that miss this are exact all the same, but the stage stops at every dot. The note says"
            " which limit it was; with another pitch, step or sweep speed the rows are swept.",
            "machine profile, `position_firing`",
        ),
    )

    def begin(self, context: CheckContext) -> None:
        """Prepare what can be swept."""
        self._context = context
        self._rows: Tally[tuple[int, int, int]] = Tally()  # recipe, reason, distance in ticks
        recipes = context.header.recipes
        self._single: NDArray[np.bool_] = np.array([r.pulses == 1 for r in recipes.recipes] or [False])
        self._rate_hz = np.array([r.laser.rep_rate_hz or np.inf for r in recipes.recipes] or [np.inf])
        self._speeds = [feed_speeds_nm_s(recipes, machine) / NM_PER_UM for machine in context.machines]

    def block(self, block: ToolpathBlock) -> None:
        """Look at neighbouring dots."""
        firing = self._context.machines[block.section].position_firing
        if firing is None or len(block) < 3 or not self._single.any():
            return
        is_shot = (block.kind == RowKind.DOT) & self._single[block.recipe]
        step = block.end_ticks[1:] - block.end_ticks[:-1]
        alike = np.all(step[1:] == step[:-1], axis=1) & is_shot[2:] & is_shot[1:-1] & is_shot[:-2]
        rows = np.flatnonzero(alike & (np.count_nonzero(step[1:], axis=1) == 1)) + 2
        if not len(rows):
            return
        size, recipe = np.abs(step[rows - 1]).sum(axis=1), block.recipe[rows].astype(np.int64)
        encoder = round(firing.step * TICKS_PER_UM)
        rate = self._speeds[block.section][recipe] * TICKS_PER_UM / size
        most = np.minimum(self._rate_hz[recipe], firing.max_rate)
        reason = np.where(size % encoder != 0, _STEP, np.where(rate > most * (1 + 1e-12), _RATE, 0))
        for key in np.unique(np.column_stack((recipe, reason, size))[reason > 0], axis=0).tolist():
            mine = rows[(recipe == key[0]) & (reason == key[1]) & (size == key[2])]
            self._rows.add((key[0], key[1], key[2]), mine + block.first_row, 0.0, (block.section,))

    def end(self) -> Iterable[Finding]:
        """One note per recipe, limit and distance."""
        return [self._finding(*key) for key in list(self._rows.cases)[:3]]

    def _finding(self, recipe: int, reason: int, size: int) -> Finding:
        case = self._rows.cases[recipe, reason, size]
        section = int(str(case.detail[0]))
        firing = self._context.machines[section].position_firing
        label, apart = self._context.header.recipes[recipe].label, size / TICKS_PER_UM
        limit = firing.step if firing is not None else 0.0
        value, unit = apart, "um"
        if reason == _STEP and firing is not None:
            encoder = round(firing.step * TICKS_PER_UM)
            near = max(1, round(size / encoder)) * encoder / TICKS_PER_UM
            why = f"{apart:g} µm are no whole number of encoder steps of {firing.step:g} µm"
            hint = f"The nearest possible pitch is {near:g} µm."
        else:
            speed = float(self._speeds[section][recipe])
            limit = min(float(self._rate_hz[recipe]), firing.max_rate if firing is not None else 0.0)
            value, unit = speed / apart, "Hz"
            why = f"{speed:g} µm/s / {apart:g} µm = {value:g} shots per second are more than {limit:g}"
            hint = f"They would be swept at {limit * apart:g} µm/s or slower."
        return finding(
            info(self.codes, "N_DOT_BY_DOT"),
            f"rows of single shots of recipe '{label}' are written dot by dot: {why}",
            "machine",
            place(self._context, "machine"),
            case,
            value=value,
            limit=limit,
            unit=unit,
            hint=hint,
        )
