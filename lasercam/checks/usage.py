"""Which recipes expose what: dots or lines, in which step, and between which depths."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.checks.exposures import Steps, steps
from lasercam.checks.glance import glance_at
from lasercam.checks.tally import Members
from lasercam.model.machine import Machine
from lasercam.model.protocols import CheckContext
from lasercam.model.toolpath import TICKS_PER_UM, RowKind, ToolpathBlock

_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Use:
    """What one recipe does in one step.

    Attributes:
        recipe: index into the table.
        step: index into the steps of the toolpath.
        dots, lines: how many; single shots count as one dot a run.
        first_row: of its exposures.
        least_depth_um, most_depth_um: range of their inscription depths.
    """

    recipe: int
    step: int
    dots: int
    lines: int
    first_row: int
    least_depth_um: float
    most_depth_um: float


def usage_of(context: CheckContext) -> "Usage":
    """The one collection that all checks of a judgement share."""
    usage: Usage = context.shared.setdefault("usage", Usage(context))
    return usage


class Usage:
    """Collects the uses of all recipes from the rows; checks that share one may each hand it every block."""

    def __init__(self, context: CheckContext) -> None:
        self._context = context
        self._size = len(context.header.recipes)
        self.steps: Steps = steps(context.header.sections)
        self._last: ToolpathBlock | None = None
        self._dots: dict[int, NDArray[np.int64]] = {}
        self._lines: dict[int, NDArray[np.int64]] = {}
        self._first: dict[int, NDArray[np.int64]] = {}
        self._least: dict[int, NDArray[np.int64]] = {}
        self._most: dict[int, NDArray[np.int64]] = {}

    def add(self, block: ToolpathBlock) -> None:
        """Count a block's exposures, once."""
        if block is self._last:
            return
        self._last = block
        seen = glance_at(self._context, block)
        if not len(seen.rows):
            return
        step = self.steps.of_section[block.section]
        if step not in self._dots:
            self._dots[step], self._lines[step] = np.zeros(self._size, np.int64), np.zeros(self._size, np.int64)
            self._first[step], self._least[step] = np.full(self._size, _NEVER), np.full(self._size, _NEVER)
            self._most[step] = np.full(self._size, -_NEVER)
        if seen.only_dots and seen.recipe is not None:
            only = seen.recipe
            self._dots[step][only] += len(block)
            self._first[step][only] = min(self._first[step][only], block.first_row)
            low, high = seen.exposed
            self._least[step][only] = min(self._least[step][only], low[2])
            self._most[step][only] = max(self._most[step][only], high[2])
            return
        recipe = block.recipe[seen.rows]
        is_line = np.isin(block.kind[seen.rows], (RowKind.LINE, RowKind.CLOSING))
        self._lines[step] += np.bincount(recipe[is_line], minlength=self._size)
        self._dots[step] += np.bincount(recipe[~is_line], minlength=self._size)
        np.minimum.at(self._first[step], recipe, seen.rows + block.first_row)
        for places in (seen.start, seen.end):
            np.minimum.at(self._least[step], recipe, places[:, 2])
            np.maximum.at(self._most[step], recipe, places[:, 2])

    def uses(self) -> Iterator[Use]:
        """Every use, by step and recipe."""
        for step in sorted(self._dots):
            dots, lines = self._dots[step], self._lines[step]
            for recipe in np.flatnonzero(dots + lines).tolist():
                yield Use(
                    recipe,
                    step,
                    int(dots[recipe]),
                    int(lines[recipe]),
                    int(self._first[step][recipe]),
                    float(self._least[step][recipe]) / TICKS_PER_UM,
                    float(self._most[step][recipe]) / TICKS_PER_UM,
                )

    def recipes(self) -> dict[int, Use]:
        """Uses of each recipe over all steps; the step is the first."""
        merged: dict[int, Use] = {}
        for use in self.uses():
            old = merged.get(use.recipe)
            merged[use.recipe] = (
                use
                if old is None
                else Use(
                    use.recipe,
                    old.step,
                    old.dots + use.dots,
                    old.lines + use.lines,
                    min(old.first_row, use.first_row),
                    min(old.least_depth_um, use.least_depth_um),
                    max(old.most_depth_um, use.most_depth_um),
                )
            )
        return merged


class RecipeCheck:
    """Base of checks that judge recipes by what they write: all of them share one count of it."""

    def __init__(self) -> None:
        self._members = Members()

    def begin(self, context: CheckContext) -> None:
        """Prepare."""
        self._context = context
        self._usage = usage_of(context)

    def block(self, block: ToolpathBlock) -> None:
        """Note what recipes expose, and how deep."""
        self._usage.add(block)

    def _machine(self, use: Use) -> Machine:
        """The machine on which a use's step runs."""
        return self._context.machines[self._usage.steps.of_section.index(use.step)]
