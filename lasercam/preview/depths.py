"""Layers of a toolpath: the depths at which the beam is on, found without holding the rows."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import UsageError

LAYER_GAP_UM = 0.5
"""Depths closer than this are one layer: rounding, tilt and surface maps spread a plane, voxels are longer."""

_KEYS_PER_UM = 1_000
_MAX_KEYS = 4_096


@dataclass(frozen=True)
class Layer:
    """Depths that belong together.

    Attributes:
        low_um, high_um: shallowest and deepest exposure, µm below the surface.
        exposures: rows in which the beam is on.
    """

    low_um: float
    high_um: float
    exposures: int

    @property
    def depth_um(self) -> float:
        """The middle, µm."""
        return 0.5 * (self.low_um + self.high_um)

    @property
    def title(self) -> str:
        """The depth in words."""
        if self.high_um - self.low_um < 2 * LAYER_GAP_UM:
            return f"{self.depth_um:,.6g} µm"
        return f"{self.low_um:,.6g}–{self.high_um:,.6g} µm"

    def holds(self, depth_um: NDArray[np.float64]) -> NDArray[np.bool_]:
        """bool (N,), which depths (N,) in µm lie in this layer."""
        slack = LAYER_GAP_UM / 2
        return (depth_um >= self.low_um - slack) & (depth_um <= self.high_um + slack)

    def overlaps(self, low_um: float, high_um: float) -> bool:
        """Whether depths from one to the other can lie in this layer."""
        slack = LAYER_GAP_UM / 2
        return high_um >= self.low_um - slack and low_um <= self.high_um + slack


class DepthTally:
    """Counts exposures by depth; memory stays bounded however many depths there are."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._grain = 1

    def add(self, depth_um: NDArray[np.float64]) -> None:
        """Count exposures at depths (N,), µm."""
        if len(depth_um) and bool((depth_um == depth_um[0]).all()):
            self._add(round(float(depth_um[0]) * _KEYS_PER_UM), len(depth_um))
            return
        keys, counts = np.unique(np.rint(depth_um * _KEYS_PER_UM).astype(np.int64), return_counts=True)
        for key, count in zip(keys.tolist(), counts.tolist(), strict=True):
            self._add(key, count)

    def _add(self, key: int, count: int) -> None:
        bin_ = key // self._grain
        self._counts[bin_] = self._counts.get(bin_, 0) + count
        while len(self._counts) > _MAX_KEYS:
            self._coarsen()

    def _coarsen(self) -> None:
        merged: dict[int, int] = {}
        for key, count in self._counts.items():
            merged[key // 2] = merged.get(key // 2, 0) + count
        self._counts = merged
        self._grain *= 2

    def layers(self) -> tuple[Layer, ...]:
        """Layers, shallowest first: depths with gaps of more than LAYER_GAP_UM between them."""
        if not self._counts:
            return ()
        keys = sorted(self._counts)
        gap = max(LAYER_GAP_UM * _KEYS_PER_UM / self._grain, 1.0)
        groups = [[keys[0]]]
        for before, key in pairwise(keys):
            if key - before > gap:
                groups.append([])
            groups[-1].append(key)
        to_um = self._grain / _KEYS_PER_UM
        # A bin is as wide as its grain; a grain of 1 nm is a point.
        width = (self._grain - 1) / _KEYS_PER_UM
        return tuple(Layer(g[0] * to_um, g[-1] * to_um + width, sum(self._counts[k] for k in g)) for g in groups)


def choose_layer(layers: tuple[Layer, ...], index: int) -> Layer:
    """The layer of an index, 0 = shallowest.

    Raises:
        UsageError: there is no such layer.
    """
    if not 0 <= index < len(layers):
        listed = ", ".join(f"{i} = {layer.title}" for i, layer in enumerate(layers[:12], 1))
        more = f", … ({len(layers)} in all)" if len(layers) > 12 else ""
        raise UsageError(f"there is no layer {index + 1}; layers count from the shallowest: {listed or 'none'}{more}")
    return layers[index]
