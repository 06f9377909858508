"""Derived quantities in reports: runbook, manifest, and the check's JSON say the same."""

import json

import pytest

from lasercam.cli.main import run
from lasercam.pipeline.build import build
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.quantities import derived_by_recipe
from tests.support.jobs import broken, write_job

QR = (
    broken(
        "grid: {type: lines, count: 5, pitch: 50 um, length: 300 um, at: [1 mm, 1 mm], depth: 200 um}",
        "grid: {type: qr, text: A, module: 60 um, fill: hatch, hatch_pitch: 5 um, at: [1 mm, 1 mm], depth: 200 um}",
    )
    .replace("grid.lines", "grid.dark")
    .replace("grid.odd", "grid.dark")
)


def test_runbook_manifest_and_json_agree(tmp_path, capsys):
    job = write_job(tmp_path)
    loaded = load_job(job)
    toolpath = plan_job(loaded)
    folder = build(loaded, toolpath, judge(loaded, toolpath), tmp_path / "out", pictures=False)
    manifest = json.loads((folder / "manifest.json").read_text())["derived"]
    assert run(["check", str(job), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["derived"] == manifest
    assert set(manifest) == {"dual", "red"}
    dose = manifest["dual"]["line_dose"]
    assert dose == {"value": pytest.approx(1.25), "unit": "J/mm", "confidence": "derived", "formula": "F13: P / v"}
    assert manifest["dual"]["areal_dose"]["needs"] == ["hatch_pitch"]
    assert manifest["dual"]["areal_dose"]["value"] is None
    runbook = (folder / "runbook.md").read_text()
    assert "| line dose | 1.25 J/mm | derived | F13: P / v |" in runbook
    assert "| areal dose | unknown, needs hatch_pitch | unknown |" in runbook


def test_pitches_come_from_the_patterns_a_recipe_writes(tmp_path):
    loaded = load_job(write_job(tmp_path, QR))
    derived = derived_by_recipe(loaded, plan_job(loaded))
    assert derived["dual"]["areal_dose"]["value"] == pytest.approx(25_000.0)
    keys = "type: qr, text: B, module: 60 um, fill: hatch, hatch_pitch: 10 um, at: [5 mm, 5 mm], depth: 200 um"
    other = f"  other: {{{keys}}}\n"
    text = broken("recipes:\n", f"{other}recipes:\n", QR)
    text = broken("{grid.dark: dual}", "{grid.dark: dual, other.dark: dual}", text)
    loaded = load_job(write_job(tmp_path, text))
    derived = derived_by_recipe(loaded, plan_job(loaded))
    assert derived["dual"]["areal_dose"]["needs"] == ["hatch_pitch"], "two pitches are no pitch"
    assert derived["red"]["areal_dose"]["value"] == pytest.approx(25_000.0)
