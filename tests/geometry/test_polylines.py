import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.errors import GeometryError
from lasercam.geometry.polylines import Polylines, ramp
from lasercam.geometry.transform import rotation
from tests.geometry.strategies import points

line_lists = st.lists(st.lists(points, min_size=1, max_size=6).map(np.array), max_size=6)


@given(line_lists)
def test_from_list_keeps_every_line(lines):
    polylines = Polylines.from_list(lines)
    assert len(polylines) == len(lines)
    for i, line in enumerate(lines):
        np.testing.assert_array_equal(polylines.line(i), line)
        length = np.linalg.norm(np.diff(line, axis=0), axis=1).sum()
        assert polylines.lengths_um()[i] == pytest.approx(length)
        assert polylines.is_dot[i] == (len(line) == 1)


@given(line_lists, st.data())
def test_take_and_concatenate_agree_with_lists(lines, data):
    polylines = Polylines.from_list(lines)
    indices = data.draw(st.lists(st.integers(0, len(lines) - 1), max_size=8)) if lines else []
    taken = polylines.take(indices)
    expected = Polylines.from_list([lines[i] for i in indices])
    np.testing.assert_array_equal(taken.xy_um, expected.xy_um)
    np.testing.assert_array_equal(taken.offsets, expected.offsets)
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(lines), max_size=len(lines))), dtype=bool)
    both = Polylines.concatenate([polylines.take(mask), polylines.take(~mask)])
    assert sorted(map(repr, both.xy_um.tolist())) == sorted(map(repr, polylines.xy_um.tolist()))


def test_arrays_are_read_only_and_not_shared():
    xy = np.array([[0.0, 0.0], [1.0, 2.0]])
    line = Polylines(xy, np.array([0, 2]))
    xy[0] = 99.0
    assert line.xy_um[0, 0] == 0.0
    view = np.zeros((2, 2))
    frozen_view = view[:]
    frozen_view.flags.writeable = False
    kept = Polylines(frozen_view, np.array([0, 2]))
    view[0] = 99.0
    assert kept.xy_um[0, 0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        line.xy_um[0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        line.offsets[0] = 1
    assert line.xy_um.flags.c_contiguous
    assert line.xy_um.dtype == np.float64


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1.1e9, -1.1e9])
def test_refuses_coordinates(bad):
    with pytest.raises(GeometryError, match="point 1"):
        Polylines.from_list([[(0.0, 0.0), (0.0, bad)]])


@pytest.mark.parametrize(
    ("xy", "offsets"),
    [
        ([[0, 0, 0]], [0, 1]),
        ([[0, 0], [1, 1]], [0, 1]),
        ([[0, 0], [1, 1]], [1, 2]),
        ([[0, 0], [1, 1]], [0, 0, 2]),
        ([[0, 0], [1, 1]], [0, 3, 2]),
        ([[0, 0], [1, 1]], [0.0, 2.0]),
        ([[0, 0], [1, 1]], []),
        ([["a", "b"]], [0, 1]),
    ],
)
def test_refuses_tables(xy, offsets):
    with pytest.raises(GeometryError):
        Polylines(xy, offsets)


def test_refuses_selections():
    lines = Polylines.from_list([[(0, 0)], [(1, 1)]])
    for bad in ([True], [2], [-1], [0.5], ["a"]):
        with pytest.raises(GeometryError):
            lines.take(bad)
    with pytest.raises(GeometryError, match="no vertices"):
        Polylines.from_list([[(0, 0)], []])
    with pytest.raises(GeometryError):
        Polylines.empty().bounds_um()


def test_closed_needs_the_same_bits_and_an_enclosed_area():
    square = [(0, 0), (1, 0), (1, 1), (0, 0)]
    nearly = [(0, 0), (1, 0), (1, 1), (0, 1e-12)]
    back = [(0, 0), (1, 0), (0, 0)]
    assert Polylines.from_list([square, nearly, back, [(0, 0)]]).is_closed.tolist() == [True, False, False, False]


def test_bounds_segments_reverse_and_transform():
    lines = Polylines.from_list([[(0, 0), (3, 4)], [(7, -1)], [(1, 1), (2, 1), (2, 3)]])
    assert lines.bounds_um() == (0.0, -1.0, 7.0, 4.0)
    start, end, owner = lines.segments()
    assert owner.tolist() == [0, 2, 2]
    assert start.tolist() == [[0, 0], [1, 1], [2, 1]]
    assert end.tolist() == [[3, 4], [2, 1], [2, 3]]
    assert lines.reversed_lines().line(2).tolist() == [[2, 3], [2, 1], [1, 1]]
    turned = lines.transform(rotation(90))
    assert turned.line(0).tolist() == [[0, 0], [-4, 3]]
    with pytest.raises(GeometryError, match="determinant"):
        lines.transform([[1, 0, 0], [1, 0, 0]])
    with pytest.raises(GeometryError, match="2x3"):
        lines.transform([[1, 0], [1, 0]])
    with pytest.raises(GeometryError, match="within"):
        lines.transform([[1e9, 0, 0], [0, 1, 0]])


def test_ramp():
    assert ramp(np.array([2, 0, 3])).tolist() == [0, 1, 0, 1, 2]
    assert ramp(np.array([], dtype=np.int64)).tolist() == []
