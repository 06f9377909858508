"""Windows as written become windows in internal units, each misfit with its place in the file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lasercam import units
from lasercam.errors import Problem, QuantityError
from lasercam.model.process_window import PARAMETERS, Limit, LimitText, ProcessDocument, Rule, Window, WindowText
from lasercam.schema.tree import KeyPath, Tree
from lasercam.units import parse_quantity

_MAY_BE_ZERO = ("depth", "hold_time", "overlap", "relative_humidity")


@dataclass
class WindowReader:
    """Reads the windows of one document and gathers what does not fit.

    Attributes:
        tree: the document's text with its places.
        problems: everything wrong so far.
    """

    tree: Tree
    problems: list[Problem] = field(default_factory=list)

    def check(self, document: ProcessDocument) -> None:
        """Note every quantity of the document that cannot be read or contradicts its neighbours."""
        for path, name, text in _windows(document):
            self._window(name, text, path)
        for index, rule in enumerate(document.rules):
            self._rule(rule, ("rules", index))

    def _window(self, name: str, text: WindowText, path: KeyPath) -> None:
        read = {
            key: self._quantity(name, getattr(text, key), (*path, key), is_distance=key == "tolerance")
            for key in ("typ", "tolerance", "min", "max")
        }
        values = [self._quantity(name, c.value, (*path, "candidates", i)) for i, c in enumerate(text.candidates)]
        low, typ, high = read["min"], read["typ"], read["max"]
        known = [v for v in (low, typ, high) if v is not None]
        if known != sorted(known):
            self._note(f"min, typ and max of {name} are not in ascending order", path)
        if len(text.candidates) == 1:
            self._note(f"a single candidate of {name} is a typ; write typ, or the other candidates too", path)
        elif None not in values and len(set(values)) < len(values):
            self._note(f"two candidates of {name} are the same value", path)

    def _rule(self, rule: Rule, path: KeyPath) -> None:
        if rule.parameter is None:
            return
        for key in ("below", "above", "differs_from"):
            self._quantity(rule.parameter, getattr(rule, key), (*path, key))
        ends = [self._quantity(rule.parameter, text, (*path, "between", i)) for i, text in enumerate(rule.between)]
        known = [v for v in ends if v is not None]
        if known != sorted(known):
            self._note(f"the two values of {rule.parameter} are not in ascending order", (*path, "between"))

    def _quantity(self, name: str, text: str | None, path: KeyPath, *, is_distance: bool = False) -> float | None:
        if text is None:
            return None
        try:
            value = parse_quantity(text, PARAMETERS[name])
        except QuantityError as error:
            self._note(f"{name}: {error}", path)
            return None
        signed = PARAMETERS[name] in (units.TEMPERATURE, units.TEMPERATURE_RATE) and not is_distance
        zero_fits = name in _MAY_BE_ZERO and not is_distance
        if not signed and (value < 0 or (value == 0 and not zero_fits)):
            self._note(f"{name}: '{text}' must be above zero", path)
            return None
        return value

    def _note(self, message: str, path: KeyPath) -> None:
        self.problems.append(Problem(message, self.tree.at(path)))


def _windows(document: ProcessDocument) -> Iterator[tuple[KeyPath, str, WindowText]]:
    """Every window of a document with its place and the parameter that gives its dimension."""
    for name, text in document.parameters.items():
        yield ("parameters", name), name, text
    for label, limit in document.limits.items():
        yield ("limits", label), limit.parameter, limit
    for key, stages in (("steps", document.steps), ("cases", document.cases)):
        for index, stage in enumerate(stages):
            for name, text in stage.parameters.items():
                yield (key, index, "parameters", name), name, text


def read_window(name: str, text: WindowText) -> Window:
    """A window in the internal unit of its parameter.

    Args:
        name: the parameter, a key of PARAMETERS.
        text: the window as written.

    Raises:
        QuantityError: a value is not a quantity of the parameter's dimension.
    """
    return Window(**_numbers(name, text))


def read_windows(texts: Mapping[str, WindowText]) -> dict[str, Window]:
    """Windows by parameter name in internal units; see read_window.

    Raises:
        QuantityError: a value is not a quantity of its parameter's dimension.
    """
    return {name: read_window(name, text) for name, text in texts.items()}


def read_limit(text: LimitText) -> Limit:
    """A limit in the internal unit of its parameter.

    Raises:
        QuantityError: a value is not a quantity of the parameter's dimension.
    """
    return Limit(parameter=text.parameter, conditions=text.conditions, **_numbers(text.parameter, text))


def _numbers(name: str, text: WindowText) -> dict[str, object]:
    dimension = PARAMETERS[name]

    def read(value: str | None) -> float | None:
        return None if value is None else parse_quantity(value, dimension)

    return {
        "typ": read(text.typ),
        "tolerance": read(text.tolerance),
        "min": read(text.min),
        "max": read(text.max),
        "outside": text.outside,
        "candidates": tuple((parse_quantity(c.value, dimension), c.confidence, c.assume) for c in text.candidates),
        "confidence": text.confidence,
        "code": text.code,
        "same_as_first_pass": text.same_as_first_pass,
        "note": text.note,
        "source": text.source,
    }
