from itertools import pairwise
from math import isclose, log
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam import units
from lasercam.errors import InputError
from lasercam.schema.document import Document, read_document
from lasercam.schema.quantities import (
    MAX_COUNT,
    MAX_FAMILY,
    Bounds,
    CountFamily,
    Depth,
    EnergyFamily,
    Length,
    OneOrMore,
    PositiveLength,
    Quantity,
    Ratio,
    SpeedFamily,
    Temperature,
)
from lasercam.schema.tree import parse_yaml


class Everything(Document):
    length: Length = 0.0
    positive: PositiveLength = 1.0
    depth: Depth = 0.0
    ratio: Ratio = 0.0
    temperature: Temperature = 0.0
    between: Annotated[float, Quantity(units.TIME, Bounds(at_least=1.0, at_most=2.0))] = 1.0
    energies: EnergyFamily = ()
    speeds: SpeedFamily = ()
    counts: CountFamily = ()
    size: Annotated[tuple[Length, Length], OneOrMore] = (0.0, 0.0)


def read(text: str) -> Everything:
    return read_document(Everything, parse_yaml(text, "f"), what="a test")


def refused(text: str) -> tuple[tuple[int, int], str]:
    with pytest.raises(InputError) as caught:
        read(text)
    (problem,) = caught.value.problems
    assert problem.location is not None
    return (problem.location.line, problem.location.column), str(problem)


def test_quantities_become_floats_in_the_internal_unit() -> None:
    found = read("{length: -1 mm, positive: 1 nm, depth: 0 um, ratio: 12 %, temperature: 473.15 K, between: 1500 ms}")
    assert (found.length, found.positive, found.depth) == (-1000.0, 0.001, 0.0)
    assert (found.ratio, found.temperature, found.between) == (0.12, 200.0, 1.5)
    assert Everything(length=5.0).length == 5.0, "code may build documents from floats"


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("{positive: 0 um}", (1, 12), "'0 um' must be above 0 µm"),
        ("{positive: -1 um}", (1, 12), "must be above"),
        ("{depth: -1 nm}", (1, 9), "must be at least 0"),
        ("{between: 0.5 s}", (1, 11), "must be at least 1 s"),
        ("{between: 2.5 s}", (1, 11), "must be at most 2 s"),
        ("{length: 2e6 m}", (1, 10), "must be at most"),
        ("{length: -2e6 m}", (1, 10), "must be at least"),
        ("{length: 5}", (1, 10), "has no unit"),
        ("{length: }", (1, 10), "expected a length"),
        ("{length: [5 um]}", (1, 10), "expected a length"),
        ("{length: {um: 5}}", (1, 10), "expected a length"),
        ("{ratio: .nan}", (1, 9), "not a quantity"),
        ("{energies: []}", (1, 12), "1 to 65,536 values"),
        ("{energies: [1 uJ, 2 uJ, 3 um]}", (1, 25), "not an energy"),
        ("{energies: [1 uJ, [2 uJ]]}", (1, 19), "expected an energy"),
        ("{energies: [1 uJ, 0 uJ]}", (1, 19), "must be above"),
        ("{energies: {from: 1 uJ, to: 2 uJ}}", (1, 12), "a range is written"),
        ("{energies: {from: 1 uJ, to: 2 uJ, count: 2, steps: 1}}", (1, 12), "a range is written"),
        ("{energies: {from: 1 um, to: 2 uJ, count: 2}}", (1, 19), "not an energy"),
        ("{energies: {from: 1 uJ, to: , count: 2}}", (1, 29), "expected an energy"),
        ("{energies: {from: 1 uJ, to: 2 uJ, count: 1}}", (1, 42), "count must be a whole number from 2"),
        ("{energies: {from: 1 uJ, to: 2 uJ, count: 2.5}}", (1, 42), "count must be"),
        ("{energies: {from: 1 uJ, to: 2 uJ, count: -3}}", (1, 42), "count must be"),
        ("{energies: {from: 1 uJ, to: 2 uJ, count: ٣}}", (1, 42), "count must be"),
        ("{energies: {from: 1 uJ, to: 2 uJ, count: 65537}}", (1, 42), "count must be"),
        ("{energies: {from: 1 uJ, to: 2 uJ, count: 000000010000000000}}", (1, 42), "count must be"),
        ("{energies: {from: 1 uJ, to: 2 uJ, count: " + "9" * 9999 + "}}", (1, 42), "count must be"),
        ("{energies: {from: 1 uJ, to: 2 uJ, count: [2]}}", (1, 42), "count must be"),
        ("{energies: {from: 1 uJ, to: 2 uJ, count: 2, scale: cubic}}", (1, 52), "scale must be"),
        ("{energies: {from: 1 uJ, to: 2 uJ, count: 2, scale: [log]}}", (1, 52), "scale must be"),
        ("{counts: [0]}", (1, 11), "must be at least 1"),
        ("{counts: 4294967296}", (1, 10), "must be at most"),
        ("{size: 1 um}", (1, 8), "'size' has too few values: number 2 is missing"),
        ("{size: [1 um, 2 um, 3 um]}", (1, 8), "at most 2 values"),
        ("{length: " + "x" * 5000 + "}", (1, 10), "is not a quantity"),
    ],
)
def test_every_misfit_has_the_place_of_its_token(text: str, where: tuple[int, int], says: str) -> None:
    found = refused(text)
    assert found[0] == where
    assert says in found[1]
    assert len(found[1]) < 400
    assert found[1].isprintable()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 10**400, True, 1j, b"5 um", object()])
def test_code_cannot_build_documents_from_unusable_numbers(value: object) -> None:
    with pytest.raises(ValueError, match=r"quantity|length|finite|large"):
        Everything.model_validate({"length": value})


def test_a_single_value_is_a_family_of_one() -> None:
    assert read("{energies: 5 uJ}").energies == (5.0,)
    assert read("{energies: [5 uJ, 1 uJ, 5 uJ]}").energies == (5.0, 1.0, 5.0), "order and repeats are the author's"


@given(st.integers(2, 300), st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_linear_ranges_are_even_and_meet_their_ends(count: int, start: float, stop: float) -> None:
    found = Everything.model_validate({"speeds": {"from": f"{start!r} um/s", "to": f"{stop!r} um/s", "count": count}})
    values = found.speeds
    assert (len(values), values[0], values[-1]) == (count, start, stop)
    steps = [b - a for a, b in pairwise(values)]
    assert all(isclose(step, (stop - start) / (count - 1), rel_tol=1e-6, abs_tol=1e-9) for step in steps)


@given(st.integers(2, 300), st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_logarithmic_ranges_have_even_ratios(count: int, start: float, stop: float) -> None:
    text = {"from": f"{start!r} um/s", "to": f"{stop!r} um/s", "count": str(count), "scale": "log"}
    values = Everything.model_validate({"speeds": text}).speeds
    assert (len(values), values[0], values[-1]) == (count, start, stop)
    ratios = [log(b / a) for a, b in pairwise(values)]
    assert all(isclose(r, log(stop / start) / (count - 1), rel_tol=1e-6, abs_tol=1e-9) for r in ratios)


def test_the_largest_family_is_read_and_the_next_is_not() -> None:
    assert len(read(f"{{energies: {{from: 1 uJ, to: 2 uJ, count: {MAX_FAMILY}}}}}").energies) == MAX_FAMILY
    assert len(read("energies: [" + "1 uJ," * MAX_FAMILY + "]").energies) == MAX_FAMILY
    assert "65,537 were found" in refused("energies: [" + "1 uJ," * (MAX_FAMILY + 1) + "]")[1]
    assert read(f"{{counts: {MAX_COUNT:.0f}}}").counts == (MAX_COUNT,)


@given(st.floats(1e-9, 1e8) | st.floats(-1e8, -1e-9) | st.just(0.0))
def test_what_is_shown_by_a_document_is_read_again(value: float) -> None:
    shown = Everything(length=value).model_dump()["length"]
    assert Everything.model_validate({"length": shown}).length == pytest.approx(value, rel=1e-5, abs=1e-12)
