"""What a furnace makes of one emission peak, by the models of a heat treatment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from lasercam.model.confidence import Confidence, worst
from lasercam.model.process_outcome import HeatModel, HeatPoint
from lasercam.model.process_window import Process

Condition = Literal["emitting", "written", "latent", "quenched", "erased", "undefined", "unknown"]
"""What a feature is: `written` where no emission is stated, `latent` until a stage that its process requires,
`undefined` where a source leaves a gap, `unknown` where nobody says anything."""

_SAME_C = 1e-6


@dataclass(frozen=True)
class HeatedLine:
    """What a furnace makes of one emission peak.

    Attributes:
        condition: emitting, quenched, undefined or unknown.
        peak_nm: centre afterwards; None where none is stated.
        factor: radiance relative to the feature as written; None = not stated.
        confidence: of the centre, or of the condition where there is none.
        note: what must be known about it.
    """

    condition: Condition
    peak_nm: float | None
    factor: float | None
    confidence: Confidence
    note: str = ""


def heat_models(treatment: Process, writer: str, processes: Mapping[str, Process]) -> tuple[HeatModel, ...]:
    """Models of a furnace for what a process wrote: its own, else those of its nearest ancestor that has any."""
    ancestors = processes[writer].ancestors if writer in processes else ()
    for name in (writer, *ancestors):
        if models := tuple(m for m in treatment.document.heat if name in m.written_by):
            return models
    return ()


def heated_line(
    treatment: Process | None, temperature_c: float | None, writer: str, phase: str, peak_nm: float | None,
    processes: Mapping[str, Process],
) -> HeatedLine:  # fmt: skip
    """What a furnace makes of one emission peak.

    Args:
        treatment: the heat treatment's window; None = the step claims none.
        temperature_c: of the plateau; None = not known.
        writer: process that wrote the feature.
        phase: the emitter; where the model has only one phase, any name.
        peak_nm: centre as written; None where none is stated.
        processes: windows by id.
    """
    if treatment is None or temperature_c is None:
        return _unknown("the step claims no heat treatment" if treatment is None else "the temperature is not known")
    models = heat_models(treatment, writer, processes)
    own = [m for m in models if m.subject == phase] or (list(models) if peak_nm is None else [])
    if not own:
        return _unknown(f"{treatment.name} says nothing of {phase or 'what'} {writer} wrote")
    return _by_model(own[0], temperature_c, peak_nm)


def _by_model(model: HeatModel, t: float, peak: float | None) -> HeatedLine:
    if model.kind == "intervals":
        point = point_at(model.points, t)
        if point is None:
            return _unknown(f"nothing is stated for {model.subject} at {t:g} °C")
        condition: Condition = "quenched" if point.state == "quenched" else "undefined"
        if point.state == "emitting":
            return HeatedLine("emitting", point.peak or peak, point.radiance_factor, point.confidence, point.note)
        return HeatedLine(condition, None, None, point.confidence, point.note)
    low, high = model.points[0], model.points[-1]
    if not low.temperature - _SAME_C <= t <= high.temperature + _SAME_C:
        span = f"{low.temperature:g} to {high.temperature:g} °C"
        return _unknown(f"{model.subject} is stated for {span} only, not {t:g} °C")
    if model.kind == "shift":
        share = (t - low.temperature) / (high.temperature - low.temperature) if len(model.points) > 1 else 1.0
        at_end = share in (0.0, 1.0)
        trust = worst((low.confidence, high.confidence, *(() if at_end else (model.between_confidence,))))
        moved = None if peak is None or model.total_shift is None else peak + share * model.total_shift
        note = model.note or (f"red shift {share * (model.total_shift or 0.0):.2g} nm" if peak is None else "")
        return HeatedLine("emitting", moved, None, trust, note)
    return _between(model, t, peak)


def _between(model: HeatModel, t: float, peak: float | None) -> HeatedLine:
    for point in model.points:
        if abs(point.temperature - t) <= _SAME_C:
            return HeatedLine("emitting", point.peak or peak, point.radiance_factor, point.confidence, point.note)
    for a, b in pairwise(model.points):
        if a.temperature < t < b.temperature:
            share = (t - a.temperature) / (b.temperature - a.temperature)
            middle = None if a.peak is None or b.peak is None else a.peak + share * (b.peak - a.peak)
            trust = worst((a.confidence, b.confidence, model.between_confidence))
            note = f"between {a.temperature:g} and {b.temperature:g} °C {model.between_confidence.value}"
            return HeatedLine("emitting", middle or peak, None, trust, note)
    return _unknown(f"nothing is stated for {model.subject} at {t:g} °C")


def point_at(points: Sequence[HeatPoint], t: float) -> HeatPoint | None:
    """The statement that holds at a temperature: a point before an interval, what is known before a gap."""

    def holds(p: HeatPoint) -> bool:
        until = p.temperature if p.until is None else p.until
        return p.temperature - _SAME_C <= t <= until + _SAME_C

    fitting = [p for p in points if holds(p)]
    fitting.sort(key=lambda p: (p.until is not None, p.state == "undefined"))
    return fitting[0] if fitting else None


def _unknown(note: str) -> HeatedLine:
    return HeatedLine("unknown", None, None, Confidence.UNKNOWN, note)
