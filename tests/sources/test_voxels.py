"""Regular arrays of dots: places, order, members, limits."""

import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lasercam.errors import InputError
from lasercam.sources.voxels import Voxels
from tests.support.sources import joined, make


def voxels(**keys: object) -> Voxels:
    return make(Voxels, {"type": "voxels", **keys})


@given(
    counts=st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 5)),
    lattice=st.sampled_from(["square", "hexagonal", "body_centred"]),
    vary=st.sampled_from(["none", "layer", "row", "column"]),
    max_rows=st.integers(1, 100),
)
def test_every_dot_is_where_the_lattice_says(
    counts: tuple[int, int, int], lattice: str, vary: str, max_rows: int
) -> None:
    px, pz = 4.0, 9.0
    py = 4.0 if lattice == "hexagonal" else 5.0
    source = voxels(counts=counts, pitch=[px, py, pz], lattice=lattice, vary=vary)
    expected = {}
    for i, j, k in itertools.product(*map(range, counts)):
        x, y = px * i, py * j
        if lattice == "hexagonal":
            x, y = x + px / 2 * (j % 2), px * np.sqrt(3) / 2 * j
        if lattice == "body_centred" and k % 2:
            x, y = x + px / 2, y + py / 2
        expected[(i, j, k)] = (x, y, pz * k, k, {"none": 0, "layer": k, "row": j, "column": i}[vary])
    block = joined(source.features(max_rows))
    found = np.column_stack((block.xyz_um, block.part, block.variant))
    wanted = np.array(list(expected.values()), float)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found[np.lexsort(found.T)], wanted[np.lexsort(wanted.T)], rtol=0, atol=1e-9)


def test_dots_of_a_tile_run_row_by_row() -> None:
    (block,) = voxels(counts=[4, 3, 1], pitch=[2.0, 3.0, 1.0]).features()
    expected = [(2.0 * i, 3.0 * j, 0.0) for j in range(3) for i in range(4)]
    assert block.xyz_um.tolist() == [list(xyz) for xyz in expected]


def test_tiles_are_whole_rows_where_they_fit() -> None:
    assert [len(b) for b in voxels(counts=[4, 5, 1], pitch=[1.0, 1.0, 1.0]).features(10)] == [8, 8, 4]
    assert [len(b) for b in voxels(counts=[25, 2, 1], pitch=[1.0, 1.0, 1.0]).features(10)] == [10, 10, 5] * 2


def distances_from_the_middle(source: Voxels) -> list[float]:
    """From the dot nearest to the centre to every other one, rising, µm."""
    xyz = joined(source.features()).xyz_um
    inner = np.argmin(np.linalg.norm(xyz - xyz.mean(axis=0), axis=1))
    return sorted(np.linalg.norm(xyz - xyz[inner], axis=1).tolist())[1:]


@pytest.mark.parametrize(("lattice", "neighbours"), [("square", 4), ("hexagonal", 6)])
def test_nearest_neighbours_in_the_plane(lattice: str, neighbours: int) -> None:
    near = distances_from_the_middle(voxels(counts=[11, 11, 1], pitch=[4.0, 4.0, 9.0], lattice=lattice))
    assert near[:neighbours] == pytest.approx([4.0] * neighbours)
    assert near[neighbours] > 4.4


def test_body_centred_cubic_has_eight_nearest_neighbours() -> None:
    near = distances_from_the_middle(voxels(counts=[7, 7, 7], pitch=[4.0, 4.0, 2.0], lattice="body_centred"))
    assert near[:8] == pytest.approx([2 * np.sqrt(3)] * 8)
    assert near[8] == pytest.approx(4.0)


def test_layers_are_parts_the_shallowest_first() -> None:
    source = voxels(counts=[2, 2, 12], pitch=[1.0, 1.0, 3.0])
    assert source.parts.atoms == tuple(f"layer_{k}" for k in range(1, 13))
    (third,) = source.parts.select("layer_3")
    assert {z for b in source.features() for z in b.xyz_um[b.part == third, 2].tolist()} == {6.0}


def test_the_last_dot_is_as_exact_as_the_first() -> None:
    *_, last = voxels(counts=[100_000, 3, 1], pitch=[0.1, 0.1, 1.0]).features(1000)
    assert last.xyz_um[-1].tolist() == [99_999 * 0.1, 2 * 0.1, 0.0]


def test_ten_billion_dots_stream_in_little_memory() -> None:
    source = voxels(counts=[10_000, 10_000, 100], pitch=[1.0, 1.0, 10.0])
    tracemalloc.start()
    try:
        seen = sum(len(block) for block in itertools.islice(source.features(), 20))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert seen == 20 * 60_000
    assert peak < 20e6


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"counts": [10_000, 10_000, 1000]}, "at most 10,000,000,000 are allowed.*[Ss]plit the array"),
        ({"counts": [1, 1, 1001]}, "1,001 layers; at most 1,000.*Split the stack"),
        ({"lattice": "hexagonal", "pitch": [4.0, 5.0, 1.0]}, "one pitch in the plane; found 4 µm and 5 µm"),
        ({"counts": [70_000, 1, 1], "vary": "column"}, "70,000 members"),
        ({"counts": [2_000_000, 1, 1], "pitch": [1e3, 1.0, 1.0]}, "reach 2e\\+09 µm along x"),
    ],
)
def test_impossible_arrays_are_refused(keys: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        voxels(**{"counts": [2, 2, 2], "pitch": [1.0, 1.0, 1.0], **keys})


@pytest.mark.parametrize("counts", [[0, 1, 1], [1, 1], [1, 1, -1], [1, 1, "many"], [1, 1, 1.5]])
def test_counts_are_three_positive_whole_numbers(counts: list[object]) -> None:
    with pytest.raises(ValidationError):
        voxels(counts=counts, pitch=[1.0, 1.0, 1.0])


def test_dots_cover_no_area() -> None:
    assert voxels(counts=[2, 2, 2], pitch=[1.0, 1.0, 1.0]).area() is None
