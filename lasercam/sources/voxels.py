"""Regular three-dimensional arrays of dots."""

from collections.abc import Iterator
from math import sqrt
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from lasercam.errors import InputError, Problem
from lasercam.model.feature import MAX_COORDINATE_UM, FeatureBlock, Parts, per_feature
from lasercam.model.feature import parts as named_parts
from lasercam.model.job import Placement
from lasercam.model.protocols import MAX_TILE_ROWS, SourceContext
from lasercam.schema.quantities import Depth, PositiveLength
from lasercam.sources.chance import uniform
from lasercam.sources.site_mask import read_mask

MAX_LAYERS = 1_000
"""Every layer is a part with a name; more names than this help nobody."""
MAX_DOTS = 10_000_000_000
"""At a thousand dots per second, four months of writing."""
MAX_VARIANTS = 65_536
"""Members of a recipe family."""

Count = Annotated[int, Field(ge=1, le=MAX_DOTS)]


class VoxelKeys(Placement):
    """Keys of a regular array of dots."""

    type: Literal["voxels"]
    counts: tuple[Count, Count, Count]
    """Dots along x and y, and layers."""
    pitch: tuple[PositiveLength, PositiveLength, PositiveLength]
    """Distance from dot to dot along x and y, and from layer to layer."""
    lattice: Literal["square", "hexagonal", "body_centred"] = "square"
    """`hexagonal`: every second row shifted by half a pitch, rows √3/2 pitches apart, so that all six neighbours
    are one pitch away; `body_centred`: every second layer shifted by half a pitch along x and y."""
    vary: Literal["none", "layer", "row", "column"] = "none"
    """Which index picks the member of a recipe family: layers count from the shallowest, rows along y, columns
    along x."""
    mask: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None
    """File that says which sites are written. Text: one line per row, the highest row first, `1` or `#` written and
    `0` or `.` not, for every layer alike. NPY: true and false, of shape (rows, columns) or (layers, rows, columns),
    the lowest row and the shallowest layer first."""
    jitter: Depth = 0.0
    """Every dot is moved by a random distance, at most this far along x and along y (from the job's `seed`)."""


class Voxels:
    """Dots of a regular array; parts `layer_1` (shallowest) to `layer_N`."""

    Keys: ClassVar[type[Placement]] = VoxelKeys
    summary: ClassVar[str] = "regular 3D array of dots: square, hexagonal or body-centred, masked or jittered"

    def __init__(self, keys: VoxelKeys, context: SourceContext) -> None:
        self._keys = keys
        self._context = context
        self._row_pitch_um = keys.pitch[1]
        if keys.lattice == "hexagonal":
            self._row_pitch_um = keys.pitch[0] * sqrt(3.0) / 2.0
        self._refuse_impossible()
        count = keys.counts[2]
        self._parts = named_parts([f"layer_{k + 1}" for k in range(count)])
        self._mask: NDArray[np.bool_] | None = None
        if keys.mask is not None:
            self._mask = read_mask(context.asset(keys.mask), keys.mask, keys.counts, context.locate("mask"))

    @property
    def parts(self) -> Parts:
        """One part per layer, the shallowest first."""
        return self._parts

    def features(self, max_rows: int = MAX_TILE_ROWS) -> Iterator[FeatureBlock]:
        """Whole rows of one layer, or pieces of a row, at most `max_rows` dots; deepest layer first.

        Every second layer comes from the far side, so that the beam goes on where the layer before ended.
        """
        nx, ny, nz = self._keys.counts
        rows = max(1, max_rows // nx)
        width = min(nx, max_rows)
        for layer in range(nz - 1, -1, -1):
            bands = range(0, ny, rows)
            for row in bands if (nz - layer) % 2 else reversed(bands):
                for column in range(0, nx, width):
                    block = self._tile(layer, row, min(row + rows, ny), column, min(column + width, nx))
                    if len(block):
                        yield block

    def area(self) -> None:
        """Dots cover no area."""
        return

    def _tile(self, layer: int, row: int, row_end: int, column: int, column_end: int) -> FeatureBlock:
        """Dots of some rows and columns of a layer, row by row."""
        keys = self._keys
        px, py, pz = keys.pitch[0], self._row_pitch_um, keys.pitch[2]
        row_index, column_index = np.arange(row, row_end), np.arange(column, column_end)
        in_row, in_layer = self._shift(layer)
        # Products, not running sums: the last dot is as exact as the first, whatever the tile.
        x = np.multiply(column_index, px)[None, :] + (in_row * (row_index % 2) + in_layer)[:, None] * px
        y = (row_index + in_layer) * py
        shape = (len(row_index), len(column_index))
        xyz = np.empty((*shape, 3))
        xyz[..., 0] = x
        xyz[..., 1] = y[:, None]
        xyz[..., 2] = layer * pz
        if keys.jitter > 0.0:
            xyz[..., :2] += self._moves(layer, row_index, column_index)
        n = xyz.size // 3
        member: dict[str, int | NDArray[np.int64]]
        member = {"none": 0, "layer": layer, "row": row_index[:, None], "column": column_index[None, :]}
        block = FeatureBlock(
            xyz.reshape(n, 3),
            np.arange(n + 1, dtype=np.int64),
            per_feature(layer, n),
            _spread(member[keys.vary], shape),
        )
        if self._mask is None:
            return block
        return block.take(self._mask[layer % len(self._mask), row:row_end, column:column_end].reshape(-1))

    def _moves(self, layer: int, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
        """Random moves along x and y, float64 (rows, columns, 2), µm, from 0 to twice the jitter.

        The array as a whole is moved by the jitter, so that no dot leaves it to the lower left.
        """
        nx, ny, _ = self._keys.counts
        site = (layer * ny + rows[:, None]) * nx + columns[None, :]
        chance = [uniform(self._context.seed, self._context.name, site, axis) for axis in (0, 1)]
        return np.stack(chance, axis=-1) * (2.0 * self._keys.jitter)

    def _shift(self, layer: int) -> tuple[float, float]:
        """Shift of every second row, and of this layer, in pitches."""
        lattice = self._keys.lattice
        return 0.5 * (lattice == "hexagonal"), 0.5 * (lattice == "body_centred" and layer % 2 == 1)

    def _refuse_impossible(self) -> None:
        keys, at = self._keys, self._context.locate
        nx, ny, nz = keys.counts
        if nz > MAX_LAYERS:
            raise InputError(
                Problem(
                    f"{nz:,} layers; at most {MAX_LAYERS:,} are allowed, because each is a part with a name",
                    at("counts"),
                    "Split the stack into several patterns at different depths.",
                )
            )
        if nx * ny * nz > MAX_DOTS:
            raise InputError(
                Problem(
                    f"{nx:,} × {ny:,} × {nz:,} are {nx * ny * nz:.3g} dots; at most {MAX_DOTS:,} are allowed",
                    at("counts"),
                    "Split the array into several jobs.",
                )
            )
        if keys.lattice == "hexagonal" and keys.pitch[0] != keys.pitch[1]:
            raise InputError(
                Problem(
                    f"a hexagonal lattice has one pitch in the plane; found {keys.pitch[0]:g} µm and"
                    f" {keys.pitch[1]:g} µm",
                    at("pitch"),
                    "Give the same pitch for x and y; rows are then √3/2 pitches apart.",
                )
            )
        for axis, n, pitch in zip("xyz", keys.counts, (keys.pitch[0], self._row_pitch_um, keys.pitch[2]), strict=True):
            # Half a pitch more for shifted rows and layers.
            if n * pitch > MAX_COORDINATE_UM:
                raise InputError(
                    Problem(
                        f"{n:,} dots {pitch:g} µm apart reach {n * pitch:.3g} µm along {axis}; at most"
                        f" {MAX_COORDINATE_UM:.0e} µm are allowed",
                        at("pitch"),
                        "Check the unit of the pitch.",
                    )
                )
        if keys.jitter * 2.0 >= min(keys.pitch[0], self._row_pitch_um):
            raise InputError(
                Problem(
                    f"a jitter of {keys.jitter:g} µm lets neighbours change places",
                    at("jitter"),
                    "Give less than half the pitch.",
                )
            )
        varied = {"none": 1, "layer": nz, "row": ny, "column": nx}[keys.vary]
        if varied > MAX_VARIANTS:
            raise InputError(
                Problem(
                    f"vary: {keys.vary} asks for {varied:,} members of a recipe family; at most {MAX_VARIANTS:,} exist",
                    at("vary"),
                )
            )


def _spread(value: int | NDArray[np.int64], shape: tuple[int, int]) -> NDArray[np.uint16]:
    """One value per dot of a tile, row by row: uint16 (rows × columns,)."""
    return np.ascontiguousarray(np.broadcast_to(np.asarray(value, np.uint16), shape)).reshape(-1)
