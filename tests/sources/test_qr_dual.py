"""Two codes in one area: cells against two encodings of their own, and both read from simulated pictures."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError

from lasercam.errors import InputError
from lasercam.model.toolpath import RowKind
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from lasercam.preview.emission import RecipeEffect, StepRows, simulate_emission
from lasercam.preview.exposed_rows import ExposedRows
from lasercam.preview.views import render_view
from lasercam.readback.qr import read_qr
from lasercam.sources.qr_dual import QrDual
from lasercam.sources.qr_matrix import encode, size_of
from tests.preview.samples import line, outcome
from tests.support.sources import joined, make

MODULE_UM = 12.0
A, B = "https://example.org/decoy", "the secret"


def dual(mode: str, **keys: object) -> QrDual:
    said = {"text_a": A, "text_b": B, "module": MODULE_UM, "mode": mode, **keys}
    return make(QrDual, {"type": "qr_dual", **said})


def counts(source: QrDual, part: str) -> NDArray[np.int64]:
    """Dots or lines per module of a part, row 0 at the top, quiet zone included."""
    block = joined(source.features(1000))
    block = block.take(np.isin(block.part, source.parts.select(part)))
    side = round(source.area().bounds_um()[2] / MODULE_UM)
    first, last = block.xyz_um[block.offsets[:-1], :2], block.xyz_um[block.offsets[1:] - 1, :2]
    found = np.zeros((side, side), np.int64)
    row = np.floor(first[:, 1] / MODULE_UM).astype(int)
    begin, end = (np.floor(p[:, 0] / MODULE_UM).astype(int) for p in (first, last))
    for r, b, e in zip(row, begin, end, strict=True):
        found[side - 1 - r, b : e + 1] += 1
    return found


def expected(text: str, version: int, level: str = "M") -> NDArray[np.bool_]:
    return np.pad(encode(text.encode(), level, version), 4)


@pytest.mark.parametrize("keys", [{"per_module": 3}, {"per_module": 4, "fill": "hatch"}], ids=["dots", "hatch"])
def test_channels_are_the_four_combinations(keys: dict[str, Any]) -> None:
    source = dual("channels", **keys)
    a, b = expected(A, 2), expected(B, 2)
    wanted = {"only_a": a & ~b, "only_b": b & ~a, "both": a & b, "a": a, "b": b, "all": a | b}
    for part, cells in wanted.items():
        assert np.array_equal(counts(source, part) > 0, cells), part
    per_cell = np.unique(counts(source, "all"))
    # Finder patterns of dots are written twice as densely.
    assert per_cell.tolist() == ([0, 4] if "fill" in keys else [0, 9, 36])


@pytest.mark.parametrize(("fill", "dim", "bright"), [("hatch", 1, 5), ("dot_cluster", 1, 25)])
def test_decoys_are_counts(fill: str, dim: int, bright: int) -> None:
    source = dual("decoy_count", fill=fill, per_module=5)
    a, b = expected(A, 2), expected(B, 2)
    inner = np.pad(np.ones((25, 25), bool), 4)
    for part, cells in {"many": a, "few": inner & ~a, "secret": b, "plain": inner & ~b, "many_secret": a & b}.items():
        assert np.array_equal(counts(source, part) > 0, cells), part
    assert np.array_equal(counts(source, "all"), np.where(a, bright, np.where(inner, dim, 0)))


@settings(max_examples=25, deadline=None)
@given(st.text(min_size=1, max_size=200), st.text(min_size=1, max_size=60), st.sampled_from("LMQH"))
def test_both_codes_take_the_version_that_fits_the_longer(a: str, b: str, level: str) -> None:
    if a == b:
        return
    source = dual("channels", text_a=a, text_b=b, error_correction=level)
    alone = [len(encode(text.encode(), level)) for text in (a, b)]
    assert [len(m) for m in source.modules] == [max(alone)] * 2
    assert [square.payload for square in source.code_squares] == [a.encode(), b.encode()]


def test_lines_of_touching_modules_keep_half_a_pitch_each() -> None:
    block = joined(dual("decoy_count", fill="hatch", per_module=3).features())
    assert not block.all_dots
    ends = block.xyz_um[:, 0].reshape(-1, 2) % MODULE_UM
    assert ends[:, 0] == pytest.approx(np.full(len(ends), 2.0), abs=1e-6)
    assert ends[:, 1] == pytest.approx(np.full(len(ends), 10.0), abs=1e-6)


def rows(source: QrDual, parts: str, recipe: int) -> StepRows:
    block = joined(source.features())
    block = block.take(np.isin(block.part, source.parts.select(parts)))
    first, last = block.xyz_um[block.offsets[:-1]], block.xyz_um[block.offsets[1:] - 1]
    n = len(block)
    kind = np.where((first == last).all(axis=1), RowKind.DOT, RowKind.LINE).astype(np.uint8)
    made = ExposedRows(first, last, kind, np.zeros(n, np.int64), np.full(n, recipe, np.int64))
    return StepRows(f"{parts} {recipe}", lambda: iter([made]))


@pytest.mark.parametrize("keys", [{"per_module": 3}, {"per_module": 4, "fill": "hatch"}], ids=["dots", "hatch"])
def test_each_channel_is_read_behind_its_filter(keys: dict[str, Any]) -> None:
    source = dual("channels", **keys)
    green, red = (outcome("adds", line(peak, 20.0)) for peak in (514.0, 655.0))
    effects = [RecipeEffect("green", green, 3.5), RecipeEffect("red", red, 3.5)]
    seen = simulate_emission([rows(source, "a", 0), rows(source, "b", 1)], effects, pixel_um=MODULE_UM / 6)
    texts = {view: [c.text for c in read_qr(render_view(seen, view)[-1].rgb)] for view in ("uv+sp560", "uv+lp645")}
    assert texts == {"uv+sp560": [A], "uv+lp645": [B]}
    first_only = render_view(seen, "uv+lp645")[0]
    assert read_qr(first_only.rgb) == ()


def test_a_dotted_decoy_is_read_by_brightness_and_the_secret_by_colour() -> None:
    source = dual("decoy_count", per_module=2)
    both = outcome("adds", line(514.0, 20.0), line(613.0))
    again = outcome("replaces", line(655.0))
    effects = [RecipeEffect("both", both, 5.0), RecipeEffect("again", again, 5.0)]
    seen = simulate_emission([rows(source, "all", 0), rows(source, "secret", 1)], effects, pixel_um=MODULE_UM / 8)
    before, after = render_view(seen, "uv")
    assert [c.text for c in read_qr(before.rgb)] == [A]
    found = {c.text: c.rung.plane for c in read_qr(after.rgb, [A.encode(), B.encode()])}
    assert set(found) == {A, B}
    assert found[B] in ("green", "red share"), "colour tells the secret, brightness does not"
    assert [c.text for c in read_qr(render_view(seen, "uv+lp645")[1].rgb)] == [B]


def test_a_large_secret_is_read_without_a_filter_by_its_colour() -> None:
    """What a colour camera can tell must not be reported as hidden, at any size."""
    source = dual("decoy_count", fill="hatch", per_module=3, version=15)
    both, again = outcome("adds", line(514.0, 20.0), line(613.0)), outcome("replaces", line(655.0))
    effects = [RecipeEffect("both", both, 2.0), RecipeEffect("again", again, 2.0)]
    seen = simulate_emission([rows(source, "all", 0), rows(source, "secret", 1)], effects, pixel_um=MODULE_UM / 6)
    assert {c.text for c in read_qr(render_view(seen, "uv")[1].rgb, [A.encode(), B.encode()])} == {A, B}


def test_the_shipped_job_needs_no_word_about_crossings_or_spacing() -> None:
    loaded = load_job(Path(__file__).parents[2] / "patterns" / "qr_dual_payload.yaml")
    verdict = judge(loaded, plan_job(loaded))
    assert {f.code for f in verdict.findings if f.waived is None} == {"N_CANDIDATE", "N_QR_READABLE", "N_ROUNDED"}
    read = {f.on: f.message for f in verdict.findings if f.code == "N_QR_READABLE"}
    assert set(read) == {"patterns.label.a", "patterns.label.b"}
    assert "after 'rewrite' it reads in uv, not in daylight, uv+lp645" in read["patterns.label.a"]
    assert "after 'both codes' it does not read in daylight, uv, uv+lp645" in read["patterns.label.b"]
    assert "reads in uv (its red share only) and uv+lp645" in read["patterns.label.b"]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"text_b": A}, "say the same"),
        ({"mode": "stacked"}, "channels"),
        ({"inset": "1 um"}, "belongs to hatch"),
        ({"solid_finder": True, "fill": "hatch"}, "solid_finder"),
        ({"version": "M2"}, "not a version"),
        ({"per_module": 1}, "greater than or equal to 2"),
    ],
)
def test_keys_that_do_not_fit_are_refused(keys: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        dual(**{"mode": "channels", **keys})


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"text_a": ""}, "'text_a' is empty"),
        ({"text_b": "\ud800"}, "half a character"),
        ({"text_b": "x" * 500, "version": 3}, "'text_b': the text has 500"),
        ({"fill": "hatch", "inset": 6.0}, "leaves nothing"),
        ({"module": 1e-4}, "at least"),
        ({"version": 40, "per_module": 100}, "at most 5,000,000"),
    ],
)
def test_codes_that_cannot_be_written_are_refused(keys: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        dual(**{"mode": "channels", **keys})


def test_notes_say_which_processes_fit() -> None:
    assert "over" in dual("channels").notes[1]
    assert "glass_bri_rewrite" in dual("decoy_count").notes[1]
    assert dual("channels").notes[0] == f"two codes of version 2, {size_of(2)} modules of 12 µm"
