"""Elements of a text measured in a picture, and the characters they make."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lasercam.readback.pages.light import noise_sigma
from lasercam.readback.texts.poses import Pose, sampled
from lasercam.readback.texts.raster import Raster
from lasercam.sources.element_cells import ElementCells
from lasercam.sources.text.elements import FULL_BLOCK

ON, OFF = 0.35, 0.18
"""Shares of the brightest elements nearby, above and below which an element is surely on or off. Assumed: what passes a
filter by leakage is a few percent, and a rewritten line is no dimmer than half."""
_CORE = 0.03
"""Half width of what is averaged along an element, cap heights."""
_LEAST_ON = 0.35
"""Of the brightest elements anywhere: no element nearby counts as brightest below this."""
_NOISES = 5.0
UNKNOWN = "?"


@dataclass(frozen=True, eq=False)
class Measured:
    """Elements in one light.

    Attributes:
        brightness: float64 (C, elements), above what is between them, in the picture's units.
        share: float64 (C, elements), of the brightest nearby.
        is_dark: nothing stands out of the noise.
    """

    brightness: NDArray[np.float64]
    share: NDArray[np.float64]
    is_dark: bool

    @property
    def is_on(self) -> NDArray[np.bool_]:
        """bool (C, elements), more on than off."""
        return np.asarray((self.share > (ON + OFF) / 2) & (not self.is_dark), np.bool_)

    @property
    def in_doubt(self) -> NDArray[np.bool_]:
        """bool (C, elements), neither surely on nor surely off."""
        return np.asarray((self.share < ON) & (self.share > OFF) & (not self.is_dark), np.bool_)

    @property
    def margins(self) -> tuple[float, float]:
        """Share of the dimmest element that is on, and of the brightest that is off."""
        on = self.is_on
        return float(self.share[on].min(initial=1.0)), float(self.share[~on].max(initial=0.0))


def measure(light: NDArray[np.float32], cells: ElementCells, raster: Raster, pose: Pose) -> Measured:
    """Brightness of every element where a pose puts it.

    Args:
        light: float32 (height, width), linear.
        cells: whose elements.
        raster: of them.
        pose: how they lie in the picture.
    """
    shape = cells.visible_on.shape
    step_px = pose.scale / raster.per_height
    image = ndimage.gaussian_filter(light, 0.4 * step_px) if step_px > 1.5 else light
    seen = sampled(image, pose.pixels(raster.points))
    own = raster.distance <= max(_CORE, 0.7 / raster.per_height)
    count = np.bincount(raster.nearest[own], minlength=shape[0] * shape[1])
    total = np.bincount(raster.nearest[own], seen[own], minlength=len(count)).reshape(shape)
    count = np.maximum(count, 1).reshape(shape)
    ground = _ground(seen, cells, raster)
    brightness = total / count - ground[:, None]
    top = float(brightness.max(initial=0.0))
    pixels = count * step_px**2
    noise = float(noise_sigma(light)) / np.sqrt(np.maximum(pixels, 1.0))
    is_dark = bool(top <= max(_NOISES * float(noise.max()), 1e-4))
    level = np.maximum(_brightest_nearby(brightness, cells), _LEAST_ON * top)
    share = np.maximum(brightness, 0.0) / (level if not is_dark else 1.0)
    return Measured(brightness, np.asarray(share if not is_dark else np.zeros(shape), np.float64), is_dark)


def _ground(seen: NDArray[np.float64], cells: ElementCells, raster: Raster) -> NDArray[np.float64]:
    """Light between the elements of every cell, float64 (C,)."""
    between = raster.distance.copy()
    owner = raster.nearest // len(cells.elements)
    is_far = between >= np.float32(0.45 / 6.0 if cells.font.is_dots else 0.12)
    ground = np.full(len(cells), float(np.percentile(seen, 20)))
    for cell in range(len(cells)):
        mine = seen[is_far & (owner == cell)]
        if len(mine) > 5:
            ground[cell] = float(np.percentile(mine, 40))
    return ground


def _brightest_nearby(brightness: NDArray[np.float64], cells: ElementCells) -> NDArray[np.float64]:
    """For every cell the level of elements that are on there or next to it, float64 (C, 1)."""
    own = np.sort(brightness, axis=1)[:, -2:].mean(axis=1)
    level = own.copy()
    for cell, (line, character) in enumerate(cells.places.tolist()):
        near = (np.abs(cells.places[:, 0] - line) <= 1) & (np.abs(cells.places[:, 1] - character) <= 1)
        level[cell] = own[near].max()
    return np.asarray(level[:, None], np.float64)


@dataclass(frozen=True)
class Glyph:
    """What a cell shows.

    Attributes:
        character: `?` where it cannot be told.
        reason: why not; empty where it can.
    """

    character: str
    reason: str = ""


def decode(measured: Measured, cells: ElementCells) -> list[Glyph]:
    """The character of every cell, by the font's table alone."""
    table: dict[int, str] = {0: " "}
    for character, mask in cells.font.masks.items():
        table.setdefault(mask, character)
    table.setdefault(cells.font.full, FULL_BLOCK)
    weights = [1 << bit for bit in range(len(cells.elements))]
    found = []
    for on, doubted in zip(measured.is_on, measured.in_doubt, strict=True):
        sure = sum(
            w for w, lit, unsure in zip(weights, on.tolist(), doubted.tolist(), strict=True) if lit and not unsure
        )
        open_ = sum(w for w, unsure in zip(weights, doubted.tolist(), strict=True) if unsure)
        fitting = [c for mask, c in table.items() if mask & ~open_ == sure]
        if len(fitting) == 1:
            found.append(Glyph(fitting[0]))
            continue
        names = cells.font.names(open_ or sure)
        listed = ", ".join(names[:6]) + (", …" if len(names) > 6 else "")
        if fitting:
            which = " or ".join(f"'{c}'" for c in fitting[:4])
            found.append(Glyph(UNKNOWN, f"{listed} in doubt: {which}"))
        elif open_:
            found.append(Glyph(UNKNOWN, f"{listed} in doubt, and no character fits either way"))
        else:
            found.append(
                Glyph(UNKNOWN, f"no character of {cells.font.name} has just {cells.font.element_word}s {listed}")
            )
    return found
