"""Judges of header bits for tests of the reader: one by checksum, one that corrects as the page format will."""

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from lasercam.readback.pages.header_bits import HeaderReading
from lasercam.readback.pages.seen_page import SeenPage
from lasercam.storage.page_layout import PageLayout, Role
from tests.support.page_camera import Written

_PARITY_BYTES = 20


@dataclass(frozen=True)
class Header:
    """What these judges make of header bits."""

    layout: PageLayout
    number: int
    presence: bool = False


def checksummed(layout: PageLayout, number: int) -> np.ndarray:
    """Header bits bool (384,): rows, columns, bits and number, zeros, CRC-32."""
    text = bytes([layout.rows // 2, layout.columns // 2, layout.bits, number]).ljust(44, b"\x5a")
    return np.unpackbits(np.frombuffer(text + crc32(text).to_bytes(4, "big"), np.uint8)).astype(np.bool_)


def by_checksum(reading: HeaderReading) -> Header | None:
    """The header of a copy whose checksum is right; nothing is corrected."""
    for copy in reading.bits:
        text = np.packbits(copy).tobytes()
        if crc32(text[:44]) == int.from_bytes(text[44:], "big"):
            return Header(PageLayout(2 * text[0], 2 * text[1], text[2]), text[3])
    return None


def corrected(*pages: Written):
    """Accepts what a code with 20 bytes of parity would correct to the header of one of the pages."""

    def accept(reading: HeaderReading) -> Header | None:
        for number, page in enumerate(pages):
            for bits, erased in (*zip(reading.bits, reading.erased, strict=True), reading.combined):
                gone = np.packbits(erased) != 0
                wrong = (np.packbits(bits) != np.packbits(page.header)) & ~gone
                if 2 * wrong.sum() + gone.sum() <= _PARITY_BYTES:
                    return Header(page.layout, number)
        return None

    return accept


def shares(page: Written, seen: SeenPage) -> tuple[float, float]:
    """Share of data voxels that are wrong without being flagged, and share that is flagged."""
    data = page.layout.roles == Role.DATA
    wrong = data & ~seen.erased & (seen.levels != page.levels)
    return float(wrong.sum() / data.sum()), float((seen.erased & data).sum() / data.sum())


def survives(page: Written, seen: Sequence[SeenPage], parity: int = 32) -> bool:
    """Whether every code word of 255 bytes would be corrected: units dealt round, errors twice, erasures once."""
    if not seen:
        return False
    units = page.layout.unit_sites
    at = units[..., 0], units[..., 1]
    erased = seen[0].erased[at].any(axis=1)
    wrong = (seen[0].levels[at] != page.levels[at]).any(axis=1) & ~erased
    cost = np.bincount(np.arange(len(units)) % max(1, -(-page.layout.data_bytes // 255)), weights=2.0 * wrong + erased)
    return bool((cost <= parity).all())
