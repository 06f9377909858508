"""A map of a page as it was read: what is lost, doubtful, corrected or wrong, site by site."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from lasercam.preview.canvas import GREY, INK, Format, Sheet, sheet
from lasercam.preview.palette import counted

_PLOT_IN = 5.0
_LEGEND_IN = 2.45
_EDGE_IN = 0.5
_TITLE_IN = 0.75
_ROW_IN = 0.22
_LINE_IN = 0.15
_SWATCH_IN = 0.13
_MARGIN_STEPS = (3.0, 6.0, 12.0)
"""Margins (natural logarithm of a ratio of probabilities) up to which a voxel is doubtful, weak, fair.
e³ is 20 to 1."""


class SiteState(IntEnum):
    """What became of a site."""

    DARK = 0
    """Never written."""
    OUTSIDE = 1
    """Not in any image."""
    SURE = 2
    FAIR = 3
    WEAK = 4
    DOUBTFUL = 5
    CORRECTED = 6
    """Read wrong and put right by the code."""
    ERASED = 7
    """Flagged as unreadable, filled in by the code."""
    LOST = 8
    """No dot where there should be one."""
    WRONG = 9
    """Read wrong, in a part of the page that the code could not save; known when the plan is at hand."""


_STATES: tuple[tuple[SiteState, str, str], ...] = (
    (SiteState.SURE, "#f2f2f2", "read, sure"),
    (SiteState.FAIR, "#cfe0ec", "read, margin below 12"),
    (SiteState.WEAK, "#9cc3de", "read, margin below 6"),
    (SiteState.DOUBTFUL, "#5a94c0", "read, margin below 3"),
    (SiteState.ERASED, "#e69f00", "flagged as unreadable"),
    (SiteState.LOST, "#1a1a1a", "no dot"),
    (SiteState.CORRECTED, "#009e73", "read wrong, put right"),
    (SiteState.WRONG, "#d55e00", "wrong"),
    (SiteState.OUTSIDE, "#cc79a7", "outside the image"),
    (SiteState.DARK, "#ffffff", "never written (marks)"),
)
"""Colours by M. Okabe and K. Ito, "Color Universal Design", 2008, beside a blue sequence that also falls in lightness;
errors differ from it and from each other in lightness as well as in hue."""


@dataclass(frozen=True, eq=False)
class PageMap:
    """What is drawn.

    Attributes:
        title: which page.
        states: uint8 (rows, columns), a SiteState per site.
        lines: what else is to be said, a line each.
    """

    title: str
    states: NDArray[np.uint8]
    lines: tuple[str, ...]


def site_states(
    margin: NDArray[np.float32],
    erased: NDArray[np.bool_],
    lost: NDArray[np.bool_],
    in_image: NDArray[np.bool_],
    dark: NDArray[np.bool_],
    *,
    corrected: NDArray[np.bool_] | None = None,
    wrong: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint8]:
    """A SiteState for every site: uint8 (rows, columns).

    Args:
        margin: float32 (rows, columns), natural logarithm of the ratio to the second best level.
        erased: flagged by the reader.
        lost: without a dot.
        in_image: seen at all.
        dark: never written.
        corrected: unflagged voxels that the code changed; None where nothing was decoded.
        wrong: unflagged voxels that differ from the plan and were not put right; None where there is no plan.
    """
    states = np.full(margin.shape, SiteState.SURE, np.uint8)
    for state, below in zip((SiteState.FAIR, SiteState.WEAK, SiteState.DOUBTFUL), reversed(_MARGIN_STEPS), strict=True):
        states[margin < below] = state
    states[erased] = SiteState.ERASED
    states[lost] = SiteState.LOST
    if corrected is not None:
        states[corrected & ~erased] = SiteState.CORRECTED
    if wrong is not None:
        states[wrong & ~erased] = SiteState.WRONG
    states[~in_image] = SiteState.OUTSIDE
    states[dark] = SiteState.DARK
    return states


def draw_page_maps(maps: Sequence[PageMap], out: BinaryIO, *, fmt: Format = "png") -> None:
    """Draw pages side by side in rows of two, each with its legend.

    Args:
        maps: one or more.
        out: where the bytes go.
        fmt: png, svg or pdf.
    """
    across = min(2, len(maps))
    down = -(-len(maps) // across)
    width = _PLOT_IN + _LEGEND_IN + 2 * _EDGE_IN
    heights = [max(_height(page) for page in maps[k * across : (k + 1) * across]) for k in range(down)]
    with sheet(width * across, sum(heights)) as page:
        top = page.height_in
        for row in range(down):
            for column, one in enumerate(maps[row * across : (row + 1) * across]):
                _draw(page, one, column * width + _EDGE_IN, top)
            top -= heights[row]
        page.save(out, fmt)


def _plot_size(one: PageMap) -> tuple[float, float]:
    """Width and height of the map."""
    rows, columns = one.states.shape
    scale = _PLOT_IN / max(rows, columns)
    return columns * scale, rows * scale


def _height(one: PageMap) -> float:
    legend = len(_STATES) * _ROW_IN + 0.4
    return max(_plot_size(one)[1], legend) + len(one.lines) * _LINE_IN + _TITLE_IN + _EDGE_IN + 0.25


def _draw(page: Sheet, one: PageMap, left: float, top: float) -> None:
    width, height = _plot_size(one)
    rows, columns = one.states.shape
    page.text(left, top - 0.35, page.fitted(one.title, _PLOT_IN + _LEGEND_IN, 11.0, bold=True), size=11.0, bold=True)
    bottom = top - _TITLE_IN - height
    plot = page.plot((left, bottom, width, height), (-0.5, rows - 0.5, columns - 0.5, -0.5))
    colours = np.zeros((len(SiteState), 4), np.uint8)
    for state, colour, _ in _STATES:
        colours[state] = [*bytes.fromhex(colour[1:]), 255]
    # Every site as many pixels, so that single flaws show in a page of hundreds.
    times = max(1, 800 // max(rows, columns))
    picture = colours[np.kron(one.states, np.ones((times, times), np.uint8))]
    plot.image(picture, (-0.5, -0.5, columns - 0.5, rows - 0.5))
    plot.axis_titles("column", "row", n_ticks=7)
    _legend(page, one, left + width + 0.25, top - _TITLE_IN)
    y = bottom - 0.55
    for line in one.lines:
        page.text(left, y, page.fitted(line, _PLOT_IN + _LEGEND_IN, 7.5), size=7.5, colour=GREY)
        y -= _LINE_IN


def _legend(page: Sheet, one: PageMap, left: float, top: float) -> None:
    """What the colours mean, with counts; states that do not occur are left out."""
    counts = np.bincount(one.states.reshape(-1), minlength=len(SiteState))
    y = top - 0.12
    for state, colour, words in _STATES:
        if not counts[state]:
            continue
        for width, shade in ((_SWATCH_IN + 0.02, GREY), (_SWATCH_IN, colour)):
            start = left + (_SWATCH_IN - width) / 2
            page.line((start, start + width), (y + 0.04, y + 0.04), shade, width=width * 72.0)
        page.text(left + 0.22, y, words, size=8.0, colour=INK)
        page.text(left + _LEGEND_IN - 0.3, y, f"{counts[state]:,}", size=8.0, colour=GREY, at="right")
        y -= _ROW_IN
    page.text(left, y, counted(int(counts.sum()), "site"), size=8.0, colour=GREY)
