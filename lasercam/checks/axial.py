"""How close exposures come to each other along the beam: a focus is longer than it is wide."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
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
from lasercam.process.depth_travel import aberration_per_depth, enters
from lasercam.process.optics import beam_na, rayleigh_um

CELLS = 256
"""Cells along a side of the maps that tell where a plane is written; a cell is at least a spot wide."""
MOST_PLANES = 500
"""Planes that are remembered: 64 KB each; of a stack with more, the deepest ones are judged."""
MOST_RUNS = 2_000
"""Changes of depth within a block from which it is a cloud, which has no layers to compare."""


_Plane = tuple[int, int, int, int]
"""Step, part, recipe and depth in ticks."""
_Key = tuple[int, str, str]
"""Index of the code, recipe and pattern."""


@dataclass(frozen=True)
class _Closest:
    """The closest of some pairs of layers."""

    apart_um: float
    limit_um: float
    lower: _Plane
    later: _Plane
    pairs: int


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
        CodeInfo(
            "W_ELONGATED",
            Severity.WARNING,
            "Layers are closer than the focus is long at their depth",
            "Deep in a sample of another index than the immersion medium the focus grows along the beam: outer rays "
            "cross the axis LSA beyond the inner ones (`lasercam explain W_ABERRATION`), so a layer reaches "
            "z_R + |LSA| / 2 to each side, an upper estimate from geometrical optics. The aperture is that of a beam "
            "with a focus of the supplied spot radius, λ / (π w0), at most the objective's. Reported are layers above "
            "each other that keep the distance of unblurred foci and not that of blurred ones. Widen the layer "
            "pitch with depth, correct the aberration (collar, matching immersion), or waive this with the measured "
            "length of a voxel at the deepest layer.",
            "Rayleigh range (F04) and aberration of a flat surface (F21); their sum is assumed",
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
        boxes = [s.frame.extent_um(s.low_ticks, s.high_ticks)[:, :2] for s in sections]
        return np.min([box[0] for box in boxes], axis=0), np.max([box[1] for box in boxes], axis=0)

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
        """One finding per code, recipe and pattern, about its closest layers."""
        planes = sorted(self._maps, key=lambda plane: plane[3])
        worst: dict[_Key, _Closest] = {}
        matters = ~self._steps.may_touch()
        farthest = 2.0 * max(self._reach_um, default=0.0) + max(map(self._blur_um, planes), default=0.0)
        for i, upper in enumerate(planes):
            for lower in planes[i + 1 :]:
                apart = (lower[3] - upper[3]) / TICKS_PER_UM
                if apart >= farthest:
                    break
                sharp = self._reach_um[upper[2]] + self._reach_um[lower[2]]
                limit = sharp + (self._blur_um(upper) + self._blur_um(lower)) / 2.0
                later, earlier = (upper, lower) if self._first[upper] > self._first[lower] else (lower, upper)
                if not 0 < apart < limit or not matters[later[0], earlier[0]]:
                    continue
                if not bool(np.any(self._maps[upper] & self._maps[lower])):
                    continue
                code, limit = (0, sharp) if apart < sharp else (1, limit)
                name = self._context.header.recipes[later[2]].name
                key = (code, name, part_name(self._context, later[1]).rpartition(".")[0])
                known = worst.get(key)
                closest = _Closest(apart, limit, lower, later, 1)
                if known is not None:
                    closest = replace(closest if apart < known.apart_um else known, pairs=known.pairs + 1)
                worst[key] = closest
        return [self._finding(key, found) for key, found in worst.items()]

    def _blur_um(self, plane: _Plane) -> float:
        """Aberration, at the depth of a plane, of the rays that form a focus of the supplied radius."""
        step, _, recipe, depth = plane
        objective = self._context.machines[self._steps.of_section.index(step)].objective
        index = self._context.job.sample.refractive_index
        if not enters(objective, index):
            return 0.0  # which another check says
        values = self._context.header.recipes[recipe].values
        wide = beam_na(values["wavelength"].value, values["spot_radius"].value)
        return abs(aberration_per_depth(objective, index, wide)) * depth / TICKS_PER_UM

    def _finding(self, key: _Key, found: _Closest) -> Finding:
        about = self.codes[key[0]]
        reach = f"their foci reach {found.limit_um:.4g} µm (the sum of their Rayleigh ranges"
        if about.code == "W_ELONGATED":
            blur = self._blur_um(found.lower)
            reach += f" and half their aberrations, {blur:.4g} µm at {found.lower[3] / TICKS_PER_UM:.4g} µm depth"
        return Finding(
            about.code,
            about.severity,
            f"recipe '{key[1]}': {found.pairs:,} pair{'s' if found.pairs > 1 else ''} of layers above each other, the"
            f" closest {found.apart_um:.4g} µm apart at {found.later[3] / TICKS_PER_UM:.4g} µm depth; {reach})",
            key[2],
            value=found.apart_um,
            limit=found.limit_um,
            unit="um",
            location=part_place(self._context, found.later[1]),
            first_row=self._first[found.later],
            count=found.pairs,
            hint="Widen the layer pitch, or waive this with the measured length of a voxel.",
            source=about.source,
        )
