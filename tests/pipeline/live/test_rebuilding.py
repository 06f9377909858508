"""A save becomes a picture and then findings; a mistake becomes a place in the file; nothing else is lost."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from lasercam.errors import Problem
from lasercam.pipeline.live.rebuilding import Rebuilder
from lasercam.pipeline.live.watching import look
from tests.support.jobs import GOOD, broken, write_job


class Heard:
    """An audience that remembers."""

    def __init__(self) -> None:
        self.news: list[tuple[str, Any]] = []

    def scene(self, version: int, content: bytes) -> None:
        size = struct.unpack("<I", content[:4])[0]
        self.news.append(("scene", {"version": version, **json.loads(content[4 : 4 + size])}))

    def judged(self, version: int, facts: dict[str, Any]) -> None:
        self.news.append(("judged", {"version": version, **facts}))

    def problem(self, problems: tuple[Problem, ...]) -> None:
        self.news.append(("problem", problems))


def test_a_picture_comes_first_and_findings_follow(tmp_path: Path) -> None:
    heard = Heard()
    rebuilder = Rebuilder(write_job(tmp_path), heard)
    assert rebuilder.rebuild().version == 1
    rebuilder.finish_judging()
    (first, scene), (second, judged) = heard.news
    assert (first, second) == ("scene", "judged")
    assert scene["findings"] is None, "not known yet"
    assert judged["version"] == 1
    assert judged["digest"] == scene["digest"]
    assert any(f["code"] == "W_ABERRATION" and f["line"] for f in judged["findings"])
    assert any(table["caption"].startswith("Findings") for table in judged["summary"])


def test_a_mistake_names_its_place_and_the_next_good_save_is_version_two(tmp_path: Path) -> None:
    heard = Heard()
    job = write_job(tmp_path)
    rebuilder = Rebuilder(job, heard)
    rebuilder.rebuild()
    rebuilder.finish_judging()
    write_job(tmp_path, broken("depth: 200 um", "depht: 200 um"))
    told = rebuilder.rebuild()
    assert told.version == 1
    (kind, problems) = heard.news[-1]
    assert kind == "problem"
    assert problems[0].location is not None
    assert (problems[0].location.line, problems[0].location.column > 1) == (5, True)
    assert "depth" in str(problems[0])
    write_job(tmp_path)
    assert rebuilder.rebuild().version == 2
    rebuilder.finish_judging()


@pytest.mark.parametrize("kind", ["profile", "asset", "processes", "ledger"])
def test_everything_a_job_reads_is_watched(tmp_path: Path, kind: str) -> None:
    shipped = Path(__file__).parents[3] / "machine_profiles" / "fs1030-linuxcnc.yaml"
    (tmp_path / "machine_profiles").mkdir()
    (tmp_path / "machine_profiles" / "fs1030-linuxcnc.yaml").write_text(shipped.read_text())
    (tmp_path / "lab").mkdir()
    (tmp_path / "dots.csv").write_text("x,y,z\n1000,1000,200\n")
    text = broken("sample: {id: A7,", "processes: lab\nsample: {id: A7, ledger: a7.jsonl,")
    text = broken("patterns:\n", "patterns:\n  more: {type: points, file: dots.csv, unit: um}\n", text)
    rebuilder = Rebuilder(write_job(tmp_path, text), Heard())
    told = rebuilder.rebuild()
    rebuilder.finish_judging()
    assert not told.problems, told.problems
    assert look(rebuilder.watched) == rebuilder.seen
    changed = {
        "profile": tmp_path / "machine_profiles" / "fs1030-linuxcnc.yaml",
        "asset": tmp_path / "dots.csv",
        "processes": tmp_path / "lab" / "new.yaml",
        "ledger": tmp_path / "a7.jsonl",
    }[kind]
    changed.write_text("\n")
    assert look(rebuilder.watched) != rebuilder.seen


def test_an_asset_that_is_missing_is_waited_for(tmp_path: Path) -> None:
    text = broken("patterns:\n", "patterns:\n  more: {type: points, file: later.csv, unit: um}\n", GOOD)
    rebuilder = Rebuilder(write_job(tmp_path, text), Heard())
    assert rebuilder.rebuild().problems
    assert look(rebuilder.watched) == rebuilder.seen
    (tmp_path / "later.csv").write_text("x,y,z\n1000,1000,200\n")
    assert look(rebuilder.watched) != rebuilder.seen
    assert not rebuilder.rebuild().problems
    rebuilder.finish_judging()


def test_a_save_while_a_picture_is_made_is_not_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lasercam.pipeline.live import rebuilding

    job = write_job(tmp_path)
    rebuilder = Rebuilder(job, Heard())
    plan = rebuilding.plan_job

    def saved_meanwhile(loaded: Any) -> Any:
        write_job(tmp_path, broken("50 uJ", "51 uJ"))
        return plan(loaded)

    monkeypatch.setattr(rebuilding, "plan_job", saved_meanwhile)
    rebuilder.rebuild()
    rebuilder.finish_judging()
    assert look(rebuilder.watched) != rebuilder.seen
