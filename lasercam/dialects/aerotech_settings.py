"""What a profile states about an Aerotech controller under `controller.settings`: facts of one machine.

Neither writing nor reading code: both sides of the proof start from the same statement about the wiring.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from lasercam.dialects.controller_settings import Fault, Key, in_words, read_settings
from lasercam.model.machine import TICKS_PER_UM, Machine
from lasercam.model.toolpath import TICKS_PER_MM

AXIS_LETTERS = "XYZ"
_COUNTS = r"-?[1-9]\d{0,8}"
_AXIS = r"[A-Z][A-Za-z0-9]{0,15}"
_NUMBER = r"\d{1,3}"
_NAME = r"[A-Za-z][A-Za-z0-9]{0,63}"
_WHOLE = r"[1-9]\d{0,11}"
_DECIMAL = r"(?!0+(\.0*)?$)\d{1,7}(\.\d{1,6})?"


@dataclass(frozen=True)
class AerotechSettings:
    """The wiring and the choices of one machine.

    Attributes:
        pso_axis: the axis whose drive switches the beam.
        output: the drive's output: `PIN MODE` on an A3200, the pin's name (or empty) on Automation1.
        inputs: for x, y, z what the PSO hardware calls that axis' encoder; empty when it cannot track it.
        counts_per_mm: for x, y, z encoder counts as PSO counts them; negative when they fall while the axis rises.
        line_gate: `window` (switched on the fly, by position) or `stops` (switched at standstill).
        loops: whether runs of equal dots are written as loops.
        pulse_step_ns: grid of pulse times.
        pulse_max_ns: longest time a pulse train's cycle can last; longer dots are gated by dwells.
        ramp_rate: mm/s² of coordinated moves, as it is printed; empty leaves it to the controller.
    """

    pso_axis: str
    output: str
    inputs: tuple[str, str, str]
    counts_per_mm: tuple[int, int, int]
    line_gate: str
    loops: bool
    pulse_step_ns: int
    pulse_max_ns: int
    ramp_rate: str

    @property
    def tracked(self) -> tuple[bool, bool, bool]:
        """Whether positions of x, y, z can switch the beam."""
        x, y, z = (bool(name) and counts != 0 for name, counts in zip(self.inputs, self.counts_per_mm, strict=True))
        return x, y, z

    def counts(self, axis: int, ticks: int) -> int:
        """Encoder counts of a distance along an axis, which must be whole."""
        return ticks * self.counts_per_mm[axis] // TICKS_PER_MM


def _shared(input_pattern: str, example: str, pulse_step: str, pulse_max: str | None) -> list[Key]:
    keys = [Key("pso_axis", _AXIS, "the axis whose drive switches the beam", "X")]
    for letter in "xyz":
        counts = f"PSO counts per mm of {letter}, negative when they fall while {letter} rises"
        keys.append(Key(f"input_{letter}", input_pattern, f"the PSO encoder input that follows {letter}", example, ""))
        keys.append(Key(f"counts_per_mm_{letter}", _COUNTS, counts, "100000", "0"))
    return [
        *keys,
        Key("line_gate", "window|stops", "how lines are gated: window or stops", "window", "window"),
        Key("loops", "yes|no", "runs of equal dots as loops: yes or no", "yes", "yes"),
        Key("pulse_step_ns", _WHOLE, "the grid of pulse times in ns", pulse_step, pulse_step),
        Key("pulse_max_us", _WHOLE, "the longest pulse in µs", pulse_max or "1000000", pulse_max),
        Key("ramp_rate_mm_s2", _DECIMAL, "the acceleration of coordinated moves in mm/s²", "100", ""),
    ]


A3200_KEYS: Final = (
    *_shared(_NUMBER, "0", "1000", None),
    Key("output_pin", _NUMBER, "the pin of PSOOUTPUT CONTROL", "3"),
    Key("output_mode", _NUMBER, "the mode of PSOOUTPUT CONTROL", "0"),
)
"""An A3200 takes pulse times in µs; every public example uses whole ones, so that is the grid unless stated."""
AUTOMATION1_KEYS: Final = (
    *_shared(_NAME, "XC4PrimaryFeedback", "10", "42949672"),
    Key("output_pin", _NAME, "a name of the PsoOutputPin enumeration", "XC4DedicatedOutput", ""),
)
"""Pulse times of Automation1: steps of 0.01 µs up to 42,949,672.95 µs. Source: Aerotech, PSO Waveform Functions."""


def settings_faults(machine: Machine, keys: Sequence[Key]) -> list[Fault]:
    """Everything wrong with `controller.settings`, empty when it can be used."""
    stated = machine.controller.settings
    _, faults = read_settings(machine, keys)
    for letter in "xyz":
        if (f"input_{letter}" in stated) != (f"counts_per_mm_{letter}" in stated):
            text = f"only one of input_{letter} and counts_per_mm_{letter} is stated"
            faults.append(Fault(text, "PSO follows an axis only when both are known; state both or none"))
    inputs = [stated[key] for key in ("input_x", "input_y", "input_z") if stated.get(key)]
    if len(set(inputs)) < len(inputs):
        faults.append(Fault("one encoder input for two axes", "give every axis the input it is wired to"))
    return faults


def aerotech_settings(machine: Machine, keys: Sequence[Key], fail: Callable[[str], Exception]) -> AerotechSettings:
    """The settings of a machine whose `controller.settings` has no fault.

    Args:
        machine: the profile.
        keys: of the dialect.
        fail: makes the exception of all faults in one sentence.
    """
    faults = settings_faults(machine, keys)
    if faults:
        raise fail(in_words(faults).message)
    found, _ = read_settings(machine, keys)

    x, y, z = (found[f"input_{letter}"] for letter in "xyz")
    cx, cy, cz = (int(found[f"counts_per_mm_{letter}"]) for letter in "xyz")
    output = found["output_pin"] + (f" {found['output_mode']}" if "output_mode" in found else "")
    return AerotechSettings(
        found["pso_axis"], output, (x, y, z), (cx, cy, cz), found["line_gate"], found["loops"] == "yes",
        int(found["pulse_step_ns"]), int(found["pulse_max_us"]) * 1000, found["ramp_rate_mm_s2"],
    )  # fmt: skip


def uneven_axes(machine: Machine, settings: AerotechSettings) -> list[tuple[int, float]]:
    """Tracked axes on which the machine's increment is no whole number of counts: axis, counts per increment."""
    increment = round(machine.controller.increment * TICKS_PER_UM)
    return [
        (axis, increment * abs(counts) / TICKS_PER_MM)
        for axis, counts in enumerate(settings.counts_per_mm)
        if counts and increment * counts % TICKS_PER_MM
    ]
