"""Pictures that stand on white paper, as lasercam's own sheets have them."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from scipy import ndimage

_LEAST_SHARE = 0.01
"""Of a sheet; smaller boxes are letters."""
_LEAST_SIDE_PX = 40


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
    paper = (values >= full).all(axis=2)
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
    found.sort(key=lambda box: (box[0].start, box[1].start))
    if len(found) < 2:
        return [Panel(*box) for box in found] or whole
    return [Panel(*box, f"panel {n} of {len(found)}") for n, box in enumerate(found, 1)]
