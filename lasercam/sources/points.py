"""Dots at positions from a file."""

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from lasercam.errors import InputError, LasercamError, Problem
from lasercam.model.feature import MAX_COORDINATE_UM, FeatureBlock, Parts, dots
from lasercam.model.feature import parts as named_parts
from lasercam.model.job import Placement
from lasercam.model.protocols import MAX_TILE_ROWS, SourceContext
from lasercam.sources.point_order import OrderedPoints
from lasercam.sources.point_table import read_points

_UNIT_UM = {"nm": 1e-3, "um": 1.0, "mm": 1e3}


class PointKeys(Placement):
    """Keys of dots from a file."""

    type: Literal["points"]
    file: str = Field(min_length=1, max_length=1_000)
    """CSV with a line of column names (x, y, and perhaps z and variant), or NPY with the columns x, y, z, variant.
    z is the depth, positive downwards; `variant` picks the member of a recipe family, the first is 0."""
    unit: Literal["nm", "um", "mm"]
    """Of x, y and z in the file."""
    origin: Literal["corner", "file"] = "corner"
    """`corner`: the lower left corner of all points, and the shallowest, come to the pattern's origin; `file`:
    x and y count from the pattern's origin as they are, and so does z, which may not be negative."""


class Points:
    """Dots from a file, sorted deepest first; one part, `points`."""

    Keys: ClassVar[type[Placement]] = PointKeys
    summary: ClassVar[str] = "dots at positions from a CSV or NPY file, with a variant per dot"

    def __init__(self, keys: PointKeys, context: SourceContext) -> None:
        self._keys = keys
        self._scale = _UNIT_UM[keys.unit]
        content = context.asset(keys.file)
        try:
            self._ordered = OrderedPoints(read_points(content))
        except LasercamError as error:
            raise InputError(Problem(f"'{keys.file}': {error}", context.locate("file"))) from error
        self._shift = self._ordered.low if keys.origin == "corner" else np.zeros(3)
        reach = max(float(np.abs(v - self._shift).max()) for v in (self._ordered.low, self._ordered.high)) * self._scale
        if reach > MAX_COORDINATE_UM:
            text = f"the points reach {reach:.3g} µm; at most {MAX_COORDINATE_UM:g} µm are allowed"
            raise InputError(Problem(text, context.locate("unit"), "Check the unit."))
        if keys.origin == "file" and self._ordered.low[2] < 0:
            text = f"a point lies {-self._ordered.low[2] * self._scale:g} µm above the pattern's plane; z points down"
            raise InputError(Problem(text, context.locate("origin"), "Use `origin: corner`, or turn the sign."))
        self._parts = named_parts(["points"])

    @property
    def parts(self) -> Parts:
        """`points`."""
        return self._parts

    @property
    def notes(self) -> tuple[str, ...]:
        """How many points there are, and how far they spread."""
        size = (self._ordered.high - self._ordered.low) * self._scale
        return (f"{self._ordered.count:,} points within {size[0]:g} × {size[1]:g} × {size[2]:g} µm",)

    def features(self, max_rows: int = MAX_TILE_ROWS) -> Iterator[FeatureBlock]:
        """Tiles of one depth after the other, the deepest first."""
        for rows in self._ordered.rows(max_rows):
            yield dots((rows[:, :3] - self._shift) * self._scale, 0, rows[:, 3].astype(np.uint16))

    def area(self) -> None:
        """Dots cover no area."""
        return
