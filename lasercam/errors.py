"""Every failure a person can cause or meet, with the place where it happened.

Nothing here knows about jobs, files or machines: rooms above raise these, the command line prints them and
turns them into exit codes. A traceback reaching a user is a bug in lasercam.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import ClassVar


@dataclass(frozen=True, order=True)
class Location:
    """A place in a file that a person wrote; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input: what was found, and what to do about it.

    Attributes:
        message: what was found and what is allowed, one sentence.
        location: where it stands; None when the input has no lines (a directory, a port).
        hint: what to do, one sentence; empty when the message says it already.
    """

    message: str
    location: Location | None = None
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.location}: " if self.location else ""
        stop = "" if not self.hint or self.message.endswith((".", "?")) else "."
        hint = f"{stop} {self.hint}" if self.hint else ""
        return f"{place}{self.message}{hint}"


class LasercamError(Exception):
    """Base of everything lasercam raises on purpose; `exit_code` is what the shell sees."""

    exit_code: ClassVar[int] = 1


class InputError(LasercamError):
    """A file a person wrote cannot be used; carries every problem found, in file order."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        found = (problems,) if isinstance(problems, Problem) else tuple(problems)
        if not found:
            raise ValueError("an InputError needs at least one problem")
        self.problems = tuple(sorted(found, key=lambda p: p.location or Location("", 0, 0)))
        super().__init__("\n".join(str(p) for p in self.problems))


class QuantityError(LasercamError):
    """A text is not a quantity of the wanted dimension."""


class ParameterError(LasercamError):
    """A number handed to a formula lies outside the range where the formula means anything."""


class FitError(LasercamError):
    """Measurements do not support the model that was asked for; says why."""


class GeometryError(LasercamError):
    """Geometry that cannot be used: not finite, out of range, not closed."""


class PatternError(LasercamError):
    """A pattern source cannot make what its description asks for."""


class ReadingError(LasercamError):
    """A picture does not show what is looked for; says what it shows instead."""


class MachineLimitError(LasercamError):
    """The machine or its controller cannot do what the toolpath asks for."""


class RereadError(LasercamError):
    """A job file says something that its controller would refuse, or that no exposure can mean.

    Attributes:
        line: 1-based line of the job file; 0 when the file as a whole is meant.
        reason: the message without the line.
    """

    def __init__(self, message: str, line: int = 0) -> None:
        self.line = line
        self.reason = message
        super().__init__(f"line {line}: {message}" if line else message)


class StorageError(LasercamError):
    """Stored bytes cannot be given back: damaged, foreign, locked with another key, or asking for the impossible."""


class RefusedError(LasercamError):
    """The verdict holds errors: nothing is written and nothing moves."""


class LinkError(LasercamError):
    """The machine or the link to it failed."""

    exit_code: ClassVar[int] = 3


class UsageError(LasercamError):
    """The command line asks for something that does not exist."""

    exit_code: ClassVar[int] = 2


class PluginError(LasercamError):
    """A source, check, dialect or laser adapter of somebody else's package failed by its own fault."""


def nearest(found: str, allowed: Iterable[str], *, limit: int = 1) -> list[str]:
    """The allowed names a person most probably meant, best first.

    >>> nearest("visable", ["visible", "hidden"])
    ['visible']
    """
    names: dict[str, str] = {}
    for name in allowed:
        names.setdefault(name.casefold(), name)
    matches = get_close_matches(found[:200].casefold(), list(names), n=limit, cutoff=0.55)
    return [names[match] for match in matches]


def name_problem(what: str, found: str, allowed: Sequence[str], location: Location | None = None) -> Problem:
    """The problem of a name that does not exist, with the nearest one that does.

    >>> print(name_problem("recipe", "duel", ["dual", "again"]))
    unknown recipe 'duel'; did you mean 'dual'? Allowed: again, dual.
    """
    close = nearest(found, allowed)
    shown = sorted(allowed)
    listed = ", ".join(shown[:24]) + (f" … ({len(shown)} in all)" if len(shown) > 24 else "")
    ask = f"; did you mean '{close[0]}'?" if close else "."
    return Problem(f"unknown {what} '{shorten(found)}'{ask}", location, f"Allowed: {listed or 'none'}.")


def shorten(text: str, limit: int = 60) -> str:
    """A text safe to print in a message: one line, no control characters, bounded.

    >>> shorten("a" * 5, 3)
    'aa…'
    """
    printable = "".join(c if c.isprintable() else "�" for c in text)
    return printable if len(printable) <= limit else printable[: limit - 1] + "…"
