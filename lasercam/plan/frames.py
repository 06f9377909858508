"""The frame of a sample on a machine: its origin, and what was measured of how it lies there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import GeometryError, PatternError
from lasercam.geometry.attitude import attitude, cos_sin, plane_through
from lasercam.model.frame import Frame, Matrix3, Row3
from lasercam.model.machine import TICKS_PER_UM, Machine
from lasercam.model.mounting import MOST_TILT_DEG, MeasuredTilt, SamplePlacement
from lasercam.model.sample import Sample
from lasercam.model.surface import Surface
from lasercam.plan.heights import read_heights
from lasercam.process.depth_travel import travel_per_depth

FloatArray = NDArray[np.float64]

_LEVEL = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class _Lie:
    """A plane over the sample, how far heights stray from it, and the bent surface if there is one."""

    plane: Row3 = _LEVEL
    stray_um: float = 0.0
    heights: Surface | None = None


def frame_of(sample: Sample, machine: Machine, heights: bytes | None = None) -> Frame:
    """From the sample's frame to the controller's; the objective says what stage travel makes of a depth.

    Args:
        sample: with its origin and placement.
        machine: whose work origin counts where the sample has none.
        heights: content of the placement's surface map, where it names one.

    Raises:
        PatternError: heights that make no plane or grid, or a sample that lies too steep.
        MachineLimitError: the objective's correction for depth does not fit the sample.
    """
    origin = sample.origin if sample.origin is not None else machine.work_origin
    increment = round(machine.controller.increment * TICKS_PER_UM)
    on_grid = [round(v * TICKS_PER_UM / increment) * increment for v in origin]
    ratio = travel_per_depth(machine.objective, sample.refractive_index)
    placed = Frame((on_grid[0], on_grid[1], on_grid[2]), ratio, increment)
    if sample.placement is None:
        return placed
    matrix, shift, surface = _lie(sample.placement, heights)
    return Frame(placed.origin_ticks, ratio, increment, matrix, shift, surface)


def placement_notes(sample: Sample, heights: bytes | None = None) -> tuple[str, ...]:
    """What was made of measured heights, for people."""
    placement = sample.placement
    if placement is None or (placement.surface is None and not (placement.tilt and placement.tilt.heights)):
        return ()
    lie = _measured(placement, heights)
    corner, along_x, along_y = lie.plane
    bent = "followed in between" if lie.heights is not None else "taken as flat"
    return (
        f"sample.placement: the surface rises {along_x * 1000:.4g} µm/mm along x and {along_y * 1000:.4g} µm/mm along"
        f" y, and lies {corner:+.4g} µm at the corner; heights stray up to {lie.stray_um:.3g} µm from that plane,"
        f" {bent}",
    )


def _lie(
    placement: SamplePlacement, content: bytes | None
) -> tuple[Matrix3, tuple[float, float, float], Surface | None]:
    """Matrix, shift of the corner, and heights along the normal above the plane."""
    turn = placement.rotation.value if placement.rotation is not None else 0.0
    scale = placement.scale.factors if placement.scale is not None else (1.0, 1.0, 1.0)
    lie = _measured(placement, content)
    corner, *slopes = lie.plane
    _refuse_steep((slopes[0], slopes[1]))
    try:
        matrix = attitude(turn, scale, (slopes[0], slopes[1]))
    except GeometryError as error:
        raise PatternError(str(error)) from error
    if lie.heights is None:
        return matrix, (0.0, 0.0, corner), None
    # Along the normal one unit raises the controller's z by the matrix's last number.
    x, y = np.meshgrid(lie.heights.x_um, lie.heights.y_um)
    above = (lie.heights.height_um - (corner + slopes[0] * x + slopes[1] * y)) / matrix[2][2]
    return matrix, (0.0, 0.0, corner), Surface(lie.heights.x_um, lie.heights.y_um, above)


def _measured(placement: SamplePlacement, content: bytes | None) -> _Lie:
    if placement.tilt is not None:
        return _tilted(placement.tilt)
    if placement.surface is None:
        return _Lie()
    if content is None:
        raise PatternError(f"the heights of '{placement.surface.file}' were not read")
    grid = read_heights(content)
    x, y = np.meshgrid(grid.x_um, grid.y_um)
    return _planed(x.ravel(), y.ravel(), grid.height_um.ravel(), grid)


def _tilted(tilt: MeasuredTilt) -> _Lie:
    if not tilt.heights:
        return _Lie((0.0, cos_sin(tilt.along_x or 0.0)[1], cos_sin(tilt.along_y or 0.0)[1]))
    x, y, height = np.array([(*h.at, h.height) for h in tilt.heights]).T
    return _planed(x, y, height, None)


def _planed(x: FloatArray, y: FloatArray, height: FloatArray, grid: Surface | None) -> _Lie:
    try:
        corner, along_x, along_y = plane_through(x, y, height)
    except GeometryError as error:
        raise PatternError(f"{error}; measure a place beside it") from error
    stray = float(np.abs(height - (corner + along_x * x + along_y * y)).max())
    return _Lie((corner, along_x, along_y), stray, grid)


def _refuse_steep(slopes: tuple[float, float]) -> None:
    limit = cos_sin(MOST_TILT_DEG)[1]
    steepest = max(slopes, key=abs)
    if abs(steepest) > limit * (1 + 1e-12):
        raise PatternError(
            f"the heights rise by {steepest * 1000:.4g} µm per mm; at most {limit * 1000:.4g} µm per mm"
            f" ({MOST_TILT_DEG:g} degrees) are allowed: check their units, or level the sample"
        )
