"""Toolpaths for other programs: CSV and NPZ tables, an SVG drawing, a GDSII mask."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from lasercam.api.job import Job, appear
from lasercam.errors import QuantityError, UsageError
from lasercam.interchange.drawing import write_svg
from lasercam.interchange.mask import write_gds
from lasercam.interchange.places import FrameName
from lasercam.interchange.table import write_csv, write_npz
from lasercam.units import LENGTH, parse_quantity


def export(job: Job, path: str | Path, *, frame: FrameName = "sample", width: str | None = None) -> Path:
    """Write the toolpath of a job as a file for other programs; what it is follows from the file's suffix.

    Args:
        job: what is written; its verdict is not asked for, since nothing here drives a stage.
        path: ends in .csv, .npz, .svg or .gds; replaced when it exists.
        frame: of CSV and NPZ: `sample`, or `controller` as in job files. Drawings and masks are in the sample's.
        width: of lines and dots in drawings and masks, such as "1 um"; absent: the spot's 1/e² diameter.

    Raises:
        UsageError: another suffix, or a key that means nothing for it.
        LasercamError: the format cannot hold the job.
    """
    target, toolpath = Path(path), job.toolpath
    form = target.suffix.removeprefix(".").lower()
    width_um = _width_um(width)
    size_x, size_y, _ = job.document.sample.size
    writers: Mapping[str, Callable[[BinaryIO], None]] = {
        "csv": lambda out: write_csv(toolpath, out, frame),
        "npz": lambda out: write_npz(toolpath, out, frame),
        "svg": lambda out: write_svg(toolpath, out, (size_x, size_y), width_um),
        "gds": lambda out: write_gds(toolpath, out, width_um),
    }
    if form not in writers:
        raise UsageError(f"'{target.name}' does not end in one of {', '.join(f'.{name}' for name in writers)}")
    if form in ("svg", "gds") and frame != "sample":
        raise UsageError(f"a .{form} is drawn in the sample's frame; --frame controller belongs to .csv and .npz")
    if form in ("csv", "npz") and width is not None:
        raise UsageError(f"a .{form} has no widths; --width belongs to .svg and .gds")
    appear(target, writers[form])
    return target


def _width_um(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        width = parse_quantity(text, LENGTH)
    except QuantityError as error:
        raise UsageError(f"--width: {error}") from error
    if not 1e-4 <= width <= 1e6:
        raise UsageError(f"--width: '{text}' is not between 0.1 nm and 1 m")
    return width
