"""Simulated pictures hold the light they should, and the faults they were asked for."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from lasercam.channel.camera import LayerInView, View, photograph
from lasercam.channel.filters import BandPass, bands, colour_camera
from lasercam.channel.model import ChannelDocument
from lasercam.channel.presets import read_channel, shipped_channels
from lasercam.channel.voxels import Glow, GlowLine, MadeSheet, VoxelSheet, make
from lasercam.errors import InputError

GREEN = Glow((GlowLine(520.0, 25.0, 1.0),), 2.0)
WIDE = (BandPass("all", 300.0, 900.0),)
VIEW = View((200.0, 200.0), (5.0, 5.0), 1.5)


def channel(**changes: object) -> ChannelDocument:
    """The ideal channel with other values, such as `na=0.3`."""
    data = shipped_channels()["ideal"].model_dump()
    for key, value in changes.items():
        room = data["writing"] if key in data["writing"] else data["looking"]
        room[key] = value if key in ("channels", "digits") else {"value": value, "source": "test"}
    return ChannelDocument.model_validate(data)


def sheet(xy: NDArray[np.float64], glow: int = 0) -> MadeSheet:
    n = len(xy)
    return MadeSheet(xy, np.full(n, glow, np.int64), np.ones(n), np.ones(n), np.zeros(n))


def test_a_dot_is_a_gaussian_of_the_stated_width() -> None:
    place = np.array([[101.3, 98.7]])
    one = channel(photons=1e9, headroom=2.0, na=0.5)
    for defocus in (0.0, 15.0):
        image = photograph([LayerInView(sheet(place), defocus)], [GREEN], WIDE, one, VIEW, [3]).planes[0]
        pixel = 5.0 / 6.0
        y, x = np.indices(image.shape) + 0.5
        total = image.sum()
        middle = np.array([(x * image).sum(), (y * image).sum()]) / total
        frame = 200.0 + 2 * 20.0
        assert middle * pixel == pytest.approx([20.0 + 101.3, frame - 20.0 - 98.7], abs=0.02)
        # By hand: own width, Airy disc, and the cone of the objective in glass.
        sigma = math.sqrt(0.5**2 + (0.21 * 0.52 / 0.5) ** 2 + (defocus * math.tan(math.asin(0.5 / 1.5)) / 2.0) ** 2)
        variance = ((x - middle[0]) ** 2 * image).sum() / total * pixel**2
        # A pixel adds the variance of its own width.
        assert variance == pytest.approx(sigma**2 + pixel**2 / 12.0, rel=0.03)


def test_light_is_neither_lost_nor_made() -> None:
    rng = np.random.default_rng(2)
    few, many = rng.random((100, 2)) * 200.0, rng.random((5_000, 2)) * 200.0
    one = channel(photons=1e7, headroom=20.0)
    light = [
        photograph([LayerInView(sheet(xy), 0.0)], [GREEN], WIDE, one, VIEW, [1]).planes.sum() for xy in (few, many)
    ]
    assert light[1] / light[0] == pytest.approx(50.0, rel=0.01)


def test_plain_and_compiled_pictures_are_alike() -> None:
    xy = np.random.default_rng(4).random((150, 2)) * 200.0
    one = channel(photons=1e9, headroom=30.0)
    plain = photograph([LayerInView(sheet(xy), 5.0)], [GREEN], WIDE, one, VIEW, [1]).planes
    doubled = photograph([LayerInView(sheet(np.repeat(xy, 4, axis=0)), 5.0)], [GREEN], WIDE, one, VIEW, [1]).planes
    assert np.abs(doubled - 4.0 * plain).max() < 2e-3


def test_filters_share_the_light_by_the_integral_of_the_line() -> None:
    nm = np.linspace(300.0, 900.0, 60_001)
    for band in (*bands([514.0, 560.0, 613.0, 655.0]), *colour_camera()):
        line = np.exp(-4.0 * math.log(2.0) * ((nm - 600.0) / 30.0) ** 2)
        share = line[(nm >= band.low_nm) & (nm < band.high_nm)].sum() / line.sum()
        assert band.share(np.array([600.0]), np.array([30.0]))[0] == pytest.approx(share, abs=2e-3)
    for left, right in zip(bands([500.0, 510.0]), bands([500.0, 510.0])[1:], strict=False):
        assert left.high_nm <= right.low_nm


def test_photons_are_counted() -> None:
    """Of pixels alike, variance over mean is the gain of the camera (Poisson)."""
    lit = channel(photons=50.0, background=1.0, headroom=4.0, read_noise=0.0)
    image = photograph([], [GREEN], WIDE, lit, View((600.0, 600.0), (5.0, 5.0), 1.5), [9]).planes[0].astype(float)
    mean, variance = image.mean(), image.var()
    photons_at_full = 1.0 / (variance / mean)
    counted = mean * photons_at_full
    sigma = math.sqrt((0.25 * 2.0) ** 2 + (0.21 * 0.52 / 0.9) ** 2) / (5.0 / 6.0)
    expected = 50.0 * math.erf(0.5 / math.sqrt(2.0) / sigma) ** 2
    assert counted == pytest.approx(expected, rel=0.02)


def test_read_noise_vignetting_and_digits() -> None:
    dim = channel(photons=1e6, background=0.5, vignetting=0.4, headroom=2.0, digits=8)
    image = photograph([], [GREEN], WIDE, dim, VIEW, [9]).planes[0]
    assert len(np.unique(image)) <= 256
    assert np.allclose(image * 255.0, np.rint(image * 255.0), atol=1e-4)
    flat = photograph([], [GREEN], WIDE, channel(photons=1e6, background=0.5, vignetting=0.0), VIEW, [9]).planes[0]
    # Background is the camera's own; only the sample's light falls off.
    assert flat.std() < 0.01
    dots = np.stack(np.meshgrid(np.arange(0.0, 201.0, 5.0), np.arange(0.0, 201.0, 5.0)), -1).reshape(-1, 2)
    fall = photograph(
        [LayerInView(sheet(dots), 0.0)], [GREEN], WIDE, channel(vignetting=0.4, photons=1e8), VIEW, [1]
    ).planes[0]
    n = len(fall)
    middle, corner = fall[n // 2 - 6 : n // 2 + 6, n // 2 - 6 : n // 2 + 6].max(), fall[24:36, 24:36].max()
    at = 1.0 - 0.4 * (2.0 * 30.0 / n - 1.0) ** 2
    assert corner / middle == pytest.approx(at, abs=0.05)


def test_writing_has_the_spreads_it_was_asked_for() -> None:
    n = 40_000
    plain = VoxelSheet(np.random.default_rng(0).random((n, 2)) * 500.0, np.zeros(n, np.int64))
    rough = channel(dropout=0.03, brightness_spread=0.2, width_spread=0.1, wavelength_spread=4.0, jitter=0.3)
    made = make(plain, [GREEN], rough, [5, 6], (500.0, 500.0))
    lost = 1.0 - len(made) / n
    assert abs(lost - 0.03) < 4.0 * math.sqrt(0.03 * 0.97 / n)
    for values, sd in ((np.log(made.brightness), 0.2), (np.log(made.width), 0.1), (made.shift_nm, 4.0)):
        assert values.std() == pytest.approx(sd, rel=0.03)
        assert abs(values.mean()) < 5.0 * sd / math.sqrt(len(made))
    again = make(plain, [GREEN], rough, [5, 6], (500.0, 500.0))
    assert np.array_equal(again.xy_um, made.xy_um)
    other = make(plain, [GREEN], rough, [5, 7], (500.0, 500.0))
    assert len(other) != len(made)
    assert not np.array_equal(other.xy_um[: len(made)], made.xy_um[: len(other)])


def test_flaws_are_round_holes() -> None:
    xy = np.stack(np.meshgrid(np.arange(0.0, 500.0, 5.0), np.arange(0.0, 500.0, 5.0)), -1).reshape(-1, 2)
    holed = channel(flaws=3.0, flaw_radius=20.0)
    counts = [
        len(xy) - len(make(VoxelSheet(xy, np.zeros(len(xy), np.int64)), [GREEN], holed, [s], (500.0, 500.0)))
        for s in range(60)
    ]
    # Three on average, each of some 50 voxels; parts fall off the page or over each other; 60 pages scatter by 11.
    assert 115 < np.mean(counts) < 185
    assert max(counts) <= 9 * 52


def test_kinds_that_do_not_glow_are_dark() -> None:
    dark = Glow((), 2.0)
    made = make(VoxelSheet(np.zeros((4, 2)), np.array([0, 1, 0, 1])), [dark, GREEN], channel(), [1], (1.0, 1.0))
    assert len(made) == 2
    image = photograph([LayerInView(sheet(np.zeros((0, 2))), 0.0)], [dark], WIDE, channel(), VIEW, [1])
    assert not image.planes.any()


def test_pictures_follow_their_seed() -> None:
    dots = sheet(np.random.default_rng(0).random((50, 2)) * 200.0)
    bench = shipped_channels()["bench"]
    one, same, other = (
        photograph([LayerInView(dots, 0.0)], [GREEN], WIDE, bench, VIEW, seed).planes for seed in ([1], [1], [2])
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_every_shipped_number_has_a_source() -> None:
    shipped = shipped_channels()
    assert set(shipped) == {"ideal", "bench", "poor", "photograph"}
    for document in shipped.values():
        for room in (document.writing, document.looking):
            for value in room.model_dump().values():
                assert not isinstance(value, dict) or len(value["source"]) > 6


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("dropout: {value: 1 %", "dropout: {value: -1 %", r"lab.yaml:\d+:\d+: .*-1 %"),
        ("dropout:", "dropuot:", "did you mean 'dropout'"),
        ("digits: 12", "digits: 32", "less than or equal to 16"),
        ("value: 3 nm", "value: 3 um um", r"lab.yaml:8:30: .*unknown unit"),
    ],
)
def test_nonsense_is_refused_with_its_place(was: str, becomes: str, said: str) -> None:
    from importlib.resources import files

    text = files("lasercam.channel").joinpath("shipped", "bench.yaml").read_text()
    assert was in text
    with pytest.raises(InputError, match=said):
        read_channel(text.replace(was, becomes).encode(), "lab.yaml")
