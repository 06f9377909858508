"""Lines over a bent surface: cut where a straight piece would leave the wanted depth, and refused where unmeasured."""

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import PatternError
from lasercam.model.feature import FeatureBlock
from lasercam.model.surface import Surface

MAX_PIECES = 100_000
"""Most pieces of one straight segment; a surface that needs more is rougher than any stage follows."""

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def follow_surface(block: FeatureBlock, surface: Surface, tolerance_um: float) -> FeatureBlock:
    """The same features in the same order, with vertices added until lines keep to the surface.

    Args:
        block: features in the sample's frame.
        surface: measured heights.
        tolerance_um: how far a straight piece may leave the surface.

    Raises:
        PatternError: a feature lies where the surface was not measured.
    """
    refuse_outside(block.xyz_um, surface)
    if block.all_dots:
        return block
    first = np.flatnonzero(np.diff(np.searchsorted(block.offsets, np.arange(len(block.xyz_um)), side="right")) == 0)
    segment, share = _cuts(block.xyz_um[first], block.xyz_um[first + 1], surface, tolerance_um)
    if not len(segment):
        return block
    start, end = block.xyz_um[first[segment]], block.xyz_um[first[segment] + 1]
    added = start * (1.0 - share)[:, None] + end * share[:, None]
    at = first[segment] + 1
    xyz = np.insert(block.xyz_um, at, added, axis=0)
    offsets = block.offsets + np.searchsorted(at, block.offsets, side="left")
    return FeatureBlock(np.ascontiguousarray(xyz), offsets.astype(np.int64), block.part, block.variant)


def refuse_outside(xyz_um: FloatArray, surface: Surface) -> None:
    """Raise PatternError when vertices (M, 3) lie beside the measured area."""
    x, y = xyz_um[:, 0], xyz_um[:, 1]
    beside = np.flatnonzero(surface.outside(x, y))
    if len(beside):
        low = surface.x_um[0], surface.y_um[0]
        high = surface.x_um[-1], surface.y_um[-1]
        at = x[beside[0]], y[beside[0]]
        near = tuple(min(max(v, a), b) for v, a, b in zip(at, low, high, strict=True))
        raise PatternError(
            f"{len(beside):,} place(s) lie where the surface was not measured; the first at x {at[0]:.4f}, y"
            f" {at[1]:.4f} µm. Heights were measured from x {low[0]:g} to {high[0]:g} and y {low[1]:g} to {high[1]:g}"
            f" µm: measure there, or move the pattern (the nearest place is x {near[0]:.4f}, y {near[1]:.4f})."
        )


def _cuts(start: FloatArray, end: FloatArray, surface: Surface, tolerance_um: float) -> tuple[IntArray, FloatArray]:
    """Segments (K,) to cut and where (share of their length), in order, from segments' ends (S, 3)."""
    segment, share = _crossings(start, end, surface)
    segment, share, left_um = _halved(segment, share, start, end, surface, tolerance_um)
    x = start[segment, 0] * (1.0 - share) + end[segment, 0] * share
    y = start[segment, 1] * (1.0 - share) + end[segment, 1] * share
    low = surface.heights_um(start[:, 0], start[:, 1])[segment]
    high = surface.heights_um(end[:, 0], end[:, 1])[segment]
    stray = np.abs(surface.heights_um(x, y) - (low * (1.0 - share) + high * share))
    worst = np.zeros(len(start))
    np.maximum.at(worst, segment, stray)
    # Uncut, a segment strays as far as its pieces' ends do, and as far again as a piece does from its chord.
    kept = (worst + left_um)[segment] > tolerance_um
    return segment[kept], share[kept]


def _crossings(start: FloatArray, end: FloatArray, surface: Surface) -> tuple[IntArray, FloatArray]:
    """Where segments cross the lines of the grid, strictly inside: sorted by segment and share."""
    found: list[tuple[IntArray, FloatArray]] = []
    for axis, knots in ((0, surface.x_um), (1, surface.y_um)):
        a, b = start[:, axis], end[:, axis]
        low = np.searchsorted(knots, np.minimum(a, b), side="right")
        count = np.maximum(np.searchsorted(knots, np.maximum(a, b), side="left") - low, 0)
        segment = np.repeat(np.arange(len(a)), count)
        knot = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + low[segment]
        found.append((segment, (knots[knot] - a[segment]) / (b - a)[segment]))
    segment, share = (np.concatenate(columns) for columns in zip(*found, strict=True))
    order = np.lexsort((share, segment))
    segment, share = segment[order], share[order]
    fresh = np.ones(len(segment), np.bool_)
    fresh[1:] = (np.diff(segment) != 0) | (np.diff(share) > 0)
    inside = fresh & (share > 0.0) & (share < 1.0)
    return segment[inside], share[inside]


def _halved(
    segment: IntArray, share: FloatArray, start: FloatArray, end: FloatArray, surface: Surface, tolerance_um: float
) -> tuple[IntArray, FloatArray, FloatArray]:
    """The same cuts with more between them: inside a cell the height along a line is a parabola.

    Its greatest distance from its chord is a quarter of its twist, |h_xy| Δx Δy, for a piece of Δx by Δy; n pieces
    divide it by n².

    Returns:
        Segments and shares as before, and for each segment (S,) how far its pieces still stray from their chords, µm.
    """
    count = np.bincount(segment, minlength=len(start))
    stop = np.cumsum(count)
    bounds = np.insert(share, stop, 1.0)  # every piece's end
    owner = np.insert(segment, stop, np.arange(len(start)))
    begin = np.empty_like(bounds)
    begin[:1], begin[1:] = 0.0, bounds[:-1]
    begin[(stop - count) + np.arange(len(start))] = 0.0  # every segment's first piece
    middle = 0.5 * (begin + bounds)
    along = (end - start)[owner] * (bounds - begin)[:, None]
    at = start[owner] + (end - start)[owner] * middle[:, None]
    sag = np.abs(_twist(surface, at) * along[:, 0] * along[:, 1]) / 4.0
    pieces = np.ceil(np.sqrt(sag / tolerance_um)).astype(np.int64)
    if pieces.max(initial=0) > MAX_PIECES:
        raise PatternError(
            f"a line would need {pieces.max():,} pieces to keep within {tolerance_um:g} µm of the surface; measure the"
            " surface again: it cannot be that rough"
        )
    extra = np.maximum(pieces - 1, 0)
    piece = np.repeat(np.arange(len(bounds)), extra)
    number = np.arange(extra.sum()) - np.repeat(np.cumsum(extra) - extra, extra) + 1
    between = begin[piece] + (bounds - begin)[piece] * (number / pieces[piece])
    segment, share = np.concatenate((segment, owner[piece])), np.concatenate((share, between))
    left_um = np.zeros(len(start))
    np.maximum.at(left_um, owner, sag / np.maximum(pieces, 1) ** 2)
    order = np.lexsort((share, segment))
    return segment[order], share[order], left_um


def _twist(surface: Surface, at: FloatArray) -> FloatArray:
    """Mixed second derivative of the height in the cell that each place (N, 3) lies in, 1/µm."""
    column = np.clip(np.searchsorted(surface.x_um, at[:, 0], side="right") - 1, 0, len(surface.x_um) - 2)
    row = np.clip(np.searchsorted(surface.y_um, at[:, 1], side="right") - 1, 0, len(surface.y_um) - 2)
    h = surface.height_um
    twist = h[row + 1, column + 1] - h[row + 1, column] - h[row, column + 1] + h[row, column]
    return np.asarray(twist / (np.diff(surface.x_um)[column] * np.diff(surface.y_um)[row]), np.float64)
