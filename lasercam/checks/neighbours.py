"""Which dots come too close to an earlier one: cell search over integer ticks.

Two implementations with identical results: a plain one for small scenes (and as the oracle in tests), and a
compiled one for large scenes.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

COMPILED_FROM = 20_000
"""Dots from which the compiled search pays for its start-up."""
WORTH_CALLING = 500
"""Dots from which it is faster once it has been started."""

_LEAST_SHIFT = 12
"""Cells are at least 2¹² ticks (0.4 µm) wide, so that searches for duplicates look into one cell, not 27."""


def crowded(
    places: NDArray[np.int64],
    half_reach: NDArray[np.int64],
    step: NDArray[np.uint16],
    own: NDArray[np.bool_],
    matters: NDArray[np.bool_],
    *,
    extra: int,
) -> NDArray[np.bool_]:
    """Marks every own dot that an earlier one (of a lower index) comes too close to.

    Args:
        places: int64 (N, 3), ticks.
        half_reach: int64 (N,), ticks ≥ 0; two dots meet when closer than the sum of theirs plus `extra`.
        step: uint16 (N,), index into `matters`.
        own: bool (N,), dots that are judged; the others are only neighbours.
        matters: bool (S, S), [later, earlier] = pairs of these steps are looked at.
        extra: ticks, ≥ 0.

    Returns:
        bool (N,), False wherever `own` is.
    """
    if not len(places) or not own.any():
        return np.zeros(len(places), np.bool_)
    is_loaded = _kernel.cache_info().currsize > 0
    search = _compiled if len(places) >= (WORTH_CALLING if is_loaded else COMPILED_FROM) else crowded_plain
    return search(places, half_reach, step, own, matters, extra)


def crowded_plain(
    places: NDArray[np.int64],
    half_reach: NDArray[np.int64],
    step: NDArray[np.uint16],
    own: NDArray[np.bool_],
    matters: NDArray[np.bool_],
    extra: int,
) -> NDArray[np.bool_]:
    """As `crowded`, in NumPy."""
    farthest = 2 * int(half_reach.max()) + extra
    shift = _shift(farthest)
    cell = (places - places.min(axis=0)) >> shift
    _, code = np.unique(cell, axis=0, return_inverse=True)
    code = code.reshape(-1)
    order = np.argsort(code, kind="stable")
    sorted_code = code[order]
    distinct = cell[order][np.flatnonzero(np.diff(sorted_code, prepend=-1))]
    index_of = {tuple(c): i for i, c in enumerate(distinct.tolist())}
    first = np.searchsorted(sorted_code, np.arange(len(distinct) + 1))
    found = np.zeros(len(places), np.bool_)
    for key, here in index_of.items():
        later = order[first[here] : first[here + 1]]
        later = later[own[later]]
        if not len(later):
            continue
        around = [index_of.get((key[0] + i, key[1] + j, key[2] + k)) for i, j, k in _AROUND]
        earlier = np.concatenate([order[first[c] : first[c + 1]] for c in around if c is not None])
        for some in np.array_split(later, len(later) * len(earlier) // 250_000 + 1):
            apart = np.abs(places[some][:, None, :] - places[earlier][None, :, :])
            limit = half_reach[some][:, None] + half_reach[earlier][None, :] + extra
            close = np.all(apart < limit[:, :, None], axis=2)
            apart[~close] = 0
            squared = (apart * apart).sum(axis=2)
            close &= (squared < limit * limit) & (earlier[None, :] < some[:, None])
            close &= matters[step[some][:, None], step[earlier][None, :]]
            found[some] |= close.any(axis=1)
    return found


_AROUND = [(i, j, k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)]


def _shift(farthest: int) -> int:
    """Cells of 2^shift ticks are no smaller than the farthest reach."""
    return max(_LEAST_SHIFT, int(farthest).bit_length())


def _compiled(
    places: NDArray[np.int64],
    half_reach: NDArray[np.int64],
    step: NDArray[np.uint16],
    own: NDArray[np.bool_],
    matters: NDArray[np.bool_],
    extra: int,
) -> NDArray[np.bool_]:
    farthest = 2 * int(half_reach.max()) + extra
    return _kernel()(
        np.ascontiguousarray(places),
        np.ascontiguousarray(half_reach, np.int64),
        np.ascontiguousarray(step, np.uint16),
        np.ascontiguousarray(own),
        np.ascontiguousarray(matters),
        np.int64(extra),
        np.int64(int(half_reach.max())),
        np.int64(_shift(farthest)),
    )


@cache
def _kernel() -> Callable[..., NDArray[np.bool_]]:
    import numba

    signature = "boolean[::1](int64[:,::1], int64[::1], uint16[::1], boolean[::1], boolean[:,::1], int64, int64, int64)"
    compiled: Any = numba.njit(signature, cache=True, nogil=True)(_search)
    return cast("Callable[..., NDArray[np.bool_]]", compiled)


def _search(
    places: NDArray[np.int64],
    half_reach: NDArray[np.int64],
    step: NDArray[np.uint16],
    own: NDArray[np.bool_],
    matters: NDArray[np.bool_],
    extra: int,
    greatest: int,
    shift: int,
) -> NDArray[np.bool_]:
    """Dots go into a hash table of cells one by one, after looking around for those that are already there."""
    count = len(places)
    size = 1
    while size < 2 * count:
        size *= 2
    mask = size - 1
    head = np.full(size, -1, np.int32)
    behind = np.empty(count, np.int32)
    found = np.zeros(count, np.bool_)
    for i in range(count):
        x, y, z = places[i, 0], places[i, 1], places[i, 2]
        if own[i]:
            reach = half_reach[i] + greatest + extra
            hit = False
            for cx in range((x - reach) >> shift, ((x + reach) >> shift) + 1):
                for cy in range((y - reach) >> shift, ((y + reach) >> shift) + 1):
                    for cz in range((z - reach) >> shift, ((z + reach) >> shift) + 1):
                        j = head[((cx * 73856093) ^ (cy * 19349663) ^ (cz * 83492791)) & mask]
                        while j >= 0 and not hit:
                            if matters[step[i], step[j]]:
                                limit = half_reach[i] + half_reach[j] + extra
                                dx, dy, dz = abs(x - places[j, 0]), abs(y - places[j, 1]), abs(z - places[j, 2])
                                if dx < limit and dy < limit and dz < limit:
                                    squared = dx * dx + dy * dy + dz * dz
                                    hit = squared < limit * limit
                            j = behind[j]
                        if hit:
                            break
                    if hit:
                        break
                if hit:
                    break
            found[i] = hit
        bucket = (((x >> shift) * 73856093) ^ ((y >> shift) * 19349663) ^ ((z >> shift) * 83492791)) & mask
        behind[i] = head[bucket]
        head[bucket] = i
    return found
