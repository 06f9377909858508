"""Where the rows of a hatch lie inside a polygon: one result, in NumPy and compiled.

Every edge asks for the rows from the first one at or above its lower end to the last one below its upper
end. That first row is a function of the end's height alone, so the two edges that share a vertex always
agree about it: a crossing there is neither doubled nor dropped, whatever the rounding.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from lasercam.errors import GeometryError
from lasercam.geometry.polylines import FloatArray, IntArray, ramp

Engine = Literal["auto", "numpy", "numba"]
Intervals = tuple[IntArray, FloatArray, FloatArray]

MAX_CROSSINGS = 200_000_000
"""Most edge crossings of one hatch (1.6 GB); more is refused."""
COMPILED_FROM = 1_000_000
"""Crossings from which loading the compiled kernel (about half a second) pays."""


@dataclass(frozen=True, eq=False)
class ScanEdges:
    """Edges with rows to cross, ready for either implementation.

    Attributes:
        u_low, v_low, u_high, v_high: (E,) float64, lower and upper end of each edge, µm; v_low < v_high.
        row_first, row_stop: (E,) int64, the rows each edge crosses, ``row_first`` <= row < ``row_stop``.
    """

    u_low: FloatArray
    v_low: FloatArray
    u_high: FloatArray
    v_high: FloatArray
    row_first: IntArray
    row_stop: IntArray


def scan_edges(start_uv: FloatArray, end_uv: FloatArray, phase_um: float, pitch_um: float) -> ScanEdges:
    """The edges that cross at least one row v = phase + row * pitch.

    Args:
        start_uv: (E,2), µm, u along the rows, v across them.
        end_uv: (E,2), µm.
        phase_um: v of row 0.
        pitch_um: > 0.

    Raises:
        GeometryError: more than ``MAX_CROSSINGS`` crossings, or rows numbered beyond 2^53.
    """
    upward = start_uv[:, 1] <= end_uv[:, 1]
    low = np.where(upward[:, np.newaxis], start_uv, end_uv)
    high = np.where(upward[:, np.newaxis], end_uv, start_uv)
    first = np.ceil((low[:, 1] - phase_um) / pitch_um)
    stop = np.ceil((high[:, 1] - phase_um) / pitch_um)
    if first.size and max(np.abs(first).max(), np.abs(stop).max()) > 2.0**53:
        raise GeometryError(f"pitch_um {pitch_um:g} is too small for where the area lies; rows cannot be numbered.")
    crossing = stop > first
    total = float((stop - first).sum())
    if total > MAX_CROSSINGS:
        raise GeometryError(
            f"the hatch would cross edges {total:g} times; at most {MAX_CROSSINGS:g} are allowed. "
            f"Check pitch_um ({pitch_um:g}), or divide the area into tiles."
        )
    low, high = low[crossing], high[crossing]
    return ScanEdges(
        np.ascontiguousarray(low[:, 0]),
        np.ascontiguousarray(low[:, 1]),
        np.ascontiguousarray(high[:, 0]),
        np.ascontiguousarray(high[:, 1]),
        first[crossing].astype(np.int64),
        stop[crossing].astype(np.int64),
    )


def intervals(edges: ScanEdges, phase_um: float, pitch_um: float, *, engine: Engine = "auto") -> Intervals:
    """Every stretch of a row inside the polygon (even-odd), by row and then by u.

    Stretches that meet end to end are one; stretches without length are left out.

    Args:
        edges: All edges of closed rings.
        phase_um: v of row 0, as given to ``scan_edges``.
        pitch_um: As given to ``scan_edges``.
        engine: ``auto`` compiles above ``COMPILED_FROM`` crossings; the result does not depend on it.

    Returns:
        row (K,) int64, u_from (K,) and u_to (K,) float64 in µm, u_from < u_to.
    """
    total = int((edges.row_stop - edges.row_first).sum())
    if total == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0)
    # The kernel keeps a counter per row from the lowest to the highest; pieces far apart would waste it.
    sparse = int(edges.row_stop.max() - edges.row_first.min()) > 8 * total + COMPILED_FROM
    if engine == "numba" or (engine == "auto" and total >= COMPILED_FROM and not sparse):
        return _compiled(edges, phase_um, pitch_um, total)
    return _plain(edges, phase_um, pitch_um)


def _plain(edges: ScanEdges, phase_um: float, pitch_um: float) -> Intervals:
    count = edges.row_stop - edges.row_first
    edge = np.repeat(np.arange(len(count)), count)
    row = edges.row_first[edge] + ramp(count)
    u_low, v_low = edges.u_low[edge], edges.v_low[edge]
    u_high, v_high = edges.u_high[edge], edges.v_high[edge]
    u = u_low + (phase_um + row * pitch_um - v_low) * (u_high - u_low) / (v_high - v_low)
    # Rounding must not carry a crossing past the ends of its edge; + 0.0 makes -0.0 plain zero.
    u = np.maximum(np.minimum(u, np.maximum(u_low, u_high)), np.minimum(u_low, u_high)) + 0.0
    order = np.lexsort((u, row))
    u, row = u[order], row[order]
    begin, end, row = u[0::2], u[1::2], row[0::2]
    solid = begin < end
    begin, end, row = begin[solid], end[solid], row[solid]
    joined = (row[1:] == row[:-1]) & (begin[1:] == end[:-1])
    opens = np.concatenate([[True], ~joined])
    closes = np.concatenate([~joined, [True]])
    return row[opens[: len(row)]], begin[opens[: len(row)]], end[closes[len(closes) - len(row) :]]


def _scan(  # pragma: no cover - runs compiled; proven equal to _plain bit by bit
    u_low: FloatArray,
    v_low: FloatArray,
    u_high: FloatArray,
    v_high: FloatArray,
    row_first: IntArray,
    row_stop: IntArray,
    total: int,
    phase_um: float,
    pitch_um: float,
) -> Intervals:
    lowest = row_first.min()
    n_rows = row_stop.max() - lowest
    # Counting sort by row: begin[r] is where row r starts in u.
    begin = np.zeros(n_rows + 2, dtype=np.int64)
    for e in range(len(row_first)):
        begin[row_first[e] - lowest] += 1
        begin[row_stop[e] - lowest] -= 1
    running = 0
    place = 0
    for r in range(n_rows + 1):
        running += begin[r]
        begin[r] = place
        place += running
    fill = begin.copy()
    u = np.empty(total, dtype=np.float64)
    for e in range(len(row_first)):
        span = u_high[e] - u_low[e]
        height = v_high[e] - v_low[e]
        most = max(u_low[e], u_high[e])
        least = min(u_low[e], u_high[e])
        for row in range(row_first[e], row_stop[e]):
            value = u_low[e] + (phase_um + row * pitch_um - v_low[e]) * span / height
            value = max(min(value, most), least) + 0.0
            slot = fill[row - lowest]
            u[slot] = value
            fill[row - lowest] = slot + 1
    n = 0
    out_row = np.empty(total // 2, dtype=np.int64)
    out_from = np.empty(total // 2, dtype=np.float64)
    out_to = np.empty(total // 2, dtype=np.float64)
    for r in range(n_rows):
        first, stop = begin[r], fill[r]
        if stop - first <= 48:
            for i in range(first + 1, stop):
                value = u[i]
                j = i - 1
                while j >= first and u[j] > value:
                    u[j + 1] = u[j]
                    j -= 1
                u[j + 1] = value
        else:
            u[first:stop].sort()
        fresh = n
        for i in range(first, stop - 1, 2):
            if u[i] < u[i + 1]:
                if n > fresh and out_to[n - 1] == u[i]:
                    out_to[n - 1] = u[i + 1]
                else:
                    out_row[n] = r + lowest
                    out_from[n] = u[i]
                    out_to[n] = u[i + 1]
                    n += 1
    return out_row[:n].copy(), out_from[:n].copy(), out_to[:n].copy()


@functools.cache
def _kernel() -> Callable[..., Any]:
    import numba

    floats, ints = "float64[::1]", "int64[::1]"
    signature = f"({floats},{floats},{floats},{floats},{ints},{ints},int64,float64,float64)"
    compiled: Callable[..., Any] = numba.njit(signature, cache=True)(_scan)
    return compiled


def _compiled(edges: ScanEdges, phase_um: float, pitch_um: float, total: int) -> Intervals:
    row, u_from, u_to = _kernel()(
        edges.u_low,
        edges.v_low,
        edges.u_high,
        edges.v_high,
        edges.row_first,
        edges.row_stop,
        total,
        phase_um,
        pitch_um,
    )
    return row, u_from, u_to
