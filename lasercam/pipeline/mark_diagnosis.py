"""Why marks do not fit: one that spoils the fit, two whose names were exchanged, a model with too little freedom."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np

from lasercam.errors import GeometryError
from lasercam.geometry.mark_fit import Lie, MarkFit, Sightings, fit_marks
from lasercam.model.registration import MIN_MARKS

CLEARLY = 0.5
"""One mark is named when leaving it out leaves less than this share of what the next best leaves (assumed)."""
MOST_MARKS_SWAPPED = 12
"""Marks up to which all pairs are exchanged on trial."""


def culprit(seen: Sightings, fit: MarkFit) -> str:
    """The mark whose leaving makes the others fit, if it is clear which."""
    unclear = f"which mark is wrong cannot be told from {len(seen)} marks; measure all again, and one more"
    order = np.argsort(fit.rest_rms_um)
    if np.isnan(fit.rest_rms_um[order[:2]]).any():
        return unclear
    first, second = (float(fit.rest_rms_um[i]) for i in order[:2])
    if first >= CLEARLY * second:
        return unclear
    suspect = int(order[0])
    return (
        f"{seen.names[suspect]} spoils it: it lies {fit.without_um[suspect]:.4g} µm from where the others put it, and"
        f" without it {first:.3g} µm rms are left at them; look at it first"
    )


def other_ways(seen: Sightings, before: Lie, model: str, tolerance_um: float, *, level: bool) -> Iterator[str]:
    """Exchanged names, or a model with more freedom, that would keep the tolerance."""
    if len(seen) <= MOST_MARKS_SWAPPED:
        for a, b in combinations(range(len(seen)), 2):
            order = list(range(len(seen)))
            order[a], order[b] = b, a
            swapped = replace(seen, measured_um=seen.measured_um[order])
            left = _left(swapped, model, before, level=level)
            if left is not None and left <= tolerance_um:
                one, other = sorted((seen.names[a], seen.names[b]))
                yield f"{one} and {other} exchanged, all would fit within {left:.3g} µm"
    models = list(MIN_MARKS)
    for more in models[models.index(model) + 1 :]:
        left = _left(seen, more, before, level=level) if len(seen) >= MIN_MARKS[more] else None
        if left is not None and left <= tolerance_um:
            yield f"--model {more} would fit within {left:.3g} µm; use it only where the sample can have changed so"
            return


def _left(seen: Sightings, model: str, before: Lie, *, level: bool) -> float | None:
    """Farthest mark in the plane; None where nothing can be fitted."""
    try:
        return float(fit_marks(seen, model, before, level=level).plane_um.max())
    except GeometryError:
        return None
