"""Where the segments or dots of a text stand, whether they are written or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from lasercam.geometry.polylines import Polylines
from lasercam.sources.text.elements import ElementFont


@dataclass(frozen=True, eq=False)
class ElementCells:
    """The cells of two texts of which one hides in the other, with room for every element of the font.

    Attributes:
        font: whose elements a cell has.
        height_um: of capitals.
        origins_um: float64 (C, 2), lower-left corner of every cell, line by line; y up, any common origin.
        places: int64 (C, 2), line and character of every cell.
        visible, hidden: uint64 (C,), glyphs of both texts as masks of elements.
        elements: for each element its lines or dots, in µm from the cell's origin.
    """

    font: ElementFont
    height_um: float
    origins_um: NDArray[np.float64]
    places: NDArray[np.int64]
    visible: NDArray[np.uint64]
    hidden: NDArray[np.uint64]
    elements: tuple[Polylines, ...]

    def __len__(self) -> int:
        return len(self.origins_um)

    def are_on(self, masks: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """bool (C, elements) of masks (C,)."""
        bits = np.arange(len(self.elements), dtype=np.uint64)
        return np.asarray((masks[:, None] >> bits) & np.uint64(1), np.bool_)

    @cached_property
    def visible_on(self) -> NDArray[np.bool_]:
        """bool (C, elements): those of the visible text."""
        return self.are_on(self.visible)

    @cached_property
    def hidden_on(self) -> NDArray[np.bool_]:
        """bool (C, elements): those of the hidden text."""
        return self.are_on(self.hidden)

    def text(self, characters: Sequence[str]) -> str:
        """Characters of the cells as lines of text."""
        lines: dict[int, list[str]] = {}
        for (line, _), character in zip(self.places.tolist(), characters, strict=True):
            lines.setdefault(line, []).append(character)
        return "\n".join("".join(line) for line in lines.values())


@runtime_checkable
class HidesText(Protocol):
    """A source with a text in a text."""

    @property
    def cells(self) -> ElementCells:
        """All cells of its texts."""
        ...
