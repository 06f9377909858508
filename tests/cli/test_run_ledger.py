"""`lasercam run --ledger`: the ledger follows what was exposed, through aborts, kills and resumes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lasercam.cli.main import run
from lasercam.pipeline.ledger import read_ledger
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from lasercam.run.execution import read_execution
from lasercam.run.places import journal_beside, picture_beside
from tests.cli.test_run import built
from tests.support.hindered import hinder
from tests.support.jobs import GOOD, broken, write_job

GRBL = broken("fs1030-linuxcnc", "fs1030-grbl", GOOD)
AGAIN = "  - {name: again, rewrite: {grid.odd: red}}\n"
WRITES = broken(AGAIN, "", GRBL)


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def touched(path: Path) -> tuple[int, int]:
    (entry,) = read_ledger(path).current
    return entry.exposures, entry.in_question


def test_run_abort_resume_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each row once, whatever the number of sessions."""
    folder, path = built(tmp_path, WRITES), tmp_path / "trial.ledger"
    command = ["run", str(folder), "--simulate", "--yes", "--ledger", str(path)]
    hinder(monkeypatch, 4, interrupt)
    assert run(command) == 5
    done, question = touched(path)
    assert 0 < done + question < 5
    assert run(["check", str(write_job(tmp_path, WRITES)), "--ledger", str(path)]) == 1
    told = capsys.readouterr()
    assert "E_DUPLICATE" in told.out
    assert f"trial.ledger: entry 2, {done:,} exposures, {question} in question" in told.err
    assert run([*command, "--resume", "--uncertain", "skip"]) == 0
    assert touched(path) == (5 - question, question), "rows in question stay so; the others are done"
    before = path.read_bytes()
    assert run(command) == 0
    assert path.read_bytes() == before, "nothing was executed, nothing is added"
    assert run(["ledger", "add", str(folder), "--ledger", str(path), "--journal", str(journal(folder))]) == 0
    assert path.read_bytes() == before


def journal(folder: Path) -> Path:
    return journal_beside(folder, simulated=True)


KILLED = """
import os, signal, sys
import lasercam.cli.link_options as link_options
from lasercam.cli.main import run
from tests.support.hindered import Hindered
made = link_options.open_link
kill = lambda: os.kill(os.getpid(), signal.SIGKILL)
link_options.open_link = lambda machine, port, tcp: Hindered(made(machine, port, tcp), 2, kill)
run(sys.argv[1:])
"""


def test_a_killed_run_leaves_a_ledger_that_knows_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """SIGKILL between journal and ledger: nothing relies on the ledger until the journal was taken over."""
    folder, path = built(tmp_path, WRITES), tmp_path / "trial.ledger"
    command = ["run", str(folder), "--simulate", "--yes", "--ledger", str(path)]
    root = str(Path(__file__).parents[2])
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, *command], cwd=root, env={**os.environ, "PYTHONPATH": root}, check=False,
        capture_output=True,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    job = str(write_job(tmp_path, WRITES))
    capsys.readouterr()
    assert run(["check", job, "--ledger", str(path)]) == 1
    assert "does not know what a run of 'good' has exposed" in capsys.readouterr().err
    assert run(["ledger", "show", "--ledger", str(path)]) == 0
    assert "its end is not recorded" in capsys.readouterr().out
    assert run(["ledger", "add", str(folder), "--ledger", str(path), "--journal", str(journal(folder))]) == 0
    _, question = touched(path)
    assert question > 0
    assert run(["check", job, "--ledger", str(path)]) == 1
    assert "E_DUPLICATE" in capsys.readouterr().out
    assert run([*command, "--resume", "--uncertain", "expose"]) == 0
    (entry,) = read_ledger(path).current
    assert (entry.exposures, entry.in_question, entry.sections[0].twice) == (5, 0, question)


def test_nothing_is_run_over_what_another_job_wrote_since(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "trial.ledger"
    first, second = (tmp_path / name for name in ("a", "b"))
    first.mkdir()
    second.mkdir()
    one, two = built(first, WRITES), built(second, broken("job: good", "job: other", WRITES))
    assert run(["run", str(one), "--simulate", "--yes", "--ledger", str(path)]) == 0
    capsys.readouterr()
    assert run(["run", str(two), "--simulate", "--yes", "--ledger", str(path)]) == 1
    assert "E_DUPLICATE" in capsys.readouterr().err
    assert not journal(two).exists()


def test_what_a_person_recorded_is_kept_off_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An entry without a journal, of another build and of the same."""
    path, other = tmp_path / "A7.ledger", tmp_path / "b"
    other.mkdir()
    folder, another = built(tmp_path, WRITES), built(other, broken("job: good", "job: other", WRITES))
    assert run(["ledger", "add", str(folder), "--ledger", str(path)]) == 0
    for build in (folder, another):
        capsys.readouterr()
        assert run(["run", str(build), "--port", "/dev/no-such-port", "--yes", "--ledger", str(path)]) == 1
        assert "E_DUPLICATE" in capsys.readouterr().err


def test_a_simulation_never_writes_about_a_real_sample(tmp_path: Path) -> None:
    folder, path = built(tmp_path, WRITES), tmp_path / "A7.ledger"
    assert run(["ledger", "add", str(folder), "--ledger", str(path)]) == 0, "no journal: all of it, as a person says"
    before = path.read_bytes()
    assert run(["run", str(folder), "--simulate", "--yes", "--ledger", str(path)]) == 0
    assert path.read_bytes() == before


def test_a_real_run_wants_a_real_ledger(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, path = built(tmp_path, WRITES), tmp_path / "trial.ledger"
    assert run(["run", str(folder), "--simulate", "--yes", "--ledger", str(path)]) == 0
    assert run(["run", str(folder), "--port", "x", "--yes", "--ledger", str(path)]) == 1
    assert "is about a simulation" in capsys.readouterr().err


def test_the_jobs_own_ledger_is_not_guessed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = built(tmp_path, broken("{id: A7,", "{id: A7, ledger: A7.ledger,", WRITES))
    assert run(["run", str(folder), "--port", "x", "--yes"]) == 1
    assert "Name it with --ledger FILE" in capsys.readouterr().err
    assert run(["run", str(folder), "--simulate", "--yes"]) == 0
    assert not (tmp_path / "A7.ledger").exists()


def test_files_that_operators_load(tmp_path: Path) -> None:
    """What --executed says goes into the ledger, piece by piece."""
    folder, path = built(tmp_path, broken(AGAIN, "", GOOD)), tmp_path / "A7.ledger"
    rows = read_rows(folder)
    command = ["run", str(folder), "--ledger", str(path), "--executed"]
    assert run([*command, f"0:{rows // 2}"]) == 0
    done, question = touched(path)
    assert (0 < done < 5, question) == (True, 0)
    assert run([*command, f"{rows // 2}:{rows}"]) == 0
    assert touched(path) == (5, 0)
    execution = read_execution(journal_beside(folder))
    assert execution is not None
    assert not execution.is_simulated


def read_rows(folder: Path) -> int:
    return plan_job(load_job(folder)).header.sections[0].n_rows


def test_a_run_that_stops_unfinished_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = built(tmp_path, WRITES)
    picture = picture_beside(journal(folder))
    hinder(monkeypatch, 4, interrupt)
    assert run(["run", str(folder), "--simulate", "--yes"]) == 5
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert f"{picture} shows" in capsys.readouterr().err
    picture.unlink()
    assert run(["run", str(folder), "--simulate", "--yes"]) == 1, "needs --resume"
    assert not picture.exists(), "nothing new was executed"
    output = tmp_path / "x.svg"
    command = ["preview", str(folder), "--view", "executed", "-o", str(output)]
    assert run(command) == 1
    assert f"--journal {journal(folder)}" in capsys.readouterr().err
    assert run([*command, "--journal", str(journal(folder))]) == 0
    drawn = output.read_text()
    assert "What the journal says" in drawn
    assert "uncertain: perhaps exposed" in drawn
    assert run([*command[:3], "toolpath", *command[4:], "--journal", str(journal(folder))]) == 2
    assert run(["preview", str(write_job(tmp_path, WRITES)), *command[2:]]) == 1
    other = tmp_path / "other"
    other.mkdir()
    elsewhere = built(other, broken("count: 5", "count: 4", WRITES))
    assert run(["preview", str(elsewhere), *command[2:], "--journal", str(journal(folder))]) == 1
    assert "about another build" in capsys.readouterr().err
