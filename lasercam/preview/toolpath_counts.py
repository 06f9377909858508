"""Millions of rows as counts per pixel, and the counts as a picture; memory depends on the picture alone."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lasercam.model.toolpath import RowKind
from lasercam.preview.depths import Layer
from lasercam.preview.toolpath_survey import DrawnRows, FloatArray

_CHUNK = 1_000_000

SHORTEST_TRAVEL_PX = 2.0
"""Travel shorter than this cannot be told from the dots it joins."""


class Splat:
    """Rows counted per pixel and group, a million points at a time."""

    def __init__(self, view: tuple[float, float, float, float], shape: tuple[int, int], n_groups: int) -> None:
        self._low = np.array(view[:2])
        self._scale = np.array([shape[1] / (view[2] - view[0]), shape[0] / (view[3] - view[1])])
        self.shape = shape
        self.counts = np.zeros((n_groups, shape[0] * shape[1]), np.uint32)
        self._waiting: list[list[NDArray[np.intp]]] = [[] for _ in range(n_groups)]
        self._n_waiting = [0] * n_groups

    def add(self, group: int, start_um: FloatArray, end_um: FloatArray, *, shortest_px: float = 0.0) -> None:
        """Count lines (or dots, where both ends are one array) of a group; each crosses a pixel once."""
        if start_um is end_um:
            self._points(group, *self._pixels(end_um))
            return
        if shortest_px:
            # Most travel is short: what is left out need not become pixels first.
            along = (np.abs(end_um[:, axis] - start_um[:, axis]) * self._scale[axis] for axis in (0, 1))
            kept = np.maximum(*along) >= shortest_px
            start_um, end_um = start_um[kept], end_um[kept]
        if not len(end_um):
            return
        a, b = (np.stack(self._pixels(places), axis=1) for places in (start_um, end_um))
        long = _reach(a, b) >= 1.0
        self._points(group, *b[~long].T)
        a, b = _clipped(a[long], b[long], self.shape)
        points = np.maximum(np.ceil(_reach(a, b)), 1.0).astype(np.int64)
        totals = np.cumsum(points)
        for first in range(0, int(totals[-1]) if len(totals) else 0, _CHUNK):
            number = np.arange(first, min(first + _CHUNK, int(totals[-1])))
            row = np.searchsorted(totals, number, side="right")
            share = (number - (totals[row] - points[row]) + 0.5) / points[row]
            self._points(group, *(a[row] + share[:, None] * (b[row] - a[row])).T)

    def _pixels(self, places_um: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Columns and rows of places, float64 (N,) each, not yet whole."""
        low, scale = self._low.tolist(), self._scale.tolist()
        return (places_um[:, 0] - low[0]) * scale[0], (places_um[:, 1] - low[1]) * scale[1]

    def _points(self, group: int, x: FloatArray, y: FloatArray) -> None:
        rows, columns = self.shape
        inside = (x >= 0) & (x < columns) & (y >= 0) & (y < rows)
        if not inside.all():
            x, y = x[inside], y[inside]
        # Inside there is nothing below 0, so that cutting off is rounding down.
        index = y.astype(np.intp)
        index *= columns
        index += x.astype(np.intp)
        self._waiting[group].append(index)
        self._n_waiting[group] += len(index)
        if self._n_waiting[group] >= _CHUNK:
            self._flush(group)

    def _flush(self, group: int) -> None:
        if self._n_waiting[group]:
            index = np.concatenate(self._waiting[group])
            self.counts[group] += np.bincount(index, minlength=self.counts.shape[1]).astype(np.uint32)
        self._waiting[group], self._n_waiting[group] = [], 0

    def finish(self) -> NDArray[np.uint32]:
        """Counts uint32 (groups, rows, columns), row 0 lowest."""
        for group in range(len(self._waiting)):
            self._flush(group)
        return self.counts.reshape(-1, *self.shape)


def _reach(a: FloatArray, b: FloatArray) -> FloatArray:
    """The longer of the two sides of each line's box, (N,)."""
    return np.asarray(np.maximum(np.abs(b[:, 0] - a[:, 0]), np.abs(b[:, 1] - a[:, 1])), np.float64)


def _clipped(a: FloatArray, b: FloatArray, shape: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    """The parts of lines (N, 2), in pixels, that lie in the picture; lines outside are left out.

    Source: Y.-D. Liang and B. A. Barsky, 10.1145/357332.357333.
    """
    delta = b - a
    enter, leave = np.zeros(len(a)), np.ones(len(a))
    outside = np.zeros(len(a), bool)
    for axis, edge in ((0, shape[1]), (1, shape[0])):
        # A line this level neither enters nor leaves through these edges, and its quotients would overflow.
        still = np.abs(delta[:, axis]) < 1e-9
        outside |= still & ((a[:, axis] < 0) | (a[:, axis] > edge))
        step = np.where(still, 1.0, delta[:, axis])
        near, far = (0.0 - a[:, axis]) / step, (edge - a[:, axis]) / step
        enter = np.where(still, enter, np.maximum(enter, np.minimum(near, far)))
        leave = np.where(still, leave, np.minimum(leave, np.maximum(near, far)))
    kept = ~outside & (enter < leave)
    a, delta = a[kept], delta[kept]
    return a + enter[kept, None] * delta, a + leave[kept, None] * delta


def splat_rows(
    rows: Iterator[DrawnRows], splat: Splat, group_of: NDArray[np.intp], layer: Layer | None, n_groups: int
) -> NDArray[np.uint32]:
    """All rows as counts: groups of recipes first, then travel, then run-ups."""
    for whole in rows:
        splat_block(whole.in_layer(layer), splat, group_of, n_groups)
    return splat.finish()


def splat_block(block: DrawnRows, splat: Splat, group_of: NDArray[np.intp], n_groups: int) -> None:
    """Count the rows of one block."""
    kind = block.kind
    if block.only_dots and bool((block.recipe == block.recipe[:1]).all()):
        if len(kind):
            splat.add(int(group_of[block.recipe[0]]), block.end_um, block.end_um)
            splat.add(n_groups, block.start_um, block.end_um, shortest_px=SHORTEST_TRAVEL_PX)
        return
    group = np.where((kind == RowKind.JUMP) | (kind == RowKind.LEAD), -1, group_of[block.recipe])
    for one in range(n_groups):
        chosen = group == one
        if chosen.any():
            lit = block.of(chosen)
            start = np.where((lit.kind == RowKind.DOT)[:, None], lit.end_um, lit.start_um)
            splat.add(one, start, lit.end_um)
    travel = (kind == RowKind.JUMP) | (kind == RowKind.DOT)
    splat.add(n_groups, block.start_um[travel], block.end_um[travel], shortest_px=SHORTEST_TRAVEL_PX)
    leads = kind == RowKind.LEAD
    splat.add(n_groups + 1, block.start_um[leads], block.end_um[leads])


def blended(counts: NDArray[np.uint32], colours: Sequence[str], n_groups: int) -> NDArray[np.uint8]:
    """Counts (groups + travel + run-ups, rows, columns) as a picture (rows, columns, 4).

    A pixel has the mean colour of its exposures, the stronger the more there are; travel shows where nothing is
    exposed. Where exposures are sparse they are drawn two or three pixels wide, so that single dots can be seen.
    """
    lit = counts[:n_groups]
    total = lit.sum(axis=0, dtype=np.float32)
    share = np.count_nonzero(total) / total.size
    if 0 < share < 1 / 8:
        size = 3 if share < 1 / 40 else 2
        lit = np.stack([_widened(layer, size) for layer in lit])
        total = lit.sum(axis=0, dtype=np.float32)
    picture = np.zeros((*counts.shape[1:], 4), np.float32)
    for layer, colour, strength in ((counts[-2], colours[-2], 0.35), (counts[-1], colours[-1], 0.6)):
        there = layer > 0
        picture[there, :3] = _rgb(colour)
        picture[there, 3] = strength
    there = total > 0
    if there.any():
        mixed = np.zeros((*total.shape, 3), np.float32)
        for layer, colour in zip(lit, colours, strict=False):
            mixed += layer[:, :, None].astype(np.float32) * _rgb(colour)
        picture[there, :3] = mixed[there] / total[there][:, None]
        most = float(total.max())
        scale = np.log1p(total[there]) / np.float32(np.log1p(most))
        picture[there, 3] = np.float32(0.5) + np.float32(0.5) * scale
    return np.asarray(np.rint(picture * 255.0), np.uint8)


def _widened(layer: NDArray[np.uint32], size: int) -> NDArray[np.uint32]:
    """The largest of each pixel's neighbourhood of size × size."""
    padded = np.pad(layer, 1)
    rows, columns = layer.shape
    wide = layer.copy()
    for dy in range(size):
        for dx in range(size):
            np.maximum(wide, padded[dy : dy + rows, dx : dx + columns], out=wide)
    return wide


def _rgb(colour: str) -> NDArray[np.float32]:
    return np.array([int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5)], np.float32)
