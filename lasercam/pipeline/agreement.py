"""Whether a piece of a job file shows exactly the rows it was made from: one look at each, in compiled code."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lasercam.dialects.compiling import compiled
from lasercam.model.commanded import commanded_kind
from lasercam.model.exposure import ExposureBlock
from lasercam.model.toolpath import RowKind, ToolpathBlock

COMPILED_FROM_ROWS = 200_000
"""Rows of a job file from which loading the kernel pays."""

_JUMP: Final = int(RowKind.JUMP)
_DOT: Final = int(RowKind.DOT)


def shows(
    block: ToolpathBlock, speed_nm_s: NDArray[np.int64], open_ns: NDArray[np.int64], found: ExposureBlock
) -> bool:
    """Whether the exposures found are those of the block's rows, one by one, all of them and no other.

    Args:
        block: what was planned.
        speed_nm_s, open_ns: int64 (R,), what files command, by recipe.
        found: what a reader found.
    """
    agrees: Any = compiled(_agrees)(
        commanded_kind(block.kind), block.start_ticks, block.end_ticks, block.recipe, block.count,
        speed_nm_s, open_ns, found.kind, found.start_ticks, found.end_ticks, found.speed_nm_s, found.open_ns,
        found.count,
    )  # fmt: skip
    return bool(agrees)


def _agrees(
    kinds: Any, starts: Any, ends: Any, recipes: Any, counts: Any, speeds: Any, opens: Any,
    kind: Any, start: Any, end: Any, speed: Any, opened: Any, count: Any,
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
        at += 1
    return at == len(kind)
