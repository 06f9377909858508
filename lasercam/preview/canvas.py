"""Sheets of paper to draw on: the one module that knows matplotlib, used without pyplot and without its state.

Places and sizes on a sheet are inches from its lower-left corner, font sizes and line widths are points.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Format = Literal["png", "svg", "pdf"]
Box = tuple[float, float, float, float]

INK = "#1a1a1a"
GREY = "#6b6b6b"

_SEGMENTS_PER_PATH = 2_000
"""Longer paths run into the renderer's cell limit."""

_STYLE: Any = {
    "font.family": ["DejaVu Sans"],
    "svg.hashsalt": "lasercam",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 3.0,
    "ytick.major.size": 3.0,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "text.color": INK,
    "axes.edgecolor": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "axes.formatter.useoffset": False,
    "path.simplify": False,
    "hatch.linewidth": 0.6,
}


_UNDATED: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "pdf": {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None},
}
"""What files would otherwise say of when and with what they were made."""


@dataclass(frozen=True, eq=False)
class Plot:
    """Axes with equal scales on a sheet.

    Attributes:
        axes: matplotlib's.
    """

    axes: "Axes"

    def lines(
        self,
        start: NDArray[np.float64],
        end: NDArray[np.float64],
        colour: str,
        *,
        width: float,
        dashes: tuple[float, float] | None = None,
        alpha: float = 1.0,
        level: float = 2.0,
    ) -> None:
        """Straight lines from start (N, 2) to end (N, 2)."""
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path

        for first in range(0, len(start), _SEGMENTS_PER_PATH):
            a, b = start[first : first + _SEGMENTS_PER_PATH], end[first : first + _SEGMENTS_PER_PATH]
            points = np.stack((a, b), axis=1).reshape(-1, 2)
            codes = np.tile(np.array([Path.MOVETO, Path.LINETO], np.uint8), len(a))
            style = (0.0, dashes) if dashes else "solid"
            self.axes.add_patch(
                PathPatch(
                    Path(points, codes),
                    fill=False,
                    edgecolor=colour,
                    linewidth=width,
                    linestyle=style,
                    capstyle="butt" if dashes else "round",
                    alpha=alpha,
                    zorder=level,
                )
            )

    def dots(
        self, points: NDArray[np.float64], colour: str, *, size: float, level: float = 3.0, hollow: bool = False
    ) -> None:
        """Round dots of a diameter in points at (N, 2); hollow ones are rings."""
        self.axes.plot(
            points[:, 0], points[:, 1], "o", color=colour, markersize=size, zorder=level,
            markeredgewidth=max(0.3, 0.16 * size) if hollow else 0.0, markerfacecolor="none" if hollow else colour,
        )  # fmt: skip

    def marks(self, points: NDArray[np.float64], colour: str, shape: str, *, size: float = 6.0) -> None:
        """Crosses (`x`) or open diamonds (`D`) at (N, 2), edged so that they stand out from what they lie on."""
        for edge, width in (("white", 2.6), (colour, 1.3)):
            self.axes.plot(
                points[:, 0], points[:, 1], shape, markersize=size, markeredgewidth=width, markeredgecolor=edge,
                markerfacecolor="none", zorder=5.0,
            )  # fmt: skip

    def frame(
        self,
        box: Box,
        colour: str,
        *,
        width: float,
        dashes: tuple[float, float] | None = None,
        level: float = 4.0,
    ) -> None:
        """The outline of (left, bottom, right, top)."""
        left, bottom, right, top = box
        corners = np.array([[left, bottom], [right, bottom], [right, top], [left, top]])
        self.lines(corners, np.roll(corners, -1, axis=0), colour, width=width, dashes=dashes, level=level)

    def cross(self, x: float, y: float, colour: str) -> None:
        """A small upright cross."""
        self.axes.plot([x], [y], "+", color=colour, markersize=9, markeredgewidth=1.2, zorder=5.0)

    def bar(self, x: tuple[float, float], y: float) -> None:
        """A scale bar."""
        self.axes.plot(x, (y, y), color=INK, linewidth=2.5, solid_capstyle="butt", zorder=6.0)

    def axis_titles(self, x: str, y: str, *, n_ticks: int) -> None:
        """What the axes measure, with at most so many ticks and plain numbers."""
        self.axes.set_xlabel(x, fontsize=8, color=GREY)
        self.axes.set_ylabel(y, fontsize=8, color=GREY)
        self.axes.locator_params(nbins=n_ticks)
        self.axes.ticklabel_format(style="plain")

    def ticks(self, x: Sequence[tuple[float, str]], y: Sequence[tuple[float, str]]) -> None:
        """Marks at (place, text) on both axes, for scales that are not linear."""
        self.axes.set_xticks([place for place, _ in x], [drawable(text) for _, text in x])
        self.axes.set_yticks([place for place, _ in y], [drawable(text) for _, text in y])

    def fill(self, box: Box, colour: str, *, level: float = 0.5) -> None:
        """A filled rectangle (left, bottom, right, top)."""
        from matplotlib.patches import Rectangle

        left, bottom, right, top = box
        self.axes.add_patch(Rectangle((left, bottom), right - left, top - bottom, color=colour, lw=0, zorder=level))

    def image(self, rgba: NDArray[np.uint8], box: Box) -> None:
        """A picture (rows, columns, 4), row 0 lowest, over (left, bottom, right, top)."""
        left, bottom, right, top = box
        limits = self.axes.get_xlim(), self.axes.get_ylim()
        self.axes.imshow(
            rgba, extent=(left, right, bottom, top), origin="lower", aspect="auto", interpolation="auto", zorder=2.0
        )
        self.axes.set_xlim(*limits[0])
        self.axes.set_ylim(*limits[1])

    def label(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 7.5,
        colour: str = INK,
        at: str = "center",
        turned: bool = False,
    ) -> None:
        """A short text at a place of the plot; `at` names its side: center, bottom, top, left or right."""
        horizontal = {"left": "left", "right": "right"}.get(at, "center")
        vertical = {"bottom": "bottom", "top": "top"}.get(at, "center")
        self.axes.text(
            x, y, drawable(text), fontsize=size, color=colour, ha=horizontal, va=vertical,
            rotation=90 if turned else 0, rotation_mode="anchor" if not turned else "default",
            parse_math=False, zorder=6.0,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0, "alpha": 0.8},
        )  # fmt: skip


class Sheet:
    """A figure to draw on; made by `sheet`."""

    def __init__(self, figure: "Figure") -> None:
        self.figure = figure
        self.width_in, self.height_in = (float(v) for v in figure.get_size_inches())

    def text(
        self,
        x_in: float,
        y_in: float,
        text: str,
        *,
        size: float = 8.0,
        colour: str = INK,
        bold: bool = False,
        at: str = "left",
    ) -> None:
        """One line of text, its baseline at y; `at` is left, center or right."""
        self.figure.text(
            x_in / self.width_in, y_in / self.height_in, drawable(text), fontsize=size, color=colour,
            ha=at, va="baseline", fontweight="bold" if bold else "normal", parse_math=False,
        )  # fmt: skip

    def turned_text(self, x_in: float, y_in: float, text: str, *, size: float = 8.0, bold: bool = False) -> None:
        """One line of text reading upwards, centred at a place."""
        self.figure.text(
            x_in / self.width_in, y_in / self.height_in, drawable(text), fontsize=size, ha="center", va="center",
            rotation=90, fontweight="bold" if bold else "normal", parse_math=False,
        )  # fmt: skip

    def line(
        self, x_in: tuple[float, float], y_in: tuple[float, float], colour: str = INK, *, width: float = 1.0,
        dashes: tuple[float, float] | None = None,
    ) -> None:  # fmt: skip
        """A straight line from (x0, y0) to (x1, y1)."""
        from matplotlib.lines import Line2D

        xs, ys = [x / self.width_in for x in x_in], [y / self.height_in for y in y_in]
        drawn = Line2D(xs, ys, color=colour, linewidth=width, solid_capstyle="butt", dash_capstyle="butt")
        if dashes:
            drawn.set_linestyle((0.0, dashes))
        self.figure.add_artist(drawn)

    def dot(
        self, x_in: float, y_in: float, colour: str, *, size: float = 5.0, shape: str = "o", hollow: bool = False
    ) -> None:
        """A round dot, or another mark."""
        from matplotlib.lines import Line2D

        self.figure.add_artist(
            Line2D(
                [x_in / self.width_in], [y_in / self.height_in],
                color=colour, marker=shape, markersize=size, linestyle="none",
                markeredgewidth=1.1 if hollow else 0.0, markerfacecolor="none" if hollow else colour,
            )
        )  # fmt: skip

    def bar(self, x_in: float, y_in: float, width_in: float, height_in: float, colour: str, hatch: str = "") -> None:
        """A filled rectangle from its lower-left corner; `hatch` as matplotlib has them, drawn in white."""
        from matplotlib.patches import Rectangle

        place = (x_in / self.width_in, y_in / self.height_in)
        drawn = Rectangle(
            place, width_in / self.width_in, height_in / self.height_in,
            facecolor=colour, edgecolor="white", hatch=hatch, linewidth=0.0,
        )  # fmt: skip
        self.figure.add_artist(drawn)

    def picture(self, x_in: float, y_in: float, rgb: NDArray[np.uint8]) -> None:
        """Pixels put down one to one, never resampled: what a decoder reads is what was computed."""
        dpi = self.figure.dpi
        self.figure.figimage(rgb[::-1], xo=round(x_in * dpi), yo=round(y_in * dpi), origin="lower")

    def plot(self, box_in: Box, view: Box, *, ticks: bool = True) -> Plot:
        """Axes in (left, bottom, width, height) that show (left, bottom, right, top) of the sample."""
        left, bottom, width, height = box_in
        axes = self.figure.add_axes(
            (left / self.width_in, bottom / self.height_in, width / self.width_in, height / self.height_in)
        )
        axes.set_xlim(view[0], view[2])
        axes.set_ylim(view[1], view[3])
        axes.set_autoscale_on(False)
        if not ticks:
            axes.set_axis_off()
        return Plot(axes)

    def bars(self, box_in: Box, depth_um: Sequence[float], counts: Sequence[int], shown: Sequence[bool]) -> None:
        """Horizontal bars of exposures by depth, deepest lowest; layers that are not shown are pale."""
        plot = self.plot(box_in, (0.0, 0.0, 1.0, 1.0))
        span = max(depth_um) - min(depth_um) or 1.0
        thickness = 0.6 * min(np.diff(sorted(depth_um)), default=span) if len(depth_um) < 40 else span / 60.0
        thickness = max(thickness, span / 80.0)
        colours = [GREY if is_shown else "#d9d9d9" for is_shown in shown]
        plot.axes.barh(list(depth_um), list(counts), height=thickness, color=colours)
        plot.axes.set_ylim(max(depth_um) + max(0.08 * span, thickness), min(depth_um) - max(0.08 * span, thickness))
        plot.axes.set_xlim(0, max(counts) * 1.3)
        plot.axes.set_xticks([])
        plot.axes.tick_params(labelsize=6.5)
        if len(depth_um) <= 6:
            plot.axes.set_yticks(list(depth_um), [f"{depth:,.6g}" for depth in depth_um])
        else:
            plot.axes.locator_params(axis="y", nbins=5)
        if len(depth_um) <= 8:
            for depth, count in zip(depth_um, counts, strict=True):
                plot.axes.text(
                    count + 0.02 * max(counts), depth, f"{count:,}", fontsize=6.5, color=GREY, va="center_baseline"
                )
        for side in ("top", "right", "bottom"):
            plot.axes.spines[side].set_visible(False)

    def text_width_in(self, text: str, size: float, *, bold: bool = False) -> float:
        """Width of a line of text."""
        from matplotlib.font_manager import FontProperties
        from matplotlib.textpath import text_to_path

        if not text:
            return 0.0
        font = FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")
        width, _, _ = text_to_path.get_text_width_height_descent(drawable(text), font, False)  # noqa: FBT003 - theirs
        return float(width) / 72.0

    def wrapped(self, text: str, width_in: float, size: float) -> list[str]:
        """Words of a text in lines that fit; a word longer than a line is broken."""
        lines, line = [], ""
        for word in text.split():
            longer = f"{line} {word}" if line else word
            if self.text_width_in(longer, size) <= width_in:
                line = longer
                continue
            if line:
                lines.append(line)
            line = word
            while self.text_width_in(line, size) > width_in and len(line) > 1:
                fits = next(
                    n for n in range(len(line) - 1, 0, -1) if n == 1 or self.text_width_in(line[:n], size) <= width_in
                )
                lines.append(line[:fits])
                line = line[fits:]
        return [*lines, line] if line else lines

    def fitted(self, text: str, width_in: float, size: float, *, bold: bool = False) -> str:
        """The text, shortened with an ellipsis when it does not fit on a line."""
        if self.text_width_in(text, size, bold=bold) <= width_in:
            return text
        while len(text) > 1 and self.text_width_in(text + "…", size, bold=bold) > width_in:
            text = text[:-1]
        return text.rstrip() + "…"

    def save(self, out: BinaryIO, fmt: Format) -> None:
        """Write the sheet; the same drawing gives the same bytes."""
        extra: dict[str, Any] = {"pil_kwargs": {"compress_level": 4}} if fmt == "png" else {}
        self.figure.savefig(out, format=fmt, dpi=self.figure.dpi, facecolor="white", metadata=_UNDATED[fmt], **extra)


@contextmanager
def book(out: BinaryIO) -> Iterator[Callable[[Sheet], None]]:
    """A PDF of several pages: call what is given with each sheet; the same sheets give the same bytes."""
    from matplotlib.backends.backend_pdf import PdfPages

    with PdfPages(out, metadata=_UNDATED["pdf"]) as pages:

        def add(page: Sheet) -> None:
            pages.savefig(page.figure, dpi=page.figure.dpi, facecolor="white")

        yield add


@contextmanager
def sheet(width_in: float, height_in: float, *, dpi: int = 200) -> Iterator[Sheet]:
    """A white sheet in the house's style, whatever the user's matplotlib settings are."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        figure = Figure(figsize=(width_in, height_in), dpi=dpi)
        FigureCanvasAgg(figure)
        yield Sheet(figure)


def drawable(text: str) -> str:
    """The text on one line; a character that the font lacks is written as its code point."""
    return "".join(c if ord(c) in _glyphs() else f"[U+{ord(c):04X}]" for c in shorten(text, 2_000))


@cache
def _glyphs() -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(get_font(findfont(FontProperties(family="DejaVu Sans"))).get_charmap())
