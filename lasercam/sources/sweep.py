"""Experiment grids: every member of a recipe family once (or several times) on the page, labelled, with its table."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from math import prod
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from lasercam.errors import InputError, Problem
from lasercam.geometry.area import Area
from lasercam.model.feature import MAX_COORDINATE_UM, FeatureBlock, Parts, dots, per_feature, tiles
from lasercam.model.feature import parts as named_parts
from lasercam.model.job import Placement
from lasercam.model.protocols import MAX_TILE_ROWS, PatternUse, SourceContext
from lasercam.schema.quantities import PositiveLength
from lasercam.sources.segment_digits import ADVANCE, digit_strokes, text_width
from lasercam.sources.strokes import Strokes
from lasercam.sources.sweep_layout import Cells, Grid
from lasercam.sources.sweep_table import results_table

MAX_MEMBERS = 65_536
"""Members of a recipe family."""
MAX_FEATURES = 2_000_000
"""Dots and lines of all cells; an experiment that nobody can look at cell by cell is none."""
MIN_SIZE_UM = 1e-3
"""Ten ticks of the toolpath; smaller distances are slips of the unit."""
LABEL_SHARE = 0.4
"""Height of labels that do not state it, in cell pitches."""
DOTS_PER_HEIGHT = 6
"""Steps of a dotted label over its height."""

_CELLS, _LABELS, _FRAME = 0, 1, 2


class SweepKeys(Placement):
    """Keys of an experiment grid."""

    type: Literal["sweep"]
    shape: Annotated[tuple[Annotated[int, Field(ge=1, le=MAX_MEMBERS)], ...], Field(min_length=1, max_length=8)]
    """Values along each axis of the recipe family, in the order in which families count (pulse energy, repetition
    rate, pulse duration, average power, speed, exposure, pulses, pitch): `[5, 4]` for five energies and four
    exposures. The last two axes are rows and columns, the third last gives blocks side by side, all others blocks
    above each other."""
    fast_along: Literal["x", "y"] = "x"
    """Direction of the last axis: columns to the right (x) or rows upwards (y); the second last takes the other."""
    cell: Literal["dot", "dots", "lines"]
    """What one member writes: a dot, a square cluster of dots, or parallel lines along x."""
    pitch: tuple[PositiveLength, PositiveLength]
    """Distance from cell to cell along x and y."""
    count: Annotated[int, Field(ge=1, le=1_000)] | None = None
    """Lines of a cell, or dots along the side of a cluster."""
    spacing: PositiveLength | None = None
    """Distance of dots or lines inside a cell."""
    length: PositiveLength | None = None
    """Length of lines."""
    replicates: Annotated[int, Field(ge=1, le=1_000)] = 1
    """Copies of the whole grid side by side, each complete."""
    randomise: Annotated[bool, Field(strict=False)] = False
    """Put the members of each replicate in a random order (from the job's `seed`), so that drift during the
    experiment does not look like an effect; the results table says which member is where."""
    labels: Literal["lines", "dots", "none"] = "lines"
    """How row, column and block numbers are written beside the cells."""
    numbers: Literal["both", "rows", "columns"] = "both"
    """Which of them the labels number."""
    label_height: PositiveLength | None = None
    """Height of the digits; absent: 0.4 of the smaller pitch."""
    first: tuple[Annotated[int, Field(ge=0, le=100_000)], Annotated[int, Field(ge=0, le=100_000)]] = (1, 1)
    """Numbers of the first row and the first column, where one grid continues another."""
    frame: bool = False
    """A rectangle around each block."""

    @model_validator(mode="after")
    def _keys_fit_the_cell(self) -> "SweepKeys":
        needs = {"dot": (), "dots": ("count", "spacing"), "lines": ("length",)}[self.cell]
        reads = {"dot": (), "dots": ("count", "spacing"), "lines": ("count", "spacing", "length")}[self.cell]
        for key in ("count", "spacing", "length"):
            if key in needs and getattr(self, key) is None:
                raise ValueError(f"cell: {self.cell} needs the key '{key}'")
            if key not in reads and getattr(self, key) is not None:
                raise ValueError(f"'{key}' means nothing with cell: {self.cell}")
        if self.cell == "dots" and self.count == 1:
            raise ValueError("a cluster has two dots or more along its side; write cell: dot for a single one")
        if self.cell == "lines" and (self.count or 1) > 1 and self.spacing is None:
            raise ValueError(f"{self.count} lines need the key 'spacing', the distance from one to the next")
        if self.labels == "none" and {"label_height", "first", "numbers"} & self.model_fields_set:
            raise ValueError("'label_height', 'first' and 'numbers' mean nothing with labels: none")
        return self


class Sweep:
    """An experiment grid; parts `cells` (one variant per member), `labels` and `frame`.

    Rows count upwards and columns to the right, so that values grow as on the axes of a graph. `extra_files` hands
    out `results.csv`: code, place, family member and parameters of every cell.
    """

    Keys: ClassVar[type[Placement]] = SweepKeys
    summary: ClassVar[str] = "experiment grid over a recipe family, labelled, with a results table to fill in"

    def __init__(self, keys: SweepKeys, context: SourceContext) -> None:
        self._keys = keys
        self._context = context
        self._refuse_too_many()
        self._cell_um = self._cell_size()
        atoms = ["cells"]
        atoms += ["labels"] if keys.labels != "none" else []
        atoms += ["frame"] if keys.frame else []
        self._parts = named_parts(atoms)
        self._height_um = self._label_height()
        self._gap_um = self._height_um * (ADVANCE if keys.labels != "none" else 0.5 if keys.frame else 0.0)
        self._margin_um = self._margin()
        self._refuse_wide_labels()
        self._refuse_far()

    @property
    def parts(self) -> Parts:
        """`cells`, and `labels` and `frame` where there are any."""
        return self._parts

    @property
    def family_shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The family that cells count in."""
        return {"cells": self._keys.shape}

    @property
    def notes(self) -> tuple[str, ...]:
        """How many cells there are."""
        keys = self._keys
        order = f", in random order from the seed {self._context.seed}" if keys.randomise else ""
        return (f"{prod(keys.shape):,} members, {len(self._cells):,} cells{order}",)

    def features(self, max_rows: int = MAX_TILE_ROWS) -> Iterator[FeatureBlock]:
        """Cells, block by block, then labels and frames; all in one plane."""
        yield from tiles(self._cell_features, max_rows)
        for block in self._label_features:
            yield from tiles(block, max_rows)

    def area(self) -> Area:
        """The rectangle around everything."""
        width, height = self._grid.size_um
        return Area.from_rectangles([(0.0, 0.0)], [(width, height)])

    def extra_files(self, use: PatternUse) -> Mapping[str, bytes]:
        """`results.csv`, where a step writes the cells."""
        if not any(e.part == "cells" for e in use.exposures):
            return {}
        cells = self._cells
        middle = np.column_stack(
            (cells.corner_um + self._first_um + np.array(self._cell_um) / 2.0, np.zeros(len(cells)))
        )
        return {"results.csv": results_table(use, "cells", self.codes, cells.replicate, cells.member, middle)}

    @property
    def codes(self) -> tuple[str, ...]:
        """What the labels say about each cell: `row-column`, or `block-row-column` where there are several blocks."""
        row, column = (
            (self._keys.first[0] + self._cells.row).tolist(),
            (self._keys.first[1] + self._cells.column).tolist(),
        )
        pairs = zip((self._cells.block + 1).tolist(), row, column, strict=True)
        return tuple(f"{b}-{r}-{c}" if self._grid.blocks > 1 else f"{r}-{c}" for b, r, c in pairs)

    @cached_property
    def _grid(self) -> Grid:
        keys = self._keys
        # Around a block: its labels, and as much again as the free space between cells.
        free = [p - s for p, s in zip(keys.pitch, self._cell_um, strict=True)]
        step = (self._margin_um[0] + self._gap_um, self._margin_um[1] + self._gap_um)
        return Grid(keys.shape, keys.fast_along, keys.pitch, (step[0] + free[0], step[1] + free[1]), keys.replicates)

    def _margin(self) -> tuple[float, float]:
        """What labels and frame take to the left of and below a block's first cell, µm."""
        if self._keys.labels == "none":
            return self._gap_um, self._gap_um
        row, column, block = (text_width(text, self._height_um) for text in self._longest)
        several, line = self._bare_grid.blocks > 1, self._gap_um + self._height_um
        left, below = self._gap_um * self._keys.frame, self._gap_um * self._keys.frame
        if self._numbers_rows:
            # A number may reach below the cell it stands beside.
            left, below = self._gap_um + row, max(below, (self._height_um - self._cell_um[1]) / 2.0)
        if self._numbers_columns:
            left, below = max(left, (column - self._cell_um[0]) / 2.0), line
        return max(left, block) if several else left, (below + line) if several else below

    @property
    def _numbers_rows(self) -> bool:
        return self._keys.labels != "none" and self._keys.numbers != "columns"

    @property
    def _numbers_columns(self) -> bool:
        return self._keys.labels != "none" and self._keys.numbers != "rows"

    @property
    def _bare_grid(self) -> Grid:
        keys = self._keys
        return Grid(keys.shape, keys.fast_along, keys.pitch, (0.0, 0.0), keys.replicates)

    @property
    def _longest(self) -> tuple[str, str, str]:
        """The longest row, column and block numbers."""
        rows, columns = self._bare_grid.rows_columns
        first = self._keys.first
        return str(first[0] + rows - 1), str(first[1] + columns - 1), str(self._bare_grid.blocks)

    @cached_property
    def _cells(self) -> Cells:
        return self._grid.cells(self._context.seed, self._context.name, randomise=self._keys.randomise)

    @property
    def _first_um(self) -> NDArray[np.float64]:
        """Lower left corner of the first cell."""
        return np.array(self._margin_um)

    @cached_property
    def _cell_features(self) -> FeatureBlock:
        """All cells with the member of each as variant."""
        keys, cells = self._keys, self._cells
        corner = cells.corner_um + self._first_um
        member = cells.member.astype(np.uint16)
        count, spacing = keys.count or 1, keys.spacing or 0.0
        if keys.cell != "lines":
            inside_y, inside_x = np.divmod(np.arange(count * count), count)
            inside = np.column_stack((inside_x, inside_y)) * spacing
            xy = (corner[:, None, :] + inside[None, :, :]).reshape(-1, 2)
            return dots(np.column_stack((xy, np.zeros(len(xy)))), _CELLS, np.repeat(member, count * count))
        xyz = np.zeros((len(cells), count, 2, 3))
        xyz[..., 0] = corner[:, 0, None, None] + np.array([0.0, keys.length or 0.0])
        xyz[..., 1] = corner[:, 1, None, None] + (np.arange(count) * spacing)[:, None]
        n = len(cells) * count
        offsets = np.arange(0, 2 * n + 1, 2, dtype=np.int64)
        return FeatureBlock(xyz.reshape(-1, 3), offsets, per_feature(_CELLS, n), np.repeat(member, count))

    @cached_property
    def _label_features(self) -> tuple[FeatureBlock, ...]:
        """Labels and frames, as far as there are any."""
        keys, made = self._keys, []
        if keys.labels != "none":
            strokes = Strokes()
            for number, corner in enumerate(self._cells.block_corner_um, 1):
                self._label_block(strokes, corner + self._first_um, number)
            made.append(
                strokes.as_dots(self._height_um / DOTS_PER_HEIGHT) if keys.labels == "dots" else strokes.as_lines()
            )
        if keys.frame:
            made.append(self._frames())
        return tuple(made)

    def _label_block(self, strokes: Strokes, corner: NDArray[np.float64], number: int) -> None:
        """Row numbers to the left, column numbers below, and the block's own below them."""
        keys, height = self._keys, self._height_um
        rows, columns = self._grid.rows_columns
        for row in range(rows if self._numbers_rows else 0):
            text = str(keys.first[0] + row)
            x = corner[0] - self._gap_um - text_width(text, height)
            y = corner[1] + row * keys.pitch[1] + (self._cell_um[1] - height) / 2.0
            strokes.add(digit_strokes(text, (x, y), height), _LABELS)
        for column in range(columns if self._numbers_columns else 0):
            text = str(keys.first[1] + column)
            x = corner[0] + column * keys.pitch[0] + (self._cell_um[0] - text_width(text, height)) / 2.0
            strokes.add(digit_strokes(text, (x, corner[1] - self._gap_um - height), height), _LABELS)
        if self._grid.blocks > 1:
            strokes.add(digit_strokes(str(number), tuple(corner - self._first_um), height), _LABELS)

    def _frames(self) -> FeatureBlock:
        """One closed line around the cells of each block, half-way to the labels."""
        rows, columns = self._grid.rows_columns
        away = self._gap_um / 2.0
        low = self._cells.block_corner_um + self._first_um - away
        size = [
            (n - 1) * p + s + 2.0 * away
            for n, p, s in zip((columns, rows), self._keys.pitch, self._cell_um, strict=True)
        ]
        turns = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]]) * size
        xy = (low[:, None, :] + turns[None, :, :]).reshape(-1, 2)
        part = per_feature(self._parts.atoms.index("frame"), len(low))
        offsets = np.arange(0, len(xy) + 1, 5, dtype=np.int64)
        xyz = np.column_stack((xy, np.zeros(len(xy))))
        return FeatureBlock(np.ascontiguousarray(xyz), offsets, part, per_feature(0, len(low)))

    def _cell_size(self) -> tuple[float, float]:
        """Width and height of a cell, smaller than the pitch."""
        keys = self._keys
        across = ((keys.count or 1) - 1) * (keys.spacing or 0.0)
        size = (keys.length or 0.0, across) if keys.cell == "lines" else (across, across)
        smallest = min((*keys.pitch, *(v for v in (keys.spacing, keys.length) if v is not None)))
        if smallest < MIN_SIZE_UM:
            text = f"a distance of {smallest:.3g} µm is too small; at least {MIN_SIZE_UM:g} µm are written"
            raise InputError(Problem(text, self._context.locate("pitch"), "Check the unit."))
        for axis, wide, pitch in zip("xy", size, keys.pitch, strict=True):
            if wide >= pitch:
                raise InputError(
                    Problem(
                        f"cells are {wide:g} µm wide along {axis}, and {pitch:g} µm apart",
                        self._context.locate("pitch"),
                        "Cells may not touch: raise the pitch.",
                    )
                )
        return size

    def _label_height(self) -> float:
        height = self._keys.label_height
        return LABEL_SHARE * min(self._keys.pitch) if height is None else height

    def _refuse_wide_labels(self) -> None:
        if self._keys.labels == "none":
            return
        width = text_width(self._longest[1], self._height_um) * self._numbers_columns
        for axis, takes, pitch in (("x", width, self._keys.pitch[0]), ("y", self._height_um, self._keys.pitch[1])):
            if takes >= pitch:
                raise InputError(
                    Problem(
                        f"labels take {takes:g} µm along {axis}, and cells are {pitch:g} µm apart",
                        self._context.locate("label_height"),
                        "Write them smaller, or `labels: none`.",
                    )
                )
        if self._height_um < MIN_SIZE_UM:
            text = f"labels {self._height_um:.3g} µm high are too small; at least {MIN_SIZE_UM:g} µm are written"
            raise InputError(Problem(text, self._context.locate("label_height"), "Check the unit."))

    def _refuse_too_many(self) -> None:
        keys, at = self._keys, self._context.locate
        members = prod(keys.shape)
        if members > MAX_MEMBERS:
            text = f"the shape has {members:,} members; a recipe family has at most {MAX_MEMBERS:,}"
            raise InputError(Problem(text, at("shape"), "Split the experiment."))
        each = (keys.count or 1) ** (1 if keys.cell == "lines" else 2)
        total = members * keys.replicates * each
        if total > MAX_FEATURES:
            text = f"the cells take {total:,} dots or lines; at most {MAX_FEATURES:,} are allowed"
            raise InputError(Problem(text, at("shape"), "Write fewer replicates, or fewer dots per cell."))

    def _refuse_far(self) -> None:
        reach = max(self._grid.size_um)
        if reach > MAX_COORDINATE_UM:
            text = f"the grid reaches {reach:.3g} µm; at most {MAX_COORDINATE_UM:g} µm are allowed"
            raise InputError(Problem(text, self._context.locate("pitch"), "Check the unit."))
