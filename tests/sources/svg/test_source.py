"""The pattern source: sizes, parts, refusals, what is written."""

import numpy as np
import pytest
from pydantic import ValidationError

from lasercam.errors import InputError, LasercamError, PatternError
from lasercam.model.protocols import PatternSource
from tests.sources.svg.drawings import lines, source
from tests.support.sources import joined, listed

LINE = '<path id="l" d="M20 30 H120" stroke="black"/>'
HATCH = {"fill": "hatch", "hatch_pitch": "200 um"}


def extent(drawn: PatternSource) -> list[float]:
    xyz = joined(drawn.features()).xyz_um
    return [*xyz[:, :2].min(axis=0), *xyz[:, :2].max(axis=0)]


def notes(drawn: object) -> str:
    return "\n".join(drawn.notes)  # type: ignore[attr-defined]


def test_it_is_a_source() -> None:
    drawn = source(LINE)
    assert isinstance(drawn, PatternSource)
    assert lines(drawn)[0] == pytest.approx(np.array([[20.0, 30.0], [120.0, 30.0]]))


@pytest.mark.parametrize(
    ("root", "keys", "px_um"),
    [
        ('width="200" height="200"', {}, 25_400 / 96),
        ('width="20mm" height="20mm" viewBox="0 0 200 200"', {}, 100.0),
        ('width="20mm" viewBox="0 0 200 200"', {}, 100.0),
        ('viewBox="0 0 200 200"', {}, 25_400 / 96),
        ('viewBox="0 0 200 200" width="50%" height="50%"', {}, 25_400 / 96 / 2),
        ('width="200" height="200"', {"dpi": "72"}, 25_400 / 72),
        ('width="20mm" height="20mm" viewBox="0 0 200 200"', {"dpi": "72"}, 100.0),
        ('width="200" height="200"', {"scale": "2"}, 2 * 25_400 / 96),
        ('width="200" height="200"', {"width": "400 um"}, 2.0),
        ('width="200" height="200"', {"height": "400 um"}, 2.0),
        ('width="200" height="200"', {"width": "400 um", "height": "400 um"}, 2.0),
        ('width="7mm" height="9in" viewBox="0 0 200 200"', {"width": "400 um", "height": "400 um"}, 2.0),
    ],
)
def test_sizes(root: str, keys: dict[str, str], px_um: float) -> None:
    drawn = source(LINE, root=root, **keys)
    found = extent(drawn)
    assert found[2] - found[0] == pytest.approx(100.0 * px_um)
    assert found[0] == pytest.approx(20.0 * px_um)


def test_y_points_up_from_the_lower_edge() -> None:
    assert extent(source(LINE, width="200 um"))[1] == pytest.approx(170.0)


def test_the_origin_can_be_the_drawing() -> None:
    assert extent(source(LINE, width="200 um", origin="drawing")) == pytest.approx([0.0, 0.0, 100.0, 0.0])


def test_without_a_size_the_drawing_is_its_extent() -> None:
    drawn = source('<path d="M-50 20 L50 70" stroke="black"/>', root="", dpi="25400")
    assert extent(drawn) == pytest.approx([0.0, 0.0, 100.0, 50.0])
    assert "no size" in notes(drawn)


@pytest.mark.parametrize(
    ("root", "keys", "message"),
    [
        ('width="0" height="5"', {}, "above zero"),
        ('width="5" height="-5"', {}, "above zero"),
        ('width="wide" height="5"', {}, "not a length"),
        ('width="9e11" height="5"', {}, "at most"),
        ("", {"width": "1 mm"}, "no viewBox and no size"),
    ],
)
def test_sizes_that_are_refused(root: str, keys: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        source(LINE, root=root, **keys)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"scale": "2", "width": "1 mm"}, "give one"),
        ({"scale": "0"}, "above"),
        ({"dpi": "-5"}, "above"),
        ({"stroke_mode": "outline"}, "needs a 'fill'"),
        ({"fill": "hatch"}, "hatch_pitch"),
        ({"tolerance": "0.00001 um"}, "at least"),
        ({"origin": "middle"}, "viewport"),
    ],
)
def test_keys_that_are_refused(keys: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        source(LINE, **keys)


def test_parts() -> None:
    drawn = source(
        '<g id="cut" inkscape:groupmode="layer" inkscape:label="Cut 1.a" '
        'xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape">'
        '<rect id="r" x="10" y="10" width="50" height="50" fill="blue" stroke="#f00"/></g>'
        '<g id="other"><path d="M80 20 h50" stroke="RED"/></g>'
        '<path d="M80 90 h50" stroke="lime"/>',
        **HATCH,
    )
    parts = drawn.parts
    assert len(parts.atoms) == 4
    names = {
        "#ff0000": 2, "stroke:#ff0000": 2, "fill:#0000ff": 1, "#0000ff": 1, "#00ff00": 1, "layer:Cut_1_a": 2,
        "layer:other": 1, "id:r": 2, "id:cut": 2, "strokes": 3, "fills": 1, "all": 4, "layer:*": 3,
    }  # fmt: skip
    assert {name: len(parts.select(name)) for name in names} == names
    block = joined(drawn.features())
    lime = parts.select("#00ff00")[0]
    index = int(np.flatnonzero(block.part == lime)[0])
    first = block.xyz_um[block.offsets[index]]
    assert first[:2] * 96 / 25_400 == pytest.approx([80.0, 110.0])


def test_names_that_become_alike_are_said() -> None:
    drawn = source('<path id="a.b" d="M1 1h9" stroke="red"/><path id="a b" d="M1 5h9" stroke="red"/>')
    assert len(drawn.parts.select("id:a_b")) == 2
    assert "stands for all" in notes(drawn)


def test_gradients_are_parts() -> None:
    drawn = source(
        '<radialGradient id="g"><stop stop-color="red"/></radialGradient><rect width="50" height="50" fill="url(#g)"/>',
        **HATCH,
    )
    assert drawn.parts.select("gradient:g") == (0,)
    assert "Gradients" in notes(drawn)


UNSUPPORTED = {
    "text in no font": '<text x="5" y="20">中</text>',
    "text with directions": '<text x="5" y="20">a&#x202e;b</text>',
    "image": '<image href="data:image/png;base64,AA" width="5" height="5"/>',
    "foreignObject": '<foreignObject width="50" height="50"/>',
    "mask of a gradient": '<linearGradient id="g"><stop stop-color="red"/></linearGradient><mask id="m">'
    '<rect width="9" height="9" fill="url(#g)"/></mask><rect width="9" height="9" mask="url(#m)"/>',
    "mask of an image": '<mask id="m"><image href="a.png"/></mask><rect width="9" height="9" mask="url(#m)"/>',
    "cyclic mask": '<mask id="m"><rect width="9" height="9" mask="url(#m)"/></mask>'
    '<rect width="9" height="9" mask="url(#m)"/>',
    "filter": '<filter id="f"/><rect width="9" height="9" filter="url(#f)"/>',
    "fine pattern": '<pattern id="p" width="0.1" height="0.1" patternUnits="userSpaceOnUse"><rect width="9" '
    'height="9"/></pattern><rect width="9" height="9" stroke="url(#p)"/>',
    "cyclic pattern": '<pattern id="p" width="1" height="1"><rect width="9" height="9" fill="url(#p)"/></pattern>'
    '<rect width="9" height="9" fill="url(#p)"/>',
    "external use": '<use href="other.svg#a"/>',
    "cyclic use": '<g id="g"><use href="#g"/></g>',
    "mutual use": '<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>',
    "cyclic clip": '<clipPath id="c" clip-path="url(#c)"><rect width="9" height="9"/></clipPath>'
    '<path d="M0 0h9" stroke="red" clip-path="url(#c)"/>',
    "clip function": '<rect width="9" height="9" stroke="red" clip-path="circle(3px)"/>',
    "text in clip": '<clipPath id="c"><text>中</text></clipPath><path d="M0 0h9" stroke="red" clip-path="url(#c)"/>',
}


@pytest.mark.parametrize("name", sorted(UNSUPPORTED))
def test_what_cannot_be_drawn_is_refused(name: str) -> None:
    body = f"\n{LINE}\n\n{UNSUPPORTED[name]}\n"
    with pytest.raises(InputError) as error:
        source(body)
    assert error.value.problems[0].location is not None
    assert error.value.problems[0].location.line == 4
    assert "unsupported: skip" in str(error.value)


@pytest.mark.parametrize("name", sorted(UNSUPPORTED))
def test_what_cannot_be_drawn_can_be_left_out(name: str) -> None:
    drawn = source(f"{LINE}{UNSUPPORTED[name]}", unsupported="skip")
    assert "Left out: d.svg:1:1: <" in notes(drawn)
    assert any(np.allclose(line, [[20.0, 30.0], [120.0, 30.0]]) for line in lines(drawn))


def test_everything_that_cannot_be_drawn_is_listed() -> None:
    body = f"{LINE}\n" + "\n".join(f'<text id="t{i}">中</text>' for i in range(5))
    with pytest.raises(InputError) as error:
        source(body)
    assert [p.location.line for p in error.value.problems if p.location] == [2, 3, 4, 5, 6]
    assert "t3" in str(error.value)


def test_what_does_not_show_is_not_refused() -> None:
    hidden = (
        '<text display="none">a</text><text> </text><g opacity="0"><image href="a.png"/></g>'
        '<defs><text>a</text></defs><image/><mask id="m"/><filter id="f"/>'
    )
    assert len(lines(source(LINE + hidden))) == 1


def test_ignored_elements_are_left_out_and_said() -> None:
    drawn = source(f'{LINE}<text id="t">a</text><g id="u"><path d="M0 50h9" stroke="red"/></g>', ignore=["t", "u"])
    assert len(lines(drawn)) == 1
    assert "t, u" in notes(drawn)
    with pytest.raises(InputError, match="nowhere"):
        source(LINE, ignore=["nowhere"])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('<rect width="50" height="50"/>', "only fills"),
        ("<g/>", "paints nothing"),
        ('<path d="M0 0h5" stroke="red" stroke-width="0" fill="none"/>', "paints nothing"),
        ('<path d="M500 0h5" stroke="red" fill="none"/>', "paints nothing"),
    ],
)
def test_nothing_to_write_is_refused(body: str, message: str) -> None:
    with pytest.raises(PatternError, match=message):
        source(body)


def test_the_page_cuts_and_says_so() -> None:
    drawn = source('<path d="M-50 100 H250" stroke="red"/>')
    assert lines(drawn)[0] == pytest.approx(np.array([[0.0, 100.0], [200.0, 100.0]]), abs=1e-6)
    assert "cut there" in notes(drawn)
    kept = source('<path d="M50 100 H250" stroke="red"/>', root='width="200" height="200" overflow="visible"')
    assert lines(kept)[0][-1, 0] == pytest.approx(250.0)


def test_clips_cut_centre_lines() -> None:
    drawn = source(
        '<clipPath id="c"><circle cx="100" cy="100" r="50"/></clipPath>'
        '<path d="M0 100H200M0 20H200" stroke="red" clip-path="url(#c)"/>',
        tolerance="1 um",
    )
    assert len(lines(drawn)) == 1
    assert lines(drawn)[0] == pytest.approx(np.array([[50.0, 100.0], [150.0, 100.0]]), abs=0.01)


def test_dashes_are_lines_and_gaps_are_not() -> None:
    drawn = source('<path d="M10 10 H60" stroke="red" stroke-dasharray="20 10"/>')
    assert [line[:, 0].tolist() for line in lines(drawn)] == [
        pytest.approx([10.0, 30.0]),
        pytest.approx([40.0, 60.0]),
    ]


def test_a_line_without_extent_is_a_dot_when_it_has_caps() -> None:
    body = '<path d="M50 60 z" stroke="red" stroke-linecap="{}"/>' + LINE
    assert sorted(map(len, lines(source(body.format("round"))))) == [1, 2]
    assert [len(line) for line in lines(source(body.format("butt")))] == [2]


def test_lines_drawn_twice_are_written_once() -> None:
    body = '<path id="a" d="M10 10H60"/><path id="b" d="M40 10H100"/><path stroke="blue" d="M20 10H30"/>'
    body = f'<g stroke="red">{body}</g>'
    drawn = source(body)
    found = sorted((line[:, 0].min(), line[:, 0].max()) for line in lines(drawn))
    assert found == [pytest.approx((10.0, 100.0)), pytest.approx((20.0, 30.0))]
    assert "written once" in notes(drawn)
    assert len(lines(source(body, duplicates="keep"))) == 3


def test_lines_keep_their_parts_when_merged() -> None:
    drawn = source(
        '<g stroke="red"><path id="a" d="M10 10H60V50"/><path id="b" d="M10 10H60"/><path id="c" d="M150 10V90"/></g>'
    )
    block = joined(drawn.features())
    named = {i: drawn.parts.atoms[part] for i, part in enumerate(block.part)}
    assert len(named) == 2
    for i, line in enumerate(lines(drawn)):
        assert named[i] in drawn.parts.unions["id:c" if line[0, 0] > 100 else "id:a"]


def test_hidden_fills_are_not_written() -> None:
    body = '<rect width="100" height="100" fill="red"/><rect x="50" width="100" height="100" fill="blue"/>'
    drawn = source(body, **HATCH)
    block = joined(drawn.features())
    red = drawn.parts.select("#ff0000")
    length = sum(
        np.abs(np.diff(block.xyz_um[a:b, 0])).sum()
        for a, b, part in zip(block.offsets[:-1], block.offsets[1:], block.part, strict=True)
        if part in red
    )
    rows = 100 * 25_400 / 96 / 200
    assert length == pytest.approx(rows * 50 * 25_400 / 96, rel=0.02)
    assert "only where they show" in notes(drawn)
    both = source(body, overlaps="keep", **HATCH)
    assert len(joined(both.features())) == len(block)
    assert joined(both.features()).xyz_um[:, 0].max() == pytest.approx(block.xyz_um[:, 0].max())


def test_fills_side_by_side_hide_nothing() -> None:
    drawn = source('<rect width="50" height="50"/><rect x="60" width="50" height="50" fill="red"/>', **HATCH)
    assert len(drawn.parts.atoms) == 2
    assert "only where they show" not in notes(drawn)


def test_hatch_lies_in_the_fill() -> None:
    drawn = source('<circle cx="100" cy="100" r="80"/>', **HATCH)
    middle = np.array([100.0, 100.0])
    assert all(np.hypot(*(line - middle).T).max() <= 80.0 + 1e-6 for line in lines(drawn))
    assert len(lines(drawn)) == pytest.approx(160 * 25_400 / 96 / 200, abs=1)


def test_outlines_of_strokes_are_filled() -> None:
    drawn = source('<path d="M50 100H150" stroke="red" stroke-width="40"/>', stroke_mode="outline", **HATCH)
    found = np.vstack(lines(drawn))
    assert found.min(axis=0) == pytest.approx([50.0, 80.0], abs=1.0)
    assert found.max(axis=0) == pytest.approx([150.0, 120.0], abs=1.0)


def test_the_area_is_what_is_painted() -> None:
    area = source(f'{LINE}<rect x="50" y="100" width="50" height="50"/>', width="200 um").area()
    assert area is not None
    assert area.area_um2 == pytest.approx(100.0 + 2500.0)
    assert source(LINE, stroke_mode="centreline").area() is not None


@pytest.mark.parametrize("dash", ["0.5em", "10mm", "7 3 1", "1 20"])
def test_stroke_areas_stay_whole_when_coordinates_round(dash: str) -> None:
    body = f'<circle cx="100" cy="100" r="70" font-size="20" stroke="red" stroke-width="10" stroke-dasharray="{dash}"/>'
    for keys in ({"tolerance": "5 um"}, {"tolerance": "1 um", "origin": "drawing"}, {"width": "333.3 um"}):
        area = source(body, stroke_mode="outline", fill="hatch", hatch_pitch="100 um", **keys).area()
        assert area is not None
        assert not area.is_empty


def test_scripts_and_animations_are_said() -> None:
    assert "are not run" in notes(source(f"{LINE}<script>x</script>"))


def test_tiles_hold_the_same_features() -> None:
    drawn = source("".join(f'<path d="M{x} {y}h3" stroke="red"/>' for x in range(5, 190, 9) for y in range(5, 190, 9)))
    whole = listed(drawn.features())
    for max_rows in (1, 7, 100):
        blocks = list(drawn.features(max_rows))
        assert max(map(len, blocks)) <= max_rows
        assert listed(blocks) == whole


def test_unreadable_path_data_is_said() -> None:
    drawn = source('<path id="p" d="M10 10 H50 V 50 L 3 oops" stroke="red" fill="none"/>')
    assert len(lines(drawn)[0]) == 3
    assert "<path id='p'> cannot be read from character 21" in notes(drawn)


def test_copies_are_bounded() -> None:
    body = '<g id="g0"><path d="M0 0h1" stroke="red"/></g>'
    for i in range(1, 12):
        body += f'<g id="g{i}">' + f'<use href="#g{i - 1}"/>' * 10 + "</g>"
    with pytest.raises(InputError, match="300,000 copies"):
        source(f'<defs>{body}</defs><use href="#g11"/>')


def test_deep_copies_are_bounded() -> None:
    body = '<path id="g0" d="M0 0h1" stroke="red"/>'
    body += "".join(f'<g id="g{i}"><use href="#g{i - 1}"/></g>' for i in range(1, 400))
    with pytest.raises(InputError, match="nested deeper"):
        source(f'<defs>{body}</defs><use href="#g399"/>')


def test_dashes_are_bounded() -> None:
    with pytest.raises(PatternError, match="dashes"):
        source('<path d="M0 0H200" stroke="red" stroke-dasharray="1e-6"/>')


@pytest.mark.parametrize("number", ["nan", "inf", "1e308", "-1e308", "1e13", "", "abc", "9" * 400])
@pytest.mark.parametrize(
    "element",
    [
        '<rect x="{}" y="{}" width="50" height="50" stroke="red"/>',
        '<rect width="{}" height="50" rx="{}" stroke="red"/>',
        '<circle r="{}" stroke="red"/>',
        '<path d="M{} 0 L 5 {}" stroke="red"/>',
        '<path d="M0 0 L 50 50" transform="scale({})" stroke="red"/>',
        '<path d="M0 0 L 50 50" transform="translate({} 5)" stroke="red"/>',
        '<path d="M0 0 L 50 50" stroke-dasharray="{} 1" stroke-dashoffset="{}" stroke="red"/>',
        '<path d="M0 0 L 50 50" stroke-width="{}" stroke="red"/>',
        '<svg viewBox="0 0 {} 5" x="{}"><path d="M0 0 L 50 50" stroke="red"/></svg>',
    ],
)
def test_absurd_numbers_end_in_a_message_or_a_drawing(element: str, number: str) -> None:
    try:
        drawn = source(LINE + element.replace("{}", number), stroke_mode="outline", fill="hatch", hatch_pitch="5 mm")
    except LasercamError:
        return
    assert np.isfinite(joined(drawn.features()).xyz_um).all()


CLIPS = "".join(f'<clipPath id="c{i}" clip-path="url(#c{i + 1})"><path d="M0 0h9v9"/></clipPath>' for i in range(600))
ON_ITSELF = '<marker id="m{}"><path d="M0 0h1v1" stroke="red" marker-start="url(#m{})"/></marker>'
MARKERS = "".join(ON_ITSELF.format(i, i + 1) for i in range(60))
NESTED = {
    "style attribute": f'<path d="M0 0h5" stroke="red" style="fill:{"(" * 20000}"/>',
    "selectors": f"<style>{':not(' * 20000}a{')' * 20000}{{fill:red}}</style>",
    "rules": f"<style>{'@media all{' * 20000}</style>",
    "clip paths": CLIPS + '<path d="M0 0h9" stroke="red" clip-path="url(#c0)"/>',
    "markers": MARKERS + '<path d="M0 0h9" stroke="red" marker-start="url(#m0)"/>',
    "groups": "<g>" * 240 + LINE + "</g>" * 240,
}


@pytest.mark.parametrize("name", sorted(NESTED))
def test_what_nests_without_end_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="deep"):
        source(LINE + NESTED[name])
