"""What the documents say works: the README's commands exist, and the rooms of extending.md can be lived in."""

import re
import shlex
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from lasercam.cli.main import COMMANDS, program, run
from lasercam.model.machine import Machine
from lasercam.pipeline import registry
from tests.support.jobs import GOOD, write_job

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The examples of extending.md, installed as a lab's package would be."""
    entries: dict[str, dict[str, EntryPoint]] = {}
    for language, text in BLOCK.findall((ROOT / "lasercam/docs/extending.md").read_text()):
        if language == "python":
            name = re.match(r"# my_lab/(\w+)\.py", text)
            assert name is not None
            (tmp_path / "my_lab").mkdir(exist_ok=True)
            (tmp_path / "my_lab" / f"{name[1]}.py").write_text(text)
        elif language == "toml":
            group = re.search(r'entry-points\."([\w.]+)"', text)
            line = re.search(r'^(\w+) = "([\w.:]+)"', text, re.MULTILINE)
            assert group is not None
            assert line is not None
            entries[group[1]] = {line[1]: EntryPoint(line[1], line[2], group[1])}
    monkeypatch.syspath_prepend(str(tmp_path))
    known = registry._entries
    monkeypatch.setattr(registry, "_entries", lambda group: {**known(group), **entries.get(group, {})})
    yield
    for module in [name for name in sys.modules if name.partition(".")[0] == "my_lab"]:
        del sys.modules[module]


def test_the_source_and_the_check_of_the_manual_work(
    lab: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = GOOD.replace(
        "{type: lines, count: 5, pitch: 50 um, length: 300 um,", "{type: zigzag, teeth: 400, size: 5 um,"
    )
    text = text.replace("grid.lines", "grid.line").replace("grid.odd", "grid.line")
    run(["check", str(write_job(tmp_path, text))])
    said = capsys.readouterr().out
    assert "step 1 first: 800 exposures" in said
    text = GOOD.replace("0.4 mm/s", "0.0004 mm/s").replace("pitch: 50 um, length: 300 um", "pitch: 50 um, length: 3 mm")
    run(["check", str(write_job(tmp_path, text))])
    assert "W_CURFEW" in capsys.readouterr().out
    assert run(["explain", "W_CURFEW"]) == 0
    assert run(["explain", "zigzag"]) == 0
    assert "How many teeth." in capsys.readouterr().out


def test_the_readme_names_commands_and_files_that_exist() -> None:
    text = (ROOT / "README.md").read_text()
    for command in re.findall(r"lasercam (\w+)", "\n".join(t for lang, t in BLOCK.findall(text) if lang == "sh")):
        assert command in {*COMMANDS, "build"}, command
    for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", text):
        assert (ROOT / picture).is_file(), picture
    for file in re.findall(r"`(lasercam/[\w./]+\.\w+)`", text):
        assert (ROOT / file).is_file(), file


def test_the_job_in_the_readme_is_a_job(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = next(t for lang, t in BLOCK.findall((ROOT / "README.md").read_text()) if lang == "yaml")
    assert run(["check", str(write_job(tmp_path, job))]) == 0
    unanswered = job[: job.index("supply:")]
    assert run(["check", str(write_job(tmp_path, unanswered))]) == 1
    assert "E_UNSUPPORTED" in capsys.readouterr().out, "what a source leaves unknown has to be supplied"


def _merged(base: Any, over: Any) -> Any:
    if isinstance(base, dict) and isinstance(over, dict):
        return {**base, **{key: _merged(base.get(key), value) for key, value in over.items()}}
    return over


def test_every_piece_of_a_profile_in_the_manual_makes_a_machine() -> None:
    base = yaml.safe_load((ROOT / "machine_profiles/fs1030-linuxcnc.yaml").read_text())
    blocks = [t for lang, t in BLOCK.findall((ROOT / "lasercam/docs/machines.md").read_text()) if lang == "yaml"]
    assert len(blocks) >= 3
    for block in blocks:
        Machine.model_validate(_merged(base, yaml.safe_load(block)))


FOLDERS = ("out", "build_1", "secret", "stored", "back", "repaired", "files", "scans/")
"""Names in the documents that stand for folders."""
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "lasercam" / "docs").glob("*.md"))]


def command_lines(document: Path) -> Iterator[list[str]]:
    """Every call of lasercam in the shell blocks of a document, as arguments."""
    for language, text in BLOCK.findall(document.read_text(encoding="utf-8")):
        for line in text.splitlines() if language == "sh" else ():
            for call in re.split(r"\s#\s", line)[0].split("&&"):
                words = shlex.split(call)
                if words and Path(words[0]).name == "lasercam":
                    yield [word for word in words[1:] if word != "..."]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_every_command_line_is_understood(document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in command_lines(document):
        for word in arguments[1:]:
            place = tmp_path / word
            if not word.startswith(("-", "/")) and not place.exists() and len(word) < 80:
                place.parent.mkdir(parents=True, exist_ok=True)
                _ = place.mkdir() if word in FOLDERS else place.write_text("")
        context = program.make_context("lasercam", list(arguments))
        name, command, rest = program.resolve_command(context, [*context._protected_args, *context.args])
        assert command is not None
        inner = command.make_context(name, rest, parent=context)
        if isinstance(command, click.Group):
            name, command, rest = command.resolve_command(inner, [*inner._protected_args, *inner.args])
            assert command is not None
            command.make_context(name, rest, parent=inner)


EXECUTED = [
    ROOT / "README.md",
    *(ROOT / "lasercam" / "docs" / name for name in ("layouts.md", "machines.md", "stored_data.md")),
]
"""Documents whose commands need nothing but what ships; those of the others are parsed, and run by their own tests."""


@pytest.mark.parametrize("document", EXECUTED, ids=lambda path: path.stem)
def test_every_command_line_does_what_it_says(document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "patterns").symlink_to(ROOT / "patterns")
    ran = 0
    for arguments in command_lines(document):
        quick = ["--no-pictures"] if arguments[0] == "build" else []  # pictures have tests of their own
        assert run([*arguments, *quick]) == 0, arguments
        ran += 1
    assert ran >= 2


def test_running_without_hardware_ends_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_job(tmp_path, GOOD.replace("fs1030-linuxcnc", "fs1030-grbl"))
    assert run(["build", "job.yaml", "-o", "out", "--no-pictures"]) == 0
    monkeypatch.setattr("click.confirm", lambda *_, **__: True)
    for arguments in command_lines(ROOT / "lasercam/docs/running.md"):
        if arguments[0] != "run" or "--tcp" in arguments:
            continue
        if "--simulate" in arguments:
            expected = {0}
        elif "--port" in arguments and "--confirm" not in arguments:
            expected = {3}
        else:
            expected = {1, 2}  # about jobs with steps by hand, and controllers that are not fed line by line
        assert run(arguments) in expected, arguments


def test_the_examples_of_the_api_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each block runs by itself, and prints what its comments say."""
    import lasercam as lc

    monkeypatch.chdir(tmp_path)
    blocks = [t for lang, t in BLOCK.findall((ROOT / "lasercam/docs/api.md").read_text()) if lang == "python"]
    blocks += [t for lang, t in BLOCK.findall((ROOT / "README.md").read_text()) if lang == "python"]
    assert len(blocks) == 5
    for block in blocks:
        exec(compile(block, "api.md", "exec"), {"__name__": "example"})  # noqa: S102 # our own manual
    lc.forget_source("zigzag")
    said = capsys.readouterr().out
    for wanted in ("<lasercam job qr_two_state on fs1030-linuxcnc:", "True", "\n4\n", "type: zigzag: A zigzag line"):
        assert wanted in said
    assert "False" not in said
    assert (tmp_path / "speed_series.yaml").is_file()


def test_the_contract_of_the_manual_holds(lab: None) -> None:
    import importlib

    contract = importlib.import_module("my_lab.test_zigzag").TestZigzag()
    promises = [name for name in dir(contract) if name.startswith("test_")]
    assert len(promises) > 8
    for promise in promises:
        getattr(contract, promise)()


def test_the_commands_of_the_manual_of_reading_do_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = BLOCK.findall((ROOT / "lasercam/docs/reading.md").read_text(encoding="utf-8"))
    commands = [line.split()[1:] for lang, text in blocks if lang == "sh" for line in text.splitlines()]
    monkeypatch.chdir(tmp_path)
    for name in {word for command in commands for word in command if word.endswith(".yaml")}:
        (tmp_path / name).write_bytes((ROOT / "patterns" / name).read_bytes())
    said = ""
    for command in commands:
        if "scans/" in command:
            continue  # pages are made and read in tests/pipeline/test_stored_data.py
        assert run(command) == 0, command
        said += capsys.readouterr().out
    for line in re.findall(r"```\n(first\.png.*?)```", (ROOT / "lasercam/docs/reading.md").read_text(), re.DOTALL)[
        0
    ].splitlines():
        assert line in said
    assert "reads '42'" in said
