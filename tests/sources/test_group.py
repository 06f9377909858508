"""Groups: children where their placements say, under names of their own, deep before shallow."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.errors import InputError, PatternError
from lasercam.model.protocols import PatternUse
from lasercam.sources.group import Group
from lasercam.sources.lines import Lines
from lasercam.sources.voxels import Voxels
from tests.sources.test_sweep import use
from tests.support.sources import context, joined, listed, make

LINES = {"type": "lines", "length": 30.0, "count": 3, "pitch": 5.0}
BLOCK = {"type": "voxels", "counts": [2, 3, 2], "pitch": [4.0, 5.0, 7.0]}


def group(**patterns: dict[str, Any]) -> Group:
    return make(Group, {"type": "group", "patterns": patterns}, name="grp")


def of(source: Group, part: str) -> np.ndarray:
    """Vertices of a part, float64 (M, 3)."""
    block = joined(source.features())
    return block.take(np.isin(block.part, source.parts.select(part))).xyz_um


def test_a_child_lies_where_its_placement_says() -> None:
    plain = joined(make(Lines, LINES).features()).xyz_um
    source = group(a=LINES, b={**LINES, "at": [100.0, 50.0], "rotate": 90.0, "mirror": "x", "depth": 12.0})
    assert np.array_equal(of(source, "a"), plain)
    # Mirrored left to right, then turned to the left: (x, y) goes to (-x, y) and then to (-y, -x).
    expected = np.column_stack((100.0 - plain[:, 1], 50.0 - plain[:, 0], plain[:, 2] + 12.0))
    assert np.array_equal(of(source, "b"), expected)


def test_copies_repeat_a_child() -> None:
    source = group(a={**BLOCK, "array": {"counts": [3, 2], "pitch": [100.0, 200.0]}})
    plain = joined(make(Voxels, BLOCK).features()).xyz_um
    expected = np.concatenate([plain + np.array([100.0 * i, 200.0 * j, 0.0]) for i in range(3) for j in range(2)])
    found = of(source, "a")
    assert sorted(map(tuple, found)) == sorted(map(tuple, expected))


@given(
    depths=st.lists(st.integers(0, 20), min_size=1, max_size=4),
    layers=st.integers(1, 4),
    pitch=st.integers(1, 9),
    counts=st.tuples(st.integers(1, 3), st.integers(1, 2)),
    max_rows=st.integers(1, 40),
)
def test_the_deepest_plane_of_all_children_comes_first(
    depths: list[int], layers: int, pitch: int, counts: tuple[int, int], max_rows: int
) -> None:
    source = group(
        **{
            f"c{i}": {
                **BLOCK, "counts": [2, 2, layers], "pitch": [4.0, 4.0, float(pitch)], "depth": float(depth),
                "at": [100.0 * i, 0.0], "array": {"counts": counts, "pitch": [20.0, 20.0]},
            }
            for i, depth in enumerate(depths)
        }
    )  # fmt: skip
    blocks = list(source.features(max_rows))
    z = [float(v) for b in blocks for v in {b.xyz_um[:, 2].max(), b.xyz_um[:, 2].min()}]
    assert z == sorted(z, reverse=True)
    assert sum(len(b) for b in blocks) == len(depths) * 4 * layers * counts[0] * counts[1]
    assert max(len(b) for b in blocks) <= max_rows


def test_parts_are_those_of_children_under_their_names() -> None:
    inner = {"type": "group", "patterns": {"red": LINES, "blue": BLOCK}}
    source = group(px=inner, label={"type": "qr", "text": "a", "module": 10.0})
    atoms = source.parts.atoms
    assert atoms[:4] == ("px.red.odd", "px.red.even", "px.blue.layer_1", "px.blue.layer_2")
    assert [atoms[i] for i in source.parts.select("px.red")] == ["px.red.odd", "px.red.even"]
    assert [atoms[i] for i in source.parts.select("*.blue.*")] == ["px.blue.layer_1", "px.blue.layer_2"]
    assert [atoms[i] for i in source.parts.select("*.odd")] == ["px.red.odd"]
    # What the bare name of a code stands for is its dark half, in a group too.
    dark = ["label.finder_dark", "label.data_dark"]
    assert [atoms[i] for i in source.parts.select("label")] == dark
    assert [atoms[i] for i in source.parts.select("label.dark")] == dark
    assert [atoms[i] for i in source.parts.select("all")] == [*atoms[:4], *dark]


def test_children_are_kept_inside_and_outside_of_siblings() -> None:
    window = {
        "type": "areas", "outline": True,
        "shapes": [{"shape": "rectangle", "centre": [10.0, 5.0], "size": [12.0, 20.0]}],
    }  # fmt: skip
    source = group(a={**LINES, "inside": "w"}, b={**LINES, "depth": 3.0, "outside": "w"}, w=window)
    assert set(of(source, "a")[:, 0]) == {4.0, 16.0}
    assert sorted(set(of(source, "b")[:, 0])) == [0.0, 4.0, 16.0, 30.0]


def test_a_group_has_an_area_when_every_child_has() -> None:
    label = {"type": "qr", "text": "a", "module": 10.0, "quiet_zone": 0}
    both = group(a=label, b={**label, "at": [1000.0, 0.0]})
    area = both.area()
    assert area is not None
    assert area.area_um2 == pytest.approx(2 * 210.0**2)
    assert area.bounds_um() == pytest.approx((0.0, 0.0, 1210.0, 210.0))
    assert group(a=label, b=LINES).area() is None


def test_tables_of_children_reach_the_build_in_the_frame_of_the_sample() -> None:
    child = {"type": "sweep", "shape": [3, 4], "cell": "dot", "pitch": [60.0, 50.0], "labels": "none"}
    source = group(test={**child, "at": [500.0, 0.0], "array": {"counts": [2, 1], "pitch": [5000.0, 1.0]}})
    assert source.family_shapes == {"test.cells": (3, 4)}
    (exposure,) = use(3, 4).exposures
    whole = PatternUse((exposure.__class__(**{**vars(exposure), "part": "test.cells"}),), use(3, 4).to_sample)
    (name, table), = source.extra_files(whole).items()  # fmt: skip
    assert name == "test.results.csv"
    first = [line.split(",") for line in table.decode().splitlines()][1:]
    assert (first[0][1], float(first[0][4]), float(first[0][5])) == ("1", 1500.0, 2000.0)
    assert (first[12][1], float(first[12][4])) == ("2", 6500.0)


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        ({"a": {"type": "nothing"}}, "no type 'nothing'"),
        ({"all": LINES}, "'all' stands for the whole group"),
        ({"a": {**LINES, "inside": "b"}}, "unknown pattern of the group 'b'"),
        ({"a": {**LINES, "inside": "b"}, "b": LINES}, "'b' covers no area"),
        ({"a": {**LINES, "inside": "a"}}, "unknown pattern of the group 'a'"),
        ({"a": {**LINES, "count": 10**10, "pitch": 1e9}}, "the lines reach"),
    ],
)
def test_children_that_cannot_be_are_refused(patterns: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        group(**patterns)


def test_too_many_copies_are_refused_when_the_group_is_made() -> None:
    from lasercam.errors import GeometryError

    with pytest.raises(GeometryError, match="copies"):
        group(a={**LINES, "array": {"counts": [10_000, 10_000], "pitch": [1.0, 1.0]}})


def test_nothing_is_nested_without_a_way_to_make_it() -> None:
    keys = Group.Keys.model_validate({"type": "group", "patterns": {"a": LINES}})
    bare = context()
    with pytest.raises(PatternError, match="nothing can be nested"):
        Group(keys, bare.__class__("grp", bare.asset, bare.locate))


def test_tiles_do_not_change_what_is_written() -> None:
    source = group(a={**BLOCK, "rotate": 30.0}, b={**LINES, "array": {"counts": [2, 2], "pitch": [50.0, 50.0]}})
    assert listed(source.features(1)) == listed(source.features(5)) == listed(source.features())


def test_marks_of_children_are_met_where_they_lie() -> None:
    cross = {"type": "marks", "shape": "cross", "size": 20.0, "depth": 5.0}
    copies = {"counts": [2, 2], "pitch": [100.0, 200.0]}
    found = group(
        a={**cross, "at": [30.0, 40.0], "rotate": 180.0}, b={**cross, "array": copies}, c=LINES
    ).mark_places_um
    assert found == {
        "a.mark": (20.0, 30.0, 5.0),
        "b.1.mark": (10.0, 10.0, 5.0), "b.2.mark": (110.0, 10.0, 5.0),
        "b.3.mark": (110.0, 210.0, 5.0), "b.4.mark": (10.0, 210.0, 5.0),
    }  # fmt: skip
    assert group(c=LINES).mark_places_um == {}
