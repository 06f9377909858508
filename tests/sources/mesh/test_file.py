"""Mesh files: what is read, what is merged, what is refused by name; holes counted."""

import importlib.util
import io
import json
import struct
import zipfile

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st

from lasercam.errors import PatternError
from lasercam.sources.mesh.file import read_mesh
from lasercam.sources.mesh.topology import components, examine
from tests.sources.mesh.solids import ball, box, ring, together, without
from tests.support.assets import ply_file, stl_file

BALL = ball(subdivisions=2)
FILES: dict[str, bytes] = {
    "a.stl": stl_file(BALL),
    "a.STL": trimesh.exchange.stl.export_stl_ascii(BALL).encode(),
    "a.ply": ply_file(BALL),
    "b.ply": ply_file(BALL, encoding="ascii"),
    "a.obj": BALL.export(file_type="obj").encode(),
    "a.glb": bytes(BALL.export(file_type="glb")),
}
needs_3mf = pytest.mark.skipif(importlib.util.find_spec("networkx") is None, reason="3MF needs networkx")


def zipped(**files: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name.replace("_", "/", 1).replace("_", "."), text)
    return stream.getvalue()


def model_3mf(objects: str, unit: str = "millimeter") -> bytes:
    space = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
    build = '<build><item objectid="1"/></build>'
    body = f'<model unit="{unit}" xmlns="{space}"><resources>{objects}</resources>{build}</model>'
    return zipped(**{"3D_3dmodel_model": body})


def object_3mf(mesh: trimesh.Trimesh) -> str:
    vertices = "".join('<vertex x="{:.6f}" y="{:.6f}" z="{:.6f}"/>'.format(*v) for v in mesh.vertices)
    faces = "".join('<triangle v1="{}" v2="{}" v3="{}"/>'.format(*f) for f in mesh.faces)
    return f'<object id="1"><mesh><vertices>{vertices}</vertices><triangles>{faces}</triangles></mesh></object>'


def glb(tree: dict[str, object]) -> bytes:
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    return struct.pack("<4sIII4s", b"glTF", 2, 20 + len(text), len(text), b"JSON") + text


@pytest.mark.parametrize("name", FILES)
def test_every_format_gives_the_same_closed_body(name: str) -> None:
    file = read_mesh(FILES[name], name)
    assert len(file.faces) == len(BALL.faces)
    assert len(file.vertices) == len(BALL.vertices)
    assert np.allclose(file.vertices.max(axis=0), 10.0, atol=0.5)
    signed = np.einsum(
        "ij,ij->i", file.vertices[file.faces[:, 0]], np.cross(*file.vertices[file.faces[:, 1:]].swapaxes(0, 1))
    )
    assert signed.sum() / 6.0 == pytest.approx(BALL.volume, rel=1e-4)
    assert file.um_per_unit == (1e6 if name.endswith("glb") else None)
    assert examine(file.vertices, file.faces).is_closed


@pytest.mark.parametrize("name", ["a.obj", "a.STL", "b.ply"])
def test_comments_in_any_encoding(name: str) -> None:
    first, rest = FILES[name].split(b"\n", 1)
    named = {"a.obj": b"# \xfc\n" + FILES[name], "a.STL": b"solid \xfc\n" + rest}
    content = named.get(name, FILES[name].replace(b"end_header", b"comment \xfc\nend_header"))
    assert first
    assert len(read_mesh(content, name).faces) == len(BALL.faces)


@needs_3mf
@pytest.mark.parametrize(("unit", "um"), [("millimeter", 1e3), ("micron", 1.0), ("inch", 25400.0)])
def test_3mf_knows_its_unit(unit: str, um: float) -> None:
    file = read_mesh(model_3mf(object_3mf(box((2.0, 3.0, 4.0))), unit), "a.3mf")
    assert file.um_per_unit == um
    assert file.vertices.max(axis=0).tolist() == [2.0, 3.0, 4.0]


def test_instances_are_placed_and_mirrored_ones_stay_outside_out() -> None:
    scene = trimesh.Scene()
    for matrix in (np.eye(4), np.diag([-1.0, 1.0, 1.0, 1.0])):
        placed = matrix.copy()
        placed[0, 3] = 5.0 * len(scene.graph.nodes_geometry)
        scene.add_geometry(box((1.0, 1.0, 1.0)), geom_name="one", transform=placed)
    file = read_mesh(bytes(scene.export(file_type="glb")), "a.glb")
    assert len(file.faces) == 24
    corner = file.vertices[file.faces]
    volume = np.einsum("ij,ij->i", corner[:, 0], np.cross(corner[:, 1], corner[:, 2])).sum() / 6.0
    assert volume == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.stl", b"", "'a.stl' is empty"),
        ("a.step", b"x", "give stl, obj, ply, 3mf, glb"),
        ("a", b"x", "give stl, obj, ply, 3mf, glb"),
        ("a.stl", b"\0" * 84, "'a.stl'"),
        ("a.stl", FILES["a.stl"][:-20], "'a.stl' promises 320 triangles"),
        ("a.stl", b"\0" * 80 + struct.pack("<I", 1) + struct.pack("<12fH", *([float("nan")] * 12), 0), "not finite"),
        ("a.obj", b"v 0 0 0\nv 1 0 0\n", "'a.obj'"),
        ("a.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n", "'a.obj'|vertex"),
        ("a.obj", b"v 0 0 0\nv 1e200 0 0\nv 0 1 0\nf 1 2 3\n", "reach 1e\\+200"),
        ("a.ply", b"ply\nformat ascii 1.0\nelement vertex 999999999999\nproperty float x\nend_header\n", "promises"),
        ("a.ply", b"no mesh at all", "'a.ply' is damaged"),
        ("a.glb", b"glTF", "not a binary glTF"),
        ("a.glb", glb({"accessors": [{"count": 10**12}]}), "promises"),
        ("a.glb", glb({"nodes": [{"children": [1, 2]}, {"children": [2]}, {}]}), "hangs below two"),
        ("a.3mf", b"PK", "'a.3mf' is damaged"),
        ("a.3mf", model_3mf('<object id="1"><components><component objectid="1"/></components></object>'), "nested"),
        (
            "a.3mf",
            model_3mf('<object id="0"/>' + "".join(
                f'<object id="{k}"><component objectid="{k - 1}"/><component x="1" objectid="{k - 1}"/></object>'
                for k in range(1, 31)
            )),
            "copies of each other",
        ),
        ("a.3mf", zipped(**{"3D_3dmodel_model": " " * ((1 << 30) + 1)}), "unpacks to"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(name: str, content: bytes, message: str) -> None:
    with pytest.raises(PatternError, match=message):
        read_mesh(content, name)


@pytest.mark.parametrize("name", FILES)
def test_damage_is_refused_or_read(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(5)
    for _ in range(60):
        content = bytearray(FILES[name])
        for at in random.integers(0, len(content), 4):
            content[at] = random.integers(0, 256)
        try:
            read_mesh(bytes(content[: random.integers(1, len(content) + 1)]), name)
        except PatternError:
            continue
    assert "Traceback" not in capfd.readouterr().err


def test_topology_counts_bodies_holes_and_turned_triangles() -> None:
    def look(mesh: trimesh.Trimesh) -> object:
        file = read_mesh(ply_file(mesh), "a.ply")
        return examine(file.vertices, file.faces)

    closed = look(together(ball(), ring(), box((1.0, 2.0, 3.0), (50.0, 0.0, 0.0))))
    assert (closed.bodies, closed.is_closed, closed.holes) == (3, True, 0)
    torn = look(without(ball(subdivisions=3), 0, 1000))
    assert (torn.open_edges, torn.holes, torn.is_closed) == (6, 2, False)
    assert "6 open edges in 2 hole(s) (one at x" in str(torn)
    one = ball()
    faces = one.faces.copy()
    faces[7] = faces[7][::-1]
    turned = look(trimesh.Trimesh(one.vertices, faces, process=False))
    assert (turned.turned_edges, turned.open_edges, turned.is_closed) == (3, 0, False)
    assert "face opposite ways" in str(turned)
    touching = look(together(box((1.0, 1.0, 1.0)), box((1.0, 1.0, 1.0), (1.0, 1.0, 0.0))))
    assert (touching.crowded_edges, touching.is_closed) == (1, True)


@given(st.integers(1, 30), st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=40))
def test_components_are_those_of_a_search(count: int, pairs: list[tuple[int, int]]) -> None:
    pairs = [(a % count, b % count) for a, b in pairs]
    label = list(range(count))
    for _ in range(count):
        for a, b in pairs:
            label[a] = label[b] = min(label[a], label[b])
    a, b = (np.array([pair[k] for pair in pairs], dtype=np.int64) for k in (0, 1))
    assert components(count, a, b).tolist() == label
