"""Experiment grids: which member is where, what stands beside it, and the table that goes with it."""

import csv
import io
import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lasercam.errors import InputError
from lasercam.model.confidence import Confidence, Valued
from lasercam.model.protocols import PartExposure, PatternUse
from lasercam.model.recipe import PassKind
from lasercam.sources.segment_digits import digit_strokes
from lasercam.sources.sweep import Sweep
from tests.support.builders import dot_recipe
from tests.support.sources import joined, make


def sweep(seed: int = 0, **keys: object) -> Sweep:
    return make(Sweep, {"type": "sweep", "cell": "dot", "pitch": [60.0, 50.0], **keys}, seed=seed)


def cells(source: Sweep) -> tuple[np.ndarray, np.ndarray]:
    """Middle (N, 2) and member (N,) of every feature of the cells."""
    block = joined(source.features())
    mine = block.take(block.part == source.parts.atoms.index("cells"))
    return np.add.reduceat(mine.xyz_um[:, :2], mine.offsets[:-1]) / mine.vertex_counts[:, None], mine.variant


def test_members_count_along_rows_from_the_lower_left() -> None:
    middle, member = cells(sweep(shape=[3, 4], labels="none"))
    by_place = {(round(x / 60), round(y / 50)): m for (x, y), m in zip(middle, member, strict=True)}
    assert by_place == {(c, r): 4 * r + c for r in range(3) for c in range(4)}


def test_the_fast_axis_can_run_upwards() -> None:
    middle, member = cells(sweep(shape=[3, 4], labels="none", fast_along="y"))
    by_place = {(round(x / 60), round(y / 50)): m for (x, y), m in zip(middle, member, strict=True)}
    assert by_place == {(c, r): 4 * c + r for r in range(4) for c in range(3)}


@given(
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=5),
    replicates=st.integers(1, 3),
    randomise=st.booleans(),
    fast=st.sampled_from(["x", "y"]),
    seed=st.integers(0, 2**63 - 1),
)
def test_every_replicate_holds_every_member_once_and_no_two_cells_meet(
    shape: list[int], replicates: int, randomise: bool, fast: str, seed: int
) -> None:
    source = sweep(seed, shape=shape, replicates=replicates, randomise=randomise, fast_along=fast)
    middle, member = cells(source)
    n = int(np.prod(shape))
    assert [sorted(member[r * n : (r + 1) * n].tolist()) for r in range(replicates)] == [list(range(n))] * replicates
    gaps = np.abs(middle[:, None] - middle[None, :])
    near = (gaps[..., 0] < 59.9) & (gaps[..., 1] < 49.9)
    assert near.sum() == len(middle), "every cell is near itself only"


def test_slower_axes_are_blocks_of_their_own_value() -> None:
    middle, member = cells(sweep(shape=[2, 3, 2, 2], labels="none"))
    for left, up in itertools.product(range(3), range(2)):
        mine = member // 4 == up * 3 + left
        others = (member // 12 == up) & (member // 4 % 3 == left + 1)
        if others.any():
            assert middle[mine, 0].max() < middle[others, 0].min()
    assert middle[member < 12, 1].max() < middle[member >= 12, 1].min()


def test_random_orders_follow_the_seed_and_differ_between_replicates() -> None:
    keys = {"shape": [6, 6], "replicates": 2, "randomise": True}
    one, again, other = (cells(sweep(seed, **keys))[1] for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    assert not np.array_equal(one[:36], one[36:])
    assert not np.array_equal(one[:36], np.arange(36))


def test_random_orders_prefer_no_place() -> None:
    """Each member is in each of 6 places about equally often: chi-squared of 25 degrees of freedom."""
    counts = np.zeros((6, 6))
    for seed in range(1200):
        _, member = cells(sweep(seed, shape=[1, 6], randomise=True, labels="none"))
        counts[np.arange(6), member] += 1
    assert ((counts - 200.0) ** 2 / 200.0).sum() < 60.0


def test_clusters_and_lines_fill_their_cell() -> None:
    block = joined(sweep(shape=[1, 2], cell="dots", count=3, spacing=5.0, labels="none").features())
    assert len(block) == 18
    first = block.xyz_um[block.variant == 0, :2]
    assert sorted(map(tuple, first)) == [(5.0 * i, 5.0 * j) for i in range(3) for j in range(3)]
    block = joined(sweep(shape=[2, 1], cell="lines", count=2, spacing=5.0, length=40.0, labels="none").features())
    assert block.vertex_counts.tolist() == [2] * 4
    assert block.xyz_um[:, 1].tolist() == [0.0, 0.0, 5.0, 5.0, 50.0, 50.0, 55.0, 55.0]
    assert set(block.xyz_um[:, 0]) == {0.0, 40.0}


def read_digits(block_xy: list[np.ndarray], corner: tuple[float, float], height: float) -> str:
    """The digit whose strokes lie in the box at a corner."""
    box = {
        tuple(np.round(line.ravel(), 6))
        for line in block_xy
        if (line >= np.array(corner) - 1e-6).all()
        and (line - np.array(corner) <= np.array((height / 2, height)) + 1e-6).all()
    }
    for digit in "0123456789":
        if {tuple(np.round(s.ravel(), 6)) for s in digit_strokes(digit, corner, height)} == box:
            return digit
    return ""


def test_labels_stand_beside_their_rows_and_columns() -> None:
    source = sweep(shape=[2, 3], first=[4, 7], label_height=20.0)
    block = joined(source.features())
    labels = block.take(block.part == 1)
    lines = [labels.xyz_um[a:b, :2] for a, b in itertools.pairwise(labels.offsets)]
    middle, member = cells(source)
    corner = middle[member == 0][0]
    for row in range(2):
        place = (corner[0] - 15.0 - 10.0, corner[1] + 50.0 * row - 10.0)
        assert read_digits(lines, place, 20.0) == str(4 + row)
    for column in range(3):
        place = (corner[0] + 60.0 * column - 5.0, corner[1] - 15.0 - 20.0)
        assert read_digits(lines, place, 20.0) == str(7 + column)
    assert source.codes == ("4-7", "4-8", "4-9", "5-7", "5-8", "5-9")


def test_rows_or_columns_alone_can_be_numbered() -> None:
    both, rows, columns = (sweep(shape=[2, 3], numbers=n, label_height=20.0) for n in ("both", "rows", "columns"))
    counts = [int((joined(s.features()).part == 1).sum()) for s in (both, rows, columns)]
    assert counts == [2 + 5 + 2 + 5 + 5, 2 + 5, 2 + 5 + 5]  # strokes of 1 2, and of 1 2 3
    for source in (both, rows, columns):
        assert joined(source.features()).xyz_um.min() >= 0.0
        assert source.codes == both.codes


def test_no_two_strokes_of_a_digit_touch() -> None:
    from shapely import MultiLineString

    for digit in "0123456789":
        lines = MultiLineString([s.tolist() for s in digit_strokes(digit, (0.0, 0.0), 100.0)]).geoms
        distances = [a.distance(b) for a, b in itertools.combinations(lines, 2)]
        assert min(distances, default=100.0) > 8.0
    pictures = {frozenset(map(tuple, digit_strokes(d, (0.0, 0.0), 1.0).reshape(-1, 4))) for d in "0123456789"}
    assert len(pictures) == 10


def test_labels_and_frame_keep_off_the_cells() -> None:
    from shapely import MultiLineString, MultiPoint

    source = sweep(shape=[2, 12, 11], replicates=2, frame=True)
    block = joined(source.features())
    shapes = {name: block.take(block.part == i) for i, name in enumerate(source.parts.atoms)}
    dots = MultiPoint(shapes["cells"].xyz_um[:, :2])
    lines = {
        name: MultiLineString([b.xyz_um[i:j, :2].tolist() for i, j in itertools.pairwise(b.offsets)])
        for name, b in shapes.items()
        if name != "cells"
    }
    assert lines["labels"].distance(dots) > 5.0
    assert lines["frame"].distance(dots) > 5.0
    assert lines["frame"].distance(lines["labels"]) > 2.0


def use(energies: int, exposures: int) -> PatternUse:
    members = []
    for i, j in itertools.product(range(energies), range(exposures)):
        values = {
            "pulse_energy": Valued(10.0 * (i + 1), Confidence.STATED, "test"),
            "exposure": Valued(0.5 * (j + 1), Confidence.STATED, "test"),
            "family_size": Valued(float(energies * exposures), Confidence.STATED, "test"),
        }
        members.append(replace(dot_recipe(), name="family", member=len(members), values=values))
    exposure = PartExposure("write", PassKind.WRITE, "cells", tuple(members), ("pulse_energy", "exposure"))
    return PatternUse((exposure,), (lambda xyz: xyz + np.array([1000.0, 2000.0, 200.0]),))


def test_the_table_says_what_is_written_where() -> None:
    source = sweep(3, shape=[3, 4], randomise=True, replicates=2)
    rows = list(csv.DictReader(io.StringIO(source.extra_files(use(3, 4))["results.csv"].decode())))
    assert len(rows) == 24
    middle, member = cells(source)
    places = {(round(x, 4), round(y, 4)): m for (x, y), m in zip(middle, member, strict=True)}
    for row in rows:
        m = places[round(float(row["x_um"]) - 1000.0, 4), round(float(row["y_um"]) - 2000.0, 4)]
        assert int(row["member"]) == m
        assert float(row["pulse_energy_uJ"]) == 10.0 * (m // 4 + 1)
        assert float(row["exposure_s"]) == 0.5 * (m % 4 + 1)
        assert row["recipe"] == f"family[{m}]"
        assert float(row["depth_um"]) == 200.0
        assert row["glows"] == row["note"] == ""
    assert [r["code"] for r in rows[:2]] == ["1-1-1", "1-1-2"]
    assert {r["replicate"] for r in rows} == {"1", "2"}
    assert len({r["code"] for r in rows}) == 24


def test_there_is_no_table_of_cells_that_nobody_writes() -> None:
    assert sweep(shape=[2, 2]).extra_files(PatternUse((), ())) == {}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"shape": [300, 300]}, "90,000 members"),
        ({"shape": [200, 200], "cell": "dots", "count": 10, "spacing": 1.0}, "4,000,000 dots or lines"),
        ({"shape": [2, 2], "cell": "lines", "length": 60.0}, "60 µm wide along x, and 60 µm apart"),
        ({"shape": [2, 2], "cell": "dots", "count": 11, "spacing": 5.0}, "50 µm wide along y"),
        ({"shape": [2, 2], "label_height": 50.0}, "labels take 50 µm along y"),
        ({"shape": [2, 1000], "label_height": 30.0}, "labels take 82.5 µm along x"),
        ({"shape": [2, 2], "pitch": [1e9, 1e9]}, "reaches"),
        ({"shape": [2, 2], "pitch": [1e-4, 1.0]}, "too small"),
    ],
)
def test_impossible_grids_are_refused(keys: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        sweep(**keys)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"cell": "dots", "count": 3}, "needs the key 'spacing'"),
        ({"cell": "lines"}, "needs the key 'length'"),
        ({"length": 3.0}, "'length' means nothing with cell: dot"),
        ({"cell": "lines", "length": 9.0, "count": 2}, "2 lines need the key 'spacing'"),
        ({"labels": "none", "first": [2, 2]}, "mean nothing with labels: none"),
        ({"cell": "dots", "count": 1, "spacing": 2.0}, "two dots or more"),
    ],
)
def test_keys_that_mean_nothing_are_refused(keys: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        sweep(shape=[2, 2], **keys)
