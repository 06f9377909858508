"""The ladder reads simulated codes of every size; another encoder made them."""

import numpy as np
import pytest
import segno
from numpy.typing import NDArray

from lasercam.errors import PatternError
from lasercam.readback.qr import MOST_PIXELS, Rung, read_qr, red_share


def matrix(text: str, version: int | None = None, level: str = "m") -> NDArray[np.bool_]:
    made = segno.make(text, version=version, error=level, micro=False, boost_error=False)
    return np.array([list(row) for row in made.matrix], bool)


def dots(
    modules: NDArray[np.bool_], ratio: float, brightness: NDArray[np.float64] | float = 1.0
) -> NDArray[np.float64]:
    """A glowing round dot per dark module, 8 px apart, with a border of four modules; 0 to 1."""
    px, glow = 8, np.pad(modules * brightness, 4)
    at = np.arange(px) + 0.5 - px / 2
    disc = np.clip(ratio * px / 2 - np.hypot(at[:, None], at[None, :]) + 0.5, 0.0, 1.0)
    return np.kron(glow, disc)


def photographed(light: NDArray[np.float64], seed: int, noise: float = 0.05) -> NDArray[np.uint8]:
    noisy = 0.05 + 0.9 * light + np.random.default_rng(seed).normal(0.0, noise, light.shape)
    return np.rint(255 * np.clip(noisy, 0.0, 1.0)).astype(np.uint8)


@pytest.mark.parametrize("ratio", [0.5, 0.8, 1.0])
@pytest.mark.parametrize("version", [1, 2, 3, 5, 8, 10, 14, 20, 27, 33, 40])
def test_dots_are_read_at_every_size(version: int, ratio: float) -> None:
    text = f"lasercam {version}"
    found = read_qr(photographed(dots(matrix(text, version), ratio), version))
    assert [one.text for one in found] == [text]
    assert found[0].payload == text.encode()
    assert found[0].rung.inverted, "glowing dark modules look light"
    if ratio == 0.5:
        assert found[0].rung.blur_px or found[0].rung.scale < 1.0, "separate dots need a low-pass"


def test_a_printed_code_is_read_by_the_first_look() -> None:
    picture = np.uint8(255) * ~np.kron(np.pad(matrix("plain"), 4), np.ones((4, 4), bool))
    (found,) = read_qr(picture.astype(np.uint8))
    assert found.rung == Rung("grey", "as it is", 1.0, 0.0, inverted=False)
    assert found.rung.title == "grey"


def test_uneven_brightness_is_read() -> None:
    modules = matrix("uneven brightness", 4)
    rng = np.random.default_rng(3)
    read = 0
    for seed in range(10):
        spread = np.clip(rng.normal(1.0, 0.3, modules.shape), 0.05, None)
        light = dots(modules, 0.9, spread)
        read += bool(read_qr(photographed(light / light.max(), seed)))
    assert read >= 9, "measured: 12 % by one low-pass, 100 % with a logarithm"


def test_faint_codes_and_deep_pixels_are_read() -> None:
    light = np.kron(np.pad(matrix("faint"), 4), np.ones((6, 6)))
    assert [c.text for c in read_qr((light * 5 + 2).astype(np.uint8))] == ["faint"]
    assert [c.text for c in read_qr((light * 1000 + 300).astype(np.uint16))] == ["faint"]
    assert [c.text for c in read_qr((light * 200).astype(np.uint8)[:, :, None])] == ["faint"]


def test_large_photographs_are_halved() -> None:
    modules = np.pad(matrix("large"), 4)
    picture = np.kron(modules, np.ones((145, 145), bool)).astype(np.uint8) * 255
    assert picture.size > 16_000_000 > MOST_PIXELS
    assert [c.text for c in read_qr(picture)] == ["large"]


def test_nothing_is_found_in_nothing() -> None:
    assert read_qr(np.full((300, 300), 90, np.uint8)) == ()
    assert read_qr(np.random.default_rng(1).integers(0, 256, (200, 200, 3)).astype(np.uint8)) == ()
    for shape in ((1, 1), (1, 300), (300, 2), (3, 3, 3)):
        assert read_qr(np.random.default_rng(2).integers(0, 256, shape).astype(np.uint8)) == ()


def test_other_barcodes_are_not_looked_for() -> None:
    import zxingcpp

    made = zxingcpp.create_barcode("123456", zxingcpp.BarcodeFormat.DataMatrix)
    picture = np.kron(np.asarray(made.to_image(scale=1)), np.ones((8, 8), np.uint8))
    assert zxingcpp.read_barcodes(picture)[0].text == "123456"
    assert read_qr(picture) == ()


def test_the_climb_goes_on_until_all_wanted_are_found() -> None:
    plain = np.kron(np.pad(matrix("plain", 2), 4), np.ones((8, 8)))
    both = np.hstack((1.0 - plain, dots(matrix("dotted", 2), 0.5)))
    picture = (255 * both).astype(np.uint8)
    assert [c.text for c in read_qr(picture)] == ["plain"]
    assert {c.text for c in read_qr(picture, [b"plain", b"dotted"])} == {"plain", "dotted"}
    assert {c.text for c in read_qr(picture, [b"absent"])} == {"plain", "dotted"}


def test_a_code_carried_by_colour_is_read_whatever_the_brightness() -> None:
    decoy, secret = matrix("the decoy", 2), matrix("the secret", 2)
    bright = np.where(decoy, 1.0, 0.25)
    red = np.pad(bright, 4)
    green = np.pad(bright * ~secret, 4)
    light = np.stack((red, green, np.zeros_like(red)), axis=2)
    picture = np.rint(255 * np.kron(light, np.ones((8, 8, 1))) ** (1 / 2.2)).astype(np.uint8)
    found = {c.text: c.rung.plane for c in read_qr(picture, [b"the decoy", b"the secret"])}
    assert found["the decoy"] in ("grey", "brightest", "red")
    assert found["the secret"] in ("green", "red share")


def test_the_red_share_tells_colours_not_brightness() -> None:
    channels = np.zeros((40, 90, 3), np.float32)
    channels[:, 30:60, :2] = [0.9, 0.9]
    channels[:, 60:, 0] = 0.4
    share = red_share(channels, 1.0)
    assert share[20, 15] == 0.0
    assert share[20, 45] == pytest.approx(0.5, abs=0.01)
    assert share[20, 80] == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    "picture", [np.zeros((4, 4)), np.zeros((4, 4, 2), np.uint8), np.zeros((0, 4), np.uint8), np.zeros(4, np.uint8)]
)
def test_what_is_no_picture_is_refused(picture: NDArray[np.uint8]) -> None:
    with pytest.raises(PatternError, match="a picture"):
        read_qr(picture)
