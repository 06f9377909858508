"""Marks: nominal places, distinguishable signs, scales that read what they promise."""

import itertools

import numpy as np
import pytest
import shapely
from pydantic import ValidationError

from lasercam.errors import InputError
from lasercam.model.feature import FeatureBlock
from lasercam.sources.marks import Marks
from tests.support.sources import joined, make

SHAPES = {
    "cross": {"size": 50.0, "strokes": 3, "stroke_pitch": 1.0},
    "l_corner": {"size": 50.0, "span": [300.0, 200.0], "strokes": 3, "stroke_pitch": 4.0},
    "fiducials": {"size": 60.0, "span": [300.0, 200.0], "strokes": 2, "stroke_pitch": 2.0},
    "vernier": {"size": 40.0, "divisions": 10, "pitch": 10.0},
    "ruler": {"size": 40.0, "divisions": 120, "pitch": 10.0, "numbers": True},
}


def marks(shape: str, **keys: object) -> Marks:
    return make(Marks, {"type": "marks", "shape": shape, **keys})


def part(source: Marks, name: str) -> FeatureBlock:
    block = joined(source.features())
    return block.take(block.part == source.parts.atoms.index(name))


def lines(block: FeatureBlock) -> list[shapely.LineString]:
    return [shapely.LineString(block.xyz_um[a:b, :2]) for a, b in itertools.pairwise(block.offsets)]


@pytest.mark.parametrize("shape", SHAPES)
def test_no_place_is_written_twice(shape: str) -> None:
    drawn = lines(joined(marks(shape, **SHAPES[shape]).features()))
    assert min(a.distance(b) for a, b in itertools.combinations(drawn, 2)) > 0.5


@pytest.mark.parametrize("shape", ["cross", "fiducials"])
def test_crosses_are_centred_on_their_nominal_places(shape: str) -> None:
    source = marks(shape, **SHAPES[shape])
    for name, place in zip(source.parts.atoms, source.positions_um, strict=True):
        drawn = lines(part(source, name))
        arms = [line for line in drawn if line.length > 14.0]
        middles = [line.interpolate(0.5, normalized=True) for line in arms]
        assert np.mean([(m.x, m.y) for m in middles], axis=0) == pytest.approx(place)
    assert source.positions_um.flags.writeable is False


@pytest.mark.parametrize(
    ("count", "places"), [(4, [[30, 30], [330, 30], [330, 230], [30, 230]]), (3, [[30, 30], [330, 30], [30, 230]])]
)
def test_fiducials_stand_at_the_corners_of_their_span(count: int, places: list[list[float]]) -> None:
    source = marks("fiducials", size=60.0, span=[300.0, 200.0], count=count)
    assert source.positions_um.tolist() == places
    assert source.parts.atoms == tuple(f"mark_{i + 1}" for i in range(count))


def test_no_fiducial_looks_like_another_whichever_way_it_is_turned() -> None:
    source = marks("fiducials", size=60.0, span=[300.0, 200.0])
    pictures = []
    for name, place in zip(source.parts.atoms, source.positions_um, strict=True):
        block = part(source, name)
        xy = (block.xyz_um[:, :2] - place).reshape(-1, 2, 2)
        turns = set()
        for quarter in range(4):
            turn = np.array([[0, -1], [1, 0]])
            turned = xy @ np.linalg.matrix_power(turn, quarter).T
            turns.add(frozenset(frozenset(map(tuple, np.round(s, 6))) for s in turned))
        pictures.append(turns)
        assert len(turns) == 4, "its own orientation shows too"
    for one, other in itertools.combinations(pictures, 2):
        assert not one & other


def test_three_fiducials_show_no_symmetry() -> None:
    places = marks("fiducials", size=60.0, span=[200.0, 200.0], count=3).positions_um
    middle = places.mean(axis=0)
    turned = middle + (places - middle) @ np.array([[-1.0, 0.0], [0.0, -1.0]])
    assert not np.allclose(np.sort(turned, axis=0), np.sort(places, axis=0))


def test_corners_point_into_their_rectangle() -> None:
    source = marks("l_corner", size=50.0, span=[300.0, 200.0])
    inside = shapely.box(0.0, 0.0, 300.0, 200.0)
    assert source.parts.atoms == ("lower_left", "lower_right", "upper_right", "upper_left")
    for name, place in zip(source.parts.atoms, source.positions_um, strict=True):
        drawn = lines(part(source, name))
        assert all(inside.covers(line) for line in drawn)
        assert min(line.distance(shapely.Point(place)) for line in drawn) == 0.0
        assert max(shapely.Point(p).distance(shapely.Point(place)) for line in drawn for p in line.coords) == 50.0


@pytest.mark.parametrize("fine", [None, 9.5, 11.0])
def test_a_vernier_reads_the_shift_between_its_scales(fine: float | None) -> None:
    source = marks("vernier", size=40.0, divisions=10, pitch=10.0, **({} if fine is None else {"vernier_pitch": fine}))
    step = 10.0 - (9.0 if fine is None else fine)
    scale, vernier = (np.unique(part(source, n).xyz_um[:, 0]) for n in ("scale", "vernier"))
    assert len(scale) == len(vernier) == 21
    for k in range(-4, 5):
        shifted = vernier + k * step
        gaps = np.array([np.abs(x - scale[i]) for i, x in enumerate(shifted)])
        assert int(np.argmin(gaps)) == 10 + k, "the stroke that stands on its partner counts the shift"
        assert gaps.min() < 1e-9


def test_a_ruler_is_as_long_as_it_says_and_numbers_its_tens() -> None:
    source = marks("ruler", **SHAPES["ruler"])
    block = part(source, "scale")
    x = np.unique(block.xyz_um[:, 0])
    assert np.diff(x) == pytest.approx(10.0)
    assert len(x) == 121
    assert source.positions_um[1, 0] - source.positions_um[0, 0] == pytest.approx(1200.0)
    lengths = [round(line.length, 6) for line in lines(block)]
    assert lengths[:11] == [40.0, 20.0, 20.0, 20.0, 20.0, 30.0, 20.0, 20.0, 20.0, 20.0, 40.0]
    assert source.parts.atoms == ("scale", "numbers")


def test_strokes_become_dots() -> None:
    source = marks("cross", size=50.0, dot_pitch=2.0)
    block = joined(source.features())
    assert block.all_dots
    drawn = shapely.union_all(lines(joined(marks("cross", size=50.0).features())))
    assert shapely.distance(drawn, shapely.points(block.xyz_um[:, :2])).max() < 1e-9
    on_arm = np.sort(block.xyz_um[(block.xyz_um[:, 1] == 25.0) & (block.xyz_um[:, 0] > 30.0), 0])
    assert np.diff(on_arm) == pytest.approx(15.0 / 8)


@pytest.mark.parametrize(
    ("shape", "keys", "message"),
    [
        ("cross", {"size": 1e-3}, "at least 0.01 µm"),
        ("cross", {"size": 50.0, "gap": 25.0}, "leaves nothing"),
        ("cross", {"size": 50.0, "strokes": 10, "stroke_pitch": 3.0}, "would meet those of other arms"),
        ("fiducials", {"size": 50.0, "span": [50.0, 300.0]}, "would meet within a span of 50"),
        ("l_corner", {"size": 50.0, "span": [100.0, 300.0]}, "would meet within a span of 100"),
        ("l_corner", {"size": 50.0, "span": [300.0, 300.0], "strokes": 9, "stroke_pitch": 3.0}, "as wide as its arms"),
        ("vernier", {"size": 5.0, "divisions": 5, "pitch": 9.0, "vernier_pitch": 9.0}, "the same pitch"),
        ("ruler", {"size": 5.0, "divisions": 100_000, "pitch": 1e6}, "the marks reach"),
        ("ruler", {"size": 5e5, "divisions": 1000, "pitch": 10.0, "dot_pitch": 0.1}, "dots"),
    ],
)
def test_impossible_marks_are_refused(shape: str, keys: dict[str, object], message: str) -> None:
    from lasercam.errors import PatternError

    with pytest.raises((InputError, PatternError), match=message):
        marks(shape, **keys)


@pytest.mark.parametrize(
    ("shape", "keys", "message"),
    [
        ("cross", {"size": 9.0, "span": [5.0, 5.0]}, "'span' means nothing with shape: cross"),
        ("ruler", {"size": 9.0, "pitch": 5.0}, "needs the key 'divisions'"),
        ("cross", {"size": 9.0, "strokes": 2}, "2 strokes need the key 'stroke_pitch'"),
        ("cross", {"size": 9.0, "stroke_pitch": 2.0}, "means nothing for a single stroke"),
        ("fiducials", {"size": 9.0, "span": [50.0, 50.0], "count": 5}, "count"),
    ],
)
def test_keys_that_mean_nothing_are_refused(shape: str, keys: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        marks(shape, **keys)


@pytest.mark.parametrize("shape", SHAPES)
def test_marks_are_named_where_they_are_met(shape: str) -> None:
    source = marks(shape, **SHAPES[shape])
    places = source.mark_places_um
    assert [place[:2] for place in places.values()] == [tuple(row) for row in source.positions_um.tolist()]
    assert {place[2] for place in places.values()} == {0.0}
    if shape != "ruler":
        assert set(places) <= set(source.parts.atoms)
