"""Room where strokes meet, so that no place of a letter is exposed twice."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lasercam.geometry.polylines import BoolArray, FloatArray, IntArray, Polylines

_SAME = 1e-9
"""Distances below this, in the letters' own units, are none."""


def open_junctions(lines: Polylines, gap: float) -> tuple[Polylines, int]:
    """The strokes with one of the two interrupted wherever they cross, or one ends on the other.

    A stroke that ends on another one is shortened; of two that cross, the later one, or the later part of a stroke
    that crosses itself, is interrupted. Strokes that meet end on end stay, and so do a stroke's own corners.

    Args:
        lines: strokes that share no stretch.
        gap: room left on either side of the meeting, along the stroke, in the unit of the lines.

    Returns:
        What is left, in order, and how many strokes were too short to leave anything.
    """
    start, end, owner = lines.segments()
    length = np.hypot(*(end - start).T)
    first = np.searchsorted(owner, owner)  # the first segment of each one's stroke
    run = np.concatenate(([0.0], np.cumsum(length)))
    along = run[:-1] - run[first]
    total = np.bincount(owner, weights=length, minlength=len(lines)).astype(np.float64)
    i, s_i, j, s_j = _contacts(start, end, owner, length)
    s_i, s_j = along[i] + s_i, along[j] + s_j
    i_ends, j_ends = (_at_end(s, total[owner[k]]) for k, s in ((i, s_i), (j, s_j)))
    real = ~(i_ends & j_ends)
    cut_i = real & (i_ends | ~j_ends)
    cut_j = real & ~cut_i
    cuts: dict[int, list[float]] = {}
    for which, k, s in ((cut_i, i, s_i), (cut_j, j, s_j)):
        for line, at in zip(owner[k[which]].tolist(), s[which].tolist(), strict=True):
            cuts.setdefault(line, []).append(at)
    left = [_kept(lines.line(line), sorted(cuts.get(line, [])), gap) for line in range(len(lines))]
    return Polylines.from_list([piece for pieces in left for piece in pieces]), sum(not pieces for pieces in left)


def _contacts(
    start: FloatArray, end: FloatArray, owner: IntArray, length: FloatArray
) -> tuple[IntArray, FloatArray, IntArray, FloatArray]:
    """Where segments touch: later segment, distance from its start, earlier segment, distance from its start."""
    i, j = np.tril_indices(len(start), -1)
    apart = (owner[i] != owner[j]) | (i - j > 1)
    i, j = i[apart], j[apart]
    u = (end - start) / np.where(length > 0.0, length, 1.0)[:, None]
    found: list[tuple[Any, Any, Any, Any]] = []
    between = start[j] - start[i]
    turn = _cross(u[i], u[j])
    crossed = np.abs(turn) > _SAME
    safe = np.where(crossed, turn, 1.0)
    s_i, s_j = _cross(between, u[j]) / safe, _cross(between, u[i]) / safe
    crossed &= _within(s_i, length[i]) & _within(s_j, length[j])
    found.append((i[crossed], s_i[crossed], j[crossed], s_j[crossed]))
    for a, s_a in ((start, np.zeros_like(length)), (end, length)):
        for b, s_b in ((start, np.zeros_like(length)), (end, length)):
            meet = (np.abs(turn) <= _SAME) & (np.hypot(*(a[i] - b[j]).T) <= _SAME)
            found.append((i[meet], s_a[i[meet]], j[meet], s_b[j[meet]]))
    columns = [np.concatenate(column) for column in zip(*found, strict=True)]
    return columns[0], columns[1], columns[2], columns[3]


def _cross(a: FloatArray, b: FloatArray) -> FloatArray:
    product: FloatArray = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return product


def _within(s: FloatArray, length: FloatArray) -> BoolArray:
    inside: BoolArray = (s >= -_SAME) & (s <= length + _SAME)
    return inside


def _at_end(s: FloatArray, total: FloatArray) -> BoolArray:
    at_end: BoolArray = (s <= _SAME) | (s >= total - _SAME)
    return at_end


def _kept(line: FloatArray, cuts: list[float], gap: float) -> list[NDArray[np.float64]]:
    """The stretches of a stroke farther than the gap from every cut."""
    if not cuts:
        return [line]
    along = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))))
    total = float(along[-1])
    kept, at = [], 0.0
    for cut in (*cuts, total + 2.0 * gap + 1.0):
        stop = min(cut - gap, total)
        if stop > at + _SAME:
            inner = line[(along > at + _SAME) & (along < stop - _SAME)]
            ends = [[np.interp(s, along, line[:, 0]), np.interp(s, along, line[:, 1])] for s in (at, stop)]
            kept.append(np.concatenate((ends[:1], inner, ends[1:])))
        at = max(at, cut + gap)
    return kept
