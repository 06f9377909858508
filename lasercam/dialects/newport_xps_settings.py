"""How a Newport XPS is set up: groups, outputs, and which kind of trajectory its groups can run."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Final

from lasercam.dialects import judgement
from lasercam.dialects.controller_settings import Fault, Key, read_settings
from lasercam.dialects.motion_runs import PS_PER_S
from lasercam.errors import MachineLimitError
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.machine import Machine

PVT, LINE_ARC = "pvt", "line-arc"
OUTPUT_BITS: Final = 16
"""Bits of a digital port that a mask can name; which exist depends on the port. Assumed: XPS driver, 16-bit masks."""

_NAME, _GPIO, _SECONDS = r"[A-Za-z][A-Za-z0-9_]{0,31}", r"GPIO[1-9]\.DO", r"0*[0-9]{1,3}(\.[0-9]{1,9})?"
KEYS: Final = (
    Key("group", _NAME, "the group's name in system.ini: a letter, then letters, digits or _", "XYZ"),
    Key("trajectory", f"{PVT}|{LINE_ARC}", f"'{PVT}' (MultipleAxes group of X, Y, Z) or '{LINE_ARC}' (XY group)", PVT,
        PVT),
    Key("z_group", _NAME + "|", "the name of Z's group beside an XY group", "Z", ""),
    Key("gate_gpio", _GPIO + "|", "a digital port: GPIO, its number, .DO", "GPIO3.DO", ""),
    Key("trigger_gpio", _GPIO + "|", "a digital port: GPIO, its number, .DO", "GPIO1.DO", ""),
    Key("lines", "gate|pulses", "'gate' (a digital output lets the beam through) or 'pulses' (the trajectory's output "
        "pulses fire the laser)", "gate", "gate"),
    Key("pulse_period_step", _SECONDS, "the grid of the output pulses' period, s", "0.0001", "0.0001"),
    Key("max_elements", "[1-9][0-9]{0,6}", "the most elements of one trajectory", "2000", "2000"),
    Key("max_files", "[1-9][0-9]{0,6}", "the most trajectory files of one job file", "2000", "2000"),
    Key("discontinuity_angle", r"[0-9]{1,2}(\.[0-9]{1,4})?", "the largest corner of a line-arc trajectory, degrees",
        "0.01", "0.01"),
)  # fmt: skip

PULSE_PERIOD = CodeInfo(
    "E_PULSE_PERIOD", Severity.ERROR, "the controller cannot pulse at the laser's rate",
    "Output pulses of a trajectory come at a period that is a whole multiple of the controller's own step "
    "(`controller.settings: pulse_period_step`), one step at least. Another rate would be rounded inside the "
    "controller. Choose a reachable rate, or write lines with a gate (`lines: gate`).",
    "machine profile, controller.settings; check the step on the controller",
)  # fmt: skip


@dataclass(frozen=True)
class XpsSettings:
    """What the job file is written for.

    Attributes:
        group: runs trajectories: MultipleAxes of X, Y, Z for PVT, XY for line-arc.
        z_group: of Z beside an XY group; empty with PVT.
        trajectory: `pvt` or `line-arc`.
        gate: port and mask of the output that lets the beam through; None where there is none.
        trigger: port and mask of the output whose edge starts the pulse counter; None where there is none.
        counts: the program counts pulses, by the trajectory's output pulses.
        lines_pulse: lines are written by output pulses, not by the gate.
        period_step_ps: grid of the pulses' period.
        max_elements, max_files: of one trajectory; of one job file.
        angle_text: DiscontinuityAngle as printed, degrees.
    """

    group: str
    z_group: str
    trajectory: str
    gate: tuple[str, int] | None
    trigger: tuple[str, int] | None
    counts: bool
    lines_pulse: bool
    period_step_ps: int
    max_elements: int
    max_files: int
    angle_text: str

    @property
    def is_pvt(self) -> bool:
        """Whether trajectories are PVT files."""
        return self.trajectory == PVT

    def period_ps(self, rate_hz: float) -> int:
        """Period of the laser's pulses.

        Raises:
            MachineLimitError: not on the controller's grid, or continuous light.
        """
        if rate_hz <= 0:
            raise MachineLimitError(
                "continuous light has no pulses that output pulses could fire; state lines: gate in controller.settings"
            )
        period = PS_PER_S / Fraction(rate_hz)
        if period % self.period_step_ps:
            raise MachineLimitError(
                f"pulses at {rate_hz:g} Hz are not a whole multiple of {self.period_step_ps / PS_PER_S:g} s apart, "
                f"the controller's step; the nearest possible rate is {self.nearest_rate_hz(rate_hz):g} Hz"
            )
        return int(period)

    def nearest_rate_hz(self, rate_hz: float) -> float:
        """The reachable rate nearest to a wanted one."""
        top = PS_PER_S / self.period_step_ps
        below = max(1, floor(top / rate_hz))
        return min((top / below, top / (below + 1)), key=lambda rate: abs(rate - rate_hz))


def xps_settings(machine: Machine) -> tuple[XpsSettings | None, list[Finding]]:
    """What the profile says, and what is wrong with it; None when anything is."""
    found, faults = read_settings(machine, KEYS)
    findings = [*judgement.settings_findings(faults), *judgement.judge_energy_control(machine)]
    if findings:
        return None, findings
    problems = [Fault(*problem) for problem in _problems(machine, found["trajectory"], dict(found))]
    if problems:
        return None, judgement.settings_findings(problems)
    trigger = machine.trigger
    is_pvt = found["trajectory"] == PVT
    counts = trigger is not None and trigger.counted_by == "program"
    return XpsSettings(
        group=found["group"],
        z_group=found["z_group"],
        trajectory=found["trajectory"],
        gate=(found["gate_gpio"], 1 << machine.gate.output) if found["gate_gpio"] else None,
        trigger=(found["trigger_gpio"], 1 << trigger.output) if trigger is not None and not counts and is_pvt else None,
        counts=counts,
        lines_pulse=found["lines"] == "pulses",
        period_step_ps=int(Fraction(found["pulse_period_step"]) * PS_PER_S),
        max_elements=int(found["max_elements"]),
        max_files=int(found["max_files"]),
        angle_text=found["discontinuity_angle"],
    ), []


def _problems(machine: Machine, trajectory: str, found: dict[str, str]) -> Iterator[tuple[str, str]]:
    trigger = machine.trigger
    counts_outside = trigger is not None and trigger.counted_by == "operator"
    if not Fraction(found["pulse_period_step"]) > 0:
        yield "'pulse_period_step' is 0", "state the period's grid in seconds, such as '0.0001'"
    if trajectory == LINE_ARC:
        if not found["z_group"]:
            yield "'z_group' is not stated, but an XY group leaves Z out", "state z_group, such as 'Z'"
        if found["lines"] != "pulses":
            yield (
                "line-arc trajectories are gated by their output pulses only",
                "state lines: pulses, or trajectory: pvt",
            )
        return
    if found["z_group"]:
        yield "'z_group' is stated, but a PVT group holds X, Y and Z", "remove z_group, or state trajectory: line-arc"
    if not found["gate_gpio"]:
        yield "'gate_gpio' is not stated", "state gate_gpio: the port of the gate's output, such as 'GPIO3.DO'"
    if counts_outside and not found["trigger_gpio"]:
        yield "'trigger_gpio' is not stated", "state trigger_gpio: the port of the trigger's output"
    used = [(found["gate_gpio"], machine.gate.output)]
    if counts_outside and trigger is not None:
        used.append((found["trigger_gpio"], trigger.output))
    for port, output in used:
        if output >= OUTPUT_BITS:
            yield f"{port} has no output {output}; masks hold bits 0 to {OUTPUT_BITS - 1}", "state an output below 16"
    if len(set(used)) < len(used):
        yield f"gate and trigger share output {machine.gate.output} of {found['gate_gpio']}", "give each its own"
