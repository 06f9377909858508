"""The cascade, colours and lengths, against the specifications."""

import pytest

from lasercam.sources.svg.colours import Paint, read_colour, read_opacity, read_paint
from lasercam.sources.svg.document import SvgDocument, parse_svg, style_sheets
from lasercam.sources.svg.lengths import LengthContext, ViewBox, fit_view_box, multiply, read_view_box
from lasercam.sources.svg.style import Cascade, Style
from lasercam.sources.svg.transforms import read_transform


def styled(text: str) -> tuple[SvgDocument, dict[str, Style]]:
    """Computed style of every element with an id."""
    document = parse_svg(f'<svg xmlns="http://www.w3.org/2000/svg">{text}</svg>'.encode(), "d.svg")
    cascade = Cascade(list(style_sheets(document)), document.root)
    found: dict[str, Style] = {}

    def visit(element: object, parent: Style) -> None:
        style = cascade.style(element, parent)
        found[element.get("id")] = style  # type: ignore[attr-defined]
        for child in element:  # type: ignore[attr-defined]
            visit(child, style)

    visit(document.root, Style.initial)
    return document, found


def fill(text: str, identity: str = "a") -> str:
    return styled(text)[1][identity].fill.colour


@pytest.mark.parametrize(
    ("body", "colour"),
    [
        ('<rect id="a"/>', "#000000"),
        ('<rect id="a" fill="red"/>', "#ff0000"),
        ('<g fill="red"><rect id="a"/></g>', "#ff0000"),
        ('<g fill="red"><rect id="a" fill="inherit"/></g>', "#ff0000"),
        ('<g fill="red"><rect id="a" fill="nonsense"/></g>', "#ff0000"),
        ('<g fill="red"><rect id="a" style="fill:initial"/></g>', "#000000"),
        ('<rect id="a" fill="red" style="fill: #0F0"/>', "#00ff00"),
        ('<style>rect{fill:blue}</style><rect id="a" fill="red"/>', "#0000ff"),
        ('<style>rect{fill:blue}</style><rect id="a" style="fill:red"/>', "#ff0000"),
        ('<style>rect{fill:blue!important}</style><rect id="a" style="fill:red"/>', "#0000ff"),
        ('<style>#a{fill:blue} .c{fill:red} rect{fill:lime}</style><rect id="a" class="c"/>', "#0000ff"),
        ('<style>.c{fill:blue} .d{fill:red}</style><rect id="a" class="d c"/>', "#ff0000"),
        ('<style>g rect:first-child{fill:blue}</style><g><rect id="a"/></g>', "#0000ff"),
        ('<style>rect[width="5"]{fill:blue}</style><rect id="a" width="5"/>', "#0000ff"),
        ('<style><![CDATA[ g>rect{fill:blue} ]]></style><g><rect id="a"/></g>', "#0000ff"),
        ('<style type="text/other">rect{fill:blue}</style><rect id="a"/>', "#000000"),
        ("<style>@media print{rect{fill:red}} @media screen{rect{fill:blue}}</style><rect id='a'/>", "#0000ff"),
        ("<style>rect{fill:blue; fill:nonsense}</style><rect id='a'/>", "#0000ff"),
        ('<g color="lime"><rect id="a" fill="currentColor"/></g>', "#00ff00"),
        ('<g color="lime" fill="currentColor"><rect id="a" color="blue"/></g>', "#0000ff"),
    ],
)
def test_which_fill_wins(body: str, colour: str) -> None:
    assert fill(body) == colour


def test_style_sheets_that_cannot_be_read_are_said() -> None:
    document, _ = styled("<g/>")
    cascade = Cascade([("@import 'x.css';\nrect:hover(3{", 5)], document.root)
    assert cascade.unread[0] == ("@import (external references are not read)", 5)


def test_elements_of_one_kind_share_a_style() -> None:
    _, found = styled('<rect id="a" fill="red"/><rect id="b" fill="red"/><rect id="c" fill="blue"/>')
    assert found["a"] is found["b"]
    assert found["a"] is not found["c"]


def test_opacity_and_display_are_not_inherited() -> None:
    _, found = styled('<g id="g" opacity="0.5" display="none"><rect id="a"/></g>')
    assert (found["g"].opacity, found["g"].is_displayed) == (0.5, False)
    assert (found["a"].opacity, found["a"].is_displayed) == (1.0, True)


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("RED", ("#ff0000", 1.0)),
        ("#abc", ("#aabbcc", 1.0)),
        ("#11223380", ("#112233", 128 / 255)),
        ("rgb(10%, 20%, 100%)", ("#1a33ff", 1.0)),
        ("rgb(300, -5, 20)", ("#ff0014", 1.0)),
        ("rgba(1 2 3 / 50%)", ("#010203", 0.5)),
        ("hsl(120, 100%, 25%)", ("#008000", 1.0)),
        ("currentcolor", ("currentColor", 1.0)),
        ("rebeccapurple", ("#663399", 1.0)),
        ("bordeaux", None),
        ("", None),
    ],
)
def test_colours(text: str, colour: tuple[str, float] | None) -> None:
    assert read_colour(text) == colour


def test_paints() -> None:
    assert read_paint("none") == Paint()
    assert read_paint("url(#a)") == Paint(server="a")
    assert read_paint("url( '#a b' ) red") == Paint("#ff0000", 1.0, "a b", has_fallback=True)
    assert read_paint("context-stroke") == Paint(context="context-stroke")
    assert read_paint("red icc-color(x, 1)") == Paint("#ff0000")
    assert read_paint("42") is None


@pytest.mark.parametrize(
    ("text", "value"), [("0.5", 0.5), ("50%", 0.5), ("7", 1.0), ("-1", 0.0), ("x", None), ("nan", None)]
)
def test_opacities(text: str, value: float | None) -> None:
    assert read_opacity(text) == value


@pytest.mark.parametrize(
    ("text", "px"),
    [
        ("12", 12.0), ("12px", 12.0), ("1in", 96.0), ("2.54cm", 96.0), ("25.4mm", 96.0), ("72pt", 96.0), ("6pc", 96.0),
        ("101.6Q", 96.0), ("10%", 20.0), ("2em", 40.0), ("2ex", 20.0), ("1rem", 16.0), ("10vw", 20.0), ("-.5e1", -5.0),
        ("1_0", -7.0), ("12 furlongs", -7.0), ("inf", -7.0), ("nan", -7.0), ("", -7.0), ("1e400", -7.0),
    ],
)  # fmt: skip
def test_lengths(text: str, px: float) -> None:
    assert LengthContext(200.0, 100.0, font_px=20.0).px(text, "x", -7.0) == pytest.approx(px)


def test_percentages_take_the_side_they_run_along() -> None:
    lengths = LengthContext(300.0, 400.0)
    assert [lengths.px("10%", axis) for axis in "xyd"] == pytest.approx([30.0, 40.0, 50.0 / 2**0.5])


@pytest.mark.parametrize(
    ("aspect", "corners"),
    [
        (None, [(0, 50), (100, 150)]),
        ("none", [(0, 0), (100, 200)]),
        ("xMinYMin", [(0, 0), (100, 100)]),
        ("xMaxYMax meet", [(0, 100), (100, 200)]),
        ("xMaxYMid slice", [(-100, 0), (100, 200)]),
        ("nonsense", [(0, 50), (100, 150)]),
    ],
)
def test_view_boxes(aspect: str | None, corners: list[tuple[float, float]]) -> None:
    (a, b, c, d, e, f), is_slice = fit_view_box(ViewBox(10.0, 20.0, 10.0, 10.0), 100.0, 200.0, aspect)
    found = [(a * x + c * y + e, b * x + d * y + f) for x, y in ((10, 20), (20, 30))]
    assert found == [pytest.approx(corner) for corner in corners]
    assert is_slice == bool(aspect and "slice" in aspect)


def test_view_boxes_that_are_none() -> None:
    for text in (None, "", "1 2 3", "0 0 0 5", "0 0 -5 5", "0 0 a 5", "0 0 1e99 5"):
        assert read_view_box(text) is None


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("translate(10)", (11.0, 2.0)),
        ("translate(10, 20) scale(2)", (12.0, 24.0)),
        ("scale(2) translate(10,20)", (22.0, 44.0)),
        ("rotate(90)", (-2.0, 1.0)),
        ("rotate(90 1 1)", (0.0, 1.0)),
        ("skewX(45)", (3.0, 2.0)),
        ("skewY(45)", (1.0, 3.0)),
        ("matrix(1 2 3 4 5 6)", (12.0, 16.0)),
        ("rotate(0.25turn)", (-2.0, 1.0)),
        ("translate(10px,20px)", (11.0, 22.0)),
        ("", (1.0, 2.0)),
        ("none", (1.0, 2.0)),
    ],
)
def test_transforms(text: str, point: tuple[float, float]) -> None:
    matrix = read_transform(text)
    assert matrix is not None
    a, b, c, d, e, f = matrix
    assert (a * 1 + c * 2 + e, b * 1 + d * 2 + f) == pytest.approx(point)


@pytest.mark.parametrize(
    "text", ["turn(3)", "rotate(1 2)", "scale()", "matrix(1 2 3)", "translate(1", "rotate(x)", "5"]
)
def test_transforms_that_cannot_be_read(text: str) -> None:
    assert read_transform(text) is None


def test_the_outer_matrix_is_applied_last() -> None:
    assert multiply((2, 0, 0, 2, 0, 0), (1, 0, 0, 1, 5, 0)) == (2, 0, 0, 2, 10, 0)
