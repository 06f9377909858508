"""Fits of tables whose truth is known, and refusals of tables that hold none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.errors import FitError, ParameterError
from lasercam.process.ablation import ablated_diameter_um, incubated_threshold_j_cm2, liu_fit
from lasercam.process.fit.emission import fit_emission
from lasercam.process.fit.line_width import fit_line_width
from lasercam.process.fit.predict import predicted, setting_for
from lasercam.process.fit.results import read_results
from lasercam.process.fit.threshold import fit_threshold
from tests.process.fit.tables import dots, lines, peaks, table


def read(columns):
    return read_results(table(columns), "r.csv")


def value(fitted, name):
    number = fitted.coefficients[name]
    return number.value, number.std


def test_exact_dots_give_the_worked_example_of_a_liu_plot() -> None:
    columns = dots(w0=0.949571, threshold=1.1487, noise=0.0)
    fitted = fit_threshold(read(columns))
    plain = liu_fit(columns["pulse_energy_uJ"], columns["width_um"])
    assert value(fitted, "spot_radius_um")[0] == pytest.approx(0.949571, rel=1e-6)
    assert value(fitted, "threshold_energy_uj")[0] == pytest.approx(1.1487, rel=1e-6)
    assert plain.threshold_energy_uj == pytest.approx(1.1487, rel=1e-6)
    assert fitted.r_squared == pytest.approx(1.0)
    assert fitted.notes == ("the threshold is that of a single pulse on one spot",)


def test_incubation_is_told_from_dots_of_different_pulse_numbers() -> None:
    columns = dots(w0=2.0, threshold=1.0, s=0.85, pulses=(1, 10, 100), noise=0.03, low=1.3, high=9)
    fitted = fit_threshold(read(columns))
    s, s_std = value(fitted, "incubation_s")
    assert abs(s - 0.85) < 4 * s_std < 0.08
    assert fitted.scatter == pytest.approx(0.03, rel=0.4), "µm of a diameter"
    # The formula library says what a hundred pulses need; so does the fit.
    expected = float(incubated_threshold_j_cm2(1.0, 100, 0.85))
    own = fitted.record("2026-01-01")
    found, std = predicted(own, {"pulse_energy": 3.0, "pulses": 100.0})
    assert found.value == pytest.approx(float(ablated_diameter_um(2.0, 3.0, expected)), abs=3 * std)


def test_exposure_times_rate_counts_as_pulses() -> None:
    columns = dots(w0=2.0, threshold=1.0, s=0.85, pulses=(10, 100, 1000), noise=0.02)
    pulses = columns.pop("pulses")
    timed = {**columns, "exposure_s": pulses / 1e3, "repetition_rate_Hz": np.full(len(pulses), 1e3)}
    assert value(fit_threshold(read(timed)), "incubation_s")[0] == pytest.approx(0.85, abs=0.02)


def test_a_line_with_outliers_is_found_where_least_squares_would_fail() -> None:
    columns = dots(noise=0.02, copies=4)
    columns["width_um"][[23, 26]] *= 1.7
    radius, std = value(fit_threshold(read(columns)), "spot_radius_um")
    assert abs(radius - 0.95) < 3 * std < 0.06
    assert abs(liu_fit(columns["pulse_energy_uJ"], columns["width_um"]).spot_radius_um - 0.95) > 0.1


@settings(max_examples=12, deadline=None)
@given(
    st.floats(0.3, 30),
    st.floats(0.01, 1e3),
    st.integers(0, 2**31),
    st.floats(1e-3, 0.03),
    st.floats(-1, 1),
    st.floats(-1, 1),
)
def test_truth_lies_within_five_standard_uncertainties(w0, unit, seed, noise, a, b) -> None:
    columns = dots(w0=w0, threshold=unit, low=1.2 * unit, high=8 * unit, noise=noise * w0, seed=seed)
    fitted = fit_threshold(read(columns), seed=seed)
    for name, truth in (("spot_radius_um", w0), ("threshold_energy_uj", unit)):
        found, std = value(fitted, name)
        assert abs(found - truth) <= 5 * std + 1e-9 * truth
        assert std < 0.2 * truth
    if max(abs(a), abs(b)) > 0.3:
        wide = fit_line_width(read(lines(a=a, b=b, noise=noise, seed=seed)), seed=seed)
        for name, truth in (("power_speed", a), ("power_pulse_energy", b)):
            found, std = value(wide, name)
            assert abs(found - truth) <= 5 * std + 1e-9


def test_uncertainties_are_neither_boasted_nor_hidden() -> None:
    """Over many tables, the truth lies within one standard uncertainty about as often as it should."""
    scores = []
    for seed in range(40):
        fitted = fit_line_width(read(lines(seed=seed)), seed=seed)
        for name, truth in (("power_speed", -0.3), ("power_pulse_energy", 0.5)):
            found, std = value(fitted, name)
            scores.append((found - truth) / std)
    within = np.mean(np.abs(scores) < 1)
    assert 0.55 < within < 0.9
    assert np.std(scores) < 1.4


def test_the_same_seed_gives_the_same_fit() -> None:
    one, two, other = (fit_line_width(read(lines()), seed=seed) for seed in (3, 3, 4))
    assert one.coefficients == two.coefficients
    assert one.coefficients["width_um"].value == other.coefficients["width_um"].value


def test_a_parabola_over_ln_dose_is_found() -> None:
    columns = peaks(lambda t: 600 + 12 * np.log(t) + 2 * np.log(t) ** 2, low=0.4, high=10)
    fitted = fit_emission(read(columns))
    assert fitted.curve == "quadratic"
    own = fitted.record("2026-01-01")
    for t in (0.4, 1.0, 3.0, 10.0):
        found, std = predicted(own, {"exposure": t})
        assert found.value == pytest.approx(600 + 12 * np.log(t) + 2 * np.log(t) ** 2, abs=2.5 * std)


def test_steps_become_straight_lines_between_levels_and_stay_monotonic() -> None:
    columns = peaks(lambda t: np.where(t < 1, 520.0, 600.0) + 0.01 * t, noise=0.5, levels=8)
    fitted = fit_emission(read(columns))
    assert fitted.curve == "piecewise_linear"
    values = [p.value for p in fitted.points]
    assert values == sorted(values)
    assert values[0] == pytest.approx(520, abs=1)
    assert values[-1] == pytest.approx(600, abs=1)
    assert all(0 < p.std < 1 for p in fitted.points)


def test_speed_and_energy_make_a_line_dose() -> None:
    columns = lines(noise=0)
    dose = columns["pulse_energy_uJ"] * 1e4 / columns["speed_um/s"] / 1e3
    columns["peak_nm"] = 580 + 9 * np.log(dose) + np.random.default_rng(5).normal(0, 0.5, dose.size)
    fitted = fit_emission(read(columns))
    assert fitted.inputs[0].parameter == "line_dose"
    assert (fitted.inputs[0].low, fitted.inputs[0].high) == pytest.approx((0.1, 6.0))
    assert value(fitted, "slope_nm")[0] == pytest.approx(9, abs=0.3)


@pytest.mark.parametrize("model", ["threshold", "line_width", "emission"])
def test_the_setting_for_a_wanted_result_gives_that_result(model: str) -> None:
    fitted = {
        "threshold": lambda: fit_threshold(read(dots())),
        "line_width": lambda: fit_line_width(read(lines())),
        "emission": lambda: fit_emission(read(peaks(lambda t: 600 + 12 * np.log(t)))),
    }[model]()
    own = fitted.record("2026-01-01")
    others = {i.parameter: i.reference for i in own.inputs}
    item = own.inputs[0]
    for share in (0.1, 0.5, 0.9):
        x = item.low * (item.high / item.low) ** share
        wanted = predicted(own, others | {item.parameter: x})[0].value
        assert setting_for(own, wanted, item.parameter, others).value == pytest.approx(x, rel=1e-6)
    with pytest.raises(ParameterError, match="outside the data"):
        setting_for(own, 1e4, item.parameter, others)
    with pytest.raises(ParameterError, match="extrapolation"):
        predicted(own, others | {item.parameter: 1.01 * item.high})


def few(columns, n):
    return {name: column[:n] for name, column in columns.items()}


def with_(columns, **more):
    """Columns with others replaced or added; short ones go round."""
    n = len(next(iter(columns.values())))
    return {**columns, **{k.replace("__", "/"): [v[i % len(v)] for i in range(n)] for k, v in more.items()}}


NOISE = np.random.default_rng(9).normal(0, 1, 400)


@pytest.mark.parametrize(
    ("fit", "columns", "says"),
    [
        (fit_threshold, few(dots(), 5), "too few points: [0-5] of 5"),
        (fit_threshold, with_(dots(), glows=["no"] * 21), "too few points: 0 of 21"),
        (fit_threshold, dots(low=5.0, high=5.5), "no spread: pulse_energy goes from 5 to 5.5"),
        (fit_threshold, dots(levels=2, copies=8), "2 different value"),
        (fit_threshold, with_(dots(), width_um=3 - 0.3 * np.log(dots()["pulse_energy_uJ"])), "non-monotonic"),
        (fit_threshold, with_(dots(), width_um=2 + 0.5 * np.abs(NOISE[:21])), "R²|hardly determine|non-monotonic"),
        (fit_threshold, dots(low=20, high=60, threshold=1.0), "extrapolation: the threshold"),
        (fit_threshold, dots(s=1.2, pulses=(1, 5, 25), high=20), "threshold would rise"),
        (fit_threshold, with_(dots(), speed_um__s=[100.0, 200.0, 300.0]), "speed varies"),
        (fit_threshold, with_(dots(), depth_um=[100.0, 200.0, 300.0]), "depth varies too"),
        (fit_threshold, with_(dots(), step=["a", "b"] * 10 + ["a"]), "several values of 'step'"),
        (fit_threshold, with_(lines(), pulse_energy_uJ=[10.0]), "speed varies"),
        (fit_line_width, dots(), "needs the speed"),
        (fit_line_width, with_(lines(), width_um=[5.0]), "no spread: all lines"),
        (fit_line_width, with_(lines(), width_um=np.exp(0.3 * NOISE[:25])), "explains only"),
        (fit_line_width, with_(lines(), repetition_rate_Hz=[1e4, 2e4]), "repetition_rate varies too"),
        (fit_line_width, with_(lines(), pulse_energy_uJ=lines()["speed_um/s"] / 10), "cannot be told apart"),
        (fit_emission, with_(lines(), peak_nm=[613.0]), "no spread: the peak moves by 0"),
        (fit_emission, peaks(lambda t: 600 + 0 * t), "no spread: the peak moves"),
        (fit_emission, peaks(lambda t: 600 - 8 * np.log(t) ** 2 + 3 * np.log(t)), "non-monotonic"),
        (fit_emission, peaks(lambda t: 60 + 5 * np.log(t)), "is none"),
        (fit_emission, peaks(lambda t: 600 + 9 * np.log(t), levels=4, copies=1), "too few points"),
        (fit_emission, peaks(lambda t: 600 + 9 * np.log(t), levels=4, copies=2, high=0.11), "no spread"),
    ],
)
def test_bad_data_are_refused_with_the_reason(fit, columns, says: str) -> None:
    with pytest.raises(FitError, match=says):
        fit(read(columns))


def test_widths_that_follow_no_power_law_are_refused() -> None:
    columns = lines(noise=0.01)
    columns["width_um"] = 2 + 1e3 / columns["speed_um/s"] ** 1.5 + 0.02 * np.abs(NOISE[:25])
    with pytest.raises(FitError, match="curved"):
        fit_line_width(read(columns))


def test_dark_cells_that_contradict_the_threshold_are_refused() -> None:
    columns = dots(copies=4)
    n = len(columns["width_um"])
    glows = ["yes"] * n
    bright = [i for i in range(n) if columns["pulse_energy_uJ"][i] > 4][::2]
    for i in bright:
        glows[i] = "no"
    with pytest.raises(FitError, match="does not agree"):
        fit_threshold(read({**columns, "glows": glows}))


def test_an_emission_of_several_settings_has_to_be_told_its_dose() -> None:
    columns = with_(peaks(lambda t: 600 + 9 * np.log(t)), pulse_energy_uJ=[5.0, 10.0])
    with pytest.raises(FitError, match="exposure and pulse_energy varies"):
        fit_emission(read(columns))
    with pytest.raises(FitError, match="pulse_energy varies too"):
        fit_emission(read(columns), against="exposure")
    fitted = fit_emission(read(columns).only("pulse_energy", "5 uJ"))
    assert fitted.constants["pulse_energy"] == 5.0
