"""The dose along lines: what a place receives, compared with what the recipe's speed would give it.

A place is exposed while the spot passes over it. Where the stage goes slower than programmed, at corners or in lines too
short to get up to speed, it receives more: dose and pulses per spot are proportional to the time the stage needs for the
spot's diameter.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.model.recipe import Recipe
from lasercam.model.timing import TimedBlock
from lasercam.model.toolpath import TICKS_PER_UM, RowKind
from lasercam.process.optics import spot_radius_um


@dataclass(frozen=True, eq=False)
class LineDose:
    """Relative dose along the lines of a block, 1 = as the recipe's speed gives.

    Attributes:
        row: int64 (K,), rows of the block that are lines.
        length_um: float64 (K,).
        near_um: float64 (K,), how far the second and third place are from the ends.
        dose: float64 (K, 4), over a spot's diameter around the start, around `near_um` behind it, around `near_um`
            before the end, around the end.
    """

    row: NDArray[np.int64]
    length_um: NDArray[np.float64]
    near_um: NDArray[np.float64]
    dose: NDArray[np.float64]

    @property
    def worst(self) -> NDArray[np.float64]:
        """float64 (K,), the dose of each line that is farthest from 1."""
        at = np.argmax(np.abs(self.dose - 1.0), axis=1)
        return np.asarray(self.dose[np.arange(len(at)), at], np.float64)


def dose_radius_um(recipe: Recipe) -> tuple[float, bool]:
    """Radius of the spot over which a dose is averaged, and whether it was supplied.

    Source: F01, w0 = λ / (π NA), an unaberrated Gaussian focus, where no spot radius is supplied.
    """
    if "spot_radius" in recipe.values:
        return recipe.values["spot_radius"].value, True
    if "na" not in recipe.values:
        return 0.0, False
    return spot_radius_um(recipe.values["wavelength"].value, recipe.values["na"].value, 1.0), False


def line_dose(timed: TimedBlock, speed_um_s: NDArray[np.float64], radius_um: NDArray[np.float64]) -> LineDose:
    """Relative dose along the lines of a block: 1 + time too much within a spot's diameter / time that it should take.

    Where a line ends within the spot, only what is exposed there can be too much: an excess counts against the dose of
    a long line, so that a tiny stroke written slowly is no hot spot. Rows of another block do not count.

    Args:
        timed: rows with their times.
        speed_um_s: (R,), programmed speed of each recipe.
        radius_um: (R,), radius of the spot, > 0.

    Source: dose ∝ 1 / v, F12 and F13 of the process facts.
    """
    block = timed.block
    row = np.flatnonzero((block.kind_at_sample == RowKind.LINE) & (speed_um_s[block.recipe] > 0))
    delta = (block.end_ticks[row] - block.start_ticks[row]) / TICKS_PER_UM
    length = np.sqrt((delta * delta).sum(axis=1))
    row, length = row[length > 0], length[length > 0]
    near = timed.near_um[row]
    if not len(row):
        return LineDose(row, length, near, np.ones((0, 4)))
    recipe = block.recipe[row]
    speed, radius = speed_um_s[recipe], radius_um[recipe]
    # As much way as the programmed speed would have made in the time spent.
    whole, head, tail = (t[row] * speed for t in (timed.seconds, timed.head_s, timed.tail_s))
    new = np.ones(len(row), np.bool_)
    new[1:] = row[1:] != row[:-1] + 1
    run = np.cumsum(new) - 1
    start = np.concatenate(([0.0], np.cumsum(length)[:-1]))
    spent = np.concatenate(([0.0], np.cumsum(whole)[:-1]))
    place = np.stack((start, start + near, start + length - near, start + length), axis=1)
    made = np.stack((spent, spent + head, spent + whole - tail, spent + whole), axis=1)
    first = np.flatnonzero(new)
    low = start[first][run][:, None]
    high = np.concatenate((start[first[1:]], [start[-1] + length[-1]]))[run][:, None]
    a, b = np.maximum(place - radius[:, None], low), np.minimum(place + radius[:, None], high)
    along, time = place.ravel(), made.ravel()
    excess = np.interp(b, along, time) - np.interp(a, along, time) - (b - a)
    dose = 1.0 + excess.reshape(a.shape) / (2.0 * radius[:, None])
    return LineDose(row, length, near, dose)
