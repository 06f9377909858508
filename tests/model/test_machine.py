"""What a machine profile may say about its laser: pulses or continuous light, never half of each."""

from typing import Any

import pytest
from pydantic import ValidationError

from lasercam.model.laser import Laser
from lasercam.model.recipe import LaserSettings

PULSED: dict[str, Any] = {
    "wavelength": "1030 nm", "pulse_duration": "300 fs", "base_rate": "100 kHz",
    "pulse_energy": {"min": "0.1 uJ", "max": "200 uJ"}, "source": "example value",
}  # fmt: skip
CW: dict[str, Any] = {
    "regime": "cw", "wavelength": "405 nm", "average_power": {"min": "1 uW", "max": "50 mW"}, "source": "example value",
}  # fmt: skip


def without(data: dict[str, Any], *keys: str, **more: Any) -> dict[str, Any]:
    return {k: v for k, v in data.items() if k not in keys} | more


def test_a_laser_is_pulsed_unless_it_says_otherwise():
    laser = Laser.model_validate(PULSED)
    assert (laser.regime, laser.is_cw, laser.average_power) == ("pulsed", False, None)
    laser = Laser.model_validate(CW)
    assert (laser.is_cw, laser.pulse_duration, laser.base_rate, laser.pulse_energy) == (True, None, None, None)
    assert laser.average_power is not None
    assert (laser.average_power.min, laser.average_power.max) == (1.0, 50_000.0)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (without(PULSED, "pulse_energy"), "a pulsed laser needs pulse_energy"),
        (without(PULSED, "base_rate", "pulse_duration"), "needs pulse_duration and base_rate"),
        (without(PULSED, average_power=CW["average_power"]), "average_power is set at continuous lasers"),
        (without(CW, "average_power"), "`regime: cw` needs average_power"),
        (without(CW, base_rate="10 kHz"), "has no pulses, so no base_rate"),
        (without(CW, pulse_energy=PULSED["pulse_energy"], pulse_duration="1 ns"), "no pulse_duration and pulse_energy"),
        (without(CW, max_divider=10), "so no max_divider"),
        (without(CW, average_power={"min": "2 mW", "max": "1 mW"}), "min not above max"),
        (without(CW, regime="continuous"), "'pulsed' or 'cw'"),
    ],
)
def test_a_laser_of_half_a_kind_is_refused(data: dict[str, Any], says: str):
    with pytest.raises(ValidationError) as caught:
        Laser.model_validate(data)
    assert says in str(caught.value)


def test_the_average_power_of_pulses_follows_and_that_of_continuous_light_is_set():
    pulses = LaserSettings(1030.0, 300.0, 10e3, 50.0)
    assert (pulses.average_power_uw, pulses.is_cw) == (500e3, False)
    light = LaserSettings(405.0, cw_power_uw=1000.0)
    assert (light.average_power_uw, light.is_cw, light.rep_rate_hz) == (1000.0, True, 0.0)
