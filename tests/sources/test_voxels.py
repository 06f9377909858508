"""Regular arrays of dots: places, order, members, limits."""

import io
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
    assert seen == 20 * 30_000
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


MASK = b"# . 1\n0 1 0\n"  # the upper row, then the lower one


def masked(content: bytes, **keys: object) -> Voxels:
    keys = {"type": "voxels", "counts": [3, 2, 2], "pitch": [4.0, 5.0, 6.0], "mask": "m", **keys}
    return make(Voxels, keys, assets={"m": content})


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


@pytest.mark.parametrize("content", [MASK, npy(np.array([[0, 1, 0], [1, 0, 1]], bool)), b"1,0,1\n0,1,0\n"])
def test_a_mask_leaves_sites_out(content: bytes) -> None:
    for max_rows in (1, 2, 100):
        xyz = joined(masked(content).features(max_rows)).xyz_um
        plane = {(4.0, 0.0), (0.0, 5.0), (8.0, 5.0)}
        assert {tuple(p) for p in xyz} == {(x, y, z) for x, y in plane for z in (0.0, 6.0)}
        assert len(xyz) == 6


def test_a_mask_may_have_layers_and_keeps_parts_and_members() -> None:
    mask = np.zeros((2, 2, 3), bool)
    mask[1, 0, 2] = mask[0, 1, 0] = True
    block = joined(masked(npy(mask), vary="column").features())
    assert block.xyz_um.tolist() == [[8.0, 0.0, 6.0], [0.0, 5.0, 0.0]]
    assert block.part.tolist() == [1, 0]
    assert block.variant.tolist() == [2, 0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"11\n11\n", "2 × 2 × 1 sites, the array 3 × 2 in 2 layers"),
        (b"000\n000\n", "leaves nothing to write"),
        (b"112\n111\n", "line 1 holds '2'"),
        (b"111\n11\n", "line 2 has 2 sites, line 1 has 3"),
        (b"", "it is empty"),
        (b"\xff\xfe", "is no mask"),
        (npy(np.full((2, 3), 2)), "not true and false"),
        (npy(np.zeros((3, 2, 3), bool)), "3 × 2 × 3 sites"),
        (npy(np.zeros((2, 3)))[:-9], "is no mask"),
    ],
)
def test_what_is_no_mask_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        masked(content)


def test_jitter_moves_every_dot_by_chance_within_its_bounds() -> None:
    keys = {"type": "voxels", "counts": [60, 50, 3], "pitch": [4.0, 4.0, 6.0]}
    plain = joined(make(Voxels, keys).features()).xyz_um
    moved = [joined(make(Voxels, {**keys, "jitter": 1.5}, seed=s).features()).xyz_um for s in (1, 1, 2)]
    assert np.array_equal(moved[0], moved[1])
    assert not np.array_equal(moved[0], moved[2])
    step = moved[0] - plain
    assert (step[:, 2] == 0.0).all()
    assert step[:, :2].min() >= 0.0
    assert step[:, :2].max() < 3.0
    # Uniform from 0 to 3: mean 1.5 and variance 0.75, within five standard errors of 9,000 draws.
    assert step[:, :2].mean(axis=0) == pytest.approx([1.5, 1.5], abs=5 * np.sqrt(0.75 / 9000))
    assert step[:, :2].var(axis=0) == pytest.approx([0.75, 0.75], rel=0.05)
    assert abs(np.corrcoef(step[:, 0], step[:, 1])[0, 1]) < 0.05
    assert abs(np.corrcoef(step[:-1, 0], step[1:, 0])[0, 1]) < 0.05


def test_neighbours_may_not_change_places() -> None:
    with pytest.raises(InputError, match="lets neighbours change places"):
        voxels(counts=[2, 2, 2], pitch=[4.0, 4.0, 4.0], jitter=2.0)
