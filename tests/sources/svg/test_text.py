"""Text in drawings, against the raster of an independent renderer with the same fonts, and by itself."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

from lasercam.errors import InputError
from lasercam.sources.svg.font_properties import font_shorthand
from lasercam.sources.svg.source import SvgSource
from tests.sources.svg.drawings import agreement, lines, mask, rendered, source
from tests.support.sources import make

FILLED = {"fill": "hatch", "hatch_pitch": "1 mm", "tolerance": "1 um", "overlaps": "keep", "compare": False}
STRETCHED = 'textLength="150" lengthAdjust="spacingAndGlyphs"'
BIG = 'font-family="sans-serif" font-size="60"'
SMALL = 'font-family="sans-serif" font-size="30"'
CURVE = '<path id="c" d="M20 120 C 60 20 140 20 180 120" fill="none"/>'
CASES = {
    "plain": f'<text x="10" y="100" {BIG}>Writ</text>',
    "kerned": f'<text x="10" y="100" {BIG}>AVTo</text>',
    "not_kerned": f'<text x="10" y="100" {BIG} style="font-kerning:none">AVTo</text>',
    "faces": (
        f'<g {SMALL}><text x="5" y="30" font-weight="bold">Bold</text>'
        '<text x="5" y="65" font-style="italic">Slant</text>'
        '<text x="5" y="100" font-family="DejaVu Serif" font-style="oblique" font-weight="800">Both</text>'
        '<text x="5" y="135" font-family="monospace">Mono</text>'
        '<text x="5" y="170" font-family="serif">Serif</text></g>'
    ),
    "anchors": (
        f'<g {SMALL}><text x="100" y="40">start</text><text x="100" y="90" text-anchor="middle">middle</text>'
        '<text x="100" y="140" text-anchor="end">end</text></g>'
    ),
    "lists": f'<text x="10 50 90 120" y="40 90" dx="0 0 0 5 9" dy="0 0 10" {SMALL}>abcdef</text>',
    "rotated": f'<text x="20" y="80" rotate="0 20 -40" {BIG}>turns</text>',
    "inner_lists_win": f'<text x="10 50 90" y="60" {SMALL}>a<tspan x="70" dy="40">bc</tspan>d</text>',
    "spans": (
        f'<text x="10" y="90" {SMALL}>a<tspan font-size="60" font-weight="bold">B</tspan>'
        '<tspan fill="none">c</tspan><tspan display="none">d</tspan>e</text>'
    ),
    "spaces": f'<text x="10" y="90" {SMALL}>  a \n  b <tspan> c </tspan> </text>',
    "spaces_kept": f'<text x="10" y="90" {SMALL} xml:space="preserve">  a   b</text>',
    "letter_spacing": f'<text x="100" y="90" {SMALL} text-anchor="middle" letter-spacing="0.2em">spread</text>',
    "word_spacing": f'<text x="10" y="90" {SMALL} word-spacing="20">a b c</text>',
    "stated_length": f'<text x="10" y="90" {SMALL} textLength="150">wide</text>',
    "stated_length_of_glyphs": f'<text x="10" y="90" {SMALL} {STRETCHED}>wide</text>',
    "shifted_baselines": (
        f'<text x="10" y="90" {SMALL}>x<tspan baseline-shift="super" font-size="20">2'
        '<tspan baseline-shift="-5">i</tspan></tspan>y<tspan baseline-shift="sub">3</tspan>'
        '<tspan baseline-shift="50%">p</tspan></text>'
    ),
    "baselines": (
        f'<g {SMALL}><text x="10" y="50" dominant-baseline="middle">mid</text><text x="90" y="50" '
        'dominant-baseline="hanging">hang</text><text x="10" y="120" dominant-baseline="central">cen<tspan '
        'alignment-baseline="text-after-edge">aft</tspan></text></g>'
    ),
    "lines_along": (
        f'<text x="10" y="60" {SMALL} text-decoration="underline line-through">under <tspan text-decoration="overline">'
        "over</tspan></text>"
    ),
    "stroked": f'<text x="10" y="100" {BIG} fill="none" stroke="black" stroke-width="3">Oi</text>',
    "evenodd_means_nothing": f'<text x="10" y="100" {BIG} fill-rule="evenodd">Aä</text>',
    "transformed": f'<text transform="translate(20 60) skewX(-20) rotate(20)" {BIG}>turn</text>',
    "arabic": f'<text x="20" y="100" {BIG}>سلام</text>',
    "both_directions": f'<text x="10" y="100" {SMALL}>ab سلام 12</text>',
    "in_a_clip_path": (
        f'<clipPath id="k"><text x="10" y="100" {BIG} font-weight="bold">clip</text></clipPath>'
        '<rect width="200" height="90" clip-path="url(#k)"/>'
    ),
    "in_a_mask": (
        f'<mask id="k"><text x="10" y="100" {BIG} font-weight="bold" fill="white">mask</text></mask>'
        '<rect width="200" height="200" mask="url(#k)"/>'
    ),
    "copied": f'<text id="t" x="10" y="60" {BIG}>use</text><use href="#t" y="80"/>',
    "on_a_path": f'{CURVE}<text {SMALL}><textPath href="#c" startOffset="10%">along it</textPath></text>',
    "on_a_path_anchored": (
        f'{CURVE}<text {SMALL} text-anchor="middle"><textPath href="#c" startOffset="50%">mid<tspan dy="-20">up</tspan>'
        "</textPath></text>"
    ),
    "beyond_a_path": f'{CURVE}<text {SMALL}><textPath href="#c" startOffset="120">runs over its end</textPath></text>',
    "downwards": f'<text x="100" y="10" {SMALL} writing-mode="tb">down</text>',
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_text_covers_what_a_renderer_paints(name: str) -> None:
    pytest.importorskip("resvg_py", reason="resvg_py is not installed: text is not compared with a renderer")
    want, got = rendered(CASES[name], zoom=2), mask(source(CASES[name], **FILLED), sub=2, zoom=2)
    assert want.any()
    assert agreement(want, got) >= 0.99


def notes(drawn: SvgSource) -> str:
    return "\n".join(drawn.notes)


def test_families_that_are_not_at_hand_are_named() -> None:
    body = '<text x="9" y="90" font-family="Foo Sans, \'Bar\', serif" stroke="red">a</text>'
    assert "Foo Sans, Bar;" in notes(source(body))
    assert "not at hand" not in notes(source(body.replace("Foo Sans, 'Bar', ", "")))
    assert "names no font family" in notes(source('<text x="9" y="90" stroke="red">a</text>'))


def test_letters_in_no_font_are_named() -> None:
    with pytest.raises(InputError, match=r"<text id='t'>: no font at hand .*'中' \(U\+4E2D\)"):
        source('<text id="t" x="9" y="90" font-family="serif" stroke="red">a中</text>')


def test_fonts_come_from_the_job() -> None:
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    body = '<text x="9" y="90" font-size="40" font-family="My Face" font-weight="{}" stroke="red">Rag</text>'
    files = {name: (folder / name).read_bytes() for name in ("DejaVuSerif.ttf", "DejaVuSerif-Bold.ttf")}
    for weight in ("normal", "bold"):
        text = f'<svg xmlns="http://www.w3.org/2000/svg" width="200" height="200">{body.format(weight)}</svg>'
        keys = {"type": "svg", "file": "d.svg", "fonts": {"my  FACE": list(files)}}
        mine = make(SvgSource, keys, assets={"d.svg": text.encode(), **files})
        shipped = source(body.format(weight).replace("My Face", "DejaVu Serif"))
        assert all(np.array_equal(a, b) for a, b in zip(lines(mine), lines(shipped), strict=True))
        assert "not at hand" not in notes(mine)
        assert "another name than its file" in notes(mine) or "resvg" not in notes(mine)


def test_fonts_that_are_none_are_refused() -> None:
    with pytest.raises(InputError, match="not a TrueType"):
        make(
            SvgSource,
            {"type": "svg", "file": "d.svg", "fonts": {"F": "f.ttf"}},
            assets={
                "d.svg": b'<svg xmlns="http://www.w3.org/2000/svg"><text font-family="F">a</text></svg>',
                "f.ttf": b"none",
            },
        )


def test_spans_are_parts() -> None:
    body = f'<text id="t" x="10" y="90" {BIG} fill="none" stroke="red">a<tspan id="s" stroke="blue">b</tspan></text>'
    parts = source(body).parts
    assert len(parts.select("id:t")) == 2
    assert parts.select("id:s") == parts.select("#0000ff")


def test_ignored_spans_are_left_out() -> None:
    body = f'<text x="10" y="90" {BIG} stroke="red">a<tspan id="s">b</tspan></text>'
    alone = f'<text x="10" y="90" {BIG} stroke="red">a</text>'
    assert len(lines(source(body, ignore="s"))) == len(lines(source(alone)))


def test_right_to_left_text_starts_at_the_right() -> None:
    body = f'<text x="{{}}" y="90" {SMALL} direction="{{}}" text-anchor="{{}}" stroke="red">ab cd</text>'
    left = lines(source(body.format(100, "ltr", "end")))
    right = lines(source(body.format(100, "rtl", "start")))
    # The direction turns the words about, not where the line ends.
    assert max(line[:, 0].max() for line in left) <= 101
    assert max(line[:, 0].max() for line in right) <= 101


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("12px serif", {"font-size": "12px", "font-family": "serif", "font-weight": "normal"}),
        (
            "bold italic 2em/1.2 'A B', serif",
            {"font-size": "2em", "font-weight": "bold", "font-family": "'A B', serif"},
        ),
        ("small-caps 700 large a", {"font-variant": "small-caps", "font-weight": "700", "font-size": "large"}),
        ("bold 12px", {}),
        ("serif", {}),
    ],
)
def test_font_shorthand(text: str, wanted: dict[str, str]) -> None:
    found = dict(font_shorthand(text))
    assert {name: found.get(name) for name in wanted} == wanted
    assert bool(found) == bool(wanted)
