"""A simulated view as a file: the picture with its scale bar, brightness scale, legend and facts."""

from typing import BinaryIO

import numpy as np

from lasercam.preview.canvas import GREY, Format, sheet
from lasercam.preview.emission_legend import draw_brightness, draw_legend, draw_scale_bar, legend_lines
from lasercam.preview.views import View

_DPI = 200
_LEAST_PX = 700
_MARGIN_IN = 0.35
_TEXT_IN = 4.6


def draw_view(view: View, out: BinaryIO, *, job: str = "", fmt: Format = "png") -> None:
    """Write one view; the same view gives the same bytes.

    The picture itself carries no text, no bar and no resampled pixel: a decoder reads the file as it would read the
    camera's picture. Small pictures are enlarged by a whole factor. In .svg and .pdf files it lies as pixels among
    lines and letters that stay sharp.

    Args:
        view: what to write.
        out: where the bytes go.
        job: the job's name, for the heading.
        fmt: png, svg or pdf.
    """
    factor = max(1, -(-_LEAST_PX // max(view.rgb.shape[:2])))
    pixels = np.repeat(np.repeat(view.rgb, factor, axis=0), factor, axis=1)
    height_in, width_in = pixels.shape[0] / _DPI, pixels.shape[1] / _DPI
    # A larger picture gets larger letters, as it is looked at as a whole.
    text_in = max(width_in, _TEXT_IN)
    scale = min(text_in / _TEXT_IN, 1.6)
    size = 8.0 * scale
    line = 0.155 * scale
    margin = _MARGIN_IN * scale
    with sheet(1.0, 1.0, dpi=_DPI) as ruler:
        said = [part for sentence in view.caption for part in ruler.wrapped(sentence + ".", text_in, size)]
        legend = legend_lines(ruler, view.legend, text_in, size)
    head, foot = 4.2 * line, (3.2 + len(said) + legend + (0.4 if legend else 0.0)) * line
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
        y = bottom - 1.4 * line
        draw_scale_bar(page, margin, y, width_in, view.rgb.shape[1] * view.pixel_um, size)
        if view.black_level is not None:
            draw_brightness(page, margin + text_in - 2.15 * scale, y, view.black_level, size)
        y = draw_legend(page, view.legend, margin, y - 2.0 * line, text_in, size)
        y -= 0.4 * line if legend else 0.0
        for number, words in enumerate(said):
            page.text(margin, y - number * line, words, size=size, colour=GREY)
        page.save(out, fmt)
