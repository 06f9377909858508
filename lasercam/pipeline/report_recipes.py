"""Recipes of a report: every value with its provenance, and what the members of a family differ in."""

from collections.abc import Sequence
from dataclasses import dataclass

from lasercam.errors import shorten
from lasercam.model.confidence import worst
from lasercam.model.process_window import PARAMETERS
from lasercam.model.recipe import Recipe
from lasercam.model.toolpath import Toolpath
from lasercam.pipeline.load import LoadedJob
from lasercam.pipeline.quantities import derived_quantities
from lasercam.preview.palette import counted
from lasercam.process.derived import Derived
from lasercam.units import format_quantity

MOST_RECIPES = 48
"""Recipes told in full."""
MOST_MEMBERS = 64
"""Members of a family that are listed; those of sweeps and images can be thousands."""
MOST_DERIVED = 4
"""Derived quantities that a list of members shows."""

_LONG = 4_000


@dataclass(frozen=True)
class TextRow:
    """A line of a table of quantities."""

    name: str
    shown: str
    confidence: str
    source: str


@dataclass(frozen=True)
class RecipeText:
    """A recipe, or a family of them, in words.

    Attributes:
        label: its name, and how many members it has.
        given, derived: values of the (first) member.
        columns, members: what members differ in, and a line for each of them.
        more: about members that are not listed.
    """

    label: str
    process: str
    title: str
    source: str
    confidence: str
    note: str
    given: tuple[TextRow, ...]
    derived: tuple[TextRow, ...]
    columns: tuple[str, ...] = ()
    members: tuple[tuple[str, ...], ...] = ()
    more: str = ""


def recipe_rows(loaded: LoadedJob, toolpath: Toolpath) -> tuple[list[RecipeText], str]:
    """Recipes, one entry for every family, and a sentence about those that are left out."""
    families: dict[tuple[str, str], list[tuple[Recipe, tuple[Derived, ...]]]] = {}
    for recipe, derived in zip(toolpath.header.recipes.recipes, derived_quantities(loaded, toolpath), strict=True):
        families.setdefault((recipe.name, recipe.process), []).append((recipe, derived))
    shown = [_family(loaded, members) for members in list(families.values())[:MOST_RECIPES]]
    hidden = len(families) - len(shown)
    return shown, f"{counted(hidden, 'further recipe')}: see recipes and derived in manifest.json." if hidden else ""


def _family(loaded: LoadedJob, members: Sequence[tuple[Recipe, tuple[Derived, ...]]]) -> RecipeText:
    first, derived = members[0]
    process = loaded.processes[first.process].document
    text = loaded.document.recipes.get(first.name)
    many = len(members) > 1
    columns, rows = _members(members) if many else ((), ())
    hidden = len(members) - MOST_MEMBERS
    source = process.source if process.doi in process.source else f"{process.source}; {process.doi}"
    return RecipeText(
        f"{first.name}, {counted(len(members), 'member')}" if many else first.label,
        first.process,
        process.title,
        shorten(source, _LONG),
        worst(recipe.confidence for recipe, _ in members).value,
        shorten(text.note, _LONG) if text is not None else "",
        tuple(_given(first)),
        tuple(_derived(one) for one in derived),
        columns,
        rows,
        f"{counted(hidden, 'further member')}: see manifest.json." if hidden > 0 else "",
    )


def _given(recipe: Recipe) -> list[TextRow]:
    return [
        TextRow(
            key.replace("_", " "), format_quantity(v.value, PARAMETERS[key]), v.confidence.value,
            shorten(v.source, _LONG),
        )
        for key, v in sorted(recipe.values.items())
        if key in PARAMETERS
    ]  # fmt: skip


def _derived(one: Derived) -> TextRow:
    trust = "unknown" if one.value is None else one.value.confidence.value
    return TextRow(one.name.replace("_", " "), one.shown, trust, one.formula)


def _members(
    members: Sequence[tuple[Recipe, tuple[Derived, ...]]],
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """What members differ in: settings, then the first derived quantities."""
    tables = [
        ({row.name: row.shown for row in _given(recipe)}, {d.name.replace("_", " "): d.shown for d in derived})
        for recipe, derived in members
    ]
    given, follows = (
        [name for name in tables[0][i] if len({table[i].get(name) for table in tables}) > 1] for i in (0, 1)
    )
    follows = [name for name in follows if name not in given][:MOST_DERIVED]
    rows = tuple(
        (recipe.label, *(table[0].get(name, "") for name in given), *(table[1].get(name, "") for name in follows))
        for (recipe, _), table in zip(members[:MOST_MEMBERS], tables, strict=False)
    )
    return (*given, *follows), rows
