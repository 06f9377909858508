"""The list of all keys of a machine profile in the manual: `python -m tests.support.profile_keys` writes it anew."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lasercam.pipeline.job_schema import machine_schema

FILE = Path(__file__).parents[2] / "lasercam" / "docs" / "profile_keys.md"
HEAD = """# Every key of a machine profile

Made from the schema that reads profiles (`lasercam schema machine`). **Bold** keys are required. Laser adapters and
controller settings have keys of their own: `lasercam explain pharos`, `lasercam explain grbl`.

| key | takes | what it is |
|---|---|---|
"""


def text() -> str:
    """The page."""
    schema = machine_schema()
    return HEAD + "".join(f"{row}\n" for row in _rows(schema, schema["$defs"], ""))


def _rows(node: dict[str, Any], definitions: dict[str, Any], before: str) -> Iterator[str]:
    for name, key in node.get("properties", {}).items():
        called = f"**`{before}{name}`**" if name in node.get("required", ()) else f"`{before}{name}`"
        about = " ".join(key.get("description", "").split()).replace("|", "\\|")
        yield f"| {called} | {_takes(key)} | {about} |"
        for reference in _references(key):
            yield from _rows(definitions[reference], definitions, f"{before}{name}.")


def _takes(key: dict[str, Any]) -> str:
    choices = [key, *key.get("anyOf", ()), *([key["items"]] if isinstance(key.get("items"), dict) else [])]
    allowed = next((c["enum"] for c in choices if "enum" in c), None)
    example = next((c["examples"][0] for c in choices if c.get("examples")), None)
    default = key.get("default")
    words = [" \\| ".join(f"`{a}`" for a in allowed)] if allowed else [f"`{example}`"] if example else []
    if isinstance(default, str | int | float) and default != "":
        words.append(f"default {default}")
    return ", ".join(words)


def _references(key: dict[str, Any]) -> list[str]:
    """Definitions that the key's value is made by, or the items of its list."""
    places = [key, *key.get("anyOf", ()), *key.get("oneOf", ())]
    places += [p["items"] for p in places if isinstance(p.get("items"), dict)]
    return [p["$ref"].rpartition("/")[2] for p in places if "$ref" in p]


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"{FILE.name}: {text().count(chr(10))} lines\n")
