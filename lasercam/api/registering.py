"""A remounted sample, found again by its marks."""

from pathlib import Path

from lasercam.pipeline.load import load_job
from lasercam.pipeline.mark_table import MeasuredMark as MeasuredMark
from lasercam.pipeline.registering import Remount as Remount
from lasercam.pipeline.registering import find_remount as _find_remount
from lasercam.pipeline.registering_files import measured_marks as measured_marks
from lasercam.pipeline.registering_files import register_file as register_file
from lasercam.pipeline.registering_files import wished as wished
from lasercam.pipeline.registering_files import write_template as write_template


def find_remount(job: Path, step: str | None) -> Remount:
    """The remount of a job by its name or number; the only one where none is named."""
    return _find_remount(load_job(job), step)
