"""Names of the parts of a drawing: colours, layers, ids, strokes and fills."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lasercam.model.feature import Parts

MAX_ATOMS = 65_535
_UNSAFE = re.compile(r"[\s.*?\[\]/{},#'\"&!|>%@`]+")


def safe_name(text: str) -> str:
    """A layer's or element's name as part of a part name.

    White space, dots, globbing characters and those that YAML reads become `_`.

    >>> safe_name("Layer 1.2")
    'Layer_1_2'
    """
    return _UNSAFE.sub("_", text.strip())[:80] or "_"


@dataclass(frozen=True)
class PartTable:
    """Parts, and the atom of every combination that was asked for.

    Attributes:
        parts: atoms and unions.
        atom: index of the atom of each asked combination.
        notes: about names.
    """

    parts: Parts
    atom: tuple[int, ...]
    notes: tuple[str, ...] = ()


def build_parts(keys: Sequence[tuple[str, str, tuple[str, ...]]]) -> PartTable:
    """Parts from combinations of paint (`fill` or `stroke`), colour, and the layers and ids it lies in.

    Atoms are called `stroke:#ff0000/layer:cut/id:rect1`; unions `#ff0000`, `stroke:#ff0000`, `layer:cut`,
    `id:rect1`, `strokes`, `fills`, `all`.
    """
    table = _build(keys)
    if table is None:
        bare = [(paint, colour, tuple(n for n in names if n.startswith("layer:"))) for paint, colour, names in keys]
        table = _build(bare) or _build([(paint, colour, ()) for paint, colour, _ in keys])
        if table is None:
            raise ValueError("more colours than parts can be")
        return PartTable(
            table.parts, table.atom, (*table.notes, f"Over {MAX_ATOMS:,} named elements: parts by id are not offered.")
        )
    return table


def _build(keys: Sequence[tuple[str, str, tuple[str, ...]]]) -> PartTable | None:
    atoms: dict[tuple[str, str, tuple[str, ...]], int] = {}
    atom = tuple(atoms.setdefault(key, len(atoms)) for key in keys)
    if len(atoms) > MAX_ATOMS:
        return None
    names: list[str] = []
    unions: dict[str, list[str]] = {}
    spelt: dict[str, str] = {}
    taken: set[str] = set()
    clashes: set[str] = set()
    for paint, colour, chain in atoms:
        clean = []
        for raw in chain:
            kind, _, text = raw.partition(":")
            name = f"{kind}:{safe_name(text)}"
            if spelt.setdefault(name, raw) != raw:
                clashes.add(name)
            clean.append(name)
        base = name = "/".join([f"{paint}:{colour}", *clean]) if clean else f"{paint}:{colour}/unnamed"
        copy = 1
        while name in taken:
            copy += 1
            name = f"{base}/{copy}"
        taken.add(name)
        names.append(name)
        for union in dict.fromkeys((colour, f"{paint}:{colour}", *clean, f"{paint}s")):
            unions.setdefault(union, []).append(name)
    notes = tuple(
        f"Several layers or elements are called '{name}' once spelt as a part name; it stands for all."
        for name in sorted(clashes)
    )
    return PartTable(
        Parts(tuple(names), {**{k: tuple(v) for k, v in unions.items()}, "all": tuple(names)}), atom, notes
    )
