"""Where the cells of an experiment grid lie, and which member of the recipe family each of them gets."""

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from lasercam.sources.chance import shuffled


@dataclass(frozen=True, eq=False)
class Cells:
    """All cells, block by block, row by row.

    Attributes:
        block, row, column: int64 (N,), from 0; rows count upwards, columns to the right.
        replicate: int64 (N,), from 0.
        member: int64 (N,), index in the recipe family.
        corner_um: float64 (N, 2), lower left corner.
        block_corner_um: float64 (B, 2), lower left corner of each block's first cell.
    """

    block: NDArray[np.int64]
    row: NDArray[np.int64]
    column: NDArray[np.int64]
    replicate: NDArray[np.int64]
    member: NDArray[np.int64]
    corner_um: NDArray[np.float64]
    block_corner_um: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.block)


@dataclass(frozen=True)
class Grid:
    """An experiment grid.

    Attributes:
        shape: members along each axis of the family, the first varies slowest.
        fast_along: page axis of the fastest family axis.
        pitch_um: from cell to cell along x and y.
        block_step_um: from block to block along x and y, beyond the cells: what lies around a block.
        replicates: copies of the whole grid, side by side.
    """

    shape: tuple[int, ...]
    fast_along: str
    pitch_um: tuple[float, float]
    block_step_um: tuple[float, float]
    replicates: int

    @property
    def members(self) -> int:
        """Members of the family."""
        return prod(self.shape)

    @property
    def rows_columns(self) -> tuple[int, int]:
        """Rows and columns of a block."""
        slow, fast = (1, *self.shape)[-2:]
        return (slow, fast) if self.fast_along == "x" else (fast, slow)

    @property
    def blocks_across_up(self) -> tuple[int, int]:
        """Blocks of one replicate along x (the third axis) and y (all slower ones)."""
        return (self.shape[-3] if len(self.shape) > 2 else 1), prod(self.shape[:-3])

    @property
    def blocks(self) -> int:
        """Blocks of all replicates."""
        return prod(self.blocks_across_up) * self.replicates

    @property
    def size_um(self) -> tuple[float, float]:
        """Width and height of the grid of blocks, from the first cell's corner to beyond the last block."""
        (across, up), (rows, columns) = self.blocks_across_up, self.rows_columns
        width = (columns * self.pitch_um[0] + self.block_step_um[0]) * across * self.replicates
        return width, (rows * self.pitch_um[1] + self.block_step_um[1]) * up

    def cells(self, seed: int, name: str, *, randomise: bool) -> Cells:
        """All cells; randomised, every replicate holds each member once, at places of its own."""
        n = self.members
        slow, fast = (1, *self.shape)[-2:]
        place = np.arange(n, dtype=np.int64)
        member = [shuffled(seed, name, n, r) if randomise else place for r in range(self.replicates)]
        in_block, within = np.divmod(place, slow * fast)
        slow_index, fast_index = np.divmod(within, fast)
        row, column = (slow_index, fast_index) if self.fast_along == "x" else (fast_index, slow_index)
        order = np.lexsort((column, row, in_block))
        in_block, row, column = in_block[order], row[order], column[order]
        across, up = self.blocks_across_up
        every = np.tile(np.arange(n), self.replicates)
        replicate = np.repeat(np.arange(self.replicates, dtype=np.int64), n)
        corners = self._block_corners(across, up)
        block = replicate * across * up + in_block[every]
        inside = np.column_stack((column[every] * self.pitch_um[0], row[every] * self.pitch_um[1]))
        return Cells(
            block,
            row[every],
            column[every],
            replicate,
            np.concatenate([m[order] for m in member]),
            corners[block] + inside,
            corners,
        )

    def _block_corners(self, across: int, up: int) -> NDArray[np.float64]:
        """Lower left corner of the first cell of every block, float64 (B, 2)."""
        rows, columns = self.rows_columns
        number = np.arange(self.blocks)
        replicate, rest = np.divmod(number, across * up)
        high, right = np.divmod(rest, across)
        x = (replicate * across + right) * (columns * self.pitch_um[0] + self.block_step_um[0])
        y = high * (rows * self.pitch_um[1] + self.block_step_um[1])
        return np.column_stack((x, y)).astype(np.float64)
