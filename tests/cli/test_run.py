"""`lasercam run` from the command line, on a simulated controller."""

import json
import re
from pathlib import Path

import pytest

from lasercam.cli.main import run
from lasercam.pipeline.build import build
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from lasercam.run.journal import ProgramKey, read_journal
from tests.controllers.linuxcnc_double import LinuxCncDouble
from tests.support.jobs import GOOD, broken, write_job

ROOT = Path(__file__).parents[2]


def built(folder: Path, text: str) -> Path:
    loaded = load_job(write_job(folder, text))
    toolpath = plan_job(loaded)
    return build(loaded, toolpath, judge(loaded, toolpath), folder / "out", pictures=False)


@pytest.fixture
def grbl(tmp_path: Path) -> Path:
    return built(tmp_path, broken("fs1030-linuxcnc", "fs1030-grbl"))


def test_a_build_runs_once(grbl: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events = tmp_path / "events.json"
    assert run(["run", str(grbl), "--simulate", "--yes", "--events", str(events)]) == 0
    told = [json.loads(line) for line in events.read_text().splitlines()]
    assert [e["file"] for e in told if e["event"] == "finished"] == ["01-first.gcode", "02-again.gcode"]
    assert any(e["event"] == "progress" and e.get("recipe") == "dual" for e in told)
    assert told[-1]["event"] == "end"
    assert told[-1]["dark"]
    journal = read_journal(tmp_path / "out.simulated.journal")
    assert all(journal.of(ProgramKey(section)).is_finished for section in (0, 1))
    assert run(["verify", str(grbl)]) == 0, "the journal lies beside the build, not in it"
    capsys.readouterr()
    assert run(["run", str(grbl), "--simulate", "--yes"]) == 0
    assert "nothing is left" in capsys.readouterr().err


def test_the_box_is_traced_without_a_journal(grbl: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", str(grbl), "--simulate", "--yes", "--frame"]) == 0
    assert "traced with the beam off" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.journal"))


def test_check_mode_comes_first(grbl: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", str(grbl), "--simulate", "--yes", "--check"]) == 0
    assert "passed the controller's check mode" in capsys.readouterr().err


def test_a_changed_file_never_moves(grbl: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = grbl / "01-first.gcode"
    path.write_bytes(path.read_bytes().replace(b"S1000", b"S999"))
    assert run(["run", str(grbl), "--simulate", "--yes"]) == 1
    assert "nothing moves" in capsys.readouterr().err


def test_unanswered_questions_refuse(grbl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("click.confirm", lambda *arguments, **options: False)
    assert run(["run", str(grbl), "--simulate"]) == 1


@pytest.mark.parametrize("arguments", [[], ["--simulate", "--port", "x"], ["--tcp", "nowhere"], ["--tcp", "a:99999"]])
def test_one_link_is_named(grbl: Path, arguments: list[str]) -> None:
    assert run(["run", str(grbl), "--yes", *arguments]) == 2


def test_a_port_that_is_not_there(grbl: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", str(grbl), "--yes", "--port", "/dev/no-such-port"]) == 3
    assert "there is no port" in capsys.readouterr().err


def test_files_that_controllers_load_themselves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = built(tmp_path, GOOD)
    assert run(["run", str(folder), "--port", "x", "--yes"]) == 1
    told = capsys.readouterr().err
    assert "the operator loads each into the controller" in told
    assert "01-first.ngc" in told
    assert run(["run", str(folder), "--executed", "all"]) == 2
    assert run(["run", str(folder), "--executed", "0:5", "--section", "1"]) == 0
    assert run(["run", str(folder), "--executed", "3:9", "--section", "1"]) == 1
    assert run(["run", str(folder), "--executed", "5:900", "--section", "1"]) == 2
    record = read_journal(tmp_path / "out.journal").of(ProgramKey(0))
    assert record.done.ranges == ((0, 5),)
    assert not record.is_finished


def test_the_line_a_file_ended_at_is_taken_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = built(tmp_path, GOOD)
    lines = (folder / "01-first.ngc").read_text().splitlines()
    second = [i for i, line in enumerate(lines, 1) if line.startswith("M62")][1] + 1
    assert run(["run", str(folder), "--executed", "line:99999", "--section", "1"]) == 2
    assert run(["run", str(folder), "--executed", f"line:{second}", "--section", "1"]) == 0
    assert "in question" in capsys.readouterr().out
    record = read_journal(tmp_path / "out.journal").of(ProgramKey(0))
    (question,) = record.open_question.ranges
    assert question[1] == question[0] + 1
    assert record.done.ranges == ((0, question[0]),)
    assert run(["run", str(folder), "--executed", f"line:{second}", "--section", "1"]) == 1
    capsys.readouterr()
    assert run(["run", str(folder), "--resume", "--yes"]) == 1
    told = capsys.readouterr().err
    assert "what is left of '01-first.ngc'" in told
    (left,) = tmp_path.glob("out.journal.*.ngc")
    assert left.name in told
    assert len(re.findall("^M62", left.read_text(), re.MULTILINE)) == sum(x.startswith("M62") for x in lines) - 2
    assert run(["run", str(folder), "--executed", "left", "--section", "1"]) == 0
    assert run(["run", str(folder), "--executed", "left", "--section", "1"]) == 1
    assert read_journal(tmp_path / "out.journal").of(ProgramKey(0)).is_finished


def linked(tmp_path: Path, port: int, **link: object) -> str:
    """The text of a job for a machine whose profile names a link."""
    keys = {"kind": "linuxcncrsh", "host": "127.0.0.1", "port": port, "source": "test", **link}
    profile = (ROOT / "machine_profiles/fs1030-linuxcnc.yaml").read_text()
    profile = profile.replace("machine: fs1030-linuxcnc", "machine: cnc")
    profile = profile.replace("  increment:", f"  link: {json.dumps(keys)}\n  increment:")
    (tmp_path / "machine_profiles").mkdir()
    (tmp_path / "machine_profiles/cnc.yaml").write_text(profile)
    return broken("fs1030-linuxcnc", "cnc").replace("0.4 mm/s", "20 mm/s")


def test_a_build_is_handed_over_by_the_link_of_its_profile(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    controller = LinuxCncDouble()
    folder = built(tmp_path, linked(tmp_path, controller.port))
    try:
        assert run(["run", str(folder), "--simulate", "--yes"]) == 1
        assert "cannot be simulated" in capsys.readouterr().err
        assert run(["run", str(folder), "--yes"]) == 0
        files = sorted(folder.glob("*.ngc"))
        assert controller.opened == [path.read_text() for path in files]
        assert controller.beams
        assert run(["run", str(folder), "--yes"]) == 0
        assert controller.runs == len(files)
    finally:
        controller.close()


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ({"kind": "linuxcncrs"}, "did you mean 'linuxcncrsh'"),
        ({"kind": "xps_calls"}, "takes files of newport_xps, not of linuxcnc"),
        ({"hots": "x"}, "hots"),
        ({"folder": "no/whole/path"}, "whole path"),
        ({"piece_time": 5}, "piece_time"),
    ],
)
def test_links_are_judged_with_their_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], link: dict[str, object], said: str
) -> None:
    path = write_job(tmp_path, linked(tmp_path, 1, **link))
    assert run(["check", str(path)]) == 1
    told = capsys.readouterr()
    assert said in told.out + told.err
    assert "cnc.yaml:" in told.out + told.err
