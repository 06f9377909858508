"""Patterns put on the sample: mirror, rotate, copy, move, and keep inside or outside other patterns' areas."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, radians, sin
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import GeometryError
from lasercam.model.feature import FeatureBlock
from lasercam.model.job import Placement

MAX_COPIES = 1_000_000


@dataclass(frozen=True, eq=False)
class Placed:
    """One copy of a pattern: how its frame lies in the sample's.

    Attributes:
        matrix: float64 (2, 2), mirror then rotation.
        shift_um: float64 (3,), x and y of its origin on the sample, and the depth of its shallowest plane.
        keep_inside, keep_outside: areas in the sample's frame that features are cut by.
    """

    matrix: NDArray[np.float64]
    shift_um: NDArray[np.float64]
    keep_inside: tuple[Any, ...] = ()
    keep_outside: tuple[Any, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether it only moves, so that orthogonal grids stay orthogonal bit by bit."""
        return bool(np.array_equal(self.matrix, np.eye(2)))

    def place(self, block: FeatureBlock) -> tuple[FeatureBlock, NDArray[np.int64]]:
        """The block in the sample's frame, cut by the areas.

        Returns:
            The placed features, and for each the index of the feature of `block` it comes from, int64 (P,).
        """
        placed, origin = block.moved(self.points_um(block.xyz_um)), np.arange(len(block), dtype=np.int64)
        if self.keep_inside or self.keep_outside:
            from lasercam.geometry.clip_features import clip_features  # shapely only where something is cut

            for area, inside in [(a, True) for a in self.keep_inside] + [(a, False) for a in self.keep_outside]:
                placed, kept = clip_features(placed, area, inside=inside)
                origin = origin[kept]
        return placed, origin

    def points_um(self, xyz_um: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points of the pattern's frame in the sample's, float64 (N, 3)."""
        return xyz_um + self.shift_um if self.is_plain else self._turned(xyz_um)

    def _turned(self, xyz_um: NDArray[np.float64]) -> NDArray[np.float64]:
        # Elementwise, since a matrix product may round differently from one tile size or library to the next.
        x, y = xyz_um[:, 0], xyz_um[:, 1]
        turned = (x * a + y * b for a, b in self.matrix)
        return np.column_stack((*turned, xyz_um[:, 2])) + self.shift_um


def placement_matrix(placement: Placement) -> NDArray[np.float64]:
    """Mirror then counterclockwise rotation, float64 (2, 2); quarter turns are exact."""
    quarter = {0.0: (1.0, 0.0), 90.0: (0.0, 1.0), 180.0: (-1.0, 0.0), 270.0: (0.0, -1.0)}.get(placement.rotate % 360.0)
    c, s = quarter if quarter is not None else (cos(radians(placement.rotate)), sin(radians(placement.rotate)))
    flip = {"none": (1.0, 1.0), "x": (-1.0, 1.0), "y": (1.0, -1.0)}[placement.mirror]
    return np.array([[c * flip[0], -s * flip[1]], [s * flip[0], c * flip[1]]]) + 0.0  # no negative zeros


def copies(
    placement: Placement, keep_inside: tuple[Any, ...] = (), keep_outside: tuple[Any, ...] = ()
) -> Iterator[Placed]:
    """Every copy of a pattern, rows of copies in turn, each row the other way round.

    Raises:
        GeometryError: more copies than MAX_COPIES.
    """
    matrix = placement_matrix(placement)
    nx, ny = placement.array.counts if placement.array else (1, 1)
    px, py = placement.array.pitch if placement.array else (0.0, 0.0)
    if nx * ny > MAX_COPIES:
        raise GeometryError(f"{nx:,} by {ny:,} copies; at most {MAX_COPIES:,} are allowed")
    for row in range(ny):
        for step in range(nx):
            column = step if row % 2 == 0 else nx - 1 - step
            shift = np.array([placement.at[0] + column * px, placement.at[1] + row * py, placement.depth])
            yield Placed(matrix, shift, keep_inside, keep_outside)
