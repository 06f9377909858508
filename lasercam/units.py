"""Quantities as people write them, and the one unit each dimension has inside lasercam.

Internal units are coherent where it matters (µm, s, µJ, Hz, µm/s, µW) and the field's own elsewhere (nm for
wavelengths, fs for pulse durations, J/cm² for fluences). Text is converted through fractions and rounded once, so
`0.4 mm/s` is 400 µm/s exactly and no rounding depends on how a factor happens to be represented.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import isfinite
from types import MappingProxyType

from lasercam.errors import QuantityError, nearest, shorten

MAX_MAGNITUDE = 10**15
"""Larger numbers than this, in any unit, are slips of the keyboard."""
MAX_UNIT_LENGTH = 40
"""Characters of a unit; nothing longer is one."""
KELVIN_OFFSET = Fraction(27315, 100)
"""0 °C in kelvin. Source: definition of the Celsius scale."""

_NUMBER = r"[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,2})?"
# What follows a number may not look like more of it: `1,5 mm`, `1 000 um` and `1_000 um` are refused, not guessed at.
_NUMBER_AND_UNIT = re.compile(rf"({_NUMBER})(?!\s*[0-9.,_'])\s*(.*)", re.DOTALL)
_ATOM = re.compile(r"([^\W\d_]+|%)(?:\^?(-?[1-9]))?")

# Exponents of (length, time, energy, temperature, angle). Energy is a base here: it is what a laser user meters.
_Exponents = tuple[int, int, int, int, int]
_LENGTH, _TIME, _ENERGY = (1, 0, 0, 0, 0), (0, 1, 0, 0, 0), (0, 0, 1, 0, 0)
_POWER, _RATE, _ANGLE, _NONE = (0, -1, 1, 0, 0), (0, -1, 0, 0, 0), (0, 0, 0, 0, 1), (0, 0, 0, 0, 0)

_THERMAL = MappingProxyType({"degC": (0, 0, 0, 1, 0), "degC/min": (0, -1, 0, 1, 0)})

_PREFIXES = MappingProxyType({"": 0, "f": -15, "p": -12, "n": -9, "u": -6, "m": -3, "c": -2, "k": 3, "M": 6, "G": 9})
_PREFIXABLE: MappingProxyType[str, tuple[Fraction, _Exponents]] = MappingProxyType(
    {
        "m": (Fraction(1), _LENGTH),
        "s": (Fraction(1), _TIME),
        "J": (Fraction(1), _ENERGY),
        "W": (Fraction(1), _POWER),
        "Hz": (Fraction(1), _RATE),
    }
)
_PLAIN: MappingProxyType[str, tuple[Fraction, _Exponents]] = MappingProxyType(
    {
        "min": (Fraction(60), _TIME),
        "h": (Fraction(3600), _TIME),
        "d": (Fraction(86400), _TIME),
        "deg": (Fraction(1), _ANGLE),
        "%": (Fraction(1, 100), _NONE),
    }
)


@dataclass(frozen=True)
class Dimension:
    """What kind of quantity a key wants, and the unit lasercam keeps it in.

    Attributes:
        name: as a message calls it, with its article: "a length".
        unit: the internal unit, in the spelling a user may type too.
        example: a quantity a user would write.
    """

    name: str
    unit: str
    example: str

    @property
    def exponents(self) -> "_Exponents":
        """Exponents of length, time, energy, temperature and angle."""
        return _THERMAL.get(self.unit) or _unit(self.unit)[1]


LENGTH = Dimension("a length", "um", "200 um")
WAVELENGTH = Dimension("a wavelength", "nm", "1030 nm")
TIME = Dimension("a time", "s", "1 s")
PULSE_DURATION = Dimension("a pulse duration", "fs", "300 fs")
ENERGY = Dimension("an energy", "uJ", "50 uJ")
FREQUENCY = Dimension("a rate", "Hz", "10 kHz")
SPEED = Dimension("a speed", "um/s", "0.4 mm/s")
ACCELERATION = Dimension("an acceleration", "um/s^2", "100 mm/s^2")
JERK = Dimension("a jerk", "um/s^3", "1000 mm/s^3")
POWER = Dimension("a power", "uW", "500 mW")
FLUENCE = Dimension("a fluence", "J/cm^2", "0.1 J/cm^2")
IRRADIANCE = Dimension("an irradiance", "W/cm^2", "500 W/cm^2")
LINE_DOSE = Dimension("a line dose", "J/mm", "1.25 J/mm")
TEMPERATURE = Dimension("a temperature", "degC", "200 degC")
ANGLE = Dimension("an angle", "deg", "45 deg")
RATIO = Dimension("a ratio", "", "12 %")
TEMPERATURE_RATE = Dimension("a heating rate", "degC/min", "5 degC/min")


def parse_quantity(text: str, dimension: Dimension) -> float:
    """The value of a quantity in the dimension's internal unit.

    Args:
        text: number and unit, such as `0.4 mm/s`, `50 µJ`, `0.1 J/cm^2`.
        dimension: what the text must be.

    Raises:
        QuantityError: no number, no unit, an unknown unit, another dimension, or a number beyond reason.

    >>> parse_quantity("0.4 mm/s", SPEED)
    400.0
    >>> parse_quantity("473.15 K", TEMPERATURE)
    200.0
    >>> parse_quantity("12", LENGTH)
    Traceback (most recent call last):
    lasercam.errors.QuantityError: '12' has no unit; write a length with one, such as '200 um' or '12 um'
    """
    shown = shorten(text)
    match = _NUMBER_AND_UNIT.fullmatch(text.strip())
    if match is None:
        raise QuantityError(f"'{shown}' is not a quantity; write {dimension.name} such as '{dimension.example}'")
    number = Fraction(match[1])
    if abs(number) > MAX_MAGNITUDE:
        raise QuantityError(f"'{shown}' is beyond any laser or stage; numbers stay below {MAX_MAGNITUDE:.0e}")
    unit_text = match[2].strip()
    if not unit_text and dimension.unit:
        raise QuantityError(
            f"'{shown}' has no unit; write {dimension.name} with one, such as '{dimension.example}'"
            f" or '{match[1]} {dimension.unit}'"
        )
    if dimension.unit == TEMPERATURE.unit:
        value = _temperature(number, unit_text, shown)
    elif dimension.unit == TEMPERATURE_RATE.unit:
        value = _temperature_rate(number, unit_text, shown)
    else:
        factor, exponents = _known_unit(unit_text, shown, dimension)
        if exponents != dimension.exponents:
            raise QuantityError(f"'{shown}' is not {dimension.name}; write one such as '{dimension.example}'")
        value = number * factor / _unit(dimension.unit)[0]
    if abs(value) > MAX_MAGNITUDE:
        raise QuantityError(f"'{shown}' is beyond any laser or stage; write {dimension.name} within reason")
    return float(value)


def format_quantity(value: float, dimension: Dimension) -> str:
    """A value in internal units as a person would write it, at most six digits.

    >>> format_quantity(400.0, SPEED)
    '0.4 mm/s'
    >>> format_quantity(50.0, ENERGY)
    '50 µJ'
    >>> format_quantity(10_000.0, FREQUENCY)
    '10 kHz'
    """
    value = float(value)
    unit = _pleasant_unit(abs(value), dimension)
    if unit == dimension.unit or not isfinite(value):
        shown = value
    else:
        shown = float(Fraction(value) * _unit(dimension.unit)[0] / _unit(unit)[0])
    return f"{shown:.6g} {unit}".strip().replace("um", "µm").replace("uJ", "µJ").replace("uW", "µW").replace("us", "µs")


_PLEASANT: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        "um": ("nm", "um", "mm"),
        "s": ("us", "ms", "s"),
        "uJ": ("nJ", "uJ", "mJ", "J"),
        "Hz": ("Hz", "kHz", "MHz"),
        "um/s": ("um/s", "mm/s"),
        "uW": ("uW", "mW", "W"),
        "fs": ("fs", "ps", "ns"),
        "J/cm^2": ("uJ/cm^2", "mJ/cm^2", "J/cm^2"),
        "um/s^2": ("mm/s^2",),
        "um/s^3": ("mm/s^3",),
    }
)


def _pleasant_unit(magnitude: float, dimension: Dimension) -> str:
    candidates = _PLEASANT.get(dimension.unit, (dimension.unit,))
    if len(candidates) == 1:
        return candidates[0]
    if magnitude == 0:
        return dimension.unit
    base = float(_unit(dimension.unit)[0])
    least = 0.1 if dimension is SPEED else 1.0  # the field writes 0.4 mm/s, but 200 µm and 300 fs
    # A hair below one is one: 999.9999999 µm reads better as 1 mm.
    sizes = {u: magnitude * base / float(_unit(u)[0]) * (1 + 1e-9) for u in candidates}
    fitting = [u for u in candidates if sizes[u] >= least]
    return fitting[-1] if fitting else candidates[0]


def _known_unit(text: str, shown: str, dimension: Dimension) -> tuple[Fraction, _Exponents]:
    try:
        if len(text) > MAX_UNIT_LENGTH:
            raise KeyError(text)
        return _unit(_normal(text))
    except KeyError as error:
        if _normal(text[:MAX_UNIT_LENGTH]) in (*_DEGREES, "K", *_HEATING_RATES):
            raise QuantityError(
                f"'{shown}' is not {dimension.name}; write one such as '{dimension.example}'"
            ) from error
        close = nearest(_normal(text), _spellings(dimension))
        ask = f"; did you mean '{close[0]}'?" if close else f"; write {dimension.name} such as '{dimension.example}'"
        raise QuantityError(f"'{shown}' has an unknown unit '{shorten(text, 20)}'{ask}") from error


def _normal(text: str) -> str:
    """One spelling for the micro sign's two code points, the multiplication dot and superscripts."""
    return (
        "".join(text.split()).replace("µ", "u").replace("μ", "u").replace("²", "^2").replace("³", "^3")
        .replace("°", "deg").replace("·", "*")
    )  # fmt: skip


@cache
def _unit(text: str) -> tuple[Fraction, _Exponents]:
    """Factor to SI and exponents of a compound unit such as `J/cm^2`; KeyError when unknown."""
    if text == "":
        return Fraction(1), _NONE
    factor, exponents = Fraction(1), _NONE
    for index, part in enumerate(text.split("/")):
        for atom in part.split("*"):
            match = _ATOM.fullmatch(atom)
            if match is None:
                raise KeyError(text)
            atom_factor, atom_exponents = _atom(match[1])
            power = int(match[2] or 1) * (1 if index == 0 else -1)
            factor *= atom_factor**power
            l, t, e, k, a = (x + power * y for x, y in zip(exponents, atom_exponents, strict=True))  # noqa: E741
            exponents = (l, t, e, k, a)
    return factor, exponents


def _atom(symbol: str) -> tuple[Fraction, _Exponents]:
    if symbol in _PLAIN:
        return _PLAIN[symbol]
    for base, (factor, exponents) in _PREFIXABLE.items():
        if symbol.endswith(base) and symbol[: -len(base)] in _PREFIXES:
            return factor * Fraction(10) ** _PREFIXES[symbol[: -len(base)]], exponents
    raise KeyError(symbol)


_DEGREES = ("degC", "C")
_HEATING_RATES = MappingProxyType(
    {
        f"{degree}/{time}": Fraction(factor)
        for degree in (*_DEGREES, "K")
        for time, factor in (("min", 1), ("s", 60), ("h", Fraction(1, 60)))
    }
)
"""Degrees per minute of every spelling."""


def _temperature(number: Fraction, unit: str, shown: str) -> Fraction:
    if _normal(unit) in _DEGREES:
        celsius = number
    elif unit == "K":
        celsius = number - KELVIN_OFFSET
    else:
        raise QuantityError(f"'{shown}' is not a temperature; write one such as '200 degC' or '473 K'")
    if celsius < -KELVIN_OFFSET:
        raise QuantityError(f"'{shown}' is below absolute zero")
    return celsius


def _temperature_rate(number: Fraction, unit: str, shown: str) -> Fraction:
    factor = _HEATING_RATES.get(_normal(unit))
    if factor is None:
        raise QuantityError(f"'{shown}' is not a heating rate; write one such as '5 degC/min'")
    return number * factor


def _spellings(dimension: Dimension) -> list[str]:
    """Units a user may have meant, for the nearest-name hint."""
    if dimension in (TEMPERATURE, TEMPERATURE_RATE):
        return [dimension.unit]
    prefixed = [p + b for b in _PREFIXABLE for p in _PREFIXES]
    compounds = [f"{n}/{d}" for n in ("J", "mJ", "uJ", "W", "mW", "kW") for d in ("cm^2", "mm")]
    speeds = [f"{n}/s" for n in ("nm", "um", "mm", "cm", "m")] + ["mm/min", "mm/s^2", "mm/s^3"]
    # Letter case is not compared, so the likelier of mHz and MHz comes first.
    known = ["MHz", *prefixed, *_PLAIN, *compounds, *speeds]
    return [u for u in known if _unit(u)[1] == dimension.exponents]
