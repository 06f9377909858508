"""Rows of builds that a sample holds: kept compactly beside its ledger, and put before a job's own for the checks."""

import hashlib
import io
import os
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from lasercam.errors import InputError, Problem
from lasercam.model.frame import Frame
from lasercam.model.protocols import CheckContext
from lasercam.model.recipe import LaserSettings, Recipe, RecipeTable
from lasercam.model.toolpath import PartInfo, Section, Toolpath, ToolpathBlock
from lasercam.schema.document import Document

if TYPE_CHECKING:
    from lasercam.pipeline.ledger import Ledger, LedgerEntry

Ticks = NDArray[np.int64]
_COLUMNS = ("start", "end", "kind", "count", "recipe", "part")
_SAMPLE_FRAME = (0, 0, 0)
EVERYTHING = ("*",)
"""Sections of earlier jobs were judged when they were built; they are not judged again."""


class RowsEntry(Document):
    """A file of exposed rows."""

    file: Annotated[str, Field(pattern=r"^[0-9a-f]{64}\.npz$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    rows: Annotated[int, Field(ge=0)]


def save_rows(toolpath: Toolpath, folder: Path) -> RowsEntry:
    """Everything a toolpath exposes, in ticks of the sample's frame with z = −depth, in a file of its digest's name.

    Raises:
        InputError: nothing can be written there.
    """
    name = f"{toolpath.header.digest}.npz"
    total = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(prefix=f".{name}.", dir=folder)
        try:
            with os.fdopen(handle, "w+b") as out:
                with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
                    for number, block in enumerate(toolpath.blocks()):
                        total += _save_block(archive, number, block, toolpath.header.sections[block.section])
                out.flush()
                os.fsync(out.fileno())
            digest = _file_digest(Path(unfinished))
            Path(unfinished).chmod(0o644)
            Path(unfinished).replace(folder / name)
        finally:
            Path(unfinished).unlink(missing_ok=True)
    except OSError as error:
        raise InputError(Problem(f"nothing can be written to '{folder}': {error.strerror}")) from error
    return RowsEntry(file=name, sha256=digest, rows=total)


def _save_block(archive: zipfile.ZipFile, number: int, block: ToolpathBlock, section: Section) -> int:
    exposes = block.exposes
    columns = (
        _in_sample(block.start_ticks[exposes], section.frame),
        _in_sample(block.end_ticks[exposes], section.frame),
        *(column[exposes] for column in (block.kind, block.count, block.recipe, block.part)),
    )
    for name, column in zip(_COLUMNS, columns, strict=True):
        content = io.BytesIO()
        np.lib.format.write_array(content, np.ascontiguousarray(column), allow_pickle=False)
        # A fixed date: the same rows give the same bytes.
        entry = zipfile.ZipInfo(f"{number:08d}.{block.section:05d}.{name}.npy", (1980, 1, 1, 0, 0, 0))
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, content.getvalue())
    return int(exposes.sum())


def _in_sample(ticks: Ticks, frame: Frame) -> Ticks:
    placed = frame.sample_ticks(ticks)
    placed[:, 2] *= -1
    return placed


@dataclass(frozen=True, eq=False)
class Earlier:
    """What the sample holds, as sections before a job's own.

    Attributes:
        ledger: where it comes from.
        context: header, machines and blocks with everything, for checks.
        n_sections: sections of the ledger; the job's own come after them.
    """

    ledger: "Ledger"
    context: CheckContext
    n_sections: int

    def shifted(self, block: ToolpathBlock) -> ToolpathBlock:
        """One of the job's own blocks, as the context counts sections."""
        return replace(block, section=block.section + self.n_sections)

    def blocks(self) -> Iterator[ToolpathBlock]:
        """Rows of the ledger alone."""
        for block in self.context.blocks():
            if block.section >= self.n_sections:
                return
            yield block


def earlier(context: CheckContext, ledger: "Ledger", *, merge_parts: bool) -> Earlier:
    """A job's context with everything before it that the sample holds.

    Rows of the ledger have negative numbers, so that they come first and the job's own keep theirs.

    Args:
        context: of the job alone.
        ledger: with at least one entry.
        merge_parts: parts of the same name are the same part, as passes over a part are counted; else they carry the
            number of their entry in their name, as findings name them.

    Raises:
        InputError: rows are missing or damaged.
    """
    for entry in ledger.entries:
        _check_rows(ledger, entry)
    own = context.header
    parts, recipes = list(own.parts), list(own.recipes.recipes)
    numbers = {part.name: i for i, part in enumerate(parts)}
    sections: list[Section] = []
    plans: list[_Plan] = []
    row = -sum(entry.rows.rows for entry in ledger.entries)
    laser = LaserSettings(own.sections[0].laser.wavelength_nm) if own.sections else LaserSettings(1.0)
    for entry in ledger.entries:
        part_of = []
        for name in entry.parts:
            shown = name if merge_parts else f"{name} (ledger entry {entry.entry}, {entry.date})"
            if shown not in numbers:
                numbers[shown] = len(parts)
                parts.append(PartInfo(shown, 1))
            part_of.append(numbers[shown])
        recipe_of = []
        for name, process in entry.recipes:
            recipe_of.append(len(recipes))
            recipes.append(Recipe(f"{name} (ledger entry {entry.entry})", 0, process, laser))
        first = len(sections)
        steps: dict[str, int] = {}
        for part in entry.sections:
            step = steps.setdefault(part.step, -1_000_000 + 1_000 * entry.entry + len(steps))
            sections.append(
                Section(
                    len(sections), step, f"{part.step} (ledger entry {entry.entry})", part.pass_kind, EVERYTHING, laser,
                    Frame(_SAMPLE_FRAME, 1.0, part.increment_ticks), repeat=part.repeat,
                )
            )  # fmt: skip
        plans.append(_Plan(ledger.rows_folder / entry.rows.file, first, np.array(part_of), np.array(recipe_of), row))
        row += entry.rows.rows
    if len(parts) > 2**16 or len(recipes) > 2**16:
        raise InputError(Problem("the ledger and the job together have more parts or recipes than rows can name"))
    n_sections = len(sections)
    own_sections = tuple(replace(s, index=s.index + n_sections) for s in own.sections)
    table = RecipeTable(tuple(recipes), own.recipes.first, own.recipes.sizes)
    header = replace(own, sections=(*sections, *own_sections), recipes=table, parts=tuple(parts))

    def blocks() -> Iterator[ToolpathBlock]:
        for plan in plans:
            yield from plan.blocks()
        for block in context.blocks():
            yield replace(block, section=block.section + n_sections)

    machines = (*([context.machines[0]] * n_sections), *context.machines)
    joined = replace(context, header=header, machines=machines, blocks=blocks, shared={})
    return Earlier(ledger, joined, n_sections)


@dataclass(frozen=True, eq=False)
class _Plan:
    """How rows of one entry are read: where they lie and what their numbers become."""

    path: Path
    first_section: int
    part_of: Ticks
    recipe_of: Ticks
    first_row: int

    def blocks(self) -> Iterator[ToolpathBlock]:
        row = self.first_row
        with zipfile.ZipFile(self.path) as archive:
            stems = sorted({name.rsplit(".", 2)[0] for name in archive.namelist()})
            for stem in stems:
                start, end, kind, count, recipe, part = (_column(archive, f"{stem}.{name}.npy") for name in _COLUMNS)
                yield ToolpathBlock(
                    self.first_section + int(stem.split(".")[1]),
                    row,
                    start,
                    end,
                    kind,
                    count,
                    self.recipe_of[recipe].astype(np.uint16),
                    self.part_of[part].astype(np.uint16),
                )
                row += len(kind)


def _column(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    return np.lib.format.read_array(io.BytesIO(archive.read(name)), allow_pickle=False)


def _check_rows(ledger: "Ledger", entry: "LedgerEntry") -> None:
    path = ledger.rows_folder / entry.rows.file
    hint = "Take it from a backup: without it nobody knows what the sample holds."
    try:
        digest = _file_digest(path)
    except OSError as error:
        text = f"the rows of ledger entry {entry.entry} ('{path}') cannot be read: {error.strerror}"
        raise InputError(Problem(text, hint=hint)) from error
    if digest != entry.rows.sha256:
        raise InputError(Problem(f"the rows of ledger entry {entry.entry} ('{path}') were changed", hint=hint))


def _file_digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def names_ledger(on: str) -> bool:
    """Whether a finding is on something of an earlier job: it was judged when that was built."""
    return "(ledger entry " in on


def held(entries: "Sequence[LedgerEntry]") -> str:
    """What the sample holds, in words."""
    total = sum(entry.exposures for entry in entries)
    days = sorted({entry.date for entry in entries})
    span = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    return f"the ledger holds {len(entries)} executed build(s) with {total:,} exposures, {span}"
