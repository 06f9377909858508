"""Time since a neighbour, against every pair compared."""

import io
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.errors import UsageError
from lasercam.model.timing import TimedBlock
from lasercam.model.toolpath import RowKind
from lasercam.preview.neighbour_colours import NeighbourColours, extent_and_spacing
from lasercam.preview.neighbour_gaps import NeighbourGrid
from lasercam.preview.toolpath_figure import draw_toolpath
from tests.support.builders import dot_recipe, line_recipe, rows, toolpath


def brute(place, begin, end, feature, distance):
    """Shortest time since the end of any earlier near exposure of another feature."""
    found = np.full(len(place), np.inf)
    for i in range(len(place)):
        for j in range(i):
            apart = np.linalg.norm(place[i] - place[j])
            if feature[i] != feature[j] and apart <= distance:
                found[i] = min(found[i], max(begin[i] - end[j], 0.0))
    return found


def lattice(columns, rows_, pitch, order):
    place = np.array([(x * pitch, y * pitch, 100.0) for y in range(rows_) for x in range(columns)])[order]
    end = np.cumsum(np.full(len(place), 0.5))
    return place, end - 0.1, end, np.arange(len(place))


@pytest.mark.parametrize("compiled", [False, True])
@settings(max_examples=25, deadline=None)
@given(st.permutations(list(range(20))), st.sampled_from([3.0, 10.0, 25.0]), st.sampled_from([1.05, 1.5, 1.9]))
def test_dots_of_a_lattice_in_any_order_wait_as_every_pair_says(compiled, order, pitch, reach):
    place, begin, end, feature = lattice(5, 4, pitch, order)
    grid = NeighbourGrid((0.0, 0.0), (4 * pitch, 3 * pitch), reach * pitch)
    found = grid.gaps(place, place, begin, end, feature, compiled=compiled)
    # A place remembers one exposure only; as places are finer than the pitch for these reaches, nothing is forgotten.
    assert found == pytest.approx(brute(place, begin, end, feature, reach * pitch))


def test_both_engines_agree_on_lines_and_pieces_of_a_call():
    rng = np.random.default_rng(5)
    start = np.column_stack((rng.uniform(0, 100, (200, 2)), rng.choice([50.0, 60.0], 200)))
    end = start + np.column_stack((rng.uniform(-30, 30, (200, 2)), np.zeros(200)))
    stop = np.cumsum(rng.uniform(0.1, 0.3, 200))
    columns = start, end, stop - 0.1, stop, np.arange(200) // 3
    found = []
    for compiled, cuts in ((False, (0, 200)), (True, (0, 200)), (True, (0, 7, 8, 120, 200))):
        grid = NeighbourGrid((-30.0, -30.0), (130.0, 130.0), 9.0)
        pieces = [grid.gaps(*(c[a:b] for c in columns), compiled=compiled) for a, b in pairwise(cuts)]
        found.append(np.concatenate(pieces))
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])
    assert 0 < np.isfinite(found[0]).sum() < 200


def test_other_depths_are_no_neighbours_and_a_feature_is_none_of_itself():
    grid = NeighbourGrid((0.0, 0.0), (10.0, 10.0), 5.0)
    place = np.array([[1.0, 1.0, 100.0], [1.0, 1.0, 106.0], [2.0, 1.0, 106.0]])
    times = np.arange(3.0)
    assert np.isinf(grid.gaps(place, place, times, times + 0.5, np.array([0, 1, 1]))).all()


def test_a_grid_larger_than_memory_gets_coarser_not_larger():
    grid = NeighbourGrid((0.0, 0.0), (1e6, 1e6), 1.0)
    assert grid._time.size <= 13_000_000
    assert grid.cell_um > 1.0


def two_hatch_lines(gap_rows=0):
    """Two lines 10 µm apart, written one behind the other."""
    listed = [(RowKind.JUMP, (0.0, 0.0, -100.0), 0), (RowKind.LINE, (100.0, 0.0, -100.0), 0)]
    listed += [(RowKind.JUMP, (100.0, 10.0, -100.0), 0), (RowKind.LINE, (0.0, 10.0, -100.0), 0)]
    return toolpath([line_recipe(100.0)], [rows(listed, start_um=(0.0, 0.0, -100.0))])


def timed(path, seconds):
    def make(sections):
        for block in path.blocks():
            if block.section in sections:
                yield TimedBlock(block, np.zeros(len(block)), np.asarray(seconds), np.zeros((0, 14)), np.zeros((0, 14)))

    return make


def test_neighbouring_lines_wait_as_their_nearest_points_do():
    path = two_hatch_lines()
    box, spacing = extent_and_spacing(path, path.header.sections)
    assert spacing == pytest.approx(10.0)
    assert (box[1][0] - box[0][0], box[1][1] - box[0][1]) == pytest.approx((100.0, 10.0))
    dress = NeighbourColours(timed(path, [0.0, 1.0, 0.02, 1.0]), np.zeros(1), box, 11.0)
    shown = list(dress.rows(path.header.sections))
    colours = shown[0].recipe[[1, 3]].tolist()
    # The second line turns back beside the end of the first: 20 ms.
    assert colours == [7, 2]
    uses = np.zeros((dress.n_colours, len(RowKind)), np.int64)
    uses[7, RowKind.LINE] = uses[2, RowKind.LINE] = 1
    groups, group_of = dress.groups(uses)
    assert groups[group_of[2]].title == "10 ms to 100 ms"
    assert groups[group_of[7]].title == "no neighbour yet"
    assert "The shortest wait is 20 ms" in dress.note


def test_shots_of_a_sweep_are_neighbours_a_moment_apart():
    path = toolpath(
        [dot_recipe(pulses=1)],
        [rows([(RowKind.JUMP, (0.0, 0.0, -100.0), 0), (RowKind.SHOTS, (90.0, 0.0, -100.0), 0)], count=10)],
    )
    block = next(path.blocks())
    assert block.count.tolist() == [0, 10]
    dress = NeighbourColours(timed(path, [0.0, 0.045]), np.zeros(1), ((0.0, 0.0), (90.0, 0.0)), 15.0)
    one = TimedBlock(block, np.array([0.0, 90.0]), np.array([0.0, 0.045]), np.zeros((0, 14)), np.zeros((0, 14)))
    dress._timed = lambda sections: iter([one])
    (shown,) = dress.rows(path.header.sections)
    assert shown.recipe[1] == 1, "5 ms between two shots"


def test_the_picture_is_drawn_with_its_scale_and_the_same_every_time():
    path = two_hatch_lines()
    drawn = []
    for _ in range(2):
        dress = NeighbourColours(timed(path, [0.0, 1.0, 0.02, 1.0]), np.zeros(1), ((0.0, 0.0), (100.0, 10.0)), 11.0)
        out = io.BytesIO()
        draw_toolpath(path, out, fmt="svg", sample_size_um=(1000.0, 1000.0), dress=dress)
        drawn.append(out.getvalue())
    assert drawn[0] == drawn[1]
    assert b"#8c2981" in drawn[0], "the colour of 10 to 100 ms"


def test_nothing_exposed_has_no_neighbours():
    path = toolpath([line_recipe()], [rows([(RowKind.JUMP, (5.0, 5.0, -100.0), 0)])])
    with pytest.raises(UsageError, match="nothing is exposed"):
        extent_and_spacing(path, path.header.sections)
