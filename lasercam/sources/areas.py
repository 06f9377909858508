"""Areas put together from shapes, filled with lines or dots, in layers."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from lasercam.errors import InputError, LasercamError, PatternError, Problem
from lasercam.geometry.area import Area
from lasercam.geometry.polylines import Polylines
from lasercam.model.feature import MAX_COORDINATE_UM, FeatureBlock, Parts, per_feature, tiles
from lasercam.model.feature import parts as named_parts
from lasercam.model.job import Placement
from lasercam.model.protocols import MAX_TILE_ROWS, SourceContext
from lasercam.schema.quantities import Angle, PositiveLength
from lasercam.sources.fill import FillKeys, fill_area
from lasercam.sources.shape_keys import Shape, combined

MAX_LAYERS = 65_536
"""Members of a recipe family, which `vary: layer` counts."""


class AreaKeys(Placement, FillKeys):
    """Keys of filled areas."""

    type: Literal["areas"]
    shapes: Annotated[tuple[Shape, ...], Field(min_length=1, max_length=10_000)]
    """Shapes, each combined with those before it. Their coordinates count from the pattern's origin."""
    tolerance: PositiveLength = 0.01
    """How far the straight pieces of curved outlines may lie inside the true ones."""
    outline: bool = False
    """Also write the outlines."""
    layers: Annotated[int, Field(ge=1, le=MAX_LAYERS)] = 1
    """The same area at several depths."""
    layer_pitch: PositiveLength | None = None
    """Distance from layer to layer; needed for more than one."""
    layer_rotation: Angle | None = None
    """The hatch of each layer is turned by this against the one above it."""
    vary: Literal["none", "layer"] = "none"
    """Which index picks the member of a recipe family; layers count from the shallowest."""

    @model_validator(mode="after")
    def _keys_fit_each_other(self) -> "AreaKeys":
        if self.fill == "none" and not self.outline:
            raise ValueError("an area with fill: none and no outline writes nothing; give 'fill', or 'outline: true'")
        if self.fill == "contour" and self.outline and self.inset == 0.0:
            raise ValueError("the first contour lies on the outline; give 'inset', or leave 'outline' out")
        if self.layers > 1 and self.layer_pitch is None:
            raise ValueError(f"{self.layers:,} layers need the key 'layer_pitch', the distance from one to the next")
        if self.layers == 1:
            for key in ("layer_pitch", "layer_rotation"):
                if getattr(self, key) is not None:
                    raise ValueError(f"'{key}' means nothing for a single layer; leave it out")
        if self.layer_rotation is not None and self.fill not in ("hatch", "crosshatch"):
            raise ValueError(f"'layer_rotation' means nothing with fill: {self.fill}; it belongs to hatch, crosshatch")
        return self


class Areas:
    """Filled areas; parts `fill` and `outline`, as far as they are written."""

    Keys: ClassVar[type[Placement]] = AreaKeys
    summary: ClassVar[str] = "rectangles, circles, rings and polygons, combined and filled with lines or dots"

    def __init__(self, keys: AreaKeys, context: SourceContext) -> None:
        self._keys = keys
        depth = (keys.layers - 1) * (keys.layer_pitch or 0.0)
        if depth > MAX_COORDINATE_UM:
            text = f"the layers reach {depth:.3g} µm; at most {MAX_COORDINATE_UM:g} µm are allowed"
            raise InputError(Problem(text, context.locate("layer_pitch"), "Check the unit."))
        try:
            self._area = combined(keys.shapes, keys.tolerance)
        except LasercamError as error:
            raise InputError(Problem(str(error), context.locate("shapes"))) from error
        self._parts = named_parts(
            [*(("fill",) if keys.fill != "none" else ()), *(("outline",) if keys.outline else ())]
        )
        self._filled: tuple[float, Polylines] | None = None

    @property
    def parts(self) -> Parts:
        """`fill` and `outline`, as far as they are written."""
        return self._parts

    @property
    def notes(self) -> tuple[str, ...]:
        """How large the area is."""
        return (f"{self._area.area_um2:,.6g} µm² in {len(self._area.pieces()):,} piece(s)",)

    def features(self, max_rows: int = MAX_TILE_ROWS) -> Iterator[FeatureBlock]:
        """Fill, then outlines of each layer, the deepest layer first.

        Raises:
            PatternError: the fill leaves a layer empty, or has too many lines.
        """
        for layer in range(self._keys.layers - 1, -1, -1):
            for part in self.parts.atoms:
                lines = self._area.rings() if part == "outline" else self._fill(layer)
                yield from tiles(self._block(lines, part, layer), max_rows)

    def area(self) -> Area:
        """All shapes together."""
        return self._area

    def _fill(self, layer: int) -> Polylines:
        """The fill of a layer; kept, since most stacks repeat one."""
        keys = self._keys
        angle = keys.hatch_angle + layer * (keys.layer_rotation or 0.0)
        if self._filled is None or self._filled[0] != angle:
            lines = fill_area(self._area, keys.model_copy(update={"hatch_angle": angle}))
            if not len(lines):
                raise PatternError(
                    f"fill: {keys.fill} leaves the area empty in layer {layer + 1}: the pitch or the inset is wider"
                    " than the area"
                )
            self._filled = angle, lines
        return self._filled[1]

    def _block(self, lines: Polylines, part: str, layer: int) -> FeatureBlock:
        depth = np.full(len(lines.xy_um), layer * (self._keys.layer_pitch or 0.0))
        count = len(lines)
        variant = layer if self._keys.vary == "layer" else 0
        return FeatureBlock(
            np.ascontiguousarray(np.column_stack((lines.xy_um, depth))),
            np.array(lines.offsets),
            per_feature(self.parts.atoms.index(part), count),
            per_feature(variant, count),
        )
