"""Where a sample lies on the stage: from its own frame to the controller's coordinates, and back."""

from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import GeometryError
from lasercam.model.machine import TICKS_PER_UM
from lasercam.model.surface import Surface, surface_of

Row3 = tuple[float, float, float]
Matrix3 = tuple[Row3, Row3, Row3]
Ticks = NDArray[np.int64]
FloatArray = NDArray[np.float64]

LEVEL: Matrix3 = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
"""A sample that lies straight and level."""
_PLAIN_STEPS = tuple(10**digits for digits in range(8, 0, -1))
"""Steps of depths that a person would write, in ticks: 10 mm, 1 mm, ... 1 nm."""


@dataclass(frozen=True)
class Frame:
    """From the sample's frame (µm, depth down) to the controller's (ticks, z up).

    A point x, y at depth d below the true surface s(x, y) is reached at
    `origin + increment · round((shift + matrix · (x, y, s(x, y) - index_ratio · d)) / increment)`.
    The last column of the matrix is the direction of the sample's normal: through a flat interface a lens's focus is
    moved along the normal only, whatever the tilt, in the paraxial limit.

    Attributes:
        origin_ticks: the sample's lower-left surface corner in controller coordinates, on the increment.
        index_ratio: stage travel per unit of inscription depth; n_env / n_sample for paraxial rays, else by the
            machine's `depth_correction`.
        increment_ticks: the machine's programmable increment; every coordinate is a multiple of it.
        matrix: rows that give the controller's x, y and z, µm per µm.
        shift_um: what the corner lies beside the origin; it is not rounded by itself.
        surface: heights above the plane of the matrix; None = flat.
    """

    origin_ticks: tuple[int, int, int]
    index_ratio: float
    increment_ticks: int
    matrix: Matrix3 = LEVEL
    shift_um: Row3 = (0.0, 0.0, 0.0)
    surface: Surface | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the sample lies straight and level on the origin: coordinates are then only moved and scaled."""
        return self.matrix == LEVEL and not any(self.shift_um) and self.surface is None

    @property
    def is_level(self) -> bool:
        """Whether equal depths are equal heights of the stage."""
        (_, _, a), (_, _, b), (c, d, _) = self.matrix
        return a == b == c == d == 0.0 and self.surface is None

    def travel_um(self, xyz_um: FloatArray) -> FloatArray:
        """Way from the origin to sample positions (M, 3) along the controller's axes, float64 (M, 3), not rounded.

        Elementwise, since a matrix product may round differently from one tile size or library to the next.
        """
        x, y = xyz_um[:, 0], xyz_um[:, 1]
        up = xyz_um[:, 2] * -self.index_ratio
        if self.surface is not None:
            up = up + self.surface.heights_um(x, y)
        out = np.empty((len(xyz_um), 3))
        for axis, (row, shift) in enumerate(zip(self.matrix, self.shift_um, strict=True)):
            out[:, axis] = _combined(row, (x, y, up), shift)
        return out

    def ticks(self, xyz_um: FloatArray) -> Ticks:
        """Controller coordinates of sample positions, rounded once to the machine's increment.

        Args:
            xyz_um: float64 (M, 3), x, y and inscription depth in the sample's frame.

        Returns:
            int64 (M, 3), multiples of the increment away from the origin; z rises out of the sample.
        """
        per_increment = TICKS_PER_UM / self.increment_ticks
        if self.is_plain:
            steps = xyz_um * np.array([per_increment, per_increment, -self.index_ratio * per_increment])
        else:
            steps = self.travel_um(xyz_um)
            steps *= per_increment
        np.rint(steps, out=steps)
        ticks: Ticks = steps.astype(np.int64)
        ticks *= self.increment_ticks
        ticks += np.asarray(self.origin_ticks, np.int64)
        return ticks

    def sample_um(self, ticks: Ticks) -> FloatArray:
        """Controller coordinates (N, 3) as x, y, depth in the sample's frame, µm.

        Beside a measured surface, where only dark travel goes, the height of its edge is taken.
        """
        away = (ticks - np.asarray(self.origin_ticks)) / TICKS_PER_UM
        if self.is_plain:
            away[:, 2] *= -1.0 / self.index_ratio
            return np.asarray(away, np.float64)
        moved = [away[:, axis] - self.shift_um[axis] for axis in range(3)]
        out = np.empty((len(ticks), 3))
        for axis, row in enumerate(self._inverse):
            out[:, axis] = _combined(row, (moved[0], moved[1], moved[2]), 0.0)
        if self.surface is not None:
            out[:, 2] -= self.surface.heights_um(out[:, 0], out[:, 1])
        out[:, 2] *= -1.0 / self.index_ratio
        return out

    def sample_ticks(self, ticks: Ticks) -> Ticks:
        """Controller coordinates (N, 3) as x, y and depth in ticks of the sample's frame, int64 (N, 3).

        Equal depths stay equal. On a tilted or bent sample rounding to the increment spreads them; of all depths
        that the rounding could have come from, the one with the fewest digits is taken: 200 µm, not 199.9968 µm.
        """
        if self.is_plain:
            placed: Ticks = ticks - np.asarray(self.origin_ticks, np.int64)
            placed[:, 2] = np.rint(placed[:, 2] * (-1.0 / self.index_ratio))
            return placed
        placed = np.rint(self.sample_um(ticks) * TICKS_PER_UM).astype(np.int64)
        if not self.is_level:
            placed[:, 2] = _plainest(placed[:, 2], self.depth_slack_ticks)
        return placed

    @property
    def depth_slack_ticks(self) -> float:
        """Largest error that rounding to the increment leaves in a depth, in ticks of depth."""
        along_x, along_y = self.surface.steepest if self.surface is not None else (0.0, 0.0)
        rows = [sum(map(abs, row)) for row in self._inverse]
        share = rows[2] + along_x * rows[0] + along_y * rows[1]
        return 0.5 * self.increment_ticks * share / self.index_ratio

    @property
    def lattice(self) -> "Frame":
        """The frame moved to the origin: two with the same lattice round the same place of the sample alike."""
        plain = self.is_plain
        return Frame((0, 0, 0), 1.0 if plain else self.index_ratio, self.increment_ticks, self.matrix, self.shift_um,
                     self.surface)  # fmt: skip

    @property
    def rounding_reach_ticks(self) -> float:
        """Farthest that rounding to the increment, and back to the sample's frame, moves a place of the sample."""
        x, y = (0.5 * self.increment_ticks * sum(map(abs, row)) for row in self._inverse[:2])
        # A depth of a tilted or bent sample is once more moved, to the plainest number within reach of rounding.
        depth = self.depth_slack_ticks * (1.0 if self.is_level else 2.0)
        return sqrt(x * x + y * y + depth * depth) + 1.0

    def extent_um(self, low_ticks: tuple[int, int, int], high_ticks: tuple[int, int, int]) -> FloatArray:
        """Corners (2, 3) of a box in the sample's frame that holds a box of the controller's."""
        corners = np.array([[(low_ticks, high_ticks)[i >> k & 1][k] for k in range(3)] for i in range(8)], np.int64)
        there = self.sample_um(corners)
        return np.stack((there.min(axis=0), there.max(axis=0)))

    @cached_property
    def _inverse(self) -> Matrix3:
        """The matrix's inverse, by cofactors: the same bits on every machine."""
        (a, b, c), (d, e, f), (g, h, i) = self.matrix
        cofactors = ((e * i - f * h, c * h - b * i, b * f - c * e),
                     (f * g - d * i, a * i - c * g, c * d - a * f),
                     (d * h - e * g, b * g - a * h, a * e - b * d))  # fmt: skip
        whole = a * cofactors[0][0] + b * cofactors[1][0] + c * cofactors[2][0]
        if whole == 0.0:
            raise GeometryError("the frame's matrix flattens the sample; it cannot be undone")
        rows = [tuple(value / whole for value in row) for row in cofactors]
        return rows[0], rows[1], rows[2]  # type: ignore[return-value]

    def facts(self) -> dict[str, Any]:
        """Everything it is, as plain data; a sample that lies straight and level has its origin only."""
        plain: dict[str, Any] = {
            "origin_ticks": list(self.origin_ticks),
            "index_ratio": self.index_ratio,
            "increment_ticks": self.increment_ticks,
        }
        if not self.is_plain:
            plain |= {"matrix": [list(row) for row in self.matrix], "shift_um": list(self.shift_um)}
        if self.surface is not None:
            plain["surface"] = self.surface.facts()
        return plain


def frame_from(facts: dict[str, Any]) -> Frame:
    """The frame that `Frame.facts` told of."""
    matrix = facts.get("matrix", LEVEL)
    rows = [(float(a), float(b), float(c)) for a, b, c in matrix]
    x, y, z = facts.get("shift_um", (0.0, 0.0, 0.0))
    at_x, at_y, at_z = facts["origin_ticks"]
    surface = surface_of(facts["surface"]) if "surface" in facts else None
    return Frame(
        (int(at_x), int(at_y), int(at_z)),
        float(facts["index_ratio"]),
        int(facts["increment_ticks"]),
        (rows[0], rows[1], rows[2]),
        (float(x), float(y), float(z)),
        surface,
    )


def _combined(row: Row3, values: tuple[FloatArray, FloatArray, FloatArray], shift: float) -> FloatArray | float:
    """Sum of values (N,) by their weights, in order; what weighs nothing is left out."""
    total: FloatArray | None = None
    for weight, value in zip(row, values, strict=True):
        if weight:
            term = value * weight
            total = term if total is None else total + term
    if total is None:
        return shift
    return total + shift if shift else total


def _plainest(depth_ticks: Ticks, slack_ticks: float) -> Ticks:
    """Of all whole ticks no farther than the slack, a multiple of the largest power of ten; int64 (N,)."""
    found = depth_ticks.copy()
    is_open = np.ones(len(found), np.bool_)
    for step in _PLAIN_STEPS:
        near = (depth_ticks + step // 2) // step * step
        fits = is_open & (np.abs(near - depth_ticks) <= slack_ticks + 0.5)
        found[fits] = near[fits]
        is_open &= ~fits
        if not is_open.any():
            break
    return found
