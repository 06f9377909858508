import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.errors import ParameterError, UsageError
from lasercam.process.colour import (
    OPEN,
    Filter,
    SpectralLine,
    encode_srgb,
    line_xyz,
    linear_srgb,
    luminance,
    read_filter,
    transmitted_share,
    unbounded_srgb,
)
from lasercam.process.emission_model import long_pass_share
from lasercam.process.observer import colour_matching

peaks = st.floats(420.0, 720.0)
widths = st.floats(5.0, 80.0)
edges = st.floats(380.0, 780.0)


def test_shares_behind_a_645_nm_long_pass_are_the_published_model():
    through = read_filter("lp645")
    assert transmitted_share(SpectralLine(613.0, 40.0), through) == pytest.approx(0.0297922, rel=1e-4)
    assert transmitted_share(SpectralLine(655.0, 40.0), through) == pytest.approx(0.72197, rel=1e-4)
    assert transmitted_share(SpectralLine(647.0, 40.0), through) == pytest.approx(0.546864, rel=1e-4)


@given(peaks, widths, edges)
def test_long_and_short_pass_share_the_light(peak, width, edge):
    line = SpectralLine(peak, width)
    long, short = transmitted_share(line, Filter(low_nm=edge)), transmitted_share(line, Filter(high_nm=edge))
    assert long + short == pytest.approx(1.0, abs=1e-12)
    assert long == pytest.approx(float(long_pass_share(peak, width, edge)), rel=1e-9, abs=1e-300)


@given(peaks, widths, edges, st.floats(1.0, 100.0))
def test_a_band_passes_the_integral_of_the_line(peak, width, centre, band):
    through = read_filter(f"bp{centre:.0f}/{band:.0f}")
    low, high = float(f"{centre:.0f}") - float(f"{band:.0f}") / 2, float(f"{centre:.0f}") + float(f"{band:.0f}") / 2
    sigma = width / 2.3548200450309493
    nm = np.linspace(low, high, 20_001)
    density = np.exp(-0.5 * ((nm - peak) / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))
    assert transmitted_share(SpectralLine(peak, width), through) == pytest.approx(np.trapezoid(density, nm), abs=1e-7)


@pytest.mark.parametrize(
    ("peak", "width", "expected"),
    [(514, 20, 0.585), (560, 22, 0.976), (613, 30, 0.471), (613, 40, 0.474), (655, 35, 0.103), (690, 40, 0.015)],
)
def test_luminance_is_that_of_the_tabulated_observer(peak, width, expected):
    assert luminance(SpectralLine(peak, width)) == pytest.approx(expected, abs=0.005)


def test_the_observer_is_the_librarys_at_every_nanometre():
    colour = pytest.importorskip("colour", reason="colour-science is the oracle")
    table = colour.MSDS_CMFS["CIE 1931 2 Degree Standard Observer"]
    ours = colour_matching(np.asarray(table.wavelengths, float))
    assert ours[::5] == pytest.approx(table.values[::5], rel=1e-5, abs=1e-9), "the table itself"
    assert np.abs(ours - table.values).max() < 1e-3, "between its points"
    assert colour_matching(np.array([200.0, 359.9, 830.1, 1e4])).max() == 0.0


@pytest.mark.parametrize("peak", [480.0, 514.0, 560.0, 613.0, 655.0, 690.0])
@pytest.mark.parametrize("text", ["", "lp645", "sp600", "bp600-630"])
def test_lines_behind_filters_have_the_librarys_colours(peak, text):
    colour = pytest.importorskip("colour", reason="colour-science is the oracle")
    table = colour.MSDS_CMFS["CIE 1931 2 Degree Standard Observer"]
    through = read_filter(text) if text else OPEN
    fine = np.arange(360.0, 830.0, 0.05) + 0.025
    sigma = 30.0 / 2.3548200450309493
    density = np.exp(-0.5 * ((fine - peak) / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))
    density[(fine < through.low_nm) | (fine > through.high_nm)] = 0.0
    observer = np.stack([np.interp(fine, table.wavelengths, table.values[:, i]) for i in range(3)], axis=1)
    expected = 0.05 * (density @ observer)
    line = SpectralLine(peak, 30.0)
    assert line_xyz(line, through) == pytest.approx(expected, abs=2e-4)
    assert unbounded_srgb(line, through) == pytest.approx(
        colour.XYZ_to_sRGB(expected, apply_cctf_encoding=False), abs=2e-3
    )
    assert luminance(line, through) == pytest.approx(expected[1], abs=1e-4)


def test_white_light_is_white():
    # D65's xy, by the matrix alone: the sum of its rows applied to the white point is (1, 1, 1).
    from lasercam.process.colour import LINEAR_SRGB_FROM_XYZ

    assert LINEAR_SRGB_FROM_XYZ @ np.array([0.9505, 1.0, 1.089]) == pytest.approx([1, 1, 1], abs=2e-3)


@given(peaks, widths, edges)
def test_a_filter_never_adds_colour(peak, width, edge):
    line = SpectralLine(peak, width)
    parts = line_xyz(line, Filter(low_nm=edge)) + line_xyz(line, Filter(high_nm=edge))
    assert parts == pytest.approx(line_xyz(line, OPEN), abs=2e-4)


def test_invisible_light_has_no_colour():
    assert linear_srgb(SpectralLine(1000.0, 20.0)).max() == 0.0
    assert transmitted_share(SpectralLine(1000.0, 20.0), read_filter("lp900")) == pytest.approx(1.0)


def test_srgb_bytes_are_those_of_the_standard():
    assert encode_srgb(np.array([-1.0, 0.0, 0.0031308, 0.2140411, 1.0, 7.0])).tolist() == [0, 0, 10, 127, 255, 255]
    curve = encode_srgb(np.linspace(0, 1, 1001))
    assert (np.diff(curve.astype(int)) >= 0).all()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "lp",
        "lp64",
        "645",
        "bp613",
        "lp645/20",
        "bp613/0",
        "bp100/300",
        "LP645",
        "sp1e3",
        "bp630-600",
        "bp600-600",
        "lp600-630",
        "bp600-630/5",
    ],
)
def test_what_is_not_a_filter_is_refused(text):
    with pytest.raises(UsageError):
        read_filter(text)


@pytest.mark.parametrize(("peak", "width"), [(0, 1), (500, 0), (math.nan, 10), (500, math.inf), (-5, 3)])
def test_impossible_lines_are_refused(peak, width):
    with pytest.raises(ParameterError):
        SpectralLine(peak, width)
