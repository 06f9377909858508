"""All steps and views on one sheet: the figure of a paper."""

from collections.abc import Sequence
from functools import cache
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import ParameterError
from lasercam.preview.canvas import GREY, Format, Sheet, sheet
from lasercam.preview.emission_legend import (
    BRIGHTNESS_WIDTH_IN,
    draw_brightness,
    draw_legend,
    draw_scale_bar,
    legend_lines,
)
from lasercam.preview.views import View, percent
from lasercam.process.colour import encode_srgb

DOUBLE_COLUMN_IN = 7.2
"""Width of the sheet, 183 mm: two columns of most journals. Fewer than three views need less."""

DPI = 300
_MARGIN_IN = 0.12
_LARGEST_CELL_IN = 2.3
_LEAST_CELL_IN = 1.1
_TALLEST_CELL_IN = 3.2
_PAGE_IN = 8.0
_LEAST_TEXT_IN = 4.6
_GAP_IN = 0.12
_STEP_IN = 0.22
_LEVEL_IN = 0.15
_SIZE = 7.0
_LINE_IN = 0.138


def draw_contact_sheet(rows: Sequence[Sequence[View]], out: BinaryIO, *, job: str = "", fmt: Format = "png") -> None:
    """Write all views of all steps: a row per step, a column per view, one scale, one legend.

    Args:
        rows: views per step, the same ones in the same order for every step, as `render_views` gives them.
        out: where the bytes go.
        job: the job's name, for the heading.
        fmt: png, svg or pdf.

    Raises:
        ParameterError: no views, or steps with different views.
    """
    names = [view.name for view in rows[0]] if rows else []
    if not names or any([view.name for view in row] != names for row in rows):
        raise ParameterError("a contact sheet needs the same views, at least one, for every step")
    shape = rows[0][0].rgb.shape
    cell_in = _cell_in(len(names), len(rows), shape[0] / shape[1])
    thumbs = [[_fitted(view.rgb, round(cell_in * DPI)) for view in row] for row in rows]
    height_in, width_in = thumbs[0][0].shape[0] / DPI, thumbs[0][0].shape[1] / DPI
    across = len(names) * (width_in + _GAP_IN) - _GAP_IN
    text_in = max(across, _LEAST_TEXT_IN)
    notes = list(dict.fromkeys(s for row in rows for view in row for s in _general(view)))
    swatches = list(dict.fromkeys(swatch for row in rows for view in row for swatch in view.legend))
    black = next((view.black_level for view in rows[0] if view.black_level is not None), None)
    with sheet(1.0, 1.0, dpi=DPI) as ruler:
        said = [part for sentence in notes for part in ruler.wrapped(sentence + ".", text_in, _SIZE)]
        titles = [ruler.wrapped(view.title, width_in, _SIZE + 1) for view in rows[0]]
        legend = legend_lines(ruler, swatches, text_in, _SIZE)
        bar_in = BRIGHTNESS_WIDTH_IN * _SIZE / 8.0
    head = (0.26 if job else 0.0) + max(map(len, titles)) * _LINE_IN + 0.06
    body = len(rows) * (_STEP_IN + height_in + _LEVEL_IN)
    foot = 0.44 + (legend + len(said)) * _LINE_IN + (0.06 if legend else 0.0)
    with sheet(text_in + 2 * _MARGIN_IN, 2 * _MARGIN_IN + head + body + foot, dpi=DPI) as page:
        top, left = page.height_in - _MARGIN_IN, _MARGIN_IN
        if job:
            page.text(left, top - 0.15, page.fitted(job, text_in, 10, bold=True), size=10, bold=True)
        for column, lines in enumerate(titles):
            x = left + column * (width_in + _GAP_IN) + width_in / 2
            for number, words in enumerate(reversed(lines)):
                y = top - head + 0.05 + number * _LINE_IN
                page.text(
                    x, y, page.fitted(words, width_in, _SIZE + 1, bold=True), size=_SIZE + 1, bold=True, at="center"
                )
        for number, row in enumerate(rows):
            bottom = top - head - (number + 1) * (_STEP_IN + height_in + _LEVEL_IN) + _LEVEL_IN
            words = page.fitted(f"{chr(97 + number % 26)}   after {row[0].step}", text_in, _SIZE + 0.5)
            page.text(left, bottom + height_in + 0.06, words, size=_SIZE + 0.5)
            for column, view in enumerate(row):
                x = left + column * (width_in + _GAP_IN)
                page.picture(x, bottom, thumbs[number][column])
                if view.black_level is not None:
                    _level(page, x + width_in, bottom, view)
        y = _MARGIN_IN + foot - 0.16
        draw_scale_bar(page, left, y, width_in, shape[1] * rows[0][0].pixel_um, _SIZE)
        if black is not None:
            draw_brightness(page, left + text_in - bar_in + 0.42, y, black, _SIZE)
        y = draw_legend(page, swatches, left, y - 0.28, text_in, _SIZE)
        y -= 0.06 if legend else 0.0
        for number, words in enumerate(said):
            page.text(left, y - _LINE_IN * number, words, size=_SIZE, colour=GREY)
        page.save(out, fmt)


def _cell_in(n_views: int, n_steps: int, aspect: float) -> float:
    """Long side of a cell, in: as wide as two columns of a journal hold, all steps on a page while they can be seen.

    Args:
        n_views: columns.
        n_steps: rows.
        aspect: height of a picture, its width being 1.
    """
    width = (DOUBLE_COLUMN_IN - 2 * _MARGIN_IN + _GAP_IN) / n_views - _GAP_IN
    tallest = max(_PAGE_IN / n_steps - _STEP_IN - _LEVEL_IN, _LEAST_CELL_IN)
    width = min(max(width, _LEAST_CELL_IN), _LARGEST_CELL_IN, min(tallest, _TALLEST_CELL_IN) / aspect)
    return width * max(aspect, 1.0)


def _general(view: View) -> tuple[str, ...]:
    """What the caption says of more than this one picture."""
    return tuple(sentence.split("; brightest pixel here")[0] for sentence in view.caption)


def _level(page: Sheet, right_in: float, bottom_in: float, view: View) -> None:
    words = f"brightest {percent(view.brightest)}"
    page.text(right_in, bottom_in - 0.11, words, size=_SIZE - 1, colour=GREY, at="right")


def _fitted(rgb: NDArray[np.uint8], longest_px: int) -> NDArray[np.uint8]:
    """The picture with its long side at `longest_px`: repeated pixels when larger, mean of pixels when smaller."""
    rows, columns = rgb.shape[:2]
    if longest_px == max(rows, columns):
        return rgb
    scale = longest_px / max(rows, columns)
    # Means are taken of light, not of its encoding.
    light = _light_of_bytes()[rgb]
    for axis, n in ((0, rows), (1, columns)):
        light = _averaged(light.swapaxes(0, axis), max(1, round(n * scale))).swapaxes(0, axis)
    return encode_srgb(light)


@cache
def _light_of_bytes() -> NDArray[np.float32]:
    """Linear light of every sRGB byte, float32 (256,). Source: IEC 61966-2-1, transfer function."""
    level = np.arange(256) / 255.0
    return np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _averaged(image: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    """Rows resampled to n by the mean over each new row's extent."""
    rows = len(image)
    edges = np.arange(n + 1) * (rows / n)
    first = np.minimum(edges[:-1].astype(np.int64), rows - 1)
    mean = np.zeros((n, *image.shape[1:]), np.float32)
    for tap in range(-(-rows // n) + 1):
        # What the new row takes of the old one so many behind the first it touches.
        share = np.minimum(edges[1:], first + tap + 1) - np.maximum(edges[:-1], first + tap)
        weight = (np.maximum(share, 0.0) * (n / rows)).astype(np.float32)
        if weight.any():
            mean += weight[:, None, None] * image[np.minimum(first + tap, rows - 1)]
    return mean
