"""What a picture of a toolpath needs to know before it is drawn, found without holding its rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lasercam.model.frame import Frame
from lasercam.model.toolpath import RowKind, Section, Toolpath, ToolpathBlock
from lasercam.preview.depths import DepthTally, Layer

FloatArray = NDArray[np.float64]

_KINDS = len(RowKind)


MOST_SHOTS = 1_000_000
"""Shots of a block's sweeps that are drawn one by one; more of them are drawn as lines."""


@dataclass(frozen=True, eq=False)
class DrawnRows:
    """Rows of a toolpath in the sample's frame.

    Attributes:
        start_um, end_um: float64 (N, 3), x, y, depth; of a DOT the start of its dark travel.
        kind: uint8 (N,).
        recipe: uint16 (N,).
    """

    start_um: FloatArray
    end_um: FloatArray
    kind: NDArray[np.uint8]
    recipe: NDArray[np.uint16]

    @cached_property
    def only_dots(self) -> bool:
        """Whether every row is a dot."""
        return bool((self.kind == RowKind.DOT).all())

    def of(self, chosen: NDArray[np.bool_]) -> "DrawnRows":
        """The rows chosen by bool (N,)."""
        if chosen.all():
            return self
        return DrawnRows(self.start_um[chosen], self.end_um[chosen], self.kind[chosen], self.recipe[chosen])

    def in_layer(self, layer: Layer | None) -> "DrawnRows":
        """Exposures whose middle lies in the layer and travel within it; all rows for None."""
        if layer is None:
            return self
        exposed_from = np.where(self.kind == RowKind.DOT, self.end_um[:, 2], self.start_um[:, 2])
        middle = layer.holds(0.5 * (exposed_from + self.end_um[:, 2]))
        within = layer.holds(self.start_um[:, 2]) & layer.holds(self.end_um[:, 2])
        is_dark = (self.kind == RowKind.JUMP) | (self.kind == RowKind.LEAD)
        return self.of(np.where(is_dark, within, middle))


@dataclass(frozen=True, eq=False)
class Survey:
    """A toolpath seen once from start to end.

    Attributes:
        low_um, high_um: corners (x, y) of what is exposed, µm; of all rows when nothing is.
        uses: int64 (recipes, kinds), rows.
        layers: depths of exposures, shallowest first.
    """

    low_um: tuple[float, float]
    high_um: tuple[float, float]
    uses: NDArray[np.int64]
    layers: tuple[Layer, ...]


def drawn_rows(toolpath: Toolpath, sections: tuple[Section, ...]) -> Iterator[DrawnRows]:
    """Rows of some sections, block by block."""
    frames = {section.index: section.frame for section in sections}
    for block in toolpath.blocks():
        frame = frames.get(block.section)
        if frame is not None and len(block):
            start, end = _both_ends(block, frame)
            yield _shot_by_shot(DrawnRows(start, end, block.kind_at_sample, block.recipe), block.count)


def _both_ends(block: ToolpathBlock, frame: Frame) -> tuple[FloatArray, FloatArray]:
    """Starts and ends (N, 3) in the sample's frame; rows that follow each other share all places but one."""
    start, end = block.start_ticks, block.end_ticks
    if not np.array_equal(start[1:], end[:-1]):
        return frame.sample_um(start), frame.sample_um(end)
    places = frame.sample_um(np.concatenate((start[:1], end)))
    return places[:-1], places[1:]


def _shot_by_shot(rows: DrawnRows, count: NDArray[np.uint32]) -> DrawnRows:
    """The rows with sweeps as the dots they fire, unless these would be too many to be seen."""
    is_run = rows.kind == RowKind.SHOTS
    if not is_run.any():
        return rows
    times = np.where(is_run, count, 1).astype(np.int64)
    if int(times.sum()) > MOST_SHOTS:
        return rows
    row = np.repeat(np.arange(len(times)), times)
    number = np.arange(len(row)) - np.repeat(np.cumsum(times) - times, times)
    fired = is_run[row]
    share = np.where(fired, number / np.maximum(times[row] - 1, 1), 1.0)[:, None]
    way = rows.end_um[row] - rows.start_um[row]
    end = rows.start_um[row] + share * way
    before = np.where(fired & (number > 0), (number - 1) / np.maximum(times[row] - 1, 1), 0.0)[:, None]
    kind = np.where(fired, np.uint8(RowKind.DOT), rows.kind[row]).astype(np.uint8)
    return DrawnRows(rows.start_um[row] + before * way, end, kind, rows.recipe[row])


def survey(rows: Iterator[DrawnRows], n_recipes: int) -> Survey:
    """Bounds, uses and layers of rows."""
    uses = np.zeros(n_recipes * _KINDS, np.int64)
    tally = DepthTally()
    bounds = np.array([[np.inf, np.inf], [-np.inf, -np.inf]])
    travel = bounds.copy()
    for block in rows:
        if not np.isfinite(bounds).all():
            _widen(travel, block.start_um, block.end_um)
        if block.only_dots:
            uses[RowKind.DOT :: _KINDS] += np.bincount(block.recipe, minlength=n_recipes)
            _widen(bounds, block.end_um)
            tally.add(block.end_um[:, 2])
            continue
        uses += np.bincount(block.recipe.astype(np.int64) * _KINDS + block.kind, minlength=len(uses))
        is_dark = (block.kind == RowKind.JUMP) | (block.kind == RowKind.LEAD)
        if is_dark.all():
            continue
        lit = block.of(~is_dark)
        start = np.where((lit.kind == RowKind.DOT)[:, None], lit.end_um, lit.start_um)
        _widen(bounds, start, lit.end_um)
        tally.add(0.5 * (start[:, 2] + lit.end_um[:, 2]))
    if not np.isfinite(bounds).all():
        bounds = travel if np.isfinite(travel).all() else np.zeros((2, 2))
    (x0, y0), (x1, y1) = bounds.tolist()
    return Survey((x0, y0), (x1, y1), uses.reshape(n_recipes, _KINDS), tally.layers())


def _widen(bounds: FloatArray, *places: FloatArray) -> None:
    # Column by column: reducing rows of two numbers is twenty times slower.
    for points in places:
        for axis in (0, 1):
            bounds[0, axis] = min(bounds[0, axis], points[:, axis].min())
            bounds[1, axis] = max(bounds[1, axis], points[:, axis].max())
