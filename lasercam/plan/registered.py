"""The frame that a registration fitted: the sample's corner on the increment, all else as it was written down."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lasercam.geometry.mark_fit import CORNER_DIGITS, Lie
from lasercam.model.frame import Frame
from lasercam.model.machine import TICKS_PER_UM
from lasercam.model.registration import FittedFrame
from lasercam.model.sample import Sample

FloatArray = NDArray[np.float64]


def lie_of(frame: FittedFrame) -> Lie:
    """The lie that a registration states."""
    return Lie(frame.corner, frame.rotation, frame.scale, frame.shear, frame.slope)


def lie_before(sample: Sample, nominal: Frame) -> Lie:
    """How the job takes the sample to lie without a registration."""
    placement = sample.placement
    turn = placement.rotation.value if placement is not None and placement.rotation is not None else 0.0
    scale = placement.scale.factors if placement is not None and placement.scale is not None else (1.0, 1.0, 1.0)
    x, y, z = (t / TICKS_PER_UM + s for t, s in zip(nominal.origin_ticks, nominal.shift_um, strict=True))
    return Lie((x, y, z), turn, scale, 0.0, (nominal.matrix[2][0], nominal.matrix[2][1]))


def registered_frame(lie: Lie, nominal: Frame) -> Frame:
    """From the sample's frame to the controller's as fitted; the bend of a measured surface stays the sample's own."""
    increment = nominal.increment_ticks
    x, y, z = (round(value * TICKS_PER_UM / increment) * increment for value in lie.corner_um)
    beside = (round(c - t / TICKS_PER_UM, CORNER_DIGITS) + 0.0 for c, t in zip(lie.corner_um, (x, y, z), strict=True))
    a, b, c = beside
    return Frame((x, y, z), nominal.index_ratio, increment, lie.matrix, (a, b, c), nominal.surface)


def along_normal_um(nominal: Frame, places_um: Sequence[tuple[float, float, float]]) -> FloatArray:
    """Places x, y, depth in the sample's frame as x, y and the stage's way along the normal, float64 (N, 3)."""
    out = np.array(places_um, np.float64).reshape(-1, 3)
    out[:, 2] *= -nominal.index_ratio
    if nominal.surface is not None:
        out[:, 2] += nominal.surface.heights_um(out[:, 0], out[:, 1])
    return out
