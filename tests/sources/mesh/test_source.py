"""Meshes as patterns: size, orientation, parts, refusals that say what is open and what to do."""

from typing import Any

import numpy as np
import pytest
import trimesh
from pydantic import ValidationError

from lasercam.errors import InputError
from lasercam.sources.mesh.source import Mesh
from tests.sources.mesh.solids import ball, box, ring, together, without
from tests.support.assets import ply_file
from tests.support.sources import joined, make


def mesh(body: Any, name: str = "a.ply", **keys: object) -> Mesh:
    content = body if isinstance(body, bytes) else ply_file(body)
    if name.endswith("ply") and not {"unit", "longest"} & set(keys):
        keys["unit"] = "um"
    return make(Mesh, {"type": "mesh", "file": name, **keys}, assets={name: content})


def test_dots_fill_the_body_from_its_corner() -> None:
    source = mesh(box((6.0, 4.0, 2.0), (100.0, -50.0, 7.0)), mode="solid", pitch="1 um", layer_pitch="0.5 um")
    block = joined(source.features())
    assert source.parts.atoms == ("solid",)
    x, y, z = (np.unique(block.xyz_um[:, k]) for k in range(3))
    assert x.tolist() == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]
    assert y.tolist() == [0.5, 1.5, 2.5, 3.5]
    assert z.tolist() == [0.0, 0.5, 1.0, 1.5]
    assert len(block) == 6 * 4 * 4


def test_the_first_layer_with_a_dot_is_the_depth() -> None:
    source = mesh(ball(10.0), mode="solid", pitch="4 um", layer_pitch="0.3 um")
    assert joined(source.features()).xyz_um[:, 2].min() == 0.0


# A body whose corners tell the axes apart: a tetrahedron with legs of 1, 2 and 3 along x, y and z.
LEGS = trimesh.Trimesh([(0, 0, 0), (1, 0, 0), (0, 2, 0), (0, 0, 3)], [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)])


@pytest.mark.parametrize(
    ("up", "legs"),
    [
        # Where the ends of the legs point: x right, y up as the laser sees it, depth down.
        ("z", [(1, 0, 0), (0, 2, 0), (0, 0, -3)]),
        ("-z", [(1, 0, 0), (0, -2, 0), (0, 0, 3)]),
        ("y", [(1, 0, 0), (0, 0, -2), (0, -3, 0)]),
        ("-y", [(1, 0, 0), (0, 0, 2), (0, 3, 0)]),
        ("x", [(0, 0, -1), (2, 0, 0), (0, 3, 0)]),
        ("-x", [(0, 0, 1), (-2, 0, 0), (0, 3, 0)]),
    ],
)
def test_up_turns_and_never_mirrors(up: str, legs: list[tuple[int, int, int]]) -> None:
    source = mesh(LEGS, mode="surface", pitch="0.5 um", up=up)
    corners = np.array([(0, 0, 0), *legs], dtype=float)
    corners -= corners.min(axis=0)
    placed = {tuple(row) for row in source._vertices_um.tolist()}
    assert placed == {tuple(row) for row in corners.tolist()}
    # Seen with depth downwards, a right-handed body is left-handed in (x, y, depth).
    assert np.linalg.det(np.array(legs)) == -6.0


def test_size_by_unit_scale_and_longest() -> None:
    body = box((2.0, 1.0, 1.0))
    for keys, length in (
        ({"unit": "um"}, 2.0),
        ({"unit": "mm"}, 2000.0),
        ({"unit": "in", "scale": "0.01"}, 508.0),
        ({"longest": "70 um"}, 70.0),
    ):
        source = mesh(body, mode="contours", layers="1", **keys)
        assert np.ptp(joined(source.features()).xyz_um[:, 0]) == pytest.approx(length)
    glb = mesh(bytes(body.export(file_type="glb")), "a.glb", mode="contours", layers="1", scale="1e-6")
    assert np.ptp(joined(glb.features()).xyz_um[:, 0]) == pytest.approx(2.0)


def test_contours_have_a_part_per_plane() -> None:
    source = mesh(ring(), mode="contours", planes=["1 um", "3 um", "5 um"])
    assert source.parts.atoms == ("layer_1", "layer_2", "layer_3")
    block = joined(source.features())
    assert sorted(block.part.tolist()) == [0, 0, 1, 1, 2, 2]
    assert sorted(set(block.xyz_um[:, 2].tolist())) == [0.0, 2.0, 4.0]
    for i in range(len(block)):
        line = block.xyz_um[block.offsets[i] : block.offsets[i + 1]]
        assert line[0].tolist() == line[-1].tolist()
        away = np.hypot(*(line[:, :2] - 13.0).T)
        depth = source.planes_um[block.part[i]] - 3.0
        reach = np.sqrt(9.0 - depth**2)
        assert np.minimum(np.abs(away - 10.0 - reach), np.abs(away - 10.0 + reach)).max() < 0.15


def test_slices_are_hatched_and_turned() -> None:
    source = mesh(
        box((20.0, 20.0, 10.0)), mode="slices", layers="2", fill="hatch", hatch_pitch="1 um", layer_rotation="90 deg"
    )
    block = joined(source.features())
    start, end = block.xyz_um[0::2], block.xyz_um[1::2]
    along = np.abs(end - start)
    assert (along[block.part == 0][:, 0] == 20.0).all()
    assert (along[block.part == 1][:, 1] == 20.0).all()
    assert len(block) == 40
    assert source.planes_um == (2.5, 7.5)


def test_planes_without_lines_at_the_top_are_left_out() -> None:
    tip = together(box((20.0, 20.0, 10.0)), box((0.5, 0.5, 10.0), (10.2, 10.2, 10.0)))
    source = mesh(tip, mode="slices", layers="10", fill="dots", dot_pitch="5 um")
    assert source.parts.atoms == tuple(f"layer_{k}" for k in range(1, 6))
    assert joined(source.features()).xyz_um[:, 2].min() == 0.0
    assert any("hold no line" in note for note in source.notes)
    with pytest.raises(InputError, match=r"plane 2 µm below the top of 'a\.ply' holds no line"):
        mesh(tip, mode="slices", planes=["2 um", "15 um"], fill="dots", dot_pitch="5 um")


def test_holes_are_diagnosed_and_not_guessed() -> None:
    torn = without(ball(10.0), 5, 900)
    for keys in ({"mode": "solid", "pitch": "0.5 um"}, {"mode": "contours", "layers": "3"}):
        with pytest.raises(InputError) as caught:
            mesh(torn, **keys)
        message = str(caught.value)
        assert "'a.ply' does not bound a body: 1 body, 6 open edges in 2 hole(s)" in message
        assert "mode: surface" in message
        assert "max_unbalanced" in message
    voted = mesh(torn, mode="solid", pitch="0.5 um", max_unbalanced="5 %")
    whole = mesh(ball(10.0), mode="solid", pitch="0.5 um")
    one, two = ({tuple(p) for p in joined(m.features()).xyz_um.tolist()} for m in (voted, whole))
    assert len(one & two) / len(one | two) > 0.99
    assert any("majority of three directions" in note for note in voted.notes)
    with pytest.raises(InputError, match=r"columns .* enter the body more often.*more than the 0.01% allowed"):
        mesh(torn, mode="solid", pitch="0.5 um", max_unbalanced="0.01 %")
    assert len(joined(mesh(torn, mode="surface", pitch="1 um").features())) > 500


def test_open_meshes_whose_columns_balance_are_refused_too() -> None:
    tunnel = box((10.0, 10.0, 10.0))
    lids = np.flatnonzero(np.abs(tunnel.face_normals[:, 2]) > 0.5)
    with pytest.raises(InputError, match="does not bound a body"):
        mesh(without(tunnel, *lids), mode="solid", pitch="1 um")


def test_turned_triangles_are_diagnosed() -> None:
    body = ball(10.0)
    faces = body.faces.copy()
    faces[:3] = faces[:3, ::-1]
    with pytest.raises(InputError, match="face opposite ways"):
        mesh(trimesh.Trimesh(body.vertices, faces, process=False), mode="solid", pitch="1 um")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"mode": "solid"}, "needs the key 'pitch'"),
        ({"mode": "solid", "pitch": "1 um", "layers": "3"}, "'layers' means nothing with mode: solid"),
        ({"mode": "contours", "layers": "3", "pitch": "1 um"}, "'pitch' means nothing with mode: contours"),
        ({"mode": "contours"}, "needs one of 'layers'"),
        ({"mode": "contours", "layers": "3", "layer_pitch": "1 um"}, "needs one of 'layers'"),
        ({"mode": "contours", "planes": ["2 um", "1 um"]}, "rise from one to the next"),
        ({"mode": "slices", "layers": "3"}, "needs 'fill'"),
        ({"mode": "slices", "layers": "3", "fill": "hatch"}, "needs the key 'hatch_pitch'"),
        ({"mode": "contours", "layers": "3", "fill": "hatch", "hatch_pitch": "1 um"}, "means nothing with mode"),
        ({"mode": "solid", "pitch": "1 um", "longest": "3 um", "unit": "um"}, "leave out 'unit'"),
        ({"mode": "solid", "pitch": "1 um", "max_unbalanced": "90 %"}, "less than or equal to 0.2"),
    ],
)
def test_keys_that_do_not_fit_are_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        mesh(box((1.0, 1.0, 1.0)), **keys)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"mode": "solid", "pitch": "1 nm", "unit": "mm"}, "at most 4,000,000,000"),
        ({"mode": "solid", "pitch": "1 um", "unit": "m", "scale": "1e4"}, "would be 2e\\+10 µm long"),
        ({"mode": "contours", "layer_pitch": "1 nm", "unit": "mm"}, "cut a body 2000 µm high"),
        ({"mode": "contours", "planes": ["3 um"]}, "misses the body, which is 2 µm high"),
        ({"mode": "slices", "layers": "2", "fill": "hatch", "hatch_pitch": "5 um", "inset": "3 um"}, "holds a line"),
    ],
)
def test_sizes_that_cannot_be_are_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        mesh(box((2.0, 2.0, 2.0)), **keys)


def test_units_are_asked_for_and_not_contradicted() -> None:
    content = ply_file(box((1.0, 1.0, 1.0)))
    with pytest.raises(InputError, match="does not say in what unit"):
        make(Mesh, {"type": "mesh", "file": "a.ply", "mode": "solid", "pitch": "1 um"}, assets={"a.ply": content})
    glb = bytes(box((1.0, 1.0, 1.0)).export(file_type="glb"))
    with pytest.raises(InputError, match=r"counts in units of 1e\+06 µm, not in mm"):
        mesh(glb, "a.glb", unit="mm", mode="solid", pitch="1 um")


def test_a_sheet_has_a_surface_and_no_inside() -> None:
    sheet = trimesh.Trimesh([(0, 0, 0), (9, 0, 0), (9, 9, 0), (0, 9, 0)], [(0, 1, 2), (0, 2, 3)], process=False)
    assert len(joined(mesh(sheet, mode="surface", pitch="1 um").features())) == 81
    with pytest.raises(InputError, match="4 open edges in 1 hole"):
        mesh(sheet, mode="solid", pitch="1 um")
