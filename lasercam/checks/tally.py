"""Count what breaks a rule, so that each rule speaks once per part or recipe."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import Location
from lasercam.model.finding import CodeInfo, Finding
from lasercam.model.protocols import CheckContext

K = TypeVar("K")


@dataclass
class Case:
    """What is known of one broken rule.

    Attributes:
        count: how many rows, dots or lines.
        first_row: the first one's row.
        worst: the number farthest out.
        detail: what the message needs besides; of the first row, or of the worst where `keep_worst` was used.
    """

    count: int = 0
    first_row: int = -1
    worst: float = 0.0
    detail: tuple[object, ...] = ()


@dataclass
class Tally(Generic[K]):
    """Cases by key, in the order they were met."""

    cases: dict[K, Case] = field(default_factory=dict)

    def add(self, key: K, rows: NDArray[np.int64], worst: float = 0.0, detail: tuple[object, ...] = ()) -> None:
        """Count these rows (N,), of which there is at least one; `worst` is the number farthest out among them."""
        case = self.cases.setdefault(key, Case())
        first = int(rows.min())
        if not case.count or first < case.first_row:
            case.first_row = first
        if not case.count or worst > case.worst:
            case.worst, case.detail = worst, detail
        case.count += len(rows)

    def items(self) -> Iterator[tuple[K, Case]]:
        """All cases."""
        return iter(self.cases.items())


def info(codes: Sequence[CodeInfo], code: str) -> CodeInfo:
    """The entry of a code."""
    return next(c for c in codes if c.code == code)


def place(context: CheckContext, *path: str | int) -> Location:
    """Where a path stands in the job file."""
    return context.locate(*path)


def part_name(context: CheckContext, part: int) -> str:
    """A part as findings name it: `patterns.label.dark`."""
    return f"patterns.{context.header.parts[part].name}"


def part_place(context: CheckContext, part: int) -> Location:
    """Where the pattern of a part stands in the job."""
    return place(context, "patterns", context.header.parts[part].name.split(".")[0])


def recipe_place(context: CheckContext, name: str, key: str = "") -> Location:
    """Where a recipe, or one of its keys, stands in the job; a key it inherits is sought along `like`."""
    seen: set[str] = set()
    source = name
    while key and source in context.job.recipes and source not in seen:
        seen.add(source)
        text = context.job.recipes[source]
        if getattr(text, key, None) is not None:
            return place(context, "recipes", source, key)
        if key == "pulse_energy" and text.compensation is not None:
            return place(context, "recipes", source, "compensation")
        if text.like is None:
            break
        source = text.like
    return place(context, "recipes", name)


def finding(
    about: CodeInfo,
    message: str,
    on: str,
    location: Location | None,
    case: Case | None = None,
    *,
    value: float | None = None,
    limit: float | None = None,
    unit: str = "",
    hint: str = "",
    source: str = "",
    count: int = 1,
) -> Finding:
    """A finding of a code; a case brings its first row and its count."""
    return Finding(
        about.code,
        about.severity,
        message,
        on,
        value=value,
        limit=limit,
        unit=unit,
        location=location,
        first_row=None if case is None else case.first_row,
        count=count if case is None else case.count,
        hint=hint,
        source=source or about.source,
    )


@dataclass
class Members:
    """Members of recipe families that break a rule: per recipe and topic the worst speaks, and all are counted."""

    _found: dict[tuple[str, str, str], tuple[set[int], float, Callable[[int], Finding]]] = field(default_factory=dict)

    def add(
        self, name: str, code: str, topic: str, badness: float, say: Callable[[int], Finding], member: int = 0
    ) -> None:
        """Note a member of recipe `name` that is this far out; `say` makes the finding for a count of members."""
        members, worst, kept = self._found.get((name, code, topic), (set(), float("-inf"), say))
        members.add(member)
        if badness > worst:
            worst, kept = badness, say
        self._found[name, code, topic] = (members, worst, kept)

    def findings(self) -> list[Finding]:
        """One for each recipe, code and topic."""
        return [say(len(members)) for members, _, say in self._found.values()]
