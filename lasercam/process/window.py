"""Where a value stands in a process window, and how far it can be trusted there."""

from math import isclose, isfinite
from typing import Literal

from lasercam.errors import ParameterError
from lasercam.model.confidence import Confidence, worst
from lasercam.model.process_window import PARAMETERS, Window
from lasercam.units import format_quantity

Position = Literal["stated", "inside", "extrapolated", "below", "above", "candidate", "unbounded"]
"""The stated point; between stated bounds; where the source says nothing; beyond a bound where the process is known
not to work; one of contradicting values; a parameter the source names without bounding it."""

_SAME = 1e-9
"""Relative difference up to which two numbers are the same: unit conversion and rounding, never a setting."""


def position(window: Window, value: float) -> Position:
    """Where a value stands in a window.

    Bounds belong to the window. A window with nothing but a point knows the point only: any other value is
    extrapolated, however near, unless the source allows a tolerance.

    Args:
        window: bounds in the parameter's internal unit.
        value: in the same unit.

    Raises:
        ParameterError: NaN or infinite.
    """
    if not isfinite(value):
        raise ParameterError(f"a window judges finite numbers; found {value}.")
    if candidate_of(window, value) is not None:
        return "candidate"
    if window.typ is not None and _near(value, window.typ, window.tolerance or 0.0):
        return "stated"
    if window.min is not None and value < window.min and not _near(value, window.min):
        return "below" if window.outside == "fails" else "extrapolated"
    if window.max is not None and value > window.max and not _near(value, window.max):
        return "above" if window.outside == "fails" else "extrapolated"
    if window.min is not None or window.max is not None:
        return "inside"
    return "unbounded" if window.typ is None and not window.candidates else "extrapolated"


def confidence_of(window: Window, value: float) -> Confidence:
    """How far a value can be trusted, as far as the window goes.

    Args:
        window: bounds in the parameter's internal unit.
        value: in the same unit.

    Raises:
        ParameterError: NaN or infinite.
    """
    where = position(window, value)
    if where in ("stated", "inside"):
        return window.confidence
    if where == "unbounded":
        return Confidence.UNKNOWN
    chosen = candidate_of(window, value)
    return worst((window.confidence, chosen[1] if chosen else Confidence.EXTRAPOLATED))


def candidate_of(window: Window, value: float) -> tuple[float, Confidence, str] | None:
    """The candidate a value stands for, as number, confidence and assumption; None when it is none of them."""
    return next((c for c in window.candidates if _near(value, c[0])), None)


def describe(parameter: str, window: Window) -> str:
    """A window in words and units.

    >>> describe("exposure", Window(min=1.0, confidence=Confidence.STATED))
    'at least 1 s'
    >>> describe("fluence", Window(typ=0.1, tolerance=0.01, confidence=Confidence.STATED))
    '100 mJ/cm^2 ± 10 mJ/cm^2'

    Args:
        parameter: a key of PARAMETERS, for the unit.
        window: what it allows.
    """

    def show(value: float) -> str:
        return format_quantity(value, PARAMETERS[parameter])

    said: list[str] = []
    if window.typ is not None:
        said.append(show(window.typ) + (f" ± {show(window.tolerance)}" if window.tolerance else ""))
    if window.candidates:
        said.append(" or ".join(show(c[0]) for c in window.candidates))
    if window.min is not None and window.max is not None:
        said.append(f"{show(window.min)} to {show(window.max)}")
    elif window.min is not None:
        said.append(f"at least {show(window.min)}")
    elif window.max is not None:
        said.append(f"at most {show(window.max)}")
    if window.same_as_first_pass:
        said.append("as in the first pass")
    return ", ".join(said)


def _near(value: float, point: float, tolerance: float = 0.0) -> bool:
    if tolerance == 0.0:
        return isclose(value, point, rel_tol=_SAME, abs_tol=1e-12)
    return abs(value - point) <= tolerance * (1.0 + _SAME) + _SAME * abs(point)
