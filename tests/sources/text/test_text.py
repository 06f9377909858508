"""Text in stroke, segment and dot fonts, and how lines are laid out."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from shapely import MultiLineString, Point

from lasercam.errors import InputError
from lasercam.geometry.polylines import Polylines
from lasercam.sources.text.elements import ELEMENT_FONTS, FULL_BLOCK, element_font
from lasercam.sources.text.fonts import FONT_NAMES
from lasercam.sources.text.junctions import open_junctions
from lasercam.sources.text.source import Text
from lasercam.sources.text.strokes import STROKE_FONTS, stroke_font
from tests.support.sources import joined, listed, make

ASCII = "".join(chr(i) for i in range(33, 127))


def text(**keys: Any) -> Any:
    return make(Text, {"type": "text", "height": "100 um", **keys})


def extent(source: Any) -> np.ndarray[Any, Any]:
    xyz = joined(source.features()).xyz_um
    return np.concatenate((xyz.min(axis=0)[:2], xyz.max(axis=0)[:2]))


@pytest.mark.parametrize("name", FONT_NAMES)
def test_every_font_writes_capitals_of_the_height(name: str) -> None:
    found = extent(text(text="EH", font=name))
    assert found[3] == pytest.approx(100.0, rel=0.25 if "script" in name or "gothic" in name else 5e-3)


def test_strokes_are_those_of_the_package() -> None:
    from HersheyFonts import HersheyFonts

    theirs = HersheyFonts()
    theirs.load_default_font("futural")
    sample = "Quartz, 42 nm!"
    lines = [np.array(s, dtype=float) for s in theirs.strokes_for_text(sample)]
    expected = sorted(round(float(np.hypot(*np.diff(line, axis=0).T).sum()), 6) for line in lines)
    block = joined(text(text=sample, height="21 um").features())
    found = [
        round(float(np.hypot(*np.diff(block.xyz_um[a:b, :2], axis=0).T).sum()), 6)
        for a, b in zip(block.offsets[:-1], block.offsets[1:], strict=True)
    ]
    assert sorted(found) == pytest.approx(expected)
    theirs_x = np.concatenate(lines)[:, 0]
    assert np.ptp(block.xyz_um[:, 0]) == pytest.approx(np.ptp(theirs_x))


@pytest.mark.parametrize("name", sorted(STROKE_FONTS))
def test_no_stroke_of_a_letter_is_drawn_twice(name: str) -> None:
    """Brute force: no two segments of a letter share a stretch."""
    font = stroke_font(name)
    for c in ASCII:
        start, end, _ = font.strokes(ord(c)).segments()
        for i in range(len(start)):
            u = end[i] - start[i]
            size = np.hypot(*u)
            if size == 0.0:
                continue
            u = u / size
            for j in range(i):
                a, b = start[j] - start[i], end[j] - start[i]
                off = max(abs(u[0] * a[1] - u[1] * a[0]), abs(u[0] * b[1] - u[1] * b[0]))
                low, high = sorted((float(a @ u), float(b @ u)))
                assert off > 1e-6 or min(high, size) - max(low, 0.0) < 2e-4, (name, c)


@pytest.mark.parametrize("name", ELEMENT_FONTS)
def test_segments_do_not_touch_and_dots_are_apart(name: str) -> None:
    font = element_font(name)
    points = [np.linspace(e.ends[0], e.ends[-1], 200) for e in font.elements]
    for i in range(len(points)):
        for j in range(i):
            gap = points[i][:, None, :] - points[j][None, :, :]
            assert np.hypot(gap[..., 0], gap[..., 1]).min() > 0.04


@pytest.mark.parametrize("name", ELEMENT_FONTS)
def test_element_glyphs_lie_in_their_cell(name: str) -> None:
    font = element_font(name)
    ends = np.array([end for e in font.elements for end in e.ends])
    assert ends.min() >= 0.0
    assert ends[:, 1].max() == 1.0
    assert ends[:, 0].max() < font.advance - 0.05
    assert font.mask(FULL_BLOCK) == font.full
    assert font.mask(" ") == 0
    assert font.mask("中") is None


def test_dot_font_has_all_of_ascii_and_no_two_alike() -> None:
    font = element_font("dot-5x7")
    assert set(font.masks) == set(ASCII)
    assert len(set(font.masks.values())) == len(ASCII)
    assert all(font.masks.values())


def test_dots_are_dots_and_their_pitch_is_a_sixth() -> None:
    block = joined(text(text="H", font="dot-5x7", height="60 um").features())
    assert block.all_dots
    assert len(block) == 2 * 7 + 3
    assert np.unique(block.xyz_um[:, 0]).tolist() == pytest.approx([0, 10, 20, 30, 40])


def test_alignment_and_line_spacing() -> None:
    font = "segment-7"
    for align, shift in (("left", 0.0), ("center", 90.0), ("right", 180.0)):
        source = text(text="8888\n88", font=font, align=align, line_spacing="200 um")
        block = joined(source.features())
        lower = block.xyz_um[block.xyz_um[:, 1] < 150.0]
        assert lower[:, 0].min() == pytest.approx(shift)
        assert np.ptp(block.xyz_um[:, 1]) == pytest.approx(300.0)


def test_letter_spacing_moves_letters_apart() -> None:
    plain, wide = extent(text(text="HHH")), extent(text(text="HHH", letter_spacing="30 um"))
    assert wide[2] - plain[2] == pytest.approx(60.0)


def test_letters_on_each_other_are_refused() -> None:
    with pytest.raises(InputError, match="lie on each other"):
        text(text="88", font="segment-7", letter_spacing="-90 um")


def test_parts_count_visible_characters() -> None:
    source = text(text="ab c\n\nd", font="dot-5x7")
    assert source.parts.atoms == ("char_1", "char_2", "char_3", "char_4")
    assert source.parts.select("line_1") == (0, 1, 2)
    assert source.parts.select("line_2") == ()
    assert source.parts.select("line_3") == (3,)
    assert source.parts.select("word_2") == (2,)
    assert source.parts.select("char_*") == (0, 1, 2, 3)
    block = joined(source.features())
    assert np.bincount(block.part).tolist() == [element_font("dot-5x7").masks[c].bit_count() for c in "abcd"]


def test_long_texts_have_lines_as_parts() -> None:
    source = text(text="\n".join(["x" * 1000] * 5), font="segment-14")
    assert source.parts.atoms == tuple(f"line_{i}" for i in range(1, 6))
    assert any("lines" in note for note in source.notes)


def test_folding_is_said() -> None:
    assert any("ac" in note for note in text(text="aC c", font="segment-14").notes)
    assert listed(text(text="aB", font="segment-14").features()) == listed(
        text(text="AB", font="segment-14").features()
    )


@pytest.mark.parametrize("name", ["stroke-sans", "segment-14", "segment-7", "dot-5x7"])
def test_missing_characters_are_named(name: str) -> None:
    with pytest.raises(InputError, match=r"'é' \(U\+00E9\)"):
        text(text="1é", font=name)


def test_unknown_fonts_get_a_proposal() -> None:
    with pytest.raises(InputError, match="did you mean 'segment-14'"):
        text(text="a", font="segment14")


@pytest.mark.parametrize("bad", ["", " ", "\n \n"])
def test_nothing_to_write_is_refused(bad: str) -> None:
    with pytest.raises(InputError, match="nothing to write"):
        text(text=bad)


def test_fill_of_single_lines_is_refused() -> None:
    with pytest.raises(InputError, match="enclose nothing"):
        text(text="a", fill="hatch", hatch_pitch="1 um")
    with pytest.raises(ValidationError, match="collection"):
        text(text="a", face=2)


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet=ASCII + " \n", min_size=1, max_size=40), st.sampled_from(["stroke-sans", "dot-5x7"]))
def test_every_visible_character_has_a_part_with_features(sample: str, name: str) -> None:
    visible = [c for c in sample if c not in " \n"]
    if not visible:
        return
    source = text(text=sample, font=name)
    assert len(source.parts.atoms) == len(visible)
    counts = np.bincount(joined(source.features()).part, minlength=len(visible))
    assert (counts > 0).all()


@pytest.mark.parametrize("name", sorted(STROKE_FONTS))
def test_open_junctions_keep_strokes_apart(name: str) -> None:
    """Oracle: shapely. Afterwards strokes meet end on end at most, and only what lies near a meeting is gone."""
    font = stroke_font(name)
    for c in ASCII:
        whole = font.strokes(ord(c))
        opened, _ = open_junctions(whole, 0.01)
        before, after = (MultiLineString([x.line(k) for k in range(len(x))]) for x in (whole, opened))
        lines = list(after.geoms)
        for k, line in enumerate(lines):
            assert before.distance(Point(line.coords[0])) < 1e-9
            for other in lines[:k]:
                ends = [Point(line.coords[0]), Point(line.coords[-1])]
                if line.distance(other) < 1e-9:
                    others = [Point(other.coords[0]), Point(other.coords[-1])]
                    assert any(a.distance(b) < 1e-9 for a in ends for b in others), (name, c)
        assert after.length <= before.length + 1e-9


def test_open_junctions_of_an_h_shorten_its_bar() -> None:
    block = joined(text(text="H", junction_gap="5 um", height="210 um").features())
    bar = block.xyz_um[np.repeat(np.arange(len(block)) == 2, block.vertex_counts)]
    assert len(block) == 3
    assert bar[:, 0].tolist() == pytest.approx([5.0, 135.0])
    with pytest.raises(InputError, match="whole strokes of 'H'"):
        text(text="H", junction_gap="80 um", height="210 um")
    with pytest.raises(InputError, match="single-line"):
        text(text="H", junction_gap="1 um", font="segment-14")


def test_crossing_strokes_interrupt_the_later_one() -> None:
    cross = Polylines.from_list([[(0, 0), (2, 2)], [(0, 2), (2, 0)]])
    opened, n_lost = open_junctions(cross, 0.1)
    assert n_lost == 0
    assert len(opened) == 3
    assert opened.lengths_um().sum() == pytest.approx(2 * 8**0.5 - 0.2)
    loop = Polylines.from_list([[(0, 0), (2, 0), (2, 2), (1, 2), (1, -1)]])
    assert len(open_junctions(loop, 0.1)[0]) == 2
    corner = Polylines.from_list([[(0, 0), (1, 0)], [(1, 0), (1, 1)], [(1, 1), (0, 0)]])
    assert np.array_equal(open_junctions(corner, 0.1)[0].xy_um, corner.xy_um)
