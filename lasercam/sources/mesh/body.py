"""Which points of a grid a mesh fills or passes, a slab of layers at a time, deepest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import PatternError
from lasercam.sources.mesh.columns import Engine, Grid, cross

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]

SLAB_CELLS = 8_000_000
"""Points of one slab, more where a single layer has more: 32 MB of counters, three times that with a vote."""
MAX_COLUMNS = 50_000_000
MAX_CELLS = 4_000_000_000
"""A minute of counting."""
PACKED_BYTES = 128 << 20
"""Bodies up to a thousand million points are kept, a bit per point; larger ones are computed again when asked."""


def grid_of(extent_um: FloatArray, pitch_um: tuple[float, float, float]) -> Grid:
    """The points of a pitch in the middle of a box from the origin, at least one along each side.

    Args:
        extent_um: (3,), sides of the box, µm.
        pitch_um: distance of points along x, y, z, µm.

    Raises:
        PatternError: more columns than `MAX_COLUMNS` or points than `MAX_CELLS`.
    """
    steps = [float(side) / pitch for side, pitch in zip(extent_um, pitch_um, strict=True)]
    # A side that is a whole number of pitches but for rounding has that number of points.
    columns = max(steps[0], 1.0) * max(steps[1], 1.0)
    if columns > MAX_COLUMNS or columns * max(steps[2], 1.0) > MAX_CELLS:
        raise PatternError(
            f"the pitch divides the body's box into {columns * max(steps[2], 1.0):.3g} points in {columns:.3g} columns;"
            f" at most {MAX_CELLS:,} and {MAX_COLUMNS:,} are allowed"
        )
    counts = [max(1, ceil(step - 1e-9)) for step in steps]
    first = [(side - (n - 1) * p) / 2.0 for side, n, p in zip(extent_um.tolist(), counts, pitch_um, strict=True)]
    return Grid((first[0], first[1], first[2]), pitch_um, (counts[0], counts[1], counts[2]))


@dataclass(frozen=True)
class Survey:
    """A body counted through.

    Attributes:
        points: filled points.
        top: index of the shallowest layer with one.
        columns: columns with a crossing.
        unbalanced: how many of them leave the body more or less often than they enter it.
    """

    points: int
    top: int
    columns: int
    unbalanced: int


class Occupancy:
    """Points of a grid inside a mesh (`solid`), or passed by its surface.

    A point is inside where the winding number along its column is not 0. In columns that do not balance, the majority
    of three directions decides. A point is passed by the surface where it crosses one of the three axes through the
    point within half a pitch.
    """

    def __init__(self, triangles: FloatArray, grid: Grid, *, solid: bool, engine: Engine = "auto") -> None:
        self._triangles = triangles
        self._grid = grid
        self._solid = solid
        self._engine: Engine = engine
        nx, ny, nz = grid.counts
        self._layers = max(1, min(nz, SLAB_CELLS // (nx * ny)))
        self._low, self._high = triangles[:, :, 2].min(axis=1), triangles[:, :, 2].max(axis=1)
        self._doubtful: BoolArray | None = None
        self._packed: list[NDArray[np.uint8]] | None = None
        self._packs = nx * ny * nz // 8 <= PACKED_BYTES
        self.survey = self._look()
        if self.survey.unbalanced:
            self.survey = self._look()

    @property
    def grid(self) -> Grid:
        """The grid."""
        return self._grid

    def slabs(self) -> Iterator[tuple[int, BoolArray]]:
        """First layer and bool (layers, rows, columns) of each slab, deepest first."""
        if self._packed is None:
            yield from self._computed()
            return
        nx, ny, _ = self._grid.counts
        for packed, (first, stop) in zip(self._packed, self._ranges(), strict=True):
            bits = np.unpackbits(packed, count=(stop - first) * ny * nx)
            yield first, bits.view(np.bool_).reshape(stop - first, ny, nx)

    def _ranges(self) -> Iterator[tuple[int, int]]:
        for stop in range(self._grid.counts[2], 0, -self._layers):
            yield max(0, stop - self._layers), stop

    def _look(self) -> Survey:
        """Count everything once; remember columns that do not balance, and small bodies."""
        nx, ny, nz = self._grid.counts
        sums, touched = np.zeros((ny, nx), np.int32), np.zeros((ny, nx), np.bool_)
        packed: list[NDArray[np.uint8]] = []
        points, top = 0, nz
        for first, filled in self._computed(sums, touched):
            layers = np.flatnonzero(filled.any(axis=(1, 2)))
            if len(layers):
                points += int(np.count_nonzero(filled))
                top = first + int(layers[0])
            if self._packs:
                packed.append(np.packbits(filled))
        doubtful = sums != 0
        unbalanced = int(np.count_nonzero(doubtful)) if self._solid else 0
        self._doubtful = doubtful if unbalanced else None
        self._packed = packed if self._packs else None
        return Survey(points, top, int(np.count_nonzero(touched)), unbalanced)

    def _computed(
        self, sums: NDArray[np.int32] | None = None, touched: BoolArray | None = None
    ) -> Iterator[tuple[int, BoolArray]]:
        nx, ny, nz = self._grid.counts
        carry = np.zeros((ny, nx), np.int32)
        for first, stop in self._ranges():
            slab = self._grid.slab(first, stop)
            triangles = self._triangles[self._near(first, stop)]
            found = cross(triangles, slab, signed=self._solid, above=first == 0, below=stop == nz, engine=self._engine)
            if sums is not None and touched is not None:
                sums += found.sums
                touched |= found.touched
            if not self._solid:
                yield first, (found.steps != 0) | self._along(0, triangles, slab) | self._along(1, triangles, slab)
                continue
            winding = found.steps
            for layer in range(stop - first - 1, -1, -1):
                carry += winding[layer]
                winding[layer] = carry
            filled = winding != 0
            yield first, self._voted(filled, triangles, slab) if self._doubtful is not None else filled

    def _near(self, first: int, stop: int) -> BoolArray:
        """Triangles that may cross columns of the slab: those within a layer of it."""
        z, pitch = self._grid.first_um[2], self._grid.pitch_um[2]
        near: BoolArray = (self._high >= z + (first - 1) * pitch) & (self._low <= z + stop * pitch)
        return near

    def _voted(self, filled: BoolArray, triangles: FloatArray, slab: Grid) -> BoolArray:
        if self._doubtful is None:
            return filled
        votes = filled.astype(np.int8)
        for axis in (0, 1):
            votes += self._along(axis, triangles, slab)
        return np.where(self._doubtful[None], votes >= 2, filled)

    def _along(self, axis: int, triangles: FloatArray, slab: Grid) -> BoolArray:
        """Points of the slab inside or passed, by columns along x (0) or y (1): bool (layers, rows, columns)."""
        axes = (1, 2, 0) if axis == 0 else (2, 0, 1)
        found = cross(
            np.ascontiguousarray(triangles[:, :, axes]), slab.turned(axes), signed=self._solid, engine=self._engine
        ).steps
        if self._solid:
            found = np.cumsum(found[::-1], axis=0, dtype=np.int32)[::-1]
        # Found lies as (x, z, y) or (y, x, z).
        return np.ascontiguousarray((found != 0).transpose((1, 2, 0) if axis == 0 else (2, 0, 1)))
