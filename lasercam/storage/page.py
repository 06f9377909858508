"""One page: its bytes as levels of voxels, and back."""

import zlib
from dataclasses import dataclass
from functools import lru_cache
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
        wrong: bool (rows, columns), data voxels whose level was not what was written; all False where content is None.
    """

    content: bytes | None
    corrected: NDArray[np.int32]
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
    sites = layout.unit_sites.reshape(-1, 2)
    levels[sites[:, 0], sites[:, 1]] = symbols(stream, layout.bits)
    return levels


def decode_page(header: PageHeader, levels: NDArray[np.uint8], erased: NDArray[np.bool_]) -> PageReading:
    """The content of a page as a reader saw it.

    Args:
        header: as read from the page.
        levels: uint8 (rows, columns).
        erased: bool (rows, columns), voxels whose level is not to be trusted.
    """
    layout, code = header.layout, PageCode(header.layout, header.parity)
    sites = layout.unit_sites.reshape(-1, 2)
    seen = levels[sites[:, 0], sites[:, 1]]
    lost = erased[sites[:, 0], sites[:, 1]] | (seen >= layout.levels)
    stream = from_symbols(np.where(lost, 0, seen).astype(np.uint8), layout.bits)
    stream ^= scramble(header.address, layout.data_bytes)
    used = code.codewords * code.length
    flags = _lost_bytes(lost, layout.bits)
    received = np.ascontiguousarray(stream[:used].reshape(code.length, code.codewords).T)
    missing = np.ascontiguousarray(flags[:used].reshape(code.length, code.codewords).T)
    codec = ReedSolomon(code.length, code.length - code.parity)
    decoded = codec.decode(received, missing)
    nothing = np.zeros(levels.shape, np.bool_)
    if (decoded.corrected < 0).any():
        return PageReading(None, decoded.corrected, nothing)
    whole = decoded.data.tobytes()
    content, check = whole[:-CHECK_BYTES], whole[-CHECK_BYTES:]
    if zlib.crc32(content).to_bytes(4, "big") != check:
        return PageReading(None, np.full_like(decoded.corrected, -1), nothing)
    meant = encode_page(header, content)
    return PageReading(content, decoded.corrected, (meant != levels) & (layout.roles == Role.DATA))


def _frame(header: PageHeader) -> NDArray[np.uint8]:
    """Levels of everything that is not data."""
    layout = header.layout
    top = layout.levels - 1
    levels = np.full((layout.rows, layout.columns), DARK, np.uint8)
    levels[layout.roles == Role.MARK] = top
    pilots = layout.pilot_sites
    levels[pilots[:, 0], pilots[:, 1]] = layout.pilot_levels
    bits = header.voxel_bits()
    for sites in layout.header_sites:
        levels[sites[:, 0], sites[:, 1]] = np.where(bits, top, 0)
    return levels


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
    groups = np.unpackbits(stream).reshape(-1, bits)
    # Level L is written for the code L ^ L >> 1; so each bit of the level is the parity of the code's bits above it.
    ladder = np.bitwise_xor.accumulate(groups, axis=1)
    return _numbers(ladder)


def from_symbols(levels: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    """Bytes that levels stand for; the inverse of `symbols`.

    >>> from_symbols(np.array([0, 1, 2, 3], np.uint8), 2).tolist()
    [30]
    """
    gray = levels ^ levels >> 1
    places = np.arange(bits - 1, -1, -1, dtype=np.uint8)
    return np.packbits((gray[:, None] >> places & 1).astype(np.uint8).reshape(-1))


def _numbers(groups: NDArray[np.uint8]) -> NDArray[np.uint8]:
    weights = (1 << np.arange(groups.shape[1] - 1, -1, -1)).astype(np.uint8)
    return np.asarray((groups * weights).sum(axis=1), np.uint8)


def _lost_bytes(lost: NDArray[np.bool_], bits: int) -> NDArray[np.bool_]:
    """Bytes of which a voxel is lost: bool (N,)."""
    return np.asarray(np.repeat(lost, bits).reshape(-1, 8).any(axis=1), np.bool_)
