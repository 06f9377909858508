"""Picture files: every kind of pixel that has a white, upright; everything else refused by name."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from lasercam.errors import PatternError
from lasercam.sources.image.picture import read_picture
from tests.support.assets import picture_file, ramp_picture

GREY = ramp_picture(6, 9)
RGB = np.random.default_rng(1).integers(0, 256, (6, 9, 3)).astype(np.uint8)


def png_promising(width: int, height: int) -> bytes:
    """A PNG file whose head promises a size that its body does not hold."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("values", [GREY, RGB, GREY.astype(np.uint16) * 257 + 3], ids=["grey", "rgb", "grey16"])
def test_stored_values_are_kept(kind: str, values: np.ndarray) -> None:
    picture = read_picture(picture_file(values, kind), "a")
    assert picture.full == (65535.0 if values.dtype == np.uint16 else 255.0)
    assert np.array_equal(picture.values.reshape(values.shape), values)
    assert picture.alpha is None
    assert picture.size == (9, 6)


def test_palette_and_bitmap() -> None:
    palette = Image.fromarray(RGB).quantize(16)
    assert np.array_equal(read_picture(picture_file(palette), "a").values, np.asarray(palette.convert("RGB")))
    bitmap = Image.fromarray(GREY).convert("1")
    assert set(np.unique(read_picture(picture_file(bitmap), "a").values)) == {0, 255}


def test_alpha_of_all_kinds() -> None:
    alpha = np.arange(54, dtype=np.uint8).reshape(6, 9) * 4
    picture = read_picture(picture_file(np.dstack((RGB, alpha))), "a")
    assert picture.alpha is not None
    assert np.array_equal(picture.alpha, alpha)
    assert np.array_equal(picture.values, RGB)
    marked = picture_file(Image.fromarray(GREY), transparency=0)
    seen = read_picture(marked, "a").alpha
    assert seen is not None
    assert np.array_equal(seen == 0, GREY == 0)
    opaque = np.dstack((RGB, np.full((6, 9), 255, np.uint8)))
    assert read_picture(picture_file(opaque), "a").alpha is None


# What the viewer must undo, from the EXIF standard: tag 0x0112, the position of row 0 and column 0.
STORED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, -1),
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG"])
def test_orientation_is_undone(orientation: int, kind: str) -> None:
    upright = np.zeros((16, 24, 3), np.uint8)
    upright[:8, :8] = 255  # JPEG blocks of one value survive
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = np.ascontiguousarray(STORED[orientation](upright))
    picture = read_picture(picture_file(stored, kind, exif=exif), "a")
    assert np.array_equal(picture.values > 128, upright > 128)
    assert ("upright" in " ".join(picture.notes)) == (orientation > 1)


def test_pages_are_chosen() -> None:
    stream = io.BytesIO()
    Image.fromarray(GREY).save(stream, "TIFF", save_all=True, append_images=[Image.fromarray(255 - GREY)])
    content = stream.getvalue()
    with pytest.raises(PatternError, match="holds 2 pictures; choose one with the key 'page'"):
        read_picture(content, "a.tif")
    assert np.array_equal(read_picture(content, "a.tif", 2).values[:, :, 0], 255 - GREY)
    with pytest.raises(PatternError, match="there is no page 3"):
        read_picture(content, "a.tif", 3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "'a.png' is empty"),
        (b"hello", "'a.png' is not a complete PNG, TIFF or JPEG"),
        (picture_file(GREY, "GIF"), "'a.png' is not a complete PNG, TIFF or JPEG"),
        (picture_file(RGB)[:-40], "'a.png' is damaged"),
        (picture_file(RGB, "JPEG")[:300], "'a.png'"),
        (png_promising(8000, 8000), "'a.png' has 8,000 × 8,000 pixels"),
        (png_promising(60_000, 60_000), "'a.png' has more than 50,000,000 pixels"),
        (picture_file(Image.fromarray(RGB).convert("CMYK"), "TIFF"), "pixels of kind CMYK"),
        (picture_file(GREY.astype(np.float32), "TIFF"), "pixels of kind F"),
        (picture_file(GREY.astype(np.int32), "TIFF"), "pixels of kind I"),
    ],
)
def test_what_cannot_be_read_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(PatternError, match=message):
        read_picture(content, "a.png")


def test_every_truncation_is_refused_or_read() -> None:
    for content in (picture_file(GREY), picture_file(RGB, "TIFF"), picture_file(RGB, "JPEG")):
        for size in range(0, len(content), 7):
            try:
                assert read_picture(content[:size], "a").size == (9, 6)
            except PatternError:
                continue


def test_sixteen_bit_colour_says_what_is_read() -> None:
    rows = b"".join(b"\0" + bytes(range(12)) for _ in range(2))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 16, 2, 0, 0, 0))
    content = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    picture = read_picture(content, "a")
    assert np.array_equal(picture.values[0].reshape(-1), np.arange(0, 12, 2))
    assert any("16 bits" in note for note in picture.notes)
