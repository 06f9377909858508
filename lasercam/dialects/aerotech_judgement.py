"""What an Aerotech controller cannot time, count or switch by position, as far as recipes and profile tell."""

from collections.abc import Iterator, Sequence
from math import isclose

from lasercam.dialects import judgement
from lasercam.dialects.aerotech_settings import (
    AXIS_LETTERS,
    AerotechSettings,
    aerotech_settings,
    settings_faults,
    uneven_axes,
)
from lasercam.dialects.controller_settings import Key
from lasercam.errors import MachineLimitError
from lasercam.model.commanded import open_time_ns
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.laser import PositionFiring
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
    "Shots fired by position are pulses of `trigger.width` every so many encoder counts: a `trigger` and an encoder "
    "that PSO can follow must be known, and the pulse must be shorter than the time between two shots. What shows only "
    "in the rows (slanted rows, missing run-ups) is refused when the file is written.",
    "machine profile, trigger and controller.settings",
)  # fmt: skip
CODES = (
    judgement.GATE_TIME, judgement.GATE_TIMING, judgement.GATE_STEP, judgement.NO_TRIGGER, judgement.PULSE_COUNT,
    judgement.PITCH_STEP, judgement.FIRING_RATE, judgement.FIRING_JITTER, judgement.NO_POSITION_FIRING,
    judgement.INCREMENT, judgement.CONTROLLER_SETTING, PULSE_TIME, LINE_ENDS, FIRING,
)  # fmt: skip


def judge(header: ToolpathHeader, section: int, machine: Machine, keys: Sequence[Key]) -> Iterator[Finding]:
    """Everything recipes and profile tell about a section."""
    recipes = judgement.recipes_of(header, section)
    faults = settings_faults(machine, keys)
    yield from judgement.settings_findings(faults)
    yield from judgement.judge_places(header.sections[section], machine)
    yield from judgement.judge_energy_control(machine)
    yield from judgement.judge_gate(recipes, machine)
    if machine.position_firing is not None or any(recipe.pitch_ticks for recipe in recipes):
        yield from judgement.judge_sweeps(recipes, machine)
    if faults:
        return
    settings = aerotech_settings(machine, keys, MachineLimitError)
    yield from _judge_counts(machine, settings)
    yield from _judge_settings(recipes, machine, settings)
    for recipe in recipes:
        if recipe.exposure_ns:
            yield from _judge_times(recipe, open_time_ns(recipe, machine), machine, settings)
        if recipe.pulses:
            yield from _judge_pulses(recipe, machine, settings)
        if machine.position_firing is not None and (recipe.pitch_ticks or recipe.pulses == 1):
            yield from _judge_shots(recipe, machine, machine.position_firing, settings)


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
    if lines and settings.line_gate == "stops" and (machine.gate.open_delay or machine.gate.close_delay):
        yield judgement.setting_finding(
            f"line_gate: stops switches at standstill, but the gate opens {machine.gate.open_delay:g} s and closes "
            f"{machine.gate.close_delay:g} s late: lines would begin or end beside their place, and burn there",
            "state line_gate: window, with input and counts_per_mm of an encoder",
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
    if open_ns <= settings.pulse_max_ns and open_ns % settings.pulse_step_ns:
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
        yield judgement.too_many_pulses(recipe, trigger)
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


def _judge_shots(
    recipe: Recipe, machine: Machine, firing: PositionFiring, settings: AerotechSettings
) -> Iterator[Finding]:
    on, trigger = f"recipes.{recipe.label}", machine.trigger
    if trigger is None or not any(settings.tracked):
        missing = "a `trigger`" if trigger is None else "an encoder that PSO can follow"
        yield Finding(
            FIRING.code, Severity.ERROR, f"shots fired by position need {missing}, which the profile does not state",
            on, hint="state it, or remove `position_firing`: rows of dots are then written dot by dot",
        )  # fmt: skip
    elif recipe.pitch_ticks:
        speed_um_s = recipe.speed_nm_s / NM_PER_UM or firing.speed
        apart_s = recipe.pitch_ticks / TICKS_PER_UM / speed_um_s
        if trigger.width >= apart_s:
            yield Finding(
                FIRING.code, Severity.ERROR,
                f"shots come every {apart_s:g} s, but their pulse of trigger.width lasts {trigger.width:g} s",
                on, trigger.width, apart_s, "s",
                hint=f"the nearest possible speed is below {recipe.pitch_ticks / TICKS_PER_UM / trigger.width:g} µm/s",
                source=trigger.source,
            )  # fmt: skip
