"""Problems of a job that was written in code: named by the path of the key, since there is no file to point into."""

from collections.abc import Iterator
from contextlib import contextmanager

from lasercam.errors import InputError, Location, Problem
from lasercam.schema.tree import KeyPath, Tree, parse_yaml

IN_CODE = "<job in code>"
"""What messages would call the file."""


@contextmanager
def named_by_key(content: bytes) -> Iterator[None]:
    """Turn places in the text, which nobody has seen, into paths of keys: `recipes.dual.speed`."""
    try:
        yield
    except InputError as error:
        tree = parse_yaml(content, IN_CODE)
        raise InputError([_named(problem, tree) for problem in error.problems]) from None


def _named(problem: Problem, tree: Tree) -> Problem:
    if problem.location is None or problem.location.file != IN_CODE:
        return problem
    path = _path(problem.location, tree)
    return Problem(f"{key_path(path)}: {problem.message}" if path else problem.message, None, problem.hint)


def _path(location: Location, tree: Tree) -> KeyPath:
    """The shortest path that stands at a place: a mapping begins where its first key does."""
    there = [path for table in (tree.keys, tree.values) for path, place in table.items() if place == location]
    keys = [path for path in there if tree.keys.get(path) == location and path and isinstance(path[-1], str)]
    return min(keys or there, key=len, default=())


def key_path(path: KeyPath) -> str:
    """A path as people write it.

    >>> key_path(("steps", 0, "write"))
    'steps[0].write'
    """
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")
