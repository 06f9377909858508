"""Picture and mesh files made on the spot, for sources that read them."""

from io import BytesIO
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
