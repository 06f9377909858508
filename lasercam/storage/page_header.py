"""The header of a page: what a reader needs to know, on the page itself."""

import zlib
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import ParameterError
from lasercam.storage.page_layout import HEADER_BITS, VERSION, PageLayout
from lasercam.storage.reed_solomon import ReedSolomon

MAGIC: Final = b"LC"
HEADER_BYTES: Final = 28
_CODE: Final = ReedSolomon(HEADER_BITS // 8, HEADER_BYTES)
_PRESENCE: Final = 0x80
"""Flag beside the bits per voxel: level 0 is an empty site."""
MOST_PAGES: Final = (1 << 24) - 1
MOST_BYTES: Final = (1 << 40) - 1


@dataclass(frozen=True)
class PageHeader:
    """What stands on every page.

    Attributes:
        layout: sites of the page.
        parity: Reed-Solomon parity symbols in every codeword of the page.
        address: which page this is; see lasercam.storage.volume.
        data_pages: pages that hold the container.
        group_data, group_parity: pages of a group that hold data, and that hold parity.
        file_id: the first four bytes of the container's SHA-256, so that pages of two files are never mixed.
        container_bytes: length of the container.
        presence: whether level 0 is an empty site.
    """

    layout: PageLayout
    parity: int
    address: int
    data_pages: int
    group_data: int
    group_parity: int
    file_id: bytes
    container_bytes: int
    presence: bool = False

    def __post_init__(self) -> None:
        limits = (
            ("parity", self.parity, 2, 254),
            ("address", self.address, 0, MOST_PAGES),
            ("data_pages", self.data_pages, 1, MOST_PAGES),
            ("group_data", self.group_data, 1, 254),
            ("group_parity", self.group_parity, 0, 254),
            ("container_bytes", self.container_bytes, 1, MOST_BYTES),
        )
        for name, value, least, most in limits:
            if not least <= value <= most:
                raise ParameterError(f"{name} of a page is {least:,} to {most:,}, not {value:,}")
        if self.group_data + self.group_parity > 255:
            raise ParameterError(f"a group has 255 pages at most, not {self.group_data} + {self.group_parity}")
        if len(self.file_id) != 4:
            raise ParameterError("a file id has four bytes")

    @property
    def file(self) -> tuple[object, ...]:
        """Everything that all pages of one file agree on."""
        return (
            self.layout, self.parity, self.data_pages, self.group_data, self.group_parity, self.file_id,
            self.container_bytes, self.presence,
        )  # fmt: skip

    def pack(self) -> bytes:
        """The 28 bytes: big-endian, CRC-32 (IEEE 802.3) of the others last."""
        plain = (
            MAGIC
            + bytes(
                (
                    VERSION,
                    self.layout.bits | (_PRESENCE if self.presence else 0),
                    self.layout.rows // 2,
                    self.layout.columns // 2,
                    self.parity,
                )
            )
            + self.address.to_bytes(3, "big")
            + self.data_pages.to_bytes(3, "big")
            + bytes((self.group_data, self.group_parity))
            + self.file_id
            + self.container_bytes.to_bytes(5, "big")
        )
        return plain + zlib.crc32(plain).to_bytes(4, "big")

    def voxel_bits(self) -> NDArray[np.bool_]:
        """bool (384,), one coded copy; True is written with the highest level."""
        coded = _CODE.encode(np.frombuffer(self.pack(), np.uint8)[None, :])
        return np.unpackbits(coded[0]).astype(np.bool_)


def unpack_header(content: bytes) -> PageHeader | None:
    """The header in 28 bytes; None where they are none, or one of another version of the format."""
    plain, check = content[:-4], content[-4:]
    if len(content) != HEADER_BYTES or zlib.crc32(plain).to_bytes(4, "big") != check:
        return None
    if plain[:2] != MAGIC or plain[2] != VERSION:
        return None
    try:
        return PageHeader(
            PageLayout(2 * plain[4], 2 * plain[5], plain[3] & ~_PRESENCE),
            plain[6],
            int.from_bytes(plain[7:10], "big"),
            int.from_bytes(plain[10:13], "big"),
            plain[13],
            plain[14],
            plain[15:19],
            int.from_bytes(plain[19:24], "big"),
            bool(plain[3] & _PRESENCE),
        )
    except ParameterError:
        return None


def read_header(bits: NDArray[np.bool_], erased: NDArray[np.bool_], least_agreement: float = 0.0) -> PageHeader | None:
    """The header that the voxels of its two copies tell; None where neither copy, nor both together, can be read.

    Args:
        bits: bool (2, 384), in the order of PageLayout.header_sites.
        erased: bool (2, 384), voxels that tell nothing.
        least_agreement: share of the voxels that are not erased which must agree with the header found.
    """
    both = np.where(erased[0], bits[1], bits[0])
    for copy, missing in ((bits[0], erased[0]), (bits[1], erased[1]), (both, erased[0] & erased[1])):
        received = np.packbits(copy)[None, :]
        decoded = _CODE.decode(received, missing.reshape(-1, 8).any(axis=1)[None, :])
        if decoded.corrected[0] < 0:
            continue
        header = unpack_header(decoded.data[0].tobytes())
        if header is not None and _agreement(header, bits, erased) >= least_agreement:
            return header
    return None


def _agreement(header: PageHeader, bits: NDArray[np.bool_], erased: NDArray[np.bool_]) -> float:
    seen = ~erased
    same = (bits == header.voxel_bits()) & seen
    return float(same.sum() / max(1, seen.sum()))
