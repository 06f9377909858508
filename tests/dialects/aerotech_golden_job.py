"""The small job of the Aerotech golden files: lines, a bent line, dots by time and by count, a loop, a row of shots.

Run as a script to write the files again; then read them by eye against the controllers' documentation.
"""

from collections.abc import Callable
from pathlib import Path

from lasercam.dialects.aerotech_a3200 import a3200_encoder
from lasercam.dialects.automation1 import automation1_encoder
from lasercam.model.machine import Machine
from lasercam.model.toolpath import RowKind, ToolpathBlock
from tests.dialects import aerotech_planning as aerotech
from tests.dialects import planning

GOLDEN = Path(__file__).parents[1] / "golden"
TITLE = ("job three-level; PSOCONTROL X ON", "section 0: first pass; 50 µJ at 10 kHz\\")
K = RowKind
LINES = [
    (K.JUMP, (9000, 10000, -5000), 0, 0), (K.LEAD, (1000, 0, 0), 0, 0), (K.LINE, (5000, 0, 0), 0, 0),
    (K.LEAD, (1000, 0, 0), 0, 0),
    (K.JUMP, (0, 500, 0), 0, 0), (K.LEAD, (-1000, 0, 0), 1, 0), (K.LINE, (-2500, 0, 0), 1, 0),
    (K.LINE, (-2500, 400, 0), 1, 0), (K.LEAD, (-1000, 160, 0), 1, 0),
]  # fmt: skip
DOTS = [(K.DOT, (700, 0, 0), 2, 0), (K.DOT, (0, 700, -1000), 3, 0), *[(K.DOT, (200, 0, 0), 3, 0)] * 5]
COUNTED = [(K.DOT, (100, 0, 0), 4, 7), (K.DOT, (100, 0, 0), 4, 12)]
SHOTS = [
    (K.JUMP, (300, 0, 0), 0, 0), (K.LEAD, (0, 130, 0), aerotech.SINGLE, 0),
    (K.SHOTS, (0, 600, 0), aerotech.SINGLE, 11), (K.LEAD, (0, 130, 0), aerotech.SINGLE, 0),
]  # fmt: skip
ENCODERS: dict[str, Callable[..., object]] = {"aerotech_a3200": a3200_encoder, "automation1": automation1_encoder}
SUFFIXES = {"aerotech_a3200": "pgm", "automation1": "ascript"}


def machine(dialect: str, gate: str) -> Machine:
    """With a settle time, and for stops a pulse so short that the longer dots are held open by a dwell."""
    changes = {"line_gate": gate, "ramp_rate_mm_s2": "100"} | ({"pulse_max_us": "500000"} if gate == "stops" else {})
    return aerotech.machine(dialect, changes, controller={"settle_time": "2 ms"})


def block() -> ToolpathBlock:
    """Everything."""
    return aerotech.rows([*LINES, *DOTS, *COUNTED, *SHOTS])


def path(dialect: str, gate: str) -> Path:
    """Where a golden file lies."""
    return GOLDEN / dialect / f"small_job_{gate}.{SUFFIXES[dialect]}"


def golden_files() -> dict[Path, bytes]:
    """Every golden file and what is written now."""
    rows = block()
    return {
        path(dialect, gate): planning.encode(
            encoder(planning.program_for(aerotech.RECIPES, [rows], machine(dialect, gate), TITLE)), [rows]
        )
        for dialect, encoder in ENCODERS.items()
        for gate in ("window", "stops")
    }


if __name__ == "__main__":
    for file, data in golden_files().items():
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(data)
