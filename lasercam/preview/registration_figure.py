"""What is left at each mark after a registration: places to scale, arrows magnified, numbers beside."""

from math import floor, log10
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import shorten
from lasercam.model.registration import RegistrationDocument
from lasercam.preview.canvas import GREY, INK, Format, Plot, Sheet, sheet

FloatArray = NDArray[np.float64]

_ARROW, _MARK, _LIMIT = "#d55e00", "#0072b2", "#bdbdbd"
_PLOT_IN, _TEXT_IN, _TABLE_IN = 4.4, 0.17, 4.3
_MOST_LISTED = 24
_LONGEST = 0.16
"""Share of the picture's width that the longest arrow takes."""
_BETWEEN = 0.45
"""Share of the way to the nearest other mark that it takes at most, unless it would be too short to see."""
_SHORTEST = 0.06
"""Share of the picture's width that it takes at least."""
_MOST_NAMED = 12
"""Marks up to which all are named in the picture; of more, the three that are farthest off."""


def draw_registration(document: RegistrationDocument, out: BinaryIO, *, fmt: Format = "png") -> None:
    """Draw fitted places of the marks (crosses) in the controller's coordinates, and what each is off (arrows).

    Args:
        document: the registration.
        out: where the bytes go.
        fmt: png, svg or pdf.
    """
    marks = document.marks
    measured = np.array([mark.measured[:2] for mark in marks.values()], np.float64)
    off = np.array([mark.off[:2] for mark in marks.values()], np.float64)
    fitted = measured - off
    low, high = fitted.min(axis=0), fitted.max(axis=0)
    half = 0.5 * float((high - low).max()) * 1.5
    middle = (low + high) / 2.0
    view = (middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half)
    longest = max(float(np.hypot(*off.T).max()), document.tolerance)
    room = max(_nearest_um(fitted) * _BETWEEN / _LONGEST, 2.0 * half * _SHORTEST / _LONGEST)
    magnified = _magnification(longest, min(2.0 * half, room))
    lines = _summary(document)
    n_rows = min(len(marks), _MOST_LISTED) + 5
    height = max(_PLOT_IN, n_rows * _TEXT_IN) + 1.25 + _TEXT_IN * len(lines)
    with sheet(0.9 + _PLOT_IN + _TABLE_IN, height) as page:
        title = page.fitted(f"Registration: {document.job}, {document.step}", page.width_in - 0.7, 10, bold=True)
        page.text(0.35, page.height_in - 0.32, title, size=10, bold=True)
        for row, line in enumerate(lines):
            text = page.fitted(line, page.width_in - 0.7, 7.5)
            page.text(0.35, page.height_in - 0.58 - row * _TEXT_IN, text, size=7.5, colour=GREY)
        top = height - 0.75 - _TEXT_IN * len(lines)
        plot = page.plot((0.75, top - _PLOT_IN, _PLOT_IN, _PLOT_IN), view)
        plot.axis_titles("x (µm)", "y (µm)", n_ticks=5)
        _draw_marks(plot, document, fitted, off, magnified, view)
        left = 0.75 + _PLOT_IN + 0.3
        below = _draw_table(page, document, left, top - 0.1)
        _draw_scale(page, document, magnified, 2.0 * half, (left, below))
        page.save(out, fmt)


def _nearest_um(places: FloatArray) -> float:
    """Shortest distance of two places (N, 2)."""
    gaps = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    return float(gaps[np.triu_indices(len(places), 1)].min())


def _magnification(longest_um: float, width_um: float) -> float:
    """The largest 1, 2 or 5 times a power of ten that keeps the longest arrow within its share of the width."""
    most = _LONGEST * width_um / longest_um
    size = 10.0 ** floor(log10(most))
    return max(size * step for step in (1, 2, 5) if size * step <= most * (1 + 1e-9))


def _draw_marks(
    plot: Plot, document: RegistrationDocument, fitted: FloatArray, off: FloatArray, magnified: float,
    view: tuple[float, float, float, float],
) -> None:  # fmt: skip
    width = view[2] - view[0]
    arm = 0.014 * width
    turn = np.radians(np.linspace(0.0, 360.0, 61))
    circle = magnified * document.tolerance * np.column_stack((np.cos(turn), np.sin(turn)))
    named = sorted(document.marks, key=lambda name: -document.marks[name].distance_um)
    named = named if len(named) <= _MOST_NAMED else named[:3]
    for name, place, left in zip(document.marks, fitted, off, strict=True):
        plot.lines(place + circle[:-1], place + circle[1:], _LIMIT, width=0.8)
        cross = np.array([[arm, 0.0], [0.0, arm]])
        plot.lines(place - cross, place + cross, _MARK, width=1.0)
        _draw_arrow(plot, place, place + magnified * left, 0.02 * width)
        if name in named:
            below = place[1] - magnified * document.tolerance - 0.012 * width
            plot.label(float(place[0]), float(below), shorten(name, 16), at="top", size=7.0)


def _draw_arrow(plot: Plot, start: FloatArray, end: FloatArray, head: float) -> None:
    along = end - start
    length = float(np.hypot(*along))
    if length == 0.0:
        return
    unit = along / length
    side = np.array([-unit[1], unit[0]])
    back = end - unit * min(head, 0.5 * length)
    wings = np.array([back + side * min(head, 0.5 * length) * 0.5, back - side * min(head, 0.5 * length) * 0.5])
    plot.lines(np.array([start, *wings]), np.array([end, end, end]), _ARROW, width=1.4, level=5.0)


def _draw_scale(
    page: Sheet, document: RegistrationDocument, magnified: float, width_um: float, at_in: tuple[float, float]
) -> None:
    """A bar as long as an arrow of the tolerance, which is the radius of the circles, with its length."""
    x, y = at_in
    length = magnified * document.tolerance / width_um * _PLOT_IN
    page.line((x, x + length), (y, y), INK, width=2.5)
    text = f"{document.tolerance:.3g} µm are allowed (circles); arrows are drawn × {magnified:,.6g}"
    page.text(x, y - _TEXT_IN, text, size=7.5, colour=GREY)


def _summary(document: RegistrationDocument) -> list[str]:
    frame = document.frame
    corner = ", ".join(f"{value:,.4f}" for value in frame.corner)
    factors = " × ".join(f"{factor:.9g}" for factor in frame.scale)
    tilt = "" if document.heights != "tilt" else (
        f"; rises {frame.slope[0] * 1e3:.4g} µm/mm along x, {frame.slope[1] * 1e3:.4g} along y"
    )  # fmt: skip
    shear = f"; shear {frame.shear:.4g}" if frame.shear else ""
    by = f" by {document.by}" if document.by else ""
    return [
        f"{document.model}, {document.date}{by}, on {document.machine}; marks of {document.pattern}",
        f"measured: {document.source}",
        f"corner at ({corner}) µm; turned by {frame.rotation:.7g}°{shear}{tilt}",
        f"{factors} of the nominal size (x, y, depth)",
    ]


def _draw_table(page: Sheet, document: RegistrationDocument, left: float, top: float) -> float:
    """Numbers of every mark, the farthest first; gives where the table ends."""
    columns = (0.0, 1.75, 2.4, 3.05, 3.7)
    for x, title in zip(columns, ("mark", "off x", "off y", "distance", "height"), strict=True):
        at = "left" if x == 0.0 else "right"
        page.text(left + x, top, title, size=7.5, bold=True, at=at)
    ordered = sorted(document.marks.items(), key=lambda item: -item[1].distance_um)
    for row, (name, mark) in enumerate(ordered[:_MOST_LISTED], 1):
        height = f"{mark.off[2]:+.3f}" if len(mark.off) > 2 else "–"
        cells = (f"{mark.off[0]:+.3f}", f"{mark.off[1]:+.3f}", f"{mark.distance_um:.3f}", height)
        y = top - row * _TEXT_IN
        page.text(left, y, page.fitted(name, 1.15, 7.5), size=7.5)
        for x, text in zip(columns[1:], cells, strict=True):
            page.text(left + x, y, text, size=7.5, at="right", colour=INK)
    y = top - (min(len(ordered), _MOST_LISTED) + 1) * _TEXT_IN
    more = f"… and {len(ordered) - _MOST_LISTED} more; " if len(ordered) > _MOST_LISTED else ""
    page.text(left, y, f"{more}µm; {document.rms:.3g} µm rms in the plane", size=7.5, colour=GREY)
    return y - 2.0 * _TEXT_IN
