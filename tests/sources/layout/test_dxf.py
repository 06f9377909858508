"""CAD drawings: curves within their tolerance, units as stated or asked for, nothing left out in silence."""

import io
from contextlib import suppress
from math import hypot, pi
from typing import Any

import ezdxf
import numpy as np
import pytest

from lasercam.errors import InputError
from lasercam.sources.layout import dxf_entities
from lasercam.sources.layout.dxf import Dxf
from tests.support.assets import plain_dxf, plan_dxf
from tests.support.sources import joined, make


def source(content: bytes, **keys: Any) -> Dxf:
    return make(Dxf, {"type": "dxf", "file": "a.dxf", **keys}, assets={"a.dxf": content})


def drawn(draw: Any, insunits: int = 13) -> bytes:
    """A drawing in µm."""
    document = ezdxf.new("R2010")
    document.header["$INSUNITS"] = insunits
    draw(document.modelspace())
    out = io.StringIO()
    document.write(out)
    return out.getvalue().encode()


def test_layers_are_parts() -> None:
    layout = source(plan_dxf())
    assert layout.parts.atoms == ("array", "axes", "cut", "fine_dots", "solid")
    assert "1 entities on layers that are off or frozen are not written" in layout.notes
    block = joined(layout.features())
    assert np.bincount(block.part).tolist() == [6, 3, 3, 1, 1]


def test_closed_lines_inside_each_other_make_holes_or_join() -> None:
    keys = {"fill": "hatch", "hatch_pitch": "10 um", "layers": ["cut"], "tolerance": "0.01 um"}
    half_disc_and_triangle = 0.5 + pi / 8
    for rule, wanted in (("evenodd", pi * (0.25 - 0.0625)), ("nonzero", pi * 0.25)):
        area = source(plan_dxf(), fill_rule=rule, **keys).area()
        assert area is not None
        assert area.area_um2 == pytest.approx((wanted + half_disc_and_triangle) * 1e6, rel=1e-4)


@pytest.mark.parametrize("tolerance", [0.01, 0.1, 2.0])
def test_curves_stay_within_the_tolerance(tolerance: float) -> None:
    def draw(space: Any) -> None:
        space.add_circle((0, 0), 500)
        space.add_arc((0, 0), 700, 30, 200)
        space.add_lwpolyline([(-900, 0, 1), (900, 0, 1)], format="xyb", close=True)

    block = joined(source(drawn(draw), tolerance=f"{tolerance} um", origin="file").features())
    for i, radius in zip(range(3), (500.0, 900.0, 700.0), strict=True):
        xy = block.xyz_um[block.offsets[i] : block.offsets[i + 1], :2]
        middles = (xy[1:] + xy[:-1]) / 2
        assert np.hypot(*xy.T) == pytest.approx(radius, rel=1e-9)
        assert (radius - np.hypot(*middles.T)).max() <= tolerance * 1.001
    assert len(block.xyz_um) < 40 + 3 * 900 * pi / (0.01 * 900) ** 0.5 * 4


@pytest.mark.parametrize(("insunits", "um"), [(4, 1e3), (1, 25_400.0), (13, 1.0), (12, 1e-3), (6, 1e6)])
def test_units_are_the_drawings_own(insunits: int, um: float) -> None:
    block = joined(source(drawn(lambda space: space.add_line((0, 0), (3, 4)), insunits)).features())
    assert hypot(*(block.xyz_um[1] - block.xyz_um[0])[:2]) == pytest.approx(5 * um)


def test_a_drawing_without_a_unit_asks_for_one() -> None:
    with pytest.raises(InputError, match=r"it says no unit \(\$INSUNITS\); give 'unit'"):
        source(plain_dxf(), ignore=["TEXT"])
    with pytest.raises(InputError, match="it says no unit"):
        source(plan_dxf(0))
    with pytest.raises(InputError, match=r"its \$INSUNITS is 3"):
        source(plan_dxf(3))
    with pytest.raises(InputError, match=r"is drawn in units of 1000 µm \(\$INSUNITS 4\), not in um"):
        source(plan_dxf(), unit="um")
    assert source(plain_dxf(), unit="mm", ignore=["TEXT"]).parts.atoms == ("a_b",)


def test_what_is_not_drawn_is_refused_or_named() -> None:
    with pytest.raises(InputError, match=r"holds what cannot be drawn: 1 TEXT. Convert them.*ignore: \[TEXT\]"):
        source(plain_dxf(), unit="mm")
    assert "1 TEXT left out by `ignore`" in source(plain_dxf(), unit="mm", ignore=["TEXT"]).notes
    with pytest.raises(InputError, match="names LINE, which the drawing does not hold or which is drawn"):
        source(plain_dxf(), unit="mm", ignore=["TEXT", "LINE"])


def test_hatches_are_areas() -> None:
    def draw(space: Any) -> None:
        hatch = space.add_hatch()
        hatch.paths.add_polyline_path([(0, 0), (100, 0), (100, 50), (0, 50)], is_closed=True)
        space.add_solid([(200, 0), (210, 0), (200, 10), (210, 10)])

    with pytest.raises(InputError, match="holds hatches or solids, which are areas"):
        source(drawn(draw))
    area = source(drawn(draw), fill="hatch", hatch_pitch="1 um").area()
    assert area is not None
    assert area.area_um2 == pytest.approx(5100)


def test_a_drawing_is_flat() -> None:
    with pytest.raises(InputError, match="a LINE on layer '0' leaves the plane z = 0"):
        source(drawn(lambda space: space.add_line((0, 0, 0), (1, 1, 5))))


def test_copies_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(space: Any) -> None:
        block = space.doc.blocks.new("B")
        block.add_line((0, 0), (1, 0))
        grid = {"column_count": 30_000, "row_count": 30_000, "column_spacing": 2, "row_spacing": 2}
        space.add_blockref("B", (0, 0), dxfattribs=grid)

    with pytest.raises(InputError, match="more than 10,000,000 vertices with all its copies"):
        source(drawn(draw))


def test_blocks_that_hold_themselves_are_refused() -> None:
    def draw(space: Any) -> None:
        block = space.doc.blocks.new("B")
        block.add_blockref("B", (1, 0))
        space.add_blockref("B", (0, 0))

    with pytest.raises(InputError, match="hold themselves"):
        source(drawn(draw))


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 50, b"0\nSECTION\n2\nENTITIES\n0\nLINE\n", b"%PDF-1.4", b"AutoCAD Binary DXF\r\n"]
)
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(InputError, match=r"a\.dxf"):
        source(content, unit="mm")


def test_damaged_drawings_end_in_words() -> None:
    good = plan_dxf()
    for cut in range(len(good) // 9, len(good), len(good) // 9):
        for content in (good[:cut], good[:cut] + b"\nnan\n" + good[cut:]):
            with suppress(InputError):
                source(content)


def test_places_that_are_no_numbers_are_refused() -> None:
    content = drawn(lambda space: space.add_line((0, 0), (12345, 1)))
    for bad in (b"nan", b"inf", b"1e400"):
        with pytest.raises(InputError):
            source(content.replace(b"12345.0", bad))


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    content = plan_dxf()
    monkeypatch.setitem(sys.modules, "ezdxf", None)
    with pytest.raises(InputError, match=r"pip install 'lasercam\[layouts\]'"):
        source(content)
    assert dxf_entities.MAX_VERTICES == 10_000_000
