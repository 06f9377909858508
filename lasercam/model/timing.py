"""How long rows take, and how that time is spread along them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from lasercam.model.toolpath import ToolpathBlock

END_MARKS: Final = 7
"""Marks from each end of a row: at the nearest distance, and each twice as far as the one before."""


@dataclass(frozen=True, eq=False)
class TimedBlock:
    """Rows and the time that the machine is predicted to spend in them.

    Attributes:
        block: the rows.
        length_um: float64 (N,).
        seconds: float64 (N,), whole rows; standstill at their end (settling, exposure) included.
        marks_um: float64 (N, 2 END_MARKS), places along each row: nearest, 2 nearest, 4 nearest … from its start, at
            most its middle, and then the same from its end; ascending.
        marks_s: float64 (N, 2 END_MARKS), s from the beginning of the row to each mark; NaN where nothing feeds.
    """

    block: ToolpathBlock
    length_um: NDArray[np.float64]
    seconds: NDArray[np.float64]
    marks_um: NDArray[np.float64]
    marks_s: NDArray[np.float64]


def row_marks_um(length_um: NDArray[np.float64], nearest_um: NDArray[np.float64]) -> NDArray[np.float64]:
    """float64 (N, 2 END_MARKS), as TimedBlock has them.

    Args:
        length_um: float64 (N,).
        nearest_um: float64 (N,), distance of the first mark from the ends.
    """
    away = np.minimum(nearest_um[:, None] * 2.0 ** np.arange(END_MARKS), 0.5 * length_um[:, None])
    return np.concatenate((away, length_um[:, None] - away[:, ::-1]), axis=1)


class PathClock(Protocol):
    """Times the rows of one job file in order; rows come back when nothing that follows can change them."""

    def add(self, block: ToolpathBlock) -> Sequence[TimedBlock]:
        """Rows that are settled now."""
        ...

    def finish(self) -> Sequence[TimedBlock]:
        """The rest: the file ends at standstill."""
        ...
