"""Camera files: what light they stand for, which belong together, and which are refused."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from lasercam.errors import ReadingError
from lasercam.readback.images import read_images
from lasercam.readback.pages.reader import find_pages
from tests.support.assets import picture_file
from tests.support.page_camera import Camera, photograph, write_page
from tests.support.page_judge import corrected, shares

RANDOM = np.random.default_rng(4)
GREY = RANDOM.integers(0, 256, (5, 7)).astype(np.uint8)
RGB = RANDOM.integers(0, 256, (5, 7, 3)).astype(np.uint8)
DEEP = RANDOM.integers(0, 65536, (5, 7, 3)).astype(np.uint16)


def png16(values: np.ndarray, filters: int | None = None, *, cut: int = 0, height: int | None = None) -> bytes:
    """A PNG file of 16 bits per value, each row predicted in one of the five ways."""
    rows, columns, channels = values.shape
    colour = {1: 0, 3: 2, 2: 4, 4: 6}[channels]
    plain = values.astype(">u2").view(np.uint8).reshape(rows, -1).astype(int)
    step, out = 2 * channels, b""
    for y in range(rows):
        kind = y % 5 if filters is None else filters
        above = plain[y - 1] if y else np.zeros_like(plain[0])
        left = np.concatenate((np.zeros(step, int), plain[y, :-step]))
        corner = np.concatenate((np.zeros(step, int), above[:-step]))
        whole = left + above - corner
        off = np.abs(np.stack((whole - left, whole - above, whole - corner)))
        paeth = np.choose(np.argmin(off, axis=0), (left, above, corner))
        guess = (np.zeros_like(left), left, above, (left + above) // 2, paeth)[kind]
        out += bytes([kind]) + ((plain[y] - guess) % 256).astype(np.uint8).tobytes()

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", columns, height or rows, 16, colour, 0, 0, 0))
    packed = zlib.compress(out)
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", packed[: len(packed) - cut]) + chunk(b"IEND", b"")


def decoded_srgb(values: np.ndarray) -> np.ndarray:
    v = values / 255.0
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def test_colour_of_8_bits_follows_the_srgb_curve() -> None:
    [loaded] = read_images({"a.png": picture_file(RGB)})
    assert loaded.image.channels == ("red", "green", "blue")
    np.testing.assert_allclose(loaded.image.planes, decoded_srgb(RGB).transpose(2, 0, 1), atol=1e-6)
    assert any("sRGB" in note for note in loaded.notes)
    [plain] = read_images({"a.png": picture_file(RGB)}, tone="linear")
    np.testing.assert_allclose(plain.image.planes, RGB.transpose(2, 0, 1) / 255.0, atol=1e-6)


def test_grey_is_light_itself_unless_it_is_a_photograph() -> None:
    [loaded] = read_images({"a.tif": picture_file(GREY, "TIFF")})
    np.testing.assert_allclose(loaded.image.planes[0], GREY / 255.0, atol=1e-6)
    assert loaded.image.channels == ("grey",)
    flat = np.full((16, 16), 128, np.uint8)
    [photo] = read_images({"a.jpg": picture_file(flat, "JPEG")})
    np.testing.assert_allclose(photo.image.planes[0], decoded_srgb(flat), atol=0.01)


def test_a_png_that_says_linear_is_believed() -> None:
    gamma = struct.pack(">I", 100_000)
    chunk = struct.pack(">I", 4) + b"gAMA" + gamma + struct.pack(">I", zlib.crc32(b"gAMA" + gamma))
    content = picture_file(RGB)
    [loaded] = read_images({"a.png": content[:33] + chunk + content[33:]})
    np.testing.assert_allclose(loaded.image.planes, RGB.transpose(2, 0, 1) / 255.0, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_all_16_bits_are_kept(channels: int) -> None:
    values = RANDOM.integers(0, 65536, (7, 6, channels)).astype(np.uint16)
    [loaded] = read_images({"a.png": png16(values)})
    shown = values[:, :, : {1: 1, 2: 1, 3: 3, 4: 3}[channels]]
    assert np.array_equal(np.round(loaded.image.planes * 65535).astype(int), shown.transpose(2, 0, 1))


def test_16_bit_grey_of_pillow_agrees() -> None:
    values = RANDOM.integers(0, 65536, (9, 8)).astype(np.uint16)
    for kind in ("PNG", "TIFF"):
        [loaded] = read_images({"a": picture_file(values, kind)})
        assert np.array_equal(np.round(loaded.image.planes[0] * 65535).astype(int), values)


def test_one_file_per_channel() -> None:
    names = ("f/one.514 nm.png", "f/one.655 nm.png", "f/two.514 nm.png", "three.png")
    files = {name: picture_file(np.roll(GREY, k)) for k, name in enumerate(names)}
    loaded = {item.image.title: item for item in read_images(files)}
    assert loaded["f/one.*"].image.channels == ("514 nm", "655 nm")
    assert loaded["f/one.*"].files == names[:2]
    np.testing.assert_allclose(loaded["f/one.*"].image.planes[1], np.roll(GREY, 1) / 255.0, atol=1e-6)
    assert loaded["f/two.*"].image.channels == ("514 nm",)
    assert loaded["three.png"].image.channels == ("grey",)


def test_several_pictures_in_a_tiff_are_channels(tmp_path) -> None:
    path = tmp_path / "a.tif"
    stack = [Image.fromarray(np.roll(DEEP[:, :, 0], k)) for k in range(4)]
    stack[0].save(path, save_all=True, append_images=stack[1:])
    [loaded] = read_images({"a.tif": path.read_bytes()})
    assert loaded.image.planes.shape == (4, 5, 7)
    assert np.array_equal(np.round(loaded.image.planes[2] * 65535).astype(int), np.roll(DEEP[:, :, 0], 2))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a.png": b""}, "'a.png' is empty"),
        ({"a.png": b"hello"}, "'a.png' is not a complete PNG"),
        ({"a.png": png16(DEEP, cut=20)}, "'a.png' is cut off: . of 5 rows"),
        ({"a.png": png16(DEEP, filters=0, height=50)}, "'a.png' is cut off: 5 of 50 rows"),
        ({"a.png": png16(DEEP, height=2**31)}, "'a.png' has 7 × 2,147,483,648 pixels"),
        ({"a.r.png": picture_file(GREY), "a.g.png": picture_file(GREY.T)}, "7 × 5 pixels and 'a.g.png' 5 × 7"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(files: dict[str, bytes], message: str) -> None:
    with pytest.raises(ReadingError, match=message):
        read_images(files)


def test_every_truncation_of_16_bits_is_refused_or_whole() -> None:
    content = png16(DEEP)
    [whole] = read_images({"a.png": content})
    refused = 0
    for size in range(8, len(content)):
        try:
            [loaded] = read_images({"a.png": content[:size]})
        except ReadingError:
            refused += 1
        else:
            assert np.array_equal(loaded.image.planes, whole.image.planes)
    assert refused > len(content) - 40


def test_a_photograph_of_a_page_is_read() -> None:
    bands = np.array([[1.0, 0.1, 0.1], [0.1, 1.0, 0.1], [0.1, 0.1, 1.0], [0.9, 0.8, 0.1]])
    page = write_page(48, 64, 2, bands=bands)
    light = photograph(page, Camera(pitch_px=8.0, rotation_deg=21.0, psf=0.3)).planes
    stored = np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055)
    content = picture_file((stored.transpose(1, 2, 0) * 255).round().astype(np.uint8), "JPEG")
    [loaded] = read_images({"photo.jpg": content})
    wrong, flagged = shares(page, find_pages(loaded.image, corrected(page))[0])
    assert wrong <= 0.002
    assert flagged <= 0.02
