"""How close exposures come to each other along the beam: a focus is longer than it is wide."""

from collections.abc import Iterable
from itertools import pairwise
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lasercam.checks.exposures import Steps, steps
from lasercam.checks.glance import glance_at
from lasercam.checks.tally import part_name, part_place
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.protocols import CheckContext
from lasercam.model.toolpath import TICKS_PER_UM, ToolpathBlock
from lasercam.process.optics import rayleigh_um

CELLS = 256
"""Cells along a side of the maps that tell where a plane is written; a cell is at least a spot wide."""
MOST_PLANES = 500
"""Planes that are remembered: 64 KB each; of a stack with more, the deepest ones are judged."""
MOST_RUNS = 2_000
"""Changes of depth within a block from which it is a cloud, which has no layers to compare."""


_Plane = tuple[int, int, int, int]
"""Step, part, recipe and depth in ticks."""


class AxialSpacing:
    """Compares planes that lie closer in depth than the focus is long, where they lie above each other."""

    codes: ClassVar[tuple[CodeInfo, ...]] = (
        CodeInfo(
            "W_SPACING_AXIAL",
            Severity.WARNING,
            "Layers are closer than the focus is long",
            "Along the beam a Gaussian focus reaches one Rayleigh range z_R = π n w0² / λ to each side before its "
            "fluence has fallen to half. Where two layers lie above each other and are closer than the sum of theirs "
            "(2 z_R for one recipe), the second receives a good part of the dose of the first. w0 is the spot radius "
            "the lab supplied; a written voxel is often shorter than that, because modification has a threshold: "
            "measure its length, widen the layer pitch, or waive this with the measurement. Layers are compared on a "
            "map of cells at least a spot wide, so features just beside each other may count as above each other.",
            "Rayleigh range of a Gaussian beam (F04)",
            can_waive=True,
        ),
    )

    def begin(self, context: CheckContext) -> None:
        """Work out how long each recipe's focus is."""
        self._context = context
        self._steps: Steps = steps(context.header.sections)
        index = context.job.sample.refractive_index
        self._reach_um: list[float] = []
        widest = 0.0
        for recipe in context.header.recipes.recipes:
            if "spot_radius" not in recipe.values or "wavelength" not in recipe.values:
                self._reach_um.append(0.0)
                continue
            radius = recipe.values["spot_radius"].value
            widest = max(widest, radius)
            self._reach_um.append(float(rayleigh_um(radius, recipe.values["wavelength"].value, index, 1.0)))
        size = max(context.job.sample.size[0], context.job.sample.size[1])
        low, high = self._extent()
        self._origin = low
        self._cell_um = max(2.0 * widest, float((high - low).max(initial=0.0)) / (CELLS - 1), size * 1e-9)
        self._maps: dict[_Plane, NDArray[np.bool_]] = {}
        self._first: dict[_Plane, int] = {}

    def _extent(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Corners (2,) of everything that moves, in the sample's frame, µm."""
        sections = self._context.header.sections
        if not sections:
            return np.zeros(2), np.zeros(2)
        low = [np.subtract(s.low_ticks, s.frame.origin_ticks)[:2] for s in sections]
        high = [np.subtract(s.high_ticks, s.frame.origin_ticks)[:2] for s in sections]
        return np.min(low, axis=0) / TICKS_PER_UM, np.max(high, axis=0) / TICKS_PER_UM

    def block(self, block: ToolpathBlock) -> None:
        """Enter exposures into the maps of their planes."""
        if not any(self._reach_um):
            return
        seen = glance_at(self._context, block)
        rows, start, end = seen.rows, seen.start, seen.end
        if not len(rows):
            return
        step = self._steps.of_section[block.section]
        if seen.recipe is not None and seen.part is not None and seen.exposed[0][2] == seen.exposed[1][2]:
            self._run((step, seen.part, seen.recipe, int(end[0, 2])), block.first_row + int(rows[0]), start, end)
            return
        keys = np.column_stack((block.part[rows], block.recipe[rows], end[:, 2])).astype(np.int64)
        changes = np.flatnonzero(np.any(np.diff(keys, axis=0) != 0, axis=1)) + 1
        if len(changes) > MOST_RUNS:
            return
        bounds = [0, *changes.tolist(), len(rows)]
        for first, stop in pairwise(bounds):
            part, recipe, depth = (int(v) for v in keys[first])
            places = (start[first:stop], end[first:stop]) if start is not end else (end[first:stop],) * 2
            self._run((step, part, recipe, depth), block.first_row + int(rows[first]), *places)

    def _run(self, plane: _Plane, row: int, start: NDArray[np.int64], end: NDArray[np.int64]) -> None:
        """Enter exposures of one plane, the first of them at a row of the toolpath."""
        if plane not in self._maps:
            if len(self._maps) >= MOST_PLANES or not self._reach_um[plane[2]]:
                return
            self._maps[plane] = np.zeros((CELLS, CELLS), np.bool_)
            self._first[plane] = row
        self._enter(self._maps[plane], start, end)

    def _enter(self, cells: NDArray[np.bool_], start: NDArray[np.int64], end: NDArray[np.int64]) -> None:
        """Mark the cells of dots, and of points along lines no farther apart than a cell."""
        if start is end:
            self._mark(cells, end[:, 0] / TICKS_PER_UM, end[:, 1] / TICKS_PER_UM)
            return
        longest_um = float(np.abs(end[:, :2] - start[:, :2]).max()) / TICKS_PER_UM
        pieces = min(int(np.ceil(longest_um / self._cell_um)), CELLS)
        for k in range(pieces + 1):
            x, y = (
                (start[:, axis] + (end[:, axis] - start[:, axis]) * (k / max(pieces, 1))) / TICKS_PER_UM
                for axis in (0, 1)
            )
            self._mark(cells, x, y)

    def _mark(self, cells: NDArray[np.bool_], x_um: NDArray[np.float64], y_um: NDArray[np.float64]) -> None:
        """Mark the cells of points."""
        column, row = (
            np.clip(((at - origin) / self._cell_um).astype(np.int64), 0, CELLS - 1)
            for at, origin in zip((x_um, y_um), self._origin.tolist(), strict=True)
        )
        cells.reshape(-1)[row * CELLS + column] = True

    def end(self) -> Iterable[Finding]:
        """One finding per pair of a recipe and its pattern's closest layer."""
        planes = sorted(self._maps, key=lambda plane: plane[3])
        worst: dict[tuple[str, str], tuple[float, float, _Plane, int]] = {}
        matters = ~self._steps.may_touch()
        for i, upper in enumerate(planes):
            for lower in planes[i + 1 :]:
                apart = (lower[3] - upper[3]) / TICKS_PER_UM
                limit = self._reach_um[upper[2]] + self._reach_um[lower[2]]
                if apart >= 2.0 * max(self._reach_um):
                    break
                later, earlier = (upper, lower) if self._first[upper] > self._first[lower] else (lower, upper)
                if not 0 < apart < limit or not matters[later[0], earlier[0]]:
                    continue
                if not bool(np.any(self._maps[upper] & self._maps[lower])):
                    continue
                name = self._context.header.recipes[later[2]].name
                key = (name, part_name(self._context, later[1]).rpartition(".")[0])
                known = worst.get(key)
                pairs = known[3] + 1 if known else 1
                closest = (apart, limit, later) if known is None or apart < known[0] else known[:3]
                worst[key] = (*closest, pairs)
        for (name, pattern), (apart, limit, plane, pairs) in worst.items():
            yield Finding(
                "W_SPACING_AXIAL",
                Severity.WARNING,
                f"recipe '{name}': {pairs:,} pair{'s' if pairs > 1 else ''} of layers above each other, the closest"
                f" {apart:.4g} µm apart at {plane[3] / TICKS_PER_UM:.4g} µm depth; their foci reach {limit:.4g} µm"
                " (the sum of their Rayleigh ranges)",
                pattern,
                value=apart,
                limit=limit,
                unit="um",
                location=part_place(self._context, plane[1]),
                first_row=self._first[plane],
                count=pairs,
                hint="Widen the layer pitch, or waive this with the measured length of a voxel.",
                source=self.codes[0].source,
            )
