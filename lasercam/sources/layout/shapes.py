"""What a layout holds, layer by layer, and the features it becomes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lasercam.errors import InputError, Problem, name_problem
from lasercam.geometry.area import Area
from lasercam.geometry.polylines import Polylines
from lasercam.model.feature import MAX_COORDINATE_UM, FeatureBlock, Parts, per_feature, tiles
from lasercam.model.feature import parts as named_parts
from lasercam.model.protocols import MAX_TILE_ROWS, SourceContext
from lasercam.sources.fill import fill_area
from lasercam.sources.layout.keys import LayoutKeys


@dataclass(frozen=True, eq=False)
class LayerShapes:
    """One layer of a layout, µm.

    Attributes:
        area: everything closed on it.
        lines: what is open, and dots.
    """

    area: Area
    lines: Polylines


class LayoutSource:
    """Layers of a file as parts: areas filled or outlined, lines and dots as they are."""

    def __init__(
        self, keys: LayoutKeys, context: SourceContext, layers: Mapping[str, LayerShapes], notes: Sequence[str]
    ) -> None:
        self._keys = keys
        self._notes = tuple(notes)
        chosen = _chosen(keys, context, layers)
        shift = _shift(keys, context, chosen)
        self._layers = {name: _moved(shapes, shift) for name, shapes in chosen.items()}
        called = [keys.names.get(name, name) for name in self._layers]
        self._parts = named_parts(called)
        self._written: list[FeatureBlock] | None = None

    @property
    def parts(self) -> Parts:
        """One for each layer."""
        return self._parts

    @property
    def notes(self) -> tuple[str, ...]:
        """What there is on the layers, and what is not written."""
        held = [f"{name}: {_told(shapes)}" for name, shapes in self._layers.items()]
        return (*held, *self._notes)

    def features(self, max_rows: int = MAX_TILE_ROWS) -> Iterator[FeatureBlock]:
        """All layers, one after the other; they lie in one plane.

        Raises:
            PatternError: the fill has too many lines.
        """
        if self._written is None:
            self._written = [self._block(number, shapes) for number, shapes in enumerate(self._layers.values())]
        for block in self._written:
            yield from tiles(block, max_rows)

    def area(self) -> Area | None:
        """Everything closed; None where lines are written that lie outside of it."""
        if any(len(shapes.lines) for shapes in self._layers.values()):
            return None
        return Area.union_of(shapes.area for shapes in self._layers.values())

    def _block(self, number: int, shapes: LayerShapes) -> FeatureBlock:
        keys = self._keys
        closed = [] if shapes.area.is_empty else [fill_area(shapes.area, keys)]
        if not shapes.area.is_empty and (keys.fill == "none" or keys.outline):
            closed.append(shapes.area.rings())
        lines = Polylines.concatenate([*closed, shapes.lines])
        xyz = np.column_stack((lines.xy_um, np.zeros(len(lines.xy_um))))
        count = len(lines)
        return FeatureBlock(
            np.ascontiguousarray(xyz), np.array(lines.offsets), per_feature(number, count), per_feature(0, count)
        )


def _told(shapes: LayerShapes) -> str:
    closed = f"{len(shapes.area.pieces()):,} area(s) of {shapes.area.area_um2:,.6g} µm²"
    told = [] if shapes.area.is_empty else [closed]
    return " and ".join([*told, f"{len(shapes.lines):,} line(s) or dot(s)"] if len(shapes.lines) else told)


def _chosen(keys: LayoutKeys, context: SourceContext, layers: Mapping[str, LayerShapes]) -> dict[str, LayerShapes]:
    """The layers that are written; every name in the keys is one of them."""
    for key, wanted in (("layers", keys.layers or ()), ("names", keys.names)):
        for name in wanted:
            if name not in layers:
                raise InputError(name_problem("layer", name, list(layers), context.locate(key)))
    chosen = {name: layers[name] for name in layers if keys.layers is None or name in keys.layers}
    if not chosen:
        raise InputError(Problem(f"'{keys.file}' holds nothing that can be written", context.locate("file")))
    return chosen


def _shift(keys: LayoutKeys, context: SourceContext, layers: Mapping[str, LayerShapes]) -> tuple[float, float]:
    boxes = [shapes.area.bounds_um() for shapes in layers.values() if not shapes.area.is_empty]
    boxes += [
        (*shapes.lines.xy_um.min(axis=0), *shapes.lines.xy_um.max(axis=0))
        for shapes in layers.values()
        if len(shapes.lines)
    ]
    low = np.min(np.array(boxes)[:, :2], axis=0)
    reach = float(np.abs(np.array(boxes)).max())
    if reach > MAX_COORDINATE_UM / 2:
        text = f"'{keys.file}' reaches {reach:.3g} µm; at most {MAX_COORDINATE_UM / 2:g} µm are allowed"
        raise InputError(Problem(text, context.locate("file"), "Check its unit."))
    return (-float(low[0]), -float(low[1])) if keys.origin == "corner" else (0.0, 0.0)


def _moved(shapes: LayerShapes, shift: tuple[float, float]) -> LayerShapes:
    if shift == (0.0, 0.0):
        return shapes
    matrix = np.array([[1.0, 0.0, shift[0]], [0.0, 1.0, shift[1]]])
    lines = shapes.lines.transform(matrix) if len(shapes.lines) else shapes.lines
    return LayerShapes(shapes.area.transform(matrix), lines)
