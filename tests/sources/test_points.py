"""Points from files: every row, deepest first, the same in memory and on disk; what is no table is refused."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lasercam.errors import InputError
from lasercam.sources import point_order
from lasercam.sources.point_order import OrderedPoints
from lasercam.sources.points import Points
from tests.support.sources import joined, make


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def points(content: bytes, **keys: object) -> Points:
    return make(Points, {"type": "points", "file": "p", "unit": "um", **keys}, assets={"p": content})


def rows(source: Points, max_rows: int = 65_536) -> np.ndarray:
    """x, y, z, variant of every dot in order, float64 (N, 4)."""
    block = joined(source.features(max_rows))
    return np.column_stack((block.xyz_um, block.variant))


TABLE = hnp.arrays(np.float64, st.tuples(st.integers(1, 60), st.just(4)), elements=st.integers(0, 30).map(float))


@given(table=TABLE, max_rows=st.integers(1, 70))
def test_every_row_is_written_once_and_deep_rows_first(table: np.ndarray, max_rows: int) -> None:
    source = points(npy(table), origin="file")
    found = rows(source, max_rows)
    assert sorted(map(tuple, found)) == sorted(map(tuple, table))
    assert (np.diff(found[:, 2]) <= 0).all()
    assert all(len(b) <= max_rows for b in source.features(max_rows))


@given(table=TABLE, seed=st.integers(0, 9))
def test_the_order_of_the_file_does_not_matter(table: np.ndarray, seed: int) -> None:
    other = np.random.default_rng(seed).permutation(table)
    assert np.array_equal(rows(points(npy(table))), rows(points(npy(other))))


@pytest.mark.parametrize("kind", ["cloud", "plane", "line", "place", "two planes"])
def test_disk_and_memory_give_the_same_order(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    rng = np.random.default_rng(5)
    table = np.column_stack((rng.random((6000, 2)) * 100, rng.integers(0, 40, 6000), rng.integers(0, 9, 6000)))
    table[:, 2] = {"cloud": table[:, 2], "two planes": table[:, 2] % 2}.get(kind, 7.0)
    if kind == "line":
        table[:, 1] = 3.0
    if kind == "place":
        table[:, :2] = 3.0
    pieces = np.array_split(table, 7)
    in_memory = np.concatenate(list(OrderedPoints(iter(pieces)).rows(500)))
    monkeypatch.setattr(point_order, "MAX_IN_MEMORY", 1500)
    monkeypatch.setattr(point_order, "WINDOW", 64)
    monkeypatch.setattr(point_order, "POINTS_PER_TILE", 100)
    on_disk = OrderedPoints(iter(pieces))
    assert on_disk._folder is not None
    found = np.concatenate(list(on_disk.rows(500)))
    monkeypatch.setattr(point_order, "MAX_IN_MEMORY", 10**9)
    whole = np.concatenate(list(OrderedPoints(iter(pieces)).rows(500)))
    assert np.array_equal(found, whole)
    assert np.array_equal(found, np.concatenate(list(on_disk.rows(77)))), "it can be read again"
    assert sorted(map(tuple, in_memory)) == sorted(map(tuple, found))


def test_the_folder_on_disk_goes_with_the_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(point_order, "MAX_IN_MEMORY", 10)
    ordered = OrderedPoints(iter([np.zeros((20, 4)), np.ones((20, 4))]))
    assert ordered._folder is not None
    folder = ordered._folder
    assert folder.is_dir()
    del ordered
    assert not folder.exists()


def test_neighbours_come_together() -> None:
    """Dots of a tile are near each other: the whole is cut into squares, not into strips."""
    rng = np.random.default_rng(0)
    source = points(npy(np.column_stack((rng.random((60_000, 2)) * 1000.0, np.zeros(60_000)))))
    for block in source.features(2000):
        assert np.ptp(block.xyz_um[:, 1]) < 600.0


@pytest.mark.parametrize(
    "content",
    [
        b"x,y,z,variant\n1,2,3,4\n5,6,7,8\n",
        b"\xef\xbb\xbfVariant; Z ;Y;X\r\n4;3;2;1\r\n\r\n8;7;6;5\r\n",
        b'"x"\t"y"\t"z"\t"variant"\n1\t2\t3\t4\n5\t6\t7\t8',
        npy(np.array([[1, 2, 3, 4], [5, 6, 7, 8]], np.int32)),
        npy(np.array([[5, 6, 7, 8], [1, 2, 3, 4]], np.float32)),
        npy(
            np.array(
                [(4, 1.0, 2.0, 3.0), (8, 5.0, 6.0, 7.0)], [("variant", "u2"), ("x", "f4"), ("y", "f4"), ("z", "f8")]
            )
        ),
    ],
)
def test_tables_of_every_kind_say_the_same(content: bytes) -> None:
    assert rows(points(content, origin="file")).tolist() == [[5.0, 6.0, 7.0, 8.0], [1.0, 2.0, 3.0, 4.0]]


def test_units_and_origin() -> None:
    content = b"x,y,z\n-1,2,0.5\n3,7,0.25\n"
    corner = rows(points(content, unit="mm"))[:, :3]
    assert corner.tolist() == [[0.0, 0.0, 250.0], [4000.0, 5000.0, 0.0]]
    assert rows(points(content, unit="mm", origin="file"))[:, :3].tolist() == [[-1e3, 2e3, 500.0], [3e3, 7e3, 250.0]]
    assert rows(points(content, unit="nm"))[1, :2] == pytest.approx([0.004, 0.005])
    assert points(content).notes == ("2 points within 4 × 5 × 0.25 µm",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "columns are ''"),
        (b"x,y\n", "holds no points"),
        (b"1,2\n3,4\n", "columns are '1, 2'"),
        (b"x,y,w\n1,2,3\n", "columns are 'x, y, w'"),
        (b"x,x,y\n1,2,3\n", "columns are 'x, x, y'"),
        (b"x,z\n1,2\n", "columns are 'x, z'"),
        (b"x,y\n1,2\n3,four\n", "row 2 reads '3,four', which is not 2 numbers"),
        (b"x,y\n1,2\n3\n", "row 2 reads '3', which is not 2 numbers"),
        (b"x,y\n1,2,3\n4,5,6\n", "row 1 has 3 values for 2 columns"),
        (b"x,y\n1,2\n3,nan\n", "row 2 holds a value that is not finite"),
        (b"x,y\n1,2\n3,1e300\n", "row 2 holds a value"),
        (b"x,y,variant\n1,2,0.5\n", "row 1: the variant 0.5 is no whole number"),
        (b"x,y,variant\n1,2,-1\n", "the variant -1"),
        (b"x,y,variant\n1,2,65536\n", "the variant 65536"),
        (b"x,y\n\xff\xfe\n", "neither NPY nor UTF-8"),
        (npy(np.zeros((3, 5))), "has shape .3, 5."),
        (npy(np.zeros(3)), "has shape .3,."),
        (npy(np.array([["1", "2"]])), "points are numbers"),
        (npy(np.zeros((0, 3))), "holds no points"),
        (npy(np.zeros((2, 2)))[:-5], "no NPY array"),
        (npy(np.zeros(2, [("x", "f8"), ("q", "f8")])), "columns are 'x, q'"),
        (b"\x93NUMPY", "no NPY array"),
    ],
)
def test_what_is_no_table_of_points_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        points(content)


def test_pickles_are_not_opened() -> None:
    stream = io.BytesIO()
    np.save(stream, np.array([print], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="no NPY array"):
        points(stream.getvalue())


@pytest.mark.parametrize(
    ("make_keys", "message"),
    [
        (lambda: {"unit": "mm"}, "at most 1e\\+09 µm are allowed"),
        (lambda: {"origin": "file"}, "above the pattern's plane"),
    ],
)
def test_points_that_cannot_be_placed_are_refused(make_keys: Callable[[], dict[str, object]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        points(b"x,y,z\n0,0,-2\n1e7,0,0\n", **make_keys())
