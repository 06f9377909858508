"""Recipes are told apart without seeing colours: by a number beside them."""

import io

import pytest

import lasercam.preview.toolpath_figure as figure
from lasercam.model.recipe import PassKind
from lasercam.model.toolpath import RowKind
from lasercam.preview.canvas import Plot, Sheet
from lasercam.preview.order_colours import OrderColours
from lasercam.preview.toolpath_figure import draw_toolpath
from tests.support.builders import dot_recipe, line_recipe, rows, toolpath

Z = -100.0


def written_and_rewritten():
    """Ten dots; the upper five are written again."""
    first = rows([(RowKind.DOT, (0.0, 10.0 * i, Z), 0) for i in range(10)], start_um=(0.0, 0.0, Z))
    again = rows([(RowKind.DOT, (0.0, 10.0 * i, Z), 1) for i in range(5, 10)], section=1, first_row=10)
    recipes = [dot_recipe(), dot_recipe(name="again")]
    return toolpath(recipes, [first, again], pass_kinds=(PassKind.WRITE, PassKind.REWRITE))


@pytest.fixture
def said(monkeypatch):
    """What is written beside exposures, with its place, and what stands on the sheet."""
    found = {"plot": [], "sheet": []}
    label, text = Plot.label, Sheet.text

    def spy_label(self, x, y, words, **options):
        found["plot"].append((words, y))
        label(self, x, y, words, **options)

    def spy_text(self, x, y, words, **options):
        found["sheet"].append(words)
        text(self, x, y, words, **options)

    monkeypatch.setattr(Plot, "label", spy_label)
    monkeypatch.setattr(Sheet, "text", spy_text)
    return found


@pytest.mark.parametrize("raster_from", [100_000, 5])
def test_each_recipe_is_numbered_where_it_can_be_seen(said, monkeypatch, raster_from):
    monkeypatch.setattr(figure, "RASTER_FROM_ROWS", raster_from)
    path = written_and_rewritten()
    draw_toolpath(path, io.BytesIO(), fmt="png", sample_size_um=(1000.0, 1000.0))
    numbers = {words: y for words, y in said["plot"] if words in ("1", "2")}
    assert set(numbers) == {"1", "2"}
    assert numbers["2"] > 49.0, "beside the dots that were written again"
    if raster_from > 100:
        assert numbers["1"] < 41.0, "not beside what the second recipe covers"
    assert {"1  dots", "2  again"} <= set(said["sheet"])


def test_one_recipe_and_scales_need_no_numbers(said):
    one = toolpath([line_recipe()], [rows([(RowKind.LINE, (10.0, 0.0, Z))], start_um=(0.0, 0.0, Z))])
    draw_toolpath(one, io.BytesIO(), fmt="png", sample_size_um=(1000.0, 1000.0))
    path = written_and_rewritten()
    draw_toolpath(path, io.BytesIO(), fmt="png", sample_size_um=(1000.0, 1000.0), dress=OrderColours(path))
    assert not [words for words, _ in said["plot"] if words in ("1", "2")]
    assert "lines" in said["sheet"]
