"""The `$` settings of a simulated controller: what it stores, refuses and lists.

Source: GRBL 1.1 documentation "Settings"; numbers of the error codes from its list of error codes.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from lasercam.model.machine import Machine

_DEFAULTS: Final[Mapping[int, float]] = {
    0: 10, 1: 25, 2: 0, 3: 0, 4: 0, 5: 0, 6: 0, 10: 1, 11: 0.01, 12: 0.002, 13: 0, 20: 0, 21: 0, 22: 0, 23: 0,
    24: 25, 25: 500, 26: 250, 27: 1, 30: 1000, 31: 0, 32: 0, 100: 1000, 101: 1000, 102: 1000, 110: 600, 111: 600,
    112: 600, 120: 50, 121: 50, 122: 50, 130: 200, 131: 200, 132: 200,
}  # fmt: skip
"""Example values: those of no particular machine."""
_SHOWN_WITH_DECIMALS: Final = frozenset((11, 12, 24, 25, 27)) | frozenset(range(100, 133))
_SWITCHES: Final = frozenset((4, 5, 6, 13, 20, 21, 22, 32))
_NEGATIVE, _SHORT_PULSE, _NO_HOMING, _UNKNOWN = 4, 6, 10, 3


class GrblSettings:
    """What `$$` shows.

    Args:
        values: by number; those not given are example values.

    Raises:
        ValueError: a number that GRBL does not have.
    """

    def __init__(self, values: Mapping[int, float] | None = None) -> None:
        unknown = set(values or {}) - set(_DEFAULTS)
        if unknown:
            raise ValueError(f"GRBL has no setting ${min(unknown)}")
        self._values = {number: float(value) for number, value in {**_DEFAULTS, **(values or {})}.items()}

    def __getitem__(self, number: int) -> float:
        return self._values[number]

    def is_on(self, number: int) -> bool:
        """Whether a switch is on."""
        return self._values[number] != 0

    def per_axis(self, first: int) -> tuple[float, float, float]:
        """Settings of X, Y and Z from number `first` on."""
        return self._values[first], self._values[first + 1], self._values[first + 2]

    def store(self, number: float, value: float) -> int:
        """Change one setting; the error code, 0 for none."""
        key = int(number)
        if value < 0:
            return _NEGATIVE
        if key not in self._values:
            return _UNKNOWN
        if key == 0 and value < 3:
            return _SHORT_PULSE
        if key == 20 and value and not self.is_on(22):
            return _NO_HOMING
        if key in _SWITCHES:
            value = float(int(value) != 0)
        elif key not in _SHOWN_WITH_DECIMALS and key not in (30, 31):
            value = float(int(value) % 256)
        self._values[key] = value
        if key == 22 and not value:
            self._values[20] = 0
        return 0

    def lines(self) -> Iterator[str]:
        """As `$$` lists them."""
        for number, value in self._values.items():
            yield f"${number}={value:.3f}" if number in _SHOWN_WITH_DECIMALS else f"${number}={value:.0f}"


def settings_of(machine: Machine, *, homing: bool = True) -> GrblSettings:
    """Settings of a controller that drives the stage of a profile: its speeds, accelerations, travel and increment.

    Args:
        machine: its `controller.settings` named by numbers are taken over; others are for other controllers.
        homing: whether it homes and keeps soft limits.
    """
    values: dict[int, float] = {10: 3, 11: machine.controller.path_tolerance / 1e3, 20: homing, 22: homing}
    for index, axis in enumerate((machine.axes.x, machine.axes.y, machine.axes.z)):
        values[100 + index] = 1e3 / machine.controller.increment
        values[110 + index] = axis.max_speed * 60 / 1e3
        values[120 + index] = axis.acceleration / 1e3
        values[130 + index] = (axis.max - axis.min) / 1e3
    values[25] = min(values[110], values[111], values[112])
    values[24] = values[25] / 10
    for name, text in machine.controller.settings.items():
        if name.isdecimal() and int(name) in _DEFAULTS:
            values[int(name)] = float(text)
    return GrblSettings(values)


def work_offset_mm(machine: Machine) -> tuple[float, float, float]:
    """G54 of that stage: homed at the upper ends of its axes, GRBL's machine coordinates are negative or zero."""
    axes = machine.axes
    return -axes.x.max / 1e3, -axes.y.max / 1e3, -axes.z.max / 1e3
