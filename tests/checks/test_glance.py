"""What is taken together for blocks of dots is what is found row by row in any other block."""

from dataclasses import replace

import numpy as np
import pytest

from lasercam.checks.axial import AxialSpacing
from lasercam.checks.beam import Beam
from lasercam.checks.duplicate import Duplicate
from lasercam.checks.envelope import Envelope
from lasercam.checks.glance import glance_at
from lasercam.checks.spacing import Spacing
from lasercam.checks.usage import usage_of
from lasercam.model.finding import Finding
from lasercam.model.protocols import Check
from lasercam.model.toolpath import RowKind, ToolpathBlock
from tests.checks import situation
from tests.support import builders

RECIPES = (
    builders.dot_recipe(1.0, values=situation.valued(spot_radius=1.0, wavelength=1.03)),
    builders.dot_recipe(2.0, name="long", values=situation.valued(spot_radius=1.0, wavelength=1.03)),
    builders.line_recipe(),
    builders.dot_recipe(pulses=3, name="counted"),
)


def mixed(block: ToolpathBlock) -> ToolpathBlock:
    """The same dots with a dark row of no length behind them, so that nothing can be taken together."""
    last = len(block) - 1
    columns = [np.concatenate((column, column[last:])) for column in block.arrays]
    columns[0][-1] = columns[1][-1]
    columns[2][-1], columns[3][-1], columns[4][-1], columns[5][-1] = RowKind.JUMP, 0, 0, 0
    return ToolpathBlock(block.section, block.first_row, *columns)


def lattice(depth_um: float, first_row: int, start: tuple[float, float, float]) -> ToolpathBlock:
    """Six by five dots, 10 µm apart, reached from a place."""
    places = [(100.0 + 10 * x, 100.0 + 10 * y, depth_um) for y in range(5) for x in range(6)]
    block = situation.dots(places, first_row=first_row)
    starts = np.array(block.start_ticks)
    starts[0] = situation.ticks([start])[0]
    return replace(block, start_ticks=starts)


def disturbed(block: ToolpathBlock, how: str) -> ToolpathBlock:
    """The block with one thing wrong."""
    start, end, kind, count, recipe, part = (np.array(column) for column in block.arrays)
    if how == "gap":
        start[7, 0] += 10
    elif how == "seam":
        start[0, 1] += 10
    elif how == "count":
        count[9] = 3
    elif how == "counted recipe":
        recipe[:] = 3
    elif how == "line recipe":
        recipe[:] = 2
    elif how == "other recipe":
        recipe[3] = 1
    elif how == "twin":
        end[20] = end[4]
        start[21] = end[20]
    elif how in ("outside", "deep"):
        axis = 0 if how == "outside" else 2
        end[29, axis] += 10**9 if how == "outside" else -(10**9)
    return ToolpathBlock(block.section, block.first_row, start, end, kind, count, recipe, part)


def words(finding: Finding) -> tuple[object, ...]:
    """What a finding says."""
    return finding.code, finding.message, finding.on, finding.first_row, finding.count, finding.value


@pytest.mark.parametrize("check", [Beam, Envelope, AxialSpacing, Spacing, Duplicate])
@pytest.mark.parametrize(
    "how",
    ["nothing", "gap", "seam", "count", "counted recipe", "line recipe", "other recipe", "twin", "outside", "deep"],
)
def test_dots_are_judged_alike_together_and_one_by_one(check: type[Check], how: str) -> None:
    first = lattice(60.0, 0, (0.0, 0.0, 60.0))
    second = disturbed(lattice(57.0, 40, (150.0, 140.0, 60.0)), how)
    third = lattice(54.0, 80, tuple((second.end_ticks[-1] / [1e4, 1e4, -1e4 / 1.5]).tolist()))
    found = [
        situation.judge(check(), situation.context([one(first), one(second), one(third)], RECIPES))
        for one in (lambda block: block, mixed)
    ]
    assert [words(f) for f in found[0]] == [words(f) for f in found[1]]
    if how != "nothing" and check is Beam:
        assert found[0] or how in ("twin", "outside", "deep", "other recipe")


def test_uses_are_counted_alike() -> None:
    blocks = [lattice(60.0, 0, (0.0, 0.0, 60.0)), disturbed(lattice(57.0, 40, (150.0, 140.0, 60.0)), "other recipe")]
    counted = []
    for one in (lambda block: block, mixed):
        made = situation.context([one(block) for block in blocks], RECIPES)
        usage = usage_of(made)
        for block in made.blocks():
            usage.add(block)
        counted.append(list(usage.uses()))
    assert counted[0] == counted[1]
    assert [(u.recipe, u.dots) for u in counted[0]] == [(0, 59), (1, 1)]


def test_a_glance_is_shared_while_a_block_is_looked_at() -> None:
    blocks = [lattice(60.0, 0, (0.0, 0.0, 60.0)), lattice(57.0, 40, (0.0, 0.0, 60.0))]
    made = situation.context(blocks, RECIPES)
    assert glance_at(made, blocks[0]) is glance_at(made, blocks[0])
    assert glance_at(made, blocks[1]).block is blocks[1]
    assert glance_at(made, blocks[0]).block is blocks[0]
