"""What an Aerotech controller cannot time, count or switch by position, as far as recipes and profile tell."""

from collections.abc import Iterator, Mapping, Sequence
from math import isclose

from lasercam.dialects import judgement
from lasercam.dialects.aerotech_settings import (
    AXIS_LETTERS,
    AerotechSettings,
    Rule,
    read_settings,
    settings_faults,
    uneven_axes,
)
from lasercam.errors import MachineLimitError
from lasercam.model.commanded import open_times_ns
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.machine import TICKS_PER_UM, Machine
from lasercam.model.recipe import Recipe
from lasercam.model.toolpath import NM_PER_UM, NS_PER_S, ToolpathHeader

PULSE_TIME = CodeInfo(
    "E_PULSE_TIME", Severity.ERROR, "a time off the grid of the pulse hardware",
    "PSO hardware times pulses in whole steps (`controller.settings.pulse_step_ns`). An exposure, a pulse width and "
    "the period of counted pulses must be multiples of the step, and a counted pulse shorter than its period. Nothing "
    "is rounded.",
    "controller manual; machine profile, controller.settings",
)  # fmt: skip
GATE_STEP = CodeInfo(
    "E_GATE_STEP", Severity.ERROR, "an exposure off the gate's grid",
    "The gate opens for multiples of `gate.time_step` only. The time that counts is the one commanded: the exposure "
    "plus `open_delay` minus `close_delay`.",
    "machine profile, gate.time_step",
)  # fmt: skip
LINE_ENDS = CodeInfo(
    "W_LINE_ENDS", Severity.WARNING, "lines begin and end at standstill with the beam on",
    "With `line_gate: stops` the beam is switched while the stage stands, so it is on while the stage speeds up and "
    "slows down: over v²/(2a) at either end the dose rises as 1/v, without bound at the very end but for the spot's "
    "size. `line_gate: window` switches on the fly at the planned place, for lines that never turn back along their "
    "main axis.",
    "uniform acceleration; machine profile, axes", can_waive=True,
)  # fmt: skip
FIRING = CodeInfo(
    "E_FIRING", Severity.ERROR, "shots cannot be fired by position as asked",
    "Shots fired by position are pulses of `trigger.width` every so many encoder counts: `position_firing` and "
    "`trigger` must be known, the distance a whole number of counts, the pulse shorter than the time between shots, "
    "and the rate within `position_firing.max_rate`. What shows only in the rows (slanted rows, missing run-ups) is "
    "refused when the file is written.",
    "machine profile, position_firing and trigger",
)  # fmt: skip
CODES = (
    judgement.GATE_TIME, judgement.GATE_TIMING, judgement.NO_TRIGGER, judgement.PULSE_COUNT, judgement.INCREMENT,
    judgement.CONTROLLER_SETTING, PULSE_TIME, GATE_STEP, LINE_ENDS, FIRING,
)  # fmt: skip


def judge(header: ToolpathHeader, section: int, machine: Machine, rules: Mapping[str, Rule]) -> Iterator[Finding]:
    """Everything recipes and profile tell about a section."""
    recipes = judgement.recipes_of(header, section)
    faults = settings_faults(machine, rules)
    if faults:
        yield judgement.setting_finding(
            "; ".join(fault.message for fault in faults), "; ".join(dict.fromkeys(fault.hint for fault in faults))
        )
    yield from judgement.judge_places(header.sections[section], machine)
    yield from judgement.judge_energy_control(machine)
    yield from judgement.judge_gate(recipes, machine)
    if faults:
        return
    settings = read_settings(machine, rules, MachineLimitError)
    yield from _judge_counts(machine, settings)
    yield from _judge_settings(recipes, machine, settings)
    commanded = open_times_ns(header.recipes, machine).tolist()
    for recipe, open_ns in zip(header.recipes.recipes, commanded, strict=True):
        if recipe.laser != header.sections[section].laser:
            continue
        if recipe.exposure_ns:
            yield from _judge_times(recipe, open_ns, machine, settings)
        if recipe.pulses:
            yield from _judge_pulses(recipe, machine, settings)
        if recipe.pitch_ticks:
            yield from _judge_pitch(recipe, machine, settings)


def whole_period_ns(rate_hz: float) -> int:
    """The period of a rate when it is a whole number of ns, else 0.

    >>> whole_period_ns(10_000.0), whole_period_ns(3e6), whole_period_ns(0.0)
    (100000, 0, 0)
    """
    if not rate_hz:
        return 0
    period = NS_PER_S / rate_hz
    return round(period) if isclose(period, round(period), rel_tol=1e-9) else 0


def _judge_counts(machine: Machine, settings: AerotechSettings) -> Iterator[Finding]:
    uneven = uneven_axes(machine, settings)
    if not uneven:
        return
    axis, counts = uneven[0]
    increment_um = machine.controller.increment
    count_nm = increment_um * 1000 / counts
    near_nm = max(1, round(counts)) * count_nm
    yield Finding(
        judgement.INCREMENT.code, Severity.ERROR,
        f"the increment of {increment_um * 1000:g} nm is {counts:g} counts of axis {AXIS_LETTERS[axis]}; PSO switches "
        "at whole counts",
        "machine", counts, None, "counts", hint=f"the nearest increment of whole counts is {near_nm:g} nm",
        source=machine.controller.source,
    )  # fmt: skip


def _judge_settings(recipes: Sequence[Recipe], machine: Machine, settings: AerotechSettings) -> Iterator[Finding]:
    lines = [recipe for recipe in recipes if recipe.speed_nm_s]
    if lines and settings.line_gate == "window" and not any(settings.tracked):
        yield judgement.setting_finding(
            "lines are gated by position, but controller.settings names no encoder that PSO can follow",
            "state input_x and counts_per_mm_x (and y), or line_gate: stops",
        )
    if settings.line_gate == "stops":
        slowest_um_s2 = min(axis.acceleration for axis in machine.axis_list)
        for recipe in lines:
            speed_um_s = recipe.speed_nm_s / NM_PER_UM
            ramp_um = speed_um_s**2 / (2 * slowest_um_s2)
            yield Finding(
                LINE_ENDS.code, Severity.WARNING,
                f"at {speed_um_s:g} µm/s the beam is on over the first and last {ramp_um:.3g} µm of every line while "
                f"the stage speeds up and slows down ({slowest_um_s2:g} µm/s²); there the dose is twice the line's "
                "on average",
                f"recipes.{recipe.label}", ramp_um, 0.0, "um",
                hint="state line_gate: window for lines that do not turn back", source=machine.source,
            )  # fmt: skip
    wanted = max(axis.acceleration for axis in (machine.axes.x, machine.axes.y)) / 1000
    if settings.ramp_rate and float(settings.ramp_rate) < wanted * (1 - 1e-9):
        yield judgement.setting_finding(
            f"ramp_rate_mm_s2 of {settings.ramp_rate} is below the {wanted:g} mm/s² that run-ups are planned for",
            f"state ramp_rate_mm_s2 as {wanted:g} or more, or lower the acceleration of the axes",
        )


def _judge_times(recipe: Recipe, open_ns: int, machine: Machine, settings: AerotechSettings) -> Iterator[Finding]:
    on = f"recipes.{recipe.label}"
    added_ns = open_ns - recipe.exposure_ns
    grid_ns = round(machine.gate.time_step * NS_PER_S)
    if grid_ns and open_ns % grid_ns:
        near_ns = max(grid_ns, round(open_ns / grid_ns) * grid_ns) - added_ns
        yield Finding(
            GATE_STEP.code, Severity.ERROR,
            f"an exposure of {recipe.exposure_ns / 1e9:g} s opens the gate for {open_ns / 1e9:g} s, no multiple of "
            f"{machine.gate.time_step:g} s",
            on, open_ns / 1e9, machine.gate.time_step, "s",
            hint=f"the nearest possible exposure is {near_ns / 1e9:.10g} s", source=machine.gate.source,
        )  # fmt: skip
    elif open_ns <= settings.pulse_max_ns and open_ns % settings.pulse_step_ns:
        near_ns = max(1, round(open_ns / settings.pulse_step_ns)) * settings.pulse_step_ns - added_ns
        yield Finding(
            PULSE_TIME.code, Severity.ERROR,
            f"an exposure of {recipe.exposure_ns / 1e9:.10g} s opens the gate for {open_ns} ns, no multiple of the "
            f"{settings.pulse_step_ns} ns that PSO times in",
            on, open_ns, settings.pulse_step_ns, "ns",
            hint=f"the nearest possible exposure is {near_ns / 1e9:.10g} s", source=machine.controller.source,
        )  # fmt: skip


def _judge_pulses(recipe: Recipe, machine: Machine, settings: AerotechSettings) -> Iterator[Finding]:
    trigger, on = machine.trigger, f"recipes.{recipe.label}"
    if trigger is None:
        yield judgement.no_trigger(recipe, machine.gate.min_open, "the machine has no trigger", machine.gate.source)
        return
    if trigger.counted_by != "program":
        why = "this controller counts the edges itself, but the profile says that the operator sets a counter"
        yield judgement.no_trigger(recipe, machine.gate.min_open, f"{why} (trigger.counted_by)", trigger.source)
        return
    if recipe.pulses > trigger.max_pulses:
        yield Finding(
            judgement.PULSE_COUNT.code, Severity.ERROR,
            f"{recipe.pulses} pulses are more than the {trigger.max_pulses} of trigger.max_pulses",
            on, recipe.pulses, trigger.max_pulses, "pulses",
            hint=f"the nearest possible count is {trigger.max_pulses}", source=trigger.source,
        )  # fmt: skip
    rate_hz, step = recipe.laser.rep_rate_hz, settings.pulse_step_ns
    period_ns, width_ns = NS_PER_S / rate_hz, round(trigger.width * NS_PER_S)
    whole_ns = whole_period_ns(rate_hz)
    near_ns = max(step, round(period_ns / step) * step)
    if not whole_ns or whole_ns % step:
        yield Finding(
            PULSE_TIME.code, Severity.ERROR,
            f"pulses at {rate_hz:g} Hz come every {period_ns:.10g} ns, no multiple of the {step} ns that PSO times in",
            on, period_ns, step, "ns",
            hint=f"the nearest possible repetition rate is {NS_PER_S / near_ns:.10g} Hz", source=trigger.source,
        )  # fmt: skip
    elif width_ns >= whole_ns or width_ns % step:
        near_ns = min(max(step, round(width_ns / step) * step), (whole_ns - 1) // step * step)
        yield Finding(
            PULSE_TIME.code, Severity.ERROR,
            f"a trigger.width of {width_ns} ns is no multiple of {step} ns below the period of {whole_ns} ns",
            on, width_ns, step, "ns",
            hint=f"the nearest possible width is {near_ns} ns", source=trigger.source,
        )  # fmt: skip


def _judge_pitch(recipe: Recipe, machine: Machine, settings: AerotechSettings) -> Iterator[Finding]:
    on, pitch_um = f"recipes.{recipe.label}", recipe.pitch_ticks / TICKS_PER_UM
    firing, trigger = machine.position_firing, machine.trigger
    if firing is None or trigger is None or not any(settings.tracked):
        missing = "position_firing" if firing is None else "trigger" if trigger is None else "encoder known to PSO"
        yield Finding(
            FIRING.code, Severity.ERROR, f"shots every {pitch_um:g} µm need a {missing} in the profile", on, pitch_um,
            None, "um", hint="state it, or write lines at speed = pitch × repetition rate",
        )  # fmt: skip
        return
    step_um = firing.step
    steps = pitch_um / step_um
    if not isclose(steps, round(steps), abs_tol=1e-9) or round(steps) < 2:
        near_um = max(2, round(steps)) * step_um
        yield Finding(
            FIRING.code, Severity.ERROR,
            f"shots every {pitch_um:g} µm are {steps:.6g} encoder steps of {step_um:g} µm apart",
            on, pitch_um, step_um, "um", hint=f"the nearest possible pitch is {near_um:g} µm", source=firing.source,
        )  # fmt: skip
        return
    speed_um_s = recipe.speed_nm_s / NM_PER_UM or firing.speed
    fastest_hz = min(firing.max_rate, 1 / trigger.width)
    if speed_um_s / pitch_um > fastest_hz * (1 + 1e-9):
        yield Finding(
            FIRING.code, Severity.ERROR,
            f"{speed_um_s:g} µm/s over shots every {pitch_um:g} µm are {speed_um_s / pitch_um:g} Hz, above "
            f"{fastest_hz:g} Hz",
            on, speed_um_s / pitch_um, fastest_hz, "Hz",
            hint=f"the nearest possible speed is {fastest_hz * pitch_um:g} µm/s", source=firing.source,
        )  # fmt: skip
