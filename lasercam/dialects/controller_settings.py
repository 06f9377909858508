"""The names and numbers of one lab's controller, as its profile states them under `controller.settings`.

Neither writing nor reading code: both sides of the proof start from the same statement about the wiring.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lasercam.errors import nearest, shorten
from lasercam.model.machine import Machine


@dataclass(frozen=True)
class Key:
    """One key a dialect reads.

    Attributes:
        name: as the profile spells it.
        pattern: what its whole text must match.
        what: what it is, for messages.
        example: a text that would do.
        default: used when the profile leaves it out; None = it must be stated.
    """

    name: str
    pattern: str
    what: str
    example: str
    default: str | None = None


class Fault(NamedTuple):
    """One setting that is missing, unknown or wrong, and what to do."""

    message: str
    hint: str


def read_settings(machine: Machine, keys: Sequence[Key]) -> tuple[Mapping[str, str], list[Fault]]:
    """Every key with its text, and what is missing, malformed or unknown.

    A key that is missing without a default, or malformed, has no entry.
    """
    stated = machine.controller.settings
    known = [key.name for key in keys]
    faults: list[Fault] = []
    for name in stated:
        if name not in known:
            close = nearest(name, known)
            meant = f" (did you mean '{close[0]}'?)" if close else ""
            faults.append(Fault(f"unknown key '{shorten(name)}'{meant}", f"known are {', '.join(known)}"))
    found: dict[str, str] = {}
    for key in keys:
        text = stated.get(key.name, key.default)
        if text is None:
            hint = f"state {key.name}: '{key.example}' or what your controller uses"
            faults.append(Fault(f"'{key.name}' is not stated: {key.what}", hint))
        elif key.name in stated and not re.fullmatch(key.pattern, text):
            hint = f"state {key.name} such as '{key.example}'"
            faults.append(Fault(f"'{key.name}' is '{shorten(text)}', but must be {key.what}", hint))
        else:
            found[key.name] = text
    return found, faults


def in_words(faults: Sequence[Fault]) -> Fault:
    """Several faults in one sentence."""
    text = "; ".join(fault.message for fault in faults)
    return Fault(f"controller.settings: {text}", "; ".join(dict.fromkeys(fault.hint for fault in faults)))
