from itertools import pairwise
from math import cos, radians, sin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.errors import GeometryError
from lasercam.geometry.area import Area
from lasercam.geometry.placement import MAX_COPIES, Placed, copies, placement_matrix
from lasercam.model.feature import FeatureBlock, dots, polylines, tiles
from lasercam.model.job import Placement

NUMBER = st.floats(-1e6, 1e6)


def placement(**keys: object) -> Placement:
    return Placement.model_validate({"type": "x", **keys})


def only(**keys: object) -> Placed:
    (placed,) = copies(placement(**keys))
    return placed


@given(NUMBER, NUMBER, st.sampled_from(["none", "x", "y"]), st.integers(-9, 9))
def test_quarter_turns_and_mirrors_are_exact(x: float, y: float, mirror: str, quarters: int) -> None:
    placed = only(mirror=mirror, rotate=f"{quarters * 90} deg")
    block, _ = placed.place(dots(np.array([[x, y, 3.0]])))
    want = {"none": (x, y), "x": (-x, y), "y": (x, -y)}[mirror]
    for _ in range(quarters % 4):
        want = (-want[1], want[0])
    assert block.xyz_um.tolist() == [[*want, 3.0]]


@given(st.floats(-1000, 1000), st.sampled_from(["none", "x", "y"]))
def test_any_turn_is_a_turn(angle: float, mirror: str) -> None:
    matrix = placement_matrix(placement(rotate=angle, mirror=mirror))
    c, s = cos(radians(angle)), sin(radians(angle))
    flip = {"none": np.diag([1, 1]), "x": np.diag([-1, 1]), "y": np.diag([1, -1])}[mirror]
    np.testing.assert_allclose(matrix, np.array([[c, -s], [s, c]]) @ flip, atol=1e-12)
    assert np.linalg.det(matrix) == pytest.approx(1.0 if mirror == "none" else -1.0)
    assert not np.any(np.signbit(matrix) & (matrix == 0)), "no negative zeros"


def test_the_order_is_mirror_turn_move_and_depth_adds() -> None:
    placed = only(at=["10 um", "20 um"], depth="200 um", rotate="90 deg", mirror="x")
    block, origin = placed.place(dots(np.array([[1.0, 2.0, 5.0]])))
    assert block.xyz_um.tolist() == [[10.0 - 2.0, 20.0 - 1.0, 205.0]]
    assert origin.tolist() == [0]


@given(st.integers(1, 9), st.floats(0, 360))
def test_a_turn_does_not_depend_on_the_tiling(size: int, angle: float) -> None:
    block = dots(np.random.default_rng(5).uniform(-1e4, 1e4, (40, 3)))
    placed = only(rotate=angle, at=["1 mm", "3 mm"])
    whole = placed.place(block)[0].xyz_um
    cut = np.concatenate([placed.place(tile)[0].xyz_um for tile in tiles(block, size)])
    assert whole.tobytes() == cut.tobytes()


@given(st.integers(1, 6), st.integers(1, 6), st.floats(0.1, 1e3), st.floats(0.1, 1e3))
def test_arrays_are_walked_there_and_back(nx: int, ny: int, px: float, py: float) -> None:
    keys = {"counts": [nx, ny], "pitch": [px, py]}
    shifts = [tuple(p.shift_um.tolist()) for p in copies(placement(at=["1 mm", "0 mm"], depth="7 um", array=keys))]
    assert sorted(shifts) == sorted((1000.0 + i * px, j * py, 7.0) for i in range(nx) for j in range(ny))
    steps = [(abs(a[0] - b[0]) / px, abs(a[1] - b[1]) / py) for a, b in pairwise(shifts)]
    assert all(sorted(np.round(step, 6)) == [0.0, 1.0] for step in steps), "every copy is next to the one before"


def test_too_many_copies_are_refused_before_any_is_made() -> None:
    hostile = placement(array={"counts": [100_000, 100_000], "pitch": ["1 um", "1 um"]})
    with pytest.raises(GeometryError, match=f"at most {MAX_COPIES:,}"):
        next(copies(hostile))
    far = placement(array={"counts": [100_000, 1], "pitch": ["1 km", "1 um"]})
    last = list(copies(far))[-1]
    with pytest.raises(GeometryError, match="kilometre"):
        last.place(dots(np.zeros((1, 3))))


SQUARE = Area.from_rectangles([[10.0, 10.0]], [[20.0, 20.0]])


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=30))
def test_dots_are_kept_inside_or_outside(points: list[tuple[int, int]]) -> None:
    xyz = np.array([(x, y, 5.0) for x, y in points])
    block = dots(xyz, variant=np.arange(len(points), dtype=np.uint16))
    is_in = [10 <= x <= 20 and 10 <= y <= 20 for x, y in points]
    for keep, wanted in (((SQUARE,), True), ((), False)):
        outside = () if keep else (SQUARE,)
        found, origin = Placed(np.eye(2), np.zeros(3), keep, outside).place(block)
        assert origin.tolist() == [i for i, inside in enumerate(is_in) if inside == wanted]
        assert found.variant.tolist() == origin.tolist()


def test_lines_are_cut_and_their_pieces_know_where_they_come_from() -> None:
    xy = np.array([[0.0, 15.0], [30.0, 15.0], [0.0, 5.0], [30.0, 5.0]])
    block = polylines(xy, np.array([0, 2, 4]), depth_um=9.0)
    inside, origin = Placed(np.eye(2), np.zeros(3), (SQUARE,)).place(block)
    assert (inside.xyz_um.tolist(), origin.tolist()) == ([[10.0, 15.0, 9.0], [20.0, 15.0, 9.0]], [0])
    outside, origin = Placed(np.eye(2), np.zeros(3), (), (SQUARE,)).place(block)
    assert origin.tolist() == [0, 0, 1]
    assert outside.xyz_um[:4, 0].tolist() == [0.0, 10.0, 20.0, 30.0]
    both, origin = Placed(np.eye(2), np.zeros(3), (SQUARE,), (SQUARE,)).place(block)
    assert len(both) == len(origin) == 0


def test_areas_lie_in_the_samples_frame_not_in_the_patterns() -> None:
    block = dots(np.array([[0.0, 0.0, 0.0]]))
    moved = Placed(np.eye(2), np.array([15.0, 15.0, 0.0]), (SQUARE,))
    assert len(moved.place(block)[0]) == 1
    assert len(Placed(np.eye(2), np.zeros(3), (SQUARE,)).place(block)[0]) == 0


def test_a_slanted_line_is_not_cut() -> None:
    slanted = FeatureBlock(
        np.array([[0.0, 15.0, 0.0], [30.0, 15.0, 9.0]]),
        np.array([0, 2]),
        np.zeros(1, np.uint16),
        np.zeros(1, np.uint16),
    )
    with pytest.raises(GeometryError, match="changes its depth"):
        Placed(np.eye(2), np.zeros(3), (SQUARE,)).place(slanted)
