"""The small job of the golden files: two hatch lines with run-ups, three dots, two counted dots.

Run as a script to write the files again; then read them by eye against the controllers' manuals.
"""

from pathlib import Path

import numpy as np

from lasercam.dialects.grbl import GrblEncoder
from lasercam.dialects.linuxcnc import LinuxCncEncoder
from lasercam.model.toolpath import RowKind, ToolpathBlock
from tests.dialects import planning
from tests.support import builders

GOLDEN = Path(__file__).parents[1] / "golden"
K = RowKind
HATCH = [
    (K.JUMP, (90, 100, -50)), (K.LEAD, (100, 100, -50)), (K.LINE, (150, 100, -50)), (K.LEAD, (160, 100, -50)),
    (K.JUMP, (160, 105, -50)), (K.LEAD, (150, 105, -50)), (K.LINE, (100, 105, -50)), (K.LEAD, (90, 105, -50)),
]  # fmt: skip
DOTS = [(K.DOT, (200, 200, -50), 2), (K.DOT, (210, 200, -50), 2), (K.DOT, (210, 210, -60), 3)]
COUNTED = [(K.DOT, (-20, 0, 0), 4), (K.DOT, (-20, 5, 0), 4)]
TITLE = ("job three-level (MSG, stop)", "section 0: first pass; 50 µJ at 10 kHz")


def linuxcnc_block() -> ToolpathBlock:
    """Everything."""
    block = builders.rows([*HATCH, *DOTS, *COUNTED])
    count = np.where(block.recipe == 4, planning.PULSES, 0).astype(np.uint32)
    return ToolpathBlock(0, 0, block.start_ticks, block.end_ticks, block.kind, count, block.recipe, block.part)


def grbl_block() -> ToolpathBlock:
    """Without counted pulses."""
    return builders.rows([*HATCH, *DOTS])


def golden_files() -> dict[Path, bytes]:
    """Every golden file and what is written now."""
    cnc, grbl = planning.linuxcnc_machine(), planning.grbl_machine()
    a, b = linuxcnc_block(), grbl_block()
    return {
        GOLDEN / "linuxcnc" / "small_job.ngc": planning.encode(
            LinuxCncEncoder(planning.program_for(planning.RECIPES, [a], cnc, TITLE)), [a]
        ),
        GOLDEN / "grbl" / "small_job.gcode": planning.encode(
            GrblEncoder(planning.program_for(planning.TIMED_RECIPES, [b], grbl, TITLE)), [b]
        ),
    }


if __name__ == "__main__":
    for path, data in golden_files().items():
        path.write_bytes(data)
