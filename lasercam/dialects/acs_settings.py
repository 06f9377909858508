"""How an ACS controller is set up: axis numbers, outputs, what its laser interface is given."""

from dataclasses import dataclass
from typing import Final

from lasercam.dialects import judgement
from lasercam.dialects.controller_settings import Fault, Key, read_settings
from lasercam.model.finding import Finding
from lasercam.model.machine import Machine

OUTPUT_BITS: Final = 32
"""Bits of a word of digital outputs, OUT(port).bit. Assumed: 32-bit integers of ACSPL+."""

_AXIS, _PORT = r"[0-9]|[1-9][0-9]|1[01][0-9]|12[0-7]", r"[0-9]|[1-9][0-9]{1,2}"
KEYS: Final = (
    Key("x_axis", _AXIS, "the number of the axis that moves along x, 0 to 127", "0"),
    Key("y_axis", _AXIS, "the number of the axis that moves along y, 0 to 127", "1"),
    Key("z_axis", _AXIS, "the number of the axis that moves along z, 0 to 127", "4"),
    Key("gate_port", _PORT, "the word of the gate's output: p of OUT(p).bit", "0", "0"),
    Key("trigger_port", _PORT, "the word of the trigger's output: p of OUT(p).bit", "0", "0"),
    Key("pulse_width", r"(0|[1-9][0-9]{0,5})(\.[0-9]{0,5}[1-9])?|", "the width of a shot's pulse as the laser "
        "interface takes it, a positive number", "0.001", ""),
    Key("largest_corner", r"[0-9]{1,2}(\.[0-9]{1,4})?", "the largest corner inside a path, degrees", "1", "1"),
    Key("ignore_safety_inputs", "yes|no", "'no', or 'yes' where the laser interface has no interlock", "no", "no"),
)  # fmt: skip


@dataclass(frozen=True)
class AcsSettings:
    """What the program is written for.

    Attributes:
        axes: numbers of x, y and z.
        gate, trigger: outputs as `OUT(port).bit`; an empty trigger where there is none.
        pulse_width: of FixedDistPulse, as printed; empty where shots are not fired by position.
        corner_text: largest corner of a path, degrees.
        ignores_safety: whether the laser interface is told to ignore its safety inputs.
    """

    axes: tuple[str, str, str]
    gate: str
    trigger: str
    pulse_width: str
    corner_text: str
    ignores_safety: bool


def acs_settings(machine: Machine) -> tuple[AcsSettings | None, list[Finding]]:
    """What the profile says, and what is wrong with it; None when anything is."""
    found, faults = read_settings(machine, KEYS)
    findings = [*judgement.settings_findings(faults), *judgement.judge_energy_control(machine)]
    if findings:
        return None, findings
    axes = (found["x_axis"], found["y_axis"], found["z_axis"])
    trigger = machine.trigger
    gate_bit = (found["gate_port"], machine.gate.output)
    problems: list[Fault] = []
    if len(set(axes)) < len(axes):
        problems.append(Fault(f"axes {', '.join(axes)} are not three", "give x, y and z their own axis numbers"))
    bits = [machine.gate.output, *([trigger.output] if trigger else [])]
    if max(bits) >= OUTPUT_BITS:
        problems.append(Fault(f"there is no output {max(bits)} in a word of {OUTPUT_BITS} bits", "name a bit below 32"))
    if trigger is not None and gate_bit == (found["trigger_port"], trigger.output):
        problems.append(Fault(f"gate and trigger share OUT({gate_bit[0]}).{gate_bit[1]}", "give each its own output"))
    if machine.position_firing is not None and not float(found["pulse_width"] or 0):
        problems.append(
            Fault("'pulse_width' is not stated, which shots by position need", "state pulse_width: '0.001'")
        )
    if problems:
        return None, judgement.settings_findings(problems)
    return AcsSettings(
        axes,
        f"OUT({found['gate_port']}).{machine.gate.output}",
        f"OUT({found['trigger_port']}).{trigger.output}" if trigger else "",
        found["pulse_width"],
        found["largest_corner"],
        found["ignore_safety_inputs"] == "yes",
    ), []
