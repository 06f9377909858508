import io
from functools import partial

import numpy as np
import pytest

from lasercam.model.toolpath import RowKind
from lasercam.pipeline.timing import timed_blocks
from lasercam.preview.dose_colours import EDGES, DoseColours
from lasercam.preview.toolpath_figure import draw_toolpath
from tests.support import builders

K = RowKind
SIZE = (1000.0, 1000.0)


def made(speed: float = 5_000.0, corners: str = "exact_stop"):
    controller = {**builders.machine().controller.model_dump(), "planner": {"corners": corners}}
    listed = [
        (K.JUMP, (-100.0, 100.0, 0.0)), (K.LEAD, (100.0, 100.0, 0.0)), (K.LINE, (900.0, 100.0, 0.0)),
        (K.LINE, (900.0, 900.0, 0.0)), (K.LEAD, (900.0, 1100.0, 0.0)), (K.DOT, (500.0, 500.0, 0.0), 1),
    ]  # fmt: skip
    recipes = [builders.line_recipe(speed), builders.dot_recipe(0.1)]
    path = builders.toolpath(recipes, [builders.rows(listed)])
    radius = np.full(2, 5.0)
    timed = partial(timed_blocks, path, [builders.machine(controller=controller)], radius)
    return path, DoseColours(timed, [np.array([speed, 0.0])], radius)


def test_lines_fall_into_the_classes_of_their_dose():
    path, dress = made()
    rows = list(dress.rows(path.header.sections))
    kind, step = (np.concatenate([getattr(r, name) for r in rows]) for name in ("kind", "recipe"))
    start, end = (np.concatenate([getattr(r, name) for r in rows]) for name in ("start_um", "end_um"))
    lit = kind == K.LINE
    size = np.linalg.norm(end[lit] - start[lit], axis=1)
    assert size.sum() == pytest.approx(1600.0)
    # The dose of a place at distance d > w from a stop: speed √(2 a d), averaged over the spot.
    middle = 0.5 * (start + end)[lit]
    stops = ((100.0, 100.0, 0.0), (900.0, 100.0, 0.0), (900.0, 900.0, 0.0))
    away = np.min([np.abs(middle - stop).sum(axis=1) for stop in stops], axis=0)
    edges = np.array(EDGES)
    for distance, class_ in zip(away, step[lit], strict=True):
        dose = max(1.0, 5_000.0 / np.sqrt(2 * 100_000 * distance))
        low = edges[class_ - 1] if class_ else 0.0
        high = edges[class_] if class_ < len(edges) else np.inf
        assert low * 0.8 <= dose <= high * 1.25 or distance < 10.0
    groups, group_of = dress.groups(np.ones((dress.n_colours, len(RowKind)), np.int64))
    assert len(groups) == len(EDGES) + 2, "the whole scale, and dots"
    assert group_of.min() >= 0
    assert groups[-2].title == "above 5 ×"
    assert groups[0].details == ("none",)


def test_colours_grow_darker_with_the_dose():
    path, dress = made()
    list(dress.rows(path.header.sections))
    groups, _ = dress.groups(np.ones((dress.n_colours, len(RowKind)), np.int64))
    above = [g.colour for g in groups[3 : len(EDGES) + 1]]
    lightness = [0.2126 * int(c[1:3], 16) + 0.7152 * int(c[3:5], 16) + 0.0722 * int(c[5:7], 16) for c in above]
    assert lightness == sorted(lightness, reverse=True), "lightness alone tells the order"


@pytest.mark.parametrize("raster", [False, True])
def test_a_picture_is_drawn_and_repeats(raster, monkeypatch):
    if raster:
        monkeypatch.setattr("lasercam.preview.toolpath_figure.RASTER_FROM_ROWS", 2)
    pictures = []
    for _ in range(2):
        path, dress = made()
        out = io.BytesIO()
        draw_toolpath(path, out, fmt="png", sample_size_um=SIZE, dress=dress)
        pictures.append(out.getvalue())
    assert pictures[0] == pictures[1]
    plain = io.BytesIO()
    draw_toolpath(path, plain, fmt="png", sample_size_um=SIZE)
    assert plain.getvalue() != pictures[0]


def test_at_constant_speed_everything_is_as_wanted():
    path, dress = made(speed=50.0, corners="full_speed")
    list(dress.rows(path.header.sections))
    groups, _ = dress.groups(np.ones((dress.n_colours, len(RowKind)), np.int64))
    assert groups[2].details == ("100.0% of the length",)
