"""Job files of bounded length, each complete in itself: it goes to its field and approaches its first place."""

import numpy as np
import pytest

from lasercam.checks.fields import Fields as FieldCheck
from lasercam.model.feature import dots
from lasercam.model.field import FieldGrid
from lasercam.model.toolpath import RowKind
from lasercam.plan.file_starts import FileStarts
from tests.checks.situation import context, judge
from tests.plan.test_approach import Play
from tests.plan.test_approach import machine as with_play
from tests.plan.test_fields import PLAIN, SLOW, block_of, planned
from tests.support import builders

FIELD = {"size": ["100 um", "80 um"], "guard": "10 um", "stitch": "cut", "source": "example value"}


def profile(*, fields: bool):
    play = with_play(x=("positive", "5 um"), y=("negative", "2 um"))
    controller = {**builders.machine().controller.model_dump(exclude_defaults=True), "max_file_rows": 100}
    changes = {"axes": play.axes.model_dump(exclude_defaults=True), "controller": controller}
    return builders.machine(**changes, **({"field": FIELD} if fields else {}))


@pytest.mark.parametrize("fields", [False, True])
@pytest.mark.parametrize("what", ["dots", "lines"])
def test_every_file_stands_on_its_own(what, fields):
    rng = np.random.default_rng(5)
    if what == "dots":
        block = dots(np.column_stack((rng.uniform(0, 400, (700, 2)), np.full(700, 5.0))))
    else:
        block = block_of([[(x, y, 5.0), (x + 30, y + 9, 5.0)] for x, y in rng.uniform(0, 300, (150, 2))])
    path = planned(block, profile(fields=fields))
    assert len(path.header.sections) > 5
    given = sum(s.n_exposures for s in planned(block, builders.machine()).header.sections)
    assert sum(s.n_exposures for s in path.header.sections) == given + sum(s.cuts for s in path.header.stitches)
    for section in path.header.sections:
        assert section.n_rows <= 100
        (rows,) = path.section_blocks(section.index)
        tables = [Play(49_000, 1, rows.end_ticks[0, 0] + 13_000), Play(19_000, -1, rows.end_ticks[0, 1] - 11_000)]
        after = [*rows.kind[1:].tolist(), RowKind.JUMP]
        for kind, then, end in zip(rows.kind.tolist(), after, rows.end_ticks.tolist(), strict=True):
            for axis, table in enumerate(tables):
                table.turn(end[axis])
                if kind == RowKind.DOT or (kind == RowKind.JUMP and then == RowKind.LEAD):
                    assert table.table == end[axis], "whoever moved the stage between two files"
        if fields:
            assert section.field is not None
            assert rows.kind[0] == RowKind.JUMP
            assert section.field.is_middle(rows.end_ticks[:1])[0]
    if fields:
        situation = context(list(path.blocks()), [SLOW], sections=lambda _: path.header.sections)
        assert not [f for f in judge(FieldCheck(), situation) if f.code == "E_FIELD"]
    assert path.header.digest == planned(block, profile(fields=fields)).header.digest


def test_plain_machines_give_their_rows_as_they_are():
    rows = [object()]
    starts = FileStarts(builders.machine(), 10, None)
    assert starts.max_rows is None
    made = planned(dots(np.zeros((1, 3)) + 5.0), builders.machine(), PLAIN)
    (block,) = made.blocks()
    assert len(block) == len(rows) == 1
    limited = FileStarts(profile(fields=True), 10, FieldGrid((0, 0), (10, 10), (5, 5)))
    assert limited.max_rows == 98
