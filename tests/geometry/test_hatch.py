import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.errors import GeometryError
from lasercam.geometry import scanline
from lasercam.geometry.area import Area
from lasercam.geometry.hatch import hatch_contours, hatch_crossed, hatch_parallel, hatch_spiral
from lasercam.geometry.polylines import Polylines
from tests.geometry.strategies import areas, square

angles = st.one_of(st.sampled_from([0.0, 30.0, 45.0, 90.0, 135.0, 180.0, 270.0]), st.floats(-400, 400))
pitches = st.one_of(st.sampled_from([0.5, 1.0, 2.0]), st.floats(0.3, 5.0))
origins = st.tuples(st.floats(-100, 100), st.floats(-100, 100))


def same_bits(a, b):
    return a.xy_um.tobytes() == b.xy_um.tobytes() and a.offsets.tobytes() == b.offsets.tobytes()


def disc(radius, n=256, centre=(0.0, 0.0)):
    turn = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return Area.from_rings(Polylines.from_list([np.column_stack([np.cos(turn), np.sin(turn)]) * radius + centre]))


def rows_of(lines, angle):
    """Row heights and intervals along the row, sorted."""
    start, end, _ = lines.segments()
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    v = start[:, 1] * c - start[:, 0] * s
    return np.column_stack([v, start @ [c, s], end @ [c, s]])


@settings(max_examples=200, deadline=None)
@given(areas, angles, pitches, origins)
def test_both_engines_give_the_same_bits(area, angle, pitch, origin):
    plain, compiled = (
        hatch_parallel(area, pitch_um=pitch, angle_deg=angle, origin_um=origin, engine=e) for e in ("numpy", "numba")
    )
    assert same_bits(plain, compiled)


@settings(max_examples=150, deadline=None)
@given(areas, angles, st.floats(0.3, 3.0), origins)
def test_lines_are_what_shapely_cuts(area, angle, pitch, origin):
    lines = hatch_parallel(area, pitch_um=pitch, angle_deg=angle, origin_um=origin)
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    u, v = np.array([c, s]), np.array([-s, c])
    reach = 400 / pitch
    k = np.arange(-math.ceil(reach), math.ceil(reach))[:, None]
    rows = shapely.linestrings(np.stack([np.array(origin) + k * pitch * v + t * u for t in (-400, 400)], axis=1))
    # Rows along a horizontal border are taken on one side only; move nothing, but skip such cases.
    heights = shapely.get_coordinates(area.geometry) @ v - np.array(origin) @ v
    if np.abs(heights / pitch - np.round(heights / pitch)).min() < 1e-6:
        return
    oracle = shapely.length(shapely.intersection(rows, area.geometry)).sum()
    assert lines.lengths_um().sum() == pytest.approx(oracle, rel=1e-9, abs=1e-6)
    if len(lines):
        start, end, _ = lines.segments()
        assert area.contains((start + end) / 2, within_um=1e-9).all()


@settings(max_examples=60, deadline=None)
@given(areas, angles)
def test_length_times_pitch_is_the_area(area, angle):
    """A Riemann sum: each row errs by no more than the border's variation over one pitch."""
    pitch = 0.02
    lines = hatch_parallel(area, pitch_um=pitch, angle_deg=angle)
    perimeter = shapely.length(area.geometry)
    assert lines.lengths_um().sum() * pitch == pytest.approx(area.area_um2, abs=pitch * perimeter)


def test_length_times_pitch_converges():
    lines = hatch_parallel(disc(50.0), pitch_um=0.01, angle_deg=17.0, origin_um=(0.3, 0.4))
    assert lines.lengths_um().sum() * 0.01 == pytest.approx(disc(50.0).area_um2, rel=1e-5)


@settings(max_examples=100, deadline=None)
@given(areas, angles, pitches, st.floats(-20, 20))
def test_two_neighbours_cover_what_their_union_covers(area, angle, pitch, split):
    left_half, right_half = (
        Area.from_rectangles([[x0, -60.0]], [[x1, 60.0]]) for x0, x1 in ((-60.0, split), (split, 60.0))
    )
    left, right = area.intersection(left_half), area.intersection(right_half)
    if left.is_empty or right.is_empty:
        return
    whole = left.union(right)
    one = hatch_parallel(whole, pitch_um=pitch, angle_deg=angle)
    two = Polylines.concatenate([hatch_parallel(a, pitch_um=pitch, angle_deg=angle) for a in (left, right)])
    assert two.lengths_um().sum() == pytest.approx(one.lengths_um().sum(), abs=1e-6)
    if not len(one):
        return
    covered = shapely.union_all([shapely.LineString(one.line(i)).buffer(1e-6) for i in range(len(one))])
    for i in range(len(two)):
        assert shapely.covers(covered, shapely.LineString(two.line(i)))


def test_squares_on_the_grid_write_each_row_once():
    """The border rows of neighbouring modules are exactly the hard case: pitch divides the module."""
    lower = np.array([(x, y) for x in range(5) for y in range(5)]) * 0.3
    for pitch in (0.1, 0.05, 0.3):
        modules = [Area.from_rectangles([p], [p + 0.3]) for p in lower]
        for angle in (0.0, 90.0):
            lines = Polylines.concatenate([hatch_parallel(m, pitch_um=pitch, angle_deg=angle) for m in modules])
            v, low, high = rows_of(lines, angle).T
            order = np.lexsort((low, v))
            same_row = np.diff(v[order]) < 1e-9
            assert (low[order][1:][same_row] >= high[order][:-1][same_row] - 1e-9).all()
            whole = hatch_parallel(Area.from_rectangles(lower, lower + 0.3), pitch_um=pitch, angle_deg=angle)
            assert lines.lengths_um().sum() == pytest.approx(whole.lengths_um().sum())


def test_half_open_rule():
    lines = hatch_parallel(square(0, 0, 4), pitch_um=1.0)
    assert lines.xy_um[:, 1].tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    upright = hatch_parallel(square(0, 0, 4), pitch_um=1.0, angle_deg=90)
    # Turned by 90°, the lower side of a row is the right one.
    assert sorted(set(upright.xy_um[:, 0])) == [1, 2, 3, 4]
    assert upright.line(0)[0, 1] == 0
    assert upright.line(0)[1, 1] == 4


def test_rows_through_vertices_neither_double_nor_drop():
    diamond = Area.from_rings(Polylines.from_list([[(0, -3), (3, 0), (0, 3), (-3, 0)]]))
    lines = hatch_parallel(diamond, pitch_um=1.0)
    assert lines.xy_um.tolist() == [
        [-1, -2], [1, -2], [-2, -1], [2, -1], [-3, 0], [3, 0], [-2, 1], [2, 1], [-1, 2], [1, 2]
    ]  # fmt: skip
    # A hole whose corner touches the row splits nothing.
    holed = square(-5, -5, 10).difference(diamond.transform([[1, 0, 0], [0, 1, 1]]))
    touched = hatch_parallel(holed, pitch_um=1.0)
    assert [line for line in touched.xy_um.tolist() if line[1] == -2] == [[-5, -2], [5, -2]]


@settings(max_examples=50, deadline=None)
@given(areas, angles, pitches, st.integers(-30, 30))
def test_the_grid_is_absolute(area, angle, pitch, k):
    lines = hatch_parallel(area, pitch_um=pitch, angle_deg=angle, origin_um=(3.0, -2.0))
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    if len(lines):
        v = lines.xy_um @ [-s, c] - np.array([3.0, -2.0]) @ [-s, c]
        np.testing.assert_allclose(v / pitch, np.round(v / pitch), atol=1e-9)
        assert (np.diff(np.round(v / pitch)) >= 0).all()
    part = area.intersection(Area.from_rectangles([[-60, -60]], [[float(k), 60]]))
    again = hatch_parallel(part, pitch_um=pitch, angle_deg=angle, origin_um=(3.0, -2.0))
    full_rows = {float(x) for x in np.round(rows_of(lines, angle)[:, 0], 6)} if len(lines) else set()
    part_rows = {float(x) for x in np.round(rows_of(again, angle)[:, 0], 6)} if len(again) else set()
    assert part_rows <= full_rows | {-x for x in part_rows if x == 0}


@settings(max_examples=50, deadline=None)
@given(areas, angles, st.floats(0.05, 2.0))
def test_inset_keeps_the_distance(area, angle, inset):
    lines = hatch_parallel(area, pitch_um=0.7, angle_deg=angle, inset_um=inset)
    if len(lines):
        distance = shapely.distance(shapely.boundary(area.geometry), shapely.points(lines.xy_um))
        assert distance.min() >= inset - 0.01 - 0.01 * inset


def test_min_length():
    triangle = Area.from_rings(Polylines.from_list([[(0, 0), (10, 0), (0, 10)]]))
    lines = hatch_parallel(triangle, pitch_um=1.0, min_length_um=5.0)
    assert lines.lengths_um().tolist() == [10, 9, 8, 7, 6, 5]


def test_crossed_is_two_hatches():
    area = disc(20.0)
    crossed = hatch_crossed(area, pitch_um=1.0, angle_deg=20.0)
    single = [hatch_parallel(area, pitch_um=1.0, angle_deg=a) for a in (20.0, 110.0)]
    assert same_bits(crossed, Polylines.concatenate(single))
    with pytest.raises(GeometryError, match="same lines"):
        hatch_crossed(area, pitch_um=1.0, crossing_deg=180.0)


@settings(max_examples=30, deadline=None)
@given(areas, st.floats(0.5, 4.0), st.one_of(st.just(0.0), st.floats(0.01, 1.0)))
def test_contours_are_closed_inside_and_spaced(area, pitch, inset):
    lines = hatch_contours(area, pitch_um=pitch, inset_um=inset)
    if not len(lines):
        return
    assert lines.is_closed.all()
    distance = shapely.distance(shapely.boundary(area.geometry), shapely.points(lines.xy_um))
    level = np.round((distance - inset) / pitch)
    # Per inset: arcs within 0.01 µm and dents within 1 % of the step.
    slack = (level + 1) * (0.01 + 0.01 * pitch) + 0.01 * inset + 0.01
    assert (np.abs(distance - inset - level * pitch) <= slack).all()
    assert area.contains(lines.xy_um, within_um=1e-9).all()


def test_contours_of_a_disc():
    lines = hatch_contours(disc(10.0), pitch_um=1.0, inset_um=0.5)
    assert len(lines) == 10
    level = np.arange(10)
    assert (np.abs(lines.lengths_um() - 2 * np.pi * (9.5 - level)) <= 2 * np.pi * 0.01 * (level + 1)).all()
    assert len(hatch_contours(disc(10.0), pitch_um=1.0, inset_um=0.5, min_length_um=10.0)) == 8
    assert len(hatch_contours(disc(10.0), pitch_um=1.0, inset_um=11.0)) == 0


@settings(max_examples=40, deadline=None)
@given(st.floats(0.2, 5.0), st.floats(1e-4, 0.2))
def test_spiral_follows_archimedes_within_the_tolerance(pitch, tolerance):
    (x, y), radius = (3.0, -4.0), 20.0
    lines = hatch_spiral(disc(radius, 64, (x, y)), pitch_um=pitch, centre_um=(x, y), tolerance_um=tolerance)
    # The last turn may leave the 64 edges and come back; the first piece is the spiral up to there.
    vertices = lines.line(0) - (x, y)
    r = np.hypot(*vertices.T)
    angle = 2 * np.pi * r / pitch
    inner = slice(1, -1)
    turn = np.angle(np.exp(1j * (np.arctan2(vertices[inner, 1], vertices[inner, 0]) - angle[inner])))
    assert np.abs(turn).max() < 1e-6
    # The curve between two vertices, sampled, against the chord.
    steps = np.linspace(0, 1, 17)
    phi = angle[:-2, None] + (angle[1:-1] - angle[:-2])[:, None] * steps
    curve = pitch * phi / (2 * np.pi) * np.exp(1j * phi)
    z = vertices @ np.array([1, 1j])
    chord = (z[1:-1] - z[:-2])[:, None]
    away = np.abs(((curve - z[:-2, None]) / chord).imag * np.abs(chord))
    assert away.max() <= tolerance
    assert lines.lengths_um().sum() * pitch == pytest.approx(np.pi * radius**2, rel=0.02 + 2 * pitch / radius)


def test_spiral_of_a_ring_leaves_the_hole():
    ring = disc(20.0).difference(disc(10.0))
    lines = hatch_spiral(ring, pitch_um=1.0, centre_um=(0, 0), inset_um=0.5)
    r = np.hypot(*lines.xy_um.T)
    assert r.min() >= 10.5 - 0.02
    assert r.max() <= 19.5 + 1e-6


def test_empty_and_refusals(monkeypatch):
    area = square(0, 0, 10)
    assert len(hatch_parallel(Area.empty(), pitch_um=1.0)) == 0
    assert len(hatch_parallel(area, pitch_um=1.0, inset_um=6.0)) == 0
    assert len(hatch_parallel(square(0.1, 0.1, 0.5), pitch_um=1.0)) == 0
    assert len(hatch_spiral(Area.empty(), pitch_um=1.0, centre_um=(0, 0))) == 0
    for options in (
        {"pitch_um": 0.0},
        {"pitch_um": -1.0},
        {"pitch_um": np.nan},
        {"pitch_um": 1e-9},
        {"pitch_um": 1.0, "angle_deg": np.inf},
        {"pitch_um": 1.0, "inset_um": -1.0},
        {"pitch_um": 1.0, "min_length_um": np.nan},
        {"pitch_um": 1.0, "origin_um": (np.nan, 0)},
    ):
        with pytest.raises(GeometryError):
            hatch_parallel(area, **options)
    with pytest.raises(GeometryError, match="insets"):
        hatch_contours(area, pitch_um=1e-6)
    with pytest.raises(GeometryError, match="vertices"):
        hatch_spiral(area, pitch_um=1e-4, centre_um=(0, 0), tolerance_um=1e-6)
    with pytest.raises(GeometryError):
        hatch_spiral(area, pitch_um=1.0, centre_um=(0, np.inf))
    monkeypatch.setattr(scanline, "MAX_CROSSINGS", 10)
    with pytest.raises(GeometryError, match="tiles"):
        hatch_parallel(area, pitch_um=1.0)


def test_far_apart_pieces_do_not_ask_for_a_counter_per_row():
    pieces = square(0, 0, 1).union(square(0, 1e8, 1))
    lines = hatch_parallel(pieces, pitch_um=1e-3)
    assert len(lines) == pytest.approx(2000, abs=2)
