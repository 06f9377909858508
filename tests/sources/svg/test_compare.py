"""The comparison with another program's picture."""

import importlib.util

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.geometry.area import Area
from lasercam.geometry.polylines import Polylines
from lasercam.sources.svg.compare import agreement, coverage
from lasercam.sources.svg.render import render
from tests.sources.svg.drawings import source

BODY = '<circle cx="100" cy="100" r="60" stroke="red"/>'


def note(drawn: object) -> str:
    found = [line for line in drawn.notes if "resvg" in line]  # type: ignore[attr-defined]
    assert len(found) <= 1
    return found[0] if found else ""


def test_agreement_is_said() -> None:
    pytest.importorskip("resvg_py", reason="resvg_py is not installed: the comparison cannot be made")
    said = note(source(BODY))
    assert said.startswith("Compared with resvg")
    assert " 1.000 " in said
    assert note(source(BODY)) == said
    assert note(source(BODY, compare=False)) == ""


@pytest.mark.parametrize(
    "keys", [{"width": "3 mm", "height": "5 mm"}, {"dpi": "72"}, {"scale": "0.1"}, {"stroke_mode": "none"}]
)
def test_sizes_do_not_matter(keys: dict[str, str]) -> None:
    pytest.importorskip("resvg_py", reason="resvg_py is not installed: the comparison cannot be made")
    body = f'{BODY}<rect x="1cm" width="50%" height="2mm" stroke="red"/>'
    assert note(source(body, fill="hatch", hatch_pitch="500 um", **keys)).startswith("Compared")


def test_what_is_left_out_is_left_out_of_both() -> None:
    pytest.importorskip("resvg_py", reason="resvg_py is not installed: the comparison cannot be made")
    body = f'{BODY}<rect id="x" width="90" height="90"/><text x="9" y="9">中</text><image href="a.png"/>'
    assert " 1.000 " in note(source(body, ignore="x", unsupported="skip"))


def test_disagreement_is_a_warning() -> None:
    pytest.importorskip("resvg_py", reason="resvg_py is not installed: the comparison cannot be made")
    # A unit that the other program does not know.
    said = note(source('<rect width="20vw" height="20vw" stroke="red"/>'))
    assert said.startswith("WARNING")
    assert "Look at the preview" in said


def test_large_drawings_are_not_compared() -> None:
    pytest.importorskip("resvg_py", reason="resvg_py is not installed: the comparison cannot be made")
    assert "too large" in note(source('<path d="M1 1h9" stroke="red"/>' * 1_001))


def test_nothing_is_said_where_the_other_program_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert note(source(BODY)) == ""


def test_what_the_other_program_cannot_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("resvg_py", reason="resvg_py is not installed: the comparison cannot be made")
    assert render("no drawing", {}) is None
    assert render("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", {}) is not None
    monkeypatch.setattr("lasercam.sources.svg.compare.render", lambda svg, options: None)
    assert "cannot make one" in note(source(BODY))


@given(st.lists(st.tuples(*[st.integers(0, 9)] * 4), min_size=1, max_size=5))
def test_coverage_is_that_of_points(corners: list[tuple[int, int, int, int]]) -> None:
    # Offsets that keep the samples off the borders.
    triangles = [
        np.array([(x + 0.071, y + 0.037), (x + w + 1.313, y + 0.119), (x + 0.211, y + h + 0.973)])
        for x, y, w, h in corners
    ]
    areas = [Area.from_rings(Polylines.from_list([triangle])) for triangle in triangles]
    found = coverage(areas, np.array([1.0, 1.0]), 12, 11)
    at = (np.arange(36) + 0.5) / 3.0
    x, y = np.meshgrid(at[:33], 12.0 - at)
    points = np.column_stack([x.ravel(), y.ravel()])
    inside = np.any([area.contains(points) for area in areas], axis=0)
    assert found == pytest.approx(inside.reshape(12, 3, 11, 3).mean(axis=(1, 3)))


def test_holes_are_not_covered() -> None:
    ring = Area.from_rectangles([[0, 0]], [[9, 9]]).difference(Area.from_rectangles([[3, 3]], [[6, 6]]))
    found = coverage([ring], np.array([1.0, 1.0]), 9, 9)
    assert found.sum() == pytest.approx(72.0)
    assert found[4, 4] == 0.0


def test_agreement_forgives_a_pixel_and_no_more() -> None:
    one = np.zeros((20, 20))
    one[5:15, 5:15] = 1.0
    assert agreement(one, one) == 1.0
    assert agreement(one, np.roll(one, 1, axis=0)) == 1.0
    far = np.roll(one, 3, axis=0)
    assert agreement(one, far) == pytest.approx(1.0 - 2 * 2 * 10 / 130)
    assert agreement(np.zeros((3, 3)), np.zeros((3, 3))) is None
