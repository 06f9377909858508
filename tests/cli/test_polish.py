"""What makes the program pleasant: narrow terminals, no colours where none are wanted, shells that complete."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lasercam.cli.main import COMMANDS, run
from tests.support.jobs import broken, write_job

ESCAPE = "\x1b["


def process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A real process at a terminal of 80 columns."""
    script = shutil.which("script")
    if script is None:
        pytest.skip("util-linux's script is not installed")
    command = " ".join([sys.executable, "-m", "lasercam", *arguments, "2>/dev/null"])
    return subprocess.run(
        [script, "-qec", command, "/dev/null"], capture_output=True, text=True, check=False,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80", **environment},
    )  # fmt: skip


def test_no_color_is_honoured(tmp_path: Path) -> None:
    job = str(write_job(tmp_path))
    coloured, plain = process("check", job), process("check", job, NO_COLOR="1")
    assert ESCAPE in coloured.stdout
    assert ESCAPE not in plain.stdout
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured.stdout) == plain.stdout


def test_severities_are_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["check", str(write_job(tmp_path, broken("500 mW", "600 mW")))])
    said = capsys.readouterr().out
    assert ESCAPE not in said
    assert re.search(r"^error E_\w+ job\.yaml:\d+:\d+: ", said, re.MULTILINE)
    assert said.isprintable() or not re.search(r"[─-╿]", said)


def test_help_fits_80_columns(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for arguments in (["--help"], *([name, "--help"] for name in COMMANDS)):
        assert run(arguments) == 0
        assert max(map(len, capsys.readouterr().out.splitlines())) <= 80
    run(["--help"])
    assert "Exit codes: 0 done, 1 findings" in " ".join(capsys.readouterr().out.split())


def complete(words: str) -> list[str]:
    found = subprocess.run(
        [sys.executable, "-m", "lasercam"], capture_output=True, text=True, check=True,
        env={**os.environ, "_LASERCAM_COMPLETE": "bash_complete", "COMP_WORDS": words,
             "COMP_CWORD": str(len(words.split(" ")) - 1)},
    )  # fmt: skip
    return [line.partition(",")[2] for line in found.stdout.splitlines()]


def test_shells_complete(capsys: pytest.CaptureFixture[str]) -> None:
    for shell, sign in (("bash", "complete -o nosort"), ("zsh", "#compdef lasercam"), ("fish", "complete --no-files")):
        assert run(["completion", shell]) == 0
        said = capsys.readouterr().out
        assert sign in said
        assert "_LASERCAM_COMPLETE" in said
    assert run(["completion", "tcsh"]) == 2
    assert complete("lasercam exp") == ["export", "explain"]
    assert complete("lasercam new qr_t") == ["qr_two_state"]
    assert "steps.write" in complete("lasercam explain steps.w")
    assert complete("lasercam export job.yaml --fr") == ["--frame"]
