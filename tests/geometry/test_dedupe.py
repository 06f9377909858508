import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.errors import GeometryError
from lasercam.geometry.dedupe import merge_duplicates
from lasercam.geometry.polylines import Polylines
from lasercam.geometry.transform import rotation
from tests.geometry.strategies import grid_points, points

grid_lines = st.lists(st.lists(grid_points, min_size=1, max_size=6), min_size=1, max_size=8).map(Polylines.from_list)
no_angle = st.one_of(st.sampled_from([0.0, 45.0, 90.0, 180.0, 1e-7, 179.9999999]), st.floats(0, 360))


def drawn(lines):
    start, end, _ = lines.segments()
    return shapely.linestrings(np.stack([start, end], axis=1)) if len(start) else np.zeros(0, dtype=object)


def pairwise_overlap(lines):
    pieces = drawn(lines)
    return max(
        (shapely.intersection(a, b).length for i, a in enumerate(pieces) for b in pieces[i + 1 :]),
        default=0.0,
    )


@settings(max_examples=300, deadline=None)
@given(grid_lines)
def test_everything_is_drawn_exactly_once(lines):
    merged, report = merge_duplicates(lines)
    before, after = shapely.union_all(drawn(lines)), shapely.union_all(drawn(merged))
    assert shapely.length(after) == pytest.approx(shapely.length(before), abs=1e-6)
    assert shapely.hausdorff_distance(before, after) < 1e-6 or before.is_empty
    assert merged.lengths_um().sum() == pytest.approx(shapely.length(before), abs=1e-6)
    assert pairwise_overlap(merged) < 0.01
    assert report.overlapped_um == pytest.approx(lines.lengths_um().sum() - merged.lengths_um().sum(), abs=1e-6)
    n_places = len({tuple(p) for p in lines.xy_um[lines.offsets[:-1]][lines.is_dot].tolist()})
    assert merged.is_dot.sum() == n_places
    assert report.n_dots == lines.is_dot.sum() - n_places
    again, nothing = merge_duplicates(merged)
    assert again is merged
    assert nothing.n_segments == nothing.n_dots == 0


@settings(max_examples=200, deadline=None)
@given(points, points, no_angle, st.floats(0, 1), st.floats(0, 1), st.sampled_from([0.0, 1e-9, 3e-5]))
def test_partial_overlap_at_any_angle(origin, shift, angle, a, b, noise):
    """No bucket borders: whatever the direction and place, the overlap is found."""
    matrix = rotation(angle, origin)
    base = Polylines.from_list([[(0.0, 0.0), (10.0, 0.0)]]).transform(matrix)
    other = Polylines.from_list([[(5.0 + 8.0 * a, noise), (-6.0 + 8.0 * b, -noise)]]).transform(matrix)
    merged, report = merge_duplicates(Polylines.concatenate([base, other]))
    low, high = -6.0 + 8.0 * b, 5.0 + 8.0 * a
    overlap = min(high, 10.0) - max(low, 0.0)
    assert overlap > 0.01
    assert len(merged) == 1
    assert report.overlapped_um == pytest.approx(overlap, abs=1e-3)
    assert merged.lengths_um()[0] == pytest.approx(max(high, 10.0) - min(low, 0.0), abs=1e-3)


@pytest.mark.parametrize("angle", [0.0, 31.0, 90.0])
def test_the_tolerance_is_what_it_says(angle):
    matrix = rotation(angle)
    for gap, same in ((0.9e-4, True), (1.1e-4, False)):
        lines = Polylines.from_list([[(0, 0), (10, 0)], [(0, gap), (10, gap)]]).transform(matrix)
        assert (merge_duplicates(lines)[1].n_segments == 1) == same
    for overlap, same in ((0.009, False), (0.011, True)):
        lines = Polylines.from_list([[(0, 0), (10, 0)], [(10 - overlap, 0), (20, 0)]]).transform(matrix)
        assert (merge_duplicates(lines)[1].n_segments > 0) == same
    assert merge_duplicates(Polylines.from_list([[(0, 0), (10, 0)], [(0, 0.5), (10, 0.5)]]), 1.0)[1].n_segments == 0
    long_lines = Polylines.from_list([[(0, 0), (500, 0)], [(0, 0.5), (500, 0.5)]])
    assert merge_duplicates(long_lines, 1.0)[1].n_segments == 1


def test_crossing_and_touching_lines_stay():
    lines = Polylines.from_list(
        [[(0, 0), (10, 10)], [(0, 10), (10, 0)], [(10, 10), (20, 20)], [(0, 0), (10, 0.01)], [(0, 0), (10, 0)]]
    )
    merged, report = merge_duplicates(lines)
    assert merged is lines
    assert report.n_segments == 0
    assert report.overlapped_um == 0


def test_two_squares_share_a_side():
    left = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]
    right = [(1, 0), (2, 0), (2, 1), (1, 1), (1, 0)]
    merged, report = merge_duplicates(Polylines.from_list([left, right]))
    assert merged.line(0).tolist() == [list(map(float, p)) for p in left]
    assert merged.line(1).tolist() == [[1, 0], [2, 0], [2, 1], [1, 1]]
    assert (report.n_segments, report.overlapped_um) == (1, 1.0)


def test_there_and_back_and_dots():
    merged, report = merge_duplicates(
        Polylines.from_list([[(0, 0), (5, 0), (0, 0)], [(7, 7)], [(7, 7 + 5e-5)], [(8, 7)]])
    )
    assert [merged.line(i).tolist() for i in range(len(merged))] == [[[0, 0], [5, 0]], [[7, 7]], [[8, 7]]]
    assert report.n_segments == 1
    assert report.n_dots == 1


def test_a_hatch_written_twice_is_written_once():
    n = 20_000
    at = np.arange(n) * 0.5
    hatch = Polylines.from_segments(np.column_stack([at * 0, at]), np.column_stack([at * 0 + 3000, at])).transform(
        rotation(37.3)
    )
    other = Polylines.from_segments(
        np.column_stack([at * 0 + 1000, at]), np.column_stack([at * 0 + 4000, at])
    ).transform(rotation(37.3))
    merged, report = merge_duplicates(Polylines.concatenate([hatch, other]))
    assert len(merged) == n
    np.testing.assert_allclose(merged.lengths_um(), 4000)
    assert report.n_segments == 2 * n
    assert report.overlapped_um == pytest.approx(2000.0 * n)


def test_empty_and_refusals():
    assert merge_duplicates(Polylines.empty())[1].n_segments == 0
    for bad in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(GeometryError):
            merge_duplicates(Polylines.empty(), bad)
