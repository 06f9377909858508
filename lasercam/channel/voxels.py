"""Voxels as they come out: each a little elsewhere, a little brighter or redder, or not there at all."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.channel.model import ChannelDocument

WIDTH_SIGMA = 0.25
"""Standard deviation of a voxel's light over its 1/e² diameter: a Gaussian."""


@dataclass(frozen=True)
class GlowLine:
    """One line of a voxel's emission: centre and full width at half maximum in nm, relative radiance."""

    peak_nm: float
    fwhm_nm: float
    radiance: float


@dataclass(frozen=True)
class Glow:
    """How voxels of one kind glow.

    Attributes:
        lines: none where they do not.
        width_um: 1/e² diameter.
    """

    lines: tuple[GlowLine, ...]
    width_um: float

    @property
    def radiance(self) -> float:
        """Of all lines together."""
        return sum(line.radiance for line in self.lines)


@dataclass(frozen=True, eq=False)
class VoxelSheet:
    """Voxels of one page, in the page's frame: x right and y up from its lowest left site.

    Attributes:
        xy_um: float64 (N, 2).
        glow: int64 (N,), index into a list of Glow.
    """

    xy_um: NDArray[np.float64]
    glow: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class MadeSheet:
    """Voxels as they came out.

    Attributes:
        xy_um: float64 (N, 2), those that glow.
        glow: int64 (N,).
        brightness: float64 (N,), 1 is as meant.
        width: float64 (N,), factor on the width.
        shift_nm: float64 (N,), of every line.
    """

    xy_um: NDArray[np.float64]
    glow: NDArray[np.int64]
    brightness: NDArray[np.float64]
    width: NDArray[np.float64]
    shift_nm: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.glow)


def make(
    sheet: VoxelSheet,
    glows: Sequence[Glow],
    channel: ChannelDocument,
    seed: Sequence[int],
    size_um: tuple[float, float],
) -> MadeSheet:
    """The sheet with the faults of writing.

    The same seed gives the same faults to the same voxels, from whichever layer they are looked at.

    Args:
        sheet: as the job files write it.
        glows: kinds of voxel.
        channel: its spreads.
        seed: of this page.
        size_um: width and height of the page.
    """
    rng, writing, n = np.random.default_rng([1, *seed]), channel.writing, len(sheet.glow)
    there = rng.random(n) >= writing.dropout.value
    brightness = np.exp(writing.brightness_spread.value * rng.standard_normal(n))
    width = np.exp(writing.width_spread.value * rng.standard_normal(n))
    shift = writing.wavelength_spread.value * rng.standard_normal(n)
    xy = sheet.xy_um + writing.jitter.value * rng.standard_normal((n, 2))
    for _ in range(int(rng.poisson(writing.flaws.value))):
        middle = rng.random(2) * np.array(size_um)
        there &= ((sheet.xy_um - middle) ** 2).sum(axis=1) > writing.flaw_radius.value**2
    glowing = np.array([bool(g.lines) for g in glows], np.bool_)
    there &= glowing[sheet.glow]
    return MadeSheet(xy[there], sheet.glow[there], brightness[there], width[there], shift[there])
