"""Rows as the numbers that timing works on: displacement, speed, gate, standstill."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from lasercam.model.toolpath import FEED_KINDS, TICKS_PER_UM, RowKind, ToolpathBlock
from lasercam.plan.kinematics.model import MotionModel

_FEEDS = np.isin(np.arange(len(RowKind)), FEED_KINDS).astype(np.uint8)
_LIT = np.isin(np.arange(len(RowKind)), (RowKind.LINE, RowKind.SHOTS, RowKind.OPENING)).astype(np.int8)
"""Whether the gate is commanded open; what a slow gate does meanwhile is no matter of motion."""


@dataclass(frozen=True, eq=False)
class Columns:
    """N rows.

    Attributes:
        dx, dy, dz: float64 (N,), displacement, µm.
        feeds: uint8 (N,), whether the row runs at a recipe's speed.
        lit: int8 (N,), whether the gate is commanded open.
        speed: float64 (N,), recipe's speed, at which rows that feed run, µm/s.
        stand: float64 (N,), s of standstill behind a dot, settling and exposure included; −1 behind other rows.
    """

    dx: NDArray[np.float64]
    dy: NDArray[np.float64]
    dz: NDArray[np.float64]
    feeds: NDArray[np.uint8]
    lit: NDArray[np.int8]
    speed: NDArray[np.float64]
    stand: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.dx)

    @property
    def length(self) -> NDArray[np.float64]:
        """float64 (N,), µm."""
        return np.sqrt(self.dx * self.dx + self.dy * self.dy + self.dz * self.dz)

    def behind(self, first: int) -> "Columns":
        """Rows from `first` on."""
        return Columns(*(getattr(self, f.name)[first:] for f in fields(self)))

    def followed_by(self, other: "Columns") -> "Columns":
        """These rows and then the others."""
        if not len(self):
            return other
        return Columns(*(np.concatenate((getattr(self, f.name), getattr(other, f.name))) for f in fields(self)))


def columns_of(block: ToolpathBlock, model: MotionModel) -> Columns:
    """The rows of a block."""
    dx, dy, dz = (np.subtract(block.end_ticks[:, i], block.start_ticks[:, i]) * (1.0 / TICKS_PER_UM) for i in range(3))
    is_dot = block.kind == RowKind.DOT
    stand = np.where(is_dot, model.stand_s[block.recipe], -1.0) if is_dot.any() else np.full(len(is_dot), -1.0)
    return Columns(dx, dy, dz, _FEEDS[block.kind], _LIT[block.kind], model.feed_um_s[block.recipe], stand)


def standing_seconds(rows: Columns, model: MotionModel) -> NDArray[np.float64]:
    """float64 (N,), rows none of which feeds: each travels from rest to rest, as fast as the slowest axis allows.

    Source: trapezoidal velocity profile, rest to rest.
    """
    way_um = rows.length
    inverse_top, inverse_acceleration = np.zeros(len(rows)), np.zeros(len(rows))
    length = np.where(way_um > 0, way_um, 1.0)
    # Column by column, since reducing rows of three is slow.
    for axis, way in enumerate((rows.dx, rows.dy, rows.dz)):
        share = np.abs(way) / length
        np.maximum(inverse_top, share / model.max_speed_um_s[axis], out=inverse_top)
        np.maximum(inverse_acceleration, share / model.acceleration_um_s2[axis], out=inverse_acceleration)
    moves = way_um > 0
    top = 1.0 / np.where(moves, inverse_top, 1.0)
    acceleration = 1.0 / np.where(moves, inverse_acceleration, 1.0)
    triangle = 2.0 * np.sqrt(way_um / acceleration)
    seconds = np.where(way_um < top * top / acceleration, triangle, way_um / top + top / acceleration)
    if model.cycle_s > 0:
        seconds = np.ceil(seconds / model.cycle_s - 1e-3) * model.cycle_s
    return np.asarray(np.where(moves, seconds, 0.0) + np.maximum(rows.stand, 0.0), np.float64)
