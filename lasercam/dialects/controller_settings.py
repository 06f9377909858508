"""The names and numbers of one lab's controller, as its profile states them under `controller.settings`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lasercam.dialects.judgement import setting_finding
from lasercam.errors import MachineLimitError, nearest, shorten
from lasercam.model.finding import Finding
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


def read_settings(machine: Machine, keys: Sequence[Key]) -> tuple[Mapping[str, str], list[Finding]]:
    """Every key with its text, and what is missing, malformed or unknown.

    A key that is missing without a default, or malformed, has no entry.
    """
    stated = machine.controller.settings
    problems: list[str] = []
    hints: list[str] = []
    known = [key.name for key in keys]
    for name in stated:
        if name not in known:
            close = nearest(name, known)
            problems.append(f"unknown key '{shorten(name)}'" + (f" (did you mean '{close[0]}'?)" if close else ""))
            hints.append(f"known are {', '.join(known)}")
    found: dict[str, str] = {}
    for key in keys:
        text = stated.get(key.name, key.default)
        if text is None:
            problems.append(f"'{key.name}' is not stated: {key.what}")
            hints.append(f"state {key.name}: '{key.example}' or what your controller uses")
        elif not re.fullmatch(key.pattern, text):
            problems.append(f"'{key.name}' is '{shorten(text)}', but must be {key.what}")
            hints.append(f"state {key.name} such as '{key.example}'")
        else:
            found[key.name] = text
    if not problems:
        return found, []
    finding = setting_finding(f"controller.settings: {'; '.join(problems)}", "; ".join(dict.fromkeys(hints)))
    return found, [finding]


def settings_or_refuse(machine: Machine, keys: Sequence[Key]) -> Mapping[str, str]:
    """Every key with its text.

    Raises:
        MachineLimitError: some are missing, malformed or unknown.
    """
    found, problems = read_settings(machine, keys)
    if problems:
        raise MachineLimitError(f"{problems[0].message}; {problems[0].hint}")
    return found
