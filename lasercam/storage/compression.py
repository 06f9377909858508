"""Content made smaller by zstd, and given back without trusting what a stranger's frame asks for."""

from io import BytesIO
from typing import Final

from lasercam.errors import StorageError

LEVEL: Final = 19
"""The highest without windows of more than 8 MB: a byte saved here is four voxels less to write."""
MOST_WINDOW: Final = 1 << 27
"""Bytes of memory that a frame may ask for."""
PIECE: Final = 1 << 20


def compress(content: bytes) -> bytes:
    """One zstd frame. The same version of the library makes the same bytes; another one may not."""
    import zstandard

    return zstandard.ZstdCompressor(level=LEVEL, threads=0, write_checksum=False).compress(content)


def decompress(frame: bytes, size: int) -> bytes:
    """The content of one frame, known to have `size` bytes; no more memory is taken than comes out of it.

    Raises:
        StorageError: not a frame, or not of that size.
    """
    import zstandard

    pieces, done = [], 0
    unpacker = zstandard.ZstdDecompressor(max_window_size=MOST_WINDOW)
    try:
        with unpacker.stream_reader(BytesIO(frame), read_across_frames=False) as reader:
            while done <= size and (piece := reader.read(min(PIECE, size + 1 - done))):
                pieces.append(piece)
                done += len(piece)
    except zstandard.ZstdError as error:
        raise StorageError(f"the compressed content cannot be unpacked: {error}") from None
    if done != size:
        found = f"more than {size}" if done > size else str(done)
        raise StorageError(f"the compressed content holds {found} bytes instead of the {size} that it announces")
    return b"".join(pieces)
