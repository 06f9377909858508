"""Pictures as patterns: every pixel where it belongs, in the part it belongs to."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError

from lasercam.errors import InputError
from lasercam.sources.image.picture import read_picture
from lasercam.sources.image.source import Image
from lasercam.sources.image.tone import linear_light, tones
from tests.support.assets import colour_picture, picture_file, ramp_picture
from tests.support.sources import joined, make

RAMP = ramp_picture()
EMISSION: dict[str, Any] = {
    "mode": "emission",
    "peaks": [{"peak": "514 nm", "part": "green"}, {"peak": "613 nm", "part": "red"}],
    "colours": {"green": "#00ff2c", "red": "#ff0700"},
}


def image(values: Any = RAMP, seed: int = 0, **keys: object) -> Image:
    content = values if isinstance(values, bytes) else picture_file(values)
    keys = {"pixel": 2.0, **keys} if not {"width", "height"} & set(keys) else keys
    return make(Image, {"type": "image", "file": "a.png", **keys}, assets={"a.png": content}, seed=seed)


def painted(source: Image, part: bool = True) -> NDArray[np.int64]:
    """int64 (rows, columns), row 0 at the top: part (or variant) plus 1 of the dot in each pixel; 0 without one."""
    rows, columns = source.indices.shape
    block = joined(source.features(100))
    i, j = np.floor(block.xyz_um[:, :2].T / source.pixel_um).astype(int)
    seen = np.zeros((rows, columns), np.int64)
    np.add.at(seen, (rows - 1 - j, i), (block.part if part else block.variant).astype(int) + 1)
    assert np.allclose(block.xyz_um[:, 0], (i + 0.5) * source.pixel_um)
    return seen


def test_levels_are_the_nearest_grey_values() -> None:
    values = np.random.default_rng(2).integers(0, 256, (13, 17)).astype(np.uint8)
    source = image(values, mode="levels", levels="5")
    assert source.parts.atoms == ("level_0", "level_1", "level_2", "level_3", "level_4")
    assert np.array_equal(painted(source) - 1, np.floor(values / 255 * 4 + 0.5))


def test_sixteen_bits_make_finer_levels_than_eight() -> None:
    values = np.linspace(0, 65535, 512).round().astype(np.uint16).reshape(16, 32)
    source = image(values, mode="variant", levels="256")
    assert np.array_equal(painted(source, part=False) - 1, np.floor(values / 65535 * 255 + 0.5))
    block = joined(source.features())
    assert np.array_equal(block.part, (block.variant > 0).astype(np.uint16))


def test_gamma_and_inversion() -> None:
    half = np.full((2, 2), 128, np.uint8)
    for gamma, light in (("stored", 128 / 255), ("2", (128 / 255) ** 2), ("srgb", 0.21586050011389926)):
        for invert in ("false", "true"):
            source = image(half, mode="variant", levels="256", gamma=gamma, invert=invert)
            wanted = 1 - light if invert == "true" else light
            assert source.indices[0, 0] == round(wanted * 255)
            assert any("inverted" in note for note in source.notes) == (invert == "true")


def test_lines_cover_the_pixels_of_their_level() -> None:
    values = np.random.default_rng(3).integers(0, 3, (9, 20)).astype(np.uint8) * 127
    lines = image(values, mode="lines", levels="3")
    block = joined(lines.features(7))
    start, end = block.xyz_um[0::2], block.xyz_um[1::2]
    seen = np.zeros((9, 20), int)
    for a, b, part in zip(start, end, block.part, strict=True):
        row = 8 - int(a[1] // 2.0)
        seen[row, round(a[0] / 2) : round(b[0] / 2)] += int(part) + 1
        assert a[1] == b[1]
    assert np.array_equal(seen - 1, lines.indices)
    # No two lines of one level touch: they would be one.
    runs = 9 + int((np.diff(lines.indices.astype(int), axis=1) != 0).sum())
    assert len(block) == runs


@pytest.mark.parametrize("dithering", ["floyd_steinberg", "bayer", "blue_noise"])
def test_halftone_density_is_linear_light(dithering: str) -> None:
    grey = np.full((64, 64), 188, np.uint8)  # half the light of white, in sRGB
    source = image(grey, mode="halftone", dithering=dithering)
    assert abs(len(joined(source.features())) / 4096 - float(linear_light(np.array([188 / 255]), "srgb")[0])) < 0.005


def test_halftone_threshold() -> None:
    source = image(mode="halftone", dithering="threshold", threshold="0.4", gamma="stored")
    assert np.array_equal(painted(source) > 0, np.greater_equal(RAMP / 255, 0.4))


def test_blue_noise_follows_the_jobs_seed() -> None:
    grey = np.full((64, 64), 128, np.uint8)
    one, two, three = (image(grey, seed=s, mode="halftone", dithering="blue_noise") for s in (1, 1, 2))
    assert np.array_equal(one.indices, two.indices)
    assert not np.array_equal(one.indices, three.indices)


def test_emission_takes_the_nearest_colour_in_linear_light() -> None:
    values = np.random.default_rng(4).integers(0, 256, (15, 20, 3)).astype(np.uint8)
    source = image(values, **EMISSION)
    shades = np.array([[0, 0, 0], [0, 255, 0x2C], [255, 7, 0]]) / 255
    linear = [np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) for c in (values / 255, shades)]
    away = ((linear[0][:, :, None, :] - linear[1]) ** 2).sum(axis=3)
    assert np.array_equal(source.indices, np.argmin(away, axis=2) - 1)
    assert source.parts.atoms == ("green", "red")
    assert np.array_equal(painted(source), source.indices + 1)


def test_emission_mixes_by_dithering() -> None:
    flat = np.full((60, 60, 3), (137, 99, 0), np.uint8)  # 25 % red and 12.5 % green light
    source = image(flat, dithering="floyd_steinberg", **EMISSION)
    shares = np.bincount(source.indices.reshape(-1) + 1, minlength=3) / 3600
    assert abs(shares[2] - 0.25) < 0.02
    assert abs(shares[1] - 0.125) < 0.02
    assert any("mean red, green and blue" in note for note in source.notes)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9), st.integers(1, 9), st.integers(0, 9))
def test_resampling_is_the_mean_of_the_covered_surface(
    rows: int, columns: int, down: int, along: int, seed: int
) -> None:
    values = np.random.default_rng(seed).integers(0, 256, (rows, columns)).astype(np.uint8)
    made = tones(read_picture(picture_file(values), "a"), "srgb", None, (along, down), grey=True)[:, :, 0]
    fine = np.kron(linear_light(values / 255.0, "srgb"), np.ones((down, along)))
    assert np.abs(made - fine.reshape(down, rows, along, columns).mean(axis=(1, 3))).max() < 1e-6


def test_bands_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = read_picture(picture_file(colour_picture()), "a")
    whole = [tones(picture, "srgb", None, size, grey=False) for size in ((30, 20), (7, 9), (41, 33))]
    monkeypatch.setattr("lasercam.sources.image.tone._BAND_VALUES", 70)
    for one, size in zip(whole, ((30, 20), (7, 9), (41, 33)), strict=True):
        assert np.allclose(one, tones(picture, "srgb", None, size, grey=False), rtol=0, atol=1e-6)


def test_sizes_on_the_sample() -> None:
    by_width = image(mode="levels", levels="2", width="200 um")
    assert by_width.pixel_um == 5.0
    assert by_width.indices.shape == (24, 40)
    assert by_width.area().bounds_um() == (0.0, 0.0, 200.0, 120.0)
    resampled = image(mode="levels", levels="2", height="60 um", pixel="5 um")
    assert resampled.indices.shape == (12, 20)
    assert any("resampled down from 40 × 24 pixels" in note for note in resampled.notes)
    assert not any("resampled" in note for note in by_width.notes)


def test_row_0_is_at_the_top() -> None:
    values = np.zeros((4, 3), np.uint8)
    values[0, 2] = 255
    block = joined(image(values, mode="halftone", dithering="threshold").features())
    assert block.xyz_um.tolist() == [[5.0, 7.0, 0.0]]


def test_transparent_pixels_need_a_background() -> None:
    values = np.full((4, 4, 4), 255, np.uint8)
    values[:2, :, 3] = 0
    values[2, :, 3] = 128
    with pytest.raises(InputError, match=r"transparent pixels.*background"):
        image(values, mode="levels", levels="3")
    over_black = image(values, mode="levels", levels="3", background="#000000")
    assert over_black.indices[:, 0].tolist() == [0, 0, 1, 2]
    left_out = image(values, mode="levels", levels="3", background="none")
    assert left_out.indices[:, 0].tolist() == [-1, -1, 2, 2]
    assert len(joined(left_out.features())) == 8


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"mode": "levels"}, "needs the key 'levels'"),
        ({"mode": "halftone", "levels": "4"}, "'levels' means nothing with mode: halftone"),
        ({"mode": "halftone", "dithering": "none"}, "takes dithering floyd_steinberg"),
        ({"mode": "levels", "levels": "4", "matrix": "8"}, "'matrix' means nothing"),
        ({"mode": "levels", "levels": "257"}, "less than or equal to 256"),
        ({"mode": "halftone", "width": "1 mm", "height": "1 mm"}, "the other follows"),
        ({"mode": "halftone", "gamma": "nan"}, "is no gamma"),
        ({"mode": "halftone", "background": "black"}, "is no colour"),
        ({"mode": "emission"}, "needs the key 'peaks'"),
        ({**EMISSION, "colours": {"green": "#00ff2c"}}, "says nothing of the part 'red'"),
        ({**EMISSION, "colours": {"green": "#00ff2c", "red": "#000000"}}, "which is no emission"),
        ({**EMISSION, "colours": {"green": "#ff0000", "red": "#ff0000"}}, "the same colour"),
        ({**EMISSION, "invert": "true"}, "'invert' means nothing with mode: emission"),
    ],
)
def test_keys_that_do_not_fit_are_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        image(**keys)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"mode": "halftone", "pixel": 1e-4}, "at least 0.001 µm"),
        ({"mode": "halftone", "width": 1e9, "pixel": 1.0}, "at most 50,000,000"),
        ({"mode": "halftone", "pixel": 1e8}, "reaches 4e\\+09 µm"),
        ({"mode": "halftone", "dithering": "threshold", "threshold": "0.5", "page": "2"}, "there is no page 2"),
    ],
)
def test_sizes_that_cannot_be_are_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        image(**keys)


def test_a_black_picture_is_refused() -> None:
    with pytest.raises(InputError, match=r"nothing of 'a\.png' is written"):
        image(np.zeros((4, 4), np.uint8), mode="halftone")
