"""Simulated views as files: one picture with its facts, or all steps and views on a contact sheet."""

from collections.abc import Sequence
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import ParameterError
from lasercam.preview.canvas import GREY, INK, Sheet, sheet
from lasercam.preview.palette import length, round_length
from lasercam.preview.views import View, percent

_DPI = 200
_LEAST_PX = 700
_MARGIN_IN = 0.35
_TEXT_IN = 4.6
_CELL_IN = 2.6
_GAP_IN = 0.18
_LEVEL_IN = 0.16
_GAMMA = 2.2


def draw_view(view: View, out: BinaryIO, *, job: str = "") -> None:
    """Write one view as PNG; the same view gives the same bytes.

    The picture itself carries no text, no bar and no resampled pixel: a decoder reads the file as it would read the
    camera's picture. Small pictures are enlarged by a whole factor.

    Args:
        view: what to write.
        out: where the bytes go.
        job: the job's name, for the heading.
    """
    factor = max(1, -(-_LEAST_PX // max(view.rgb.shape[:2])))
    pixels = np.repeat(np.repeat(view.rgb, factor, axis=0), factor, axis=1)
    height_in, width_in = pixels.shape[0] / _DPI, pixels.shape[1] / _DPI
    # A larger picture gets larger letters, as it is looked at as a whole.
    scale = max(width_in, _TEXT_IN) / _TEXT_IN
    text_in = max(width_in, _TEXT_IN)
    size = 8.0 * min(scale, 1.6)
    line = 0.155 * size / 8.0
    margin = _MARGIN_IN * min(scale, 1.6)
    with sheet(1.0, 1.0) as ruler:
        said = [part for sentence in view.caption for part in ruler.wrapped(sentence + ".", text_in, size)]
    head, foot = 4.2 * line, 2.6 * line + len(said) * line
    with sheet(text_in + 2 * margin, margin + head + height_in + foot + margin, dpi=_DPI) as page:
        top = page.height_in - margin
        heading = f"{job} · {view.title}" if job else view.title
        page.text(
            margin, top - 1.3 * line, page.fitted(heading, text_in, size * 1.5, bold=True), size=size * 1.5, bold=True
        )
        page.text(
            margin, top - 2.9 * line, page.fitted(f"after step: {view.step}", text_in, size), size=size, colour=GREY
        )
        bottom = margin + foot
        page.picture(margin, bottom, pixels)
        _scale_bar(page, margin, bottom - 1.3 * line, width_in, view, size)
        for number, words in enumerate(said):
            page.text(margin, bottom - (3.2 + number) * line, words, size=size, colour=GREY)
        page.save(out, "png")


def _scale_bar(page: Sheet, x_in: float, y_in: float, width_in: float, view: View, size: float) -> None:
    extent_um = view.rgb.shape[1] * view.pixel_um
    bar_um = round_length(0.3 * extent_um)
    bar_in = bar_um / extent_um * width_in
    page.line((x_in, x_in + bar_in), (y_in + 0.045, y_in + 0.045), INK, width=2.5)
    page.text(x_in + bar_in + 0.08, y_in, length(bar_um), size=size)


def draw_contact_sheet(rows: Sequence[Sequence[View]], out: BinaryIO, *, job: str = "") -> None:
    """Write all views of all steps as one PNG: a row per step, a column per view.

    Args:
        rows: views per step, the same ones in the same order for every step, as `render_views` gives them.
        out: where the bytes go.
        job: the job's name, for the heading.

    Raises:
        ParameterError: no views, or steps with different views.
    """
    names = [view.name for view in rows[0]] if rows else []
    if not names or any([view.name for view in row] != names for row in rows):
        raise ParameterError("a contact sheet needs the same views, at least one, for every step")
    shape = rows[0][0].rgb.shape
    cell_px = round(_CELL_IN * _DPI)
    thumbs = [[_fitted(view.rgb, cell_px) for view in row] for row in rows]
    height_in, width_in = thumbs[0][0].shape[0] / _DPI, thumbs[0][0].shape[1] / _DPI
    label_in = 0.45
    across = len(names) * (width_in + _GAP_IN) - _GAP_IN
    text_in = max(across, 4.5)
    notes = list(dict.fromkeys(s for row in rows for view in row for s in _general(view)))
    with sheet(1.0, 1.0) as ruler:
        said = [part for sentence in notes for part in ruler.wrapped(sentence + ".", text_in, 7.5)]
    head, foot = (0.75 if job else 0.45), 0.45 + 0.15 * len(said)
    body = len(rows) * (height_in + _LEVEL_IN + _GAP_IN) - _GAP_IN
    page_w = _MARGIN_IN * 2 + label_in + text_in
    with sheet(page_w, _MARGIN_IN * 2 + head + body + foot, dpi=_DPI) as page:
        top = page.height_in - _MARGIN_IN
        left = _MARGIN_IN + label_in
        if job:
            page.text(left, top - 0.2, page.fitted(job, text_in, 13, bold=True), size=13, bold=True)
        for column, view in enumerate(rows[0]):
            x = left + column * (width_in + _GAP_IN) + width_in / 2
            words = page.fitted(view.title, width_in, 9, bold=True)
            page.text(x, top - head + 0.12, words, size=9, bold=True, at="center")
        for number, row in enumerate(rows):
            bottom = top - head - height_in - number * (height_in + _LEVEL_IN + _GAP_IN)
            words = page.fitted(row[0].step, height_in, 9, bold=True)
            page.turned_text(_MARGIN_IN + 0.2, bottom + height_in / 2, words, size=9, bold=True)
            for column, view in enumerate(row):
                page.picture(left + column * (width_in + _GAP_IN), bottom, thumbs[number][column])
                if view.name != "daylight":
                    _level(page, left + column * (width_in + _GAP_IN) + width_in, bottom, view)
        bottom = _MARGIN_IN + foot
        _scale_bar(page, left, bottom - 0.25, shape[1] / max(shape[:2]) * _CELL_IN, rows[0][0], 8.0)
        for number, words in enumerate(said):
            page.text(left, bottom - 0.5 - 0.15 * number, words, size=7.5, colour=GREY)
        page.save(out, "png")


def _general(view: View) -> tuple[str, ...]:
    """What the caption says of more than this one picture."""
    return tuple(sentence.split("; brightest pixel here")[0] for sentence in view.caption)


def _level(page: Sheet, right_in: float, bottom_in: float, view: View) -> None:
    words = f"{percent(view.brightest)} of full scale"
    page.text(right_in, bottom_in - 0.13, words, size=6.5, colour=GREY, at="right")


def _fitted(rgb: NDArray[np.uint8], longest_px: int) -> NDArray[np.uint8]:
    """The picture with its long side at `longest_px`: repeated pixels when larger, mean of pixels when smaller."""
    rows, columns = rgb.shape[:2]
    scale = longest_px / max(rows, columns)
    # Means are taken of light, not of its encoding; for a thumbnail the plain power law is close enough to sRGB's.
    light = np.power(rgb.astype(np.float32) / np.float32(255.0), np.float32(_GAMMA))
    for axis, n in ((0, rows), (1, columns)):
        light = _averaged(light.swapaxes(0, axis), max(1, round(n * scale))).swapaxes(0, axis)
    return np.asarray(np.rint(255.0 * np.power(light, np.float32(1.0 / _GAMMA))), np.uint8)


def _averaged(image: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    """Rows resampled to n by the mean over each new row's extent."""
    rows = len(image)
    edges = np.linspace(0.0, rows, n + 1)
    sums = np.concatenate((np.zeros((1, *image.shape[1:]), np.float64), np.cumsum(image, axis=0, dtype=np.float64)))
    whole = np.minimum(edges.astype(np.int64), rows)
    part = (edges - whole)[:, None, None]
    at_edges = sums[whole] + part * (sums[np.minimum(whole + 1, rows)] - sums[whole])
    return np.asarray(np.clip(np.diff(at_edges, axis=0) * (n / rows), 0.0, 1.0), np.float32)
