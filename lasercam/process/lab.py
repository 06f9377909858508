"""Where a lab keeps process files of its own: folders named by the environment."""

import os
from pathlib import Path

VARIABLE = "LASERCAM_PROCESSES"
"""Folders with process files of the lab, separated like those of PATH."""


def environment_folders() -> tuple[Path, ...]:
    """The lab's folders that the environment names, in its order; a folder that is not there is refused when read."""
    return tuple(Path(folder) for folder in os.environ.get(VARIABLE, "").split(os.pathsep) if folder)
