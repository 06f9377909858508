import cmath
import math

import numpy as np
import pytest
import svgpathtools
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lasercam.errors import GeometryError
from lasercam.geometry.flatten import flatten_arcs, flatten_cubics, flatten_quadratics, join_pieces
from lasercam.geometry.polylines import Polylines
from tests.geometry.strategies import points

tolerances = st.floats(1e-4, 10.0)
flags = st.booleans()
radii = st.tuples(st.floats(0.1, 80.0), st.floats(0.1, 80.0))


def distance_to(polyline, curve_points):
    """Distance of every point from the polyline, brute force."""
    a, b = polyline[:-1], polyline[1:]
    d = b - a
    square = np.maximum((d * d).sum(axis=1), 1e-300)
    t = np.clip(((curve_points[:, None] - a) * d).sum(axis=2) / square, 0, 1)
    return np.hypot(*np.moveaxis(curve_points[:, None] - a - t[..., None] * d, 2, 0)).min(axis=1)


def sampled(curve, n=400):
    values = np.array([curve.point(t) for t in np.linspace(0, 1, n)])
    return np.column_stack([values.real, values.imag])


@settings(max_examples=150, deadline=None)
@given(st.lists(points, min_size=4, max_size=4), tolerances)
def test_cubics_stay_within_the_tolerance(control, tolerance):
    line = flatten_cubics([control], tolerance).line(0)
    true = sampled(svgpathtools.CubicBezier(*(complex(*p) for p in control)))
    assert distance_to(line, true).max() <= tolerance * (1 + 1e-9)
    np.testing.assert_array_equal(line[[0, -1]], [control[0], control[3]])
    # And no vertex is off the curve: the samples are at most this far apart along it.
    step = np.hypot(*np.diff(true, axis=0).T).max()
    assert distance_to(true, line).max() <= step


@settings(max_examples=100, deadline=None)
@given(st.lists(points, min_size=3, max_size=3), tolerances)
def test_quadratics_stay_within_the_tolerance(control, tolerance):
    line = flatten_quadratics([control], tolerance).line(0)
    true = sampled(svgpathtools.QuadraticBezier(*(complex(*p) for p in control)))
    assert distance_to(line, true).max() <= tolerance * (1 + 1e-9)
    np.testing.assert_array_equal(line[[0, -1]], [control[0], control[2]])


@settings(max_examples=250, deadline=None)
@given(points, points, radii, st.floats(-720, 720), flags, flags, tolerances)
def test_arcs_agree_with_svgpathtools(start, end, radius, rotation, large, sweep, tolerance):
    chord = complex(*end) - complex(*start)
    assume(abs(chord) > 1e-2)
    turned = chord / 2 * cmath.exp(-1j * math.radians(rotation))
    reach = math.hypot(turned.real / radius[0], turned.imag / radius[1])
    assume(reach < 0.99)  # svgpathtools enlarges small radii wrongly; the next test covers those
    true = svgpathtools.Arc(complex(*start), complex(*radius), rotation, large, sweep, complex(*end))
    line = flatten_arcs([start], [end], [radius], rotation, large, sweep, tolerance).line(0)
    assert distance_to(line, sampled(true)).max() <= tolerance * (1 + 1e-9) + 1e-6
    np.testing.assert_array_equal(line[[0, -1]], [start, end])
    z = (line @ [1, 1j] - true.center) * cmath.exp(-1j * math.radians(rotation))
    np.testing.assert_allclose(np.hypot(z.real / radius[0], z.imag / radius[1]), 1.0, atol=1e-6)


@settings(max_examples=150, deadline=None)
@given(points, points, radii, st.floats(-720, 720), flags, flags, st.floats(0.01, 0.999))
def test_small_radii_grow_until_they_reach(start, end, radius, rotation, large, sweep, share):
    """SVG 2, implementation notes, step 3: the ellipse becomes the one whose centre is the middle."""
    chord = complex(*end) - complex(*start)
    assume(abs(chord) > 1e-2)
    turned = chord / 2 * cmath.exp(-1j * math.radians(rotation))
    reach = math.hypot(turned.real / radius[0], turned.imag / radius[1])
    rx, ry = (r * reach * share for r in radius)
    line = flatten_arcs([start], [end], [(rx, ry)], rotation, large, sweep, 1e-3).line(0)
    z = (line @ [1, 1j] - (complex(*start) + complex(*end)) / 2) * cmath.exp(-1j * math.radians(rotation))
    unit = z.real / radius[0] / reach + 1j * z.imag / radius[1] / reach
    np.testing.assert_allclose(np.abs(unit), 1.0, atol=1e-6)
    # Half a turn, in the asked-for direction.
    turn = np.angle(unit[1:] / unit[:-1]).sum()
    assert turn == pytest.approx(math.pi if sweep else -math.pi, abs=1e-5)


def test_arc_edge_rules_of_svg():
    quarter = {"tolerance_um": 1e-4, "rotation_deg": 0, "large": 0, "sweep": 1}
    start, end = [(10, 0)], [(0, 10)]
    plain = flatten_arcs(start, end, [(10, 10)], **quarter)
    assert np.hypot(*plain.xy_um.T) == pytest.approx(10)
    assert (np.diff(np.arctan2(*plain.xy_um.T[::-1])) > 0).all()
    for radius in ((-10, 10), (10, -10), (-10, -10)):
        np.testing.assert_array_equal(flatten_arcs(start, end, [radius], **quarter).xy_um, plain.xy_um)
    for radius in ((0, 10), (10, 0), (0, 0)):
        assert flatten_arcs(start, end, [radius], **quarter).xy_um.tolist() == [[10, 0], [0, 10]]
    assert flatten_arcs(start, start, [(10, 10)], **quarter).xy_um.tolist() == [[10, 0], [10, 0]]
    flag = flatten_arcs(start, end, [(10, 10)], 0, 0, 7, 1e-4)
    np.testing.assert_array_equal(flag.xy_um, plain.xy_um)
    turned = flatten_arcs(start, end, [(10, 10)], 360.0 * 3, 0, 1, 1e-4)
    np.testing.assert_allclose(turned.xy_um, plain.xy_um, atol=1e-12)


def test_many_arcs_at_once_equal_one_at_a_time():
    rng = np.random.default_rng(4)
    start, end = rng.uniform(-50, 50, (2, 200, 2))
    radius = rng.uniform(-5, 90, (200, 2))
    rotation, (large, sweep) = rng.uniform(-400, 400, 200), rng.integers(0, 2, (2, 200))
    together = flatten_arcs(start, end, radius, rotation, large, sweep, 0.01)
    for i in range(200):
        one = flatten_arcs(start[[i]], end[[i]], radius[[i]], rotation[i], large[i], sweep[i], 0.01)
        np.testing.assert_array_equal(together.line(i), one.line(0))


def test_a_circle_of_arcs_is_rounder_than_cubics():
    """One cubic per quarter turn errs by 2.7e-4 r; arcs err by nothing but their chords."""
    line = flatten_arcs([(1000, 0)], [(-1000, 0)], [(1000, 1000)], 0, 0, 1, 0.01).line(0)
    assert np.abs(np.hypot(*line.T) - 1000).max() < 1e-9
    middle = (line[1:] + line[:-1]) / 2
    assert 1000 - np.hypot(*middle.T).min() <= 0.01
    # Not wasteful either: fewer than 1.1 times the steps a sagitta of 0.01 µm needs.
    assert len(line) < 1.1 * math.pi / (2 * math.acos(1 - 0.01 / 1000)) + 2


def test_join_pieces():
    curves = flatten_cubics([[(0, 0), (1, 2), (3, 2), (4, 0)]], 0.1)
    line = Polylines.from_list([[(4, 0), (4, 0), (8, 0)]])
    other = Polylines.from_list([[(50, 50), (50, 50)]])
    joined = join_pieces(Polylines.concatenate([curves, line, other]), [2, 1])
    assert len(joined) == 2
    np.testing.assert_array_equal(joined.line(0), [*curves.xy_um.tolist(), (8, 0)])
    assert joined.line(1).tolist() == [[50, 50]]
    assert len(join_pieces(Polylines.empty(), [])) == 0
    with pytest.raises(GeometryError, match="starts at"):
        join_pieces(Polylines.concatenate([line, other]), [2])
    with pytest.raises(GeometryError, match="add up"):
        join_pieces(line, [2])
    with pytest.raises(GeometryError, match="integers"):
        join_pieces(line, [1.0])


def test_empty_and_refusals():
    assert len(flatten_cubics([], 0.1)) == 0
    assert len(flatten_quadratics(np.zeros((0, 3, 2)), 0.1)) == 0
    assert len(flatten_arcs([], [], [], 0, 0, 0, 0.1)) == 0
    good = [[(0, 0), (1, 1), (2, 0), (3, 3)]]
    for call in (
        lambda: flatten_cubics(good, 0.0),
        lambda: flatten_cubics(good, np.nan),
        lambda: flatten_cubics(good[0], 0.1),
        lambda: flatten_quadratics(good, 0.1),
        lambda: flatten_cubics([[(0, 0), (1, np.inf), (2, 0), (3, 3)]], 0.1),
        lambda: flatten_cubics([[(0, 0), (1e9, 1e9), (2, 0), (3, 3)]], 1e-9),
        lambda: flatten_cubics([["a"]], 0.1),
        lambda: flatten_arcs([(0, 0)], [(1, 1)], [(1, 1)], np.nan, 0, 0, 0.1),
        lambda: flatten_arcs([(0, 0)], [(1, 1)], [(np.inf, 1)], 0, 0, 0, 0.1),
        lambda: flatten_arcs([(0, 0)], [(1, 1)], [], 0, 0, 0, 0.1),
        lambda: flatten_arcs([(0, 0)], [(1, 1)], [(1, 1)], [0, 1], 0, 0, 0.1),
        lambda: flatten_arcs([(0, 0)], [(1, 1)], [(1, 1)], 0, 0, 0, -0.1),
    ):
        with pytest.raises(GeometryError):
            call()
