"""Process files of a lab: found beside the job or by the environment, marked as theirs, and kept with a build."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from lasercam.cli.main import run
from lasercam.errors import InputError
from lasercam.model.confidence import Confidence
from lasercam.pipeline.build import build
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.verify import verify_build
from lasercam.process.lab import VARIABLE
from tests.support.jobs import GOOD, broken, write_job

OURS = """\
process: our_lines
title: Lines on our stage
inherits: glass_bri_lines
source: "our notebook 7, run 12, 2026-05-02"
removes: [spot_radius]
parameters:
  pulse_energy: {typ: 42 uJ, min: 30 uJ, max: 60 uJ, confidence: measured}
  speed: {typ: 0.5 mm/s, confidence: measured}
"""
KEYS = "pulse_energy: 50 uJ, repetition_rate: 10 kHz, average_power: 500 mW, speed: 0.4 mm/s"
JOB = broken(f"process: glass_bri_lines, {KEYS}", "process: our_lines")
JOB = broken("like: dual", "pulse_energy: 42 uJ, repetition_rate: 10 kHz, speed: 0.5 mm/s", JOB)
JOB = JOB.replace("  glass_bri_lines: {spot", "  our_lines: {spot")


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)


def lab(folder: Path, name: str = "lab", text: str = OURS) -> Path:
    made = folder / name
    made.mkdir(exist_ok=True)
    (made / "lines.yaml").write_text(text, encoding="utf-8")
    return made


def with_folder(text: str = JOB, folder: str = "lab") -> str:
    return f"processes: {folder}\n{text}"


def test_a_folder_beside_the_job_adds_processes(tmp_path):
    lab(tmp_path)
    recipe = plan_job(load_job(write_job(tmp_path, with_folder()))).header.recipes[0]
    assert (recipe.laser.pulse_energy_uj, recipe.laser.rep_rate_hz, recipe.speed_nm_s) == (42.0, 10e3, 500_000)
    energy, rate = recipe.values["pulse_energy"], recipe.values["repetition_rate"]
    assert energy.confidence is Confidence.MEASURED
    assert energy.source == "our notebook 7, run 12, 2026-05-02 (lab file lines.yaml)"
    assert "10.1002/lpor.202401258" in rate.source, "what is inherited keeps its own source"
    assert "lab file" not in rate.source


def test_the_environment_names_folders_too(tmp_path, monkeypatch, capsys):
    jobs = tmp_path / "jobs"
    jobs.mkdir()
    folders = [lab(tmp_path, "a", OURS.replace("our_lines", "other")), lab(tmp_path)]
    monkeypatch.setenv(VARIABLE, f"{os.pathsep * 2}".join(map(str, folders)))
    assert load_job(write_job(jobs, JOB)).processes["other"].origin == "lines.yaml"
    assert run(["list", "processes"]) == 0
    listed = capsys.readouterr().out
    assert "our_lines" in listed
    assert "lab file lines.yaml" in listed
    assert run(["explain", "our_lines"]) == 0
    page = capsys.readouterr().out
    assert "From lines.yaml" in page
    assert "measured" in page


def test_a_build_keeps_the_lab_s_files_and_is_verified_without_them(tmp_path, monkeypatch):
    folder = lab(tmp_path)
    loaded = load_job(write_job(tmp_path, with_folder()))
    toolpath = plan_job(loaded)
    made = build(loaded, toolpath, judge(loaded, toolpath), tmp_path / "out", pictures=False)
    index = json.loads((made / "inputs" / "index.json").read_text())["files"]
    kept = {f["reference"] for f in index if f["kind"] == "process"}
    assert {"lab/our_lines/lines.yaml", "glass_bri_lines.yaml", "glass_bri_rewrite.yaml"} <= kept
    moved = tmp_path / "elsewhere" / "out"
    moved.parent.mkdir()
    shutil.move(made, moved)
    shutil.rmtree(folder)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "gone"))
    assert verify_build(moved).holds
    again = load_job(moved)
    assert again.processes["our_lines"].origin == "lines.yaml"
    assert plan_job(again).header.recipes[0].values["pulse_energy"] == toolpath.header.recipes[0].values["pulse_energy"]
    assert "lab file lines.yaml" in (moved / "runbook.md").read_text()


def test_a_kept_file_that_was_changed_is_found(tmp_path):
    lab(tmp_path)
    loaded = load_job(write_job(tmp_path, with_folder()))
    toolpath = plan_job(loaded)
    made = build(loaded, toolpath, judge(loaded, toolpath), tmp_path / "out", pictures=False)
    index = json.loads((made / "inputs" / "index.json").read_text())["files"]
    path = next(f["path"] for f in index if f["reference"].startswith("lab/"))
    file = made / "inputs" / path
    file.write_text(file.read_text().replace("42 uJ", "43 uJ"))
    assert not verify_build(made).holds


def test_a_supply_for_a_process_nothing_uses_does_not_spoil_the_build(tmp_path):
    text = GOOD + '  film_rgb_fs: {spot_radius: {value: 1 um, source: "example value"}}\n'
    loaded = load_job(write_job(tmp_path, text))
    toolpath = plan_job(loaded)
    assert verify_build(build(loaded, toolpath, judge(loaded, toolpath), tmp_path / "out", pictures=False)).holds


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("../lab", "leads out of the job's folder"),
        ("/lab", "leads out of the job's folder"),
        ("labs", "unknown folder 'labs'; did you mean 'lab'?"),
        ("lab/lines.yaml", "unknown folder"),
    ],
)
def test_folders_elsewhere_are_refused(tmp_path, reference, says):
    lab(tmp_path)
    with pytest.raises(InputError) as caught:
        load_job(write_job(tmp_path, with_folder(folder=reference)))
    assert says in str(caught.value)


def test_a_folder_that_leads_out_by_a_link_is_refused(tmp_path):
    jobs = tmp_path / "jobs"
    jobs.mkdir()
    (jobs / "lab").symlink_to(lab(tmp_path))
    with pytest.raises(InputError, match="through a link"):
        load_job(write_job(jobs, with_folder()))


def test_an_environment_folder_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "gone"))
    with pytest.raises(InputError, match="gone"):
        load_job(write_job(tmp_path, GOOD))


def test_a_lab_cannot_replace_what_is_shipped(tmp_path):
    lab(tmp_path, text=OURS.replace("process: our_lines", "process: glass_pure_br"))
    with pytest.raises(InputError, match="is shipped already"):
        load_job(write_job(tmp_path, with_folder()))


def test_a_spot_that_the_lab_measured_needs_no_supply(tmp_path):
    measured = OURS.replace("removes: [spot_radius]\n", "") + "  spot_radius: {typ: 3.5 um, confidence: measured}\n"
    lab(tmp_path, text=measured)
    text = broken(
        '  our_lines: {spot_radius: {value: 4 um, definition: 1/e^2 radius, source: "example value"}}\n',
        "",
        with_folder(),
    )
    loaded = load_job(write_job(tmp_path, text))
    toolpath = plan_job(loaded)
    spot = toolpath.header.recipes[0].values["spot_radius"]
    assert (spot.value, spot.confidence) == (3.5, Confidence.MEASURED)
    assert "lab file lines.yaml" in spot.source
    assert not [f for f in judge(loaded, toolpath).findings if f.code == "E_UNSUPPORTED" and "our_lines" in f.on]


def test_the_example_of_the_manual_is_a_process(tmp_path):
    manual = (Path(__file__).parents[2] / "lasercam/docs/recipes.md").read_text()
    (example,) = [b for b in re.findall(r"```yaml\n(.*?)```", manual, re.DOTALL) if b.startswith("# our_processes/")]
    lab(tmp_path, "our_processes", example)
    supplied = '  our_lines: {spot_radius: {value: 4 um, definition: 1/e^2 radius, source: "example value"}}\n'
    text = broken(supplied, "", JOB)
    recipe = plan_job(load_job(write_job(tmp_path, with_folder(text, "our_processes")))).header.recipes[0]
    assert (recipe.laser.pulse_energy_uj, recipe.values["spot_radius"].value) == (42.0, 4.1)
