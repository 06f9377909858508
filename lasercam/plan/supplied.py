"""Answers of the lab as numbers: in the internal unit, and of the meaning that windows and formulas use."""

from collections.abc import Callable

from pydantic_core import PydanticCustomError

from lasercam.errors import InputError, Location, Problem, name_problem, shorten
from lasercam.model.confidence import Confidence, Valued
from lasercam.model.job import SuppliedText
from lasercam.model.machine import Machine
from lasercam.model.process_window import PARAMETERS, read_parameter
from lasercam.process.definitions import FLUENCE, IRRADIANCE, MEANINGS
from lasercam.units import TEMPERATURE

MAY_BE_ZERO = frozenset({"depth", "hold_time", "dose", "overlap", "relative_humidity", "passes", "cycles"})
"""Parameters of which there may be none."""

Locate = Callable[..., Location]


def read_supplied(process: str, key: str, text: SuppliedText, locate: Locate) -> float:
    """A supplied number in its internal unit, as it is written.

    Raises:
        InputError: it is not a quantity of the parameter's dimension, or too small to be one.
    """
    place = locate("supply", process, key, "value")
    try:
        number = read_parameter(key, text.value)
    except PydanticCustomError as error:
        raise InputError(Problem(f"{key}: {error}", place)) from error
    may_be_zero = key in MAY_BE_ZERO or PARAMETERS[key] == TEMPERATURE
    if (number < 0 and PARAMETERS[key] != TEMPERATURE) or (number == 0 and not may_be_zero):
        least = "at least 0" if may_be_zero else "above 0"
        raise InputError(Problem(f"{key}: '{shorten(text.value)}' must be {least}", place))
    return number


def answer(process: str, key: str, text: SuppliedText, machine: Machine, locate: Locate) -> Valued | None:
    """A supplied number in the meaning that windows and formulas use; None where none follows from it.

    Raises:
        InputError: see read_supplied; or a definition that the parameter does not have, or that gives no number.
    """
    number = read_supplied(process, key, text, locate)
    said = text.definition
    meanings = MEANINGS.get(key, ())
    if not said:
        return Valued(number, Confidence.SUPPLIED, text.source)
    place = locate("supply", process, key, "definition")
    if not meanings:
        asking = ", ".join(MEANINGS)
        raise InputError(Problem(f"{key} has no definition to choose; only {asking} have", place, "Remove it."))
    meaning = next((m for m in meanings if m.name.casefold() == said.casefold()), None)
    if meaning is None:
        raise InputError(name_problem(f"definition of {key}", said, [m.name for m in meanings], place))
    if meaning.factor is None:
        if meanings is IRRADIANCE:
            return None  # It answers the question, but no window compares peak irradiances.
        raise InputError(Problem(f"{key} is given as {meaning.name}: {meaning.why}", place))
    if meaning.factor == 1.0 or (meanings is FLUENCE and machine.laser.beam == "ring"):
        return Valued(number, Confidence.SUPPLIED, text.source)
    return Valued(
        number * meaning.factor, Confidence.SUPPLIED, f"{text.source} ({meaning.name}, times {meaning.factor:.4g})"
    )
