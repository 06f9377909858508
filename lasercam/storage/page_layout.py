"""Layout of a page: which voxel is a mark, part of the header, a pilot or data. Format LCV1."""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import ParameterError

VERSION: Final = 1
"""Of the page format; a reader refuses others."""
HEADER_BITS: Final = 384
"""Voxels of one coded copy of the header: 28 bytes and 20 of Reed-Solomon parity, one bit a voxel."""
MARK_SITES: Final = 5
"""Sites along the edge of a mark."""
MARK_BLOCK: Final = 6
"""Sites along the edge of the block that a mark stands in, at its upper left; the others are pilots."""
MARKS_ACROSS: Final = 3
LEAST_SIDE: Final = 32
MOST_SIDE: Final = 510
"""The header counts pairs of rows and columns in a byte."""
MOST_BITS: Final = 4
"""Sixteen levels; nobody has told more apart in glass."""
UNIT_CELLS: Final = {1: 2, 2: 1, 3: 2, 4: 1}
"""Cells of two by two voxels that together hold whole bytes, by bits per voxel."""
UNIT_BYTES: Final = {1: 1, 2: 1, 3: 3, 4: 2}
"""Bytes in so many cells."""
PERMUTATION_SEED: Final = 0x4C435631
"""`LCV1`."""

MARK: Final = np.array(
    [[1, 1, 1, 1, 1], [1, 0, 0, 0, 1], [1, 0, 1, 0, 1], [1, 0, 0, 0, 1], [1, 1, 1, 1, 1]], dtype=np.bool_
)
"""bool (5, 5), True is written: a dot in a dark ring, so that a page of dots all over still shows its marks."""
FIRST_MARK: Final = np.where(np.arange(25).reshape(5, 5) == 12, False, MARK)  # noqa: FBT003
"""The mark at the upper left has no dot in the middle."""


class Role(IntEnum):
    """What a site of a page is for."""

    DARK = 0
    """Never written: the ring of a mark."""
    MARK = 1
    HEADER = 2
    PILOT = 3
    DATA = 4


@dataclass(frozen=True)
class PageLayout:
    """Sites of a page of `rows` by `columns`, row 0 at the top and column 0 at the left as the laser sees it.

    Bands of `band_rows` along the upper and the lower edge hold a copy of the header each. Nine marks stand in blocks
    of six by six sites: three in each band, three in the middle. Everything else is data, in cells of two by two
    sites, so that a byte is lost to one flaw and not to four.

    Attributes:
        rows, columns: sites along y and x, even, 32 to 510.
        bits: of a voxel, 1 to 4.

    Raises:
        ParameterError: sizes that cannot be.
    """

    rows: int
    columns: int
    bits: int

    def __post_init__(self) -> None:
        for name, side in (("rows", self.rows), ("columns", self.columns)):
            if not LEAST_SIDE <= side <= MOST_SIDE or side % 2:
                raise ParameterError(
                    f"a page has an even number of {name} from {LEAST_SIDE} to {MOST_SIDE}, not {side}"
                )
        if not 1 <= self.bits <= MOST_BITS:
            raise ParameterError(f"a voxel holds 1 to {MOST_BITS} bits, not {self.bits}")
        if self.rows < 2 * self.band_rows + MARK_BLOCK:
            raise ParameterError(
                f"a page of {self.columns} columns needs {2 * self.band_rows + MARK_BLOCK} rows or more, not"
                f" {self.rows}: two copies of the header take {self.band_rows} rows each"
            )

    @property
    def levels(self) -> int:
        """Kinds of voxel."""
        return 1 << self.bits

    @property
    def band_rows(self) -> int:
        """Rows of the upper and of the lower band: even, as few as a header and three marks fit in."""
        needed = HEADER_BITS + MARKS_ACROSS * MARK_BLOCK**2
        return max(MARK_BLOCK, 2 * -(-needed // (2 * self.columns)))

    @property
    def mark_sites(self) -> tuple[tuple[int, int], ...]:
        """Row and column of the middle of each mark, left to right and top to bottom."""
        middle_row = (self.rows - MARK_BLOCK) // 4 * 2
        middle_column = (self.columns - MARK_BLOCK) // 4 * 2
        return tuple(
            (row + MARK_SITES // 2, column + MARK_SITES // 2)
            for row in (0, middle_row, self.rows - MARK_BLOCK)
            for column in (0, middle_column, self.columns - MARK_BLOCK)
        )

    @cached_property
    def roles(self) -> NDArray[np.uint8]:
        """uint8 (rows, columns), a Role per site."""
        roles = np.full((self.rows, self.columns), Role.DATA, np.uint8)
        band = self.band_rows
        roles[:band], roles[-band:] = Role.HEADER, Role.HEADER
        for number, (row, column) in enumerate(self.mark_sites):
            top, left = row - MARK_SITES // 2, column - MARK_SITES // 2
            roles[top : top + MARK_BLOCK, left : left + MARK_BLOCK] = Role.PILOT
            written = FIRST_MARK if number == 0 else MARK
            roles[top : top + MARK_SITES, left : left + MARK_SITES] = np.where(written, Role.MARK, Role.DARK)
        for rows in (slice(0, band), slice(self.rows - band, self.rows)):
            flat = np.flatnonzero(roles[rows].reshape(-1) == Role.HEADER)[HEADER_BITS:]
            part = roles[rows].reshape(-1)
            part[flat] = Role.PILOT
            roles[rows] = part.reshape(roles[rows].shape)
        for row, column in self._cells[self._whole_cells :].tolist():
            roles[row : row + 2, column : column + 2] = Role.PILOT
        roles.flags.writeable = False
        return roles

    @cached_property
    def header_sites(self) -> NDArray[np.int64]:
        """int64 (2, 384, 2), row and column of every bit of both copies; the lower copy runs backwards.

        So one flaw along an edge of the page hits different bytes of the two.
        """
        sites = np.argwhere(self.roles == Role.HEADER)
        return np.stack((sites[:HEADER_BITS], sites[HEADER_BITS:][::-1]))

    @cached_property
    def pilot_sites(self) -> NDArray[np.int64]:
        """int64 (P, 2), row and column of the pilots, row by row; pilot i has level i modulo `levels`."""
        return np.argwhere(self.roles == Role.PILOT)

    @cached_property
    def pilot_levels(self) -> NDArray[np.uint8]:
        """uint8 (P,), level of each pilot."""
        return (np.arange(len(self.pilot_sites)) % self.levels).astype(np.uint8)

    @cached_property
    def unit_sites(self) -> NDArray[np.int64]:
        """int64 (units, voxels, 2), row and column of the voxels of each unit, in the order that bytes fill them.

        A unit holds UNIT_BYTES bytes in neighbouring voxels; units are spread over the page by a fixed permutation.
        """
        cells = self._cells[: self._whole_cells].reshape(-1, UNIT_CELLS[self.bits], 2)
        offsets = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        sites = (cells[:, :, None, :] + offsets).reshape(len(cells), -1, 2)
        return np.ascontiguousarray(sites[permutation(len(sites))])

    @property
    def data_bytes(self) -> int:
        """Bytes that the data voxels hold, parity included."""
        return self._whole_cells // UNIT_CELLS[self.bits] * UNIT_BYTES[self.bits]

    @cached_property
    def _cells(self) -> NDArray[np.int64]:
        """int64 (C, 2), upper left site of every cell of two by two data voxels, row by row."""
        free = np.ones((self.rows // 2, self.columns // 2), np.bool_)
        free[: self.band_rows // 2], free[(self.rows - self.band_rows) // 2 :] = False, False
        for row, column in self.mark_sites:
            top, left = (row - MARK_SITES // 2) // 2, (column - MARK_SITES // 2) // 2
            free[top : top + MARK_BLOCK // 2, left : left + MARK_BLOCK // 2] = False
        return np.argwhere(free) * 2

    @property
    def _whole_cells(self) -> int:
        """Cells that make up whole units; one left over is pilots."""
        per_unit = UNIT_CELLS[self.bits]
        return len(self._cells) // per_unit * per_unit


def permutation(count: int) -> NDArray[np.int64]:
    """The fixed order in which units are filled: int64 (count,), a Fisher-Yates shuffle driven by `xorshift32`."""
    order = np.arange(count, dtype=np.int64)
    state = PERMUTATION_SEED
    for last in range(count - 1, 0, -1):
        state = xorshift32(state)
        other = state % (last + 1)
        order[last], order[other] = order[other], order[last]
    return order


def xorshift32(state: int) -> int:
    """Next state of a shift register of 32 bits, never 0. Source: G. Marsaglia, 10.18637/jss.v008.i14.

    >>> xorshift32(1)
    270369
    """
    state ^= state << 13 & 0xFFFFFFFF
    state ^= state >> 17
    return state ^ state << 5 & 0xFFFFFFFF
