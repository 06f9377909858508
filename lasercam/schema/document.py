"""Typed documents: read a tree into a model, and turn every misfit into a problem with its place."""

from collections.abc import Iterable
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from lasercam.errors import InputError, Problem, name_problem, shorten
from lasercam.schema.tree import KeyPath, Tree

MAX_PROBLEMS = 100
"""Problems shown of one document; who has more has one problem that causes them all."""


class Document(BaseModel):
    """Base of everything people write: no unknown keys, no changes after reading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


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
        details = error.errors(include_url=False)
        problems = [_problem(detail, model, tree) for detail in details[:MAX_PROBLEMS]]
        if len(details) > MAX_PROBLEMS:
            last = max(p.location for p in problems if p.location is not None)
            problems.append(Problem(f"{len(details) - MAX_PROBLEMS:,} more problems are not listed", last))
        raise InputError(problems) from error


def _problem(detail: Any, model: type[BaseModel], tree: Tree) -> Problem:
    """One pydantic error as a person would say it."""
    kind, loc = str(detail["type"]), tuple(detail["loc"])
    if loc and loc[-1] == "[key]":
        name = shorten(str(detail["input"]))
        place = tree.at(_known(loc[:-1], tree), key=True)
        reason = str(detail["msg"])
        own = reason.removeprefix("Value error, ")
        return Problem(_shown(own) if own != reason else f"'{name}' cannot be a name here: {_lowered(reason)}", place)
    inner = detail.get("ctx", {}).get("step")  # a member of a list or range that its type read as a whole
    path = _known(loc if inner is None else (*loc, inner), tree)
    key = _called(loc)
    if kind == "extra_forbidden":
        allowed = _allowed_keys(model, loc[:-1])
        return name_problem("key", str(loc[-1]), allowed, tree.at(path, key=True))
    if kind == "missing":
        if isinstance(loc[-1], int):
            found = f"'{_called(loc[:-1])}' has too few values: number {loc[-1] + 1} is missing"
            return Problem(found, tree.at(path))
        return Problem(f"the key '{key}' is missing{_described(model, loc)}", tree.at(path, key=True))
    if kind in ("literal_error", "enum"):
        allowed = [w.strip(" '") for w in str(detail["ctx"]["expected"]).replace(" or ", ", ").split(",")]
        return name_problem(f"value of '{key}'", str(detail["input"]), allowed, tree.at(path))
    message = _PLAIN_WORDS.get(kind) or str(detail["msg"]).removeprefix("Value error, ")
    if kind == "too_long":
        message = f"at most {detail['ctx']['max_length']} values fit here"
    if detail.get("input") is None and kind not in ("quantity", "value_error"):
        message = f"the key '{key}' has no value{_described(model, loc)}"
    elif kind not in ("quantity", "value_error"):
        message = f"'{shorten(str(detail['input']))}' does not fit '{key}': {_lowered(message)}"
    elif kind == "quantity" and key:
        message = f"{key}: {message}"
    return Problem(_shown(message), tree.at(path))


_PLAIN_WORDS = {
    "dict_type": "expected keys with values, such as {name: value}",
    "model_type": "expected keys with values, such as {name: value}",
    "list_type": "expected a list, such as [a, b]",
    "tuple_type": "expected a list, such as [a, b]",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_parsing": "expected a number",
    "bool_parsing": "expected true or false",
    "string_type": "expected a text",
}
"""What pydantic calls a tuple or a dictionary, as a person calls it."""


def _shown(message: str) -> str:
    """A message that may quote what was written, fit to print."""
    return shorten(message, 600)


def _lowered(message: str) -> str:
    """A sentence as the rest of another; words in capitals stay."""
    return message if message[1:2].isupper() else f"{message[:1].lower()}{message[1:]}"


def _called(loc: tuple[str | int, ...]) -> str:
    """A path's last name; items of a list go by the list's."""
    names = [step for step in loc if isinstance(step, str)]
    return shorten(names[-1]) if names else ""


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
    owner = _owner(model, loc)
    return _names(owner) if owner is not None else []


def _owner(model: type[BaseModel], loc: Iterable[str | int]) -> type[BaseModel] | None:
    """The document type that stands at a path."""
    reached: list[Any] = [model]
    for step in loc:
        below = [inner for annotation in reached for inner in _descend(annotation, step)]
        reached = below or reached  # a step that names a member of a union leads nowhere in the document
    return next((annotation for annotation in reached if _is_model(annotation)), None)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _descend(annotation: Any, step: str | int) -> list[Any]:
    """Types one step further down: of a field, of a mapping's values, of a list's items."""
    if _is_model(annotation):
        return [
            choice
            for name, info in annotation.model_fields.items()
            if step in (name, info.alias)
            for choice in _choices(info.annotation)
        ]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is dict:
        return _choices(arguments[1])
    if origin in (list, tuple) and isinstance(step, int):
        inner = arguments[min(step, len(arguments) - 1)]
        return _choices(arguments[0] if inner is Ellipsis else inner)
    return []


def _choices(annotation: Any) -> list[Any]:
    """The members of a union, without the marks of `Annotated`."""
    if hasattr(annotation, "__metadata__"):
        return _choices(annotation.__origin__)
    if isinstance(annotation, type) or get_origin(annotation) in (dict, list, tuple):
        return [annotation]
    return [choice for inner in get_args(annotation) for choice in _choices(inner)]


def _described(model: type[BaseModel], loc: tuple[str | int, ...]) -> str:
    """What a missing key is for, from its description."""
    owner = _owner(model, loc[:-1])
    if owner is not None:
        for name, info in owner.model_fields.items():
            if loc[-1] in (name, info.alias) and info.description:
                first = info.description.strip().splitlines()[0].rstrip(".")
                return f": {_lowered(first)}"
    return ""
