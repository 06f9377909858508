"""What an erase step clears is free again, and nothing else is: held against a plain account of every place."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.checks.duplicate import Duplicate
from lasercam.model.recipe import PassKind
from lasercam.model.toolpath import Section
from tests.checks.situation import context, dots, job, judge, lines

WRITE, REWRITE, ERASE = PassKind.WRITE, PassKind.REWRITE, PassKind.ERASE
Z = 120.0
FURNACE = {"heat": {"temperature": "150 degC", "hold_time": "10 min"}}
PASSES = {WRITE: "write", REWRITE: "rewrite", ERASE: "erase"}


def in_the_way(steps: list[tuple[PassKind, list[tuple[int, int]]]]) -> int:
    """Exposures that lie on something: place by place, step by step."""
    occupied: set[tuple[int, int]] = set()
    count = 0
    for kind, places in steps:
        now: set[tuple[int, int]] = set()
        for place in places:
            count += place in now or (kind is WRITE and place in occupied)
            now.add(place)
        occupied = occupied - now if kind is ERASE else occupied | now
    return count


PLACES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=8)


@given(st.lists(st.tuples(st.sampled_from((WRITE, WRITE, ERASE, REWRITE)), PLACES), min_size=1, max_size=7))
def test_every_place_is_accounted_for(steps: list[tuple[PassKind, list[tuple[int, int]]]]) -> None:
    blocks, row = [], 0
    for section, (_, places) in enumerate(steps):
        at = np.array([(10.0 * x, 10.0 * y, Z) for x, y in places])
        blocks.append(dots(at, section=section, first_row=row))
        row += len(places)
    findings = judge(Duplicate(), context(blocks, kinds=[kind for kind, _ in steps]))
    assert sum(f.count for f in findings) == in_the_way(steps)


def steps(*verbs: str) -> list[dict[str, object]]:
    return [
        {"name": f"step {i}", **(FURNACE if verb == "heat" else {verb: {"pattern": "dots"}})}
        for i, verb in enumerate(verbs)
    ]


@pytest.mark.parametrize(
    ("verbs", "expected"),
    [
        (("write", "erase", "write"), 0),
        (("write", "erase", "heat", "write"), 1),  # it may have come back
        (("write", "heat", "erase", "write"), 0),
        (("write", "erase", "heat", "erase", "write"), 0),
        (("write", "erase", "write", "heat"), 0),
        (("write", "erase", "heat", "rewrite"), 0),
    ],
)
def test_a_furnace_ends_what_an_erasure_cleared(verbs: tuple[str, ...], expected: int) -> None:
    passes = [(i, verb) for i, verb in enumerate(verbs) if verb != "heat"]
    kinds = [next(kind for kind, name in PASSES.items() if name == verb) for _, verb in passes]
    blocks = [dots([(10, 10, Z)], section=n, first_row=n) for n in range(len(passes))]

    def numbered(sections: tuple[Section, ...]) -> tuple[Section, ...]:
        return tuple(replace(s, step=passes[s.index][0]) for s in sections)

    situation = context(blocks, kinds=kinds, written=job(steps=steps(*verbs)), sections=numbered)
    assert len(judge(Duplicate(), situation)) == expected


def test_lines_stay_in_the_way() -> None:
    """Only dots are cleared: a line may be erased in part."""
    way = [((0, 0, Z), (100, 0, Z))]
    blocks = [lines(way, section=n, first_row=n) for n in range(3)]
    assert len(judge(Duplicate(), context(blocks, kinds=[WRITE, ERASE, WRITE]))) == 1
