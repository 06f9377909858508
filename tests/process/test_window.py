"""Judging a value by a window: a plain second implementation on exact fractions, and the cases of the library."""

from fractions import Fraction
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.errors import ParameterError
from lasercam.model.confidence import Confidence, worst
from lasercam.model.process_window import PARAMETERS, Window
from lasercam.process.library import load_library, load_process
from lasercam.process.window import candidate_of, confidence_of, describe, position

STATED, DERIVED, ASSUMED = Confidence.STATED, Confidence.DERIVED, Confidence.ASSUMED


@pytest.mark.parametrize(
    ("process", "parameter", "value", "where", "confidence"),
    [
        ("glass_bri_lines", "speed", 400.0, "stated", "stated"),
        ("glass_bri_lines", "speed", 401.0, "extrapolated", "extrapolated"),
        ("glass_bri_lines", "pulse_energy", 50.0, "candidate", "derived"),
        ("glass_bri_lines", "pulse_energy", 200.0, "candidate", "stated"),
        ("glass_bri_lines", "pulse_energy", 100.0, "extrapolated", "extrapolated"),
        ("glass_bri_lines", "pulse_pitch", 0.04, "stated", "derived"),
        ("glass_bri_dots", "pulse_energy", 200.0, "candidate", "assumed"),
        ("glass_bri_dots", "exposure", 0.999, "below", "extrapolated"),
        ("glass_bri_dots", "exposure", 1.0, "inside", "stated"),
        ("glass_bri_dots", "exposure", 30.0, "inside", "stated"),
        ("glass_bri_rewrite", "average_power", 500_000.0, "unbounded", "unknown"),
        ("glass_bri_heat_treatment", "temperature", 199.0, "extrapolated", "extrapolated"),
        ("glass_bri_heat_treatment", "temperature", 400.0, "inside", "stated"),
        ("glass_bri_heat_treatment", "temperature", 551.0, "extrapolated", "extrapolated"),
        ("film_cspbbr3_microdisc", "fluence", 0.11, "stated", "stated"),
        ("film_cspbbr3_microdisc", "fluence", 0.1101, "extrapolated", "extrapolated"),
        ("film_cspbbr3_readout_limit", "fluence", 0.005, "inside", "derived"),
        ("film_cspbbr3_readout_limit", "fluence", 0.00501, "above", "extrapolated"),
        ("glass_halide_colour_3d", "repetition_rate", 10_000.0, "extrapolated", "assumed"),
    ],
)
def test_values_in_shipped_windows(process: str, parameter: str, value: float, where: str, confidence: str) -> None:
    window = load_process(process).parameters[parameter]
    assert position(window, value) == where
    assert confidence_of(window, value).value == confidence


values = st.integers(-40, 40).map(lambda i: i / 4)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    low, typ, high = sorted(draw(st.tuples(values, values, values)))
    has = draw(st.tuples(st.booleans(), st.booleans(), st.booleans(), st.booleans()))
    picked = draw(st.lists(values, max_size=3, unique=True))
    return Window(
        min=low if has[0] else None,
        typ=typ if has[1] and not picked else None,
        max=high if has[2] else None,
        tolerance=draw(st.sampled_from([0.25, 1.0])) if has[1] and has[3] and not picked else None,
        candidates=tuple((c, draw(st.sampled_from([STATED, DERIVED])), "") for c in picked),
        outside=draw(st.sampled_from(["fails", "unexplored"])),
        confidence=draw(st.sampled_from([STATED, ASSUMED])),
    )


def plainly(window: Window, value: Fraction) -> str:
    def exact(number: float | None) -> Fraction | None:
        return None if number is None else Fraction(number)

    low, typ, high = exact(window.min), exact(window.typ), exact(window.max)
    fails = window.outside == "fails"
    if value in {Fraction(c[0]) for c in window.candidates}:
        return "candidate"
    if typ is not None and abs(value - typ) <= Fraction(window.tolerance or 0):
        return "stated"
    if low is not None and value < low:
        return "below" if fails else "extrapolated"
    if high is not None and value > high:
        return "above" if fails else "extrapolated"
    if low is not None or high is not None:
        return "inside"
    return "extrapolated" if typ is not None or window.candidates else "unbounded"


@given(windows(), values)
def test_agrees_with_exact_fractions(window: Window, value: float) -> None:
    assert position(window, value) == plainly(window, Fraction(value))


@given(windows(), values)
def test_trust_is_never_better_than_the_window(window: Window, value: float) -> None:
    found = confidence_of(window, value)
    assert worst([found, window.confidence]) is found
    if position(window, value) in ("extrapolated", "below", "above"):
        assert worst([found, Confidence.EXTRAPOLATED]) is found


@given(windows(), values)
def test_rounding_of_the_last_digits_changes_nothing(window: Window, value: float) -> None:
    assert position(window, value * (1 + 1e-12)) == position(window, value)


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_no_number_is_refused(value: float) -> None:
    with pytest.raises(ParameterError, match="finite"):
        position(Window(typ=1.0, confidence=STATED), value)
    with pytest.raises(ParameterError, match="finite"):
        confidence_of(Window(min=1.0, confidence=STATED), value)


def test_a_candidate_says_what_it_assumes() -> None:
    window = load_process("film_cspbbr3_microdisc").parameters["pulse_energy"]
    chosen = candidate_of(window, 0.02827)
    assert chosen is not None
    assert "4 to 5 um" in chosen[2]
    assert candidate_of(window, 0.03) is None


def test_every_shipped_point_is_where_it_says() -> None:
    for process in load_library().values():
        for window in process.parameters.values():
            if window.typ is not None:
                assert position(window, window.typ) == "stated"
            for number, _, _ in window.candidates:
                assert position(window, number) == "candidate"
            for bound in (window.min, window.max):
                assert bound is None or position(window, bound) == "inside"


@pytest.mark.parametrize(
    ("process", "parameter", "words"),
    [
        ("glass_bri_lines", "speed", "0.4 mm/s"),
        ("glass_waveguide_borosilicate", "repetition_rate", "200 kHz to 2 MHz"),
        ("glass_low_rep_class", "repetition_rate", "at most 1 kHz"),
        ("glass_bri_rewrite", "average_power", "as in the first pass"),
        ("glass_bri_rewrite", "wavelength", "1030 nm, as in the first pass"),
        ("glass_bri_lines", "pulse_energy", "200 µJ or 50 µJ"),
    ],
)
def test_windows_in_words(process: str, parameter: str, words: str) -> None:
    assert describe(parameter, load_process(process).parameters[parameter]) == words


def test_every_parameter_can_be_described() -> None:
    for name in PARAMETERS:
        assert describe(name, Window(min=1.0, confidence=STATED)).startswith("at least 1")
