"""The operator's runbook: what to do at the stage, in order, in words that print well."""

from collections.abc import Iterator, Sequence

from lasercam.errors import shorten
from lasercam.model.confidence import Valued
from lasercam.model.finding import Severity, Verdict
from lasercam.model.job import RemountStep, Step
from lasercam.model.machine import Machine
from lasercam.model.process_window import PARAMETERS
from lasercam.model.recipe import LaserSettings, Recipe, RecipeTable
from lasercam.model.sample import Sample
from lasercam.model.toolpath import Section, Toolpath
from lasercam.pipeline.load import LoadedJob
from lasercam.pipeline.manifest import ProgramEntry
from lasercam.pipeline.page import markup, page
from lasercam.pipeline.quantities import derived_quantities
from lasercam.pipeline.registration import Registered
from lasercam.pipeline.stages import job_stages
from lasercam.process.campaign import Stage
from lasercam.process.derived import Derived
from lasercam.process.set_point import recipe_set_point, scale_of
from lasercam.units import (
    ANGLE,
    ENERGY,
    FREQUENCY,
    LENGTH,
    POWER,
    PULSE_DURATION,
    TEMPERATURE,
    TIME,
    WAVELENGTH,
    format_quantity,
)

MOST_SETTINGS = 64
"""Settings of a section that the runbook lists."""
MOST_STATES = 6
"""States of the sample that the runbook tells per step."""


def runbook_html(markdown: str, title: str = "Runbook") -> str:
    """The runbook as one page for screen and paper; text of the job cannot become markup."""
    from markdown_it import MarkdownIt

    body = str(MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown))
    # A tick box is a sign too, for who cannot see its frame; boxes are ticked on paper, not on a screen.
    ticked = body.replace("<li>[ ] ", '<li><span class="tick" role="img" aria-label="to do"></span>')
    return page("runbook.html.jinja", title=shorten(title, 200), body=markup(ticked))


def runbook_markdown(loaded: LoadedJob, toolpath: Toolpath, verdict: Verdict, programs: Sequence[ProgramEntry]) -> str:
    """The runbook as Markdown."""
    return "\n".join(_lines(loaded, toolpath, verdict, programs)) + "\n"


def _lines(loaded: LoadedJob, toolpath: Toolpath, verdict: Verdict, programs: Sequence[ProgramEntry]) -> Iterator[str]:
    job, sample = loaded.document, loaded.document.sample
    yield f"# Runbook: {_safe(job.job)}"
    yield ""
    if job.title:
        yield _safe(job.title)
        yield ""
    size = " × ".join(format_quantity(v, LENGTH) for v in sample.size)
    yield f"- **Sample** {_safe(sample.id)}: {_safe(sample.material)}, {size}, n = {sample.refractive_index:g}"
    if sample.description:
        yield f"- {_safe(sample.description)}"
    yield f"- **Toolpath** `{toolpath.header.digest}`"
    yield (
        f"- **Reproduces** {'; '.join(_safe(c) for c in job.cites)}"
        if job.cites
        else "- **Reproduces** nothing published"
    )
    yield "- The frame: the sample's lower-left surface corner; x right, y up as the laser sees it; z up, out of it."
    yield from _placement(sample)
    yield "- An interlock that closes the beam without the controller's help is required."
    yield ""
    yield "## Steps"
    stages = job_stages(loaded, toolpath) if len(job.steps) > 1 else ()
    for index, step in enumerate(job.steps):
        yield ""
        yield from _step(index, step, loaded, toolpath, programs)
        yield from _state(next((stage for stage in stages if stage.name == step.name), None))
    yield ""
    yield "## Recipes"
    yield ""
    for recipe, derived in zip(toolpath.header.recipes.recipes, derived_quantities(loaded, toolpath), strict=True):
        yield from _recipe(recipe, derived)
    yield "## Findings"
    yield ""
    yield from _findings(verdict)


def _placement(sample: Sample) -> Iterator[str]:
    """How the sample was measured to lie; the job files hold for this lie only."""
    told = placement_text(sample)
    if told:
        yield f"- **Lies** {_safe(told, 2000)}. Moved since it was measured, it must be measured and built again."


def placement_text(sample: Sample) -> str:
    """How the sample was measured to lie, in words; empty where it was not."""
    placement = sample.placement
    if placement is None:
        return ""
    told = []
    if placement.rotation is not None:
        told.append(f"turned by {format_quantity(placement.rotation.value, ANGLE)} ({placement.rotation.source})")
    if placement.scale is not None:
        factors = " × ".join(f"{factor:.9g}" for factor in placement.scale.factors)
        told.append(f"{factors} of its nominal size ({placement.scale.source})")
    if placement.tilt is not None:
        told.append(f"tilted ({placement.tilt.source})")
    if placement.surface is not None:
        told.append(f"surface as in {placement.surface.file} ({placement.surface.source})")
    return "; ".join(told)


def _step(
    index: int, step: Step, loaded: LoadedJob, toolpath: Toolpath, programs: Sequence[ProgramEntry]
) -> Iterator[str]:
    yield f"### {index + 1}. {_safe(step.name)} ({step.verb})"
    yield ""
    sections = [s for s in toolpath.header.sections if s.step == index]
    for section in sections:
        yield from _section(section, loaded.machines[index], toolpath.header.recipes, programs[section.index])
    if step.heat is not None:
        ramp = f", ramp {step.heat.ramp_rate:g} °C/min" if step.heat.ramp_rate else ", ramp not given"
        hold = format_quantity(step.heat.hold_time, TIME)
        air = f", in {_safe(step.heat.atmosphere)}" if step.heat.atmosphere else ", atmosphere not given"
        wanted = step.heat.emission
        aim = f" (for an emission at {format_quantity(wanted, WAVELENGTH)}, see the notes)" if wanted else ""
        plateau = format_quantity(step.heat.temperature, TEMPERATURE) if step.heat.temperature is not None else "?"
        yield f"- [ ] Furnace: {plateau}{aim} for {hold}{ramp}{air}"
    if step.soak is not None:
        yield f"- [ ] Keep in {_safe(step.soak.medium)} for {format_quantity(step.soak.hold_time, TIME)}"
    if step.remount is not None:
        yield from _remount(step.remount, loaded.registrations.get(index))
    if step.manual is not None:
        yield f"- [ ] {_safe(step.manual)}"
    if step.read is not None:
        behind = f" through {_safe(step.read.filter)}" if step.read.filter else ""
        yield f"- [ ] Look with {format_quantity(step.read.excitation, WAVELENGTH)}{behind}"


def _remount(remount: RemountStep, registered: Registered | None) -> Iterator[str]:
    """How the sample is found again, or was."""
    marks = f"the marks of `{_code(remount.marks)}`" if remount.marks else _safe(remount.note)
    if registered is None:
        yield f"- [ ] Put the sample back and align it by {marks}"
        if remount.registration is not None:
            yield (
                f"- It is not registered: there was no `{_code(remount.registration)}` when this was built. Measure the"
                " marks, run `lasercam register`, and build again; do not run the job files behind this step"
            )
        return
    made = registered.document
    yield (
        f"- [ ] The sample lies as it did when {marks} were measured ({made.date}); moved since, it must be measured,"
        " registered and built again"
    )
    yield f"- Job files behind it hold the frame {_safe(registered.text, 2000)}"
    yield ""
    yield "| mark | measured (mm) | off x (µm) | off y (µm) | off z (µm) |"
    yield "|---|---|---|---|---|"
    for name, mark in made.marks.items():
        place = ", ".join(f"{value / 1e3:.6f}" for value in mark.measured)
        height = f"{mark.off[2]:+.3f}" if len(mark.off) > 2 else "not measured"
        yield f"| {_safe(name)} | {place} | {mark.off[0]:+.3f} | {mark.off[1]:+.3f} | {height} |"
    yield ""
    yield "- [ ] Move to two marks far apart with the beam off, and see that they stand where the table says"


def _state(stage: Stage | None) -> Iterator[str]:
    """What the sample is predicted to show after a step; features that show the same are counted together."""
    if stage is None:
        return
    alike: dict[str, set[str]] = {}
    for feature in stage.features:
        lines = [f"{line.peak_nm:g} nm ({line.phase}, {line.confidence.value})" for line in feature.lines]
        shown = ", ".join(lines) if lines else "no emission known"
        alike.setdefault(f"{feature.condition}: {shown}", set()).add(feature.part)
    for shown, parts in list(alike.items())[:MOST_STATES]:
        named = ", ".join(_code(part) for part in sorted(parts)[:3]) + (" …" if len(parts) > 3 else "")
        yield f"- Predicted afterwards, `{named}`: {_safe(shown)}"
    if len(alike) > MOST_STATES:
        yield f"- … and {len(alike) - MOST_STATES} further states, in manifest.json under `stages`"


def laser_text(laser: LaserSettings) -> str:
    """Laser settings as an operator reads them."""
    wavelength = format_quantity(laser.wavelength_nm, WAVELENGTH)
    if laser.is_cw:
        return f"{wavelength}, continuous, {format_quantity(laser.cw_power_uw, POWER)}"
    duration = format_quantity(laser.pulse_duration_fs, PULSE_DURATION)
    rate, energy = format_quantity(laser.rep_rate_hz, FREQUENCY), format_quantity(laser.pulse_energy_uj, ENERGY)
    return f"{wavelength}, {duration}, {rate}, {energy} per pulse"


def section_laser_text(section: Section, machine: Machine, recipes: RecipeTable, most: int = MOST_SETTINGS) -> str:
    """What the light of a section must be, and what is set at the machine for it."""
    used = [recipes[index] for index in section.recipes]
    points = {r.laser: recipe_set_point(r, machine) for r in used}
    scale = scale_of(machine)
    if scale is None or not used:
        return laser_text(section.laser)
    key, unit = ("average_power", POWER) if section.laser.is_cw else ("pulse_energy", ENERGY)
    shown = []
    for point in dict.fromkeys(p for p in points.values() if p is not None):
        shown.append(f"{point.setting:.6g} {scale.unit} for {format_quantity(point.amount, unit)}")
    more = f" and {len(shown) - most} more" if len(shown) > most else ""
    name = key.replace("_", " ")
    return f"{_range_text(used)}; {name} by {', '.join(shown[:most])}{more}"


def _range_text(used: Sequence[Recipe]) -> str:
    """Laser settings of a file in which the program sets energies or powers: from the least to the most."""
    least, most = (
        pick(used, key=lambda r: (r.laser.pulse_energy_uj, r.laser.cw_power_uw)).laser for pick in (min, max)
    )
    if least == most:
        return laser_text(least)
    if least.is_cw:
        upper = format_quantity(most.cw_power_uw, POWER)
        return f"{laser_text(least)} to {upper}"
    return laser_text(least).replace(" per pulse", f" to {format_quantity(most.pulse_energy_uj, ENERGY)} per pulse")


def _section(section: Section, machine: Machine, recipes: RecipeTable, program: ProgramEntry) -> Iterator[str]:
    laser = section.laser
    power = "" if laser.is_cw else f" ({format_quantity(laser.average_power_uw, POWER)} average)"
    text = section_laser_text(section, machine, recipes)
    whose = "the program sets" if machine.laser.is_set_by_program else "set"
    if machine.laser.is_set_by_program:
        power = ""
    low = ", ".join(f"{v / 1e7:.4f}" for v in section.low_ticks)
    high = ", ".join(f"{v / 1e7:.4f}" for v in section.high_ticks)
    again = f", **{section.repeat} times**" if section.repeat > 1 else ""
    yield f"- [ ] On {_safe(machine.title)}, {whose} {text} **on target**{power}"
    strength = machine.laser.strength
    if strength is not None and strength.control == "laser":
        yield (
            f"- The laser's adapter sets this and reads it back: `lasercam laser apply MACHINE DIR --section "
            f"{program.file}`; before the file runs"
        )
    yield f"- [ ] Run `{program.file}`{again}: {section.n_exposures:,} exposures, about {_duration(section.duration_s)}"
    yield f"- It moves from ({low}) to ({high}) mm"


def _recipe(recipe: Recipe, derived: Sequence[Derived]) -> Iterator[str]:
    yield f"### {_safe(recipe.label)} (process `{recipe.process}`, confidence {recipe.confidence.value})"
    yield ""
    yield "| value | | confidence | source |"
    yield "|---|---|---|---|"
    for key, valued in sorted(recipe.values.items()):
        if key in PARAMETERS:
            name, trust = key.replace("_", " "), valued.confidence.value
            yield f"| {name} | {_shown(key, valued)} | {trust} | {_safe(valued.source)} |"
    yield ""
    yield "| derived | | confidence | formula |"
    yield "|---|---|---|---|"
    for quantity in derived:
        trust = quantity.value.confidence.value if quantity.value is not None else "unknown"
        yield f"| {quantity.name.replace('_', ' ')} | {quantity.shown} | {trust} | {_safe(quantity.formula)} |"
    yield ""


def _findings(verdict: Verdict) -> Iterator[str]:
    if not verdict.findings:
        yield "None."
    for finding in verdict.findings:
        mark = {Severity.ERROR: "Error", Severity.WARNING: "Warning", Severity.NOTE: "Note"}[finding.severity]
        yield f"- **{mark} {finding.code}** on `{_code(finding.on)}`: {_safe(finding.message, 2000)}"
        if finding.waived is not None:
            yield f"  - Waived: {_safe(finding.waived, 2000)}"
    for note in verdict.notes:
        yield f"- {_safe(note, 2000)}"


def _shown(key: str, valued: Valued) -> str:
    return format_quantity(valued.value, PARAMETERS[key])


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 120:
        return f"{seconds:.1f} s"
    hours, rest = divmod(whole, 3600)
    return f"{hours} h {rest // 60:02d} min" if hours else f"{whole // 60} min {whole % 60:02d} s"


def _code(text: str) -> str:
    """A job's text inside a code span: nothing is markup there but its own end."""
    return shorten(text, 400).replace("`", "'")


def _safe(text: str, limit: int = 400) -> str:
    """A job's text as plain words in Markdown: no markup of its own, one line."""
    plain = shorten(text, limit)
    for sign in "\\`*_[]<>|#":
        plain = plain.replace(sign, f"\\{sign}")
    return plain
