"""Recipes asked for by what comes out: the setting at which a process's fitted response gives a width or a peak."""

from collections.abc import Collection, Iterable, Mapping
from math import ceil, floor, prod
from types import MappingProxyType
from typing import Final

from lasercam.errors import ParameterError
from lasercam.model.confidence import Confidence, Valued, worst
from lasercam.model.process_fit import FitInput, FitModel, FitRecord
from lasercam.model.process_window import PARAMETERS, Process
from lasercam.process.fit.predict import predicted, setting_for
from lasercam.process.window import confidence_of
from lasercam.units import LENGTH, WAVELENGTH, format_quantity

OUTCOMES: Final[Mapping[str, FitModel]] = MappingProxyType(
    {"line_width": "line_width", "dot_diameter": "threshold", "emission": "emission"}
)
"""Results a recipe may ask for, with the fit that they are solved from."""
SETTINGS: Final = (
    "pulse_energy", "repetition_rate", "pulse_duration", "average_power", "speed", "exposure", "pulses",
)  # fmt: skip
"""What a table of measured cells says of each cell; where it does not vary, the fit holds for that value only."""
_STRENGTHS = ("pulse_energy", "fluence", "average_power")
_UW_PER_J_MM_UM_S = 1000.0


def fit_for(key: str, process: Process, processes: Iterable[Process]) -> FitRecord:
    """The fit of a process that an outcome is solved from.

    Args:
        key: of OUTCOMES.
        process: the one the recipe claims.
        processes: all there are, to name those that would do.

    Raises:
        ParameterError: the process has no fit, or one of something else.
    """
    fit, model = process.document.fit, OUTCOMES[key]
    if fit is not None and fit.model == model:
        return fit
    has = "has no fitted response" if fit is None else f"has a fit of {_words(fit.model)} only"
    named = sorted(p.name for p in processes if p.document.fit is not None and p.document.fit.model == model)
    found = f"processes with one: {', '.join(named)}" if named else "no process has one yet"
    raise ParameterError(
        f"{key} needs a process with a fit of {_words(model)}, and process '{process.name}' {has}; {found};"
        f" `lasercam fit RESULTS -o FILE --process {process.name} --model {model}` makes one of a filled results table"
    )


def open_inputs(fit: FitRecord, given: Collection[str]) -> tuple[str, ...]:
    """Inputs of a fit that neither stand among the keys a recipe gives nor follow from them."""
    return tuple(i.parameter for i in fit.inputs if not _follows(i.parameter, given))


def _follows(name: str, given: Collection[str]) -> bool:
    if name in given:
        return True
    if name == "pulse_energy":
        return "fluence" in given
    if name == "speed":
        return "pulse_pitch" in given or "pulses_per_spot" in given
    if name == "average_power":
        return "pulse_energy" in given or "fluence" in given
    if name == "line_dose":
        return _follows("speed", given) and any(key in given for key in _STRENGTHS)
    return name == "pulses" and "exposure" in given


def setting_for_outcome(key: str, values: Mapping[str, Valued], fit: FitRecord) -> tuple[str, Valued, str]:
    """The one input of a fit that is left open, so that the wanted outcome is reached.

    Args:
        key: of OUTCOMES; `values[key]` in µm, or nm of an emission.
        values: what the recipe gives or what was solved of it already, by parameter.
        fit: of the model that the outcome needs.

    Returns:
        The input's name, its value in its internal unit, and how it was found, with the standard uncertainty of the
        outcome there. The value is as good as the worst of the fit and the other inputs.

    Raises:
        ParameterError: none or several inputs are open, something lies outside the data of the fit, or a number of
            pulses would not be whole.
    """
    wanted = values[key]
    inputs = {item.parameter: item for item in fit.inputs}
    for item in fit.inputs:
        if item.parameter not in PARAMETERS or item.unit != PARAMETERS[item.parameter].unit:
            raise ParameterError(f"the fit has an input {item.parameter} in '{item.unit}', which no recipe gives")
    known = _known(values, inputs)
    missing = [name for name in inputs if name not in known]
    shown = f"{key} {_outcome(key, wanted.value)}"
    if len(missing) > 1:
        raise ParameterError(
            f"{shown} leaves {' and '.join(missing)} open: the fit of {_words(fit.model)} solves one of them; give the"
            f" {'other' if len(missing) == 2 else 'others'}"
        )
    others = {name: value.value for name, value in known.items()}
    if not missing:
        told = ", ".join(_setting(inputs[name], number) for name, number in others.items())
        value, std = predicted(fit, others)
        raise ParameterError(
            f"{shown} and {told} are all given, and the latter give {_outcome(key, value.value)} ±"
            f" {_outcome(key, std)} by the fit; leave out {key} or one of {', '.join(inputs)}"
        )
    (name,) = missing
    found = setting_for(fit, wanted.value, name, others)
    if name == "pulses" and abs(found.value - round(found.value)) > 1e-6 * found.value:
        raise ParameterError(_between_pulses(key, shown, found.value, others, fit))
    number = float(round(found.value)) if name == "pulses" else found.value
    _, std = predicted(fit, {**others, name: number})
    beside = f" at {', '.join(_setting(inputs[n], v) for n, v in others.items())}" if others else ""
    text = (
        f"{shown} ± {_outcome(key, std)} (one standard deviation){beside}, {found.source}:"
        f" {format_quantity(number, PARAMETERS[name])}"
    )
    confidence = _trust((found, *known.values()))
    return name, Valued(number, confidence, f"solved: {text}"), text


def refuse_off_data(process: Process, fit: FitRecord, values: Mapping[str, Valued]) -> None:
    """Refuse settings that were held constant in the fitted data at something else: the fit says nothing there.

    A process file from a fit keeps what did not vary as measured points.

    Args:
        process: whose fit it is.
        fit: its fit.
        values: everything known of the recipe, what was solved too.

    Raises:
        ParameterError: a setting differs from the point at which the data were taken.
    """
    varied = {item.parameter for item in fit.inputs}
    known = {**_known(values, ("pulses",)), **values}
    for name in SETTINGS:
        window = process.parameters.get(name)
        if name in varied or name not in known or window is None or window.typ is None:
            continue
        if window.confidence is not Confidence.MEASURED:
            continue
        number = known[name].value
        if confidence_of(window, number) is Confidence.EXTRAPOLATED:
            dimension = PARAMETERS[name]
            raise ParameterError(
                f"{name} {format_quantity(number, dimension)} is outside the data of the fit, which were taken at"
                f" {format_quantity(window.typ, dimension)}: that would be extrapolation"
            )


def _trust(used: Iterable[Valued]) -> Confidence:
    """The worst, where a setting beyond what a paper states is as good as the lab's own: the fit's range covers it."""
    own = (v.confidence for v in used)
    return worst(Confidence.MEASURED if c is Confidence.EXTRAPOLATED else c for c in own)


def _known(values: Mapping[str, Valued], inputs: Collection[str]) -> dict[str, Valued]:
    """Inputs that are given, or follow from what is given by plain arithmetic."""
    known = {name: values[name] for name in inputs if name in values}
    products = {
        "average_power": ("pulse_energy", "repetition_rate"),
        "pulses": ("exposure", "repetition_rate"),
    }
    for name, parts in products.items():
        if name in inputs and name not in known and all(part in values for part in parts):
            used = [values[part] for part in parts]
            known[name] = Valued(prod(v.value for v in used), _trust(used), "")
    if "line_dose" in inputs and "line_dose" not in known and "speed" in values:
        powered = {**values, **_known(values, ("average_power",))}
        if "average_power" in powered:
            used = [powered["average_power"], powered["speed"]]
            dose = used[0].value / used[1].value / _UW_PER_J_MM_UM_S
            known["line_dose"] = Valued(dose, _trust(used), "")
    return {name: known[name] for name in inputs if name in known}


def _between_pulses(key: str, shown: str, pulses: float, others: Mapping[str, float], fit: FitRecord) -> str:
    item = next(i for i in fit.inputs if i.parameter == "pulses")
    whole = [n for n in (floor(pulses), ceil(pulses)) if item.low <= n <= item.high]
    near = [f"{n} give {_outcome(key, predicted(fit, {**others, 'pulses': float(n)})[0].value)}" for n in whole]
    return f"{shown} would need {pulses:.4g} pulses, and pulses are whole: {', '.join(near)}; give pulses instead"


def _setting(item: FitInput, number: float) -> str:
    return f"{item.parameter} {format_quantity(number, PARAMETERS[item.parameter])}"


def _outcome(key: str, value: float) -> str:
    if key == "emission":
        return format_quantity(float(f"{value:.4g}") if value < 1 else value, WAVELENGTH)
    return format_quantity(float(f"{value:.4g}"), LENGTH)


def _words(model: str) -> str:
    return {"line_width": "line width", "threshold": "spot and threshold", "emission": "emission"}[model]
