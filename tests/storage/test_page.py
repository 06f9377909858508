"""A page gives back its bytes: from its voxels alone, with voxels lost and wrong up to what its code puts right."""

import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lasercam.errors import ParameterError
from lasercam.storage.page import DARK, PageCode, decode_page, encode_page, from_symbols, scramble, symbols
from lasercam.storage.page_header import PageHeader, read_header, unpack_header
from lasercam.storage.page_layout import PageLayout, Role

LAYOUT = PageLayout(96, 96, 2)


def header(layout: PageLayout = LAYOUT, *, parity: int = 32, address: int = 7, presence: bool = False) -> PageHeader:
    return PageHeader(layout, parity, address, 20, 10, 3, b"\x01\x02\x03\x04", 30_000, presence)


def content(head: PageHeader, seed: int = 1) -> bytes:
    return np.random.default_rng(seed).bytes(PageCode(head.layout, head.parity).content_bytes)


@pytest.mark.parametrize("bits", [1, 2, 3, 4])
@pytest.mark.parametrize("shape", [(96, 96), (64, 100), (48, 60)])
def test_pages_give_back_their_bytes(bits: int, shape: tuple[int, int]) -> None:
    head = header(PageLayout(*shape, bits), parity=16)
    data = content(head)
    levels = encode_page(head, data)
    read = decode_page(head, levels, np.zeros(levels.shape, np.bool_))
    assert read.content == data
    assert read.corrected.tolist() == [0] * len(read.corrected)
    assert not read.wrong.any()
    assert set(np.unique(levels)) == {*range(2**bits), DARK}
    assert ((levels == DARK) == (head.layout.roles == Role.DARK)).all()


@given(
    st.integers(2, 40), st.integers(0, 2**24 - 1), st.integers(1, 2**24 - 1), st.binary(min_size=4, max_size=4),
    st.integers(1, 2**40 - 1), st.booleans(), st.integers(1, 4), st.integers(21, 255), st.integers(50, 255),
)  # fmt: skip
def test_headers_come_back(
    parity: int, address: int, pages: int, file: bytes, size: int, presence: bool, bits: int, rows: int, columns: int
) -> None:
    head = PageHeader(PageLayout(2 * rows, 2 * columns, bits), parity, address, pages, 12, 5, file, size, presence)
    assert len(head.pack()) == 28
    assert unpack_header(head.pack()) == head
    both = np.stack([head.voxel_bits()] * 2)
    assert read_header(both, np.zeros(both.shape, np.bool_)) == head
    assert read_header(~both, np.zeros(both.shape, np.bool_)) is None


def test_a_header_survives_the_loss_of_one_copy_and_part_of_the_other() -> None:
    bits = np.stack([header().voxel_bits()] * 2)
    erased = np.zeros(bits.shape, np.bool_)
    erased[0] = True
    erased[1, : 20 * 8] = True
    bits[0] = np.random.default_rng(0).random(384) < 0.5
    assert read_header(bits, erased) == header()
    erased[1, : 21 * 8] = True
    assert read_header(bits, erased) is None


def test_random_bits_are_no_header() -> None:
    rng = np.random.default_rng(5)
    for _ in range(300):
        assert read_header(rng.random((2, 384)) < 0.5, np.zeros((2, 384), np.bool_)) is None


def damaged(
    levels: NDArray[np.uint8], lost: float, wrong: float, seed: int
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    rng = np.random.default_rng(seed)
    erased = rng.random(levels.shape) < lost
    flip = rng.random(levels.shape) < wrong
    return np.where(flip, (levels + rng.integers(1, 4, levels.shape)) % 4, levels).astype(np.uint8), erased


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000))
def test_one_per_cent_lost_and_a_little_wrong_is_put_right(seed: int) -> None:
    head = header()
    data, levels = content(head, seed), encode_page(header(), content(header(), seed))
    seen, erased = damaged(levels, 0.01, 0.001, seed)
    read = decode_page(head, seen, erased)
    assert read.content == data
    truly = (seen != levels) & (LAYOUT.roles == Role.DATA)
    assert (read.wrong == truly).all()


def test_too_much_damage_is_said_and_nothing_false_is_given() -> None:
    head = header()
    levels = encode_page(head, content(head))
    for seed in range(20):
        seen, erased = damaged(levels, 0.05, 0.05, seed)
        read = decode_page(head, seen, erased)
        assert read.content is None
        assert (read.corrected == -1).any()


def test_a_page_under_another_address_is_not_taken_for_it() -> None:
    levels = encode_page(header(address=7), content(header()))
    read = decode_page(header(address=8), levels, np.zeros(levels.shape, np.bool_))
    assert read.content is None


def test_a_round_flaw_touches_every_codeword_alike() -> None:
    head = header()
    levels = encode_page(head, content(head))
    y, x = np.indices(levels.shape)
    flaw = (y - 60) ** 2 + (x - 30) ** 2 <= 9**2
    read = decode_page(head, np.where(flaw, 0, levels).astype(np.uint8), flaw)
    assert read.content == content(head)
    touched = read.corrected
    assert touched.min() >= 1
    assert touched.max() <= 4 * touched.mean()


def test_levels_beyond_the_page_are_erasures() -> None:
    head = header()
    levels = encode_page(head, content(head))
    seen = levels.copy()
    seen[40, 20:40] = 200
    assert decode_page(head, seen, np.zeros(levels.shape, np.bool_)).content == content(head)


def test_the_scrambler_is_the_one_written_in_the_format() -> None:
    state, expected = (7 + 1) * 0x9E3779B1 % 2**32, []
    for _ in range(20):
        state ^= (state << 13) % 2**32
        state ^= state >> 17
        state ^= (state << 5) % 2**32
        expected.append(state % 256)
    assert scramble(7, 20).tolist() == expected


@given(st.binary(min_size=1, max_size=120).map(lambda b: b * 3), st.integers(1, 4))
def test_symbols_are_gray(data: bytes, bits: int) -> None:
    stream = np.frombuffer(data[: len(data) // 3 * 3], np.uint8)
    levels = symbols(stream, bits)
    assert (from_symbols(levels, bits) == stream).all()
    # One level up or down changes one bit.
    for level in range(2**bits - 1):
        pair = np.array([level, level + 1] * 12, np.uint8)[:24]
        flat = np.unpackbits(from_symbols(pair, bits)).reshape(-1, bits)
        assert np.abs(np.diff(flat[:2].astype(int), axis=0)).sum() == 1


def test_the_check_of_a_page_is_a_crc_32() -> None:
    head = header()
    data = content(head)
    code = PageCode(head.layout, head.parity)
    assert code.content_bytes + 4 == code.codewords * (code.length - code.parity)
    assert zlib.crc32(b"123456789") == 0xCBF43926
    with pytest.raises(ParameterError, match="holds 1724 bytes, not 5"):
        encode_page(head, data[:5])
    with pytest.raises(ParameterError, match="leave no room"):
        PageCode(PageLayout(48, 48, 1), 200)
