"""Kept rows come back bit by bit, from memory and from disk, and say so when they cannot."""

import errno

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.errors import LasercamError
from lasercam.model.toolpath import ToolpathBlock
from lasercam.plan import kept_rows
from lasercam.plan.kept_rows import KeptRows

FAR = 2**63 - 1


def block(ends: np.ndarray, *, starts: np.ndarray | None = None, first_row: int = 0, seed: int = 0) -> ToolpathBlock:
    """A block with those ends; its starts follow unless they are given."""
    n = len(ends)
    rng = np.random.default_rng(seed)
    some = rng.integers(0, 2, 4)
    follows = np.concatenate((ends[:1] + 7, ends[:-1]))
    return ToolpathBlock(
        3, first_row, follows if starts is None else starts, ends,
        *((rng.integers(0, 7, n) if vary else np.full(n, 5)).astype(kind)
          for vary, kind in zip(some, (np.uint8, np.uint32, np.uint16, np.uint16), strict=True)),
    )  # fmt: skip


def assert_same(found: ToolpathBlock, wanted: ToolpathBlock) -> None:
    """Both blocks are equal in every bit, and the found one cannot be written to."""
    assert (found.section, found.first_row, len(found)) == (wanted.section, wanted.first_row, len(wanted))
    for got, want in zip(found.arrays, wanted.arrays, strict=True):
        assert got.dtype == want.dtype
        assert got.tobytes() == want.tobytes()
        assert got.flags.c_contiguous
        assert not got.flags.writeable


coordinate = st.one_of(
    st.integers(-300, 300),
    st.integers(-40_000, 40_000).map(lambda v: v * 100),
    st.integers(-(2**33), 2**33),
    st.sampled_from([FAR, -FAR - 1, 2**61, -(2**61), 2**62]),
)


@given(
    ends=st.lists(st.tuples(coordinate, coordinate, coordinate), min_size=1, max_size=40),
    starts=st.none() | st.integers(0, 3),
    seed=st.integers(0, 99),
    compiled=st.booleans(),
)
@settings(deadline=None)
def test_whatever_is_given_comes_back(
    ends: list[tuple[int, int, int]], starts: int | None, seed: int, compiled: bool
) -> None:
    places = np.array(ends, np.int64)
    begin = None if starts is None else np.roll(places, starts, axis=0)
    wanted = block(places, starts=begin, seed=seed)
    kept = KeptRows()
    kept.add(wanted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept_rows, "COMPILED_FROM_ROWS", 0 if compiled else 1 << 30)
        (found,) = kept.blocks()
    assert_same(found, wanted)


def test_an_empty_block_comes_back() -> None:
    wanted = block(np.zeros((0, 3), np.int64))
    kept = KeptRows()
    kept.add(wanted)
    (found,) = kept.blocks()
    assert_same(found, wanted)


def lattice(first_row: int, n: int = 30_000) -> ToolpathBlock:
    """Dots of an array, 1000 to a line."""
    number = np.arange(first_row, first_row + n)
    y, x = np.divmod(number, 1000)
    return block(np.stack((x * 100_000, y * 100_000, np.full(n, -800_000)), axis=1), first_row=first_row)


@pytest.mark.parametrize("limit", [1 << 30, 0])
def test_readers_do_not_disturb_each_other(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_rows, "IN_MEMORY_BYTES", limit or 1)
    wanted = [lattice(i * 30_000) for i in range(4)]
    kept = KeptRows()
    for one in wanted:
        kept.add(one)
    for first, second in zip(kept.blocks(), kept.blocks(), strict=True):
        assert_same(first, second)
    for found, want in zip(kept.blocks(), wanted, strict=True):
        assert_same(found, want)


def test_arrays_take_few_bytes() -> None:
    kept = KeptRows()
    kept.add(lattice(0))
    assert sum(one.size for one in kept._index) < 14 * 30_000


def test_a_full_disk_ends_keeping(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = KeptRows()
    kept.add(lattice(0))

    class Full:
        def seek(self, at: int) -> int:
            return at

        def write(self, data: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(kept, "_file", Full())
    kept.add(lattice(30_000))
    assert not kept.is_whole
    kept.add(lattice(60_000))
    with pytest.raises(LasercamError, match="damaged"):
        list(kept.blocks())


@pytest.mark.parametrize("place", [0, 5_000])
def test_damage_is_noticed(place: int) -> None:
    kept = KeptRows()
    kept.add(lattice(0))
    assert kept._file is not None
    kept._file.seek(place)
    byte = kept._file.read(1)
    kept._file.seek(place)
    kept._file.write(bytes([byte[0] ^ 1]))
    with pytest.raises(LasercamError, match="damaged"):
        list(kept.blocks())
