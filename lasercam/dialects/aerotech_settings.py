"""What a profile states about an Aerotech controller under `controller.settings`: facts of one machine.

Neither writing nor reading code: both sides of the proof start from the same statement about the wiring.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lasercam.model.machine import TICKS_PER_UM, Machine
from lasercam.model.toolpath import TICKS_PER_MM

AXIS_LETTERS = "XYZ"
_COUNTS = re.compile(r"-?[1-9]\d{0,8}")
_AXIS = re.compile(r"[A-Z][A-Za-z0-9]{0,15}")
_NUMBER = re.compile(r"\d{1,3}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")
_WHOLE = re.compile(r"[1-9]\d{0,11}")
_DECIMAL = re.compile(r"(?!0+(\.0*)?$)\d{1,7}(\.\d{1,6})?")


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


@dataclass(frozen=True)
class SettingFault:
    """One setting that is missing, unknown or wrong."""

    message: str
    hint: str


@dataclass(frozen=True)
class Rule:
    """One key of `controller.settings`.

    Attributes:
        pattern: what its text must look like.
        meaning: in words, for messages and explanations.
        example: a text that is allowed.
        default: taken when it is not stated; None: it must be stated.
    """

    pattern: re.Pattern[str]
    meaning: str
    example: str
    default: str | None = None


def _shared(input_pattern: re.Pattern[str], example: str, pulse_step: str, pulse_max: str | None) -> dict[str, Rule]:
    rules = {"pso_axis": Rule(_AXIS, "the axis whose drive switches the beam", "X")}
    for letter in "xyz":
        rules[f"input_{letter}"] = Rule(input_pattern, f"the PSO encoder input that follows {letter}", example, "")
        rules[f"counts_per_mm_{letter}"] = Rule(
            _COUNTS, f"PSO counts per mm of {letter}, negative when they fall while {letter} rises", "100000", "0"
        )
    rules["line_gate"] = Rule(re.compile("window|stops"), "how lines are gated: window or stops", "window", "window")
    rules["loops"] = Rule(re.compile("yes|no"), "runs of equal dots as loops: yes or no", "yes", "yes")
    rules["pulse_step_ns"] = Rule(_WHOLE, "grid of pulse times in ns", pulse_step, pulse_step)
    rules["pulse_max_us"] = Rule(_WHOLE, "longest pulse in µs", pulse_max or "1000000", pulse_max)
    rules["ramp_rate_mm_s2"] = Rule(_DECIMAL, "acceleration of coordinated moves in mm/s²", "100", "")
    return rules


A3200_RULES: Mapping[str, Rule] = {
    **_shared(_NUMBER, "0", "1000", None),
    "output_pin": Rule(_NUMBER, "the pin of PSOOUTPUT CONTROL", "3"),
    "output_mode": Rule(_NUMBER, "the mode of PSOOUTPUT CONTROL", "0"),
}
"""An A3200 takes pulse times in µs; every public example uses whole ones, so that is the grid unless stated."""
AUTOMATION1_RULES: Mapping[str, Rule] = {
    **_shared(_NAME, "XC4PrimaryFeedback", "10", "42949672"),
    "output_pin": Rule(_NAME, "a name of the PsoOutputPin enumeration", "XC4DedicatedOutput", ""),
}
"""Pulse times of Automation1: steps of 0.01 µs up to 42,949,672.95 µs. Source: Aerotech, PSO Waveform Functions."""


def settings_faults(machine: Machine, rules: Mapping[str, Rule]) -> list[SettingFault]:
    """Everything wrong with `controller.settings`, empty when it can be used."""
    stated = machine.controller.settings
    faults = [
        SettingFault(
            f"controller.settings has no key '{key}' in this dialect", f"remove it; the keys are {', '.join(rules)}"
        )
        for key in stated
        if key not in rules
    ]
    for key, rule in rules.items():
        text = stated.get(key, rule.default)
        if text is None:
            faults.append(
                SettingFault(
                    f"controller.settings does not state {key}", f"state {rule.meaning}, such as '{rule.example}'"
                )
            )
        elif key in stated and not rule.pattern.fullmatch(text):
            faults.append(
                SettingFault(
                    f"controller.settings states {key} as '{text}'", f"state {rule.meaning}, such as '{rule.example}'"
                )
            )
    for letter in "xyz":
        if (f"input_{letter}" in stated) != (f"counts_per_mm_{letter}" in stated):
            faults.append(
                SettingFault(
                    f"controller.settings states only one of input_{letter} and counts_per_mm_{letter}",
                    "PSO follows an axis only when both are known; state both or none",
                )
            )
    inputs = [stated[key] for key in ("input_x", "input_y", "input_z") if stated.get(key)]
    if len(set(inputs)) < len(inputs):
        faults.append(
            SettingFault(
                "controller.settings states one encoder input for two axes", "give every axis the input it is wired to"
            )
        )
    return faults


def read_settings(machine: Machine, rules: Mapping[str, Rule], fail: Callable[[str], Exception]) -> AerotechSettings:
    """The settings of a machine whose `controller.settings` has no fault.

    Args:
        machine: the profile.
        rules: keys of the dialect.
        fail: makes the exception of all faults in one sentence.
    """
    faults = settings_faults(machine, rules)
    if faults:
        raise fail("; ".join(fault.message for fault in faults))
    stated = machine.controller.settings

    def text(key: str) -> str:
        return stated.get(key, rules[key].default or "")

    x, y, z = (text(f"input_{letter}") for letter in "xyz")
    cx, cy, cz = (int(text(f"counts_per_mm_{letter}")) for letter in "xyz")
    output = text("output_pin") + (f" {text('output_mode')}" if "output_mode" in rules else "")
    return AerotechSettings(
        text("pso_axis"), output, (x, y, z), (cx, cy, cz), text("line_gate"), text("loops") == "yes",
        int(text("pulse_step_ns")), int(text("pulse_max_us")) * 1000, text("ramp_rate_mm_s2"),
    )  # fmt: skip


def uneven_axes(machine: Machine, settings: AerotechSettings) -> list[tuple[int, float]]:
    """Tracked axes on which the machine's increment is no whole number of counts: axis, counts per increment."""
    increment = round(machine.controller.increment * TICKS_PER_UM)
    return [
        (axis, increment * abs(counts) / TICKS_PER_MM)
        for axis, counts in enumerate(settings.counts_per_mm)
        if counts and increment * counts % TICKS_PER_MM
    ]
