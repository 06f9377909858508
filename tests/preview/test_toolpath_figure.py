import io
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.errors import ParameterError, UsageError
from lasercam.model.confidence import Confidence, Valued
from lasercam.model.recipe import PassKind
from lasercam.model.toolpath import RowKind
from lasercam.preview import toolpath_figure
from lasercam.preview.palette import OKABE_ITO, colour_groups, duration, length, round_length, si
from lasercam.preview.toolpath_counts import Splat, blended
from lasercam.preview.toolpath_figure import draw_toolpath
from tests.support.builders import dot_recipe, line_recipe, rows, toolpath

SAMPLE = (10_000.0, 8_000.0)


def small():
    first = rows(
        [
            (RowKind.JUMP, (100, 100, -20)),
            (RowKind.LEAD, (110, 100, -20)),
            (RowKind.LINE, (300, 100, -20)),
            (RowKind.DOT, (300, 200, -40), 1),
            (RowKind.SHOTS, (100, 200, -40), 1),
        ],
        count=5,
    )
    second = rows([(RowKind.JUMP, (150, 150, -20)), (RowKind.LINE, (250, 150, -20))], section=1, first_row=5)
    recipes = [line_recipe(), dot_recipe(pitch_ticks=20_000)]
    return toolpath(recipes, [first, second], pass_kinds=(PassKind.WRITE, PassKind.REWRITE))


def drawn(made=None, fmt="png", **options) -> bytes:
    out = io.BytesIO()
    draw_toolpath(made or small(), out, fmt=fmt, **{"sample_size_um": SAMPLE, **options})
    return out.getvalue()


def pixels(data: bytes) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def amount(data: bytes, colour: str) -> int:
    """Pixels of a colour."""
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    return int((np.abs(pixels(data) - wanted).max(axis=2) < 12).sum())


@pytest.mark.parametrize(("fmt", "begins"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_formats_are_what_they_say_and_the_same_every_time(fmt, begins):
    data = drawn(fmt=fmt)
    assert data.startswith(begins)
    assert data == drawn(fmt=fmt)
    for word in (b"CreationDate", b"<dc:date", b"Matplotlib v", b"matplotlib.org"):
        assert word not in data


def test_bytes_do_not_depend_on_the_process():
    program = (
        "import hashlib\n"
        "from tests.preview.test_toolpath_figure import drawn\n"
        "for fmt in ('png', 'svg', 'pdf'): print(hashlib.sha256(drawn(fmt=fmt)).hexdigest())\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert len(set(outputs.pop().split())) == 3


def test_matplotlib_comes_late_and_keeps_its_settings():
    program = (
        "import sys\n"
        "import lasercam.preview.toolpath_figure, lasercam.preview.emission_figure, lasercam.preview.views\n"
        "assert not {'matplotlib', 'numba', 'PIL'} & set(sys.modules)\n"
        "import matplotlib\n"
        "settings = lambda: {k: matplotlib.rcParams[k] for k in matplotlib.rcParams if k != 'backend'}\n"
        "before = settings()\n"
        "from tests.preview.test_toolpath_figure import drawn\n"
        "drawn()\n"
        "assert settings() == before\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_recipes_keep_their_colours_and_steps_can_be_drawn_alone():
    whole, one, two = drawn(), drawn(step=0), drawn(step=1)
    assert amount(whole, OKABE_ITO[0]) > 500
    assert amount(whole, OKABE_ITO[1]) > 500
    assert amount(one, OKABE_ITO[1]) > 500
    assert amount(two, OKABE_ITO[1]) == 0
    assert amount(two, OKABE_ITO[0]) > 500
    assert drawn(section=1) == two


def test_a_layer_shows_only_its_depth():
    shallow, deep = drawn(step=0, layer=0), drawn(step=0, layer=1)
    assert amount(shallow, OKABE_ITO[0]) > 3 * amount(deep, OKABE_ITO[0])
    assert amount(deep, OKABE_ITO[1]) > 3 * amount(shallow, OKABE_ITO[1])


def test_drawing_by_counts_shows_the_same_places(monkeypatch):
    listed = []
    for i in range(12):
        listed += [(RowKind.JUMP, (0, 20 * i, -10)), (RowKind.LINE, (400, 20 * i, -10))]
    made = toolpath([line_recipe()], [rows(listed)])
    by_line = drawn(made)
    monkeypatch.setattr(toolpath_figure, "RASTER_FROM_ROWS", 10)
    by_count = drawn(made)
    assert by_line != by_count
    ours, theirs = (
        np.abs(pixels(d)[:, :1400] - np.array([0x00, 0x72, 0xB2])).max(axis=2) < 90 for d in (by_line, by_count)
    )
    near = np.zeros_like(ours)
    for dy in range(-3, 4):
        near |= np.roll(ours, dy, axis=0)
    assert theirs.sum() > 5_000
    assert (theirs & near).sum() > 0.97 * theirs.sum()


# Sixty-fourths of a pixel: a line within rounding of the picture's very edge may be counted or not.
points = st.integers(-30 * 64, 90 * 64).map(lambda n: n / 64)


@given(st.lists(st.tuples(points, points, points, points), min_size=1, max_size=20))
def test_splatted_lines_are_the_pixels_they_cross(listed):
    table = np.array(listed)
    splat = Splat((0.0, 0.0, 40.0, 30.0), (30, 40), 1)
    start, end = np.pad(table[:, :2], ((0, 0), (0, 1))), np.pad(table[:, 2:], ((0, 0), (0, 1)))
    splat.add(0, start, end)
    counted = splat.finish()[0]
    crossed = np.zeros((30, 40), bool)
    for a, b in zip(table[:, :2], table[:, 2:], strict=True):
        dense = a + np.linspace(0, 1, 4001)[:, None] * (b - a)
        inside = (dense >= 0).all(axis=1) & (dense[:, 0] < 40) & (dense[:, 1] < 30)
        column, row = np.floor(dense[inside]).astype(int).T
        crossed[row, column] = True
    # Every counted pixel is on a line, or a rounding error beside one.
    near = crossed.copy()
    for axis in (0, 1):
        near |= np.roll(near, 1, axis) | np.roll(near, -1, axis)
    assert not (counted > 0)[~near].any()
    assert (counted > 0).sum() >= 0.4 * crossed.sum() - 2 * len(table)


def test_splatted_dots_are_a_histogram(monkeypatch):
    monkeypatch.setattr("lasercam.preview.toolpath_counts._CHUNK", 1_000)
    at = np.random.default_rng(3).uniform(-5, 45, (12_345, 3))
    splat = Splat((0.0, 0.0, 40.0, 30.0), (30, 40), 2)
    for part in np.array_split(at, 5):
        splat.add(1, part, part)
    counts = splat.finish()
    expected, _, _ = np.histogram2d(at[:, 1], at[:, 0], bins=(30, 40), range=((0, 30), (0, 40)))
    assert np.array_equal(counts[1], expected.astype(np.uint32))
    assert not counts[0].any()


def test_counts_become_the_mean_colour_of_their_recipes():
    counts = np.zeros((4, 40, 40), np.uint32)
    counts[0] = 1
    counts[1, :20] = 3
    picture = blended(counts, ["#000000", "#ff0000", "#808080", "#808080"], 2)
    assert picture[0, 0].tolist() == [191, 0, 0, 255]
    assert picture[30, 0, :3].tolist() == [0, 0, 0]
    assert 128 <= picture[30, 0, 3] < 255


def test_travel_shows_only_where_nothing_is_exposed():
    counts = np.zeros((3, 20, 20), np.uint32)
    counts[0, :10] = 1
    counts[1] = 1
    picture = blended(counts, ["#0000ff", "#808080", "#404040"], 1)
    assert picture[0, 0].tolist() == [0, 0, 255, 255]
    assert picture[15, 0, :3].tolist() == [128, 128, 128]
    assert picture[15, 0, 3] < 128


def test_a_family_runs_through_a_sequence_of_colours():
    values = {"family_size": Valued(20.0, Confidence.STATED, "test")}
    family = [replace(dot_recipe(0.001 * (i + 1)), name="dose", member=i, values=values) for i in range(20)]
    uses = np.zeros((20, 5), np.int64)
    uses[:, RowKind.DOT] = 1
    uses[5] = 0
    groups, group_of = colour_groups(family, uses)
    assert len(groups) == 7
    assert len({g.colour for g in groups}) == 7
    assert groups[0].title == "dose[0] … dose[2]"
    assert groups[0].details == ("50 µJ", "10 kHz", "1 ms … 3 ms")
    assert group_of[5] == -1
    assert group_of[[0, 1, 2, 19]].tolist() == [0, 0, 0, 6]


def test_every_character_can_be_drawn():
    assert drawn(title="标题 $x_1$ \\frac{ %s \n µ Ω") != drawn(title="plain")


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"step": 7}, UsageError, r"step 8; there are: step 1 \(step 0\), step 2 \(step 1\)"),
        ({"section": 9}, UsageError, "section 9; .* section 1 in step 2"),
        ({"layer": 2}, UsageError, "no layer 3"),
        ({"sample_size_um": (0.0, 5.0)}, ParameterError, "above 0"),
        ({"sample_size_um": (float("nan"), 5.0)}, ParameterError, "above 0"),
    ],
)
def test_what_is_not_there_is_refused(options, error, words):
    with pytest.raises(error, match=words):
        drawn(**options)


def test_an_empty_toolpath_is_refused():
    with pytest.raises(UsageError, match="no rows"):
        drawn(replace(small(), stream=lambda: iter(())))


@pytest.mark.parametrize(
    "listed",
    [
        [(RowKind.DOT, (5, 5, -1))],
        [(RowKind.JUMP, (5, 5, -1))],
        [(RowKind.LINE, (5000, 0, -1))],
        [(RowKind.LINE, (0, 5000, -1))],
        [(RowKind.DOT, (-3000, 900_000, -1))],
        [(RowKind.DOT, (0.001, 0, -1)), (RowKind.DOT, (0.002, 0, -1))],
    ],
)
def test_odd_shapes_can_be_drawn(listed):
    assert drawn(toolpath([replace(dot_recipe(), speed_nm_s=1000)], [rows(listed)])).startswith(b"\x89PNG")


def test_lengths_and_times_read_well():
    assert [si(v, "J") for v in (5e-5, 5e-8, 0.0, 999.9e-6, 1e-3)] == ["50 µJ", "50 nJ", "0 J", "999.9 µJ", "1 mJ"]
    assert [duration(s) for s in (59.0, 61.0, 3_599.0, 3_661.0, 200_000.0)] == [
        "59 s", "1 min 1 s", "59 min 59 s", "1 h 1 min", "2 d 7 h",
    ]  # fmt: skip
    assert [length(v) for v in (0.5, 9_999.0, 10_000.0)] == ["0.5 µm", "9,999 µm", "10 mm"]


@given(st.floats(1e-3, 1e6))
def test_a_scale_bar_is_round_and_fits(at_most):
    bar = round_length(at_most)
    assert 0.39 * at_most <= bar <= at_most * (1 + 1e-6)
    assert f"{bar:.0e}"[0] in "125"
