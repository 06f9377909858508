"""Jobs to start from: the shipped ones with a line each, and one of them written with a comment on every part."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap

from lasercam.errors import InputError, Problem, UsageError, name_problem
from lasercam.model.job import JobDocument
from lasercam.pipeline.inputs import shipped, shipped_names
from lasercam.pipeline.job_schema import job_schema
from lasercam.schema.document import read_document
from lasercam.schema.tree import parse_yaml
from lasercam.units import LENGTH, format_quantity

SCHEMA_NAME = "lasercam-job.schema.json"
MODELINE = f"# yaml-language-server: $schema={SCHEMA_NAME}"
_PARTS = {
    "machine": "Which stage and laser: `lasercam list machines`, or a profile of your own; see docs/machines.md.",
    "sample": "The piece of material, and how large it is.",
    "patterns": "WHAT is written: geometry by name. Every pattern offers parts that recipes attach to.",
    "recipes": "HOW: exposures by name, each tied to a process window. Lists and ranges make families.",
    "steps": "WHEN: passes over the sample in order, and what happens between them.",
    "supply": "What the sources leave open, answered by the lab, with how it knows.",
    "waive": "Findings the author accepts, and why; every report prints the reason.",
}
"""A comment for each part of a job, where the template has none of its own."""


@dataclass(frozen=True)
class Template:
    """A shipped job in a line.

    Attributes:
        name: for `lasercam new NAME`.
        title: what it shows.
        size: of its sample, width x height x thickness.
        machine: profile it is written for.
    """

    name: str
    title: str
    size: str
    machine: str


def templates() -> list[Template]:
    """Every shipped job."""
    return [_template(name) for name in shipped_names("patterns")]


def write_template(name: str, output: Path | None, *, editor: bool = False) -> list[Path]:
    """Copy a shipped job and its assets, with a comment on every part of it.

    Args:
        name: of the template.
        output: file to write, or a folder; None = `NAME.yaml` here.
        editor: also write the JSON Schema beside it and name it in the first line, for editors.

    Returns:
        The files written, the job first.

    Raises:
        UsageError: no such template.
        InputError: something is in the way, or nothing can be written.
    """
    known = shipped_names("patterns")
    if name not in known:
        raise UsageError(str(name_problem("pattern", name, known)))
    target = output if output is not None else Path(f"{name}.yaml")
    target = target / f"{name}.yaml" if target.is_dir() else target
    with shipped("patterns") as folder:
        text = (folder / f"{name}.yaml").read_text(encoding="utf-8")
        assets, beside = folder / "assets" / name, target.parent / "assets" / name
        if target.exists() or (assets.is_dir() and beside.exists()):
            raise InputError(Problem(f"'{target}' or its assets exist already", hint="Name another file with -o."))
        written = [target]
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if assets.is_dir():
                shutil.copytree(assets, beside)
                written += sorted(p for p in beside.rglob("*") if p.is_file())
            if editor:
                schema = target.parent / SCHEMA_NAME
                schema.write_text(json.dumps(job_schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
                written.append(schema)
            target.write_text(commented(text, editor=editor), encoding="utf-8")
        except OSError as error:
            raise InputError(Problem(f"'{target}' cannot be written: {error.strerror}")) from error
    return written


def commented(text: str, *, editor: bool = False) -> str:
    """A job with a comment above each of its parts that has none, and what can be asked at its end."""
    lines = [MODELINE] if editor else []
    for line in text.splitlines():
        key = re.match(r"([a-z]+):", line)
        if key is not None and key[1] in _PARTS and not (lines and lines[-1].startswith("#")):
            lines += wrap(_PARTS[key[1]], 100, initial_indent="# ", subsequent_indent="# ")
        lines.append(line)
    return "\n".join([*lines, *_ending(text)]) + "\n"


def _ending(text: str) -> Iterator[str]:
    """Names that occur in the job, and how to ask about them."""
    document = read_document(JobDocument, parse_yaml(text, "template"), what="a job")
    types = dict.fromkeys(str(keys["type"]) for keys in document.patterns.values())
    processes = dict.fromkeys(r.process for r in document.recipes.values() if r.process)
    yield ""
    yield "# Ask lasercam about anything above:"
    for name, what in (
        (next(iter(types)), "every key of this type of pattern"),
        (next(iter(processes), None), "this process window and where its numbers come from"),
        ("recipes", "every key of a recipe; `steps`, `sample.size`, `patterns.qr.text` work alike"),
    ):
        if name is not None:
            yield f"#   lasercam explain {name:<28} {what}"


def _template(name: str) -> Template:
    with shipped("patterns") as folder:
        tree = parse_yaml((folder / f"{name}.yaml").read_bytes(), f"{name}.yaml")
    job = read_document(JobDocument, tree, what="a job")
    size = " x ".join(format_quantity(side, LENGTH) for side in job.sample.size)
    return Template(name, job.title, size, job.machine)
