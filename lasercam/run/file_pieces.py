"""Job files for controllers that run whole files, in pieces that end where the beam is off.

A pause lands behind a piece, and what a lost link leaves running is one piece. Each piece is a job file of its own:
every mode set anew, a dark approach, read back and proven to expose its rows once and no others.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lasercam.errors import RefusedError
from lasercam.model.commanded import feed_speeds_nm_s
from lasercam.model.companions import CompanionReader, companion_folder, write_companions
from lasercam.model.machine import Machine
from lasercam.model.protocols import Dialect, OffersCompanions, ProgramHeader
from lasercam.model.toolpath import NS_PER_S, RowKind, Section, Toolpath, ToolpathBlock
from lasercam.run.following import ExposureTable, exposure_table
from lasercam.run.program import NumberedRows, Program, Ticks
from lasercam.run.remaining import gathered, remaining_rows
from lasercam.run.resume import whole_program
from lasercam.run.row_ranges import RowRanges


@dataclass(frozen=True, eq=False)
class Piece:
    """A job file that is handed over at once.

    Attributes:
        program: the file and its rows.
        first_row, end_row: rows of the toolpath from and to which it leads.
        table: what it exposes.
        end_ticks: where it ends.
        companions: files that it names.
        seconds: about how long it takes.
    """

    program: Program
    first_row: int
    end_row: int
    table: ExposureTable
    end_ticks: Ticks
    companions: Mapping[str, bytes]
    seconds: float


@dataclass(frozen=True, eq=False)
class Pieces:
    """Cuts what is left of a section.

    Attributes:
        toolpath, section, machine, dialect: what is run.
        built: the job file as it was built.
        base: name and folder for pieces; they are written beside the journal.
        longest_s: of a piece; 0 = one piece.
    """

    toolpath: Toolpath
    section: Section
    machine: Machine
    dialect: Dialect
    built: Path
    base: Path
    longest_s: float

    def of(self, left: RowRanges) -> Iterator[Piece]:
        """Job files that expose the rows in `left`, in order; each is written when it is asked for.

        Raises:
            RefusedError: it cannot be approached, or a file does not say exactly what is left.
            MachineLimitError: the controller cannot be told.
        """
        section = self.section
        whole = RowRanges.of((section.first_row, section.first_row + section.n_rows))
        if left == whole and not (0 < self.longest_s < section.duration_s):
            yield self._as_built()
            return
        missing = sum(
            int(np.count_nonzero(left.mask(block.first_row, len(block)) & block.exposes))
            for block in self.toolpath.section_blocks(section.index)
        )
        first = section.first_row
        blocks = self.toolpath.section_blocks(section.index)
        for index, rows in enumerate(self._cut(remaining_rows(blocks, left, self.machine))):
            missing -= _exposed(rows, left, first)
            piece = self._written(index, rows, first)
            first = piece.end_row
            yield piece
        if missing:
            raise RefusedError(f"{missing:,} rows that are left are in no piece of '{self.built.name}'")

    def _as_built(self) -> Piece:
        section = self.section
        program = whole_program(self.built, self.toolpath, section, self.machine, self.dialect)
        end = _ZERO
        for rows in program.rows():
            end = _end_of(rows)
        return self._piece(program, section.first_row, section.first_row + section.n_rows, end, section.duration_s)

    def _cut(self, strokes: Iterable[NumberedRows]) -> Iterator[list[NumberedRows]]:
        held: list[NumberedRows] = []
        seconds = 0.0
        for stroke in strokes:
            takes = self._seconds(stroke)
            if held and self.longest_s and seconds + takes > self.longest_s:
                yield held
                held, seconds = [], 0.0
            held.append(stroke)
            seconds += takes
        if held:
            yield held

    def _written(self, index: int, strokes: list[NumberedRows], first_row: int) -> Piece:
        path = self.base.with_name(f"{self.base.name}.piece{index + 1}{self.dialect.suffix}")
        pieces = list(gathered(strokes))
        note = f"piece {index + 1} of what is left of '{self.built.name}'"
        encoder = self.dialect.encoder(ProgramHeader(self.toolpath.header, self.section.index, self.machine, (note,)))
        with path.open("wb") as out:
            out.write(encoder.begin())
            for rows in pieces:
                out.write(encoder.block(rows.block))
            out.write(encoder.end())
        if isinstance(encoder, OffersCompanions):
            _forget_companions(path)
            write_companions(path, encoder.companions())
        program = Program(path, self.section, self.machine, self.dialect, lambda: iter(pieces))
        seconds = sum(self._seconds(rows) for rows in pieces)
        return self._piece(program, first_row, int(pieces[-1].number[-1]) + 1, _end_of(pieces[-1]), seconds)

    def _piece(self, program: Program, first_row: int, end_row: int, end: Ticks, seconds: float) -> Piece:
        table = exposure_table(program)
        reader = CompanionReader(program.path)
        companions = {name: reader(name) for name in reader.unused}
        return Piece(program, first_row, end_row, table, end, companions, seconds)

    def _seconds(self, rows: NumberedRows) -> float:
        """About how long rows take: at programmed speeds, without corners."""
        block, header = rows.block, self.toolpath.header
        length_nm = np.sqrt(((block.end_ticks - block.start_ticks).astype(np.float64) ** 2).sum(axis=1)) / 10.0
        rapid = max(axis.max_speed for axis in self.machine.axis_list) * 1000.0
        feeds = feed_speeds_nm_s(header.recipes, self.machine)[block.recipe]
        is_dark = (block.kind == RowKind.JUMP) | (block.kind == RowKind.DOT)
        speed = np.where(is_dark | (feeds <= 0), rapid, feeds)
        open_ns = np.array([r.exposure_ns for r in header.recipes.recipes], np.float64)[block.recipe]
        standing = np.where(block.kind == RowKind.DOT, open_ns / NS_PER_S, 0.0)
        return float((length_nm / speed + standing).sum())


_ZERO: Ticks = (0, 0, 0)


def _exposed(strokes: Iterable[NumberedRows], left: RowRanges, first_row: int) -> int:
    """How many rows strokes expose, each of them left, and none of them before `first_row` or twice."""
    number = np.concatenate([rows.number[rows.block.exposes] for rows in strokes])
    if len(number):
        low, high = int(number[0]), int(number[-1]) + 1
        if low < first_row or (np.diff(number) <= 0).any() or not left.mask(low, high - low)[number - low].all():
            raise RefusedError(f"rows {low} to {high - 1}, made of what is left, are not what is left")
    return len(number)


def _end_of(rows: NumberedRows) -> Ticks:
    x, y, z = (int(v) for v in rows.block.end_ticks[-1])
    return x, y, z


def _forget_companions(path: Path) -> None:
    """Pieces are numbered anew in every session: those of the last one must not lie beside this one's."""
    folder = companion_folder(path)
    if folder.is_dir():
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()


def frame_piece(path: Path, toolpath: Toolpath, section: Section, machine: Machine, dialect: Dialect) -> Piece:
    """A file that runs around the box of a section at its highest place, down and up again, and exposes nothing.

    Raises:
        RefusedError: the file would expose something.
    """
    (x0, y0, z0), (x1, y1, z1) = section.low_ticks, section.high_ticks
    corners = [(x0, y0, z1), (x1, y0, z1), (x1, y1, z1), (x0, y1, z1), (x0, y0, z1)]
    if z0 != z1:
        corners += [(x0, y0, z0), (x0, y0, z1)]
    ends = np.array(corners, np.int64)
    starts = np.concatenate((ends[-1:], ends[:-1]))
    n = len(ends)
    recipe = np.full(n, section.recipes[0] if section.recipes else 0, np.uint16)
    block = ToolpathBlock(
        section.index, section.first_row, starts, ends, np.full(n, RowKind.JUMP, np.uint8), np.zeros(n, np.uint32),
        recipe, np.zeros(n, np.uint16),
    )  # fmt: skip
    encoder = dialect.encoder(ProgramHeader(toolpath.header, section.index, machine, ("the box, beam off",)))
    path.write_bytes(b"".join((encoder.begin(), bytes(encoder.block(block)), encoder.end())))
    rows = NumberedRows(block, section.first_row + np.arange(n, dtype=np.int64))
    program = Program(path, section, machine, dialect, lambda: iter((rows,)))
    table = exposure_table(program)
    if len(table.row):
        raise RefusedError(f"the trace of the box, '{path.name}', would expose something")
    return Piece(program, section.first_row, section.first_row, table, _end_of(rows), {}, 0.0)
