"""How long rows take, and how that time is spread along them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lasercam.model.toolpath import ToolpathBlock


@dataclass(frozen=True, eq=False)
class TimedBlock:
    """Rows and the time that the machine is predicted to spend in them.

    Attributes:
        block: the rows.
        seconds: float64 (N,), whole rows; standstill at their end (settling, exposure) included.
        head_s, tail_s: float64 (N,), s in the first and the last `near_um` of each row; NaN in rows of a section
            without lines, where nobody asks.
        near_um: float64 (N,), how far the ends reach, at most half of the row.
    """

    block: ToolpathBlock
    seconds: NDArray[np.float64]
    head_s: NDArray[np.float64]
    tail_s: NDArray[np.float64]
    near_um: NDArray[np.float64]


class PathClock(Protocol):
    """Times the rows of one job file in order; rows come back when nothing that follows can change them."""

    def add(self, block: ToolpathBlock) -> Sequence[TimedBlock]:
        """Rows that are settled now."""
        ...

    def finish(self) -> Sequence[TimedBlock]:
        """The rest: the file ends at standstill."""
        ...
