"""Filled and passed points: two implementations, solid angles, exact shapes, slabs, holes."""

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lasercam.errors import PatternError
from lasercam.sources.mesh import body
from lasercam.sources.mesh.body import Occupancy, grid_of
from lasercam.sources.mesh.columns import Grid, cross
from tests.sources.mesh.solids import ball, box, ring, together, winding_numbers, without

FloatArray = NDArray[np.float64]


def triangles_of(mesh: trimesh.Trimesh) -> FloatArray:
    """Corners, the box's lowest corner at the origin."""
    return np.ascontiguousarray((mesh.vertices - mesh.vertices.min(axis=0))[mesh.faces])


def occupancy(mesh: trimesh.Trimesh, pitch: float, *, solid: bool = True) -> Occupancy:
    triangles = triangles_of(mesh)
    return Occupancy(triangles, grid_of(triangles.max(axis=(0, 1)), (pitch, pitch, pitch)), solid=solid)


def filled(found: Occupancy) -> NDArray[np.bool_]:
    """bool (layers, rows, columns), all slabs."""
    nx, ny, nz = found.grid.counts
    whole = np.zeros((nz, ny, nx), np.bool_)
    for first, slab in found.slabs():
        whole[first : first + len(slab)] = slab
    return whole


def points_of(grid: Grid) -> FloatArray:
    """float64 (N, 3), in the order of `filled`."""
    x, y, z = (f + p * np.arange(n) for f, p, n in zip(grid.first_um, grid.pitch_um, grid.counts, strict=True))
    depth, row, column = np.meshgrid(z, y, x, indexing="ij")
    return np.stack([column.ravel(), row.ravel(), depth.ravel()], axis=1)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_compiled_columns_are_the_plain_ones(
    seed: int, count: int, signed: bool, above: bool, below: bool, aligned: bool
) -> None:
    random = np.random.default_rng(seed)
    triangles = random.uniform(-1.0, 7.0, (count, 3, 3))
    if aligned:  # corners on points and rows of the grid, flat and upright triangles, slivers
        triangles = np.round(triangles * 2.0) / 2.0
    grid = Grid((0.5, 0.5, 0.5), (1.0, 0.5, 0.75), (6, 11, 7))
    plain, compiled = (
        cross(triangles, grid, signed=signed, above=above, below=below, engine=engine) for engine in ("numpy", "numba")
    )
    for field in ("steps", "sums", "touched"):
        assert np.array_equal(getattr(plain, field), getattr(compiled, field))


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_closed_meshes_balance_in_every_column(seed: int, aligned: bool) -> None:
    random = np.random.default_rng(seed)
    cloud = random.uniform(0.0, 8.0, (12, 3))
    if aligned:
        cloud = np.round(cloud * 2.0) / 2.0
    faces = trimesh.creation.icosahedron().faces  # closed whatever its vertices: it may cross itself
    found = cross(cloud[faces], Grid((0.5, 0.5, 0.5), (0.5, 0.5, 0.5), (16, 16, 16)), signed=True)
    assert not found.sums.any()


@pytest.mark.parametrize("pitch", [0.7, 1.0, 1.37])
@pytest.mark.parametrize("mesh", [ball(6.0, subdivisions=2), ring(), box((7.0, 5.0, 3.0))], ids=["ball", "ring", "box"])
def test_inside_is_where_the_solid_angle_says(mesh: trimesh.Trimesh, pitch: float) -> None:
    found = occupancy(mesh, pitch)
    turns = winding_numbers(triangles_of(mesh), points_of(found.grid))
    assert np.array_equal(filled(found).ravel(), np.abs(turns) > 0.5)
    assert found.survey.unbalanced == 0


def test_points_on_slanted_faces_are_shared_out() -> None:
    mesh = box((8.0, 8.0, 8.0))
    mesh.vertices = mesh.vertices @ np.array([[0.5, 0.5, 0.0], [-0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
    found = occupancy(mesh, 0.5)  # every coordinate is exact, and many points lie on faces and edges
    points = points_of(found.grid)
    inward = 4.0 - np.abs(points[:, :2] - 4.0).sum(axis=1)
    assert (inward == 0.0).sum() > 100
    made = filled(found).ravel()
    assert made[inward > 0.0].all()
    assert not made[inward < 0.0].any()
    # Of the points on two opposite faces one is in: bodies that touch share them out, and volumes are exact.
    assert made.sum() * 0.5**3 == 8.0 * 32.0


@pytest.mark.parametrize(
    ("mesh", "volume", "share"),
    [
        (ball(10.0, subdivisions=5), 4.0 / 3.0 * np.pi * 1000.0, 0.003),
        (ring(), 2.0 * np.pi**2 * 10.0 * 9.0, 0.03),
        (box((10.0, 6.0, 4.0)), 240.0, 1e-12),
    ],
    ids=["ball", "ring", "box"],
)
def test_volumes_are_the_analytic_ones(mesh: trimesh.Trimesh, volume: float, share: float) -> None:
    found = occupancy(mesh, 0.25)
    assert abs(found.survey.points * 0.25**3 / volume - 1.0) < share
    assert found.survey.points == int(filled(found).sum())


def test_overlapping_bodies_are_united_and_cavities_stay_empty() -> None:
    apart = ball(6.0, subdivisions=4)
    both = occupancy(together(apart, ball(6.0, (6.0, 0.0, 0.0), 4)), 0.5)
    lens = np.pi * (4 * 6.0 + 6.0) * (2 * 6.0 - 6.0) ** 2 / 12.0
    union = 2 * 4 / 3 * np.pi * 6.0**3 - lens
    assert abs(both.survey.points * 0.125 / union - 1.0) < 0.01
    void = ball(3.0, subdivisions=4)
    void.invert()
    hollow = occupancy(together(apart, void), 0.5)
    assert abs(hollow.survey.points * 0.125 / (4 / 3 * np.pi * (216.0 - 27.0)) - 1.0) < 0.01


@pytest.mark.parametrize("solid", [True, False])
def test_slabs_make_no_difference(monkeypatch: pytest.MonkeyPatch, solid: bool) -> None:
    meshes = [ring(), ball(6.0), without(ball(6.0), 3, 200, 201, 500)]
    whole = [filled(occupancy(mesh, 0.8, solid=solid)) for mesh in meshes]
    for cells, packed in ((1, 1 << 20), (3000, 0), (1, 0)):
        monkeypatch.setattr(body, "SLAB_CELLS", cells)
        monkeypatch.setattr(body, "PACKED_BYTES", packed)
        for mesh, one in zip(meshes, whole, strict=True):
            found = occupancy(mesh, 0.8, solid=solid)
            assert np.array_equal(filled(found), one)
            firsts = [first for first, _ in found.slabs()]
            assert firsts == sorted(firsts, reverse=True)


def test_small_holes_are_voted_shut() -> None:
    mesh = ball(6.0, subdivisions=3)
    whole = filled(occupancy(mesh, 0.5))
    torn = occupancy(without(mesh, 0, 311, 640, 1000), 0.5)
    assert torn.survey.unbalanced > 0
    assert torn.survey.unbalanced < 0.05 * torn.survey.columns
    made = filled(torn)
    assert (made & whole).sum() / (made | whole).sum() > 0.99


def test_the_surface_of_a_box_is_its_outermost_layer() -> None:
    made = filled(occupancy(box((10.0, 8.0, 6.0)), 1.0, solid=False))
    shell = np.ones((6, 8, 10), np.bool_)
    shell[1:-1, 1:-1, 1:-1] = False
    assert np.array_equal(made, shell)


def test_the_surface_of_a_ball_is_near_it_everywhere() -> None:
    found = occupancy(ball(10.0, subdivisions=5), 1.0, solid=False)
    passed = points_of(found.grid)[filled(found).ravel()]
    away = np.abs(np.linalg.norm(passed - 10.0, axis=1) - 10.0)
    assert away.max() < 0.5 + 0.01  # along an axis; the shortest way is no longer
    directions = ball(10.0, subdivisions=3).vertices + 10.0
    gaps = np.linalg.norm(directions[:, None] - passed[None], axis=2).min(axis=1)
    assert gaps.max() < 1.0
    inside = filled(occupancy(ball(10.0, subdivisions=5), 1.0))
    assert int((filled(found) & ~inside).sum()) > 0  # it is no erosion of the body


def test_grids_too_large_are_refused() -> None:
    with pytest.raises(PatternError, match="at most"):
        grid_of(np.array([1e4, 1e4, 1.0]), (1.0, 1.0, 1.0))
    assert grid_of(np.array([1e-3, 10.0, 10.0 + 1e-12]), (1.0, 1.0, 1.0)).counts == (1, 10, 10)
