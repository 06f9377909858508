"""Rules about gates, triggers, dwells and coordinates that several dialects judge by."""

from collections.abc import Iterator, Sequence

from lasercam.dialects.row_facts import increment_ticks
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.machine import Machine
from lasercam.model.recipe import Recipe
from lasercam.model.toolpath import TICKS_PER_MM, TICKS_PER_UM, Section, ToolpathHeader

GATE_ERROR_SHARE = 0.01
"""Share of an exposure that the gate's overhead may add silently: about the pulse-energy stability of a source."""

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
MIXED_COUNTS = CodeInfo(
    "E_MIXED_COUNTS", Severity.ERROR, "different pulse counts in one job file",
    "The count is set at the pulse picker by hand, once per job file. Recipes of different counts must be written in "
    "different steps. When several sections share the laser settings, which recipes meet in which file shows only in "
    "the rows; then the writer refuses the mixed file.",
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
    """Recipes that can stand in a section: those with its laser settings."""
    laser = header.sections[section].laser
    return tuple(recipe for recipe in header.recipes.recipes if recipe.laser == laser)


def setting_finding(message: str, hint: str) -> Finding:
    """A controller setting that is missing or wrong."""
    return Finding(CONTROLLER_SETTING.code, Severity.ERROR, message, "machine", hint=hint)


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
        # The profile's time comes from a decimal text; a nanosecond of float noise is no finding.
        if recipe.exposure_ns < round(gate.min_open * 1e9):
            yield Finding(
                GATE_TIME.code, Severity.ERROR,
                f"an exposure of {exposure_s:g} s is shorter than the {gate.min_open:g} s for which the gate can open",
                on, exposure_s, gate.min_open, "s", hint=f"the nearest possible exposure is {gate.min_open:g} s",
                source=gate.source,
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
            yield Finding(
                PULSE_COUNT.code, Severity.ERROR,
                f"{recipe.pulses} pulses are more than the {trigger.max_pulses} one trigger counts",
                f"recipes.{recipe.label}", recipe.pulses, trigger.max_pulses, "pulses",
                hint=f"the nearest possible count is {trigger.max_pulses}", source=trigger.source,
            )  # fmt: skip
    counts = sorted({recipe.pulses for recipe in counted})
    laser = header.sections[section].laser
    by_hand = trigger is not None and trigger.counted_by == "operator"
    if by_hand and len(counts) > 1 and sum(s.laser == laser for s in header.sections) == 1:
        yield Finding(
            MIXED_COUNTS.code, Severity.ERROR,
            f"step '{header.sections[section].step_name}' mixes pulse counts {', '.join(map(str, counts))} in one file",
            f"steps.{header.sections[section].step_name}", len(counts), 1, "counts",
            hint="write each count in a step of its own",
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


def judge_position_firing(recipes: Sequence[Recipe]) -> Iterator[Finding]:
    """Recipes that fire by position, on a controller that cannot."""
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
