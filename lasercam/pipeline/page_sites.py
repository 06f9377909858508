"""From places on the sample to pages of stored data."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lasercam.geometry.placement import Placed
from lasercam.sources.payload.sites import PageSites

FARTHEST_PITCHES: Final = 0.25
"""An exposure farther from every site belongs to none."""


@dataclass(frozen=True, eq=False)
class FoundSites:
    """Sites that exposures stand on.

    Attributes:
        place: int64 (N,), page in the order of the sites; -1 for those on no site of this copy.
        row, column: int64 (N,), site on it; row 0 is the highest.
        off_um: float64 (N, 2), x and y from the site to where the beam stood.
    """

    place: NDArray[np.int64]
    row: NDArray[np.int64]
    column: NDArray[np.int64]
    off_um: NDArray[np.float64]


def in_pattern(xyz_um: NDArray[np.float64], placed: Placed) -> NDArray[np.float64]:
    """Points of the sample in the frame of a pattern's copy, float64 (N, 3)."""
    moved = xyz_um - placed.shift_um
    moved[:, :2] = moved[:, :2] @ placed.matrix  # a rotation or mirror: its inverse is its transpose
    return moved


def find_sites(xyz_um: NDArray[np.float64], sites: PageSites) -> FoundSites:
    """The nearest site of each exposure (N, 3) in the pattern's frame."""
    lattice = xyz_um[:, :2] / np.array(sites.pitch_um)
    step = np.array([sites.columns + sites.gap, sites.rows + sites.gap])
    nearest = np.rint(lattice).astype(np.int64)
    field, site = np.floor_divide(nearest, step), np.mod(nearest, step)
    layer = np.rint(xyz_um[:, 2] / (sites.layer_pitch_um or 1.0)).astype(np.int64)
    place = layer * sites.per_layer + field[:, 1] * sites.fields[0] + field[:, 0]
    inside = (field >= 0).all(axis=1) & (field < np.array(sites.fields)).all(axis=1) & (layer >= 0)
    inside &= (site < np.array([sites.columns, sites.rows])).all(axis=1) & (place < sites.pages)
    off = lattice - nearest
    inside &= (np.abs(off) <= FARTHEST_PITCHES).all(axis=1)
    return FoundSites(
        np.where(inside, place, -1), sites.rows - 1 - site[:, 1], site[:, 0], off * np.array(sites.pitch_um)
    )
