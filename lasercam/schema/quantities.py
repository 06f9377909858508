"""Types of keys whose values are quantities: texts with a unit that become floats in the internal unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from lasercam import units
from lasercam.errors import QuantityError, shorten
from lasercam.units import Dimension, parse_quantity

MAX_FAMILY = 65_536
"""Members of one list or range; a recipe table holds no more."""


@dataclass(frozen=True)
class Bounds:
    """Allowed range of a quantity in its internal unit; None leaves a side open."""

    above: float | None = None
    at_least: float | None = None
    at_most: float | None = None

    def check(self, value: float, text: str, dimension: Dimension) -> None:
        """Raise QuantityError when the value lies outside."""

        def show(limit: float) -> str:
            return units.format_quantity(limit, dimension)

        text = shorten(text)
        if not isfinite(value):
            raise QuantityError(f"'{text}' is not a finite number")
        if self.above is not None and value <= self.above:
            raise QuantityError(f"'{text}' must be above {show(self.above)}")
        if self.at_least is not None and value < self.at_least:
            raise QuantityError(f"'{text}' must be at least {show(self.at_least)}")
        if self.at_most is not None and value > self.at_most:
            raise QuantityError(f"'{text}' must be at most {show(self.at_most)}")


@dataclass(frozen=True)
class Quantity:
    """Annotation of a float that is written with a unit: `Annotated[float, Quantity(LENGTH)]`."""

    dimension: Dimension
    bounds: Bounds = Bounds()

    def read(self, value: object) -> float:
        """The value in the internal unit; floats pass, so that code can build documents too."""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise _error(f"expected {self.dimension.name} such as '{self.dimension.example}'")
        try:
            number = parse_quantity(value, self.dimension) if isinstance(value, str) else _as_float(value)
            self.bounds.check(number, str(value), self.dimension)
        except QuantityError as error:
            raise _error(str(error)) from error
        return number

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read text before the float is checked."""
        return core_schema.no_info_plain_validator_function(
            self.read, serialization=core_schema.plain_serializer_function_ser_schema(self.show)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """A text with a unit, for editors."""
        return self.json_schema()

    def show(self, value: float) -> str:
        """The value as a person would write it."""
        return units.format_quantity(value, self.dimension)

    def json_schema(self) -> dict[str, Any]:
        """JSON Schema of one quantity."""
        if not self.dimension.unit:
            number = {
                "type": ["string", "number"],
                "description": "A ratio: a number, or a percentage such as 12 %.",
            }
            return {**number, "examples": [self.dimension.example]}
        kind = self.dimension.name.removeprefix("a ").removeprefix("an ").capitalize()
        return {
            "type": "string",
            "pattern": r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*[^\d\s].*$",
            "description": f"{kind} with its unit.",
            "examples": [self.dimension.example],
        }


@dataclass(frozen=True)
class Family:
    """Annotation of a value, a list or a range: `tuple[float, ...]`, one member per value.

    A range is `{from: 10 uJ, to: 100 uJ, count: 10, scale: log}`; `scale` defaults to linear.
    """

    quantity: Quantity

    def read(self, value: object) -> tuple[float, ...]:
        """All members in order; a single value is a family of one."""
        if isinstance(value, dict):
            return self._range(value)
        if isinstance(value, Sequence) and not isinstance(value, str):
            if not 1 <= len(value) <= MAX_FAMILY:
                raise _error(f"a list of 1 to {MAX_FAMILY:,} values is allowed, {len(value):,} were found")
            return tuple(self._item(item, index) for index, item in enumerate(value))
        return (self.quantity.read(value),)

    def _item(self, item: object, step: int | str) -> float:
        """One member; an error says which one, so that its place can be named."""
        try:
            return self.quantity.read(item)
        except PydanticCustomError as error:
            raise _error(error.message(), step) from error

    def _range(self, value: dict[str, object]) -> tuple[float, ...]:
        unknown = sorted(set(value) - {"from", "to", "count", "scale"})
        if unknown or not {"from", "to", "count"} <= set(value):
            raise _error("a range is written {from: …, to: …, count: N} with an optional scale: linear or log")
        start, stop = self._item(value["from"], "from"), self._item(value["to"], "to")
        count_text, scale = str(value["count"]), value.get("scale", "linear")
        is_whole = count_text.isascii() and count_text.isdecimal() and len(count_text) <= 9
        if not is_whole or not 2 <= int(count_text) <= MAX_FAMILY:
            found = shorten(count_text, 20)
            raise _error(f"count must be a whole number from 2 to {MAX_FAMILY:,}, found '{found}'", "count")
        steps = int(count_text) - 1
        if scale == "linear":
            inner = (start + (stop - start) * i / steps for i in range(1, steps))
        elif scale == "log" and start > 0 and stop > 0:
            inner = (start * (stop / start) ** (i / steps) for i in range(1, steps))
        else:
            raise _error("scale must be linear, or log between values above zero", "scale")
        return (start, *inner, stop)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read text, list or range into a tuple."""
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """One quantity, a list of them, or a range."""
        one = self.quantity.json_schema()
        bounds = {
            "from": {**one, "description": "First member."},
            "to": {**one, "description": "Last member."},
            "count": {"type": ["integer", "string"], "description": "How many members, both ends included."},
            "scale": {"enum": ["linear", "log"], "description": "Equal steps, or equal ratios."},
        }
        spread = {
            "type": "object",
            "properties": bounds,
            "required": ["from", "to", "count"],
            "additionalProperties": False,
        }
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}, spread]}


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise QuantityError("the number is too large") from error


def _error(message: str, step: int | str | None = None) -> PydanticCustomError:
    return PydanticCustomError("quantity", "{reason}", {"reason": message, "step": step})


MAX_COUNT = 4_294_967_295.0
"""Pulses are counted with 32 bits."""
MAX_LENGTH_UM = 1e12
"""A thousand kilometres: ticks of longer ones would not fit 63 bits. What is written is bounded far below."""

POSITIVE, NOT_NEGATIVE = Bounds(above=0.0), Bounds(at_least=0.0)
WITHIN_REACH = Bounds(at_least=-MAX_LENGTH_UM, at_most=MAX_LENGTH_UM)

Length = Annotated[float, Quantity(units.LENGTH, WITHIN_REACH)]
PositiveLength = Annotated[float, Quantity(units.LENGTH, Bounds(above=0.0, at_most=MAX_LENGTH_UM))]
Depth = Annotated[float, Quantity(units.LENGTH, Bounds(at_least=0.0, at_most=MAX_LENGTH_UM))]
Wavelength = Annotated[float, Quantity(units.WAVELENGTH, POSITIVE)]
Time = Annotated[float, Quantity(units.TIME, NOT_NEGATIVE)]
PositiveTime = Annotated[float, Quantity(units.TIME, POSITIVE)]
PulseDuration = Annotated[float, Quantity(units.PULSE_DURATION, POSITIVE)]
Energy = Annotated[float, Quantity(units.ENERGY, POSITIVE)]
Rate = Annotated[float, Quantity(units.FREQUENCY, POSITIVE)]
Speed = Annotated[float, Quantity(units.SPEED, POSITIVE)]
Acceleration = Annotated[float, Quantity(units.ACCELERATION, POSITIVE)]
Jerk = Annotated[float, Quantity(units.JERK, POSITIVE)]
Power = Annotated[float, Quantity(units.POWER, POSITIVE)]
Fluence = Annotated[float, Quantity(units.FLUENCE, POSITIVE)]
Irradiance = Annotated[float, Quantity(units.IRRADIANCE, POSITIVE)]
Temperature = Annotated[float, Quantity(units.TEMPERATURE)]
TemperatureRate = Annotated[float, Quantity(units.TEMPERATURE_RATE, POSITIVE)]
Angle = Annotated[float, Quantity(units.ANGLE)]
Ratio = Annotated[float, Quantity(units.RATIO, Bounds(at_least=0.0))]
Count = Annotated[float, Quantity(units.RATIO, Bounds(at_least=1.0))]
PlainNumber = Annotated[float, Quantity(units.RATIO)]

EnergyFamily = Annotated[tuple[float, ...], Family(Quantity(units.ENERGY, POSITIVE))]
RateFamily = Annotated[tuple[float, ...], Family(Quantity(units.FREQUENCY, POSITIVE))]
SpeedFamily = Annotated[tuple[float, ...], Family(Quantity(units.SPEED, POSITIVE))]
TimeFamily = Annotated[tuple[float, ...], Family(Quantity(units.TIME, POSITIVE))]
PowerFamily = Annotated[tuple[float, ...], Family(Quantity(units.POWER, POSITIVE))]
PulseDurationFamily = Annotated[tuple[float, ...], Family(Quantity(units.PULSE_DURATION, POSITIVE))]
LengthFamily = Annotated[tuple[float, ...], Family(Quantity(units.LENGTH, Bounds(above=0.0, at_most=MAX_LENGTH_UM)))]
FluenceFamily = Annotated[tuple[float, ...], Family(Quantity(units.FLUENCE, POSITIVE))]
LineDoseFamily = Annotated[tuple[float, ...], Family(Quantity(units.LINE_DOSE, POSITIVE))]
PositiveRatioFamily = Annotated[tuple[float, ...], Family(Quantity(units.RATIO, POSITIVE))]
CountFamily = Annotated[tuple[float, ...], Family(Quantity(units.RATIO, Bounds(at_least=1.0, at_most=MAX_COUNT)))]


def _listed(value: object) -> object:
    """One item where a list is allowed."""
    return value if isinstance(value, list | tuple) else [value]


class _OneOrMore:
    """Annotation of a tuple whose only item may be written without brackets."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_listed, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        listed = handler(schema)
        item = listed.get("items")
        return {"anyOf": [listed, item]} if isinstance(item, dict) else listed


OneOrMore = _OneOrMore()
"""`inside: label` and `inside: [label]` mean the same."""
