"""Outline fonts against fontTools and matplotlib, which share no code with the shaping used here."""

import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from fontTools.pens.areaPen import AreaPen
from fontTools.ttLib import TTFont
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from lasercam.errors import InputError, PatternError
from lasercam.geometry.area import Area
from lasercam.geometry.polylines import Polylines
from lasercam.sources.text.outlines import OutlineFont
from lasercam.sources.text.source import Text
from tests.support.sources import joined, make

TTF = Path(mpl.get_data_path()) / "fonts" / "ttf"
CHINESE = [
    path
    for path in (
        Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
        Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
        Path("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf"),
    )
    if path.is_file()
]


@cache
def font(name: str = "DejaVuSans.ttf") -> OutlineFont:
    return OutlineFont(name, (TTF / name).read_bytes())


@cache
def tables(name: str = "DejaVuSans.ttf") -> TTFont:
    return TTFont(TTF / name)


def text(**keys: Any) -> Any:
    return make(Text, {"type": "text", "font": "dejavu-sans", "height": "100 um", **keys})


@pytest.mark.parametrize("name", ["DejaVuSans.ttf", "DejaVuSerif.ttf", "DejaVuSansMono.ttf"])
def test_advances_are_those_of_the_font_file(name: str) -> None:
    """Letters that fontTools says have neither kerning nor ligatures with themselves."""
    cap = tables(name)["glyf"]["H"].yMax
    advances, names = tables(name)["hmtx"], tables(name).getBestCmap()
    for c in "HOnx05":
        line = font(name).set_line(c * 7, 0.0)
        assert len(line.glyphs) == 7
        assert line.width == pytest.approx(7 * advances[names[ord(c)]][0] / cap)
        assert [g.x for g in line.glyphs] == pytest.approx([i * advances[names[ord(c)]][0] / cap for i in range(7)])


def test_kerning_and_ligatures_shorten_the_line() -> None:
    advances, names = tables()["hmtx"], tables().getBestCmap()
    cap = tables()["glyf"]["H"].yMax
    unshaped = sum(advances[names[ord(c)]][0] for c in "AVA office") / cap
    line = font().set_line("AVA office", 0.0)
    assert line.width < unshaped - 0.1
    assert [g.stop - g.first for g in line.glyphs] == [1, 1, 1, 1, 3, 1, 1]  # ffi is one glyph
    spaced = font().set_line("office", 0.1)
    assert [g.stop - g.first for g in spaced.glyphs] == [1] * 6
    assert spaced.width == pytest.approx(font().set_line("off", 0.1).width + font().set_line("ice", 0.1).width + 0.1)


@pytest.mark.parametrize("name", ["DejaVuSans.ttf", "DejaVuSerif-Bold.ttf"])
@pytest.mark.parametrize("character", [*"ABHOQgx8ß&@中ي", "ä"])
def test_glyph_areas_are_those_of_the_font_file(name: str, character: str) -> None:
    names, glyphs = tables(name).getBestCmap(), tables(name).getGlyphSet()
    if ord(character) not in names:
        assert font(name).set_line(character, 0.0).missing == (character,)
        return
    pen = AreaPen(glyphs)
    glyphs[names[ord(character)]].draw(pen)
    cap = tables(name)["glyf"]["H"].yMax
    line = font(name).set_line(character, 0.0)
    found = sum(a.area_um2 for g in line.glyphs if (a := font(name).area(g.glyph, 1000.0, 0.01)) is not None)
    # Overlapping contours count twice in the pen's sum, once in ours.
    assert found == pytest.approx(abs(pen.value) * (1000.0 / cap) ** 2, rel=2e-2 if character in "Q@&" else 2e-4)


@pytest.mark.parametrize("sample", ["Hamburgefonstiv", "quick brown fox 0123", "naïve Ångström"])
def test_latin_outlines_match_matplotlib(sample: str) -> None:
    """matplotlib draws unhinted outlines with its own reader; its kerning is of another kind, so none here."""
    expected, pen = Area.empty(), 0.0
    cap = tables()["glyf"]["H"].yMax
    size = 100.0 * tables()["head"].unitsPerEm / cap
    # Letter by letter at the advances of the file, which is what a line without kerning is.
    advances, names = tables()["hmtx"], tables().getBestCmap()
    for c in unicodedata.normalize("NFC", sample):
        if c != " ":
            path = TextPath((pen, 0), c, size=size, prop=FontProperties(fname=str(TTF / "DejaVuSans.ttf")))
            rings = [r for r in path.interpolated(1).to_polygons(closed_only=True) if len(r) > 2]
            expected = expected.union(Area.from_rings(Polylines.from_list(rings), "nonzero"))
        pen += advances[names[ord(c)]][0] / cap * 100.0
    line = font().set_line(sample, 0.0)
    found, x = Area.empty(), 0.0
    for g, c in zip(line.glyphs, [c for c in sample if c != " "], strict=True):
        x = 100.0 * _plain_x(sample, g.first)
        area = font().area(g.glyph, 100.0, 0.05)
        assert area is not None, c
        found = found.union(area.transform([[1.0, 0.0, x], [0.0, 1.0, 100.0 * g.y]]))
    assert found.area_um2 == pytest.approx(expected.area_um2, rel=0.02)
    overlap = found.intersection(expected).area_um2 / found.union(expected).area_um2
    assert overlap > 0.97


def _plain_x(sample: str, index: int) -> float:
    advances, names = tables()["hmtx"], tables().getBestCmap()
    return float(sum(advances[names[ord(c)]][0] for c in sample[:index]) / tables()["glyf"]["H"].yMax)


def test_height_is_that_of_capitals() -> None:
    for name in ("dejavu-sans", "dejavu-serif", "dejavu-mono"):
        block = joined(text(text="H", font=name).features())
        assert np.ptp(block.xyz_um[:, 1]) == pytest.approx(100.0, rel=1e-3)


def test_outlines_are_closed_and_filled_area_is_covered() -> None:
    source = text(text="O8i")
    block = joined(source.features())
    first, last = block.xyz_um[block.offsets[:-1]], block.xyz_um[block.offsets[1:] - 1]
    assert np.array_equal(first, last)
    assert len(block) == 2 + 3 + 2
    filled = joined(text(text="O8i", fill="hatch", hatch_pitch="0.5 um").features())
    ends = filled.xyz_um.reshape(-1, 2, 3)
    length = np.hypot(*(ends[:, 1] - ends[:, 0])[:, :2].T).sum()
    assert length * 0.5 == pytest.approx(source.area().area_um2, rel=5e-3)


def test_arabic_is_joined_and_runs_to_the_left() -> None:
    """Isolated beh, and beh at the start, middle and end of a word, are different glyphs."""
    alone, word = font().set_line("ب", 0.0), font().set_line("ببب", 0.0)
    assert len({g.glyph for g in word.glyphs} | {alone.glyphs[0].glyph}) == 4
    assert [g.first for g in word.glyphs] == [2, 1, 0]  # the first letter stands at the right
    names = tables().getReverseGlyphMap()
    assert {tables().getGlyphName(g.glyph) for g in word.glyphs} == {"uniFE91", "uniFE92", "uniFE90"}
    assert names["uniFE91"] == word.glyphs[-1].glyph


def test_touching_letters_are_one_part_and_covered_once() -> None:
    source = text(text="ببب a", fill="hatch", hatch_pitch="2 um")
    assert source.parts.atoms == ("char_1", "char_4")
    assert source.parts.select("char_3") == source.parts.select("char_1") == (0,)
    assert source.parts.select("word_1") == (0,)
    assert any("char_1" in note for note in source.notes)
    ends = joined(source.features()).xyz_um.reshape(-1, 2, 3)
    length = np.hypot(*(ends[:, 1] - ends[:, 0])[:, :2].T).sum()
    assert length * 2.0 == pytest.approx(source.area().area_um2, rel=2e-2)


def test_mixed_directions_on_one_line() -> None:
    line = font().set_line("ab بب 12", 0.0)
    assert [g.first for g in line.glyphs] == [0, 1, 6, 7, 4, 3]


def test_marks_sit_on_their_letters() -> None:
    composed, combined = text(text="é"), text(text="e\u0301")
    assert composed.area().area_um2 == pytest.approx(combined.area().area_um2, rel=1e-6)
    assert combined.parts.atoms == ("char_1",)


@pytest.mark.parametrize(
    ("sample", "named"),
    [("a中b文", ["'中' (U+4E2D)", "'文' (U+6587)"]), ("\U0001f600\U00020000", ["U+20000"]), ("x\ufffe", ["U+FFFE"])],
)
def test_missing_glyphs_are_named(sample: str, named: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        text(text=sample)
    assert all(name in str(caught.value) for name in named)


@pytest.mark.parametrize("sample", ["a\tb", "a\x00", "\u202eabc", "a\u2066b", "\u2028"])
def test_control_characters_are_refused(sample: str) -> None:
    with pytest.raises(InputError, match="U\\+"):
        text(text=sample)


@pytest.mark.parametrize("content", [b"", b"x", b"\x00\x01\x00\x00" + bytes(200), b"OTTO" * 50, b"<svg/>" * 40])
def test_damaged_fonts_are_refused(content: bytes) -> None:
    with pytest.raises(PatternError, match=r"damaged|not a"):
        OutlineFont("x.ttf", content)


def test_truncated_fonts_never_crash() -> None:
    whole = (TTF / "DejaVuSans.ttf").read_bytes()
    for share in (0.01, 0.1, 0.3, 0.5, 0.7, 0.9):
        try:
            line = OutlineFont("x.ttf", whole[: int(len(whole) * share)]).set_line("Hello", 0.0)
        except PatternError:
            continue
        assert line.missing or line.glyphs


def test_faces_are_counted() -> None:
    with pytest.raises(PatternError, match=r"1 face.*no face 3"):
        OutlineFont("x.ttf", (TTF / "DejaVuSans.ttf").read_bytes(), face=3)


def test_spaced_joined_scripts_are_refused() -> None:
    with pytest.raises(InputError, match="Arab"):
        text(text="ببب", letter_spacing="5 um")


def test_a_fill_too_coarse_is_refused() -> None:
    with pytest.raises(InputError, match=r"'i' \(char_1\) would stay empty"):
        list(text(text="i", fill="dots", dot_pitch="1 mm").features())


def test_fallback_fonts_stand_in() -> None:
    """STIX has no Arabic, DejaVu Mono has; Latin letters stay those of the first font."""
    stix = {"s.ttf": (TTF / "STIXGeneral.ttf").read_bytes()}
    keys = {"type": "text", "font": "s.ttf", "height": "100 um"}
    with pytest.raises(InputError, match=r"U\+0628.*fallback"):
        make(Text, {**keys, "text": "Hب"}, assets=stix)
    both = make(Text, {**keys, "text": "Hب", "fallback": ["dejavu-mono", "dejavu-sans"]}, assets=stix)
    alone = make(Text, {**keys, "text": "H"}, assets=stix).area().area_um2
    arabic = text(text="ب", font="dejavu-mono").area().area_um2
    assert both.area().area_um2 == pytest.approx(alone + arabic, rel=1e-6)
    with pytest.raises(InputError, match="outline font 'stroke-sans'"):
        make(Text, {**keys, "text": "H", "fallback": "stroke-sans"}, assets=stix)


@pytest.mark.skipif(not CHINESE, reason="no Chinese font on this machine")
def test_chinese() -> None:
    content = CHINESE[0].read_bytes()
    chinese = OutlineFont("chinese", content)
    line = chinese.set_line("激光直写钙钛矿", 0.0)
    assert not line.missing
    assert len(line.glyphs) == 7
    steps = np.diff([g.x for g in line.glyphs])
    assert np.allclose(steps, steps[0])
    assert all(chinese.area(g.glyph, 100.0, 0.1) is not None for g in line.glyphs)
