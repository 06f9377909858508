"""Fits: what a lab's own measurements say about a process, with the data they rest on."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from lasercam.schema.document import Document
from lasercam.schema.quantities import PlainNumber, Ratio

FitModel = Literal["threshold", "line_width", "emission"]
FitCurve = Literal["liu", "power_law", "quadratic", "piecewise_linear"]


class FitInput(Document):
    """A setting that was varied."""

    parameter: str
    """Its name as recipes use it."""
    unit: str = ""
    """Unit of the numbers here."""
    low: PlainNumber
    """Smallest value measured; below it the fit says nothing."""
    high: PlainNumber
    """Largest value measured; above it the fit says nothing."""
    reference: PlainNumber
    """Value at which coefficients are given."""

    @model_validator(mode="after")
    def _ordered(self) -> "FitInput":
        if not 0 < self.low <= self.reference <= self.high:
            raise ValueError(f"the range of {self.parameter} must be above zero and hold its reference")
        return self


class FitNumber(Document):
    """A coefficient with its standard uncertainty."""

    value: PlainNumber
    std: Ratio
    """One standard deviation: the larger one of covariance and bootstrap."""


class FitPoint(Document):
    """A corner of a piecewise linear curve."""

    at: PlainNumber
    """Value of the only input, in its unit."""
    value: PlainNumber
    std: Ratio


class FitRecord(Document):
    """A fitted response and where it comes from.

    `liu`: D = w0 √(2 ln(E / (E_th N^(S − 1)))), with coefficients spot_radius_um, threshold_energy_uj and, where pulse
    numbers were varied, incubation_s. `power_law`: width = width_um Π (x / reference)^power_x. `quadratic`:
    peak = peak_nm + slope_nm L + curvature_nm L² with L = ln(x / reference). `piecewise_linear`: straight lines over
    ln x between the points.
    """

    model: FitModel
    """What was fitted."""
    curve: FitCurve
    """The law, as above."""
    inputs: Annotated[tuple[FitInput, ...], Field(min_length=1, max_length=4)]
    """Settings that were varied, in the order of the coefficients."""
    coefficients: dict[str, FitNumber] = {}
    """Of the law, by name."""
    points: tuple[FitPoint, ...] = ()
    """Of a piecewise linear law."""
    scatter: Ratio
    """Robust standard deviation of what the curve leaves over: µm of a threshold, relative of a line width, nm of an
    emission."""
    r_squared: PlainNumber
    """Share of the variation that the curve explains, outliers weighted down."""
    cells: Annotated[int, Field(strict=False, ge=1)]
    """Measured cells the fit rests on."""
    file: str
    """Name of the results table."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Of the results table."""
    date: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    """Of the measurement or the fit."""

    @model_validator(mode="after")
    def _complete(self) -> "FitRecord":
        names = {i.parameter for i in self.inputs}
        if len(names) < len(self.inputs):
            raise ValueError("an input of the fit stands twice")
        needed: set[str] = {
            "liu": {"spot_radius_um", "threshold_energy_uj"},
            "power_law": {"width_um", *(f"power_{n}" for n in names)},
            "quadratic": {"peak_nm", "slope_nm", "curvature_nm"},
            "piecewise_linear": set(),
        }[self.curve]
        if missing := sorted(needed - set(self.coefficients)):
            raise ValueError(f"a fit of the curve {self.curve} needs the coefficients {', '.join(missing)}")
        places = [p.at for p in self.points]
        if self.curve == "piecewise_linear" and (len(places) < 2 or places != sorted(set(places)) or places[0] <= 0):
            raise ValueError("a piecewise linear fit has two points or more, ascending and above zero")
        if self.curve in ("quadratic", "piecewise_linear") and len(self.inputs) != 1:
            raise ValueError(f"a fit of the curve {self.curve} has one input")
        return self
