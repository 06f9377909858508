"""The rows that are left, as a path of their own: what is over is travelled dark, so that nothing is exposed twice.

A stroke that was interrupted is approached along its own exposed part, with the beam off and at the recipe's speed:
that is the run-up, on a path the checks have seen already. Strokes with nothing left are jumped over.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import RefusedError
from lasercam.model.machine import Machine
from lasercam.model.stage import KeepOutBox
from lasercam.model.toolpath import MAX_BLOCK_ROWS, TICKS_PER_MM, TICKS_PER_UM, RowKind, ToolpathBlock
from lasercam.run.program import NumberedRows
from lasercam.run.row_ranges import RowRanges

_NEW_DARK_KIND = np.arange(len(RowKind), dtype=np.uint8)
_NEW_DARK_KIND[[RowKind.LINE, RowKind.OPENING, RowKind.CLOSING]] = RowKind.LEAD
_NEW_DARK_KIND[[RowKind.DOT, RowKind.SHOTS]] = RowKind.JUMP


def numbered(blocks: Iterable[ToolpathBlock]) -> Iterator[NumberedRows]:
    """A section's rows as they were planned."""
    for block in blocks:
        yield NumberedRows(block, block.first_row + np.arange(len(block), dtype=np.int64))


def remaining_rows(blocks: Iterable[ToolpathBlock], left: RowRanges, machine: Machine) -> Iterator[NumberedRows]:
    """The rows in `left`, and the dark ones that lead there.

    Args:
        blocks: all rows of a section.
        left: rows that shall be exposed.
        machine: the profile.

    Raises:
        RefusedError: a new jump would lead through a zone to keep out of; a stroke of a slow gate that is exposed in
            part; rows that are fired by position, some of them done.
    """
    at: NDArray[np.int64] | None = None
    for stroke in _strokes(blocks):
        kept = _kept(stroke, left, machine)
        if kept is None:
            continue
        if at is not None:
            kept = _joined_to(at, kept, machine)
        at = kept.block.end_ticks[-1]
        yield kept


def _strokes(blocks: Iterable[ToolpathBlock]) -> Iterator[NumberedRows]:
    """Rows from one dark travel to the next."""
    held: list[NumberedRows] = []
    for rows in numbered(blocks):
        kind = rows.block.kind
        is_travel = kind == RowKind.JUMP
        before = np.concatenate(([bool(held) and held[-1].block.kind[-1] == RowKind.JUMP], is_travel[:-1]))
        starts = np.flatnonzero((is_travel | (kind == RowKind.DOT)) & ~before)
        last = 0
        for start in starts.tolist():
            if start > last:
                held.append(_cut(rows, last, start))
            if held:
                yield _whole(held)
                held = []
            last = start
        if last < len(kind):
            held.append(_cut(rows, last, len(kind)))
    if held:
        yield _whole(held)


def _cut(rows: NumberedRows, start: int, stop: int) -> NumberedRows:
    b, s = rows.block, slice(start, stop)
    block = ToolpathBlock(
        b.section, b.first_row + start, b.start_ticks[s], b.end_ticks[s], b.kind[s], b.count[s], b.recipe[s], b.part[s]
    )
    return NumberedRows(block, rows.number[s])


def _whole(pieces: list[NumberedRows]) -> NumberedRows:
    if len(pieces) == 1:
        return pieces[0]
    blocks = [piece.block for piece in pieces]
    block = ToolpathBlock(
        blocks[0].section,
        blocks[0].first_row,
        np.concatenate([b.start_ticks for b in blocks]),
        np.concatenate([b.end_ticks for b in blocks]),
        np.concatenate([b.kind for b in blocks]),
        np.concatenate([b.count for b in blocks]),
        np.concatenate([b.recipe for b in blocks]),
        np.concatenate([b.part for b in blocks]),
    )
    return NumberedRows(block, np.concatenate([piece.number for piece in pieces]))


def _kept(stroke: NumberedRows, left: RowRanges, machine: Machine) -> NumberedRows | None:
    """A stroke with everything dark that is not left; None when nothing is."""
    block = stroke.block
    wanted = left.mask(block.first_row, len(block)) & block.exposes
    if not wanted.any():
        return None
    dark = ~wanted & (block.exposes | (block.kind == RowKind.OPENING))
    over = ~wanted & block.exposes
    if not over.any():
        return stroke
    if machine.gate.open_delay or machine.gate.close_delay:
        first = int(stroke.number[np.argmax(wanted)])
        raise RefusedError(
            f"the stroke around row {first} is exposed in part, and the gate is too slow to open in its middle; "
            "decide `skip` for the rest of it"
        )
    kind = np.where(dark, _NEW_DARK_KIND[block.kind], block.kind)
    count = np.where(dark, 0, block.count).astype(np.uint32)
    return NumberedRows(replace(block, kind=kind, count=count), stroke.number)


def _joined_to(at: NDArray[np.int64], rows: NumberedRows, machine: Machine) -> NumberedRows:
    """Rows that begin where the last ones ended: the first dark travel comes from there."""
    block = rows.block
    if (block.start_ticks[0] == at).all():
        return rows
    if block.kind[0] not in (RowKind.JUMP, RowKind.DOT):
        raise RefusedError(f"row {int(rows.number[0])} does not begin with a jump; nothing can lead there")
    check_jump(at, block.end_ticks[0], machine)
    start = block.start_ticks.copy()
    start[0] = at
    return NumberedRows(replace(block, start_ticks=start), rows.number)


def check_jump(start: NDArray[np.int64], end: NDArray[np.int64], machine: Machine) -> None:
    """A jump that was not planned keeps out of every zone, whatever path the axes take.

    Raises:
        RefusedError: the box around it meets a zone.
    """
    for zone in machine.keep_out:
        if _meets(zone, np.minimum(start, end), np.maximum(start, end)):
            shown = "), (".join(", ".join(f"{v / TICKS_PER_MM:g}" for v in p.tolist()) for p in (start, end))
            raise RefusedError(
                f"going on would jump between ({shown}) mm, past or through the zone '{zone.name}' of the machine "
                "profile; no path around it is known. Build the rest as a job of its own."
            )


def _meets(zone: KeepOutBox, low: NDArray[np.int64], high: NDArray[np.int64]) -> bool:
    return all(
        zone.low[axis] * TICKS_PER_UM < high[axis] and low[axis] < zone.high[axis] * TICKS_PER_UM
        for axis in range(len(zone.low))
    )


def gathered(rows: Iterable[NumberedRows]) -> Iterator[NumberedRows]:
    """The same rows in pieces of a size that pays."""
    held: list[NumberedRows] = []
    count = 0
    for piece in rows:
        held.append(piece)
        count += len(piece.number)
        if count >= MAX_BLOCK_ROWS // 2:
            yield _whole(held)
            held, count = [], 0
    if held:
        yield _whole(held)


def longest_stroke(blocks: Iterable[ToolpathBlock]) -> int:
    """Most rows that follow each other with the beam on."""
    longest = running = 0
    for block in blocks:
        dark = np.flatnonzero(block.kind != RowKind.LINE)
        if not len(dark):
            running += len(block)
        else:
            longest = max(longest, running + int(dark[0]), int(np.diff(dark).max(initial=1)) - 1)
            running = len(block) - 1 - int(dark[-1])
        longest = max(longest, running)
    return longest
