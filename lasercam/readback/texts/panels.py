"""Pictures that stand on white paper, as lasercam's own sheets have them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

_LEAST_SHARE = 0.01
"""Of a sheet; smaller boxes are letters."""
_LEAST_SIDE_PX = 40
_LEAST_CONTRAST = 0.1


@dataclass(frozen=True)
class Panel:
    """A picture in a picture.

    Attributes:
        rows, columns: what it takes of the whole.
        title: `panel 2 of 6`; empty where it is the only one.
    """

    rows: slice
    columns: slice
    title: str = ""


def panels(values: NDArray[Any], full: float) -> list[Panel]:
    """Rectangles filled to the rim on a sheet with a white rim, in reading order; else all of the picture.

    Args:
        values: (rows, columns, channels), as stored.
        full: the value of white.
    """
    whole = [Panel(slice(0, values.shape[0]), slice(0, values.shape[1]))]
    paper = np.asarray((values >= full).all(axis=2), np.bool_)
    if not (paper[0].all() and paper[-1].all() and paper[:, 0].all() and paper[:, -1].all()):
        return whole
    labels, _ = ndimage.label(~paper)
    found = []
    for box in ndimage.find_objects(labels):
        sides = [s.stop - s.start for s in box]
        if sides[0] * sides[1] < _LEAST_SHARE * paper.size or min(sides) < _LEAST_SIDE_PX:
            continue
        inked = ~paper[box]
        if inked[0].all() and inked[-1].all() and inked[:, 0].all() and inked[:, -1].all():
            found.append((box[0], box[1]))
    if not any(_has_contrast(values[box], full) for box in found):
        # Dark bars on white are no pictures.
        return whole
    found.sort(key=lambda box: (box[0].start, box[1].start))
    if len(found) < 2:
        return [Panel(*box) for box in found] or whole
    return [Panel(*box, f"panel {n} of {len(found)}") for n, box in enumerate(found, 1)]


def _has_contrast(values: NDArray[Any], full: float) -> bool:
    """Whether a box differs inside, away from its rim."""
    rim = [max(2, n // 10) for n in values.shape[:2]]
    inside = values[rim[0] : -rim[0], rim[1] : -rim[1]]
    return bool(inside.size and float(np.ptp(inside, axis=(0, 1)).max()) > _LEAST_CONTRAST * full)
