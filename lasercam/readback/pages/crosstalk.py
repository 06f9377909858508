"""Light that falls on a site from its neighbours, measured where nothing was written, and taken away."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from lasercam.readback.pages.light import finite

FloatArray = NDArray[np.float64]

_ROUNDS = 4
_MOST_SIDE, _MOST_CORNER = 0.24, 0.12
"""More light than this from a neighbour cannot be undone: the sum of all eight would exceed the dot itself."""
_STIFFNESS = 6.0
"""Unlit sites, in number, that the shares common to all channels count against those of one channel."""
_LEAST_GAIN = 0.12
"""Patterns that the blur weakens more than this are not amplified further."""


@dataclass(frozen=True, eq=False)
class Crosstalk:
    """What neighbours add.

    Attributes:
        side: float64 (channels,), share of the light of each of the four nearest.
        corner: float64 (channels,), of each of the four diagonal ones.
        background: float64 (channels,), light where there is no dot near.
    """

    side: FloatArray
    corner: FloatArray
    background: FloatArray


def unmix_neighbours(light: NDArray[np.float32], unlit: NDArray[np.bool_]) -> tuple[FloatArray, Crosstalk]:
    """Light of each dot alone.

    Args:
        light: float32 (channels, rows, columns), sampled; NaN where unknown.
        unlit: bool (rows, columns), sites that were never written: dark rings.

    Returns:
        float64 (channels, rows, columns), NaN where unknown, and what was taken away.
    """
    known = finite(light, 0)
    dark = unlit & known
    measured = np.where(known, light, 0.0).astype(np.float64)
    if dark.sum() < 4:
        background = np.nanpercentile(light.reshape(len(light), -1), 1.0, axis=1).astype(np.float64)
        alone = np.where(known, light - background[:, None, None], np.nan)
        return alone, Crosstalk(np.zeros(len(light)), np.zeros(len(light)), background)
    background = np.median(measured[:, dark], axis=1)
    side = corner = np.zeros(len(light))
    usual = np.where(known, measured - background[:, None, None], 0.0)
    alone = usual
    for _ in range(_ROUNDS):
        near = np.stack([sides(plane) for plane in alone])[:, dark]
        far = np.stack([corners(plane) for plane in alone])[:, dark]
        side, corner, background = _shares(measured[:, dark], near, far, alone)
        usual = np.where(known, measured - background[:, None, None], 0.0)
        alone = np.stack([_solved(plane, a, b) for plane, a, b in zip(usual, side, corner, strict=True)])
    return np.where(known, alone, np.nan), Crosstalk(side, corner, background)


def sides(plane: FloatArray) -> FloatArray:
    """Sum of the four nearest neighbours of every site (rows, columns)."""
    padded = np.pad(plane, 1)
    return padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]


def corners(plane: FloatArray) -> FloatArray:
    """Sum of the four diagonal neighbours of every site (rows, columns)."""
    padded = np.pad(plane, 1)
    return padded[:-2, :-2] + padded[:-2, 2:] + padded[2:, :-2] + padded[2:, 2:]


def _shares(
    dark: FloatArray, near: FloatArray, far: FloatArray, alone: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Shares and background of every channel, robust against rings that an inclusion covers."""
    scale = np.maximum(np.median(np.abs(alone), axis=(1, 2)) + np.std(alone, axis=(1, 2)), 1e-12)[:, None]
    values, ones = dark / scale, np.ones_like(dark)
    columns = near / scale, far / scale
    common = _fitted(np.stack([c - c.mean(axis=1, keepdims=True) for c in columns], axis=-1).reshape(-1, 2),
                     (values - np.median(values, axis=1, keepdims=True)).reshape(-1), np.zeros(2), 1e-3)  # fmt: skip
    out = np.empty((3, len(dark)))
    for c in range(len(dark)):
        matrix = np.stack((columns[0][c], columns[1][c], ones[c]), axis=1)
        start = np.array([*common, float(np.median(values[c]))])
        fitted = _fitted(matrix, values[c], start, _STIFFNESS * np.array([1.0, 1.0, 0.0]))
        out[:, c] = fitted
        out[0, c] = min(max(fitted[0], 0.0), _MOST_SIDE)
        out[1, c] = min(max(fitted[1], 0.0), _MOST_CORNER)
        # The background again, for shares that were kept within bounds.
        out[2, c] = float(np.median(values[c] - matrix[:, 0] * out[0, c] - matrix[:, 1] * out[1, c]) * scale[c, 0])
    return out[0], out[1], out[2]


def _fitted(matrix: FloatArray, values: FloatArray, start: FloatArray, stiffness: "float | FloatArray") -> FloatArray:
    """Robust least squares that stays near its start as far as the data say nothing."""
    terms: FloatArray = start
    pull = np.diag(np.broadcast_to(stiffness, start.shape).astype(np.float64))
    for _ in range(5):
        off = values - matrix @ terms
        spread = max(2.5 * float(np.median(np.abs(off))), 1e-6)
        weight = 1.0 / (1.0 + (off / spread) ** 2)
        normal = (matrix * weight[:, None]).T @ matrix + pull + 1e-9 * np.eye(len(start))
        terms = np.asarray(np.linalg.solve(normal, (matrix * weight[:, None]).T @ values + pull @ start), np.float64)
    return terms


def _solved(plane: FloatArray, side: float, corner: float) -> FloatArray:
    """The plane that, blurred, is this one: sines are what a symmetric blur with nothing outside only weakens."""
    if side == corner == 0.0:
        return plane
    angle_y, angle_x = (np.cos(np.pi * np.arange(1, n + 1) / (n + 1)) for n in plane.shape)
    gain = 1 + 2 * side * (angle_y[:, None] + angle_x) + 4 * corner * angle_y[:, None] * angle_x
    gain = np.maximum(gain, _LEAST_GAIN)
    solved: FloatArray = fft.idstn(fft.dstn(plane, type=1) / gain, type=1)
    return solved
