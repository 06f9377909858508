"""Picture, mesh and layout files made on the spot, for sources that read them."""

from io import BytesIO, StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import trimesh
from PIL import Image
from trimesh.exchange import ply, stl


def picture_file(values: Any, kind: str = "PNG", **options: Any) -> bytes:
    """A picture of an array, or of a Pillow image."""
    image = values if isinstance(values, Image.Image) else Image.fromarray(np.asarray(values))
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def ramp_picture(rows: int = 24, columns: int = 40) -> Any:
    """uint8 (rows, columns), black at the left, white at the right."""
    return np.tile(np.linspace(0, 255, columns).round().astype(np.uint8), (rows, 1))


def colour_picture() -> Any:
    """uint8 (20, 30, 3): green, red, black and dim fields."""
    values = np.zeros((20, 30, 3), np.uint8)
    values[:, :10] = (0, 255, 44)
    values[:, 10:20] = (255, 7, 0)
    values[10:, 20:] = (120, 120, 0)
    return values


def stl_file(mesh: trimesh.Trimesh) -> bytes:
    """Binary STL; float32 coordinates, every triangle for itself."""
    return bytes(stl.export_stl(mesh))


def ply_file(mesh: trimesh.Trimesh, **options: Any) -> bytes:
    """PLY with double coordinates kept as float."""
    return bytes(ply.export_ply(mesh, vertex_normal=False, **options))


def mesh_assets() -> dict[str, bytes]:
    """Meshes the contract examples name."""
    ball = trimesh.creation.icosphere(subdivisions=2, radius=10.0)
    ring = trimesh.creation.torus(10.0, 3.0, major_sections=24, minor_sections=12)
    return {"ball.stl": stl_file(ball), "ring.ply": ply_file(ring), "ring.glb": bytes(ring.export(file_type="glb"))}


def picture_assets() -> dict[str, bytes]:
    """Pictures the contract examples name."""
    return {"ramp.png": picture_file(ramp_picture()), "colours.tif": picture_file(colour_picture(), "TIFF")}


def layout_assets() -> dict[str, bytes]:
    """Drawings and layouts: a DXF with units and one without, a GDSII and an OASIS of the same cells."""
    return {"plan.dxf": plan_dxf(), "r12.dxf": plain_dxf(), **chips()}


def plan_dxf(insunits: int = 4) -> bytes:
    """Rings, a bulge, open curves, a dot, a hatch, an array of blocks and something hidden, in mm."""
    import ezdxf

    document = ezdxf.new("R2010")
    document.header["$INSUNITS"] = insunits
    document.layers.add("off").off()
    space = document.modelspace()
    cut, axes, array = ({"layer": name} for name in ("cut", "axes", "array"))
    space.add_circle((1, 1), 0.5, dxfattribs=cut)
    space.add_circle((1, 1), 0.25, dxfattribs=cut)
    space.add_lwpolyline([(2, 0, 1), (3, 0, 0), (3, 1, 0)], format="xyb", close=True, dxfattribs=cut)
    space.add_line((0, 0), (0, 2), dxfattribs=axes)
    space.add_arc((0, 0), 1, 0, 90, dxfattribs=axes)
    space.add_spline([(0, 3), (1, 4), (2, 3), (3, 3.5)], dxfattribs=axes)
    space.add_point((0.3, 0.3), dxfattribs={"layer": "fine dots"})
    space.add_line((0, 0), (9, 9), dxfattribs={"layer": "off"})
    space.add_lwpolyline([(4, 0), (5, 0), (5, 1), (4, 1)], close=True, dxfattribs={"layer": "solid"})
    block = document.blocks.new("B")
    block.add_line((0, 0), (0.1, 0))
    grid = {"column_count": 3, "row_count": 2, "column_spacing": 0.2, "row_spacing": 0.3}
    space.add_blockref("B", (5, 2), dxfattribs={**array, **grid})
    out = StringIO()
    document.write(out)
    return out.getvalue().encode()


def plain_dxf() -> bytes:
    """As drawn by programs of 1992: no units, an old polyline, a text."""
    from ezdxf.addons import r12writer

    out = StringIO()
    with r12writer(out) as drawing:
        corners = [(0, 0, 0, 0, 0), (1, 0, 0, 0, 0.5), (1, 1, 0, 0, 0)]
        drawing.add_polyline_2d(corners, format="xyseb", closed=True, layer="a b")
        drawing.add_line((0, 2), (3, 2), layer="a b")
        drawing.add_text("unread", insert=(0, 0))
    return out.getvalue().encode()


def chips() -> dict[str, bytes]:
    """A cell with a rectangle and a path, in an array and turned, as GDSII and OASIS."""
    import gdstk

    library = gdstk.Library(unit=1e-6, precision=1e-9)
    unit = library.new_cell("UNIT")
    unit.add(gdstk.rectangle((0, 0), (10, 5), layer=1))
    unit.add(gdstk.FlexPath([(0, 8), (12, 8), (12, 20)], 2, layer=2, datatype=3), gdstk.Label("unwritten", (0, 0)))
    top = library.new_cell("TOP")
    top.add(gdstk.Reference(unit, (5, 5), columns=3, rows=2, spacing=(30, 40)))
    top.add(gdstk.Reference(unit, (130, 40), rotation=0.5, magnification=2, x_reflection=True))
    found = {}
    with TemporaryDirectory() as folder:
        for name, write in (("chip.gds", library.write_gds), ("chip.oas", library.write_oas)):
            write(f"{folder}/{name}")
            found[name] = Path(f"{folder}/{name}").read_bytes()
    return found
