"""Rows before they are numbered and cut into blocks."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.model.toolpath import MAX_BLOCK_ROWS


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows before they are numbered and cut into blocks; columns as in ToolpathBlock."""

    start_ticks: NDArray[np.int64]
    end_ticks: NDArray[np.int64]
    kind: NDArray[np.uint8]
    count: NDArray[np.uint32]
    recipe: NDArray[np.uint16]
    part: NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.kind)

    def kept(self, keep: NDArray[np.bool_]) -> "Rows":
        """The rows under a mask."""
        return self if bool(keep.all()) else self.span(np.flatnonzero(keep))

    def span(self, rows: slice | NDArray[np.int64]) -> "Rows":
        """Some of the rows, contiguous arrays."""
        return Rows(
            np.ascontiguousarray(self.start_ticks[rows]),
            np.ascontiguousarray(self.end_ticks[rows]),
            np.ascontiguousarray(self.kind[rows]),
            np.ascontiguousarray(self.count[rows]),
            np.ascontiguousarray(self.recipe[rows]),
            np.ascontiguousarray(self.part[rows]),
        )


def full_blocks(pieces: Iterable[Rows]) -> Iterator[Rows]:
    """The same rows in blocks of MAX_BLOCK_ROWS, the last one shorter."""
    waiting: list[Rows] = []
    held = 0
    for piece in pieces:
        waiting.append(piece)
        held += len(piece)
        if held < MAX_BLOCK_ROWS:
            continue
        rows = _joined(waiting)
        whole = held - held % MAX_BLOCK_ROWS
        for start in range(0, whole, MAX_BLOCK_ROWS):
            yield rows.span(slice(start, start + MAX_BLOCK_ROWS))
        held -= whole
        waiting = [rows.span(slice(whole, None))] if held else []
    if held:
        yield _joined(waiting)


def _joined(pieces: Sequence[Rows]) -> Rows:
    if len(pieces) == 1:
        return pieces[0]
    return Rows(
        np.concatenate([p.start_ticks for p in pieces]),
        np.concatenate([p.end_ticks for p in pieces]),
        np.concatenate([p.kind for p in pieces]),
        np.concatenate([p.count for p in pieces]),
        np.concatenate([p.recipe for p in pieces]),
        np.concatenate([p.part for p in pieces]),
    )
