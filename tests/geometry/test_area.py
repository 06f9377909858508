import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lasercam.errors import GeometryError
from lasercam.geometry.area import Area, _winding_numbers, near_segments
from lasercam.geometry.polylines import Polylines
from lasercam.geometry.transform import rotation
from tests.geometry.strategies import areas, coordinates, fill_rules, grid_points, many_rings, points, square


def winding_by_angles(rings, point):
    """Turns around a point by adding up angles: shares nothing with the product's ray counting."""
    total = 0.0
    for i in range(len(rings)):
        ring = rings.line(i)
        z = (np.vstack([ring, ring[:1]]) - point) @ np.array([1, 1j])
        z = z[np.concatenate([[True], z[1:] != z[:-1]])]
        total += float(np.angle(z[1:] / z[:-1]).sum())
    return round(total / (2 * np.pi))


@settings(max_examples=200, deadline=None)
@given(many_rings, fill_rules, st.lists(points, min_size=1, max_size=10))
def test_fill_rules_agree_with_the_winding_number(rings, fill_rule, probes):
    area = Area.from_rings(rings, fill_rule)
    edges = shapely.MultiLineString([np.vstack([rings.line(i), rings.line(i)[:1]]) for i in range(len(rings))])
    probes = [p for p in probes if shapely.distance(edges, shapely.Point(p)) > 1e-6]
    assume(probes)
    for probe, inside in zip(probes, area.contains(probes), strict=True):
        turns = winding_by_angles(rings, np.array(probe))
        assert inside == (turns != 0 if fill_rule == "nonzero" else turns % 2 == 1)


def test_winding_of_points_level_with_vertices():
    """Every probe's ray runs through vertices: counted twice or not at all, the number would be wrong."""
    diamond = np.array([(-3.0, 0.0), (0.0, -3.0), (3.0, 0.0), (0.0, 3.0)])
    probes = np.array([(0.0, 0.0), (-5.0, 0.0), (-5.0, 3.0), (-5.0, -3.0), (5.0, 0.0), (1.0, 0.0)])
    for ring, turn in ((diamond, 1), (diamond[::-1], -1)):
        found = _winding_numbers(probes, ring, np.roll(ring, -1, axis=0))
        assert found.tolist() == [turn, 0, 0, 0, 0, turn]


def test_pentagram_and_nested_rings():
    turn = np.arange(5) * 4 * np.pi / 5
    star = Polylines.from_list([np.column_stack([np.cos(turn), np.sin(turn)])])
    assert Area.from_rings(star, "nonzero").contains([(0, 0)]).all()
    assert not Area.from_rings(star, "evenodd").contains([(0, 0)]).any()
    outer = [(0, 0), (10, 0), (10, 10), (0, 10)]
    inner = [(2, 2), (4, 2), (4, 4), (2, 4)]
    same, turned = Polylines.from_list([outer, inner]), Polylines.from_list([outer, inner[::-1]])
    assert Area.from_rings(same, "nonzero").area_um2 == 100
    assert Area.from_rings(same, "evenodd").area_um2 == 96
    assert Area.from_rings(turned, "nonzero").area_um2 == 96


def test_what_encloses_nothing():
    for lines in ([], [[(1, 1)]], [[(0, 0), (3, 3)]], [[(0, 0), (3, 3), (0, 0)]], [[(0, 0), (0, 0), (0, 0)]]):
        assert Area.from_rings(Polylines.from_list(lines)).is_empty
    assert Area.from_rectangles(np.zeros((0, 2)), np.zeros((0, 2))).is_empty
    assert len(Area.empty().rings()) == 0
    assert Area.empty().area_um2 == 0
    assert not Area.empty().contains([(0, 0)]).any()
    with pytest.raises(GeometryError, match="fill rule"):
        Area.from_rings(Polylines.empty(), "winding")


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.one_of(points, grid_points), st.tuples(st.floats(0.01, 9), st.floats(0.01, 9))),
        min_size=1,
        max_size=30,
    )
)
def test_rectangles_equal_the_union_of_boxes(boxes):
    lower = np.array([b[0] for b in boxes])
    upper = lower + np.array([b[1] for b in boxes])
    area = Area.from_rectangles(lower, upper)
    oracle = shapely.union_all(shapely.box(*lower.T, *upper.T))
    assert area.area_um2 == pytest.approx(oracle.area)
    assert shapely.symmetric_difference(area.geometry, oracle).area <= 1e-4


def test_qr_sized_modules_meet_without_slits():
    row, column = np.nonzero(np.ones((177, 177)))
    lower = np.column_stack([column, row]) * 0.1 + 0.7
    area = Area.from_rectangles(lower, lower + 0.1)
    assert len(area.rings()) == 1
    assert len(area.rings().line(0)) == 5
    checker = (row + column) % 2 == 0
    area = Area.from_rectangles(lower[checker], lower[checker] + 0.1)
    assert len(area.pieces()) == checker.sum()


def test_scattered_rectangles_take_the_other_way(monkeypatch):
    monkeypatch.setattr("lasercam.geometry.rectangles.MAX_CELLS", 3)
    area = Area.from_rectangles([[0, 0], [1, 1], [9, 9]], [[2, 2], [3, 3], [10, 10]])
    assert area.area_um2 == pytest.approx(8)


@pytest.mark.parametrize("upper", [[[0, 1]], [[1, 1e-7]], [[-1, 1]], [[np.nan, 1]], [[1, 1], [2, 2]]])
def test_rectangles_refuse(upper):
    with pytest.raises(GeometryError):
        Area.from_rectangles([[0, 0]], upper)


@settings(max_examples=100, deadline=None)
@given(areas)
def test_rings_carry_the_area(area):
    rings = area.rings()
    assert rings.is_closed.all()
    start, end = area.edges()
    signed = 0.5 * np.sum(start[:, 0] * end[:, 1] - end[:, 0] * start[:, 1])
    assert signed == pytest.approx(area.area_um2)
    again = Area.from_rings(rings, "nonzero")
    assert shapely.symmetric_difference(area.geometry, again.geometry).area < 1e-9
    middle, normal = (start + end) / 2, (end - start) @ np.array([[0, 1], [-1, 0]])
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    # A step to the left of an edge is inside unless another border is nearer than the step.
    probe = middle + normal / length * 1e-7
    distance = shapely.distance(shapely.boundary(area.geometry), shapely.points(probe))
    clear = (distance > 0.9e-7) & (length[:, 0] > 1e-5)
    assert area.contains(probe[clear]).all()


@settings(max_examples=60, deadline=None)
@given(areas, areas)
def test_set_algebra(a, b):
    both, one, all_ = a.intersection(b), a.difference(b), a.union(b)
    # Borders move by a millionth of a µm at most, and are a few hundred µm long.
    assert both.area_um2 + one.area_um2 == pytest.approx(a.area_um2, abs=1e-3)
    assert all_.area_um2 == pytest.approx(a.area_um2 + b.area_um2 - both.area_um2, abs=1e-3)


def test_edges_collinear_but_for_the_last_digit_are_overlaid_rightly():
    """In full floating point GEOS gives an intersection of 5.27 µm² here, and a union smaller than one of the two."""
    corners = ([(-1, -5), (-4, 0), (0, -3), (1, 1)], [(0, 0), (0, -3), (-4, 0)])
    bow, triangle = (Area.from_rings(Polylines.from_list([np.array(c, float)])) for c in corners)
    assert bow.intersection(triangle).area_um2 == pytest.approx(2 / 15, abs=1e-5)
    assert bow.union(triangle).area_um2 == pytest.approx(349 / 30, abs=1e-4)


def test_touching_areas_have_no_intersection():
    assert square(0, 0, 1).intersection(square(1, 0, 1)).is_empty
    assert square(0, 0, 1).union(square(1, 0, 1)).area_um2 == 2
    assert Area.union_of([]).is_empty


def test_offset_grows_by_steiners_formula():
    grown = square(0, 0, 10).offset(2.0, tolerance_um=1e-4)
    exact = 100 + 4 * 10 * 2 + np.pi * 4
    assert exact - 4 * np.pi * 2 * 1e-4 < grown.area_um2 <= exact
    assert square(0, 0, 10).offset(2.0, joins="mitre").area_um2 == pytest.approx(196)
    assert square(0, 0, 10).offset(2.0, joins="bevel").area_um2 == pytest.approx(100 + 80 + 8)
    assert square(0, 0, 10).offset(-2.0).area_um2 == pytest.approx(36)
    assert square(0, 0, 10).offset(-5.1).is_empty
    assert square(0, 0, 10).offset(0.0).area_um2 == 100


@settings(max_examples=150, deadline=None)
@given(areas, st.one_of(st.floats(1e-4, 3.0), st.sampled_from([1e-4, 1e-3, 1.0])), st.sampled_from([0.1, 0.01, 0.001]))
def test_offset_borders_keep_their_distance(area, distance, tolerance):
    border = shapely.boundary(area.geometry)
    # GEOS: dents shallower than 1 % of the distance.
    slack = tolerance + 0.01 * distance + 1e-9
    grown = area.offset(distance, tolerance_um=tolerance)
    away = shapely.distance(area.geometry, shapely.points(np.concatenate(grown.edges())))
    assert np.abs(away - distance).max() <= slack
    middle = shapely.points((grown.edges()[0] + grown.edges()[1]) / 2)
    assert shapely.distance(area.geometry, middle).min() >= distance - slack
    shrunk = area.offset(-distance, tolerance_um=tolerance)
    if not shrunk.is_empty:
        start, end = shrunk.edges()
        for probe in (start, (start + end) / 2):
            assert shapely.distance(border, shapely.points(probe)).min() >= distance - slack
        assert area.contains(start).all()


@pytest.mark.parametrize("tolerance", [1.0, 0.1, 0.01, 0.001])
def test_offset_arcs_stay_within_the_tolerance(tolerance):
    corner = square(0, 0, 1e-3).offset(10.0, tolerance_um=tolerance)
    start, end = corner.edges()
    middle = (start + end) / 2
    distance = shapely.distance(square(0, 0, 1e-3).geometry, shapely.points(middle))
    assert distance.min() >= 10.0 - tolerance
    assert distance.max() <= 10.0 + 1e-9


@pytest.mark.parametrize(
    ("distance", "options"),
    [(1e-5, {}), (-1e-300, {}), (np.nan, {}), (np.inf, {}), (1.0, {"tolerance_um": 0.0}), (1.0, {"joins": "miter"})],
)
def test_offset_refuses(distance, options):
    with pytest.raises(GeometryError):
        square(0, 0, 1).offset(distance, **options)


def test_tangles_are_refused_before_they_eat_the_memory():
    tangle = Polylines.from_list([np.random.default_rng(0).random((10_000, 2))])
    with pytest.raises(GeometryError, match="tangle"):
        Area.from_rings(tangle)


@settings(max_examples=60, deadline=None)
@given(areas, st.floats(0.0, 2.0))
def test_simplified_borders_stay_near(area, tolerance):
    less = area.simplified(tolerance)
    assert len(less.edges()[0]) <= len(area.edges()[0])
    if not less.is_empty:
        vertices = shapely.points(shapely.get_coordinates(area.geometry))
        assert shapely.distance(shapely.boundary(less.geometry), vertices).max() <= tolerance + 1e-9
    with pytest.raises(GeometryError):
        area.simplified(-1.0)


def test_contains_border():
    area = square(0, 0, 10)
    probes = [(0, 5), (10, 10), (5, 5), (10 + 1e-7, 5), (11, 5)]
    assert area.contains(probes).tolist() == [True, True, True, False, False]
    assert area.contains(probes, border=False).tolist() == [False, False, True, False, False]
    assert area.contains(probes, within_um=1e-6).tolist() == [True, True, True, True, False]
    with pytest.raises(GeometryError):
        area.contains([(np.nan, 0)])
    with pytest.raises(GeometryError):
        area.contains(probes, within_um=-1.0)


def test_transform_and_pieces():
    area = square(0, 0, 2).union(square(5, 0, 1))
    assert sorted(p.area_um2 for p in area.pieces()) == [1, 4]
    assert area.transform(rotation(90)).bounds_um() == (-2, 0, 0, 6)
    assert Area.empty().transform(rotation(90)).is_empty


def test_refuses_geometry_and_change():
    with pytest.raises(GeometryError, match="LineString"):
        Area(shapely.LineString([(0, 0), (1, 1)]))
    with pytest.raises(GeometryError, match="Self-intersection"):
        Area(shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]))
    with pytest.raises(GeometryError):
        Area(shapely.box(0, 0, 1, 2e9))
    with pytest.raises(AttributeError):
        square(0, 0, 1).geometry = None
    with pytest.raises(GeometryError):
        Area.empty().bounds_um()


segments = st.lists(st.tuples(coordinates, coordinates, coordinates, coordinates), min_size=1, max_size=20).map(
    np.array
)


@settings(max_examples=100, deadline=None)
@given(segments, segments, st.sampled_from([0.0, 1e-6, 1.0]))
def test_near_segments_miss_nothing_and_repeat_nothing(one, other, reach):
    found = [
        (int(i), int(j))
        for i_batch, j_batch in near_segments(one[:, :2], one[:, 2:], other[:, :2], other[:, 2:], reach)
        for i, j in zip(i_batch, j_batch, strict=True)
    ]
    assert len(found) == len(set(found))
    a = shapely.linestrings(one.reshape(-1, 2, 2))
    b = shapely.linestrings(other.reshape(-1, 2, 2))
    must = {(i, j) for i in range(len(a)) for j in range(len(b)) if shapely.distance(a[i], b[j]) <= reach * 0.999}
    assert must <= set(found)


def test_polygons_are_united_whichever_way_they_turn() -> None:
    """Against shapely's own union of the same polygons; figure eights count both their lobes."""
    chance = np.random.default_rng(8)
    corner = chance.uniform(0, 300, (400, 1, 2))
    square = np.array([[0, 0], [12, 0], [12, 7], [0, 7]], float)
    rings = corner + np.where((np.arange(400) % 2 == 0)[:, None, None], square, square[::-1])
    area = Area.from_polygons(Polylines.from_list(rings))
    wanted = shapely.union_all(shapely.polygons(rings))
    assert area.area_um2 == pytest.approx(wanted.area, rel=1e-6)
    snapped = 1e-6 * 38 * len(rings)  # the overlay grid along all edges
    assert area.geometry.symmetric_difference(wanted).area < snapped
    crossed = [[(0, 0), (10, 10), (10, 0), (0, 10)], [(0, 0), (1, 1)], [(5, 5), (5, 5), (5, 5)]]
    assert Area.from_polygons(Polylines.from_list(crossed)).area_um2 == pytest.approx(50.0)
    assert Area.from_polygons(Polylines.empty()).is_empty


def test_a_wall_of_touching_polygons_is_one_piece() -> None:
    low = np.array([(x, y) for x in range(40) for y in range(40)], float)
    rings = low[:, None, :] + np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)
    area = Area.from_polygons(Polylines.from_list(rings))
    assert len(area.pieces()) == 1
    assert area.area_um2 == pytest.approx(1600.0)
