"""PNG files with 16 bits per colour, all bits kept: Pillow gives the upper eight of them only."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lasercam.compiling import compiled
from lasercam.errors import ReadingError, shorten

MAX_PIXELS = 50_000_000
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
"""Of every colour type with direct values; the last of 2 and 4 is opacity."""
_HEAD = struct.Struct(">IIBBBBB")


@dataclass(frozen=True)
class PngHead:
    """What a PNG file says of itself.

    Attributes:
        width, height: pixels.
        depth: bits per value.
        channels: values per pixel, opacity included; 0 for palettes.
        is_interlaced: rows are not in order.
        gamma: exponent by which light was stored; 0 where the file does not say.
    """

    width: int
    height: int
    depth: int
    channels: int
    is_interlaced: bool
    gamma: float


def png_head(content: bytes) -> PngHead | None:
    """The head of a PNG file; None when this is none or its beginning is damaged."""
    if not content.startswith(_SIGNATURE):
        return None
    head, gamma = None, 0.0
    for kind, data in _chunks(content):
        if kind == b"IHDR" and len(data) == _HEAD.size:
            width, height, depth, colour, _, _, interlace = _HEAD.unpack(data)
            head = width, height, depth, _CHANNELS.get(colour, 0), interlace != 0
        elif kind == b"gAMA" and len(data) == 4:
            gamma = struct.unpack(">I", data)[0] / 1e5
        elif kind == b"IDAT":
            break
    return PngHead(*head, gamma) if head else None


def read_png16(content: bytes, name: str) -> NDArray[np.uint16]:
    """All values of a PNG file of 16 bits: uint16 (height, width, channels), opacity included.

    Source: W3C, PNG Specification (third edition), chapters 7, 9 and 10.

    Raises:
        ReadingError: damaged, truncated, too large, or not such a file; names it.
    """
    shown = shorten(name)
    head = png_head(content)
    if head is None or head.depth != 16 or not head.channels or head.is_interlaced:
        raise ReadingError(f"'{shown}' is not a PNG picture of 16 bits per value with rows in order")
    if not 0 < head.width * head.height <= MAX_PIXELS:
        raise ReadingError(
            f"the picture '{shown}' has {head.width:,} × {head.height:,} pixels; 1 to {MAX_PIXELS:,} are allowed;"
            " scale it down"
        )
    step = 2 * head.channels
    line = 1 + head.width * step
    inflate = zlib.decompressobj()
    packed = b"".join(data for kind, data in _chunks(content) if kind == b"IDAT")
    try:
        # No more than was promised: a small file may unpack to gigabytes.
        raw = inflate.decompress(packed, head.height * line)
    except zlib.error as error:
        raise ReadingError(f"the picture '{shown}' is damaged: {error}; save it again") from error
    if len(raw) < head.height * line:
        raise ReadingError(
            f"the picture '{shown}' is cut off: {len(raw) // line:,} of {head.height:,} rows are there; copy it again"
        )
    rows = np.frombuffer(raw, np.uint8).reshape(head.height, line).copy()
    if not compiled(_unfilter)(rows, step):
        raise ReadingError(f"the picture '{shown}' is damaged: a row is packed in an unknown way; save it again")
    values = np.ascontiguousarray(rows[:, 1:]).view(">u2").reshape(head.height, head.width, head.channels)
    return values.astype(np.uint16)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and data of every whole chunk with a right checksum."""
    at = len(_SIGNATURE)
    while at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        kind, data = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        if at + 12 + length > len(content):
            if kind == b"IDAT":
                yield kind, data
            return
        if zlib.crc32(kind + data) != struct.unpack_from(">I", content, at + 8 + length)[0]:
            return
        yield kind, data
        at += 12 + length


def _unfilter(rows: Any, step: int) -> bool:
    """Undo the prediction of every row in place; the first byte of a row says which. False: an unknown one."""
    height, width = rows.shape
    for y in range(height):
        kind = rows[y, 0]
        if kind > 4:
            return False
        for x in range(1, width):
            left = int(rows[y, x - step]) if x > step else 0
            above = int(rows[y - 1, x]) if y > 0 else 0
            guess = 0
            if kind == 1:
                guess = left
            elif kind == 2:
                guess = above
            elif kind == 3:
                guess = (left + above) // 2
            elif kind == 4:
                corner = int(rows[y - 1, x - step]) if y > 0 and x > step else 0
                whole = left + above - corner
                to_left, to_above, to_corner = abs(whole - left), abs(whole - above), abs(whole - corner)
                if to_left <= to_above and to_left <= to_corner:
                    guess = left
                elif to_above <= to_corner:
                    guess = above
                else:
                    guess = corner
            rows[y, x] = (int(rows[y, x]) + guess) & 255
    return True
