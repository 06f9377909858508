"""Typed documents: read a tree into a model, and turn every misfit into a problem with its place."""

from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from lasercam.errors import InputError, Problem, name_problem, shorten
from lasercam.schema.tree import KeyPath, Tree


class Document(BaseModel):
    """Base of everything people write: no unknown keys, no changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, use_attribute_docstrings=True)


D = TypeVar("D", bound=Document)


def read_document(model: type[D], tree: Tree, *, what: str) -> D:
    """The tree as a model.

    Args:
        model: the document's type.
        tree: what was written.
        what: the document as messages call it: "a job", "a machine profile".

    Raises:
        InputError: every unknown, missing or mistyped key, each with file, line and column.
    """
    if not isinstance(tree.data, dict):
        keys = ", ".join(_names(model)[:6])
        raise InputError(Problem(f"{what} is a mapping with keys such as {keys}", tree.at(())))
    try:
        return model.model_validate(tree.data)
    except ValidationError as error:
        raise InputError([_problem(detail, model, tree) for detail in error.errors()]) from error


def _problem(detail: Any, model: type[BaseModel], tree: Tree) -> Problem:
    """One pydantic error as a person would say it."""
    kind, loc = str(detail["type"]), tuple(detail["loc"])
    inner = detail.get("ctx", {}).get("step")  # a member of a list or range that its type read as a whole
    path = _known(loc if inner is None else (*loc, inner), tree)
    key = str(loc[-1]) if loc else ""
    if kind == "extra_forbidden":
        allowed = _allowed_keys(model, loc[:-1])
        return name_problem("key", key, allowed, tree.at(path, key=True))
    if kind == "missing":
        return Problem(f"the key '{key}' is missing{_described(model, loc)}", tree.at(path, key=True))
    if kind in ("literal_error", "enum"):
        allowed = [w.strip(" '") for w in str(detail["ctx"]["expected"]).replace(" or ", ", ").split(",")]
        return name_problem(f"value of '{key}'", str(detail["input"]), allowed, tree.at(path))
    message = str(detail["msg"]).removeprefix("Value error, ")
    if detail.get("input") is None and kind not in ("quantity", "value_error"):
        message = f"the key '{key}' has no value{_described(model, loc)}"
    elif kind not in ("quantity", "value_error"):
        message = f"'{shorten(str(detail['input']))}' does not fit '{key}': {message[:1].lower()}{message[1:]}"
    elif kind == "quantity" and key:
        message = f"{key}: {message}"
    return Problem(message, tree.at(path))


def _known(loc: tuple[str | int, ...], tree: Tree) -> KeyPath:
    """The part of pydantic's path that exists in the document (it adds names of union members)."""
    path: KeyPath = ()
    for step in loc:
        if (*path, step) in tree.keys or (*path, step) in tree.values:
            path = (*path, step)
    return path


def _names(model: type[BaseModel]) -> list[str]:
    return [info.alias or name for name, info in model.model_fields.items()]


def _allowed_keys(model: type[BaseModel], loc: Iterable[str | int]) -> list[str]:
    """Keys of the model at a path, following fields and their item types."""
    current: Any = model
    for step in loc:
        current = _descend(current, step)
    return _names(current) if isinstance(current, type) and issubclass(current, BaseModel) else []


def _descend(current: Any, step: str | int) -> Any:
    if isinstance(current, type) and issubclass(current, BaseModel):
        for name, info in current.model_fields.items():
            if step in (name, info.alias):
                return _first_model(info.annotation)
    return current


def _first_model(annotation: Any) -> Any:
    """The document type inside an annotation such as `dict[str, Step] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _first_model(inner)
        if found is not None:
            return found
    return None


def _described(model: type[BaseModel], loc: tuple[str | int, ...]) -> str:
    """What a missing key is for, from its description."""
    owner: Any = model
    for step in loc[:-1]:
        owner = _descend(owner, step)
    if isinstance(owner, type) and issubclass(owner, BaseModel):
        for name, info in owner.model_fields.items():
            if loc[-1] in (name, info.alias) and info.description:
                first = info.description.strip().splitlines()[0].rstrip(".")
                return f": {first[:1].lower()}{first[1:]}"
    return ""
