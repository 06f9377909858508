"""Jobs in Python: the same rows as from a file, the same checks, errors named by key path."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lasercam as lc
from lasercam.api.words import plain
from lasercam.model import job as documents
from lasercam.model.sample import Sample as SampleDocument
from lasercam.schema.tree import parse_yaml
from lasercam.schema.yaml_text import yaml_text
from tests.support.jobs import GOOD, write_job

SPOT = lc.Supplied(value="4 um", definition="1/e^2 radius", source="example value")


def five_lines(**changed: Any) -> lc.Job:
    """GOOD, in code."""
    keys: dict[str, Any] = {
        "machine": "fs1030-linuxcnc",
        "sample": lc.Sample(
            id="A7", material="br_i_borosilicate", size=["10 mm", "10 mm", "2 mm"], refractive_index=1.52
        ),
        "patterns": {
            "grid": lc.Pattern("lines", count=5, pitch="50 um", length="300 um", at=["1 mm", "1 mm"], depth="200 um")
        },
        "recipes": {
            "dual": lc.Recipe(
                process="glass_bri_lines",
                pulse_energy="50 uJ",
                repetition_rate="10 kHz",
                average_power="500 mW",
                speed="0.4 mm/s",
            ),
            "red": lc.Recipe(process="glass_bri_rewrite", like="dual"),
        },
        "steps": [
            lc.Step(name="first", write={"grid.lines": "dual"}),
            lc.Step(name="again", rewrite={"grid.odd": "red"}),
        ],
        "supply": {
            "glass_bri_lines": {"spot_radius": SPOT},
            "glass_bri_rewrite": {
                "spot_radius": SPOT,
                "speed": {"value": "0.4 mm/s", "source": "example value"},
                "max_rewrites": {"value": "1", "source": "example value"},
                "reversibility": {"value": "one-way", "source": "example value"},
            },
        },
    }
    return lc.Job("good", **{**keys, **changed})


def rows(job: lc.Job) -> list[bytes]:
    return [array.tobytes() for block in job.blocks() for array in block.arrays]


def test_code_and_file_make_the_same_rows_and_the_same_verdict(tmp_path: Path) -> None:
    coded, read = five_lines(), lc.load(write_job(tmp_path))
    assert rows(coded) == rows(read)
    assert coded.document == read.document
    assert [(f.code, f.on, f.message) for f in coded.verdict.findings] == [
        (f.code, f.on, f.message) for f in read.verdict.findings
    ]


def test_a_job_written_in_code_is_a_job_file(tmp_path: Path) -> None:
    job = five_lines(title="NO: five lines # of 12", seed=3)
    again = lc.load(job.save(tmp_path / "job.yaml"))
    assert again.text == job.text
    assert again.document.title == "NO: five lines # of 12"
    assert rows(again) == rows(job)
    with pytest.raises(lc.InputError, match="exists already"):
        job.save(tmp_path / "job.yaml")


def test_it_is_built_and_proven(tmp_path: Path) -> None:
    built = five_lines().build(tmp_path / "out", pictures=False)
    assert built.proof.holds
    assert [p.name for p in built.programs] == ["01-first.ngc", "02-again.ngc"]
    assert lc.verify(built.folder).exposures == {"01-first.ngc": 5, "02-again.ngc": 3}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"machine": "fs1030-linuxcnq"}, "^machine: unknown machine 'fs1030-linuxcnq'; did you mean"),
        ({"patterns": {"grid": lc.Pattern("lines", cuont=5)}}, "patterns.grid.cuont: unknown key 'cuont'; did you"),
        ({"patterns": {"grid": lc.Pattern("lynes", count=5)}}, "patterns.grid.type: unknown pattern type 'lynes'"),
        (
            {"patterns": {"grid": lc.Pattern("lines", count=5, pitch=50, length="1 mm")}},
            "patterns.grid.pitch: pitch: '50' has no unit",
        ),
        (
            {"steps": [lc.Step(name="first", write={"grid.lines": "duel"})]},
            r"steps\[0\].write.grid.lines: unknown recipe 'duel'; did you mean 'dual'",
        ),
        ({"recipes": {"dual": lc.Recipe(speed="0.4 mm")}}, "recipes.dual.speed: speed: "),
        ({"waive": [{"code": "W_X", "on": "machine"}]}, r"waive\[0\].*because"),
    ],
)  # fmt: skip
def test_problems_are_named_by_key_path(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(lc.InputError, match=said) as caught:
        five_lines(**changed)
    assert all(problem.location is None for problem in caught.value.problems)
    assert "<job in code>" not in str(caught.value)


def test_what_no_file_can_hold_is_refused() -> None:
    with pytest.raises(lc.LasercamError, match="complex cannot stand in a job file"):
        five_lines(title=1j)


@pytest.mark.parametrize(
    ("word", "document"),
    [
        (lc.Sample, SampleDocument),
        (lc.Recipe, documents.RecipeText),
        (lc.Step, documents.Step),
        (lc.Heat, documents.HeatStep),
        (lc.Soak, documents.SoakStep),
        (lc.Remount, documents.RemountStep),
        (lc.Read, documents.ReadStep),
        (lc.Supplied, documents.SuppliedText),
        (lc.Waiver, documents.WaiverText),
    ],
)
def test_words_are_the_keys_of_job_files(word: Any, document: Any) -> None:
    assert {f.name for f in fields(word)} == set(document.model_fields)
    required = {name for name, info in document.model_fields.items() if info.is_required()}
    assert {f.name for f in fields(word) if f.default is not None} == required


def test_a_pattern_has_the_keys_of_every_pattern() -> None:
    written = lc.Pattern("x", at=("1 mm", "2 mm"), depth="1 um", rotate="2 deg", mirror="x", array={}, inside="a",
                         outside=["b"]).written()  # fmt: skip
    assert set(written) == set(documents.Placement.model_fields)


def test_features_lie_on_the_sample() -> None:
    job = five_lines(patterns={
        "grid": lc.Pattern("lines", count=5, pitch="50 um", length="300 um", at=["1 mm", "2 mm"], depth="200 um",
                           array={"counts": [2, 1], "pitch": ["1 mm", "1 mm"]})
    })  # fmt: skip
    vertices = np.concatenate([block.xyz_um for block in job.features("grid")])
    assert len(vertices) == 20
    assert vertices.min(axis=0).tolist() == [1000.0, 2000.0, 200.0]
    assert vertices.max(axis=0).tolist() == [2300.0, 2200.0, 200.0]
    with pytest.raises(lc.UsageError, match="did you mean 'grid'"):
        job.features("gird")


def test_blocks_are_columns_in_ticks() -> None:
    job = five_lines()
    block = next(iter(job.blocks()))
    written = block.end_ticks[block.kind == lc.RowKind.LINE] / lc.TICKS_PER_UM
    assert written[:, 0].tolist() == pytest.approx([1300.0, 1000.0, 1300.0, 1000.0, 1300.0])
    assert sum(len(b) for b in job.blocks()) == job.toolpath.header.n_rows


def test_notebooks_see_it(tmp_path: Path) -> None:
    job = five_lines(title="<five & lines>")
    picture = job.preview()
    assert picture._repr_png_() == picture.content
    assert picture.content.startswith(b"\x89PNG")
    assert picture._repr_svg_() is None
    svg = job.preview(form="svg", step=1)
    assert (svg._repr_svg_() or "").lstrip().startswith("<?xml")
    assert picture.save(tmp_path / "a.png").read_bytes() == picture.content
    with pytest.raises(lc.InputError, match="does not end so"):
        picture.save(tmp_path / "a.svg")
    page = job._repr_html_()
    assert "&lt;five &amp; lines&gt;" in page
    assert "data:image/png;base64," in page
    assert "N_CANDIDATE" in page
    with pytest.raises(lc.UsageError):
        job.preview("xray")


def test_pictures_know_every_option(tmp_path: Path) -> None:
    job = five_lines()
    pages = job.draw_layers(tmp_path / "layers.svg", "order", step=1)
    assert [page.name for page in pages] == ["layers-001.svg"]
    seen = {job.preview("uv").content, job.preview("uv", false_colour=True).content}
    assert len({*seen, job.preview("uv", response="luminance").content}) == 3
    with (tmp_path / "page.html").open("wb") as out:
        assert "rows" in job.write_page(out)
    assert (tmp_path / "page.html").read_bytes().startswith(b"<!doctype html>")


def test_a_shipped_job_by_name() -> None:
    assert lc.example("qr_two_state").name == "qr_two_state"
    with pytest.raises(lc.UsageError, match="did you mean 'qr_two_state'"):
        lc.example("qr_two_stat")


def test_text_that_was_read_stays_as_it_was() -> None:
    assert lc.Job.from_text(GOOD).text == GOOD


TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn"]) | st.sampled_from("\x85\t\x7f: #'\"-{}[],&*!|>%@`")
)
VALUES = st.recursive(
    TEXTS | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def as_text(value: Any) -> Any:
    """Plain data as lasercam reads it back: scalars are texts."""
    if isinstance(value, Mapping):
        return {k: as_text(v) for k, v in value.items()}
    if isinstance(value, list):
        return [as_text(v) for v in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4))
def test_yaml_texts_are_read_back(data: dict[str, Any]) -> None:
    assert parse_yaml(yaml_text(data), "x").data == as_text(data)


def test_words_become_plain_data() -> None:
    step = lc.Step(name="furnace", heat=lc.Heat(hold_time="1 h", temperature="500 degC"))
    assert plain([step]) == [{"name": "furnace", "heat": {"hold_time": "1 h", "temperature": "500 degC"}}]
