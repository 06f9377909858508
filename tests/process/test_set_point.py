"""Set points against Malus' law worked by hand, straight lines and measured tables."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.errors import ParameterError
from lasercam.model.exposure import NO_SETTING
from lasercam.model.scale import EnergyScale
from lasercam.process.set_point import amount_at, program_setting, recipe_set_point, set_point
from tests.support import builders

PLATE = {"law": "malus", "unit": "deg", "low": 3.0, "high": 48.0, "zero": 3.0, "full": "200 uJ", "source": "lab"}


def scale(**changes: object) -> EnergyScale:
    return EnergyScale.model_validate({**PLATE, **changes})


def test_a_half_wave_plate_turns_the_polarization_twice_as_far() -> None:
    """A quarter of the light: sin² = 1/4 at 30°, which a plate reaches at 15° behind its zero, a polarizer at 30°."""
    assert set_point(scale(), 50.0).setting == pytest.approx(3.0 + 15.0, abs=1e-6)
    assert set_point(scale(turns="polarizer", high=93.0), 50.0).setting == pytest.approx(3.0 + 30.0, abs=1e-6)
    assert amount_at(scale(), 3.0 + 45.0) == pytest.approx(200.0)


def test_leakage_is_part_of_it() -> None:
    """dark 4, full 200: half way up is 102, at 22.5° of the plate."""
    leaky = scale(dark="4 uJ")
    assert set_point(leaky, 102.0).setting == pytest.approx(25.5, abs=1e-6)
    with pytest.raises(ParameterError, match="3 uJ cannot be reached: the source gives 4 to 200 uJ"):
        set_point(leaky, 3.0)


def test_a_word_is_a_straight_line() -> None:
    word = scale(law="linear", unit="S", low=1, high=1000, zero=0, full_at=1000, step=1)
    assert set_point(word, 50.0).setting == 250.0
    assert set_point(word, 50.03).setting == 250.0, "within 1 %"
    with pytest.raises(ParameterError, match=r"steps of 1 S give 0\.2 and 0\.4 uJ"):
        set_point(word, 0.3)


TABLE = {**PLATE, "law": "table", "unit": "deg", "low": 0, "high": 50, "zero": 0.0}
del TABLE["full"]


def test_a_measured_table_is_interpolated_and_never_left() -> None:
    rising = EnergyScale.model_validate({**TABLE, "points": [[0, "1 uJ"], [10, "5 uJ"], [40, "95 uJ"]]})
    assert set_point(rising, 50.0).setting == pytest.approx(25.0)
    falling = EnergyScale.model_validate({**TABLE, "points": [[0, "95 uJ"], [30, "5 uJ"], [40, "1 uJ"]]})
    assert set_point(falling, 50.0).setting == pytest.approx(15.0)
    for beyond in (0.9, 95.1):
        with pytest.raises(ParameterError, match=r"outside what was measured, 1 to 95 uJ"):
            set_point(rising, beyond)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"points": [[0, "1 uJ"]]}, "2 to 10,000 points"),
        ({"points": [[0, "1 uJ"], [0, "2 uJ"]]}, "settings of a measured scale rise"),
        ({"points": [[0, "1 uJ"], [1, "3 uJ"], [2, "2 uJ"]]}, "all rise or all fall"),
        ({}, "needs a `table: FILE.csv`"),
        ({"law": "malus"}, "needs `full`"),
        ({"law": "linear", "full": "1 uJ"}, "needs `full_at`"),
        ({"law": "malus", "full": "1 uJ", "table": "a.csv"}, "has no table"),
        ({"low": 50, "high": 0}, "low below high"),
        ({"law": "malus", "full": "1 uJ", "dark": "2 uJ", "high": 45}, "`full` must be above `dark`"),
        ({"law": "malus", "full": "1 uJ", "high": 45.1}, "rises from `zero` = 0 to full light at 45"),
    ],
)
def test_scales_that_say_nothing_are_refused(changes: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        EnergyScale.model_validate({**TABLE, **changes})


def test_the_objective_is_part_of_the_chain() -> None:
    """40 uJ on target behind an objective of 80 % are 50 before it: a quarter of 200, 15° of the plate."""
    objective = {"name": "test", "na": 0.4, "working_distance": "10 mm", "transmission": 0.8, "source": "lab"}
    machine = builders.machine(laser=laser(control="operator", measured="before_objective"), objective=objective)
    recipe = builders.dot_recipe(laser=builders.LASER.__class__(1030.0, 300.0, 1e4, 40.0))
    point = recipe_set_point(recipe, machine)
    assert point is not None
    assert point.setting == pytest.approx(18.0, abs=1e-6)
    assert point.amount == pytest.approx(40.0, rel=1e-6)
    blind = builders.machine(laser=laser(control="operator", measured="before_objective"))
    with pytest.raises(ParameterError, match="does not say its `transmission`"):
        recipe_set_point(recipe, blind)


def laser(*, control: str, **changes: object) -> dict[str, object]:
    setting = {"control": control, "min": "0.1 uJ", "max": "200 uJ", "scale": {**PLATE, **changes}}
    if control == "analog":
        setting["output"] = 0
    return {
        "wavelength": "1030 nm", "pulse_duration": "300 fs", "base_rate": "100 kHz", "max_divider": 100,
        "pulse_energy": setting, "source": "example value",
    }  # fmt: skip


def test_only_a_program_that_sets_energies_has_settings() -> None:
    recipe = builders.dot_recipe()
    assert program_setting(recipe, builders.machine(laser=laser(control="operator"))) == NO_SETTING
    assert program_setting(recipe, builders.machine()) == NO_SETTING
    assert program_setting(recipe, builders.machine(laser=laser(control="analog"))) == 18_000_000


@given(st.floats(0.5, 199.5), st.sampled_from(["malus", "linear", "table"]), st.floats(0.3, 1.0))
def test_what_is_set_gives_what_is_asked(amount: float, law: str, share: float) -> None:
    points = [[i, f"{0.1 + 250 * math.sin(i / 60) ** 2} uJ"] for i in range(0, 91, 3)]
    form = {
        "malus": scale(full="800 uJ", dark="0.01 uJ"),
        "linear": scale(law="linear", zero=50, full_at=-10, full="800 uJ", low=-20, high=60),
        "table": EnergyScale.model_validate({**TABLE, "high": 90, "points": points}),
    }[law]
    if law == "table" and not 0.1 <= amount / share <= 249.0:
        with pytest.raises(ParameterError):
            set_point(form, amount, share)
        return
    point = set_point(form, amount, share)
    assert point.amount == pytest.approx(amount, rel=1e-2)
    assert amount_at(form, point.setting) * share == pytest.approx(point.amount)
