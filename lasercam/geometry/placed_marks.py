"""Marks of a pattern where its copies lie."""

from collections.abc import Mapping

import numpy as np

from lasercam.geometry.placement import copies
from lasercam.model.job import Placement
from lasercam.model.protocols import CarriesMarks


def placed_marks(placement: Placement, source: CarriesMarks) -> Mapping[str, tuple[float, float, float]]:
    """Places of all marks around the pattern, by name: x, y, depth, µm; of several copies `1.mark`, `2.mark` and on."""
    marks = source.mark_places_um
    if not marks:
        return {}
    inside = np.array(list(marks.values()), np.float64)
    several = placement.array is not None and placement.array.counts != (1, 1)
    found: dict[str, tuple[float, float, float]] = {}
    for number, placed in enumerate(copies(placement), 1):
        for name, (x, y, depth) in zip(marks, placed.points_um(inside).tolist(), strict=True):
            found[f"{number}.{name}" if several else name] = (x, y, depth)
    return found
