"""Rows in the frame that another program wants."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lasercam.model.toolpath import Toolpath, ToolpathBlock

FrameName = Literal["sample", "controller"]
"""`sample`: x right, y up from its lower-left corner, z = depth below the surface; `controller`: as job files say."""


def placed(toolpath: Toolpath, block: ToolpathBlock, frame: FrameName) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Starts and ends of rows, int64 (N, 3), ticks of 0.1 nm."""
    if frame == "controller":
        return block.start_ticks, block.end_ticks
    lie = toolpath.header.sections[block.section].frame
    return lie.sample_ticks(block.start_ticks), lie.sample_ticks(block.end_ticks)


def spot_diameters_um(toolpath: Toolpath, width_um: float | None) -> NDArray[np.float64]:
    """Width of each recipe, float64 (R,): the one given, else the supplied 1/e² diameter; NaN where there is none."""
    recipes = toolpath.header.recipes.recipes
    if width_um is not None:
        return np.full(len(recipes), width_um)
    known = [r.values["spot_radius"].value * 2.0 if "spot_radius" in r.values else np.nan for r in recipes]
    return np.array(known, np.float64)
