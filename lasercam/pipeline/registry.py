"""Sources, checks, dialects and laser adapters by name, found through entry points, so that a lab can add its own."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from lasercam.errors import InputError, LasercamError, Location, Problem, name_problem
from lasercam.model.finding import CodeInfo
from lasercam.model.links import FileLinkType, LaserAdapterType
from lasercam.model.protocols import Check, Dialect, SourceType

SOURCES, CHECKS, DIALECTS = "lasercam.sources", "lasercam.checks", "lasercam.dialects"
LASERS, CONTROLLERS = "lasercam.lasers", "lasercam.controllers"


@cache
def _entries(group: str) -> Mapping[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for entry in sorted(entry_points(group=group), key=lambda e: (e.name, e.value)):
        if entry.name in found and found[entry.name].value != entry.value:
            both = f"{found[entry.name].value} and {entry.value}"
            text = f"two installed packages offer '{entry.name}' in {group}: {both}"
            raise InputError(Problem(text, hint="Uninstall one."))
        found[entry.name] = entry
    return found


def names(group: str) -> list[str]:
    """Registered names, sorted."""
    return sorted(_entries(group))


def _load(group: str, name: str, what: str, location: Location | None) -> Any:
    entries = _entries(group)
    if name not in entries:
        raise InputError(name_problem(what, name, list(entries), location))
    try:
        return entries[name].load()
    except Exception as error:  # a package of somebody else's may fail in any way
        message = f"{what} '{name}' ({entries[name].value}) cannot be loaded: {type(error).__name__}: {error}"
        raise InputError(Problem(message, location, "Install what it needs, or uninstall its package.")) from error


def source_type(name: str, location: Location | None = None) -> SourceType[Any]:
    """The kind of pattern of that name; InputError with the nearest name when there is none."""
    return cast("SourceType[Any]", _load(SOURCES, name, "pattern type", location))


def dialect(name: str, location: Location | None = None) -> Dialect:
    """The dialect of that name; InputError with the nearest name when there is none."""
    return cast("Dialect", _load(DIALECTS, name, "dialect", location)())


def laser_adapter(name: str, location: Location | None = None) -> LaserAdapterType[Any]:
    """The kind of laser link of that name; InputError with the nearest name when there is none."""
    return cast("LaserAdapterType[Any]", _load(LASERS, name, "kind of laser adapter", location))


def controller_link(name: str, location: Location | None = None) -> FileLinkType[Any]:
    """The kind of link to a controller of that name; InputError with the nearest name when there is none."""
    return cast("FileLinkType[Any]", _load(CONTROLLERS, name, "kind of link to a controller", location))


def new_checks() -> list[Check]:
    """A fresh instance of every registered check, by name."""
    return [cast("Check", _load(CHECKS, name, "check", None)()) for name in names(CHECKS)]


def check_codes() -> dict[str, tuple[str, CodeInfo]]:
    """Every finding code: the check or dialect that reports it, and what it means.

    Raises:
        LasercamError: two of them claim one code with different meanings.
    """
    owners: dict[str, tuple[str, CodeInfo]] = {}
    owned = [(name, _load(CHECKS, name, "check", None)) for name in names(CHECKS)]
    owned += [(name, _load(DIALECTS, name, "dialect", None)) for name in names(DIALECTS)]
    for name, owner in owned:
        for info in owner.codes:
            if info.code in owners and owners[info.code][1] != info:
                raise LasercamError(f"'{name}' and '{owners[info.code][0]}' both explain {info.code}, differently")
            owners.setdefault(info.code, (name, info))
    return owners
