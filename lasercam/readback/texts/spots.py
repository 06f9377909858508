"""What glows in a picture, in groups: a text may be one of several things in it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

FloatArray = NDArray[np.float64]

_OPENING = 0.2
"""Of the shorter side: light that varies over more than this is not the pattern's."""
_MOST_SPOTS = 600
_MOST_GROUPS = 6
_LEAST_SPAN_PX = 14
_LEAST_CONTRAST = 6.0
"""Glow stands out by so many standard deviations of the noise of the smoothed picture, or there is none."""
LEVELS = (0.4, 0.15)
"""Shares of the brightest glow above which a pixel counts as glowing; the second finds what is dimmer."""


@dataclass(frozen=True, eq=False)
class Group:
    """Pixels that may be a text.

    Attributes:
        xy: float64 (N, 2), x and y.
    """

    xy: FloatArray

    @property
    def middle(self) -> FloatArray:
        """Their mean."""
        return np.asarray(self.xy.mean(axis=0), np.float64)

    @property
    def spread(self) -> float:
        """Root mean square distance from their mean."""
        return float(np.sqrt(((self.xy - self.middle) ** 2).sum(axis=1).mean()))

    @property
    def axis_deg(self) -> float:
        """Direction of their longest extent, counterclockwise from x, degrees."""
        off = self.xy - self.middle
        _, axes = np.linalg.eigh(off.T @ off)
        return float(np.degrees(np.arctan2(-axes[1, 1], axes[0, 1])))


def evened(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bright things on black: the picture without light that varies slowly."""
    smooth = ndimage.gaussian_filter(light, max(0.7, min(light.shape) / 500.0))
    window = max(9, int(_OPENING * min(light.shape)))
    step = max(1, window // 12)
    few = smooth[::step, ::step]
    ground = ndimage.grey_opening(few, (max(3, window // step),) * 2, mode="nearest")
    ground = ndimage.gaussian_filter(ground, max(1.0, window / step / 4.0), mode="nearest")
    rows, columns = (np.minimum(np.arange(n) / step, len_ - 1) for n, len_ in zip(light.shape, few.shape, strict=True))
    spread = ndimage.map_coordinates(ground, np.meshgrid(rows, columns, indexing="ij"), order=1, mode="nearest")
    return np.asarray(np.maximum(smooth - spread, 0.0), np.float32)


def groups(even: NDArray[np.float32], level: float) -> list[Group]:
    """Groups of glowing spots, the largest first: all of them, and those that stand nearer to each other.

    Args:
        even: float32 (height, width), of `evened`.
        level: share of the brightest, above which a pixel glows.
    """
    top = float(np.percentile(even, 99.9))
    middle = float(np.median(even))
    noise = 1.4826 * float(np.median(np.abs(even - middle)))
    if top - middle <= max(_LEAST_CONTRAST * noise, 1e-3):
        return []
    labels, count = ndimage.label(even > level * top, np.ones((3, 3)))
    sizes = np.bincount(labels.reshape(-1), minlength=count + 1)
    sizes[0] = 0
    least = max(3, 0.02 * float(np.sort(sizes)[::-1][: min(count, 20)].mean()))
    sizes[sizes < least] = 0
    if count > _MOST_SPOTS:
        sizes[sizes < np.sort(sizes)[-_MOST_SPOTS]] = 0
    glows = (sizes > 0)[labels]
    if not glows.any():
        return []
    far = ndimage.distance_transform_edt(~glows)
    found: dict[tuple[int, ...], Group] = {}
    reach = 1.0
    while reach < max(even.shape):
        joined, n = ndimage.label(far <= reach)
        at = np.argwhere(glows)
        owner = joined[glows]
        for one in range(1, n + 1):
            mine = at[owner == one]
            if not len(mine) or np.ptp(mine, axis=0).max() < _LEAST_SPAN_PX:
                continue
            key = (len(mine), *mine[0].tolist(), *mine[-1].tolist())
            found.setdefault(key, Group(np.ascontiguousarray(mine[:, ::-1], np.float64)))
        if n == 1:
            break
        reach *= 1.5
    ordered = sorted(found.values(), key=lambda g: -len(g.xy) * g.spread)
    return ordered[:_MOST_GROUPS]
