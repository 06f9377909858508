"""A lab's process file from a fit: windows over what was measured, the fitted response, and where it comes from."""

import json
from collections.abc import Mapping

from lasercam.model.process_window import PARAMETERS, Process
from lasercam.process.fit.fitted import Fitted
from lasercam.process.fluence import peak_fluence_j_cm2

_FOLLOWS_FROM = {
    "line_dose": {"speed", "pulse_energy", "average_power", "repetition_rate"},
    "pulse_pitch": {"speed", "repetition_rate"},
    "average_power": {"pulse_energy", "repetition_rate"},
    "fluence": {"pulse_energy", "spot_radius"},
    "pulses": {"exposure", "repetition_rate"},
    "pulses_per_spot": {"speed", "repetition_rate"},
}
"""Inherited windows that contradict the lab's own as soon as it has varied what they follow from."""


def process_text(fitted: Fitted, parent: Process, name: str, date: str) -> str:
    """The file as YAML.

    Args:
        fitted: the response.
        parent: the process the cells were written with; everything not measured is inherited from it.
        name: id of the new process.
        date: of the measurement, ISO.
    """
    source = (
        f"lasercam fit of {fitted.cells.file} (SHA-256 {fitted.cells.sha256[:16]}…), {date}:"
        f" {fitted.model.replace('_', ' ')}, {len(fitted.y)} cells"
    )
    lines = [
        f"process: {name}",
        f"title: {_text(f'{parent.document.title}, {_TITLES[fitted.model]} measured by the lab')}",
        f"source: {_text(source)}",
        f"inherits: {parent.name}",
    ]
    windows = _windows(fitted)
    gone = [
        key
        for key, causes in _FOLLOWS_FROM.items()
        if key in parent.parameters and key not in windows and causes & set(windows)
    ]
    if gone:
        lines.append(f"removes: [{', '.join(gone)}]")
    lines.append("parameters:")
    lines += [f"  {key}: {{{', '.join(f'{k}: {v}' for k, v in window.items())}}}" for key, window in windows.items()]
    lines += ["fit:", *(f"  {line}" for line in _record(fitted, date))]
    if fitted.notes:
        lines += ["notes:", *(f"  - {_text(note)}" for note in fitted.notes)]
    return "\n".join(lines) + "\n"


_TITLES = {"threshold": "spot and threshold", "line_width": "line width", "emission": "emission over dose"}


def _windows(fitted: Fitted) -> dict[str, dict[str, str]]:
    """Windows of everything in the table, by parameter, each as key → YAML."""
    windows: dict[str, dict[str, str]] = {}
    for key, value in fitted.constants.items():
        if key in PARAMETERS and value > 0:
            windows[key] = {"typ": _quantity(value, key), **_MEASURED}
    for item in fitted.inputs:
        windows[item.parameter] = {
            "min": _quantity(item.low, item.parameter),
            "max": _quantity(item.high, item.parameter),
            "outside": "unexplored",
            **_MEASURED,
        }
    if fitted.model == "threshold":
        radius, energy = fitted.coefficients["spot_radius_um"], fitted.coefficients["threshold_energy_uj"]
        fluence = float(peak_fluence_j_cm2(energy.value, radius.value))
        relative = ((energy.std / energy.value) ** 2 + (2.0 * radius.std / radius.value) ** 2) ** 0.5
        windows["spot_radius"] = _with_tolerance(radius.value, radius.std, "spot_radius")
        windows["ablation_threshold"] = _with_tolerance(fluence, relative * fluence, "ablation_threshold")
        windows["ablation_threshold"]["note"] = _text("peak fluence at which a mark appears, 2 E_th / (π w0²)")
    return windows


_MEASURED = {"confidence": "measured"}


def _with_tolerance(value: float, std: float, key: str) -> dict[str, str]:
    found = {"typ": _quantity(value, key)}
    if std > 0:
        found["tolerance"] = _quantity(std, key)
    return found | _MEASURED


def _record(fitted: Fitted, date: str) -> list[str]:
    record = fitted.record(date)
    lines = [f"model: {record.model}", f"curve: {record.curve}", "inputs:"]
    lines += [
        f"  - {{parameter: {i.parameter}, unit: {_text(i.unit)}, low: {_number(i.low)}, high: {_number(i.high)},"
        f" reference: {_number(i.reference)}}}"
        for i in record.inputs
    ]
    if record.coefficients:
        lines.append("coefficients:")
        lines += [
            f"  {name}: {{value: {_number(n.value)}, std: {_number(n.std)}}}" for name, n in record.coefficients.items()
        ]
    if record.points:
        lines.append("points:")
        lines += [
            f"  - {{at: {_number(p.at)}, value: {_number(p.value)}, std: {_number(p.std)}}}" for p in record.points
        ]
    plain: Mapping[str, str] = {
        "scatter": _number(record.scatter),
        "r_squared": _number(record.r_squared),
        "cells": str(record.cells),
        "file": _text(record.file),
        "sha256": _text(record.sha256),
        "date": _text(record.date),
    }
    return lines + [f"{key}: {value}" for key, value in plain.items()]


def _quantity(value: float, key: str) -> str:
    unit = PARAMETERS[key].unit
    return _text(f"{_plain(value)} {unit}".rstrip())


def _number(value: float) -> str:
    return _text(_plain(value))


def _plain(value: float) -> str:
    """Twelve digits: tables have ten, so that what was measured lies inside its own window."""
    return f"{value:.12g}"


def _text(text: str) -> str:
    """A quoted scalar; JSON's strings are YAML's too."""
    return json.dumps(text, ensure_ascii=False)
