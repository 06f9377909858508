"""Order and travel in colours."""

import io

import numpy as np
import pytest

from lasercam.model.toolpath import RowKind
from lasercam.preview.order_colours import N_STEPS, OrderColours
from lasercam.preview.palette import OKABE_ITO
from lasercam.preview.toolpath_figure import draw_toolpath
from tests.support.builders import dot_recipe, line_recipe, rows, toolpath

Z = -100.0


def dots(n, first_row=0, section=0):
    listed = [(RowKind.DOT, (10.0 * i, 0.0, Z)) for i in range(n)]
    return rows(listed, start_um=(0.0, 0.0, Z), first_row=first_row, section=section)


def lightness(colour):
    """CIE L* of #rrggbb."""
    level = np.array([int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5)])
    linear = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    y = float(linear @ [0.2126, 0.7152, 0.0722])
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


def test_rows_are_shared_out_over_the_scale_in_order():
    path = toolpath([dot_recipe()], [dots(40), dots(40, first_row=40)])
    shown = np.concatenate([block.recipe for block in OrderColours(path).rows(path.header.sections)])
    assert shown.tolist() == sorted(shown.tolist())
    assert np.bincount(shown).tolist() == [10] * N_STEPS


def test_later_is_darker_without_any_hue():
    path = toolpath([dot_recipe()], [dots(80)])
    dress = OrderColours(path)
    list(dress.rows(path.header.sections))
    uses = np.zeros((N_STEPS, len(RowKind)), np.int64)
    uses[:, RowKind.DOT] = 10
    groups, group_of = dress.groups(uses)
    levels = [lightness(group.colour) for group in groups]
    assert levels == sorted(levels, reverse=True)
    assert np.diff(levels).max() < -5
    assert group_of.tolist() == list(range(N_STEPS))
    assert groups[0].title == "0–12 % of the rows"


def test_the_caption_measures_travel_and_the_marks_stand_where_the_beam_does():
    listed = [
        (RowKind.JUMP, (30.0, 40.0, Z), 0),
        (RowKind.LINE, (130.0, 40.0, Z), 0),
        (RowKind.JUMP, (130.0, 60.0, Z), 0),
        (RowKind.LINE, (80.0, 60.0, Z), 0),
        (RowKind.JUMP, (0.0, 0.0, Z), 0),
    ]
    path = toolpath([line_recipe()], [rows(listed, start_um=(0.0, 0.0, Z))])
    dress = OrderColours(path)
    list(dress.rows(path.header.sections))
    assert "170 µm long, the longest 100 µm. 150 µm are written as lines." in dress.note
    (x0, y0, first), (x1, y1, last) = dress.labels()
    assert (first, last) == ("start", "end")
    frame = path.header.sections[0].frame
    expected = frame.sample_um(np.array([[300_000, 400_000, 0], [800_000, 600_000, 0]]))
    assert [x0, y0, x1, y1] == pytest.approx(expected[:, :2].ravel().tolist())


def test_shots_drawn_one_by_one_keep_the_order_of_their_rows():
    sweep = rows([(RowKind.JUMP, (0.0, 0.0, Z)), (RowKind.SHOTS, (990.0, 0.0, Z))], start_um=(0.0, 0.0, Z), count=100)
    path = toolpath([dot_recipe(pulses=1)], [sweep, dots(2, first_row=2)])
    colours = [block.recipe.tolist() for block in OrderColours(path).rows(path.header.sections)]
    assert max(colours[0]) == N_STEPS // 2 - 1
    assert min(colours[1]) == N_STEPS // 2


def test_the_picture_shows_start_end_and_travel():
    path = toolpath([dot_recipe()], [dots(16)])
    out = io.BytesIO()
    draw_toolpath(path, out, fmt="svg", sample_size_um=(1000.0, 1000.0), dress=OrderColours(path))
    drawn = out.getvalue()
    assert b"#fde725" in drawn.lower()
    assert b"#440154" in drawn.lower()
    assert OKABE_ITO[0].encode() not in drawn
