"""The furnace temperature that gives a wanted emission, from the points a source states."""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise

from lasercam.errors import ParameterError
from lasercam.model.confidence import Confidence, worst
from lasercam.model.process_outcome import HeatModel
from lasercam.model.process_window import Process
from lasercam.units import TEMPERATURE, WAVELENGTH, format_quantity


@dataclass(frozen=True)
class SolvedTemperature:
    """A temperature asked for by what it does.

    Attributes:
        temperature_c: of the plateau.
        confidence: that of the stated points, or of what lies between them.
        low_c, high_c: stated points on both sides; the same where one of them was asked for.
        how: arithmetic, and how far to trust it.
    """

    temperature_c: float
    confidence: Confidence
    low_c: float
    high_c: float
    how: str


def temperature_for_emission(peak_nm: float, process: Process, written: Collection[str]) -> SolvedTemperature:
    """The temperature after which a written feature emits at a peak.

    Args:
        peak_nm: wanted centre of the emission.
        process: the heat treatment, with its models.
        written: processes that wrote what is treated, and what they inherit from.

    Raises:
        ParameterError: no model of the treatment relates temperature and emission of what was written, the peak lies
            outside the stated points, or more than one phase or temperature could give it.

    Source: stated points of the process; a straight line between them is assumed.
    """
    models = [m for m in process.document.heat if _tells(m) and (not m.written_by or set(m.written_by) & set(written))]
    if not models:
        by = ", ".join(sorted(written)) or "nothing"
        raise ParameterError(
            f"{process.name} states no temperatures with their emission for what was written before (by {by})"
        )
    found = [solved for model in models for solved in _crossings(peak_nm, model)]
    if not found:
        ranges = "; ".join(f"{m.subject}: {_range(m)}" for m in models)
        raise ParameterError(f"no treatment with an emission of {_nm(peak_nm)} is stated; {ranges}")
    different = {round(s.temperature_c, 9) for s in found}
    if len(different) > 1:
        options = " or ".join(format_quantity(t, TEMPERATURE) for t in sorted(different))
        raise ParameterError(f"an emission of {_nm(peak_nm)} could come from {options}; give the temperature")
    return found[0]


def _tells(model: HeatModel) -> bool:
    """Whether a model has at least two temperatures with different peaks."""
    return model.kind == "piecewise_linear" and len({p.peak for p in model.points if p.peak is not None}) > 1


def _crossings(peak_nm: float, model: HeatModel) -> list[SolvedTemperature]:
    points = [(p.temperature, p.peak, p.confidence) for p in model.points if p.peak is not None]
    found = []
    for temperature, peak, confidence in points:
        if peak == peak_nm:
            how = f"{model.subject}: {_nm(peak)} is stated at {_c(temperature)}"
            found.append(SolvedTemperature(temperature, confidence, temperature, temperature, how))
    for (t0, p0, c0), (t1, p1, c1) in pairwise(points):
        if min(p0, p1) < peak_nm < max(p0, p1):
            temperature = t0 + (t1 - t0) * (peak_nm - p0) / (p1 - p0)
            trust = worst((c0, c1, model.between_confidence))
            trusted = model.between_confidence.value
            how = (
                f"{model.subject}: two stated points, {_nm(p0)} at {_c(t0)} and {_nm(p1)} at {_c(t1)}; between them "
                f"{trusted} linear: {t0:g} + {t1 - t0:g} × ({peak_nm:g} − {p0:g}) / ({p1 - p0:g}) "
                f"= {_c(temperature)}. 1 nm is {abs((t1 - t0) / (p1 - p0)):.3g} °C on that line; off it, any "
                f"temperature between {_c(t0)} and {_c(t1)} may be the one"
            )
            found.append(SolvedTemperature(temperature, trust, t0, t1, how))
    return found


def _range(model: HeatModel) -> str:
    points = [(p.peak, p.temperature) for p in model.points if p.peak is not None]
    (low, low_c), (high, high_c) = min(points), max(points)
    return f"{_nm(low)} at {_c(low_c)} to {_nm(high)} at {_c(high_c)}"


def _nm(value: float) -> str:
    return format_quantity(value, WAVELENGTH)


def _c(value: float) -> str:
    return f"{value:.6g} °C"
