"""The toolpath of a job: features of every step in depth order, cut into sections, kept once they are made."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import PatternError
from lasercam.geometry.placement import Placed
from lasercam.model.feature import FeatureBlock
from lasercam.model.frame import Frame
from lasercam.model.job import Step
from lasercam.model.machine import Machine
from lasercam.model.protocols import PatternSource
from lasercam.model.recipe import LaserSettings, PassKind, RecipeTable
from lasercam.model.toolpath import PartInfo, RowKind, Section, Toolpath, ToolpathBlock, ToolpathHeader
from lasercam.plan.approach import Approach
from lasercam.plan.fields import Cell, Fields, field_grid, fields_of
from lasercam.plan.file_starts import FileStarts
from lasercam.plan.files import numbered_files
from lasercam.plan.follow import follow_surface
from lasercam.plan.kept_rows import KeptRows
from lasercam.plan.kinematics.clock import Clock
from lasercam.plan.kinematics.model import MotionModel, motion_model
from lasercam.plan.motion import MotionTables, Rounding, make_rows, motion_tables
from lasercam.plan.ordering import SectionOrder
from lasercam.plan.pieces import Piece, Supply, planes, runs
from lasercam.plan.rows import Rows, full_blocks
from lasercam.plan.select import NO_RECIPE, Selection

Setup = tuple[LaserSettings, int]
"""What must be set by hand before a section: the laser, and the pulses its trigger counts."""


@dataclass(frozen=True, eq=False)
class PlacedPattern:
    """A pattern ready to be planned.

    Attributes:
        source: makes its features.
        copies: where they lie on the sample.
        first_part: index of its first atom among the toolpath's parts.
    """

    source: PatternSource
    copies: tuple[Placed, ...]
    first_part: int


@dataclass(frozen=True, eq=False)
class PlannedStep:
    """A step with a beam.

    Attributes:
        index: among all steps of the job.
        step: as written.
        machine: that runs it.
        frame: sample to controller.
        over: earlier steps it may touch; None = none.
        selections: what it takes from which pattern.
    """

    index: int
    step: Step
    machine: Machine
    frame: Frame
    over: tuple[str, ...] | None
    selections: tuple[Selection, ...]


@dataclass(frozen=True, eq=False)
class _Tile:
    """Features of one set-up in one tile, in the sample's frame; the unit of ordering."""

    depth_um: float
    setup_rank: int
    setup: Setup
    block: FeatureBlock
    recipe: NDArray[np.uint16]
    part: NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class Planner:
    """Everything a job's rows are made from.

    Attributes:
        job: its name.
        patterns: by name.
        parts: of all patterns, in the order of their indices.
        recipes: the table rows point into.
        steps: with a beam, in order.
        hashes: SHA-256 of every input.
    """

    job: str
    patterns: Mapping[str, PlacedPattern]
    parts: tuple[PartInfo, ...]
    recipes: RecipeTable
    steps: Sequence[PlannedStep]
    hashes: Mapping[str, str]

    def toolpath(self) -> Toolpath:
        """The toolpath, its sections and its digest known from one reading of all rows.

        Raises:
            PatternError: a pattern cannot be written with its recipe family or on this machine's increment.
        """
        digest = hashlib.sha256()
        sections: list[Section] = []
        models: dict[int, MotionModel] = {}  # by step: each has its machine
        clock: Clock | None = None
        n_rows = 0
        rounding = Rounding()
        kept = KeptRows()
        for block, section, machine in self._numbered(rounding):
            if clock is None or section.index == len(sections):
                if clock is not None:
                    sections[-1] = _timed(sections[-1], clock)
                if section.step not in models:
                    models[section.step] = motion_model(self.recipes, machine)
                clock = Clock(models[section.step], shares=False)
                first = self.recipes[int(block.recipe[np.argmax(block.kind != RowKind.JUMP)])]
                sections.append(replace(section, first_row=block.first_row, laser=first.laser))
            clock.add(block)
            sections[-1] = _grown(sections[-1], block)
            for array in block.arrays:
                digest.update(array.data)
            kept.add(block)
            n_rows += len(block)
        if clock is None:
            raise PatternError("the job writes nothing: no step takes a feature")
        sections[-1] = _timed(sections[-1], clock)
        facts = _facts(self.job, sections, self.recipes, self.parts)
        digest.update(facts.encode())
        x, y, depth = rounding.largest_um.tolist()
        header = ToolpathHeader(
            self.job,
            tuple(sections),
            self.recipes,
            self.parts,
            dict(self.hashes),
            digest.hexdigest(),
            n_rows,
            (x, y, depth),
            tuple(stitches for _, stitches in sorted(rounding.stitches.items())),
        )
        return Toolpath(header, kept.blocks if kept.is_whole else self._blocks)

    def _blocks(self) -> Iterator[ToolpathBlock]:
        return (block for block, _, _ in self._numbered())

    def _numbered(self, rounding: Rounding | None = None) -> Iterator[tuple[ToolpathBlock, Section, Machine]]:
        """Blocks with row numbers, the section they belong to (without its sums) and its machine."""
        row = 0
        index = -1
        for step in self.steps:
            tables = motion_tables(self.recipes, step.machine)
            for setup, tiles in groupby(self._tiles(step), key=partial(_file_setup, step.machine)):
                starts = FileStarts(step.machine, step.frame.increment_ticks, field_grid(step.machine, step.frame))
                pieces = numbered_files(self._rows_of(tiles, step, tables, rounding), starts.max_rows)
                for _, file in groupby(pieces, key=itemgetter(0)):
                    index += 1
                    section = _section(index, step, setup[0])
                    for rows in full_blocks(starts.begun(rows for _, rows in file)):
                        yield _block(rows, index, row), section, step.machine
                        row += len(rows)

    def _rows_of(
        self, tiles: Iterable[_Tile], step: PlannedStep, tables: MotionTables, rounding: Rounding | None
    ) -> Iterator[Rows]:
        """Rows of a section, each piece's from where the one before it ended."""
        position = np.asarray(step.frame.origin_ticks, np.int64)
        approach = Approach(step.machine, step.frame.increment_ticks)
        fields = fields_of(step.machine, step.frame, tables)
        section = SectionOrder(step.step, lambda: step.frame.sample_um(position[None, :])[0])
        for whole in section.planes(tiles):
            if rounding is not None:
                rounding.add(whole.block.xyz_um, step.frame)
            for cell, tile in _by_field(whole, fields, as_given=step.step.order == "as_given"):
                coarse = None if fields is None or cell is None else fields.coarse_move(cell, position)
                if coarse is not None:
                    position = coarse.end_ticks[-1]
                    yield coarse
                block = tile.block
                if step.frame.surface is not None:
                    block = follow_surface(block, step.frame.surface, step.machine.controller.path_tolerance)
                for order in section.orders(tile.block):
                    try:
                        rows = make_rows(block, tile.recipe, tile.part, order, position, step.frame, tables)
                    except PatternError as error:
                        names = [self.parts[part].name for part in np.unique(tile.part)[:2].tolist()]
                        raise PatternError(f"{' and '.join(names)}: {error}") from error
                    rows = approach.approached(rows)
                    position = rows.end_ticks[-1]
                    yield rows
        if rounding is not None and fields is not None:
            rounding.cut(fields.stitches.values())

    def _tiles(self, step: PlannedStep) -> Iterator[_Tile]:
        """Tiles of a step in the order they are written."""
        if step.step.order == "as_given":
            written = self._tiles_as_given(step)
        elif step.step.order == "by_setup":
            written = merge(*self._streams(step), key=lambda tile: (tile.setup_rank, -tile.depth_um))
        else:
            written = merge(*self._streams(step), key=lambda tile: (-tile.depth_um, tile.setup_rank))
        empty = True
        for tile in written:
            empty = False
            yield tile
        if empty:
            raise PatternError(
                f"step '{step.step.name}' writes nothing: its patterns have no features there, or `inside` and"
                " `outside` leave none"
            )

    def _tiles_as_given(self, step: PlannedStep) -> Iterator[_Tile]:
        """Features exactly as the sources list them, copy after copy."""
        for selection in step.selections:
            pattern = self.patterns[selection.pattern]
            for placed in pattern.copies:
                for block in pattern.source.features():
                    for piece in runs(self._chosen(block, selection, float(placed.shift_um[2]))):
                        yield from self._placed(piece, placed, pattern)

    def _streams(self, step: PlannedStep) -> Iterator[Iterator[_Tile]]:
        """Streams of tiles, deep before shallow in each: one per pattern, set-up and depth of copies."""
        for selection in step.selections:
            pattern = self.patterns[selection.pattern]
            possible = sorted(set(self._setups[1][selection.recipes()].tolist()))
            levels: dict[float, list[Placed]] = {}
            for placed in pattern.copies:
                levels.setdefault(float(placed.shift_um[2]), []).append(placed)
            # Copies at different depths share what is read, unless their energies follow the depth.
            shared = [list(levels.values())] if not selection.by_depth else [[level] for level in levels.values()]
            for group in shared:
                read = partial(self._read, selection, float(group[0][0].shift_um[2]))
                if selection.has_one_member_per_depth and step.step.order == "planned":
                    yield self._stream(read(), pattern, group[0], selection.pattern)  # set-ups follow the depth
                    continue
                supply = Supply(read, possible)
                for rank in supply.ranks:
                    for level in group:
                        yield self._stream(supply.pieces(rank), pattern, level, selection.pattern)

    def _read(self, selection: Selection, shift_um: float) -> Iterator[Piece]:
        blocks = self.patterns[selection.pattern].source.features()
        return (self._chosen(block, selection, shift_um) for block in blocks)

    def _stream(
        self, pieces: Iterable[Piece], pattern: PlacedPattern, copies: Sequence[Placed], name: str
    ) -> Iterator[_Tile]:
        """Tiles of pieces with one set-up in each plane, plane by plane, on every copy before the next plane."""
        for group in planes(pieces, name):
            for placed in copies:
                for piece in group:
                    yield from self._placed(piece, placed, pattern)

    def _placed(self, piece: Piece, placed: Placed, pattern: PlacedPattern) -> Iterator[_Tile]:
        """The tile that a piece makes on one copy, unless areas leave nothing of it."""
        block, kept = placed.place(piece.block)
        if len(block):
            yield _Tile(
                float(block.xyz_um[:, 2].max()),
                piece.rank,
                self._setups[0][piece.rank],
                block,
                piece.recipe[kept].astype(np.uint16),
                (piece.block.part[kept] + pattern.first_part).astype(np.uint16),
            )

    @cached_property
    def _setups(self) -> tuple[list[Setup], NDArray[np.int64]]:
        """Every set-up, in the order of the recipes, and the set-up of each recipe."""
        number: dict[Setup, int] = {}
        triggers = [step.machine.trigger for step in self.steps]
        by_program = all(t is not None and t.counted_by == "program" for t in triggers)
        of_recipe = [
            number.setdefault((r.laser, 0 if by_program else r.pulses), len(number)) for r in self.recipes.recipes
        ]
        return list(number), np.array(of_recipe, np.int64)

    def _chosen(self, block: FeatureBlock, selection: Selection, shift_um: float) -> Piece:
        """The features that a selection takes, with the recipe and set-up of each, on copies that lie this deep."""
        taken = selection.first_recipe[block.part] != NO_RECIPE
        if not taken.all():
            block = block.take(taken)
        recipe = selection.members(block, shift_um)
        return Piece(block, recipe, self._setups[1][recipe])


def _by_field(tile: _Tile, fields: Fields | None, *, as_given: bool) -> Iterator[tuple[Cell | None, _Tile]]:
    """A tile field by field; the tile itself where the axes reach everything."""
    if fields is None:
        yield None, tile
        return
    for piece in fields.pieces(tile.block, tile.recipe, tile.part, as_given=as_given):
        recipe, part = tile.recipe[piece.origin], tile.part[piece.origin]
        yield piece.cell, replace(tile, block=piece.block, recipe=recipe, part=part)


def _file_setup(machine: Machine, tile: _Tile) -> Setup:
    """What must be set by hand before a file that holds a tile; energies that the program sets are not part of it."""
    laser, pulses = tile.setup
    if machine.laser.is_set_by_program:
        laser = replace(laser, pulse_energy_uj=0.0, cw_power_uw=0.0)
    return laser, pulses


def _section(index: int, step: PlannedStep, laser: LaserSettings) -> Section:
    kind = step.step.pass_kind or PassKind.WRITE
    grid = field_grid(step.machine, step.frame)
    section = Section(index, step.index, step.step.name, kind, step.over, laser, step.frame, field=grid)
    return replace(section, repeat=step.step.repeat)


def _block(rows: Rows, section: int, first_row: int) -> ToolpathBlock:
    return ToolpathBlock(
        section, first_row, rows.start_ticks, rows.end_ticks, rows.kind, rows.count, rows.recipe, rows.part
    )


def _timed(section: Section, clock: Clock) -> Section:
    """The section with the time of all its runs; its file ends here."""
    clock.finish()
    return replace(section, duration_s=clock.total_s * section.repeat)


def _grown(section: Section, block: ToolpathBlock) -> Section:
    """The section with a block's rows added to its sums."""
    # Every row starts where the one before ended, and where the stage stands before the file is not the file's own.
    low, high = ([int(end(block.end_ticks[:, axis])) for axis in range(3)] for end in (np.min, np.max))
    if section.n_rows:
        low = [min(pair) for pair in zip(low, section.low_ticks, strict=True)]
        high = [max(pair) for pair in zip(high, section.high_ticks, strict=True)]
    return replace(
        section,
        n_rows=section.n_rows + len(block),
        n_exposures=section.n_exposures + block.n_exposures,
        low_ticks=(low[0], low[1], low[2]),
        high_ticks=(high[0], high[1], high[2]),
        recipes=tuple(sorted({*section.recipes, *np.unique(block.recipe[block.kind != RowKind.JUMP]).tolist()})),
    )


def laser_facts(laser: LaserSettings) -> dict[str, float]:
    """All that is set at a laser, and the average power that follows."""
    return {**asdict(laser), "average_power_uw": laser.average_power_uw}


def _field_facts(section: Section) -> dict[str, Any]:
    return {} if section.field is None else {"field": asdict(section.field)}


def _facts(job: str, sections: Sequence[Section], recipes: RecipeTable, parts: Sequence[PartInfo]) -> str:
    """What the digest covers beside the rows: what every number in them means."""
    facts: dict[str, Any] = {
        "job": job,
        "sections": [
            {
                "step": s.step_name, "pass": s.pass_kind, "over": s.over, "laser": laser_facts(s.laser),
                "frame": s.frame.facts(), **_field_facts(s), "rows": [s.first_row, s.n_rows], "repeat": s.repeat,
            }
            for s in sections
        ],
        "recipes": [
            [r.label, r.process, laser_facts(r.laser), r.speed_nm_s, r.exposure_ns, r.pulses, r.pitch_ticks]
            for r in recipes.recipes
        ],
        "parts": [p.name for p in parts],
    }  # fmt: skip
    return json.dumps(facts, sort_keys=True)
