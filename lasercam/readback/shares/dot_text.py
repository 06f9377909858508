"""Texts of 5 by 7 dots in a picture of pixels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.readback.shares.overlay import DARK, UNTOLD, orientations
from lasercam.sources.text.elements import element_font

_FONT = "dot-5x7"
_ROWS, _COLUMNS = 7, 5


@dataclass(frozen=True)
class DotText:
    """A text in pixels.

    Attributes:
        text: `?` for what is no character of the font.
        turned_quarters, is_mirrored: how the picture was turned to read it, counterclockwise, after mirroring.
    """

    text: str
    turned_quarters: int
    is_mirrored: bool


def read_dot_text(secret: NDArray[np.uint8]) -> DotText | None:
    """The text of a picture, upright if it can be read so; None where the pixels are no text.

    Every cell has to be a character or empty, exactly, and nothing may be between the cells; a cell with a pixel that
    could not be told is `?`.

    Args:
        secret: uint8 (rows, columns): LIGHT, DARK or UNTOLD.
    """
    for turned, is_mirrored, dark in orientations(secret == DARK):
        open_ = next(grid for t, m, grid in orientations(secret == UNTOLD) if (t, m) == (turned, is_mirrored))
        read = [text for top in range(8) for left in range(6) if (text := _read(dark, open_, top, left))]
        if read:
            best = min(read, key=lambda text: text.count("?"))
            return DotText(best, turned, is_mirrored)
    return None


def _read(dark: NDArray[np.bool_], open_: NDArray[np.bool_], top: int, left: int) -> str:
    """The text whose first cell is so far above and left of the first dark pixel; empty where that is none."""
    if not dark.any():
        return ""
    first = np.argwhere(dark).min(axis=0) - (top, left)
    if top >= _ROWS or left >= _COLUMNS:
        return ""
    last = np.argwhere(dark).max(axis=0) + 1
    n_rows, n_columns = (int(-(-(b - a) // step)) for a, b, step in zip(first, last, (8, 6), strict=True))
    field, doubt = (np.zeros((8 * n_rows, 6 * n_columns), np.bool_) for _ in range(2))
    low = np.maximum(first, 0)
    high = np.minimum(np.array(dark.shape), first + field.shape)
    to = tuple(slice(a - f, b - f) for a, b, f in zip(low, high, first, strict=True))
    own = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    field[to], doubt[to] = dark[own], open_[own]
    cells = field.reshape(n_rows, 8, n_columns, 6).transpose(0, 2, 1, 3)
    if cells[:, :, _ROWS:, :].any() or cells[:, :, :, _COLUMNS:].any():
        return ""
    doubts = doubt.reshape(n_rows, 8, n_columns, 6).transpose(0, 2, 1, 3)[:, :, :_ROWS, :_COLUMNS]
    unsure = np.asarray(doubts.any(axis=(2, 3)), np.bool_)
    table = {mask: character for character, mask in element_font(_FONT).masks.items()} | {0: " "}
    bits = 1 << np.arange(_ROWS * _COLUMNS, dtype=np.int64)
    masks = cells[:, :, :_ROWS, :_COLUMNS].reshape(n_rows, n_columns, -1) @ bits
    lines = [
        "".join("?" if doubtful else table.get(int(mask), "") or "\0" for mask, doubtful in zip(row, why, strict=True))
        for row, why in zip(masks, unsure, strict=True)
    ]
    text = "\n".join(lines)
    return "" if "\0" in text or not text.strip("? \n") else text
