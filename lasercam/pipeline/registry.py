"""Sources, checks, dialects and links to lasers and controllers by name, so that a lab can add its own.

They are found through entry points, or were registered in this process by the Python API.
"""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from lasercam.errors import InputError, LasercamError, Location, Problem, name_problem
from lasercam.model.exposure import ExposureBlock
from lasercam.model.feature import FeatureBlock, Parts
from lasercam.model.file_control import FileEnding, FileStatus
from lasercam.model.finding import CodeInfo, Finding
from lasercam.model.links import FileLinkType, LaserAdapterType
from lasercam.model.protocols import Check, Dialect, SourceType
from lasercam.pipeline.guard import Owner, guarded, owner_of_entry, owner_of_object

SOURCES, CHECKS, DIALECTS = "lasercam.sources", "lasercam.checks", "lasercam.dialects"
LASERS, CONTROLLERS = "lasercam.lasers", "lasercam.controllers"

_WHAT = {
    SOURCES: "pattern type", CHECKS: "check", DIALECTS: "dialect", LASERS: "kind of laser adapter",
    CONTROLLERS: "kind of link to a controller",
}  # fmt: skip
_ANSWERS: Mapping[str, dict[str, Any]] = {
    SOURCES: {"parts": Parts, "features": (FeatureBlock,), "area": None, "extra_files": None},
    CHECKS: {"begin": None, "block": None, "end": (Finding,)},
    DIALECTS: {"judge": (Finding,), "encoder": None, "reader": (ExposureBlock,), "reader_with": (ExposureBlock,)},
    LASERS: {"read": None, "set_targets": None, "open_output": None, "close_output": None},
    CONTROLLERS: {
        "problems": None,
        "questions": None,
        "hand_over": None,
        "start": None,
        "status": FileStatus,
        "cut": FileEnding,
    },
}
"""What rooms of other packages are asked, and what they must answer."""
_own: dict[str, dict[str, Any]] = {group: {} for group in _WHAT}


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


def register(group: str, name: str, room: Any) -> None:
    """The room is known in this process by that name; registering a name again replaces what this process had.

    Raises:
        InputError: an installed package offers that name.
    """
    refuse_taken(group, name)
    _own[group][name] = room


def refuse_taken(group: str, name: str) -> None:
    """Raise InputError when an installed package offers that name."""
    if name in _entries(group):
        text = f"the {_WHAT[group]} '{name}' is installed already ({_entries(group)[name].value})"
        raise InputError(Problem(text, hint="Choose another name."))


def forget(group: str, name: str) -> None:
    """What this process had registered by that name is known no more."""
    _own[group].pop(name, None)


def names(group: str) -> list[str]:
    """Registered names, sorted."""
    return sorted({*_entries(group), *_own[group]})


def _load(group: str, name: str, location: Location | None) -> Any:
    what = _WHAT[group]
    if name in _own[group]:
        room = _own[group][name]
        return _watched(group, room, owner_of_object(f"{what} '{name}'", room))
    entries = _entries(group)
    if name not in entries:
        raise InputError(name_problem(what, name, names(group), location))
    owner = owner_of_entry(f"{what} '{name}'", entries[name])
    try:
        room = entries[name].load()
    except Exception as error:  # a package of somebody else's may fail in any way
        message = f"the {owner} cannot be loaded: {type(error).__name__}: {error}"
        raise InputError(Problem(message, location, "Install what it needs, or uninstall its package.")) from error
    return room if owner.is_house else _watched(group, room, owner)


@cache
def _watched(group: str, room: Any, owner: Owner) -> Any:
    """The room as lasercam uses it: one class per room, so that types can be compared."""
    return guarded(room, owner, _ANSWERS[group])


def source_type(name: str, location: Location | None = None) -> SourceType[Any]:
    """The kind of pattern of that name; InputError with the nearest name when there is none."""
    return cast("SourceType[Any]", _load(SOURCES, name, location))


def dialect(name: str, location: Location | None = None) -> Dialect:
    """The dialect of that name; InputError with the nearest name when there is none."""
    return cast("Dialect", _load(DIALECTS, name, location)())


def laser_adapter(name: str, location: Location | None = None) -> LaserAdapterType[Any]:
    """The kind of laser link of that name; InputError with the nearest name when there is none."""
    return cast("LaserAdapterType[Any]", _load(LASERS, name, location))


def controller_link(name: str, location: Location | None = None) -> FileLinkType[Any]:
    """The kind of link to a controller of that name; InputError with the nearest name when there is none."""
    return cast("FileLinkType[Any]", _load(CONTROLLERS, name, location))


def new_checks() -> list[Check]:
    """A fresh instance of every registered check, by name."""
    return [cast("Check", _load(CHECKS, name, None)()) for name in names(CHECKS)]


def check_codes() -> dict[str, tuple[str, CodeInfo]]:
    """Every finding code: the check or dialect that reports it, and what it means.

    Raises:
        LasercamError: two of them claim one code with different meanings.
    """
    owners: dict[str, tuple[str, CodeInfo]] = {}
    owned = [(name, _load(CHECKS, name, None)) for name in names(CHECKS)]
    owned += [(name, _load(DIALECTS, name, None)) for name in names(DIALECTS)]
    for name, owner in owned:
        for info in owner.codes:
            if info.code in owners and owners[info.code][1] != info:
                raise LasercamError(f"'{name}' and '{owners[info.code][0]}' both explain {info.code}, differently")
            owners.setdefault(info.code, (name, info))
    return owners
