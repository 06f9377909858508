"""A registration as a file that a person can read, and that means the same numbers on every machine."""

import json
from collections.abc import Mapping, Sequence
from math import isfinite

from lasercam.geometry.mark_fit import CORNER_DIGITS, RATIO_DIGITS, ROTATION_DIGITS, MarkFit, Sightings
from lasercam.model.registration import REGISTRATION_SCHEMA

_HEAD = """\
# Where the sample lies after a remount, fitted to its marks; written by `lasercam register`.
# Name it in the job: `remount: {marks: ..., registration: THIS FILE}`; steps behind it are written in this frame.
# What stands here is the frame, rounded once; `off` is measured minus fitted. Do not edit: measure and register again.
"""


def registration_text(
    told: Mapping[str, str],
    fit: MarkFit,
    seen: Sightings,
    nominal_um: Sequence[Sequence[float]],
    tolerance_um: float,
    height_tolerance_um: float,
) -> str:
    """The file.

    Args:
        told: job, job_sha256, step, pattern, machine, date, by, source, note and model.
        fit: the frame and what is left.
        seen: the marks.
        nominal_um: x, y, depth of each mark in the sample's frame.
        tolerance_um, height_tolerance_um: that were kept.
    """
    lie = fit.lie
    lines = [f"registration: {REGISTRATION_SCHEMA}"]
    lines += [f"{key}: {json.dumps(text, ensure_ascii=False)}" for key, text in told.items() if text]
    lines += [
        f"heights: {fit.heights}",
        f"tolerance: {tolerance_um:.6g} um",
        f"height_tolerance: {height_tolerance_um:.6g} um",
        f"rms: {fit.rms_um:.{CORNER_DIGITS}f} um",
        "frame:",
        f"  corner: {_place(lie.corner_um)} # of the sample, in the controller's coordinates",
        f"  rotation: {lie.rotation_deg:.{ROTATION_DIGITS}f} deg # counterclockwise",
        f"  scale: [{', '.join(_ratio(factor) for factor in lie.scale)}] # actual over nominal: x, y, depth",
        f"  shear: {_ratio(lie.shear)} # x per y",
        f"  slope: [{', '.join(_ratio(slope) for slope in lie.slopes)}] # rise along x and y",
        "marks:",
    ]
    for i, name in enumerate(seen.names):
        measured, off = seen.measured_um[i].tolist(), fit.off_um[i].tolist()
        lines += [
            f"  {json.dumps(name, ensure_ascii=False)}:",
            f"    nominal: {_place(nominal_um[i])} # x, y, depth in the sample's frame",
            f"    measured: {_place(measured)}",
            f"    off: {_place(off)}",
            f"    sigma: {seen.sigma_um[i]:.6g} um",
        ]
    return _HEAD + "\n".join(lines) + "\n"


def _place(values: Sequence[float]) -> str:
    return "[" + ", ".join(f"{value + 0.0:.{CORNER_DIGITS}f} um" for value in values if isfinite(value)) + "]"


def _ratio(value: float) -> str:
    return f"{value:.{RATIO_DIGITS}f}"
