"""Writing fields side by side: what fine axes reach from each place of the coarse stage."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ticks = NDArray[np.int64]


@dataclass(frozen=True)
class FieldGrid:
    """Fields on a grid along the controller's x and y.

    Attributes:
        middle_ticks: of field (0, 0), whose lower left cell corner is the sample's corner.
        pitch_ticks: from field to field; a feature belongs to the field whose cell of this size it lies in.
        reach_ticks: how far from its middle a field's rows may go.
    """

    middle_ticks: tuple[int, int]
    pitch_ticks: tuple[int, int]
    reach_ticks: tuple[int, int]

    def cells(self, ticks: Ticks) -> Ticks:
        """int64 (N, 2), numbers of the fields in whose cells places (N, 2 or more) lie; a lower rim belongs to it."""
        corner = np.subtract(self.middle_ticks, np.array(self.pitch_ticks) // 2)
        return np.asarray((ticks[:, :2] - corner) // np.array(self.pitch_ticks), np.int64)

    def middles_ticks(self, cells: Ticks) -> Ticks:
        """int64 (N, 2), middles of fields (N, 2)."""
        return np.asarray(cells * np.array(self.pitch_ticks) + np.array(self.middle_ticks), np.int64)

    def is_middle(self, ticks: Ticks) -> NDArray[np.bool_]:
        """bool (N,), whether places (N, 2 or more) are the exact middle of a field."""
        away = (ticks[:, :2] - np.array(self.middle_ticks)) % np.array(self.pitch_ticks)
        return np.asarray(~away.any(axis=1), np.bool_)


@dataclass(frozen=True)
class Stitches:
    """Lines of one part that were cut where fields meet.

    Attributes:
        part: index into the header's parts.
        lines: how many were cut.
        cuts: into how many more pieces.
        first_um: x, y, depth of the first cut in the sample's frame.
    """

    part: int
    lines: int
    cuts: int
    first_um: tuple[float, float, float]
