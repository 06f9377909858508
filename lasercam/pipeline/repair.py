"""Repair: the job that writes the voxels a reader missed, and no others, or the verdict that none is needed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lasercam.errors import InputError, Location, Problem
from lasercam.pipeline.inputs import JOB_NAME, BuiltInputs, InputFile, read_bytes
from lasercam.pipeline.load import LoadedJob, load_job, load_kept
from lasercam.pipeline.reading_files import READING_NAME
from lasercam.pipeline.stored_patterns import stored_patterns
from lasercam.schema.tree import Tree, parse_yaml

TABLE_NAME: Final = "missing.csv"
"""As the repair job names it."""


@dataclass(frozen=True)
class Damage:
    """What a reader found of the file that a build stores.

    Attributes:
        pattern: the payload that stores it.
        table: its missing voxels, as CSV.
        voxels: how many.
        whole: the code made up for all of them.
        unseen: pages that no image showed; what is missing of them is not known.
        lost: pages that are lost altogether.
    """

    pattern: str
    table: bytes
    voxels: int
    whole: bool
    unseen: int
    lost: int

    @property
    def text(self) -> str:
        """In words."""
        said = f"{self.voxels:,} voxels of '{self.pattern}' do not glow; "
        said += "the code covers them" if self.whole else f"{self.lost:,} pages are lost"
        if self.unseen:
            said += f"; {self.unseen:,} pages were not seen, and nothing is known of their voxels"
        return said


def find_damage(build: Path, found: Path) -> Damage:
    """What `lasercam read -o FOUND` left about the file that a build stores.

    Raises:
        InputError: no such reading, or one of other files only.
    """
    loaded = load_job(build)
    try:
        files = json.loads(read_bytes(found / READING_NAME))
        by_id: dict[str, Any] = {entry["id"]: entry for entry in files}
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(Problem(f"'{found / READING_NAME}' is not what `lasercam read -o` writes")) from error
    for pattern, source in stored_patterns(loaded).items():
        tag = source.volume.file_id.hex()
        if tag in by_id:
            entry, table = by_id[tag], read_bytes(found / f"missing-{tag}.csv")
            states = [str(page.get("state", "")) for page in entry.get("pages", [])]
            return Damage(
                pattern,
                table,
                max(0, len(table.splitlines()) - 1),
                bool(entry.get("whole")),
                sum(state.startswith("not seen") for state in states),
                sum(state.endswith("lost") for state in states),
            )
    names = ", ".join(sorted(by_id)) or "none"
    raise InputError(
        Problem(
            f"'{found}' holds readings of other files (ids {names}) than this build stores",
            None,
            "Name the build that was written, and the folder that its images were read to.",
        )
    )


def load_repair(build: Path, damage: Damage) -> LoadedJob:
    """The job of a build, changed so that it writes the missing voxels only; the container comes from the build.

    Raises:
        InputError: the build's inputs are damaged, or name a repair already.
    """
    inside = BuiltInputs(build / "inputs")
    content = read_bytes(build / "inputs" / JOB_NAME)
    inside.read_files["asset", TABLE_NAME] = InputFile("asset", TABLE_NAME, TABLE_NAME, damage.table)
    return load_kept(with_key(content, ("patterns", damage.pattern), "type", "repair", TABLE_NAME), inside)


def with_key(content: bytes, path: Sequence[str], behind: str, key: str, value: str) -> bytes:
    """A YAML text with one key more in a mapping, written behind another one; everything else stays as it is.

    Args:
        content: the text.
        path: of the mapping.
        behind: a key of it whose value is a plain word.
        key, value: what is added; plain words.

    Raises:
        InputError: the key is there already, or the text has a form that this does not understand.
    """
    tree = parse_yaml(content, JOB_NAME)
    mapping = _below(tree.data, path)
    if key in mapping:
        raise InputError(Problem(f"'{key}' is there already: this is the build of a repair", tree.at((*path, key))))
    wanted = {**mapping, key: value}
    text = content.decode("utf-8-sig")
    for changed in _candidates(text, tree, (*path, behind), str(mapping[behind]), f"{key}: {value}"):
        try:
            again = parse_yaml(changed.encode(), JOB_NAME)
        except InputError:
            continue
        if _below(again.data, path) == wanted:
            return changed.encode()
    place: Location = tree.at(path, key=True)
    raise InputError(Problem(f"no key can be added to '{'.'.join(path)}'", place, f"Write `{key}: {value}` there."))


def _candidates(text: str, tree: Tree, path: Sequence[str], word: str, line: str) -> list[str]:
    """The text with the line behind a value: in a block, and in braces."""
    value, key = tree.at(path), tree.at(path, key=True)
    lines = text.splitlines(keepends=True)
    row = lines[value.line - 1]
    end = row.find(word, value.column - 1) + len(word)
    # Quotes around the word belong to it.
    end += end < len(row) and row[end] in "\"'"
    braces = [*lines[: value.line - 1], row[:end] + f", {line}" + row[end:], *lines[value.line :]]
    indented = " " * (key.column - 1) + line + "\n"
    newline = "" if row.endswith("\n") else "\n"
    block = [*lines[: value.line - 1], row + newline, indented, *lines[value.line :]]
    return ["".join(braces), "".join(block)]


def _below(data: Any, path: Sequence[str]) -> dict[str, Any]:
    for step in path:
        data = data[step]
    return dict(data)
