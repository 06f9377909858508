"""Making the job file of what is left of a section, and proving that it exposes exactly that."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from lasercam.errors import RefusedError
from lasercam.model.machine import Machine
from lasercam.model.protocols import Dialect, ProgramHeader
from lasercam.model.toolpath import Section, Toolpath, ToolpathBlock
from lasercam.run.program import NumberedRows, Program, job_lines
from lasercam.run.remaining import gathered, numbered, remaining_rows
from lasercam.run.row_ranges import RowRanges


def whole_program(path: Path, toolpath: Toolpath, section: Section, machine: Machine, dialect: Dialect) -> Program:
    """A job file as it was built."""

    def rows() -> Iterator[NumberedRows]:
        return numbered(toolpath.section_blocks(section.index))

    return Program(path, section, machine, dialect, rows)


def remaining_program(
    path: Path, toolpath: Toolpath, section: Section, machine: Machine, dialect: Dialect, left: RowRanges
) -> Program:
    """A new file with the rows in `left` alone, every mode set anew, and a dark approach.

    Args:
        path: of the file, which is written.
        toolpath, section, machine, dialect: what is run.
        left: rows of the section that shall be exposed.

    Raises:
        RefusedError: it cannot be approached, or the file does not say exactly what is left.
        MachineLimitError: the controller cannot be told.
    """

    def rows() -> Iterator[NumberedRows]:
        return gathered(remaining_rows(toolpath.section_blocks(section.index), left, machine))

    encoder = dialect.encoder(ProgramHeader(toolpath.header, section.index, machine, (f"what is left: rows {left}",)))
    with path.open("wb") as out:
        out.write(encoder.begin())
        for piece in rows():
            out.write(encoder.block(piece.block))
        out.write(encoder.end())
    program = Program(path, section, machine, dialect, rows)
    _prove(program, left, lambda: toolpath.section_blocks(section.index))
    return program


def _prove(program: Program, left: RowRanges, blocks: Callable[[], Iterator[ToolpathBlock]]) -> None:
    """The file, read back, exposes every row that is left once, and no other."""
    before = program.section.first_row - 1
    wanted = (
        int(row)
        for block in blocks()
        for row in block.first_row + (left.mask(block.first_row, len(block)) & block.exposes).nonzero()[0]
    )
    for line in job_lines(program):
        if line.beam_on_s <= 0:
            continue
        row = line.begun_to - 1
        if row <= before or next(wanted, None) != row:
            raise RefusedError(f"line {line.number} of the file for what is left exposes row {row}, which is not next")
        before = row
    missing = next(wanted, None)
    if missing is not None:
        raise RefusedError(f"the file for what is left does not expose row {missing}")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
