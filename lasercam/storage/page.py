"""One page: its bytes as levels of voxels, and back."""

import zlib
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lasercam.compiling import compiled
from lasercam.errors import ParameterError
from lasercam.storage.page_header import PageHeader
from lasercam.storage.page_layout import PageLayout, Role
from lasercam.storage.reed_solomon import ReedSolomon

CHECK_BYTES: Final = 4
"""CRC-32 at the end of a page's content: Reed-Solomon alone may mistake one codeword for another."""
LONGEST_CODEWORD: Final = 255
BITS_ACROSS_BYTES: Final = 3
"""Bits of a voxel that may belong to two bytes."""
DARK: Final = 255
"""Level of a site that is never written."""
_SCRAMBLER_STEP: Final = 0x9E3779B1
"""Seeds of neighbouring pages lie far apart. Source: 2^32 over the golden ratio, made odd."""


@dataclass(frozen=True)
class PageCode:
    """Codewords of a page.

    Attributes:
        layout: its sites.
        parity: symbols of parity in every codeword.

    Raises:
        ParameterError: more parity than a codeword has room for.
    """

    layout: PageLayout
    parity: int

    def __post_init__(self) -> None:
        if self.content_bytes < 1:
            raise ParameterError(
                f"pages of {self.layout.rows} x {self.layout.columns} voxels have codewords of {self.length} bytes;"
                f" {self.parity} of parity leave no room for data"
            )

    @property
    def codewords(self) -> int:
        """Codewords of a page: as few as can be."""
        return -(-self.layout.data_bytes // LONGEST_CODEWORD)

    @property
    def length(self) -> int:
        """Symbols of a codeword, all of one length."""
        return self.layout.data_bytes // self.codewords

    @property
    def content_bytes(self) -> int:
        """Bytes of the container (or of parity over pages) that a page holds."""
        return self.codewords * (self.length - self.parity) - CHECK_BYTES


@dataclass(frozen=True, eq=False)
class PageReading:
    """What could be made of a page.

    Attributes:
        content: its bytes; None where a codeword or the CRC failed.
        corrected: int32 (codewords,), symbols put right in each; -1 where that was too much.
        erased: int64 (codewords,), symbols that were flagged in each; one takes one symbol of parity.
        mistaken: int64 (codewords,), symbols that were wrong unflagged; one takes two. 0 where content is None.
        wrong: bool (rows, columns), data voxels whose level was not what was written; all False where content is None.
    """

    content: bytes | None
    corrected: NDArray[np.int32]
    erased: NDArray[np.int64]
    mistaken: NDArray[np.int64]
    wrong: NDArray[np.bool_]


def encode_page(header: PageHeader, content: bytes) -> NDArray[np.uint8]:
    """Levels of a page: uint8 (rows, columns), DARK where nothing is written, marks with the highest level.

    Args:
        header: its address and its code.
        content: PageCode.content_bytes of them.
    """
    layout, code = header.layout, PageCode(header.layout, header.parity)
    if len(content) != code.content_bytes:
        raise ParameterError(f"a page holds {code.content_bytes} bytes, not {len(content)}")
    levels = _frame(header)
    whole = np.frombuffer(content + zlib.crc32(content).to_bytes(4, "big"), np.uint8)
    words = ReedSolomon(code.length, code.length - code.parity).encode(whole.reshape(code.codewords, -1))
    stream = np.zeros(layout.data_bytes, np.uint8)
    # Symbol after symbol of all codewords in turn, so that a flaw touches each of them a little.
    stream[: words.size] = words.T.reshape(-1)
    stream ^= scramble(header.address, layout.data_bytes)
    levels.reshape(-1)[_data_sites(layout)] = symbols(stream, layout.bits)
    return levels


def decode_page(header: PageHeader, levels: NDArray[np.uint8], erased: NDArray[np.bool_]) -> PageReading:
    """The content of a page as a reader saw it.

    Args:
        header: as read from the page.
        levels: uint8 (rows, columns).
        erased: bool (rows, columns), voxels whose level is not to be trusted.
    """
    layout, code = header.layout, PageCode(header.layout, header.parity)
    sites = _data_sites(layout)
    seen = levels.reshape(-1)[sites]
    lost = erased.reshape(-1)[sites] | (seen >= layout.levels)
    stream = from_symbols(np.where(lost, 0, seen).astype(np.uint8), layout.bits)
    stream ^= scramble(header.address, layout.data_bytes)
    used = code.codewords * code.length
    flags = _lost_bytes(lost, layout.bits)
    received = np.ascontiguousarray(stream[:used].reshape(code.length, code.codewords).T)
    missing = np.ascontiguousarray(flags[:used].reshape(code.length, code.codewords).T)
    codec = ReedSolomon(code.length, code.length - code.parity)
    decoded = codec.decode(received, missing)
    lost_symbols, none = missing.sum(axis=1), np.zeros(code.codewords, np.int64)
    nothing = np.zeros(levels.shape, np.bool_)
    if (decoded.corrected < 0).any():
        return PageReading(None, decoded.corrected, lost_symbols, none, nothing)
    whole = decoded.data.tobytes()
    content, check = whole[:-CHECK_BYTES], whole[-CHECK_BYTES:]
    if zlib.crc32(content).to_bytes(4, "big") != check:
        return PageReading(None, np.full_like(decoded.corrected, -1), lost_symbols, none, nothing)
    mistaken = ((codec.encode(decoded.data) != received) & ~missing).sum(axis=1)
    wrong = (encode_page(header, content) != levels) & (layout.roles == Role.DATA)
    return PageReading(content, decoded.corrected, lost_symbols, mistaken, wrong)


def _frame(header: PageHeader) -> NDArray[np.uint8]:
    """Levels of everything that is not data."""
    levels = _marks_and_pilots(header.layout).copy()
    bits = np.where(header.voxel_bits(), header.layout.levels - 1, 0)
    for sites in header.layout.header_sites:
        levels[sites[:, 0], sites[:, 1]] = bits
    return levels


@lru_cache(maxsize=8)
def _marks_and_pilots(layout: PageLayout) -> NDArray[np.uint8]:
    levels = np.full((layout.rows, layout.columns), DARK, np.uint8)
    levels[layout.roles == Role.MARK] = layout.levels - 1
    pilots = layout.pilot_sites
    levels[pilots[:, 0], pilots[:, 1]] = layout.pilot_levels
    return levels


@lru_cache(maxsize=8)
def _data_sites(layout: PageLayout) -> NDArray[np.int64]:
    """int64 (voxels,), places of the data voxels in the flattened page, in the order that bytes fill them."""
    sites = layout.unit_sites.reshape(-1, 2)
    return np.asarray(sites[:, 0] * layout.columns + sites[:, 1], np.int64)


@lru_cache(maxsize=64)
def scramble(address: int, count: int) -> NDArray[np.uint8]:
    """Bytes that a page's stream is XORed with: uint8 (count,), read-only.

    State s of a 32 bit register starts as (address + 1) × 0x9E3779B1 modulo 2^32 (1 where that is 0) and is stepped by
    `xorshift32` (of the layout) before each byte, which is its lowest eight bits.
    """
    stream = np.empty(count, np.uint8)
    compiled(_fill)(stream, (address + 1) * _SCRAMBLER_STEP & 0xFFFFFFFF or 1)
    stream.flags.writeable = False
    return stream


def _fill(stream: NDArray[np.uint8], state: int) -> None:
    for i in range(len(stream)):
        # lasercam.storage.page_layout.xorshift32, which a kernel cannot call.
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        stream[i] = state & 0xFF


def symbols(stream: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    """Levels that bytes are written as: uint8 (N,), highest bits first, neighbouring levels one bit apart (Gray).

    >>> symbols(np.array([0b00_01_11_10], np.uint8), 2).tolist()
    [0, 1, 2, 3]
    """
    if bits == BITS_ACROSS_BYTES:
        whole = stream.reshape(-1, 3).astype(np.uint32)
        codes = (whole[:, :1] << 16 | whole[:, 1:2] << 8 | whole[:, 2:]) >> np.arange(21, -1, -3, dtype=np.uint32) & 7
        return np.asarray(_level_of_code(3)[codes].reshape(-1), np.uint8)
    return np.asarray(_levels_of_byte(bits)[stream].reshape(-1), np.uint8)


@cache
def _level_of_code(bits: int) -> NDArray[np.uint8]:
    """uint8 (2^bits,), the level L whose Gray code L ^ L >> 1 each number is."""
    levels = np.arange(1 << bits, dtype=np.uint8)
    found = np.empty_like(levels)
    found[levels ^ levels >> 1] = levels
    return found


@cache
def _levels_of_byte(bits: int) -> NDArray[np.uint8]:
    """uint8 (256, 8 / bits), levels that each byte is written as."""
    codes = np.arange(256)[:, None] >> np.arange(8 - bits, -1, -bits) & (1 << bits) - 1
    return np.asarray(_level_of_code(bits)[codes], np.uint8)


def from_symbols(levels: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    """Bytes that levels stand for; the inverse of `symbols`.

    >>> from_symbols(np.array([0, 1, 2, 3], np.uint8), 2).tolist()
    [30]
    """
    gray = levels ^ levels >> 1
    if bits == BITS_ACROSS_BYTES:
        places = np.arange(bits - 1, -1, -1, dtype=np.uint8)
        return np.packbits((gray[:, None] >> places & 1).reshape(-1))
    stream = np.zeros(len(levels) * bits // 8, np.uint8)
    for first in range(8 // bits):
        stream |= gray[first :: 8 // bits] << np.uint8(8 - bits * (first + 1))
    return stream


def _lost_bytes(lost: NDArray[np.bool_], bits: int) -> NDArray[np.bool_]:
    """Bytes of which a voxel is lost: bool (N,)."""
    if bits == BITS_ACROSS_BYTES:
        return np.asarray(np.repeat(lost, bits).reshape(-1, 8).any(axis=1), np.bool_)
    return np.asarray(np.logical_or.reduce([lost[first :: 8 // bits] for first in range(8 // bits)]), np.bool_)
