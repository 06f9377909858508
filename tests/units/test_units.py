import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam import units
from lasercam.errors import QuantityError
from lasercam.units import Dimension, format_quantity, parse_quantity

ALL = [value for value in vars(units).values() if isinstance(value, Dimension)]

SPELLINGS = [
    ("200 um", units.LENGTH, 200.0),
    ("200 \u00b5m", units.LENGTH, 200.0),
    ("200 \u03bcm", units.LENGTH, 200.0),
    ("200um", units.LENGTH, 200.0),
    (" 200 \t um \n", units.LENGTH, 200.0),
    ("2e-1 mm", units.LENGTH, 200.0),
    (".2 mm", units.LENGTH, 200.0),
    ("200. um", units.LENGTH, 200.0),
    ("+0.02 cm", units.LENGTH, 200.0),
    ("-5 nm", units.LENGTH, -0.005),
    ("1030 nm", units.WAVELENGTH, 1030.0),
    ("1.03 µm", units.WAVELENGTH, 1030.0),
    ("300 fs", units.PULSE_DURATION, 300.0),
    ("0.3 ps", units.PULSE_DURATION, 300.0),
    ("2 min", units.TIME, 120.0),
    ("1.5 h", units.TIME, 5400.0),
    ("1 d", units.TIME, 86400.0),
    ("50 uJ", units.ENERGY, 50.0),
    ("0.05 mJ", units.ENERGY, 50.0),
    ("10 kHz", units.FREQUENCY, 1e4),
    ("80 MHz", units.FREQUENCY, 8e7),
    ("0.4 mm/s", units.SPEED, 400.0),
    ("0.4 mm / s", units.SPEED, 400.0),
    ("24 mm/min", units.SPEED, 400.0),
    ("1 m/s^2", units.ACCELERATION, 1e6),
    ("1 m/s2", units.ACCELERATION, 1e6),
    ("1 m/s²", units.ACCELERATION, 1e6),
    ("1 m/s/s", units.ACCELERATION, 1e6),
    ("500 mW", units.POWER, 5e5),
    ("0.5 J/s", units.POWER, 5e5),
    ("0.1 J/cm2", units.FLUENCE, 0.1),
    ("0.1 J/cm^2", units.FLUENCE, 0.1),
    ("0.1 J/cm²", units.FLUENCE, 0.1),
    ("0.1 J·cm^-2", units.FLUENCE, 0.1),
    ("1 kJ/m^2", units.FLUENCE, 0.1),
    ("500 W/cm²", units.IRRADIANCE, 500.0),
    ("1.25 J/mm", units.LINE_DOSE, 1.25),
    ("200 °C", units.TEMPERATURE, 200.0),
    ("200 degC", units.TEMPERATURE, 200.0),
    ("200 C", units.TEMPERATURE, 200.0),
    ("473.15 K", units.TEMPERATURE, 200.0),
    ("-10 °C", units.TEMPERATURE, -10.0),
    ("5 °C/min", units.TEMPERATURE_RATE, 5.0),
    ("0.5 K/s", units.TEMPERATURE_RATE, 30.0),
    ("60 K/h", units.TEMPERATURE_RATE, 1.0),
    ("45 deg", units.ANGLE, 45.0),
    ("45°", units.ANGLE, 45.0),
    ("12 %", units.RATIO, 0.12),
    ("0.12", units.RATIO, 0.12),
    ("5 um/mm", units.RATIO, 0.005),
]


@pytest.mark.parametrize(("text", "dimension", "value"), SPELLINGS)
def test_every_spelling(text: str, dimension: Dimension, value: float) -> None:
    assert parse_quantity(text, dimension) == value


DIMENSION_UNITS = [
    (units.LENGTH, {"nm": Fraction(1, 1000), "um": 1, "µm": 1, "mm": 1000, "cm": 10**4, "m": 10**6, "km": 10**9}),
    (units.TIME, {"fs": Fraction(1, 10**15), "us": Fraction(1, 10**6), "s": 1, "min": 60, "h": 3600, "d": 86400}),
    (units.SPEED, {"nm/s": Fraction(1, 1000), "mm/s": 1000, "mm/min": Fraction(1000, 60), "m/s": 10**6}),
    (units.FLUENCE, {"J/cm^2": 1, "mJ/cm2": Fraction(1, 1000), "uJ/mm2": Fraction(1, 10**4)}),
    (units.TEMPERATURE_RATE, {"K/min": 1, "K/s": 60, "degC/h": Fraction(1, 60)}),
    (units.RATIO, {"": 1, "%": Fraction(1, 100)}),
]  # fmt: skip
NUMBERS = st.from_regex(r"-?[0-9]{1,14}(\.[0-9]{0,20})?(e-?[0-9])?", fullmatch=True)


@given(st.sampled_from(DIMENSION_UNITS), st.data())
def test_conversion_is_exact_and_rounded_once(case: tuple[Dimension, dict[str, Fraction]], data: st.DataObject) -> None:
    dimension, factors = case
    unit = data.draw(st.sampled_from(sorted(factors)))
    number = data.draw(NUMBERS)
    exact = Fraction(number) * factors[unit]
    if abs(Fraction(number)) > 10**15 or abs(exact) > 10**15:
        with pytest.raises(QuantityError, match="beyond any laser or stage"):
            parse_quantity(f"{number} {unit}", dimension)
    else:
        assert parse_quantity(f"{number} {unit}", dimension) == float(exact)


@given(st.sampled_from(ALL), st.floats(1e-12, 1e14), st.sampled_from([1.0, -1.0]))
def test_what_is_shown_reads_back_to_six_digits(dimension: Dimension, size: float, sign: float) -> None:
    value = size * sign
    if dimension is units.TEMPERATURE:
        value = max(value, -273.0)
    again = parse_quantity(format_quantity(value, dimension), dimension)
    assert again == pytest.approx(value, rel=5.1e-6, abs=1e-300)


@pytest.mark.parametrize("dimension", ALL, ids=lambda d: d.name)
def test_zero_and_examples_read_back(dimension: Dimension) -> None:
    assert parse_quantity(format_quantity(0.0, dimension), dimension) == 0.0
    assert str(parse_quantity(f"-0 {dimension.unit}", dimension)) == "0.0"
    value = parse_quantity(dimension.example, dimension)
    assert parse_quantity(format_quantity(value, dimension), dimension) == value


def test_numbers_of_numpy_are_shown_like_others() -> None:
    import numpy as np

    assert format_quantity(np.float64(400.0), units.SPEED) == "0.4 mm/s"
    assert format_quantity(float("nan"), units.SPEED).startswith("nan")
    assert format_quantity(float("inf"), units.LENGTH).startswith("inf")


@pytest.mark.parametrize("text", ["12", "-1.5e3", "0"])
@pytest.mark.parametrize("dimension", [d for d in ALL if d.unit], ids=lambda d: d.name)
def test_a_bare_number_is_refused_with_a_way_out(text: str, dimension: Dimension) -> None:
    with pytest.raises(QuantityError, match="has no unit") as caught:
        parse_quantity(text, dimension)
    assert f"'{dimension.example}'" in str(caught.value)
    assert f"'{text} {dimension.unit}'" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["", " ", "nan um", "inf um", "-inf", "um", "abc", "1,5 um", "1 000 um", "1_000 um", "1.2.3 um", "--1 um", "1e um",
     "٣ um", "１ um", "0x10 um", "1" * 31 + " um", "1.5 .5 um", "12:30", "NO", "010'"],
)  # fmt: skip
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(QuantityError):
        parse_quantity(text, units.LENGTH)


@pytest.mark.parametrize(
    "text", ["1e16 nm", "-1e16 um", "1e99 um", "1e7 Gm", "9" * 30 + " um", "1e100 um", "1 Gm^9", "1" + " m*m" * 9]
)
def test_what_is_beyond_reason_is_refused(text: str) -> None:
    with pytest.raises(QuantityError):
        parse_quantity(text, units.LENGTH)


def test_endless_units_are_refused_quickly() -> None:
    for unit in ("*".join(["Gm^9"] * 20_000), "m" * 1_000_000, "/" * 100_000, "Gm^9" * 9):
        with pytest.raises(QuantityError) as caught:
            parse_quantity(f"1 {unit}", units.LENGTH)
        assert len(str(caught.value)) < 300


@pytest.mark.parametrize("dimension", ALL, ids=lambda d: d.name)
def test_another_dimension_is_refused(dimension: Dimension) -> None:
    for other in ALL:
        if other.exponents == dimension.exponents:
            continue
        with pytest.raises(QuantityError, match=re.escape(dimension.name.split(" ", 1)[1])):
            parse_quantity(other.example, dimension)


@pytest.mark.parametrize(
    ("text", "dimension", "meant"),
    [
        ("200 umm", units.LENGTH, "um"),
        ("200 Um", units.LENGTH, "um"),
        ("200 µmm", units.LENGTH, "um"),
        ("200 MM", units.LENGTH, "mm"),
        ("10 khz", units.FREQUENCY, "kHz"),
        ("80 mhz", units.FREQUENCY, "MHz"),
        ("50 uj", units.ENERGY, "uJ"),
        ("0.1 J/cm^²", units.FLUENCE, "J/cm^2"),
        ("0.4 mms", units.SPEED, "mm/s"),
        ("0.4 mm/sec", units.SPEED, "mm/s"),
        ("500 mw", units.POWER, "mW"),
        ("300 Fs", units.PULSE_DURATION, "fs"),
        ("45 degs", units.ANGLE, "deg"),
        ("12 percent", units.RATIO, None),
    ],
)
def test_messages_name_the_nearest_unit(text: str, dimension: Dimension, meant: str | None) -> None:
    with pytest.raises(QuantityError, match="unknown unit") as caught:
        parse_quantity(text, dimension)
    assert (f"did you mean '{meant}'?" if meant else dimension.example) in str(caught.value)


def test_temperatures_end_at_absolute_zero() -> None:
    assert parse_quantity("0 K", units.TEMPERATURE) == -273.15
    for text in ("-0.001 K", "-273.16 degC"):
        with pytest.raises(QuantityError, match="absolute zero"):
            parse_quantity(text, units.TEMPERATURE)


@given(st.text(max_size=60), st.sampled_from(ALL))
def test_any_text_is_a_quantity_or_a_clear_refusal(text: str, dimension: Dimension) -> None:
    try:
        value = parse_quantity(text, dimension)
    except QuantityError as error:
        value, message = 0.0, str(error)
    else:
        message = ""
    assert abs(value) <= 1e15
    assert message.isprintable()


@given(st.from_regex(r"[0-9.eE+-]{1,12} ?[a-zA-Zµ%°²^/*·0-9-]{0,12}", fullmatch=True), st.sampled_from(ALL))
def test_near_quantities_are_quantities_or_clear_refusals(text: str, dimension: Dimension) -> None:
    test_any_text_is_a_quantity_or_a_clear_refusal.hypothesis.inner_test(text, dimension)
