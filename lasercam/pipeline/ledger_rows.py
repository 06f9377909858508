"""Rows of builds that a sample holds: kept compactly beside its ledger, and put before a job's own for the checks."""

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import InputError, Problem
from lasercam.model.execution import RowState
from lasercam.model.frame import Frame
from lasercam.model.protocols import CheckContext
from lasercam.model.recipe import LaserSettings, PassKind, Recipe, RecipeTable
from lasercam.model.toolpath import PartInfo, Section, ToolpathBlock
from lasercam.pipeline.ledger_documents import LedgerEntry
from lasercam.pipeline.ledger_saving import COLUMNS, STATE_COLUMN, file_digest

if TYPE_CHECKING:
    from lasercam.pipeline.ledger import Ledger

Ticks = NDArray[np.int64]
_SAMPLE_FRAME = (0, 0, 0)
_EXPOSED = {RowState.DONE, RowState.PARTLY, RowState.UNCERTAIN}
_FURNACE = "heat: "
EVERYTHING = ("*",)
"""Sections of earlier jobs were judged when they were built; they are not judged again."""


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


def earlier(
    context: CheckContext, ledger: "Ledger", *, merge_parts: bool, only_done: bool = False, clearing: bool = False
) -> Earlier:
    """A job's context with everything before it that the sample holds.

    Rows of the ledger have negative numbers, so that they come first and the job's own keep theirs.

    Args:
        context: of the job alone.
        ledger: with at least one entry.
        merge_parts: parts of the same name are the same part, as passes over a part are counted; else they carry the
            number of their entry in their name, as findings name them.
        only_done: leave out what is exposed in part or perhaps: nothing may be written over it, and nothing may be
            rewritten that perhaps is not there.
        clearing: of erase steps, leave out what is not surely cleared: rows in question, and all that a furnace
            followed, which may bring them back. What other jobs lie between the lines of counts as written last.

    Raises:
        InputError: rows are missing or damaged.
    """
    entries = ledger.current
    if clearing:
        entries = tuple(sorted(entries, key=lambda entry: entry.entry))
    for entry in entries:
        _check_rows(ledger, entry)
    own = context.header
    parts, recipes = list(own.parts), list(own.recipes.recipes)
    numbers = {part.name: i for i, part in enumerate(parts)}
    sections: list[Section] = []
    plans: list[_Plan] = []
    row = -sum(entry.rows.rows for entry in entries)
    laser = LaserSettings(own.sections[0].laser.wavelength_nm) if own.sections else LaserSettings(1.0)
    for entry in entries:
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
        recovered = _not_clearing(entry, ledger) if clearing else set()
        kept: list[set[RowState]] = []
        steps: dict[tuple[str, int], int] = {}
        for part in entry.sections:
            step = steps.setdefault((part.step, part.run), -1_000_000 + 1_000 * entry.entry + len(steps))
            is_cleared = clearing and part.pass_kind is PassKind.ERASE
            states = {RowState.DONE} if only_done or is_cleared else _EXPOSED
            kept.append(set() if part.step in recovered else set(states))
            sections.append(
                Section(
                    len(sections), step, f"{part.step} (ledger entry {entry.entry})", part.pass_kind, EVERYTHING, laser,
                    Frame(_SAMPLE_FRAME, 1.0, part.increment_ticks), repeat=part.repeat,
                )
            )  # fmt: skip
        path = ledger.rows_folder / entry.rows.file
        plans.append(_Plan(path, first, np.array(part_of), np.array(recipe_of), row, tuple(kept)))
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
    """How rows of one entry are read: where they lie, what their numbers become, and which of each section count."""

    path: Path
    first_section: int
    part_of: Ticks
    recipe_of: Ticks
    first_row: int
    kept: tuple[set[RowState], ...]

    def blocks(self) -> Iterator[ToolpathBlock]:
        row = self.first_row
        for section, columns in saved_blocks(self.path):
            n_rows = len(columns["kind"])
            chosen = np.isin(columns[STATE_COLUMN], [int(state) for state in self.kept[section]])
            start, end, kind, count, recipe, part = (columns[name][chosen] for name in COLUMNS)
            yield ToolpathBlock(
                self.first_section + section,
                row,
                start,
                end,
                kind,
                count,
                self.recipe_of[recipe].astype(np.uint16),
                self.part_of[part].astype(np.uint16),
            )
            row += n_rows


def saved_blocks(path: Path) -> Iterator[tuple[int, dict[str, NDArray[Any]]]]:
    """What `save_rows` wrote, block by block: the section's number within the entry, and its columns with `state`."""
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        stems = sorted({name.rsplit(".", 2)[0] for name in names}, key=lambda stem: stem.split(".")[::-1])
        for stem in stems:
            columns = {name: _column(archive, f"{stem}.{name}.npy") for name in COLUMNS}
            state = f"{stem}.{STATE_COLUMN}.npy"
            columns[STATE_COLUMN] = (
                _column(archive, state) if state in names else np.full(len(columns["kind"]), RowState.DONE, np.uint8)
            )
            yield int(stem.split(".")[1]), columns


def _column(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    return np.lib.format.read_array(io.BytesIO(archive.read(name)), allow_pickle=False)


def _check_rows(ledger: "Ledger", entry: LedgerEntry) -> None:
    path = ledger.rows_folder / entry.rows.file
    hint = "Take it from a backup: without it nobody knows what the sample holds."
    try:
        digest = file_digest(path)
    except OSError as error:
        text = f"the rows of ledger entry {entry.entry} ('{path}') cannot be read: {error.strerror}"
        raise InputError(Problem(text, hint=hint)) from error
    if digest != entry.rows.sha256:
        raise InputError(Problem(f"the rows of ledger entry {entry.entry} ('{path}') were changed", hint=hint))


def _not_clearing(entry: LedgerEntry, ledger: "Ledger") -> set[str]:
    """Names of the entry's erase steps after which something may have come back, or been written by a run that went on.

    A furnace counts that followed in the entry, or in any that ended after this one began. Where another job was
    executed between the sessions of a run, nobody knows which of its rows came before: its erasures clear nothing.
    """
    begun = min((e.entry for e in ledger.entries if e.journal and e.journal == entry.journal), default=entry.entry)
    erased = [(i, s.removeprefix("erase: ")) for i, s in enumerate(entry.steps) if s.startswith("erase: ")]
    others = [e for e in ledger.current if e is not entry and e.entry > begun]
    is_heated = any(step.startswith(_FURNACE) for other in others for step in other.steps)
    between = any(begun < e.entry < entry.entry and e.journal != entry.journal for e in ledger.entries)
    if is_heated or between:
        return {name for _, name in erased}
    last = max((i for i, step in enumerate(entry.steps) if step.startswith(_FURNACE)), default=-1)
    return {name for i, name in erased if i < last}


def names_ledger(on: str) -> bool:
    """Whether a finding is on something of an earlier job: it was judged when that was built."""
    return "(ledger entry " in on


def held(entries: Sequence[LedgerEntry]) -> str:
    """What the sample holds, in words."""
    total = sum(entry.exposures for entry in entries)
    days = sorted({entry.date for entry in entries})
    span = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    kind = " of a simulation" if entries[0].is_simulated else ""
    text = f"the ledger{kind} holds {len(entries)} executed build(s) with {total:,} exposures, {span}"
    in_question = sum(entry.in_question for entry in entries)
    if in_question:
        text += (
            f"; {in_question:,} more were made in part or perhaps: nothing is written over them, and no rewrite may "
            "rely on them"
        )
    return text
