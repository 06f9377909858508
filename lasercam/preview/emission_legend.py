"""What stands under pictures of a glowing sample: scale bar, brightness scale, legend of emissions, caption."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lasercam.preview.canvas import GREY, INK, Sheet
from lasercam.preview.emission_colours import Swatch
from lasercam.preview.palette import length, round_length
from lasercam.process.colour import encode_srgb

_RAMP_IN = 1.3
_TICKS = (0.25, 0.5, 1.0)
BRIGHTNESS_WIDTH_IN = 2.6
"""Room for the brightness scale at a size of 8 points."""


def draw_scale_bar(page: Sheet, x_in: float, y_in: float, width_in: float, extent_um: float, size: float) -> None:
    """A bar of a round length; `width_in` on paper is `extent_um` on the sample."""
    bar_um = round_length(0.3 * extent_um)
    bar_in = bar_um / extent_um * width_in
    page.line((x_in, x_in + bar_in), (y_in + 0.045, y_in + 0.045), INK, width=2.5)
    page.text(x_in + bar_in + 0.08, y_in, length(bar_um), size=size)


def draw_brightness(page: Sheet, x_in: float, y_in: float, black_level: float, size: float) -> None:
    """The greys that shares of full scale are shown as, with ticks below; its baseline is that of its title."""
    scale = size / 8.0
    width, height = _RAMP_IN * scale, 0.11 * scale
    dpi = float(page.figure.dpi)
    ramp = np.linspace(0.0, 1.0, round(width * dpi), dtype=np.float32)
    grey = encode_srgb(np.maximum((ramp - black_level) / (1.0 - black_level), 0.0))
    page.picture(x_in, y_in, np.tile(grey[None, :, None], (round(height * dpi), 1, 3)))
    corners = ((x_in, x_in + width), (y_in, y_in + height))
    for y in corners[1]:
        page.line(corners[0], (y, y), GREY, width=0.4)
    for x in corners[0]:
        page.line((x, x), corners[1], GREY, width=0.4)
    for share in (black_level, *_TICKS):
        x = x_in + share * width
        page.line((x, x), (y_in - 0.03 * scale, y_in), INK, width=0.5)
        page.text(
            x, y_in - 0.14 * scale, f"{100 * share:.2g} %" if share < 1 else "full", size=0.75 * size, at="center"
        )
    page.text(x_in + width + 0.12 * scale, y_in + 0.01, "of full scale", size=size, colour=GREY)


def legend_lines(page: Sheet, swatches: Sequence[Swatch], width_in: float, size: float) -> int:
    """Lines that `draw_legend` needs."""
    return len(_wrapped(page, swatches, width_in, size))


def draw_legend(
    page: Sheet, swatches: Sequence[Swatch], x_in: float, y_in: float, width_in: float, size: float
) -> float:
    """Swatches with their words below each other from the baseline `y_in` down; the baseline below the last."""
    line = 0.155 * size / 8.0
    for swatch, words in _wrapped(page, swatches, width_in, size):
        if swatch is not None:
            side = round(0.09 * size / 8.0 * float(page.figure.dpi))
            page.picture(x_in, y_in, _square(swatch.srgb, side))
        page.text(x_in + _indent(size), y_in, words, size=size)
        y_in -= line
    return y_in


def _wrapped(page: Sheet, swatches: Sequence[Swatch], width_in: float, size: float) -> list[tuple[Swatch | None, str]]:
    lines: list[tuple[Swatch | None, str]] = []
    for swatch in dict.fromkeys(swatches):
        for number, words in enumerate(page.wrapped(swatch.text, width_in - _indent(size), size)):
            lines.append((swatch if number == 0 else None, words))
    return lines


def _indent(size: float) -> float:
    return 0.18 * size / 8.0


def _square(srgb: tuple[int, int, int], side_px: int) -> NDArray[np.uint8]:
    """A swatch with a thin dark rim, so that pale colours are seen on paper."""
    square = np.empty((side_px, side_px, 3), np.uint8)
    square[:] = 90
    square[1:-1, 1:-1] = srgb
    return square
