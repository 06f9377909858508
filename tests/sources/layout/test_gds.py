"""Layouts of chip-design programs: what gdstk itself flattens is what is written; hostile files end in words."""

import random
from pathlib import Path
from typing import Any

import gdstk
import numpy as np
import pytest

from lasercam.errors import InputError, LasercamError
from lasercam.sources.layout import cells as room
from lasercam.sources.layout import gds
from lasercam.sources.layout.gds import Gds, read_cells
from tests.support.assets import chips
from tests.support.sources import make

CHIPS = chips()


def written(library: Any, tmp_path: Path, suffix: str = "gds") -> bytes:
    path = tmp_path / f"a.{suffix}"
    (library.write_gds if suffix == "gds" else library.write_oas)(str(path))
    return path.read_bytes()


def source(content: bytes, **keys: Any) -> Gds:
    return make(Gds, {"type": "gds", "file": "a.gds", **keys}, assets={"a.gds": content})


def library(**options: Any) -> Any:
    return gdstk.Library(**{"unit": 1e-6, "precision": 1e-9, **options})


@pytest.mark.parametrize("name", sorted(CHIPS))
def test_what_gdstk_flattens_is_what_is_there(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(CHIPS[name])
    read = gdstk.read_gds if name.endswith("gds") else gdstk.read_oas
    (top,) = read(str(tmp_path / name), unit=1e-6).top_level()
    wanted: dict[tuple[int, int], list[Any]] = {}
    for polygon in top.get_polygons():
        wanted.setdefault((polygon.layer, polygon.datatype), []).append(np.sort(polygon.points.round(6), axis=0))
    found: dict[tuple[int, int], list[Any]] = {}
    cells, notes = read_cells(CHIPS[name], 0.01)
    for layer, kind, closed, xy in cells.expanded(cells.tops[0]):
        assert closed
        found.setdefault((layer, kind), []).extend(np.sort(one.round(6), axis=0) for one in xy)
    assert notes == ["1 label(s) are not written; draw them as polygons"]
    assert wanted.keys() == found.keys()
    for layer, polygons in wanted.items():
        here, there = (np.array(sorted(p.tolist() for p in some)) for some in (polygons, found[layer]))
        assert here == pytest.approx(there, abs=2e-6)


def test_areas_are_those_of_gdstk(tmp_path: Path) -> None:
    (tmp_path / "a.gds").write_bytes(CHIPS["chip.gds"])
    (top,) = gdstk.read_gds(str(tmp_path / "a.gds")).top_level()
    area = source(CHIPS["chip.gds"]).area()
    assert area is not None
    joined = gdstk.boolean(top.get_polygons(), [], "or", precision=1e-9)
    assert area.area_um2 == pytest.approx(sum(p.area() for p in joined), rel=1e-6)


@pytest.mark.parametrize(("unit", "precision"), [(1e-3, 1e-9), (1e-6, 1e-10), (1e-9, 1e-12)])
def test_units_are_the_files_own(unit: float, precision: float, tmp_path: Path) -> None:
    made = library(unit=unit, precision=precision)
    side = 20e-6 / unit
    made.new_cell("A").add(gdstk.rectangle((0, 0), (side, side)))
    low, high = (
        source(written(made, tmp_path)).area().bounds_um()[:2],
        source(written(made, tmp_path)).area().bounds_um()[2:],
    )  # type: ignore[union-attr]
    assert (*low, *high) == pytest.approx((0, 0, 20, 20))


def test_overlapping_shapes_are_written_once(tmp_path: Path) -> None:
    made = library()
    made.new_cell("A").add(
        gdstk.rectangle((0, 0), (10, 10)),
        gdstk.Polygon([(5, 5), (5, 15), (15, 15), (15, 5)]),
        gdstk.Polygon([(20, 0), (30, 10), (30, 0), (20, 10)]),
    )
    area = source(written(made, tmp_path)).area()
    assert area is not None
    assert area.area_um2 == pytest.approx(175 + 50, rel=1e-6)


def test_paths_of_no_width_are_lines(tmp_path: Path) -> None:
    made = library()
    made.new_cell("A").add(gdstk.FlexPath([(0, 0), (10, 0), (10, 20)], 0, layer=7, simple_path=True))
    layout = source(written(made, tmp_path))
    (block,) = layout.features()
    assert block.xyz_um.tolist() == [[0, 0, 0], [10, 0, 0], [10, 20, 0]]
    assert layout.area() is None


def test_the_top_cell_is_found_or_asked_for(tmp_path: Path) -> None:
    made = library()
    for name in ("ONE", "TWO"):
        made.new_cell(name).add(gdstk.rectangle((0, 0), (1, 1)))
    content = written(made, tmp_path)
    with pytest.raises(InputError, match=r"2 cells are in no other: ONE, TWO\. Name one with `cell`"):
        source(content)
    assert source(content, cell="TWO").parts.atoms == ("L0",)
    with pytest.raises(InputError, match="unknown cell 'TOW'; did you mean 'TWO'"):
        source(content, cell="TOW")
    with pytest.raises(InputError, match="unknown layer 'L1'"):
        source(content, cell="TWO", layers=["L1"])


def test_copies_are_counted_before_they_are_made(tmp_path: Path) -> None:
    made = library()
    inner = made.new_cell("C0")
    inner.add(gdstk.rectangle((0, 0), (1, 1)))
    for level in range(1, 7):
        outer = made.new_cell(f"C{level}")
        outer.add(gdstk.Reference(inner, columns=1000, rows=1000, spacing=(2, 2)))
        inner = outer
    with pytest.raises(InputError, match=r"stands 1,000,000,000,000.* times|stands [\d,]+ times; at most 5,000,000"):
        source(written(made, tmp_path))


def test_cells_that_hold_themselves_are_refused() -> None:
    none = room.Repetitions(np.array([[1, 1, 0, 0, 0, 0]] * 2, float), np.zeros((0, 2)), np.zeros(0, np.int64))
    held = np.array([[0, 1, 0, 0, 0, 1, 0], [1, 0, 0, 0, 0, 1, 0]], float)
    cells = room.Cells(
        ("A", "B"), np.zeros((0, 2)), np.zeros(1, np.int64), np.zeros((0, 4), np.int64), none, held, none
    )
    with pytest.raises(LasercamError, match="holds itself"):
        list(cells.expanded(0))


def test_a_cell_that_is_not_there_is_named(tmp_path: Path) -> None:
    made = library()
    made.new_cell("A").add(gdstk.Reference("GONE"))
    with pytest.raises(InputError, match="GONE"):
        source(written(made, tmp_path))


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gds, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'lasercam\[layouts\]'"):
        source(CHIPS["chip.gds"])


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"0\nSECTION\n", CHIPS["chip.gds"][2:]])
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(InputError, match="neither GDSII nor OASIS"):
        source(content)


@pytest.mark.parametrize("name", sorted(CHIPS))
def test_damaged_files_end_in_words(name: str) -> None:
    """gdstk itself crashes on many of these; the job's program must not."""
    chance = random.Random(8)
    good = CHIPS[name]
    refused = 0
    for _ in range(6):
        content = bytearray(good)
        for _ in range(chance.randint(1, 6)):
            content[chance.randrange(20, len(content))] = chance.randrange(256)
        try:
            source(bytes(content[: chance.choice([len(content), len(content) // 2])]))
        except InputError:
            refused += 1
    assert refused >= 2
