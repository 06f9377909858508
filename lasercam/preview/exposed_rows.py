"""Rows that expose, in the sample's frame: the one form in which plans and re-read job files are looked at."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import ParameterError
from lasercam.model.exposure import ExposureBlock
from lasercam.model.frame import Frame
from lasercam.model.toolpath import EXPOSING_KINDS, RowKind, Toolpath, ToolpathBlock

MAX_STROKES = 262_144
"""Strokes handed on at a time, so that long SHOTS runs never become long arrays."""


@dataclass(frozen=True, eq=False)
class ExposedRows:
    """Exposures of one piece of a toolpath.

    Attributes:
        start_um, end_um: float64 (N, 3), x, y, depth in the sample's frame, µm; a DOT has both equal, and where there
            are only dots both are one array.
        kind: uint8 (N,), RowKind LINE, DOT or SHOTS.
        count: int64 (N,), shots of a SHOTS run, else unused.
        recipe: int64 (N,), index into the recipe table.
    """

    start_um: NDArray[np.float64]
    end_um: NDArray[np.float64]
    kind: NDArray[np.uint8]
    count: NDArray[np.int64]
    recipe: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.kind)


@dataclass(frozen=True, eq=False)
class Strokes:
    """What is drawn: straight strokes; a dot is a stroke without length. Only dots: both ends are one array.

    Attributes:
        start_um, end_um: float64 (N, 3), x, y, depth, µm.
        recipe: int64 (N,).
    """

    start_um: NDArray[np.float64]
    end_um: NDArray[np.float64]
    recipe: NDArray[np.int64]

    @property
    def ends(self) -> tuple[NDArray[np.float64], ...]:
        """Where strokes start and where they end; dots only once."""
        return (self.end_um,) if self.start_um is self.end_um else (self.start_um, self.end_um)

    @property
    def depth_um(self) -> NDArray[np.float64]:
        """float64 (N,), depth of the middle of each stroke, µm."""
        if self.start_um is self.end_um:
            return self.end_um[:, 2]
        return np.asarray(0.5 * (self.start_um[:, 2] + self.end_um[:, 2]))

    def of(self, chosen: NDArray[np.bool_]) -> "Strokes":
        """Those under a mask; dots stay one array."""
        if bool(chosen.all()):
            return self
        end = self.end_um[chosen]
        start = end if self.start_um is self.end_um else self.start_um[chosen]
        return Strokes(start, end, self.recipe[chosen])


def exposed_rows(block: ToolpathBlock, frame: Frame) -> ExposedRows:
    """The rows of a planned block in which the beam reaches the sample."""
    if bool((block.kind == RowKind.DOT).all()):
        places = frame.sample_um(block.end_ticks)
        return ExposedRows(places, places, block.kind, block.count.astype(np.int64), block.recipe.astype(np.int64))
    chosen = np.flatnonzero(block.exposes)
    return ExposedRows(
        frame.sample_um(block.exposed_from()[chosen]),
        frame.sample_um(block.end_ticks[chosen]),
        block.kind_at_sample[chosen],
        block.count[chosen].astype(np.int64),
        block.recipe[chosen].astype(np.int64),
    )


def reread_rows(block: ExposureBlock, frame: Frame, recipe: NDArray[np.integer]) -> ExposedRows:
    """The exposures of a re-read block; a job file has no recipe names, so the caller says which row had which.

    Args:
        block: exposures of a job file.
        frame: of the section the file is for.
        recipe: (N,) index into the recipe table for every row of the block.

    Raises:
        ParameterError: not one recipe per row.
    """
    if len(recipe) != len(block):
        raise ParameterError(f"{len(block)} exposures need as many recipes; found {len(recipe)}")
    chosen = np.flatnonzero(np.isin(block.kind, EXPOSING_KINDS))
    kind = block.kind[chosen]
    first = np.where((kind == RowKind.DOT)[:, None], block.end_ticks[chosen], block.start_ticks[chosen])
    return ExposedRows(
        frame.sample_um(first),
        frame.sample_um(block.end_ticks[chosen]),
        kind,
        block.count[chosen].astype(np.int64),
        np.asarray(recipe)[chosen].astype(np.int64),
    )


def toolpath_rows(toolpath: Toolpath, step: int) -> Iterator[ExposedRows]:
    """All exposures of a step of the job, block by block."""
    frames = {section.index: section.frame for section in toolpath.header.sections if section.step == step}
    for block in toolpath.blocks():
        if block.section in frames:
            rows = exposed_rows(block, frames[block.section])
            if len(rows):
                yield rows


def strokes(rows: ExposedRows, finest_um: float) -> Iterator[Strokes]:
    """Rows as strokes; a SHOTS run becomes its shots, or one stroke where they lie closer than `finest_um`."""
    if rows.start_um is rows.end_um and not bool((rows.kind == RowKind.SHOTS).any()):
        yield Strokes(rows.start_um, rows.end_um, rows.recipe)
        return
    length = np.linalg.norm(rows.end_um - rows.start_um, axis=1)
    apart = length / np.maximum(rows.count - 1, 1)
    splits = (rows.kind == RowKind.SHOTS) & (apart >= finest_um)
    whole = ~splits
    if whole.any():
        yield Strokes(rows.start_um[whole], rows.end_um[whole], rows.recipe[whole])
    runs = np.flatnonzero(splits)
    totals = np.cumsum(np.maximum(rows.count[runs], 1))
    total = int(totals[-1]) if len(totals) else 0
    for begin in range(0, total, MAX_STROKES):
        shot = np.arange(begin, min(begin + MAX_STROKES, total))
        at = np.searchsorted(totals, shot, side="right")
        row = runs[at]
        shots = np.maximum(rows.count[row], 1)
        share = (shot - (totals[at] - shots)) / np.maximum(shots - 1, 1)
        point = rows.start_um[row] + share[:, None] * (rows.end_um[row] - rows.start_um[row])
        yield Strokes(point, point, rows.recipe[row])
