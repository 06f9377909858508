"""PHAROS and CARBIDE lasers: picker divider, attenuator and output through the REST service of their control program.

Source: names, methods, units and default ports of Light Conversion's own Python package `lightcon` 1.7.0 (PyPI, MIT
licence), which knows status, divider and output; attenuator and energies as several laboratories' public clients use
them. Written anew; never run against a real laser.
"""

from math import isfinite
from typing import Annotated, Any, ClassVar

from pydantic import Field

from lasercam.errors import LinkError, shorten
from lasercam.lasers.rest import RestLink
from lasercam.model.laser import Laser
from lasercam.model.laser_control import AdapterKeys, LaserState, LaserTargets, SettlingKeys
from lasercam.schema.quantities import Bounds, Quantity
from lasercam.units import TIME

_HZ_PER_KHZ = 1000.0
_UW_PER_W = 1e6
_DIGITS = 4  # of a percentage that is sent: finer than any attenuator


class PharosKeys(SettlingKeys):
    """Keys of the kinds `pharos` and `carbide`."""

    url: Annotated[str, Field(min_length=8, max_length=200)]
    """Where the laser's REST service answers, with port and version: http://192.168.240.10:20022/v1."""
    timeout: Annotated[float, Quantity(TIME, Bounds(above=0.0, at_most=60.0))] = 2.0
    """Longest wait for one answer."""


class PharosLaser:
    """A PHAROS or CARBIDE behind its REST service."""

    Keys: ClassVar[type[AdapterKeys]] = PharosKeys
    summary: ClassVar[str] = "PHAROS and CARBIDE (Light Conversion) over REST: picker divider, attenuator, output"
    reads_back: ClassVar[bool] = True
    explanation: ClassVar[str] = """\
Sent, below the `url` of the profile, numbers as JSON:
  GET  Basic                             everything that is read, in one answer
  PUT  Basic/TargetPpDivider             10
  PUT  Basic/TargetAttenuatorPercentage  34.2
  POST Basic/EnableOutput                asks for light
  POST Basic/CloseOutput                 asks for darkness
Read from Basic: ActualPpDivider, ActualAttenuatorPercentage (%), ActualOutputFrequency (kHz, behind the picker),
IsOutputEnabled, ActualStateName, ActualOutputEnergy (µJ), ActualOutputPower (W). After setting, they are read until
they agree with the targets within the profile's tolerances, for `settle_time` at most; a rate that does not fit
base_rate / divider shows a wrong preset. A PUT or POST that the laser answers with 403 is out of bounds or does not
fit its state.

Ports differ between models and set-ups (20022 and 20020 were seen for PHAROS, 20018 for CARBIDE, 20010 for the
vendor's emulator): the url names it. Requests follow no redirects and use no proxy. The service has no password: keep
it on the stage's own network.

Proven against a server that behaves like one, faults included; not against a laser.
"""

    def __init__(self, keys: PharosKeys, laser: Laser) -> None:
        self.keys = keys
        self._link = RestLink(keys.url, keys.timeout)

    def read(self) -> LaserState:
        """What the laser does now."""
        basic = self._link.get("Basic")
        if not isinstance(basic, dict):
            raise LinkError(f"{self.keys.url}/Basic answers no status, but {shorten(repr(basic))}")
        rate_khz = _number(basic, "ActualOutputFrequency")
        power_w = _number(basic, "ActualOutputPower")
        return LaserState(
            is_open=_flag(basic, "IsOutputEnabled"),
            divider=_whole(basic, "ActualPpDivider"),
            attenuator_percent=_number(basic, "ActualAttenuatorPercentage"),
            rate_hz=None if rate_khz is None else rate_khz * _HZ_PER_KHZ,
            condition=shorten(str(basic.get("ActualStateName") or "")),
            pulse_energy_uj=_number(basic, "ActualOutputEnergy"),
            power_uw=None if power_w is None else power_w * _UW_PER_W,
        )

    def set_targets(self, targets: LaserTargets) -> None:
        """Ask for divider and attenuator."""
        self._link.put("Basic/TargetPpDivider", targets.divider)
        if targets.attenuator_percent is not None:
            self._link.put("Basic/TargetAttenuatorPercentage", round(targets.attenuator_percent, _DIGITS))

    def open_output(self) -> None:
        """Ask for light."""
        self._link.post("Basic/EnableOutput")

    def close_output(self) -> None:
        """Ask for darkness."""
        self._link.post("Basic/CloseOutput")


def _number(basic: dict[str, Any], name: str) -> float | None:
    """A finite number of the status; None where it has no such entry."""
    value = basic.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise LinkError(f"the laser's {name} is {shorten(repr(value))}, not a number")
    return float(value)


def _whole(basic: dict[str, Any], name: str) -> int | None:
    value = _number(basic, name)
    if value is None:
        return None
    if value != int(value):
        raise LinkError(f"the laser's {name} is {value:g}, not a whole number")
    return int(value)


def _flag(basic: dict[str, Any], name: str) -> bool | None:
    value = basic.get(name)
    if value is not None and not isinstance(value, bool):
        raise LinkError(f"the laser's {name} is {shorten(repr(value))}, neither true nor false")
    return value
