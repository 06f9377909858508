"""Error diffusion to a palette: one result, in plain Python and compiled."""

import functools
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

COMPILED_FROM = 20_000
"""Pixels from which loading the compiled kernel (about half a second) pays."""
LOWEST, HIGHEST = -0.5, 1.5
"""Values with the error of their neighbours stay in this range: colours that no mixture of the palette can make
would otherwise pile up an error that bleeds across the picture."""


def diffuse(
    light: NDArray[np.float32], palette: FloatArray, *, engine: Literal["auto", "plain", "numba"] = "auto"
) -> NDArray[np.uint8]:
    """The palette entry of each pixel by Floyd and Steinberg's error diffusion, rows run there and back.

    Args:
        light: float32 (rows, columns, channels), 0 to 1.
        palette: float64 (K, channels), K <= 256; of entries equally near the first is taken.
        engine: `auto` compiles above `COMPILED_FROM` pixels; the result does not depend on it.

    Returns:
        uint8 (rows, columns), index into the palette.

    Source: R. W. Floyd, L. Steinberg, "An adaptive algorithm for spatial greyscale", Proceedings of the Society for
    Information Display 17(2), 75-77 (1976): 7, 3, 5 and 1 sixteenths.
    """
    entries = np.ascontiguousarray(palette, dtype=np.float64)
    compiled = engine == "numba" or (engine == "auto" and light.shape[0] * light.shape[1] >= COMPILED_FROM)
    if compiled:
        chosen: NDArray[np.uint8] = _kernel()(np.ascontiguousarray(light), entries, LOWEST, HIGHEST)
        return chosen
    return _plain(light, entries)


def _plain(light: NDArray[np.float32], palette: FloatArray) -> NDArray[np.uint8]:
    work = light.astype(np.float64)
    rows, columns, _ = work.shape
    chosen = np.zeros((rows, columns), np.uint8)
    for row in range(rows):
        ahead = 1 if row % 2 == 0 else -1
        for column in range(columns)[::ahead]:
            value = np.clip(work[row, column], LOWEST, HIGHEST)
            squares = (value - palette) ** 2
            # Channel by channel, so that the order of the sum is that of the kernel.
            index = int(np.argmin(functools.reduce(np.add, squares.T)))
            chosen[row, column] = index
            error = value - palette[index]
            for down, along, share in ((0, 1, 7.0), (1, -1, 3.0), (1, 0, 5.0), (1, 1, 1.0)):
                r, c = row + down, column + along * ahead
                if r < rows and 0 <= c < columns:
                    work[r, c] += error * (share / 16.0)
    return chosen


def _diffuse(  # pragma: no cover - runs compiled; proven equal to _plain
    light: NDArray[np.float32], palette: FloatArray, lowest: float, highest: float
) -> NDArray[np.uint8]:
    rows, columns, channels = light.shape
    chosen = np.zeros((rows, columns), np.uint8)
    here = np.empty((columns, channels), np.float64)
    below = np.empty((columns, channels), np.float64)
    for c in range(columns):
        for d in range(channels):
            below[c, d] = light[0, c, d]
    for row in range(rows):
        here, below = below, here
        if row + 1 < rows:
            for c in range(columns):
                for d in range(channels):
                    below[c, d] = light[row + 1, c, d]
        ahead = 1 if row % 2 == 0 else -1
        for i in range(columns):
            c = i if ahead == 1 else columns - 1 - i
            best = np.inf
            index = 0
            for k in range(len(palette)):
                total = 0.0
                for d in range(channels):
                    value = min(max(here[c, d], lowest), highest)
                    away = value - palette[k, d]
                    total += away * away
                if total < best:
                    best = total
                    index = k
            chosen[row, c] = index
            for d in range(channels):
                error = min(max(here[c, d], lowest), highest) - palette[index, d]
                if 0 <= c + ahead < columns:
                    here[c + ahead, d] += error * (7.0 / 16.0)
                if row + 1 < rows:
                    if 0 <= c - ahead < columns:
                        below[c - ahead, d] += error * (3.0 / 16.0)
                    below[c, d] += error * (5.0 / 16.0)
                    if 0 <= c + ahead < columns:
                        below[c + ahead, d] += error * (1.0 / 16.0)
    return chosen


@functools.cache
def _kernel() -> Callable[..., Any]:
    import numba

    signature = "uint8[:,::1](float32[:,:,::1], float64[:,::1], float64, float64)"
    compiled: Callable[..., Any] = numba.njit(signature, cache=True)(_diffuse)
    return compiled
