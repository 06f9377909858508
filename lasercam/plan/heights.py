"""Measured heights of a surface from a CSV file: a full rectangular grid, or a refusal that says what is missing."""

import re

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import PatternError, shorten
from lasercam.model.surface import MAX_KNOTS, Surface

_UNIT_UM = {"nm": 1e-3, "um": 1.0, "µm": 1.0, "mm": 1e3}
_COLUMN = re.compile(r"(x|y|height)_(nm|um|µm|mm)")
_SEPARATORS = (",", ";", "\t")
_HEAD = "the first line names the columns with their units, such as x_mm,y_mm,height_um"

FloatArray = NDArray[np.float64]


def read_heights(content: bytes) -> Surface:
    """The grid of a CSV file, heights as they stand there, µm.

    Raises:
        PatternError: no such table, or places that do not fill a rectangular grid once each.
    """
    try:
        lines = [line for line in content.decode("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise PatternError(f"the file is no UTF-8 text ({error.reason})") from error
    if not lines:
        raise PatternError(f"the file is empty; {_HEAD}")
    separator = next((s for s in _SEPARATORS if s in lines[0]), ",")
    names, factors = _columns(lines[0], separator)
    if len(lines) - 1 > MAX_KNOTS:
        raise PatternError(f"the file holds {len(lines) - 1:,} heights; at most {MAX_KNOTS:,} are allowed")
    table = np.array([_numbers(line, separator, number) for number, line in enumerate(lines[1:], 2)]).reshape(-1, 3)
    x, y, height = (table[:, names.index(name)] * factors[names.index(name)] for name in ("x", "y", "height"))
    return _gridded(x, y, height)


def _columns(head: str, separator: str) -> tuple[list[str], list[float]]:
    found = [_COLUMN.fullmatch(name.strip().strip('"').casefold()) for name in head.split(separator)]
    names = [match[1] for match in found if match is not None]
    if len(found) != 3 or sorted(names) != ["height", "x", "y"]:
        raise PatternError(f"the first line reads '{shorten(head.strip())}'; {_HEAD}")
    return names, [_UNIT_UM[match[2]] for match in found if match is not None]


def _numbers(line: str, separator: str, number: int) -> list[float]:
    try:
        values = [float(cell) for cell in line.split(separator)]
    except ValueError:
        values = []
    if len(values) != 3 or not np.isfinite(values).all() or "_" in line:
        raise PatternError(f"line {number} reads '{shorten(line.strip())}', which is not three numbers")
    return values


def _gridded(x: FloatArray, y: FloatArray, height: FloatArray) -> Surface:
    columns, rows = np.unique(x), np.unique(y)
    if len(columns) < 2 or len(rows) < 2:
        raise PatternError(
            f"the heights lie at {len(columns)} places along x and {len(rows)} along y; a grid needs two of each"
        )
    counts = np.zeros((len(rows), len(columns)), np.int64) if len(columns) * len(rows) <= 4 * MAX_KNOTS else None
    if counts is None:
        raise PatternError(f"{len(x):,} heights lie at {len(columns):,} x and {len(rows):,} y: that is no grid")
    at = np.searchsorted(rows, y), np.searchsorted(columns, x)
    np.add.at(counts, at, 1)
    for wrong, word in ((counts == 0, "is not there"), (counts > 1, "is there more than once")):
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            raise PatternError(
                f"the height at x {columns[column]:g}, y {rows[row]:g} µm {word}; {len(x):,} heights shall fill a grid"
                f" of {len(columns):,} by {len(rows):,} places, each once"
            )
    heights = np.empty(counts.shape)
    heights[at] = height
    return Surface(columns, rows, heights)
