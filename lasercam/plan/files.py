"""Job files of bounded length: rows are cut where the beam is off and the next feature begins."""

from collections.abc import Iterable, Iterator

import numpy as np

from lasercam.errors import PatternError
from lasercam.model.toolpath import RowKind
from lasercam.plan.rows import Rows

_BEGINS = (RowKind.JUMP, RowKind.DOT)
"""Kinds of rows that travel dark to a feature: a file may begin with one."""


def numbered_files(pieces: Iterable[Rows], max_rows: int | None) -> Iterator[tuple[int, Rows]]:
    """The same rows, each piece with the number of the file it belongs to, counted from 0.

    Args:
        pieces: rows of one set-up, in order; every piece begins with a new feature.
        max_rows: of one file; None = one file.

    Raises:
        PatternError: a single line that does not fit into a file.
    """
    if max_rows is None:
        yield from ((0, piece) for piece in pieces)
        return
    number = held = 0
    for piece in pieces:
        start = 0
        while start < len(piece):
            stop = _stop(piece, start, max_rows - held)
            if stop > start:
                yield number, piece.span(slice(start, stop))
                held += stop - start
            elif held == 0:
                raise PatternError(
                    f"one line needs more than the {max_rows:,} rows that a job file of this machine may have "
                    "(`controller.max_file_rows`); split the line, flatten it more coarsely, or raise the limit"
                )
            if stop < len(piece):
                number, held = number + 1, 0
            start = stop


def _stop(piece: Rows, start: int, room: int) -> int:
    """Where to cut: as far on as there is room for, in front of a feature; `start` when not even one fits."""
    if len(piece) - start <= room:
        return len(piece)
    stop = start + max(room, 0)
    # Jumps that follow each other, and a dot behind one, are one travel: to a field, from one side, to the place.
    is_whole = piece.kind[start:stop] != RowKind.JUMP
    cuts = np.flatnonzero(np.isin(piece.kind[start + 1 : stop + 1], _BEGINS) & is_whole)
    return start + 1 + int(cuts[-1]) if len(cuts) else start
