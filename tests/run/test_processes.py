"""Real processes over a pseudo terminal: killed, terminated, resumed; the simulated stage says what it got."""

import csv
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lasercam.model.toolpath import RowKind
from lasercam.pipeline.build import build
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from lasercam.run.journal import ProgramKey, read_journal
from tests.support.jobs import DOTS, broken, write_job

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals")
LONGEST_S = 90.0
JOB = broken("fs1030-linuxcnc", "fs1030-grbl", DOTS).replace("counts: [6, 5, 3]", "counts: [4, 3, 2]")


@contextmanager
def stage(folder: Path) -> Iterator[str]:
    """A simulated stage twenty times as fast as a real one; its port."""
    command = [sys.executable, "-m", "lasercam", "simulate", "fs1030-grbl", "--speed", "20", "--record", "record.csv"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = re.search(r"/dev/\S+?(?=;)", process.stdout.readline())
        assert port is not None
        yield port[0]
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LONGEST_S)


def begin(folder: Path, port: str, *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "lasercam", "run", "out", "--port", port, "--yes", *arguments]
    return subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)


def when_rows_are_done(folder: Path, rows: int) -> None:
    deadline = time.monotonic() + LONGEST_S
    while time.monotonic() < deadline:
        if re.search(rf'"done":(?:{rows}|{rows + 1}|{rows + 2})\b', read(folder / "out.journal")):
            return
        time.sleep(0.02)
    raise AssertionError("nothing was done in time")


def read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -9), (signal.SIGTERM, 5)])
def test_killed_and_resumed(number: int, code: int, tmp_path: Path) -> None:
    loaded = load_job(write_job(tmp_path, JOB))
    toolpath = plan_job(loaded)
    build(loaded, toolpath, judge(loaded, toolpath), tmp_path / "out", pictures=False)
    rows = next(toolpath.blocks())
    with stage(tmp_path) as port:
        first = begin(tmp_path, port)
        when_rows_are_done(tmp_path, 5)
        os.kill(first.pid, number)
        _, told = first.communicate(timeout=LONGEST_S)
        assert first.returncode == code, told
        record = read_journal(tmp_path / "out.journal").of(ProgramKey(0))
        assert not record.is_finished
        in_question = set(record.open_question)
        assert len(in_question) <= 8
        again = begin(tmp_path, port, "--resume", "--uncertain", "skip")
        _, told = again.communicate(timeout=LONGEST_S)
        assert again.returncode == 0, told
    with (tmp_path / "record.csv").open() as stream:
        exposed = [tuple(int(piece[f"{axis}1_ticks"]) for axis in "xyz") for piece in csv.DictReader(stream)]
    planned = [
        tuple(end) for end, kind in zip(rows.end_ticks.tolist(), rows.kind.tolist(), strict=True) if kind == RowKind.DOT
    ]
    near = [
        min(range(len(planned)), key=lambda i: sum(abs(a - b) for a, b in zip(planned[i], p, strict=True)))
        for p in exposed
    ]
    assert len(near) == len(set(near)), "a dot was exposed twice"
    dots = [row for row, kind in enumerate(rows.kind.tolist()) if kind == RowKind.DOT]
    missing = {dots[i] for i in range(len(planned)) if i not in near}
    assert missing <= in_question
