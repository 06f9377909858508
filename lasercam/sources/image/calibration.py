"""A measured response between a picture's brightness and the level that gives it."""

import csv
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import PatternError, shorten

COLUMNS = ("brightness", "drive")
MOST_ROWS = 10_000


@dataclass(frozen=True, eq=False)
class Curve:
    """What drive gives which brightness.

    Attributes:
        brightness: float64 (N,), wanted brightness, rising within 0 to 1.
        drive: float64 (N,), share of the range of levels that gives it, 0 to 1.
    """

    brightness: NDArray[np.float64]
    drive: NDArray[np.float64]

    def drive_for(self, light: NDArray[np.float32]) -> NDArray[np.float32]:
        """Drive of every pixel, linear between measured points.

        Raises:
            PatternError: the picture asks for a brightness outside the measured range.
        """
        low, high = float(light.min(initial=1.0)), float(light.max(initial=0.0))
        least, most = float(self.brightness[0]), float(self.brightness[-1])
        if low < least - 1e-6 or high > most + 1e-6:
            raise PatternError(
                f"the picture holds brightnesses from {low:.3g} to {high:.3g}, measured are {least:.3g} to {most:.3g};"
                " measure further, or change the picture"
            )
        return np.interp(light, self.brightness, self.drive).astype(np.float32)


def read_curve(content: bytes) -> Curve:
    """A CSV table with the columns brightness and drive, one measured point per row.

    Raises:
        PatternError: no such table, numbers outside 0 to 1, or a brightness that does not rise.
    """
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise PatternError(f"the calibration is no CSV text: {error}") from error
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows or tuple(cell.strip().lower() for cell in rows[0]) != COLUMNS:
        raise PatternError(f"the calibration begins with a line '{','.join(COLUMNS)}'")
    if not 2 <= len(rows) - 1 <= MOST_ROWS:
        raise PatternError(f"a calibration has 2 to {MOST_ROWS:,} points; found {len(rows) - 1:,}")
    points = []
    for number, row in enumerate(rows[1:], 2):
        try:
            point = [float(cell) for cell in row]
        except ValueError as error:
            raise PatternError(f"row {number} of the calibration holds '{shorten(','.join(row))}'") from error
        if len(point) != len(COLUMNS) or not all(0.0 <= value <= 1.0 for value in point):
            raise PatternError(f"row {number} of the calibration needs two numbers from 0 to 1; found {row}")
        points.append(point)
    table = np.array(points)
    if np.any(np.diff(table[:, 0]) <= 0):
        raise PatternError("the brightness of a calibration rises from row to row")
    return Curve(table[:, 0], table[:, 1])
