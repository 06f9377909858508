"""Entities of a DXF drawing as lines, closed outlines and dots. The one module that imports ezdxf."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import atan, ceil, cos, hypot, pi, sin
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import PatternError, shorten

MAX_VERTICES = 10_000_000
"""Of the whole drawing, blocks inserted: 160 MB."""
UNIT_UM = {
    1: 25_400.0, 2: 304_800.0, 4: 1e3, 5: 1e4, 6: 1e6, 8: 0.0254, 9: 25.4, 11: 1e-4, 12: 1e-3, 13: 1.0, 14: 1e5,
}  # fmt: skip
"""µm of the units a drawing can be in, by its $INSUNITS. Source: DXF reference, header variable $INSUNITS."""
NEVER_DRAWN = frozenset({"ATTDEF", "ATTRIB", "VIEWPORT"})
"""Entities that show nothing by themselves."""
FLAT_UM = 1e-3
"""Heights up to which a drawing counts as flat."""

FloatArray = NDArray[np.float64]


@dataclass
class DxfLayer:
    """What stands on one layer, in the drawing's unit.

    Attributes:
        outlines: closed lines.
        areas: boundaries of hatches and solids, which have no outline of their own.
        lines: open lines, and dots of one vertex.
    """

    outlines: list[FloatArray] = field(default_factory=list)
    areas: list[FloatArray] = field(default_factory=list)
    lines: list[FloatArray] = field(default_factory=list)


@dataclass
class Drawing:
    """A drawing that was read.

    Attributes:
        insunits: its unit, by number; 0 where it says none.
        layers: by name, in the order in which they are met.
        unread: entities that are not drawn, by type.
        hidden: entities on layers that are off or frozen.
    """

    insunits: int = 0
    layers: dict[str, DxfLayer] = field(default_factory=dict)
    unread: Counter[str] = field(default_factory=Counter)
    hidden: int = 0


def read_drawing(content: bytes, unit_um: float | None, tolerance_um: float) -> Drawing:
    """The model space of a DXF file, blocks inserted, curves in straight pieces.

    Args:
        content: the file.
        unit_um: of the drawing, where the job says it.
        tolerance_um: how far straight pieces may lie off curves.

    Raises:
        PatternError: not a DXF file, damaged, without a unit, not flat, too large, or ezdxf is not installed.
    """
    try:
        import ezdxf
    except ImportError as error:
        raise PatternError("reading DXF needs ezdxf; install it with `pip install 'lasercam[layouts]'`") from error
    try:
        document = _document(ezdxf, content)
        # ezdxf invents metres for files that name no unit.
        insunits = int(document.header.get("$INSUNITS", 0)) if b"$INSUNITS" in content else 0
        scale = unit_um if unit_um is not None else UNIT_UM.get(insunits)
        if scale is None:
            found = f"its $INSUNITS is {insunits}" if insunits else "it says no unit ($INSUNITS)"
            raise PatternError(f"the drawing's unit is not known: {found}; give 'unit', such as mm")
        return _Reader(document, insunits, tolerance_um / scale, FLAT_UM / scale).drawing()
    except PatternError:
        raise
    except RecursionError as error:
        raise PatternError("blocks of the drawing hold themselves") from error
    except Exception as error:  # a damaged file may fail anywhere inside
        text = shorten(f"{type(error).__name__}: {error}", 160)
        raise PatternError(f"the file is no DXF, or damaged: {text}") from error


def _document(ezdxf: Any, content: bytes) -> Any:
    """The document, as it stands: nothing is repaired."""
    with TemporaryDirectory(prefix="lasercam-layout-") as folder:
        path = Path(folder) / "drawing.dxf"
        path.write_bytes(content)
        return ezdxf.readfile(path)


class _Reader:
    """Walks through the entities; lengths in the drawing's unit."""

    def __init__(self, document: Any, insunits: int, tolerance: float, flat: float) -> None:
        self._document, self._tolerance, self._flat = document, tolerance, flat
        self._drawing = Drawing(insunits)
        self._n_vertices = 0
        self._hidden = {layer.dxf.name.casefold() for layer in document.layers if layer.is_off() or layer.is_frozen()}

    def drawing(self) -> Drawing:
        """Everything in model space."""
        for entity in self._entities(self._document.modelspace(), "0", 0):
            layer, one = entity
            if layer.casefold() in self._hidden:
                self._drawing.hidden += 1
                continue
            self._add(layer, one)
        return self._drawing

    def _entities(self, holder: Any, layer: str, depth: int) -> Iterator[tuple[str, Any]]:
        """Entities with the layer they are on; inserted ones that stand on layer 0 take that of the insert."""
        if depth > 40:
            raise PatternError("blocks are nested deeper than 40 levels, or hold themselves")
        for entity in holder:
            kind = entity.dxftype()
            own = str(entity.dxf.get("layer", "0"))
            on = layer if own == "0" and depth else own
            if kind != "INSERT":
                yield on, entity
                continue
            self._refuse_many(max(1, entity.mcount))
            for single in entity.multi_insert() if entity.mcount > 1 else (entity,):
                yield from self._entities(single.virtual_entities(), on, depth + 1)

    def _refuse_many(self, more: int) -> None:
        self._n_vertices += more
        if self._n_vertices > MAX_VERTICES:
            raise PatternError(
                f"the drawing has more than {MAX_VERTICES:,} vertices with all its copies; let the job's `array` repeat"
                " a smaller drawing"
            )

    def _add(self, layer: str, entity: Any) -> None:
        kind = entity.dxftype()
        drawn = _DRAWN.get(kind)
        if drawn is None:
            if kind not in NEVER_DRAWN:
                self._drawing.unread[kind] += 1
            return
        for what, points in drawn(entity, self._tolerance):
            self._refuse_many(len(points))
            if points.shape[1] == 3:
                if not np.abs(points[:, 2]).max(initial=0.0) <= self._flat:
                    raise PatternError(
                        f"a {kind} on layer '{shorten(layer)}' leaves the plane z = 0; lay the drawing flat"
                    )
                points = np.ascontiguousarray(points[:, :2])
            if not np.isfinite(points).all():
                raise PatternError(f"a {kind} on layer '{shorten(layer)}' has a coordinate that is no finite number")
            shapes = self._drawing.layers.setdefault(layer, DxfLayer())
            getattr(shapes, what).append(points)


def _vertices(points: Any) -> FloatArray:
    return np.array([tuple(p)[:3] for p in points], np.float64).reshape(-1, 3)


def _loop(points: FloatArray) -> FloatArray:
    return points if (points[0] == points[-1]).all() else np.concatenate([points, points[:1]])


def _line(entity: Any, _: float) -> Iterator[tuple[str, FloatArray]]:
    yield "lines", _vertices([entity.dxf.start, entity.dxf.end])


def _point(entity: Any, _: float) -> Iterator[tuple[str, FloatArray]]:
    yield "lines", _vertices([entity.dxf.location])


def _circle(entity: Any, tolerance: float) -> Iterator[tuple[str, FloatArray]]:
    if entity.dxf.radius <= 0:
        raise PatternError(f"a circle has the radius {entity.dxf.radius:g}")
    yield "outlines", _loop(_vertices(entity.flattening(_sagitta(entity.dxf.radius, tolerance))))


def _arc(entity: Any, tolerance: float) -> Iterator[tuple[str, FloatArray]]:
    if entity.dxf.radius <= 0:
        raise PatternError(f"an arc has the radius {entity.dxf.radius:g}")
    yield "lines", _vertices(entity.flattening(_sagitta(entity.dxf.radius, tolerance)))


def _sagitta(radius: float, tolerance: float) -> float:
    """No coarser than 16 corners a turn. Source: sagitta of a chord over the angle h, r (1 - cos(h / 2))."""
    return min(tolerance, radius * (1.0 - cos(pi / 16)))


def _curve(entity: Any, tolerance: float) -> Iterator[tuple[str, FloatArray]]:
    points = _vertices(entity.flattening(tolerance))
    closed = len(points) > 3 and hypot(*(points[0] - points[-1])[:2]) < tolerance * 1e-3
    if closed:
        points[-1] = points[0]
    yield ("outlines" if closed else "lines"), points


def _polyline(entity: Any, tolerance: float) -> Iterator[tuple[str, FloatArray]]:
    if entity.dxftype() == "LWPOLYLINE":
        corners = [(x, y, b) for x, y, b in entity.get_points("xyb")]
        closed, height = bool(entity.closed), float(entity.dxf.get("elevation", 0.0))
    else:
        if not entity.is_2d_polyline:
            if entity.is_3d_polyline:
                points = _vertices(entity.points())
                yield ("outlines", _loop(points)) if entity.is_closed else ("lines", points)
                return
            raise PatternError("a POLYLINE is a mesh; draw its outline")
        corners = [(v.dxf.location.x, v.dxf.location.y, v.dxf.get("bulge", 0.0)) for v in entity.vertices]
        closed, height = bool(entity.is_closed), float(entity.dxf.get("elevation", (0, 0, 0))[2])
    if not corners:
        return
    flat = np.array(list(_bulged(corners, closed=closed, tolerance=tolerance)))
    points = _vertices(entity.ocs().points_to_wcs([(x, y, height) for x, y in flat]))
    closed = closed or (len(points) > 3 and bool((points[0] == points[-1]).all()))
    yield ("outlines", _loop(points)) if closed and len(points) > 2 else ("lines", points)


def _bulged(
    corners: list[tuple[float, float, float]], *, closed: bool, tolerance: float
) -> Iterator[tuple[float, float]]:
    """Corners, with arcs where the bulge is not 0. Source: DXF reference, bulge = tan(angle / 4), left of the chord."""
    ends = [*corners[1:], corners[0]] if closed else corners[1:]
    for (x, y, bulge), (to_x, to_y, _) in zip(corners, ends, strict=False):
        yield x, y
        chord = hypot(to_x - x, to_y - y)
        if bulge == 0.0 or chord == 0.0:
            continue
        angle = 4.0 * atan(bulge)
        radius = chord / (2.0 * abs(sin(angle / 2.0)))
        share = min(_sagitta(radius, tolerance) / radius, 1.0)
        pieces = max(2, ceil(abs(angle) / (2.0 * float(np.arccos(1.0 - share)))))
        away = (1.0 - bulge * bulge) / (4.0 * bulge)  # from the chord's middle to the centre, in chords, to the left
        centre_x = (x + to_x) / 2.0 - away * (to_y - y)
        centre_y = (y + to_y) / 2.0 + away * (to_x - x)
        first = float(np.arctan2(y - centre_y, x - centre_x))
        for i in range(1, pieces):
            turned = first + angle * i / pieces
            yield centre_x + radius * cos(turned), centre_y + radius * sin(turned)
    if not closed:
        yield corners[-1][:2]


def _solid(entity: Any, _: float) -> Iterator[tuple[str, FloatArray]]:
    corners = _vertices(entity.wcs_vertices())
    yield "areas", _loop(corners)


def _hatch(entity: Any, tolerance: float) -> Iterator[tuple[str, FloatArray]]:
    from ezdxf import path

    for boundary in path.from_hatch(entity):
        yield "areas", _loop(_vertices(boundary.flattening(tolerance / 4.0)))


_DRAWN = {
    "LINE": _line, "POINT": _point, "CIRCLE": _circle, "ARC": _arc, "ELLIPSE": _curve, "SPLINE": _curve,
    "LWPOLYLINE": _polyline, "POLYLINE": _polyline, "SOLID": _solid, "TRACE": _solid, "HATCH": _hatch,
    "MPOLYGON": _hatch,
}  # fmt: skip
"""Entities that are drawn, by type; each gives what it is (a list of DxfLayer) and vertices."""
