"""Energies that the program, a person or a table sets: one chain from the job to the proof."""

import json
import re
from pathlib import Path

import pytest
import yaml

from lasercam.errors import InputError
from lasercam.model.finding import Verdict
from lasercam.pipeline.build import build
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.verify import verify_build
from tests.support.jobs import DOTS, broken, write_job

PROFILES = Path(__file__).resolve().parents[2] / "machine_profiles"
THREE = broken(
    "pulse_energy: 50 uJ", "pulse_energy: [50 uJ, 100 uJ, 150 uJ]",
    broken("depth: 200 um}", "depth: 200 um, vary: layer}", DOTS),
)  # fmt: skip


def profile(folder: Path, base: str, strength: dict[str, object], **controller: object) -> str:
    """A shipped profile with another way to set the energy, beside the job."""
    data = yaml.safe_load((PROFILES / f"{base}.yaml").read_text())
    data["machine"] = "own"
    data["laser"]["pulse_energy"] = {"min": "0.1 uJ", "max": "220 uJ", **strength}
    data["controller"].update(controller)
    (folder / "machine_profiles").mkdir(exist_ok=True)
    (folder / "machine_profiles" / "own.yaml").write_text(yaml.safe_dump(data))
    return "own"


def job(folder: Path, machine: str, text: str = THREE) -> Path:
    return write_job(folder, re.sub(r"machine: \S+", f"machine: {machine}", text, count=1))


def built(path: Path, out: Path) -> Verdict:
    loaded = load_job(path)
    toolpath = plan_job(loaded)
    verdict = judge(loaded, toolpath)
    assert not verdict.errors, verdict.errors
    build(loaded, toolpath, verdict, out, pictures=False)
    proof = verify_build(out)
    assert proof.holds, proof.mismatches
    return verdict


PLATE = {
    "law": "malus",
    "unit": "deg",
    "low": 0,
    "high": 45,
    "full": "200 uJ",
    "step": 0.001,
    "source": "example value",
}


def test_a_program_sets_the_angle_of_each_energy_in_one_file(tmp_path: Path) -> None:
    """E = 200 sin²(2θ): 50 uJ at 15°, 100 uJ at 22.5°, 150 uJ at 30°; changed at standstill, before what needs it."""
    scale = {**PLATE, "settle": "0.5 s"}
    name = profile(tmp_path, "fs1030-linuxcnc", {"control": "analog", "output": 2, "scale": scale})
    built(job(tmp_path, name), tmp_path / "out")
    (program,) = (tmp_path / "out").glob("*.ngc")
    lines = program.read_text().splitlines()
    assert [line for line in lines if line.startswith("M68")] == ["M68 E2 Q30", "M68 E2 Q22.5", "M68 E2 Q15"]
    assert all(lines[i + 1] == "G4 P0.5" for i, line in enumerate(lines) if line.startswith("M68"))
    assert "the program sets" in (tmp_path / "out" / "runbook.md").read_text()


def test_a_changed_angle_is_no_longer_the_job(tmp_path: Path) -> None:
    name = profile(tmp_path, "fs1030-linuxcnc", {"control": "analog", "output": 0, "scale": PLATE})
    built(job(tmp_path, name), tmp_path / "out")
    (program,) = (tmp_path / "out").glob("*.ngc")
    program.write_text(program.read_text().replace("Q22.5", "Q22.4"))
    messages = [m.message for m in verify_build(tmp_path / "out").mismatches]
    assert any("with the energy set to 22.4" in m and "with the energy set to 22.5" in m for m in messages), messages


def test_grbl_sets_the_energy_by_its_s_word(tmp_path: Path) -> None:
    scale = {**PLATE, "law": "linear", "unit": "S", "low": 1, "high": 1000, "full_at": 1000, "step": 1}
    name = profile(tmp_path, "fs1030-grbl", {"control": "spindle", "scale": scale})
    built(job(tmp_path, name), tmp_path / "out")
    (program,) = (tmp_path / "out").glob("*.gcode")
    words = re.findall(r"S(\d+)", program.read_text())
    assert dict.fromkeys(w for w in words if w != "0") == dict.fromkeys(["750", "500", "250"])


def test_a_person_is_told_the_angle_of_every_file(tmp_path: Path) -> None:
    """What a person sets stays a file per energy; the runbook says the angle and what it gives."""
    name = profile(tmp_path, "fs1030-linuxcnc", {"control": "operator", "scale": PLATE})
    built(job(tmp_path, name), tmp_path / "out")
    assert len(list((tmp_path / "out").glob("*.ngc"))) == 3
    runbook = (tmp_path / "out" / "runbook.md").read_text()
    for angle, energy in (("15", "50"), ("22.5", "100"), ("30", "150")):
        assert f"pulse energy by {angle} deg for {energy} µJ" in runbook


def test_a_measured_table_lies_beside_the_profile_and_is_kept(tmp_path: Path) -> None:
    table = {
        "law": "table",
        "unit": "%",
        "low": 0,
        "high": 100,
        "table": "meter.csv",
        "source": "power meter, 2026-11-02",
    }
    name = profile(tmp_path, "fs1030-linuxcnc", {"control": "operator", "scale": table})
    (tmp_path / "machine_profiles" / "meter.csv").write_text("setting,nJ\n10,10000\n30,70000\n90,190000\n")
    built(job(tmp_path, name), tmp_path / "out")
    runbook = (tmp_path / "out" / "runbook.md").read_text()
    assert "23.3333 % for 50 µJ" in runbook
    kept = json.loads((tmp_path / "out" / "inputs" / "index.json").read_text())["files"]
    assert "calibration" in [entry["kind"] for entry in kept]
    (tmp_path / "machine_profiles" / "meter.csv").unlink()
    assert verify_build(tmp_path / "out").holds, "a build needs nothing outside it"


def test_what_was_not_measured_is_refused(tmp_path: Path) -> None:
    table = {"law": "table", "unit": "%", "low": 0, "high": 100, "table": "meter.csv", "source": "power meter"}
    name = profile(tmp_path, "fs1030-linuxcnc", {"control": "operator", "scale": table})
    (tmp_path / "machine_profiles" / "meter.csv").write_text("setting,uJ\n10,10\n30,70\n90,140\n")
    loaded = load_job(job(tmp_path, name))
    (finding,) = judge(loaded, plan_job(loaded)).errors
    assert finding.code == "E_SET_POINT"
    assert "150 uJ lies outside what was measured, 10 to 140 uJ" in finding.message


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        ("angle,uJ\n1,2\n", 1, "begins with 'angle,uJ'"),
        ("setting,mm\n1,2\n2,3\n", 1, "not an energy"),
        ("setting,uJ\n1,2\n2,x\n", 3, "not two numbers"),
        ("setting,uJ\n1,2\n2,nan\n", 3, "no setting or no amount"),
        ("setting,uJ\n1,2\n1,3\n", 3, "settings of a measured scale rise"),
        ("setting,uJ\n1,2\n2,3\n3,3\n", 4, "all rise or all fall"),
        ("\x00", 1, "begins with"),
    ],
)
def test_tables_that_are_none_are_refused_with_their_line(tmp_path: Path, content: str, line: int, says: str) -> None:
    table = {"law": "table", "unit": "%", "low": 0, "high": 100, "table": "meter.csv", "source": "power meter"}
    name = profile(tmp_path, "fs1030-linuxcnc", {"control": "operator", "scale": table})
    (tmp_path / "machine_profiles" / "meter.csv").write_text(content)
    with pytest.raises(InputError, match=re.escape(says)) as caught:
        load_job(job(tmp_path, name))
    assert [p.location.line for p in caught.value.problems if p.location] == [line]


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    table = {"law": "table", "unit": "%", "low": 0, "high": 100, "table": "meter.csv", "source": "power meter"}
    path = job(tmp_path, profile(tmp_path, "fs1030-linuxcnc", {"control": "operator", "scale": table}))
    with pytest.raises(InputError, match=r"meter\.csv") as caught:
        load_job(path)
    assert caught.value.problems[0].location is not None
    assert caught.value.problems[0].location.file.endswith("own.yaml")


def test_a_language_that_cannot_set_energies_says_so(tmp_path: Path) -> None:
    name = profile(tmp_path, "fs1030-linuxcnc", {"control": "spindle", "scale": PLATE})
    loaded = load_job(job(tmp_path, name))
    found = judge(loaded, plan_job(loaded)).errors
    assert "`pulse_energy: control: spindle`, which this language cannot write" in found[0].message
    assert "`control: analog` or `control: operator`" in found[0].hint
