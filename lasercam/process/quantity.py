"""Numbers that enter a formula: looked at where they enter, and given back in the kind they came in.

Every formula of this room takes floats or float arrays that broadcast against each other. It refuses what has
no meaning (NaN, infinity, signs and ranges the formula does not cover) and returns a float when it was given
only numbers, an array when any argument was one.
"""

from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import ParameterError

FloatArray = NDArray[np.float64]
Quantity = float | FloatArray

Q = TypeVar("Q", bound=float | FloatArray)
"""The kind of the arguments, which is also the kind of the result."""

MAX_MAGNITUDE = 1e30
"""No quantity of this field, in the units used here, is larger; nor, unless zero, smaller than its inverse.

Between the two the fourth powers in these formulas stay inside double precision.
"""


def finite(value: Quantity, name: str) -> FloatArray:
    """A float64 array, every element finite and of a magnitude that occurs in nature.

    Raises:
        ParameterError: not a real number (text, truth value, complex), NaN, infinite, or absurdly large.
    """
    # Python's whole numbers may exceed 64 bits (carrier densities do); NumPy would keep those as objects.
    array = np.asarray(float(value) if type(value) is int and abs(value) < 10**300 else value)
    if array.dtype.kind not in "iuf":
        raise ParameterError(f"{name} is not a real number: found {array.dtype}; give a number or an array.")
    numbers = array.astype(np.float64)
    _require(numbers, np.abs(numbers) <= MAX_MAGNITUDE, name, f"finite numbers up to {MAX_MAGNITUDE:g}")
    return numbers


def positive(value: Quantity, name: str) -> FloatArray:
    """A float64 array, every element finite and above zero.

    Raises:
        ParameterError: zero, negative, NaN, infinite, or not a number.
    """
    numbers = finite(value, name)
    _require(numbers, numbers >= 1.0 / MAX_MAGNITUDE, name, "numbers above 0")
    return numbers


def not_negative(value: Quantity, name: str) -> FloatArray:
    """A float64 array, every element finite and zero or above.

    Raises:
        ParameterError: negative, NaN, infinite, or not a number.
    """
    numbers = finite(value, name)
    _require(numbers, numbers >= 0.0, name, "0 and above")
    return numbers


def within(value: Quantity, name: str, low: float, high: float) -> FloatArray:
    """A float64 array, every element in the closed interval from `low` to `high`.

    Raises:
        ParameterError: outside the interval, NaN, or not a number.
    """
    numbers = finite(value, name)
    _require(numbers, (numbers >= low) & (numbers <= high), name, f"{low:g} to {high:g}")
    return numbers


def fraction(value: Quantity, name: str) -> FloatArray:
    """A float64 array, every element strictly between 0 and 1.

    Raises:
        ParameterError: 0, 1, outside, NaN, or not a number.
    """
    numbers = finite(value, name)
    _require(numbers, (numbers > 0.0) & (numbers < 1.0), name, "numbers between 0 and 1, both excluded")
    return numbers


def whole_count(value: Quantity, name: str) -> FloatArray:
    """A float64 array, every element a whole number from 1 up to 2⁵³.

    Raises:
        ParameterError: zero, negative, fractional, NaN, infinite, or not a number.
    """
    numbers = finite(value, name)
    is_count = (numbers >= 1.0) & (numbers <= 2.0**53) & (np.floor(numbers) == numbers)
    _require(numbers, is_count, name, "whole numbers from 1; round explicitly first")
    return numbers


def aperture(value: Quantity, name: str) -> FloatArray:
    """A float64 array of numerical apertures, above 0 and at most 1.7.

    Raises:
        ParameterError: outside that range, NaN, or not a number.
    """
    numbers = finite(value, name)
    # 1.7 is beyond the strongest immersion objectives; larger values are half-angles in degrees.
    is_aperture = (numbers >= 1e-6) & (numbers <= 1.7)
    _require(numbers, is_aperture, name, "apertures from 1e-6 to 1.7 (n sin θ, not an angle)")
    return numbers


def refractive_index(value: Quantity, name: str) -> FloatArray:
    """A float64 array of refractive indices of transparent media, 1 to 5.

    Raises:
        ParameterError: outside that range, NaN, or not a number.
    """
    return within(value, name, 1.0, 5.0)


def kelvin(temperature_c: Quantity, name: str) -> FloatArray:
    """Absolute temperatures of temperatures in °C.

    Raises:
        ParameterError: at or below absolute zero, above 100 000 °C, NaN, or not a number.
    """
    numbers = finite(temperature_c, name)
    is_temperature = (numbers > -273.15) & (numbers <= 1e5)
    _require(numbers, is_temperature, name, "temperatures above -273.15 °C and up to 100000 °C")
    return numbers + 273.15


def require(is_allowed: NDArray[np.bool_] | np.bool_, rule: str) -> None:
    """Passes when a relation between arguments holds for every element.

    Raises:
        ParameterError: it fails somewhere; the message states the rule and the first failing index.
    """
    allowed = np.asarray(is_allowed)
    if not allowed.all():
        raise ParameterError(f"{rule}{_where(allowed)}.")


def same_kind(result: FloatArray | np.float64 | float, *inputs: Q) -> Q:
    """The result as a float when all inputs are numbers, as a fresh C-contiguous array when any is an array.

    Raises:
        ParameterError: the result left the range of double precision.
    """
    numbers = np.array(result, dtype=np.float64, order="C")
    is_finite = np.asarray(np.isfinite(numbers))
    if not is_finite.all():
        raise ParameterError(f"the result is not finite{_where(is_finite)}; the inputs are out of proportion.")
    if any(isinstance(value, np.ndarray) for value in inputs):
        return cast("Q", numbers)
    return cast("Q", float(numbers))


def _require(numbers: FloatArray, is_allowed: NDArray[np.bool_] | np.bool_, name: str, allowed: str) -> None:
    passed = np.asarray(is_allowed)
    if not passed.all():
        found = numbers[~passed].flat[0] if numbers.ndim else numbers
        raise ParameterError(f"{name} is {found:g}{_where(passed)}; allowed: {allowed}.")


def _where(passed: NDArray[np.bool_]) -> str:
    if not passed.ndim:
        return ""
    index = ", ".join(str(axis) for axis in np.argwhere(~passed)[0])
    return f" (index {index})"
