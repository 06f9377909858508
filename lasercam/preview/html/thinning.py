"""Which rows a preview draws when there are more than fit: evenly along the path, so evenly over what is written."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import ParameterError
from lasercam.model.toolpath import RowKind, ToolpathBlock, ToolpathHeader
from lasercam.preview.palette import counted

MOST_ROWS = 1_000_000
"""Rows a graphics card moves without effort, and a page of some tens of megabytes holds."""

WHOLE_ROWS = 2_000
"""Parts of up to so many rows are drawn whole, so that marks beside a large block do not vanish."""


@dataclass(frozen=True, eq=False)
class Thinning:
    """One row of each so many is drawn, by part.

    Attributes:
        every: int64 (parts + 1,), one of so many rows of a part; the last is for jumps, which belong to no part.
        rows: int64 (parts + 1,), rows there are; empty when all are drawn.
    """

    every: NDArray[np.int64]
    rows: NDArray[np.int64]

    @property
    def is_whole(self) -> bool:
        """Whether every row is drawn."""
        return int(self.every.max(initial=1)) == 1

    def keeps(self, block: ToolpathBlock) -> NDArray[np.bool_]:
        """bool (N,), the rows drawn: of every so many rows in a row, one at a place that looks random."""
        if self.is_whole:
            return np.ones(len(block), np.bool_)
        every = self.every[_part_or_jump(block, len(self.every) - 1)]
        number = np.arange(block.first_row, block.first_row + len(block), dtype=np.int64)
        group, place = np.divmod(number, every)
        chosen = (_mixed(group.astype(np.uint64)) % every.astype(np.uint64)).astype(np.int64)
        return np.asarray(place == chosen)

    def note(self, n_rows: int, n_drawn: int) -> str:
        """What is drawn, in a sentence."""
        if self.is_whole:
            return f"All {counted(n_rows, 'row')} are drawn."
        most = int(self.every.max())
        thinned = self.every > 1
        whole = int(np.count_nonzero(~thinned & (self.rows > 0)))
        small = (
            f"; {counted(whole, 'part')} of up to {int(self.rows[~thinned].max()):,} rows drawn whole" if whole else ""
        )
        return (
            f"{n_drawn:,} of {n_rows:,} rows are drawn ({n_drawn / n_rows:.2g} of them): one of every {most:,}, evenly"
            f" along the path and so evenly over what is written{small}. Times, counts and findings are those of all"
            " rows."
        )


def choose_thinning(header: ToolpathHeader, blocks: Iterator[ToolpathBlock], most_rows: int = MOST_ROWS) -> Thinning:
    """How rows are thinned so that at most `most_rows` (or a few more) are left.

    Args:
        header: of the toolpath.
        blocks: all rows; read only when there are too many.
        most_rows: at least 1,000.

    Raises:
        ParameterError: fewer rows are asked for.
    """
    if most_rows < 1_000:
        raise ParameterError(f"a preview of {most_rows:,} rows shows nothing; ask for 1,000 or more")
    classes = len(header.parts) + 1
    if header.n_rows <= most_rows:
        return Thinning(np.ones(classes, np.int64), np.zeros(0, np.int64))
    rows = np.zeros(classes, np.int64)
    for block in blocks:
        rows += np.bincount(_part_or_jump(block, classes - 1), minlength=classes)
    whole = rows <= min(WHOLE_ROWS, most_rows // (2 * classes))
    left = most_rows - int(rows[whole].sum())
    every = max(2, -(-int(rows[~whole].sum()) // left))
    return Thinning(np.where(whole, 1, every).astype(np.int64), rows)


def _part_or_jump(block: ToolpathBlock, jump: int) -> NDArray[np.int64]:
    return np.where(block.kind == RowKind.JUMP, jump, block.part).astype(np.int64)


def _mixed(number: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers that look random, the same ones every time.

    Source: the finaliser of SplitMix64, G. Steele et al., OOPSLA 2014, 10.1145/2714064.2660195 (public domain).
    """
    mixed = number + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))
