"""The dose along lines: what a place receives, compared with what the recipe's speed would give it.

A place is exposed while the spot passes over it. Where the stage goes slower than programmed, at corners or in lines
too short to get up to speed, it receives more: dose and pulses per spot are proportional to the time that the stage
needs for the spot's diameter.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.model.recipe import Recipe
from lasercam.model.timing import TimedBlock
from lasercam.model.toolpath import RowKind
from lasercam.process.optics import spot_radius_um

EXACT_SHARE = 1e-4
"""Deviation of a dose that is no deviation: far below what pulses vary by themselves."""


@dataclass(frozen=True, eq=False)
class LineDose:
    """Relative dose along the lines of a block that are not all at their speed, 1 = as the recipe's speed gives.

    Attributes:
        line: int64 (L,), rows of the block that are lines.
        line_um: float64 (L,), their lengths.
        row: int64 (K,), those of them in whose run the dose is anywhere off; along all others it is 1.
        place_um: float64 (K, P), places along each, from its beginning to its end.
        dose: float64 (K, P), over a spot's diameter around each place.
    """

    line: NDArray[np.int64]
    line_um: NDArray[np.float64]
    row: NDArray[np.int64]
    place_um: NDArray[np.float64]
    dose: NDArray[np.float64]

    @property
    def piece_um(self) -> NDArray[np.float64]:
        """float64 (K, P − 1), lengths between places."""
        return np.diff(self.place_um, axis=1)

    @property
    def piece_dose(self) -> NDArray[np.float64]:
        """float64 (K, P − 1), mean dose of the two places that a piece lies between."""
        return np.asarray(0.5 * (self.dose[:, 1:] + self.dose[:, :-1]), np.float64)


def dose_radius_um(recipe: Recipe) -> tuple[float, bool]:
    """Radius of the spot over which a dose is averaged, and whether it was supplied.

    Source: F01, w0 = λ / (π NA), an unaberrated Gaussian focus, where no spot radius is supplied.
    """
    if "spot_radius" in recipe.values:
        return recipe.values["spot_radius"].value, True
    if "na" not in recipe.values:
        return 1.0, False
    return spot_radius_um(recipe.values["wavelength"].value, recipe.values["na"].value, 1.0), False


def line_dose(timed: TimedBlock, speed_um_s: NDArray[np.float64], radius_um: NDArray[np.float64]) -> LineDose:
    """Relative dose along the lines of a block: 1 + time too much within a spot's diameter / time it should take.

    Where a line ends within the spot, only what is exposed there can be too much: an excess counts against the dose of
    a long line, so that a tiny stroke written slowly is no hot spot. Rows of another block do not count.

    Args:
        timed: rows with their times.
        speed_um_s: (R,), programmed speed of each recipe.
        radius_um: (R,), radius of the spot, > 0.

    Source: dose ∝ 1 / v, F12 and F13 of the process facts.
    """
    block = timed.block
    line = np.flatnonzero(
        (block.kind_at_sample == RowKind.LINE) & (speed_um_s[block.recipe] > 0) & (timed.length_um > 0)
    )
    line_um = timed.length_um[line]
    recipe = block.recipe[line]
    speed, radius = speed_um_s[recipe][:, None], radius_um[recipe][:, None]
    none, whole = np.zeros((len(line), 1)), line_um[:, None]
    place = np.concatenate((none, timed.marks_um[line], whole), axis=1)
    # As much way as the programmed speed would have made in the time spent.
    made = np.concatenate((none, timed.marks_s[line] * speed, timed.seconds[line][:, None] * speed), axis=1)
    new = np.ones(len(line), np.bool_)
    new[1:] = line[1:] != line[:-1] + 1
    run = np.cumsum(new) - 1
    off = np.any(np.abs(made - place) > EXACT_SHARE * radius, axis=1)
    kept = np.flatnonzero(np.bincount(run[off], minlength=len(line) + 1)[run] > 0) if len(line) else run
    if not len(kept):
        return LineDose(line, line_um, line[:0], place[:0], place[:0])
    dose = _windowed(place[kept], made[kept], run[kept], radius[kept])
    return LineDose(line, line_um, line[kept], place[kept], dose)


def _windowed(
    place: NDArray[np.float64], made: NDArray[np.float64], run: NDArray[np.intp], radius: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Dose (K, P) at places (K, P) along rows that continue each other where their run (K,) is the same."""
    start = np.concatenate(([0.0], np.cumsum(place[:-1, -1])))[:, None]
    spent = np.concatenate(([0.0], np.cumsum(made[:-1, -1])))[:, None]
    along, time = start + place, spent + made
    first = np.flatnonzero(np.concatenate(([True], run[1:] != run[:-1])))
    member = np.cumsum(np.concatenate(([True], run[1:] != run[:-1]))) - 1
    low = start[first, 0][member][:, None]
    high = np.append(start[first[1:], 0], along[-1, -1])[member][:, None]
    a, b = np.maximum(along - radius, low), np.minimum(along + radius, high)
    lost = np.interp(b, along.ravel(), time.ravel()) - np.interp(a, along.ravel(), time.ravel()) - (b - a)
    return np.asarray(1.0 + lost / (2.0 * radius), np.float64)
