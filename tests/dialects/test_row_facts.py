"""Facts of rows: the compiled pass finds what the plain one finds, and refuses what it refuses, word by word."""

from dataclasses import fields

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.dialects.row_facts import RowFacts, RowReader
from lasercam.errors import LasercamError
from lasercam.model.toolpath import RowKind, ToolpathBlock
from tests.dialects import planning

DISTURBANCES = ("none", "gap", "off", "still", "recipe", "count", "shots", "section")


def disturbed(block: ToolpathBlock, row: int, how: str) -> ToolpathBlock:
    """The block with one thing wrong at a row, or with a kind that only some languages can say."""
    start, end, kind, count, recipe, part = (np.array(column) for column in block.arrays)
    row %= len(block)
    if how == "gap":
        start[row, 1] += 10
    elif how == "off":
        end[row, 2] += 3
        if row + 1 < len(block):
            start[row + 1, 2] += 3
    elif how == "still":
        kind[row] = RowKind.LINE
        end[row] = start[row]
        if row + 1 < len(block):
            start[row + 1] = end[row]
    elif how == "recipe":
        recipe[row] = 2 if kind[row] == RowKind.LINE else 0
    elif how == "count":
        kind[row], recipe[row], count[row] = RowKind.DOT, 4, planning.PULSES + row % 3
    elif how == "shots":
        kind[row], recipe[row], count[row] = RowKind.SHOTS, 0, 5
    section = 1 if how == "section" else 0
    return ToolpathBlock(section, block.first_row, start, end, kind, count, recipe, part)


def outcome(reader: RowReader, block: ToolpathBlock) -> dict[str, object] | tuple[str, str]:
    """Facts as plain lists, or the error."""
    try:
        facts = reader.facts(block)
    except LasercamError as error:
        return type(error).__name__, str(error)
    assert isinstance(facts, RowFacts)
    found = {f.name: getattr(facts, f.name) for f in fields(facts) if getattr(facts, f.name) is not None}
    types = {name: column.dtype.name for name, column in found.items()}
    return {**{name: column.tolist() for name, column in found.items()}, "types": types, "pulses": reader.pulses}


@settings(deadline=None, max_examples=300)
@given(
    planning.plans(10, counted=True).filter(len),
    st.lists(st.integers(0, 30), max_size=3),
    st.integers(0, 30),
    st.sampled_from(DISTURBANCES),
    st.booleans(),
    st.booleans(),
)
def test_compiled_facts_are_plain_facts(
    block: ToolpathBlock, cuts: list[int], row: int, how: str, positions: bool, counts: bool
) -> None:
    program = planning.program_for(planning.RECIPES, [block], planning.linuxcnc_machine())
    plain, fast = (
        RowReader(
            program, fires_by_position=positions, counts_in_program=counts, feed_scale=6, use_compiled=use_compiled
        )
        for use_compiled in (False, True)
    )
    blocks = planning.cut(disturbed(block, row, how), cuts)
    for one in blocks:
        wanted = outcome(plain, one)
        assert outcome(fast, one) == wanted
        if isinstance(wanted, tuple):
            break


def test_numbers_are_what_is_printed() -> None:
    block = planning.plan([(RowKind.LINE, (5, 0, 1), 0, False), (RowKind.DOT, (0, 2, 0), 0, False)], 10, counted=False)
    program = planning.program_for(planning.RECIPES, [block], planning.linuxcnc_machine())
    facts = RowReader(program, feed_scale=6).facts(block)
    # A LINE that opens a file is led to by a jump, which is left out of no file.
    assert facts.numbers.tolist() == [[0, 0, 0, 0, 0], [5, 0, 1, 2_400_000, 0], [5, 2, 1, 0, 1_000_000_000]]
