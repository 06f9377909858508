"""A scene: the facts a page tells in words and lists, and the segments it draws."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lasercam.model.finding import Finding
from lasercam.model.machine import TICKS_PER_UM, Machine
from lasercam.model.recipe import Recipe
from lasercam.model.toolpath import NS_PER_S, RowKind, Section, ToolpathHeader
from lasercam.preview.dose_colours import COLOURS, EDGES, class_title
from lasercam.preview.html.columns import NAMES, Segments, packed
from lasercam.preview.html.segments import Gathered, Grid
from lasercam.preview.html.thinning import Thinning
from lasercam.preview.palette import OKABE_ITO, colour_groups, counted, duration, length, recipe_details

MOST_TOLD_RECIPES = 2_000
"""Recipes whose derived quantities a page holds; larger families are told by name and settings."""

_KINDS = len(RowKind)


@dataclass(frozen=True, eq=False)
class Scene:
    """What a page shows.

    Attributes:
        facts: plain data for JSON.
        rows: the segments, deflated.
    """

    facts: dict[str, Any]
    rows: bytes


@dataclass(frozen=True)
class RecipeFacts:
    """What is known of a recipe beside the recipe itself.

    Attributes:
        line: of the job file.
        width_um: it is drawn with.
        derived: names and values of what follows from it, in words.
    """

    line: int
    width_um: float
    derived: tuple[tuple[str, str], ...]


def toolpath_facts(
    header: ToolpathHeader,
    gathered: Gathered,
    grid: Grid,
    thinning: Thinning,
    recipes: Sequence[RecipeFacts],
    machines: Sequence[Machine],
) -> dict[str, Any]:
    """Facts about rows, recipes, layers and how they are drawn.

    Args:
        header: of the toolpath.
        gathered: its rows.
        grid: what the numbers of the segments mean.
        thinning: what is left out.
        recipes: of the table, in order.
        machines: of each section.
    """
    uses = row_uses(gathered.segments, len(header.recipes))
    groups, group_of = colour_groups(header.recipes.recipes, uses)
    dose = "where it differs along a line, the line is cut" if gathered.splits else "a line shows its highest"
    return {
        "columns": list(NAMES),
        "segments": len(gathered.segments),
        "n_rows": header.n_rows,
        "note": thinning.note(header.n_rows, gathered.n_drawn),
        "origin_um": list(grid.origin_um),
        "high_um": list(grid.high_um),
        "quantum_um": grid.quantum_um,
        "quantum_s": grid.quantum_s,
        "total_s": sum(gathered.section_s),
        "sections": [
            _section(section, machine, seconds)
            for section, machine, seconds in zip(header.sections, machines, gathered.section_s, strict=True)
        ],
        "parts": [[part.name, part.line] for part in header.parts],
        "recipes": [
            _recipe(recipe, told, uses[index], int(group_of[index]), whole=len(header.recipes) <= MOST_TOLD_RECIPES)
            for index, (recipe, told) in enumerate(zip(header.recipes.recipes, recipes, strict=True))
        ],
        "groups": [{"colour": g.colour, "title": g.title, "details": list(g.details)} for g in groups],
        "step_colours": list(OKABE_ITO),
        "dose": {
            "edges": list(EDGES),
            "colours": list(COLOURS),
            "titles": [class_title(step) for step in range(len(COLOURS))],
            "note": f"Time that the stage needs for a spot's diameter, against that at the recipe's speed; {dose}.",
        },
        "layers": [[layer.low_um, layer.high_um, layer.title, layer.exposures] for layer in gathered.layers],
        "digest": header.digest,
    }


def row_uses(segments: Segments, n_recipes: int) -> NDArray[np.int64]:
    """int64 (recipes, kinds), segments drawn."""
    both = segments.recipe.astype(np.int64) * _KINDS + segments.kind
    # Travel names recipe 0, which it does not use.
    both = both[segments.kind != RowKind.JUMP]
    return np.bincount(both, minlength=n_recipes * _KINDS).reshape(n_recipes, _KINDS)


def _section(section: Section, machine: Machine, seconds: float) -> dict[str, Any]:
    return {
        "step": section.step,
        "rows": section.n_rows,
        "exposures": section.n_exposures,
        "seconds": seconds,
        "repeat": section.repeat,
        "machine": machine.machine,
    }


def _recipe(recipe: Recipe, told: RecipeFacts, uses: NDArray[np.int64], group: int, *, whole: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "label": recipe.label,
        "line": told.line,
        "process": recipe.process,
        "details": list(recipe_details(recipe, uses)),
        "confidence": recipe.confidence.value,
        "width_um": told.width_um,
        "exposure_s": _standing_s(recipe),
        "group": group,
    }
    return {**facts, "derived": [list(pair) for pair in told.derived]} if whole else facts


def _standing_s(recipe: Recipe) -> float:
    """How long a dot is exposed, s."""
    if recipe.exposure_ns:
        return recipe.exposure_ns / NS_PER_S
    rate = recipe.laser.rep_rate_hz
    return recipe.pulses / rate if rate > 0 else 0.0


def place_facts(
    sample_um: tuple[float, float, float],
    zones: Iterable[tuple[str, tuple[float, float], tuple[float, float]]],
    sections: Sequence[Section],
    machines: Sequence[Machine],
) -> dict[str, Any]:
    """The sample's box and zones, and what the stages reach, as corners in the sample's frame, µm.

    Args:
        sample_um: width, height, thickness.
        zones: of the sample: name, lower left and upper right corner.
        sections: of the toolpath.
        machines: of each section.
    """
    envelopes: dict[tuple[str, str], list[list[float]]] = {}
    for section, machine in zip(sections, machines, strict=True):
        axes = machine.axis_list
        low, high = tuple(a.min for a in axes), tuple(a.max for a in axes)
        boxes = [(f"reach of {machine.machine}", low, high)]
        for box in machine.keep_out:
            top = (*box.high[:2], box.high[2] if len(box.high) > 2 else high[2])
            boxes.append((f"keep out: {box.name}", (*box.low[:2], box.low[2] if len(box.low) > 2 else low[2]), top))
        for name, a, b in boxes:
            ticks = np.array([[(a, b)[i >> k & 1][k] for k in range(3)] for i in range(8)]) * TICKS_PER_UM
            corners = section.frame.sample_um(np.rint(ticks).astype(np.int64))
            envelopes.setdefault((name, corners.tobytes().hex()), corners.tolist())
    return {
        "size_um": list(sample_um),
        "zones": [[name, list(low), list(high)] for name, low, high in zones],
        "envelopes": [[name, corners] for (name, _), corners in envelopes.items()],
    }


def finding_facts(
    findings: Iterable[Finding], header: ToolpathHeader, places: Mapping[int, tuple[float, float, float]]
) -> list[dict[str, Any]]:
    """Findings, with the recipes, parts or steps they are on, and where their first row ends.

    Args:
        findings: of the verdict.
        header: of the toolpath.
        places: of first rows, µm.
    """
    return [
        {
            "code": f.code,
            "severity": f.severity.value,
            "message": f.message,
            "on": f.on,
            "line": f.location.line if f.location else None,
            "column": f.location.column if f.location else None,
            "file": f.location.file if f.location else None,
            "hint": f.hint,
            "source": f.source,
            "waived": f.waived,
            "count": f.count,
            "row": f.first_row,
            "place": list(places[f.first_row]) if f.first_row is not None and f.first_row in places else None,
            **_concerned(f.on, header),
        }
        for f in findings
    ]


def _concerned(on: str, header: ToolpathHeader) -> dict[str, list[int]]:
    """Indices of what a finding is on; all empty where it is on something that is not drawn."""
    kind, _, name = on.partition(".")
    found: dict[str, list[int]] = {"recipes": [], "parts": [], "steps": []}
    if kind == "recipes":
        labels = [(r.label, r.name) for r in header.recipes.recipes]
        found["recipes"] = [i for i, both in enumerate(labels) if name in both]
    elif kind == "supply":
        found["recipes"] = [i for i, r in enumerate(header.recipes.recipes) if r.process == name.partition(".")[0]]
    elif kind == "patterns":
        found["parts"] = [i for i, p in enumerate(header.parts) if p.name == name or p.name.startswith(f"{name}.")]
    elif kind == "steps":
        found["steps"] = sorted({s.step for s in header.sections if s.step_name == name})
    return found


def summary_facts(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The same in tables of words, for readers who do not see the picture.

    Args:
        facts: with `steps`, `sections`, `recipes`, `layers`, `findings` and `note`.
    """
    steps = []
    for index, step in enumerate(facts["steps"]):
        own = [s for s in facts["sections"] if s["step"] == index]
        exposures, seconds = sum(s["exposures"] for s in own), sum(s["seconds"] for s in own)
        written = [counted(exposures, "exposure"), duration(seconds)] if own else ["", ""]
        steps.append([str(index + 1), step["name"], step["verb"], *written, str(step["line"])])
    tables = [
        _listing("Steps", ["no.", "name", "verb", "exposures", "time", "YAML line"], steps),
        _listing(
            "Recipes",
            ["name", "settings", "process", "confidence", "YAML line"],
            [
                [r["label"], ", ".join(r["details"]), r["process"], r["confidence"], str(r["line"])]
                for r in facts["recipes"]
            ],
        ),
        _listing("Layers", ["depth", "exposures"], [[layer[2], f"{layer[3]:,}"] for layer in facts["layers"]]),
    ]
    if facts.get("findings") is not None:
        rows = [
            [f["severity"] if f["waived"] is None else "waived", f["code"], f["on"], f["message"], str(f["line"] or "")]
            for f in facts["findings"]
        ]
        tables.append(_listing("Findings", ["weight", "code", "on", "says", "YAML line"], rows))
    return tables


_MOST_LISTED = 200


def _listing(title: str, head: list[str], rows: list[list[str]]) -> dict[str, Any]:
    """A table; long ones are cut, and say so."""
    caption = f"{title} ({len(rows):,})"
    if len(rows) > _MOST_LISTED:
        caption += f"; the first {_MOST_LISTED} are listed"
    return {"caption": caption, "head": head, "rows": rows[:_MOST_LISTED]}


def headline(facts: Mapping[str, Any]) -> str:
    """A job in one sentence."""
    exposures = sum(s["exposures"] for s in facts["sections"])
    x, y, z = (high - low for low, high in zip(facts["origin_um"], facts["high_um"], strict=True))
    return (
        f"{counted(exposures, 'exposure')} in {counted(len(facts['sections']), 'section')}, about"
        f" {duration(facts['total_s'])}, within {length(x)} × {length(y)} × {length(z)}"
    )


def scene(facts: dict[str, Any], segments: Segments) -> Scene:
    """A scene from facts and segments."""
    return Scene({**facts, "headline": headline(facts), "summary": summary_facts(facts)}, packed(segments))
