"""Drawings of CAD programs: DXF."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from lasercam.errors import InputError, LasercamError, Problem
from lasercam.geometry.area import Area
from lasercam.geometry.polylines import Polylines
from lasercam.model.job import Placement
from lasercam.model.protocols import SourceContext
from lasercam.sources.layout.dxf_entities import UNIT_UM, Drawing, DxfLayer, read_drawing
from lasercam.sources.layout.keys import LayoutKeys
from lasercam.sources.layout.shapes import LayerShapes, LayoutSource

_UM = {"nm": 1e-3, "um": 1.0, "mm": 1e3, "cm": 1e4, "m": 1e6, "in": 25_400.0, "mil": 25.4}


class DxfKeys(LayoutKeys):
    """Keys of a DXF drawing."""

    type: Literal["dxf"]
    unit: Literal["nm", "um", "mm", "cm", "m", "in", "mil"] | None = None
    """Of the drawing, where it says none itself ($INSUNITS)."""
    fill_rule: Literal["evenodd", "nonzero"] = "evenodd"
    """Of closed lines inside each other: `evenodd` makes every second one a hole, `nonzero` joins them."""
    ignore: Annotated[tuple[str, ...], Field(max_length=100)] = ()
    """Types of entities that are left out, such as [TEXT, DIMENSION]; others that cannot be drawn are refused."""


class Dxf(LayoutSource):
    """Layers of a DXF drawing as parts, under their names with `_` for spaces and dots.

    Closed lines are filled, or written as lines where `fill` is none; hatches and solids are filled. What stands on
    layers that are off or frozen is not written, nor is paper space.
    """

    Keys: ClassVar[type[Placement]] = DxfKeys
    summary: ClassVar[str] = "a DXF drawing, layer by layer (needs lasercam[layouts])"

    def __init__(self, keys: DxfKeys, context: SourceContext) -> None:
        content = context.asset(keys.file)
        try:
            drawing = read_drawing(content, None if keys.unit is None else _UM[keys.unit], keys.tolerance)
            notes = _notes(drawing, keys, context)
            unit_um = _UM[keys.unit] if keys.unit is not None else UNIT_UM[drawing.insunits]
            layers = _layers(drawing, unit_um, keys, context)
        except InputError:
            raise
        except LasercamError as error:
            raise InputError(Problem(f"'{keys.file}': {error}", context.locate("file"))) from error
        super().__init__(keys, context, layers, notes)


def _notes(drawing: Drawing, keys: DxfKeys, context: SourceContext) -> list[str]:
    """What is not written; refuses what the job does not leave out itself."""
    stated = UNIT_UM.get(drawing.insunits)
    if keys.unit is not None and stated is not None and stated != _UM[keys.unit]:
        text = f"'{keys.file}' is drawn in units of {stated:g} µm ($INSUNITS {drawing.insunits}), not in {keys.unit}"
        raise InputError(Problem(text, context.locate("unit"), "Leave 'unit' out, or correct the drawing."))
    refused = {kind: count for kind, count in drawing.unread.items() if kind not in keys.ignore}
    if refused:
        listed = ", ".join(f"{count:,} {kind}" for kind, count in sorted(refused.items()))
        hint = f"Convert them to lines, or leave them out: `ignore: [{', '.join(sorted(refused))}]`."
        raise InputError(Problem(f"'{keys.file}' holds what cannot be drawn: {listed}", context.locate("file"), hint))
    for kind in keys.ignore:
        if kind not in drawing.unread:
            text = f"'ignore' names {kind}, which the drawing does not hold or which is drawn"
            raise InputError(Problem(text, context.locate("ignore"), "Remove it."))
    notes = [f"{count:,} {kind} left out by `ignore`" for kind, count in sorted(drawing.unread.items())]
    if drawing.hidden:
        notes.append(f"{drawing.hidden:,} entities on layers that are off or frozen are not written")
    return notes


def _layers(drawing: Drawing, unit_um: float, keys: DxfKeys, context: SourceContext) -> dict[str, LayerShapes]:
    shapes: dict[str, LayerShapes] = {}
    for name, layer in sorted(drawing.layers.items()):
        part = "_".join(name.replace(".", " ").split()) or "0"
        if part in shapes:
            text = f"two layers of '{keys.file}' would both be the part '{part}'"
            raise InputError(Problem(text, context.locate("file"), "Rename one of them in the drawing."))
        if layer.areas and keys.fill == "none" and (keys.layers is None or part in keys.layers):
            text = f"layer '{name}' of '{keys.file}' holds hatches or solids, which are areas"
            raise InputError(Problem(text, context.locate("file"), "Give 'fill', or leave the layer out by `layers`."))
        shapes[part] = _shapes(layer, unit_um, keys)
    return shapes


def _shapes(layer: DxfLayer, unit_um: float, keys: DxfKeys) -> LayerShapes:
    if keys.fill == "none":
        lines = [points * unit_um for points in (*layer.outlines, *layer.lines)]
        return LayerShapes(Area.empty(), Polylines.from_list(lines))
    rings = Polylines.from_list([points * unit_um for points in layer.outlines])
    filled = Area.from_rings(rings, keys.fill_rule) if len(rings) else Area.empty()
    solid = Polylines.from_list([points * unit_um for points in layer.areas])
    if len(solid):
        filled = filled.union(Area.from_rings(solid, "evenodd"))
    return LayerShapes(filled, Polylines.from_list([points * unit_um for points in layer.lines]))
