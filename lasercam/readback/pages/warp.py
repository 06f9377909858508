"""From pixels to lattice coordinates and back: smooth maps fitted to the phases of the lattice."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from lasercam.errors import FitError
from lasercam.readback.pages.lattice import Lattice
from lasercam.readback.pages.light import FloatImage

FloatArray = NDArray[np.float64]

BLURS_PITCHES = (1.2, 3.0, 6.0)
"""Standard deviations of the window that phases are measured in, 18, 110 or 450 dots; wide ones for faint lattices."""
_BAND_SIGMAS = 3.4
"""Half width of the spectrum kept around a wave."""
_LIT = 0.35
"""Share of the usual amplitude below which a node does not belong to a page."""
_DIMMEST = 0.25
"""Share of the usual brightness below which light is not raised to the usual, so that noise around a page stays low."""
_LEAST_SITES = 250
"""Of a region; the smallest page has a thousand."""
_OUTLYING = 0.15
"""Pitches; nodes that miss the map by more count little."""
_NEWTON_STEPS = 3
_FITTED_NODES = 1_500


@dataclass(frozen=True, eq=False)
class Nodes:
    """Phases of both waves on a coarse grid.

    Attributes:
        yx: float64 (2, rows, columns), place of every node in pixels.
        field: complex64 (2, rows, columns), amplitude and phase of the light against `carrier`.
        carrier: float64 (2, 2), cycles per pixel along y and x.
        lit: bool (rows, columns), where there is a lattice.
        sites: of the lattice, per node.
    """

    yx: FloatArray
    field: NDArray[np.complex64]
    carrier: FloatArray
    lit: NDArray[np.bool_]
    sites: float


@dataclass(frozen=True, eq=False)
class Warp:
    """A smooth map from pixels to lattice coordinates; whole numbers are dots.

    Attributes:
        middle, half: float64 (2,), pixels; coordinates are scaled to about -1 to 1 for the polynomials.
        powers: int64 (N, 2), powers of y and x.
        terms: float64 (N, 2), of both lattice coordinates.
    """

    middle: FloatArray
    half: float
    powers: NDArray[np.int64]
    terms: FloatArray

    def lattice(self, yx: FloatArray) -> FloatArray:
        """Lattice coordinates (N, 2) of pixels (N, 2)."""
        ij: FloatArray = basis((yx - self.middle) / self.half, self.powers) @ self.terms
        return ij

    def slopes(self, yx: FloatArray) -> FloatArray:
        """Derivatives (N, 2, 2): of both lattice coordinates by y and x."""
        scaled = (yx - self.middle) / self.half
        parts = []
        for axis in (0, 1):
            lower = self.powers.copy()
            lower[:, axis] = np.maximum(lower[:, axis] - 1, 0)
            parts.append((basis(scaled, lower) * self.powers[:, axis]) @ self.terms / self.half)
        return np.stack(parts, axis=2)

    def pixels(self, ij: FloatArray) -> FloatArray:
        """Pixels (N, 2) of lattice coordinates (N, 2), by Newton's method."""
        linear = np.array([self.terms[(self.powers == p).all(axis=1)][0] for p in ((1, 0), (0, 1))])
        offset = self.terms[(self.powers == 0).all(axis=1)][0]
        yx: FloatArray = (ij - offset) @ np.linalg.inv(linear) * self.half + self.middle
        for _ in range(_NEWTON_STEPS):
            slopes = self.slopes(yx)
            off = ij - self.lattice(yx)
            det = slopes[:, 0, 0] * slopes[:, 1, 1] - slopes[:, 0, 1] * slopes[:, 1, 0]
            det = np.where(np.abs(det) > 1e-9, det, np.inf)
            yx = yx + np.stack(
                (
                    (slopes[:, 1, 1] * off[:, 0] - slopes[:, 0, 1] * off[:, 1]) / det,
                    (slopes[:, 0, 0] * off[:, 1] - slopes[:, 1, 0] * off[:, 0]) / det,
                ),
                axis=1,
            )
        return yx


def basis(scaled: FloatArray, powers: NDArray[np.int64]) -> FloatArray:
    """Products of powers (N, terms) of coordinates (N, 2)."""
    top = int(powers.max()) + 1
    y, x = np.ones((len(scaled), top)), np.ones((len(scaled), top))
    for k in range(1, top):
        y[:, k], x[:, k] = y[:, k - 1] * scaled[:, 0], x[:, k - 1] * scaled[:, 1]
    products: FloatArray = y[:, powers[:, 0]] * x[:, powers[:, 1]]
    return products


def powers_up_to(degree: int) -> NDArray[np.int64]:
    """Powers (N, 2) of all products up to a degree; the constant comes first.

    >>> powers_up_to(1).tolist()
    [[0, 0], [0, 1], [1, 0]]
    """
    return np.array([(a, n - a) for n in range(degree + 1) for a in range(n + 1)], np.int64)


def even_light(total: FloatImage, pitch_px: float, *, is_negative: bool = False) -> FloatImage:
    """Bright dots without slowly varying brightness: mean 0, contrast alike in bright and dim corners.

    Args:
        total: float32 (height, width).
        pitch_px: of the lattice.
        is_negative: dots are darker than what is between them.
    """
    light = -total if is_negative else total
    # Three boxes are smooth where one has corners, which a lattice of faint contrast would drown in.
    mean = light
    for _ in range(3):
        mean = ndimage.uniform_filter(mean, int(2.2 * pitch_px) | 1, mode="nearest")
    low, high = np.percentile(mean[::4, ::4], (1.0, 98.0)).tolist()
    even: FloatImage = (light - mean) / np.hypot(mean - np.float32(low), np.float32(_DIMMEST * (high - low) + 1e-9))
    # A mean over one pitch holds nothing of the lattice, but most of what brightness of dots, marks and rims add to it.
    for _ in range(2):
        even = even - ndimage.uniform_filter(even, round(pitch_px), mode="nearest")
    return even


def measure_phases(even: FloatImage, lattice: Lattice, blur_pitches: float) -> Nodes:
    """Phases of the two waves of a lattice, all over an image.

    Args:
        even: float32 (height, width), of `even_light`.
        lattice: whose waves are followed.
        blur_pitches: of BLURS_PITCHES.
    """
    pad = int(3.3 * blur_pitches * lattice.pitch_px)
    width = 1.0 / (2 * np.pi * blur_pitches * lattice.pitch_px)
    size = [fft.next_fast_len(n + pad) for n in even.shape]
    spectrum = fft.fft2(even, size)
    keep = [max(4, int(np.ceil(2 * _BAND_SIGMAS * width * n))) for n in size]
    fields, carriers = [], []
    for wave in lattice.waves:
        middle = [round(float(f) * n) for f, n in zip(wave, size, strict=True)]
        rows, columns = (np.arange(m) - m // 2 for m in keep)
        part = spectrum[np.ix_((middle[0] + rows) % size[0], (middle[1] + columns) % size[1])]
        fy, fx = rows[:, None] / size[0], columns[None, :] / size[1]
        part = part * np.exp(-(fy**2 + fx**2) / (2 * width**2)).astype(np.float32)
        fields.append(fft.ifft2(fft.ifftshift(part)) * (keep[0] * keep[1] / (size[0] * size[1])))
        carriers.append((middle[0] / size[0], middle[1] / size[1]))
    y, x = (np.arange(m) * n / m for m, n in zip(keep, size, strict=True))
    inside = y < even.shape[0], x < even.shape[1]
    field = np.stack(fields)[:, inside[0]][:, :, inside[1]]
    yx = np.stack(np.meshgrid(y[inside[0]], x[inside[1]], indexing="ij"))
    amplitude = ndimage.gaussian_filter(np.sqrt(np.abs(field[0]) * np.abs(field[1])), 1.0, mode="nearest")
    lit = amplitude > _LIT * float(np.percentile(amplitude, 98.0))
    per_node = size[0] * size[1] / (keep[0] * keep[1]) / lattice.pitch_px**2
    return Nodes(yx, field, np.array(carriers), lit, per_node)


def regions(nodes: Nodes) -> list[NDArray[np.bool_]]:
    """Connected parts of the lattice, the largest first: bool (rows, columns) each."""
    labels, count = ndimage.label(
        ndimage.binary_opening(nodes.lit, np.ones((3, 3) if nodes.sites < 3 else (1, 1), np.bool_))
    )
    sizes = np.bincount(labels.reshape(-1), minlength=count + 1)[1:]
    order = np.argsort(sizes)[::-1]
    return [labels == k + 1 for k in order.tolist() if sizes[k] * nodes.sites >= _LEAST_SITES]


def fit_warp(nodes: Nodes, region: NDArray[np.bool_], degree: int = 3) -> tuple[Warp, float, NDArray[np.bool_]]:
    """The smooth map that a region's phases follow.

    Differences of neighbouring nodes are fitted first, for they have no whole turns to be guessed; then the phases.

    Args:
        nodes: of `measure_phases`.
        region: bool (rows, columns), which nodes belong to it.
        degree: of the polynomials.

    Returns:
        The map, the root mean square of what it misses in pitches, and bool (rows, columns), the nodes on it.

    Raises:
        FitError: the phases follow no smooth map.
    """
    at = np.stack([nodes.yx[k][region] for k in (0, 1)], axis=1)
    middle = (at.max(axis=0) + at.min(axis=0)) / 2
    half = float(np.ptp(at, axis=0).max()) / 2
    powers = powers_up_to(degree)
    everywhere = basis((nodes.yx.reshape(2, -1).T - middle) / half, powers).reshape(*region.shape, -1)
    weight = np.abs(nodes.field)
    terms = np.zeros((len(powers), 2))
    few = _thinned(region)
    for k in (0, 1):
        terms[1:, k] = _fit_differences(nodes, region, everywhere, k)
        turns = np.angle(nodes.field[k]) / (2 * np.pi) + np.tensordot(nodes.carrier[k], nodes.yx, 1)
        values, weights, rows = turns[few], weight[k][few], everywhere[few]
        for step in range(5):
            off = values - rows @ terms[:, k]
            if step == 0:
                terms[0, k] = _common_phase(off, weights)
                continue
            off -= np.round(off)
            robust = weights / (1.0 + (off / _OUTLYING) ** 2)
            terms[:, k] += _solved(rows, off, robust)
    warp = Warp(middle, half, powers, terms)
    missed = np.zeros(region.shape)
    for k in (0, 1):
        off = np.angle(nodes.field[k]) / (2 * np.pi) + np.tensordot(nodes.carrier[k], nodes.yx, 1)
        off -= everywhere @ terms[:, k]
        missed += (off - np.round(off)) ** 2
    on = region & (missed < (2 * _OUTLYING) ** 2)
    if on.sum() < 0.3 * region.sum() or on.sum() * nodes.sites < _LEAST_SITES / 2:
        raise FitError("the dots do not stand on one smooth lattice")
    return warp, float(np.sqrt(np.mean(missed[on]))), on


def _fit_differences(nodes: Nodes, region: NDArray[np.bool_], everywhere: FloatArray, wave: int) -> FloatArray:
    """Terms without the constant (N - 1,) of one lattice coordinate, from steps between neighbours."""
    field, carrier = nodes.field[wave], nodes.carrier[wave]
    rows, steps, weights = [], [], []
    few = _thinned(region)
    for axis in (0, 1):
        near = (slice(None, -1), slice(None)) if axis == 0 else (slice(None), slice(None, -1))
        far = (slice(1, None), slice(None)) if axis == 0 else (slice(None), slice(1, None))
        both = few[near] & region[far]
        turn = field[far] * np.conj(field[near])
        step_px = nodes.yx[axis][far] - nodes.yx[axis][near]
        steps.append((np.angle(turn) / (2 * np.pi) + carrier[axis] * step_px)[both])
        rows.append((everywhere[far] - everywhere[near])[both][:, 1:])
        weights.append(np.sqrt(np.abs(turn[both])))
    matrix, values, weight = np.concatenate(rows), np.concatenate(steps), np.concatenate(weights)
    terms = np.zeros(matrix.shape[1])
    for step in range(4):
        off = values - matrix @ terms
        spread = np.inf if step == 0 else max(2.0 * float(np.median(np.abs(off))), 1e-4)
        robust = weight / (1.0 + (off / spread) ** 2)
        terms += _solved(matrix, off, robust)
    return terms


def _thinned(region: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Some of the nodes of a region, evenly: more of them make a fit slower and no better."""
    step = max(1, int(np.sqrt(region.sum() / _FITTED_NODES)))
    few = np.zeros_like(region)
    few[::step, ::step] = region[::step, ::step]
    return few


def _solved(rows: FloatArray, values: FloatArray, weights: FloatArray) -> FloatArray:
    """Least squares by the normal equations: polynomials on -1 to 1 are tame enough."""
    weighted = rows * (weights**2)[:, None]
    return np.asarray(np.linalg.lstsq(weighted.T @ rows, weighted.T @ values, rcond=1e-10)[0], np.float64)


def _common_phase(off: FloatArray, weights: FloatArray) -> float:
    """The phase, in turns, that most nodes share."""
    counts, edges = np.histogram(off % 1.0, bins=32, range=(0.0, 1.0), weights=weights)
    smooth = counts + np.roll(counts, 1) + np.roll(counts, -1)
    mode = float(edges[int(np.argmax(smooth))]) + 0.5 / 32
    near = (off - mode + 0.5) % 1.0 - 0.5
    close = np.abs(near) < 0.2
    return mode + float(np.average(near[close], weights=weights[close]))
