"""A mesh file as triangles. The one module that imports trimesh."""

import json
import logging
import re
import struct
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from importlib.util import find_spec
from io import BytesIO
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import PatternError, shorten

MAX_TRIANGLES = 10_000_000
"""Triangles of one file, instances counted."""
MAX_UNPACKED_BYTES = 1 << 30
"""What a 3MF file may unpack to."""
MAX_NESTING = 32
MAX_INSTANCES = 100_000
_OBJECTS = re.compile(rb"<(?:\w+:)?(object|component)\s(?:[^>]*?\s)?(?:id|objectid)\s*=\s*[\"']([^\"']*)[\"']")
MERGE_STEPS = 1e8
"""Vertices nearer than the longest side over this are one; textures and normals do not keep them apart."""

FORMATS = ("stl", "obj", "ply", "3mf", "glb")
_UNITLESS = ("stl", "obj", "ply")
_UM = {
    "nm": 1e-3, "um": 1.0, "mm": 1e3, "cm": 1e4, "m": 1e6, "in": 25.4e3, "micron": 1.0, "millimeter": 1e3,
    "millimeters": 1e3, "centimeter": 1e4, "inch": 25.4e3, "foot": 304.8e3, "meter": 1e6, "meters": 1e6,
}  # fmt: skip
"""µm per unit of a job file, of 3MF (core specification, 3.4.1) and of glTF (metres)."""
# trimesh and the parsers below it raise any of these on damaged files.
_DAMAGED = (
    ValueError, KeyError, IndexError, TypeError, AttributeError, NotImplementedError, EOFError, OSError, SyntaxError,
    OverflowError, ZeroDivisionError, StopIteration, AssertionError, RecursionError, MemoryError, RuntimeError,
    NameError, ImportError, struct.error, zlib.error, zipfile.BadZipFile, Warning, np.exceptions.AxisError,
)  # fmt: skip


_SILENT = logging.NullHandler()


@dataclass(frozen=True, eq=False)
class MeshFile:
    """Triangles of a file.

    Attributes:
        vertices: float64 (V, 3), in the file's unit; finite.
        faces: int64 (F, 3), indices into vertices.
        um_per_unit: the file's own unit; None when the format has none.
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int64]
    um_per_unit: float | None


def um_per_unit(unit: str) -> float:
    """µm per unit.

    >>> um_per_unit("mm")
    1000.0
    """
    return _UM[unit]


def read_mesh(content: bytes, name: str) -> MeshFile:
    """The triangles of a file, all bodies and instances together, equal vertices merged.

    Args:
        content: the file.
        name: its name; the suffix says what it is.

    Raises:
        PatternError: not a mesh file, damaged, empty, too large, or with coordinates that are not finite; names it.
    """
    shown, suffix = shorten(name), PurePosixPath(name).suffix.lower().removeprefix(".")
    if suffix not in FORMATS:
        raise PatternError(f"'{shown}' is no mesh file that can be read; give {', '.join(FORMATS)}")
    if not content:
        raise PatternError(f"the file '{shown}' is empty; export the mesh again")
    try:
        _refuse_bomb(content, suffix, shown)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", DeprecationWarning)  # NumPy's answer to text that breaks off
            pieces, unit = _load_3mf(content) if suffix == "3mf" else _load(_as_utf8(content, suffix), suffix)
    except PatternError:
        raise
    except _DAMAGED as error:
        what = shorten(f"{type(error).__name__}: {error}", 160)
        raise PatternError(f"the mesh '{shown}' is damaged ({what}); export it again") from error
    return _joined(pieces, shown, None if suffix in _UNITLESS else unit)


def _as_utf8(content: bytes, suffix: str) -> bytes:
    """Text files in UTF-8: names and comments may be in any encoding, and only they are not ASCII."""
    binary_stl = suffix == "stl" and len(content) == 84 + 50 * int.from_bytes(content[80:84], "little")
    if suffix == "glb" or binary_stl or (suffix == "ply" and b"format ascii" not in content[:4096]):
        return content
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1").encode("utf-8")
    return content


Piece = tuple[NDArray[np.float64], NDArray[np.int64]]


def _load(content: bytes, suffix: str) -> tuple[list[Piece], float | None]:
    import trimesh

    # What it says of a damaged file, tracebacks included, must not reach the terminal beside our own message.
    logging.getLogger("trimesh").addHandler(_SILENT)
    # Vertices stay as they are stored: merging, and what it changes, is decided below.
    scene = trimesh.load_scene(BytesIO(content), file_type=suffix, process=False)
    pieces: list[Piece] = []
    for node in scene.graph.nodes_geometry:
        matrix, key = scene.graph[node]
        geometry = scene.geometry[key]
        if isinstance(geometry, trimesh.Trimesh):
            pieces.append(_placed(geometry.vertices, geometry.faces, matrix))
            _refuse_many(pieces)
    return pieces, um_per_unit("m") if suffix == "glb" else None


def _load_3mf(content: bytes) -> tuple[list[Piece], float | None]:
    if find_spec("networkx") is None or find_spec("lxml") is None:
        raise PatternError("3MF files need the packages networkx and lxml; install them, or export as STL, PLY or GLB")
    from trimesh.exchange import threemf

    logging.getLogger("trimesh").addHandler(_SILENT)
    # Not through a scene: it renames, and so may lose, bodies called alike.
    read: Any = threemf.load_3MF
    loaded = read(BytesIO(content), postprocess=False)
    pieces: list[Piece] = []
    for instance in loaded["graph"]:
        mesh = loaded["geometry"].get(instance["geometry"])
        if mesh is not None:
            pieces.append(_placed(mesh["vertices"], mesh["faces"], instance["matrix"]))
            _refuse_many(pieces)
    unit = str(loaded["metadata"]["units"])
    if unit not in _UM:
        raise PatternError(f"the 3MF file counts in '{shorten(unit)}', which is no unit of its specification")
    return pieces, um_per_unit(unit)


def _placed(vertices: Any, faces: Any, matrix: Any) -> Piece:
    points = np.asarray(vertices, dtype=np.float64).reshape(-1, 3)
    corners = np.asarray(faces, dtype=np.int64).reshape(-1, 3)
    if len(corners) and not (int(corners.min()) >= 0 and int(corners.max()) < len(points)):
        raise PatternError(f"a triangle names vertex {int(corners.max()):,} of {len(points):,}; export the mesh again")
    placement = np.asarray(matrix, dtype=np.float64)
    if not np.array_equal(placement, np.eye(4)):
        points = np.stack([points @ row[:3] + row[3] for row in placement[:3]], axis=1)
        if np.linalg.det(placement[:3, :3]) < 0.0:  # a mirrored instance would be inside out
            corners = corners[:, ::-1]
    return points, corners


def _refuse_many(pieces: list[Piece]) -> None:
    total = sum(len(faces) for _, faces in pieces)
    if total > MAX_TRIANGLES:
        raise PatternError(f"the mesh has more than {MAX_TRIANGLES:,} triangles; simplify it")


def _joined(pieces: list[Piece], name: str, unit: float | None) -> MeshFile:
    starts = np.cumsum([0, *(len(points) for points, _ in pieces)])
    faces = [corners + start for (_, corners), start in zip(pieces, starts, strict=False)]
    corners = np.concatenate([np.zeros((0, 3), np.int64), *faces])
    points = np.concatenate([np.zeros((0, 3)), *(points for points, _ in pieces)])
    if not len(corners):
        raise PatternError(f"the mesh '{name}' holds no triangles; export it as a mesh of triangles")
    used = np.zeros(len(points), np.bool_)
    used[corners.reshape(-1)] = True
    wrong = int((~np.isfinite(points[used]).all(axis=1)).sum())
    if wrong:
        raise PatternError(f"{wrong:,} vertices of '{name}' are not finite numbers; export the mesh again")
    if float(np.abs(points[used]).max()) > 1e100:
        raise PatternError(f"coordinates of '{name}' reach {float(np.abs(points[used]).max()):.3g}; check its unit")
    points[~used] = 0.0
    return MeshFile(*_merged(points, corners), unit)


def _merged(points: NDArray[np.float64], faces: NDArray[np.int64]) -> Piece:
    """Equal vertices as one, triangles without extent left out, unused vertices too.

    STL files repeat every vertex in every triangle, others wherever a texture has a seam; only merged vertices tell
    which triangles are neighbours.
    """
    extent = float(np.ptp(points[faces.reshape(-1)], axis=0).max()) or 1.0
    low = points[faces.reshape(-1)].min(axis=0)
    places = np.rint((points - low) / extent * MERGE_STEPS).clip(-(2.0**62), 2.0**62).astype(np.int64)
    _, first, inverse = np.unique(_mixed(places), return_index=True, return_inverse=True)
    inverse = inverse.reshape(-1)
    if not np.array_equal(places[first[inverse]], places):  # two places with one number, once in a blue moon
        _, first, inverse = np.unique(places, axis=0, return_index=True, return_inverse=True)
        inverse = inverse.reshape(-1)
    corners = inverse[faces]
    a, b, c = corners.T
    corners = corners[(a != b) & (b != c) & (c != a)]
    used = np.zeros(len(first), np.bool_)
    used[corners.reshape(-1)] = True
    number = np.cumsum(used) - 1
    return points[first[used]], np.ascontiguousarray(number[corners])


def _mixed(places: NDArray[np.int64]) -> NDArray[np.uint64]:
    """One number for three: uint64 (V,). Odd multipliers of no meaning, wrapping around."""
    x, y, z = places.astype(np.uint64).T
    mixed = x * np.uint64(0x9E3779B97F4A7C15) + y * np.uint64(0xC2B2AE3D27D4EB4F) + z * np.uint64(0x165667B19E3779F9)
    hashed: NDArray[np.uint64] = mixed ^ (mixed >> np.uint64(31))
    return hashed


def _refuse_bomb(content: bytes, suffix: str, name: str) -> None:
    """Refuse files whose heads promise far more than the file can hold."""
    if suffix == "3mf":
        with zipfile.ZipFile(BytesIO(content)) as archive:
            total = sum(entry.file_size for entry in archive.infolist())
            if total > MAX_UNPACKED_BYTES:
                raise PatternError(f"'{name}' unpacks to {total / 2**20:,.0f} MiB; at most 1,024 are allowed")
            for entry in archive.infolist():
                if entry.filename.lower().endswith(".model"):
                    _refuse_nesting(archive.read(entry), name)
    elif suffix == "stl":
        count = int.from_bytes(content[80:84], "little")
        if len(content) != 84 + 50 * count and b"facet" not in content[:65536].lower():
            raise PatternError(f"'{name}' promises {count:,} triangles, which its {len(content):,} bytes do not hold")
    elif suffix == "ply":
        head = content[: content.find(b"end_header") + 1][:65536]
        counts = [int(n[:18]) for n in re.findall(rb"element\s+\w+\s+(\d+)", head)]
        if any(count > len(content) for count in counts):
            raise PatternError(f"'{name}' promises {max(counts):,} elements in {len(content):,} bytes; it is damaged")
    elif suffix == "glb":
        _refuse_glb_bomb(content, name)


def _refuse_nesting(model: bytes, name: str) -> None:
    """Refuse objects made of objects made of objects until nobody can hold them, or of themselves."""
    owner = b""
    inside: dict[bytes, list[bytes]] = {owner: []}
    for tag, number in _OBJECTS.findall(model):
        if tag == b"object":
            owner = number
            inside[owner] = []
        else:
            inside[owner].append(number)
    copies = dict.fromkeys(inside, 1)
    for _ in range(MAX_NESTING):
        before = copies
        copies = {one: 1 + sum(before.get(other, 0) for other in others) for one, others in inside.items()}
        if max(copies.values(), default=0) > MAX_INSTANCES:
            raise PatternError(f"objects of '{name}' make more than {MAX_INSTANCES:,} copies of each other; flatten it")
        if copies == before:
            return
    raise PatternError(f"objects of '{name}' are nested more than {MAX_NESTING} deep, or in each other; flatten it")


def _refuse_glb_bomb(content: bytes, name: str) -> None:
    if len(content) < 20 or content[:4] != b"glTF":
        raise PatternError(f"'{name}' is not a binary glTF file (GLB); export it as one")
    tree = json.loads(content[20 : 20 + int.from_bytes(content[12:16], "little")])
    counts = [int(accessor.get("count", 0)) for accessor in tree.get("accessors", ())]
    if sum(counts) > 10 * MAX_TRIANGLES or any(count < 0 for count in counts):
        raise PatternError(f"'{name}' promises {sum(counts):,} values; simplify the mesh")
    children = [child for node in tree.get("nodes", ()) for child in node.get("children", ())]
    if len(set(children)) < len(children):
        raise PatternError(f"a node of '{name}' hangs below two others, which glTF forbids; export it again")
