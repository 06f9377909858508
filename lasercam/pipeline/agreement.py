"""Whether a piece of a job file shows exactly the rows it was made from: one look at each, in compiled code."""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lasercam.compiling import compiled
from lasercam.model.commanded import commanded_kind
from lasercam.model.exposure import ExposureBlock
from lasercam.model.toolpath import RowKind, ToolpathBlock

COMPILED_FROM_ROWS = 200_000
"""Rows of a job file from which loading the kernel pays."""

_JUMP: Final = int(RowKind.JUMP)
_DOT: Final = int(RowKind.DOT)
_LEAD: Final = int(RowKind.LEAD)


class Commands(NamedTuple):
    """Per recipe, what a job file must say: int64 (R,) each."""

    speed_nm_s: NDArray[np.int64]
    open_ns: NDArray[np.int64]
    setting: NDArray[np.int64]


def shows(block: ToolpathBlock, commands: Commands, found: ExposureBlock) -> bool:
    """Whether the exposures found are those of the block's rows, one by one, all of them and no other.

    Args:
        block: what was planned.
        commands: what files must say.
        found: what a reader found.
    """
    agrees: Any = compiled(_agrees)(
        commanded_kind(block.kind), block.start_ticks, block.end_ticks, block.recipe, block.count,
        *commands, found.kind, found.start_ticks, found.end_ticks, found.speed_nm_s, found.open_ns, found.count,
        found.settings(),
    )  # fmt: skip
    return bool(agrees)


def _agrees(
    kinds: Any, starts: Any, ends: Any, recipes: Any, counts: Any, speeds: Any, opens: Any, settings: Any,
    kind: Any, start: Any, end: Any, speed: Any, opened: Any, count: Any, setting: Any,
) -> bool:  # fmt: skip
    """Kernel of `shows`; columns in the plural are the rows of the plan, in the singular the exposures of the file."""
    at = 0
    for row in range(len(kinds)):
        now = kinds[row]
        if now == _JUMP:
            continue
        if at == len(kind) or kind[at] != now or count[at] != counts[row]:
            return False
        for axis in range(3):
            if end[at, axis] != ends[row, axis]:
                return False
            if start[at, axis] != (ends[row, axis] if now == _DOT else starts[row, axis]):
                return False
        if speed[at] != (0 if now == _DOT else speeds[recipes[row]]):
            return False
        if opened[at] != (opens[recipes[row]] if now == _DOT and counts[row] == 0 else 0):
            return False
        # What is set while the beam is off is nobody's business.
        if now != _LEAD and setting[at] != settings[recipes[row]]:
            return False
        at += 1
    return at == len(kind)
