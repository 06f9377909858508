"""What a drawing covers, against the raster of an independent renderer."""

import pytest

from tests.sources.svg.drawings import mask, rendered, source

pytest.importorskip("resvg_py", reason="resvg_py is not installed: drawings are not compared with a renderer")

STAR = "M100 15 l50 160 l-130 -100 l160 0 l-130 100 z"
CASES = {
    "rect": '<rect x="20" y="30" width="120" height="90"/>',
    "rect_rounded_by_rx_alone": '<rect x="20" y="30" width="120" height="90" rx="30"/>',
    "rect_radii_too_large": '<rect x="20" y="30" width="120" height="60" rx="100" ry="20"/>',
    "circle_percent": '<circle cx="50%" cy="40%" r="30%"/>',
    "ellipse_without_ry": '<ellipse cx="100" cy="100" rx="70"/>',
    "polygon_evenodd": '<polygon points="100,15 150,175 20,75 180,75 50,175" fill-rule="evenodd"/>',
    "polygon_nonzero": '<polygon points="100,15 150,175 20,75 180,75 50,175"/>',
    "polyline_is_closed_for_filling": '<polyline points="20,20 180,40 100,180"/>',
    "path_all_commands": (
        '<path d="M20 100 h30 v-40 l20 -20 C90 10 110 10 120 40 s40 30 60 0 Q190 90 160 100 t-30 40 '
        'a20 12 30 1 0 -40 20 A30 30 0 0 1 40 150z"/>'
    ),
    "path_compact": '<path d="M10-10 30.5.5.5 90a20,20,0,0110,50-5e1.5zm50 50h90v90h-90zm20,20v50h50v-50z"/>',
    "path_error_draws_what_stands_before": '<path d="M20 20 H180 V100 L20 100 Z M20 120 H100 V180 L 40 x 30"/>',
    "arc_radii_scaled_up": '<path d="M40 120 A10 20 30 0 1 160 80 z"/>',
    "stroke_butt_miter": f'<path d="{STAR}" fill="none" stroke="black" stroke-width="14"/>',
    "stroke_limit_bevels": f'<path d="{STAR}" fill="none" stroke="black" stroke-width="14" stroke-miterlimit="2"/>',
    "stroke_round": (
        '<path d="M40 160 L100 40 L160 160" fill="none" stroke="black" stroke-width="30" stroke-linecap="round" '
        'stroke-linejoin="round"/>'
    ),
    "stroke_square_bevel": (
        '<path d="M40 160 L100 40 L160 160" fill="none" stroke="black" stroke-width="30" stroke-linecap="square" '
        'stroke-linejoin="bevel"/>'
    ),
    "stroke_dots": (
        '<path d="M60 60 z M120 60 h0 M150 150" fill="none" stroke="black" stroke-width="40" stroke-linecap="round"/>'
        '<path d="M60 150 l0 0" stroke="black" stroke-width="40" stroke-linecap="square"/>'
    ),
    "stroke_returns_to_its_start_open": (
        '<path d="M50 50 H150 V150 H50 V50" fill="none" stroke="black" stroke-width="30"/>'
    ),
    "stroke_dashes": (
        '<path d="M20 30 H180 V170 H20 z" fill="none" stroke="black" stroke-width="20" stroke-dasharray="30 15 5" '
        'stroke-dashoffset="-12"/>'
    ),
    "stroke_in_skewed_space": (
        '<circle r="30" transform="translate(100 100) skewX(30) scale(2 0.8)" fill="none" stroke="black" '
        'stroke-width="20"/>'
    ),
    "transforms": (
        '<g transform="translate(100,100) rotate(30)"><rect width="60" height="20" transform="matrix(1 .2 .3 1 5 6)"/>'
        '<rect width="60" height="20" transform="rotate(180 10 10) skewY(20) scale(1.2)"/></g>'
    ),
    "transform_origin": (
        '<rect x="50" y="50" width="60" height="60" transform="rotate(40)" transform-origin="80 80"/>'
        '<rect x="120" y="120" width="40" height="40" transform="rotate(40)" transform-origin="bottom left"/>'
    ),
    "nested_svg_cuts": (
        '<svg x="40" y="30" width="100" height="100" viewBox="0 0 10 20" preserveAspectRatio="xMaxYMin slice">'
        '<circle cx="5" cy="10" r="8"/></svg>'
    ),
    "symbol_in_use": (
        '<symbol id="s" viewBox="0 0 10 10"><circle cx="5" cy="5" r="6"/></symbol>'
        '<use href="#s" x="20" y="30" width="60" height="60"/>'
        '<use xlink:href="#s" x="90" y="90" width="100" height="50"/>'
    ),
    "use_moves_and_styles": (
        '<defs><g id="g"><rect width="40" height="20"/><rect y="30" width="40" height="20" fill="none"/></g></defs>'
        '<use href="#g" x="20" y="20" transform="scale(2)"/>'
    ),
    "css_specificity_and_important": (
        "<style>rect{display:none} .a{display:inline} #b{fill:none!important} g > .c{fill:black}</style>"
        '<rect class="a" width="60" height="60"/><rect id="b" class="a" x="70" width="60" height="60" fill="black"/>'
        '<g fill="none"><rect class="a c" y="70" width="60" height="60"/></g>'
        '<rect x="100" y="100" width="90" height="90"/>'
    ),
    "visibility_can_come_back": (
        '<g visibility="hidden"><rect width="90" height="90"/><rect x="100" y="100" width="50" height="50" '
        'visibility="visible"/></g>'
    ),
    "switch_takes_the_first_that_fits": (
        '<switch><rect systemLanguage="ru" width="50" height="50"/><rect x="60" width="50" height="50"/>'
        '<rect x="120" width="50" height="50"/></switch>'
    ),
    "clip_path": (
        f'<clipPath id="c"><path d="{STAR}" clip-rule="evenodd"/></clipPath>'
        '<rect width="200" height="150" clip-path="url(#c)"/>'
    ),
    "clip_path_in_clip_path": (
        '<clipPath id="a"><circle cx="80" cy="100" r="60"/></clipPath><clipPath id="b" clip-path="url(#a)">'
        '<circle cx="120" cy="100" r="60"/></clipPath><rect width="200" height="200" clip-path="url(#b)"/>'
    ),
    "clip_path_of_the_box": (
        '<clipPath id="c" clipPathUnits="objectBoundingBox"><circle cx=".5" cy=".5" r=".5"/></clipPath>'
        '<g clip-path="url(#c)" transform="rotate(10)"><rect x="50" y="20" width="60" height="60"/>'
        '<rect x="90" y="60" width="80" height="60"/></g>'
    ),
    "clip_path_with_use_and_transform": (
        '<defs><rect id="r" width="50" height="50"/></defs><clipPath id="c" transform="translate(30 30) rotate(20)">'
        '<use href="#r" x="20"/><circle r="30"/></clipPath><rect width="200" height="200" clip-path="url(#c)"/>'
    ),
    "empty_clip_path_hides": (
        '<clipPath id="c"/><rect width="90" height="90" clip-path="url(#c)"/><rect x="150" width="9" height="9"/>'
    ),
    "markers_on_a_line": (
        '<marker id="m" refX="5" refY="5" markerWidth="10" markerHeight="10" orient="auto"><path d="M0 0 10 5 0 10z"/>'
        '</marker><path d="M30 150 L100 40 L170 150" fill="none" stroke="black" stroke-width="3" '
        'marker-start="url(#m)" marker-mid="url(#m)" marker-end="url(#m)"/>'
    ),
    "marker_with_view_box": (
        '<marker id="m" viewBox="0 0 4 4" refX="2" refY="2" markerWidth="40" markerHeight="30" '
        'markerUnits="userSpaceOnUse" orient="40"><rect width="4" height="4"/></marker>'
        '<path d="M50 100 H150" stroke="black" stroke-width="4" marker-end="url(#m)" style="marker-start:url(#m)"/>'
    ),
    "units": (
        '<rect x="1cm" y="10mm" width="1in" height="72pt"/><rect y="150" width="10pc" height="2em" font-size="10"/>'
    ),
    "current_colour_and_fallback": (
        '<g color="none"><rect width="50" height="50" fill="currentColor"/></g>'
        '<rect x="60" width="50" height="50" fill="url(#nothing) red"/><rect x="120" width="50" height="50" '
        'fill="url(#nothing)"/>'
    ),
    "a_gradient_fills": (
        '<linearGradient id="g"><stop stop-color="red"/><stop offset="1" stop-color="blue"/></linearGradient>'
        '<rect x="20" y="20" width="100" height="100" fill="url(#g)"/>'
    ),
    "invisible_by_opacity": '<rect width="90" height="90" fill-opacity="0"/><rect x="100" width="50" height="50"/>',
    "mask_by_luminance": (
        '<mask id="m"><rect width="150" height="150" fill="white"/><circle cx="80" cy="80" r="40"/>'
        '<circle cx="80" cy="80" r="15" fill="#ccc"/></mask>'
        '<rect x="20" y="20" width="160" height="160" mask="url(#m)"/>'
    ),
    "mask_by_alpha": (
        '<mask id="m" mask-type="alpha"><circle cx="80" cy="80" r="60" stroke="red" stroke-width="20"/></mask>'
        '<g mask="url(#m)" transform="rotate(10)"><rect x="20" y="20" width="160" height="160"/></g>'
    ),
    "mask_by_the_box": (
        '<mask id="m" maskContentUnits="objectBoundingBox" x="0" y="0.1" width="0.9" height="0.8">'
        '<circle cx=".5" cy=".5" r=".5" fill="#fff"/></mask>'
        '<rect x="20" y="50" width="160" height="90" mask="url(#m)"/>'
    ),
    "mask_in_user_space": (
        '<mask id="m" maskUnits="userSpaceOnUse" x="20" y="20" width="100" height="50%">'
        '<rect width="200" height="200" fill="lime"/></mask><circle cx="100" cy="100" r="80" mask="url(#m)"/>'
    ),
    "mask_of_a_mask": (
        '<mask id="n"><rect width="100" height="200" fill="#fff"/></mask><mask id="m" mask="url(#n)">'
        '<circle cx="100" cy="100" r="80" fill="#fff"/></mask><rect width="200" height="200" mask="url(#m)"/>'
    ),
    "mask_that_layers_half_opaque_white": (
        '<mask id="m"><g opacity="0.4"><rect width="140" height="140" fill="white"/></g>'
        '<rect x="60" y="60" width="140" height="140" fill="white" fill-opacity="0.4"/></mask>'
        '<rect width="200" height="200" mask="url(#m)"/>'
    ),
    "pattern_in_user_space": (
        '<pattern id="p" x="5" y="7" width="30" height="20" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(20) scale(1.5)"><circle cx="10" cy="10" r="9"/></pattern>'
        '<circle cx="100" cy="100" r="90" fill="url(#p)"/>'
    ),
    "pattern_of_the_box": (
        '<pattern id="q" patternContentUnits="objectBoundingBox"><rect width="0.1" height="0.12"/></pattern>'
        '<pattern id="p" width="0.25" height="0.2" x="0.1" href="#q"/>'
        '<rect x="20" y="30" width="160" height="150" fill="url(#p)"/>'
    ),
    "pattern_with_view_box_on_a_stroke": (
        '<pattern id="p" width="20" height="20" patternUnits="userSpaceOnUse" viewBox="0 0 4 4">'
        '<path d="M0 0H2V2H4V4H2V2H0z"/></pattern><rect x="50" y="50" width="100" height="100" fill="none" '
        'stroke="url(#p)" stroke-width="50"/>'
    ),
    "outside_the_page": '<circle cx="0" cy="0" r="100"/><rect x="150" y="-50" width="100" height="100"/>',
}

STATED = "M20 100 h100 v60 h40"
EQUIVALENT = {
    "dashes_of_a_stated_length": (
        f'<path d="{STATED}" pathLength="10" fill="none" stroke="black" stroke-width="20" stroke-dasharray="1 2"/>',
        f'<path d="{STATED}" fill="none" stroke="black" stroke-width="20" stroke-dasharray="20 40"/>',
    ),
    "stroke_that_does_not_scale": (
        '<rect x="2" y="2" width="6" height="4" transform="scale(20)" fill="none" stroke="black" stroke-width="12" '
        'vector-effect="non-scaling-stroke"/>',
        '<rect x="40" y="40" width="120" height="80" fill="none" stroke="black" stroke-width="12"/>',
    ),
    "css_transform": (
        '<rect x="120" y="120" width="40" height="40" style="transform:rotate(0.1turn);transform-origin:140px 140px"/>',
        '<rect x="120" y="120" width="40" height="40" transform="rotate(36 140 140)"/>',
    ),
    "unusual_units": (
        '<rect x="20Q" width="40vw" height="2ch" font-size="30" y="1rem"/>',
        '<rect x="18.8976" width="80" height="30" y="16"/>',
    ),
}
"""Drawings with what the renderer does not know, and the same without."""


@pytest.mark.parametrize("name", sorted(CASES))
def test_covers_what_a_renderer_paints(name: str) -> None:
    want = rendered(CASES[name])
    got = mask(source(CASES[name], fill="hatch", hatch_pitch="1 mm", tolerance="1 um", overlaps="keep"))
    assert want.any()
    overlap = (want & got).sum() / (want | got).sum()
    assert overlap >= 0.98, f"{name}: {overlap:.4f}"


@pytest.mark.parametrize("name", sorted(EQUIVALENT))
def test_covers_what_a_renderer_paints_of_the_same_drawing(name: str) -> None:
    ours, theirs = EQUIVALENT[name]
    want, got = rendered(theirs), mask(source(ours, fill="hatch", hatch_pitch="1 mm", tolerance="1 um"))
    assert want.any()
    assert (want & got).sum() / (want | got).sum() >= 0.98
