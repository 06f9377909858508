"""What only the whole job shows: waivers, rounding, and places for what dialects find."""

from pathlib import Path

import pytest

from lasercam.model.finding import Finding
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from tests.support.jobs import DOTS, GOOD, broken, write_job


def findings(folder: Path, text: str) -> dict[str, Finding]:
    """Findings of a job by code; the first of each."""
    loaded = load_job(write_job(folder, text))
    return {f.code: f for f in reversed(judge(loaded, plan_job(loaded)).findings)}


def waive(code: str, on: str, text: str = GOOD) -> str:
    """The job with one waiver."""
    return f"{text}waive:\n  - {{code: {code}, on: {on}, because: tested}}\n"


@pytest.mark.parametrize("on", ["recipes", "recipes.dual", "'recipes.*'"])
def test_a_waiver_covers_what_it_names(tmp_path: Path, on: str) -> None:
    loaded = load_job(write_job(tmp_path, waive("W_SELF_FOCUS", on)))
    found = [f for f in judge(loaded, plan_job(loaded)).findings if f.code == "W_SELF_FOCUS"]
    assert {f.on: f.waived for f in found}["recipes.dual"] == "tested"


def test_a_waiver_of_something_else_covers_nothing_and_is_named(tmp_path: Path) -> None:
    found = findings(tmp_path, waive("W_SELF_FOCUS", "recipes.du"))
    assert found["W_SELF_FOCUS"].waived is None
    assert "recipes.dual" in found["W_WAIVER_UNUSED"].hint


@pytest.mark.parametrize("code", ["E_POWER_IDENTITY", "E_DUPLICATE", "E_ENVELOPE", "E_NOTHING_LIKE_IT"])
def test_what_cannot_be_waived_is_an_error(tmp_path: Path, code: str) -> None:
    found = findings(tmp_path, waive(code, "recipes"))
    assert found["E_WAIVER"].blocks
    assert code in found["E_WAIVER"].message


def test_rounding_is_said_and_large_rounding_warned_of(tmp_path: Path) -> None:
    """24 µm on a grid of 10 µm: gaps of 20 and 30 µm in turn, up to 4 µm off."""
    shipped = load_job(write_job(tmp_path)).inputs.read_files["machine", "fs1030-linuxcnc"].content
    (tmp_path / "machine_profiles").mkdir()
    coarse = shipped.replace(b"machine: fs1030-linuxcnc", b"machine: coarse").replace(
        b"increment: 10 nm", b"increment: 10 um"
    )
    (tmp_path / "machine_profiles" / "coarse.yaml").write_bytes(coarse)
    text = DOTS.replace("[30 um, 30 um,", "[24 um, 24 um,")
    assert "W_ROUNDED" not in findings(tmp_path, text)
    found = findings(tmp_path, text.replace("fs1030-linuxcnc", "coarse"))["W_ROUNDED"]
    assert "x 4e+03 nm" in found.message
    assert found.value == pytest.approx(4.0, abs=4.0)


def test_what_a_dialect_finds_has_a_place(tmp_path: Path) -> None:
    text = broken("exposure: 1 s", "exposure: 1.03 s", DOTS).replace("fs1030-linuxcnc", "fs1030-grbl")
    found = findings(tmp_path, text)["E_DWELL_GRID"]
    assert found.location is not None
    assert found.location.line == text[: text.index("dot: {")].count("\n") + 1
