"""What a fit has in hand: the cells it uses, the settings that vary, and its result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import FitError
from lasercam.model.process_fit import FitCurve, FitInput, FitModel, FitNumber, FitPoint, FitRecord
from lasercam.process.fit.results import SETTINGS, SweepResults
from lasercam.process.fit.robust import LinearFit

FloatArray = NDArray[np.float64]

MIN_CELLS: Final = 6
MIN_LEVELS: Final = 3
MIN_SPREAD: Final = 1.25
"""Largest over smallest value of a setting that counts as varied enough to tell an effect."""
MIN_R_SQUARED: Final = 0.8
MAX_OUTLIERS: Final = 0.25
_SAME: Final = 1e-6


@dataclass(frozen=True, eq=False)
class Fitted:
    """A response fitted to measured cells.

    Attributes:
        model, curve: which.
        inputs: settings that were varied.
        coefficients, points: see FitRecord.
        scatter, r_squared: see FitRecord.
        cells: the cells it rests on.
        x: float64 (N, P), values of the inputs.
        y: float64 (N,), what was measured: µm or nm.
        weights: float64 (N,), 1 for cells in line, less for outliers.
        constants: settings that did not vary, in their internal units.
        notes: what a user of the numbers must know.
    """

    model: FitModel
    curve: FitCurve
    inputs: tuple[FitInput, ...]
    coefficients: Mapping[str, FitNumber]
    points: tuple[FitPoint, ...]
    scatter: float
    r_squared: float
    cells: SweepResults
    x: FloatArray
    y: FloatArray
    weights: FloatArray
    constants: Mapping[str, float]
    notes: tuple[str, ...] = ()

    def record(self, date: str) -> FitRecord:
        """As a process file keeps it."""
        return FitRecord(
            model=self.model,
            curve=self.curve,
            inputs=self.inputs,
            coefficients=dict(self.coefficients),
            points=self.points,
            scatter=self.scatter,
            r_squared=self.r_squared,
            cells=len(self.y),
            file=self.cells.file,
            sha256=self.cells.sha256,
            date=date,
        )


def seen_cells(results: SweepResults, column: str) -> SweepResults:
    """Cells in which something was measured; cells noted as dark or of size zero do not count.

    Raises:
        FitError: too few.
    """
    values = results.measured[column]
    found = results.chosen(np.isfinite(values) & (values > 0) & (results.glows != 0))
    if len(found) < MIN_CELLS:
        raise FitError(
            f"too few points: {len(found)} of {len(results)} cells have a {column} above zero (and do not say that"
            f" nothing glows); at least {MIN_CELLS} are needed"
        )
    for name in ("step", "recipe"):
        several = sorted({text.partition("[")[0] for text in results.texts.get(name, ())})
        if len(several) > 1:
            raise FitError(f"the table holds several values of '{name}': {', '.join(several[:8])}; choose one of them")
    return found


def varied_settings(cells: SweepResults) -> dict[str, FloatArray]:
    """Settings that vary over the cells, by name.

    Raises:
        FitError: a setting that only some of the cells have.
    """
    found = {}
    for key, values in cells.settings.items():
        known = np.isfinite(values)
        if not known.any():
            continue
        if not known.all():
            line = int(cells.lines[~known][0])
            raise FitError(f"{key} is missing in line {line} and given in others")
        if float(np.ptp(values)) > _SAME * float(np.abs(values).max()):
            found[key] = values
    return found


def constant_settings(cells: SweepResults, free: Sequence[str]) -> dict[str, float]:
    """Settings that are the same in all cells.

    Args:
        cells: the cells used.
        free: settings that the fit accounts for, varied or not.

    Raises:
        FitError: another setting varies, so that its effect would be taken for one of the fit's.
    """
    varied = varied_settings(cells)
    # The power is a consequence where energy and rate are there too.
    spoken_for = {*free, "average_power"} if "pulse_energy" in cells.settings else set(free)
    for key in sorted(set(varied) - spoken_for):
        dimension = SETTINGS[key]
        some = ", ".join(f"{v:g} {dimension.unit}".rstrip() for v in np.unique(varied[key])[:6].tolist())
        raise FitError(f"{key} varies too ({some}), which this fit does not account for; choose one value of it")
    return {
        key: float(values[0])
        for key, values in cells.settings.items()
        if key not in varied and np.isfinite(values).all()
    }


def fit_input(key: str, values: FloatArray) -> FitInput:
    """A varied setting as a record has it.

    Raises:
        FitError: too few different values, or too close together.
    """
    low, high = float(values.min()), float(values.max())
    levels = len(np.unique(np.round(np.log(values), 6)))
    unit = SETTINGS[key].unit if key in SETTINGS else {"line_dose": "J/mm"}[key]
    if levels < MIN_LEVELS:
        raise FitError(f"no spread: {key} has {levels} different value(s); at least {MIN_LEVELS} are needed")
    if high < MIN_SPREAD * low:
        raise FitError(
            f"no spread: {key} goes from {low:g} to {high:g} {unit}, a factor of {high / low:.3g};"
            f" at least {MIN_SPREAD:g} is needed"
        )
    return FitInput(parameter=key, unit=unit, low=low, high=high, reference=float(np.exp(np.log(values).mean())))


def refuse_bad(fit: LinearFit, what: str) -> None:
    """Refuse a fit that explains too little or passes too many points by.

    Raises:
        FitError: with the numbers.
    """
    if fit.r_squared < MIN_R_SQUARED:
        raise FitError(
            f"{what}: the fit explains only {100 * max(fit.r_squared, 0):.0f} % of the variation (R² ="
            f" {fit.r_squared:.3g}, at least {MIN_R_SQUARED:g} is needed)"
        )
    if fit.outliers > MAX_OUTLIERS:
        raise FitError(
            f"{what}: {100 * fit.outliers:.0f} % of the cells lie more than four scatters off the curve; at most"
            f" {100 * MAX_OUTLIERS:.0f} % may"
        )
