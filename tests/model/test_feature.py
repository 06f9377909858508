import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lasercam.errors import GeometryError, PatternError
from lasercam.model.feature import FeatureBlock, Parts, dots, parts, polylines, tiles


@st.composite
def blocks(draw: st.DrawFn) -> FeatureBlock:
    counts = draw(st.lists(st.integers(1, 4), max_size=12))
    if draw(st.booleans()):
        counts = [1] * len(counts)
    total = sum(counts)
    xyz = draw(arrays(np.float64, (total, 3), elements=st.floats(-1e6, 1e6)))
    label = arrays(np.uint16, len(counts), elements=st.integers(0, 65_535))
    return FeatureBlock(xyz, np.concatenate(([0], np.cumsum(counts))).astype(np.int64), draw(label), draw(label))


def features(block: FeatureBlock) -> list[tuple[int, int, list[list[float]]]]:
    return [
        (int(block.part[i]), int(block.variant[i]), block.xyz_um[block.offsets[i] : block.offsets[i + 1]].tolist())
        for i in range(len(block))
    ]


@given(blocks(), st.data())
def test_take_is_a_list_comprehension(block: FeatureBlock, data: st.DataObject) -> None:
    listed = features(block)
    mask = data.draw(arrays(np.bool_, len(block)))
    assert features(block.take(mask)) == [f for f, chosen in zip(listed, mask, strict=True) if chosen]
    if len(block):
        index = data.draw(arrays(np.int64, st.integers(0, 20), elements=st.integers(0, len(block) - 1)))
        taken = block.take(index)
        assert features(taken) == [listed[i] for i in index]
        for array in (taken.xyz_um, taken.offsets, taken.part, taken.variant):
            assert array.flags.c_contiguous
            assert not array.flags.writeable


@given(blocks(), st.integers(1, 7))
def test_tiles_hold_everything_once_in_order(block: FeatureBlock, most: int) -> None:
    pieces = list(tiles(block, most))
    assert [f for piece in pieces for f in features(piece)] == features(block)
    assert all(0 < len(piece) <= most for piece in pieces)


@given(blocks())
def test_moving_keeps_everything_but_the_vertices(block: FeatureBlock) -> None:
    moved = block.moved(block.xyz_um[::-1])
    assert [f[:2] for f in features(moved)] == [f[:2] for f in features(block)]
    assert moved.xyz_um.flags.c_contiguous
    assert block.all_dots == all(len(f[2]) == 1 for f in features(block))


NOTHING = np.zeros(0, np.uint16)


@pytest.mark.parametrize(
    ("xyz", "offsets", "labels"),
    [
        (np.zeros((2, 2)), [0, 1, 2], 2),
        (np.zeros(3), [0, 1], 1),
        (np.zeros((2, 3)), [], 0),
        (np.zeros((2, 3)), [0, 2], 2),
        (np.zeros((2, 3)), [1, 2], 1),
        (np.zeros((2, 3)), [0, 1], 1),
        (np.zeros((2, 3)), [0, 0, 2], 2),
        (np.zeros((2, 3)), [0, 3, 2], 2),
        (np.zeros((2, 3)), [0], 0),
        (np.full((1, 3), np.nan), [0, 1], 1),
        (np.full((1, 3), np.inf), [0, 1], 1),
        (np.full((1, 3), -1.1e9), [0, 1], 1),
    ],
)
def test_broken_blocks_are_refused(xyz: np.ndarray, offsets: list[int], labels: int) -> None:
    zeros = np.zeros(labels, np.uint16)
    with pytest.raises(GeometryError):
        FeatureBlock(xyz, np.array(offsets, np.int64), zeros, zeros.copy())


def test_dots_do_not_freeze_what_they_were_made_from() -> None:
    xyz = np.zeros((3, 3))
    block = dots(xyz, part=2, variant=np.array([1, 2, 3], np.uint16))
    xyz[0] = 1.0
    assert features(block) == [(2, v, [[0.0, 0.0, 0.0]]) for v in (1, 2, 3)]
    line = polylines(np.array([[0.0, 0.0], [1.0, 2.0]]), np.array([0, 2]), depth_um=7.0, part=1)
    assert features(line) == [(1, 0, [[0.0, 0.0, 7.0], [1.0, 2.0, 7.0]])]


QR = parts(["finder", "data", "quiet"], dark=["finder", "data"], light=["quiet"])


@pytest.mark.parametrize(
    ("name", "atoms"),
    [
        ("finder", (0,)),
        ("dark", (0, 1)),
        ("all", (0, 1, 2)),
        ("*", (0, 1, 2)),
        ("d*", (1,)),
        ("[dq]*", (1, 2)),
        ("da?k", (0, 1)),
        ("l*", (2,)),
        ("a*", ()),
        ("al?", ()),
        ("Finder", ()),
        ("", ()),
        ("finder.data", ()),
    ],
)
def test_names_unions_and_globs(name: str, atoms: tuple[int, ...]) -> None:
    assert QR.select(name) == atoms


def test_a_name_that_looks_like_a_glob_is_a_name_first() -> None:
    assert parts(["px[1]", "px1", "px*"]).select("px[1]") == (0,)
    assert parts(["px[1]", "px1", "px*"]).select("px*") == (2,)
    assert parts(["px.1.red", "px.2.red", "px.1.blue"]).select("px.*.red") == (0, 1)


@given(st.lists(st.text("abc.", min_size=1, max_size=4), min_size=1, max_size=8, unique=True))
def test_every_offered_name_stands_for_something(names: list[str]) -> None:
    offered = parts(names, pair=names[:2])
    assert offered.select("all") == tuple(range(len(names)))
    assert offered.select("pair") == tuple(range(len(names)))[:2]
    for i, name in enumerate(names):
        assert offered.select(name) == (i,)


def test_ambiguous_parts_are_refused() -> None:
    with pytest.raises(PatternError, match="stands for every part"):
        parts(["all", "b"])
    with pytest.raises(PatternError, match="two parts are called 'b'"):
        parts(["b", "a", "b"])
    assert parts(["all"]).select("all") == (0,)
    assert Parts(("a",), {}).names == ("a",)
