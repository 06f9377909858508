"""Rooms of other people's packages: what goes wrong in them is said to be theirs, by name, package and place."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from lasercam.errors import GeometryError, LasercamError, PluginError, shorten

HOUSE = "lasercam"


@dataclass(frozen=True)
class Owner:
    """Whose room it is.

    Attributes:
        what: as messages call it: "pattern type 'zigzag'".
        package: the distribution with its version, or what is known of it.
        module: the top-level module its code lies in.
        place: where it is defined, such as `my_lab.zigzag:Zigzag`.
    """

    what: str
    package: str
    module: str
    place: str

    def __str__(self) -> str:
        return f"{self.what} of {self.package} ({self.place})"

    @property
    def is_house(self) -> bool:
        """Whether it is lasercam's own."""
        return self.module == HOUSE

    def fault(self, error: BaseException) -> PluginError:
        """The failure, told as this owner's."""
        frames = traceback.extract_tb(error.__traceback__)
        own = [f for f in frames if not _is_house(f.filename)]
        where = f", {Path(own[-1].filename).name} line {own[-1].lineno}" if own else ""
        return self.wrong(f"{type(error).__name__}: {shorten(str(error), 300)}{where}")

    def wrong(self, text: str) -> PluginError:
        """Something it does against the contract."""
        return PluginError(
            f"the {self} is at fault, not lasercam: {text}. Report it to whoever wrote it; LASERCAM_TRACEBACK=1 shows"
            " the traceback."
        )


def owner_of_entry(what: str, entry: EntryPoint) -> Owner:
    """Whose an entry point is."""
    module = entry.value.partition(":")[0].partition(".")[0]
    found = entry.dist
    package = f"the package {found.name} {found.version}" if found is not None else f"the package {module}"
    return Owner(what, package, module, entry.value)


def owner_of_object(what: str, thing: Any) -> Owner:
    """Whose something is that was registered in this process."""
    module = getattr(thing, "__module__", "__main__") or "__main__"
    name = getattr(thing, "__qualname__", type(thing).__name__)
    return Owner(what, "this program", module.partition(".")[0], f"{module}:{name}")


def _is_house(filename: str) -> bool:
    return Path(filename).resolve().is_relative_to(_ROOT)


_ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def _blamed(owner: Owner) -> Iterator[None]:
    """Refusals pass; geometry that cannot be is named with its maker; anything else is the owner's fault."""
    try:
        yield
    except GeometryError as error:
        raise PluginError(f"the {owner} makes geometry that cannot be used: {error}") from error
    except LasercamError:
        raise
    except Exception as error:
        raise owner.fault(error) from error


def guarded(kind: Any, owner: Owner, methods: dict[str, Any]) -> Any:
    """A class that behaves as `kind`, but whose failures and wrong answers are told as its owner's.

    Args:
        kind: the class; anything else (a function that makes rooms) is given back as it is.
        owner: whose it is.
        methods: what must answer what, by method or property: a type, None for anything, or a tuple with the type of
            the items it yields.
    """
    if not isinstance(kind, type):
        return kind

    made: Any = getattr(kind, "__init__")  # noqa: B009 # of the class, whatever its instances are

    def begin(self: Any, *arguments: Any, **keys: Any) -> None:
        with _blamed(owner):
            made(self, *arguments, **keys)

    members: dict[str, Any] = {"__init__": begin, "__doc__": kind.__doc__, "__module__": kind.__module__}
    for name, answer in methods.items():
        found = getattr(kind, name, None)
        if isinstance(found, property):
            members[name] = property(_asked(found.fget, owner, name, answer), doc=found.__doc__)
        elif callable(found):
            members[name] = _asked(found, owner, name, answer)
    return type(kind.__name__, (kind,), members)


def _asked(call: Any, owner: Owner, name: str, answer: Any) -> Callable[..., Any]:
    """The method, watched."""

    @wraps(call)
    def watched(*arguments: Any, **keys: Any) -> Any:
        with _blamed(owner):
            given = call(*arguments, **keys)
        if isinstance(answer, tuple):
            return _items(given, owner, name, answer[0])
        if answer is not None and not isinstance(given, answer):
            raise owner.wrong(f"`{name}` gives {_called(given)} instead of a {answer.__name__}")
        return given

    return watched


def _items(given: Any, owner: Owner, name: str, item: Any) -> Iterator[Any]:
    """What an iterable answer yields, each item looked at as it comes."""
    if not hasattr(given, "__iter__"):
        raise owner.wrong(f"`{name}` gives {_called(given)} instead of something that yields {item.__name__}s")
    with _blamed(owner):
        items = iter(given)
    while True:
        with _blamed(owner):
            one = next(items, _END)
        if one is _END:
            return
        if not isinstance(one, item):
            raise owner.wrong(f"`{name}` yields {_called(one)} instead of a {item.__name__}")
        yield one


_END = object()


def _called(given: Any) -> str:
    return "nothing" if given is None else f"a {type(given).__name__}"
