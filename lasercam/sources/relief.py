"""Surface reliefs cut dose by dose: microlenses, axicons and gratings as points that ask for a number of doses."""

from collections.abc import Iterator
from math import pi, radians, tan
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from lasercam.errors import InputError, Problem
from lasercam.model.feature import FeatureBlock, Parts, per_feature
from lasercam.model.feature import parts as named_parts
from lasercam.model.job import Placement
from lasercam.model.protocols import MAX_TILE_ROWS, SourceContext
from lasercam.schema.document import Document
from lasercam.schema.quantities import Angle, PositiveLength

MAX_LEVELS = 1_000
MAX_SIDE = 10_000
SMALL = 256
"""Points along a side up to which it is looked whether any of them is cut; finer grids always hold some."""

BoundedAngle = Annotated[Angle, Field(gt=0, lt=60)]


class Removal(Document):
    """How much material one dose removes: a number of the lab, never of lasercam."""

    depth: PositiveLength
    """Depth removed by one dose (a pulse, or a pass)."""
    source: Annotated[str, Field(min_length=3)]
    """How the lab knows: a measurement with its date, or "example value"."""


class ReliefKeys(Placement):
    """Keys of a surface relief."""

    type: Literal["relief"]
    shape: Literal["lens", "axicon", "grating"]
    """`lens`: a parabola, convex, cut free by removing around it; `axicon`: a cone; `grating`: a sine in x."""
    size: PositiveLength
    """Diameter of a lens or axicon, side of a grating."""
    sag: PositiveLength | None = None
    """`lens`, `grating`: height from the lowest to the highest point."""
    angle: BoundedAngle | None = None
    """`axicon`: slope of the cone's side, in degrees."""
    flat: PositiveLength | None = None
    """`axicon`: diameter of the flat top of a truncated axicon."""
    period: PositiveLength | None = None
    """`grating`: distance from ridge to ridge."""
    pitch: PositiveLength
    """Distance from point to point."""
    removal: Removal
    """Depth per dose; removal is taken as proportional to the number of doses, without incubation (assumed)."""

    @model_validator(mode="after")
    def _shape_keys(self) -> "ReliefKeys":
        wanted = {"lens": {"sag"}, "axicon": {"angle"}, "grating": {"sag", "period"}}[self.shape]
        optional = {"flat"} if self.shape == "axicon" else set()
        given = {key for key in ("sag", "angle", "flat", "period") if getattr(self, key) is not None}
        if wanted - given:
            raise ValueError(f"a {self.shape} needs `{'`, `'.join(sorted(wanted - given))}`")
        if given - wanted - optional:
            raise ValueError(f"a {self.shape} does not read `{'`, `'.join(sorted(given - wanted - optional))}`")
        return self


class Relief:
    """Points on a square grid; `level_k` is cut k times, `pass_k` is everything cut at least k times."""

    Keys: ClassVar[type[Placement]] = ReliefKeys
    summary: ClassVar[str] = "surface relief (microlens, axicon, grating) as doses per point"

    def __init__(self, keys: ReliefKeys, context: SourceContext) -> None:
        self._keys = keys
        self._context = context
        if keys.pitch > keys.size or (keys.period is not None and keys.period < 2.0 * keys.pitch):
            text = f"a pitch of {keys.pitch:g} µm is too wide for a {keys.shape} of {keys.size:g} µm"
            raise InputError(
                Problem(text, context.locate("pitch"), "Two points per period, and one at least, are needed.")
            )
        if keys.size > MAX_SIDE * keys.pitch:  # compared, not divided: a quotient of hostile numbers is infinite
            text = f"more than {MAX_SIDE:,} by {MAX_SIDE:,} points of {keys.pitch:g} µm"
            raise InputError(Problem(text, context.locate("pitch"), "Widen the pitch."))
        self._side = round(keys.size / keys.pitch)
        deepest, dose = self._deepest_um(), keys.removal.depth
        if not 0.5 * dose < deepest <= MAX_LEVELS * dose:
            text = f"1 to {MAX_LEVELS:,} doses of {dose:g} µm do not reach the deepest point of {deepest:.4g} µm"
            raise InputError(Problem(text, context.locate("removal"), "Change the dose or the height."))
        self._levels = max(1, round(deepest / dose))
        if self._side <= SMALL and not any(True for _ in self.features()):
            text = "no point of the relief takes a dose: the points are too few or the relief too flat"
            raise InputError(Problem(text, context.locate("pitch"), "Narrow the pitch."))
        self.notes = (
            f"{self._levels} doses at the deepest point ({deepest:.4g} µm), heights in steps of"
            f" {keys.removal.depth * 1000:.4g} nm",
            f"removal per dose: {keys.removal.source}; proportional to the number of doses (assumed: no incubation)",
        )

    @property
    def parts(self) -> Parts:
        """Atoms `level_1` to `level_N`; unions `pass_1` (everything) to `pass_N` (the deepest points)."""
        levels = [f"level_{k}" for k in range(1, self._levels + 1)]
        return named_parts(levels, **{f"pass_{k}": levels[k - 1 :] for k in range(1, self._levels + 1)})

    def features(self, max_rows: int = MAX_TILE_ROWS) -> Iterator[FeatureBlock]:
        """Points row by row; `variant` is the number of doses less one, for a family of doses."""
        rows, width = max(1, max_rows // self._side), min(self._side, max_rows)
        for row in range(0, self._side, rows):
            for column in range(0, self._side, width):
                block = self._tile(
                    np.arange(row, min(row + rows, self._side)), np.arange(column, min(column + width, self._side))
                )
                if len(block):
                    yield block

    def area(self) -> Any | None:
        """The disc or square that the relief fills."""
        from lasercam.geometry.area import Area
        from lasercam.geometry.polylines import Polylines

        size = self._keys.size
        if self._keys.shape == "grating":
            return Area.from_rectangles([[0.0, 0.0]], [[size, size]])
        angle = np.linspace(0.0, 2.0 * pi, 257)
        ring = size / 2.0 * (1.0 + np.column_stack((np.cos(angle), np.sin(angle))))
        return Area.from_rings(Polylines(np.ascontiguousarray(ring), np.array([0, len(ring)])))

    def _tile(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> FeatureBlock:
        pitch = self._keys.pitch
        x = np.broadcast_to((columns + 0.5) * pitch, (len(rows), len(columns)))
        y = np.broadcast_to(((rows + 0.5) * pitch)[:, None], x.shape)
        doses = np.rint(self._depth_um(x, y) / self._keys.removal.depth).astype(np.int64)
        cut = doses > 0
        count = int(np.count_nonzero(cut))
        xyz = np.zeros((count, 3))
        xyz[:, 0], xyz[:, 1] = x[cut], y[cut]
        level = (doses[cut] - 1).astype(np.uint16)
        return FeatureBlock(xyz, np.arange(count + 1, dtype=np.int64), per_feature(level, count), level.copy())

    def _depth_um(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Depth to remove at each point, 0 outside the shape."""
        keys, middle = self._keys, self._keys.size / 2.0
        if keys.shape == "grating":
            return np.asarray((keys.sag or 0.0) * (1.0 - np.cos(2.0 * pi * x / (keys.period or 1.0))) / 2.0)
        radius = np.hypot(x - middle, y - middle)
        if keys.shape == "lens":
            depth = (keys.sag or 0.0) * (radius / middle) ** 2
        else:
            depth = tan(radians(keys.angle or 0.0)) * np.maximum(radius - (keys.flat or 0.0) / 2.0, 0.0)
        return np.where(radius <= middle, depth, 0.0)

    def _deepest_um(self) -> float:
        keys = self._keys
        if keys.shape == "axicon":
            return float(tan(radians(keys.angle or 0.0)) * max(keys.size - (keys.flat or 0.0), 0.0) / 2.0)
        return float(keys.sag or 0.0)
