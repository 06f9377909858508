"""Exposures as an SVG drawing in mm, true to size, a group for each section and recipe: for drawing programs."""

from typing import BinaryIO
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from numpy.typing import NDArray

from lasercam.interchange.places import placed, spot_diameters_um
from lasercam.model.toolpath import TICKS_PER_UM, RowKind, Toolpath, ToolpathBlock

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Source: M. Okabe and K. Ito, "Color Universal Design", 2008."""
PLAIN_WIDTH_UM = 1.0
"""Where no spot is known and no width is given; the drawing says so."""


def write_svg(toolpath: Toolpath, out: BinaryIO, size_um: tuple[float, float], width_um: float | None = None) -> None:
    """Lines, dots and shots at true scale in the sample's frame, y up; travel in the dark is left out.

    Args:
        toolpath: what is drawn.
        out: where it goes.
        size_um: width and height of the sample, which is the page.
        width_um: of lines and dots; None = the spot's 1/e² diameter, or PLAIN_WIDTH_UM where none is known.
    """
    header = toolpath.header
    widths = spot_diameters_um(toolpath, width_um)
    unknown = "" if np.isfinite(widths).all() else f"; recipes without a known spot are {PLAIN_WIDTH_UM:g} um wide"
    widths = np.where(np.isfinite(widths), widths, PLAIN_WIDTH_UM)
    width, height = (v / 1000.0 for v in size_um)
    out.write(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}mm"'
        f' height="{height:g}mm" viewBox="0 0 {size_um[0]:g} {size_um[1]:g}" role="img">\n'
        f"<title>{escape(header.job)}</title>\n<desc>Exposures of toolpath {header.digest}, um{unknown}.</desc>\n"
        f'<g fill="none" stroke-linecap="round" stroke-linejoin="round"'
        f' transform="matrix(1 0 0 -1 0 {size_um[1]:g})">\n'.encode()
    )
    section = -1
    for block in toolpath.blocks():
        if block.section != section:
            out.write(b"</g>\n" if section >= 0 else b"")
            section = block.section
            step = header.sections[section].step_name
            out.write(f'<g id="section-{section + 1}" data-step={quoteattr(step)}>\n'.encode())
        for recipe in np.unique(block.recipe[block.exposes]).tolist():
            label = header.recipes[recipe].label
            path = _path(toolpath, block, recipe)
            out.write(
                f'<path data-recipe={quoteattr(label)} stroke="{OKABE_ITO[recipe % len(OKABE_ITO)]}"'
                f' stroke-width="{widths[recipe]:.6g}" d="{path}"/>\n'.encode()
            )
    out.write(b"</g>\n" * (2 if section >= 0 else 1) + b"</svg>\n")


def _path(toolpath: Toolpath, block: ToolpathBlock, recipe: int) -> str:
    """Path data of one recipe's exposures; a dot is a line of no length, which round caps make a disc."""
    chosen = block.exposes & (block.recipe == recipe)
    starts, ends = (ticks[chosen, :2] for ticks in placed(toolpath, block, "sample"))
    kind, count = block.kind[chosen], block.count[chosen]
    starts = np.where((kind == RowKind.DOT)[:, None], ends, starts)
    pieces: list[str] = []
    last: tuple[int, int] | None = None
    for (x0, y0), (x1, y1), what, shots in zip(
        starts.tolist(), ends.tolist(), kind.tolist(), count.tolist(), strict=True
    ):
        if what == RowKind.SHOTS:
            pieces += [f"M{_um(x)} {_um(y)}h0" for x, y in shot_places(np.array([x0, y0]), np.array([x1, y1]), shots)]
        elif what == RowKind.DOT:
            pieces.append(f"M{_um(x1)} {_um(y1)}h0")
        else:
            pieces.append(f"{'' if last == (x0, y0) else f'M{_um(x0)} {_um(y0)}'}L{_um(x1)} {_um(y1)}")
        last = (x1, y1) if what not in (RowKind.SHOTS, RowKind.DOT) else None
    return "".join(pieces)


def shot_places(start: NDArray[np.int64], end: NDArray[np.int64], shots: int) -> list[tuple[float, float]]:
    """x and y of single shots at equal distances, both ends included."""
    share = np.linspace(0.0, 1.0, shots) if shots > 1 else np.zeros(1)
    places = start + share[:, None] * (end - start)
    return [(float(x), float(y)) for x, y in places]


def _um(ticks: float) -> str:
    return f"{ticks / TICKS_PER_UM:.4f}".rstrip("0").rstrip(".")
