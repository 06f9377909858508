"""Dots printed in one pass: the bytes, and the refusals, of the general way in plain Python."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lasercam.dialects.aerotech_a3200 import a3200_encoder
from lasercam.dialects.automation1 import automation1_encoder
from lasercam.dialects.grbl import GrblEncoder
from lasercam.dialects.linuxcnc import LinuxCncEncoder
from lasercam.errors import LasercamError
from lasercam.model.machine import Machine
from lasercam.model.protocols import Encoder, ProgramHeader
from lasercam.model.toolpath import RowKind, ToolpathBlock
from tests.dialects import aerotech_planning as aerotech
from tests.dialects import planning

Place = tuple[int, int, int]
MAKERS: dict[str, Callable[..., Encoder]] = {
    "linuxcnc": LinuxCncEncoder, "grbl": GrblEncoder, "aerotech_a3200": a3200_encoder,
    "automation1": automation1_encoder,
}  # fmt: skip
UNITS = {"linuxcnc": 10, "grbl": 10_000, "aerotech_a3200": 100, "automation1": 100}
"""Ticks of the increment on which disturbed rows lie."""


def machine(language: str, increment: str, settle: str) -> Machine:
    """A machine of that language, its increment and its settle time."""
    if language == "grbl":
        return planning.grbl_machine(increment=increment, settle_time=settle)
    if language != "linuxcnc":
        controller = {"increment": increment, "settle_time": settle}
        return aerotech.machine(language, {"loops": "no", "line_gate": "stops"}, controller=controller)
    controller = {"dialect": "linuxcnc", "increment": increment, "path_tolerance": "1 um", "settle_time": settle,
                  "source": "example value"}  # fmt: skip
    return planning.linuxcnc_machine(controller=controller)


def dots(places: Sequence[Place], unit: int, recipe: int, *, is_joined: bool) -> ToolpathBlock:
    """A dot at each place but the first, where the stage stands before."""
    both = np.array(places, np.int64).reshape(-1, 3) * unit
    start, end = both[:-1], both[1:]
    if not is_joined:
        start, end = start.copy(), end.copy()
    n = len(end)
    count = planning.PULSES if recipe == 4 else 0
    return ToolpathBlock(
        0, 0, start, end, np.full(n, int(RowKind.DOT), np.uint8), np.full(n, count, np.uint32),
        np.full(n, recipe, np.uint16), np.zeros(n, np.uint16),
    )  # fmt: skip


def slices(block: ToolpathBlock, cuts: Sequence[int]) -> list[ToolpathBlock]:
    """The same rows in several blocks, which still look into the same memory."""
    bounds = [0, *sorted({cut % (len(block) + 1) for cut in cuts} - {0, len(block)}), len(block)]
    return [ToolpathBlock(0, a, *(column[a:b] for column in block.arrays)) for a, b in pairwise(bounds)]


def outcome(encoder: Encoder, blocks: Sequence[ToolpathBlock]) -> tuple[bytes, str, list[bool]]:
    """The text, the error that ended it, and which blocks were printed in one pass."""
    text, fused = encoder.begin(), []
    try:
        for block in blocks:
            piece = encoder.block(block)
            fused.append(isinstance(piece, memoryview))
            text += bytes(piece)
    except LasercamError as error:
        return text, f"{type(error).__name__}: {error}", fused
    return text + encoder.end(), "", fused


def program(blocks: Sequence[ToolpathBlock], stage: Machine) -> ProgramHeader:
    recipes = planning.RECIPES if stage.trigger is not None else planning.TIMED_RECIPES
    return planning.program_for(recipes, blocks, stage)


def assert_same(language: str, stage: Machine, blocks: Sequence[ToolpathBlock]) -> list[bool]:
    """Both ways agree; returns which blocks were printed in one pass."""
    header = program(blocks, stage)
    text, error, _ = outcome(MAKERS[language](header, use_compiled=False), blocks)
    found, found_error, fused = outcome(MAKERS[language](header, use_compiled=True), blocks)
    assert found == text
    assert found_error == error
    return fused


edge = st.builds(lambda power, off, sign: sign * (10**power + off), st.integers(0, 9), st.integers(-3, 3),
                 st.sampled_from([1, -1]))  # fmt: skip
coordinate = st.one_of(st.integers(-30, 30), edge)
stride = st.one_of(
    st.sampled_from([0, 0, 1, -1, 10, -10, 100, 5000, -5000, 99_999_999, 100_000_000]), st.integers(-1200, 1200)
)
stretches = st.lists(st.tuples(stride, stride, stride, st.integers(1, 25)), min_size=1, max_size=6)
straight = st.lists(
    st.tuples(st.integers(0, 2), stride, st.integers(1, 60)).map(
        lambda s: (*(s[1] if axis == s[0] else 0 for axis in range(3)), s[2])
    ),
    min_size=1, max_size=6,
)  # fmt: skip


def walked(start: Place, parts: Sequence[tuple[int, int, int, int]]) -> list[Place]:
    """Places along straight stretches of equal steps."""
    places = [start]
    for x, y, z, times in parts:
        for _ in range(times):
            a, b, c = places[-1]
            places.append((a + x, b + y, c + z))
    return places


@settings(deadline=None, max_examples=300)
@given(
    st.tuples(coordinate, coordinate, coordinate),
    st.one_of(stretches, straight),
    st.lists(st.integers(0, 400), max_size=4),
    st.sampled_from([("linuxcnc", "1 nm", 10), ("linuxcnc", "0.1 nm", 1), ("linuxcnc", "2.5 nm", 25),
                     ("linuxcnc", "1 um", 10_000), ("linuxcnc", "1 mm", 10_000_000), ("grbl", "1 um", 10_000),
                     ("grbl", "50 um", 500_000), ("aerotech_a3200", "10 nm", 100), ("automation1", "10 nm", 100)]),
    st.sampled_from(["0 s", "50 ms"]),
    st.sampled_from([2, 3, 4]),
    st.booleans(),
)  # fmt: skip
@example((0, 0, 0), [(1, 0, 0, 1200)], [1, 2], ("linuxcnc", "1 nm", 10), "0 s", 2, True)
@example((-5, 0, 0), [(0, 1, 0, 12), (0, -1, 0, 30)], [1], ("linuxcnc", "0.1 nm", 1), "50 ms", 4, True)
@example((10_000_990, 0, 0), [(1, 0, 0, 30), (-1, 0, 0, 60)], [1], ("linuxcnc", "1 nm", 10), "0 s", 2, False)
@example((99_999_900, 0, 0), [(10, 0, 0, 30), (-10, 0, 0, 60)], [1], ("linuxcnc", "1 nm", 10), "0 s", 2, True)
@example((-99_999_900, 0, 0), [(-10, 0, 0, 30), (10, 0, 0, 60)], [1], ("linuxcnc", "1 nm", 10), "0 s", 3, True)
def test_dots_in_one_pass_are_the_same_bytes(
    start: Place,
    parts: list[tuple[int, int, int, int]],
    cuts: list[int],
    kind: tuple[str, str, int],
    settle: str,
    recipe: int,
    is_joined: bool,
) -> None:
    language, increment, unit = kind
    if language == "grbl" and recipe == 4:
        recipe = 2
    block = dots(walked(start, parts), unit, recipe, is_joined=is_joined)
    blocks = slices(block, [1, *cuts])
    stage = machine(language, increment, settle)
    fused = assert_same(language, stage, blocks)
    # The first block says how; all others go on like it, unless one must be refused.
    assert all(fused[1:])


@pytest.mark.parametrize("language", sorted(MAKERS))
def test_rows_that_become_much_longer_find_room(language: str) -> None:
    """Memory is asked for by the length of the rows before."""
    far = 79_999_999 // UNITS[language]
    short, long = [(1, 0, 0, 50)], [(sign * far, sign * far, -sign * far, 1) for sign in (-1, 1)] * 400
    blocks = slices(dots(walked((0, 0, 0), [*short, *long]), UNITS[language], 2, is_joined=True), [1, 10, 50])
    assert assert_same(language, machine(language, f"{UNITS[language] // 10} nm", "0 s"), blocks)[1:] == [True] * 3


DISTURBANCES = ("gap", "joined gap", "off", "recipe", "count", "kind", "section", "far")


@settings(deadline=None, max_examples=150)
@given(straight, st.integers(0, 400), st.sampled_from(DISTURBANCES), st.sampled_from(sorted(MAKERS)))
def test_what_is_wrong_is_refused_in_the_same_words(
    parts: list[tuple[int, int, int, int]], row: int, how: str, language: str
) -> None:
    unit = UNITS[language]
    whole = dots(walked((3, 4, 5), [(1, 0, 0, 3), *parts]), unit, 2, is_joined=how == "joined gap")
    first, second = slices(whole, [2])
    start, end, kind, count, recipe, part = (np.array(column) for column in second.arrays)
    row %= len(second)
    if how == "gap":
        start[row, 1] += unit
    elif how == "joined gap":
        both = np.vstack((start[:1], end))
        both[0, 2] += unit
        start, end = both[:-1], both[1:]
    elif how == "off":
        end[row, 2] += 3
        start[row + 1 : row + 2, 2] += 3
    elif how == "far":
        end[row:, 0] += 2**62
        start[row + 1 :, 0] += 2**62
    elif how == "recipe":
        recipe[row] = 3 if row % 2 else 0
    elif how == "count":
        count[row] = 7
    elif how == "kind":
        kind[row] = RowKind.JUMP
    section = 1 if how == "section" else 0
    stage = machine(language, f"{unit // 10} nm", "0 s")
    bad = ToolpathBlock(section, first.first_row + 2, start, end, kind, count, recipe, part)
    fused = assert_same(language, stage, [first, bad])
    assert len(fused) < 2 or not fused[1]


@pytest.mark.parametrize("language", sorted(MAKERS))
def test_other_rows_between_do_not_disturb(language: str) -> None:
    """A line between dots changes modes; dots are printed the general way once, and in one pass again."""
    unit = 10_000
    kinds = [RowKind.DOT] * 5 + [RowKind.LINE] + [RowKind.DOT] * 10 + [RowKind.JUMP] + [RowKind.DOT] * 6
    steps = [(int(kind), (5, 0, 0), 0, False) for kind in kinds]
    blocks = planning.cut(planning.plan(steps, unit, counted=False), [1, 5, 6, 7, 10, 16, 17, 19])
    stage = machine(language, "1 um", "50 ms")
    assert assert_same(language, stage, blocks) == [False, True, False, False, True, True, False, False, True]
