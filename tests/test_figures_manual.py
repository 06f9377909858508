"""What figures.md says works: its commands run, and its views are views."""

import re
import shlex
from pathlib import Path

import pytest

from lasercam.cli.main import run
from lasercam.pipeline.pictures import DRESSES
from lasercam.preview.view_names import read_view
from tests.support.jobs import DOTS, GOOD, write_job

MANUAL = (Path(__file__).parents[1] / "lasercam" / "docs" / "figures.md").read_text(encoding="utf-8")
JOBS = {"three_level.yaml": GOOD, "block.yaml": DOTS}
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", MANUAL, re.DOTALL) for line in block.splitlines()]


def test_every_view_of_the_table_is_one():
    rows = re.findall(r"^\| (`.+?) \|", MANUAL, re.MULTILINE)
    views = [name for row in rows for name in re.findall(r"`([^`]+)`", row) if name != "--view"]
    assert {"toolpath", "dose", "order", "neighbours", "uv+bp600-630", "ex405"} <= set(views)
    assert set(DRESSES) <= set(views)
    for name in views:
        for part in name.split(","):
            if part not in (*DRESSES, "time", "sheet", "registration"):
                read_view(part)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_manual_runs(tmp_path, monkeypatch, command):
    program, verb, job, *options = shlex.split(command)
    assert (program, verb) == ("lasercam", "preview")
    monkeypatch.chdir(tmp_path)
    write_job(tmp_path, JOBS[job], job)
    assert run([verb, job, *options]) == 0
    assert Path(options[options.index("-o") + 1]).stat().st_size > 1_000
