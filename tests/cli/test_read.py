"""`lasercam read`: texts, looks, exit codes."""

import json
from pathlib import Path

import pytest

from lasercam.cli.main import run

ROOT = Path(__file__).parents[2]
LABEL = ROOT / "patterns" / "qr_two_state.yaml"
TEXT = "https://doi.org/10.1002/lpor.202401258"


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("views") / "uv.png"
    assert run(["preview", str(LABEL), "-o", str(path), "--view", "uv+lp645"]) == 0
    return path


def test_a_view_is_read(view: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["read", str(view)]) == 0
    assert capsys.readouterr().out.startswith(TEXT)
    assert run(["read", str(view), "--job", str(LABEL), "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [(c["text"], c["pattern"]) for c in said["codes"]] == [(TEXT, "label")]
    assert said["not_found"] == []


def test_a_code_of_another_job_is_none(view: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(LABEL.read_text(encoding="utf-8").replace(TEXT, "https://example.org"), encoding="utf-8")
    assert run(["read", str(view), "--job", str(other)]) == 1
    assert "not of this job" in capsys.readouterr().out


def test_an_empty_picture_holds_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "dark.png"
    assert run(["preview", str(LABEL), "-o", str(path), "--view", "uv+lp645", "--step", "1"]) == 0
    assert run(["read", str(path)]) == 1
    assert "nor a QR code" in capsys.readouterr().err


def test_what_cannot_be_read_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["read", str(LABEL)]) == 1
    assert "is not a complete PNG, TIFF or JPEG picture" in capsys.readouterr().err
    assert run(["read", str(tmp_path / "absent.png")]) == 2
