"""Pages about keys: what `lasercam explain steps.write` prints, from the types that read the key."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from textwrap import wrap
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from lasercam.errors import nearest
from lasercam.model.job import JobDocument
from lasercam.model.machine import Machine
from lasercam.model.process_window import ProcessDocument
from lasercam.pipeline import registry

WIDTH = 80
ROOTS: Mapping[str, type[BaseModel]] = {"profile": Machine, "process_file": ProcessDocument}
"""First names of paths that do not begin in a job: `profile.axes.x.max_speed`."""


@dataclass(frozen=True)
class KeyPage:
    """A key that was found.

    Attributes:
        path: as it was asked for.
        owner: the type it belongs to.
        name: its field.
    """

    path: str
    owner: type[BaseModel]
    name: str

    @property
    def info(self) -> FieldInfo:
        """What its type says about it."""
        return self.owner.model_fields[self.name]

    def lines(self) -> Iterator[str]:
        """The page."""
        about = " ".join((self.info.description or "").split()).rstrip(".")
        yield from wrap(f"{self.path}: {_lowered(about)}", WIDTH, subsequent_indent="  ")
        written = self.owner.model_json_schema(by_alias=True)["properties"].get(self.info.alias or self.name, {})
        told = expected(written, self.info)
        if told:
            yield from wrap(f"It takes: {told}", WIDTH, initial_indent="  ", subsequent_indent="    ")
        below = _models(self.info.annotation)
        for model in below:
            yield ""
            yield from wrap(" ".join((model.__doc__ or "Its keys.").split()), WIDTH)
            yield from key_lines(model)
        if self.owner is JobDocument and self.name == "patterns":
            yield ""
            yield from wrap(
                f"Types: {', '.join(registry.names(registry.SOURCES))}. `lasercam explain TYPE` tells the keys of one.",
                WIDTH,
            )


def key_lines(model: type[BaseModel]) -> Iterator[str]:
    """A line or more about each key of a type."""
    written = model.model_json_schema(by_alias=True).get("properties", {})
    for key, info in model.model_fields.items():
        called = info.alias or key
        told = expected(written.get(called, {}), info)
        text = f"{called}{f' ({told})' if told else ''}: {info.description or ''}"
        yield from wrap(" ".join(text.split()), WIDTH, initial_indent="  ", subsequent_indent="      ")


def expected(written: Mapping[str, Any], info: FieldInfo) -> str:
    """What a key takes: the allowed values or an example, and its default.

    Args:
        written: the key in the JSON Schema of its type.
        info: its field.
    """
    choices = [written, *written.get("anyOf", ())]
    items = [c["items"] for c in choices if isinstance(c.get("items"), dict)]
    allowed = next((c["enum"] for c in choices if "enum" in c), None)
    example = next((c["examples"][0] for c in choices if c.get("examples")), None)
    each = next((c["examples"][0] for c in items if c.get("examples")), None)
    words = [" | ".join(str(a) for a in allowed)] if allowed else []
    if not words and example is not None:
        words = [f"such as {example}"]
    elif not words and each is not None:
        words = [f"a list, each such as {each}"]
    if info.is_required():
        words.append("required")
    elif written.get("default") not in (None, "", [], {}):
        words.append(f"default {written['default']}")
    return ", ".join(words)


def find_key(path: str) -> KeyPage | None:
    """The key at a path; names that people choose may be left out: `recipes.speed` is `recipes.red.speed`.

    >>> find_key("sample.size").name
    'size'
    >>> find_key("patterns.qr.error_correction").name, find_key("recipes.red.speed").name
    ('error_correction', 'speed')
    """
    steps = path.split(".")
    root = ROOTS.get(steps[0], JobDocument)
    if root is not JobDocument:
        steps = steps[1:]
    if root is JobDocument and steps[0] == "patterns" and len(steps) > 1:
        kind = steps[1] if steps[1] in registry.names(registry.SOURCES) else None
        return _walk(path, [registry.source_type(kind).Keys], steps[2:]) if kind and len(steps) > 2 else None
    return _walk(path, [root], steps) if steps else None


def near_keys(path: str, most: int = 3) -> list[str]:
    """Paths of keys that were most probably meant."""
    return nearest(path, all_paths(), limit=most)


def all_paths() -> list[str]:
    """Every path of a key, names that people choose left out."""
    found = list(_paths(JobDocument, "", 0))
    for name in registry.names(registry.SOURCES):
        found += _paths(registry.source_type(name).Keys, f"patterns.{name}.", 3)
    for name, model in ROOTS.items():
        found += _paths(model, f"{name}.", 0)
    return found


def _paths(model: type[BaseModel], before: str, depth: int) -> Iterator[str]:
    for name, info in model.model_fields.items():
        called = f"{before}{info.alias or name}"
        yield called
        if depth < 4:
            for below in _models(info.annotation):
                yield from _paths(below, f"{called}.", depth + 1)


def _walk(path: str, models: list[type[BaseModel]], steps: list[str]) -> KeyPage | None:
    """Follow the steps; one that no type knows may be a name that somebody chose, below a mapping."""
    for model in models:
        name = _field(model, steps[0])
        if name is None:
            continue
        info = model.model_fields[name]
        if len(steps) == 1:
            return KeyPage(path, model, name)
        below = _models(info.annotation)
        for chosen in range(_mappings(info.annotation) + 1):  # how many of the names somebody chose
            if len(steps) == chosen + 1:
                return KeyPage(path, model, name)
            found = _walk(path, below, steps[1 + chosen :])
            if found is not None:
                return found
    return None


def _field(model: type[BaseModel], called: str) -> str | None:
    called = called.partition("[")[0]
    return next((n for n, info in model.model_fields.items() if called in (n, info.alias)), None)


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Document types that can stand at an annotation, in lists and mappings too."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    inner = [annotation.__origin__] if hasattr(annotation, "__metadata__") else get_args(annotation)
    return [model for one in inner for model in _models(one)]


def _mappings(annotation: Any) -> int:
    """How many mappings lie inside each other before a value."""
    inner = [annotation.__origin__] if hasattr(annotation, "__metadata__") else get_args(annotation)
    return int(get_origin(annotation) is dict) + max((_mappings(one) for one in inner), default=0)


def _lowered(sentence: str) -> str:
    return sentence if sentence[1:2].isupper() else f"{sentence[:1].lower()}{sentence[1:]}"
