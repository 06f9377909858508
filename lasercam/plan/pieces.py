"""Features on their way into tiles: cut by set-up and by depth, in bounded groups that every copy shares."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import PatternError
from lasercam.model.feature import FeatureBlock

MAX_GROUP = 65_536
"""Features of one plane that are held at a time while its copies are written."""
MAX_KEPT = 1_048_576
"""Features of a pattern with several set-ups that are kept; a larger pattern is made again for each."""


@dataclass(frozen=True, eq=False)
class Piece:
    """Features of a pattern, in its own frame, with what they are written with.

    Attributes:
        block: the features.
        recipe: int64 (P,), index into the recipe table.
        ranks: int64 (P,), number of each feature's set-up.
    """

    block: FeatureBlock
    recipe: NDArray[np.int64]
    ranks: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.block)

    @property
    def rank(self) -> int:
        """The set-up of a piece that has only one."""
        return int(self.ranks[0])

    @property
    def depths_um(self) -> NDArray[np.float64]:
        """float64 (P,), deepest vertex of each feature below the pattern's shallowest plane."""
        z = self.block.xyz_um[:, 2]
        return z if self.block.all_dots else np.asarray(np.maximum.reduceat(z, self.block.offsets[:-1]), np.float64)

    def take(self, index: NDArray[np.int64]) -> "Piece":
        """Some of the features, in the given order; the piece itself when it is all of them as they are."""
        if len(index) == len(self) and bool(np.all(index[1:] > index[:-1])):
            return self
        return Piece(self.block.take(index), self.recipe[index], self.ranks[index])


class Supply:
    """A pattern's features by set-up, read from its source once where they fit, else once per set-up.

    Args:
        read: makes the pieces, the same ones every time.
        possible: numbers of the set-ups that features may use; with only one, nothing is read ahead.

    Attributes:
        ranks: numbers of the set-ups that features really use, rising.
    """

    def __init__(self, read: Callable[[], Iterator[Piece]], possible: Sequence[int]) -> None:
        self._read = read
        self._kept: list[Piece] | None = None
        self.ranks: Sequence[int] = possible
        if len(possible) > 1:
            self._survey()

    def _survey(self) -> None:
        """Find the set-ups in use, keeping the features while they are few."""
        self._kept = []
        used: set[int] = set()
        total = 0
        for piece in self._read():
            used.update(np.unique(piece.ranks).tolist())
            total += len(piece)
            if self._kept is not None and total <= MAX_KEPT:
                self._kept.append(piece)
            else:
                self._kept = None
        self.ranks = sorted(used)

    def pieces(self, rank: int) -> Iterator[Piece]:
        """The features of one set-up, in the source's order."""
        for piece in self._read() if self._kept is None else self._kept:
            chosen = np.flatnonzero(piece.ranks == rank)
            if len(chosen):
                yield piece.take(chosen)


def runs(piece: Piece) -> Iterator[Piece]:
    """Unbroken runs of one set-up, in the given order."""
    if len(piece):
        for index in np.split(np.arange(len(piece)), np.flatnonzero(np.diff(piece.ranks)) + 1):
            yield piece.take(index)


def planes(pieces: Iterable[Piece], pattern: str) -> Iterator[list[Piece]]:
    """Pieces of one depth each, deep before shallow, in groups of one plane and a bounded number of features.

    Raises:
        PatternError: the source does not keep its promise to yield deep blocks first.
    """
    group: list[Piece] = []
    held, group_depth = 0, np.inf
    for piece in pieces:
        for depth, level in _levels(piece):
            if depth > group_depth:
                raise PatternError(
                    f"pattern '{pattern}' lists features at a depth of {depth:g} µm after shallower ones at"
                    f" {group_depth:g} µm; a source must yield the deepest first, or write the step `as_given`"
                )
            if group and (depth < group_depth or held + len(level) > MAX_GROUP):
                yield group
                group, held = [], 0
            group.append(level)
            held, group_depth = held + len(level), depth
    if group:
        yield group


def _levels(piece: Piece) -> Iterator[tuple[float, Piece]]:
    """A piece cut into the depths of its features, the deepest first."""
    depths = piece.depths_um
    deepest = float(depths.max())
    if float(depths.min()) == deepest:
        yield deepest, piece
        return
    order = np.argsort(-depths, kind="stable")
    for index in np.split(order, np.flatnonzero(np.diff(depths[order])) + 1):
        yield float(depths[index[0]]), piece.take(index.astype(np.int64))
