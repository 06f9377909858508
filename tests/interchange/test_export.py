"""Exports hold what the rows say: read back by csv, NumPy, an XML parser and gdstk, none of which is ours."""

import csv
import io
import json
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree as ET

import gdstk
import numpy as np
import pytest

import lasercam as lc
from lasercam.cli.main import run
from lasercam.interchange.mask import real8
from lasercam.interchange.table import write_csv, write_npz
from tests.support.jobs import DOTS, GOOD, broken, write_job

SHOTS = Path(__file__).parents[2] / "patterns" / "microdisc_fly.yaml"
SVG = "{http://www.w3.org/2000/svg}"


def job(text: str = GOOD) -> lc.Job:
    return lc.Job.from_text(text)


def ticks(made: lc.Job, frame: str) -> np.ndarray:
    """Starts and ends of all rows, as the frame of their section says."""
    rows = []
    for block in made.blocks():
        lie = made.sections[block.section].frame
        both = (block.start_ticks, block.end_ticks)
        rows.append(np.concatenate(both if frame == "controller" else [lie.sample_ticks(t) for t in both], axis=1))
    return np.concatenate(rows)


@pytest.mark.parametrize("frame", ["sample", "controller"])
def test_csv_holds_every_row_to_the_tick(tmp_path: Path, frame: Literal["sample", "controller"]) -> None:
    made = job()
    with lc.export(made, tmp_path / "a.csv", frame=frame).open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    found = [[float(row[f"{axis}{end}_um"]) for end in "01" for axis in "xyz"] for row in rows]
    assert np.rint(np.array(found) * 1e4).astype(np.int64).tolist() == ticks(made, frame).tolist()
    assert [int(row["row"]) for row in rows] == list(range(made.toolpath.header.n_rows))
    assert {row["recipe"] for row in rows} == {"dual", "red", ""}
    assert {(row["step"], row["section"]) for row in rows} == {("first", "0"), ("again", "1")}
    kinds = [kind.name.lower() for block in made.blocks() for kind in map(lc.RowKind, block.kind.tolist())]
    assert [row["kind"] for row in rows] == kinds


def test_cells_of_a_csv_are_no_formulas(tmp_path: Path) -> None:
    made = job(GOOD.replace("name: first", 'name: "=cmd(1),2"'))
    with lc.export(made, tmp_path / "a.csv").open(newline="") as stream:
        assert next(csv.DictReader(stream))["step"] == "'=cmd(1),2"


def test_npz_holds_every_row(tmp_path: Path) -> None:
    made = job(DOTS)
    with np.load(lc.export(made, tmp_path / "a.npz"), allow_pickle=False) as found:
        rows, about = found["rows"], json.loads(str(found["about"]))
        assert found["parts"].tolist() == [part.name for part in made.toolpath.header.parts]
        assert found["steps"].tolist() == ["write"]
    assert np.concatenate((rows["start_ticks"], rows["end_ticks"]), axis=1).tolist() == ticks(made, "sample").tolist()
    for name in ("kind", "count", "recipe", "part"):
        assert rows[name].tolist() == [v for block in made.blocks() for v in getattr(block, name).tolist()]
    assert about["toolpath"] == made.toolpath.header.digest


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    for suffix in ("csv", "npz", "svg", "gds"):
        first, second = (lc.export(job(), tmp_path / f"{n}.{suffix}").read_bytes() for n in "ab")
        assert first == second


def test_svg_is_true_to_size(tmp_path: Path) -> None:
    root = ET.parse(lc.export(job(), tmp_path / "a.svg")).getroot()  # noqa: S314 # our own file
    assert (root.get("width"), root.get("viewBox")) == ("10mm", "0 0 10000 10000")
    groups = [g for g in root.iter(f"{SVG}g") if g.get("data-step")]
    assert [g.get("data-step") for g in groups] == ["first", "again"]
    first = groups[0].find(f"{SVG}path")
    assert first is not None
    assert first.get("stroke-width") == "8"
    assert first.get("data-recipe") == "dual"
    assert (first.get("d") or "").startswith("M1000 1000L1300 1000")
    assert root.find(f"{SVG}title") is not None


@pytest.mark.parametrize("text", [GOOD, DOTS])
def test_a_mask_is_read_by_another_program(tmp_path: Path, text: str) -> None:
    made = job(text)
    library = gdstk.read_gds(lc.export(made, tmp_path / "a.gds"))
    (top,) = library.top_level()
    assert (library.unit, library.precision) == (1e-6, 1e-10)
    exposures = sum(section.n_exposures for section in made.sections)
    paths, discs = top.get_paths(), top.get_polygons(include_paths=False)
    assert len(paths) + len(discs) == exposures
    found = sorted(
        [(p.layers[0], p.datatypes[0], *p.spine()[0], *p.spine()[-1]) for p in paths]
        + [(d.layer, d.datatype, *d.points.mean(axis=0)) for d in discs]
    )
    wanted = []
    for block in made.blocks():
        section = made.sections[block.section]
        start, end = (section.frame.sample_ticks(t)[:, :2] / 1e4 for t in (block.start_ticks, block.end_ticks))
        for i in np.flatnonzero(block.exposes):
            ends = end[i] if block.kind[i] == lc.RowKind.DOT else (*start[i], *end[i])
            wanted.append((section.step + 1, int(block.recipe[i]), *ends))
    assert np.array(found) == pytest.approx(np.array(sorted(wanted)), abs=1e-3)
    for path in paths:
        assert np.unique(path.widths()).tolist() == pytest.approx([8.0])
    for disc in discs:
        assert np.ptp(disc.points[:, 0]) == pytest.approx(8.0, abs=0.01)


def test_shots_become_discs(tmp_path: Path) -> None:
    made = lc.load(SHOTS)
    top = gdstk.read_gds(lc.export(made, tmp_path / "a.gds", width="1 um")).top_level()[0]
    assert len(top.get_polygons()) == sum(section.n_exposures for section in made.sections)
    svg = lc.export(made, tmp_path / "a.svg").read_text()
    assert svg.count("h0") == sum(section.n_exposures for section in made.sections)


def test_numbers_of_gdsii_are_those_of_gdstk(tmp_path: Path) -> None:
    gdstk.Library(unit=1e-6, precision=1e-9).write_gds(tmp_path / "a.gds")
    units = (tmp_path / "a.gds").read_bytes().partition(b"\x00\x14\x03\x05")[2][:16]
    assert real8(1e-3) + real8(1e-9) == units
    assert real8(0.0) == bytes(8)
    assert real8(-1.0).hex() == "c110000000000000"


def test_refusals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_job(tmp_path)
    for arguments, said in (
        (["a.pdf"], "does not end in one of .csv, .npz, .svg, .gds"),
        (["a.gds", "--frame", "controller"], "belongs to .csv and .npz"),
        (["a.csv", "--width", "1 um"], "belongs to .svg and .gds"),
        (["a.svg", "--width", "1 kg"], "--width"),
        (["a.svg", "--width", "-1 um"], "is not between"),
    ):
        assert run(["export", str(path), "-o", str(tmp_path / arguments[0]), *arguments[1:]]) == 2
        assert said in capsys.readouterr().err
        assert not (tmp_path / arguments[0]).exists()
    unknown = write_job(tmp_path, GOOD[: GOOD.index("supply:")], "unknown.yaml")
    assert run(["export", str(unknown), "-o", str(tmp_path / "a.gds")]) == 1
    assert "the spot of dual, red is not known" in capsys.readouterr().err
    assert run(["export", str(unknown), "-o", str(tmp_path / "a.gds"), "--width", "2um"]) == 0
    assert run(["export", str(path), "-o", str(tmp_path / "absent" / "a.csv")]) == 1
    assert not list(tmp_path.glob(".*"))


def test_a_mask_beyond_32_bits_is_refused(tmp_path: Path) -> None:
    far = broken("at: [1 mm, 1 mm]", "at: [300 mm, 1 mm]")
    with pytest.raises(lc.LasercamError, match="214 mm at most"):
        lc.export(job(far), tmp_path / "a.gds")
    assert not (tmp_path / "a.gds").exists()


class Nowhere(io.RawIOBase):
    """Takes bytes and counts them."""

    size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.size += len(data)  # type: ignore[arg-type]
        return len(data)  # type: ignore[arg-type]


@pytest.mark.parametrize("write", [write_csv, write_npz])
def test_memory_does_not_grow_with_rows(write: Any) -> None:
    made = job(DOTS.replace("counts: [6, 5, 3]", "counts: [40, 40, 1]"))
    block = next(iter(made.blocks()))

    def peak(blocks: int) -> int:
        long = replace(made.toolpath, stream=lambda: (block for _ in range(blocks)))
        tracemalloc.start()
        write(long, Nowhere())
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(20) < 1.1 * peak(5)
