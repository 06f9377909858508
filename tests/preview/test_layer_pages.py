"""Every layer on a page of its own."""

import io
from functools import partial

import numpy as np
import pytest

import lasercam.preview.toolpath_figure as figure
from lasercam.errors import UsageError
from lasercam.model.toolpath import RowKind
from lasercam.preview import toolpath_drawing
from lasercam.preview.canvas import Sheet, book
from lasercam.preview.toolpath_figure import draw_layers, draw_toolpath
from tests.support.builders import dot_recipe, line_recipe, rows, toolpath

SAMPLE = (1000.0, 1000.0)


def block_of_layers(n_layers):
    rng = np.random.default_rng(1)
    listed = []
    for layer in range(n_layers):
        z = -100.0 - 20.0 * (n_layers - layer)
        for x, y in rng.uniform(0, 300, (30, 2)):
            listed.append((RowKind.DOT, (float(x), float(y), z), 0))
        listed += [(RowKind.JUMP, (0.0, 10.0 * layer, z), 0), (RowKind.LINE, (300.0, 10.0 * layer, z), 1)]
    return toolpath([dot_recipe(), line_recipe()], [rows(listed, start_um=(0.0, 0.0, -100.0))])


def pages_of(path, fmt="png", **options):
    outputs = []

    def page(number, total, layer):
        outputs.append((number, total, layer, io.BytesIO()))
        return partial(Sheet.save, out=outputs[-1][3], fmt=fmt)

    n = draw_layers(path, page, sample_size_um=SAMPLE, **options)
    assert n == len(outputs)
    return outputs


@pytest.mark.parametrize(("raster_from", "budget"), [(100_000, 2**28), (10, 2**28), (10, 1)])
def test_every_page_is_the_picture_of_its_layer(monkeypatch, raster_from, budget):
    monkeypatch.setattr(figure, "RASTER_FROM_ROWS", raster_from)
    monkeypatch.setattr(figure, "LAYER_BUDGET_BYTES", budget)
    monkeypatch.setattr(toolpath_drawing, "DPI", 50)
    path = block_of_layers(2)
    pages = pages_of(path)
    assert [(number, total) for number, total, _, _ in pages] == [(1, 2), (2, 2)]
    depths = [layer.depth_um for _, _, layer, _ in pages]
    assert depths == sorted(depths)
    for number, _, _, drawn in pages:
        alone = io.BytesIO()
        draw_toolpath(path, alone, fmt="png", sample_size_um=SAMPLE, layer=number - 1)
        assert drawn.getvalue() == alone.getvalue()


def test_a_pdf_has_a_page_for_each_layer_and_no_date():
    path = block_of_layers(2)
    held = []
    for _ in range(2):
        out = io.BytesIO()
        with book(out) as add:
            assert draw_layers(path, lambda *_: add, sample_size_um=SAMPLE) == 2
        held.append(out.getvalue())
    assert held[0] == held[1]
    assert held[0].count(b"/Type /Page\n") + held[0].count(b"/Type /Page ") == 2
    assert b"CreationDate" not in held[0]


def test_too_many_layers_are_refused_with_what_to_do(monkeypatch):
    monkeypatch.setattr(figure, "MOST_PAGES", 3)
    with pytest.raises(UsageError, match=r"4 layers; at most 3.*Name a step"):
        pages_of(block_of_layers(4))
