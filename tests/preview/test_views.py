import io

import numpy as np
import pytest

from lasercam.errors import ParameterError, UsageError
from lasercam.preview.contact_sheet import draw_contact_sheet
from lasercam.preview.emission import RecipeEffect, Simulation, recipe_effects, simulate_emission, toolpath_steps
from lasercam.preview.emission_figure import draw_view
from lasercam.preview.view_names import Viewing, read_view
from lasercam.preview.views import BLACK_LEVEL, DAYLIGHT_GLASS, render_view, render_views
from lasercam.process.colour import OPEN, Filter
from lasercam.process.library import load_process
from tests.preview.samples import DUAL, PROCESSES, decoded, line, outcome, rewritten_qr
from tests.preview.test_emission import WIDE, step, stripes

TEXT = "LASERCAM 645"


@pytest.fixture(scope="module")
def code() -> Simulation:
    toolpath = rewritten_qr(TEXT)
    return simulate_emission(
        toolpath_steps(toolpath), recipe_effects(toolpath, PROCESSES, [2.4, 2.4]), smallest_um=20.0
    )


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("daylight", False, False),
        ("uv", True, True),
        ("uv+lp645", False, True),
        ("uv+bp514/40", True, False),
        ("uv+sp560", True, False),
        ("uv+bp500-530", True, False),
        ("uv+lp500+sp530", True, False),
        ("ex450", True, True),
        ("ex640", False, True),
    ],
)
def test_each_view_shows_the_code_when_it_should(code, name, before, after):
    first, second = render_view(code, name)
    assert decoded(first.rgb) == ({TEXT} if before else set())
    assert decoded(second.rgb) == ({TEXT} if after else set())


def test_the_shipped_processes_hide_and_show_the_code():
    toolpath = rewritten_qr(TEXT)
    shipped = {name: load_process(name) for name in ("glass_bri_lines", "glass_bri_rewrite")}
    seen = simulate_emission(toolpath_steps(toolpath), recipe_effects(toolpath, shipped, [2.4, 2.4]), smallest_um=20.0)
    found = {name: [decoded(v.rgb) for v in render_view(seen, name)] for name in ("daylight", "uv", "uv+lp645")}
    assert found == {"daylight": [set(), set()], "uv": [{TEXT}, {TEXT}], "uv+lp645": [set(), {TEXT}]}


def test_the_saved_pictures_decode_like_the_views(code):
    from PIL import Image

    for name, expected in (("uv", [{TEXT}, {TEXT}]), ("uv+lp645", [set(), {TEXT}])):
        for view, texts in zip(render_view(code, name), expected, strict=True):
            out = io.BytesIO()
            draw_view(view, out, job="QR")
            assert decoded(np.asarray(Image.open(out).convert("RGB"))) == texts


def test_the_filter_dims_the_first_state_as_computed(code):
    first, second = render_view(code, "uv+lp645")
    assert second.brightest == 1.0
    assert first.brightest == pytest.approx(0.0297922 / 0.72197, rel=1e-4)
    assert first.brightest < BLACK_LEVEL
    assert first.rgb.max() == 0
    assert second.rgb.max() == 255


def test_to_the_eye_the_first_state_stays_visible_behind_the_filter(code):
    # The eye weighs what leaks at 645 nm more than what shines at 660 nm, so the contrast falls from 24 to 15.
    first, second = render_view(code, "uv+lp645", response="luminance")
    assert second.brightest / first.brightest == pytest.approx(14.4, rel=0.05)
    assert decoded(first.rgb) == {TEXT}


def test_colours_are_those_of_the_lines(code):
    before, after = render_view(code, "uv")
    inside = before.rgb.reshape(-1, 3)[before.rgb.max(axis=2).argmax()]
    assert inside[0] > 200
    assert inside[1] > 200
    assert inside[2] < 60
    inside = after.rgb.reshape(-1, 3)[after.rgb.max(axis=2).argmax()]
    assert inside[0] > 200
    assert inside[1:].max() == 0


def test_false_colours_tell_reds_apart():
    effects = (
        RecipeEffect("a", outcome("adds", line(655.0)), 20.0),
        RecipeEffect("b", outcome("adds", line(690.0)), 20.0),
    )
    other = ((0.0, 60.0), (100.0, 60.0))
    seen = simulate_emission((step("one", stripes(WIDE), stripes(other, recipe=1)),), effects, pixel_um=1.0)

    def distinct(view):
        bright = view.rgb[view.rgb.max(axis=2) > 200]
        return {tuple(c) for c in bright.tolist()}

    assert all(colour[1:] == (0, 0) for colour in distinct(render_view(seen, "uv")[0]))
    shown = render_view(seen, "uv", false_colour=True)[0]
    colours = [shown.rgb[shown.rgb.shape[0] - 1 - int(y - seen.grid.low_um[1]), 60].astype(int) for y in (10, 60)]
    assert np.abs(colours[0] - colours[1]).max() > 60
    assert [s.text.split(",")[0] for s in shown.legend] == ["655 nm", "690 nm"]
    assert [s.text.rpartition(" ")[2] for s in shown.legend] == ["green", "vermilion"]
    assert shown.legend[0].srgb != shown.legend[1].srgb


@pytest.mark.parametrize(
    ("visible", "least", "most", "words"),
    [(False, 0, 0, "Nothing shows"), (None, 1, 20, "not stated"), (True, 40, 255, "drawn darker")],
)
def test_daylight_shows_what_is_known(visible, least, most, words):
    effect = RecipeEffect("p", outcome("adds", line(514.0), daylight=visible), 20.0)
    (view,) = render_view(simulate_emission((step("one", stripes(WIDE)),), (effect,), pixel_um=1.0), "daylight")
    loss = int(view.rgb[0, 0, 1]) - int(view.rgb[:, :, 1].min())
    assert least <= loss <= most
    assert any(words in sentence for sentence in view.caption)


def test_an_invisible_line_is_grey_and_said_so():
    effect = RecipeEffect("ir", outcome("adds", line(1000.0)), 20.0)
    (view,) = render_view(simulate_emission((step("one", stripes(WIDE)),), (effect,), pixel_um=1.0), "uv")
    assert view.rgb.max() == 255
    assert (view.rgb[:, :, 0] == view.rgb[:, :, 2]).all()
    assert any("1000 nm: invisible" in sentence for sentence in view.caption)


def test_nothing_emitting_is_black_and_said_so():
    mute = RecipeEffect("mute", outcome("adds"), 20.0)
    (view,) = render_view(simulate_emission((step("one", stripes(WIDE)),), (mute,), pixel_um=1.0), "uv")
    assert view.rgb.max() == 0
    assert any("Nothing emits" in sentence for sentence in view.caption)


def test_row_zero_of_a_view_is_the_top():
    high = ((0.0, 90.0), (100.0, 90.0))
    seen = simulate_emission(
        (step("one", stripes(high), stripes(((0.0, 0.0), (1.0, 0.0)))),), (RecipeEffect("p", DUAL, 6.0),), pixel_um=1.0
    )
    (view,) = render_view(seen, "uv")
    lit = view.rgb.max(axis=2).astype(int).sum(axis=1)
    assert lit[: len(lit) // 2].sum() > 5 * lit[len(lit) // 2 :].sum()


@pytest.mark.parametrize(
    "name", ["", "UV", "uv+", "ir", "uv+lp", "uv+bp613", "uv+645", "uv+bp630-600", "uv+lp600+sp600", "ex", "ex4050x"]
)
def test_views_that_do_not_exist_are_refused(code, name):
    with pytest.raises(UsageError):
        render_view(code, name)


def test_daylight_has_no_filter():
    assert read_view("daylight") == Viewing(None, OPEN)
    assert min(DAYLIGHT_GLASS) > 0.5


def test_pictures_are_the_same_every_time(code):
    names = ("daylight", "uv", "uv+lp645")
    sheets, singles = [], []
    for _ in range(2):
        out = io.BytesIO()
        draw_contact_sheet(render_views(code, names), out, job="QR")
        sheets.append(out.getvalue())
        out = io.BytesIO()
        draw_view(render_view(code, "uv")[1], out)
        singles.append(out.getvalue())
    assert sheets[0] == sheets[1]
    assert singles[0] == singles[1]
    assert sheets[0][:8] == b"\x89PNG\r\n\x1a\n"


def test_a_contact_sheet_needs_views(code):
    with pytest.raises(ParameterError):
        draw_contact_sheet([], io.BytesIO())
    rows = render_views(code, ("uv", "daylight"))
    with pytest.raises(ParameterError):
        draw_contact_sheet([rows[0], rows[1][:1]], io.BytesIO())


def test_filters_one_behind_the_other_pass_what_all_pass():
    assert read_view("ex405+lp500+sp620+lp550").through == Filter(550.0, 620.0)
    assert read_view("uv+bp600-630") == read_view("uv+bp615/30")


def test_light_of_too_little_energy_excites_nothing_and_the_caption_says_so(code):
    first, second = render_view(code, "ex640")
    assert first.rgb.max() == 0, "514 and 613 nm have more energetic photons than 640 nm"
    assert second.rgb.max() == 255
    assert any("514 nm, 613 nm: not excited by 640 nm" in words for words in second.caption)


def test_to_the_eye_lights_add_up_before_the_gamut_cuts_them(code):
    """Green far outside sRGB takes red from the sum: cut line by line, the sum would be orange instead of yellow."""
    colour = pytest.importorskip("colour", reason="colour-science is the oracle")
    import numpy as np

    nm = np.arange(360.0, 831.0)
    table = colour.MSDS_CMFS["CIE 1931 2 Degree Standard Observer"].values
    power = sum(np.exp(-4.0 * np.log(2.0) * ((nm - p) / w) ** 2) / w for p, w in ((514.0, 25.0), (613.0, 40.0)))
    linear = colour.XYZ_to_sRGB(power @ table, apply_cctf_encoding=False)
    expected = np.clip(linear / linear.max(), 0.0, 1.0)
    stretched = np.maximum((expected - BLACK_LEVEL) / (1.0 - BLACK_LEVEL), 0.0)
    wanted = 255.0 * colour.cctf_encoding(stretched, function="sRGB")
    first, _ = render_view(code, "uv", response="luminance")
    brightest = first.rgb.reshape(-1, 3)[first.rgb.max(axis=2).argmax()]
    full = (first.rgb.max(axis=2) == brightest.max()).nonzero()
    assert np.abs(first.rgb[full].astype(float).max(axis=0) - wanted).max() < 4.0


def test_the_legend_names_only_what_is_there_with_its_trust(code):
    first, second = render_view(code, "uv")
    assert [s.text.split(",")[0] for s in first.legend] == ["514 nm", "613 nm"]
    assert [s.text.split(",")[0] for s in second.legend][-1] == "655 nm"
    assert "FWHM 25 nm" in first.legend[0].text
    assert first.legend[0].srgb[1] == 255 > first.legend[0].srgb[0]
    assert render_view(code, "daylight")[0].legend == ()


@pytest.mark.parametrize("fmt", ["svg", "pdf"])
def test_vector_files_hold_the_picture_and_letters_and_no_date(code, fmt):
    held = []
    for _ in range(2):
        out = io.BytesIO()
        draw_contact_sheet(render_views(code, ("daylight", "uv")), out, job="QR", fmt=fmt)
        held.append(out.getvalue())
    assert held[0] == held[1]
    assert (b"<image" if fmt == "svg" else b"/Subtype /Image") in held[0]
    assert (b"<path" if fmt == "svg" else b"/FontFile2") in held[0]
