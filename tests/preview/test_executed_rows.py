"""What a journal says, as it is drawn: counted per row, told by colour, line and mark."""

import io
from dataclasses import replace

import numpy as np
import pytest

from lasercam.model.execution import Execution, ProgramRows
from lasercam.model.toolpath import RowKind
from lasercam.preview.executed_rows import ExecutedRows
from lasercam.preview.toolpath_figure import draw_toolpath
from lasercam.preview.toolpath_survey import survey
from tests.support import builders

JUMP, LINE, DOT = RowKind.JUMP, RowKind.LINE, RowKind.DOT
LISTED = [
    (JUMP, (0, 0, 0), 0), (LINE, (100, 0, 0), 0), (LINE, (200, 0, 0), 0), (JUMP, (200, 50, 0), 0),
    (LINE, (0, 50, 0), 0), (DOT, (0, 100, 0), 1), (DOT, (50, 100, 0), 1), (DOT, (100, 100, 0), 1),
]  # fmt: skip


def toolpath(repeat: int = 1):
    recipes = (builders.line_recipe(1000.0), builders.dot_recipe(0.1, name="dots"))
    made = builders.toolpath(recipes, [builders.rows(LISTED)])
    sections = tuple(replace(s, repeat=repeat) for s in made.header.sections)
    return replace(made, header=replace(made.header, sections=sections))


def dressed(path, *programs):
    """The dress, seen once: counts by title, marks by shape."""
    dress = ExecutedRows(path, Execution("a" * 32, "out.journal", path.header.digest, False, programs))
    seen = survey(dress.rows(path.header.sections), dress.n_colours)
    uses = np.where(np.isin(np.arange(len(RowKind)), (LINE, DOT)), seen.uses, 0)
    groups, _ = dress.groups(uses)
    counts = {group.title.split(":")[0]: int(group.details[0].split()[0]) for group in groups}
    return dress, counts, {m.shape: m.places_um[:, :2].tolist() for m in dress.marks}


def test_every_row_is_in_one_class():
    rows = ProgramRows(0, 0, ((0, 2), (5, 6)), ((2, 3),), ((3, 5), (6, 7)))
    dress, counts, marks = dressed(toolpath(), rows)
    assert counts == {"not done": 1, "done": 2, "partly": 1, "uncertain": 2}
    assert marks == {"x": [[150, 0]], "D": [[100, 50], [50, 100]]}, "in the middle of lines, on dots"
    assert "In question: 3 rows, 2, 4, 6." in dress.note, "dark rows are in no question"


def test_looks_differ_without_colour():
    path = toolpath()
    dress, _, _ = dressed(path)
    groups, _ = dress.groups(np.ones((dress.n_colours, len(RowKind)), np.int64))
    looks = [(g.dashes, g.mark, g.is_hollow) for g in groups]
    assert len(set(looks)) == len(looks)


def test_the_most_doubtful_run_counts():
    whole = ProgramRows(0, 0, ((0, 8),), is_finished=True)
    _, counts, _ = dressed(toolpath(repeat=2), whole, ProgramRows(0, 1, ((0, 2),), uncertain=((2, 3),)))
    assert counts == {"not done": 0, "done": 1, "done, to be run again": 4, "partly": 0, "uncertain": 1}


def test_nothing_executed_is_nothing_in_question():
    dress, counts, marks = dressed(toolpath())
    assert counts == {"not done": 6, "done": 0, "partly": 0, "uncertain": 0}
    assert marks == {}
    assert "question" not in dress.note


@pytest.mark.parametrize("fmt", ["png", "svg", "pdf"])
@pytest.mark.parametrize("is_raster", [False, True])
def test_it_is_drawn(fmt, is_raster, monkeypatch):
    if is_raster:
        monkeypatch.setattr("lasercam.preview.toolpath_figure.RASTER_FROM_ROWS", 3)
    path = toolpath()
    rows = ProgramRows(0, 0, ((0, 2),), ((2, 3),), ((3, 5),))
    pictures = []
    for programs in ((), (rows,)):
        out = io.BytesIO()
        dress = ExecutedRows(path, Execution("a" * 32, "out.journal", path.header.digest, False, programs))
        draw_toolpath(path, out, fmt=fmt, sample_size_um=(1000.0, 1000.0), dress=dress)
        pictures.append(out.getvalue())
    assert len(set(pictures)) == 2
    assert min(len(p) for p in pictures) > 1000
