"""A text hidden in a text: subsets by construction, refusals that say what would work, and what leaks."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from lasercam.errors import InputError
from lasercam.process.colour import luminance
from lasercam.sources.cipher_text import CipherText
from lasercam.sources.decoys import decoys, misfits, works
from lasercam.sources.luminance import FIRST_PASS_GREEN, FIRST_PASS_RED, REWRITTEN, rewrite_dimming
from lasercam.sources.text.elements import ELEMENT_FONTS, FULL_BLOCK, element_font
from tests.support.sources import joined, listed, make

CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def cipher(visible: str, hidden: str, **keys: Any) -> Any:
    return make(CipherText, {"type": "cipher_text", "visible": visible, "hidden": hidden, "height": "400 um", **keys})


def places(source: Any, part: str) -> set[bytes]:
    """Exact vertices of every feature of a part."""
    chosen = set(source.parts.select(part))
    return {vertices for p, _, vertices in listed(source.features()) if p in chosen}


def test_e_hides_f() -> None:
    """Source: Xiao 2024, 10.1002/lpor.202401258, Fig. 4b. What F leaves out of E is its foot, one horizontal line."""
    source = cipher("E", "F", font="segment-14")
    assert places(source, "hidden") < places(source, "visible")
    assert places(source, "hidden") | places(source, "visible_only") == places(source, "visible")
    block = joined(source.features())
    foot = block.take(block.part == source.parts.atoms.index("visible_only"))
    assert len(foot) == 1
    assert np.all(foot.xyz_um[:, 1] == 0.0)
    assert len(block) == 6


@pytest.mark.parametrize("name", ELEMENT_FONTS)
def test_all_pairs(name: str) -> None:
    """Every pair of characters either hides, feature by feature, or is refused, as sets of elements say."""
    font = element_font(name)
    some = [c for c in (CAPITALS if name != "dot-5x7" else "EF8BOQ0.-:IL1") if font.mask(c) is not None]
    allowed = refused = 0
    for visible, hidden in product(some, repeat=2):
        v, h = set(font.names(font.masks[visible])), set(font.names(font.masks[hidden]))
        if v == h:
            with pytest.raises(InputError, match="nothing would be hidden"):
                cipher(visible, hidden, font=name)
        elif h <= v:
            source = cipher(visible, hidden, font=name)
            assert len(places(source, "hidden")) == len(h)
            assert len(places(source, "visible")) == len(v)
            assert places(source, "hidden") <= places(source, "visible")
            allowed += 1
        else:
            with pytest.raises(InputError) as caught:
                cipher(visible, hidden, font=name)
            assert all(element in str(caught.value) for element in sorted(h - v)[:1] if len(h - v) == 1)
            refused += 1
    assert allowed > 10
    assert refused > 10


@pytest.mark.parametrize("name", ELEMENT_FONTS)
def test_the_full_block_hides_everything(name: str) -> None:
    for c in element_font(name).masks:
        assert cipher(FULL_BLOCK, c, font=name).parts.atoms == ("visible_only", "hidden")


def test_eight_is_a_good_decoy() -> None:
    font = element_font("segment-14")
    hides = [c for c in CAPITALS if not misfits(font, ["8"], [c])]
    assert {"E", "F", "C", "L", "A", "H", "O", "S", "U", "P"} <= set(hides)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ELEMENT_FONTS), st.data())
def test_every_proposed_decoy_works(name: str, data: st.DataObject) -> None:
    font = element_font(name)
    hidden, like = (data.draw(st.sampled_from(sorted(font.masks))) for _ in range(2))
    for decoy in decoys(font, hidden, like):
        assert works(font, [decoy], [hidden])


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ELEMENT_FONTS), st.data())
def test_the_proposed_text_works(name: str, data: st.DataObject) -> None:
    """A refusal names a visible text; with it, the same hidden text is accepted."""
    font = element_font(name)
    signs = st.sampled_from([*sorted(font.masks), " "])
    visible, hidden = (data.draw(st.lists(signs, min_size=6, max_size=6).map("".join)) for _ in range(2))
    if not visible.strip() or not hidden.strip() or not misfits(font, [visible], [hidden]):
        return
    with pytest.raises(InputError) as caught:
        cipher(visible, hidden, font=name)
    hint = caught.value.problems[0].hint
    start = hint.index("works: '") + len("works: '")
    proposed = hint[start : start + 6]
    assert works(font, [proposed], [hidden])
    cipher(proposed, hidden, font=name)


def test_refusals_name_character_and_segments() -> None:
    with pytest.raises(InputError) as caught:
        cipher("HOT", "H0T", font="segment-14")
    text = str(caught.value)
    assert "character 2: '0' needs segments j, m, which 'O' has not" in text
    assert "█ hides everything" in text


def test_another_font_is_proposed() -> None:
    """B hides P in dots, but not in fourteen segments."""
    with pytest.raises(InputError, match=r"it works with font: .*dot-5x7"):
        cipher("B", "P", font="segment-14")
    cipher("B", "P", font="dot-5x7")


def test_unequal_lengths_get_places_that_work() -> None:
    with pytest.raises(InputError) as caught:
        cipher("TEE", "F", font="segment-14")
    assert "It fits as ' F ' or '  F'" in str(caught.value)
    assert len(places(cipher("TEE", " F ", font="segment-14"), "hidden")) == 5


@pytest.mark.parametrize(
    ("visible", "hidden", "found"),
    [
        ("E", " ", "'hidden' is empty"),
        ("", "F", "'visible' is empty"),
        ("é", "e", r"U\+00E9"),
        ("E\nE", "F", "lines of"),
    ],
)
def test_texts_that_cannot_be_written_are_refused(visible: str, hidden: str, found: str) -> None:
    with pytest.raises(InputError, match=found):
        cipher(visible, hidden)


@pytest.mark.parametrize("font", ["segment-14", "dot-5x7"])
def test_denser_hidden_text(font: str) -> None:
    """Five lines or dots in place of one, about the same middle, never nearer than their pitch."""
    plain = cipher("E", "F", font=font)
    dense = cipher("E", "F", font=font, hidden_strokes="5", stroke_pitch="4 um")
    assert len(places(dense, "hidden")) == 5 * len(places(plain, "hidden"))
    assert len(places(dense, "visible_only")) == len(places(plain, "visible_only"))
    block = joined(dense.features())
    middle = np.add.reduceat(block.xyz_um, block.offsets[:-1]) / block.vertex_counts[:, None]
    gaps = np.hypot(*(middle[:, None, :2] - middle[None, :, :2]).transpose(2, 0, 1))
    assert gaps[~np.eye(len(block), dtype=bool)].min() >= 4.0 - 1e-9


def test_strokes_too_wide_are_refused() -> None:
    with pytest.raises(InputError, match="too wide"):
        cipher("8", "C", strokes="20", stroke_pitch="10 um")
    with pytest.raises(ValidationError, match="stroke_pitch"):
        cipher("E", "F", strokes="2")
    with pytest.raises(InputError, match="lie on each other"):
        cipher("88", "CC", letter_spacing="-200 um")


def test_what_leaks_is_said_with_a_way_to_make_up_for_it() -> None:
    leak, offer = cipher("E", "F").notes[1:]
    assert f"{rewrite_dimming():.1f} times dimmer" in leak
    assert "hidden_strokes: 5" in offer
    evened = cipher("E", "F", hidden_strokes="5", stroke_pitch="4 um").notes[1]
    assert "about 0.9 times dimmer" in evened


def test_how_much_dimmer_rewritten_lines_look_against_the_cie_table() -> None:
    """Independent oracle: CIE 1931 2° observer at 1 nm, from colour-science."""
    colour = pytest.importorskip("colour", reason="colour-science is the oracle")
    cmfs = colour.MSDS_CMFS["CIE 1931 2 Degree Standard Observer"]
    nm, eye = cmfs.wavelengths, cmfs.values[:, 1]
    seen = {}
    for line in (FIRST_PASS_GREEN, FIRST_PASS_RED, REWRITTEN):
        weight = np.exp(-4.0 * np.log(2.0) * ((nm - line.peak_nm) / line.fwhm_nm) ** 2)
        seen[line] = (weight * eye).sum() / weight.sum()
        assert luminance(line) == pytest.approx(seen[line], abs=0.006)
    assert rewrite_dimming() == pytest.approx(seen[FIRST_PASS_RED] / seen[REWRITTEN], rel=0.03)
    assert rewrite_dimming() == pytest.approx(4.6, abs=0.1)
