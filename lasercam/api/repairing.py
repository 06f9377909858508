"""Writing again what a reader of stored data missed, and nothing else."""

from pathlib import Path

from lasercam.api.job import Job
from lasercam.pipeline.repair import Damage as Damage
from lasercam.pipeline.repair import find_damage as find_damage
from lasercam.pipeline.repair import load_repair as _load_repair


def load_repair(build: Path, damage: Damage) -> Job:
    """The job of a build, changed so that it writes the missing voxels only.

    Raises:
        InputError: the build's inputs are damaged, or name a repair already.
    """
    return Job.of_loaded(_load_repair(build, damage), build)
