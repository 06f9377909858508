"""Which member of a recipe writes a feature at its depth, where the pulse energy follows the depth."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import PatternError
from lasercam.model.feature import FeatureBlock
from lasercam.model.toolpath import TICKS_PER_UM
from lasercam.units import LENGTH, format_quantity

SPAN_TICKS = 1 << 44
"""Keys of one variant; depths in ticks stay below (a kilometre and more), and 65,536 variants fit 63 bits."""

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def depth_spans_um(block: FeatureBlock) -> tuple[FloatArray, FloatArray]:
    """Depth of the shallowest and the deepest vertex of each feature, float64 (P,) each; of dots one and the same."""
    z = block.xyz_um[:, 2]
    if block.all_dots:
        return z, z
    first = block.offsets[:-1]
    return np.minimum.reduceat(z, first), np.maximum.reduceat(z, first)


def depth_keys(variant: IntArray, depth_um: FloatArray) -> IntArray:
    """int64 (P,), one number for a variant (P,) at a depth (P,) of 0 or more, to the tick; they rise as both do."""
    return np.asarray(variant * SPAN_TICKS + np.rint(depth_um * TICKS_PER_UM).astype(np.int64), np.int64)


@dataclass(frozen=True, eq=False)
class DepthMembers:
    """The members that one step writes one pattern with, by what features ask for and how deep they lie.

    Attributes:
        name: of the recipe.
        keys: int64 (D,), rising: `depth_keys` of all features, and of what lines pass on their way.
        recipe: int64 (D,), index into the recipe table for each key.
        spare: int64 (V,), a member of each variant, for those that no feature here asks for.
    """

    name: str
    keys: IntArray
    recipe: IntArray
    spare: IntArray

    @cached_property
    def _changes(self) -> IntArray:
        """int64 (D,), how often the member has changed from the first key on."""
        return np.concatenate(([0], np.cumsum(np.diff(self.recipe) != 0))).astype(np.int64)

    def recipes(self, variant: IntArray, least_um: FloatArray, most_um: FloatArray, pattern: str) -> IntArray:
        """int64 (P,), the member of each feature, whose vertices lie between two depths (P,) in the sample.

        Raises:
            PatternError: a line reaches through depths of several members, or a depth nobody has seen before.
        """
        low = self._find(depth_keys(variant, least_um), pattern)
        if least_um is most_um:
            return np.asarray(self.recipe[low], np.int64)
        high = self._find(depth_keys(variant, most_um), pattern)
        across = np.flatnonzero(self._changes[low] != self._changes[high])
        if len(across):
            widest = across[np.argmax(most_um[across] - least_um[across])]
            least, most = (format_quantity(float(depth[widest]), LENGTH) for depth in (least_um, most_um))
            raise PatternError(
                f"{len(across):,} line(s) of pattern '{pattern}' change their depth, one from {least} to {most}, and "
                f"the compensation of recipe '{self.name}' has different energies on the way; a line is written with "
                "one energy. Allow a larger tolerance, keep lines at one depth, or write them as dots"
            )
        return np.asarray(self.recipe[low], np.int64)

    def _find(self, wanted: IntArray, pattern: str) -> IntArray:
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        if not len(self.keys) or np.any(self.keys[at] != wanted):
            raise PatternError(f"pattern '{pattern}' lists other features at a second reading; its source must not")
        return np.asarray(at, np.int64)

    def family(self, variants: int) -> list[list[int]]:
        """The recipe indices of each variant, in the order of depth; where no feature asks for it, its spare one."""
        of_key = self.keys // SPAN_TICKS
        return [list(dict.fromkeys(self.recipe[of_key == v].tolist())) or [int(self.spare[v])] for v in range(variants)]
