"""Builds appear whole or not at all, and are the same bytes everywhere."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lasercam.errors import InputError, RefusedError
from lasercam.model.finding import Finding, Severity, Verdict
from lasercam.pipeline.build import build
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.manifest import read_manifest
from lasercam.pipeline.planning import plan_job
from tests.pipeline.conftest import Built
from tests.support.jobs import DOTS, GOOD, write_job


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_same_job_gives_the_same_bytes(built: Built) -> None:
    assert contents(built(GOOD, "a")) == contents(built(GOOD, "b"))


def test_a_build_holds_a_file_per_section_and_its_inputs(built: Built) -> None:
    folder = built(GOOD)
    manifest = read_manifest(folder)
    assert [p.file for p in manifest.programs] == ["01-first.ngc", "02-again.ngc"]
    assert (folder / "inputs" / "job.yaml").read_text() == GOOD
    assert {k.partition(":")[0] for k in manifest.inputs} == {"job", "machine", "process"}
    assert "glass_bri_rewrite" in json.loads((folder / "inputs" / "index.json").read_text()).__str__()


def test_recipes_of_another_energy_get_a_file_of_their_own(built: Built) -> None:
    text = DOTS.replace("counts: [6, 5, 3]", "counts: [6, 5, 3], vary: layer").replace(
        "pulse_energy: 50 uJ", "pulse_energy: [50 uJ, 60 uJ, 70 uJ]"
    )
    manifest = read_manifest(built(text))
    assert [p.file for p in manifest.programs] == [f"01-write.0{i}-of-03.ngc" for i in (1, 2, 3)]


def test_nothing_is_written_with_an_error(tmp_path: Path) -> None:
    loaded = load_job(write_job(tmp_path))
    toolpath = plan_job(loaded)
    verdict = Verdict((Finding("E_X", Severity.ERROR, "no", "job"),), toolpath.header.digest, "")
    with pytest.raises(RefusedError, match="nothing is written"):
        build(loaded, toolpath, verdict, tmp_path / "out")
    other = Verdict((), "0" * 64, "")
    with pytest.raises(RefusedError, match="another toolpath"):
        build(loaded, toolpath, other, tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["job.yaml"]


def test_a_strange_folder_is_left_alone(tmp_path: Path) -> None:
    loaded = load_job(write_job(tmp_path))
    toolpath = plan_job(loaded)
    verdict = judge(loaded, toolpath)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("do not touch")
    for replace_existing in (False, True):
        with pytest.raises(InputError, match="not a build"):
            build(loaded, toolpath, verdict, tmp_path / "mine", replace_existing=replace_existing)
    assert contents(tmp_path / "mine") == {"thesis.txt": b"do not touch"}


def test_an_earlier_build_is_replaced_only_when_asked(built: Built, tmp_path: Path) -> None:
    folder = built(GOOD)
    before = contents(folder)
    loaded = load_job(write_job(tmp_path, DOTS))
    toolpath = plan_job(loaded)
    verdict = judge(loaded, toolpath)
    with pytest.raises(InputError, match="--replace"):
        build(loaded, toolpath, verdict, folder, pictures=False)
    assert contents(folder) == before
    build(loaded, toolpath, verdict, folder, pictures=False, replace_existing=True)
    assert read_manifest(folder).job == "dots"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["job.yaml", "out"]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_build_leaves_no_half_file(tmp_path: Path, how: signal.Signals) -> None:
    many = DOTS.replace("counts: [6, 5, 3]", "counts: [500, 500, 16]").replace("[30 um, 30 um,", "[10 um, 10 um,")
    job = write_job(tmp_path, many)
    command = [sys.executable, "-m", "lasercam", "build", str(job), "-o", str(tmp_path / "out"), "--no-pictures"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if any(f.stat().st_size > 0 for f in tmp_path.glob(".out.unfinished-*/*.ngc")):
            break
        time.sleep(0.005)
    process.send_signal(how)
    process.wait(60)
    assert not (tmp_path / "out").exists(), "the folder appears complete or not at all"
    build_again = subprocess.run([*command[:-1], "--no-pictures"], capture_output=True, text=True, check=False)
    assert build_again.returncode == 0, build_again.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["job.yaml", "out"], "what was left over is cleared away"
