"""The small job of the golden files: two hatch lines with run-ups, three dots, two counted dots.

Run as a script to write the files again; then read them by eye against the controllers' manuals.
"""

from pathlib import Path

import numpy as np

from lasercam.dialects.acs_encoder import AcsEncoder
from lasercam.dialects.grbl import GrblEncoder
from lasercam.dialects.linuxcnc import LinuxCncEncoder
from lasercam.dialects.newport_xps_encoder import NewportXpsEncoder
from lasercam.dialects.pi_gcs_encoder import PiGcsEncoder
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
SHOTS = [
    (K.JUMP, (90, 100, -50)), (K.LEAD, (100, 100, -50)), (K.LINE, (150, 100, -50)), (K.LEAD, (160, 100, -50)),
    (K.JUMP, (100, 200, -60)), (K.LEAD, (130, 240, -60)), (K.SHOTS, (160, 280, -60)), (K.LEAD, (190, 320, -60)),
]  # fmt: skip
TITLE = ("job three-level (MSG, stop)", "section 0: first pass; 50 µJ at 10 kHz")


def linuxcnc_block() -> ToolpathBlock:
    """Everything."""
    block = builders.rows([*HATCH, *DOTS, *COUNTED])
    count = np.where(block.recipe == 4, planning.PULSES, 0).astype(np.uint32)
    return ToolpathBlock(0, 0, block.start_ticks, block.end_ticks, block.kind, count, block.recipe, block.part)


def grbl_block() -> ToolpathBlock:
    """Without counted pulses."""
    return builders.rows([*HATCH, *DOTS])


def shots_block() -> ToolpathBlock:
    """A line and eleven shots by position."""
    return builders.rows(SHOTS, count=11)


def companions(path: Path, encoder: NewportXpsEncoder) -> dict[Path, bytes]:
    """The files beside a golden file."""
    return {path.with_name(f"{path.name}.files") / name: data for name, data in encoder.companions().items()}


def xps_files() -> dict[Path, bytes]:
    """A PVT job and a line-arc job with their trajectories."""
    found: dict[Path, bytes] = {}
    for name, block, machine in (
        ("small_job.xps", linuxcnc_block(), planning.xps_machine()),
        ("line_arc.xps", shots_block(), planning.xps_arc_machine()),
    ):
        encoder = NewportXpsEncoder(planning.program_for(planning.RECIPES, [block], machine, TITLE))
        path = GOLDEN / "newport_xps" / name
        found |= {path: planning.encode(encoder, [block]), **companions(path, encoder)}
    return found


def acs_block() -> ToolpathBlock:
    """Everything, in the plane as far as it is lit."""
    rows = builders.rows([*HATCH, *SHOTS[4:], *DOTS, *COUNTED], count=11)
    count = np.where(rows.kind == K.SHOTS, 11, np.where(rows.recipe == 4, planning.PULSES, 0)).astype(np.uint32)
    return ToolpathBlock(0, 0, rows.start_ticks, rows.end_ticks, rows.kind, count, rows.recipe, rows.part)


def dots_block() -> ToolpathBlock:
    """Dots, timed and counted."""
    block = builders.rows([(K.JUMP, (0, 0, 0)), *DOTS, *COUNTED])
    count = np.where(block.recipe == 4, planning.PULSES, 0).astype(np.uint32)
    return ToolpathBlock(0, 0, block.start_ticks, block.end_ticks, block.kind, count, block.recipe, block.part)


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
        GOLDEN / "acs" / "small_job.prg": planning.encode(
            AcsEncoder(planning.program_for(planning.RECIPES, [acs_block()], planning.acs_machine(), TITLE)),
            [acs_block()],
        ),
        GOLDEN / "pi_gcs" / "small_job.gcs": planning.encode(
            PiGcsEncoder(planning.program_for(planning.RECIPES, [dots_block()], planning.pi_machine(), TITLE)),
            [dots_block()],
        ),
        **xps_files(),
    }


if __name__ == "__main__":
    for path, data in golden_files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
