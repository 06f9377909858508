"""What a fitted response gives at settings inside the data, and which setting gives a wanted result."""

from collections.abc import Mapping

import numpy as np

from lasercam.errors import ParameterError
from lasercam.model.confidence import Confidence, Valued
from lasercam.model.process_fit import FitInput, FitRecord

_EDGE = 1e-9


def predicted(fit: FitRecord, settings: Mapping[str, float]) -> tuple[Valued, float]:
    """The response and its standard uncertainty: diameter or width in µm, peak in nm.

    Uncertainties of coefficients are taken as independent, which holds because they are given at the middle of the
    data, and the scatter of single features is added.

    Args:
        fit: from a process file.
        settings: every input of the fit in its own unit.

    Raises:
        ParameterError: an input is missing or outside the range that was measured.
    """
    x = {item.parameter: _inside(item, settings) for item in fit.inputs}
    value = _value(fit, x, {})
    variance = _scatter(fit, value) ** 2
    for name, number in fit.coefficients.items():
        variance += (_value(fit, x, {name: number.value + number.std}) - value) ** 2
    if fit.points:
        variance += _interpolated(fit, x[fit.inputs[0].parameter], [p.std for p in fit.points]) ** 2
    shown = ", ".join(f"{name} {number:g}" for name, number in x.items())
    source = f"{fit.curve.replace('_', ' ')} fitted to {fit.cells} cells of {fit.file}, {fit.date}, at {shown}"
    return Valued(value, Confidence.MEASURED, source), float(np.sqrt(variance))


def setting_for(fit: FitRecord, wanted: float, parameter: str, others: Mapping[str, float]) -> Valued:
    """The setting that gives a wanted diameter or width in µm, or peak in nm, found by bisection over ln x.

    Every fitted response is monotonic in each input over the range that was measured.

    Args:
        fit: from a process file.
        wanted: the result asked for.
        parameter: which input is asked for.
        others: the other inputs.

    Raises:
        ParameterError: the wanted value is not reached inside the data, or an input is missing or outside.
    """
    item = next((i for i in fit.inputs if i.parameter == parameter), None)
    if item is None:
        allowed = ", ".join(i.parameter for i in fit.inputs)
        raise ParameterError(f"{parameter} was not varied in this fit; inputs are {allowed}")
    x = {i.parameter: _inside(i, others) for i in fit.inputs if i.parameter != parameter}

    def at(log: float) -> float:
        return _value(fit, {**x, parameter: float(np.exp(log))}, {})

    low, high = float(np.log(item.low)), float(np.log(item.high))
    first, last = at(low), at(high)
    unit = "nm" if fit.model == "emission" else "µm"
    if not min(first, last) <= wanted <= max(first, last):
        raise ParameterError(
            f"{wanted:g} {unit} is outside the data of {fit.file}: {parameter} from {item.low:g} to {item.high:g}"
            f" {item.unit} gives {first:.4g} to {last:.4g} {unit}"
        )
    rising = last >= first
    for _ in range(200):
        middle = 0.5 * (low + high)
        if (at(middle) < wanted) == rising:
            low = middle
        else:
            high = middle
    text = f"solved from the {fit.model.replace('_', ' ')} fitted to {fit.file}, {fit.date}"
    return Valued(float(np.exp(0.5 * (low + high))), Confidence.MEASURED, text)


def _inside(item: FitInput, settings: Mapping[str, float]) -> float:
    if item.parameter not in settings:
        raise ParameterError(f"the fit needs {item.parameter}, which is not given")
    value = settings[item.parameter]
    if not item.low * (1 - _EDGE) <= value <= item.high * (1 + _EDGE):
        raise ParameterError(
            f"{item.parameter} {value:g} {item.unit} is outside the data of the fit, {item.low:g} to {item.high:g}"
            f" {item.unit}: that would be extrapolation"
        )
    return float(value)


def _value(fit: FitRecord, x: Mapping[str, float], changed: Mapping[str, float]) -> float:
    c = {name: number.value for name, number in fit.coefficients.items()} | dict(changed)
    if fit.curve == "liu":
        threshold = c["threshold_energy_uj"] * x.get("pulses", 1.0) ** (c.get("incubation_s", 1.0) - 1.0)
        return float(c["spot_radius_um"] * np.sqrt(2.0 * np.log(max(x["pulse_energy"] / threshold, 1.0))))
    if fit.curve == "power_law":
        return float(
            c["width_um"] * np.prod([(x[i.parameter] / i.reference) ** c[f"power_{i.parameter}"] for i in fit.inputs])
        )
    item = fit.inputs[0]
    if fit.curve == "quadratic":
        log = np.log(x[item.parameter] / item.reference)
        return float(c["peak_nm"] + c["slope_nm"] * log + c["curvature_nm"] * log**2)
    return _interpolated(fit, x[item.parameter], [p.value for p in fit.points])


def _interpolated(fit: FitRecord, at: float, values: list[float]) -> float:
    return float(np.interp(np.log(at), np.log([p.at for p in fit.points]), values))


def _scatter(fit: FitRecord, value: float) -> float:
    """Scatter of single features in the unit of the result; that of a line width is relative."""
    if fit.model == "line_width":
        return fit.scatter * value
    return fit.scatter
