"""Rules about gates, triggers, dwells and coordinates that several dialects judge by."""

import math
from collections.abc import Collection, Iterator, Sequence

from lasercam.dialects.controller_settings import Fault, in_words
from lasercam.dialects.row_facts import increment_ticks
from lasercam.errors import shorten
from lasercam.model.commanded import open_time_ns
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.laser import PositionFiring, PulseTrigger
from lasercam.model.machine import Machine
from lasercam.model.recipe import Recipe
from lasercam.model.toolpath import NM_PER_UM, TICKS_PER_MM, TICKS_PER_UM, Section, ToolpathHeader

GATE_ERROR_SHARE = 0.01
"""Share of an exposure that the gate's overhead may add silently: about the pulse-energy stability of a source."""

JITTER_SHARE = 0.1
"""Share of the spot radius by which a shot may miss its place silently (assumed)."""

GATE_TIME = CodeInfo(
    "E_GATE_TIME", Severity.ERROR, "an exposure is shorter than the gate can open",
    "A dot's exposure time must be at least the gate's `min_open`: the shortest time the program can hold the beam "
    "open. Below it the gate opens for an unknown time. Lengthen the exposure, lower the repetition rate, or count "
    "pulses with a trigger.",
    "machine profile, gate.min_open",
)  # fmt: skip
GATE_TIMING = CodeInfo(
    "W_GATE_TIMING", Severity.WARNING, "the gate may stay open noticeably longer than asked",
    "A gate opened for a time t passes t × f pulses, one more or less because it is not synchronised with the laser, "
    "plus up to overhead × f. Reported when the overhead is above 1 % of the exposure, about the energy stability "
    "of a femtosecond source. Longer exposures at a lower rate, or counted pulses, are more exact.",
    "machine profile, gate.overhead", can_waive=True,
)  # fmt: skip
NO_TRIGGER = CodeInfo(
    "E_NO_TRIGGER", Severity.ERROR, "pulses cannot be counted on this machine",
    "Counted pulses need an output whose edge makes the pulse picker pass a set number of pulses. Opening the gate "
    "for N / f instead passes at least min_open × f pulses. Time the dots, or lower the repetition rate until the "
    "wanted number lasts longer than the shortest gate.",
    "machine profile, trigger",
)  # fmt: skip
PULSE_COUNT = CodeInfo(
    "E_PULSE_COUNT", Severity.ERROR, "more pulses than one trigger counts",
    "The pulse picker counts at most `trigger.max_pulses` per edge.", "machine profile, trigger.max_pulses",
)  # fmt: skip
TRIGGER_WIDTH = CodeInfo(
    "E_TRIGGER_WIDTH", Severity.ERROR, "the stage would leave while pulses are still counted",
    "A picker passes its N pulses in N / f behind the edge of the trigger, and the stage stands for the trigger's "
    "`width` only. A picker counts edges, so the output may stay high for as long as the pulses last: state a width of "
    "N / f or more for the longest count.",
    "machine profile, trigger.width",
)  # fmt: skip
MIXED_COUNTS = CodeInfo(
    "E_MIXED_COUNTS", Severity.ERROR, "different pulse counts in one job file",
    "The count is set at the pulse picker by hand, once per job file. Recipes of different counts must be written in "
    "different steps.",
)  # fmt: skip
GATE_STEP = CodeInfo(
    "E_GATE_STEP", Severity.ERROR, "the gate cannot be open for exactly that long",
    "The gate is timed in steps (`gate.time_step`): times in between would be rounded by the hardware. With a slow "
    "gate the time commanded is the exposure + `open_delay` - `close_delay`, and that must be on the grid.",
    "machine profile, gate.time_step",
)  # fmt: skip
PITCH_STEP = CodeInfo(
    "E_PITCH_STEP", Severity.ERROR, "a firing distance between two encoder steps",
    "Shots are fired every so many steps of the encoder. A distance that is no whole multiple of "
    "`position_firing.step` would drift away from the pattern.",
    "machine profile, position_firing.step",
)  # fmt: skip
FIRING_RATE = CodeInfo(
    "E_FIRING_RATE", Severity.ERROR, "shots come faster than output or laser can fire",
    "Along a line of shots the rate is speed / pitch. The output passes at most `position_firing.max_rate`, and the "
    "laser gives one pulse per period: a shot that finds no pulse is missing. Lower the speed or widen the pitch.",
    "machine profile, position_firing.max_rate; the recipe's repetition rate",
)  # fmt: skip
FIRING_JITTER = CodeInfo(
    "W_FIRING_JITTER", Severity.WARNING, "shots may land noticeably beside their place",
    "A shot asked for by position leaves with the next pulse of the laser, up to one period 1 / f later; meanwhile the "
    "stage goes on by v / f. Reported when that is above a tenth of the spot radius (assumed: hard to see below).",
    can_waive=True,
)  # fmt: skip
NO_POSITION_FIRING = CodeInfo(
    "E_NO_POSITION_FIRING", Severity.ERROR, "this controller cannot fire by position",
    "Shots at equal distances need position-synchronised output. Here the same pitch d is written as a line at "
    "speed v = d × f, one pulse per pitch.",
)  # fmt: skip
INCREMENT = CodeInfo(
    "E_INCREMENT", Severity.ERROR, "a number cannot be said exactly in this language",
    "Coordinates must be multiples of the controller's programmable increment, and coordinates and feed rates must "
    "survive the digits and the arithmetic of the controller. Nothing is rounded when files are written.",
    "machine profile, controller.increment; controller manual",
)  # fmt: skip
CONTROLLER_SETTING = CodeInfo(
    "E_CONTROLLER_SETTING", Severity.ERROR, "a controller setting that the job file relies on is missing or wrong",
    "The meaning of a job file depends on settings stored in the controller. The profile states them under "
    "`controller.settings`; check them on the machine.",
)  # fmt: skip
DWELL_GRID = CodeInfo(
    "E_DWELL_GRID", Severity.ERROR, "a time off the controller's grid",
    "GRBL waits in steps of 50 ms, rounded up. Times off the grid would become longer exposures; they are refused.",
    "GRBL 1.1 source, DWELL_TIME_STEP = 50 ms; measured on the firmware",
)  # fmt: skip
FEED_FLOOR = CodeInfo(
    "E_FEED_FLOOR", Severity.ERROR, "a speed below the controller's slowest feed",
    "GRBL raises feed rates below 1 mm/min (16.667 µm/s) to 1 mm/min without a word.",
    "GRBL 1.1 source, MINIMUM_FEED_RATE",
)  # fmt: skip


def recipes_of(header: ToolpathHeader, section: int) -> tuple[Recipe, ...]:
    """Recipes that stand in a section; where it does not say, those with its laser settings."""
    if used := header.sections[section].recipes:
        return tuple(header.recipes.recipes[index] for index in used)
    laser = header.sections[section].laser
    return tuple(recipe for recipe in header.recipes.recipes if recipe.laser == laser)


def setting_finding(message: str, hint: str) -> Finding:
    """A controller setting that is missing or wrong."""
    return Finding(CONTROLLER_SETTING.code, Severity.ERROR, message, "machine", hint=hint)


def settings_findings(faults: Sequence[Fault]) -> list[Finding]:
    """Everything wrong with `controller.settings` as one finding; none where nothing is."""
    return [setting_finding(*in_words(faults))] if faults else []


def judge_places(section: Section, machine: Machine) -> Iterator[Finding]:
    """Whether increment and frame allow printing coordinates exactly."""
    increment = increment_ticks(machine)
    corners = (*section.low_ticks, *section.high_ticks)
    off = [tick for tick in corners if tick % increment]
    if section.frame.increment_ticks % increment or off:
        found = off[0] if off else section.frame.increment_ticks
        yield Finding(
            INCREMENT.code, Severity.ERROR,
            f"the plan is rounded to {section.frame.increment_ticks / TICKS_PER_UM:g} µm and reaches "
            f"{found / TICKS_PER_MM:.7f} mm, which is not a multiple of the increment "
            f"{increment / TICKS_PER_UM:g} µm",
            "machine", found / TICKS_PER_UM, increment / TICKS_PER_UM, "um",
            hint="plan for the machine the file is written for",
        )  # fmt: skip


def judge_gate(recipes: Sequence[Recipe], machine: Machine) -> Iterator[Finding]:
    """Whether the gate opens short and exactly enough for timed dots."""
    gate = machine.gate
    for recipe in recipes:
        if not recipe.exposure_ns:
            continue
        exposure_s, rate_hz = recipe.exposure_ns / 1e9, recipe.laser.rep_rate_hz
        on = f"recipes.{recipe.label}"
        yield from _judge_gate_step(recipe, machine)
        command_ns = open_time_ns(recipe, machine)
        delay_s = (command_ns - recipe.exposure_ns) / 1e9
        # The profile's time comes from a decimal text; a nanosecond of float noise is no finding.
        if command_ns < round(gate.min_open * 1e9):
            asked = f" ({command_ns / 1e9:g} s from command to command)" if delay_s else ""
            yield Finding(
                GATE_TIME.code, Severity.ERROR,
                f"an exposure of {exposure_s:g} s{asked} is shorter than the {gate.min_open:g} s for which the gate "
                "can open",
                on, exposure_s, gate.min_open, "s",
                hint=f"the nearest possible exposure is {gate.min_open - delay_s:g} s", source=gate.source,
            )  # fmt: skip
        elif gate.overhead > GATE_ERROR_SHARE * exposure_s and recipe.laser.is_cw:
            yield Finding(
                GATE_TIMING.code, Severity.WARNING,
                f"{exposure_s:g} s of continuous light, and up to {gate.overhead:g} s more while the gate closes "
                f"({gate.overhead / exposure_s:.1%})",
                on, gate.overhead / exposure_s, GATE_ERROR_SHARE, "",
                hint=f"expose for {gate.overhead / GATE_ERROR_SHARE:g} s or longer", source=gate.source,
            )  # fmt: skip
        elif gate.overhead > GATE_ERROR_SHARE * exposure_s:
            pulses, extra = exposure_s * rate_hz, gate.overhead * rate_hz
            yield Finding(
                GATE_TIMING.code, Severity.WARNING,
                f"{exposure_s:g} s × {rate_hz:g} Hz = {pulses:g} pulses, ±1 unsynchronised, and up to {extra:g} more "
                f"while the gate closes (overhead {gate.overhead:g} s, {gate.overhead / exposure_s:.1%})",
                on, gate.overhead / exposure_s, GATE_ERROR_SHARE, "",
                hint=f"expose for {gate.overhead / GATE_ERROR_SHARE:g} s or longer, or count pulses",
                source=gate.source,
            )  # fmt: skip


def _judge_gate_step(recipe: Recipe, machine: Machine) -> Iterator[Finding]:
    step_ns, command_ns = round(machine.gate.time_step * 1e9), open_time_ns(recipe, machine)
    if not step_ns or command_ns % step_ns == 0:
        return
    near_ns = max(1, round(command_ns / step_ns)) * step_ns + recipe.exposure_ns - command_ns
    yield Finding(
        GATE_STEP.code, Severity.ERROR,
        f"an exposure of {recipe.exposure_ns / 1e9:g} s keeps the gate open for {command_ns / 1e9:g} s from command to "
        f"command, which is no multiple of {step_ns / 1e9:g} s",
        f"recipes.{recipe.label}", recipe.exposure_ns / 1e9, step_ns / 1e9, "s",
        hint=f"the nearest possible exposure is {near_ns / 1e9:g} s", source=machine.gate.source,
    )  # fmt: skip


def judge_unknown_settings(machine: Machine, known: Collection[str]) -> Iterator[Finding]:
    """Settings that a language does not know would be silently ignored."""
    for name in machine.controller.settings:
        if name not in known:
            yield setting_finding(
                f"controller.settings states '{shorten(name)}', which {machine.controller.dialect} does not know",
                "remove it, or choose the dialect that it belongs to",
            )


def judge_energy_control(machine: Machine, *supported: str) -> Iterator[Finding]:
    """Whether this language can set energy or power as the profile says; by hand and by adapter are no matter of it."""
    strength = machine.laser.strength
    if strength is None or strength.control in ("operator", "laser", *supported):
        return
    key = "average_power" if machine.laser.is_cw else "pulse_energy"
    can = "".join(f"`control: {c}` or " for c in supported)
    yield setting_finding(
        f"the profile says `{key}: control: {strength.control}`, which this language cannot write",
        f"say {can}`control: operator`",
    )


def judge_trigger(
    header: ToolpathHeader, section: int, recipes: Sequence[Recipe], machine: Machine, *, sets_counts: bool = False
) -> Iterator[Finding]:
    """Whether pulses can be counted, that many, and all alike in the file unless the language sets each count."""
    counted = [recipe for recipe in recipes if recipe.pulses]
    trigger = machine.trigger
    if trigger is not None and trigger.counted_by == "program" and not sets_counts:
        yield setting_finding(
            "the profile says `counted_by: program`, but this language cannot tell the picker how many pulses to pass",
            "state `counted_by: operator`: the count is then set by hand, once per job file",
        )
    for recipe in counted:
        if trigger is None:
            yield no_trigger(recipe, machine.gate.min_open, "the machine has no counted trigger", machine.gate.source)
        elif recipe.pulses > trigger.max_pulses:
            yield too_many_pulses(recipe, trigger)
        elif trigger.counted_by == "operator":
            yield from _judge_width(recipe, trigger)
    counts = sorted({recipe.pulses for recipe in counted})
    by_hand = trigger is not None and trigger.counted_by == "operator"
    if by_hand and len(counts) > 1:
        yield Finding(
            MIXED_COUNTS.code, Severity.ERROR,
            f"step '{header.sections[section].step_name}' mixes pulse counts {', '.join(map(str, counts))} in one file",
            f"steps.{header.sections[section].step_name}", len(counts), 1, "counts",
            hint="write each count in a step of its own",
        )  # fmt: skip


def _judge_width(recipe: Recipe, trigger: PulseTrigger) -> Iterator[Finding]:
    """The stage stands while the trigger is high: it must not leave before the picker has passed its pulses."""
    rate_hz = recipe.laser.rep_rate_hz
    lasts_s = recipe.pulses / rate_hz if rate_hz else 0.0
    if lasts_s > trigger.width * (1 + 1e-9):
        yield Finding(
            TRIGGER_WIDTH.code, Severity.ERROR,
            f"{recipe.pulses} pulses at {rate_hz:g} Hz last {lasts_s:g} s, but the stage stands for the trigger's "
            f"{trigger.width:g} s only and would leave while the picker passes pulses",
            f"recipes.{recipe.label}", lasts_s, trigger.width, "s",
            hint=f"state a `trigger: width` of {lasts_s:g} s or more, or count at most "
            f"{int(trigger.width * rate_hz * (1 + 1e-9))} pulses",
            source=trigger.source,
        )  # fmt: skip


def too_many_pulses(recipe: Recipe, trigger: PulseTrigger) -> Finding:
    """More pulses than one trigger counts."""
    return Finding(
        PULSE_COUNT.code, Severity.ERROR,
        f"{recipe.pulses} pulses are more than the {trigger.max_pulses} one trigger counts",
        f"recipes.{recipe.label}", recipe.pulses, trigger.max_pulses, "pulses",
        hint=f"the nearest possible count is {trigger.max_pulses}", source=trigger.source,
    )  # fmt: skip


def no_trigger(recipe: Recipe, shortest_s: float, why: str, source: str) -> Finding:
    """Counted pulses on a machine that cannot count."""
    rate_hz = recipe.laser.rep_rate_hz
    wanted_s = recipe.pulses / rate_hz
    shortest = shortest_s * rate_hz
    hint = (
        f"an exposure of {wanted_s:g} s passes {recipe.pulses} pulses, ±1"
        if wanted_s >= shortest_s
        else f"at {recipe.pulses / shortest_s:g} Hz or less, {recipe.pulses} pulses last long enough to be timed"
    )
    return Finding(
        NO_TRIGGER.code, Severity.ERROR,
        f"{why}; {recipe.pulses} pulses at {rate_hz:g} Hz last {wanted_s:g} s, and the shortest gate of "
        f"{shortest_s:g} s would pass {shortest:g}",
        f"recipes.{recipe.label}", recipe.pulses, shortest, "pulses", hint=hint, source=source,
    )  # fmt: skip


def judge_sweeps(recipes: Sequence[Recipe], machine: Machine) -> Iterator[Finding]:
    """Whether pitches fit the encoder and shots find their pulses, on a controller that fires by position."""
    firing = machine.position_firing
    if firing is None:
        yield from judge_position_firing(recipes, machine)
        return
    step = round(firing.step * TICKS_PER_UM)
    for recipe in recipes:
        on = f"recipes.{recipe.label}"
        speed_um_s = recipe.speed_nm_s / NM_PER_UM or firing.speed
        if recipe.pitch_ticks % step:
            near = max(1, round(recipe.pitch_ticks / step)) * step
            yield Finding(
                PITCH_STEP.code, Severity.ERROR,
                f"shots every {recipe.pitch_ticks / TICKS_PER_UM:g} µm are no whole number of encoder steps of "
                f"{firing.step:g} µm",
                on, recipe.pitch_ticks / TICKS_PER_UM, firing.step, "um",
                hint=f"the nearest possible pitch is {near / TICKS_PER_UM:g} µm", source=firing.source,
            )  # fmt: skip
        if recipe.pitch_ticks:
            yield from _judge_firing_rate(recipe, speed_um_s, firing)
        if recipe.pitch_ticks or recipe.pulses == 1:
            yield from _judge_jitter(recipe, speed_um_s, machine)


def _judge_firing_rate(recipe: Recipe, speed_um_s: float, firing: PositionFiring) -> Iterator[Finding]:
    pitch_um = recipe.pitch_ticks / TICKS_PER_UM
    rate = speed_um_s / pitch_um
    laser_hz = recipe.laser.rep_rate_hz or math.inf
    most = min(firing.max_rate, laser_hz)
    if rate > most * (1 + 1e-12):
        what = "the output fires" if firing.max_rate <= laser_hz else "the laser pulses"
        yield Finding(
            FIRING_RATE.code, Severity.ERROR,
            f"{speed_um_s:g} µm/s / {pitch_um:g} µm = {rate:g} shots per second, but {what} at most {most:g} times",
            f"recipes.{recipe.label}", rate, most, "Hz",
            hint=f"the nearest possible speed is {most * pitch_um:g} µm/s", source=firing.source,
        )  # fmt: skip


def _judge_jitter(recipe: Recipe, speed_um_s: float, machine: Machine) -> Iterator[Finding]:
    spot = recipe.values.get("spot_radius")
    base_hz = machine.laser.base_rate
    if spot is None or base_hz is None:
        return
    shift, limit = speed_um_s / base_hz, JITTER_SHARE * spot.value
    if shift > limit:
        yield Finding(
            FIRING_JITTER.code, Severity.WARNING,
            f"{speed_um_s:g} µm/s / {base_hz:g} Hz = {shift:.3g} µm from one laser pulse to the next, and a swept shot "
            f"leaves with the next one; a tenth of the spot radius is {limit:.3g} µm",
            f"recipes.{recipe.label}", shift, limit, "um",
            hint=f"sweep at {limit * base_hz:g} µm/s or slower", source=spot.source,
        )  # fmt: skip


def judge_position_firing(recipes: Sequence[Recipe], machine: Machine) -> Iterator[Finding]:
    """Recipes and profiles that fire by position, on a controller that cannot."""
    if machine.position_firing is not None:
        yield setting_finding(
            "the profile says `position_firing`, but this language has no position-synchronised output",
            "remove `position_firing` from the profile; rows of dots are then written dot by dot",
        )
    for recipe in recipes:
        if recipe.pitch_ticks:
            pitch_um = recipe.pitch_ticks / TICKS_PER_UM
            speed_um_s = pitch_um * recipe.laser.rep_rate_hz
            yield Finding(
                NO_POSITION_FIRING.code, Severity.ERROR,
                f"shots every {pitch_um:g} µm cannot be fired by position",
                f"recipes.{recipe.label}", pitch_um, None, "um",
                hint=f"write lines at {pitch_um:g} µm × {recipe.laser.rep_rate_hz:g} Hz = {speed_um_s:g} µm/s",
            )  # fmt: skip
