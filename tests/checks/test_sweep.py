"""Every pair that may meet is seen exactly once, whichever way space is cut, and little is held."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.checks import sweep
from lasercam.checks.exposures import MAX_ITEMS, steps, tiles
from lasercam.checks.sweep import Sweep, joined_sweep
from lasercam.model.frame import Frame
from lasercam.model.recipe import PassKind
from lasercam.model.toolpath import RowKind, ToolpathBlock
from tests.checks import situation
from tests.support import builders


def pairs(scenes, reach):
    """(earlier row, later row) of all judged items closer than reach in every axis, and how often each came up."""
    seen = {}
    for scene in scenes:
        every = [(scene.dots, scene.own_dots), (scene.lines, scene.own_lines)]
        rows = [
            (int(items.row[i]), items.start[i], items.end[i], own[i]) for items, own in every for i in range(len(items))
        ]
        for row, a, b, own in rows:
            for other, c, d, _ in rows:
                low, high = (
                    np.maximum(np.minimum(a, b), np.minimum(c, d)),
                    np.minimum(np.maximum(a, b), np.maximum(c, d)),
                )
                if own and other < row and np.all(low - high <= reach):
                    seen[other, row] = seen.get((other, row), 0) + 1
    return seen


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1.0, 8.0, 60.0]), st.booleans())
def test_slabs_and_passing_see_the_same_pairs_once(seed, spread, ordered):
    random = np.random.default_rng(seed)
    blocks, row = [], 0
    for _ in range(random.integers(1, 6)):
        n = int(random.integers(1, 7))
        if random.random() < 0.5:
            block = situation.dots(random.uniform(0, spread, (n, 3)), first_row=row)
        else:
            block = situation.lines(random.uniform(0, spread, (n, 2, 3)), first_row=row)
        blocks.append(block)
        row += n
    sections = situation.context(blocks).header.sections
    reach, matters = 20_000, np.ones((1, 1), bool)
    found = []
    for held in (10**9, 4):
        one = Sweep(sections, lambda: iter(blocks), matters, reach, max_held=held)
        for block in blocks:
            one.add(block)
        found.append(pairs(one.scenes(), reach))
    assert found[0] == found[1]
    assert set(found[0].values()) <= {1}
    everything = Sweep(sections, lambda: iter(blocks), matters, 10**12)
    for block in blocks:
        everything.add(block)
    assert pairs(everything.scenes(), reach) == found[0]


def test_a_lattice_is_read_in_passing_with_few_tiles_held(monkeypatch):
    blocks = [
        situation.dots([(x * 10.0, y * 10.0 + k * 100, 100) for y in range(10) for x in range(50)], first_row=500 * k)
        for k in range(20)
    ]
    one = Sweep(situation.context(blocks).header.sections, lambda: iter(blocks), np.ones((1, 1), bool), 110_000)
    for block in blocks:
        one.add(block)
    monkeypatch.setattr(sweep.Sweep, "_by_slabs", lambda self: pytest.fail("cut into slabs"))
    assert max(len(scene.dots) for scene in one.scenes()) == 500 + 50


def test_steps_that_do_not_matter_to_each_other_are_not_brought_together():
    blocks = [situation.dots([(1, 1, 100)]), situation.dots([(1, 1, 100)], section=1, first_row=1)]
    made = situation.context(blocks, kinds=(PassKind.WRITE, PassKind.REWRITE))
    one = Sweep(made.header.sections, made.blocks, np.tri(2, dtype=bool) & ~steps(made.header.sections).may_touch(), 10)
    for block in blocks:
        one.add(block)
    assert [len(scene.dots) for scene in one.scenes()] == [1, 1]


def test_shots_become_dots_at_equal_distances_with_both_ends():
    block = builders.rows([(RowKind.SHOTS, (9.0, 0, -80))], start_um=(0, 0, -80), count=10)
    (tile,) = tiles(block, situation.FRAME, 0)
    assert np.array_equal(tile.dots.start[:, 0], np.arange(10) * 10_000)
    assert np.all(tile.dots.start[:, 2] == 1_200_000)


def test_long_runs_of_shots_are_cut():
    block = builders.rows([(RowKind.SHOTS, (1000.0, 0, 0))], count=MAX_ITEMS + 7)
    lengths = [len(t.dots) for t in tiles(block, situation.FRAME, 0)]
    assert lengths == [MAX_ITEMS, 7]


def test_sample_ticks_undo_the_frame():
    frame = Frame((1_000, -2_000, 50_000), 1 / 1.5, 10)
    placed = frame.sample_ticks(np.array([[1_000, -2_000, 50_000], [11_000, 0, 40_000]]))
    assert placed.tolist() == [[0, 0, 0], [10_000, 2_000, 15_000]]


def test_checks_that_look_at_the_same_steps_share_one_reading() -> None:
    blocks = [situation.dots([(x, 10.0 * i, 5.0) for x in range(30)], first_row=30 * i) for i in range(4)]
    readings = []
    made = situation.context(blocks)

    def stream() -> Iterator[ToolpathBlock]:
        readings.append(1)
        return iter(blocks)

    made = replace(made, blocks=stream, shared={})
    matters = np.ones((1, 1), np.bool_)
    near: list[int] = []
    far: list[int] = []
    first = joined_sweep(made, matters, 10, lambda scene: near.append(int(scene.own_dots.sum())))
    second = joined_sweep(made, matters, 200_000, lambda scene: far.append(len(scene.dots)))
    third = joined_sweep(made, ~matters, 10, lambda _: None)
    assert first is second
    assert third is not first
    for block in blocks:
        first.add(block)
        second.add(block)
    assert joined_sweep(made, matters, 10, lambda _: None) is not first, "too late: it has read rows already"
    second.run()
    first.run()
    assert near == [30] * 4
    assert far == [30, 60, 90, 90], "the widest reach counts for all"
    assert len(readings) == 1
