"""Dithering: two implementations, Pillow's own, published matrices, and what blue noise must lack."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from lasercam.sources.image.diffusion import diffuse
from lasercam.sources.image.ordered import bayer, blue_noise, ordered, rounded

BLACK_WHITE = np.array([[0.0], [1.0]])


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 12), st.integers(1, 5), st.sampled_from([1, 3]))
def test_compiled_diffusion_is_the_plain_one(seed: int, rows: int, columns: int, entries: int, channels: int) -> None:
    random = np.random.default_rng(seed)
    light = random.random((rows, columns, channels), dtype=np.float32)
    palette = np.round(random.random((entries, channels)), 1)  # equal entries and ties included
    plain = diffuse(light, palette, engine="plain")
    assert np.array_equal(plain, diffuse(light, palette, engine="numba"))
    assert plain.max() < entries


def test_diffusion_keeps_the_mean_as_pillow_does() -> None:
    x, y = np.meshgrid(np.linspace(0, 1, 160), np.linspace(0, 1, 120))
    grey = np.round(255 * (0.5 + 0.5 * np.sin(5 * x) * np.cos(7 * y))).astype(np.uint8)
    ours = diffuse((grey / 255.0).astype(np.float32)[:, :, None], BLACK_WHITE)
    theirs = np.asarray(Image.fromarray(grey).convert("1")).astype(float)
    assert abs(ours.mean() - grey.mean() / 255.0) < 0.002
    # In every 20 × 20 field, too, both have the density of the picture.
    fields = [a.reshape(6, 20, 8, 20).mean(axis=(1, 3)) for a in (ours.astype(float), theirs, grey / 255.0)]
    assert np.abs(fields[0] - fields[2]).max() < 0.03
    assert np.abs(fields[0] - fields[1]).max() < 0.05


def test_diffusion_in_colour_keeps_the_mean_inside_the_palette() -> None:
    palette = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    light = np.broadcast_to(np.array([0.2, 0.3, 0.1], np.float32), (64, 64, 3))
    made = palette[diffuse(light, palette)].mean(axis=(0, 1))
    assert np.abs(made - [0.2, 0.3, 0.1]).max() < 0.01


def test_colours_out_of_reach_do_not_bleed() -> None:
    light = np.zeros((40, 40, 3), np.float32)
    light[:, :20, 2] = 1.0  # blue, which a red palette cannot make
    light[:, 20:, 0] = 0.5
    made = diffuse(light, np.array([[0.0, 0, 0], [1.0, 0, 0]]))
    assert made[:, :18].max() == 0
    assert abs(made[:, 20:].mean() - 0.5) < 0.03


def test_bayer_is_the_published_matrix() -> None:
    published = [[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]
    assert np.array_equal(bayer(4) * 16 - 0.5, published)


@pytest.mark.parametrize("thresholds", [bayer(2), bayer(16), blue_noise(3)], ids=["bayer 2", "bayer 16", "blue"])
def test_thresholds_are_a_permutation(thresholds: NDArray[np.float64]) -> None:
    cells = thresholds.size
    assert np.array_equal(np.sort(thresholds.reshape(-1)), (np.arange(cells) + 0.5) / cells)


@given(st.floats(0, 1), st.integers(2, 256))
def test_ordered_density_is_the_value(value: float, levels: int) -> None:
    light = np.full((16, 32), value, np.float32)
    made = ordered(light, bayer(16), levels)
    assert abs(made.mean() - float(np.float32(value)) * (levels - 1)) <= 0.5 / 256 + 1e-9
    assert int(made.max()) - int(made.min()) <= 1
    assert made.max() < levels


@given(st.floats(0, 1), st.integers(2, 256))
def test_rounding_takes_the_nearest_level(value: float, levels: int) -> None:
    level = int(rounded(np.full((1, 1), value, np.float32), levels)[0, 0])
    assert abs(level / (levels - 1) - value) <= 0.5 / (levels - 1) + 1e-6


def test_blue_noise_lacks_low_frequencies() -> None:
    def low_share(dots: NDArray[np.float64]) -> float:
        power = np.abs(np.fft.fft2(dots - dots.mean())) ** 2
        f = np.fft.fftfreq(64) * 64
        low = np.hypot(f[:, None], f[None, :]) <= 6
        return float(power[low].sum() / power.sum())

    random = np.random.default_rng(0).permutation(4096).reshape(64, 64) / 4096
    for share in (0.1, 0.3, 0.5, 0.8):
        blue = (blue_noise(7) < share).astype(float)
        white = (random < share).astype(float)
        assert low_share(blue) < 0.15 * low_share(white)


def test_blue_noise_follows_its_seed() -> None:
    assert np.array_equal(blue_noise(5), blue_noise.__wrapped__(5))
    assert not np.array_equal(blue_noise(5), blue_noise(6))
