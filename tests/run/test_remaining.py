"""What is left of a job: every row that is left once, no other, and nothing lit that was lit before."""

from pathlib import Path
from random import Random

import numpy as np
import pytest

from lasercam.dialects.grbl import Grbl
from lasercam.errors import RefusedError
from lasercam.model.toolpath import RowKind
from lasercam.run.faults import AbortedError
from lasercam.run.remaining import longest_stroke, remaining_rows
from lasercam.run.resume import remaining_program
from lasercam.run.row_ranges import RowRanges
from tests.run.stage import Fault, Stage, random_toolpath, stage
from tests.support import builders


@pytest.mark.parametrize("seed", range(30))
def test_the_file_exposes_what_is_left(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    machine, toolpath = stage(), random_toolpath(random)
    block = next(toolpath.blocks())
    exposing = np.flatnonzero(block.exposes).tolist()
    left = RowRanges.of_rows(row for row in range(len(block)) if random.random() < random.choice((0.1, 0.5, 0.95)))
    path = tmp_path / "left.gcode"
    program = remaining_program(path, toolpath, toolpath.header.sections[0], machine, Grbl(), left)
    with path.open("rb") as stream:
        found = list(Grbl().reader(stream, machine))
    lit = [
        (int(kind), tuple(start), tuple(end))
        for e in found
        for kind, start, end in zip(e.kind.tolist(), e.start_ticks.tolist(), e.end_ticks.tolist(), strict=True)
        if kind != RowKind.LEAD
    ]
    from_ticks = block.exposed_from()
    wanted = [
        (int(block.kind[row]), tuple(from_ticks[row].tolist()), tuple(block.end_ticks[row].tolist()))
        for row in exposing
        if row in left
    ]
    assert lit == wanted
    assert program.path == path


def test_an_interrupted_stroke_is_approached_dark_along_itself() -> None:
    ends = [(RowKind.JUMP, (0, 0, 0)), (RowKind.LEAD, (20, 0, 0))] + [
        (RowKind.LINE, (20 + 10 * i, 0, 0)) for i in range(1, 5)
    ]
    toolpath = builders.toolpath((builders.line_recipe(),), [builders.rows(ends)])
    (rows,) = remaining_rows(toolpath.blocks(), RowRanges.of((4, 6)), stage())
    assert rows.block.kind.tolist() == [
        RowKind.JUMP,
        RowKind.LEAD,
        RowKind.LEAD,
        RowKind.LEAD,
        RowKind.LINE,
        RowKind.LINE,
    ]


def test_a_new_jump_keeps_out_of_zones() -> None:
    listed = [
        (RowKind.DOT, (0, 0, 0)),
        (RowKind.DOT, (0, 5000, 0)),
        (RowKind.DOT, (9000, 5000, 0)),
        (RowKind.DOT, (9000, 0, 0)),
    ]
    toolpath = builders.toolpath((builders.dot_recipe(),), [builders.rows(listed)])
    zone = {"name": "clamp", "low": ["2 mm", "-1 mm"], "high": ["3 mm", "1 mm"], "source": "test"}
    machine = builders.machine("grbl", keep_out=[zone])
    with pytest.raises(RefusedError, match="clamp"):
        list(remaining_rows(toolpath.blocks(), RowRanges.of((0, 1), (3, 4)), machine))


def test_slow_gates_do_not_open_within_a_stroke() -> None:
    ends = [(RowKind.JUMP, (0, 0, 0)), (RowKind.LINE, (20, 0, 0)), (RowKind.LINE, (40, 0, 0))]
    toolpath = builders.toolpath((builders.line_recipe(),), [builders.rows(ends)])
    gate = {
        "min_open": "50 ms",
        "overhead": "1 ms",
        "open_delay": "5 ms",
        "close_delay": "5 ms",
        "source": "example value",
    }
    machine = builders.machine("grbl", gate=gate)
    with pytest.raises(RefusedError, match="too slow"):
        list(remaining_rows(toolpath.blocks(), RowRanges.of((2, 3)), machine))


def test_longest_stroke() -> None:
    kinds = [RowKind.JUMP, RowKind.LINE, RowKind.LINE, RowKind.LEAD, RowKind.LINE, RowKind.LINE, RowKind.LINE]
    block = builders.rows([(kind, (10.0 * i, 0, 0)) for i, kind in enumerate(kinds, 1)])
    assert longest_stroke([block]) == 3
    assert longest_stroke([]) == 0


def test_abort_in_a_long_line_says_which(tmp_path: Path) -> None:
    """The operator's abort finds the row from where the motion stopped."""
    partly = 0
    for seed in range(12):
        folder = tmp_path / str(seed)
        folder.mkdir()
        one = Stage(folder, Random(seed))
        with pytest.raises(AbortedError):
            one.session(Fault("abort", 20 + seed))
        record, truth = one.record(), one.truth()
        for row in record.partly:
            partly += 1
            assert row in truth
            assert not one.is_whole(row, truth)
        assert len(record.open_question) <= 30
    assert partly
