"""What editors are told: every shipped file is accepted, slips are not, and every key says what it is."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from lasercam.errors import UsageError
from lasercam.pipeline.job_schema import schema_of
from lasercam.schema.tree import parse_yaml
from tests.support import profile_keys
from tests.support.jobs import GOOD, broken

ROOT = Path(__file__).parents[2]
FILES = {
    "job": sorted((ROOT / "patterns").glob("*.yaml")),
    "machine": sorted((ROOT / "machine_profiles").glob("*.yaml")),
    "process": sorted((ROOT / "lasercam" / "process" / "library").glob("*.yaml")),
}


@cache
def validator(kind: str) -> jsonschema.Draft202012Validator:
    schema = schema_of(kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("kind", ["machine", "process"])
def test_shipped_files_are_accepted(kind: str) -> None:
    assert len(FILES[kind]) > 10
    for path in FILES[kind]:
        data = parse_yaml(path.read_bytes(), path.name).data
        assert not [f"{path.name} {e.json_path}: {e.message}" for e in validator(kind).iter_errors(data)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("pulse_energy", "puls_energy"),
        ("50 um,", "50,"),
        ("type: lines", "type: lynes"),
        ("count: 5", "count: five, cuont: 5"),
        ("br_i_borosilicate", "br_i_borosilikate"),
        ("write: {grid.lines: dual}", "writes: {grid.lines: dual}"),
        ("write: {grid.lines: dual}", "write: {grid.lines: dual}, erase: {grid.lines: dual}"),
        ("write: {grid.lines: dual}", "write: {}"),
        ("size: [10 mm, 10 mm, 2 mm]", "size: [10 mm, 10 mm]"),
        ("machine: fs1030-linuxcnc\n", ""),
        ("refractive_index: 1.52", "refractive_index: []"),
    ],
)
def test_slips_in_a_job_are_marked(old: str, new: str) -> None:
    assert not list(validator("job").iter_errors(parse_yaml(GOOD, "good").data))
    assert list(validator("job").iter_errors(parse_yaml(broken(old, new), "bad").data))


@pytest.mark.parametrize(
    ("old", "new"),
    [("dialect: linuxcnc", "dialect: linuxcnq"), ("max_speed:", "max_sped:"), ("increment: 10 nm", "increment: 10")],
)
def test_slips_in_a_profile_are_marked(old: str, new: str) -> None:
    text = (ROOT / "machine_profiles" / "fs1030-linuxcnc.yaml").read_text()
    assert list(validator("machine").iter_errors(parse_yaml(broken(old, new, text), "bad").data))


def test_names_of_a_lab_are_taken() -> None:
    for old, new in (("machine: fs1030-linuxcnc", "machine: our-stage"), ("process: glass_bri_lines", "process: ours")):
        assert not list(validator("job").iter_errors(parse_yaml(broken(old, new), "good").data))


def keys(schema: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every key of every object in a schema."""
    if isinstance(schema, list):
        for item in schema:
            yield from keys(item, path)
    elif isinstance(schema, dict):
        for name, key in schema.get("properties", {}).items():
            if isinstance(key, dict):
                yield f"{path}.{name}", key
        for name, inner in schema.items():
            yield from keys(inner, f"{path}.{name}")


@pytest.mark.parametrize("kind", ["job", "machine", "process"])
def test_every_key_says_what_it_is(kind: str) -> None:
    conditions = ("kind", "type")  # named again in `if`, where only their value counts
    silent = [
        path
        for path, key in keys(schema_of(kind))
        if not key.get("description") and not (path.rpartition(".")[2] in conditions and ".if." in path)
    ]
    assert not silent


def test_quantities_have_examples() -> None:
    definitions = schema_of("job")["$defs"]
    assert "'examples': ['0.4 mm/s']" in str(definitions["RecipeText"]["properties"]["speed"])
    processes = definitions["RecipeText"]["properties"]["process"]["anyOf"][0]
    assert "glass_bri_lines" in processes["enum"]
    assert len(processes["enum"]) == len(processes["enumDescriptions"])


def test_other_kinds_are_refused() -> None:
    with pytest.raises(UsageError, match="did you mean 'machine'"):
        schema_of("machines")


def test_the_manual_lists_every_key_of_a_profile() -> None:
    assert profile_keys.FILE.read_text(encoding="utf-8") == profile_keys.text(), (
        "run python -m tests.support.profile_keys"
    )
