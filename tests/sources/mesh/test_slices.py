"""Outlines in planes: analytic areas, volumes as sums of areas, planes through vertices."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.sources.mesh.slices import slice_area, slice_rings
from tests.sources.mesh.solids import ball, box, ring, together


def test_slices_of_a_torus_are_rings() -> None:
    mesh = ring()
    area = slice_area(mesh.vertices, mesh.faces, 0.1)
    assert len(area.pieces()) == 1
    assert len(area.rings()) == 2
    assert abs(area.area_um2 / (np.pi * (13.0**2 - 7.0**2)) - 1.0) < 0.01
    upright = np.ascontiguousarray(mesh.vertices[:, [0, 2, 1]])
    assert len(slice_area(upright, mesh.faces, 0.1).pieces()) == 2


@given(st.floats(-0.9, 6.9))
def test_slices_of_a_box_are_rectangles(depth: float) -> None:
    mesh = box((10.0, 6.0, 5.0), at=(1.0, 2.0, 1.0))
    area = slice_area(mesh.vertices, mesh.faces, depth)
    if 1.0 <= depth < 6.0:
        assert area.bounds_um() == (1.0, 2.0, 11.0, 8.0)
        assert area.area_um2 == pytest.approx(60.0)
    else:
        assert area.is_empty


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_areas_add_up_to_the_volume(seed: int) -> None:
    random = np.random.default_rng(seed)
    mesh = ball(1.0, subdivisions=2)
    vertices = mesh.vertices * random.uniform(2.0, 9.0, 3) * (1.0 + 0.3 * np.sin(3.0 * mesh.vertices[:, :1]))
    mesh = type(mesh)(vertices, mesh.faces, process=False)
    low, high = vertices[:, 2].min(), vertices[:, 2].max()
    step = (high - low) / 64
    areas = [slice_area(vertices, mesh.faces, low + (k + 0.5) * step).area_um2 for k in range(64)]
    assert sum(areas) * step == pytest.approx(abs(mesh.volume), rel=0.01)


def test_planes_through_vertices_make_closed_rings() -> None:
    mesh = ball(8.0, subdivisions=3)
    rounded = np.round(mesh.vertices, 1)
    for depth in np.unique(rounded[:, 2])[1:-1]:
        rings = slice_rings(rounded, mesh.faces, float(depth))
        assert (rings.xy_um[rings.offsets[:-1]] == rings.xy_um[rings.offsets[1:] - 1]).all()
        assert abs(slice_area(rounded, mesh.faces, float(depth)).area_um2 - np.pi * (64.0 - depth**2)) < 5.0


def test_bodies_that_overlap_or_touch_are_united() -> None:
    mesh = together(box((4.0, 4.0, 4.0)), box((4.0, 4.0, 4.0), at=(2.0, 2.0, 0.0)))
    assert slice_area(mesh.vertices, mesh.faces, 1.0).area_um2 == pytest.approx(28.0)
    inverted = box((1.0, 1.0, 2.0), at=(1.0, 1.0, 1.0))
    inverted.invert()
    hollow = together(box((4.0, 4.0, 4.0)), inverted)
    assert slice_area(hollow.vertices, hollow.faces, 2.0).area_um2 == pytest.approx(15.0)


def test_planes_beside_the_body_are_empty() -> None:
    mesh = ball(5.0)
    assert not len(slice_rings(mesh.vertices, mesh.faces, 5.5))
    assert slice_area(mesh.vertices, mesh.faces, -6.0).is_empty
