"""Shipped jobs for LinuxCNC through its own interpreter: what it would expose is what the job says, row by row."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from lasercam.model.recipe import Recipe
from lasercam.model.toolpath import RowKind, ToolpathBlock
from lasercam.pipeline.build import build
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.manifest import read_manifest
from lasercam.pipeline.planning import plan_job
from tests.oracle import rs274

JOBS = [
    path
    for path in sorted((Path(__file__).parents[1] / "patterns").glob("*.yaml"))
    if re.search(r"^machine: \S+-linuxcnc$", path.read_text(), re.MULTILINE)
]
PRINTED_TICKS = 501
"""rs274 prints four decimals of a millimetre: half of 100 nm."""


Row = tuple[int, tuple[int, ...], tuple[int, ...], int, int, int]


def planned(block: ToolpathBlock, recipes: Sequence[Recipe]) -> Iterator[Row]:
    """Rows as the oracle gives them: kind, start, end, speed, gate time, pulses."""
    starts, ends = block.exposed_from().tolist(), block.end_ticks.tolist()
    for kind, start, end, index, count in zip(block.kind, starts, ends, block.recipe, block.count, strict=True):
        recipe = recipes[index]
        if kind == RowKind.DOT:
            yield int(kind), tuple(start), tuple(end), 0, 0 if count else recipe.exposure_ns, int(count)
        elif kind != RowKind.JUMP:
            yield int(kind), tuple(start), tuple(end), recipe.speed_nm_s, 0, 0


def matched(found: Sequence[Row], wanted: Sequence[Row], file: str) -> int:
    """How many wanted rows were found, in order; a line below the printed digits may have vanished from the output."""
    left = iter(found)
    row = next(left, None)
    for want in wanted:
        if row is not None and agree(row, want):
            row = next(left, None)
        else:
            assert max(abs(a - b) for a, b in zip(want[1], want[2], strict=True)) <= 2 * PRINTED_TICKS, (
                file,
                want,
                row,
            )
    assert row is None, (file, row)
    return len(wanted)


def agree(found: Row, wanted: Row) -> bool:
    """The same exposure as far as rs274 prints it."""
    near = all(abs(a - b) <= PRINTED_TICKS for i in (1, 2) for a, b in zip(found[i], wanted[i], strict=True))
    timed = abs(found[3] - wanted[3]) <= 1000 and abs(found[4] - wanted[4]) <= 50_000
    return near and timed and found[0] == wanted[0] and found[5] == wanted[5]


@pytest.mark.rs274
@pytest.mark.parametrize("path", JOBS, ids=lambda path: path.stem)
def test_linuxcnc_would_expose_what_the_job_says(
    path: Path, tmp_path: Path, interpret: Callable[[bytes], list[rs274.Call]]
) -> None:
    loaded = load_job(path)
    toolpath = plan_job(loaded)
    folder = build(loaded, toolpath, judge(loaded, toolpath), tmp_path / "out", pictures=False)
    recipes = toolpath.header.recipes.recipes
    read = 0
    for program in read_manifest(folder).programs:
        machine = loaded.machines[toolpath.header.sections[program.section].step]
        if machine.controller.dialect != "linuxcnc":
            continue
        wanted = [row for block in toolpath.section_blocks(program.section) for row in planned(block, recipes)]
        pulses = next((row[5] for row in wanted if row[5]), 1)
        trigger = machine.trigger.output if machine.trigger else -1
        calls = interpret((folder / program.file).read_bytes())
        found = rs274.exposures(calls, gate=machine.gate.output, trigger=trigger, pulses=pulses)
        found = [row for row in found if row[0] != RowKind.LEAD]
        exposing = [row for row in wanted if row[0] != RowKind.LEAD]
        read += matched(found, exposing, program.file)
    assert read == sum(s.n_exposures for s in toolpath.header.sections), "every file of a shipped job is for LinuxCNC"
