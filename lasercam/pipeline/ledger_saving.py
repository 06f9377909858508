"""Exposed rows of a build as a file beside the ledger: whole sections, or row by row what a journal says of them."""

import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import InputError, Problem
from lasercam.model.execution import Execution, ProgramRows, RowState
from lasercam.model.frame import Frame
from lasercam.model.toolpath import RowKind, Section, Toolpath, ToolpathBlock
from lasercam.pipeline.ledger_documents import RowsEntry

COLUMNS = ("start", "end", "kind", "count", "recipe", "part")
STATE_COLUMN = "state"
"""uint8, RowState; left out where every row is done."""
Pair = tuple[int, int]
"""Part and recipe, as rows number them."""


@dataclass(eq=False)
class Piece:
    """Rows of one section that go into the ledger, and what was counted of them when they were saved.

    Attributes:
        section: whose rows.
        program: which of them are exposed; None = all.
        repeat: how often.
        exposures, partly, uncertain, twice: lines, dots and single shots, see LedgerSection.
        pairs: what surely or in part is exposed.
    """

    section: Section
    program: ProgramRows | None = None
    repeat: int = 1
    exposures: int = 0
    partly: int = 0
    uncertain: int = 0
    twice: int = 0
    pairs: set[Pair] = field(default_factory=set)


def whole_pieces(toolpath: Toolpath) -> list[Piece]:
    """Everything a toolpath exposes."""
    return [Piece(section, None, section.repeat) for section in toolpath.header.sections]


def executed_pieces(toolpath: Toolpath, execution: Execution) -> list[Piece]:
    """What a journal says was exposed: executions that are whole count together, others each for itself."""
    pieces = []
    for section in toolpath.header.sections:
        programs = execution.of_section(section.index)
        part = [p for p in programs if not _is_whole(p, section)]
        n_whole = len(programs) - len(part)
        if n_whole:
            pieces.append(Piece(section, None, n_whole))
        pieces += [Piece(section, program) for program in part]
    return pieces


def _is_whole(program: ProgramRows, section: Section) -> bool:
    everything = ((section.first_row, section.first_row + section.n_rows),)
    return program.done == everything and not program.again


def executed_name(toolpath: Toolpath, execution: Execution) -> str:
    """Digest of what a journal says of a toolpath: the same state has the same."""
    programs = [
        [p.section, p.repeat, p.done, p.partly, p.uncertain, p.again] for p in execution.programs if p.is_touched
    ]
    words = json.dumps([toolpath.header.digest, execution.journal, programs], separators=(",", ":"))
    return hashlib.sha256(words.encode()).hexdigest()


def save_rows(toolpath: Toolpath, pieces: Sequence[Piece], folder: Path, digest: str) -> RowsEntry:
    """The exposed rows, in ticks of the sample's frame with z = −depth, in a file of that digest's name.

    The pieces are counted on the way.

    Raises:
        InputError: nothing can be written there.
    """
    name = f"{digest}.npz"
    total = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(prefix=f".{name}.", dir=folder)
        try:
            with os.fdopen(handle, "w+b") as out:
                with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
                    for number, block in enumerate(toolpath.blocks() if pieces else ()):
                        for index, piece in enumerate(pieces):
                            if piece.section.index == block.section:
                                total += _save_block(archive, f"{number:08d}.{index:05d}", block, piece)
                out.flush()
                os.fsync(out.fileno())
            sha256 = file_digest(Path(unfinished))
            Path(unfinished).chmod(0o644)
            Path(unfinished).replace(folder / name)
        finally:
            Path(unfinished).unlink(missing_ok=True)
    except OSError as error:
        raise InputError(Problem(f"nothing can be written to '{folder}': {error.strerror}")) from error
    return RowsEntry(file=name, sha256=sha256, rows=total)


def _save_block(archive: zipfile.ZipFile, stem: str, block: ToolpathBlock, piece: Piece) -> int:
    exposes = block.exposes
    program, n_rows = piece.program, len(block)
    state = None if program is None else program.states(block.first_row, n_rows)
    chosen = exposes if state is None else exposes & (state != RowState.UNTOUCHED)
    _count(piece, block, chosen, state)
    if not chosen.any():
        return 0
    frame = piece.section.frame
    columns: list[tuple[str, NDArray[Any]]] = [
        ("start", _in_sample(block.start_ticks[chosen], frame)),
        ("end", _in_sample(block.end_ticks[chosen], frame)),
        *((name, getattr(block, name)[chosen]) for name in COLUMNS[2:]),
    ]
    if state is not None:
        columns.append((STATE_COLUMN, state[chosen]))
    for name, column in columns:
        content = io.BytesIO()
        np.lib.format.write_array(content, np.ascontiguousarray(column), allow_pickle=False)
        # A fixed date: the same rows give the same bytes.
        entry = zipfile.ZipInfo(f"{stem}.{name}.npy", (1980, 1, 1, 0, 0, 0))
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, content.getvalue())
    return int(chosen.sum())


def _count(piece: Piece, block: ToolpathBlock, chosen: NDArray[np.bool_], state: NDArray[np.uint8] | None) -> None:
    """Lines, dots and shots of a block by what became of them."""
    exposures = np.where(block.kind == RowKind.SHOTS, block.count.astype(np.int64), 1)
    exposures[block.kind == RowKind.CLOSING] = 0  # counts with its line
    if state is None:
        state = np.full(len(block), RowState.DONE, np.uint8)
    piece.exposures += int(exposures[chosen & (state == RowState.DONE)].sum())
    piece.partly += int(exposures[chosen & (state == RowState.PARTLY)].sum())
    piece.uncertain += int(exposures[chosen & (state == RowState.UNCERTAIN)].sum())
    if piece.program is not None:
        piece.twice += int(exposures[chosen & piece.program.twice(block.first_row, len(block))].sum())
    known = chosen & (state != RowState.UNCERTAIN)
    pairs = np.unique(np.stack((block.part[known], block.recipe[known]), axis=1), axis=0)
    piece.pairs.update((int(part), int(recipe)) for part, recipe in pairs)


def _in_sample(ticks: NDArray[np.int64], frame: Frame) -> NDArray[np.int64]:
    placed = frame.sample_ticks(ticks)
    placed[:, 2] *= -1
    return placed


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
