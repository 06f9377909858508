"""The command line as a user meets it: messages, exit codes, no traceback, instant help."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from lasercam._version import __version__
from lasercam.cli.main import COMMANDS, run
from lasercam.pipeline.inputs import shipped, shipped_names
from lasercam.schema.tree import parse_yaml
from tests.support.jobs import GOOD, broken, write_job


def lasercam(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A real process."""
    return subprocess.run([sys.executable, "-m", "lasercam", *arguments], capture_output=True, text=True, check=False)


def test_help_and_version_import_nothing_heavy() -> None:
    for argument in ("--help", "--version"):
        code = (
            "import sys\nfrom lasercam.cli.main import run\n"
            f"run([{argument!r}])\n"
            "print(sorted({m.partition('.')[0] for m in sys.modules} & "
            "{'numpy', 'pydantic', 'yaml', 'shapely', 'matplotlib', 'numba', 'lxml', 'rich'}))"
        )
        result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert result.stdout.strip().endswith("[]"), result.stdout
    assert __version__ in lasercam("--version").stdout
    assert all(name in lasercam("--help").stdout for name in COMMANDS)


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for name in COMMANDS:
        assert run([name, "--help"]) == 0
        assert len(capsys.readouterr().out) > 80


def test_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = write_job(tmp_path)
    assert run(["check", str(good)]) == 0
    typo = write_job(tmp_path, broken("pulse_energy", "puls_energy"), "typo.yaml")
    assert run(["check", str(typo)]) == 1
    assert "typo.yaml:7:36" in capsys.readouterr().err
    assert run(["check", str(tmp_path / "absent.yaml")]) == 2
    assert run(["chek", str(good)]) == 2
    assert "Did you mean 'check'" in capsys.readouterr().err
    assert run(["explain", "E_NOTHING_LIKE_IT"]) == 2
    assert run(["build", str(typo), "-o", str(tmp_path / "out")]) == 1
    assert not (tmp_path / "out").exists()


def test_build_verify_and_preview(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job, out = write_job(tmp_path), tmp_path / "out"
    assert run(["build", str(job), "-o", str(out), "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["proven"] is True
    assert said["programs"] == ["01-first.ngc", "02-again.ngc"]
    assert (out / "runbook.md").read_text().startswith("# Runbook: good")
    assert {p.suffix for p in out.glob("toolpath-*")} == {".png", ".svg"}
    assert run(["verify", str(out), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["exposures"] == {"01-first.ngc": 5, "02-again.ngc": 3}
    for view, name in (("toolpath", "a.svg"), ("uv+lp645", "b.png"), ("all", "c.png"), ("toolpath", "d.pdf")):
        assert run(["preview", str(out), "-o", str(tmp_path / name), "--view", view]) == 0
        assert (tmp_path / name).stat().st_size > 1000
    assert run(["preview", str(job), "-o", str(tmp_path / "e.bmp")]) == 2
    assert run(["preview", str(job), "-o", str(tmp_path / "e.png"), "--view", "xray"]) == 2
    assert run(["preview", str(job), "-o", str(tmp_path / "e.png"), "--step", "9"]) == 2
    assert not list(tmp_path.glob("*e.*png*"))


@pytest.mark.parametrize("kind", ["machines", "processes", "patterns", "dialects", "checks"])
def test_lists(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", kind, "--format", "json"]) == 0
    entries = json.loads(capsys.readouterr().out)
    assert len(entries) >= 2
    assert all(e["summary"] for e in entries), entries
    assert run(["list", kind]) == 0


def test_everything_listed_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    for kind in ("machines", "processes", "dialects", "checks"):
        run(["list", kind, "--format", "json"])
        for entry in json.loads(capsys.readouterr().out):
            assert run(["explain", entry["name"]]) == 0, entry
            assert len(capsys.readouterr().out) > 100, entry


def test_the_schema_accepts_every_shipped_job_and_refuses_a_typo(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    judge = jsonschema.Draft202012Validator(schema)
    judge.check_schema(schema)
    with shipped("patterns") as folder:
        for name in shipped_names("patterns"):
            errors = [
                e.message for e in judge.iter_errors(parse_yaml((folder / f"{name}.yaml").read_bytes(), name).data)
            ]
            assert not errors, (name, errors)
    judge.validate(parse_yaml(GOOD, "good").data)
    for old, new in (("pulse_energy", "puls_energy"), ("type: lines", "type: lines, bogus: 1"), ("50 um", "50")):
        assert list(judge.iter_errors(parse_yaml(broken(old, new), "broken").data))


def test_new_copies_a_shipped_pattern(tmp_path: Path) -> None:
    for name in shipped_names("patterns"):
        assert run(["new", name, "-o", str(tmp_path / name / "job.yaml")]) == 0
    assert run(["new", "qr_two_state", "-o", str(tmp_path / "qr_two_state" / "job.yaml")]) == 1
    assert run(["new", "qr_two_stat"]) == 2


def test_a_closed_pipe_is_no_traceback() -> None:
    command = f"{sys.executable} -m lasercam list processes | head -1"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in result.stderr
