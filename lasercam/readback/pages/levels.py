"""Levels of voxels from their light: pilots say what a level looks like, all voxels how far it scatters."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lasercam.readback.pages.light import finite
from lasercam.readback.pages.warp import FloatArray
from lasercam.storage.page_layout import PageLayout, Role

ERASE_ABOVE = 0.3
"""Doubt in a voxel from which it is better called unknown: an erased byte costs one byte of parity, a wrong one two,
and a byte stands in several voxels."""
_ROUNDS = 3
_EVEN_SITES = 6.0
"""Brightness is evened over so many sites (standard deviation)."""
_LEARNING_SITES = 4_000
_STRANGE_PRIOR = 0.003
_LEAST_LOST_PRIOR = 0.002
_TIGHTEST = 0.02
"""Least standard deviation of a level, as a share of the usual brightness."""
_DARK_COUNT = 20.0
"""Lost dots that the scatter of the dark rings counts."""
_PRIOR_COUNT = 12.0
"""Voxels that the scatter common to all levels counts in the scatter of one."""


@dataclass(frozen=True, eq=False)
class LevelStatistics:
    """What the levels look like.

    Attributes:
        mean: float64 (levels, channels), light, 1 is the usual dot in its brightest channel.
        separation: float64 (levels,), distance to the nearest other level in standard deviations (d').
        count: int64 (levels,), voxels read as each.
    """

    mean: FloatArray
    separation: FloatArray
    count: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ReadLevels:
    """Levels of a page.

    Attributes:
        levels: uint8 (rows, columns), the most probable ones, also where erased.
        erased: bool (rows, columns), lost, doubtful, strange or outside the image.
        margin: float32 (rows, columns), logarithm of how much more probable the level is than the next; 0 if erased
            for want of light.
        lost: bool (rows, columns), no dot to be seen.
        statistics: per level.
    """

    levels: NDArray[np.uint8]
    erased: NDArray[np.bool_]
    margin: NDArray[np.float32]
    lost: NDArray[np.bool_]
    statistics: LevelStatistics


def even_out(light: FloatArray, weight: NDArray[np.bool_]) -> FloatArray:
    """Light without the slow change of brightness over the page, 1 the usual sum over channels.

    Args:
        light: float64 (channels, rows, columns), NaN where unknown.
        weight: bool (rows, columns), sites with a dot.
    """
    total = np.where(np.isfinite(light), light, 0.0).sum(axis=0)
    good = weight & finite(light, 0)
    if not good.any():
        return light
    usual = max(float(np.median(total[good])), 1e-12)
    share = _smooth(np.where(good, np.clip(total, 0.0, 3.0 * usual), 0.0), good.astype(np.float64), usual)
    return light / np.maximum(share, 0.05 * usual)


def _smooth(values: FloatArray, weight: FloatArray, usual: float) -> FloatArray:
    """Local mean of values, which are already multiplied by their weight."""
    blurred = [ndimage.gaussian_filter(part, _EVEN_SITES, mode="constant", truncate=3.0) for part in (values, weight)]
    little = 0.02
    smooth: FloatArray = (blurred[0] + little * usual) / (blurred[1] + little)
    return smooth


def classify(light: FloatArray, layout: PageLayout, *, is_empty_a_level: bool = False) -> ReadLevels:
    """The level of every voxel of a page.

    A level scatters as a Gaussian of its own, so that brightness may vary where colours carry the data. Two more kinds
    stand beside the levels: no dot, learnt from the dark rings, and anything else.

    Args:
        light: float64 (channels, rows, columns), of each dot alone, evened; NaN where unknown.
        layout: of the page.
        is_empty_a_level: level 0 is no dot, so there are no lost ones.
    """
    flat = light.reshape(len(light), -1).T
    known = finite(flat, 1)
    scale = max(float(np.nanpercentile(flat[known & (layout.roles.reshape(-1) != Role.DARK)], 95.0)), 1e-12)
    seen = np.where(known[:, None], flat, 0.0) / scale
    pilots = layout.pilot_sites[:, 0] * layout.columns + layout.pilot_sites[:, 1]
    own = np.full(len(seen), -1)
    own[pilots] = layout.pilot_levels
    dark = known & (layout.roles.reshape(-1) == Role.DARK)
    model = _from_pilots(seen, own, known, dark, layout.levels)
    if is_empty_a_level:
        model = replace(model, lost=0.0)
    voxel = known & np.isin(layout.roles.reshape(-1), (Role.DATA, Role.PILOT))
    learning = np.flatnonzero(voxel)
    learning = learning[:: max(1, len(learning) // _LEARNING_SITES)]
    learning = np.union1d(learning, pilots[known[pilots]])
    for _ in range(_ROUNDS):
        model = _learnt(model, seen[learning], own[learning])
        shade = _shade(model, seen, voxel, light.shape[1:])
        seen = np.where(voxel[:, None], seen / shade, seen)
    likely = model.log_likelihood(seen)
    kinds = likely[:, : layout.levels]
    best = np.argmax(kinds, axis=1)
    top = np.take_along_axis(kinds, best[:, None], axis=1)[:, 0]
    others = kinds.copy()
    np.put_along_axis(others, best[:, None], -np.inf, axis=1)
    margin = top - others.max(axis=1)
    peak = likely.max(axis=1)
    doubt = 1.0 - np.exp(top - peak) / np.exp(likely - peak[:, None]).sum(axis=1)
    lost = known & (np.argmax(likely, axis=1) == layout.levels)
    erased = ~known | (doubt > ERASE_ABOVE)
    margin = np.where(known & ~lost, margin, 0.0)
    shape = light.shape[1:]
    count = np.bincount(best[voxel & ~erased], minlength=layout.levels)
    return ReadLevels(
        best.astype(np.uint8).reshape(shape),
        erased.reshape(shape),
        margin.astype(np.float32).reshape(shape),
        lost.reshape(shape),
        LevelStatistics(model.mean[:-1].copy(), model.separation(), count),
    )


@dataclass(frozen=True, eq=False)
class _Model:
    """Gaussians of all levels and of lost dots (last), and the share of the latter."""

    mean: FloatArray
    scatter: FloatArray
    lost: float

    def log_likelihood(self, seen: FloatArray) -> FloatArray:
        """float64 (N, kinds + 1), priors included; the last column is for anything else."""
        kinds = len(self.mean) - 1
        priors = np.log(np.array([(1.0 - self.lost - _STRANGE_PRIOR) / kinds] * kinds + [max(self.lost, 1e-300)]))
        out = np.empty((len(seen), kinds + 2))
        for k, (mean, scatter) in enumerate(zip(self.mean, self.scatter, strict=True)):
            lower = np.linalg.inv(np.linalg.cholesky(scatter))
            white = (seen - mean) @ lower.T
            out[:, k] = priors[k] - 0.5 * (white**2).sum(axis=1) + np.log(np.diag(lower)).sum()
        # Strange light may be anything from none to three times the usual, in every channel.
        out[:, -1] = np.log(_STRANGE_PRIOR) + seen.shape[1] * (0.5 * np.log(2 * np.pi) - np.log(3.0))
        return out

    def separation(self) -> FloatArray:
        """d' (levels,) to the nearest other level."""
        kinds = len(self.mean) - 1
        nearest = np.full(kinds, np.inf)
        for a in range(kinds):
            for b in range(kinds):
                if a != b:
                    apart = self.mean[a] - self.mean[b]
                    both = (self.scatter[a] + self.scatter[b]) / 2
                    nearest[a] = min(nearest[a], float(np.sqrt(apart @ np.linalg.solve(both, apart))))
        return nearest


def _from_pilots(
    seen: FloatArray, own: NDArray[np.int64], known: NDArray[np.bool_], dark: NDArray[np.bool_], kinds: int
) -> _Model:
    """First guess: medians of the pilots, and one scatter for all levels."""
    channels = seen.shape[1]
    tight = _TIGHTEST**2 * np.eye(channels)
    black = np.median(seen[dark], axis=0) if dark.any() else np.zeros(channels)
    mean = np.empty((kinds + 1, channels))
    off = []
    for k in range(kinds):
        mine = seen[known & (own == k)]
        mean[k] = np.median(mine, axis=0) if len(mine) else np.nan
        off.append(mine - mean[k])
    missing = np.isnan(mean[:kinds]).any(axis=1)
    mean[:kinds][missing] = 10.0
    mean[kinds] = black
    together = np.concatenate(off)
    spread = 1.4826 * np.median(np.abs(together), axis=0) if len(together) else np.full(channels, 0.2)
    scatter = np.repeat((np.diag(spread**2) + tight)[None], kinds + 1, axis=0)
    if dark.sum() > channels + 2:
        away = np.abs(seen[dark] - black)
        deviation = np.maximum(1.4826 * np.median(away, axis=0), np.percentile(away, 90.0, axis=0) / 1.645)
        scatter[kinds] = np.diag(deviation**2) + tight
    return _Model(mean, scatter, 0.02)


def _learnt(model: _Model, seen: FloatArray, own: NDArray[np.int64]) -> _Model:
    """The model that the voxels themselves suggest; pilots keep their level."""
    kinds = len(model.mean) - 1
    likely = model.log_likelihood(seen)
    is_pilot = own >= 0
    likely[:, :kinds][is_pilot[:, None] & (own[:, None] != np.arange(kinds))] = -np.inf
    share = np.exp(likely - likely.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    mean, scatter = model.mean.copy(), model.scatter.copy()
    count = share[:, :kinds].sum(axis=0)
    sums = []
    for k in range(kinds):
        if count[k] >= 1.0:
            mean[k] = share[:, k] @ seen / count[k]
        off = seen - mean[k]
        sums.append((off * share[:, k : k + 1]).T @ off)
    common = sum(sums) / max(float(count.sum()), 1.0)
    for k in range(kinds):
        scatter[k] = (sums[k] + _PRIOR_COUNT * common) / (count[k] + _PRIOR_COUNT)
        scatter[k] += _TIGHTEST**2 * np.eye(seen.shape[1])
    # Lost dots scatter more than the dark rings where other layers glow out of focus between the dots.
    off = seen - mean[kinds]
    count_lost = float(share[:, kinds].sum())
    scatter[kinds] = (scatter[kinds] * _DARK_COUNT + (off * share[:, kinds : kinds + 1]).T @ off) / (
        _DARK_COUNT + count_lost
    )
    lost = min(max(float(share[:, kinds].mean()), _LEAST_LOST_PRIOR), 0.5) if model.lost else 0.0
    return _Model(mean, scatter, lost)


def _shade(model: _Model, seen: FloatArray, voxel: NDArray[np.bool_], shape: tuple[int, ...]) -> FloatArray:
    """How much brighter than its level a voxel's surroundings are: float64 (N, 1)."""
    likely = model.log_likelihood(seen)
    best = np.argmax(likely, axis=1)
    sure = voxel & (best < len(model.mean) - 1)
    expected = model.mean[np.minimum(best, len(model.mean) - 2)]
    weight = np.where(sure, (expected**2).sum(axis=1), 0.0).reshape(shape)
    value = np.where(sure, (expected * seen).sum(axis=1), 0.0).reshape(shape)
    usual = max(float(weight.mean()), 1e-12)
    return np.clip(_smooth(value / usual, weight / usual, 1.0), 0.3, 3.0).reshape(-1, 1)
