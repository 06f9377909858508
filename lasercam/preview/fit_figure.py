"""A fitted response over the cells it rests on: measured, fitted, and what is left of each input's effect."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from lasercam.preview.canvas import GREY, Format, Plot, Sheet, sheet
from lasercam.process.fit.fitted import Fitted
from lasercam.process.fit.predict import predicted

FloatArray = NDArray[np.float64]

_DATA, _CURVE, _OUTLIER = "#0072b2", "#d55e00", "#bdbdbd"
_WIDTH, _PANEL, _TEXT = 3.4, 2.9, 0.17
_OUTLYING = 0.3  # a weight below this belongs to a cell that hardly counts
_N_CURVE = 120


@dataclass(frozen=True)
class _Panel:
    """One graph: x on a logarithmic scale, y on a linear or logarithmic one.

    Attributes:
        x_title, y_title: of the axes.
        x, y: float64 (N,), measured.
        curve_x, curve_y: float64 (M,), fitted.
        log_y: whether y is logarithmic too.
    """

    x_title: str
    y_title: str
    x: FloatArray
    y: FloatArray
    curve_x: FloatArray
    curve_y: FloatArray
    log_y: bool = False


def draw_fit(fitted: Fitted, out: BinaryIO, *, fmt: Format = "png", date: str) -> None:
    """Draw the fit: one graph per input, cells blue (those that hardly count grey), the fit orange.

    Args:
        fitted: what is drawn.
        out: where the bytes go.
        fmt: png, svg or pdf.
        date: of the measurement.
    """
    panels = _panels(fitted, date)
    lines = _summary(fitted, date)
    width = max(_WIDTH * len(panels) + 0.4, 5.6)
    with sheet(width, _PANEL + 0.75 + _TEXT * len(lines)) as page:
        page.text(0.35, page.height_in - 0.3, f"{_words(fitted.model)}: {fitted.cells.file}", size=10, bold=True)
        for row, line in enumerate(lines):
            page.text(
                0.35, page.height_in - 0.55 - _TEXT * row, page.fitted(line, width - 0.6, 7.5), size=7.5, colour=GREY
            )
        for index, panel in enumerate(panels):
            _draw_panel(page, panel, fitted.weights, 0.75 + index * _WIDTH)
        page.save(out, fmt)


def _panels(fitted: Fitted, date: str) -> list[_Panel]:
    record = fitted.record(date)
    value = {name: number.value for name, number in fitted.coefficients.items()}
    if fitted.curve == "liu":
        # Energies are drawn as those of a single pulse that would do the same.
        share = fitted.x[:, 1] ** (1.0 - value["incubation_s"]) if fitted.x.shape[1] > 1 else 1.0
        energy = fitted.x[:, 0] * share
        shown = np.geomspace(min(value["threshold_energy_uj"], energy.min()), energy.max(), _N_CURVE)
        ratio = np.maximum(shown / value["threshold_energy_uj"], 1.0)
        title = "pulse energy (µJ)" if fitted.x.shape[1] == 1 else "pulse energy × pulses^(1 − S) (µJ)"
        squares = 2.0 * value["spot_radius_um"] ** 2 * np.log(ratio)
        return [_Panel(title, "diameter squared (µm²)", energy, fitted.y**2, shown, squares)]
    panels = []
    for i, item in enumerate(fitted.inputs):
        shown = np.geomspace(item.low, item.high, _N_CURVE)
        at = {other.parameter: other.reference for other in fitted.inputs}
        curve = np.array([predicted(record, at | {item.parameter: v})[0].value for v in shown.tolist()])
        measured = fitted.y
        for j, other in enumerate(fitted.inputs):
            if j != i:
                measured = measured / (fitted.x[:, j] / other.reference) ** value[f"power_{other.parameter}"]
        title = f"{_words(item.parameter)} ({item.unit})" if item.unit else _words(item.parameter)
        if fitted.model == "line_width":
            others = ", ".join(
                f"{_words(o.parameter)} {o.reference:.4g} {o.unit}" for o in fitted.inputs if o is not item
            )
            y_title = "line width (µm)" + (f" at {others}" if others else "")
            panels.append(_Panel(title, y_title, fitted.x[:, i], measured, shown, curve, log_y=True))
        else:
            panels.append(_Panel(title, "emission peak (nm)", fitted.x[:, i], measured, shown, curve))
    return panels


def _draw_panel(page: Sheet, panel: _Panel, weights: FloatArray, left_in: float) -> None:
    x, curve_x = np.log10(panel.x), np.log10(panel.curve_x)
    scale = np.log10 if panel.log_y else np.asarray
    y, curve_y = scale(panel.y), scale(panel.curve_y)
    box = (*_span(np.concatenate((x, curve_x))), *_span(np.concatenate((y, curve_y))))
    plot = page.plot((left_in, 0.5, _WIDTH - 0.85, _PANEL - 0.55), (box[0], box[2], box[1], box[3]))
    points = np.stack((curve_x, curve_y), axis=1)
    plot.lines(points[:-1], points[1:], _CURVE, width=1.4)
    counted = weights >= _OUTLYING
    cells = np.stack((x, y), axis=1)
    plot.dots(cells[~counted], _OUTLIER, size=4.0)
    plot.dots(cells[counted], _DATA, size=4.0)
    _titles(plot, panel, box)


def _titles(plot: Plot, panel: _Panel, box: tuple[float, float, float, float]) -> None:
    plot.axis_titles(panel.x_title, panel.y_title, n_ticks=6)
    y_ticks = _log_ticks(box[2], box[3]) if panel.log_y else _linear_ticks(box[2], box[3])
    plot.ticks(_log_ticks(box[0], box[1]), y_ticks)


def _span(values: FloatArray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    pad = 0.06 * (high - low) or 0.5
    return low - pad, high + pad


def _log_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Round numbers on a logarithmic axis, at most nine."""
    for digits in ((1, 1.5, 2, 3, 4, 5, 6, 8), (1, 2, 3, 5, 7), (1, 2, 5), (1,)):
        values = [d * 10.0**e for e in range(floor(low), ceil(high) + 1) for d in digits]
        ticks = [(log10(v), f"{v:,.6g}") for v in values if low <= log10(v) <= high]
        if len(ticks) <= 8:
            return ticks
    step = ceil(len(ticks) / 8)
    return ticks[::step]


def _linear_ticks(low: float, high: float) -> list[tuple[float, str]]:
    rough = (high - low) / 5.0
    size = 10.0 ** floor(log10(rough))
    step = next(size * m for m in (1, 2, 5, 10) if size * m >= rough)
    first, last = ceil(low / step), floor(high / step)
    return [(i * step, f"{i * step:,.6g}") for i in range(first, last + 1)]


def _summary(fitted: Fitted, date: str) -> Sequence[str]:
    numbers = [f"{_words(name)} {n.value:.4g} ± {n.std:.2g}" for name, n in fitted.coefficients.items()]
    if fitted.points:
        numbers.append(f"{len(fitted.points)} levels, {fitted.points[0].value:.4g} to {fitted.points[-1].value:.4g} nm")
    head = f"{len(fitted.y)} cells, {date}; R² {fitted.r_squared:.4g}, scatter {fitted.scatter:.3g}"
    return [head, "; ".join(numbers), *fitted.notes]


def _words(name: str) -> str:
    return name.replace("_", " ")
