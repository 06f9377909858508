"""What a process holds that inherits from another: the parent's entries, unless repeated or removed."""

from collections.abc import Mapping
from typing import TypeVar

from lasercam.errors import Problem, name_problem
from lasercam.model.process_outcome import Outcome
from lasercam.model.process_window import ProcessDocument, Unknown
from lasercam.schema.tree import Tree

V = TypeVar("V")

_OWN = ("process", "title", "source", "inherits", "removes")
_MERGED = ("material", "parameters", "limits", "unknown", "rules", "outcome", "conflicts", "notes")


def with_citations(document: ProcessDocument) -> ProcessDocument:
    """The document with its citation at every number, so that a number keeps it wherever it is inherited."""
    source = document.source
    parameters = {n: w if w.source else w.model_copy(update={"source": source}) for n, w in document.parameters.items()}
    limits = {n: w if w.source else w.model_copy(update={"source": source}) for n, w in document.limits.items()}
    rules = tuple(r if r.source else r.model_copy(update={"source": source}) for r in document.rules)
    return document.model_copy(update={"parameters": parameters, "limits": limits, "rules": rules})


def inherit(parent: ProcessDocument, child: ProcessDocument) -> ProcessDocument:
    """The child with the parent's entries in place.

    Mappings (parameters, limits, material, facts) are joined key by key, a whole window at a time. Rules,
    conflicts and notes are joined. Of the outcome and of everything else, what the child says replaces what the
    parent says. What the child removes, and an unknown that the child gives a window for, is gone.
    """
    gone = set(child.removes)
    said = {name: getattr(child, name) for name in child.model_fields_set if name not in _MERGED}
    for name in _OWN:
        said[name] = getattr(child, name)
    rules = tuple(r for r in parent.rules if r.parameter not in gone and r.missing not in gone)
    joined = {
        "material": _join(parent.material, child.material, gone),
        "parameters": _join(parent.parameters, child.parameters, gone),
        "limits": _join(parent.limits, child.limits, gone),
        "unknown": _unknown(parent, child, gone),
        "rules": rules + child.rules,
        "outcome": _outcome(parent.outcome, child.outcome, gone),
        "conflicts": (*parent.conflicts, *(c for c in child.conflicts if c not in parent.conflicts)),
        "notes": (*parent.notes, *(n for n in child.notes if n not in parent.notes)),
    }
    return parent.model_copy(update=said | joined)


def removal_problems(parent: ProcessDocument | None, child: ProcessDocument, tree: Tree) -> list[Problem]:
    """Names the child removes that it would not have inherited anyway; mistakes in spelling, mostly."""
    there = set(_removable(parent)) if parent else set()
    return [
        name_problem("inherited entry", name, sorted(there), tree.at(("removes", index)))
        for index, name in enumerate(child.removes)
        if name not in there
    ]


def _removable(parent: ProcessDocument) -> list[str]:
    mappings: tuple[Mapping[str, object], ...] = (
        parent.parameters,
        parent.material,
        parent.limits,
        parent.outcome.facts,
    )
    return [*(u.key for u in parent.unknown), *(name for mapping in mappings for name in mapping)]


def _join(parent: Mapping[str, V], child: Mapping[str, V], gone: set[str]) -> dict[str, V]:
    return {name: value for name, value in parent.items() if name not in gone} | dict(child)


def _unknown(parent: ProcessDocument, child: ProcessDocument, gone: set[str]) -> tuple[Unknown, ...]:
    answered = gone | set(child.parameters) | {u.key for u in child.unknown}
    return tuple(u for u in parent.unknown if u.key not in answered) + child.unknown


def _outcome(parent: Outcome, child: Outcome, gone: set[str]) -> Outcome:
    said = {name: getattr(child, name) for name in child.model_fields_set if name != "facts"}
    return parent.model_copy(update=said | {"facts": _join(parent.facts, child.facts, gone)})
