"""What a job file says, read back by a dialect's reader: the proof against which the plan is held."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RAPID_NM_S = 0
"""Speed of a move made at the machine's rapid rate; an exposure at it is always a fault."""
NO_SETTING = -(2**62)
"""In columns of settings: the program sets nothing."""


@dataclass(frozen=True, eq=False)
class ExposureBlock:
    """Everything in a job file that fires, and the dark run-ups and run-outs around it, in file order.

    Rapid dark travel is not listed: the starts of the rows prove where it led.

    Attributes:
        kind: uint8 (N,), RowKind LINE, DOT, SHOTS or LEAD.
        start_ticks, end_ticks: int64 (N, 3), as the controller would stand; a DOT has both equal.
        speed_nm_s: int64 (N,), programmed speed of a LINE, LEAD or SHOTS; RAPID_NM_S for a rapid.
        open_ns: int64 (N,), gate-open time of a DOT, else 0.
        count: int64 (N,), triggers of a counted DOT, shots of a SHOTS run, else 0.
        line: int64 (N,), 1-based line of the job file.
        setting: int64 (N,), what the file sets the energy or power by, in millionths of its unit; NO_SETTING where it
            sets nothing. None: it never does.
    """

    kind: NDArray[np.uint8]
    start_ticks: NDArray[np.int64]
    end_ticks: NDArray[np.int64]
    speed_nm_s: NDArray[np.int64]
    open_ns: NDArray[np.int64]
    count: NDArray[np.int64]
    line: NDArray[np.int64]
    setting: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.kind)

    def settings(self) -> NDArray[np.int64]:
        """int64 (N,), `setting`, filled with NO_SETTING where the file never sets anything."""
        return np.full(len(self), NO_SETTING, np.int64) if self.setting is None else self.setting
