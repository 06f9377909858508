"""The page is whole, needs nobody, and no text of a job gets out of its place."""

import base64
import hashlib
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from lasercam.cli.main import run
from lasercam.model.finding import Finding, Severity
from lasercam.pipeline.interactive import write_interactive
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from lasercam.preview.html.page import live_page, policy, script, style
from lasercam.preview.html.scene import finding_facts
from tests.support.jobs import DOTS, GOOD, broken, write_job

HOSTILE = "</script><script>window.hurt=1</script><img src=x onerror=window.hurt=1><!--"


def hostile_job() -> str:
    """A job whose every free text tries to get out."""
    text = broken("job: good", f"job: good\ntitle: {json.dumps(HOSTILE)}")
    text = broken("id: A7", f"id: {json.dumps(HOSTILE)}", text)
    text = broken("name: first", f"name: {json.dumps(HOSTILE[:70])}", text)
    waiver = json.dumps([{"code": "W_SELF_FOCUS", "on": "recipes", "because": HOSTILE}])
    return f"{text}waive: {waiver}\n"


def page(folder: Path, text: str) -> str:
    loaded = load_job(write_job(folder, text))
    toolpath = plan_job(loaded)
    out = io.BytesIO()
    write_interactive(loaded, toolpath, judge(loaded, toolpath).findings, out)
    return out.getvalue().decode()


class Elements(HTMLParser):
    """Start tags with their attributes, and the text of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self.tags.append(("/script", {}))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] == "script":
            self.scripts[-1] += data


def test_no_text_of_a_job_becomes_markup(tmp_path: Path) -> None:
    plain, hostile = Elements(page(tmp_path, GOOD)), Elements(page(tmp_path, hostile_job()))
    assert [tag for tag, _ in hostile.tags if tag in ("script", "img", "iframe")] == ["script"] * 3
    assert {tag for tag, _ in hostile.tags} == {tag for tag, _ in plain.tags}
    assert not [name for _, attrs in hostile.tags for name in attrs if name.startswith("on")]
    facts = json.loads(hostile.scripts[0])
    assert facts["title"] == HOSTILE, "and yet nothing of it is lost"
    assert facts["steps"][0]["name"] == HOSTILE[:70]
    assert any(f["waived"] == HOSTILE for f in facts["findings"])


def test_the_page_may_run_its_own_script_and_talk_to_nobody(tmp_path: Path) -> None:
    text = page(tmp_path, GOOD)
    found = Elements(text)
    rules = next(a["content"] for t, a in found.tags if t == "meta" and a.get("http-equiv"))
    assert rules == policy(live=False)
    assert "connect-src 'none'" in rules
    assert "unsafe" not in rules
    for own in (found.scripts[2], re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]):  # type: ignore[index]
        assert base64.b64encode(hashlib.sha256(own.encode()).digest()).decode() in rules
    links = [a for _, a in found.tags if {"src", "href"} & a.keys()]
    assert not links
    assert "http://" not in script() + style()
    assert "https://" not in script() + style()
    assert "innerHTML" not in script()


def test_findings_know_what_they_are_about(tmp_path: Path) -> None:
    loaded = load_job(write_job(tmp_path, GOOD))
    header = plan_job(loaded).header
    parts = [part.name for part in header.parts]

    def about(on: str) -> tuple[list[int], list[str], list[int]]:
        (found,) = finding_facts([Finding("W_X", Severity.WARNING, "x", on)], header, {})
        return found["recipes"], [parts[i] for i in found["parts"]], found["steps"]

    assert about("recipes.red") == ([1], [], [])
    assert about("patterns.grid") == ([], parts, [])
    assert about("patterns.grid.odd") == ([], ["grid.odd"], [])
    assert about("steps.again") == ([], [], [1])
    assert about("supply.glass_bri_lines.speed") == ([0], [], [])
    assert about("machine") == ([], [], [])


def test_words_tell_what_the_picture_shows(tmp_path: Path) -> None:
    text = page(tmp_path, GOOD)
    summary = text[text.index('<section id="summary"') :]
    for told in ("dual", "200.002", "glass_bri_lines", "first", "again", "W_ABERRATION", "All "):
        assert told in summary, told
    assert summary.count("<table>") == 4


def test_the_live_page_holds_no_scene() -> None:
    text = live_page(HOSTILE).decode()
    found = Elements(text)
    assert len(found.scripts) == 1
    assert "connect-src 'self'" in policy(live=True)
    assert "<img" not in text


def test_the_command_writes_a_page_and_refuses_what_makes_no_sense(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job, out = write_job(tmp_path, DOTS), tmp_path / "x.html"
    assert run(["preview", str(job), "-o", str(out)]) == 0
    assert out.read_bytes().startswith(b"<!doctype html>")
    assert "All 90 rows are drawn" in capsys.readouterr().out
    assert run(["preview", str(job), "-o", str(out), "--step", "1"]) == 2
    assert "holds every view, step and layer" in capsys.readouterr().err
