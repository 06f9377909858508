"""YAML as plain text scalars, lists and mappings, with the place of every value.

Only the structure of YAML is used. Scalars stay text until a key's type reads them, so `NO`, `010` and `12:30`
mean those characters; tags, aliases that multiply, deep nesting and duplicate keys are refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from lasercam.errors import InputError, Location, Problem, shorten

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 40
MAX_NODES = 400_000

Plain: TypeAlias = "str | list[Plain] | dict[str, Plain] | None"
KeyPath: TypeAlias = tuple[str | int, ...]

_Loader: type = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(frozen=True)
class Tree:
    """A document: its plain data, and where every key and value stands.

    Attributes:
        data: text, lists and mappings; an empty value is None.
        file: the name shown in messages.
        keys: place of the key (or list item) at each path; below a path, its own key stands at ().
        values: place of the value at each path.
    """

    data: Plain
    file: str
    keys: dict[KeyPath, Location] = field(default_factory=dict)
    values: dict[KeyPath, Location] = field(default_factory=dict)

    def at(self, path: Sequence[str | int], *, key: bool = False) -> Location:
        """The place of a path, or of its nearest ancestor when the path itself is absent."""
        wanted = tuple(path)
        table = self.keys if key else self.values
        if wanted in table:
            return table[wanted]
        while wanted and wanted not in self.values:
            wanted = wanted[:-1]
        return self.values.get(wanted, Location(self.file, 1, 1))

    def under(self, path: Sequence[str | int]) -> "Tree":
        """The part of the document below a path, with its places."""
        prefix = tuple(path)
        data = self.data
        for step in prefix:
            if not isinstance(data, dict | list):
                raise KeyError(prefix)
            data = data[step]  # type: ignore[index] # a list has numbers, a mapping names
        part = Tree(data, self.file)
        self._note_under(data, prefix, (), part)
        return part

    def _note_under(self, data: Plain, path: KeyPath, below: KeyPath, part: "Tree") -> None:
        """Places of everything below a path; only what lies there is visited, however large the rest."""
        for here, there in ((self.keys, part.keys), (self.values, part.values)):
            if path in here:
                there[below] = here[path]
        if isinstance(data, dict):
            for name, child in data.items():
                self._note_under(child, (*path, name), (*below, name), part)
        elif isinstance(data, list):
            for index, child in enumerate(data):
                self._note_under(child, (*path, index), (*below, index), part)


def parse_yaml(text: str | bytes, file: str) -> Tree:
    """The document in a YAML text.

    Args:
        text: the whole file; bytes must be UTF-8 (or UTF-16 with its mark, as YAML allows).
        file: its name for messages.

    Raises:
        InputError: not YAML, too large or deep, multiplying aliases, tags, duplicate keys, several documents.
    """
    if len(text) > MAX_BYTES:
        raise InputError(Problem(f"the file has {len(text):,} bytes; at most {MAX_BYTES:,} are read", _start(file)))
    text = _decoded(text, file)
    try:
        _guard_structure(text, file)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise InputError(_yaml_problem(error, text, file)) from error
    except UnicodeEncodeError as error:  # half a surrogate pair in a text that never was bytes
        raise InputError(Problem(f"the text cannot be UTF-8 ({error.reason})", _start(file))) from error
    tree = Tree(None, file)
    if root is None:
        return tree
    problems: list[Problem] = []
    data = _plain(root, (), tree, problems)
    if problems:
        raise InputError(problems)
    return Tree(data, file, tree.keys, tree.values)


def _start(file: str) -> Location:
    return Location(file, 1, 1)


def _decoded(text: str | bytes, file: str) -> str:
    """The text, whose first byte that is none has a place."""
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    encoding = "utf-16" if text[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return text.decode(encoding)
    except UnicodeDecodeError as error:
        before = text[: error.start].decode(encoding, "replace")
        place = Location(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
        name = "UTF-16" if encoding == "utf-16" else "UTF-8"
        raise InputError(
            Problem(f"the file is not {name} text ({error.reason})", place, "Save it as UTF-8.")
        ) from error


def _guard_structure(text: str, file: str) -> None:
    """Refuse bombs while reading events, before any structure is built from them."""
    depth = nodes = 0
    for event in yaml.parse(text, Loader=_Loader):
        place = _mark(event.start_mark, file)
        if isinstance(event, yaml.AliasEvent):
            raise InputError(
                Problem(
                    "aliases (*name) are not read: they hide what a job says",
                    place,
                    "Write the value again, or use `like`.",
                )
            )
        if isinstance(event, yaml.NodeEvent):
            nodes += 1
            tag = getattr(event, "tag", None)
            if tag is not None and tag != "!":
                raise InputError(
                    Problem(f"the tag '{shorten(tag)}' is not read", place, "Remove it; keys know their types.")
                )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise InputError(Problem(f"nested deeper than {MAX_DEPTH} levels", place))
        if nodes > MAX_NODES:
            raise InputError(Problem(f"more than {MAX_NODES:,} values", place, "Put long lists into a CSV file."))


def _unreadable(error: yaml.reader.ReaderError, text: str, file: str) -> Problem:
    """A character that no YAML may hold; libyaml counts its position in bytes, the plain reader in characters."""
    allowed = "\t\n\r\x85"
    for index, c in enumerate(text):
        if c not in allowed and (c < " " or "\x7f" <= c < "\xa0" or "\ud800" <= c <= "\udfff" or c in "\ufffe\uffff"):
            line_start = text.rfind("\n", 0, index) + 1
            place = Location(file, text.count("\n", 0, index) + 1, index - line_start + 1)
            return Problem(f"the character U+{ord(c):04X} has no place in YAML", place, "Remove it.")
    return Problem(f"this is not YAML: {shorten(str(error.reason), 160)}", _start(file))


def _yaml_problem(error: yaml.YAMLError, text: str, file: str) -> Problem:
    if isinstance(error, yaml.reader.ReaderError):
        return _unreadable(error, text, file)
    mark = getattr(error, "problem_mark", None)
    place = _mark(mark, file)
    reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
    context = getattr(error, "context", None)
    hint = f"({context})" if context else ""
    return Problem(f"this is not YAML: {shorten(str(reason), 160)}", place, hint)


def _plain(node: yaml.Node, path: KeyPath, tree: Tree, problems: list[Problem]) -> Plain:
    """Convert composed nodes, noting places; duplicate keys and unusable keys become problems."""
    tree.values[path] = _place(node, tree.file)
    if isinstance(node, yaml.ScalarNode):
        empty = node.value == "" and not node.style
        return None if empty else str(node.value)
    if isinstance(node, yaml.SequenceNode):
        items: list[Plain] = []
        for index, child in enumerate(node.value):
            tree.keys[(*path, index)] = _place(child, tree.file)
            items.append(_plain(child, (*path, index), tree, problems))
        return items
    mapping: dict[str, Plain] = {}
    for key_node, child in node.value:
        place = _place(key_node, tree.file)
        if not isinstance(key_node, yaml.ScalarNode):
            problems.append(Problem("a key must be plain text", place))
            continue
        name = str(key_node.value)
        if name in mapping:
            first = tree.keys[(*path, name)]
            problems.append(
                Problem(f"the key '{shorten(name)}' stands twice; first in line {first.line}", place, "Keep one.")
            )
            continue
        tree.keys[(*path, name)] = place
        mapping[name] = _plain(child, (*path, name), tree, problems)
    return mapping


def _place(node: yaml.Node, file: str) -> Location:
    return _mark(node.start_mark, file)


def _mark(mark: Any, file: str) -> Location:
    return _start(file) if mark is None else Location(file, mark.line + 1, mark.column + 1)
