"""Plain data as YAML that a person would have written: short collections on a line, quotes only where needed."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from lasercam.errors import LasercamError

Written: TypeAlias = "str | int | float | bool | Sequence[Written] | Mapping[str, Written] | None"
"""What can stand in a document."""

WIDTH = 120
_PLAIN = re.compile(r"[A-Za-zµ_/][\w .+/%^²³*=µ°-]*(?<! )|\d[\d.]* [A-Za-zµ%°][\w/^²³µ*-]*")
"""Texts that no YAML reader takes for anything but a text."""
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf"})
_CONTROL = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")


def yaml_text(data: Mapping[str, Written]) -> str:
    """A mapping as a YAML document; reading it back gives the same, with numbers as text.

    >>> print(yaml_text({"job": "a", "size": ["1 mm", "2 mm"], "text": "NO"}), end="")
    job: a
    size: [1 mm, 2 mm]
    text: "NO"

    Raises:
        LasercamError: something that no document can hold.
    """
    return "".join(f"{line}\n" for line in _mapping(data, 0))


def _mapping(data: Mapping[str, Written], depth: int) -> Iterator[str]:
    lead = "  " * depth
    for key, value in data.items():
        name = f"{lead}{_scalar(_key(key))}:"
        short = _flow(value)
        if depth and len(name) + 1 + len(short) <= WIDTH and _is_leaf(value):
            yield f"{name} {short}"
        elif isinstance(value, Mapping) and value:
            yield name
            yield from _mapping(value, depth + 1)
        elif isinstance(value, Sequence) and not isinstance(value, str) and not _is_leaf(value):
            yield name
            yield from _items(value, depth + 1)
        else:
            yield f"{name} {short}"


def _items(values: Sequence[Written], depth: int) -> Iterator[str]:
    for value in values:
        short = f"{'  ' * depth}- {_flow(value)}"
        if not isinstance(value, Mapping) or not value or len(short) <= WIDTH:
            yield short
            continue
        lines = list(_mapping(value, depth + 1))
        yield f"{'  ' * depth}- {lines[0].lstrip()}"
        yield from lines[1:]


def _is_leaf(value: Written) -> bool:
    """Whether it reads well on one line: no mapping of mappings, no list of mappings."""
    if isinstance(value, Mapping):
        return not any(isinstance(inner, Mapping) for inner in value.values())
    return not isinstance(value, Sequence) or not any(isinstance(inner, Mapping) for inner in value)


def _flow(value: Written) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(_key(k))}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(_flow(v) for v in value) + "]"
    return _scalar(value)


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise LasercamError(f"{key!r} cannot be a key; keys are texts")
    return key


def _scalar(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        raise LasercamError(
            f"a {type(value).__name__} cannot stand in a job file; texts, numbers, lists and mappings can"
        )
    if _PLAIN.fullmatch(value) and value.casefold() not in _WORDS:
        return value
    return _CONTROL.sub(lambda c: f"\\u{ord(c[0]):04x}", json.dumps(value, ensure_ascii=False))
