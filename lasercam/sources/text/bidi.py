"""The order in which characters stand on a line that mixes scripts running left and right.

The implicit part of the Unicode bidirectional algorithm (UAX #9: P2-P3, W1-W7, N0-N2, I1-I2, L1-L2). Explicit
embeddings and isolates are refused where text enters.

Source: https://www.unicode.org/reports/tr9/
"""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import groupby

EXPLICIT = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Embeddings, overrides and isolates."""

_PAIRS = dict(zip("([{⟨⟪⟦〈《「『【〔（［｛", ")]}⟩⟫⟧〉》」』】〕）］｝", strict=True))
"""Brackets in use; the rarer ones of BidiBrackets.txt count as other neutrals."""
_NEUTRAL = frozenset({"B", "S", "WS", "ON"})


@dataclass(frozen=True)
class Run:
    """Characters of one direction and one label.

    Attributes:
        first: index of the first character.
        stop: index after the last.
        is_rtl: whether it runs to the left.
    """

    first: int
    stop: int
    is_rtl: bool


def visual_runs(text: str, labels: Sequence[Hashable]) -> list[Run]:
    """Runs of one level and label, from left to right as they stand on the line.

    Args:
        text: one line.
        labels: of each character, such as its script; runs end where it changes.

    >>> [(r.first, r.stop, r.is_rtl) for r in visual_runs("ab אב 12", ["Latn"] * 3 + ["Hebr"] * 5)]
    [(0, 3, False), (6, 8, False), (3, 6, True)]
    """
    levels = line_levels(text)
    runs = []
    for (level, _), group in groupby(range(len(text)), key=lambda i: (levels[i], labels[i])):
        index = list(group)
        runs.append((level, Run(index[0], index[-1] + 1, level % 2 == 1)))
    # L2: from the highest level down to the lowest odd one, turn every sequence at that level or above.
    odd = [level for level, _ in runs if level % 2]
    for at_least in range(max((level for level, _ in runs), default=0), min(odd, default=1) - 1, -1):
        turned: list[tuple[int, Run]] = []
        for is_high, pieces in groupby(runs, key=lambda item: item[0] >= at_least):
            kept = list(pieces)
            turned += kept[::-1] if is_high else kept
        runs = turned
    return [run for _, run in runs]


def line_levels(text: str) -> list[int]:
    """Embedding level of each character; odd ones run to the left."""
    kinds = [unicodedata.bidirectional(c) or "L" for c in text]
    base = next((0 if k == "L" else 1 for k in kinds if k in ("L", "R", "AL")), 0)
    resolved = _weak([*kinds], "R" if base else "L")
    resolved = _brackets(text, resolved, "R" if base else "L")
    resolved = _neutral(resolved, "R" if base else "L")
    levels = [_implicit(k, base) for k in resolved]
    # L1: white space at the end of the line stands at the paragraph's level.
    for i in range(len(text) - 1, -1, -1):
        if kinds[i] not in ("WS", "S", "B", "BN"):
            break
        levels[i] = base
    return levels


def _implicit(kind: str, base: int) -> int:
    """I1 and I2."""
    if base % 2 == 0:
        return {"L": 0, "R": 1}.get(kind, 2)
    return {"R": 1}.get(kind, 2)


def _weak(kinds: list[str], outside: str) -> list[str]:
    """W1 to W7; boundary neutrals (joiners) count with what stands before them."""
    before = outside
    for i, kind in enumerate(kinds):  # W1
        if kind in ("NSM", "BN"):
            kinds[i] = before
        before = kinds[i]
    strong = outside
    for i, kind in enumerate(kinds):  # W2
        if kind in ("L", "R", "AL"):
            strong = kind
        elif kind == "EN" and strong == "AL":
            kinds[i] = "AN"
    kinds = ["R" if k == "AL" else k for k in kinds]  # W3
    for i in range(1, len(kinds) - 1):  # W4
        around = kinds[i - 1], kinds[i + 1]
        if kinds[i] in ("ES", "CS") and around == ("EN", "EN"):
            kinds[i] = "EN"
        elif kinds[i] == "CS" and around == ("AN", "AN"):
            kinds[i] = "AN"
    done = 0
    for kind, group in groupby([*kinds]):  # W5
        n = len(list(group))
        neighbours = kinds[max(done - 1, 0) : done] + kinds[done + n : done + n + 1]
        if kind == "ET" and "EN" in neighbours:
            kinds[done : done + n] = ["EN"] * n
        done += n
    kinds = ["ON" if k in ("ES", "ET", "CS") else k for k in kinds]  # W6
    strong = outside
    for i, kind in enumerate(kinds):  # W7
        if kind in ("L", "R"):
            strong = kind
        elif kind == "EN" and strong == "L":
            kinds[i] = "L"
    return kinds


def _brackets(text: str, kinds: list[str], outside: str) -> list[str]:
    """N0: the direction of both brackets of a pair.

    It is that of the line if something inside has it, else that of the text before if what is inside agrees with it,
    else the line's; pairs without letters or numbers inside stay neutral.
    """
    resolved, opened, pairs = [*kinds], [], []
    for i, c in enumerate(text):
        if kinds[i] != "ON":
            continue
        if c in _PAIRS:
            opened.append((_PAIRS[c], i))
        elif any(c == closing for closing, _ in opened):
            while opened[-1][0] != c:
                opened.pop()
            pairs.append((opened.pop()[1], i))
    for first, last in sorted(pairs):
        inside = {_side(k) for k in resolved[first + 1 : last]} & {"L", "R"}
        if not inside:
            continue
        before = (
            next((_side(k) for k in resolved[first - 1 :: -1] if _side(k) in ("L", "R")), outside) if first else outside
        )
        kind = outside if outside in inside or before == outside else before
        resolved[first] = resolved[last] = kind
    return resolved


def _neutral(kinds: list[str], outside: str) -> list[str]:
    """N1 and N2; numbers count as running to the left here."""
    done, resolved = 0, [*kinds]
    for is_neutral, group in groupby(kinds, key=lambda k: k in _NEUTRAL):
        n = len(list(group))
        if is_neutral:
            left = outside if done == 0 else _side(kinds[done - 1])
            right = outside if done + n == len(kinds) else _side(kinds[done + n])
            resolved[done : done + n] = [left if left == right else outside] * n
        done += n
    return resolved


def _side(kind: str) -> str:
    return "R" if kind in ("EN", "AN") else kind
