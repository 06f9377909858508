"""The table that goes with an experiment grid: one row per cell, with empty columns for what is measured."""

import csv
import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lasercam.model.process_window import PARAMETERS
from lasercam.model.protocols import PartExposure, PatternUse
from lasercam.units import LENGTH

MEASURED = ("glows", "width_um", "peak_nm", "intensity", "note")
"""Columns left to the person at the microscope."""
_KEYS = (
    "pulse_energy", "repetition_rate", "pulse_duration", "average_power", "speed", "exposure", "pulses", "pitch",
)  # fmt: skip


def results_table(
    use: PatternUse,
    part: str,
    codes: Sequence[str],
    replicates: NDArray[np.int64],
    members: NDArray[np.int64],
    middles_um: NDArray[np.float64],
) -> bytes:
    """The table as CSV: a row for every cell of every copy, for each step that writes the part.

    Args:
        use: how the job writes the pattern.
        part: the part that cells are.
        codes: of each cell, as the labels spell it.
        replicates: int64 (N,), from 0.
        members: int64 (N,), index of each cell's member in the family.
        middles_um: float64 (N, 3), middle of each cell in the pattern's frame.
    """
    exposures = [e for e in use.exposures if e.part == part]
    keys = [k for k in _KEYS if any(k in m.values for e in exposures for m in e.members)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    head = ("step", "copy", "code", "replicate", "x_um", "y_um", "depth_um", "recipe", "member")
    writer.writerow((*head, *(_column(k) for k in keys), *MEASURED))
    for exposure in exposures:
        for copy, to_sample in enumerate(use.to_sample):
            places = to_sample(middles_um)
            for i, code in enumerate(codes):
                x, y, depth = (f"{v:.4f}" for v in places[i].tolist())
                recipe, values = _member(exposure, int(members[i]), keys)
                where = (exposure.step, copy + 1, code, int(replicates[i]) + 1, x, y, depth)
                writer.writerow((*where, recipe, int(members[i]), *values, *("" for _ in MEASURED)))
    return text.getvalue().encode()


def _member(exposure: PartExposure, member: int, keys: Sequence[str]) -> tuple[str, list[str]]:
    recipe = exposure.members[member if len(exposure.members) > 1 else 0]
    return recipe.label, [f"{recipe.values[k].value:.10g}" if k in recipe.values else "" for k in keys]


def _column(key: str) -> str:
    """A column's name with the unit of its numbers: `pulse_energy_uJ`, `speed_um/s`."""
    unit = LENGTH.unit if key == "pitch" else PARAMETERS[key].unit
    return f"{key}_{unit}" if unit else key
