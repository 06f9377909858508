"""Furnaces between job files: nobody's `--yes` has put a sample into one."""

from pathlib import Path

import pytest

from lasercam.cli.main import run
from lasercam.pipeline.inputs import shipped
from lasercam.run.journal import ProgramKey, read_journal
from lasercam.run.places import journal_beside
from tests.cli.test_run import built
from tests.support.jobs import GOOD, broken

FURNACE = "  - {name: furnace one, heat: {temperature: 300 degC, hold_time: 1 h}}\n"
FIRST = "  - {name: first, write: {grid.lines: dual}}\n"
AGAIN = "  - {name: again, rewrite: {grid.odd: red}}\n"
GRBL = broken("fs1030-linuxcnc", "fs1030-grbl", GOOD)
SIMULATED = ("--simulate", "--yes")


@pytest.fixture
def between(tmp_path: Path) -> Path:
    return built(tmp_path, broken(FIRST, FIRST + FURNACE, GRBL))


def finished(folder: Path) -> list[bool]:
    content = read_journal(journal_beside(folder, simulated=True))
    return [content.of(ProgramKey(section)).is_finished for section in (0, 1)]


def test_yes_does_not_heat(between: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", str(between), *SIMULATED]) == 6
    told = capsys.readouterr().err
    assert "before '03-again.gcode' comes heat 'furnace one', which a person does" in told
    assert '--confirm "furnace one"' in told
    assert finished(between) == [True, False]
    assert run(["run", str(between), *SIMULATED]) == 6, "nor the second time, when it is the first to come"
    assert run(["run", str(between), *SIMULATED, "--resume"]) == 6
    assert finished(between) == [True, False]
    assert run(["run", str(between), *SIMULATED, "--confirm", "furnace one"]) == 0
    assert finished(between) == [True, True]
    assert read_journal(journal_beside(between, simulated=True)).by_hand == [1]


def test_nobody_confirms_ahead(between: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", str(between), *SIMULATED, "--confirm", "furnace one"]) == 1
    assert "cannot be done yet: 01-first.gcode of this build comes before it" in capsys.readouterr().err
    assert not journal_beside(between, simulated=True).exists()


@pytest.mark.parametrize("name", ["furnace on", "first"])
def test_only_steps_by_hand_are_confirmed(between: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", str(between), *SIMULATED, "--confirm", name]) == 2
    assert "furnace one" in capsys.readouterr().err


def test_a_person_is_asked_once(between: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def confirm(question: str, **_: object) -> bool:
        asked.append(question)
        return "furnace" not in question or len([q for q in asked if "furnace" in q]) > 1

    monkeypatch.setattr("click.confirm", confirm)
    assert run(["run", str(between), "--simulate"]) == 6
    assert run(["run", str(between), "--simulate"]) == 0
    assert [q for q in asked if "furnace" in q] == ["Before '03-again.gcode': heat 'furnace one'. Is this done?"] * 2
    assert finished(between) == [True, True]


def test_a_furnace_behind_everything_is_noted_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = built(tmp_path, broken(AGAIN, AGAIN + FURNACE, GRBL))
    assert run(["run", str(folder), *SIMULATED]) == 0
    assert "left to do by hand: heat 'furnace one'" in capsys.readouterr().err
    assert run(["run", str(folder), "--simulate", "--confirm", "furnace one"]) == 0
    assert "heat 'furnace one': noted as done" in capsys.readouterr().err
    assert run(["run", str(folder), *SIMULATED]) == 0
    assert "nothing is left" in capsys.readouterr().err


def test_confirming_needs_no_link(between: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is noted in the journal of the real controller; nothing runs."""
    assert run(["run", str(between), "--confirm", "furnace one"]) == 1
    journal = journal_beside(between)
    journal_beside(between, simulated=True).unlink(missing_ok=True)
    assert run(["run", str(between), *SIMULATED]) == 6
    journal_beside(between, simulated=True).rename(journal)
    assert run(["run", str(between), "--confirm", "furnace one"]) == 0
    assert "noted as done" in capsys.readouterr().err
    assert read_journal(journal).by_hand == [1]


def test_a_job_may_begin_with_one(tmp_path: Path) -> None:
    folder = built(tmp_path, broken(FIRST, FURNACE + FIRST, GRBL))
    assert run(["run", str(folder), *SIMULATED]) == 6
    assert run(["run", str(folder), *SIMULATED, "--frame"]) == 0, "looking where it will write needs no furnace"
    assert run(["run", str(folder), *SIMULATED, "--confirm", "furnace one"]) == 0


def test_steps_keep_their_order_across_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What comes behind another machine's step waits for it."""
    monkeypatch.chdir(tmp_path)
    with shipped("machine_profiles") as shelf:
        text = (shelf / "fs1030-grbl.yaml").read_text()
    (tmp_path / "machine_profiles").mkdir()
    other = text.replace("machine: fs1030-grbl", "machine: other-grbl", 1)
    (tmp_path / "machine_profiles" / "other-grbl.yaml").write_text(other)
    second = AGAIN.replace("name: again,", "name: elsewhere, machine: other-grbl,").replace("grid.odd", "grid.even")
    folder = built(tmp_path, broken(AGAIN, second + AGAIN, GRBL))
    for number, file in enumerate(("01-first", "02-elsewhere", "03-again")):
        assert run(["run", str(folder), *SIMULATED]) == 0
        told = capsys.readouterr().err
        assert told.count("is running") == 1
        assert f"{file}.gcode is running" in told
        assert ("comes next, on" in told) is (number < 2)
