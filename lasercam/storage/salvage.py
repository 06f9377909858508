"""What can be had of a container that did not arrive whole."""

from dataclasses import dataclass
from io import BytesIO
from typing import Final

from lasercam.storage.compression import MOST_WINDOW, PIECE
from lasercam.storage.container import BODY_START, MAGIC, START, VERSION, Compression
from lasercam.storage.file_names import safe_name
from lasercam.storage.keys import Cipher

MOST_SALVAGED: Final = 1 << 30
"""Bytes; more is not unpacked from a damaged container."""


@dataclass(frozen=True)
class Salvaged:
    """The beginning of a file. Nothing vouches for it: its SHA-256 is of the whole.

    Attributes:
        content: from the start to the first gap.
        size: of the whole file.
        name: of the file.
        why_not: where there is nothing: the reason.
    """

    content: bytes
    size: int
    name: str
    why_not: str = ""


def salvage(container: bytes, available: int) -> Salvaged:
    """The beginning of what a container holds.

    Args:
        container: its bytes, anything where nothing could be read.
        available: bytes from the start that could be read.
    """
    intact = container[:available]
    if len(intact) < START.size + BODY_START.size or intact[:4] != MAGIC or intact[4] != VERSION:
        return Salvaged(b"", 0, "", "its first page is lost, and with it what the others mean")
    if intact[5] != Cipher.NONE:
        return Salvaged(b"", 0, "", "it is encrypted, and what is not complete cannot be authenticated")
    number, size, _, name_size = BODY_START.unpack_from(intact, START.size)
    first = START.size + BODY_START.size + name_size
    name = safe_name(intact[first - name_size : first].decode(errors="replace"))
    packed = intact[first:]
    content = _unpacked(packed) if number == Compression.ZSTD else packed[:size]
    if not content:
        return Salvaged(b"", size, name, "the gap lies too near the beginning of the compressed data")
    return Salvaged(content, size, name)


def _unpacked(frame: bytes) -> bytes:
    """What a frame holds up to where it breaks off: whole blocks of up to 128 KiB."""
    import zstandard

    pieces: list[bytes] = []
    unpacker = zstandard.ZstdDecompressor(max_window_size=MOST_WINDOW)
    try:
        with unpacker.stream_reader(BytesIO(frame), read_across_frames=False) as reader:
            while (piece := reader.read(PIECE)) and sum(map(len, pieces)) < MOST_SALVAGED:
                pieces.append(piece)
    except zstandard.ZstdError:
        pass  # what came before the damage is still there
    return b"".join(pieces)
