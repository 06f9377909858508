"""Names of the parts of a text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lasercam.model.feature import Parts
from lasercam.sources.text.outlines import is_visible

MAX_CHARACTER_PARTS = 4_000
"""Longer texts have lines as their smallest parts."""
MAX_PARTS = 65_535


@dataclass(frozen=True)
class Naming:
    """Parts of a text.

    Attributes:
        parts: atoms and their unions.
        atom_of: atom of each glyph.
        notes: what is joined, or too long to be named letter by letter.
    """

    parts: Parts
    atom_of: tuple[int, ...]
    notes: tuple[str, ...]


def name_parts(lines: list[str], glyphs: list[tuple[int, int, int]], joined: list[tuple[int, int]]) -> Naming:
    """Parts of a text whose glyphs are known.

    Args:
        lines: the text.
        glyphs: line, first character and character after the last, of each glyph.
        joined: pairs of glyphs that are one piece.
    """
    numbers = _numbers(lines)
    n_visible = max((max(row, default=0) for row in numbers), default=0)
    by_letter = n_visible <= MAX_CHARACTER_PARTS
    first_of: dict[tuple[int, int, int], int] = {}
    group = list(range(len(glyphs)))
    same = [(first_of.setdefault(g if by_letter else (g[0], 0, 0), i), i) for i, g in enumerate(glyphs)]
    for i, j in (*same, *joined):
        a, b = _root(group, i), _root(group, j)
        group[max(a, b)] = min(a, b)
    members: dict[int, list[int]] = {}
    for i in range(len(glyphs)):
        members.setdefault(_root(group, i), []).append(i)
    # Groups in reading order: right-to-left lines list their glyphs from the other end.
    ordered = sorted(members.values(), key=lambda m: min(glyphs[i][:2] for i in m))
    atom_of = [0] * len(glyphs)
    for atom, member in enumerate(ordered):
        for i in member:
            atom_of[i] = atom
    stands: dict[tuple[int, int], int] = {
        (line, at): atom_of[i] for i, (line, first, stop) in enumerate(glyphs) for at in range(first, stop)
    }
    if by_letter:
        atoms = [f"char_{min(_shown(glyphs, numbers, member))}" for member in ordered]
    else:
        atoms = [f"line_{glyphs[member[0]][0] + 1}" for member in ordered]
    unions = _unions(lines, numbers, stands, atoms, by_letter=by_letter)
    return Naming(Parts(tuple(atoms), unions), tuple(atom_of), _notes(ordered, glyphs, atoms, by_letter=by_letter))


def _numbers(lines: list[str]) -> list[list[int]]:
    """Number of each visible character; spaces and joiners carry that of the character before."""
    numbers, count = [], 0
    for line in lines:
        row = []
        for c in line:
            count += is_visible(c)
            row.append(count)
        numbers.append(row)
    return numbers


def _shown(glyphs: list[tuple[int, int, int]], numbers: list[list[int]], member: list[int]) -> list[int]:
    return [max(numbers[glyphs[i][0]][glyphs[i][1]], 1) for i in member]


def _root(group: list[int], i: int) -> int:
    while group[i] != i:
        group[i] = group[group[i]]
        i = group[i]
    return i


def _unions(
    lines: list[str],
    numbers: list[list[int]],
    stands: dict[tuple[int, int], int],
    atoms: list[str],
    *,
    by_letter: bool,
) -> dict[str, tuple[str, ...]]:
    """`all`, lines, words, and characters that another one's atom holds."""
    unions: dict[str, tuple[str, ...]] = {"all": tuple(atoms)}

    def add(name: str, places: list[tuple[int, int]]) -> None:
        chosen = sorted({stands[place] for place in places if place in stands})
        if chosen and name not in atoms and len(unions) < MAX_PARTS:
            unions[name] = tuple(atoms[i] for i in chosen)

    words = 0
    for row, line in enumerate(lines):
        add(f"line_{row + 1}", [(row, at) for at in range(len(line))])
        if not by_letter:
            continue
        for word in re.finditer(r"\S+", line):
            words += 1
            add(f"word_{words}", [(row, at) for at in range(*word.span())])
        for at, c in enumerate(line):
            if is_visible(c):
                add(f"char_{numbers[row][at]}", [(row, at)])
    return unions


def _notes(
    ordered: list[list[int]], glyphs: list[tuple[int, int, int]], atoms: list[str], *, by_letter: bool
) -> tuple[str, ...]:
    if not by_letter:
        return (f"The text is longer than {MAX_CHARACTER_PARTS:,} characters: its smallest parts are lines.",)
    several = [atoms[n] for n, m in enumerate(ordered) if len({glyphs[i][:2] for i in m}) > 1]
    if not several:
        return ()
    shown = ", ".join(several[:8]) + (", …" if len(several) > 8 else "")
    return (f"Letters that touch are written as one piece, under the name of the first: {shown}.",)
