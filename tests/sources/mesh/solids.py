"""Meshes with a known inside, and the slow, independent judge of what is inside any mesh."""

import numpy as np
import trimesh
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def winding_numbers(triangles: FloatArray, points: FloatArray) -> FloatArray:
    """Turns of a mesh around each point, from solid angles: float64 (N,).

    Source: A. van Oosterom, J. Strackee, "The solid angle of a plane triangle", 10.1109/TBME.1983.325207.
    """
    total = np.zeros(len(points))
    for tri in triangles:
        a, b, c = (corner - points for corner in tri)
        la, lb, lc = (np.linalg.norm(v, axis=1) for v in (a, b, c))
        volume = np.einsum("ij,ij->i", a, np.cross(b, c))
        dots = [np.einsum("ij,ij->i", p, q) for p, q in ((a, b), (b, c), (c, a))]
        total += 2.0 * np.arctan2(volume, la * lb * lc + dots[0] * lc + dots[1] * la + dots[2] * lb)
    return total / (4.0 * np.pi)


def ball(
    radius: float = 10.0, at: tuple[float, float, float] = (0.0, 0.0, 0.0), subdivisions: int = 3
) -> trimesh.Trimesh:
    """A sphere of triangles."""
    mesh = trimesh.creation.icosphere(subdivisions=subdivisions, radius=radius)
    mesh.apply_translation(at)
    return mesh


def box(size: tuple[float, float, float], at: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> trimesh.Trimesh:
    """A box with its lowest corner somewhere."""
    mesh = trimesh.creation.box(size)
    mesh.apply_translation(np.array(at) + np.array(size) / 2.0)
    return mesh


def ring() -> trimesh.Trimesh:
    """A torus of radii 10 and 3."""
    return trimesh.creation.torus(10.0, 3.0, major_sections=48, minor_sections=24)


def without(mesh: trimesh.Trimesh, *faces: int) -> trimesh.Trimesh:
    """The mesh with holes."""
    keep = np.ones(len(mesh.faces), np.bool_)
    keep[list(faces)] = False
    return trimesh.Trimesh(mesh.vertices, mesh.faces[keep], process=False)


def together(*meshes: trimesh.Trimesh) -> trimesh.Trimesh:
    """Several bodies in one file."""
    starts = np.cumsum([0, *(len(m.vertices) for m in meshes)])
    faces = [m.faces + s for m, s in zip(meshes, starts, strict=False)]
    return trimesh.Trimesh(np.concatenate([m.vertices for m in meshes]), np.concatenate(faces), process=False)
