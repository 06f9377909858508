"""Marks among the dots of a lattice, and the pages that they may belong to."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lasercam.storage.page_layout import LEAST_SIDE, MARK_BLOCK, MARKS_ACROSS, MOST_SIDE

_LEAST_LIKENESS = 0.55
"""Correlation with the shape of a mark; random dots reach it too, but are not dark."""
_LEAST_DEPTH = 0.3
"""Contrast of a mark as a share of that of the deepest; random dots stay far below."""
_DEEPEST = 5
_MOST_MARKS = 90
_MOST_SPANS = 40
LEAST_FOUND = 4
"""Marks that must be seen of a page: two in each direction."""
_MIDDLE = (MARK_BLOCK - 1) // 2

_RING = np.array([[max(abs(y), abs(x)) == 1 for x in range(-2, 3)] for y in range(-2, 3)])
_AROUND = np.array([[max(abs(y), abs(x)) == 2 for x in range(-2, 3)] for y in range(-2, 3)])

TURNS: tuple[NDArray[np.int64], ...] = tuple(
    np.array([[a, 0], [0, b]]) if straight else np.array([[0, a], [b, 0]])
    for straight in (True, False)
    for a in (1, -1)
    for b in (1, -1)
)
"""The eight ways in which a page may lie on a lattice: row and column of the page to both lattice coordinates."""


@dataclass(frozen=True, eq=False)
class Marks:
    """Dark rings in a box of lattice sites.

    Attributes:
        sites: int64 (N, 2), row and column in the box of the middle of each.
        weight: float64 (N,), how much each looks like a mark, 0 to 1.
        centre: float64 (N,), light of its middle, 0 as dark as the ring, 1 as bright as around.
    """

    sites: NDArray[np.int64]
    weight: NDArray[np.float64]
    centre: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Where a page may lie.

    Attributes:
        rows, columns: of the page.
        turn: int64 (2, 2), of TURNS.
        origin: int64 (2,), site of the box under row 0, column 0 of the page.
        matched: marks found where they belong, of nine.
        score: orders arrangements.
    """

    rows: int
    columns: int
    turn: NDArray[np.int64]
    origin: NDArray[np.int64]
    matched: int
    score: float

    def sites(self, row_column: NDArray[np.int64]) -> NDArray[np.int64]:
        """Sites of the box (..., 2) of rows and columns (..., 2) of the page."""
        at: NDArray[np.int64] = row_column @ self.turn.T + self.origin
        return at


def find_marks(light: NDArray[np.float32]) -> Marks:
    """Rings of eight dark sites in a square of sixteen bright ones.

    Args:
        light: float32 (rows, columns), of every site of a box; NaN outside the image.
    """
    known = np.isfinite(light)
    filled = np.where(known, light, np.float32(np.nanmedian(light)) if known.any() else 0).astype(np.float64)
    inner, outer = (ndimage.correlate(filled, shape / shape.sum(), mode="constant") for shape in (_RING, _AROUND))
    both = (_RING | _AROUND).astype(np.float64)
    mean = ndimage.correlate(filled, both / 24.0, mode="constant")
    square = ndimage.correlate(filled**2, both / 24.0, mode="constant")
    spread = np.sqrt(np.maximum(square - mean**2, 1e-18))
    depth = outer - inner
    likeness = depth * np.sqrt(8 / 24 * 16 / 24) / spread
    whole = ndimage.correlate(known.astype(np.float64), np.ones((5, 5)), mode="constant") > 22.5
    likeness[~whole] = 0.0
    good = likeness > _LEAST_LIKENESS
    if not good.any():
        return Marks(np.empty((0, 2), np.int64), np.empty(0), np.empty(0))
    deep = np.sort(depth[good])[::-1][: 2 * _DEEPEST]
    usual = float(np.median(deep[:_DEEPEST]))
    weight = np.where(good & (depth > _LEAST_DEPTH * usual), likeness * np.minimum(depth / usual, 1.0), 0.0)
    top = (weight > 0) & (weight >= ndimage.maximum_filter(weight, 3))
    at = np.argwhere(top)
    at = at[np.argsort(weight[top])[::-1][:_MOST_MARKS]]
    y, x = at.T
    return Marks(at, weight[y, x], (filled[y, x] - inner[y, x]) / np.maximum(depth[y, x], 1e-12))


def arrangements(marks: Marks, known: NDArray[np.bool_]) -> list[Arrangement]:
    """Pages that the marks may belong to, the most probable first.

    Args:
        marks: found in a box.
        known: bool (rows, columns), which sites of the box are in the image and lit.
    """
    found: list[Arrangement] = []
    for turn in TURNS:
        spans = [_spans((marks.sites @ turn)[:, k], marks.weight) for k in (0, 1)]
        if spans[0] and spans[1]:
            found += _judged(marks, turn, spans, known)
    found.sort(key=lambda one: -one.score)
    return found


def _spans(places: NDArray[np.int64], weight: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Sides of pages and the places of their first site, along one direction, best supported first."""
    least = int(places.min(initial=0))
    counts = np.bincount(places - least, weights=weight, minlength=1)
    present = np.flatnonzero(counts)
    sides: set[tuple[int, int]] = set()
    for a in present.tolist():
        for b in present[present > a].tolist():
            gap = b - a
            if gap % 2:
                continue
            # Two marks are first and last, first and middle, or middle and last.
            sides |= (
                {(gap, a)} | {(2 * gap + more, a) for more in (0, 2)} | {(2 * gap - m, b - 2 * gap + m) for m in (0, 2)}
            )
    scored = []
    for span, first in sides:
        if not LEAST_SIDE <= span + MARK_BLOCK <= MOST_SIDE:
            continue
        steps = (first, first + span // 4 * 2, first + span)
        support = [counts[s] if 0 <= s < len(counts) else 0.0 for s in steps]
        if np.count_nonzero(support) >= MARKS_ACROSS - 1:
            scored.append((sum(support), span + MARK_BLOCK, first + least - _MIDDLE))
    scored.sort(reverse=True)
    return [(side, first) for _, side, first in scored[:_MOST_SPANS]]


def _judged(
    marks: Marks, turn: NDArray[np.int64], spans: list[list[tuple[int, int]]], known: NDArray[np.bool_]
) -> list[Arrangement]:
    """Arrangements with their scores: marks where they belong, less those that are missing."""
    places = []
    for one in spans:
        side, first = np.array(one).T
        steps = np.stack((np.zeros_like(side), (side - MARK_BLOCK) // 4 * 2, side - MARK_BLOCK), axis=1)
        places.append(first[:, None] + _MIDDLE + steps)
    at = np.stack(np.broadcast_arrays(places[0][:, None, :, None], places[1][None, :, None, :]), axis=-1) @ turn.T
    weight, centre = np.zeros(known.shape), np.zeros(known.shape)
    weight[tuple(marks.sites.T)], centre[tuple(marks.sites.T)] = marks.weight, np.clip(marks.centre, 0.0, 1.0)
    inside = ((at >= 0) & (at < known.shape)).all(axis=-1)
    y, x = (np.where(inside, at[..., k], 0) for k in (0, 1))
    there = inside & (weight[y, x] > 0)
    expected = np.ones((MARKS_ACROSS, MARKS_ACROSS))
    expected[0, 0] = 0.0
    gain = weight[y, x] * (1.0 - 0.8 * np.abs(centre[y, x] - expected))
    score = np.where(there, gain, np.where(inside & known[y, x], -0.5, 0.0)).sum(axis=(2, 3))
    matched = there.sum(axis=(2, 3))
    return [
        Arrangement(
            spans[0][i][0], spans[1][j][0], turn, turn @ np.array((spans[0][i][1], spans[1][j][1])),
            int(matched[i, j]), float(score[i, j]),
        )
        for i, j in np.argwhere((matched >= LEAST_FOUND) & (score > 0)).tolist()
    ]  # fmt: skip


def distinct(ordered: list[Arrangement], most: int) -> Iterator[Arrangement]:
    """The first arrangements worth a try: those that score nearly as well as the best."""
    for one in ordered[:most]:
        if one.score > 0.5 * ordered[0].score:
            yield one
