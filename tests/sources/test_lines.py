"""Parallel lines: places, dashes, parts, limits."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lasercam.errors import InputError
from lasercam.sources.lines import Lines
from tests.support.sources import joined, make


def lines(**keys: object) -> Lines:
    return make(Lines, {"type": "lines", "length": 100.0, "count": 1, **keys})


def test_lines_of_a_grating_lie_a_pitch_apart() -> None:
    (block,) = lines(count=3, pitch=5.0).features()
    assert block.offsets.tolist() == [0, 2, 4, 6]
    assert block.xyz_um.tolist() == [[x, y, 0.0] for y in (0.0, 5.0, 10.0) for x in (0.0, 100.0)]


def test_odd_and_even_lines_count_from_one() -> None:
    source = lines(count=4, pitch=5.0)
    (block,) = source.features()
    assert source.parts.atoms == ("odd", "even")
    assert [source.parts.atoms[p] for p in block.part] == ["odd", "even", "odd", "even"]
    assert source.parts.select("lines") == source.parts.select("all") == (0, 1)


def test_a_single_line_has_no_even_part() -> None:
    assert lines().parts.select("even") == ()


@given(
    length=st.integers(1, 60), on=st.integers(1, 30), off=st.integers(1, 30),
    count=st.integers(1, 4), layers=st.integers(1, 3), max_rows=st.integers(1, 50),
)  # fmt: skip
def test_dashes_tile_the_line(length: int, on: int, off: int, count: int, layers: int, max_rows: int) -> None:
    keys: dict[str, object] = {"length": length / 10, "count": count, "layers": layers}
    keys |= {"pitch": 5.0} if count > 1 else {}
    keys |= {"layer_pitch": 7.0} if layers > 1 else {}
    block = joined(lines(**keys, dash=[on / 10, off / 10]).features(max_rows))
    # Walk along the line in tenths of a micrometre: integers leave no doubt.
    spans = [(s, min(s + on, length)) for s in range(0, length, on + off)]
    wanted = [
        [(s / 10, 5.0 * i, 7.0 * k), (e / 10, 5.0 * i, 7.0 * k)]
        for k, i, (s, e) in itertools.product(reversed(range(layers)), range(count), spans)
    ]
    np.testing.assert_allclose(block.xyz_um.reshape(-1, 2, 3), wanted, rtol=0, atol=1e-9)


@pytest.mark.parametrize(("vary", "expected"), [("none", [0] * 4), ("line", [0, 1, 0, 1]), ("layer", [1, 1, 0, 0])])
def test_members_of_a_family(vary: str, expected: list[int]) -> None:
    source = lines(count=2, pitch=5.0, layers=2, layer_pitch=10.0, vary=vary)
    assert joined(source.features()).variant.tolist() == expected


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"count": 2}, "2 lines need the key 'pitch'"),
        ({"pitch": 5.0}, "'pitch' means nothing"),
        ({"layers": 2}, "2 layers need the key 'layer_pitch'"),
        ({"layer_pitch": 5.0}, "'layer_pitch' means nothing"),
        ({"dash": [1.0, 0.0]}, "must be above"),
        ({"dash": [1.0]}, "required"),
        ({"length": float("nan")}, "finite"),
    ],
)
def test_keys_that_do_not_fit_are_refused(keys: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        lines(**keys)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"length": 2e9}, "reach 2e\\+09 µm"),
        ({"count": 1_000_000, "pitch": 1e4}, "reach 1e\\+10 µm"),
        ({"dash": [1e-5, 1.0]}, "too short"),
        ({"dash": [5e-324, 5e-324]}, "too short"),
        ({"length": 1e-6}, "too short"),
        ({"length": 1e6, "count": 1_000_000, "pitch": 1.0, "dash": [0.01, 0.01]}, "5e\\+13; at most"),
        ({"count": 70_000, "pitch": 1.0, "vary": "line"}, "70,000 members"),
    ],
)
def test_impossible_lines_are_refused(keys: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        lines(**keys)
