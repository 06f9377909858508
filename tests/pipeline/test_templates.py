"""Templates: listed with a line, written with comments, the same job as before."""

import json
from pathlib import Path

import pytest

from lasercam.cli.main import run
from lasercam.errors import InputError
from lasercam.pipeline.inputs import shipped, shipped_names
from lasercam.pipeline.templates import MODELINE, SCHEMA_NAME, commented, templates, write_template
from lasercam.schema.tree import parse_yaml


@pytest.mark.parametrize("name", shipped_names("patterns"))
def test_comments_change_nothing(name: str) -> None:
    with shipped("patterns") as folder:
        text = (folder / f"{name}.yaml").read_text(encoding="utf-8")
    made = commented(text, editor=True)
    assert parse_yaml(made, "a").data == parse_yaml(text, "a").data
    assert made.startswith(MODELINE)
    lines = made.splitlines()
    for part in ("patterns:", "recipes:", "steps:"):
        index = next(i for i, line in enumerate(lines) if line.startswith(part))
        assert lines[index - 1].startswith("#"), part
    assert "lasercam explain" in made


def test_the_list_tells_size_and_machine(capsys: pytest.CaptureFixture[str]) -> None:
    assert [one.name for one in templates()] == shipped_names("patterns")
    assert run(["new"]) == 0
    said = capsys.readouterr().out
    assert "dxf_electrodes\n  Interlocking combs from a DXF drawing, layer by layer\n  10 mm x 10 mm x 2 mm on" in said
    assert all(len(line) <= 80 for line in said.splitlines())
    assert run(["new", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)[0].keys() == {"name", "title", "size", "machine"}
    assert run(["new", "-o", "x.yaml"]) == 2


def test_assets_and_schema_come_along(tmp_path: Path) -> None:
    files = write_template("gds_rings", tmp_path / "mine.yaml", editor=True)
    assert [f.name for f in files] == ["mine.yaml", "rings.gds", SCHEMA_NAME]
    assert json.loads((tmp_path / SCHEMA_NAME).read_text())["title"] == "A lasercam job"
    assert run(["check", str(files[0])]) == 0
    with pytest.raises(InputError, match="exist already"):
        write_template("gds_rings", tmp_path / "mine.yaml")
