import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.geometry.area import Area
from lasercam.geometry.clip import BORDER_UM, clip_inside, clip_outside, dots_inside
from lasercam.geometry.polylines import Polylines
from tests.geometry.strategies import areas, grid_points, points, square

paths = st.lists(st.one_of(points, grid_points), min_size=1, max_size=8)
closed_paths = st.lists(st.one_of(points, grid_points), min_size=3, max_size=8, unique=True).map(lambda p: [*p, p[0]])
line_sets = st.lists(st.one_of(paths, closed_paths), min_size=1, max_size=6).map(Polylines.from_list)


def lengths(polylines):
    return float(polylines.lengths_um().sum())


@settings(max_examples=300, deadline=None)
@given(line_sets, areas)
def test_inside_and_outside_share_the_lines(lines, area):
    inside, outside = clip_inside(lines, area), clip_outside(lines, area)
    assert lengths(inside.lines) + lengths(outside.lines) == pytest.approx(lengths(lines), abs=1e-6)
    for piece, wanted in ((inside, True), (outside, False)):
        start, end, _ = piece.lines.segments()
        long_enough = np.hypot(*(end - start).T) > 1e-3
        middle = ((start + end) / 2)[long_enough]
        off_border = shapely.distance(shapely.boundary(area.geometry), shapely.points(middle)) > 1e-5
        assert (area.contains(middle)[off_border] == wanted).all()
        assert (np.diff(piece.source) >= 0).all()
    # Per segment against shapely, one at a time, so that self-crossings cannot interfere.
    start, end, _ = lines.segments()
    oracle = sum(
        shapely.intersection(shapely.LineString([a, b]), area.geometry).length for a, b in zip(start, end, strict=True)
    )
    on_border = sum(
        shapely.LineString([a, b]).intersection(shapely.boundary(area.geometry).buffer(2e-6)).length
        for a, b in zip(start, end, strict=True)
    )
    assert abs(lengths(inside.lines) - oracle) <= 1e-5 + on_border
    n_dots = int(inside.lines.is_dot.sum() + outside.lines.is_dot.sum())
    assert n_dots == lines.is_dot.sum()


@settings(max_examples=200, deadline=None)
@given(line_sets, areas)
def test_pieces_keep_direction_and_vertices(lines, area):
    for clipped in (clip_inside(lines, area), clip_outside(lines, area)):
        for i, source in enumerate(clipped.source):
            line = clipped.lines.line(i)
            original = lines.line(source)
            if len(original) == 1:
                np.testing.assert_array_equal(line, original)
                continue
            inner = line[1:-1]
            known = {tuple(p) for p in original.tolist()}
            assert all(tuple(p) in known for p in inner.tolist())
            whole = shapely.LineString(original)
            if len(original) > 1 and whole.length:
                assert shapely.distance(whole, shapely.points(line)).max() < 1e-9


def test_plain_crossing_is_exact():
    clipped = clip_inside(
        Polylines.from_list([[(-5, 1), (15, 1)], [(5, 20), (5, -20)], [(20, 20), (30, 30)]]), square(0, 0, 10)
    )
    assert clipped.source.tolist() == [0, 1]
    assert clipped.lines.line(0).tolist() == [[0, 1], [10, 1]]
    assert clipped.lines.line(1).tolist() == [[5, 10], [5, 0]]


def test_border_rules():
    area = square(0, 0, 10)
    along = Polylines.from_list([[(-5, 0), (15, 0)], [(0, 2), (0, 8)], [(-5, 5), (0, 10), (5, 15)]])
    inside, outside = clip_inside(along, area), clip_outside(along, area)
    assert [inside.lines.line(i).tolist() for i in range(2)] == [[[0, 0], [10, 0]], [[0, 2], [0, 8]]]
    assert inside.source.tolist() == [0, 1]
    assert [outside.lines.line(i).tolist() for i in range(3)] == [
        [[-5, 0], [0, 0]],
        [[10, 0], [15, 0]],
        [[-5, 5], [0, 10], [5, 15]],
    ]


def test_slanted_border_is_inside():
    corner = np.array([(0.0, 0.0), (7.0, 3.0), (4.0, 10.0), (-3.0, 7.0)])
    area = Area.from_rings(Polylines.from_list([corner]))
    third = corner[0] + (corner[1] - corner[0]) / 3
    beyond = corner[0] + (corner[1] - corner[0]) * 2
    line = Polylines.from_list([[third, beyond]])
    inside, outside = clip_inside(line, area).lines, clip_outside(line, area).lines
    np.testing.assert_allclose(inside.xy_um, [third, corner[1]], atol=1e-9)
    np.testing.assert_allclose(outside.xy_um, [corner[1], beyond], atol=1e-9)


def test_closed_lines_stay_whole_across_their_start():
    ring = [(1, 1), (5, 1), (5, 20), (1, 20), (1, 1)]
    inside = clip_inside(Polylines.from_list([ring]), square(0, 0, 10)).lines
    assert len(inside) == 1
    assert inside.xy_um.tolist() == [[1, 10], [1, 1], [5, 1], [5, 10]]
    outside = clip_outside(Polylines.from_list([ring]), square(0, 0, 10)).lines
    assert outside.xy_um.tolist() == [[5, 10], [5, 20], [1, 20], [1, 10]]
    whole = clip_inside(Polylines.from_list([ring]), square(0, 0, 30)).lines
    assert whole.xy_um.tolist() == [list(p) for p in ring]


def test_vertices_on_the_border_do_not_cut():
    """A path that bounces off the border from inside stays one piece with its own vertices."""
    bounce = [(2, 2), (5, 0), (8, 2), (10, 5), (8, 8)]
    inside = clip_inside(Polylines.from_list([bounce]), square(0, 0, 10))
    assert inside.lines.xy_um.tolist() == [list(p) for p in bounce]
    assert len(clip_outside(Polylines.from_list([bounce]), square(0, 0, 10)).lines) == 0


def test_dots_and_empty():
    area = square(0, 0, 10)
    dots = np.array([(5, 5), (10, 5), (10 + BORDER_UM / 2, 5), (10 + BORDER_UM * 3, 5)])
    assert dots_inside(dots, area).tolist() == [True, True, True, False]
    mixed = Polylines.from_list([[(50, 50)], [(5, 5), (50, 5)], [(5, 5)], [(60, 60), (70, 70)]])
    inside, outside = clip_inside(mixed, area), clip_outside(mixed, area)
    assert inside.source.tolist() == [1, 2]
    assert outside.source.tolist() == [0, 1, 3]
    assert inside.lines.is_dot.tolist() == [False, True]
    for lines, region in ((Polylines.empty(), area), (mixed, Area.empty())):
        assert len(clip_inside(lines, region).lines) == 0
        assert len(clip_outside(lines, region).lines) == len(lines)


def test_many_long_slanted_lines():
    """The long-line path of the neighbour search, with an independent length."""
    turn = np.linspace(0, 2 * np.pi, 1000, endpoint=False)
    area = Area.from_rings(Polylines.from_list([np.column_stack([np.cos(turn), np.sin(turn)]) * 100]))
    at = np.linspace(-150, 150, 501)
    lines = Polylines.from_segments(
        np.column_stack([at - 200, at + 0 * at - 200]), np.column_stack([at + 200, at * 0 + at + 200])
    )
    shifted = Polylines.from_segments(np.column_stack([at - 200, -at - 200]), np.column_stack([at + 200, -at + 200]))
    both = Polylines.concatenate([lines, shifted])
    start, end, _ = both.segments()
    oracle = shapely.length(
        shapely.intersection(shapely.linestrings(np.stack([start, end], axis=1)), area.geometry)
    ).sum()
    assert lengths(clip_inside(both, area).lines) == pytest.approx(oracle, rel=1e-9)
